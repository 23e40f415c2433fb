"""The kinds of a server, by aggregated discovery and the older way, and how names find them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.kube.discovery import discover
from k8stui.kube.errors import ApiError, ConnectionLost, KubeError
from tests.unit.fakes_connection import Answer

GOLDEN = Path(__file__).parent.parent / "golden" / "discovery"


class Server:
    """Answers paths with bodies or errors, aggregated only where it can."""

    def __init__(self, answers: dict[str, bytes | Exception], aggregated: dict[str, bytes]) -> None:
        self.answers = answers
        self.aggregated = aggregated
        self.asked: list[str] = []

    async def request(self, method: str, path: str, *, accept: str = "application/json", **_: Any) -> Any:
        self.asked.append(path)
        if "APIGroupDiscoveryList" in accept and path in self.aggregated:
            return Answer(self.aggregated[path])
        answer = self.answers.get(path, ApiError(404, "NotFound", f"no {path}"))
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)


def recorded(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def modern(version: str = "v2") -> Server:
    bodies = {
        "/api": recorded("aggregated-api.json"),
        "/apis": recorded("aggregated-apis.json"),
    }
    return Server(
        {},
        {
            p: b.replace(b"apidiscovery.k8s.io/v2", f"apidiscovery.k8s.io/{version}".encode())
            for p, b in bodies.items()
        },
    )


def older() -> Server:
    names = {"/api/v1": "resources-v1.json"}
    for group in ("apps/v1", "batch/v1", "example.com/v1", "policy/v1"):
        names[f"/apis/{group}"] = f"resources-{group.replace('/', '_')}.json"
    groups = json.loads(recorded("apis.json"))
    groups["groups"] = [g for g in groups["groups"] if f"/apis/{g['name']}/v1" in names]
    answers: dict[str, bytes | Exception] = {path: recorded(name) for path, name in names.items()}
    return Server(answers | {"/api": recorded("api.json"), "/apis": json.dumps(groups).encode()}, {})


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
async def test_two_requests_bring_all_kinds(version: str) -> None:
    server = modern(version)
    catalog = await discover(server)
    assert sorted(server.asked) == ["/api", "/apis"]
    assert catalog.is_complete
    assert catalog.failed == {}
    pods = catalog.get("", "pods")
    assert pods is not None
    assert (pods.kind, pods.version, pods.namespaced, pods.short_names) == ("Pod", "v1", True, ("po",))
    assert {"log", "exec", "ephemeralcontainers"} <= set(pods.subresources)
    assert "watch" in pods.verbs
    gadgets = catalog.find("gadgets")
    assert gadgets is not None
    assert gadgets.name == "gadgets.example.com"


async def test_the_older_way_brings_the_same_kinds() -> None:
    new, old = await discover(modern()), await discover(older())
    by_name = {(kind.group, kind.plural): kind for kind in new.preferred}
    assert len(old.preferred) > 20
    for kind in old.preferred:
        twin = by_name[kind.group, kind.plural]
        assert kind == Kind(**{**msgspec.structs.asdict(twin), "subresources": kind.subresources})
        assert set(kind.subresources) == set(twin.subresources)


async def test_a_broken_group_breaks_nothing_else_and_is_named() -> None:
    server = older()
    server.answers["/apis/batch/v1"] = ApiError(503, "ServiceUnavailable", "the server is unable to answer")
    server.answers["/apis/policy/v1"] = b"<html>not an API</html>"
    catalog = await discover(server)
    assert catalog.find("deploy") is not None
    assert catalog.find("jobs") is None
    assert set(catalog.failed) == {"batch/v1", "policy/v1"}
    assert "the server is unable to answer" in catalog.failed["batch/v1"]
    assert "did not answer as a Kubernetes API server" in catalog.failed["policy/v1"]


async def test_stale_groups_keep_their_kinds_behind_the_others_and_are_named() -> None:
    body = json.loads(recorded("aggregated-apis.json"))
    for group in body["items"]:
        if group["metadata"]["name"] == "apps":
            group["versions"][0]["freshness"] = "Stale"
    server = modern()
    server.aggregated["/apis"] = json.dumps(body).encode()
    catalog = await discover(server)
    assert set(catalog.failed) == {"apps/v1"}
    assert catalog.find("deployments") is not None
    assert catalog.kinds[-1].group == "apps"


async def test_one_root_that_fails_leaves_the_other() -> None:
    server = modern()
    del server.aggregated["/apis"]
    server.answers["/apis"] = ApiError(500, "InternalError", "boom")
    catalog = await discover(server)
    assert catalog.find("po") is not None
    assert "boom" in catalog.failed["apis"]


async def test_a_dead_server_raises() -> None:
    server = Server({"/api": ConnectionLost("no route"), "/apis": ConnectionLost("no route")}, {})
    with pytest.raises(KubeError, match="no route"):
        await discover(server)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    from k8stui.kube.discovery import kinds_of_aggregated

    core = kinds_of_aggregated(recorded("aggregated-api.json"))
    groups = kinds_of_aggregated(recorded("aggregated-apis.json"))
    assert core is not None
    assert groups is not None
    return Catalog(core[0] + groups[0])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pods", "pods"),
        ("pod", "pods"),
        ("po", "pods"),
        ("Pod", "pods"),
        ("PODS", "pods"),
        (" pods ", "pods"),
        ("deploy", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("deployment.apps", "deployments.apps"),
        ("deploy.apps", "deployments.apps"),
        ("deployments.v1.apps", "deployments.apps"),
        ("Deployment.v1.apps", "deployments.apps"),
        ("deployments.app", "deployments.apps"),
        ("events", "events"),
        ("ev", "events"),
        ("events.events.k8s.io", "events.events.k8s.io"),
        ("events.v1.events.k8s.io", "events.events.k8s.io"),
        ("events.events", "events.events.k8s.io"),
        ("ing", "ingresses.networking.k8s.io"),
        ("ingress", "ingresses.networking.k8s.io"),
        ("netpol", "networkpolicies.networking.k8s.io"),
        ("crd", "customresourcedefinitions.apiextensions.k8s.io"),
        ("hpa", "horizontalpodautoscalers.autoscaling"),
        ("ep", "endpoints"),
        ("sc", "storageclasses.storage.k8s.io"),
        ("gadgets", "gadgets.example.com"),
        ("gadget", "gadgets.example.com"),
        ("pods.v1.", "pods"),
    ],
)
def test_names_find_what_kubectl_finds(catalog: Catalog, text: str, name: str) -> None:
    kind = catalog.find(text)
    assert kind is not None
    assert kind.name == name


@pytest.mark.parametrize("text", ["", "podz", "pods.apps", "deployments.v9.apps", ".", "po.", "all"])
def test_other_names_find_nothing(catalog: Catalog, text: str) -> None:
    kind = catalog.find(text)
    assert kind is None or text == "po."


def kind(group: str, version: str, name: str, short: str = "", **more: Any) -> Kind:
    return Kind(group, version, name.capitalize(), f"{name}s", name, (short,) if short else (), **more)


def test_the_preferred_version_wins_and_others_can_be_named() -> None:
    catalog = Catalog([kind("apps", "v2", "thing"), kind("apps", "v1", "thing"), kind("apps", "v1", "old")])
    found = catalog.find("things")
    assert found is not None
    assert found.version == "v2"
    assert catalog.find("things.v1.apps") == kind("apps", "v1", "thing")
    assert catalog.find("olds") == kind("apps", "v1", "old")
    assert [k.plural for k in catalog.preferred] == ["things", "olds"]


def test_the_first_group_wins_and_full_names_win_over_short_ones() -> None:
    first, second = kind("a.io", "v1", "thing", "t"), kind("b.io", "v1", "thing", "t")
    short_of_other = kind("c.io", "v1", "other", "thing")
    catalog = Catalog([short_of_other, first, second])
    assert catalog.find("thing") == first
    assert catalog.find("t") == first
    assert catalog.find("thing.b.io") == second
    assert catalog.find("t.b.io") == second
    assert catalog.find("t.b") == second


def test_objects_lead_to_their_kind(catalog: Catalog) -> None:
    found = catalog.for_object("apps/v1", "ReplicaSet")
    assert found is not None
    assert found.name == "replicasets.apps"
    older = catalog.for_object("apps/v1beta1", "ReplicaSet")
    assert older == found
    assert catalog.for_object("v1", "Nothing") is None


def test_categories(catalog: Catalog) -> None:
    names = [kind.name for kind in catalog.categories["all"]]
    assert {"pods", "services", "deployments.apps", "jobs.batch"} <= set(names)


def test_completion_offers_names_that_find_listable_kinds(catalog: Catalog) -> None:
    offered = catalog.complete("po")
    assert offered[:2] == ["po", "pods"]
    assert "poddisruptionbudgets" in offered
    assert catalog.complete("deployments") == ["deployments"]
    assert "bindings" not in catalog.complete("b")
    assert "events.events.k8s.io" in catalog.complete("ev")
    for name in catalog.complete(""):
        assert catalog.find(name) is not None


@pytest.mark.parametrize(
    ("name", "args", "path"),
    [
        ("pods", (), "/api/v1/pods"),
        ("pods", ("shop",), "/api/v1/namespaces/shop/pods"),
        ("pods", ("shop", "web", "log"), "/api/v1/namespaces/shop/pods/web/log"),
        ("nodes", ("shop", "node-1"), "/api/v1/nodes/node-1"),
        ("deployments", ("shop", "web", "scale"), "/apis/apps/v1/namespaces/shop/deployments/web/scale"),
    ],
)
def test_paths(catalog: Catalog, name: str, args: tuple[str, ...], path: str) -> None:
    kind = catalog.find(name)
    assert kind is not None
    assert kind.path(*args) == path


def test_builtin_kinds_are_as_the_server_has_them(catalog: Catalog) -> None:
    assert not BUILTIN.is_complete
    for kind in BUILTIN:
        twin = catalog.get(kind.group, kind.plural)
        assert twin is not None, kind.name
        assert (kind.kind, kind.version, kind.singular) == (twin.kind, twin.version, twin.singular)
        assert (kind.short_names, kind.namespaced, kind.verbs) == (
            twin.short_names,
            twin.namespaced,
            twin.verbs,
        )
        assert kind.categories == twin.categories
        assert set(kind.subresources) <= set(twin.subresources)  # newer servers have more
