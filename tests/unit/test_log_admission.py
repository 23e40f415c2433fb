"""How fast the pods of a log group are begun with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.logs import group_admission
from k8stui.kube.logs.group_admission import A_SECOND, BURST, Admission
from k8stui.kube.logs.group_lists import PodRef
from tests.unit.fakes_connection import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Rig:
    """Pods that are begun with, and when."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.begun: list[tuple[str, bool, float]] = []
        self.admission = Admission(self.clock, self._begin)

    def _begin(self, pod: PodRef, joined: bool) -> None:
        self.begun.append((pod.name, joined, self.clock.now))

    def add(self, *numbers: int, joined: bool = False) -> None:
        for number in numbers:
            self.admission.add(PodRef("shop", f"web-{number}", f"u{number}"), joined=joined)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.begun) < count:
                await asyncio.sleep(0)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    found = Rig()
    task = asyncio.create_task(found.admission.run())
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_few_hundred_are_begun_with_at_once_and_more_at_kubectls_pace(rig: Rig) -> None:
    rig.add(*range(BURST + 2 * A_SECOND))
    await rig.until(BURST)
    assert {when for _, _, when in rig.begun} == {1000.0}
    await rig.until(BURST + 2 * A_SECOND)
    assert rig.clock.now == pytest.approx(1002.0, abs=0.25)
    assert [name for name, _, _ in rig.begun] == [f"web-{n}" for n in range(BURST + 2 * A_SECOND)]


async def test_other_tasks_have_their_turns_meanwhile(rig: Rig) -> None:
    rig.add(*range(BURST))
    most = 0
    while len(rig.begun) < BURST:
        before = len(rig.begun)
        await asyncio.sleep(0)
        most = max(most, len(rig.begun) - before)
    assert most <= group_admission.TOGETHER


async def test_one_that_is_gone_before_its_turn_is_not_begun_with_and_one_that_joins_is_said_to(
    rig: Rig,
) -> None:
    rig.add(1, 2)
    rig.admission.discard("u1")
    rig.admission.discard("u7")
    rig.add(3, joined=True)
    await rig.until(2)
    assert [(name, joined) for name, joined, _ in rig.begun] == [("web-2", False), ("web-3", True)]


async def test_no_more_than_so_many_are_read_at_once_and_one_that_ends_makes_room(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_admission, "MOST_PODS", 3)
    rig.add(1, 2, 3, 4, 5)
    await rig.until(3)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (len(rig.begun), len(rig.admission), rig.admission.is_full) == (3, 2, True)
    rig.admission.ended()
    await rig.until(4)
    assert rig.admission.is_full
    rig.admission.ended()
    await rig.until(5)
    assert not rig.admission.is_full, "nobody waits"
