"""How many log streams are open at once in the program, and who waits for a place.

Each log has a `Share` of the one pool. Streams of what is in view come first, most of all those of the log
that has the focus; among equals the log with the fewest places. Where more want to be open than may, a stream
that had its turn is recalled: its reader closes it, queues again and resumes by time, so that all are read
and nothing is lost. The pool must never close a stream itself, and never looks at what comes through one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT = 60
TURN = 5.0
"""Seconds that a stream may stay open at least while others wait."""
SHORT_TURN = 1.0
"""The same, while one waits that comes before it."""
LONG_TURNS = 4
"""Turns that it stays open while only such wait as come after it: they shall be read, too."""
LOOKS = 2
"""So many files of nodes are looked at side by side: each look takes some MiB."""
FOCUSED, IN_VIEW, OTHER = range(3)


class Place:
    """The right to have one stream open. Give it back with `release`."""

    def __init__(self, share: Share, key: str, since: float, *, own: bool = False) -> None:
        self.share = share
        self.own = own
        """It is one of those that the share has beside the pool's, and is never recalled."""
        self.key = key
        self.since = since
        self.recalled = False
        """Whether the pool wants the place back."""
        self.on_recall: Callable[[], None] | None = None

    @property
    def rank(self) -> int:
        """How soon it comes, now."""
        return self.share.rank(self.key)

    def release(self) -> None:
        """The stream is closed. Twice is no harm."""
        self.share.pool.give_back(self)


class _Waiter(NamedTuple):
    share: Share
    key: str
    future: asyncio.Future[Place]


class Share:
    """What one log has of a pool; keys name what it reads (`LogSource.stream`). Close it at the end."""

    def __init__(self, pool: StreamPool, on_change: Callable[[], None], own: int = 0) -> None:
        self.pool = pool
        self.on_change = on_change
        self.own_free = own
        """Places beside the pool's that it can still have."""
        self._in_view: frozenset[str] | None = None
        self._focused = False

    @property
    def limit(self) -> int:
        """How many streams may be open, of all logs together."""
        return self.pool.limit

    @property
    def is_full(self) -> bool:
        """Whether all places that it can have are taken."""
        return not self.own_free and self.pool.open >= self.pool.limit

    @property
    def open(self) -> int:
        """How many streams of this log are open."""
        return self.pool.open_of(self)

    @property
    def waiting(self) -> tuple[str, ...]:
        """What of this log waits for a place, in the order in which it is served."""
        return tuple(waiter.key for waiter in self.pool.queue if waiter.share is self)

    def place_in_queue(self, key: str) -> int:
        """Which one it is in the queue of all logs, from 1; 0 when it does not wait."""
        queue = enumerate(self.pool.queue, 1)
        return next((at for at, waiter in queue if waiter.share is self and waiter.key == key), 0)

    def prefer(self, keys: Iterable[str], *, focused: bool = False) -> None:
        """What is in view now, and whether the reader is in this log."""
        in_view = frozenset(keys) or None
        if (in_view, focused) != (self._in_view, self._focused):
            self._in_view, self._focused = in_view, focused
            self.pool.arrange()

    def rank(self, key: str) -> int:
        """How soon a stream comes: as long as no line is in view, any may bring one."""
        if self._in_view is not None and key not in self._in_view:
            return OTHER
        return FOCUSED if self._focused else IN_VIEW

    async def acquire(self, key: str) -> Place:
        """Wait for a place."""
        return await self.pool.acquire(self, key)

    def close(self) -> None:
        """Want nothing any more."""
        self.pool.leave(self)


