"""Edits, creates and applies against a server: the same on the simulated and on a real cluster."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.objects import edit_text
from k8stui.kinds.editing.schema import check
from k8stui.kube import editing
from k8stui.kube.connection.client import Connection
from k8stui.kube.errors import ApiError, ReadOnlyError
from k8stui.ui.editing.items import Base, Mode, Way, edit_items

from .editing_rig import DEPLOYMENT, Bench, open_bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Admin, Target


@pytest.fixture
async def bench(open_cluster: Callable[..., Any], namespace: str) -> Bench:
    return await open_bench(open_cluster, namespace)


@pytest.fixture
async def deployment(admin: Admin, namespace: str) -> str:
    await admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", DEPLOYMENT)
    return "web"


# Edits


async def test_an_edit_changes_just_its_field(bench: Bench, admin: Admin, deployment: str) -> None:
    base = await bench.base("deployments.apps", deployment)
    item = await bench.tried(base, ("revisionHistoryLimit: 10", "revisionHistoryLimit: 4"))
    assert item.problems == []
    assert [change.label for change in item.changes] == ["spec.revisionHistoryLimit"]
    assert item.besides == []
    assert await bench.pipeline.carry_out([item], Mode.EDIT) == []
    assert item.done.startswith("Changed")  # a controller may write at the same time
    found = await admin.get(f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web")
    assert found["spec"]["revisionHistoryLimit"] == 4


async def test_a_field_that_the_server_does_not_know_is_refused_on_its_line(
    bench: Bench, admin: Admin, deployment: str
) -> None:
    """By the strict validation of new servers, by the schema before servers of 1.20, which have none."""
    base = await bench.base("deployments.apps", deployment)
    item = await bench.tried(base, ("  replicas: 0\n", "  replicas: 0\n  replicass: 4\n"))
    assert not item.ready
    (problem,) = item.problems
    assert "replicass" in problem.message
    assert item.document.lines[("spec", "replicass")] == problem.line


async def test_a_value_that_validation_refuses_is_on_its_line(bench: Bench, deployment: str) -> None:
    base = await bench.base("deployments.apps", deployment)
    item = await bench.tried(base, ("replicas: 0", "replicas: -1"), ("image: busybox:1.36", "image: ''"))
    lines = {problem.line for problem in item.problems}
    assert item.document.lines[("spec", "replicas")] in lines
    assert not item.ready


async def test_a_type_that_does_not_fit_is_told(bench: Bench, deployment: str) -> None:
    base = await bench.base("deployments.apps", deployment)
    item = await bench.tried(base, ("replicas: 0", "replicas: many"))
    assert [problem.line for problem in item.problems] == [item.document.lines[("spec", "replicas")]]


async def test_a_change_meanwhile_is_a_conflict_that_is_merged(
    bench: Bench, admin: Admin, deployment: str
) -> None:
    base = await bench.base("deployments.apps", deployment)
    path = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web"
    item = await bench.tried(base, ("revisionHistoryLimit: 10", "revisionHistoryLimit: 4"))
    await admin.patch(path, {"spec": {"progressDeadlineSeconds": 30}})
    assert await bench.pipeline.carry_out([item], Mode.EDIT) == []
    found = (await admin.get(path))["spec"]
    assert (found["revisionHistoryLimit"], found["progressDeadlineSeconds"]) == (4, 30)


async def test_a_field_that_both_changed_must_be_decided(bench: Bench, admin: Admin, deployment: str) -> None:
    base = await bench.base("deployments.apps", deployment)
    path = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web"
    item = await bench.tried(base, ("revisionHistoryLimit: 10", "revisionHistoryLimit: 4"))
    await admin.patch(path, {"spec": {"revisionHistoryLimit": 7}})
    (met,) = await bench.pipeline.carry_out([item], Mode.EDIT)
    (conflict,) = met.conflicts
    assert (conflict.label, conflict.mine, conflict.theirs) == ("spec.revisionHistoryLimit", 4, 7)
    assert (await admin.get(path))["spec"]["revisionHistoryLimit"] == 7
    bench.pipeline.take(met, {conflict.label: True})
    assert await bench.pipeline.carry_out([item], Mode.EDIT) == []
    assert (await admin.get(path))["spec"]["revisionHistoryLimit"] == 4


async def test_a_secret_keeps_its_binary_data_to_the_byte(bench: Bench, admin: Admin) -> None:
    blob = base64.b64encode(bytes(range(256)) * 8).decode()
    text = base64.b64encode(b"one\ntwo\n").decode()
    path = f"/api/v1/namespaces/{bench.namespace}/secrets"
    data = {"blob": blob, "text": text, "other": base64.b64encode(b"x").decode()}
    await admin.create(path, {"metadata": {"name": "db"}, "type": "Opaque", "data": data})
    base = await bench.base("secrets", "db")
    assert "one" not in edit_text([base.cleaned])
    item = await bench.tried(base, ("    two", "    three"))
    assert await bench.pipeline.carry_out([item], Mode.EDIT) == []
    found = (await admin.get(f"{path}/db"))["data"]
    assert (found["blob"], found["other"]) == (blob, data["other"])
    assert base64.b64decode(found["text"]) == b"one\nthree\n"


async def test_who_owns_a_touched_field_is_named(bench: Bench, admin: Admin, deployment: str) -> None:
    """An autoscaler, a tool by its annotation, and whoever wrote the field last, by managedFields."""
    space = f"namespaces/{bench.namespace}"
    path = f"/apis/apps/v1/{space}/deployments/web"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    await admin.create(
        f"/apis/autoscaling/v1/{space}/horizontalpodautoscalers",
        {
            "metadata": {"name": "busy"},
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
        },
    )
    await admin.patch(path, {"metadata": {"annotations": {"meta.helm.sh/release-name": "shop"}}})
    await admin.patch(f"{path}?fieldManager=keda-operator", {"spec": {"revisionHistoryLimit": 3}})
    base = await bench.base("deployments.apps", "web")
    item = await bench.tried(base, ("revisionHistoryLimit: 3", "revisionHistoryLimit: 4"))
    assert "Helm release shop owns this object: its next upgrade may undo the change." in item.owners
    assert "keda-operator wrote spec.revisionHistoryLimit last: it may write it again." in item.owners
    for part in ("", "scale"):
        base = await bench.base("deployments.apps", "web", part)
        base.obj["spec"].setdefault("replicas", 0)  # a scale leaves it out when it is none
        item = await bench.tried(base, ("replicas: 0", "replicas: 2"))
        assert "HorizontalPodAutoscaler busy sets spec.replicas: it will set it again." in item.owners


async def test_scale_is_edited_by_its_subresource(bench: Bench, admin: Admin, deployment: str) -> None:
    base = await bench.base("deployments.apps", deployment, "scale")
    text = edit_text([base.cleaned]).replace("spec: {}", "spec:\n  replicas: 0")
    text = text.replace("replicas: 0", "replicas: 2")
    items, _ = edit_items(parse(text).documents, [base])
    await bench.pipeline.dry_run(items, Mode.EDIT)
    assert items[0].problems == []
    await bench.pipeline.carry_out(items, Mode.EDIT)
    found = await admin.get(f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web")
    assert found["spec"]["replicas"] == 2


async def test_a_node_advertises_an_extended_resource_by_its_status(bench: Bench, admin: Admin) -> None:
    nodes = (await admin.get("/api/v1/nodes"))["items"]
    name = nodes[0]["metadata"]["name"]
    resource = f"example.com/{bench.namespace}"
    base = await bench.base("nodes", name, "status")
    item = await bench.tried(base, ("  capacity:\n", f"  capacity:\n    {resource}: '4'\n"))
    assert item.problems == []
    try:
        assert await bench.pipeline.carry_out([item], Mode.EDIT) == []
        assert (await admin.get(f"/api/v1/nodes/{name}"))["status"]["capacity"][resource] == "4"
    finally:
        patch = {"status": {part: {resource: None} for part in ("capacity", "allocatable")}}
        await admin.patch(f"/api/v1/nodes/{name}/status", patch)


# Applying

MIXED = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
  a: b
---
apiVersion: v1
kind: Service
metadata:
  name: bad
spec:
  ports:
  - port: 123456
    protocol: TCP
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: two
data:
  c: d
"""


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.SERVER_APPLY])
async def test_a_bad_document_does_not_hold_up_the_others(bench: Bench, admin: Admin, mode: Mode) -> None:
    items = await bench.applied(MIXED, mode)
    assert [bool(item.done) for item in items] == [True, False, True]
    # the server tells of the targetPort that it took from the port too, in any order
    problem = next(each for each in items[1].problems if "spec.ports[0].port:" in each.message)
    assert items[1].document.line_of(("spec", "ports", 0, "port")) == problem.line
    for name in ("one", "two"):
        assert await admin.get(f"/api/v1/namespaces/{bench.namespace}/configmaps/{name}")
    again = await bench.applied(MIXED.partition("---")[0], mode)
    assert not [change for item in again for change in item.changes]


