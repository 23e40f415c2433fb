"""Every action with its keys, made from the registry: those that work here stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.text import Text
from textual.containers import VerticalScroll

from k8stui.ui.dialogs.base import Dialog, PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

MOVING = (
    ("↑ ↓ / k j", "Move by a row"),
    ("PgUp PgDn / ctrl-b ctrl-f", "Move by a page"),
    ("Home End / g shift-g", "To the first or last row; in logs: follow the end"),
    ("← →", "Scroll sideways"),
)
"""Keys of the tables and log views themselves."""


class HelpLine(Struct, frozen=True):
    """One action in the help."""

    group: str
    keys: str
    about: str
    works: bool


class HelpDialog(Dialog[None]):
    """What can be done, and by which keys."""

    TITLE_TEXT = "Help"

    def __init__(self, lines: Sequence[HelpLine], place: str) -> None:
        super().__init__(f"Keys · {place}" if place else "Keys")
        self._lines = lines

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield PlainText(self.text())

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def text(self) -> Text:
        """The whole help. What does not work here is dimmed and says so by a sign in front."""
        width = max([len(line.keys) for line in self._lines] + [len(keys) for keys, _ in MOVING])
        text = Text()
        group = ""
        for line in self._lines:
            if line.group != group:
                group = line.group
                text.append(f"\n{group}\n" if len(text) else f"{group}\n", "bold underline")
            style = "" if line.works else "dim"
            sign = " " if line.works else "·"
            text.append(f"{sign} {line.keys.rjust(width)}  ", f"bold {style}".strip())
            text.append(f"{line.about}\n", style)
        text.append("\nMoving\n", "bold underline")
        for keys, about in MOVING:
            text.append(f"  {keys.rjust(width)}  ", "bold")
            text.append(f"{about}\n")
        text.append("\n· does not fit what has the focus now.   ", "dim")
        text.append("Keys can be changed in the settings file: [keys] action = key.", "dim")
        return text
