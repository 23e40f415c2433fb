"""Rectangles of cells: copying, filling, erasing and giving attributes (DEC STD 070, xterm ctlseqs).

Coordinates are clipped to the screen; a rectangle without cells does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.terminal.style import BLINK, BOLD, INVERSE, Style
from k8stui.terminal.width import cell_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from k8stui.terminal.parser import Parameters
    from k8stui.terminal.screen import Screen

Rectangle = tuple[int, int, int, int]
"""Top, left, bottom, right; all inclusive, from 0."""

_FLAGS = {1: BOLD, 5: BLINK, 7: INVERSE}


def _number(parameters: Parameters, index: int, default: int) -> int:
    value = parameters[index][0] if index < len(parameters) else 0
    return value if value > 0 else default


def _rectangle(screen: Screen, parameters: Parameters, index: int) -> Rectangle | None:
    """The rectangle of four parameters; in origin mode it is within region and margins."""
    top = _number(parameters, index, 1) - 1
    left = _number(parameters, index + 1, 1) - 1
    bottom = _number(parameters, index + 2, screen.lines) - 1
    right = _number(parameters, index + 3, screen.columns) - 1
    last_row, last_column = screen.lines - 1, screen.columns - 1
    if screen.cursor.origin:
        top, bottom = top + screen.grid.top, bottom + screen.grid.top
        left, right = left + screen.left, right + screen.left
        last_row, last_column = screen.grid.bottom, screen.right
    bottom, right = min(bottom, last_row), min(right, last_column)
    return (top, left, bottom, right) if top <= bottom and left <= right else None


def _fill(screen: Screen, parameters: Parameters) -> None:
    """DECFRA: a character of one cell, with the pen's attributes."""
    code = _number(parameters, 0, 32)
    place = _rectangle(screen, parameters, 1)
    if place is None or not (32 <= code <= 126 or 160 <= code <= 255) or cell_width(chr(code)) != 1:
        return
    top, left, bottom, right = place
    for y in range(top, bottom + 1):
        line = screen.grid.rows[y]
        line.fill(left, right + 1, screen.cursor.pen)
        line.chars[left : right + 1] = chr(code) * (right + 1 - left)
    screen.grid.dirty.update(range(top, bottom + 1))


def _erase(*, selective: bool) -> Callable[[Screen, Parameters], None]:
    """DECERA, and DECSERA, which leaves protected characters and all attributes."""

    def erase(screen: Screen, parameters: Parameters) -> None:
        place = _rectangle(screen, parameters, 0)
        if place is not None:
            top, left, bottom, right = place
            for y in range(top, bottom + 1):
                screen.erase_cells(y, left, right + 1, selective)

    return erase


def _copy(screen: Screen, parameters: Parameters) -> None:
    """DECCRA: characters and attributes, also to a place that overlaps; pages are all the same one."""
    place = _rectangle(screen, parameters, 0)
    if place is None:
        return
    top, left, bottom, right = place
    to_row, to_column = _number(parameters, 5, 1) - 1, _number(parameters, 6, 1) - 1
    last_row, last_column = screen.lines - 1, screen.columns - 1
    if screen.cursor.origin:
        to_row, to_column = to_row + screen.grid.top, to_column + screen.left
        last_row, last_column = screen.grid.bottom, screen.right
    rows = screen.grid.rows
    height, width = min(bottom - top, last_row - to_row) + 1, min(right - left, last_column - to_column) + 1
    if height < 1 or width < 1:
        return
    taken = []
    for y in range(top, top + height):
        chars, styles = rows[y].chars[left : left + width], rows[y].styles[left : left + width]
        if chars[0] == "":
            chars[0] = " "
        if left + width < screen.columns and rows[y].chars[left + width] == "":
            chars[-1] = " "
        taken.append((chars, styles, rows[y].wide))
    for y, (chars, styles, wide) in enumerate(taken, to_row):
        line = rows[y]
        if line.wide:
            line.part(to_column, to_column + width)
        line.chars[to_column : to_column + width] = chars
        line.styles[to_column : to_column + width] = styles
        line.wide |= wide
        screen.grid.dirty.add(y)


def _changed(screen: Screen, place: Rectangle) -> Iterator[tuple[int, int, int]]:
    """(row, start, end) of the cells that DECCARA and DECRARA change."""
    top, left, bottom, right = place
    for y in range(top, bottom + 1):
        start = left if screen.rectangular or y == top else 0
        end = right + 1 if screen.rectangular or y == bottom else screen.columns
        yield y, start, end


def _attributed(*, reverse: bool) -> Callable[[Screen, Parameters], None]:
    """DECCARA sets attributes, DECRARA turns them round: bold, underline, blink, inverse."""

    def change(screen: Screen, parameters: Parameters) -> None:
        place = _rectangle(screen, parameters, 0)
        if place is None:
            return
        codes = [max(0, parameter[0]) for parameter in parameters[4:]] or [0]
        known: dict[Style, Style] = {}
        for y, start, end in _changed(screen, place):
            styles = screen.grid.rows[y].styles
            for x in range(start, end):
                style = styles[x]
                if style not in known:
                    known[style] = (_reversed if reverse else _with)(style, codes)
                styles[x] = known[style]
            screen.grid.dirty.add(y)

    return change


def _with(style: Style, codes: list[int]) -> Style:
    flags, underline = style.flags, style.underline
    for code in codes:
        if code == 0:
            flags, underline = flags & ~(BOLD | BLINK | INVERSE), 0
        elif code in (4, 24):
            underline = int(code == 4)
        elif code in _FLAGS:
            flags |= _FLAGS[code]
        elif code - 20 in _FLAGS or code == 22:
            flags &= ~(BOLD if code == 22 else _FLAGS[code - 20])
    return style._replace(flags=flags, underline=underline)


def _reversed(style: Style, codes: list[int]) -> Style:
    flags, underline = style.flags, style.underline
    for code in (1, 4, 5, 7) if 0 in codes else codes:
        if code == 4:
            underline = int(not underline)
        flags ^= _FLAGS.get(code, 0)
    return style._replace(flags=flags, underline=underline)


def _extent(screen: Screen, parameters: Parameters) -> None:
    """DECSACE: 2 for rectangles, else streams."""
    screen.rectangular = bool(parameters) and parameters[0][0] == 2


RECTANGLES: dict[str, Callable[[Screen, Parameters], None]] = {
    "$x": _fill,
    "$z": _erase(selective=False),
    "${": _erase(selective=True),
    "$v": _copy,
    "$r": _attributed(reverse=False),
    "$t": _attributed(reverse=True),
    "*x": _extent,
}
