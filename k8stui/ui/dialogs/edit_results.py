"""What became of each document of a buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding

from k8stui.kinds.text import printable
from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.edit_review import Lines
from k8stui.ui.editing.items import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from k8stui.ui.editing.items import Item


class ResultsDialog(Dialog[bool]):
    """One line for each, those that failed first."""

    BINDINGS: ClassVar = [Binding("enter", "give_up", show=False)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "review--added",
        "review--error",
        "review--muted",
        "review--warning",
    }

    def __init__(self, items: Sequence[Item]) -> None:
        done = sum(bool(item.done) and not item.failed for item in items)
        super().__init__(f"{done} of {len(items)} written")
        self.add_class("review")
        self._items = sorted(items, key=lambda item: bool(item.done) and not item.failed)

    def compose_body(self) -> ComposeResult:
        with Lines(id="lines"):
            yield PlainText(self._text())

    def on_mount(self) -> None:
        self.query_one("#lines").focus()

    def _text(self) -> Text:
        def style(name: str) -> str:
            return (
                str(self.app.screen.get_component_rich_style(name, partial=True)) if self.is_attached else ""
            )

        text = Text()
        for item in self._items:
            name = printable(item.label())
            if item.done and not item.failed:
                text.append(f"✓ {name}: {item.done}\n", "green")
            elif item.failed or item.problems:
                text.append(f"✗ {name}: {printable(item.done or _lines(item))}\n", "red")
            elif item.taken:
                text.append(f"✗ {name}: not applied, {printable(_lines(item))}\n", "red")
            else:
                said = "unchanged" if item.way is Way.NOTHING else "not written"
                text.append(f"  {name}: {said}\n", "dim")
            for warning in item.warnings:
                text.append(f"  ⚠ {printable(warning)}\n", "yellow")
        return text


def _lines(item: Item) -> str:
    """What stands against it, with the lines that it is about."""
    return "; ".join(f"line {each.line + 1}: {each.message}" for each in item.marks)
