"""Many plain lines at once: a flood of text scrolls by without each line passing over the screen.

What `yes` or `cat` of a large file writes is mostly lines of printable ASCII at the bottom of the screen. All
but the last of them can go to the scrollback as they are. The result is that of writing line by line, always:
where anything makes that doubtful, nothing is done here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from k8stui.terminal.line import HistoryLine, Line
from k8stui.terminal.style import DEFAULT

if TYPE_CHECKING:
    from k8stui.terminal.screen import Screen
    from k8stui.terminal.style import Style

LINES = re.compile(r"(?:[ -~]*\r\n|\n){4,}")
"""Some lines that can be taken at once when the cursor is in the first column."""


ENOUGH = 24
"""Characters that must be there before it is worth looking."""


def ready(screen: Screen) -> bool:
    """Whether the cursor stands at the start of a blank last line, and nothing but scrolling is going on."""
    cursor, grid = screen.cursor, screen.grid
    if cursor.x or cursor.y != grid.bottom or grid.top or grid.bottom != screen.lines - 1:
        return False
    modes = screen.modes
    if screen.map is not None or screen.single_shift is not None or modes.insert or not modes.autowrap:
        return False
    if cursor.pen.bg is not None or screen.margins is not None:
        return False
    line = grid.rows[cursor.y]
    columns = screen.columns
    return line.chars.count(" ") == columns and line.styles.count(DEFAULT) == columns


def write_lines(screen: Screen, text: str) -> None:
    """Write `text`, which LINES matches; `ready` said yes."""
    grid, pen, columns = screen.grid, screen.cursor.pen, screen.columns
    lines = text.replace("\r\n", "\n").split("\n")
    lines.pop()
    if max(map(len, lines)) > columns:
        pieces = [piece for line in lines for piece in _wrapped(line, columns)]
    else:
        pieces = [(line, False) for line in lines]
    count, room = len(pieces), screen.lines - 1
    kept = grid.history
    if kept is not None:
        rows = grid.rows[:room][:count]
        for row in rows:
            grid.keep(row)
        first = max(0, count - len(rows) - (kept.maxlen or 0))
        kept.extend(
            _history(piece, wrapped, pen, columns) for piece, wrapped in pieces[first : count - len(rows)]
        )
        grid.scrolled += count
    fresh = [_line(piece, wrapped, pen, columns) for piece, wrapped in pieces[max(0, count - room) :]]
    if room:
        grid.rows[:room] = [*grid.rows[:room], *fresh][-room:]
    grid.touch_all()
    screen.cursor.wrap_pending = False
    screen.last_drawn = ""


def _wrapped(line: str, columns: int) -> list[tuple[str, bool]]:
    """A line in pieces as wide as the screen; all but the last say that the text goes on."""
    pieces = [(line[at : at + columns], True) for at in range(0, len(line), columns)] or [("", False)]
    pieces[-1] = (pieces[-1][0], False)
    return pieces


def _history(text: str, wrapped: bool, pen: Style, columns: int) -> HistoryLine:
    if pen is DEFAULT:
        return HistoryLine(text if wrapped else text.rstrip(" "), ((columns, DEFAULT),), wrapped)
    if not text:
        return HistoryLine("", ((columns, DEFAULT),), wrapped)
    rest = columns - len(text)
    return HistoryLine(text, ((len(text), pen), (rest, DEFAULT)) if rest else ((columns, pen),), wrapped)


def _line(text: str, wrapped: bool, pen: Style, columns: int) -> Line:
    line = Line(columns)
    line.chars[: len(text)] = text
    line.styles[: len(text)] = [pen] * len(text)
    line.wrapped = wrapped
    return line
