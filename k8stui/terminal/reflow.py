"""Resizing the main screen: wrapped lines are joined and wrapped again at the new width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.terminal.line import Line
from k8stui.terminal.style import DEFAULT

if TYPE_CHECKING:
    from k8stui.terminal.grid import Grid

_REFLOWED_HISTORY = 2_000
"""Lines of scrollback next to the screen that are wrapped again; older ones keep their shape."""


def reflow(grid: Grid, columns: int, lines: int, cursor: tuple[int, int]) -> tuple[int, int]:
    """Give ``grid`` a new size; ``cursor`` is (row, column) before, the result after."""
    if columns == grid.columns:
        return _change_height(grid, lines, cursor)
    rows = grid.rows
    last = max((y for y, line in enumerate(rows) if _length(line)), default=0)
    del rows[max(last, cursor[0]) + 1 :]
    taken: list[Line] = []
    if grid.history is not None:
        while grid.history and len(taken) < _REFLOWED_HISTORY:
            taken.append(grid.history.pop().expand())
        taken.reverse()
    cursor_y, cursor_x = cursor[0] + len(taken), cursor[1]
    wrapped: list[Line] = []
    new_cursor = (0, 0)
    paragraph: list[Line] = []
    start = 0
    source = taken + rows
    for y, line in enumerate(source):
        paragraph.append(line)
        if line.wrapped and y + 1 < len(source):
            continue
        inside = start <= cursor_y <= y
        offset = sum(len(part.chars) for part in paragraph[: cursor_y - start]) + cursor_x if inside else -1
        pieces, place = _wrap(paragraph, columns, offset)
        if inside:
            new_cursor = (len(wrapped) + place[0], place[1])
        wrapped += pieces
        paragraph, start = [], y + 1
    _settle(grid, wrapped, lines)
    moved = len(wrapped) - len(grid.rows) if len(wrapped) > lines else 0
    grid.rows += [Line(columns) for _ in range(lines - len(grid.rows))]
    grid._sized(columns, lines)
    return max(0, min(new_cursor[0] - moved, lines - 1)), min(new_cursor[1], columns - 1)


def _settle(grid: Grid, wrapped: list[Line], lines: int) -> None:
    """The last ``lines`` lines are the screen, what is above them the scrollback."""
    surplus = max(0, len(wrapped) - lines)
    if grid.history is not None:
        for line in wrapped[:surplus]:
            grid.history.append(line.compact())
        grid.scrolled += surplus
    grid.rows = wrapped[surplus:]


def _change_height(grid: Grid, lines: int, cursor: tuple[int, int]) -> tuple[int, int]:
    """Same width: give lines to the scrollback, or take them back, at the top."""
    y, x = cursor
    rows = grid.rows
    if lines < grid.lines:
        while len(rows) > lines and len(rows) - 1 > y and not _length(rows[-1]):
            rows.pop()
        surplus = len(rows) - lines
        if surplus > 0 and grid.history is not None:
            for line in rows[:surplus]:
                grid.history.append(line.compact())
            grid.scrolled += surplus
        if surplus > 0:
            del rows[:surplus]
            y = max(0, y - surplus)
    else:
        while grid.history and len(rows) < lines:
            line = grid.history.pop().expand()
            _fit(line, grid.columns)
            rows.insert(0, line)
            y += 1
        rows += [Line(grid.columns) for _ in range(lines - len(rows))]
    grid._sized(grid.columns, lines)
    return y, x


def _fit(line: Line, columns: int) -> None:
    if line.wide:
        line.part(columns)
    missing = columns - len(line.chars)
    if missing >= 0:
        line.chars += [" "] * missing
        line.styles += [DEFAULT] * missing
    else:
        del line.chars[columns:], line.styles[columns:]


def _length(line: Line) -> int:
    """Cells up to the last that is not an unstyled blank."""
    chars, styles = line.chars, line.styles
    end = len(chars)
    while end and chars[end - 1] == " " and styles[end - 1] is DEFAULT:
        end -= 1
    return end


def _wrap(paragraph: list[Line], columns: int, cursor: int) -> tuple[list[Line], tuple[int, int]]:
    """One paragraph at the new width, and where the cell number ``cursor`` is now."""
    chars = [char for line in paragraph for char in line.chars]
    styles = [style for line in paragraph for style in line.styles]
    end = sum(len(line.chars) for line in paragraph[:-1]) + _length(paragraph[-1])
    end = max(end, cursor + 1 if cursor >= 0 else 0)
    wide = any(line.wide for line in paragraph)
    if wide and columns < 2:
        for x, char in enumerate(chars):
            if char == "" and x:  # two cells do not fit anywhere
                chars[x - 1] = chars[x] = " "
    pieces: list[Line] = []
    place = (0, 0)
    position = 0
    while position < end or not pieces:
        stop = min(position + columns, end)
        if wide and stop < end and chars[stop] == "" and stop - 1 > position:
            stop -= 1
        piece = Line(columns)
        piece.chars[: stop - position] = chars[position:stop]
        piece.styles[: stop - position] = styles[position:stop]
        piece.wide = wide
        piece.wrapped = stop < end
        if position <= cursor < stop:
            place = (len(pieces), cursor - position)
        pieces.append(piece)
        if stop == position:
            break
        position = stop
    pieces[-1].wrapped = paragraph[-1].wrapped
    return pieces, place
