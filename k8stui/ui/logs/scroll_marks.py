"""Marks on a scroll bar: where matches and bookmarks are among all lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from k8stui.ui.widgets.lines.index import SeqIndex
    from k8stui.ui.widgets.lines.model import LineModel

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


def marked_rows(size: int, model: LineModel, matches: SeqIndex, bookmarks: Iterable[int]) -> dict[int, str]:
    """Rows of a bar of `size` rows that have a mark, each with the component class of its colour."""
    count = len(model)
    if not count:
        return {}
    marks: dict[int, str] = {}
    if len(matches):
        places = [model.seq_at(min(count - 1, row * count // size)) for row in range(size)]
        bounds = [matches.place_of(seq or 0) for seq in places] + [len(matches)]
        marks = {row: "match-current" for row in range(size) if bounds[row + 1] > bounds[row]}
    return marks | {min(size - 1, model.index_of(seq) * size // count): "bookmark" for seq in bookmarks}


def _over(old: Style, mark: Style) -> Style:
    """The mark's colour on what is there; clicks mean what they meant."""
    ground = old.color if old.reverse else old.bgcolor
    return Style(color=mark.bgcolor or mark.color, bgcolor=ground, meta=old.meta)
