"""Lines of an emulator to strips: runs of equal style become segments, nothing else is looked at.

Colours 0-15 stay palette colours, so that the user's own terminal theme shows. Text came through the
emulator, so no control character can be in it; links are never passed on to the real terminal.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from k8stui.terminal import style as look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.terminal.line import Line

BLOCK, UNDERLINE, BAR = "block", "underline", "bar"
"""What a cursor may look like."""


class Overlay(NamedTuple):
    """Cells [start, end) that look otherwise: a selection, a match of the search, the cursor."""

    start: int
    end: int
    style: Style | None
    """None: the other way round."""


def cursor_shape(number: int) -> str:
    """The shape that DECSCUSR's number stands for (xterm ctlseqs); blinking is left out."""
    if number in (3, 4):
        return UNDERLINE
    return BAR if number in (5, 6) else BLOCK


def _colour(colour: look.Colour) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)


@lru_cache(maxsize=4096)
def rich_style(style: look.Style, reverse: bool = False) -> Style:
    """What Rich calls the look of a cell; underline kinds it does not know become a plain or double one."""
    flags = style.flags
    return Style(
        color=_colour(style.fg),
        bgcolor=_colour(style.bg),
        bold=bool(flags & look.BOLD) or None,
        dim=bool(flags & look.DIM) or None,
        italic=bool(flags & look.ITALIC) or None,
        reverse=(bool(flags & look.INVERSE) != reverse) or None,
        conceal=bool(flags & look.HIDDEN) or None,
        strike=bool(flags & look.STRIKE) or None,
        underline=style.underline in (1, 3, 4, 5) or bool(style.link) or None,
        underline2=style.underline == 2 or None,
        overline=bool(flags & look.OVERLINE) or None,
    )


_FORWARD, _REVERSED = Style(reverse=False), Style(reverse=True)


@lru_cache(maxsize=4096)
def _laid_over(base: Style, style: Style | None) -> Style:
    if style is None:
        return base + (_FORWARD if base.reverse else _REVERSED)
    return base + style


@lru_cache(maxsize=4096)
def _on(base: Style, shown: Style) -> Style:
    return base + shown


def paint_line(
    line: Line,
    columns: int,
    base: Style,
    *,
    reverse: bool = False,
    overlays: Sequence[Overlay] = (),
) -> Strip:
    """`line` as a strip of exactly `columns` cells, on the widget's own colours `base`.

    Later overlays lie over earlier ones. A wide character is never cut by an overlay.
    """
    chars, styles = line.chars, line.styles
    size = len(chars)
    segments: list[Segment] = []
    if not overlays:
        start = 0
        while start < size:
            style = styles[start]
            end = start + 1
            while end < size and styles[end] is style:
                end += 1
            segments.append(Segment(_text(chars, start, end), _on(base, rich_style(style, reverse))))
            start = end
    else:
        placed = [_whole(chars, overlay, size) for overlay in overlays]
        edges = {at for overlay in placed for at in overlay[:2]}
        start = 0
        while start < size:
            style = styles[start]
            end = start + 1
            while end < size and styles[end] is style and end not in edges:
                end += 1
            shown = _on(base, rich_style(style, reverse))
            for overlay in placed:
                if overlay.start <= start < overlay.end:
                    shown = _laid_over(shown, overlay.style)
            segments.append(Segment(_text(chars, start, end), shown))
            start = end
    strip = Strip(segments, size)
    if size < columns:
        return strip.extend_cell_length(columns, base)
    if size == columns:
        return strip
    return strip.crop(0, columns)


def _text(chars: list[str], start: int, end: int) -> str:
    """Cells [start, end) as text that Textual's compositor measures to be just as wide."""
    text = "".join(chars[start:end])
    if text.isascii() or cell_len(text) == end - start:
        return text
    parts: list[str] = []
    for at in range(start, end):
        cell = chars[at]
        if cell == "":
            continue
        width = 2 if at + 1 < len(chars) and chars[at + 1] == "" else 1
        if cell_len(cell) != width:
            # tables differ: the character by itself, or what stands for one that cannot be shown
            cell = cell[0] if cell_len(cell[0]) == width else "\ufffd" + " " * (width - 1)
        parts.append(cell)
    return "".join(parts)


def _whole(chars: Sequence[str], overlay: Overlay, size: int) -> Overlay:
    """An overlay that holds both halves of the wide characters at its ends."""
    start, end = max(overlay.start, 0), min(overlay.end, size)
    if 0 < start < size and chars[start] == "":
        start -= 1
    if 0 < end < size and chars[end] == "":
        end += 1
    return Overlay(start, end, overlay.style)
