"""Many streams merged by time: in order, bounded, nobody waits for who has nothing to say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube.logs.group_merge import HOLD, LANE_BYTES, LINES, PATIENCE, QUIET, GroupMerge
from k8stui.kube.logs.times import sortable
from k8stui.kube.logs.types import LogLine, LogSource

if TYPE_CHECKING:
    import random

SOURCE = LogSource("shop", "web-1", "u", "app")


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(second: float, text: str = "") -> LogLine:
    whole, rest = divmod(round(second * 1_000_000_000), 1_000_000_000)
    return LogLine(f"2026-01-31T08:00:{whole:02d}.{rest:09d}Z", SOURCE, text or f"{second:g}")


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


def test_the_past_waits_until_nothing_older_can_come() -> None:
    merge = GroupMerge(Time())
    fast, slow = merge.lane(), merge.lane()
    fast.reading(is_open=True)
    slow.reading(is_open=False)
    fast.push([at(1), at(3), at(5)])
    assert merge.release() == []
    slow.reading(is_open=True)
    slow.push([at(2), at(4)])
    assert texts(merge.release()) == ["1", "2", "3", "4"]
    slow.pause()
    fast.pause()
    assert texts(merge.release(everything=True)) == ["5"]


@pytest.mark.parametrize(("is_open", "seconds"), [(True, QUIET), (False, PATIENCE)])
def test_a_stream_that_brings_nothing_is_not_waited_for_long(is_open: bool, seconds: float) -> None:
    time = Time()
    merge = GroupMerge(time)
    lane, silent = merge.lane(), merge.lane()
    silent.reading(is_open=is_open)
    lane.push([at(1)])
    assert merge.release() == []
    time.now += seconds + 0.01
    assert texts(merge.release()) == ["1"]


def test_live_lines_are_held_back_for_a_moment_and_then_in_order() -> None:
    time = Time()
    merge = GroupMerge(time)
    one, two = merge.lane(), merge.lane()
    one.push([at(2)])
    time.now += HOLD / 2
    two.push([at(1)])
    assert merge.release() == []
    time.now += HOLD
    assert texts(merge.release()) == ["1", "2"]


def test_a_single_stream_is_not_held_back() -> None:
    merge = GroupMerge(Time())
    lane = merge.lane()
    lane.push([at(2), at(1)])
    assert texts(merge.release()) == ["2", "1"]


def test_lines_without_a_stamp_go_with_the_one_before() -> None:
    merge = GroupMerge(Time())
    one, two = merge.lane(), merge.lane()
    one.push([at(1), LogLine("", SOURCE, "remark", "info"), at(3)])
    two.push([at(2)])
    assert texts(merge.release(everything=True)) == ["1", "remark", "2", "3"]


async def test_a_full_lane_has_no_room_until_its_lines_are_taken() -> None:
    merge = GroupMerge(Time())
    lane, other = merge.lane(), merge.lane()
    lane.push([at(1)] * LINES)
    assert merge.urgent.is_set()
    waiting = asyncio.ensure_future(lane.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await other.room()
    assert len(merge.release()) == LINES
    await waiting
    lane.push([at(2, "x" * LANE_BYTES)])
    assert lane.is_full


def test_the_lines_of_a_stream_that_ended_still_come() -> None:
    merge = GroupMerge(Time())
    lane, other = merge.lane(), merge.lane()
    other.reading(is_open=True)
    lane.push([at(1)])
    lane.close()
    assert merge.release() == []
    other.push([at(2)])
    other.close()
    assert texts(merge.release(everything=True)) == ["1", "2"]
    assert merge.held == 0


@given(st.lists(st.lists(st.integers(0, 40), max_size=12).map(sorted), min_size=1, max_size=5), st.randoms())
def test_streams_of_any_speed_come_out_in_order_and_complete(
    streams: list[list[int]], choice: random.Random
) -> None:
    merge = GroupMerge(Time())
    lanes = [merge.lane() for _ in streams]
    for lane in lanes:
        lane.reading(is_open=False)
    left = [list(numbers) for numbers in streams]
    found: list[LogLine] = []
    while any(left):
        index = choice.choice([i for i, numbers in enumerate(left) if numbers])
        taken = choice.randint(1, len(left[index]))
        lanes[index].push([at(number, f"{index}:{number}") for number in left[index][:taken]])
        del left[index][:taken]
        if not left[index]:
            lanes[index].close()
        found += merge.release()
    # a stream that had nothing at all was waited for
    for lane in lanes:
        lane.close()
    found += merge.release(everything=True)
    stamps = [line.time for line in found]
    assert stamps == sorted(stamps)
    for index, numbers in enumerate(streams):
        mine = [int(line.text.partition(":")[2]) for line in found if line.text.startswith(f"{index}:")]
        assert mine == numbers


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000000000Z"),
        ("2026-01-31T08:00:00.5Z", "2026-01-31T08:00:00.500000000Z"),
        ("2026-01-31T17:00:00.123456789+09:00", "2026-01-31T08:00:00.123456789Z"),
    ],
)
def test_stamps_of_every_form_sort_as_times_do(stamp: str, expected: str) -> None:
    assert sortable(stamp) == expected
