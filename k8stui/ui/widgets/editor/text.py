"""The text of the editor: Textual's TextArea with its own painting of lines, so that a key costs the same at
ten lines and at fifty thousand. Keys that are actions of the editor go to the registry, all others write.

TextArea's highlighting by tree-sitter takes 157 ms a key at 8,000 lines; lines of YAML are coloured one by
one here, and of a line only what is seen is painted (a ConfigMap may be one line of a megabyte).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.document._document_navigator import DocumentNavigator
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from k8stui.kinds.editing.documents import parts_of
from k8stui.kinds.text import cell_width, printable
from k8stui.ui.widgets.editor.buffer import EditorDocument, EditorLines
from k8stui.ui.widgets.editor.highlight import TextRows, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.document._document import Location
    from textual.geometry import Region

ROLES = ("key", "sign", "string", "number", "word", "comment", "text")
_BACKGROUNDS = ("cursor", "cursor-line", "selection", "match")
_TEXT_KEYS = frozenset({"enter", "tab", "shift+tab", "backspace", "delete"})
SETTLE_LIMIT = 2.0
"""Seconds that typed keys may take at most."""
PLAIN_WIDTH = 2000
"""From so many characters on a line is painted from what is seen of it alone, one cell a character."""


class EditorText(TextArea):
    """The text that is edited."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"editor--{role}" for role in ROLES),
        "editor--gutter",
        "editor--gutter-cursor",
        "editor--trouble",
        "editor--cursor",
        "editor--cursor-line",
        "editor--selection",
        "editor--match",
    }
    BINDINGS: ClassVar = [
        Binding("shift+tab", "dedent", show=False),
        Binding("ctrl+home", "first", show=False),
        Binding("ctrl+end", "last", show=False),
    ]

    class Moved(Message):
        """The cursor is elsewhere, or the text another one."""

        def __init__(self, edited: bool) -> None:
            super().__init__()
            self.edited = edited

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, EditorText.Moved) and message.edited is self.edited

    def __init__(self, is_action: Callable[[str], bool]) -> None:
        """`is_action`: whether a key is that of something that is done in editors."""
        super().__init__("", soft_wrap=False, show_line_numbers=True, tab_behavior="indent")
        self.indent_width = 2
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self._is_action = is_action
        self._waiting = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._rows = TextRows()
        self._looks: dict[str, Style] = {}
        self._base: Style | None = None
        """What all lines have behind them, while a frame is painted."""
        self.problems: dict[int, str] = {}
        """Line -> severity of what is wrong with it."""
        self.find = ""
        self.popup_wants: Callable[[str], bool] = lambda _key: False
        """Whether the open list of completions has a use for a key."""
        self.popup_key: Callable[[str], bool] = lambda _key: False
        """Let the list of completions take a key; whether it did."""

    # The document

    def _set_document(self, text: str, language: str | None) -> None:
        self._highlight_query = None
        self.document = EditorDocument(text)
        self.wrapped_document = EditorLines(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._highlights.clear()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    @property
    def lines(self) -> Sequence[str]:
        """The lines as they are."""
        return self.document.lines

    @property
    def version(self) -> int:
        """Another number after each edit."""
        return getattr(self.document, "version", 0)

    def find_matching_bracket(self, bracket: str, search_from: Location) -> None:
        """Brackets are not matched: it would look through the whole text."""
        return

    def replace_all(self, text: str) -> None:
        """Put another text in place of all of it; can be undone. The cursor stays on its line."""
        row, column = self.cursor_location
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        row = min(row, self.document.line_count - 1)
        self.move_cursor((row, min(column, len(self.document.get_line(row)))))

    def show_problems(self, problems: dict[int, str]) -> None:
        """Mark lines."""
        if problems != self.problems:
            self.problems = problems
            self._line_cache.clear()
            self.refresh()

    # Keys

    def owns_key(self, event: events.Key) -> bool:
        """Whether a key is for the text. All others are looked up in the registry of actions, by the app and
        not in here: an action may take this widget away, which cannot be waited for in its own handler."""
        owned = self._owns(event)
        if owned:
            self._waiting += 1
            self._settled.clear()
        return owned

    def _owns(self, event: events.Key) -> bool:
        key = event.key
        if self.popup_wants(key) or event.is_printable or key in _TEXT_KEYS:
            return True
        if key in ("ctrl+c", "ctrl+x"):
            return self.selection.start != self.selection.end
        return not self._is_action(key) and key in self._bindings.key_to_bindings

    async def settled(self) -> None:
        """Until all keys that were typed into the text are in it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT):
                await self._settled.wait()

    async def on_event(self, event: events.Event) -> None:
        """Count the keys that are done."""
        await super().on_event(event)
        if isinstance(event, events.Key):
            self._waiting = max(0, self._waiting - 1)
            if not self._waiting:
                self._settled.set()

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if self.popup_key(key):
            event.stop()
            event.prevent_default()
            return
        if key == "enter" and not self.read_only:
            self._take(event)
            self._break_line()
            return
        if event.is_printable:
            return
        # Textual runs bindings after the event has come up to the app: keys that follow would come before.
        for binding in self._bindings.key_to_bindings.get(key, ()):
            self._take(event)
            await self.app.run_action(binding.action, self)
            return

    @staticmethod
    def _take(event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    def _break_line(self) -> None:
        """A new line with the indent of this one; deeper after a key with nothing behind it."""
        row, column = self.selection.end
        line = self.document.get_line(row)
        indent = len(line) - len(line.lstrip(" "))
        if line[:column].strip():
            parts = parts_of(line)
            if parts.dashes:
                indent = parts.at
            if line[:column].rstrip().endswith((":", "|", ">", "|-", ">-")) and parts.key_end >= 0:
                indent = parts.at + 2
        else:
            indent = min(indent, column)
        start, end = sorted(self.selection)
        self._replace_via_keyboard("\n" + " " * indent, start, end)

    def action_dedent(self) -> None:
        """Two columns to the left: the lines of the selection, or this one."""
        (first, _), (last, _) = sorted(self.selection)
        for row in range(first, last + 1):
            line = self.document.get_line(row)
            blanks = min(2, len(line) - len(line.lstrip(" ")))
            if blanks:
                self.delete((row, 0), (row, blanks))

    def action_first(self) -> None:
        """To the start of the text."""
        self.move_cursor((0, 0))

    def action_last(self) -> None:
        """To its end."""
        self.move_cursor(self.document.end)

    def _watch_selection(self, previous_selection: Any, selection: Any) -> None:
        super()._watch_selection(previous_selection, selection)
        self.post_message(self.Moved(edited=False))

    def update_suggestion(self) -> None:
        """Textual calls this after each edit."""
        self.post_message(self.Moved(edited=True))

    # Painting

    def notify_style_update(self) -> None:
        """The theme is another one."""
        self._looks.clear()
        super().notify_style_update()

    def _look(self, name: str) -> Style:
        found = self._looks.get(name)
        if found is None:
            full = self.get_component_rich_style(f"editor--{name}")  # translucent colours are blended here
            over = name in _BACKGROUNDS
            found = self._looks[name] = Style(
                color=None if over and name != "cursor" else full.color,
                bgcolor=full.bgcolor if over else None,
                bold=full.bold or None,
                italic=full.italic or None,
            )
        return found

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lines have in common is worked out once for a frame: it takes half as long as a line."""
        self._base = self.rich_style
        try:
            return super().render_lines(crop)
        finally:
            self._base = None

    def render_line(self, y: int) -> Strip:
        """A line of the widget: number, mark, and what is seen of the text."""
        row = self.scroll_offset.y + y
        width = self.size.width
        base = self._base or self.rich_style
        if row >= self.document.line_count:
            return Strip.blank(width, base)
        cursor_row, cursor_column = self.selection.end
        here = row == cursor_row
        if here and self.has_focus:
            base = base + self._look("cursor-line")
        strip = Strip(
            [*self._gutter(row, here, base), *self._text_segments(row, base, cursor_column if here else -1)]
        )
        return strip.adjust_cell_length(width, base)

    def _gutter(self, row: int, here: bool, base: Style) -> list[Segment]:
        number = str(row + 1).rjust(self.gutter_width - 2)
        style = base + self._look("gutter-cursor" if here else "gutter")
        severity = self.problems.get(row)
        if severity:
            return [
                Segment(number, base + self._look("trouble")),
                Segment("✗ ", base + self._look("trouble")),
            ]
        return [Segment(f"{number}  ", style)]

    def _text_segments(self, row: int, base: Style, cursor: int) -> list[Segment]:
        line = self.document.get_line(row)
        scroll, room = self.scroll_offset.x, max(self.size.width - self.gutter_width, 1)
        first, last = 0, len(line)
        if len(line) > PLAIN_WIDTH:
            first, last = min(scroll, len(line)), min(scroll + room, len(line))
            scroll = 0
        styles = self._styles(row, line, first, last, base)
        self._overlay(row, line, first, last, styles)
        segments: list[Segment] = []
        at = first
        while at < last:
            end = at + 1
            while end < last and styles[end - first] is styles[at - first]:
                end += 1
            segments.append(Segment(_shown(line[at:end]), styles[at - first]))
            at = end
        if cursor >= 0 and self.has_focus and not self.screen.is_modal:
            segments = self._with_cursor(segments, line, first, last, cursor, base)
        if scroll:
            return list(Strip(segments).crop(scroll, scroll + room))
        return segments

    def _styles(self, row: int, line: str, first: int, last: int, base: Style) -> list[Style]:
        styles = [base] * (last - first)
        in_text = self._rows.is_text(self.lines, row, self.version)
        for start, end, role in spans(line, in_text=in_text):
            style = base + self._look(role)
            for at in range(max(start, first), min(end, last)):
                styles[at - first] = style
        if first >= last or not in_text:
            return styles
        return styles

    def _overlay(self, row: int, line: str, first: int, last: int, styles: list[Style]) -> None:
        """Selection and what was found, over the colours."""
        marks: list[tuple[int, int, str]] = []
        if self.find:
            low, word = line[first:last].lower(), self.find.lower()
            at = low.find(word)
            while at >= 0:
                marks.append((first + at, first + at + len(word), "match"))
                at = low.find(word, at + len(word))
        start, end = sorted(self.selection)
        if start != end and start[0] <= row <= end[0]:
            left = start[1] if row == start[0] else 0
            right = end[1] if row == end[0] else len(line)
            marks.append((left, right, "selection"))
        for left, right, name in marks:
            memo: dict[int, Style] = {}
            for at in range(max(left, first), min(right, last)):
                was = styles[at - first]
                found = memo.get(id(was))
                if found is None:
                    found = memo[id(was)] = was + self._look(name)
                styles[at - first] = found

    def _with_cursor(
        self, segments: list[Segment], line: str, first: int, last: int, cursor: int, base: Style
    ) -> list[Segment]:
        style = base + self._look("cursor")
        if cursor >= last:
            return [*segments, Segment(" ", style)] if cursor == last else segments
        if cursor < first:
            return segments
        cell = cell_width(_shown(line[first:cursor]))
        width = max(cell_width(_shown(line[cursor])), 1)
        strip = Strip(segments)
        under = [Segment(segment.text, style) for segment in strip.crop(cell, cell + width)]
        return [*strip.crop(0, cell), *under, *strip.crop(cell + width)]


def _shown(text: str) -> str:
    """What is painted for it, as wide as Textual takes it for."""
    return text if text.isascii() and text.isprintable() else "".join(map(_cell, text))


def _cell(char: str) -> str:
    if char == "\t":
        return "  "
    return printable(char) or ("�" if cell_width(char) else "")
