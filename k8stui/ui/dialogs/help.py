"""Every action with its keys, made from the registry: those that work here first; typing searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Input

from k8stui.ui.dialogs.base import Dialog, PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

MOVING = (
    ("↑ ↓ k j", "Move by a row"),
    ("PgUp PgDn ctrl-b ctrl-f", "Move by a page"),
    ("Home End g shift-g", "To the first or last row; in logs: follow the end"),
    ("← →", "Scroll sideways"),
    ("shift-↑ shift-↓", "In logs and texts: select lines; c copies them, as it does what the mouse selects"),
)
"""Keys of the tables and log views themselves."""
FILTERS = (
    ("/text", "Rows and lines that match a regular expression; small letters match capitals too"),
    ("/!text", "Those that do not"),
    (
        "/level>=warn pod:web",
        "In logs: lines of these levels, pods, container: or ns:, each also with ! before it",
    ),
    ("/-C3 text", "In logs: with three lines around each match (-B before, -A after); -F as plain text"),
    ("/-l app=web", "Rows with these labels"),
    ("/-f crt", "Rows whose names have these letters in this order"),
)


class HelpLine(Struct, frozen=True):
    """One action in the help."""

    group: str
    keys: str
    about: str
    works: bool
    refusal: str = ""
    """Why the user may not, where that is known."""

    def matches(self, text: str) -> bool:
        """Whether a search finds it."""
        return text.casefold() in f"{self.keys} {self.about} {self.group}".casefold()


class HelpDialog(Dialog[None]):
    """What can be done, and by which keys."""

    TITLE_TEXT = "Help"
    BINDINGS = [  # noqa: RUF012
        Binding("down", "scroll('down')", show=False),
        Binding("up", "scroll('up')", show=False),
        Binding("pagedown", "scroll('page_down')", show=False),
        Binding("pageup", "scroll('page_up')", show=False),
        Binding("enter", "give_up", show=False),
    ]

    def __init__(self, lines: Sequence[HelpLine], place: str) -> None:
        super().__init__(f"Keys · {place}" if place else "Keys")
        own = [
            *(HelpLine("Moving", keys, about, works=True) for keys, about in MOVING),
            *(HelpLine("Filters", keys, about, works=True) for keys, about in FILTERS),
        ]
        works = [line for line in lines if line.works]
        self._lines = [*works, *own, *(line for line in lines if not line.works)]
        self._body = PlainText(self.text())

    def compose_body(self) -> ComposeResult:
        search = Input(placeholder="type to search, esc closes", compact=True, id="help-search")
        search.cursor_blink = False
        yield search
        with VerticalScroll(id="help", can_focus=False):
            yield self._body

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._body.say(self.text(event.value.strip()))
        self.query_one("#help").scroll_home(animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(None)

    def action_scroll(self, how: str) -> None:
        """Move through the lines; the keys stay with the search."""
        getattr(self.query_one("#help"), f"scroll_{how}")(animate=False)

    def text(self, wanted: str = "") -> Table:
        """The help, or what of it has a text. What does not work here stands below, dimmed, with a dot."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1)
        group, works = "", True
        for line in self._lines:
            if not line.matches(wanted):
                continue
            if works and not line.works:
                works, group = False, ""
                table.add_row(Text(), Text("\nElsewhere: does not fit what has the focus now", "bold"))
            if line.group != group:
                group = line.group
                table.add_row(Text(), Text(f"\n{group}", "bold underline"))
            style = "" if line.works else "dim"
            what = Text(f"{'' if line.works else '· '}{line.about}", style)
            if line.refusal:
                what.append(f" ✗ {line.refusal}", "italic")
            table.add_row(Text(line.keys, f"bold {style}".strip()), what)
        if not table.row_count:
            table.add_row(Text(), Text(f"Nothing here is called {wanted!r}."))
        if not wanted:
            table.add_row(Text(), Text("\nKeys can be changed in the settings file, below [keys].", "dim"))
        return table
