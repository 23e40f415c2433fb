"""The simulated API server over HTTP: lists, watches, writes, custom kinds, guards."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from k8stui.demo.resources import CONFIG_MAPS, PODS
from k8stui.demo.store import Store
from tests.unit.demo_recorded import GOLDEN, Client, fill, golden, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
SHOP = "/api/v1/namespaces/shop/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
Obj = dict[str, Any]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    store = Store()
    fill(store)
    store.compact()
    async with served(store) as client:
        yield client


def labels(obj: Obj) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def config_map(name: str, **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name: str, **spec: Any) -> Obj:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }
    body = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": body}


class TestLists:
    async def test_pages_show_one_moment(self, client: Client) -> None:
        first = await client.get("/api/v1/pods?limit=5")
        gone = client.store.versions(PODS)[-1].obj["metadata"]
        client.store.delete(PODS, gone["namespace"], gone["name"], grace=0)
        names, token = [], first["metadata"]["continue"]
        while token:
            page = await client.get(f"/api/v1/pods?limit=5&continue={token}")
            names += [item["metadata"]["name"] for item in page["items"]]
            assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
            token = page["metadata"].get("continue")
        assert gone["name"] in names
        assert first["metadata"]["remainingItemCount"] == len(names)

    async def test_the_token_of_an_expired_page_continues_inconsistently(self, client: Client) -> None:
        first = await client.get("/api/v1/pods?limit=5")
        client.store.create(CONFIG_MAPS, {"metadata": {"name": "later", "namespace": "shop"}})
        client.store.compact()
        status, body = await client.request(
            "GET", f"/api/v1/pods?limit=500&continue={first['metadata']['continue']}"
        )
        assert (status, body["reason"]) == (410, "Expired")
        rest = await client.get(f"/api/v1/pods?limit=500&continue={body['metadata']['continue']}")
        assert len(rest["items"]) == client.store.count(PODS) - 5

    @pytest.mark.parametrize(
        ("query", "fits"),
        [
            ("labelSelector=app%3Dweb", lambda pod: labels(pod).get("app") == "web"),
            ("labelSelector=app%20in%20(web,db)", lambda pod: labels(pod).get("app") in ("web", "db")),
            ("labelSelector=app!%3Dweb,app", lambda pod: labels(pod).get("app", "web") != "web"),
            ("labelSelector=!app", lambda pod: "app" not in labels(pod)),
            ("labelSelector=app%20notin%20(web)", lambda pod: labels(pod).get("app") != "web"),
            ("fieldSelector=status.phase%3DPending", lambda pod: pod["status"]["phase"] == "Pending"),
            (
                "fieldSelector=spec.nodeName%3Dnode-1,status.phase!%3DRunning",
                lambda pod: pod["spec"].get("nodeName") == "node-1" and pod["status"]["phase"] != "Running",
            ),
            ("fieldSelector=metadata.name%3Ddb-0", lambda pod: pod["metadata"]["name"] == "db-0"),
        ],
    )
    async def test_selectors(self, client: Client, query: str, fits: Callable[[Obj], bool]) -> None:
        wanted = [pod["metadata"]["name"] for pod in client.store.list(PODS) if fits(pod)]
        found = (await client.get(f"/api/v1/pods?{query}"))["items"]
        assert wanted
        assert [pod["metadata"]["name"] for pod in found] == wanted

    async def test_a_field_that_cannot_select_is_refused(self, client: Client) -> None:
        status, body = await client.request("GET", "/api/v1/pods?fieldSelector=spec.foo%3Dx")
        assert (status, body["reason"]) == (400, "BadRequest")
        assert "field label not supported: spec.foo" in body["message"]

    async def test_a_table_with_the_metadata_of_each_object(self, client: Client) -> None:
        table = await client.get("/api/v1/namespaces/default/pods", Accept=TABLE)
        assert table["kind"] == "Table"
        assert [column["name"] for column in table["columnDefinitions"]][:3] == ["Name", "Ready", "Status"]
        for row in table["rows"]:
            assert row["object"]["kind"] == "PartialObjectMetadata"
            assert row["object"]["metadata"]["name"] == row["cells"][0]

    async def test_metadata_only(self, client: Client) -> None:
        body = await client.get("/api/v1/namespaces/default/pods", Accept=METADATA)
        assert body["kind"] == "PartialObjectMetadataList"
        assert all(set(item) == {"kind", "apiVersion", "metadata"} for item in body["items"])

    async def test_one_kind_in_two_versions(self, client: Client) -> None:
        new = await client.get("/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/cart")
        old = await client.get("/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers/cart")
        assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
        assert old["spec"]["targetCPUUtilizationPercentage"] == 70
        events = await client.get("/apis/events.k8s.io/v1/events?limit=1")
        assert {"regarding", "note", "deprecatedSource"} <= events["items"][0].keys()


class TestWatches:
    async def test_changes_after_a_list(self, client: Client) -> None:
        rv = (await client.get(SHOP))["metadata"]["resourceVersion"]
        watching = asyncio.create_task(client.events(f"{SHOP}?watch=1&resourceVersion={rv}", 3))
        await client.request("POST", SHOP, config_map("a", k="1"))
        await client.request(
            "PATCH", f"{SHOP}/a", {"data": {"k": "2"}}, Content_Type="application/merge-patch+json"
        )
        await client.request("DELETE", f"{SHOP}/a")
        events = await watching
        assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
        assert [event["object"]["data"] for event in events] == [{"k": "1"}, {"k": "2"}, {"k": "2"}]
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
        assert versions == sorted(set(versions))

    async def test_selectors_turn_changes_into_comings_and_goings(self, client: Client) -> None:
        rv = client.store.resource_version
        path = f"{SHOP}?watch=1&resourceVersion={rv}&labelSelector=seen%3Dyes"
        watching = asyncio.create_task(client.events(path, 3))
        await client.request("POST", SHOP, config_map("a"))
        for labels in ({"seen": "yes"}, {"more": "x"}, {"seen": "no"}):
            body = {"metadata": {"labels": labels}}
            await client.request("PATCH", f"{SHOP}/a", body, Content_Type="application/merge-patch+json")
        events = await watching
        assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
        assert events[2]["object"]["metadata"]["labels"]["seen"] == "yes"

    async def test_a_streamed_list_ends_with_a_marked_bookmark(self, client: Client) -> None:
        query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        events = await client.events(f"/api/v1/nodes?{query}", 2)
        assert [event["type"] for event in events] == ["ADDED", "BOOKMARK"]
        bookmark = events[1]["object"]
        assert bookmark["kind"] == "Node"
        assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert int(bookmark["metadata"]["resourceVersion"]) == client.store.resource_version

    async def test_a_streamed_list_needs_its_match(self, client: Client) -> None:
        status, body = await client.request("GET", "/api/v1/nodes?watch=1&sendInitialEvents=true")
        assert (status, body["reason"]) == (422, "Invalid")

    async def test_it_ends_in_time_with_a_bookmark(self, client: Client) -> None:
        rv = client.store.resource_version
        query = f"watch=1&resourceVersion={rv}&allowWatchBookmarks=true&timeoutSeconds=1"
        events = await client.events(f"/api/v1/nodes?{query}", 5)
        assert [event["type"] for event in events] == ["BOOKMARK"]

    async def test_only_the_first_event_of_a_table_watch_has_columns(self, client: Client) -> None:
        events = await client.events("/api/v1/namespaces/default/pods?watch=1", 3, Accept=TABLE)
        assert events[0]["object"]["columnDefinitions"][0]["name"] == "Name"
        assert [event["object"]["columnDefinitions"] for event in events[1:]] == [None, None]

    async def test_lines_look_as_recorded(self, client: Client) -> None:
        text = (GOLDEN / "watch/pods-raw-delete-and-replace.ndjson").read_text("utf-8")
        recorded = json.loads(text.splitlines()[0])
        event = (await client.events("/api/v1/namespaces/shop/pods?watch=1", 1))[0]
        assert list(event) == list(recorded)
        assert list(event["object"])[:3] == list(recorded["object"])[:3]


class TestWrites:
    async def test_a_deployment_gets_the_servers_defaults(self, client: Client) -> None:
        status, body = await client.request("POST", DEPLOYMENTS, deployment("new"))
        assert status == 201, body
        spec = body["spec"]
        assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (
            1,
            10,
            600,
        )
        assert spec["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
        }
        container = spec["template"]["spec"]["containers"][0]
        assert container["imagePullPolicy"] == "Always"
        assert body["metadata"]["managedFields"][0]["operation"] == "Update"

    async def test_unknown_and_duplicate_fields_by_level(self, client: Client) -> None:
        text = json.dumps(deployment("x", replcas=3)).replace('"kind"', '"kind": "Deployment", "kind"', 1)
        path = f"{DEPLOYMENTS}?dryRun=All&fieldValidation="
        status, body = await client.request("POST", path + "Strict", text)
        assert status == 400
        assert body["message"] == (
            'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error:'
            ' duplicate field "kind", unknown field "spec.replcas"'
        )
        status, body = await client.request("POST", path + "Warn", text)
        assert status == 201, body
        assert len(client.headers.getall("Warning")) == 2
        status, _ = await client.request("POST", path + "Ignore", text)
        assert status == 201, body
        assert "Warning" not in client.headers

    async def test_a_wrong_type_is_named(self, client: Client) -> None:
        status, body = await client.request("POST", DEPLOYMENTS, deployment("x", replicas="three"))
        assert status == 400
        assert "json: cannot unmarshal string into Go struct field" in body["message"]

    async def test_all_that_is_wrong_is_told_at_once(self, client: Client) -> None:
        wrong = deployment("Bad_Name", selector={"matchLabels": {"app": "other"}}, replicas=-1)
        status, body = await client.request("POST", DEPLOYMENTS, wrong)
        fields = {cause["field"] for cause in body["details"]["causes"]}
        assert status == 422
        assert fields == {"metadata.name", "spec.replicas", "spec.template.metadata.labels"}

    async def test_a_new_pod_is_admitted(self, client: Client) -> None:
        pod = {"metadata": {"generateName": "p-"}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}
        status, body = await client.request("POST", "/api/v1/namespaces/default/pods", pod)
        assert status == 201, body
        assert body["metadata"]["name"].startswith("p-")
        assert body["spec"]["serviceAccountName"] == "default"
        assert body["status"] == {"phase": "Pending", "qosClass": "BestEffort"}

    async def test_a_pods_spec_is_fixed_but_for_its_image(self, client: Client) -> None:
        path = "/api/v1/namespaces/default/pods/db-0"
        patch: dict[str, Any] = {"spec": {"containers": [{"name": "db", "image": "busybox:2"}]}}
        kind = "application/strategic-merge-patch+json"
        status, _ = await client.request("PATCH", path, patch, Content_Type=kind)
        assert status == 200
        patch = {"spec": {"containers": [{"name": "db", "command": ["x"]}]}}
        status, body = await client.request("PATCH", path, patch, Content_Type=kind)
        assert (status, body["reason"]) == (422, "Invalid")

    async def test_status_is_a_world_of_its_own(self, client: Client) -> None:
        path = f"{DEPLOYMENTS}/cart"
        patch = {"spec": {"replicas": 9}, "status": {"replicas": 99}}
        kind = "application/merge-patch+json"
        _, body = await client.request("PATCH", path, patch, Content_Type=kind)
        assert (body["spec"]["replicas"], body["status"]["replicas"]) == (9, 4)
        _, body = await client.request(
            "PATCH", f"{path}/status", patch | {"spec": {"replicas": 1}}, Content_Type=kind
        )
        assert (body["spec"]["replicas"], body["status"]["replicas"]) == (9, 99)

    async def test_server_side_apply_creates_and_owns(self, client: Client) -> None:
        kind = "application/apply-patch+yaml"
        text = (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {a: '1', when: 2026-01-01}\n"
        )
        status, body = await client.request(
            "PATCH", f"{SHOP}/applied?fieldManager=me", text, Content_Type=kind
        )
        assert (status, body["data"]["a"]) == (201, "1")
        text = text.replace(", when: 2026-01-01", "")
        status, body = await client.request(
            "PATCH", f"{SHOP}/applied?fieldManager=me", text, Content_Type=kind
        )
        assert (status, body["data"]) == (200, {"a": "1"})
        status, body = await client.request(
            "PATCH", f"{SHOP}/applied?fieldManager=you", text.replace("'1'", "'2'"), Content_Type=kind
        )
        assert (status, body["message"]) == (409, 'Apply failed with 1 conflict: conflict with "me": .data.a')

    async def test_protobuf_of_kubectl(self, client: Client) -> None:
        # `kubectl auth can-i delete pods -n shop` as kubectl encodes it.
        attributes = b"\x0a\x04shop\x12\x06delete\x1a\x00\x22\x00\x2a\x04pods"
        spec = b"\x0a" + bytes([len(attributes)]) + attributes
        review = b"\x0a\x00\x12" + bytes([len(spec)]) + spec
        api = b"authorization.k8s.io/v1"
        meta = b"\x0a" + bytes([len(api)]) + api + b"\x12\x17SelfSubjectAccessReview"
        body = b"k8s\0\x0a" + bytes([len(meta)]) + meta + b"\x12" + bytes([len(review)]) + review
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        status, answer = await client.request(
            "POST", path, body, user="viewer", Content_Type="application/vnd.kubernetes.protobuf"
        )
        assert status == 201, body
        assert answer["spec"]["resourceAttributes"] == {
            "namespace": "shop",
            "verb": "delete",
            "resource": "pods",
        }
        assert answer["status"]["allowed"] is False

    async def test_a_collection_is_deleted_by_selector(self, client: Client) -> None:
        for name in ("a", "b"):
            await client.request("POST", SHOP, config_map(name))
        await client.request("DELETE", f"{SHOP}?fieldSelector=metadata.name%3Da")
        names = {item["metadata"]["name"] for item in (await client.get(SHOP))["items"]}
        assert "a" not in names
        assert "b" in names

    async def test_preconditions_protect_the_next_of_that_name(self, client: Client) -> None:
        options = {"preconditions": {"uid": "somebody-else"}}
        status, body = await client.request("DELETE", f"{SHOP}/cart-config", options)
        assert (status, body["reason"]) == (409, "Conflict")

    async def test_nothing_is_made_in_a_namespace_that_is_not_there(self, client: Client) -> None:
        status, body = await client.request("POST", "/api/v1/namespaces/none/configmaps", config_map("a"))
        assert (status, body["message"]) == (404, 'namespaces "none" not found')

    async def test_unknown_media_types_are_refused(self, client: Client) -> None:
        status, body = await client.request("POST", SHOP, "x", Content_Type="application/cbor")
        assert (status, body["reason"]) == (415, "UnsupportedMediaType")
        status, body = await client.request("GET", SHOP, Accept="application/cbor")
        assert (status, body["reason"]) == (406, "NotAcceptable")


class TestCustomKinds:
    CRD: ClassVar[Obj] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "boats.sea.example"},
        "spec": {
            "group": "sea.example",
            "scope": "Namespaced",
            "names": {"plural": "boats", "kind": "Boat", "shortNames": ["bo"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "required": ["length"],
                                    "properties": {
                                        "length": {"type": "integer", "minimum": 1},
                                        "replicas": {"type": "integer"},
                                    },
                                }
                            },
                        }
                    },
                    "subresources": {
                        "scale": {
                            "specReplicasPath": ".spec.replicas",
                            "statusReplicasPath": ".status.replicas",
                        }
                    },
                    "additionalPrinterColumns": [
                        {"name": "Length", "type": "integer", "jsonPath": ".spec.length"}
                    ],
                }
            ],
        },
    }

    async def test_from_definition_to_deletion(self, client: Client) -> None:
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        status, _ = await client.request("POST", crds, self.CRD)
        assert status == 201
        crd = await client.get(f"{crds}/boats.sea.example")
        assert {c["type"]: c["status"] for c in crd["status"]["conditions"]}["Established"] == "True"
        groups = await client.get("/apis")
        assert "sea.example" in [group["name"] for group in groups["groups"]]

        path = "/apis/sea.example/v1/namespaces/shop/boats"
        boat = {
            "apiVersion": "sea.example/v1",
            "kind": "Boat",
            "metadata": {"name": "b"},
            "spec": {"length": 7},
        }
        assert (await client.request("POST", path, boat))[0] == 201
        wrong = boat | {"metadata": {"name": "c"}, "spec": {"length": 0}}
        status, body = await client.request("POST", path, wrong)
        assert status == 422
        assert "spec.length in body should be greater than or equal to 1" in body["message"]
        table = await client.get(path, Accept=TABLE)
        assert table["rows"][0]["cells"] == ["b", 7]
        scale = {"spec": {"replicas": 4}}
        kind = "application/merge-patch+json"
        status, body = await client.request("PATCH", f"{path}/b/scale", scale, Content_Type=kind)
        assert (status, body["spec"]) == (200, {"replicas": 4})
        document = await client.get("/openapi/v3/apis/sea.example/v1")
        assert "example.sea.v1.Boat" in document["components"]["schemas"]

        held = {"metadata": {"finalizers": ["example.com/keep"]}}
        await client.request("PATCH", f"{path}/b", held, Content_Type=kind)
        await client.request("DELETE", f"{crds}/boats.sea.example")
        crd = await client.get(f"{crds}/boats.sea.example")
        assert {c["type"] for c in crd["status"]["conditions"]} >= {"Terminating", "Established"}
        await client.request("PATCH", f"{path}/b", {"metadata": {"finalizers": None}}, Content_Type=kind)
        assert (await client.request("GET", f"{crds}/boats.sea.example"))[0] == 404
        assert (await client.request("GET", path))[0] == 404

    async def test_a_definition_takes_all_its_objects_along(self, client: Client) -> None:
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        path = "/apis/sea.example/v1/namespaces/shop/boats"
        await client.request("POST", crds, self.CRD)
        for name in ("a", "b", "c"):
            boat = {"apiVersion": "sea.example/v1", "kind": "Boat", "metadata": {"name": name}}
            assert (await client.request("POST", path, {**boat, "spec": {"length": 7}}))[0] == 201
        assert (await client.request("DELETE", f"{crds}/boats.sea.example"))[0] == 200
        assert (await client.request("GET", f"{crds}/boats.sea.example"))[0] == 404
        assert (await client.request("GET", path))[0] == 404

    async def test_a_wrong_definition_is_refused(self, client: Client) -> None:
        names = {"plural": "ships", "kind": "Boat"}
        spec = {**self.CRD["spec"], "names": names, "versions": [{"name": "v1", "served": True}]}
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        status, body = await client.request("POST", crds, {**self.CRD, "spec": spec})
        assert status == 422
        assert [cause["field"] for cause in body["details"]["causes"]] == [
            "metadata.name",
            "spec.versions",
            "spec.versions[0].schema.openAPIV3Schema",
        ]


class TestGuards:
    async def test_no_token_no_answer(self, client: Client) -> None:
        status, body = await client.request("GET", "/api", user="guess")
        assert (status, body["message"]) == (401, "Unauthorized")

    async def test_web_pages_are_refused(self, client: Client) -> None:
        status, _ = await client.request("GET", "/api", Origin="https://evil.example")
        assert status == 403
        status, _ = await client.request("GET", "/api", Host="evil.example")
        assert status == 403

    async def test_the_limited_user_sees_one_namespace(self, client: Client) -> None:
        status, body = await client.request("GET", "/api/v1/namespaces/shop/pods", user="viewer")
        assert status == 200
        status, body = await client.request("GET", "/api/v1/namespaces/default/pods", user="viewer")
        assert body["message"] == (
            'pods is forbidden: User "viewer" cannot list resource "pods" in API group ""'
            ' in the namespace "default"'
        )

    async def test_the_admin_may_act_as_somebody_else(self, client: Client) -> None:
        headers = {"Impersonate_User": "viewer", "Impersonate_Group": "viewers"}
        status, _ = await client.request("GET", "/api/v1/nodes", **headers)
        assert status == 403
        status, body = await client.request("GET", "/api/v1/nodes", user="viewer", Impersonate_User="root")
        assert 'cannot impersonate resource "users"' in body["message"]


class TestOpenApi:
    @pytest.mark.parametrize("group_version", ["api/v1", "apis/apps/v1", "apis/batch/v1"])
    async def test_every_kind_is_described(self, client: Client, group_version: str) -> None:
        index = await client.get("/openapi/v3")
        document = await client.get(index["paths"][group_version]["serverRelativeURL"])
        kinds = {
            gvk["kind"]
            for schema in document["components"]["schemas"].values()
            for gvk in schema.get("x-kubernetes-group-version-kind", ())
        }
        name = group_version.partition("/")[2].replace("/", "_")
        recorded = golden(f"discovery/resources-{name}.json")
        served = {entry["kind"] for entry in recorded["resources"] if "list" in entry["verbs"]}
        assert served <= kinds

    async def test_kubectl_finds_field_validation_and_merge_keys(self, client: Client) -> None:
        document = await client.get("/openapi/v3/apis/apps/v1")
        post = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments"]["post"]
        assert {"dryRun", "fieldValidation"} <= {entry["name"] for entry in post["parameters"]}
        containers = document["components"]["schemas"]["io.k8s.api.apps.v1.PodSpec"]["properties"][
            "containers"
        ]
        assert containers["x-kubernetes-patch-merge-key"] == "name"
        assert containers["x-kubernetes-list-map-keys"] == ["name"]


async def test_health_and_version(client: Client) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        assert await client.get(path) == "ok"
    assert "[+]etcd ok" in await client.get("/readyz?verbose")
    assert (await client.get("/version"))["minor"] == "34"
