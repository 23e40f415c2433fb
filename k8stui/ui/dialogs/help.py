"""Every action with its keys, made from the registry: those that work here first; typing searches."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.strip import Strip
from textual.widgets import Input

from k8stui.ui.dialogs.base import Dialog
from k8stui.ui.widgets.painting import fit, width_of
from k8stui.ui.widgets.virtual_scroll import VirtualScroll

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult

GAP = 2
WIDTH = 88
"""Cells of a row as long as it is not known."""
CONSOLE = Console(width=WIDTH, file=io.StringIO())
"""Wraps text, writes nothing."""
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

    @property
    def style(self) -> str:
        """How it looks."""
        return "" if self.works else "dim"

    def matches(self, text: str) -> bool:
        """Whether a search finds it."""
        return text.casefold() in f"{self.keys} {self.about} {self.group}".casefold()


class _Row(NamedTuple):
    """A row of the screen: what stands on the left, what stands on the right, and how both look."""

    keys: str
    about: str
    style: str = ""


class HelpText(VirtualScroll, can_focus=False):
    """The lines, or those that a search finds. What does not work here stands below, dimmed, with a dot.

    It paints the rows that are on the screen: a table of them all would keep the event loop for 0.2 s.
    """

    def __init__(self, lines: Sequence[HelpLine]) -> None:
        super().__init__(id="help")
        self._lines = lines
        self._wanted = ""
        self._keys_width = max((width_of(line.keys) for line in lines), default=0)
        self._rows: list[_Row] = []

    def search(self, wanted: str) -> None:
        """Show only lines with this text."""
        self._wanted = wanted
        self._lay_out()
        self.scroll_home(animate=False)
        self.refresh(layout=True)

    def on_mount(self) -> None:
        """There are rows before the first layout asks how many."""
        self._lay_out()

    def on_resize(self) -> None:
        """Rows are as wide as there is room."""
        self._lay_out()

    def _lay_out(self) -> None:
        across = (self.scrollable_content_region.width or WIDTH) - self._keys_width - GAP
        self._rows = [row for line in self._found() for row in _wrapped(line, max(20, across))]
        self.set_extent(0, len(self._rows))
        self.refresh()

    def _found(self) -> Iterator[_Row]:
        group, works, found = "", True, False
        for line in self._lines:
            if not line.matches(self._wanted):
                continue
            found = True
            if works and not line.works:
                works, group = False, ""
                yield from (_Row("", ""), _Row("", "Elsewhere: does not fit what has the focus now", "bold"))
            if line.group != group:
                group = line.group
                yield from (_Row("", ""), _Row("", group, "bold underline"))
            about = line.about if line.works else f"· {line.about}"
            yield _Row(line.keys, f"{about} ✗ {line.refusal}" if line.refusal else about, line.style)
        if not found:
            yield _Row("", f"Nothing here is called {self._wanted!r}.")
        if not self._wanted:
            yield from (
                _Row("", ""),
                _Row("", "Keys can be changed in the settings file, below [keys].", "dim"),
            )

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.rich_style
        y += self.scroll_offset.y
        if y >= len(self._rows):
            return Strip.blank(width, base)
        keys, about, name = self._rows[y]
        style = base + Style.parse(name)
        left = fit(keys, self._keys_width, right=True)
        pieces = [Segment(left, style + Style(bold=True)), Segment(" " * GAP, base), Segment(about, style)]
        return Strip(pieces).adjust_cell_length(width, base)


def _wrapped(row: _Row, width: int) -> list[_Row]:
    """A row, in as many as it takes."""
    if width_of(row.about) <= width:
        return [row]
    parts = [part.plain.rstrip() for part in Text(row.about).wrap(CONSOLE, width)]
    return [row._replace(about=parts[0]), *(_Row("", part, row.style) for part in parts[1:])]


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
        self._body = HelpText([*works, *own, *(line for line in lines if not line.works)])

    def compose_body(self) -> ComposeResult:
        search = Input(placeholder="type to search, esc closes", compact=True, id="help-search")
        search.cursor_blink = False
        yield search
        yield self._body

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._body.search(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(None)

    def action_scroll(self, how: str) -> None:
        """Move through the lines; the keys stay with the search."""
        getattr(self._body, f"scroll_{how}")(animate=False)