class StreamPool:
    """Places for streams of all logs."""

    def __init__(
        self,
        limit: int = LIMIT,
        *,
        turn: float = TURN,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if limit < 1:
            raise ValueError("at least one stream must be open")
        self.limit = limit
        self._turn = turn
        self._monotonic = monotonic
        self._places: dict[Place, None] = {}
        self._waiters: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None
        self.looks = asyncio.Semaphore(LOOKS)
        """For who looks at files of a node beside a stream: all of them want to at the same time."""

    def share(self, on_change: Callable[[], None] = lambda: None, *, own: int = 0) -> Share:
        """For one log; `on_change` is called when what waits is different.

        `own`: so many streams do not count. What follows the selection takes no place from a query's.
        """
        return Share(self, on_change, own)

    @property
    def open(self) -> int:
        """How many streams are open that count."""
        return sum(not place.own for place in self._places)

    def open_of(self, share: Share) -> int:
        """How many streams of one log are open."""
        return sum(place.share is share for place in self._places)

    @property
    def queue(self) -> list[_Waiter]:
        """Who waits for a place, in the order in which they are served."""
        waiters = [waiter for waiter in self._waiters if not waiter.future.done()]
        counts = Counter(place.share for place in self._places if not place.own)
        keyed = []
        for waiter in sorted(waiters, key=lambda each: each.share.rank(each.key)):
            keyed.append((waiter.share.rank(waiter.key), counts[waiter.share], waiter))
            counts[waiter.share] += 1  # when it is served, others of its log come later
        return [waiter for _, _, waiter in sorted(keyed, key=itemgetter(0, 1))]

    async def acquire(self, share: Share, key: str) -> Place:
        """As `Share.acquire`."""
        waiter = _Waiter(share, key, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        self.arrange()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                waiter.future.result().release()
            raise
        finally:
            self._waiters = [each for each in self._waiters if each is not waiter]
            share.on_change()

    def give_back(self, place: Place) -> None:
        """Called by a place."""
        if place in self._places:
            del self._places[place]
            place.share.own_free += place.own
            self.arrange()

    def leave(self, share: Share) -> None:
        """Called by a share that closes."""
        self._waiters = [waiter for waiter in self._waiters if waiter.share is not share]
        self.arrange()

    def arrange(self) -> None:
        """Give free places to who waits; recall some where more wait."""
        free = self.limit - self.open
        if self._waiters and (free > 0 or any(waiter.share.own_free for waiter in self._waiters)):
            for waiter in self.queue:
                own = waiter.share.own_free > 0
                if own or free > 0:
                    place = Place(waiter.share, waiter.key, self._monotonic(), own=own)
                    waiter.share.own_free -= own
                    free -= not own
                    self._places[place] = None
                    waiter.future.set_result(place)
        self._waiters = [waiter for waiter in self._waiters if not waiter.future.done()]
        self._recall()
        for share in {waiter.share for waiter in self._waiters}:
            share.on_change()

    def _recall(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        coming = sum(place.recalled for place in self._places)
        if len(self._waiters) <= coming:
            return
        queue = self.queue
        counts = Counter(place.share for place in self._places if not (place.recalled or place.own))
        counts.update(waiter.share for waiter in queue[:coming])
        ranked = [(place.rank, place) for place in self._places if not (place.recalled or place.own)]
        ranked.sort(key=lambda entry: (-entry[0], -counts[entry[1].share], entry[1].since))
        wanted = Counter((waiter.share.rank(waiter.key), waiter.share) for waiter in queue[coming:])
        now, soonest = self._monotonic(), float("inf")
        for (rank, share), left in sorted(wanted.items(), key=lambda entry: entry[0][0]):
            for at, place in ranked:
                if not left:
                    break
                if place.recalled or not _gives_way(at, place.share, rank, share, counts):
                    continue
                due = place.since + self._turn_of(at, rank)
                if due > now:
                    soonest = min(soonest, due)
                    continue
                left -= 1
                counts[place.share] -= 1
                counts[share] += 1
                place.recalled = True
                if place.on_recall is not None:
                    place.on_recall()
        if soonest != float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.01, soonest - now), self._recall)

    def _turn_of(self, at: int, rank: int) -> float:
        """Seconds that a place is kept for while one of another rank waits."""
        if at > rank:
            return min(SHORT_TURN, self._turn)
        return self._turn if at == rank else LONG_TURNS * self._turn


def _gives_way(at: int, owner: Share, rank: int, share: Share, counts: Counter[Share]) -> bool:
    """Whether a place of one log (and rank) is given up for a stream of another one, or of the same."""
    return at != rank or owner is share or counts[owner] > counts[share] + 1
