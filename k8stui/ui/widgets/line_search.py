"""Searching lines for a pattern, forward or back from a line, in slices."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from k8stui.ui.widgets.line_model import SEARCHED, LineModel

if TYPE_CHECKING:
    import re

_CHUNK = 256


class LineSearch:
    """One search over the shown lines of a model."""

    def __init__(self, model: LineModel) -> None:
        self._model = model
        self.pattern: re.Pattern[str] | None = None
        self.found: int | None = None
        """Number of the line with the match that was found last."""
        self.running = False
        self._next = 0
        self._left = 0
        self._step = 1

    def start(self, pattern: re.Pattern[str] | None, seq: int, *, forward: bool = True) -> None:
        """Look for a pattern from a line on, that line included."""
        self.pattern, self.found = pattern, None
        self._begin(seq, forward, skip=0)

    def go_on(self, *, forward: bool = True, seq: int) -> None:
        """Look for the next match after the one found last (or from line `seq`), round the end."""
        self._begin(seq if self.found is None else self.found, forward, skip=0 if self.found is None else 1)

    def stop(self) -> None:
        """No search any more."""
        self.pattern, self.found, self.running = None, None, False

    def _begin(self, seq: int, forward: bool, skip: int) -> None:
        self._step = 1 if forward else -1
        self._next = self._model.index_of(seq) + skip * self._step
        self._left = len(self._model)
        self.running = self.pattern is not None and self._left > 0
        if not self.running:
            self.found = None

    def step(self, budget: float = 0.006) -> None:
        """Look at lines for about `budget` seconds; `running` ends with a match or when all are seen."""
        deadline = perf_counter() + budget
        while self.running and perf_counter() < deadline:
            self._look(_CHUNK)

    def _look(self, lines: int) -> None:
        model, pattern = self._model, self.pattern
        count = len(model)
        if pattern is None or not count:
            self.running = False
            return
        for _ in range(min(lines, self._left)):
            seq = model.seq_at(self._next % count)
            self._next += self._step
            self._left -= 1
            line = None if seq is None else model.line(seq)
            if line is not None and pattern.search(line.text[:SEARCHED]) is not None:
                self.found, self.running = seq, False
                return
        if self._left <= 0:
            self.found, self.running = None, False
