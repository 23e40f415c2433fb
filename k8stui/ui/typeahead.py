"""Keys typed ahead: while the program starts, after Enter or Esc in a prompt, and while a shell or a dialog
is on its way, they wait for their turn.

Without this, `d` typed while the demo starts would find no row, `:ctx`, Enter, ↓, Enter typed in one go would
lose the ↓ to the closing prompt or to a table that has no rows yet, and `/web`, Enter, `:nodes` would look
for `web:nodes`; what is typed right after `s` is meant for the shell, or (`5`) for the dialog that asks how
many replicas, and must not act on rows. They wait a moment at most, for a dialog as long as the server takes
to tell what it is about, unless esc gives it up; the footer shows them meanwhile, and ctrl-c never waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from textual import events

from k8stui.ui.keymap import shown
from k8stui.ui.session import Stage
from k8stui.ui.spec import ViewType
from k8stui.ui.widgets.terminal.input import same_key

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.worker import Worker

    from k8stui.ui.screen import MainScreen
    from k8stui.ui.session import Session

LONGEST = 1.5
FIRST_ROWS = 3.0
"""How long they wait for the first rows of a cluster that is open."""
FOR_SHELL = 5.0
"""How long they wait for a shell that is being opened; then they are dropped: they were for nothing else."""
FOCUSES = 0.3
"""How long a shell that is open may take to get the keys."""
SOON = 0.1
"""Seconds after which the footer says what is waited for."""
STEP = 0.004
"""Seconds."""


class TypeAhead:
    """Holds keys back and gives them to the app again, in their order."""

    def __init__(self, screen: MainScreen, session: Session) -> None:
        self._screen = screen
        self._session = session
        self._until = 0.0
        self._held: deque[events.Key] = deque()
        self._given: deque[events.Key] = deque(maxlen=64)
        """Those that were given to the app again and have not come yet."""
        self._starting = True
        self._shell: Worker[bool] | None = None
        self._shell_until = 0.0
        self._asking: Worker[Any] | None = None
        """What will open a dialog, or (its result) something else that takes the keys."""
        self.opening = False
        """A line was taken and is being carried out."""

    def opened(self) -> None:
        """The cluster is open and the panes are those of its context, or there will be none."""
        if self._starting:
            self._starting = False
            self._until = max(self._until, time.monotonic() + FIRST_ROWS)

    def await_shell(self, work: Worker[bool], what: str) -> None:
        """A shell is being opened (the result tells whether it was): what is typed is for it."""
        self._shell, self._shell_until = work, time.monotonic() + FOR_SHELL
        self._screen.run_worker(self._tell(work, what), group="typeahead", exit_on_error=False)

    def await_dialog(self, begin: Callable[[], Coroutine[None, None, Any]], what: str, group: str) -> None:
        """Start what opens a dialog, or (its result is true then) a view: what is typed is for that.

        `what` it is busy with is told until then. A function is taken, not a coroutine: work that is given up
        before it began leaves nothing unawaited.
        """
        work = self._asking = self._screen.app.run_worker(begin, group=group, exit_on_error=False)
        self._screen.run_worker(self._tell(work, what), group="typeahead", exit_on_error=False)

    async def _tell(self, work: Worker[Any], what: str) -> None:
        """Say that it has begun, where it takes longer than a moment."""
        try:
            await asyncio.sleep(SOON)
            while (self._asking is work and self._dialog_comes(work)) or (
                self._shell is work and not work.is_finished and self._is_on_top
            ):
                self._screen.footer.show_busy(what)
                await asyncio.sleep(SOON)
        finally:
            self._screen.footer.show_busy("")

    def _dialog_comes(self, work: Worker[Any]) -> bool:
        """What the keys are for is not there yet. They are dropped where it does not come at all."""
        if work.is_finished:
            self._asking = None
            if not work.result and self._is_on_top:
                self._held.clear()
            return False
        return self._is_on_top

    def dialog_opened(self) -> None:
        """Something is over the panes, and has the keys."""
        self._asking = None

    def _gives_up(self, event: events.Key) -> bool:
        """esc while a dialog or a shell is on its way: it is not wanted any more."""
        work = self._asking or self._shell
        if event.key != "escape" or work is None or work.is_finished:
            return False
        work.cancel()
        self._asking = self._shell = None
        self._held.clear()
        self._show()
        return True

    def holds(self, event: events.Key) -> bool:
        """Whether a key has to wait; it comes again by itself. The app must not wait here: it is needed."""
        if event in self._given:
            self._given.remove(event)
        elif self._gives_up(event):
            return True
        elif event.key != "ctrl+c" and (self._held or self._has_to_wait):
            self._held.append(self._as_meant(event))
            self._show()
            if len(self._held) == 1:
                self._screen.run_worker(self._release(), group="typeahead", exit_on_error=False)
            return True
        closes = event.key in ("enter", "escape") and self._screen.prompt.is_open
        self._until = time.monotonic() + LONGEST if closes else 0.0
        return False

    def _as_meant(self, event: events.Key) -> events.Key:
        """Enter comes as a line feed when it was typed before the terminal was ours."""
        return events.Key("enter", "\r") if self._starting and event.key == "ctrl+j" else event

    @property
    def _has_to_wait(self) -> bool:
        if self._shell is not None and self._shell_comes(self._shell):
            return True
        if self._asking is not None and self._dialog_comes(self._asking):
            return True
        if self._starting and self._connecting:
            return True
        return time.monotonic() < self._until and not self._is_there

    def _shell_comes(self, work: Worker[bool]) -> bool:
        """A shell will have the keys in a moment; a dialog on the way to it has them at once."""
        now = time.monotonic()
        if not self._is_on_top:
            self._shell_until = now + FOR_SHELL
            return False
        if work.is_finished and work.result:
            self._shell_until = min(self._shell_until, now + FOCUSES)
            comes = not self._screen.dock.has_keys and now < self._shell_until
            lost = False
        else:
            lost = work.is_finished or now >= self._shell_until
            comes = not lost
        if not comes:
            self._shell = None
        if lost and self._held:
            self._held.clear()
            self._screen.app.notify(
                "What was typed for the shell was dropped: it did not open in time.", markup=False, timeout=4
            )
        return comes

    @property
    def _is_on_top(self) -> bool:
        """No dialog is open."""
        return self._screen.app.screen_stack[-1:] == [self._screen]

    @property
    def _connecting(self) -> bool:
        """Nobody has to wait for a context that takes its time: another one can be chosen."""
        session = self._session
        return session.stage is Stage.STARTING or (
            session.stage in (Stage.CONNECTING, Stage.OPEN) and session.waited < LONGEST
        )

    async def _release(self) -> None:
        while self._held:
            while self._has_to_wait:  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(STEP)
            if not self._held:
                break
            self._until = 0.0
            first = self._held[0]
            again = same_key(first)
            self._given.append(again)
            self._screen.app.post_message(again)
            until = time.monotonic() + LONGEST
            # a dialog that it has opened takes the next one
            while again in self._given and self._is_on_top and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(STEP)
            if self._held and self._held[0] is first:
                self._held.popleft()
            self._show()
        self._show()

    def _show(self) -> None:
        keys = [each.character if each.is_printable else shown(each.key) for each in self._held]
        self._screen.footer.show_waiting("".join(filter(None, keys)))

    @property
    def _is_there(self) -> bool:
        """The line was carried out (or not understood), and what has the focus has rows or will have none."""
        prompt = self._screen.prompt
        if prompt.is_open:
            return prompt.has_class("-wrong")
        view = self._screen.workspace.focused_pane.view
        table = getattr(view, "table", None)
        if self.opening or not view.is_mounted:
            return False
        if table is None:
            return view.view_type is not ViewType.TABLE or not self._gets_table(view.spec.kind)
        if len(table.model) > 0:
            return True
        return not table.model.busy and not table.state_text.startswith("loading")

    def _gets_table(self, kind: str) -> bool:
        """There will be a table of this kind, or it is not known yet whether the server has it."""
        if self._session.cluster is None:
            return False
        catalog = self._session.catalog
        return catalog.find(kind) is not None or not getattr(catalog, "is_complete", True)
