"""A table for any number of live rows.

Holds a `RowModel` and paints what is on screen of it, line by line. However many objects change, it works
at most every 50 ms, repaints the lines that look different and no others, and rests when nothing does. It
never asks the cluster for anything: it takes what its source has, and tells its parents by messages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual.strip import Strip

from k8stui.ui.widgets.pacing import Pacer
from k8stui.ui.widgets.painting import Palette, selected_style
from k8stui.ui.widgets.table import messages as table_messages
from k8stui.ui.widgets.table.actions import TableActions
from k8stui.ui.widgets.table.chrome import header_strip, message_strip
from k8stui.ui.widgets.table.columns import TableColumns
from k8stui.ui.widgets.table.row_model import RowModel
from k8stui.ui.widgets.table.row_painter import (
    GUTTER,
    Look,
    RowPainter,
    SeenRow,
    cropped,
    with_offsets,
    with_selection,
)
from k8stui.ui.widgets.table.states import MessageLine, Subject, message, phase_of, short_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.timer import Timer

    from k8stui.ui.widgets.protocols import ChangesLike, PrinterLike, RowSource, StateLike

_SAMPLE = 48
"""Rows measured for column widths beside those on screen."""


class VirtualTable(TableActions, can_focus=True):
    """Rows of one collection, live.

    Give it rows in one of two ways: `subscribe` with `wake=table.wake` and hand the subscription to
    `set_source`, or call `apply` with objects and changes. Ask `model` for what is shown and marked, and
    for `cursor_uid`; change sort, filter and the like through the table (`sort_by`, `set_filter`,
    `narrow`, ...), which repaints.

    Messages: `VirtualTable.CursorMoved`, `.Activated`, `.SortChanged`, `.MarksChanged`, `.FilterCount`.
    """

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    VirtualTable { scrollbar-size: 0 1; overflow: auto; height: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"virtual-table--{name}"
        for name in (
            *("header", "header-sorted", "cursor", "stripe", "marked", "gutter", "flash"),
            *("stale", "ok", "busy", "warn", "error", "done", "muted"),
            *("message", "message-title", "message-error"),
        )
    }
    CursorMoved = table_messages.CursorMoved
    Activated = table_messages.Activated
    SortChanged = table_messages.SortChanged
    MarksChanged = table_messages.MarksChanged
    FilterCount = table_messages.FilterCount

    def __init__(
        self,
        printer: PrinterLike,
        *,
        subject: Subject | None = None,
        wide: bool = False,
        follow_top: bool = False,
        ticks: bool = True,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`follow_top`: new rows on top are shown as they come, until the reader moves (events).

        `ticks`: repaint ages once a second; without, call `tick` from a clock shared by several tables.
        `clock` is the monotonic time in seconds, `now` the time of day that ages are counted from.
        """
        super().__init__(id=id, classes=classes)
        self.clock = clock
        self.now = now or (lambda: datetime.now(UTC))
        self.model = RowModel(printer, follow_top=follow_top, now=self.now)
        self.subject = subject or Subject()
        self.state: StateLike | None = None
        self._ticks = ticks
        self._source: RowSource | None = None
        self._palette = Palette(self, "virtual-table--")
        self._columns = TableColumns(printer.columns, wide=wide)
        self._painter = RowPainter(printer, self._columns, self._palette)
        self._painted: dict[int, Look | None] = {}
        self._pacer: Pacer | None = None
        self._flash_timer: Timer | None = None
        self._painted_message: tuple[MessageLine, ...] = ()
        self._measured: tuple[Any, ...] = (False,)

    # Rows in

    def set_source(self, source: RowSource | None) -> None:
        """Take rows from a subscription from now on (whose `wake` is this table's)."""
        self._source = source
        self.wake()

    def wake(self) -> None:
        """There is something to take, or to do. Cheap; called on the event loop, as often as need be."""
        if self._pacer is not None:
            self._pacer.wake()

    def urge(self) -> None:
        """The reader asked for something: do it in the next turn of the loop."""
        if self._pacer is not None:
            self._pacer.urge()

    def apply(self, objects: Mapping[str, Any], changes: ChangesLike) -> None:
        """Take in changes by hand; painted soon."""
        self.model.apply(objects, changes)
        self.set_state(changes.state)

    def set_state(self, state: StateLike | None) -> None:
        """The state of the collection: rows dim while it is stale, and messages tell it."""
        if state is not self.state:
            self.state = state
            self._painter.stale = phase_of(state) in ("stale", "denied", "gone")
        self.wake()

    # What is asked of the table

    @property
    def state_text(self) -> str:
        """The state in a few words (`stale since 12 s, next try in 4 s`); empty while all is well."""
        return short_state(self.state, self.model, self.clock())

    @property
    def cursor_uid(self) -> str | None:
        """The object under the cursor: what an action acts on."""
        return self.model.cursor_uid

    @property
    def wide(self) -> bool:
        """The wide columns are shown too."""
        return self._columns.wide

    def set_wide(self, on: bool) -> None:
        """Show the columns of `-o wide` too, or no longer."""
        self._columns.set_columns(self.model.printer.columns, wide=on)
        self._painter.forget()
        self.measure()
        self.refresh()

    def set_printer(self, printer: PrinterLike) -> None:
        """Other columns from now on (a Table's column definitions have come)."""
        self.model.set_printer(printer)
        self._painter.printer = printer
        self.set_wide(self.wide)
        self.wake()

    def set_subject(self, subject: Subject) -> None:
        """What the messages in the middle speak of."""
        self.subject = subject
        self.refresh()

    def tick(self) -> None:
        """Time went by: repaint rows whose ages read differently now, and let cut columns grow."""
        if self.display and self.is_attached:
            if self._painter.cut_short:
                self._painter.cut_short = False
                self.measure()
            self.update_lines(ticked=True)

    # Life

    def on_mount(self) -> None:
        """Start the clock and the pacer."""
        self._pacer = Pacer(self._work)
        if self._ticks:
            self.set_interval(1.0, self.tick)
        self.wake()

    def on_unmount(self) -> None:
        """Stop all work; the source is closed by whoever subscribed."""
        if self._pacer is not None:
            self._pacer.close()
        self._source = None
        # A widget's cycles may live on for long; twenty thousand objects shall not live on with them.
        self.model.release()
        self._painter.forget()

    def on_resize(self) -> None:
        """Columns may have more room, or less."""
        self._painted.clear()
        self.measure()
        self.keep_cursor_in_view()

    def notify_style_update(self) -> None:
        """The theme or the focus changed: styles are found anew."""
        super().notify_style_update()
        self._palette.clear()

    def _work(self) -> bool:
        """One run of the pacer: take, sort in, repaint. True while rows are still to be sorted in."""
        if self._source is not None:
            changes = self._source.take()
            self.model.apply(self._source.collection.objects, changes)
            if changes.state is not self.state:
                self.set_state(changes.state)
        anchor = self._anchor()
        more = self.model.step()
        self._measure_on_occasion()
        self.set_extent(GUTTER + self._columns.width, len(self.model) + 1)
        self._hold(anchor)
        self.update_lines()
        self.tell()
        return more

    # Keeping still

    def _anchor(self) -> tuple[str, int] | None:
        """A row and its line: the cursor's when it can be seen, else the first line's; None at the top."""
        model, top = self.model, self.scroll_offset.y
        if top == 0:
            return None
        cursor, index = model.cursor_uid, model.cursor_index
        if cursor is not None and index is not None and 0 <= index - top < self.page_rows:
            return cursor, index - top
        first = model.uid_at(top)
        return None if first is None else (first, 0)

    def _hold(self, anchor: tuple[str, int] | None) -> None:
        """Scroll so that the anchor is on its line again, whatever came or went above it."""
        model, target = self.model, self.scroll_offset.y
        if model.follow_top and not model.touched:
            target = 0
        elif anchor is None:
            cursor = model.cursor_index
            seen = any(look is not None and look.cursor for look in self._painted.values())
            if cursor is not None and cursor >= self.page_rows and seen:
                target = cursor - self.page_rows + 1
        else:
            index = model.index_of(anchor[0])
            if index is None and anchor[0] == self._told_cursor:
                index = model.cursor_index
            if index is not None:
                target = index - anchor[1]
        if target != self.scroll_offset.y:
            self.jump(y=target)

    # Widths

    def _measure_on_occasion(self) -> None:
        """Measure when there are rows for the first time, all are loaded, or a search is over."""
        model = self.model
        moment = (len(model) > 0, phase_of(self.state), model.filter.text, model.narrowed)
        if moment != self._measured and (not model.busy or not self._measured[0]):
            self._measured = moment
            self.measure()

    def measure(self, *, sample: bool = True) -> None:
        """Let columns grow to what is on screen, and (`sample`) some of all rows, needs."""
        model, now, clock, top = self.model, self.now(), self.clock(), self.scroll_offset.y
        seen, object_of = self._painter.seen, model.object
        uids = model.slice(top, top + self.page_rows)
        rows = [seen(uid, object_of(uid), now, clock).cells for uid in uids]
        if sample:
            stride = max(1, len(model) // _SAMPLE)
            others = (uid for i in range(0, len(model), stride) if (uid := model.uid_at(i)))
            rows += [self._painter.cells(object_of(uid), now) for uid in others]
        if self._columns.measure(rows, max(1, self.size.width - GUTTER)):
            self.set_extent(GUTTER + self._columns.width, len(model) + 1)
            self.refresh()

    # Painting

    @property
    def page_rows(self) -> int:
        """Rows that fit on the screen below the header."""
        return max(1, self.scrollable_content_region.height - 1)

    @property
    def fixed_cells(self) -> int:
        """Cells at the left that do not scroll: the gutter, namespace and name."""
        return GUTTER + self._columns.pinned(self.size.width - GUTTER)

    def update_lines(self, *, ticked: bool = False) -> None:
        """Refresh the lines that no longer look as they were painted, and no others."""
        if not self.is_attached or not self.size:
            return
        clock, now, top = self.clock(), self.now(), self.scroll_offset.y
        uids = self.model.slice(top, top + self.page_rows)
        if not uids:
            if self._message() != self._painted_message:
                self.refresh()
            return
        stale = []
        for line in range(self.page_rows):
            look: Look | None = None
            if line < len(uids):
                row = self._painter.seen(uids[line], self.model.object(uids[line]), now, clock, ticked=ticked)
                look = self._look(row, line, uids[line], clock)
            if self._painted.get(line, self) != look:
                stale.append(line)
        self.refresh_rows(line + 1 for line in stale)
        self._arm_flash(uids, clock)

    def _look(self, row: SeenRow, line: int, uid: str, clock: float) -> Look:
        cursor, marked = uid == self.model.cursor_uid, uid in self.model.marks
        # Stripes belong to the lines of the screen: rows that come on top do not make them flicker.
        return self._painter.look(row, uid, clock, cursor=cursor, marked=marked, stripe=bool(line & 1))

    def _arm_flash(self, uids: list[str], clock: float) -> None:
        """Come back when the next flash ends."""
        until = self._painter.flashing_until(uids)
        if until is not None and self._flash_timer is None:
            self._flash_timer = self.set_timer(max(0.1, until - clock), self._end_flash)

    def _end_flash(self) -> None:
        self._flash_timer = None
        self.update_lines()

    def _message(self) -> tuple[MessageLine, ...]:
        return tuple(message(self.subject, self.state, self.model, self.clock()))

    def render_line(self, y: int) -> Strip:
        """The header, a row, a line of the message, or nothing."""
        width, model = self.size.width, self.model
        if y == 0:
            order = (model.sort_column, model.sort_reverse)
            return header_strip(self._columns, self._palette, order, self.scroll_offset.x, width)
        if not len(model):
            self._painted.clear()
            self._painted_message = self._message()
            return message_strip(self._painted_message, self._palette, y - 1, width, self.page_rows)
        index = self.scroll_offset.y + y - 1
        uid = model.uid_at(index)
        if uid is None:
            self._painted[y - 1] = None
            return Strip.blank(width, self._palette.style())
        return self._row(y, index, uid, width)

    def _row(self, y: int, index: int, uid: str, width: int) -> Strip:
        clock, painter, scroll_x = self.clock(), self._painter, self.scroll_offset.x
        row = painter.seen(uid, self.model.object(uid), self.now(), clock)
        look = self._look(row, y - 1, uid, clock)
        full = painter.strip(row, look)
        fixed = self.fixed_cells if scroll_x else GUTTER
        strip = cropped(full, scroll_x, width, painter.end_style(row, look), fixed)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(index)) is not None:
            strip = with_selection(strip, full.text, scroll_x, span, selected_style(self), fixed)
        if not self.painting:
            return with_offsets(strip, full.text, scroll_x, index, fixed)
        self._painted[y - 1] = look
        return strip

    def row_text(self, uid: str, index: int) -> str:
        """The whole line of a row as it is painted, for copying."""
        row = self._painter.seen(uid, self.model.object(uid), self.now(), self.clock())
        look = self._look(row, index, uid, self.clock())
        return self._painter.strip(row, look).text.rstrip()
