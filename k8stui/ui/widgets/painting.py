"""Colours and text for widgets that paint lines themselves.

`Palette` turns component classes into Rich styles, layer over layer, once per change of theme. `fit` makes
text (made safe by `kinds.text.printable`) fill a cell, measured as Textual's compositor measures it: by
another measure, one odd character would shift the rest of the line. No colour is named here.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from k8stui.kinds.text import is_usual
from k8stui.ui.widgets.contrast import DIMMED, READABLE, contrast, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.color import Color
    from textual.widget import Widget

ELLIPSIS = "…"
_STRETCH = 1_024
"""Characters that are measured at once on the way to a far cell."""


def width_of(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, right: bool = False, middle: bool = False) -> str:
    """Exactly `width` cells: padded, or cut with an ellipsis (in the middle, where both ends tell)."""
    if text.isascii():
        size = len(text)
        if size <= width:
            return text.rjust(width) if right else text.ljust(width)
        if width <= 1:
            return ELLIPSIS[:width]
        if middle and width >= 8:
            tail = (width - 1) * 2 // 5
            return text[: width - 1 - tail] + ELLIPSIS + text[-tail:]
        return text[: width - 1] + ELLIPSIS
    size = cell_len(text)
    if size <= width:
        space = " " * (width - size)
        return space + text if right else text + space
    if width <= 1:
        return ELLIPSIS[:width]
    return set_cell_size(text, width - 1) + ELLIPSIS


def chars_in_cells(text: str, cells: int) -> int:
    """How many characters of `text` start within its first `cells` cells."""
    if text.isascii():
        return min(len(text), cells)
    index, at = char_at(text, cells)
    return index + (at < cells and index < len(text))


def char_at(text: str, cell: int) -> tuple[int, int]:
    """The character in a cell, and the cell in which it starts; behind the last: the ends of both."""
    if text.isascii():
        index = min(len(text), max(0, cell))
        return index, index
    ends = _stretches(text) if len(text) > _STRETCH else [0]
    while ends[-1] <= cell and len(ends) * _STRETCH < len(text):
        start = (len(ends) - 1) * _STRETCH
        ends.append(ends[-1] + _cells_of(text[start : start + _STRETCH]))
    stretch = max(0, bisect_right(ends, cell) - 1)
    at = ends[stretch]
    for index in range(stretch * _STRETCH, len(text)):
        size = get_character_cell_size(text[index])
        if at + size > cell:
            return index, at
        at += size
    return len(text), at


def least_width(text: str) -> int:
    """Cells that a text takes, quickly: of a long one, what nobody went to yet counts one for a character."""
    if text.isascii() or len(text) <= _STRETCH:
        return width_of(text)
    ends = _stretches(text)
    return ends[-1] + len(text) - (len(ends) - 1) * _STRETCH


def _cells_of(text: str) -> int:
    """The cells of all characters."""
    if is_usual(text):  # a cell for each byte, but two for the three bytes of a wide character
        return len(text) + (len(text.encode()) - len(text)) // 2
    return sum(map(get_character_cell_size, text))


@lru_cache(maxsize=64)
def _stretches(text: str) -> list[int]:
    """The cells before each stretch of a long text, as far as somebody went."""
    return [0]


def restyle(segments: Iterable[Segment], start: int, end: int, style: Style) -> list[Segment]:
    """Lay a style over the characters from `start` to before `end` (-1: to the end)."""
    out: list[Segment] = []
    at = 0
    for segment in segments:
        text, base, _ = segment
        size = len(text)
        first = min(max(start - at, 0), size)
        last = size if end < 0 else min(max(end - at, first), size)
        if first:
            out.append(Segment(text[:first], base))
        if last > first:
            out.append(Segment(text[first:last], (base or Style()) + style))
        if last < size:
            out.append(Segment(text[last:], base))
        at += size
    return out


def underlay(strip: Strip, style: Style, ground: Style) -> Strip:
    """Lay a background under all that has only the plain one of `ground`: matches and the like stay seen."""
    lit = (
        each if each.style is not None and each.style.bgcolor != ground.bgcolor else _over(each, style)
        for each in strip
    )
    return Strip(lit, strip.cell_length)


def selected_style(widget: Widget) -> Style:
    """What to lay over text that the mouse has selected: a background; the text keeps its own colours."""
    style = widget.screen.get_component_rich_style("screen--selection")
    return Style(bgcolor=style.bgcolor)


def _over(segment: Segment, style: Style) -> Segment:
    return Segment(segment.text, (segment.style or Style()) + style)


def merged(pieces: Sequence[tuple[str, Style]]) -> list[Segment]:
    """Segments of pieces of text, neighbours of the same style in one."""
    out: list[Segment] = []
    texts: list[str] = []
    current: Style | None = None
    for text, style in pieces:
        if style is not current and texts:
            out.append(Segment("".join(texts), current))
            texts = []
        current = style
        texts.append(text)
    if texts:
        out.append(Segment("".join(texts), current))
    return out


class Palette:
    """Rich styles of a widget's component classes. Call `clear` when the widget's styles change."""

    def __init__(
        self, widget: Widget, prefix: str, turned: Mapping[str, tuple[str, int]] | None = None
    ) -> None:
        """`turned`: classes whose colour is another class's, turned by so many degrees on the circle of hues;
        where colours are the terminal's own, which cannot be turned, the class's own colour stands."""
        self._widget = widget
        self._prefix = prefix
        self._turned = turned or {}
        self._styles: dict[tuple[str, ...], Style] = {}
        self.generation = 0
        """Goes up with every change of styles: part of the key of anything painted with them."""

    def clear(self) -> None:
        """The theme, the focus or a rule changed."""
        self._styles.clear()
        self.generation += 1

    def style(self, *names: str) -> Style:
        """The style of component classes (without their prefix), each layer over the one before."""
        style = self._styles.get(names)
        if style is None:
            style = self._styles[names] = self._resolve(names)
        return style

    def _resolve(self, names: tuple[str, ...]) -> Style:
        widget = self._widget
        background = widget.background_colors[1]
        color = background + widget.colors[3]
        text_style = widget.styles.text_style
        opacity = 1.0
        inks: list[Color] = []
        for name in names:
            styles = widget.get_component_styles(self._prefix + name)
            ink = self._ink(name)
            if styles.has_rule("background"):
                background = background + styles.background
            if styles.has_rule("color"):
                inks.append(ink)
            if styles.has_rule("auto_color") and styles.auto_color:
                color = background + background.get_contrast_text(styles.color.a)
            elif styles.has_rule("color"):
                color = background + ink
            if styles.has_rule("text_opacity"):
                opacity *= styles.text_opacity
            if styles.has_rule("text_style"):
                text_style = text_style + styles.text_style
        if opacity < 1:
            if color.ansi is not None or background.ansi is not None:
                text_style = text_style + Style(dim=True)
            else:
                color = background + color.with_alpha(opacity)
        known = color.ansi is None and background.ansi is None
        if known and opacity == 1 and contrast(color, background) < READABLE:
            # a layer below, as the cursor's, may have a colour made for this background
            made = [background + ink for ink in inks if contrast(background + ink, background) >= READABLE]
            color = made[0] if made else color
        color = readable(color, background, READABLE if opacity == 1 else DIMMED)
        return Style.from_color(color.rich_color, background.rich_color) + text_style

    def _ink(self, name: str) -> Color:
        """The colour of a class, turned where it is made of another one's."""
        own = self._widget.get_component_styles(self._prefix + name).color
        of, degrees = self._turned.get(name, (name, 0))
        base = self._widget.get_component_styles(self._prefix + of).color
        if not degrees or base.ansi is not None or own.ansi is not None:
            return own
        hue, saturation, lightness = base.hsl
        return type(base).from_hsl((hue + degrees / 360) % 1.0, saturation, lightness)

    def background(self, name: str) -> Style:
        """Only the background (and attributes) of a component class, to lay over what has colours."""
        style = self.style(name)
        return Style(bgcolor=style.bgcolor, bold=style.bold, underline=style.underline)
