"""Writing characters at the cursor: wrapping, wide ones, those that join the one before, repetition.

Text has no control characters in it. Nothing in here raises, whatever the text is.
"""

from __future__ import annotations

import re

from k8stui.terminal.charsets import translation
from k8stui.terminal.editing import Editing
from k8stui.terminal.width import ZWJ, cell_width, joins

MAX_JOINED = 16
"""Characters one cell may hold with all that joins it; what comes after is dropped."""
_RUNS = re.compile(r"([ -~]+)|([가-힣一-鿿㐀-䶿ぁ-ゖァ-ヺ]+)|[^ -~]")
"""ASCII; Korean, Chinese and Japanese characters, all of them wide; any other, one at a time."""


class Writing(Editing):
    """A screen that is written on."""

    def draw(self, text: str) -> None:
        """Write printable ``text`` at the cursor, wrapping at the margin."""
        if self.map is not None or self.single_shift is not None:
            text = self._mapped(text)
        if self.modes.insert or not self.modes.autowrap:
            for character in text:
                self._draw_one(character)
        elif text.isascii():
            self._draw_narrow(text)
        else:
            for run in _RUNS.finditer(text):
                if run.lastindex == 1:
                    self._draw_narrow(run[0])
                elif run.lastindex == 2:
                    self._draw_wide(run[0])
                else:
                    self._draw_one(run[0])

    def _draw_narrow(self, text: str) -> None:
        """Characters of one cell each that join nothing."""
        self.last_drawn = text[-1]
        cursor, limit, grid = self.cursor, self.limit, self.grid
        pen = cursor.pen
        start, length = 0, len(text)
        while True:
            if cursor.wrap_pending:
                self._wrap()
                limit = self.limit
            x = cursor.x
            end = x + length - start
            if end > limit:
                end = limit
            count = end - x
            line = grid.rows[cursor.y]
            if line.wide:
                line.part(x, end)
            line.chars[x:end] = text[start : start + count] if count != length else text
            line.styles[x:end] = [pen] * count
            grid.dirty.add(cursor.y)
            start += count
            if end == limit:
                cursor.x = limit - 1
                cursor.wrap_pending = True
                if start == length:
                    return
            else:
                cursor.x = end
                return

    def _draw_wide(self, text: str) -> None:
        """Characters of two cells each that join nothing, unless the one before asks for it."""
        self._draw_one(text[0])
        cursor, pen = self.cursor, self.cursor.pen
        start, length = 1, len(text)
        while start < length:
            count = min((self.limit - cursor.x) // 2, length - start)
            if cursor.wrap_pending or count < 1:
                before = start
                self._draw_one(text[start])  # at the margin
                start = before + 1
                continue
            x, end = cursor.x, cursor.x + 2 * count
            line = self.grid.rows[cursor.y]
            line.wide = True
            line.part(x, end)
            cells = [""] * (2 * count)
            cells[::2] = text[start : start + count]
            line.chars[x:end] = cells
            line.styles[x:end] = [pen] * (2 * count)
            self.grid.dirty.add(cursor.y)
            start += count
            self._advance(end)
        self.last_drawn = text[-1]

    def _advance(self, x: int) -> None:
        """The cursor goes to column ``x``, or waits at the margin for the next character."""
        cursor, limit = self.cursor, self.limit
        cursor.wrap_pending = x >= limit
        cursor.x = min(x, limit - 1)

    def _mapped(self, text: str) -> str:
        if self.single_shift is not None:
            table = translation(self.cursor.charsets[self.single_shift])
            self.single_shift = None
            head = text[0] if table is None else text[0].translate(table)
            return head + (text[1:] if self.map is None else text[1:].translate(self.map))
        return text if self.map is None else text.translate(self.map)

    def _draw_one(self, character: str) -> None:
        """Any character, in any mode."""
        cursor, autowrap = self.cursor, self.modes.autowrap
        width = 1 if character.isascii() else cell_width(character)
        if (width == 0 or not character.isascii()) and self._joined(character, width):
            return
        if width > self.columns:
            return
        self.last_drawn = character
        if cursor.wrap_pending and autowrap:
            self._wrap()
        limit = self.limit
        if cursor.x + width > limit:
            if autowrap:
                # a wide character that does not fit leaves the last column blank
                self.grid.rows[cursor.y].fill(cursor.x, limit, self.blank)
                self._wrap()
                limit = self.limit
                if cursor.x + width > limit:
                    return  # margins too narrow for it
            else:
                cursor.x = max(0, limit - width)
        self._put(character, width, limit)

    def _put(self, character: str, width: int, limit: int) -> None:
        cursor, grid, x = self.cursor, self.grid, self.cursor.x
        line = grid.rows[cursor.y]
        if self.modes.insert:
            line.insert(x, width, limit, self.blank)
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
        self._advance(x + width)

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
        if self.margins is None:
            self.grid.rows[self.cursor.y].wrapped = True
        self.cursor.wrap_pending = False
        self.cursor.x = self.left
        self.index()

    def repeat(self, count: int) -> None:
        """REP: the last graphic character again."""
        if self.last_drawn:
            self.draw(self.last_drawn * min(count, self.columns * self.lines))
