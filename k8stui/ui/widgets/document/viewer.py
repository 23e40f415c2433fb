"""A text to be read line by line: a cursor, blocks that fold, links, marks on what changed.

The lines are a `Content`: YAML or a description, made elsewhere. Built on the line viewer, which paints only
what is on the screen. It never knows what the lines mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from k8stui.ui.widgets.document.content import ROLES, Content, DocumentLine, DocumentLines, Nothing
from k8stui.ui.widgets.lines.ansi import Span
from k8stui.ui.widgets.lines.layout import Place, advance
from k8stui.ui.widgets.lines.painter import LinePainter, ShownLine, word_points
from k8stui.ui.widgets.lines.viewer import LineViewer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual import events
    from textual.selection import Selection
    from textual.strip import Strip

    from k8stui.ui.widgets.lines.ansi import ParsedLine
    from k8stui.ui.widgets.lines.model import LineLike
    from k8stui.ui.widgets.lines.search import Origin

GUTTER = 2
FOLDED, CHANGED = "▸", "▎"


class DocumentPainter(LinePainter):
    """Paints lines with a margin for marks; they are wrapped between words."""

    def points(self, text: str, width: int, hang: int) -> list[int]:
        return word_points(text, width)

    def _with_prefix(self, line: LineLike, parsed: ParsedLine, cut: int) -> ShownLine:
        if not isinstance(line, DocumentLine):
            return super()._with_prefix(line, parsed, cut)
        prefix = (CHANGED if line.changed else " ") + (FOLDED if line.hidden else " ")
        spans = [Span(0, GUTTER, self.palette.style("changed" if line.changed else "sign"))]
        text = prefix + parsed.text
        for start, end, role in line.pieces:
            spans.append(Span(start + GUTTER, min(end + GUTTER, len(text)), self.palette.style(role)))
        if line.hidden:
            more = f" … {line.hidden} line{'s' * (line.hidden > 1)}"
            spans.append(Span(len(text), len(text) + len(more), self.palette.style("muted")))
            text += more
        return ShownLine(text, tuple(spans), GUTTER, "", cut)


class DocumentViewer(LineViewer):
    """Lines of a content with a cursor. `show` gives it other lines and keeps the place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-viewer--{name}" for name in (*ROLES, "changed")}
    DEFAULT_CSS = """
    DocumentViewer {
        & > .line-viewer--key { color: $text-primary; }
        & > .line-viewer--string { color: $foreground; }
        & > .line-viewer--number { color: $text-accent; }
        & > .line-viewer--word { color: $text-secondary; }
        & > .line-viewer--text { color: $text-success; }
        & > .line-viewer--sign { color: $foreground 55%; }
        & > .line-viewer--heading { color: $text-primary; text-style: bold; }
        & > .line-viewer--label { color: $text-primary; }
        & > .line-viewer--link { color: $text-accent; text-style: underline; }
        & > .line-viewer--good { color: $text-success; }
        & > .line-viewer--bad { color: $text-error; text-style: bold; }
        & > .line-viewer--warning { color: $text-warning; text-style: bold; }
        & > .line-viewer--muted { color: $foreground 55%; }
        & > .line-viewer--changed { color: $text-warning; text-style: bold; }
    }
    """

    class Activated(Message):
        """Enter or a double click on a line."""

        def __init__(self, viewer: DocumentViewer) -> None:
            super().__init__()
            self.viewer = viewer

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, viewer: DocumentViewer) -> None:
            super().__init__()
            self.viewer = viewer

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentViewer.Moved) and message.viewer is self.viewer

    def __init__(self, *, placeholder: str = "") -> None:
        super().__init__(placeholder=placeholder, sources=False)
        self.painter = DocumentPainter(self.palette)
        self.painter.sources = False
        self.content: Content = Nothing()
        self.folded: set[int] = set()
        self.document = DocumentLines(self.content, self.folded)
        self.cursor = 0
        """Number of the shown line under the cursor."""

    # Lines in

    def show(self, content: Content, changed: frozenset[int] = frozenset()) -> None:
        """Show other lines; cursor, top and folds stay on what they were on, found by its key."""
        old = self.document
        if not old.end and not self.folded:  # nothing was shown whose place is to be kept
            self.content = content
            self._rebuild(0, 0, changed)
            return

        def same(seq: int, fallback: int) -> int:
            if seq >= old.end:
                return fallback
            index = old.places[seq]
            found = content.find(old.content.key(index))
            return min(index, max(0, len(content) - 1)) if found is None else found

        top = same(self.top_place().line, 0)
        cursor = same(self.cursor, 0)
        folds = (content.find(old.content.key(index)) for index in self.folded)
        self.folded = {index for index in folds if index is not None and index in content.blocks}
        self.content = content
        self._rebuild(cursor, top, changed)

    def _rebuild(self, cursor: int, top: int, changed: frozenset[int]) -> None:
        self.document = DocumentLines(self.content, self.folded, changed)
        pattern, found = self.finder.pattern, self.finder.found
        x = self.scroll_offset.x
        self.set_source(self.document)
        self.finder.pattern = pattern
        if found is not None:
            self.finder.found = self.document.place_of(min(found, max(0, len(self.content) - 1)))
        self.cursor = self.document.place_of(cursor) if len(self.content) else 0
        self.put_top(Place(self.document.place_of(top) if len(self.content) else 0))
        if x:
            self.jump(x=x)

    @property
    def line_number(self) -> int | None:
        """Number, in the content, of the line under the cursor."""
        return self.document.places[self.cursor] if self.cursor < self.document.end else None

    def set_following(self, on: bool) -> None:
        """These lines stand still."""
        super().set_following(False)

    # Folding

    def action_toggle_fold(self) -> None:
        """Fold the block of this line, or the one around it; or show it."""
        index = self.line_number
        if index is None:
            return
        if index in self.folded:
            self.folded.discard(index)
        else:
            block = self._block_around(index)
            if block is None:
                return
            self.folded.add(block)
            index = block
        self.refold(index)

    def fold(self, indexes: Iterable[int]) -> None:
        """Fold these blocks, and no others."""
        self.folded = {index for index in indexes if index in self.content.blocks}
        self.refold(self.line_number or 0)

    def action_unfold_all(self) -> None:
        """Show every line."""
        index = self.line_number
        if self.folded and index is not None:
            self.folded.clear()
            self.refold(index)

    def action_fold_all(self) -> None:
        """Fold every outermost block and those right below them."""
        index = self.line_number
        if index is None:
            return
        depth: list[int] = []
        for start, end in sorted(self.content.blocks.items()):
            while depth and depth[-1] <= start:
                depth.pop()
            if len(depth) == 1 or not depth:
                self.folded.add(start)
            depth.append(end)
        outer = [start for start in self.folded if start == 0]
        self.folded.difference_update(outer)
        self.refold(index)

    def _block_around(self, index: int) -> int | None:
        if index in self.content.blocks:
            return index
        around = [start for start, end in self.content.blocks.items() if start < index < end]
        return max(around, default=None)

    def refold(self, cursor: int) -> None:
        """Show the lines anew after `folded` changed, with the cursor on this line of the content."""
        top = self.document.places[min(self.top_place().line, self.document.end - 1)]
        self._rebuild(cursor, top, self.document.changed)
        self._reveal()

    # Searching

    def search(self, text: str, origin: Origin | None = None) -> str:
        """Find text in all lines, also those that are folded away."""
        if text:
            self.action_unfold_all()
        return super().search(text, origin)

    def show_line(self, seq: int) -> None:
        """A match was found: the cursor goes there."""
        self.cursor = seq
        super().show_line(seq)
        self.post_message(self.Moved(self))

    # The cursor

    def move_to(self, place: int) -> None:
        """Put the cursor on a shown line."""
        self.cursor = min(max(0, place), max(0, self.document.end - 1))
        self._reveal()
        self.post_message(self.Moved(self))

    def _reveal(self) -> None:
        top = self.top_place()
        if self.cursor < top.line:
            self.put_top(Place(self.cursor))
        elif self.cursor >= top.line + self.page or self.wrap:
            least = advance(
                Place(self.cursor, self.rows_of(self.cursor) - 1),
                -(self.page - 1),
                len(self.model),
                self.rows_of,
            )
            if top < least:
                self.put_top(least)
        self.place_lines()

    def _step(self, rows: int) -> None:
        top = self.top_place().line
        if not top <= self.cursor < top + self.page:
            # It was scrolled away by the wheel: go on from what is looked at.
            self.cursor = top if rows > 0 else min(top + self.page, self.document.end) - 1
        self.move_to(self.cursor + rows)

    def action_line_up(self) -> None:
        """The line above."""
        self._step(-1)

    def action_line_down(self) -> None:
        """The line below."""
        self._step(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._step(-max(1, self.page - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._step(max(1, self.page - 1))

    def action_first(self) -> None:
        """The first line."""
        self.move_to(0)

    def action_last(self) -> None:
        """The last line."""
        self.move_to(self.document.end - 1)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes to the line; a double click opens what it is about."""
        super().on_click(event)
        event.prevent_default()
        y = event.y
        if event.button == 1 and 0 <= y < len(self._rows) and (seq := self._rows[y][0]) is not None:
            if event.x < GUTTER and self.document.places[seq] in self.content.blocks:
                self.cursor = seq
                self.action_toggle_fold()
            else:
                self.move_to(seq)
                if event.chain == 2:
                    self.post_message(self.Activated(self))

    # Painting

    def _key(self, y: int) -> Any:
        key = super()._key(y)
        if y < len(self._rows):
            return (key, self._rows[y][0] == self.cursor)
        return key

    def _with_states(self, strip: Strip, seq: int, start: int) -> Strip:
        if seq == self.cursor and seq != self.finder.found and not self.is_selected(seq):
            strip = self._lit(strip)
        return super()._with_states(strip, seq, start)

    # Copying

    def all_lines(self) -> Iterator[str]:
        """Every line, also those that are folded away, without the margin: what saving writes."""
        content = self.content
        return (content.text(index) for index in range(len(content)))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under a selection by mouse, without the margin."""
        texts: list[str] = []
        start = 0 if selection.start is None else selection.start.y
        stop = self.document.end if selection.end is None else selection.end.y + 1
        for seq in range(max(0, start), min(stop, self.document.end)):
            span = selection.get_span(seq)
            if span is not None:
                end = None if span[1] < 0 else span[1]
                texts.append(self._text(seq)[max(span[0], GUTTER) : end])
        return ("\n".join(texts), "\n") if texts else None
