"""Marks on a scroll bar: where matches and bookmarks are among all lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIGN = "━"


def marked_bar(marks: Callable[[int], Mapping[int, Style]]) -> type[ScrollBarRender]:
    """A scroll bar of `size` rows, with the rows that `marks(size)` names in its colours."""

    class MarkedBar(ScrollBarRender):
        """Draws the bar and lays the marks over it."""

        @classmethod
        def render_bar(cls, size: int = 25, *arguments: Any, **named: Any) -> Segments:
            """As the plain bar; only rows with a mark differ."""
            bar = super().render_bar(size, *arguments, **named)
            segments = list(bar.segments)
            for row, style in marks(size).items():
                if 0 <= row < len(segments):
                    text, old, control = segments[row]
                    segments[row] = Segment(SIGN * len(text), _over(old or Style(), style), control)
            return Segments(segments, new_lines=bar.new_lines)

    return MarkedBar


def _over(old: Style, mark: Style) -> Style:
    """The mark's colour on what is there; clicks mean what they meant."""
    ground = old.color if old.reverse else old.bgcolor
    return Style(color=mark.bgcolor or mark.color, bgcolor=ground, meta=old.meta)
