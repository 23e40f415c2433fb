"""The lines that a viewer shows: all lines of a source, or those that a filter lets through.

Lines are addressed by their number in the source, which never changes while old ones fall off its start, so
what a reader looks at stays where it is. A filter's index grows in slices, newest lines first, and costs new
lines only once. Pure Python, no screen.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHUNK = 512
SEARCHED = 65_536
"""Characters of a line that filters and searches look at: an hour-long match would stop the screen."""


class LineLike(Protocol):
    """A line (`kube.logs.LogLine`)."""

    @property
    def time(self) -> str: ...
    @property
    def source(self) -> Any: ...
    @property
    def text(self) -> str: ...
    @property
    def mark(self) -> str: ...


class LineSource(Protocol):
    """Lines by absolute number, from `first` to before `end` (`kube.logs.LogBuffer`)."""

    @property
    def first(self) -> int: ...
    @property
    def end(self) -> int: ...
    def line(self, seq: int) -> Any: ...
    def lines(self, start: int, stop: int) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of plain text."""

    text: str
    time: str = ""
    source: Any = None
    mark: str = ""


class StaticLines:
    """Lines that stand still, as a source: YAML, a description, the output of a command."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    @property
    def first(self) -> int:
        """Number of the first line."""
        return 0

    @property
    def end(self) -> int:
        """Number after the last line."""
        return len(self._lines)

    def line(self, seq: int) -> TextLine:
        """A line by its number."""
        return TextLine(self._lines[seq])

    def lines(self, start: int, stop: int) -> list[TextLine]:
        """The lines from `start` to before `stop`."""
        return [TextLine(text) for text in self._lines[start:stop]]


class LineModel:
    """The shown lines of a source, by index from the top, and by number."""

    def __init__(self, source: LineSource) -> None:
        self.source = source
        self._predicate: Callable[[str], bool] | None = None
        # Matching numbers: those before the start of the search in falling order, those from it on in
        # rising order, so that both ends grow by appending.
        self._before: list[int] = []
        self._after: list[int] = []
        self._low = self._high = 0
        self._fallen = 0

    @property
    def filtered(self) -> bool:
        """A filter is set."""
        return self._predicate is not None

    @property
    def busy(self) -> bool:
        """Lines are still to be looked at by `step`."""
        return self.filtered and (self._low > self.source.first or self._high < self.source.end)

    @property
    def progress(self) -> tuple[int, int]:
        """Lines looked at, and all there are."""
        low = max(self._low, self.source.first)
        return self._high - low if self.filtered else 0, self.source.end - self.source.first

    def set_source(self, source: LineSource) -> None:
        """Other lines from now on."""
        self.source = source
        self.set_filter(self._predicate)

    def set_filter(self, predicate: Callable[[str], bool] | None) -> None:
        """Show only lines whose text passes; marked lines (gaps, restarts) are always shown."""
        self._predicate = predicate
        self._before, self._after, self._fallen = [], [], 0
        self._low = self._high = self.source.end

    def __len__(self) -> int:
        """How many lines are shown (as far as they are known by now)."""
        if not self.filtered:
            return self.source.end - self.source.first
        return len(self._before) + len(self._after) - self._fallen

    def seq_at(self, index: int) -> int | None:
        """The number of the line at an index, or None outside."""
        if not 0 <= index < len(self):
            return None
        if not self.filtered:
            return self.source.first + index
        before = len(self._before)
        if index < before:
            return self._before[before - 1 - index]
        return self._after[index - before + self._fallen]

    def index_of(self, seq: int) -> int:
        """The index of a line, or of the next one that is shown; `len(self)` after the last."""
        if not self.filtered:
            return min(max(0, seq - self.source.first), len(self))
        if seq < self._start_of_after:
            smaller = len(self._before) - bisect_left(self._before, -seq + 1, key=lambda number: -number)
            return max(0, smaller)
        return len(self._before) + max(0, bisect_left(self._after, seq) - self._fallen)

    @property
    def _start_of_after(self) -> int:
        return self._before[0] + 1 if self._before else 0

    def line(self, seq: int) -> Any:
        """A line by its number, or None when it has fallen off since its number was found."""
        return self.source.line(seq) if self.source.first <= seq < self.source.end else None

    def trim(self) -> None:
        """Forget lines that fell off the source."""
        first = self.source.first
        while self._before and self._before[-1] < first:
            self._before.pop()
        if not self._before:
            self._fallen = bisect_left(self._after, first, self._fallen)
            if self._fallen > 4096:
                del self._after[: self._fallen]
                self._fallen = 0
        self._high = max(self._high, first)

    def step(self, budget: float = 0.006) -> bool:
        """Look at lines for about `budget` seconds, new ones first; True while there are more."""
        deadline = perf_counter() + budget
        self.trim()
        while self.busy:
            if self._high < self.source.end:
                stop = min(self.source.end, self._high + _CHUNK)
                self._after.extend(self._matching(self._high, stop))
                self._high = stop
            else:
                start = max(self.source.first, self._low - _CHUNK)
                self._before.extend(reversed(self._matching(start, self._low)))
                self._low = start
            if perf_counter() >= deadline:
                break
        return self.busy

    def _matching(self, start: int, stop: int) -> list[int]:
        passes, source = self._predicate, self.source
        assert passes is not None
        start = max(start, source.first)
        found: list[int] = []
        for seq, line in enumerate(source.lines(start, stop), start):
            text = line.text
            if line.mark or passes(text if len(text) <= SEARCHED else text[:SEARCHED]):
                found.append(seq)
        return found
