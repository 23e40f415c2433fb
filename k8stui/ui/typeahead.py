"""Keys typed ahead: after Enter or Esc in a prompt they wait for it to close, and for what `:` opens.

Without this, `:ctx`, Enter, ↓, Enter typed in one go would lose the ↓ to the closing prompt or to a table
that has no rows yet, and `/web`, Enter, `:nodes` would look for `web:nodes`. They wait a moment at most,
and for nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from k8stui.ui.screen import MainScreen

LONGEST = 1.5
STEP = 0.004
"""Seconds."""


class TypeAhead:
    """Holds keys back and gives them to the app again, in their order."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._until = 0.0
        self._held: deque[events.Key] = deque()
        self._again: events.Key | None = None
        self.opening = False
        """A line was taken and is being carried out."""

    def holds(self, event: events.Key) -> bool:
        """Whether a key has to wait; it comes again by itself. The app must not wait here: it is needed."""
        if event is self._again:
            self._again = None
        elif self._held or self._has_to_wait:
            self._held.append(event)
            if len(self._held) == 1:
                self._screen.run_worker(self._release(), group="typeahead", exit_on_error=False)
            return True
        if event.key in ("enter", "escape") and self._screen.prompt.is_open:
            self._until = time.monotonic() + LONGEST
        return False

    @property
    def _has_to_wait(self) -> bool:
        return time.monotonic() < self._until and not self._is_there

    async def _release(self) -> None:
        while self._held:
            while self._has_to_wait:  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(STEP)
            self._until = 0.0
            event = self._held[0]
            self._again = events.Key(event.key, event.character)
            self._screen.app.post_message(self._again)
            given = time.monotonic() + LONGEST
            while self._again is not None and time.monotonic() < given:  # noqa: ASYNC110
                await asyncio.sleep(STEP)
            self._again = None  # a dialog may have taken it
            self._held.popleft()

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
        if table is None or len(table.model) > 0:
            return True
        return not table.model.busy and not table.state_text.startswith("loading")
