"""What a container that has ended already wrote: its logs, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.shell_text import lines_of

if TYPE_CHECKING:
    from textual.app import ComposeResult


class OutputDialog(Dialog[None]):
    """A sentence, and the output."""

    def __init__(self, title: str, sentence: str, output: bytes) -> None:
        super().__init__(title)
        self._sentence = sentence
        self._output = lines_of(output.decode("utf-8", "replace") or "It wrote nothing.")

    def compose_body(self) -> ComposeResult:
        yield PlainText(f"{self._sentence}. Its output:", classes="about")
        with VerticalScroll(id="help"):
            yield PlainText(self._output)

    def on_mount(self) -> None:
        self.query_one("#help").focus()
