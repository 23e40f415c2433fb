"""When a live widget does its work: at once after a rest, then as seldom as its work is heavy.

One `Pacer` for each widget: however often it is woken, its work runs once for each interval, and the
interval grows with the time that the work takes, so that a flood of changes never takes the event loop.
It owns one timer of the event loop and nothing else.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 0.05
"""Seconds between two runs while changes keep coming."""

LONGEST = 0.5
SHARE = 5
"""A run is followed by at least so many times its own length of rest."""


class Pacer:
    """Runs `work` soon after `wake`. `work` returns True when it has more to do right away."""

    def __init__(self, work: Callable[[], bool], *, interval: float = INTERVAL) -> None:
        self._work = work
        self._interval = interval
        self._context = copy_context()
        self._timer: asyncio.Handle | None = None
        self._rested_at = 0.0
        self._closed = False
        self._running = False
        self._woken = False
        self.last_duration = 0.0
        """Seconds that the last run took."""

    def wake(self) -> None:
        """There is something to do. Cheap, and may be called as often as one likes (on the loop)."""
        if self._running:
            self._woken = True
        elif self._timer is None and not self._closed:
            self._schedule(max(0.0, self._rested_at - perf_counter()))

    def urge(self) -> None:
        """The reader has asked for something: run in the next turn of the loop, rest or not."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rested_at = 0.0
        self.wake()

    def close(self) -> None:
        """Never run again."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, delay: float) -> None:
        loop = asyncio.get_running_loop()
        if delay > 0:
            self._timer = loop.call_later(delay, self._run, context=self._context)
        else:
            self._timer = loop.call_soon(self._run, context=self._context)

    def _run(self) -> None:
        self._timer = None
        if self._closed:
            return
        started = perf_counter()
        self._running, self._woken = True, False
        try:
            more = self._work()
        finally:
            self._running = False
        self.last_duration = perf_counter() - started
        self._rested_at = started + min(LONGEST, max(self._interval, self.last_duration * SHARE))
        if more:
            # A turn of the loop between two slices, with a short rest: keys and network come first.
            self._schedule(min(self.last_duration / 4, 0.002))
        elif self._woken:
            self.wake()
