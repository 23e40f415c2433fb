"""Lines of cells: mutable ones on the screen, compact ones in the scrollback."""

from __future__ import annotations

from itertools import compress
from operator import is_not
from typing import NamedTuple

from k8stui.terminal.style import DEFAULT, Style

MAX_LINKS = 8192
"""Characters of links that one line of the scrollback may hold."""

Cell = tuple[str, Style]
"""A character with what joins it, and its style; "" in the second cell of a wide one."""


class Line:
    """One line of the screen.

    ``chars`` and ``styles`` have one entry a column. ``wrapped`` says that the text goes on
    in the next line because the margin was reached, not because of a line feed.
    ``wide`` is set once a character of two cells was written: only then edits must look
    for halves left behind.
    """

    __slots__ = ("chars", "styles", "wide", "wrapped")

    def __init__(self, columns: int, style: Style = DEFAULT) -> None:
        self.chars = [" "] * columns
        self.styles = [style] * columns
        self.wrapped = False
        self.wide = False

    def part(self, *boundaries: int) -> None:
        """Blank each wide character that straddles one of the column ``boundaries``."""
        chars = self.chars
        for at in boundaries:
            if 0 < at < len(chars) and chars[at] == "":
                chars[at - 1] = chars[at] = " "

    def fill(self, start: int, end: int, style: Style) -> None:
        """Erase cells [start, end) to blanks of ``style``."""
        if self.wide:
            self.part(start, end)
        self.chars[start:end] = [" "] * (end - start)
        self.styles[start:end] = [style] * (end - start)

    def insert(self, at: int, count: int, end: int, style: Style) -> None:
        """Shift cells [at, end) right by ``count``; what passes ``end`` is lost."""
        count = min(count, end - at)
        if self.wide:
            self.part(at, end - count, end)
        self.chars[at:end] = [" "] * count + self.chars[at : end - count]
        self.styles[at:end] = [style] * count + self.styles[at : end - count]

    def delete(self, at: int, count: int, end: int, style: Style) -> None:
        """Shift cells [at + count, end) left by ``count`` and blank what is freed."""
        count = min(count, end - at)
        if self.wide:
            self.part(at, at + count, end)
        self.chars[at:end] = self.chars[at + count : end] + [" "] * count
        self.styles[at:end] = self.styles[at + count : end] + [style] * count

    def compact(self) -> HistoryLine:
        """This line as the scrollback keeps it."""
        styles = self.styles
        first = styles[0]
        if styles.count(first) == len(styles):
            runs: tuple[tuple[int, Style], ...] = ((len(styles), first),)
        else:
            runs = _runs(styles)
            if sum(len(style.link) for _, style in runs) > MAX_LINKS:
                runs = tuple((count, style._replace(link="")) for count, style in runs)
        if self.wide:
            return HistoryLine(tuple(self.chars), runs, self.wrapped)
        text = "".join(self.chars)
        # a joined accent makes the text longer than its cells: then keep the cells
        cells: str | tuple[str, ...] = text if len(text) == len(self.chars) else tuple(self.chars)
        if isinstance(cells, str) and not self.wrapped and len(runs) == 1 and first is DEFAULT:
            cells = cells.rstrip(" ")
        return HistoryLine(cells, runs, self.wrapped)


def _runs(styles: list[Style]) -> tuple[tuple[int, Style], ...]:
    """Equal neighbours counted; equal styles are the same object nearly always, so identity will do."""
    starts = [0, *compress(range(1, len(styles)), map(is_not, styles, styles[1:]))]
    ends = [*starts[1:], len(styles)]
    return tuple((end - start, styles[start]) for start, end in zip(starts, ends, strict=True))


class HistoryLine(NamedTuple):
    """A line that left the screen: its cells (a string where each character is one cell), runs of styles."""

    cells: str | tuple[str, ...]
    runs: tuple[tuple[int, Style], ...]
    wrapped: bool

    def expand(self) -> Line:
        """A line of the screen again, as wide as it was."""
        width = sum(count for count, _ in self.runs)
        line = Line(0)
        line.chars = list(self.cells) + [" "] * (width - len(self.cells))
        line.styles = [style for count, style in self.runs for _ in range(count)]
        line.wrapped = self.wrapped
        line.wide = isinstance(self.cells, tuple)
        return line
