"""A question with yes and no. Enter takes what is marked, y and n answer at once, esc means no."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.shell_text import lines_of

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ConfirmDialog(Dialog[bool]):
    """Asks once; the answer is True, or False, or None when it was given up."""

    BINDINGS: ClassVar = [
        Binding("y", "answer(True)", show=False),
        Binding("n", "answer(False)", show=False),
    ]

    def __init__(self, title: str, about: str, yes: str, no: str = "No") -> None:
        super().__init__(title)
        self._about, self._yes, self._no = about, yes, no
        self._list = OptionList()

    def compose_body(self) -> ComposeResult:
        yield PlainText(lines_of(self._about), classes="about")
        yield self._list

    def on_mount(self) -> None:
        self._list.add_options([Option(Text(f"{self._yes}  y")), Option(Text(f"{self._no}  n"))])
        self._list.highlighted = 0
        self._list.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index == 0)

    def action_answer(self, yes: bool) -> None:
        """By a key."""
        self.dismiss(yes)
