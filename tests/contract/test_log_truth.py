"""Every line once and in order, on both clusters, whatever happens to pods, to the server and on the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.backoff import SystemClock
from k8stui.kube.cluster import Cluster
from k8stui.kube.connection.client import Connection
from k8stui.kube.logs import follow as log_follow
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.opening import logs_of_pod, logs_of_query
from k8stui.kube.logs.query import parse_query
from k8stui.ui.logs.states import about
from tests.contract.conftest import Admin, Target, eventually
from tests.contract.test_logs_command import counting, eventually_written, pod
from tests.contract.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from k8stui.kube.logs.group import LogGroup

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("logs")]

COUNTING = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.02; done"


class Read:
    """What was read so far."""

    def __init__(self, logs: LogGroup) -> None:
        self.logs = logs
        self.buffer = LogBuffer()

    def texts(self, pod: str = "") -> list[str]:
        lines = self.buffer.lines(self.buffer.first, self.buffer.end)
        return [line.text for line in lines if not line.mark and pod in ("", line.source.pod)]

    def marks(self, *kinds: str) -> list[str]:
        lines = self.buffer.lines(self.buffer.first, self.buffer.end)
        return [line.text for line in lines if line.mark and (not kinds or line.mark in kinds)]

    def numbers(self, pod: str = "") -> list[int]:
        return [int(found[1]) for text in self.texts(pod) if (found := re.match(r"line (\d+)$", text))]

    async def goes_on(self, lines: int = 15, seconds: float = 60) -> None:
        before = len(self.numbers())
        await eventually(lambda: len(self.numbers()) >= before + lines, seconds, "more lines")

    def assert_each_once(self, pod: str = "") -> None:
        numbers = self.numbers(pod)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert not self.marks("gap")


@contextlib.asynccontextmanager
async def reading(logs: LogGroup) -> AsyncIterator[Read]:
    read = Read(logs)
    task = asyncio.ensure_future(logs.run(read.buffer.extend))
    try:
        yield read
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def wire(cluster_under_test: Target) -> AsyncIterator[Wire]:
    async with Wire(cluster_under_test.admin) as wire:
        yield wire


@pytest.fixture
async def far(wire: Wire) -> AsyncIterator[Cluster]:
    """A cluster at the other end of the wire."""
    async with Cluster(wire.context) as cluster:
        yield cluster


async def make(admin: Admin, namespace: str, script: str, name: str = "web", **spec: Any) -> str:
    path = f"/api/v1/namespaces/{namespace}/pods"
    await admin.create(path, pod(name, script, **spec))
    return f"{path}/{name}"


async def viewers_may_read(admin: Admin, namespace: str, *resources: str) -> None:
    """In this namespace, and nothing else."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rule = {"apiGroups": [""], "resources": list(resources), "verbs": ["get", "list", "watch"]}
    await admin.create(f"{rbac}/roles", {"metadata": {"name": "looks"}, "rules": [rule]})
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": {"name": "looks"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "looks"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "viewers"}],
    }
    await admin.create(f"{rbac}/rolebindings", binding)


async def status_of(admin: Admin, path: str) -> dict[str, Any]:
    """Of the pod's only container."""
    found = (await admin.get(path))["status"].get("containerStatuses") or [{}]
    status: dict[str, Any] = found[0]
    return status


async def until_status(admin: Admin, path: str, condition: Callable[[dict[str, Any]], Any]) -> None:
    async with asyncio.timeout(90):
        while not condition(await status_of(admin, path)):
            await asyncio.sleep(0.1)


def backs_off(status: dict[str, Any]) -> bool:
    waiting = status.get("state", {}).get("waiting") or {}
    return waiting.get("reason") == "CrashLoopBackOff"


async def test_connections_that_are_cut_again_and_again_lose_and_double_nothing(
    admin: Admin, namespace: str, wire: Wire, far: Cluster
) -> None:
    await make(admin, namespace, COUNTING)
    async with reading(logs_of_query(far, parse_query("pod:web"), namespaces=(namespace,))) as read:
        await read.goes_on()
        for _ in range(2):
            wire.cut()
            await read.goes_on()
    read.assert_each_once()
    assert read.marks("error"), "that a stream broke is said"


async def test_connections_that_hang_are_found_out_and_nothing_is_lost(
    admin: Admin, namespace: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_follow, "IDLE_SECONDS", 0.5)
    await make(admin, namespace, COUNTING)
    async with (
        Connection(wire.context) as connection,
        reading(logs_of_pod(connection, namespace, "web")) as read,
    ):
        await read.goes_on()
        wire.hang()
        await asyncio.sleep(0.8)
        wire.cut()
        wire.flow()
        await read.goes_on(50)
    read.assert_each_once()


