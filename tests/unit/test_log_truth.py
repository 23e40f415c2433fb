"""Where a line could be lost or doubled on its way to who reads it: slow readers, tails, clocks, labels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.logs.buffer import size_of
from k8stui.kube.logs.opening import logs_of_pod
from k8stui.kube.logs.outlet import Outlet
from k8stui.kube.logs.pool import HELD_BYTES, REMEMBERED, StreamPool
from k8stui.kube.logs.rotation_check import RotationCheck
from k8stui.kube.logs.types import Following, LogLine, LogSource
from tests.unit.fakes_connection import settle, until
from tests.unit.fakes_kubelet import FakePod
from tests.unit.test_logs import Reading, has_follows, opened, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.logs.rotated import RotatedFile

__all__ = ["read"]


def stamp(hour: int, second: int) -> str:
    return f"2026-11-21T{hour:02}:00:{second:02}.000000000Z"


def asks_for_pod(pod: FakePod, monkeypatch: pytest.MonkeyPatch, before: Callable[[], Any]) -> None:
    """Do this before each answer to a GET of the pod."""
    answered = pod.request

    async def request(method: str, path: str, **options: Any) -> Any:
        if path.endswith("/pods/web"):
            await before()
        return await answered(method, path, **options)

    monkeypatch.setattr(pod, "request", request)


async def test_who_takes_lines_slowly_gets_all_of_them_before_the_reading_ends() -> None:
    pod = FakePod("app", restart_policy="Never")
    for number in range(9_000):
        pod.write("app", f"line {number}", pod.stamp(0.001))
    pod.exit("app")
    pod.phase = "Succeeded"
    found: list[str] = []

    async def deliver(lines: Sequence[LogLine]) -> None:
        await asyncio.sleep(0.05)
        found.extend(line.text for line in lines if not line.mark)

    await asyncio.wait_for(logs_of_pod(pod, "shop", "web", follow=False).run(deliver), 20)
    assert found == [f"line {number}" for number in range(9_000)]


async def test_a_stream_that_is_cut_while_the_pod_is_asked_for_loses_no_line(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some seconds after a resume the pod is asked whose life it is: lines in hand must not wait for that."""
    pod, reading = await opened(read, "before")
    pod.end_streams()
    await until(lambda: has_follows(pod, 2))
    await settle()
    hangs = asyncio.Event()

    async def hang() -> None:
        if hangs.is_set():
            await asyncio.sleep(3600)

    asks_for_pod(pod, monkeypatch, hang)
    hangs.set()
    reading.clock.now += 4
    pod.write("app", "line 1")
    await settle(50)
    reading.logs.check()
    await settle(50)
    hangs.clear()
    pod.write("app", "line 2")
    await reading.has("before", "line 1", "line 2")


@pytest.mark.parametrize("tail", [0, 2])
async def test_a_tail_of_an_empty_log_is_no_tail_when_the_stream_is_opened_anew(
    read: Callable[..., Reading], tail: int
) -> None:
    pod = FakePod("app")
    reading = read(pod, tail=tail)
    await reading.open()
    reading.clock.now += 60
    pod.break_streams()
    for number in range(5):
        pod.write("app", f"line {number}")
    await reading.has(*(f"line {number}" for number in range(5)))


