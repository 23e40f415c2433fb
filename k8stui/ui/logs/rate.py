"""How many lines were written when, and how many of them were errors: counted a slice at a time.

Counts what a line model shows, newest lines first, new ones as they come. Pure Python, no screen.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.logs.lines import Level, level_of
from k8stui.kube.logs.times import nanoseconds

if TYPE_CHECKING:
    from k8stui.ui.widgets.lines.model import LineModel

_CHUNK = 256
HEAD = 2_048
SECOND = 1_000_000_000
FEW = 0.02
"""Of all lines: if no more than these are older, the bars do not reach back to them."""


class Bar(NamedTuple):
    """Lines of one stretch of time."""

    lines: int = 0
    errors: int = 0


class Bars(NamedTuple):
    """Bars of equal stretches of time."""

    start: int
    """Nanoseconds since the epoch."""
    step: int
    bars: list[Bar]

    @property
    def highest(self) -> int:
        """Lines of the highest bar."""
        return max((bar.lines for bar in self.bars), default=0)


class Rate:
    """Counts by the second."""

    def __init__(self, model: LineModel) -> None:
        self._model = model
        self._begin()

    def _begin(self) -> None:
        self._source, self._generation = self._model.source, self._model.generation
        self._seconds: dict[int, list[int]] = {}
        self._low = self._high = self._model.looked[1]
        self.version = 0
        """Goes up whenever something was counted."""

    def step(self, budget: float = 0.004) -> bool:
        """Count for about `budget` seconds; True while there is more."""
        model = self._model
        if self._source is not model.source or self._generation != model.generation:
            self._begin()
        deadline = perf_counter() + budget
        low, high = model.looked
        self._low, self._high = max(self._low, low), max(self._high, low)
        while self._low > low or self._high < high:
            if self._high < high:
                start, stop = self._high, min(high, self._high + _CHUNK)
                self._high = stop
            else:
                start, stop = max(low, self._low - _CHUNK), self._low
                self._low = start
            self._count(start, stop)
            if perf_counter() >= deadline:
                break
        return self._low > low or self._high < high

    def _count(self, start: int, stop: int) -> None:
        model, seconds = self._model, self._seconds
        self.version += 1
        for seq in model.shown_between(start, stop):
            line = model.line(seq)
            if line is None or line.mark or not line.time:
                continue
            second = nanoseconds(line.time) // SECOND
            counts = seconds.get(second)
            if counts is None:
                counts = seconds[second] = [0, 0]
            level = level_of(line.text if len(line.text) <= HEAD else line.text[:HEAD])
            counts[0] += 1
            counts[1] += level is not None and level >= Level.ERROR

    def bars(self, width: int) -> Bars | None:
        """So many bars over all that was counted; None while there is nothing."""
        oldest = self._oldest()
        for second in [second for second in self._seconds if second < oldest]:
            del self._seconds[second]
        if not self._seconds or width < 1:
            return None
        first, last = self._span()
        step = max(1, -(-(last - first + 1) // width))
        found = [[0, 0] for _ in range((last - first) // step + 1)]
        for second, (lines, errors) in self._seconds.items():
            bar = found[max(0, second - first) // step]
            bar[0] += lines
            bar[1] += errors
        return Bars(first * SECOND, step * SECOND, [Bar(*bar) for bar in found])

    def _span(self) -> tuple[int, int]:
        """The first and last second that are drawn: a few lines from long ago go into the first bar."""
        seconds = sorted(self._seconds)
        spare = sum(lines for lines, _ in self._seconds.values()) * FEW
        for second in seconds:
            spare -= self._seconds[second][0]
            if spare < 0:
                break
        first, last = seconds[0], seconds[-1]
        return (second if (last - second) * 2 < last - first else first), last

    def _oldest(self) -> int:
        """The second of the oldest line that is still there."""
        source = self._model.source
        for line in source.lines(source.first, source.first + _CHUNK):
            if line.time:
                return nanoseconds(line.time) // SECOND
        return 0
