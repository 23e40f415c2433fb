"""A list to choose from: themes, columns to sort by, actions of a row, namespaces.

Typing narrows the list. Where any text is an answer, what was typed is one too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.text import Text
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k8stui.kinds.text import printable
from k8stui.ui.dialogs.base import Dialog, PlainText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from textual import events
    from textual.app import App, ComposeResult

MOST_SHOWN = 200
"""Thousands would keep the event loop for too long."""
TYPING_FROM = 9
"""So many choices and more can be narrowed by typing."""


class Choice(Struct, frozen=True):
    """One thing to choose."""

    value: str
    title: str
    about: str = ""
    key: str = ""


class ChooseDialog(Dialog[str]):
    """Asks for one of several; the answer is its value."""

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        about: str = "",
        chosen: str = "",
        first: str = "",
        free: str = "",
    ) -> None:
        """`chosen`: the one that is in use; `first`: where the cursor is, if not there.

        `free`: any text is an answer; this says which, as a hint in the empty line.
        """
        super().__init__(title)
        self._choices = list(choices)
        self._about = about
        self._chosen = chosen
        self._first = first or chosen
        self._free = free
        self._shown: list[Choice] = []
        self._left_out = 0
        self._list = OptionList()
        self._input = Input(placeholder=free or "type to narrow", select_on_focus=False)

    def compose_body(self) -> ComposeResult:
        if self._about:
            yield PlainText(self._about, classes="about")
        if self._typing:
            yield self._input
        yield self._list

    @property
    def _typing(self) -> bool:
        return bool(self._free) or len(self._choices) >= TYPING_FROM

    def on_mount(self) -> None:
        self._fill("")
        (self._input if self._typing else self._list).focus()

    def _fill(self, text: str) -> None:
        low = text.lower()
        before = [choice.value for choice in self._shown], self._left_out
        fitting = [c for c in self._choices if low in f"{c.title} {c.about}".lower()]
        self._shown, self._left_out = fitting[:MOST_SHOWN], max(0, len(fitting) - MOST_SHOWN)
        titles = max((len(choice.title) for choice in self._shown), default=0)
        lines = [self._line(choice, titles) for choice in self._shown]
        if lines and before == ([choice.value for choice in self._shown], self._left_out):
            for index, line in enumerate(lines):
                self._list.replace_option_prompt_at_index(index, line)
            return  # the reader may have scrolled
        self._list.clear_options()
        self._list.add_options([Option(line) for line in lines])
        if self._left_out:
            self._list.add_option(Option(f"  … and {self._left_out:,} more: type to narrow", disabled=True))
        self._list.display = bool(self._shown)
        here = next((i for i, choice in enumerate(self._shown) if choice.value == self._first), 0)
        self._list.highlighted = here if self._shown else None

    def say_about(self, text: str) -> None:
        """Say something else above the choices."""
        self.query_one(".about", PlainText).say(text)

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Other choices, or news about them: the one that is marked stays marked, wherever it is now."""
        at = self._list.highlighted
        here = self._shown[at].value if at is not None and at < len(self._shown) else ""
        self._choices = list(choices)
        self._fill(self._input.value if self._typing else "")
        again = next((i for i, choice in enumerate(self._shown) if choice.value == here), None)
        if self._shown:
            self._list.highlighted = min(at or 0, len(self._shown) - 1) if again is None else again

    def _line(self, choice: Choice, width: int) -> Text:
        mark = "● " if choice.value == self._chosen else ""
        line = Text(f"{mark}{printable(choice.title)}".ljust(width + 2))
        if choice.key:
            line.append(f"  {choice.key}", "bold")
        if choice.about:
            line.append(f"  {printable(choice.about)}", "dim")
        return line

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the marked choice, or the text where any text will do."""
        typed = event.value.strip()
        exact = any(choice.value == typed for choice in self._choices)
        if self._free and typed and (exact or not self._shown):
            self.dismiss(typed)
        elif self._shown and self._list.highlighted is not None:
            self.dismiss(self._shown[self._list.highlighted].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)

    def on_key(self, event: events.Key) -> None:
        """The arrows move in the list while one types; a choice's own key takes it."""
        if self._input.has_focus and event.key in ("up", "down") and self._shown:
            event.stop()
            event.prevent_default()
            step = 1 if event.key == "down" else -1
            self._list.highlighted = ((self._list.highlighted or 0) + step) % len(self._shown)


async def choose(
    app: App[Any],
    title: str,
    choices: Sequence[Choice],
    then: Callable[[str], object],
    *,
    about: str = "",
    chosen: str = "",
    free: str = "",
) -> None:
    """Ask, and do `then` with the answer, if there is one. Runs in a worker."""
    dialog = ChooseDialog(title, choices, about=about, chosen=chosen, free=free)
    answer = await app.push_screen_wait(dialog)
    if answer is not None:
        then(answer)
