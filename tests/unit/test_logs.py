"""Logs of a pod: every line once, over broken streams, restarts and ends; and it is said what happened."""

from __future__ import annotations

import asyncio
import contextlib
import random
from functools import partial
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.logs import group_streams as log_group_streams
from k8stui.kube.logs import intake
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.opening import logs_of_pod
from k8stui.kube.logs.outrun import OUTRUN_SECONDS, Outrun
from k8stui.kube.logs.seen import Seen
from k8stui.kube.logs.types import Following, LogLine, LogSource
from tests.unit.fakes_connection import FakeClock, settle, until
from tests.unit.fakes_kubelet import FakePod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Reading:
    def __init__(self, pod: FakePod, **options: object) -> None:
        self.pod = pod
        self.buffer = LogBuffer()
        self.clock = FakeClock()
        self.logs = logs_of_pod(
            pod,
            "shop",
            "web",
            hold=0.0,
            clock=self.clock,
            rng=random.Random(3),
            **options,  # type: ignore[arg-type]
        )
        self.task = asyncio.create_task(self.logs.run(self.buffer.extend))

    def texts(self) -> list[str]:
        return [line.text for line in self.buffer.lines(0, self.buffer.end) if not line.mark]

    def marks(self) -> list[tuple[str, str]]:
        lines = self.buffer.lines(0, self.buffer.end)
        return [(line.mark, line.text) for line in lines if line.mark]

    async def has(self, *texts: str) -> None:
        def there() -> bool:
            self.clock.now += 0.01  # time goes on for who waits whether a stream has a past
            return self.texts() == list(texts)

        await until(there)

    async def open(self, streams: int = 1) -> None:
        def all_open() -> bool:
            statuses = self.logs.statuses
            return len(statuses) == streams and all(s.following is Following.OPEN for s in statuses)

        await until(all_open)
        await settle()

    async def goes_on(self) -> None:
        """Time passes again, and waits are over."""
        self.clock.auto = True
        await self.clock.advance(60)

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


Start = "Callable[..., Reading]"


@pytest.fixture
async def read() -> AsyncIterator[Callable[..., Reading]]:
    readings: list[Reading] = []

    def start(pod: FakePod, **options: object) -> Reading:
        readings.append(Reading(pod, **options))
        return readings[-1]

    yield start
    for reading in readings:
        await reading.stop()


async def opened(read: Callable[..., Reading], text: str) -> tuple[FakePod, Reading]:
    """A pod that has written a line, and the open stream of its log."""
    pod = FakePod("app")
    pod.write("app", text)
    reading = read(pod)
    await reading.open()
    return pod, reading


def has_follows(pod: FakePod, count: int) -> bool:
    return len(pod.follows()) >= count


