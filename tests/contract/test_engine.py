"""The engine against an API server: what is held is what the server has, for every kind of user."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.discovery import discover
from k8stui.kube.health import Status
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.reflector import Policy
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.opening import logs_of_pod
from k8stui.kube.objects import Pod, TableRow
from tests.contract.conftest import Admin, Target, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.cluster import Cluster
    from k8stui.kube.live.collection import Subscription

# faults strike the whole cluster: no other test of it may run meanwhile
pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("cluster")]

PODS = BUILTIN.find("pods")
CONFIGMAPS = BUILTIN.find("configmaps")
assert PODS is not None
assert CONFIGMAPS is not None


def pod(name: str, command: str, **spec: Any) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "busybox:1.36",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", command],
    }
    grace = {"terminationGracePeriodSeconds": 0}
    return {"metadata": {"name": name}, "spec": {"containers": [container], **grace, **spec}}


def names(reader: Subscription[Any]) -> set[str]:
    return {obj.metadata.name for obj in reader.collection.objects.values()}


def live(reader: Subscription[Any]) -> bool:
    return reader.collection.state.phase is Phase.LIVE


def counted(cluster: Cluster) -> list[tuple[str, dict[str, Any]]]:
    """All lists and watches that the cluster asks for from now on."""
    asked: list[tuple[str, dict[str, Any]]] = []
    connection = cluster.connection
    request, lines = connection.request, connection.lines

    async def counting_request(method: str, path: str, **options: Any) -> Any:
        asked.append((path, dict(options.get("params") or {})))
        return await request(method, path, **options)

    async def counting_lines(path: str, **options: Any) -> Any:
        asked.append((path, dict(options.get("params") or {})))
        async for batch in lines(path, **options):
            yield batch

    connection.request = counting_request  # type: ignore[method-assign]
    connection.lines = counting_lines  # type: ignore[method-assign]
    return asked


def lists(asked: list[tuple[str, dict[str, Any]]], plural: str) -> list[dict[str, Any]]:
    return [params for path, params in asked if path.endswith(f"/{plural}") and "watch" not in params]


def watches(asked: list[tuple[str, dict[str, Any]]], plural: str) -> list[dict[str, Any]]:
    return [params for path, params in asked if path.endswith(f"/{plural}") and "watch" in params]


async def test_discovery_finds_the_kinds_of_the_server(admin: Admin) -> None:
    catalog = await discover(admin.connection)
    async with asyncio.timeout(30):
        while catalog.failed:  # a group whose definition goes just now is listed and not there
            await asyncio.sleep(0.5)
            catalog = await discover(admin.connection)
    for text, name in {
        "po": "pods",
        "no": "nodes",
        "deploy": "deployments.apps",
        "ing": "ingresses.networking.k8s.io",
        "crd": "customresourcedefinitions.apiextensions.k8s.io",
        "hpa": "horizontalpodautoscalers.autoscaling",
        "cj": "cronjobs.batch",
        "pdb": "poddisruptionbudgets.policy",
    }.items():
        kind = catalog.find(text)
        assert kind is not None, text
        assert kind.name == name
        assert {"list", "watch"} <= set(kind.verbs)
    for builtin in BUILTIN:
        kind = catalog.get(builtin.group, builtin.plural)
        assert kind is not None
        assert (kind.path("x", "y"), kind.short_names) == (builtin.path("x", "y"), builtin.short_names)


async def test_a_session_knows_version_user_and_kinds(
    open_cluster: Callable[..., Any], cluster_under_test: Target
) -> None:
    cluster = await open_cluster()
    await eventually(lambda: cluster.version and cluster.catalog.is_complete)
    assert cluster.health.status is Status.LIVE
    assert cluster.version.startswith("v1.")
    assert cluster.user


async def test_pods_appear_change_and_go(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster()
    reader = cluster.subscribe(PODS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    assert reader.take().reset
    path = f"/api/v1/namespaces/{namespace}/pods"
    made = await admin.create(path, pod("web", "sleep 3600"))
    uid = made["metadata"]["uid"]
    await eventually(lambda: uid in reader.collection.objects)
    assert isinstance(reader.collection.objects[uid], Pod)
    assert uid in reader.take().changed
    await admin.patch(f"{path}/web", {"metadata": {"labels": {"colour": "red"}}})
    await eventually(lambda: reader.collection.objects[uid].metadata.labels.get("colour") == "red")
    await eventually(lambda: reader.collection.objects[uid].status.phase == "Running", 60)
    node = reader.collection.objects[uid].spec.node_name
    assert uid in reader.collection.index("node", node)
    reader.take()
    await admin.delete(f"{path}/web")
    await eventually(lambda: uid not in reader.collection.objects)
    changes = reader.take()
    assert not changes.reset
    assert uid in changes.removed
    again = await admin.create(path, pod("web", "sleep 3600"))
    await eventually(lambda: again["metadata"]["uid"] in reader.collection.objects)
    assert again["metadata"]["uid"] != uid


async def test_kinds_without_a_struct_come_as_the_servers_tables(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await admin.create(path, {"metadata": {"name": "one"}, "data": {"a": "1", "b": "2"}})
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader) and "one" in names(reader))
    assert [column.name for column in reader.collection.columns] == ["Name", "Data", "Age"]
    row = next(obj for obj in reader.collection.objects.values() if obj.metadata.name == "one")
    assert isinstance(row, TableRow)
    assert row.cells[:2] == ("one", 2)
    assert row.metadata.uid
    reader.take()
    await admin.patch(f"{path}/one", {"data": {"c": "3"}})
    await eventually(lambda: reader.collection.objects[row.metadata.uid].cells[1] == 3)
    assert row.metadata.uid in reader.take().changed
    await admin.create(path, {"metadata": {"name": "two"}})
    await eventually(lambda: "two" in names(reader))
    await admin.delete(f"{path}/one")
    await eventually(lambda: "one" not in names(reader))
    assert [column.name for column in reader.collection.columns] == ["Name", "Data", "Age"]


async def test_every_listable_kind_opens(open_cluster: Callable[..., Any]) -> None:
    cluster = await open_cluster()
    await eventually(lambda: cluster.catalog.is_complete)
    kinds = [kind for kind in cluster.catalog.preferred if kind.can("list")]
    assert len(kinds) > 30
    readers = []
    for kind in kinds:
        reader = cluster.subscribe(kind, wake=lambda: None)
        readers.append((kind, reader))
        if len(readers) >= 8:
            await _all_live(readers)
            readers.clear()
    await _all_live(readers)


async def _all_live(readers: list[tuple[Any, Subscription[Any]]]) -> None:
    for kind, reader in readers:
        await eventually(lambda r=reader: live(r), 20, f"{kind.name}: {reader.collection.state}")  # type: ignore[misc]
        reader.close()


async def test_a_list_is_read_in_pages(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for n in range(12):
        await admin.create(path, {"metadata": {"name": f"map-{n:02}"}})
    cluster = await open_cluster(policy=Policy(page_size=5))
    asked = counted(cluster)
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    assert {f"map-{n:02}" for n in range(12)} <= names(reader)
    assert len(lists(asked, "configmaps")) == 3
    assert all(params["limit"] == "5" for params in lists(asked, "configmaps"))


async def test_watches_that_end_resume_without_a_new_list(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster(policy=Policy(watch_seconds=(1, 1), healthy_seconds=0.5))
    asked = counted(cluster)
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    seen: set[str] = set()
    for n in range(20):
        await admin.create(path, {"metadata": {"name": f"map-{n}"}})
        seen.add(f"map-{n}")
        await asyncio.sleep(0.2)
    await eventually(lambda: seen <= names(reader))
    assert len(lists(asked, "configmaps")) == 1
    resumed = watches(asked, "configmaps")
    assert len(resumed) >= 3
    versions = [int(params["resourceVersion"]) for params in resumed]
    assert versions == sorted(versions)
    assert versions[-1] > versions[0]


async def test_selectors_narrow_and_objects_that_stop_matching_go(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await admin.create(path, {"metadata": {"name": "red", "labels": {"colour": "red"}}})
    await admin.create(path, {"metadata": {"name": "blue", "labels": {"colour": "blue"}}})
    cluster = await open_cluster()
    reader = cluster.subscribe(
        CONFIGMAPS, namespaces=(namespace,), label_selector="colour=red", wake=lambda: None
    )
    await eventually(lambda: live(reader))
    assert names(reader) == {"red"}
    await admin.patch(f"{path}/blue", {"metadata": {"labels": {"colour": "red"}}})
    await eventually(lambda: names(reader) == {"red", "blue"})
    await admin.patch(f"{path}/red", {"metadata": {"labels": {"colour": "green"}}})
    await eventually(lambda: names(reader) == {"blue"})
    by_name = cluster.subscribe(
        CONFIGMAPS, namespaces=(namespace,), field_selector="metadata.name=red", wake=lambda: None
    )
    await eventually(lambda: live(by_name))
    assert names(by_name) == {"red"}


async def test_several_namespaces_are_read_as_one(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster()
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace, "kube-system"), wake=lambda: None)
    await eventually(lambda: live(reader))
    await admin.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    await eventually(lambda: "mine" in names(reader))
    spaces = {obj.metadata.namespace for obj in reader.collection.objects.values()}
    assert spaces == {namespace, "kube-system"}


def gadget_definition(plural: str) -> dict[str, Any]:
    size = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [size],
    }
    kind = plural[:-1].capitalize()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.test.k8stui.example"},
        "spec": {
            "group": "test.k8stui.example",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": plural[:-1], "kind": kind, "listKind": f"{kind}List"},
            "versions": [version],
        },
    }


async def test_custom_kinds_come_are_shown_and_go(
    open_cluster: Callable[..., Any], admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster()
    await eventually(lambda: cluster.catalog.is_complete)
    plural = f"gadget{secrets.token_hex(3)}s"
    definition = gadget_definition(plural)
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    made = await admin.create(path, definition)
    async with asyncio.timeout(30):
        while (kind := (await cluster.rediscover()).find(plural)) is None:
            await asyncio.sleep(0.2)
    assert kind.group == "test.k8stui.example"
    reader = cluster.subscribe(kind, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    gadget = {
        "apiVersion": "test.k8stui.example/v1",
        "kind": kind.kind,
        "metadata": {"name": "first"},
        "spec": {"size": 7},
    }
    await admin.create(kind.path(namespace), gadget)
    await eventually(lambda: "first" in names(reader))
    _, size = reader.collection.columns
    assert (size.name, size.type) == ("Size", "integer")
    assert size.description == "Custom resource definition column (in JSONPath format): .spec.size"
    row = next(iter(reader.collection.objects.values()))
    assert row.cells == ("first", 7)
    await admin.delete(f"{path}/{made['metadata']['name']}")
    await eventually(lambda: "first" not in names(reader))
    await eventually(lambda: reader.collection.state.phase is Phase.GONE, 60, "the kind is gone")


async def test_a_user_without_rights_is_told_by_the_server(
    open_cluster: Callable[..., Any], cluster_under_test: Target
) -> None:
    cluster = await open_cluster(cluster_under_test.user("nobody"))
    reader = cluster.subscribe(PODS, wake=lambda: None)
    await eventually(lambda: reader.collection.state.phase is Phase.DENIED)
    state = reader.collection.state
    assert 'cannot list resource "pods"' in state.reason
    assert state.next_try is not None
    assert cluster.health.status is Status.LIVE
    assert reader.collection.denied == ("",)
    found = await cluster.visible_namespaces()
    assert (found.names, found.complete) == ((), False)
    assert "cannot list" in found.reason
    assert not await cluster.access.can("list", PODS, "default")


async def test_a_user_of_one_namespace_finds_it_and_sees_it(
    open_cluster: Callable[..., Any], cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    context = cluster_under_test.user("viewer")
    cluster = await open_cluster(context)
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
    group = {"kind": "Group", "name": "viewers", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    await admin.create(path, {"metadata": {"name": "view"}, "subjects": [group], "roleRef": role})
    await admin.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    everywhere = cluster.subscribe(PODS, wake=lambda: None)
    await eventually(lambda: everywhere.collection.state.phase is Phase.DENIED)
    async with asyncio.timeout(20):
        while not (await cluster.visible_namespaces([namespace, "kube-public"])).names:
            cluster.access.forget()
            await asyncio.sleep(0.1)
    found = await cluster.visible_namespaces([namespace, "kube-public"])
    assert (found.names, found.complete) == ((namespace,), False)
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    assert "mine" in names(reader)
    both = cluster.subscribe(CONFIGMAPS, namespaces=(namespace, "kube-public"), wake=lambda: None)
    await eventually(lambda: both.collection.denied == ("kube-public",) and "mine" in names(both))
    assert both.collection.state.phase is Phase.DENIED
    assert both.collection.state.reason.startswith("kube-public: ")
    assert await cluster.access.can("get", PODS, namespace, subresource="log")
    assert not await cluster.access.can("delete", PODS, namespace)
    rules = await cluster.access.rules(namespace)
    assert rules.allows("list", "", "pods")
    assert not rules.allows("create", "", "pods/exec")


async def test_log_lines_come_once_over_a_restart(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    script = (
        "life=$(cat /data/n 2>/dev/null || echo 0); i=0; "
        "while [ $i -lt 40 ]; do echo line $i of life $life; i=$((i+1)); sleep 0.05; done; "
        "echo $((life+1)) > /data/n; exit 3"
    )
    volumes = {"volumes": [{"name": "work", "emptyDir": {}}]}
    body = pod("crash", script, **volumes)
    body["spec"]["containers"][0]["volumeMounts"] = [{"name": "work", "mountPath": "/data"}]
    if not cluster_under_test.is_real:
        pytest.skip("the simulated cluster does not run a container's own command")
    await admin.create(f"/api/v1/namespaces/{namespace}/pods", body)
    buffer = LogBuffer()
    logs = logs_of_pod(admin.connection, namespace, "crash")
    task = asyncio.create_task(logs.run(buffer.extend))

    def texts(life: int) -> list[str]:
        lines = buffer.lines(buffer.first, buffer.end)
        return [line.text for line in lines if line.text.endswith(f"of life {life}") and not line.mark]

    try:
        await eventually(lambda: len(texts(1)) >= 40, 90, "the second life was read")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for life in (0, 1):
        assert texts(life)[:40] == [f"line {n} of life {life}" for n in range(40)]
    marks = [line for line in buffer.lines(buffer.first, buffer.end) if line.mark == "restart"]
    assert marks
    assert "exit code 3" in marks[0].text


async def test_log_lines_come_once_over_a_restart_of_the_server(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    cluster_under_test.needs_ctl()
    script = "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.02; done"
    await admin.create(f"/api/v1/namespaces/{namespace}/pods", pod("talk", script))
    buffer = LogBuffer()
    task = asyncio.create_task(logs_of_pod(admin.connection, namespace, "talk").run(buffer.extend))

    def texts() -> list[str]:
        return [line.text for line in buffer.lines(0, buffer.end) if not line.mark]

    try:
        await eventually(lambda: len(texts()) > 20, 60, "the pod writes")
        await asyncio.to_thread(cluster_under_test.ctl, "restart-apiserver")
        await _answers(admin)
        before = len(texts())
        await eventually(lambda: len(texts()) > before + 100, 60, "reading goes on")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert texts() == [f"line {n}" for n in range(len(texts()))]


async def test_log_lines_are_those_the_server_has(admin: Admin) -> None:
    """Follow some pod that writes, break the streams, and compare with what the server has at the end."""
    chosen = await _talkative_pod(admin)
    if chosen is None:
        pytest.skip("no running pod on this cluster writes a log")
    namespace, name, container = chosen
    buffer = LogBuffer()
    logs = logs_of_pod(admin.connection, namespace, name, containers=(container,), tail=50)
    task = asyncio.create_task(logs.run(buffer.extend))
    try:
        await eventually(lambda: buffer.end >= 1, 30)
        await asyncio.sleep(2)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    got = [f"{line.time} {line.text}" for line in buffer.lines(0, buffer.end) if not line.mark]
    params = {"container": container, "timestamps": "true", "tailLines": "2000"}
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/log"
    answer = await admin.connection.request("GET", path, params=params)
    there = answer.body.decode().splitlines()
    start = there.index(got[0])
    assert there[start : start + len(got)] == got


async def _talkative_pod(admin: Admin) -> tuple[str, str, str] | None:
    pods = await admin.get("/api/v1/pods")
    for found in pods["items"]:
        statuses = found["status"].get("containerStatuses", [])
        running = [status["name"] for status in statuses if "running" in status["state"]]
        if found["status"]["phase"] != "Running" or not running:
            continue
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        params = {"container": running[0], "tailLines": "1"}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/log"
        answer = await admin.connection.request("GET", path, params=params)
        if answer.body:
            return namespace, name, running[0]
    return None


async def test_the_life_before_of_a_crashing_container(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    await admin.create(
        f"/api/v1/namespaces/{namespace}/pods", pod("crash", "echo last words; sleep 4; exit 2")
    )
    path = f"/api/v1/namespaces/{namespace}/pods/crash"

    async def restarted() -> bool:
        statuses = (await admin.get(path))["status"].get("containerStatuses", [])
        # the kubelet keeps one dead life only: ask while the next one runs
        running = bool(statuses) and "running" in statuses[0]["state"]
        return running and statuses[0]["restartCount"] > 0

    try:
        async with asyncio.timeout(60):
            while not await restarted():
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail("the container was not restarted")
    buffer = LogBuffer()
    await logs_of_pod(admin.connection, namespace, "crash", previous=True).run(buffer.extend)
    lines = buffer.lines(0, buffer.end)
    texts = [line.text for line in lines if not line.mark]
    # the simulated cluster invents what a container writes
    assert texts if not cluster_under_test.is_real else texts == ["last words"], texts
    assert any("exit code" in line.text for line in lines if line.mark == "ended")


async def test_an_old_version_is_answered_by_a_new_list_without_losing_rows(
    open_cluster: Callable[..., Any], cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    cluster_under_test.needs_ctl()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in ("stays", "goes"):
        await admin.create(path, {"metadata": {"name": name}})
    cluster = await open_cluster()
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    reader.take()
    cluster_under_test.ctl("stop-apiserver")
    try:
        # a server that ends in good order serves its watches for a while
        await eventually(lambda: reader.collection.state.phase is Phase.STALE, 90, "the server is missed")
        assert {"stays", "goes"} <= names(reader)
    finally:
        cluster_under_test.ctl("start-apiserver")
    await _answers(admin)
    await admin.delete(f"{path}/goes")
    await admin.create(path, {"metadata": {"name": "comes"}})
    cluster_under_test.ctl("compact")
    cluster.retry_now()
    await eventually(lambda: live(reader) and {"stays", "comes"} <= names(reader), 60)
    await eventually(lambda: "goes" not in names(reader), 60)
    assert not reader.take().reset


async def test_a_restart_of_the_server_loses_no_row(
    open_cluster: Callable[..., Any], cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    cluster_under_test.needs_ctl()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await admin.create(path, {"metadata": {"name": "before"}})
    cluster = await open_cluster()
    asked = counted(cluster)
    reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
    await eventually(lambda: live(reader))
    reader.take()
    cluster_under_test.ctl("restart-apiserver")
    await _answers(admin)
    await admin.create(path, {"metadata": {"name": "after"}})
    await eventually(lambda: live(reader) and "after" in names(reader), 90)
    await eventually(lambda: cluster.health.status is Status.LIVE, 60)
    changes = reader.take()
    assert not changes.reset
    assert changes.removed == set()
    assert "before" in names(reader)
    assert len(lists(asked, "configmaps")) == 1


async def _answers(admin: Admin) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                json.loads(await admin.connection.get("/version"))
            except Exception:
                await asyncio.sleep(0.3)
            else:
                return
