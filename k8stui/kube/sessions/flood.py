"""A flood of output that nobody wants to see any more: thrown away to its end, as a terminal does on ctrl-c.

The last of it comes after all, so that a prompt is not lost with the rest. It knows neither keys nor servers.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.kube.backoff import Clock
    from k8stui.kube.sessions.flow import Output
    from k8stui.kube.sessions.streams import RemoteCommand
    from k8stui.kube.sessions.types import Counters

TAIL = 16 * 1024
"""Bytes at the end of a flood that are handed out after all."""
QUIET = 0.05
"""Seconds without output after which a flood is over."""
LIMIT = 2.0
"""Seconds after which a flood that did not stop is handed out again."""
_CANCEL = b"\x18"
"""Ends an escape sequence that the skipping may have cut in two."""


class Flood:
    """Skips what waits in an output, and what comes next, until it is over. What is skipped is counted."""

    def __init__(self, output: Output, counters: Counters, clock: Clock) -> None:
        self._output = output
        self._counters = counters
        self._clock = clock
        self._until: float | None = None
        self._tail = b""

    @property
    def skipped(self) -> bool:
        """Whether what comes is thrown away now."""
        return self._until is not None

    def skip(self) -> None:
        """Throw away what waits and what comes; nothing happens when little waits."""
        if self._output.size >= TAIL * 4:
            skipped, last = self._output.skip()
            self._counters.skipped += skipped
            self._tail = last[-TAIL:]
            self._until = self._clock.monotonic() + LIMIT

    async def read(self, stream: RemoteCommand) -> tuple[int, bytes] | None:
        """The next piece of the flood; None where it is over, or the stream is."""
        assert self._until is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET):
                if self._clock.monotonic() < self._until:
                    return await stream.read()
        self.end()
        return None

    def take(self, data: bytes) -> None:
        """Throw away a piece, but for its end."""
        kept = self._tail + data
        self._tail = kept[-TAIL:]
        self._counters.skipped += len(kept) - len(self._tail)

    def end(self) -> None:
        """Nothing more is thrown away: hand out the end of it, from the beginning of a line."""
        if self._until is not None:
            self._until = None
            cut = self._tail.find(b"\n") + 1
            self._output.put(1, _CANCEL + self._tail[cut:])
            self._tail = b""
