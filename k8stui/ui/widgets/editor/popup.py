"""What can stand at the cursor of the editor, in a list below it: ↑ ↓ choose, tab takes, esc closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from k8stui.kinds.text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import RenderResult

    from k8stui.kinds.editing.schema import Suggestion

SHOWN = 8
WIDEST = 48


class EditorPopup(Widget):
    """The list."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor-popup--chosen", "editor-popup--about"}
    DEFAULT_CSS = """
    EditorPopup { layer: popup; position: absolute; width: auto; height: auto; display: none; }
    """

    class Taken(Message):
        """A suggestion was chosen with the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self.suggestions: Sequence[Suggestion] = ()
        self.chosen = 0
        self.picked = False
        """The user has moved in the list: Enter takes what is marked then."""

    @property
    def is_open(self) -> bool:
        """It is on the screen."""
        return bool(self.suggestions) and bool(self.display)

    @property
    def current(self) -> Suggestion | None:
        """The marked one."""
        return self.suggestions[self.chosen] if self.suggestions else None

    @property
    def wide(self) -> int:
        """Columns that it takes."""
        return max((len(line) for line in self._lines()), default=0)

    def show(self, suggestions: Sequence[Suggestion]) -> None:
        """Offer these."""
        if not suggestions and not self.suggestions:
            return
        self.suggestions, self.chosen, self.picked = suggestions, 0, False
        self.display = bool(suggestions)
        self.refresh(layout=True)

    def hide(self) -> None:
        """Offer nothing."""
        if self.suggestions or self.display:
            self.show(())

    def move(self, step: int) -> None:
        """Mark the next or the one before."""
        self.chosen = (self.chosen + step) % len(self.suggestions)
        self.picked = True
        self.refresh()

    @property
    def _first(self) -> int:
        return max(0, min(self.chosen - SHOWN + 2, len(self.suggestions) - SHOWN))

    def _lines(self) -> list[str]:
        shown = self.suggestions[self._first : self._first + SHOWN]
        width = min(max((len(each.text) for each in shown), default=0), 32)
        return [
            cut(f" {printable(each.text).ljust(width)}  {printable(each.about)}".rstrip() + " ", WIDEST)
            for each in shown
        ]

    def get_content_width(self, *_: object) -> int:
        return self.wide

    def get_content_height(self, *_: object) -> int:
        return min(len(self.suggestions), SHOWN)

    def render(self) -> RenderResult:
        chosen = self.get_component_rich_style("editor-popup--chosen")
        about = self.get_component_rich_style("editor-popup--about")
        text, lines = Text(no_wrap=True), self._lines()
        width = max(map(len, lines), default=0)
        for number, line in enumerate(lines, start=self._first):
            here = number == self.chosen
            part = Text(line.ljust(width), chosen if here else "")
            if not here:
                name = len(self.suggestions[number].text)
                part.stylize(about, name + 2)
            text.append_text(part)
            if number < self._first + len(lines) - 1:
                text.append("\n")
        return text

    def on_click(self, event: events.Click) -> None:
        """Take the one under the mouse."""
        event.stop()
        number = self._first + event.y
        if number < len(self.suggestions):
            self.chosen = number
            self.post_message(self.Taken())
