"""Finding text in a terminal's scrollback: by plain text, case ignored unless a capital is typed. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from k8stui.ui.widgets.terminal.lines import TerminalLines

MOST = 10_000
"""Matches that are counted."""


class Match(NamedTuple):
    """Cells [start, end) of a line; of a match that is wrapped, those in its first line."""

    line: int
    start: int
    end: int


class Search:
    """One text that is looked for, and the match that is shown."""

    def __init__(self, text: str) -> None:
        self.text = text
        flags = re.NOFLAG if text != text.lower() else re.IGNORECASE
        self._pattern = re.compile(re.escape(text), flags)
        self.matches: list[Match] = []
        """From the oldest line to the newest, as of the last look."""
        self.current: Match | None = None
        self._lines: dict[int, list[Match]] = {}

    def look(self, lines: TerminalLines) -> None:
        """Find all matches anew."""
        self.matches, self._lines = [], {}
        if not self.text:
            return
        number = lines.first
        while number < lines.end and len(self.matches) < MOST:
            start, number = number, number + 1
            while lines.wrapped(number - 1) and number < lines.end:
                number += 1
            self._look_in(lines, start, number)

    def _look_in(self, lines: TerminalLines, start: int, end: int) -> None:
        text = "".join(lines.text(n) if n == end - 1 else "".join(lines.cells(n)) for n in range(start, end))
        found = [match.span() for match in self._pattern.finditer(text)]
        if not found:
            return
        # which cell each character of the text is in
        places = [
            (n, column) for n in range(start, end) for column, cell in enumerate(lines.cells(n)) for _ in cell
        ]
        for first, last in found:
            (line, column), (last_line, last_column) = places[first], places[last - 1]
            cells = lines.cells(line)
            finish = last_column + 1 if last_line == line else len(cells)
            if finish < len(cells) and cells[finish] == "":
                finish += 1
            self.matches.append(Match(line, column, finish))

    def step(self, lines: TerminalLines, by: int) -> Match | None:
        """Go to the match before (`by` -1, upwards) or after; round at the ends. None: there is none."""
        self.look(lines)
        if not self.matches:
            self.current = None
        elif self.current is None:
            self.current = self.matches[-1 if by < 0 else 0]
        else:
            here = self.current
            if by < 0:
                earlier = [match for match in self.matches if match[:2] < here[:2]]
                self.current = earlier[-1] if earlier else self.matches[-1]
            else:
                self.current = next((m for m in self.matches if m[:2] > here[:2]), self.matches[0])
        return self.current

    @property
    def position(self) -> tuple[int, int]:
        """Which match is shown, from 1 at the oldest, and how many there are."""
        if self.current is None:
            return 0, len(self.matches)
        return self.matches.index(self.current) + 1, len(self.matches)

    def in_line(self, number: int) -> list[tuple[int, int, bool]]:
        """Matches in a line: first cell, cell after the last, whether it is the current one."""
        if not self._lines:
            for match in self.matches:
                self._lines.setdefault(match.line, []).append(match)
        return [(match.start, match.end, match == self.current) for match in self._lines.get(number, ())]
