"""Both sides changed the same fields: choose field by field whose value stays. The answer is the choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from k8stui.kinds.editing.field_diff import MISSING, Change
from k8stui.kinds.editing.objects import shown_change
from k8stui.kinds.text import cut, printable
from k8stui.kinds.yaml_text import emit
from k8stui.ui.dialogs.base import Dialog, PlainText

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.app import ComposeResult

    from k8stui.kinds.editing.three_way import Conflict
    from k8stui.ui.editing.pipeline import Meanwhile

ROWS = 6
"""Lines of a value that are shown."""
WIDTH = 90


class ConflictsDialog(Dialog[dict[str, bool]]):
    """Lists the fields; each shows what it was, what both made of it, and which one is chosen."""

    BINDINGS: ClassVar = [
        Binding("m", "choose(True)", show=False),
        Binding("t", "choose(False)", show=False),
        Binding("space", "flip", show=False),
        Binding("M", "all(True)", show=False),
        Binding("T", "all(False)", show=False),
        Binding("ctrl+s", "done", show=False, priority=True),
    ]

    def __init__(self, met: Meanwhile, revealed: Collection[str]) -> None:
        count = len(met.conflicts)
        super().__init__(
            f"{met.item.label()} was changed meanwhile: {count} field{'s' * (count > 1)} to decide"
        )
        self.add_class("conflicts")
        self._met = met
        self._revealed = revealed
        self._choices: dict[str, bool | None] = {conflict.label: None for conflict in met.conflicts}
        self._list = OptionList()
        self._note = PlainText("", classes="note")

    def compose_body(self) -> ComposeResult:
        yield PlainText(
            "All else that both changed is merged. m: mine, t: theirs, M and T: for all.", classes="about"
        )
        yield self._list
        yield self._note

    def on_mount(self) -> None:
        self._fill(0)
        self._list.focus()

    def _fill(self, here: int) -> None:
        self._list.clear_options()
        self._list.add_options([Option(self._row(each)) for each in self._met.conflicts])
        self._list.highlighted = here
        left = sum(choice is None for choice in self._choices.values())
        self._note.say(
            f"{left} left to decide; esc: back to the text" if left else "ctrl-s or Enter goes on; esc: back"
        )

    def _row(self, conflict: Conflict) -> Text:
        chosen = self._choices[conflict.label]
        text = Text(printable(conflict.label), "bold")
        for name, value, picked in (
            ("was", conflict.base, False),
            ("mine", conflict.mine, chosen is True),
            ("theirs", conflict.theirs, chosen is False),
        ):
            sign = "●" if picked else "○" if name != "was" else " "
            style = "" if picked or (chosen is None and name != "was") else "dim"
            for number, line in enumerate(self._value(conflict, value)):
                head = f"{sign} {name:<7}" if not number else " " * 9
                text.append(f"\n  {head} {cut(printable(line), WIDTH)}", style)
        return text

    def _value(self, conflict: Conflict, value: Any) -> list[str]:
        if value is MISSING:
            return ["(not there)"]
        part, _, key = conflict.label.partition(".")
        if part.startswith("data["):
            part, key = "data", conflict.label[5:-1]
        change = Change((part, key) if part == "data" and key else (), "", MISSING, value)
        shown = shown_change(change, self._met.item.wanted, self._revealed).new
        if isinstance(shown, str) and shown.startswith("(sealed)"):
            return ["(another value, not known any more)"]
        lines = [line.text for line in emit(shown).lines]
        return lines if len(lines) <= ROWS else [*lines[: ROWS - 1], f"… {len(lines) - ROWS + 1} more lines"]

    @property
    def _here(self) -> int:
        return self._list.highlighted or 0

    def action_choose(self, mine: bool) -> None:
        """For the field that is marked; then to the next."""
        here = self._here
        self._choices[self._met.conflicts[here].label] = mine
        self._fill(min(here + 1, len(self._met.conflicts) - 1))

    def action_flip(self) -> None:
        """The other one."""
        label = self._met.conflicts[self._here].label
        self._choices[label] = not self._choices[label]
        self._fill(self._here)

    def action_all(self, mine: bool) -> None:
        """For all fields."""
        self._choices = dict.fromkeys(self._choices, mine)
        self._fill(self._here)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if all(choice is not None for choice in self._choices.values()):
            self.action_done()
        else:
            self.action_flip()

    def action_done(self) -> None:
        """All is decided."""
        choices = {label: choice for label, choice in self._choices.items() if choice is not None}
        if len(choices) == len(self._choices):
            self.dismiss(choices)
