"""A line viewer with a cursor when one is wanted, and with bookmarks.

There is no cursor until the reader asks for one (a click, or `action_open`): until then the arrows scroll,
with one they move it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from k8stui.ui.widgets.lines import messages as line_messages
from k8stui.ui.widgets.lines.layout import Place, advance
from k8stui.ui.widgets.lines.search import Origin
from k8stui.ui.widgets.lines.viewer import LineViewer

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip

    from k8stui.ui.logs.painter import LogPainter


class CursorViewer(LineViewer):
    """Base of the log viewer."""

    painter: LogPainter
    cursor: int | None = None
    """Number of the line under the cursor, where there is one."""

    class TopReached(line_messages.ViewerMessage):
        """The reader went to the first line."""

    def action_open(self) -> None:
        """Put the cursor on a line, or open the one that it is on."""
        raise NotImplementedError

    def put_cursor(self, seq: int | None) -> None:
        """Put the cursor on a line, or take it away."""
        self.cursor = seq
        if seq is not None:
            holder = self.model.holder(seq)
            self.cursor = seq if holder is None else holder
            self.show_line(self.cursor)
        self.place_lines()

    def _step(self, rows: int) -> bool:
        """Move the cursor, if there is one."""
        if self.cursor is None:
            return False
        index = self.model.index_of(self.cursor) + rows
        seq = self.model.seq_at(min(max(0, index), len(self.model) - 1))
        if seq is not None:
            self.cursor = seq
            self._reveal()
            if rows < 0 and index <= 0:
                self.post_message(self.TopReached(self))
        return True

    def _go(self, top: Place) -> None:
        super()._go(top)
        if self.top_place().line == 0 and not self.following:
            self.post_message(self.TopReached(self))

    def scroll_rows(self, rows: int) -> None:
        super().scroll_rows(rows)
        self._went_up(rows < 0)

    def _went_up(self, upwards: bool) -> None:
        """Also a log that has less than a page, and so follows its end, may have older lines."""
        if upwards and self.following and self.top_place().line == 0:
            self.post_message(self.TopReached(self))

    def _reveal(self) -> None:
        """Scroll as little as is needed to see the whole line under the cursor."""
        if self.cursor is None:
            return
        self.set_following(False)
        top, index = self.top_place(), self.model.index_of(self.cursor)
        rows = min(self.rows_of(index), self.page)
        least = advance(Place(index, rows - 1), -(self.page - 1), len(self.model), self.rows_of)
        if Place(index) < top:
            self.put_top(Place(index))
        elif top < least:
            self.put_top(least)
        self.place_lines()

    def action_line_up(self) -> None:
        if not self._step(-1):
            super().action_line_up()

    def action_line_down(self) -> None:
        if not self._step(1):
            super().action_line_down()

    def action_page_up(self) -> None:
        if not self._step(-max(1, self.page - 1)):
            super().action_page_up()

    def action_page_down(self) -> None:
        if not self._step(max(1, self.page - 1)):
            super().action_page_down()

    def action_first(self) -> None:
        if not self._step(-len(self.model)):
            super().action_first()
            self._went_up(True)

    def action_last(self) -> None:
        """To the end, and follow it."""
        self.cursor = None
        super().action_last()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on the line, a double click opens it; a menu is about the line, too."""
        super().on_click(event)
        event.prevent_default()
        if (
            event.button not in (1, 3)
            or not 0 <= event.y < len(self._rows)
            or self.text_selection is not None
        ):
            return
        seq = self._rows[event.y][0]
        if seq is not None and event.chain < 3:
            self.cursor = seq
            self.set_following(False)
            if event.chain == 2:
                self.action_open()
            self.place_lines()

    def search_origin(self) -> Origin:
        """From the cursor down, where there is one."""
        return super().search_origin() if self.cursor is None else Origin(self.cursor)

    # Bookmarks

    def toggle_bookmark(self, seq: int) -> None:
        """Mark a line, or no longer."""
        self.painter.bookmarks ^= {seq}
        self.painter.drop(seq)
        self.place_lines()

    def go_to_bookmark(self, step: int) -> bool:
        """To the next bookmark (or the one before), round the end; False when there is none."""
        marks = sorted(seq for seq in self.painter.bookmarks if self.model.line(seq) is not None)
        if not marks:
            return False
        here = self.top_seq if self.cursor is None else self.cursor
        place = bisect_left(marks, here + 1) if step > 0 else bisect_left(marks, here) - 1
        self.put_cursor(marks[place % len(marks)])
        return True

    # Painting

    def _with_states(self, strip: Strip, seq: int, start: int) -> Strip:
        if seq == self.cursor and seq != self.finder.found and not self.is_selected(seq):
            strip = self._lit(strip)
        return super()._with_states(strip, seq, start)
