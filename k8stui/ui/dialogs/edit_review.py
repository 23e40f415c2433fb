"""What a save would change, before it does: the user's changes, what the server does besides, warnings.

The answer is `apply`, `force` (a server-side apply takes fields over from other managers), or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button

from k8stui.kinds.editing.field_diff import change_lines
from k8stui.kinds.editing.objects import shown_change
from k8stui.kinds.text import printable
from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.editing.items import Way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from textual.app import ComposeResult

    from k8stui.kinds.editing.field_diff import Change
    from k8stui.ui.editing.items import Item

MOST_LINES = 1500
"""Lines of a review that are shown; nobody reads more."""
MOST_BESIDES = 40
WIDEST = 400
_STYLES = {"+": "added", "-": "removed", "…": "muted", " ": ""}


_SCROLLS = {
    "up": "up",
    "down": "down",
    "pageup": "page_up",
    "pagedown": "page_down",
    "home": "home",
    "end": "end",
}


class Lines(VerticalScroll):
    """Text to be scrolled by keys."""

    BINDINGS: ClassVar = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("space", "page_down", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
    ]


class ReviewDialog(Dialog[str]):
    """Shows the diff and asks."""

    BINDINGS: ClassVar = [
        Binding("ctrl+s", "apply", show=False, priority=True),
        Binding("f", "force", show=False),
        # also while a button has the focus
        *(Binding(key, f"scroll('{way}')", show=False) for key, way in _SCROLLS.items()),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "review--added",
        "review--removed",
        "review--label",
        "review--head",
        "review--muted",
        "review--warning",
        "review--error",
    }

    def __init__(self, verb: str, items: Sequence[Item], revealed: Collection[str]) -> None:
        self._items = list(items)
        self._revealed = revealed
        ready = [item for item in items if item.ready]
        self._ready = len(ready)
        self._taken = any(item.taken for item in items)
        what = items[0].label() if len(items) == 1 else f"{len(items)} objects"
        super().__init__(f"{verb} {what}?")
        self.add_class("review")
        self._body = PlainText("")
        label = verb if len(items) == 1 else f"{verb} {self._ready} of {len(items)}"
        self._yes = Button(f"{label}  ctrl-s", id="apply", variant="primary", disabled=not self._ready)
        self._force = Button("Take the fields over  f", id="force", variant="error")

    def compose_body(self) -> ComposeResult:
        with Lines(id="lines"):
            yield self._body
        with Horizontal(id="buttons"):
            yield self._yes
            if self._taken:
                yield self._force
            yield Button("Back to the text  esc", id="back")

    def on_mount(self) -> None:
        self._body.say(self._text())
        (self.query_one("#lines") if not self._ready else self._yes).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {"apply": self.action_apply, "force": self.action_force}.get(
            event.button.id or "", self.action_give_up
        )()

    def action_apply(self) -> None:
        """Go on with what can be written."""
        if self._ready:
            self.dismiss("apply")

    def action_force(self) -> None:
        """Become the owner of what others own."""
        if self._taken:
            self.dismiss("force")

    def action_scroll(self, way: str) -> None:
        """Read on."""
        getattr(self.query_one("#lines"), f"scroll_{way}")(animate=False)

    # The text

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"review--{name}", partial=True)) if name else ""

    def _text(self) -> Text:
        text = Text()
        for number, item in enumerate(self._items):
            if number:
                text.append("\n")
            self._item(text, item)
        lines = text.split("\n")
        if len(lines) > MOST_LINES:
            text = Text("\n").join(lines[:MOST_LINES])
            text.append(f"\n… {len(lines) - MOST_LINES:,} more lines", self._style("muted"))
        return text

    def _item(self, text: Text, item: Item) -> None:
        if len(self._items) > 1 or item.way is not Way.PATCH:
            word = "refused" if item.problems else item.way.value
            new = " (new)" if item.way is Way.APPLY and item.base is None else ""
            text.append(f"{printable(item.label())}: {word}{new}\n", self._style("head"))
        for problem in item.marks:
            text.append(f"✗ line {problem.line + 1}: {printable(problem.message)}\n", self._style("error"))
        for comment in item.lost:
            lost = f"The merge takes this comment out of the text, and ctrl-z in it brings it back: {comment}"
            text.append(f"⚠ {printable(lost)}\n", self._style("warning"))
        for sentence in [*item.owners, *item.warnings]:
            text.append(f"⚠ {printable(sentence)}\n", self._style("warning"))
        if item.waits is not None:
            text.append(f"Tried when {printable(item.waits.label())} is there.\n", self._style("muted"))
        if item.changes:
            text.append("You change\n" if item.way is Way.PATCH else "It changes\n", self._style("muted"))
            self._changes(text, item, item.changes)
        elif item.base is not None and item.result is not None and item.way is Way.APPLY:
            text.append("Nothing in it changes but who owns the fields.\n", self._style("muted"))
        if item.besides:
            fresh = item.base is None
            text.append(
                "The server fills in\n" if fresh else "The server changes besides\n", self._style("muted")
            )
            self._changes(text, item, item.besides[:MOST_BESIDES])
            if len(item.besides) > MOST_BESIDES:
                text.append(f"  … {len(item.besides) - MOST_BESIDES} more\n", self._style("muted"))

    def _changes(self, text: Text, item: Item, changes: Iterable[Change]) -> None:
        for change in changes:
            text.append(f"  {printable(change.label)}\n", self._style("label"))
            for sign, line in change_lines(shown_change(change, item.wanted, self._revealed)):
                shown = printable(line)
                shown = shown if len(shown) <= WIDEST else f"{shown[:WIDEST]}… ({len(shown):,} characters)"
                text.append(f"  {sign} {shown}\n", self._style(_STYLES[sign]))
