"""What a table tells its parents. Few and typed; never one for each change of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class TableMessage(Message):
    """Something happened in a table."""

    def __init__(self, table: Widget) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        """The table, for `@on(..., selector)`."""
        return self.table


class CursorMoved(TableMessage):
    """Another object is under the cursor (None: no row is left)."""

    def __init__(self, table: Widget, uid: str | None) -> None:
        super().__init__(table)
        self.uid = uid

    def can_replace(self, message: Message) -> bool:
        """Only the last place counts."""
        return isinstance(message, CursorMoved) and message.table is self.table


class Activated(TableMessage):
    """Enter or a double click on an object."""

    def __init__(self, table: Widget, uid: str) -> None:
        super().__init__(table)
        self.uid = uid


class SortChanged(TableMessage):
    """The order is another one; `column` is a number of the printer's columns, None the natural order."""

    def __init__(self, table: Widget, column: int | None, reverse: bool) -> None:
        super().__init__(table)
        self.column = column
        self.reverse = reverse


class MarksChanged(TableMessage):
    """So many objects are marked now."""

    def __init__(self, table: Widget, count: int) -> None:
        super().__init__(table)
        self.count = count


class FilterCount(TableMessage):
    """So many rows of so many objects are shown; `searching` while not all have been looked at."""

    def __init__(self, table: Widget, shown: int, total: int, searching: bool) -> None:
        super().__init__(table)
        self.shown = shown
        self.total = total
        self.searching = searching

    def can_replace(self, message: Message) -> bool:
        """Only the last count counts."""
        return isinstance(message, FilterCount) and message.table is self.table
