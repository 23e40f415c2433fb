"""The ring of log lines: bounded, numbered without end, and cheap to add to."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from k8stui.kube.logs.buffer import LogBudget, LogBuffer, size_of
from k8stui.kube.logs.times import nanoseconds, since_time, split_stamp
from k8stui.kube.logs.types import LogLine, LogSource

SOURCE = LogSource("shop", "web", "uid", "app")


def line(text: str, stamp: str = "") -> LogLine:
    return LogLine(stamp, SOURCE, text)


def texts(buffer: LogBuffer) -> list[str]:
    return [found.text for found in buffer.lines(buffer.first, buffer.end)]


def test_lines_keep_their_numbers_while_older_ones_fall() -> None:
    buffer = LogBuffer(max_lines=3)
    buffer.extend([line(str(n)) for n in range(5)])
    assert (buffer.first, buffer.end, buffer.fallen, len(buffer)) == (2, 5, 2, 3)
    assert buffer.line(2).text == "2"
    assert texts(buffer) == ["2", "3", "4"]
    with pytest.raises(IndexError):
        buffer.line(1)
    with pytest.raises(IndexError):
        buffer.line(5)


def test_numbers_hold_over_compaction() -> None:
    buffer = LogBuffer(max_lines=10)
    for start in range(0, 20_000, 100):
        buffer.extend([line(str(n)) for n in range(start, start + 100)])
    assert (buffer.first, buffer.end, buffer.fallen) == (19_990, 20_000, 19_990)
    assert buffer.line(19_995).text == "19995"
    assert len(buffer._lines) < 10_000


def test_bytes_are_bounded_and_the_newest_line_stays() -> None:
    buffer = LogBuffer(budget=LogBudget(10 * size_of([line("x" * 100)])))
    buffer.extend([line("x" * 100) for _ in range(50)])
    assert len(buffer) == 10
    buffer.append(line("y" * 1_000_000))
    assert texts(buffer) == ["y" * 1_000_000]
    assert buffer.bytes == size_of([line("y" * 1_000_000)])


def test_rings_of_one_budget_take_no_more_together_and_the_largest_gives_first() -> None:
    one_line = size_of([line("x" * 100)])
    budget = LogBudget(100 * one_line)
    calm, flood = LogBuffer(budget=budget), LogBuffer(budget=budget)
    calm.extend([line("x" * 100) for _ in range(20)])
    flood.extend([line("x" * 100) for _ in range(500)])
    assert (len(calm), len(flood), flood.fallen, budget.free) == (20, 80, 420, 0)
    assert (calm.room, calm.prepend([line("x" * 100)])) == (0, 0), "older lines push out no newer ones"
    calm.extend([line("x" * 100) for _ in range(500)])
    assert len(calm) == pytest.approx(50, abs=2)
    assert len(calm) + len(flood) == 100
    held = len(calm)
    del flood
    assert budget.free == (100 - held) * one_line, "a ring that nobody holds gives all"
    assert calm.prepend([line("x" * 100) for _ in range(60)]) == 100 - held


def test_a_ring_that_is_closed_leaves_its_memory_to_others_though_somebody_holds_it() -> None:
    one_line = size_of([line("x" * 100)])
    budget = LogBudget(100 * one_line)
    closed, other = LogBuffer(budget=budget), LogBuffer(budget=budget)
    closed.extend([line("x" * 100)] * 60)
    held = closed.lines(closed.first, closed.end)
    closed.close()
    other.extend([line("x" * 100)] * 100)
    assert (len(closed), len(other), other.fallen) == (0, 100, 0)
    assert len(held) == 60, "who is writing them to a file goes on"


def test_the_size_of_a_line_is_what_it_really_takes() -> None:
    text = "level=info msg=ordinary path=/cart/" + "x" * 60
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        lines = [line(f"{text} {n:06}", f"2026-11-21T02:14:41.{n:09}Z") for n in range(2000)]
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert taken <= size_of(lines) <= taken * 1.2


def test_readers_are_woken_once_until_they_take() -> None:
    buffer = LogBuffer()
    wakes: list[int] = []
    reader = buffer.subscribe(lambda: wakes.append(buffer.end))
    buffer.append(line("a"))
    buffer.extend([line("b"), line("c")])
    assert wakes == [1]
    extent = reader.take()
    assert (extent.first, extent.end) == (0, 3)
    buffer.append(line("d"))
    assert wakes == [1, 4]
    reader.close()
    reader.take()
    buffer.append(line("e"))
    assert wakes == [1, 4]


def test_clearing_forgets_lines_and_keeps_numbers() -> None:
    buffer = LogBuffer()
    buffer.extend([line("a"), line("b")])
    buffer.clear()
    buffer.append(line("c"))
    assert (buffer.first, buffer.end, buffer.fallen) == (2, 3, 0)
    assert texts(buffer) == ["c"]


def test_the_oldest_lines_may_be_taken_out_and_put_back() -> None:
    buffer = LogBuffer(max_lines=10)
    buffer.extend([line(str(n)) for n in range(12)])
    size = buffer.bytes
    lifted = buffer.lift(3)
    assert [each.text for each in lifted] == ["2", "3", "4"]
    assert (buffer.first, len(buffer), buffer.fallen) == (5, 7, 2)
    assert buffer.prepend(lifted) == 3
    assert (buffer.first, buffer.bytes, buffer.line(2).text) == (2, size, "2")


def test_a_range_outside_is_empty() -> None:
    buffer = LogBuffer(max_lines=2)
    buffer.extend([line("a"), line("b"), line("c")])
    assert buffer.lines(0, 1) == []
    assert buffer.lines(7, 9) == []
    assert [found.text for found in buffer.lines(0, 2)] == ["b"]


def test_200_000_lines_a_second_fit_many_times() -> None:
    buffer = LogBuffer(max_lines=50_000)
    batches = [[line(f"line {n}") for n in range(1000)] for _ in range(200)]
    began = time.process_time()
    for batch in batches:
        buffer.extend(batch)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("raw", "stamp", "text"),
    [
        ("2026-11-21T02:14:41.657507857Z level=info", "2026-11-21T02:14:41.657507857Z", "level=info"),
        ("2026-11-21T02:14:41Z ", "2026-11-21T02:14:41Z", ""),
        ("2026-11-21T11:14:41.5+09:00 x", "2026-11-21T11:14:41.5+09:00", "x"),
        ("failed to create fsnotify watcher", "", "failed to create fsnotify watcher"),
        ("2026-11-21 02:14:41 not ours", "", "2026-11-21 02:14:41 not ours"),
        ("", "", ""),
    ],
)
def test_the_stamp_is_cut_off(raw: str, stamp: str, text: str) -> None:
    assert split_stamp(raw) == (stamp, text)


def test_stamps_of_different_zones_and_lengths_compare() -> None:
    utc = nanoseconds("2026-11-21T02:14:41.5Z")
    assert nanoseconds("2026-11-21T11:14:41.500000000+09:00") == utc
    assert nanoseconds("2026-11-21T02:14:41.500000001Z") == utc + 1
    assert since_time(utc // 10**9) == "2026-11-21T02:14:41Z"
    assert nanoseconds("nonsense") == 0
