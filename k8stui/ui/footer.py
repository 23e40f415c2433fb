"""The last line of the screen: the keys that work here, now. A click on one does what the key does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult


DIM = Style(dim=True)


class Hint(NamedTuple):
    """One key and what it does."""

    action: str
    key: str
    title: str
    forbidden: bool = False
    """It is known that the user may not: shown with a cross, and dimmed."""

    @property
    def words(self) -> str:
        """The title as it is shown."""
        return f"{self.title}✗" if self.forbidden else self.title


def fitting(hints: Sequence[Hint], width: int) -> list[tuple[int, Hint]]:
    """The hints that fit into a line, with the column where each starts; whole ones only."""
    placed: list[tuple[int, Hint]] = []
    x = 1
    for hint in hints:
        size = len(hint.key) + 1 + len(hint.words)
        if x + size > width:
            continue
        placed.append((x, hint))
        x += size + 2
    return placed


class Footer(Widget):
    """Hints of keys."""

    DEFAULT_CSS = "Footer { height: 1; dock: bottom; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--title", "footer--hover"}
    ALLOW_SELECT = False

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self) -> None:
        super().__init__()
        self._hints: list[Hint] = []
        self._hover = ""
        self._waiting = ""
        self._busy = ""

    def show_waiting(self, keys: str) -> None:
        """Show the keys that were typed ahead and wait; none: hints again."""
        if keys != self._waiting:
            self._waiting = keys
            self.refresh()

    def show_busy(self, what: str) -> None:
        """Show what is waited for and that esc ends it; nothing: hints again."""
        if what != self._busy:
            self._busy = what
            self.refresh()

    def show_hints(self, hints: Sequence[Hint]) -> None:
        """Show these, the most useful first."""
        if list(hints) != self._hints:
            self._hints = list(hints)
            self.refresh()

    def hint_at(self, x: int) -> Hint | None:
        """The hint in a column."""
        for start, hint in fitting(self._hints, self.size.width):
            if start <= x < start + len(hint.key) + 1 + len(hint.words):
                return hint
        return None

    def render(self) -> RenderResult:
        text = Text(no_wrap=True, end="")
        key = self.get_component_rich_style("footer--key")
        title = self.get_component_rich_style("footer--title")
        hover = self.get_component_rich_style("footer--hover")
        if self._busy:
            text.append(f" ◌ {printable(self._busy)}  ", title)
            text.append("esc", key)
            text.append(" gives up ", title)
        if self._waiting:
            text.append(" typed ahead ", title)
            text.append(printable(self._waiting), key)
        if self._busy or self._waiting:
            return text
        for start, hint in fitting(self._hints, self.size.width):
            text.append(" " * (start - text.cell_len))
            text.append(hint.key, key)
            style = hover if hint.action == self._hover else title
            text.append(f" {hint.words}", style + DIM if hint.forbidden else style)
        return text

    def on_click(self, event: events.Click) -> None:
        hint = self.hint_at(event.x)
        if hint is not None:
            self.post_message(self.Pressed(hint.action))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        hint = self.hint_at(event.x)
        self._set_hover("" if hint is None else hint.action)

    def on_leave(self, _event: events.Leave) -> None:
        self._set_hover("")

    def _set_hover(self, action: str) -> None:
        if action != self._hover:
            self._hover = action
            self.refresh()
