"""Containers of the simulated cluster: which run is meant, and what its log holds."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.demo.containers import Container, bare_id, epoch
from k8stui.demo.runtime import ContainerExit, Runtime
from k8stui.demo.streams.loglines import Recording, RecordingReader
from tests.unit.demo_streams_rig import golden_pods, pod

if TYPE_CHECKING:
    from collections.abc import Sequence

START = 1_790_000_000.0


def recorded_pod(prefix: str) -> dict[str, Any]:
    return next(item for item in golden_pods() if item["metadata"]["name"].startswith(prefix))


def container(**changes: Any) -> Container:
    base = Container("default", "web", "uid", "app", "id-1", "debian", (), START)
    return replace(base, **changes)


def minute_text(found: Container, minute: int) -> Sequence[tuple[float, str]]:
    """A line every ten seconds, and last words once it has ended."""
    lines: list[tuple[float, str]] = [
        (minute * 60 + second, f"line {minute * 6 + second // 10}") for second in range(0, 60, 10)
    ]
    if found.finished_at is not None and int((found.finished_at - found.started_at) // 60) == minute:
        lines = [line for line in lines if line[0] < found.finished_at - found.started_at]
        lines.append((found.finished_at - found.started_at, "fatal: the end"))
    return lines


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def texts(entries: Sequence[Any]) -> list[str]:
    return [entry.text for entry in entries]


def test_a_running_container_is_read_from_the_status() -> None:
    found = Container.from_pod(recorded_pod("web-"), "app")
    assert found is not None
    assert found.running
    assert len(found.id) == 64
    assert found.started_at == epoch("2026-11-21T02:11:02Z")
    assert found.owner.startswith("ReplicaSet/web-")


def test_between_two_runs_of_a_crash_loop_the_last_run_is_meant() -> None:
    found = Container.from_pod(recorded_pod("crash"), "c")
    assert found is not None
    assert (found.running, found.exit_code, found.restart) == (False, 3, 5)
    assert found == Container.from_pod(recorded_pod("crash"), "c", previous=True)


def test_a_container_that_never_ran_is_none() -> None:
    assert Container.from_pod(recorded_pod("badimage"), "c") is None
    assert Container.from_pod(recorded_pod("web-"), "app", previous=True) is None
    assert Container.from_pod(recorded_pod("web-"), "nope") is None


def test_init_containers_are_containers() -> None:
    found = Container.from_pod(recorded_pod("web-"), "init")
    assert found is not None
    assert found.exit_code == 0


def test_ids_lose_their_scheme() -> None:
    assert bare_id("containerd://abc") == "abc"
    assert bare_id("abc") == "abc"


@pytest.mark.parametrize("age", [0.5, 59, 61, 3600, 40 * 86400])
@pytest.mark.parametrize("tail", [1, 2, 7, 100])
def test_a_tail_is_the_end_of_the_whole(age: float, tail: int) -> None:
    runtime = Runtime(text=minute_text, clock=Clock(START + age))
    whole = runtime.history(container())
    assert runtime.history(container(), tail=tail) == whole[-tail:]
    assert runtime.history(container(), tail=0) == []


RATE = {"demo.k8stui.dev/log-rate": "10000"}


@pytest.mark.parametrize("annotations", [{}, RATE], ids=["generated", "counted"])
def test_a_log_is_rotated_and_only_the_present_file_is_answered_from(annotations: dict[str, str]) -> None:
    now = 40 * 86400 + 7201.5
    runtime = Runtime(text=minute_text, clock=Clock(START + now))
    run = container(annotations=annotations)
    files = runtime.log_files(run)
    assert len(files) == 5
    assert list(files[-1].read()) == runtime.open_log(run).take(int((START + now) * 1e9), 10**6)
    before, present = (list(file.read()) for file in files[-2:])
    assert before[-1].time < files[-1].begins == present[0].time
    words = [re.search(r"(?:line |seq=)(\d+)", line.text) for line in before + present]
    numbers = [int(word[1]) for word in words if word]
    assert numbers == list(range(numbers[0], numbers[0] + len(before + present)))


def test_what_a_program_says_is_rotated_too() -> None:
    recording = Recording()
    for number in range(12_345):
        recording.write(b"line %d\n" % number, number)
    old, new = recording.files()
    lines = [*old.read(), *new.read()]
    assert texts(lines) == [f"line {number}" for number in range(12_345)]
    assert RecordingReader(recording, None, None).take(0, 10**6) == list(new.read())


def test_since_is_a_moment_that_counts() -> None:
    runtime = Runtime(text=minute_text, clock=Clock(START + 100))
    assert texts(runtime.history(container(), since=START + 80)) == ["line 8", "line 9", "line 10"]
    assert texts(runtime.history(container(), since=START + 80, tail=2)) == ["line 9", "line 10"]
    assert runtime.history(container(), since=START + 101) == []


def test_a_run_that_has_ended_says_its_last_words_and_nothing_after() -> None:
    runtime = Runtime(text=minute_text, clock=Clock(START + 86400))
    ended = container(finished_at=START + 75)
    assert texts(runtime.history(ended))[-2:] == ["line 7", "fatal: the end"]


def test_the_same_line_always_has_the_same_time() -> None:
    early = Runtime(text=minute_text, clock=Clock(START + 100)).history(container())
    late = Runtime(text=minute_text, clock=Clock(START + 500)).history(container())
    assert late[: len(early)] == early


def test_a_fast_source_numbers_its_lines() -> None:
    fast = container(annotations={"demo.k8stui.dev/log-rate": "50000"})
    runtime = Runtime(clock=Clock(START + 11))
    lines = runtime.history(fast, tail=3)
    assert [line.text.split()[1] for line in lines] == ["seq=549998", "seq=549999", "seq=550000"]
    assert lines[-1].time == int((START + 11) * 1e9)
    reader = runtime.open_log(fast, tail=0)
    taken = reader.take(int((START + 12) * 1e9), 10**6)
    assert len(taken) == 50_000
    assert texts(taken)[0].split()[1] == "seq=550001"


def test_a_reader_that_was_away_misses_nothing() -> None:
    fast = container(annotations={"demo.k8stui.dev/log-rate": "1000"})
    runtime = Runtime(clock=Clock(START))
    reader = runtime.open_log(fast)
    numbers = []
    for second in (1, 2, 60):
        while lines := reader.take(int((START + second) * 1e9), 777):
            numbers += [int(line.text.split()[1][4:]) for line in lines]
    assert numbers == list(range(60_001))


async def test_following_ends_with_the_container_and_its_last_words() -> None:
    started = time.time() - 12
    runtime = Runtime(text=minute_text)
    running = container(started_at=started)
    seen: list[str] = []

    async def follow() -> None:
        async for entries in runtime.follow(running, current=lambda: now):
            seen.extend(texts(entries))

    now: Container | None = running
    task = asyncio.create_task(follow())
    async with asyncio.timeout(5):
        while "line 1" not in seen:
            await asyncio.sleep(0.01)
        now = replace(running, finished_at=time.time(), exit_code=1)
        runtime.container_exited("uid", "app", "containerd://id-1", 1)
        await task
    assert seen == ["line 0", "line 1", "fatal: the end"]


async def test_following_ends_when_the_pod_is_gone_though_nobody_said_so() -> None:
    runtime = Runtime(text=minute_text)
    async with asyncio.timeout(5):
        async for _ in runtime.follow(container(started_at=time.time()), current=lambda: None):
            pass


async def test_a_container_with_stdin_runs_a_real_program_whose_end_is_told() -> None:
    runtime = Runtime()
    ends: list[ContainerExit] = []
    runtime.on_exit = ends.append
    found = pod("once", stdin=True, command=["sh", "-c", "echo hello; exit 4"])
    found["metadata"]["uid"] = "uid-once"
    try:
        assert runtime.container_started(found, "app", "containerd://c1", time.time())
        assert not runtime.container_started(pod("plain"), "app", "containerd://c2", time.time())
        async with asyncio.timeout(20):
            while not ends:
                await asyncio.sleep(0.01)
        assert (ends[0].pod, ends[0].container_id, ends[0].exit_code) == ("once", "c1", 4)
        assert texts(runtime.history(container(id="c1"))) == ["hello"]
        runtime.pod_deleted("uid-once")
        assert runtime.main(container(id="c1")) is None
    finally:
        await runtime.close()


async def test_a_program_that_does_not_exist_ends_the_container_with_127() -> None:
    runtime = Runtime()
    ends: list[ContainerExit] = []
    runtime.on_exit = ends.append
    try:
        runtime.container_started(pod("x", tty=True, command=["/no/such"]), "app", "c1", time.time())
        async with asyncio.timeout(20):
            while not ends:
                await asyncio.sleep(0.01)
        assert ends[0].exit_code == 127
    finally:
        await runtime.close()


async def test_a_stopped_container_takes_its_program_along_and_tells_nobody() -> None:
    runtime = Runtime()
    ends: list[ContainerExit] = []
    runtime.on_exit = ends.append
    try:
        found = pod("long", stdin=True, command=["sleep", "1000"])
        runtime.container_started(found, "app", "c1", time.time())
        main = runtime.main(container(id="c1"))
        assert main is not None
        async with asyncio.timeout(20):
            await main.started.wait()
            runtime.container_exited("uid", "app", "c1", 137)
            await main.ended.wait()
        assert ends == []
    finally:
        await runtime.close()
