"""Erasing, inserting and deleting: what changes text that is there already. The cursor stays where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.terminal.moving import Moving
from k8stui.terminal.style import DEFAULT, PROTECTED

if TYPE_CHECKING:
    from k8stui.terminal.line import Line


class Editing(Moving):
    """A screen whose text changes."""

    # Scrolling

    def scroll_up(self, count: int) -> None:
        """SU: the region's lines, between the margins."""
        grid = self.grid
        if self.margins is None:
            grid.scroll_up(count, self.blank)
        else:
            grid.shift_block(grid.top, grid.bottom, *self.margins, count, self.blank)

    def scroll_down(self, count: int) -> None:
        """SD."""
        grid = self.grid
        if self.margins is None:
            grid.scroll_down(count, self.blank)
        else:
            grid.shift_block(grid.top, grid.bottom, *self.margins, -count, self.blank)

    def insert_lines(self, count: int) -> None:
        """IL: blank lines at the cursor; only within region and margins."""
        self._shift_lines(-count)

    def delete_lines(self, count: int) -> None:
        """DL: the cursor's line and those below go; only within region and margins."""
        self._shift_lines(count)

    def _shift_lines(self, count: int) -> None:
        if not self.in_region:
            return
        grid, y = self.grid, self.cursor.y
        if self.margins is not None:
            grid.shift_block(y, grid.bottom, *self.margins, count, self.blank)
        elif count > 0:
            grid.scroll_up(count, self.blank, top=y)
        else:
            grid.scroll_down(-count, self.blank, top=y)
        self.carriage_return()

    def shift_columns(self, at: int, count: int, *, right: bool) -> None:
        """Shift the region's cells from column ``at`` to the right margin (SL, SR, DECIC, DECDC)."""
        if not self.in_region:
            return
        grid, end = self.grid, self.right + 1
        for y in range(grid.top, grid.bottom + 1):
            line = grid.rows[y]
            (line.insert if right else line.delete)(at, count, end, self.blank)
            grid.dirty.add(y)
        self.cursor.wrap_pending = False

    def back_index(self) -> None:
        """DECBI: left by one; at the left margin the text moves right instead."""
        if self.cursor.x != self.left:
            self.cursor.x = max(0, self.cursor.x - 1)
            self.cursor.wrap_pending = False
        else:
            self.shift_columns(self.left, 1, right=True)

    def forward_index(self) -> None:
        """DECFI: right by one; at the right margin the text moves left instead."""
        if self.cursor.x != self.right:
            self.cursor.x = min(self.columns - 1, self.cursor.x + 1)
            self.cursor.wrap_pending = False
        else:
            self.shift_columns(self.left, 1, right=False)

    # Characters

    def insert_characters(self, count: int) -> None:
        """ICH: blanks at the cursor; what passes the right margin is lost."""
        if self.between_margins:
            self._line.insert(self.cursor.x, count, self.limit, self.blank)
        self.cursor.wrap_pending = False

    def delete_characters(self, count: int) -> None:
        """DCH: what is right of them moves left, blanks come in at the right margin."""
        if self.between_margins:
            self._line.delete(self.cursor.x, count, self.limit, self.blank)
        self.cursor.wrap_pending = False

    def erase_characters(self, count: int) -> None:
        """ECH: margins do not matter."""
        x = self.cursor.x
        self.erase_cells(self.cursor.y, x, min(x + count, self.columns), selective=self.guarded)
        self.cursor.wrap_pending = False

    @property
    def _line(self) -> Line:
        self.grid.dirty.add(self.cursor.y)
        return self.grid.rows[self.cursor.y]

    # Erasing

    def erase_line(self, how: int, *, selective: bool = False) -> None:
        """EL: 0 to the end, 1 from the start, 2 all. Selective: what is protected stays."""
        x, y = self.cursor.x, self.cursor.y
        start = x if how == 0 else 0
        end = x + 1 if how == 1 else self.columns
        if how in (0, 1, 2):
            if how != 1:
                self.grid.rows[y].wrapped = False
            self.erase_cells(y, start, end, selective or self.guarded)
            self.cursor.wrap_pending = False

    def erase_display(self, how: int, *, selective: bool = False) -> None:
        """ED: 0 below, 1 above, 2 all, 3 the scrollback."""
        y, grid = self.cursor.y, self.grid
        if how == 3:
            if grid.history is not None and not selective:
                grid.history.clear()
            return
        if how in (0, 1):
            self.erase_line(how, selective=selective)
        start, end = {0: (y + 1, self.lines), 1: (0, y), 2: (0, self.lines)}.get(how, (0, 0))
        if selective or self.guarded:
            for row in range(start, end):
                self.erase_cells(row, 0, self.columns, selective=True)
        else:
            grid.erase_rows(start, end, self.blank)
        if how == 2:
            self.cursor.wrap_pending = False

    def erase_cells(self, y: int, start: int, end: int, selective: bool) -> None:
        """Blank cells [start, end) of row ``y``; selectively, only those that are not protected."""
        line = self.grid.rows[y]
        if selective:
            if line.wide:
                line.part(start, end)
            for x in range(start, end):
                if not line.styles[x].flags & PROTECTED:
                    line.chars[x] = " "
                    if self.guarded:
                        line.styles[x] = self.blank
        else:
            line.fill(start, end, self.blank)
        self.grid.dirty.add(y)

    def alignment_pattern(self) -> None:
        """DECALN: the screen full of E."""
        grid = self.grid
        grid.top, grid.bottom = 0, self.lines - 1
        self.margins = None
        self.cursor.origin = False
        grid.erase_rows(0, self.lines, DEFAULT)
        for line in grid.rows:
            line.chars[:] = "E" * self.columns
        self.move_to(0, 0)
