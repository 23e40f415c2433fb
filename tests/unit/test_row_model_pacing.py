"""When a live widget works: at once after a rest, then as seldom as its work is heavy."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from time import perf_counter

from k8stui.ui.widgets.pacing import Pacer


async def test_the_first_wake_runs_at_once_and_a_flood_of_them_runs_seldom() -> None:
    runs: list[float] = []
    pacer = Pacer(lambda: runs.append(perf_counter()) or False)  # type: ignore[func-returns-value]
    pacer.wake()
    await asyncio.sleep(0)
    assert len(runs) == 1
    while len(runs) < 4:
        pacer.wake()
        await asyncio.sleep(0)
    assert all(later - earlier > 0.04 for earlier, later in pairwise(runs))
    pacer.close()


async def test_work_that_has_more_to_do_runs_on_without_being_woken() -> None:
    left = 5

    def work() -> bool:
        nonlocal left
        left -= 1
        return left > 0

    pacer = Pacer(work)
    pacer.wake()
    while left:
        await asyncio.sleep(0)
    pacer.close()


async def test_a_wake_from_within_the_work_is_one_more_run_not_two() -> None:
    runs = 0

    def work() -> bool:
        nonlocal runs
        runs += 1
        if runs == 1:
            pacer.wake()
            pacer.wake()
        return False

    pacer = Pacer(work, interval=0.01)
    pacer.wake()
    while runs < 2:
        await asyncio.sleep(0)
    assert pacer._timer is None
    pacer.close()


async def test_what_the_reader_asks_for_does_not_wait() -> None:
    runs = 0

    def work() -> bool:
        nonlocal runs
        runs += 1
        return False

    pacer = Pacer(work, interval=60.0)
    pacer.wake()
    await asyncio.sleep(0)
    pacer.wake()
    pacer.urge()
    await asyncio.sleep(0)
    assert runs == 2
    pacer.close()


async def test_after_closing_nothing_runs() -> None:
    runs = 0

    def work() -> bool:
        nonlocal runs
        runs += 1
        return True

    pacer = Pacer(work)
    pacer.wake()
    pacer.close()
    pacer.wake()
    pacer.urge()
    await asyncio.sleep(0)
    assert runs == 0