@pytest.mark.parametrize("mode", [Mode.CREATE, Mode.APPLY, Mode.SERVER_APPLY])
async def test_an_unknown_field_of_a_file_is_refused_on_its_line(bench: Bench, mode: Mode) -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: one\n"
    text += "spec:\n  ports:\n  - port: 80\n    prot: TCP\n"
    (item,) = await bench.applied(text, mode)
    assert not item.done
    assert [problem.line for problem in item.problems] == [text[: text.index("prot:")].count("\n")]


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.SERVER_APPLY])
async def test_a_file_may_say_less_than_the_object_has(
    bench: Bench, admin: Admin, deployment: str, mode: Mode
) -> None:
    """What is required need not be in it."""
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  minReadySeconds: 5\n"
    (item,) = await bench.applied(text, mode)
    assert item.problems == []
    found = await admin.get(f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web")
    assert (found["spec"]["minReadySeconds"], found["spec"]["replicas"]) == (5, 0)


async def test_apply_takes_away_what_it_had_applied_and_leaves_the_rest(bench: Bench, admin: Admin) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: b\n  gone: x\n"
    await bench.applied(text)
    path = f"/api/v1/namespaces/{bench.namespace}/configmaps/one"
    await admin.patch(path, {"data": {"mine": "1"}})
    (item,) = await bench.applied(text.replace("  gone: x\n", "").replace("a: b", "a: c"))
    assert item.way is Way.PATCH
    assert (await admin.get(path))["data"] == {"a": "c", "mine": "1"}


async def test_a_server_side_apply_names_who_owns_a_field_and_takes_it_only_on_purpose(
    bench: Bench, admin: Admin, deployment: str
) -> None:
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n"
        "  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n"
        "        app: web\n    spec:\n      containers:\n      - name: main\n        image: busybox:1.36\n"
    )
    items = await bench.applied(text, Mode.SERVER_APPLY)
    assert not items[0].done
    lines = {owned.field: owned.problem.line for owned in items[0].taken}
    assert lines["spec.replicas"] == 5, lines
    path = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web"
    assert (await admin.get(path))["spec"]["replicas"] == 0
    items[0].force = True
    await bench.pipeline.carry_out(items, Mode.SERVER_APPLY)
    assert (await admin.get(path))["spec"]["replicas"] == 3


