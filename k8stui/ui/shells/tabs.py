"""The line above the dock: a tab for each shell, and what is to say about the one that is shown.

Titles are plain text, never markup. Dragging the line makes the dock higher or lower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual import events
    from textual.app import RenderResult

MARKS = {"connecting": "…", "running": "●", "ended": "○", "lost": "✗", "closed": "○"}
LONGEST = 30
"""Cells of a title."""


class Tab(NamedTuple):
    """One shell."""

    number: int
    title: str
    phase: str
    chosen: bool = False
    news: bool = False
    rang: bool = False
    recording: bool = False

    def label(self, position: int) -> str:
        """What the tab says."""
        signs = ("!" if self.rang else "*" if self.news else "") + (" ⏺" if self.recording else "")
        title = self.title if width_of(self.title) <= LONGEST else _cut(self.title, LONGEST)
        return f" {position} {MARKS.get(self.phase, '○')} {title}{signs} "


def _cut(text: str, width: int) -> str:
    """The end of a name tells more than its start: `…7d9f-x2x main`."""
    while text and width_of(text) > width - 1:
        text = text[1:]
    return f"…{text}"


class ShellTabs(Widget):
    """The tabs."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ShellTabs { height: 1; width: 1fr; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"shell-tabs--{name}" for name in ("rule", "tab", "chosen", "note", "ok", "trouble", "recording")
    }

    class Chosen(Message):
        """A tab was clicked; `close` by the middle button."""

        def __init__(self, number: int, close: bool) -> None:
            super().__init__()
            self.number = number
            self.close = close

    class Dragged(Message):
        """The line was dragged by so many rows, downwards when positive."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    class Dropped(Message):
        """The line was let go."""

    def __init__(self) -> None:
        super().__init__()
        self._tabs: list[Tab] = []
        self._note = ""
        self._trouble = False
        self._places: list[tuple[int, int, int]] = []
        self._drag: int | None = None

    def show(self, tabs: Sequence[Tab], note: str, trouble: bool = False) -> None:
        """Say this."""
        if (list(tabs), note, trouble) != (self._tabs, self._note, self._trouble):
            self._tabs, self._note, self._trouble = list(tabs), note, trouble
            self.refresh()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"shell-tabs--{name}")

    def render(self) -> RenderResult:
        """`─ 1 ● web-a main │ 2 ✗ cart-0 ──────── lost at 12:00:01 ─`"""
        width = self.size.width
        note = (
            Text(f" {self._note} ", self._style("trouble" if self._trouble else "note"))
            if self._note
            else Text()
        )
        room = max(width - note.cell_len - 1, 10)
        line = Text("─", self._style("rule"), no_wrap=True, end="")
        self._places = []
        for tab, position in self._shown(room):
            label = tab.label(position)
            style = self._style("chosen" if tab.chosen else "tab")
            self._places.append((line.cell_len, line.cell_len + width_of(label), tab.number))
            line.append(label, style)
            line.append("│", self._style("rule"))
        line.truncate(room)
        line.append("─" * max(width - line.cell_len - note.cell_len, 0), self._style("rule"))
        line.append_text(note)
        line.truncate(width)
        return line

    def _shown(self, room: int) -> list[tuple[Tab, int]]:
        """The tabs that fit, the chosen one among them."""
        tabs = list(zip(self._tabs, range(1, len(self._tabs) + 1), strict=True))
        sizes = [width_of(tab.label(position)) + 1 for tab, position in tabs]
        first = 0
        chosen = next((index for index, (tab, _) in enumerate(tabs) if tab.chosen), 0)
        while first < chosen and sum(sizes[first : chosen + 1]) > room - 1:
            first += 1
        return tabs[first:]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        for start, end, number in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(number, event.button == 2))
                if event.button == 2:
                    return
        if event.button == 1:
            self._drag = event.screen_y
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is not None and event.screen_y != self._drag:
            self.post_message(self.Dragged(event.screen_y - self._drag))
            self._drag = event.screen_y

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        if self._drag is not None:
            self._drag = None
            self.release_mouse()
            self.post_message(self.Dropped())
