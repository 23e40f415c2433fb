"""Moving the cursor, with all that lines, margins, tab stops and the scroll region have to say about it.

Nothing in here writes a character; reaching the region's end scrolls it.
"""

from __future__ import annotations

from k8stui.terminal.state import ScreenState


class Moving(ScreenState):
    """A screen whose cursor moves."""

    # Lines

    def index(self) -> None:
        """IND: down one line, scrolling at the region's bottom."""
        y, grid = self.cursor.y, self.grid
        if y == grid.bottom:
            if self.margins is None:
                grid.scroll_up(1, self.blank)
            elif self.between_margins:
                grid.shift_block(grid.top, grid.bottom, *self.margins, 1, self.blank)
        elif y < self.lines - 1:
            self.cursor.y = y + 1

    def reverse_index(self) -> None:
        """RI: up one line, scrolling at the region's top."""
        grid = self.grid
        self.cursor.wrap_pending = False
        if self.cursor.y == grid.top:
            if self.margins is None:
                grid.scroll_down(1, self.blank)
            elif self.between_margins:
                grid.shift_block(grid.top, grid.bottom, *self.margins, -1, self.blank)
        elif self.cursor.y > 0:
            self.cursor.y -= 1

    def linefeed(self) -> None:
        """LF: as IND; in newline mode (LNM) to the start of the line as well."""
        self.cursor.wrap_pending = False
        self.index()
        if self.modes.newline:
            self.carriage_return()

    def carriage_return(self) -> None:
        """CR: to the left margin; from left of it to the screen's edge."""
        cursor = self.cursor
        if self.margins is not None and (cursor.x >= self.margins[0] or cursor.origin):
            cursor.x = self.margins[0]
        else:
            cursor.x = 0
        cursor.wrap_pending = False

    def next_line(self) -> None:
        """NEL."""
        self.carriage_return()
        self.index()

    # To a place

    def move_to(self, y: int, x: int) -> None:
        """CUP: absolute, or within region and margins in origin mode."""
        self.move_to_row(y)
        self.move_to_column(x)

    def move_to_row(self, y: int) -> None:
        """VPA."""
        cursor, grid = self.cursor, self.grid
        if cursor.origin:
            y = min(grid.top + y, grid.bottom)
        cursor.y = max(0, min(y, self.lines - 1))
        cursor.wrap_pending = False

    def move_to_column(self, x: int) -> None:
        """CHA."""
        last = self.columns - 1
        if self.cursor.origin and self.margins is not None:
            x, last = x + self.margins[0], self.margins[1]
        self.cursor.x = max(0, min(x, last))
        self.cursor.wrap_pending = False

    # By a distance

    def up(self, count: int) -> None:
        """CUU: no further than the region's top."""
        cursor = self.cursor
        stop = self.grid.top if cursor.y >= self.grid.top else 0
        cursor.y = max(stop, cursor.y - count)
        cursor.wrap_pending = False

    def down(self, count: int) -> None:
        """CUD: no further than the region's bottom."""
        cursor = self.cursor
        stop = self.grid.bottom if cursor.y <= self.grid.bottom else self.lines - 1
        cursor.y = min(stop, cursor.y + count)
        cursor.wrap_pending = False

    def right_by(self, count: int, *, margins: bool = True) -> None:
        """CUF: no further than the right margin; HPR does not look at margins."""
        last = (self.limit if margins else self.columns) - 1
        self.cursor.x = min(self.cursor.x + count, last)
        self.cursor.wrap_pending = False

    def down_by(self, count: int) -> None:
        """VPR: unlike CUD it does not stop at the scroll region."""
        self.cursor.y = min(self.cursor.y + count, self.lines - 1)
        self.cursor.wrap_pending = False

    def left_by(self, count: int) -> None:
        """CUB: no further than the left margin; with reverse wrap (mode 45) on in a wrapped line above."""
        cursor = self.cursor
        stop = self.left if cursor.x >= self.left else 0
        if self.modes.reverse_wrap and self.modes.autowrap:
            if cursor.wrap_pending:
                cursor.wrap_pending = False
                count -= 1
            while count > cursor.x - stop and cursor.y > 0 and self.grid.rows[cursor.y - 1].wrapped:
                count -= cursor.x - stop + 1
                cursor.y -= 1
                cursor.x = self.right
        cursor.x = max(stop, cursor.x - max(0, count))
        cursor.wrap_pending = False

    # Tabs

    def tab(self, count: int) -> None:
        """CHT: to the next tab stop, no further than the right margin."""
        x, last = self.cursor.x, self.limit - 1
        for _ in range(min(count, self.columns)):
            x = min((stop for stop in self.tabs if stop > x), default=last)
        self.cursor.x = min(x, last)

    def back_tab(self, count: int) -> None:
        """CBT: to the tab stop before; in origin mode no further than the left margin."""
        x = self.cursor.x
        for _ in range(min(count, self.columns)):
            x = max((stop for stop in self.tabs if stop < x), default=0)
        self.cursor.x = max(x, self.left if self.cursor.origin else 0)
        self.cursor.wrap_pending = False
