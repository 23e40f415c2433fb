"""What becomes of a flood when the user ends it: ctrl-c must show the prompt now, not after megabytes.

Output that was on its way when ctrl-c was typed is thrown away until it pauses, but for its end. A program
that goes on regardless is shown again after a while. Programs that have the whole screen are left alone: what
they write only makes sense as a whole.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.ui.widgets.terminal.output import TerminalModel

FLOOD = 32 * 1024
"""Bytes that wait to be interpreted from which output is a flood."""
TAIL = 16 * 1024
"""Bytes at the end of what is thrown away that are shown after all."""
QUIET = 0.08
"""Seconds without output after which a flood is taken to be over."""
LIMIT = 2.0
"""Seconds after which a flood that did not stop is shown again."""
ECHO = b"^C"
"""What the container's terminal writes when ctrl-c arrives: what follows is wanted."""
CANCEL = b"\x18"
"""Ends an escape sequence that was cut in two."""


class Drain:
    """Throws a flood into one terminal away, when asked to."""

    def __init__(self, model: TerminalModel, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._clock = clock
        self._active = False
        self._until = float("-inf")
        """So long a flood is the one that the user wanted to end."""
        self._tail = b""
        self._handle: asyncio.TimerHandle | None = None

    @property
    def active(self) -> bool:
        """Output is being thrown away."""
        return self._active

    def begin(self) -> None:
        """The user wants no more of this; does nothing where there is no flood."""
        self._until = self._clock() + LIMIT
        self._start()

    def forget(self) -> None:
        """The user typed something else: what comes now is wanted."""
        self.finish()
        self._until = float("-inf")

    def _start(self) -> None:
        screen = self._model.emulator.screen
        if self._active or screen.grid is not screen.main or self._model.pending < FLOOD:
            return
        self._active = True
        self._tail = self._model.skip()
        self._wait()

    def take(self, data: bytes) -> bool:
        """Whether this output was taken to be thrown away."""
        if self._clock() >= self._until:
            self.finish()
            return False
        if not self._active:
            # a pause of the network is not the end of a flood
            self._start()
        if not self._active:
            return False
        self._tail = (self._tail + data)[-TAIL:]
        if ECHO in data:
            self.forget()
        else:
            self._wait()
        return True

    def _wait(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = asyncio.get_running_loop().call_later(QUIET, self.finish)

    def finish(self) -> None:
        """The flood is over: show the end of it."""
        if not self._active:
            return
        self._active = False
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        tail, self._tail = self._tail, b""
        # whole lines, and none of the flood where the end of it can be told
        start = tail.rfind(b"\n", 0, max(tail.find(ECHO), 0)) if ECHO in tail else tail.find(b"\n")
        self._model.feed_now(CANCEL + tail[start + 1 :])
