"""The log of one container as timed lines, made when somebody reads them and kept by nobody.

A container that has run for a week has a week of log, and a cluster has twenty thousand containers: so a line
is a pure function of its container and its time (`LogText`), and only the output of real programs is stored,
in a bounded ring. A `Reader` is one pass over a log; it never waits and never reads the clock by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from k8stui.demo.containers import Container

SECOND = 1_000_000_000
"""Nanoseconds in a second: log times are whole nanoseconds since the epoch."""
MINUTE = 60 * SECOND
FILE_MINUTES = 240
"""A generated log is rotated so often."""
FILE_LINES = 100_000
"""A very fast source is rotated so often: about the 10 MiB of a kubelet."""
RECORDED_LINES = 10_000
"""The output of a real program is rotated so often."""
ROTATED_FILES = 4
"""How many files a kubelet keeps besides the current one, from which alone it answers."""


class Entry(NamedTuple):
    """One line: when it was written (nanoseconds since the epoch) and its text without the newline."""

    time: int
    text: str


class LogFile(NamedTuple):
    """A file of a log, current or rotated."""

    begins: int
    """When its first line was written, in nanoseconds since the epoch."""
    read: Callable[[], Iterator[Entry]]


class LogText(Protocol):
    """What containers say. Pure: the same container and minute give the same lines.

    `minute` counts from the container's start. The result has (seconds since the start, text) in ascending
    order, all within that minute. Once a container has `finished_at`, lines may be added behind those that it
    had while running (its last words), none changed; what lies behind `finished_at` is not shown.
    """

    def __call__(self, container: Container, minute: int, /) -> Sequence[tuple[float, str]]: ...


class Reader(Protocol):
    """One pass over a log, from where it was opened to its live end."""

    def take(self, now: int, limit: int) -> list[Entry]:
        """The next lines written until `now`, at most `limit`; empty when there is nothing new yet."""
        ...

    def due(self, now: int) -> int | None:
        """When the next line is expected (nanoseconds since the epoch), None when that is unknown."""
        ...


class MinuteReader:
    """Reads a generated log minute by minute."""

    def __init__(self, container: Container, text: LogText, start: int, skip: int = 0) -> None:
        self._container = container
        self._text = text
        self._started = int(container.started_at * SECOND)
        self._minute = max(0, (start - self._started) // MINUTE)
        self._index = skip
        self._lines: list[Entry] | None = None
        self._from = start

    def finish(self, container: Container) -> None:
        """The container has ended: its last words may follow what was read."""
        self._container = container
        self._lines = None

    def _current(self) -> list[Entry]:
        if self._lines is None:
            self._lines = minute_entries(self._container, self._text, self._minute)
        return self._lines

    def take(self, now: int, limit: int) -> list[Entry]:
        taken: list[Entry] = []
        if self._container.finished_at is not None:
            now = min(now, int(self._container.finished_at * SECOND))
        while len(taken) < limit:
            lines = self._current()
            end = bisect_right(lines, now, lo=min(self._index, len(lines)), key=lambda entry: entry.time)
            end = min(end, self._index + limit - len(taken))
            taken.extend(entry for entry in lines[self._index : end] if entry.time >= self._from)
            self._index = max(self._index, end)
            minute_over = self._started + (self._minute + 1) * MINUTE <= now
            if self._index < len(lines) or not minute_over:
                break
            self._minute, self._index, self._lines = self._minute + 1, 0, None
        return taken

    def due(self, now: int) -> int | None:
        lines = self._current()
        if self._index < len(lines):
            return lines[self._index].time
        return self._started + (self._minute + 1) * MINUTE


def minute_entries(container: Container, text: LogText, minute: int) -> list[Entry]:
    """The lines of one minute of a container's life, without what lies behind its end."""
    started = int(container.started_at * SECOND)
    end = None if container.finished_at is None else int(container.finished_at * SECOND)
    entries = [Entry(started + int(offset * SECOND), line) for offset, line in text(container, minute)]
    if end is None:
        return entries
    # The end is known to some hundred nanoseconds only: last words that are said at it count.
    return [
        Entry(min(entry.time, end), entry.text) for entry in entries if entry.time <= end + SECOND // 1000
    ]