async def test_while_the_server_is_away_streams_wait_and_pods_of_that_time_are_read_from_their_first_line(
    admin: Admin, namespace: str, wire: Wire, far: Cluster
) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    await make(admin, namespace, COUNTING, "web-1")
    async with reading(logs_of_query(far, parse_query("app=web"), namespaces=(namespace,))) as read:
        await read.goes_on()
        wire.blocked = True
        wire.cut()
        await make(admin, namespace, COUNTING, "web-2")
        await eventually_written(admin, f"{path}/web-2/log", "line 10\n")
        wire.blocked = False
        far.retry_now()
        await eventually(lambda: len(read.numbers("web-2")) > 15, 60, "lines of the pod that came meanwhile")
        await read.goes_on()
    for name in ("web-1", "web-2"):
        read.assert_each_once(name)
        assert read.numbers(name)[0] == 1
    assert any(text.endswith("web-2 joined") for text in read.marks())


async def test_a_restart_of_the_server_that_forgets_old_versions_loses_no_line_of_a_group(
    admin: Admin, namespace: str, cluster_under_test: Target, open_cluster: Callable[..., Any]
) -> None:
    if not cluster_under_test.is_real:
        pytest.skip("the simulated server keeps nothing over a restart: see the wire and the 410s")
    cluster_under_test.needs_ctl()
    await make(admin, namespace, COUNTING, "web-1")
    cluster = await open_cluster()
    async with reading(logs_of_query(cluster, parse_query("app=web"), namespaces=(namespace,))) as read:
        await read.goes_on()
        await asyncio.to_thread(cluster_under_test.ctl, "restart-apiserver")
        await asyncio.to_thread(cluster_under_test.ctl, "compact")
        await read.goes_on(100, 90)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(Exception):
                    await make(admin, namespace, COUNTING, "web-2")
                    break
                await asyncio.sleep(0.3)
        await eventually(lambda: len(read.numbers("web-2")) > 15, 60, "lines of the pod that came afterwards")
    for name in ("web-1", "web-2"):
        read.assert_each_once(name)
        assert read.numbers(name)[0] == 1


async def test_a_list_of_pods_that_is_gone_in_mid_stream_loses_no_line_and_no_pod(
    admin: Admin, namespace: str, cluster_under_test: Target, open_cluster: Callable[..., Any]
) -> None:
    if cluster_under_test.is_real:
        pytest.skip("a real server answers 410 after a restart and a compaction only: see above")
    ask = admin.connection.request
    spec = f"410:every=300ms@namespaces/{namespace}/pods\\?.*watch="
    await ask("POST", "/_faults", body=spec.encode(), content_type="text/plain")
    try:
        await make(admin, namespace, COUNTING, "web-1")
        cluster = await open_cluster()
        async with reading(logs_of_query(cluster, parse_query("app=web"), namespaces=(namespace,))) as read:
            await read.goes_on()
            await make(admin, namespace, COUNTING, "web-2")
            await eventually(lambda: len(read.numbers("web-2")) > 30, 60, "lines of the pod that came")
            struck = json.loads((await ask("GET", "/_faults")).body)["struck"]
    finally:
        await ask("POST", "/_faults", body=b"", content_type="text/plain")
    assert sum(struck.values()) > 1
    for name in ("web-1", "web-2"):
        read.assert_each_once(name)


