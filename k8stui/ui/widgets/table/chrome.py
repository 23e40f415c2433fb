"""The header line of a table and the message in its middle, as strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from k8stui.kinds.text import printable
from k8stui.ui.widgets.painting import fit, merged, width_of
from k8stui.ui.widgets.table.columns import GAP
from k8stui.ui.widgets.table.row_painter import GUTTER, cropped
from k8stui.ui.widgets.table.states import MessageLine, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from k8stui.ui.widgets.painting import Palette
    from k8stui.ui.widgets.table.columns import TableColumns

ARROWS = {False: "↑", True: "↓"}
MORE_LEFT, MORE_RIGHT = "‹", "›"


def header_strip(
    columns: TableColumns, palette: Palette, order: tuple[int | None, bool], scroll_x: int, width: int
) -> Strip:
    """The names of the columns, with an arrow beside the one that is sorted by."""
    style = palette.style("header")
    sorted_style = palette.style("header", "header-sorted")
    pieces: list[tuple[str, Style]] = [(" " * GUTTER, style)]
    for column in columns.placed:
        is_sorted = column.number == order[0]
        arrow = ARROWS[order[1]] if is_sorted else " "
        text = fit(printable(column.name), column.width, right=column.right)
        if is_sorted and not column.right:
            # The arrow follows the name, not the width of the column.
            text = fit(text.rstrip() + arrow, column.width + 1)
        else:
            text += arrow
        pieces.append((text, sorted_style if is_sorted else style))
        pieces.append((" " * (GAP - 1), style))
    fixed = GUTTER + columns.pinned(width - GUTTER)
    strip = cropped(Strip(merged(pieces)), scroll_x, width, style, fixed)
    # Signs of columns that are out of sight, which a scrollbar would take a line for.
    if scroll_x and width > GUTTER:
        strip = Strip.join(
            [Strip([Segment(MORE_LEFT + " " * (GUTTER - 1), style)]), strip.crop(GUTTER, width)]
        )
    if columns.width - GAP - scroll_x > width - GUTTER > 0:
        strip = Strip.join([strip.crop(0, width - 1), Strip([Segment(MORE_RIGHT, style)])])
    return strip


def message_strip(
    lines: Sequence[MessageLine], palette: Palette, line: int, width: int, height: int
) -> Strip:
    """One line of a message that stands in the middle of `height` lines."""
    room = max(1, min(width - 2, 90))
    body = [MessageLine(part, style) for text, style in lines for part in wrapped(text, room)]
    at = line - max(0, (height - len(body)) // 2)
    base = palette.style("message")
    if not 0 <= at < len(body):
        return Strip.blank(width, base)
    text, name = body[at]
    left = max(0, (width - width_of(text)) // 2)
    strip = Strip([Segment(" " * left, base), Segment(text, palette.style(name))])
    return strip.adjust_cell_length(width, base)
