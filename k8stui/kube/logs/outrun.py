"""Notices that lines come faster than a ring can keep them, so that it can be said in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.buffer import LogBuffer

OUTRUN_SECONDS = 10.0
OUTRUN_SHARE = 0.25
"""When so much of the ring falls off within `OUTRUN_SECONDS`, it is outrun."""


class Outrun:
    """Looks at what falls off a ring."""

    def __init__(self, buffer: LogBuffer, clock: Clock) -> None:
        self._buffer = buffer
        self._clock = clock
        self._since = clock.monotonic()
        self._fallen = buffer.fallen

    def look(self) -> str:
        """A sentence, once for each `OUTRUN_SECONDS` in which much fell off; else nothing."""
        now = self._clock.monotonic()
        span = now - self._since
        if span < OUTRUN_SECONDS:
            return ""
        fell = self._buffer.fallen - self._fallen
        self._since, self._fallen = now, self._buffer.fallen
        if fell < self._buffer.max_lines * OUTRUN_SHARE:
            return ""
        kept = len(self._buffer)
        return f"lines come faster than they are kept: {fell:,} fell off in {span:.0f} s ({kept:,} are kept)"
