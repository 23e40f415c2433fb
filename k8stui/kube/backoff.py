"""When to try again: exponential back-off with full jitter, on a clock that tests can replace.

Waits grow without a last one: a server that comes back after a night is found. This module
must never decide whether something is tried again, only when.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Protocol

FLOOR = 0.05
"""Seconds that a wait takes at least, so that jitter near zero cannot spin."""


class Clock(Protocol):
    """Time as the engine sees it."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock and the event loop's waits."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


async def nap(clock: Clock, seconds: float, until: asyncio.Event) -> bool:
    """Wait so long, but no longer than until something happens; whether it has."""
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    waking = asyncio.ensure_future(until.wait())
    try:
        await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, waking):
            task.cancel()
        await asyncio.wait((sleeping, waking))
    return until.is_set()


class Backoff:
    """Waits between tries: uniform between zero and a ceiling that doubles from `first` to `last` seconds."""

    def __init__(
        self, rng: random.Random | None = None, *, first: float = 0.5, last: float = 30.0, factor: float = 2.0
    ) -> None:
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._first = first
        self._last = last
        self._factor = factor
        self.failures = 0
        """Tries in a row that failed."""

    def next(self, at_least: float | None = None) -> float:
        """Count a failure and return the seconds to wait; a server's Retry-After is the least."""
        # the exponent is bounded, so that a long outage does not overflow
        ceiling = min(self._last, self._first * self._factor ** min(self.failures, 64))
        self.failures += 1
        jitter = max(FLOOR, self._rng.uniform(0, ceiling))
        return jitter if at_least is None else at_least + min(jitter, 1.0)

    def slow(self, first: float = 20.0, last: float = 60.0) -> float:
        """Seconds to wait where only a human can change the answer (rights, a removed kind)."""
        self.failures += 1
        return self._rng.uniform(first, last)

    def reset(self) -> None:
        """A healthy stretch: the next failure waits shortly again."""
        self.failures = 0
