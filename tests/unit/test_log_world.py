"""Each line comes once, in order within its container, or a mark says what may be missing, whatever happens.

Whole groups are read from a model of kubelets (`log_world`), in hours that pass in a moment. More seeds than
the usual ones: LOG_SEEDS=2000.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.logs import rotation_check
from k8stui.kube.logs.group import LogGroup
from k8stui.kube.logs.pool import StreamPool
from k8stui.kube.logs.query import LogQuery
from tests.unit.log_world import Pod, World, WorldClock, WorldLoop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.logs.types import LogLine

SEEDS = range(int(os.environ.get("LOG_SEEDS", "4")))
CALM = ("write", "write", "write", "cut", "end", "stall", "fault", "wait", "check", "reselect")
"""What costs no line."""
CLOCK = (*(kind for kind in CALM if kind != "reselect"), "clock")
"""The clock of the node is set back, for once or more."""
WILD = (*CALM, "rotate", "rotate", "restart", "delete", "refuse", "leave out")


class Told:
    """What came, and whether that is the truth."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], list[LogLine]] = defaultdict(list)
        self.chance = random.Random(1)

    async def take(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            if line.source.container:
                self.lines[line.source.uid, line.source.pod].append(line)
        if self.chance.random() < 0.05:
            await asyncio.sleep(self.chance.choice((0.1, 3.0)))  # who reads is slow

    def judge(self, pod: Pod) -> list[str]:
        """The marks of gaps; an assertion fails where something is not as it is told."""
        last, is_told, skipped, gaps = 0, True, set[int](), list[str]()
        for line in self.lines[pod.uid, pod.name]:
            if line.mark == "gap":
                is_told = True
                gaps.append(line.text)
            if line.mark:
                continue
            number = int(line.text.split()[0])
            assert line.source.restarts < len(pod.lives)
            if number in skipped:
                assert gaps, "what comes late is told"
                skipped.remove(number)
                continue
            assert number > last, f"{pod.uid}: line {number} came twice or too late (after {last})"
            if number > last + 1 and last and not is_told:
                skipped.update(range(last + 1, number))
            last, is_told = number, False
        assert not skipped, f"{pod.uid}: lines {sorted(skipped)} are missing without a word"
        is_whole = last == pod.written or is_told or pod.written < 0
        assert is_whole, f"{pod.uid}: it ends at {last} of {pod.written}"
        return gaps


async def happen(world: World, group: LogGroup, kinds: Sequence[str], steps: int) -> None:
    chance = world.chance
    for _ in range(steps):
        pods = [pod for pod in world.pods.values() if not pod.deleted]
        pod = chance.choice(pods)
        match chance.choice(kinds):
            case "write":
                world.write(pod, chance.choice((1, 2, 40)))
            case "cut":
                world.cut()
            case "end":
                world.end()
            case "stall":
                world.stall()
            case "fault":
                world.faults += chance.choice(FAULTS)
            case "check":
                group.check()
            case "reselect":
                world.reselect(pod, chance.choice((0.5, 20.0)))
            case "rotate":
                world.rotate(pod)
            case "leave out":
                if world.node.refusal is None and not world.set_back:
                    world.rotate(pod, chance.choice((1, 3)))
            case "restart":
                world.restart(pod)
            case "delete":
                world.delete(pod)
                await asyncio.sleep(chance.choice((1.5, 30.0)))
                if pod.deleted:
                    world.start(pod.name)
            case "clock":
                world.set_back += chance.choice((3.0, 3600.0))
            case "refuse":
                world.node.refusal = ApiError(403, "Forbidden", 'nodes "node-1" is forbidden')
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.05, 0.4, 1.1, 5.0, 70.0)))


FAULTS = (
    [ConnectionLost("no route to host")] * 3,
    [ApiError(429, "TooManyRequests", "slow down", retry_after=2.0)],
    [ApiError(500, "InternalError", "etcd is away")] * 2,
    [ApiError(401, "Unauthorized", "Unauthorized")],
)


async def play(seed: int, kinds: Sequence[str]) -> tuple[World, Told, LogGroup]:
    world, told = World(seed), Told()
    chance = random.Random(seed)
    world.keep = chance.choice((1, 2, 4))
    world.lags = chance.choice((0.0, 0.5, 3.0))
    for name in ("web-0", "web-1", "web-2")[: chance.choice((1, 3))]:
        world.write(world.start(name), chance.choice((0, 3, 50)))
    loop = asyncio.get_running_loop()
    pool = StreamPool(chance.choice((1, 2, 60)), turn=2.0, monotonic=loop.time)
    group = LogGroup(
        world,
        world,
        LogQuery(),
        pool=pool.share(),
        clock=WorldClock(),
        rng=random.Random(seed),
        tail=chance.choice((None, None, 0, 2)),
    )
    reading = asyncio.create_task(group.run(told.take))
    await asyncio.sleep(chance.choice((0, 1.5)))
    await happen(world, group, kinds, 60)
    world.faults.clear()
    for _ in range(60):  # what was left out is found when more comes
        for pod in world.pods.values():
            world.write(pod, 2)
        await asyncio.sleep(1.0)
    await asyncio.sleep(900.0)
    assert not reading.done() or reading.result()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await asyncio.sleep(60.0)
    assert pool.open == 0
    assert pool.held.used == pool.remembered.parties == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return world, told, group


@pytest.fixture(autouse=True)
def small_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation_check, "LOOK_BYTES", 400)


def run(seed: int, kinds: Sequence[str]) -> list[str]:
    loop = WorldLoop()
    try:
        world, told, _ = loop.run_until_complete(play(seed, kinds))
        return [gap for pod in world.everyone for gap in told.judge(pod)]
    finally:
        loop.close()


KNOWN = (224,)
"""A life that was never read and whose pod went: the end of the life before it was taken for its end."""


@pytest.mark.parametrize("seed", sorted({*SEEDS, *KNOWN}))
def test_each_line_comes_once_or_a_mark_says_what_may_be_missing(seed: int) -> None:
    run(seed, WILD)


@pytest.mark.parametrize("seed", SEEDS)
def test_where_nothing_is_lost_on_the_way_no_gap_is_told(seed: int) -> None:
    assert run(seed, CALM) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clock_that_is_set_back_costs_no_line(seed: int) -> None:
    run(seed, CLOCK)