async def test_a_tail_of_no_lines_begins_after_the_last_one(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    pod.write("app", "old")
    pod.write("app", "older than the reading")
    reading = read(pod, tail=0)
    await reading.open()
    pod.break_streams()
    pod.write("app", "new")
    await reading.has("new")


async def test_a_new_container_is_read_though_the_server_could_not_be_asked_once(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    pod, reading = await opened(read, "one")
    fails = [True]

    async def fail() -> None:
        if fails:
            fails.pop()
            raise ApiError(500, "InternalError", "etcd is away")

    asks_for_pod(pod, monkeypatch, fail)
    pod.start("debugger", "ephemeralContainers")
    pod.write("debugger", "hello")
    reading.logs.pod_changed()
    await until(lambda: not fails)
    await reading.has("one", "hello")


async def test_a_clock_that_is_set_back_while_a_log_is_read_costs_no_line(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    pod.write("app", "back 0", stamp(1, 0))
    await reading.has("one", "back 0")
    pod.end_streams()
    await until(lambda: has_follows(pod, 2))
    for number in range(1, 4):
        pod.write("app", f"back {number}", stamp(1, number))
    pod.end_streams()
    await until(lambda: has_follows(pod, 3))
    await reading.has("one", *(f"back {number}" for number in range(4)))
    assert reading.marks() == []


async def test_a_clock_that_was_set_back_between_two_streams_is_found_out(
    read: Callable[..., Reading],
) -> None:
    """Kubelets leave out what is older than the moment that they are asked for: that would be all of it."""
    pod, reading = await opened(read, "one")
    pod.write("app", "two")
    await reading.has("one", "two")
    pod.break_streams()
    for number in range(3):
        pod.write("app", f"back {number}", stamp(1, number))
    await until(lambda: has_follows(pod, 2))
    await settle()
    assert reading.texts() == ["one", "two"]
    pod.end_streams()
    await reading.has("one", "two", *(f"back {number}" for number in range(3)))
    pod.write("app", "back 3", stamp(1, 3))
    await reading.has("one", "two", *(f"back {number}" for number in range(4)))


async def test_the_end_of_a_log_that_could_not_be_read_any_more_is_a_gap(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    reading.clock.auto = False
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    pod.write("app", "last words")
    pod.deleted = True
    await reading.clock.advance(60)
    await asyncio.wait_for(reading.task, 5)
    assert reading.texts() == ["one"]
    assert reading.marks()[-2:] == [
        ("gap", "app: its last lines may be missing: the pod is gone"),
        ("ended", "app: ended (the pod is gone)"),
    ]


@pytest.mark.parametrize("size", [16 * 1024, 8 * 1024])
async def test_a_long_line_has_no_times_of_its_parts_within(read: Callable[..., Reading], size: int) -> None:
    """Older kubelets put the time before each part that the runtime had cut a long line into."""
    pod = FakePod("app")
    times = [pod.stamp() for _ in range(3)]
    parts = ["a" * size, "b" * size, "c"]
    text = parts[0] + "".join(f"{time} {part}" for time, part in zip(times[1:], parts[1:], strict=True))
    pod.write("app", text, stamp=times[0])
    told = f"{'x' * 2048}{times[1]} is no part"
    pod.write("app", told)
    reading = read(pod)
    await reading.has("".join(parts), told)


SOURCES = [LogSource("shop", f"web-{n}", f"uid-{n}", "app", f"id-{n}", node="node-1") for n in range(60)]


class Away:
    """A node that does not answer."""

    async def files(self) -> list[RotatedFile]:
        raise ConnectionLost("no route to host")


async def test_what_is_remembered_of_all_logs_together_is_bounded_where_no_node_answers() -> None:
    pool = StreamPool()
    node: Any = Away()
    checks = [
        RotationCheck(node, source, lambda lines: None, pool.looks, pool.remembered) for source in SOURCES
    ]
    for second in range(60):
        time = f"2026-11-21T02:00:{second:02}.000000000Z"
        for source, check in zip(SOURCES, checks, strict=True):
            check.saw([LogLine(time, source, "text")] * 1_000)
    assert sum(check.remembered for check in checks) <= REMEMBERED
    for check in checks:
        check.close()
    assert pool.remembered.parties == 0


class Slow:
    """A gap that is never filled."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    def given_up(self, why: str) -> LogLine:
        return LogLine("", SOURCES[0], why, "gap")


async def test_what_waits_for_gaps_of_all_logs_together_is_bounded_and_not_lost() -> None:
    pool = StreamPool()
    found: list[LogLine] = []
    outlets = [Outlet(found.extend, pool.held) for _ in SOURCES]
    batch = [LogLine("t", SOURCES[0], "x" * 1_000)] * 1_000
    taken = 0

    async def feed(outlet: Outlet) -> None:
        nonlocal taken
        outlet.fetch(Slow())
        while True:
            await outlet.room()
            outlet.emit(batch)
            taken += len(batch)

    feeding = [asyncio.ensure_future(feed(outlet)) for outlet in outlets]
    await until(lambda: pool.held.is_full)
    await settle()
    assert pool.held.used <= HELD_BYTES + len(outlets) * size_of(batch)
    for task in feeding:
        task.cancel()
    for outlet in outlets:
        await outlet.close(at_once=True)
    assert len([line for line in found if not line.mark]) == taken, "all that was taken in comes"
    assert len([line for line in found if line.mark]) == len(outlets), "and a mark for each gap"
    assert pool.held.used == 0
