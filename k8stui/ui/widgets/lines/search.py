"""Searching the shown lines for a pattern: all matches are found and counted, from the reader outwards.

The first match in the direction asked for is known as soon as it is met; the rest are counted in slices.
New lines are looked at as they come.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.logs.lines import plain_text
from k8stui.ui.widgets.lines.index import SeqIndex
from k8stui.ui.widgets.lines.model import SEARCHED, LineModel

if TYPE_CHECKING:
    import re

_CHUNK = 512


class Origin(NamedTuple):
    """Where a search begins, and whether it goes down from there."""

    seq: int
    forward: bool = True


def _plain(text: str) -> str:
    """What is searched of a line: what its reader sees of it, without escape sequences."""
    return plain_text(text if len(text) <= SEARCHED else text[:SEARCHED])


class LineSearch:
    """One search over the shown lines of a model."""

    def __init__(self, model: LineModel) -> None:
        self._model = model
        self.pattern: re.Pattern[str] | None = None
        self.found: int | None = None
        """Number of the line with the match that was found last."""
        self.matches = SeqIndex()
        """Numbers of all lines with a match, as far as they are known."""
        self.forward = True
        """Which way this search goes on."""
        self.seeking = 0
        """1 or -1 while the next match in that direction is being looked for."""
        self.arrived = False
        """What was looked for is known by now: for the viewer to go there, which sets this back."""
        self._base = 0
        self._inclusive = False
        self._low = self._high = 0
        self._generation = -1

    @property
    def running(self) -> bool:
        """Lines are still to be looked at."""
        return self.pattern is not None and (self.seeking != 0 or self._unseen)

    @property
    def _unseen(self) -> bool:
        low, high = self._model.looked
        return self._low > low or self._high < high

    @property
    def count(self) -> int:
        """Lines with a match, as far as they are known."""
        return len(self.matches)

    @property
    def place(self) -> int:
        """Which of the matches was found last, from 1; 0 for none."""
        return 0 if self.found is None else self.matches.place_of(self.found) + 1

    @property
    def summary(self) -> str:
        """What is looked for and how much of it was found, in a few words; "…" while more may be."""
        if self.pattern is None:
            return ""
        counted = f"{self.place:,} of {self.count:,}" if self.found is not None else f"{self.count:,}"
        return f"find {self.pattern.pattern} [{counted}{'…' if self.running else ''}]"

    def start(self, pattern: re.Pattern[str] | None, seq: int, *, forward: bool = True) -> None:
        """Look for a pattern from a line on, that line included."""
        self.pattern, self.found, self.forward = pattern, None, forward
        self._begin_at(seq, forward)
        self._seek(seq, forward, inclusive=True)

    def go_on(self, *, forward: bool = True, seq: int) -> None:
        """Look for the next match after the one found last (or from line `seq`), round the end."""
        self._seek(seq if self.found is None else self.found, forward, inclusive=self.found is None)

    def stop(self) -> None:
        """No search any more."""
        self.pattern, self.found, self.seeking, self.arrived = None, None, 0, False
        self.matches = SeqIndex()

    def _begin_at(self, seq: int, forward: bool) -> None:
        """Nothing is looked at yet; what is first is the line itself, whichever way it goes from there."""
        self.matches = SeqIndex()
        low, high = self._model.looked
        self._low = self._high = min(max(seq if forward else seq + 1, low), high)
        self._generation = self._model.generation

    def _seek(self, seq: int, forward: bool, *, inclusive: bool) -> None:
        self._base, self._inclusive = seq, inclusive
        self.seeking = 0
        if self.pattern is None or not len(self._model):
            self.found, self.arrived = None, self.pattern is not None
            return
        self.seeking = 1 if forward else -1
        self._resolve()

    def step(self, budget: float = 0.006) -> None:
        """Look at lines for about `budget` seconds."""
        deadline = perf_counter() + budget
        model = self._model
        if self._generation != model.generation:
            self._begin_at(self._base, self.seeking >= 0)
        low, high = model.looked
        self.matches.drop_before(low)
        self._low, self._high = max(self._low, low), max(self._high, low)
        while self.pattern is not None and self._unseen:
            upwards = self._high < high
            if upwards and (self.seeking >= 0 or self._low <= low):
                stop = min(high, self._high + _CHUNK)
                self.matches.add_above(self._look(self._high, stop))
                self._high = stop
            else:
                start = max(low, self._low - _CHUNK)
                self.matches.add_below(self._look(start, self._low)[::-1])
                self._low = start
            self._resolve()
            if perf_counter() >= deadline:
                break
        self._resolve()

    def _look(self, start: int, stop: int) -> list[int]:
        model, pattern = self._model, self.pattern
        assert pattern is not None
        search, source = pattern.search, model.source
        start = max(start, source.first)
        found = [
            seq
            for seq, line in enumerate(source.lines(start, stop), start)
            if search(t if len(t := line.text) <= SEARCHED and "\x1b" not in t else _plain(t)) is not None
        ]
        return [seq for seq in found if self._is_seen(seq)] if model.filtered else found

    def _is_seen(self, seq: int) -> bool:
        """Whether a line with a match is shown, or is folded into one that is.

        Of lines that say the same the last one is shown: others count where it has no match itself.
        """
        at = self._model.holder(seq)
        if at is None or at <= seq:
            return at is not None
        line, pattern = self._model.line(at), self.pattern
        return pattern is not None and line is not None and pattern.search(_plain(line.text)) is None

    def _resolve(self) -> None:
        """The match that is looked for, if it is known by now."""
        if not self.seeking:
            return
        matches, base = self.matches, self._base
        place = matches.place_of(base)
        here = place < len(matches) and matches.at(place) == base
        if self.seeking > 0:
            place += here and not self._inclusive
            wraps, all_seen = place >= len(matches), not self._unseen
            place = 0 if wraps else place
        else:
            place -= not (here and self._inclusive)
            wraps, all_seen = place < 0, not self._unseen
            place = len(matches) - 1 if wraps else place
        if wraps and (not all_seen or self._model.busy):
            return
        self.seeking, self.arrived = 0, True
        self.found = matches.at(place) if len(matches) else None
