"""Which columns a table shows, how wide, and where.

Widths come from the header and a sample of rows, and change only when they are asked for anew, so that
the table stands still while its cells change. Never looks at all rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = 2
"""Cells between two columns. The first of them holds the arrow of the sorted column."""

WIDEST = 64
"""No column but the last is wider by itself."""

WIDEST_LAST = 400
SHRINK_TO = 20
"""Where the columns do not fit, the widest give way down to this."""


class PlacedColumn(NamedTuple):
    """A column on the screen."""

    number: int
    """Its number in the printer's columns (and cells)."""
    name: str
    x: int
    """First cell, counted from the first column's."""
    width: int
    right: bool
    live: bool


class TableColumns:
    """The columns on show, with stable widths."""

    def __init__(self, columns: Sequence[Any], *, wide: bool = False) -> None:
        self._columns = tuple(columns)
        self._wide = wide
        self._needed: dict[int, int] = {}
        self._available = 0
        self.placed: tuple[PlacedColumn, ...] = ()
        self.generation = 0
        """Goes up with every change of what is placed where."""
        self._place()

    @property
    def width(self) -> int:
        """Cells of all columns, with the gap after the last."""
        return self.placed[-1].x + self.placed[-1].width + GAP if self.placed else 0

    @property
    def wide(self) -> bool:
        """Columns of priority above 0 are shown too."""
        return self._wide

    def set_columns(self, columns: Sequence[Any], *, wide: bool) -> None:
        """Other columns, or wide on or off: start measuring anew."""
        if tuple(columns) != self._columns:
            self._needed.clear()
        self._columns, self._wide = tuple(columns), wide
        self._place()

    def measure(self, rows: Iterable[Sequence[str]], available: int) -> bool:
        """Grow to what these cells need, in `available` cells; True when anything moved."""
        needed = self._needed
        for cells in rows:
            for index, text in enumerate(cells):
                size = width_of(text)
                if size > needed.get(index, 0):
                    needed[index] = size
        self._available = available
        before = self.placed
        self._place()
        return before != self.placed

    def column_at(self, x: int) -> PlacedColumn | None:
        """The column at a cell (counted from the first column's first cell), its gap included."""
        for column in self.placed:
            if column.x <= x < column.x + column.width + GAP:
                return column
        return None

    def next_stop(self, scroll_x: int, direction: int) -> int:
        """Where a scroll by one column to the right (1) or left (-1) ends."""
        starts = [column.x for column in self.placed]
        if direction > 0:
            return next((x for x in starts if x > scroll_x), scroll_x)
        return next((x for x in reversed(starts) if x < scroll_x), 0)

    def _place(self) -> None:
        shown = [i for i, c in enumerate(self._columns) if self._wide or c.priority <= 0]
        widths: list[int] = []
        for position, index in enumerate(shown):
            header = width_of(self._columns[index].name)
            cap = WIDEST_LAST if position == len(shown) - 1 else WIDEST
            widths.append(max(header, min(self._needed.get(index, 0), cap)))
        self._shrink(widths)
        placed: list[PlacedColumn] = []
        x = 0
        for index, width in zip(shown, widths, strict=True):
            column = self._columns[index]
            placed.append(PlacedColumn(index, column.name, x, width, column.align == "right", column.live))
            x += width + GAP
        if (new := tuple(placed)) != self.placed:
            self.placed = new
            self.generation += 1

    def _shrink(self, widths: list[int]) -> None:
        """Take from the widest columns until all fit, or none is wider than SHRINK_TO."""
        over = sum(widths) + GAP * len(widths) - self._available
        while self._available and over > 0 and widths:
            widest = max(widths)
            if widest <= SHRINK_TO:
                return
            tied = [i for i, width in enumerate(widths) if width == widest]
            floor = max([SHRINK_TO, *(width for width in widths if width < widest)])
            cut = max(1, min(widest - floor, -(-over // len(tied))))
            for i in tied:
                widths[i] -= min(cut, max(0, over))
                over -= cut