def open_generated(
    container: Container, text: LogText, now: int, since: int | None, tail: int | None
) -> MinuteReader:
    """A reader that starts at `since`, or at the last `tail` lines before `now`, whichever is later."""
    started = int(container.started_at * SECOND)
    end = now if container.finished_at is None else min(now, int(container.finished_at * SECOND))
    last = max(0, (end - started) // MINUTE)
    oldest = last // FILE_MINUTES * FILE_MINUTES
    start = max(since or 0, started + oldest * MINUTE if oldest else started)
    if tail is None:
        return MinuteReader(container, text, start)
    found, minute, skip = 0, last + 1, 0
    first = max(0, (start - started) // MINUTE)
    while minute > first and found < tail:
        minute -= 1
        lines = [
            index
            for index, entry in enumerate(minute_entries(container, text, minute))
            if start <= entry.time <= end
        ]
        found += len(lines)
        if found >= tail:
            skip = lines[found - tail] if tail and lines else 0
    if tail == 0:
        return MinuteReader(container, text, max(start, end + 1))
    return MinuteReader(container, text, max(start, started + minute * MINUTE), skip)


def generated_files(container: Container, text: LogText, now: int) -> list[LogFile]:
    """The files of a generated log, oldest first."""
    started = int(container.started_at * SECOND)
    end = now if container.finished_at is None else min(now, int(container.finished_at * SECOND))
    last = max(0, (end - started) // MINUTE) // FILE_MINUTES

    def read(file: int) -> Iterator[Entry]:
        for minute in range(file * FILE_MINUTES, (file + 1) * FILE_MINUTES):
            if started + minute * MINUTE > end:
                return
            yield from (entry for entry in minute_entries(container, text, minute) if entry.time <= end)

    return [
        LogFile(started + file * FILE_MINUTES * MINUTE, partial(read, file))
        for file in range(max(0, last - ROTATED_FILES), last + 1)
    ]


class RateReader:
    """Reads a source that writes a numbered line `rate` times a second: for benchmarks and floods."""

    def __init__(self, container: Container, rate: int, start: int, tail: int | None, now: int) -> None:
        self._started = int(container.started_at * SECOND)
        self._rate = rate
        self._name = f"{container.pod}/{container.name}"
        self._end = None if container.finished_at is None else int(container.finished_at * SECOND)
        written = self._count(now)
        current = max(0, written - 1) // FILE_LINES * FILE_LINES
        oldest = current if tail is None else max(current, written - tail)
        self._next = max(oldest, self._count(start - 1))

    def finish(self, container: Container) -> None:
        """The container has ended: nothing is written after that."""
        if container.finished_at is not None:
            self._end = int(container.finished_at * SECOND)

    def _count(self, now: int) -> int:
        """How many lines have been written until `now`: line i at start + i / rate."""
        now = now if self._end is None else min(now, self._end)
        return max(0, (now - self._started) * self._rate // SECOND + 1) if now >= self._started else 0

    def take(self, now: int, limit: int) -> list[Entry]:
        end = min(self._count(now), self._next + limit)
        entries = [self._entry(number) for number in range(self._next, end)]
        self._next = max(self._next, end)
        return entries

    def files(self, now: int) -> list[LogFile]:
        """The files of the log, oldest first."""
        written = self._count(now)
        last = max(0, written - 1) // FILE_LINES

        def read(file: int) -> Iterator[Entry]:
            return map(self._entry, range(file * FILE_LINES, min(written, (file + 1) * FILE_LINES)))

        return [
            LogFile(self._entry(file * FILE_LINES).time, partial(read, file))
            for file in range(max(0, last - ROTATED_FILES), last + 1)
        ]

    def _entry(self, number: int) -> Entry:
        time = self._started + -(-number * SECOND // self._rate)
        return Entry(time, f"level=info seq={number} source={self._name} msg=tick")

    def due(self, now: int) -> int | None:
        return self._entry(self._next).time


class Recording:
    """The output of a real program: lines as they ended, in a bounded ring."""

    def __init__(self, max_lines: int = (ROTATED_FILES + 1) * RECORDED_LINES, max_line: int = 16_384) -> None:
        self._lines: deque[Entry] = deque(maxlen=max_lines)
        self._partial = b""
        self._max_line = max_line
        self.first = 0
        """Sequence number of the oldest line still there."""

    def write(self, data: bytes, now: int) -> None:
        """Add output; a line counts when its newline came, or when it grew beyond the longest line."""
        *whole, self._partial = (self._partial + data).split(b"\n")
        for raw in whole:
            self._append(raw, now)
        while len(self._partial) > self._max_line:
            self._append(self._partial[: self._max_line], now)
            self._partial = self._partial[self._max_line :]

    def close(self, now: int) -> None:
        """The program has ended: a last line without newline is a line."""
        if self._partial:
            self._append(self._partial, now)
            self._partial = b""

    def _append(self, raw: bytes, now: int) -> None:
        if len(self._lines) == self._lines.maxlen:
            self.first += 1
        self._lines.append(Entry(now, raw.decode("utf-8", "replace")))

    def slice(self, start: int, limit: int) -> tuple[list[Entry], int]:
        """Lines from sequence number `start` on, and the number after the last of them."""
        begin = max(start, self.first)
        end = min(self.first + len(self._lines), begin + limit)
        return [self._lines[number - self.first] for number in range(begin, end)], max(begin, end)

    @property
    def end(self) -> int:
        """Sequence number of the line to come."""
        return self.first + len(self._lines)

    @property
    def current(self) -> int:
        """Sequence number of the first line of the file that is written to."""
        return max(self.first, (self.end - 1) // RECORDED_LINES * RECORDED_LINES)

    def files(self) -> list[LogFile]:
        """The files of the log, oldest first."""

        def read(start: int) -> Iterator[Entry]:
            return iter(self.slice(start, RECORDED_LINES - start % RECORDED_LINES)[0])

        numbers = range(self.first, self.end)
        starts = [number for number in numbers if number == self.first or not number % RECORDED_LINES]
        return [LogFile(self._lines[start - self.first].time, partial(read, start)) for start in starts]


class RecordingReader:
    """Reads what a real program has written."""

    def __init__(self, recording: Recording, since: int | None, tail: int | None) -> None:
        self._recording = recording
        entries, _ = recording.slice(0, recording.end)
        begin = recording.current
        if since is not None:
            begin = max(begin, recording.first + sum(1 for entry in entries if entry.time < since))
        if tail is not None:
            begin = max(begin, recording.end - tail)
        self._next = begin

    def finish(self, container: Container) -> None:
        """Nothing to do: the recording itself is complete."""

    def take(self, now: int, limit: int) -> list[Entry]:
        entries, self._next = self._recording.slice(self._next, limit)
        return entries

    def due(self, now: int) -> int | None:
        return None
