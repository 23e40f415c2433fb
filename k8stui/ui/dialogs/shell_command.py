"""Asks for a command to run in a container: typed or taken from the history, in a terminal or once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual.binding import Binding
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k8stui.ui.dialogs.base import Dialog, PlainText, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

SHOWN = 8


class CommandAnswer(NamedTuple):
    """What to run. `once`: without a terminal, its output and exit code are kept."""

    command: str
    once: bool


class CommandDialog(Dialog[CommandAnswer]):
    """A line, a switch, and the commands that were run before."""

    BINDINGS: ClassVar = [Binding("ctrl+o", "toggle_once", show=False, priority=True)]

    def __init__(self, where: str, history: Sequence[str], *, once: bool = False) -> None:
        super().__init__(f"Run in {where}")
        self._history = list(history)
        self._shown: list[str] = []
        self._input = Input(placeholder="command with arguments", select_on_focus=False)
        self._once = Switch("run once, keep output and exit code (ctrl-o)", value=once)
        self._list = OptionList()
        self._problem = PlainText("", classes="note")

    def compose_body(self) -> ComposeResult:
        yield self._input
        yield self._once
        yield self._list
        yield self._problem

    def on_mount(self) -> None:
        self._fill("")
        self._input.focus()

    def _fill(self, text: str) -> None:
        self._shown = [line for line in self._history if text in line][:SHOWN]
        self._list.clear_options()
        self._list.add_options([Option(Text(line)) for line in self._shown])
        self._list.display = bool(self._shown)
        self._list.highlighted = None

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._list.highlighted is None or event.value not in self._shown:
            self._fill(event.value)

    def on_key(self, event: events.Key) -> None:
        """The arrows fetch commands of the past into the line."""
        if self._input.has_focus and event.key in ("up", "down") and self._shown:
            event.stop()
            event.prevent_default()
            step = 1 if event.key == "down" else -1
            here = self._list.highlighted
            at = (0 if step > 0 else -1) if here is None else here + step
            self._list.highlighted = at % len(self._shown)
            self._input.value = self._shown[self._list.highlighted]
            self._input.cursor_position = len(self._input.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._shown[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._take(event.value)

    def _take(self, text: str) -> None:
        from k8stui.kube.sessions.commands import CommandError, parse_command

        try:
            parse_command(text)
        except CommandError as error:
            self._problem.say(f"{error}.")
            return
        self.dismiss(CommandAnswer(text.strip(), self._once.value))

    def action_toggle_once(self) -> None:
        """In a terminal, or once."""
        self._once.toggle()
