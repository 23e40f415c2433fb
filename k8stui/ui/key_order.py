"""Keys into dialogs, one after the other: each finds what the one before it has done.

Textual gives a key to what has the focus at that moment, and moves the focus when its queues come to it: of
`web`, Enter, `80` typed in one go, the digits would still go to the first field.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from k8stui.ui.widgets.terminal.input import same_key

if TYPE_CHECKING:
    from textual import events
    from textual.app import App
    from textual.message_pump import MessagePump
    from textual.screen import Screen

PASSES = 2
"""How often messages go from the focused widget up to the app: a key, and what it was for the widget."""
LONGEST = 0.25
"""Seconds that a widget may take; the next key waits no longer."""


class KeyOrder:
    """Holds keys back while a dialog has not done with the one before."""

    def __init__(self, app: App[None], main: Screen[Any]) -> None:
        """`main`: the screen that is no dialog."""
        self._app = app
        self._main = main
        self._held: deque[events.Key] = deque()
        self._given: events.Key | None = None
        """The one that was given to the app again and has not come yet."""
        self.busy = False
        """A dialog has not done with a key yet."""

    def holds(self, event: events.Key) -> bool:
        """Whether a key has to wait; it comes again by itself."""
        if event is self._given:
            self._given = None
        elif self.busy and event.key != "ctrl+c":
            self._held.append(event)
            return True
        elif not self.busy and self._app.screen_stack[-1:] != [self._main]:
            self.busy = True
            self._app.run_worker(self._release(), group="keys", exit_on_error=False)
        return False

    async def _release(self) -> None:
        try:
            await self._settled()
            while self._held:
                self._given = same_key(self._held.popleft())
                self._app.post_message(self._given)
                await self._settled()
        finally:
            self.busy = False

    async def _settled(self) -> None:
        """What the key has set going is done: in the focused widget, in what it is in, and in the app."""
        await self._through(self._app)  # the key is on its way
        pumps: list[MessagePump] = (
            [] if self._app.focused is None else [*self._app.focused.ancestors_with_self]
        )
        for pump in pumps * PASSES or [self._app.screen, self._app]:
            await self._through(pump)

    @staticmethod
    async def _through(pump: MessagePump) -> None:
        """Until all that waits in one queue was taken."""
        done = asyncio.Event()
        if pump.is_running and pump.call_later(done.set):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    await done.wait()
