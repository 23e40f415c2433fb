"""How much of what was painted the terminal has still to take, so that frames wait for a slow connection.

ssh and the kernel hold megabytes back: without this a key would show its effect only behind all frames that
were painted before it. The terminal is asked now and then for its status (xterm control sequences, DSR: `CSI
5 n`); its answer (`CSI 0 n`) says that it has taken what was written before. How much may be on its way is
found by how long answers take, as LEDBAT (RFC 6817) does. It must never drop what is written.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

QUESTION = "\x1b[5n"
ASK_AFTER = 4_096
"""Characters after which the terminal is asked again."""
START, LEAST, MOST = 32_768, 8_192, 524_288
"""Characters that may be on their way, at first and in bounds."""
LATE, SOON = 0.2, 0.1
"""An answer so many seconds later than the quickest one means a queue, and one that is not no queue."""
DEAF_SECONDS = 3.0
"""A terminal that has never answered does not answer."""
LOST_SECONDS = 10.0
"""An answer that does not come for so long is lost, if all was written meanwhile."""
LOOK_SECONDS = 0.02


class _Asked(NamedTuple):
    sent: int
    at: float


class Outflow:
    """What was written to a terminal and what it has taken, in characters."""

    def __init__(
        self,
        write: Callable[[str], None],
        written: Callable[[], int],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`write` asks the terminal; `written` is how much the system has taken of what was sent."""
        self._write = write
        self._written = written
        self._monotonic = monotonic
        self.sent = 0
        self.taken = 0
        self.window = START
        self.answers: bool | None = None
        """Whether the terminal answers; None as long as it is not known."""
        self._asked: deque[_Asked] = deque()
        self._last_asked = 0
        self._quickest = float("inf")
        self._was_full = False

    def wrote(self, size: int) -> None:
        """So much more was written."""
        self.sent += size

    def ask(self) -> None:
        """A frame is complete: ask whether the terminal has it, where that is worth it."""
        if self.answers is not False and self.sent - self._last_asked >= ASK_AFTER:
            self._last_asked = self.sent
            self._asked.append(_Asked(self.sent, self._monotonic()))
            self._write(QUESTION)

    def answered(self) -> None:
        """The terminal has taken what was sent before the oldest question."""
        self.answers = True
        if not self._asked:
            return
        asked = self._asked.popleft()
        self.taken = max(self.taken, asked.sent)
        took = self._monotonic() - asked.at
        self._quickest = min(self._quickest, took)
        if took > self._quickest + LATE:
            self.window = max(LEAST, self.window * 7 // 10)
        elif self._was_full and took < self._quickest + SOON:
            self.window = min(MOST, self.window * 3 // 2)
        self._was_full = False

    @property
    def awaited(self) -> int:
        """Answers that are still to come."""
        return len(self._asked) if self.answers else 0

    @property
    def in_flight(self) -> int:
        """What the terminal has still to take, as far as is known."""
        self._give_up_lost()
        return self.sent - (self.taken if self.answers else self._written())

    @property
    def is_full(self) -> bool:
        """Whether the next frame has to wait."""
        full = self.in_flight > self.window
        self._was_full = self._was_full or full
        return full

    def _give_up_lost(self) -> None:
        if not self._asked:
            return
        waited = self._monotonic() - self._asked[0].at
        if self.answers is None and waited > DEAF_SECONDS:
            self.answers = False
            self._asked.clear()
        elif self.answers and waited > LOST_SECONDS and self._written() >= self.sent:
            self.taken = self.sent
            self._asked.clear()

    def restart(self) -> None:
        """The terminal was given away and is back."""
        self.taken, self._last_asked = self.sent, self.sent
        self._asked.clear()


class FrameHold:
    """Holds frames back while the terminal has enough to take: the next one has all that changed."""

    def __init__(self, app: Any, outflow: Outflow) -> None:
        self._app = app
        self._outflow = outflow
        self._timer: asyncio.TimerHandle | None = None
        self.missed = False
        """Set by the app when Textual left out a frame meanwhile: then all is painted anew."""

    @property
    def holds(self) -> bool:
        """Whether frames wait now."""
        return self._timer is not None

    def frame_written(self) -> None:
        """A frame was written whole."""
        self._outflow.ask()
        if self._timer is None and self._outflow.is_full:
            self._app._begin_batch()
            self.missed = False
            self._arm()

    def look(self) -> None:
        """Let the next frame go if the terminal can take it."""
        if self._timer is None:
            return
        self._timer.cancel()
        if self._outflow.is_full:
            self._arm()
        else:
            self.end()

    def end(self) -> None:
        """Hold no more."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        self._app._end_batch()
        if not self._app.is_running or not self._app.screen_stack:
            return
        if self.missed:
            self._app.screen.refresh()
        self._app.screen.check_idle()

    def _arm(self) -> None:
        import asyncio

        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self.look)
