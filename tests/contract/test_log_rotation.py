"""Logs that a kubelet rotates, on both clusters: no line is lost, or its absence is said with the reason."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.node_files import list_files
from k8stui.kube.logs.older import OlderLines
from k8stui.kube.logs.opening import logs_of_pod
from tests.contract.conftest import Admin, Target, eventually
from tests.contract.test_log_truth import make, viewers_may_read
from tests.contract.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.logs.group import LogGroup
    from k8stui.kube.logs.types import LogLine

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("logs")]

X = "x=$(head -c 1000 /dev/zero | tr '\\0' x); "


def flood(at_once: int, text: str) -> str:
    """A script that writes so many lines a hundred times a second, about."""
    return (
        f"{X}i=0; while true; do n=0; while [ $n -lt {at_once} ]; do n=$((n+1)); i=$((i+1)); "
        f"echo line $i {text}; done; sleep 0.01; done"
    )


NUMBER = re.compile(r"line (\d+)")


@dataclass
class Numbers:
    """The numbered lines of one reader, and before which of them a gap was marked."""

    logs: LogGroup
    numbers: list[int] = field(default_factory=list)
    gaps: dict[int, str] = field(default_factory=dict)

    def take(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            if line.mark == "gap":
                self.gaps[len(self.numbers)] = line.text
            elif found := NUMBER.match(line.text):
                self.numbers.append(int(found[1]))

    @property
    def jumps(self) -> list[int]:
        numbers = self.numbers
        return [at for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1] + 1]


@contextlib.asynccontextmanager
async def counting(context: Context, namespace: str) -> AsyncIterator[Numbers]:
    async with Connection(context) as connection:
        read = Numbers(logs_of_pod(connection, namespace, "web", tail=10))
        task = asyncio.ensure_future(read.logs.run(read.take))
        try:
            yield read
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def newest(admin: Admin, namespace: str) -> int:
    path = f"/api/v1/namespaces/{namespace}/pods/web/log"
    answer = await admin.connection.request("GET", path, params={"tailLines": "1"})
    found = NUMBER.search(answer.body.decode())
    return int(found[1]) if found else 0


async def test_lines_that_were_rotated_away_meanwhile_come_from_the_node_or_are_a_gap_with_its_reason(
    admin: Admin, namespace: str, cluster_under_test: Target
) -> None:
    """Two read at once: one may read the files of nodes, the other one may not."""
    is_real = cluster_under_test.is_real
    # a kubelet rotates at 10 MiB, the simulated one what a program wrote at 10,000 lines
    await make(admin, namespace, flood(10, "$x") if is_real else flood(100, ""))
    await viewers_may_read(admin, namespace, "pods", "pods/log")
    async with (
        Wire(cluster_under_test.admin) as wire,
        Wire(cluster_under_test.user("viewer")) as other,
        counting(wire.context, namespace) as all_of_it,
        counting(other.context, namespace) as some_of_it,
    ):
        both = (all_of_it, some_of_it)
        # on a real cluster two looks of the kubelet at the size of the log lie within this
        least = 25_000 if is_real else 2_000
        await eventually(lambda: all(read.numbers[-1:] > [least] for read in both), 120, "lines")
        for each in (wire, other):
            each.blocked = True
            each.cut()
        last = max(read.numbers[-1] for read in both)
        away = last + (30_000 if is_real else 12_000)
        async with asyncio.timeout(90):
            while await newest(admin, namespace) < away:
                await asyncio.sleep(0.2)
        for each in (wire, other):
            each.blocked = False
        for read in both:
            read.logs.retry_now()
        await eventually(lambda: all(read.numbers[-1] > away for read in both), 90, "it is read on")
    for read in both:
        assert read.numbers == sorted(set(read.numbers)), "no line is doubled, and the order holds"
    assert not all_of_it.jumps
    assert not all_of_it.gaps
    assert some_of_it.jumps
    assert set(some_of_it.jumps) <= set(some_of_it.gaps), "no line is missing without a word"
    for text in some_of_it.gaps.values():
        assert re.search(r"between 20\S+Z and 20\S+Z", text)
        assert "nodes/proxy" in text


async def test_older_lines_go_on_into_the_files_that_the_kubelet_rotated(
    admin: Admin, namespace: str, cluster_under_test: Target
) -> None:
    text = " $x" if cluster_under_test.is_real else ""
    many = f"{X}i=0; while [ $i -lt 11000 ]; do i=$((i+1)); echo line $i{text}; done; "
    path = await make(admin, namespace, many + "while true; do i=$((i+1)); echo line $i; sleep 0.2; done")
    await eventually_rotated(admin, path)
    buffer = LogBuffer()
    logs = logs_of_pod(admin.connection, namespace, "web", tail=3)
    task = asyncio.ensure_future(logs.run(buffer.extend))
    try:
        await eventually(lambda: len(buffer) > 0, 60)
        older = OlderLines(admin.connection)
        async with asyncio.timeout(60):
            while not older.over:
                await older.load(buffer)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    lines = buffer.lines(buffer.first, buffer.end)
    numbers = [int(found[1]) for line in lines if (found := NUMBER.match(line.text))]
    assert len(numbers) > 11_000
    assert numbers == list(range(1, len(numbers) + 1))


async def eventually_rotated(admin: Admin, path: str) -> None:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = await admin.get(path)
            node, meta = found["spec"].get("nodeName"), found["metadata"]
            folder = f"pods/{meta['namespace']}_{meta['name']}_{meta['uid']}/app/"
            with contextlib.suppress(Exception):
                if len(await list_files(admin.connection, node, folder)) > 1:
                    return
            await asyncio.sleep(0.3)
