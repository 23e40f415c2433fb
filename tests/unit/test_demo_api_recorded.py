"""Recorded requests, asked again: the simulation answers as the real API server did."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.demo.store import Store
from tests.unit.demo_recorded import Client, fill, golden, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ERRORS = [
    ("error-401-bad-token", "nobody"),
    ("error-403-anonymous", "anonymous"),
    ("error-403-delete-as-viewer", "viewer"),
    ("error-403-list-nodes-as-viewer", "viewer"),
    ("error-404-pod", "admin"),
    ("error-404-unknown-resource", "admin"),
    ("error-409-conflict-put", "admin"),
    ("error-410-continue-expired", "admin"),
    ("error-422-crd-enum", "admin"),
    ("error-422-immutable-selector", "admin"),
    ("error-422-invalid-deployment", "admin"),
    ("error-429-eviction-pdb", "admin"),
    ("apply-ssa-dry-run", "admin"),
]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    store = Store()
    fill(store)
    store.compact()
    async with served(store) as client:
        yield client


async def again(client: Client, name: str, user: str) -> tuple[int, Any, dict[str, Any]]:
    """Ask a recorded request again. Status, body, and what was recorded."""
    exchange = golden(f"exchanges/{name}.json")
    asked = exchange["request"]
    headers = {"Content_Type": asked["headers"].get("Content-Type", "application/json")}
    status, body = await client.request(
        asked["method"], asked["path"], asked["body"], user=user, **(headers if asked["body"] else {})
    )
    return status, body, exchange["response"]


@pytest.mark.parametrize(("name", "user"), ERRORS)
async def test_errors_have_the_same_status_and_words(client: Client, name: str, user: str) -> None:
    status, body, recorded = await again(client, name, user)
    assert status == recorded["status"]
    assert body == recorded["body"]


async def test_a_watch_from_a_forgotten_version_ends_with_an_error_event(client: Client) -> None:
    status, body, recorded = await again(client, "error-410-watch-too-old", "admin")
    event = json.loads(body) if isinstance(body, str) else body
    assert status == 200
    assert event["type"] == "ERROR"
    message = re.sub(r"\d+\)", "N)", event["object"].pop("message"))
    wanted = recorded["body"]["object"]
    assert message == re.sub(r"\d+\)", "N)", wanted.pop("message"))
    assert event["object"] == wanted


async def test_strict_validation_of_a_patch_shows_the_object_and_the_field(client: Client) -> None:
    status, body, recorded = await again(client, "patch-merge-strict-unknown-field", "admin")
    assert status == recorded["status"] == 422
    ending = ': strict decoding error: unknown field "spec.replcas"'
    for message in (body["message"], recorded["body"]["message"]):
        assert message.startswith(' "" is invalid: patch: Invalid value: "{\\"')
        assert message.endswith(ending)
    assert body["details"]["causes"][0]["field"] == "patch"


async def test_a_warning_names_the_unknown_field(client: Client) -> None:
    status, body, recorded = await again(client, "patch-merge-warn-unknown-field", "admin")
    assert status == 200
    assert client.headers["Warning"] == recorded["headers"]["Warning"]
    assert body["spec"] == recorded["body"]["spec"]


async def test_a_dry_run_shows_what_would_be_and_changes_nothing(client: Client) -> None:
    before = await client.get("/api/v1/namespaces/shop/configmaps/cart-config")
    status, body, recorded = await again(client, "patch-merge-dry-run", "admin")
    assert status == 200
    assert body["data"] == recorded["body"]["data"]
    assert await client.get("/api/v1/namespaces/shop/configmaps/cart-config") == before


async def test_an_ephemeral_container_gets_its_defaults(client: Client) -> None:
    status, body, recorded = await again(client, "patch-ephemeralcontainers-dry-run", "admin")
    assert status == 200
    assert body["spec"]["ephemeralContainers"] == recorded["body"]["spec"]["ephemeralContainers"]


@pytest.mark.parametrize("name", ["scale-get", "scale-patch-dry-run"])
async def test_scale(client: Client, name: str) -> None:
    status, body, recorded = await again(client, name, "admin")
    assert status == 200
    wanted = recorded["body"]
    for scale in (body, wanted):
        scale["metadata"].pop("resourceVersion")
        scale["status"].pop("replicas")
    assert body == wanted


async def test_reviews_of_the_limited_user(client: Client) -> None:
    status, body, recorded = await again(client, "access-review-viewer-denied", "viewer")
    assert (status, body["status"]) == (201, recorded["body"]["status"])
    status, body, recorded = await again(client, "self-subject-review", "viewer")
    info = recorded["body"]["status"]["userInfo"]
    info.pop("extra")
    assert (status, body["status"]["userInfo"]) == (201, info)


async def test_the_rules_of_the_limited_user(client: Client) -> None:
    _, body, recorded = await again(client, "access-rules-review-viewer", "viewer")

    def flat(rules: list[Any]) -> set[tuple[str, str, str]]:
        return {
            (verb, group, resource)
            for rule in rules
            for verb in rule["verbs"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
        }

    mine, theirs = body["status"]["resourceRules"], recorded["body"]["status"]["resourceRules"]
    assert flat(mine) == flat(theirs)


async def test_a_page_with_a_continue_token(client: Client) -> None:
    _, body, recorded = await again(client, "list-limit-2", "admin")
    names = [item["metadata"]["name"] for item in body["items"]]
    assert names == [item["metadata"]["name"] for item in recorded["body"]["items"]]
    assert body["metadata"].keys() == recorded["body"]["metadata"].keys()
    assert "kind" not in body["items"][0]


@pytest.mark.parametrize("root", ["api", "apis"])
async def test_aggregated_discovery_knows_what_a_real_server_knows(client: Client, root: str) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    body = await client.get(f"/{root}", Accept=accept)

    def flat(document: Any) -> dict[tuple[str, str, str], Any]:
        return {
            (group["metadata"].get("name", ""), version["version"], res["resource"]): (
                res["responseKind"]["kind"],
                res["scope"],
                res["singularResource"],
                sorted(res["verbs"]),
                res.get("shortNames"),
                res.get("categories"),
                {
                    sub["subresource"]: (sub["responseKind"]["kind"], sub["verbs"])
                    for sub in res.get("subresources", ())
                },
            )
            for group in document["items"]
            for version in group["versions"]
            for res in version["resources"]
        }

    mine, theirs = flat(body), flat(golden(f"discovery/aggregated-{root}.json"))
    missing = {key for key in theirs.keys() - mine.keys() if key[0] != "resource.k8s.io"}
    assert not missing
    assert {key: mine[key] for key in theirs if key in mine} == {
        key: theirs[key] for key in theirs if key in mine
    }


@pytest.mark.parametrize("group_version", ["apps_v1", "batch_v1", "policy_v1", "example.com_v1"])
async def test_older_discovery(client: Client, group_version: str) -> None:
    body = await client.get("/apis/" + group_version.replace("_", "/"))
    recorded = golden(f"discovery/resources-{group_version}.json")
    names = {entry["name"]: (entry["kind"], sorted(entry["verbs"])) for entry in recorded["resources"]}
    assert {entry["name"]: (entry["kind"], sorted(entry["verbs"])) for entry in body["resources"]} == names