async def test_a_pod_that_is_replaced_by_one_of_its_name_leaves_and_the_other_joins(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    cluster = await open_cluster()
    async with reading(logs_of_query(cluster, parse_query("pod:web"), namespaces=(namespace,))) as read:
        await eventually(lambda: read.marks() == ["no pods fit the query yet; those that come are read"], 30)
        path = await make(admin, namespace, counting("old", 3))
        await eventually(lambda: "old 3" in read.texts(), 60)
        await admin.delete(path)
        await eventually(lambda: any(text.endswith("web left") for text in read.marks()), 60)
        await make(admin, namespace, counting("new", 3))
        await eventually(lambda: "new 3" in read.texts(), 60)
    lines = read.buffer.lines(0, read.buffer.end)
    assert sum(text.endswith("web joined") for text in read.marks()) == 2
    assert {line.source.pod for line in lines if line.text.endswith((" joined", " left"))} == {"web"}
    assert not any(text.endswith("ended (the pod is gone)") for text in read.marks())  # said once, as "left"
    assert [text for text in read.texts() if text[:3] in ("old", "new")] == [
        *(f"old {n}" for n in (1, 2, 3)),
        *(f"new {n}" for n in (1, 2, 3)),
    ]
    assert len({line.source.uid for line in lines if not line.mark}) == 2


class Hurried(SystemClock):
    """An hour can be let go by."""

    gone = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.gone


async def test_a_container_that_is_silent_for_an_hour_is_quiet_and_its_next_line_comes(
    admin: Admin, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_follow, "IDLE_SECONDS", 0.2)  # so that streams are opened anew all the time
    path = await make(admin, namespace, "echo before; sleep 8; echo after; sleep 3600")
    await eventually_written(admin, f"{path}/log", "before")
    clock = Hurried()
    async with reading(logs_of_pod(admin.connection, namespace, "web", clock=clock)) as read:
        await eventually(lambda: read.texts() == ["before"], 60)
        clock.gone = 3600.0
        assert "quiet for 60m" in about(read.logs.statuses[0], clock.monotonic())
        await eventually(lambda: read.texts() == ["before", "after"], 60)
        assert read.marks() == [], "nothing happened, so nothing is said"


async def test_who_may_list_pods_but_not_read_their_logs_is_told_so_for_each(
    admin: Admin, namespace: str, cluster_under_test: Target, open_cluster: Callable[..., Any]
) -> None:
    await make(admin, namespace, "echo secret; sleep 3600")
    await viewers_may_read(admin, namespace, "pods")
    cluster = await open_cluster(cluster_under_test.user("viewer"))
    query = parse_query("pod:web")
    async with reading(logs_of_query(cluster, query, namespaces=(namespace,))) as read:
        await eventually(lambda: read.marks("error"), 60)
        status = read.logs.statuses[0]
        assert status.following.value == "broken"
        assert status.next_try is not None
        assert "forbidden" in status.reason
    assert 'cannot get resource "pods/log"' in read.marks("error")[0]
    assert read.texts() == []
    once = logs_of_query(cluster, query, namespaces=(namespace,), follow=False)
    await once.run(lambda lines: None)
    assert once.failed == 1


@pytest.mark.parametrize("by", ["pod", "group"])
async def test_the_run_before_of_what_waits_to_be_started_again_is_the_one_that_ended(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any], by: str
) -> None:
    path = await make(admin, namespace, "echo last words; exit 3")
    await until_status(admin, path, backs_off)
    if by == "pod":
        logs = logs_of_pod(admin.connection, namespace, "web", previous=True)
    else:
        query = parse_query("app=web")
        logs = logs_of_query(await open_cluster(), query, namespaces=(namespace,), previous=True)
    read = Read(logs)
    async with asyncio.timeout(30):
        await logs.run(read.buffer.extend)
    assert read.texts() == ["last words"]
    assert read.marks("ended") == ["app: ended (exit code 3, Error)"]


async def test_between_two_runs_of_a_crash_loop_it_is_said_what_is_waited_for(
    admin: Admin, namespace: str
) -> None:
    path = await make(admin, namespace, "echo words; exit 3")
    await until_status(admin, path, backs_off)
    async with reading(logs_of_pod(admin.connection, namespace, "web")) as read:
        await eventually(lambda: read.texts()[:1] == ["words"], 30)
        await eventually(
            lambda: (
                (read.logs.statuses[0].following.value, read.logs.statuses[0].reason)
                == ("waiting", "CrashLoopBackOff after exit code 3, Error")
            ),
            30,
        )


async def test_init_containers_are_in_or_out_and_a_sidecar_beside(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    made = pod("web", "echo main; sleep 3600")
    main = made["spec"]["containers"][0]
    made["spec"]["initContainers"] = [{**main, "name": "first", "command": ["sh", "-c", "echo prepared"]}]
    made["spec"]["containers"].append(
        {**main, "name": "side", "command": ["sh", "-c", "echo beside; sleep 3600"]}
    )
    path = f"/api/v1/namespaces/{namespace}/pods"
    await admin.create(path, made)
    for container, said in (("first", "prepared"), ("app", "main"), ("side", "beside")):
        await eventually_written(admin, f"{path}/web/log?container={container}", said)
    cluster = await open_cluster()
    for terms, wanted in (
        ("", {"prepared", "main", "beside"}),
        ("!kind:init", {"main", "beside"}),
        ("kind:init", {"prepared"}),
        ("!container:side", {"prepared", "main"}),
    ):
        logs = logs_of_query(cluster, parse_query(f"pod:web {terms}"), namespaces=(namespace,), follow=False)
        read = Read(logs)
        await logs.run(read.buffer.extend)
        assert set(read.texts()) == wanted