async def test_the_tail_and_then_what_is_written(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    for n in range(9):
        pod.write("app", f"line {n}")
    reading = read(pod, tail=3)
    await reading.open()
    pod.write("app", "line 9")
    await reading.has("line 6", "line 7", "line 8", "line 9")
    assert reading.marks() == []
    line = reading.buffer.line(0)
    assert (line.source.container, line.source.container_id) == ("app", "fake://app-0")
    assert line.time.startswith("2026-11-21T02:00:")


async def test_containers_are_merged_by_time(read: Callable[..., Reading]) -> None:
    pod = FakePod("app", "proxy")
    for n in range(6):
        pod.write(("app", "proxy")[n % 2], f"line {n}")
    reading = read(pod)
    await reading.has(*(f"line {n}" for n in range(6)))
    await reading.open(2)
    pod.write("proxy", "line 6")
    pod.write("app", "line 7")
    await reading.has(*(f"line {n}" for n in range(8)))


async def test_a_broken_stream_resumes_without_loss_or_doubles(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    same = pod.stamp()
    for n in range(4):
        pod.write("app", f"line {n}", stamp=same)
    reading = read(pod)
    await reading.open()
    pod.break_streams()
    pod.write("app", "line 4", stamp=same)
    pod.write("app", "line 4", stamp=same)
    pod.write("app", "line 5")
    await until(lambda: "line 5" in reading.texts())
    assert reading.texts() == ["line 0", "line 1", "line 2", "line 3", "line 4", "line 4", "line 5"]
    assert [mark for mark, _ in reading.marks()] == ["error", "info"]
    assert "the stream broke" in reading.marks()[0][1]


async def test_a_broken_source_says_so_and_a_quiet_one_does_not(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "only line")
    status = reading.logs.statuses[0]
    assert (status.following, status.reason) == (Following.OPEN, "")
    reading.clock.auto = False
    pod.faults.extend([ConnectionLost("no route to host")] * 2)
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    status = reading.logs.statuses[0]
    assert "the stream broke" in status.reason
    assert status.next_try is not None
    assert status.next_try > reading.clock.now


async def test_a_container_that_is_silent_for_an_hour_is_quiet_and_its_next_line_comes(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "before")
    for _ in range(15):  # servers end streams every few minutes, and idle ones are opened anew
        reading.clock.now += 240
        follows = len(pod.follows())
        pod.end_streams()
        await until(partial(has_follows, pod, follows + 1))
        await reading.open()
    status = reading.logs.statuses[0]
    assert reading.clock.now - (status.last_line or status.since) >= 3600
    assert reading.marks() == []
    pod.write("app", "after")
    await reading.has("before", "after")


async def test_a_stream_that_falls_silent_though_its_container_writes_on_is_opened_anew(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_group_streams, "HUSH_SECONDS", 0.05)
    pod = FakePod("app")
    reading = read(pod)
    await reading.open()
    for n in range(3):
        pod.write("app", f"line {n}")
        await reading.has(*(f"line {before}" for before in range(n + 1)))
    pod.deaf.set()
    pod.deaf = asyncio.Event()
    pod.write("app", "line 3")
    await reading.has(*(f"line {n}" for n in range(4)))
    assert reading.marks() == [], "nothing was lost, so nothing is said"


def test_silence_is_doubted_by_how_often_lines_came_and_less_each_time() -> None:
    hush = log_group_streams.Hush()
    hush.heard(100.0)
    assert hush.seconds is None, "one line says nothing of the next"
    for n in range(1, 100):
        hush.heard(100.0 + n * 0.01)
    assert hush.seconds == 10.0
    hush.doubt()
    assert hush.seconds == 20.0
    for n in range(1, 100):
        hush.heard(200.0 + n * 15.0)
    assert hush.seconds == pytest.approx(300, rel=0.1), "a line a quarter minute: silence is usual"


async def test_an_outage_is_told_once(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    reading = read(pod)
    await reading.open()
    pod.faults.extend([ConnectionLost("no route to host")] * 8)
    pod.break_streams()
    await until(lambda: not pod.faults)
    await reading.open()
    await until(lambda: len(reading.marks()) > 1)
    assert [mark for mark, _ in reading.marks()] == ["error", "info"]


async def test_the_end_of_a_stream_is_not_the_end_of_the_container(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "before")
    pod.end_streams()
    await until(lambda: len(pod.follows()) >= 2)
    pod.write("app", "after")
    await reading.has("before", "after")
    assert reading.marks() == []


async def test_a_stream_that_was_taken_up_again_does_not_remember_its_lines_for_ever(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Seen] = []

    class Noted(Seen):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(intake, "Seen", Noted)
    pod, reading = await opened(read, "before")
    pod.end_streams()
    await until(lambda: len(pod.follows()) >= 2)
    for number in range(60):  # each a second later than the one before
        reading.clock.now += 1
        pod.write("app", f"line {number}")
        await reading.has("before", *(f"line {n}" for n in range(number + 1)))
    assert max(seen.remembered for seen in made) < 20
    asked = [request for request in pod.requests if request.path.endswith("/pods/web")]
    assert len(asked) < 6, "whose life it is was asked once, not with each line"


async def test_a_restart_is_divided_with_exit_code_and_reason(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "first life")
    pod.write("app", "last words")
    pod.restart("app", code=3)
    pod.write("app", "second life")
    await reading.has("first life", "last words", "second life")
    assert reading.marks() == [("restart", "app restarted (exit code 3, Error)")]
    lines = reading.buffer.lines(0, reading.buffer.end)
    assert [line.mark or line.text for line in lines][-2:] == ["restart", "second life"]
    assert lines[-1].source.container_id == "fake://app-1"
    assert lines[-1].source.restarts == 1


async def test_what_a_life_wrote_while_the_stream_was_broken_is_read_after_the_restart(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    pod.break_streams()
    pod.write("app", "two")
    pod.write("app", "three")
    pod.restart("app")
    pod.write("app", "four")
    await reading.has("one", "two", "three", "four")


async def test_a_status_that_lags_behind_the_kubelet_doubles_nothing_and_makes_no_gap(
    read: Callable[..., Reading],
) -> None:
    """Its stream brings the next life already: that is read once it is known as such."""
    pod, reading = await opened(read, "one")
    pod.freeze_status()
    pod.write("app", "two")
    pod.restart("app")
    for n in range(30):
        pod.write("app", f"new {n}", pod.stamp(1.0))
    await until(lambda: len(pod.follows()) >= 2)
    await settle(50)
    pod.thaw_status()
    reading.logs.pod_changed()
    await reading.has("one", "two", *(f"new {n}" for n in range(30)))
    assert reading.marks() == [("restart", "app restarted (exit code 1, Error)")]
    lines = reading.buffer.lines(0, reading.buffer.end)
    assert [line.mark or line.text for line in lines][:4] == ["one", "two", "restart", "new 0"]
    assert {line.source.restarts for line in lines if line.text.startswith("new")} == {1}


async def test_lines_of_the_next_life_under_the_name_of_one_that_wrote_nothing_are_not_doubled(
    read: Callable[..., Reading],
) -> None:
    pod = FakePod("app")
    reading = read(pod)
    await reading.open()
    pod.freeze_status()
    pod.restart("app")
    for n in range(30):
        pod.write("app", f"new {n}", pod.stamp(1.0))
    await until(lambda: len(pod.follows()) >= 2)
    await reading.has(*(f"new {n}" for n in range(30)))
    pod.thaw_status()
    pod.end_streams()
    await until(lambda: any(mark == "restart" for mark, _ in reading.marks()))
    await reading.open()
    pod.write("app", "more")
    await reading.has(*(f"new {n}" for n in range(30)), "more")


async def test_several_missed_restarts_are_a_gap(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "one")
    pod.restart("app")
    pod.restart("app")
    pod.restart("app")
    pod.write("app", "two")
    await reading.has("one", "two")
    assert [mark for mark, _ in reading.marks()] == ["gap"]
    assert "2 more times" in reading.marks()[0][1]


async def test_a_rotated_log_is_a_gap(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "one")
    reading.clock.auto = False
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    pod.rotate("app")
    pod.write("app", "much later")
    await reading.goes_on()
    await reading.has("one", "much later")
    assert "gap" in [mark for mark, _ in reading.marks()]


@pytest.mark.parametrize("said", ["is waiting to start", "is terminated"])
async def test_a_container_that_waits_is_followed_once_it_runs(
    read: Callable[..., Reading], said: str
) -> None:
    pod = FakePod("app")
    pod.faults.append(ApiError(400, "BadRequest", f'container "app" in pod "web" {said}'))
    reading = read(pod)
    await until(lambda: reading.logs.statuses and reading.logs.statuses[0].reason)
    assert reading.logs.statuses[0].following is Following.WAITING
    reading.logs.pod_changed()
    pod.write("app", "started")
    await reading.has("started")
    assert reading.marks() == []


async def test_an_ephemeral_container_joins(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    reading = read(pod)
    await reading.open()
    pod.start("debugger", "ephemeralContainers")
    reading.logs.pod_changed()
    await reading.open(2)
    pod.write("debugger", "hello")
    await reading.has("hello")
    assert reading.buffer.line(0).source.kind_of_container == "ephemeral"


async def test_what_was_read_outlives_the_pod(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "one")
    pod.write("app", "two")
    pod.deleted = True
    pod.exit("app")
    await asyncio.wait_for(reading.task, 5)
    assert reading.texts() == ["one", "two"]
    assert reading.marks() == [("ended", "app: ended (the pod is gone)")]


async def test_a_finished_pod_is_read_to_its_end(read: Callable[..., Reading]) -> None:
    pod = FakePod("job", restart_policy="Never")
    pod.write("job", "working")
    pod.write("job", "done")
    pod.exit("job")
    pod.phase = "Succeeded"
    reading = read(pod)
    await asyncio.wait_for(reading.task, 5)
    assert reading.texts() == ["working", "done"]
    assert reading.marks() == [("ended", "job: ended (exit code 0, Completed)")]


async def test_the_life_before(read: Callable[..., Reading]) -> None:
    pod = FakePod("app", "calm")
    pod.write("app", "it crashed")
    pod.restart("app", code=2)
    reading = read(pod, previous=True)
    await asyncio.wait_for(reading.task, 5)
    assert reading.texts() == ["it crashed"]
    assert ("ended", "app: ended (exit code 2, Error)") in reading.marks()
    assert ("info", "calm: there was no run before") in reading.marks()


async def test_text_is_kept_as_it_is(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    pod.write("app", "\x1b[31mred\x1b[0m\r")
    pod.write("app", "")
    pod.write("app", "  [bold]no markup[/bold] 한글")
    reading = read(pod)
    await reading.has("\x1b[31mred\x1b[0m\r", "", "  [bold]no markup[/bold] 한글")


async def test_a_pod_that_is_not_there_is_said(read: Callable[..., Reading]) -> None:
    pod = FakePod("app")
    pod.deleted = True
    reading = read(pod)
    await asyncio.wait_for(reading.task, 5)
    assert reading.marks() == [("info", "the pod shop/web is gone")]


async def test_stopping_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    pod = FakePod("app", "proxy")
    reading = Reading(pod)
    await reading.open(2)
    await reading.stop()
    await settle()
    assert asyncio.all_tasks() == before


async def test_a_back_off_ends_when_the_server_is_back(read: Callable[..., Reading]) -> None:
    pod, reading = await opened(read, "before")
    await reading.has("before")
    reading.clock.auto = False
    pod.faults.extend([ConnectionLost("no route to host")] * 2)
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    pod.faults.clear()
    reading.logs.retry_now()
    await reading.open()
    pod.write("app", "after")
    await reading.has("before", "after")


async def test_an_open_stream_that_is_doubted_is_opened_anew_and_no_line_is_doubled(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    before = len(pod.follows())
    reading.logs.check()
    await until(lambda: len(pod.follows()) > before)
    pod.write("app", "two")
    await reading.has("one", "two")
    assert reading.marks() == [], "nothing was lost, so nothing is said"


def test_a_source_that_outruns_the_buffer_is_told_now_and_then() -> None:
    clock, buffer = FakeClock(), LogBuffer(max_lines=100)
    outrun = Outrun(buffer, clock)
    source = LogSource("shop", "web", "u", "app")
    lines = [LogLine("", source, "x") for _ in range(400)]
    buffer.extend(lines)
    assert outrun.look() == "", "perhaps it was a moment only"
    clock.now += OUTRUN_SECONDS
    assert outrun.look() == "lines come faster than they are kept: 300 fell off in 10 s (100 are kept)"
    assert outrun.look() == ""
    buffer.extend(lines[:10])
    clock.now += OUTRUN_SECONDS
    assert outrun.look() == "", "slowly falling off is what a ring is for"


async def test_a_new_life_that_has_written_nothing_yet_is_resumed_from_its_beginning(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    pod.restart("app")
    await until(lambda: len(pod.follows()) >= 2)
    await settle()
    pod.end_streams()
    await until(lambda: len(pod.follows()) >= 3)
    pod.write("app", "two")
    await reading.has("one", "two")
    assert "sinceTime" not in pod.follows()[-1].params
    assert [mark for mark, _ in reading.marks()] == ["restart"]


async def test_lines_of_one_moment_at_the_beginning_of_a_new_life_all_come(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await opened(read, "one")
    pod.restart("app")
    moment = pod.stamp()
    for number in range(3):
        pod.write("app", f"new {number}", stamp=moment)
    await reading.has("one", "new 0", "new 1", "new 2")


async def test_a_rotation_in_a_later_life_is_no_restart(read: Callable[..., Reading]) -> None:
    """The kubelet is asked whether the life before is the one that was read: its own lines tell nothing."""
    pod, reading = await opened(read, "one")
    pod.end_streams()
    await until(lambda: len(pod.follows()) >= 2)
    pod.restart("app")
    pod.write("app", "two", pod.stamp(0.01))
    await reading.has("one", "two")
    reading.clock.auto = False
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    pod.rotate("app")
    pod.write("app", "three")
    await reading.goes_on()
    await reading.has("one", "two", "three")
    pod.write("app", "four")
    await reading.has("one", "two", "three", "four")


async def test_a_pod_that_took_the_name_of_one_that_is_gone_is_not_read_as_that(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stateful set replaces its pods by others of their names: the log is asked for by name."""
    pod, reading = await opened(read, "one")
    pod.end_streams()
    await until(lambda: len(pod.follows()) >= 2)
    monkeypatch.setattr(FakePod, "_pod", lambda self: b'{"metadata":{"name":"web","uid":"pod-2"}}')
    pod.restart("app")
    pod.containers["app"].lives = pod.containers["app"].lives[-1:]
    pod.end_streams()
    pod.write("app", "of the other one")
    await asyncio.wait_for(reading.task, 5)
    assert reading.texts() == ["one"]
    assert ("ended", "app: ended (the pod is gone)") in reading.marks()
