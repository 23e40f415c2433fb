"""Every action with its keys, made from the registry: those that work here stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll

from k8stui.ui.dialogs.base import Dialog, PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

MOVING = (
    ("↑ ↓ / k j", "Move by a row"),
    ("PgUp PgDn", "Move by a page; also ctrl-b and ctrl-f"),
    ("Home End", "To the first or last row, also g and shift-g; in logs: follow the end"),
    ("← →", "Scroll sideways"),
)
"""Keys of the tables and log views themselves."""


class HelpLine(Struct, frozen=True):
    """One action in the help."""

    group: str
    keys: str
    about: str
    works: bool
    refusal: str = ""
    """Why the user may not, where that is known."""


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

    def text(self) -> Table:
        """The whole help. What does not work here is dimmed and has a dot in front."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1)
        group = ""
        for line in self._lines:
            if line.group != group:
                group = line.group
                table.add_row(Text(), Text(f"\n{group}", "bold underline"))
            style = "" if line.works else "dim"
            keys = Text(line.keys, f"bold {style}".strip())
            what = Text(f"{'' if line.works else '· '}{line.about}", style)
            if line.refusal:
                what.append(f" ✗ {line.refusal}", "italic")
            table.add_row(keys, what)
        table.add_row(Text(), Text("\nMoving", "bold underline"))
        for moving, about in MOVING:
            table.add_row(Text(moving, "bold"), Text(about))
        table.add_row(Text(), Text("\n· does not fit what has the focus now.", "dim"))
        table.add_row(Text(), Text("Keys can be changed in the settings file, below [keys].", "dim"))
        return table
