"""The lines that a viewer shows: all lines of a source, or those that a filter lets through.

Lines are addressed by their number in the source, which never changes while old ones fall off its start, so
what a reader looks at stays where it is. What is shown is found in slices, from where the reader is to the
end and then backwards, and each line is looked at once: does it match, is it near a match, is it folded into
a line before it, does it repeat the line before it. Pure Python, no screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from k8stui.ui.widgets.lines.index import SeqIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_CHUNK = 512
SEARCHED = 65_536
"""Characters of a line that filters and searches look at: an hour-long match would stop the screen."""


class LineLike(Protocol):
    """A line (`kube.logs.types.LogLine`)."""

    @property
    def time(self) -> str: ...
    @property
    def source(self) -> Any: ...
    @property
    def text(self) -> str: ...
    @property
    def mark(self) -> str: ...


class LineSource(Protocol):
    """Lines by absolute number, from `first` to before `end` (`kube.logs.buffer.LogBuffer`)."""

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


class Matcher(Protocol):
    """Decides which lines match."""

    def matching(self, start: int, lines: Sequence[Any], source: LineSource) -> list[int]:
        """Numbers of those of the lines (the first has the number `start`) that match."""
        ...


@dataclass(frozen=True, slots=True)
class LineView:
    """Which lines of a source are shown, and how they are gathered."""

    matcher: Matcher | None = None
    before: int = 0
    """Lines shown before each match."""
    after: int = 0
    folds: Callable[[int, Any], bool] | None = None
    """Whether a line, by number, is hidden in the one before it (a line of a stack trace)."""
    keeps_matches: bool = False
    """A line that matches is shown even if it could be folded."""
    head: Callable[[int, Any], int | None] | None = None
    """The line that such a hidden line is shown in."""
    repeats: Callable[[Any], str] | None = None
    """What makes two lines the same; of neighbours that are, the last is shown, with their count."""
    alike: Callable[[int, int], bool] | None = None
    """Whether what is folded into two such lines is the same too: nothing else may go with a repeat."""

    @property
    def shows_all(self) -> bool:
        """Every line is shown."""
        return self.matcher is None and self.folds is None and self.repeats is None


EVERYTHING = LineView()


class LineModel:
    """The shown lines of a source, by index from the top, and by number."""

    def __init__(self, source: LineSource) -> None:
        self.source = source
        self.view = EVERYTHING
        self._shown = SeqIndex()
        self._runs: dict[int, int] = {}
        self._low = self._high = 0
        # The outermost lines decided on, and how far context still reaches beyond what was looked at.
        self._top = self._bottom = self._due_up = self._due_down = 0
        self._keys: tuple[str, str] = ("", "")
        self._late: tuple[int, int] | None = None
        """The last two lines, where they are the same but for what was folded into them by then."""
        self.generation = 0
        """Goes up when the shown lines are others altogether."""

    @property
    def filtered(self) -> bool:
        """Not every line is shown."""
        return not self.view.shows_all

    @property
    def busy(self) -> bool:
        """Lines are still to be looked at by `step`."""
        return self.filtered and (self._low > self.source.first or self._high < self.source.end)

    @property
    def looked(self) -> tuple[int, int]:
        """The lines looked at: from one number to before another. All of them while all are shown."""
        if not self.filtered:
            return self.source.first, self.source.end
        return max(self._low, self.source.first), max(self._high, self.source.first)

    @property
    def progress(self) -> tuple[int, int]:
        """Lines looked at, and all there are."""
        low = max(self._low, self.source.first)
        return self._high - low if self.filtered else 0, self.source.end - self.source.first

    def set_source(self, source: LineSource) -> None:
        """Other lines from now on."""
        self.source = source
        self.set_view(self.view)

    def set_view(self, view: LineView, near: int | None = None) -> None:
        """Show other lines of the source; they are looked for from line `near` on (None: from the end)."""
        self.view = view
        self._shown, self._runs = SeqIndex(), {}
        end = self.source.end
        start = end if near is None else min(max(near, self.source.first), end)
        self._low = self._high = self._due_up = self._due_down = start
        self._top, self._bottom = start, start - 1
        self._keys, self._late = ("", ""), None
        self.generation += 1

    def __len__(self) -> int:
        """How many lines are shown (as far as they are known by now)."""
        return len(self._shown) if self.filtered else self.source.end - self.source.first

    def seq_at(self, index: int) -> int | None:
        """The number of the line at an index, or None outside."""
        if not 0 <= index < len(self):
            return None
        return self._shown.at(index) if self.filtered else self.source.first + index

    def index_of(self, seq: int) -> int:
        """The index of a line, or of the next one that is shown; `len(self)` after the last."""
        if not self.filtered:
            return min(max(0, seq - self.source.first), len(self))
        return self._shown.place_of(seq)

    def shows(self, seq: int) -> bool:
        """Whether a line is shown."""
        if not self.filtered:
            return self.source.first <= seq < self.source.end
        return self._shown.has(seq)

    def holder(self, seq: int) -> int | None:
        """The shown line that a line can be seen in: itself, or the one that it is folded into; else None."""
        if self.shows(seq):
            return seq
        line, view = self.line(seq), self.view
        if line is None or line.mark:
            return None
        head = None if view.head is None else view.head(seq, line)
        if head is not None:
            return head if self._shown.has(head) else None
        last = self.seq_at(self.index_of(seq))
        if view.repeats is None or last is None or self.run_of(last) < 2:
            return None
        if view.matcher is not None and not view.matcher.matching(seq, (line,), self.source):
            return None
        return last if view.repeats(line) == view.repeats(self.source.line(last)) else None

    def run_of(self, seq: int) -> int:
        """How many lines that say the same are shown as this one."""
        return self._runs.get(seq, 1)

    def shown_between(self, start: int, stop: int) -> Iterable[int]:
        """Numbers of the shown lines from `start` to before `stop`."""
        if not self.filtered:
            return range(max(start, self.source.first), min(stop, self.source.end))
        return self._shown.between(start, stop)

    def held(self) -> Iterator[tuple[int, Any]]:
        """Numbers and lines of what is shown at this moment, also of those that fall off afterwards."""
        first, end = self.source.first, self.source.end
        lines, seqs = self.source.lines(first, end), self.shown_between(first, end)
        return ((seq, lines[seq - first]) for seq in seqs)

    def is_match(self, seq: int) -> bool:
        """Whether a shown line matches by itself, and is not only near one that does."""
        view, line = self.view, self.line(seq)
        if view.matcher is None or not (view.before or view.after) or line is None:
            return True
        return bool(view.matcher.matching(seq, (line,), self.source))

    def line(self, seq: int) -> Any:
        """A line by its number, or None when it has fallen off since its number was found."""
        return self.source.line(seq) if self.source.first <= seq < self.source.end else None

    def trim(self) -> None:
        """Forget lines that fell off the source."""
        first = self.source.first
        self._shown.drop_before(first)
        self._high = max(self._high, first)
        if len(self._runs) > 64:
            for seq in [seq for seq in self._runs if seq < first]:
                del self._runs[seq]

    def step(self, budget: float = 0.006) -> bool:
        """Look at lines for about `budget` seconds, later ones first; True while there are more."""
        deadline = perf_counter() + budget
        self.trim()
        while self.busy:
            if self._high < self.source.end:
                self._look_up(min(self.source.end, self._high + _CHUNK))
            else:
                self._look_down(max(self.source.first, self._low - _CHUNK))
            if perf_counter() >= deadline:
                break
        return self.busy

    def _look_up(self, stop: int) -> None:
        start, view = self._high, self.view
        self._high = stop
        matched = self._matching(start, stop)
        shown: Sequence[int] = matched
        if view.before or view.after:
            shown, last = [], self._bottom
            reach = [(start, self._due_up), *((seq - view.before, seq + view.after + 1) for seq in matched)]
            for low, high in reach:
                low, high = max(low, last + 1, self._low, self.source.first), min(high, stop)
                if high > low:
                    shown.extend(range(low, high))
                    last = high - 1
            self._bottom = last
            self._due_up = max(self._due_up, matched[-1] + view.after + 1 if matched else 0)
        shown = self._unfolded(shown, matched)
        if view.repeats is None:
            self._shown.add_above(shown)
        else:
            self._add_up(shown, view.repeats)

    def _look_down(self, start: int) -> None:
        stop, view = self._low, self.view
        self._low = start
        matched = self._matching(start, stop)
        shown: Sequence[int] = matched[::-1]
        if view.before or view.after:
            shown, first = [], self._top
            reach = [(self._due_down, stop)]
            reach += [(seq - view.before, seq + view.after + 1) for seq in reversed(matched)]
            for low, high in reach:
                low, high = max(low, start), min(high, first, self._high)
                if high > low:
                    shown.extend(range(high - 1, low - 1, -1))
                    first = low
            self._top = first
            self._due_down = min(self._due_down, matched[0] - view.before if matched else stop)
        shown = self._unfolded(shown, matched)
        if view.repeats is None:
            self._shown.add_below(shown)
        else:
            self._add_down(shown, view.repeats)

    def _matching(self, start: int, stop: int) -> list[int]:
        matcher, source = self.view.matcher, self.source
        start = max(start, source.first)
        if matcher is None:
            return list(range(start, stop))
        return matcher.matching(start, source.lines(start, stop), source)

    def _unfolded(self, shown: Sequence[int], matched: Sequence[int]) -> Sequence[int]:
        """Those of the lines that are not folded into the line before them."""
        folds, line_of = self.view.folds, self.source.line
        if folds is None:
            return shown
        kept = frozenset(matched) if self.view.keeps_matches else ()
        return [seq for seq in shown if seq in kept or not folds(seq, line_of(seq))]

    def _add_up(self, rising: Sequence[int], key_of: Callable[[Any], str]) -> None:
        first_key, last_key = self._keys
        for seq in rising:
            line = self.source.line(seq)
            key = "" if line.mark else key_of(line)
            self._join_late()
            if key and key == last_key and (before := self._shown.last) is not None:
                if self._alike(before, seq):
                    self._shown.pop_last()
                    self._runs[seq] = self._runs.pop(before, 1) + 1
                else:
                    self._late = before, seq
            if not len(self._shown):
                first_key = key
            self._shown.add_above((seq,))
            last_key = key
        self._keys = (first_key, last_key)

    def _alike(self, one: int, other: int) -> bool:
        alike = self.view.alike
        return alike is None or (one >= self.source.first and alike(one, other))

    def _join_late(self) -> None:
        """The last two lines may be the same by now: what is folded into a line comes after it."""
        pair, self._late = self._late, None
        shown = self._shown
        if pair is None or len(shown) < 2 or shown.at(len(shown) - 2) != pair[0] or not self._alike(*pair):
            return
        before, last = pair
        self._runs[last] = self._runs.pop(last, 1) + self._runs.pop(before, 1)
        shown.pop_last()
        shown.pop_last()
        shown.add_above((last,))

    def _add_down(self, falling: Sequence[int], key_of: Callable[[Any], str]) -> None:
        first_key, last_key = self._keys
        for seq in falling:
            line = self.source.line(seq)
            key = "" if line.mark else key_of(line)
            first = self._shown.first
            if key and key == first_key and first is not None:
                if self._alike(seq, first):
                    self._runs[first] = self._runs.get(first, 1) + 1
                    continue
                if len(self._shown) == 1:
                    self._late = seq, first
            if first is None:
                last_key = key
            self._shown.add_below((seq,))
            first_key = key
        self._keys = (first_key, last_key)
