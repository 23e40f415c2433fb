"""The lines of an emulator, scrollback and screen as one, by numbers that stay.

A line keeps its number while lines above it fall off; only a new width (which wraps anew) gives new numbers.
Read only; nothing here paints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8stui.terminal.emulator import Emulator
    from k8stui.terminal.line import HistoryLine, Line


class Place(NamedTuple):
    """A cell: number of the line, column from 0."""

    line: int
    column: int


class TerminalLines:
    """What the page that is shown has to show: numbers from `first` to before `end`."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    @property
    def above(self) -> int:
        """Lines of scrollback."""
        history = self._emulator.screen.grid.history
        return len(history) if history is not None else 0

    @property
    def first(self) -> int:
        """Number of the oldest line that is kept."""
        return self._emulator.screen.grid.scrolled - self.above

    @property
    def top(self) -> int:
        """Number of the screen's first line."""
        return self._emulator.screen.grid.scrolled

    @property
    def end(self) -> int:
        """Number after the last."""
        return self.top + len(self._emulator.screen.grid.rows)

    def __len__(self) -> int:
        return self.end - self.first

    def line(self, number: int) -> Line | None:
        """The line of that number; None where it fell off, or is not there yet."""
        grid = self._emulator.screen.grid
        if number >= self.top:
            row = number - self.top
            return grid.rows[row] if row < len(grid.rows) else None
        kept = self._kept(number)
        return kept.expand() if kept is not None else None

    def _kept(self, number: int) -> HistoryLine | None:
        history = self._emulator.screen.grid.history
        index = number - self.first
        return history[index] if history is not None and 0 <= index < len(history) else None

    def cells(self, number: int) -> list[str]:
        """The cells of a line: a character with what joins it, "" in the second cell of a wide one."""
        if number >= self.top:
            line = self.line(number)
            return list(line.chars) if line is not None else []
        kept = self._kept(number)
        return list(kept.cells) if kept is not None else []

    def link(self, place: Place) -> str:
        """The address that a cell links to (OSC 8); "" for none."""
        line = self.line(place.line)
        if line is None or not 0 <= place.column < len(line.styles):
            return ""
        return line.styles[place.column].link

    def text(self, number: int) -> str:
        """The text of a line, without the blanks at its end."""
        return "".join(self.cells(number)).rstrip(" ")

    def wrapped(self, number: int) -> bool:
        """Whether the text goes on in the next line."""
        if number >= self.top:
            line = self.line(number)
            return line is not None and line.wrapped
        kept = self._kept(number)
        return kept is not None and kept.wrapped

    def paragraph(self, number: int) -> tuple[int, int]:
        """The lines [start, end) that are one line of the program's, wrapped at the margin."""
        start = end = number
        while start > self.first and self.wrapped(start - 1):
            start -= 1
        while end < self.end - 1 and self.wrapped(end):
            end += 1
        return start, end + 1

    def texts(self) -> Iterator[str]:
        """All text, wrapped lines joined again; blank lines at the end are left out."""
        held: list[str] = []
        blank = 0
        for number in range(self.first, self.end):
            if self.wrapped(number):
                held.append("".join(self.cells(number)))
                continue
            held.append(self.text(number))
            text = "".join(held)
            held = []
            if not text:
                blank += 1
                continue
            yield from [""] * blank
            blank = 0
            yield text
        if held:
            yield "".join(held)
