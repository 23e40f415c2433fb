"""What a log view reads, on both clusters: older lines, odd bytes, crash loops, nodes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.node import NodeLog
from k8stui.kube.logs.node_files import list_files, refusal
from k8stui.kube.logs.older import OlderLines
from k8stui.kube.logs.opening import logs_of_pod, logs_of_query
from k8stui.kube.logs.pool import StreamPool
from k8stui.kube.logs.query import parse_query
from tests.contract.conftest import Admin, Target, eventually
from tests.contract.test_logs_command import pod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from k8stui.kube.logs.types import LogLine

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("cluster")]


@contextlib.asynccontextmanager
async def reading(admin: Admin, namespace: str, name: str, **options: Any) -> AsyncIterator[LogBuffer]:
    buffer = LogBuffer()
    logs = logs_of_pod(admin.connection, namespace, name, **options)
    task = asyncio.ensure_future(logs.run(buffer.extend))
    try:
        yield buffer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def texts(buffer: LogBuffer) -> list[str]:
    return [line.text for line in buffer.lines(buffer.first, buffer.end) if not line.mark]


async def start(admin: Admin, namespace: str, script: str, name: str = "web", **spec: Any) -> None:
    await admin.create(f"/api/v1/namespaces/{namespace}/pods", pod(name, script, **spec))


async def test_older_lines_load_up_to_the_first_one_while_new_ones_come(admin: Admin, namespace: str) -> None:
    script = "i=0; while [ $i -lt 1500 ]; do i=$((i+1)); echo line $i; done; "
    script += "while true; do i=$((i+1)); echo line $i; sleep 0.1; done"
    await start(admin, namespace, script)
    async with reading(admin, namespace, "web", tail=20) as buffer:
        await eventually(lambda: any(int(text.split()[1]) > 1500 for text in texts(buffer)), 60)
        older = OlderLines(admin.connection, page=300)
        async with asyncio.timeout(30):
            while not older.over:
                await older.load(buffer)
        numbers = [int(text.split()[1]) for text in texts(buffer)]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_crash_loop_begins_with_the_run_before_and_says_how_that_ended(
    admin: Admin, namespace: str
) -> None:
    await start(admin, namespace, "echo I was here; sleep 0.5; exit 3")
    path = f"/api/v1/namespaces/{namespace}/pods/web"
    async with asyncio.timeout(60):
        while True:
            statuses = (await admin.get(path))["status"].get("containerStatuses") or [{}]
            if statuses[0].get("restartCount", 0) > 0 and statuses[0].get("lastState", {}).get("terminated"):
                break
            await asyncio.sleep(0.2)
    async with reading(admin, namespace, "web") as buffer:
        await eventually(lambda: any(line.mark == "restart" for line in buffer.lines(0, 9)), 30)
        found = buffer.lines(0, 9)
    mark = next(index for index, line in enumerate(found) if line.mark == "restart")
    # a kubelet that has removed the dead container says so instead
    assert found[0].text == "I was here" or (found[0].mark, mark) == ("info", 1)
    assert "exit code 3" in found[mark].text


ODD = (
    r"printf 'windows\r\n10%%\r50%%\rdone\n'; printf '한글 로그\n'; printf '\000\001\377\376\200 bytes\n'; "
    r"printf '\033[31mred\033[0m\n'; head -c 1000000 /dev/zero | tr '\0' x; echo; echo last; sleep 3600"
)


async def test_korean_bytes_carriage_returns_and_a_line_of_a_megabyte_come_as_they_were_written(
    admin: Admin, namespace: str
) -> None:
    await start(admin, namespace, ODD)
    async with reading(admin, namespace, "web", tail=None) as buffer:
        await eventually(lambda: texts(buffer)[-1:] == ["last"], 60)
        found = texts(buffer)
    # some container runtimes cut the carriage return before a newline off
    assert [found[0].rstrip("\r"), *found[1:3]] == ["windows", "10%\r50%\rdone", "한글 로그"]
    assert found[3].endswith(" bytes")
    assert "\x1b[31mred" in found[4]
    # a kubelet may cut a line that is longer than its buffer into several, but loses none of it
    assert "".join(found[5:-1]).count("x") == 1_000_000


STEADY = "i=0; while true; do echo seq=$i; i=$((i+1)); sleep 1; done"


def wide(replicas: int, *, real: bool) -> dict[str, Any]:
    """A deployment that replaces all its pods at once."""
    template = pod("any", STEADY, terminationGracePeriodSeconds=1)
    if not real:
        template["metadata"]["annotations"] = {"demo.k8stui.dev/log-rate": "5"}
    return {
        "metadata": {"name": "wide"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "100%"}},
            "template": {"metadata": template["metadata"], "spec": template["spec"]},
        },
    }


ROLLOUTS = int(os.environ.get("K8STUI_TEST_ROLLOUTS", "2"))
"""Rollouts of 25 pods on a real cluster. 7 are 200 pods, which take a small machine five minutes."""


@pytest.mark.timeout(180 + 60 * ROLLOUTS)
async def test_a_rollout_of_200_pods_is_followed_pod_by_pod_and_no_line_is_lost(
    admin: Admin, namespace: str, cluster_under_test: Target, open_cluster: Callable[..., Any]
) -> None:
    real = cluster_under_test.is_real
    replicas, rollouts, patience = (25, ROLLOUTS, 120) if real else (100, 1, 60)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await admin.create(path, wide(replicas, real=real))
    group = logs_of_query(
        await open_cluster(),
        parse_query("deploy/wide"),
        namespaces=(namespace,),
        pool=StreamPool(150).share(),
    )
    numbers: dict[str, list[int]] = {}
    marks: list[str] = []

    def take(lines: Sequence[LogLine]) -> None:
        for line in lines:
            if line.mark:
                marks.append(line.text)
            elif found := re.search(r"seq=(\d+)", line.text):
                numbers.setdefault(line.source.pod, []).append(int(found[1]))

    def left() -> int:
        return sum(text.endswith(" left") for text in marks)

    task = asyncio.ensure_future(group.run(take))
    try:
        for turn in range(rollouts + 1):
            if turn:
                change = {"spec": {"template": {"metadata": {"labels": {"turn": str(turn)}}}}}
                await admin.patch(f"{path}/wide", change)
            wanted = replicas * (turn + 1)
            await eventually(lambda: len(numbers) >= wanted, patience, f"logs of {wanted} pods")  # noqa: B023
        await eventually(lambda: left() >= replicas * rollouts, patience, "pods that left")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(numbers) >= replicas * (rollouts + 1)
    assert all(found == list(range(len(found))) for found in numbers.values())
    assert sum(text.endswith(" joined") for text in marks) >= replicas * rollouts


async def test_a_node_lists_its_log_files_and_a_file_is_read(admin: Admin) -> None:
    nodes = (await admin.get("/api/v1/nodes"))["items"]
    ready = [
        node["metadata"]["name"]
        for node in nodes
        if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
    ]
    names = await list_files(admin.connection, ready[0])
    assert names
    file = next(
        name for name in ("dpkg.log", "alternatives.log", *names) if name in names and name[-1] != "/"
    )
    buffer = LogBuffer()
    task = asyncio.ensure_future(NodeLog(admin.connection, ready[0], file).run(buffer))
    await eventually(lambda: len(buffer) > 0 or task.done(), 20)
    task.cancel()
    assert len(buffer) > 0


async def test_a_journal_comes_or_the_kubelets_refusal_is_a_clear_sentence(admin: Admin) -> None:
    node = (await admin.get("/api/v1/nodes"))["items"][0]["metadata"]["name"]
    buffer = LogBuffer()
    task = asyncio.ensure_future(NodeLog(admin.connection, node, "service:kubelet").run(buffer))
    await eventually(lambda: len(buffer) > 0 or task.done(), 20)
    if task.done():
        error = task.exception()
        assert isinstance(error, KubeError)
        assert "NodeLogQuery" in refusal(error, "the journal of kubelet")
    task.cancel()


async def test_who_may_not_read_logs_is_told_so_in_the_log_and_of_nodes_too(
    admin: Admin, namespace: str, cluster_under_test: Target
) -> None:
    await start(admin, namespace, "echo secret; sleep 3600")
    async with Connection(cluster_under_test.user("nobody")) as connection:
        buffer = LogBuffer()
        task = asyncio.ensure_future(logs_of_pod(connection, namespace, "web").run(buffer.extend))
        await eventually(lambda: len(buffer) > 0, 20)
        task.cancel()
        assert buffer.line(0).mark == "error"
        assert "forbidden" in buffer.line(0).text.lower()
        with pytest.raises(ApiError) as refused:
            await list_files(connection, "any")
        assert "nodes/proxy" in refusal(refused.value, "files")