# Schemas and rights


async def test_what_the_server_has_fits_its_own_schemas(bench: Bench, admin: Admin) -> None:
    """OpenAPI v3 or v2, whichever the server has: no false alarm on what it has made itself."""
    wrong = []
    for name in ("pods", "services", "configmaps", "nodes", "deployments.apps", "clusterroles"):
        kind = bench.cluster.catalog.find(name)
        assert kind is not None
        schema = await bench.schemas.of(kind.group, kind.version, kind.kind)
        assert schema is not None, name
        for obj in (await admin.get(kind.path()))["items"][:20]:
            full = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
            document = parse(edit_text([Base(kind, full).cleaned])).documents[0]
            wrong += [f"{name} {obj['metadata']['name']}: {each.message}" for each in check(document, schema)]
    assert wrong == []


async def test_read_only_sends_not_even_a_dry_run(cluster_under_test: Target, namespace: str) -> None:
    async with Connection(cluster_under_test.admin, readonly=True) as connection:
        from k8stui.kube.catalog import BUILTIN

        kind = BUILTIN.get("", "configmaps")
        assert kind is not None
        obj = {"metadata": {"name": "x"}}
        for dry in (True, False):
            with pytest.raises(ReadOnlyError):
                await editing.create(connection, kind, namespace, obj, dry_run=dry)
            with pytest.raises(ReadOnlyError):
                await editing.patch(connection, kind, namespace, "x", obj, version="1", dry_run=dry)
            with pytest.raises(ReadOnlyError):
                await editing.apply(connection, kind, namespace, "x", obj, dry_run=dry)


async def test_who_may_not_edit_is_told_so(cluster_under_test: Target, namespace: str, admin: Admin) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await admin.create(path, {"metadata": {"name": "one"}})
    async with Connection(cluster_under_test.user("viewer")) as connection:
        from k8stui.kube.catalog import BUILTIN

        kind = BUILTIN.get("", "configmaps")
        assert kind is not None
        with pytest.raises(ApiError) as caught:
            await editing.patch(connection, kind, namespace, "one", {"data": {"a": "b"}}, version="")
        assert caught.value.code == 403
