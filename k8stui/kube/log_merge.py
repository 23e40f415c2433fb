"""Lines of several containers in the order of their time stamps.

The past is merged as a whole. Live lines are held back for a moment, since streams arrive apart,
and then put in order; within one source the order of the stream is never changed.
"""

from __future__ import annotations

import heapq
from operator import itemgetter
from typing import TYPE_CHECKING

from k8stui.kube.log_times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from k8stui.kube.log_types import LogLine

HOLD = 0.1
"""Seconds that a live line waits for lines of other sources that were written before it."""
FULL = 20_000
"""Lines held back that are let go at once: a flood is not waited for."""

Keyed = tuple[int, "LogLine"]


def keyed(lines: Iterable[LogLine], after: int = 0) -> list[Keyed]:
    """Lines with keys that never fall: one without a stamp (or out of order) goes with the one before."""
    found: list[Keyed] = []
    for line in lines:
        after = max(after, nanoseconds(line.time))
        found.append((after, line))
    return found


def merge_past(sources: Iterable[Sequence[LogLine]]) -> list[LogLine]:
    """All lines of all sources by time; lines of equal time in the order of the sources."""
    streams = [keyed(lines) for lines in sources]
    return [line for _, line in heapq.merge(*streams, key=itemgetter(0))]


class LiveMerge:
    """Holds live lines back for `hold` seconds; `release` gives them in order."""

    def __init__(self, monotonic: Callable[[], float], hold: float = HOLD) -> None:
        self._monotonic = monotonic
        self._hold = hold
        self._held: list[tuple[float, list[Keyed]]] = []
        self._newest: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def push(self, source: str, lines: Sequence[LogLine]) -> None:
        """Lines of one stream (named by any key of its own), in its order."""
        batch = keyed(lines, self._newest.get(source, 0))
        if batch:
            self._newest[source] = batch[-1][0]
            self._held.append((self._monotonic(), batch))
            self._count += len(batch)

    def forget(self, source: str) -> None:
        """A stream ended: nothing comes after its last line."""
        self._newest.pop(source, None)

    def release(self, *, everything: bool = False) -> list[LogLine]:
        """The lines that were held long enough (or all), by time."""
        everything = everything or self._count >= FULL
        due = self._monotonic() - self._hold
        ready = [batch for came, batch in self._held if everything or came <= due]
        if not ready:
            return []
        self._held = self._held[len(ready) :]  # held in the order of coming
        merged = (
            [line for _, line in heapq.merge(*ready, key=itemgetter(0))]
            if len(ready) > 1
            else [line for _, line in ready[0]]
        )
        self._count -= len(merged)
        return merged
