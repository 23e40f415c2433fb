"""Which columns a table shows, how wide, and where.

Widths come from the header and a sample of rows, and change only when they are asked for anew, so that
the table stands still while its cells change. Where there is room, columns are as kubectl prints them; where
there is not, a column that says of itself what it can spare (`kinds.Column`) gives way first. Never looks at
all rows.
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

FILLER = 44
"""Cells that a column which fills the rest (a message) keeps while others can give way."""

FILLER_LEAST = 30
"""With fewer cells than these such a column is hard to read: others are left out before."""

PINNED = ("NAMESPACE", "NAME")
"""Columns at the left that stay when the others scroll."""

LEFT_TO_SCROLL = 12
"""Nothing is pinned where that would leave fewer cells for the columns that scroll."""


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

    def pinned(self, available: int) -> int:
        """Cells at the left that do not scroll, in a table of `available` cells."""
        end = 0
        for column in self.placed:
            if column.name not in PINNED:
                break
            end = column.x + column.width + GAP
        return end if available - end >= LEFT_TO_SCROLL else 0

    def next_stop(self, scroll_x: int, direction: int, available: int) -> int:
        """Where a scroll by one column to the right (1) or left (-1) ends."""
        pinned = self.pinned(available)
        starts = [column.x - pinned for column in self.placed if column.x >= pinned]
        if direction > 0:
            return next((x for x in starts if x > scroll_x), scroll_x)
        return next((x for x in reversed(starts) if x < scroll_x), 0)

    def _place(self) -> None:
        shown = [i for i, c in enumerate(self._columns) if self._wide or c.priority <= 0]
        widths = self._widths(shown)
        placed: list[PlacedColumn] = []
        x = 0
        for index, width in widths.items():
            column = self._columns[index]
            placed.append(PlacedColumn(index, column.name, x, width, column.align == "right", column.live))
            x += width + GAP
        if (new := tuple(placed)) != self.placed:
            self.placed = new
            self.generation += 1

    def _widths(self, shown: list[int]) -> dict[int, int]:
        """The widths of the columns that are shown, by number; some may have to go."""
        widths: dict[int, int] = {}
        for index in shown:
            header = width_of(self._columns[index].name)
            cap = WIDEST_LAST if index == shown[-1] else WIDEST
            widths[index] = max(header, min(self._needed.get(index, 0), cap))
        if not self._available:
            return widths
        filler = next((i for i in widths if getattr(self._columns[i], "fills", False)), None)
        if filler is None:
            self._give_way(widths, dict.fromkeys(widths, SHRINK_TO))
            return widths
        self._fill(widths, filler)
        return widths

    def _fill(self, widths: dict[int, int], filler: int) -> None:
        """Make room for the column that fills: it is cut first, but others go before it is of no use."""
        floors = {i: getattr(self._columns[i], "floor", 0) or SHRINK_TO for i in widths}
        wish = floors[filler] = min(widths[filler], FILLER)
        self._give_way(widths, {index: wish if index == filler else widths[index] for index in widths})
        yields = sorted((when, i) for i in widths if (when := getattr(self._columns[i], "yields", 0)))
        for when, index in yields:
            cut = widths if when == 1 else {i: min(width, floors[i]) for i, width in widths.items()}
            if self._over(cut) > (0 if when == 1 else wish - FILLER_LEAST):
                del widths[index]
        self._give_way(widths, floors)
        self._give_way(widths, {**floors, filler: SHRINK_TO})

    def _over(self, widths: dict[int, int]) -> int:
        """Cells that are missing for these widths."""
        return sum(widths.values()) + GAP * len(widths) - self._available

    def _give_way(self, widths: dict[int, int], floors: dict[int, int]) -> None:
        """Take from the widest columns that are above their floors until all fit."""
        while (over := self._over(widths)) > 0:
            able = {i: width for i, width in widths.items() if width > floors[i]}
            if not able:
                return
            widest = max(able.values())
            tied = [i for i, width in able.items() if width == widest]
            below = [width for width in able.values() if width < widest]
            floor = max([*(floors[i] for i in tied), *below])
            cut = min(widest - floor, -(-over // len(tied)))
            for i in tied:
                widths[i] -= min(cut, max(0, over))
                over -= cut
