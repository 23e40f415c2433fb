"""The state of a terminal's screen and what moves, writes and erases on it.

Sequences are turned into these calls by ``k8stui.terminal.control``. Rows and columns
count from 0 here. Nothing in here raises, whatever the arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from k8stui.terminal.charsets import translation
from k8stui.terminal.grid import Grid
from k8stui.terminal.modes import Modes
from k8stui.terminal.reflow import reflow
from k8stui.terminal.style import DEFAULT, PROTECTED, Style
from k8stui.terminal.width import ZWJ, cell_width, joins

if TYPE_CHECKING:
    from k8stui.terminal.line import Line

TAB = 8
MAX_JOINED = 16
"""Characters one cell may hold with all that joins it; what comes after is dropped."""


@dataclass
class Cursor:
    """Where the next character goes, and all that DECSC saves (xterm ctlseqs, ESC 7)."""

    x: int = 0
    y: int = 0
    pen: Style = DEFAULT
    wrap_pending: bool = False
    origin: bool = False
    charsets: tuple[str, ...] = ("B", "B", "B", "B")
    shift: int = 0


class Screen:
    """A main page with ``history`` lines of scrollback, and an alternate page."""

    def __init__(self, columns: int, lines: int, history: int = 10_000) -> None:
        self.columns, self.lines = max(1, columns), max(1, lines)
        self.main = Grid(self.columns, self.lines, history)
        self.alternate = Grid(self.columns, self.lines, None)
        self.grid = self.main
        self.reset_state()

    def reset_state(self) -> None:
        """Everything but the pages, as after RIS."""
        self.modes = Modes()
        self.saved_modes: dict[int, bool] = {}
        self.cursor = Cursor()
        self.saved = {"main": Cursor(), "alternate": Cursor()}
        self.tabs = set(range(0, self.columns, TAB))
        self.cursor_shape = 0
        self.single_shift: int | None = None
        self.map: dict[int, str] | None = None
        self.last_drawn = ""
        self.margins: tuple[int, int] | None = None
        """Left and right margin, both inclusive; None for the whole width."""

    def reset(self) -> None:
        self.grid = self.main
        for grid in (self.main, self.alternate):
            grid.clear()
            grid.top, grid.bottom = 0, self.lines - 1
        self.reset_state()

    @property
    def blank(self) -> Style:
        """What erased cells look like: the pen's background and nothing else (bce)."""
        pen = self.cursor.pen
        return DEFAULT if pen.bg is None else Style(bg=pen.bg)

    # -- writing ---------------------------------------------------------------------------

    def draw(self, text: str) -> None:
        """Write printable ``text`` at the cursor, wrapping at the margin."""
        if self.map is not None or self.single_shift is not None:
            text = self._mapped(text)
        if not text.isascii() or self.modes.insert or not self.modes.autowrap:
            self._draw_slowly(text)
            return
        self.last_drawn = text[-1]
        cursor, columns, grid = self.cursor, self.columns, self.grid
        pen = cursor.pen
        start, length = 0, len(text)
        while True:
            if cursor.wrap_pending:
                self._wrap()
            x = cursor.x
            end = x + length - start
            if end > columns:
                end = columns
            count = end - x
            line = grid.rows[cursor.y]
            if line.wide:
                line.part(x, end)
            line.chars[x:end] = text[start : start + count] if count != length else text
            line.styles[x:end] = [pen] * count
            grid.dirty.add(cursor.y)
            start += count
            if end == columns:
                cursor.x = columns - 1
                cursor.wrap_pending = True
                if start == length:
                    return
            else:
                cursor.x = end
                return

    def _mapped(self, text: str) -> str:
        if self.single_shift is not None:
            table = translation(self.cursor.charsets[self.single_shift])
            self.single_shift = None
            head = text[0] if table is None else text[0].translate(table)
            return head + (text[1:] if self.map is None else text[1:].translate(self.map))
        return text if self.map is None else text.translate(self.map)

    def _draw_slowly(self, text: str) -> None:
        cursor, columns = self.cursor, self.columns
        for character in text:
            width = 1 if character.isascii() else cell_width(character)
            if (width == 0 or not character.isascii()) and self._joined(character, width):
                continue
            if width > columns:
                continue
            self.last_drawn = character
            if cursor.wrap_pending and self.modes.autowrap:
                self._wrap()
            if cursor.x + width > columns:
                if self.modes.autowrap:
                    self._blank_margin()
                    self._wrap()
                else:
                    cursor.x = columns - width
            self._put(character, width)

    def _blank_margin(self) -> None:
        """A wide character that does not fit leaves the last column blank."""
        line = self.grid.rows[self.cursor.y]
        line.fill(self.cursor.x, self.columns, self.blank)

    def _put(self, character: str, width: int) -> None:
        cursor, grid, x = self.cursor, self.grid, self.cursor.x
        line = grid.rows[cursor.y]
        if self.modes.insert:
            line.insert(x, width, self.columns, self.blank)
        if width == 2:
            line.wide = True
        if line.wide:
            line.part(x, x + width)
        line.chars[x] = character
        line.styles[x] = cursor.pen
        if width == 2:
            line.chars[x + 1] = ""
            line.styles[x + 1] = cursor.pen
        grid.dirty.add(cursor.y)
        if x + width >= self.columns:
            cursor.x = self.columns - 1
            cursor.wrap_pending = True
        else:
            cursor.x = x + width

    def _joined(self, character: str, width: int) -> bool:
        """Whether ``character`` went into the cell before the cursor (accents, ZWJ, VS16, flags)."""
        cursor = self.cursor
        x = cursor.x if cursor.wrap_pending else cursor.x - 1
        if x < 0:
            return width == 0
        line = self.grid.rows[cursor.y]
        chars = line.chars
        if chars[x] == "" and x:
            x -= 1
        before = chars[x]
        if width and not joins(before, character):
            return False
        if width == 0 and before == " " and character == ZWJ:
            return True
        if len(before) < MAX_JOINED:
            chars[x] = before + character
            self.grid.dirty.add(cursor.y)
        return True

    def _wrap(self) -> None:
        self.grid.rows[self.cursor.y].wrapped = True
        self.cursor.wrap_pending = False
        self.cursor.x = 0
        self.index()

    def repeat(self, count: int) -> None:
        """REP: the last graphic character again."""
        if self.last_drawn:
            self.draw(self.last_drawn * min(count, self.columns * self.lines))

    # -- lines -----------------------------------------------------------------------------

    def index(self) -> None:
        """IND: down one line, scrolling at the region's bottom."""
        y, grid = self.cursor.y, self.grid
        if y == grid.bottom:
            grid.scroll_up(1, self.blank)
        elif y < self.lines - 1:
            self.cursor.y = y + 1

    def reverse_index(self) -> None:
        self.cursor.wrap_pending = False
        if self.cursor.y == self.grid.top:
            self.grid.scroll_down(1, self.blank)
        elif self.cursor.y > 0:
            self.cursor.y -= 1

    def linefeed(self) -> None:
        self.cursor.wrap_pending = False
        self.index()
        if self.modes.newline:
            self.cursor.x = 0

    def carriage_return(self) -> None:
        self.cursor.x = 0
        self.cursor.wrap_pending = False

    def next_line(self) -> None:
        self.carriage_return()
        self.index()

    def scroll_up(self, count: int) -> None:
        self.grid.scroll_up(count, self.blank)

    def scroll_down(self, count: int) -> None:
        self.grid.scroll_down(count, self.blank)

    def insert_lines(self, count: int) -> None:
        if self.grid.top <= self.cursor.y <= self.grid.bottom:
            self.grid.scroll_down(count, self.blank, top=self.cursor.y)
            self.carriage_return()

    def delete_lines(self, count: int) -> None:
        if self.grid.top <= self.cursor.y <= self.grid.bottom:
            self.grid.scroll_up(count, self.blank, top=self.cursor.y)
            self.carriage_return()

    def shift_columns(self, at: int, count: int, *, right: bool) -> None:
        """Shift the region's cells right of column ``at`` (SL, SR, DECIC, DECDC)."""
        grid = self.grid
        if not grid.top <= self.cursor.y <= grid.bottom:
            return
        for y in range(grid.top, grid.bottom + 1):
            line = grid.rows[y]
            (line.insert if right else line.delete)(at, count, self.columns, self.blank)
            grid.dirty.add(y)
        self.cursor.wrap_pending = False

    def set_region(self, top: int, bottom: int) -> None:
        """DECSTBM; ``bottom`` is inclusive."""
        bottom = min(bottom, self.lines - 1)
        if 0 <= top < bottom:
            self.grid.top, self.grid.bottom = top, bottom
            self.move_to(0, 0)

    # -- moving ----------------------------------------------------------------------------

    def move_to(self, y: int, x: int) -> None:
        """CUP: absolute, or within the region in origin mode."""
        cursor, grid = self.cursor, self.grid
        if cursor.origin:
            y = min(grid.top + y, grid.bottom)
        cursor.y = max(0, min(y, self.lines - 1))
        cursor.x = max(0, min(x, self.columns - 1))
        cursor.wrap_pending = False

    def move_to_column(self, x: int) -> None:
        self.cursor.x = max(0, min(x, self.columns - 1))
        self.cursor.wrap_pending = False

    def move_to_row(self, y: int) -> None:
        self.move_to(y, self.cursor.x)

    def up(self, count: int) -> None:
        cursor = self.cursor
        stop = self.grid.top if cursor.y >= self.grid.top else 0
        cursor.y = max(stop, cursor.y - count)
        cursor.wrap_pending = False

    def down(self, count: int) -> None:
        cursor = self.cursor
        stop = self.grid.bottom if cursor.y <= self.grid.bottom else self.lines - 1
        cursor.y = min(stop, cursor.y + count)
        cursor.wrap_pending = False

    def right(self, count: int) -> None:
        self.move_to_column(self.cursor.x + count)

    def left(self, count: int) -> None:
        """CUB; with reverse wrap (mode 45) it goes on in a wrapped line above."""
        cursor = self.cursor
        if self.modes.reverse_wrap and self.modes.autowrap:
            if cursor.wrap_pending:
                cursor.wrap_pending = False
                count -= 1
            while count > cursor.x and cursor.y > 0 and self.grid.rows[cursor.y - 1].wrapped:
                count -= cursor.x + 1
                cursor.y -= 1
                cursor.x = self.columns - 1
        self.move_to_column(cursor.x - max(0, count))

    def tab(self, count: int) -> None:
        x = self.cursor.x
        for _ in range(min(count, self.columns)):
            x = min((stop for stop in self.tabs if stop > x), default=self.columns - 1)
        self.cursor.x = min(x, self.columns - 1)

    def back_tab(self, count: int) -> None:
        x = self.cursor.x
        for _ in range(min(count, self.columns)):
            x = max((stop for stop in self.tabs if stop < x), default=0)
        self.move_to_column(x)

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

    # -- erasing ---------------------------------------------------------------------------

    def erase_line(self, how: int, *, selective: bool = False) -> None:
        """EL: 0 to the end, 1 from the start, 2 all."""
        x, y = self.cursor.x, self.cursor.y
        start = x if how == 0 else 0
        end = x + 1 if how == 1 else self.columns
        if how in (0, 1, 2):
            if how != 1:
                self.grid.rows[y].wrapped = False
            self._erase(y, start, end, selective)
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
        if selective:
            for row in range(start, end):
                self._erase(row, 0, self.columns, selective)
        else:
            grid.erase_rows(start, end, self.blank)
        if how == 2:
            self.cursor.wrap_pending = False

    def _erase(self, y: int, start: int, end: int, selective: bool) -> None:
        line = self.grid.rows[y]
        if selective:
            for x in range(start, end):
                if not line.styles[x].flags & PROTECTED:
                    line.chars[x] = " "
        else:
            line.fill(start, end, self.blank)
        self.grid.dirty.add(y)

    def erase_characters(self, count: int) -> None:
        x = self.cursor.x
        self._erase(self.cursor.y, x, min(x + count, self.columns), selective=False)
        self.cursor.wrap_pending = False

    def insert_characters(self, count: int) -> None:
        self._line.insert(self.cursor.x, count, self.columns, self.blank)
        self.cursor.wrap_pending = False

    def delete_characters(self, count: int) -> None:
        self._line.delete(self.cursor.x, count, self.columns, self.blank)
        self.cursor.wrap_pending = False

    @property
    def _line(self) -> Line:
        self.grid.dirty.add(self.cursor.y)
        return self.grid.rows[self.cursor.y]

    def alignment_pattern(self) -> None:
        """DECALN: the screen full of E."""
        grid = self.grid
        grid.top, grid.bottom = 0, self.lines - 1
        self.cursor.origin = False
        grid.erase_rows(0, self.lines, DEFAULT)
        for line in grid.rows:
            line.chars[:] = "E" * self.columns
        self.move_to(0, 0)

    # -- pages, character sets, size -------------------------------------------------------

    def select_charsets(self) -> None:
        """Take the translation of the set that is shifted in (SO, SI, ESC ( and the like)."""
        self.map = translation(self.cursor.charsets[self.cursor.shift])

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
        self.tabs |= set(range(-(-self.columns // TAB) * TAB, columns, TAB))
        self.columns, self.lines = columns, lines
        self.cursor.y, self.cursor.x = min(y, lines - 1), min(x, columns - 1)
        self.cursor.wrap_pending = False
