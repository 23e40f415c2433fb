"""A bounded ring of log lines, numbered without end, with readers that are woken once.

Adding a batch costs no more than the batch; what falls off is counted and never silent. Rings may share a
budget, so that many panes take no more memory than one. The ring must never look into a line.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from k8stui.kube.logs.types import LogLine

MAX_LINES = 200_000
MAX_BYTES = 128 * 1024 * 1024
OVERHEAD = 152
"""Bytes that a line takes beside its text: a struct, its time, its place, and what allocators round up."""
COMPACT = 4096
"""Places of fallen lines that are given back at once."""


class Extent(msgspec.Struct, frozen=True, gc=False):
    """What a buffer holds: the lines numbered from `first` up to, without, `end`."""

    first: int
    end: int


class BufferReader:
    """One reader of a buffer. Close it when the reader goes."""

    def __init__(self, buffer: LogBuffer, wake: Callable[[], None]) -> None:
        self._buffer = buffer
        self._wake: Callable[[], None] | None = wake
        self._woken = False

    def take(self) -> Extent:
        """What is held now; the reader is woken again by what comes after this."""
        self._woken = False
        return Extent(self._buffer.first, self._buffer.end)

    def close(self) -> None:
        """Be woken no more."""
        self._wake = None
        self._buffer.leave(self)

    def note(self) -> None:
        """Called by the buffer when it changed."""
        if self._wake is not None and not self._woken:
            self._woken = True
            self._wake()


class LogBudget:
    """How much memory all rings that share it may take together. The largest one gives first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        if max_bytes < 1:
            raise ValueError("a log buffer holds one line at least")
        self.max_bytes = max_bytes
        self._buffers: weakref.WeakSet[LogBuffer] = weakref.WeakSet()

    def join(self, buffer: LogBuffer) -> None:
        """A ring takes part until it leaves, or nobody holds it any more."""
        self._buffers.add(buffer)

    def leave(self, buffer: LogBuffer) -> None:
        """Its lines count no more."""
        self._buffers.discard(buffer)

    @property
    def free(self) -> int:
        """Bytes that may be taken before lines fall off."""
        return self.max_bytes - sum([buffer.bytes for buffer in self._buffers])

    def enforce(self) -> None:
        """Let the oldest lines of the largest rings fall off until the rings fit."""
        while (excess := -self.free) > 0:
            buffers = sorted(self._buffers, key=lambda buffer: -buffer.bytes)
            ahead = buffers[0].bytes - (buffers[1].bytes if len(buffers) > 1 else 0)
            share = min(excess, max(ahead, excess // 2 + 1))  # down to the next one's size, then both
            if not any(buffer.give(share) for buffer in buffers):
                return


class LogBuffer:
    """The newest lines: at most `max_lines`, and as much memory as its `budget` has."""

    def __init__(self, max_lines: int = MAX_LINES, budget: LogBudget | None = None) -> None:
        if max_lines < 1:
            raise ValueError("a log buffer holds one line at least")
        self.max_lines = max_lines
        self._budget = budget or LogBudget()
        self._budget.join(self)
        self._lines: list[LogLine | None] = []
        self._head = 0  # places in front whose lines have fallen off
        self._offset = 0  # the number of the line at place 0
        self._bytes = 0
        self._readers: list[BufferReader] = []
        self.fallen = 0
        """Lines that fell off so far."""

    @property
    def first(self) -> int:
        """The number of the oldest line held. Numbers only ever grow."""
        return self._offset + self._head

    @property
    def end(self) -> int:
        """The number that the next line will get."""
        return self._offset + len(self._lines)

    @property
    def bytes(self) -> int:
        """About how much memory the lines take."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._lines) - self._head

    def line(self, seq: int) -> LogLine:
        """The line with a number. Raises IndexError when it has fallen off or has not come."""
        if seq < self.first or seq >= self.end:
            raise IndexError(seq)
        line = self._lines[seq - self._offset]
        assert line is not None
        return line

    def lines(self, start: int, stop: int) -> list[LogLine]:
        """The lines from `start` up to, without, `stop`, as far as they are held."""
        start, stop = max(start, self.first), min(stop, self.end)
        found = self._lines[start - self._offset : max(start, stop) - self._offset]
        return [line for line in found if line is not None]

    def append(self, line: LogLine) -> None:
        """Add one line."""
        self.extend((line,))

    def extend(self, lines: Sequence[LogLine]) -> None:
        """Add lines in their order and wake the readers once."""
        if not lines:
            return
        self._lines.extend(lines)
        self._bytes += size_of(lines)
        self._drop(self._bytes)
        self._budget.enforce()
        self._tell()

    def give(self, size: int) -> int:
        """Let the oldest lines fall until so many bytes are free; how many are. The newest line stays."""
        before = self._bytes
        self._drop(before - size)
        self._tell()
        return before - self._bytes

    @property
    def room(self) -> int:
        """How many more lines it can hold before the oldest fall off (as far as their number decides)."""
        return 0 if self._budget.free <= 0 else self.max_lines - len(self)

    def prepend(self, lines: Sequence[LogLine]) -> int:
        """Add lines before the oldest, as many of the newest of them as there is room for; how many."""
        size, count, free = 0, 0, self._budget.free
        for line in reversed(lines[-self.room :] if self.room else ()):
            if size + size_of((line,)) > free:
                break
            size += size_of((line,))
            count += 1
        if count:
            self._lines[: self._head] = lines[len(lines) - count :]
            self._offset += self._head - count
            self._head = 0
            self._bytes += size
            self._tell()
        return count

    def lift(self, count: int) -> list[LogLine]:
        """Take out the oldest lines: they are put before others again, and do not count as fallen."""
        lifted = self.lines(self.first, self.first + count)
        start = self._head
        self._lines[start : start + len(lifted)] = [None] * len(lifted)
        self._head += len(lifted)
        self._bytes -= size_of(lifted)
        self._tell()
        return lifted

    def clear(self) -> None:
        """Forget all lines on request; numbers go on, and nothing counts as fallen."""
        self._offset = self.end
        self._lines, self._head, self._bytes = [], 0, 0
        self._tell()

    def close(self) -> None:
        """Let go of all lines at once: who still holds the ring may be found to be garbage much later."""
        self._budget.leave(self)
        self.clear()

    def subscribe(self, wake: Callable[[], None]) -> BufferReader:
        """A new reader: `wake` is called on the loop when lines came, once until `take`."""
        reader = BufferReader(self, wake)
        self._readers.append(reader)
        return reader

    def leave(self, reader: BufferReader) -> None:
        """Called by a closing reader."""
        if reader in self._readers:
            self._readers.remove(reader)

    def _drop(self, most: int) -> None:
        """Let the oldest lines fall until there are at most so many bytes and `max_lines`."""
        lines, head, last = self._lines, self._head, len(self._lines) - 1
        least = len(lines) - self.max_lines
        size = self._bytes
        while head < last and (head < least or size > most):
            line = lines[head]
            assert line is not None
            size -= line.text.__sizeof__() + OVERHEAD
            lines[head] = None
            head += 1
        self.fallen += head - self._head
        self._head, self._bytes = head, size
        if head >= COMPACT:
            del lines[:head]
            self._offset += head
            self._head = 0

    def _tell(self) -> None:
        for reader in tuple(self._readers):
            reader.note()


def size_of(lines: Iterable[LogLine]) -> int:
    """About how much memory lines take, in bytes."""
    return sum([line.text.__sizeof__() + OVERHEAD for line in lines])
