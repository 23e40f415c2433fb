"""What debugging has created and may still be there: looked at, and cleaned up by one key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from k8stui.kube.durations import human_duration
from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.shell_text import lines_of
from k8stui.ui.latest import start_latest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult

    from k8stui.kube.debug.operations import CleanupResult
    from k8stui.kube.debug.record import DebugEntry

WHAT = {"ephemeral": "container in", "copy": "copy", "node": "node pod"}


class CreatedDialog(Dialog[None]):
    """A list; enter or ctrl-d cleans up one entry, ctrl-k all of this context."""

    BINDINGS: ClassVar = [
        Binding("ctrl+d,delete", "clean", show=False, priority=True),
        Binding("ctrl+k", "clean_all", show=False, priority=True),
    ]

    def __init__(
        self,
        entries: Sequence[DebugEntry],
        context: str,
        *,
        look: Callable[[Sequence[DebugEntry]], Awaitable[dict[DebugEntry, bool | None]]],
        clean: Callable[[Sequence[DebugEntry]], Awaitable[tuple[CleanupResult, ...]]],
    ) -> None:
        """`look` and `clean` get entries of this context only. Both raise KubeError, `clean` OSError too."""
        super().__init__("Created by debugging")
        self._entries = list(entries)
        self._context_name = context
        self._look, self._clean = look, clean
        self._there: dict[DebugEntry, bool | None] = {}
        self._list = OptionList()
        self._text = PlainText("", classes="about")

    def compose_body(self) -> ComposeResult:
        yield self._list
        yield self._text

    def on_mount(self) -> None:
        self._fill()
        self._say("ctrl-d deletes what is marked, ctrl-k all that can be in this context.")
        self._list.focus()
        mine = self._mine()
        if mine:
            self.run_worker(self._check(mine), group="look", exit_on_error=False)

    def _mine(self) -> list[DebugEntry]:
        return [entry for entry in self._entries if entry.context == self._context_name]

    async def _check(self, entries: list[DebugEntry]) -> None:
        self._there = await self._look(entries)
        self._fill()

    def _fill(self) -> None:
        here = self._list.highlighted
        self._list.clear_options()
        self._list.add_options([Option(self._line(entry)) for entry in self._entries])
        self._list.display = bool(self._entries)
        if self._entries:
            self._list.highlighted = min(here or 0, len(self._entries) - 1)
        else:
            self._say("Nothing that debugging created is left.")

    def _line(self, entry: DebugEntry) -> Text:
        where = f"{entry.namespace}/{entry.pod}"
        line = Text(f"{WHAT.get(entry.kind, entry.kind):<13}{where}")
        if entry.kind == "ephemeral":
            line.append(f" {entry.container}")
        if entry.node:
            line.append(f" on {entry.node}")
        line.append(f"  {entry.image}  {human_duration(max(0, time.time() - entry.created))} ago", "dim")
        there = self._there.get(entry)
        if entry.context != self._context_name:
            line.append(f"  in context {entry.context}", "dim")
        elif entry in self._there:
            line.append("  gone" if there is False else "  is there" if there else "  not known", "dim")
        if not entry.removable and there is not False:
            line.append("  stays until its pod goes", "dim")
        return line

    def _say(self, sentence: str) -> None:
        self._text.say(lines_of(sentence))

    def on_option_list_option_selected(self) -> None:
        self.action_clean()

    def action_clean(self) -> None:
        """Delete the marked one."""
        index = self._list.highlighted
        if index is not None and index < len(self._entries):
            self._start([self._entries[index]])

    def action_clean_all(self) -> None:
        """Delete all of this context."""
        self._start(self._mine())

    def _start(self, entries: list[DebugEntry]) -> None:
        mine = [entry for entry in entries if entry.context == self._context_name]
        if not mine:
            self._say("That was created in another context: switch to it first (:ctx).")
            return
        self._say("Deleting…")
        start_latest(self, "clean", self._do, mine)

    async def _do(self, entries: list[DebugEntry]) -> None:
        from k8stui.kube.errors import KubeError

        try:
            results = await self._clean(entries)
        except KubeError as error:
            self._say(f"{error.sentence()}.")
            return
        except OSError as error:
            self._say(f"The list cannot be kept: {error.strerror or error}.")
            return
        gone = {result.entry for result in results if result.gone}
        self._entries = [entry for entry in self._entries if entry not in gone]
        self._fill()
        self._say("\n".join(f"{result.sentence}." for result in results[-6:]))
