"""Keys, mouse, copying and text selection of a table.

Everything here moves the cursor, marks or scrolls; nothing acts on the cluster. Mixed into `VirtualTable`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding, BindingType

from k8stui.ui.widgets.table.messages import Activated, CursorMoved, FilterCount, MarksChanged, SortChanged
from k8stui.ui.widgets.table.row_painter import GUTTER
from k8stui.ui.widgets.virtual_scroll import VirtualScroll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from textual import events
    from textual.selection import Selection

    from k8stui.ui.widgets.filters import Filter
    from k8stui.ui.widgets.table.columns import TableColumns
    from k8stui.ui.widgets.table.row_model import RowModel
    from k8stui.ui.widgets.table.row_painter import RowPainter

MOST_SELECTED_LINES = 20_000
MOST_FIRST = frozenset({"RESTARTS", "CPU", "CPU(CORES)", "MEM", "MEMORY", "MEMORY(BYTES)"})
"""Columns of which one looks for the largest value: sorting by them begins with it, as in k9s."""


def _binding(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, name, show=False, id=f"table.{action.replace('_', '-')}", tooltip=tooltip)


class TableActions(VirtualScroll):
    """What a reader does with a table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _binding("up,k", "cursor_up", "Up", "Move to the row above"),
        _binding("down,j", "cursor_down", "Down", "Move to the row below"),
        _binding("pageup,ctrl+b", "page_up", "Page up", "Move one page up"),
        _binding("pagedown,ctrl+f", "page_down", "Page down", "Move one page down"),
        _binding("home,g", "first", "First", "Move to the first row"),
        _binding("end,G", "last", "Last", "Move to the last row"),
        _binding("left", "column_left", "Left", "Scroll one column to the left"),
        _binding("right", "column_right", "Right", "Scroll one column to the right"),
        _binding("enter", "activate", "Open", "Open what is under the cursor"),
        _binding("space", "mark", "Mark", "Mark the row, or take its mark away"),
        _binding("ctrl+space,ctrl+@", "mark_range", "Mark range", "Mark from the last mark to here"),
        _binding("ctrl+backslash", "unmark_all", "Unmark", "Take all marks away"),
    ]

    model: RowModel
    now: Callable[[], datetime]
    _columns: TableColumns
    _painter: RowPainter
    _told_cursor: str | None = None
    _told_count: tuple[int, int, bool] = (0, 0, False)
    _told_marks: int = 0

    # Given by the table

    @property
    def page_rows(self) -> int:
        """Rows that fit on the screen."""
        raise NotImplementedError

    @property
    def fixed_cells(self) -> int:
        """Cells at the left that do not scroll."""
        raise NotImplementedError

    def update_lines(self, *, ticked: bool = False) -> None:
        """Refresh the lines that no longer look as they were painted."""
        raise NotImplementedError

    def measure(self, *, sample: bool = True) -> None:
        """Let columns grow to what is on screen."""
        raise NotImplementedError

    def urge(self) -> None:
        """There is work that the reader waits for."""
        raise NotImplementedError

    def row_text(self, uid: str, index: int) -> str:
        """The line of a row."""
        raise NotImplementedError

    # Order and choice

    def sort_by(self, column: int | str | None, *, reverse: bool | None = None) -> bool:
        """Sort by a column of the printer, by number or name (any case); None is the natural order.

        `reverse` None turns the order round when the column is sorted by already, else begins with what one
        looks for. False when there is no such column.
        """
        model = self.model
        if isinstance(column, str):
            names = [c.name.lower() for c in model.printer.columns]
            if column.lower() not in names:
                return False
            column = names.index(column.lower())
        if reverse is None and column is not None:
            same = column == model.sort_column
            reverse = not model.sort_reverse if same else model.printer.columns[column].name in MOST_FIRST
        reverse = bool(reverse)
        model.sort_by(column, reverse=reverse)
        self.post_message(SortChanged(self, column, reverse))
        self.refresh()
        self.urge()
        return True

    def set_filter(self, query: Filter | str) -> str:
        """Show only what passes; returns what is wrong with the text, in a sentence, or nothing."""
        self.model.set_filter(query)
        self.urge()
        return self.model.filter.note

    def narrow(self, predicate: Callable[[Any], bool] | None) -> None:
        """Show only objects that pass (what another pane points at); None shows all again."""
        self.model.narrow(predicate)
        self.urge()

    def set_faults_only(self, on: bool) -> None:
        """Show only what has something wrong."""
        self.model.set_faults_only(on)
        self.urge()

    def cursor_to(self, uid: str) -> bool:
        """Put the cursor on an object and scroll to it; False when it is not shown."""
        found = self.model.cursor_to(uid)
        self._moved()
        return found

    def mark(self, uids: Sequence[str]) -> tuple[str, ...]:
        """As `RowModel.mark`."""
        missing = self.model.mark(uids)
        self._moved()
        return missing

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.model.marks.clear()
        self._moved()

    # Actions

    def action_cursor_up(self) -> None:
        """One row up."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self._move(1)

    def action_page_up(self) -> None:
        """One page up."""
        self._move(-max(1, self.page_rows - 1), paging=True)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(max(1, self.page_rows - 1), paging=True)

    def action_first(self) -> None:
        """To the first row."""
        self.model.cursor_to_index(0)
        self._moved(far=True)

    def action_last(self) -> None:
        """To the last row."""
        self.model.cursor_to_index(len(self.model) - 1)
        self._moved(far=True)

    def action_column_left(self) -> None:
        """Scroll one column to the left."""
        self.jump(x=self._columns.next_stop(self.scroll_offset.x, -1, self.size.width - GUTTER))

    def action_column_right(self) -> None:
        """Scroll one column to the right, as far as there is something to see."""
        self.jump(x=self._columns.next_stop(self.scroll_offset.x, 1, self.size.width - GUTTER))

    def action_activate(self) -> None:
        """Open the object under the cursor."""
        if (uid := self.model.cursor_uid) is not None:
            self.post_message(Activated(self, uid))

    def action_mark(self) -> None:
        """Mark the object under the cursor and go on to the next row."""
        self.model.mark_cursor()
        self._move(1)

    def action_mark_range(self) -> None:
        """Mark everything from the last mark to the cursor."""
        self.model.mark_range()
        self._moved()

    def action_unmark_all(self) -> None:
        """Take all marks away."""
        self.clear_marks()

    def _move(self, rows: int, *, paging: bool = False) -> None:
        self.model.cursor_by(rows)
        if paging:
            self.jump(y=self.scroll_offset.y + rows)
        self._moved(far=paging)

    def _moved(self, *, far: bool = False) -> None:
        self.keep_cursor_in_view()
        if far:
            self.measure(sample=False)
        self.update_lines()
        self.tell()

    def keep_cursor_in_view(self) -> None:
        """Scroll as little as needed to see the cursor."""
        index = self.model.cursor_index
        if index is None or not self.size:
            return
        top, page = self.scroll_offset.y, self.page_rows
        if index < top:
            self.jump(y=index)
        elif index >= top + page:
            self.jump(y=index - page + 1)

    def tell(self) -> None:
        """Post what is different from what was told last."""
        model = self.model
        cursor = model.cursor_uid
        if cursor != self._told_cursor and (cursor is not None or not model.busy):
            self._told_cursor = cursor
            self.post_message(CursorMoved(self, cursor))
        count = (len(model), model.total, model.progress is not None)
        if count != self._told_count:
            self._told_count = count
            self.post_message(FilterCount(self, *count))
        if len(model.marks) != self._told_marks:
            self._told_marks = len(model.marks)
            self.post_message(MarksChanged(self, self._told_marks))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Header: sort. Gutter: mark. Row: select; twice: open."""
        # Textual would select all text of the table on a double click.
        event.prevent_default()
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y == 0:
            scrolled = 0 if place.x < self.fixed_cells else self.scroll_offset.x
            column = self._columns.column_at(place.x - GUTTER + scrolled)
            if column is not None and place.x >= GUTTER:
                self.sort_by(column.number)
            return
        uid = self.model.uid_at(self.scroll_offset.y + place.y - 1)
        if uid is None:
            return
        self.model.cursor_to(uid)
        if place.x < GUTTER or event.ctrl:
            self.model.mark_cursor()
        elif event.shift:
            self.model.mark_range()
        elif event.chain == 2:
            self.post_message(Activated(self, uid))
        self._moved()

    # Text

    def copy_text(self, what: Literal["row", "marked", "name", "names", "shown"] = "row") -> str:
        """Text to copy: the row under the cursor, the marked rows (or that row), names, or all shown.

        Cells are separated by tabs, rows by line ends. Text is safe to paste: no control characters.
        """
        model = self.model
        cursor = model.cursor_uid
        uids = [] if cursor is None else [cursor]
        if what in ("marked", "names") and model.marks:
            uids = model.marked()
        elif what == "shown":
            uids = model.slice(0, len(model))
        objects = [obj for uid in uids if (obj := model.object(uid)) is not None]
        if what in ("name", "names"):
            return "\n".join(obj.metadata.name for obj in objects)
        shown = [column.number for column in self._columns.placed]
        rows = (self._painter.cells(obj, self.now()) for obj in objects)
        return "\n".join("\t".join(cells[number] for number in shown) for cells in rows)

    def all_lines(self) -> Iterator[str]:
        """The header and the rows that are shown, cells parted by tabs."""
        placed = self._columns.placed
        model, now = self.model, self.now()
        yield "\t".join(column.name for column in placed)
        for uid in model.slice(0, len(model)):
            if (obj := model.object(uid)) is not None:
                cells = self._painter.cells(obj, now)
                yield "\t".join(cells[column.number] for column in placed)

    def copy_cell(self, column: int) -> str:
        """The text of a cell of the row under the cursor, by the printer's number of the column."""
        obj = None if self.model.cursor_uid is None else self.model.object(self.model.cursor_uid)
        return "" if obj is None else self._painter.cells(obj, self.now())[column]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under a selection by mouse: lines as painted, columns that are scrolled out too."""
        start = 0 if selection.start is None else max(0, selection.start.y)
        stop = len(self.model) if selection.end is None else selection.end.y + 1
        stop = min(stop, start + MOST_SELECTED_LINES)
        lines: list[str] = []
        for index, uid in enumerate(self.model.slice(start, stop), start):
            if (span := selection.get_span(index)) is not None:
                text = self.row_text(uid, index)
                lines.append(text[span[0] : None if span[1] < 0 else span[1]])
        return ("\n".join(lines), "\n") if lines else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Another stretch of text is selected."""
        self.refresh()
