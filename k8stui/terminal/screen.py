"""The state of a terminal's screen and what moves, writes and erases on it.

Sequences are turned into these calls by ``k8stui.terminal.control``. Rows and columns
count from 0 here. Nothing in here raises, whatever the arguments.
"""

from __future__ import annotations

from dataclasses import replace

from k8stui.terminal.reflow import reflow
from k8stui.terminal.state import TAB, Cursor
from k8stui.terminal.writing import Writing

__all__ = ["Cursor", "Screen"]


class Screen(Writing):
    """A main page with ``history`` lines of scrollback, and an alternate page."""

    # Region, margins, what is saved

    def set_region(self, top: int, bottom: int) -> None:
        """DECSTBM; ``bottom`` is inclusive."""
        bottom = min(bottom, self.lines - 1)
        if 0 <= top < bottom:
            self.grid.top, self.grid.bottom = top, bottom
            self.move_to(0, 0)

    def set_margins(self, left: int, right: int) -> None:
        """DECSLRM, in mode 69; both inclusive."""
        right = min(right, self.columns - 1)
        if self.modes.left_right and 0 <= left < right:
            self.margins = None if (left, right) == (0, self.columns - 1) else (left, right)
            self.move_to(0, 0)

    def save_cursor(self) -> None:
        self.saved[self._page] = replace(self.cursor)

    def restore_cursor(self) -> None:
        self.cursor = replace(self.saved[self._page])
        self.cursor.x = min(self.cursor.x, self.columns - 1)
        self.cursor.y = min(self.cursor.y, self.lines - 1)
        self.select_charsets()

    @property
    def _page(self) -> str:
        return "alternate" if self.grid is self.alternate else "main"

    # Pages, size

    def switch_page(self, alternate: bool) -> None:
        """Show the other page; each has its own region, both share the cursor."""
        target = self.alternate if alternate else self.main
        if target is not self.grid:
            self.grid = target
            target.touch_all()

    def resize(self, columns: int, lines: int) -> None:
        """A new size: the main page is reflowed, the alternate one cut or padded."""
        columns, lines = max(1, columns), max(1, lines)
        if (columns, lines) == (self.columns, self.lines):
            return
        on_main = self.grid is self.main
        place = self.cursor if on_main else self.saved["main"]
        y, x = reflow(self.main, columns, lines, (place.y, place.x))
        if on_main:
            self.alternate.resize_plain(columns, lines, 0)
        else:
            self.saved["main"].y, self.saved["main"].x = y, x
            y = self.alternate.resize_plain(columns, lines, self.cursor.y)
            x = self.cursor.x
        self.margins = None
        self.tabs |= set(range(-(-self.columns // TAB) * TAB, columns, TAB))
        self.columns, self.lines = columns, lines
        self.cursor.y, self.cursor.x = min(y, lines - 1), min(x, columns - 1)
        self.cursor.wrap_pending = False
