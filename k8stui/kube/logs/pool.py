"""How many log streams are open at once, and who waits for a place.

Streams of what is in view come first. Where more want to be open than may, a stream that had its turn is
recalled: its reader closes it, queues again and resumes by time, so that all are read and nothing is lost.
The pool must never close a stream itself, and never looks at what comes through one.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT = 60
TURN = 5.0
"""Seconds that a stream may stay open at least while others wait."""
SHORT_TURN = 1.0
"""The same, for one that is not in view while one in view waits."""


class Place:
    """The right to have one stream open. Give it back with `release`."""

    def __init__(self, pool: StreamPool, key: str, since: float) -> None:
        self._pool = pool
        self.key = key
        self.since = since
        self.recalled = False
        """Whether the pool wants the place back."""
        self.on_recall: Callable[[], None] | None = None

    def release(self) -> None:
        """The stream is closed. Twice is no harm."""
        self._pool.give_back(self)


class StreamPool:
    """Places for streams; keys name what is read (a pod's uid)."""

    def __init__(
        self,
        limit: int = LIMIT,
        *,
        turn: float = TURN,
        monotonic: Callable[[], float] = time.monotonic,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        if limit < 1:
            raise ValueError("at least one stream must be open")
        self.limit = limit
        self._turn = turn
        self._monotonic = monotonic
        self._on_change = on_change
        self._places: dict[Place, None] = {}
        self._queue: list[tuple[str, asyncio.Future[Place]]] = []
        self._preferred: frozenset[str] = frozenset()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """How many streams are open."""
        return len(self._places)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Who waits for a place, in the order in which they are served."""
        ordered = sorted(self._queue, key=lambda entry: entry[0] not in self._preferred)
        return tuple(key for key, future in ordered if not future.done())

    def prefer(self, keys: Iterable[str]) -> None:
        """What is in view now: it comes first, also before what is open."""
        self._preferred = frozenset(keys)
        self._arrange()

    async def acquire(self, key: str) -> Place:
        """Wait for a place."""
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._queue.append((key, future))
        self._arrange()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                future.result().release()
            raise
        finally:
            self._queue = [entry for entry in self._queue if entry[1] is not future]
            self._on_change()

    def give_back(self, place: Place) -> None:
        """Called by a place."""
        if place in self._places:
            del self._places[place]
            self._arrange()

    def close(self) -> None:
        """Recall nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arrange(self) -> None:
        """Give free places to who waits; recall some where more wait."""
        self._queue = [entry for entry in self._queue if not entry[1].done()]
        while self._queue and len(self._places) < self.limit:
            index = next((i for i, (key, _) in enumerate(self._queue) if key in self._preferred), 0)
            key, future = self._queue.pop(index)
            place = Place(self, key, self._monotonic())
            self._places[place] = None
            future.set_result(place)
        self._recall()
        self._on_change()

    def _recall(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        coming = sum(place.recalled for place in self._places)
        wanted = len(self._queue) - coming
        if wanted <= 0:
            return
        urgent = any(key in self._preferred for key, _ in self._queue)
        now, soonest = self._monotonic(), float("inf")
        for place in sorted(self._places, key=lambda each: (each.key in self._preferred, each.since)):
            if place.recalled:
                continue
            due = place.since + self._turn_of(place, urgent=urgent)
            if due <= now and wanted > 0:
                wanted -= 1
                place.recalled = True
                if place.on_recall is not None:
                    place.on_recall()
            else:
                soonest = min(soonest, due)
        if wanted > 0 and soonest != float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.01, soonest - now), self._recall)

    def _turn_of(self, place: Place, *, urgent: bool) -> float:
        if urgent and place.key not in self._preferred:
            return min(SHORT_TURN, self._turn)
        return self._turn
