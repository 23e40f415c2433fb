"""How many log streams are open at once in the program, and who waits for a place.

Each log has a `Share` of the one pool. Streams of what is in view come first, most of all those of the log
that has the focus; among equals the log with the fewest places. Where more want to be open than may, a stream
that had its turn is recalled: its reader closes it, queues again and resumes by time, so that all are read
and nothing is lost. The pool must never close a stream itself, and never looks at what comes through one.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter
from itertools import count, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LIMIT = 60
TURN = 5.0
"""Seconds that a stream may stay open at least while others wait."""
SHORT_TURN = 1.0
"""The same, while one waits that comes before it."""
LONG_TURNS = 4
"""Turns that it stays open while only such wait as come after it: they shall be read, too."""
LOOKS = 2
"""How many files of nodes are looked at side by side: each look takes some MiB."""
HELD_BYTES = 64 << 20
"""Bytes of live lines that may wait for gaps that are being fetched."""
REMEMBERED = 2_000_000
"""Lines that may be remembered (as hashes of 8 bytes) to compare them with rotated files."""
FOCUSED, IN_VIEW, OTHER = range(3)


class Ration:
    """An amount that all logs of the program share."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.parties = 0
        """How many share it, where each has its part."""

    @property
    def is_full(self) -> bool:
        """Whether all of it is used."""
        return self.used >= self.total

    @property
    def part(self) -> int:
        """What each of them may have."""
        return self.total // max(1, self.parties)


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


class Waiter:
    """A stream that waits for a place."""

    def __init__(self, share: Share, key: str, number: int) -> None:
        self.share = share
        self.key = key
        self.number = number
        """They are numbered as they come."""
        self.future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()

    @property
    def waits(self) -> bool:
        """Whether it still does: one that was cancelled is taken out a little later."""
        return not self.future.done()


class Line:
    """The waiters of one log. A question costs as much as is in view or is served, however many wait."""

    def __init__(self) -> None:
        self._all: dict[int, Waiter] = {}
        self._by_key: dict[str, dict[int, Waiter]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, waiter: Waiter) -> None:
        """One more, behind the others."""
        self._all[waiter.number] = waiter
        self._by_key.setdefault(waiter.key, {})[waiter.number] = waiter

    def discard(self, waiter: Waiter) -> None:
        """One waits no more."""
        if self._all.pop(waiter.number, None) is not None:
            of_key = self._by_key[waiter.key]
            del of_key[waiter.number]
            if not of_key:
                del self._by_key[waiter.key]

    def count_of(self, keys: Iterable[str]) -> int:
        """How many wait that have one of these keys."""
        return sum(len(self._by_key.get(key, ())) for key in keys)

    def in_order(self, preferred: frozenset[str]) -> Iterator[Waiter]:
        """As they are served: the preferred ones, then the others, as they came."""
        first = {number: each for key in preferred for number, each in self._by_key.get(key, {}).items()}
        yield from (first[number] for number in sorted(first) if first[number].waits)
        yield from (each for number, each in self._all.items() if number not in first and each.waits)


class Share:
    """What one log has of a pool; keys name what it reads (`LogSource.stream`). Close it at the end."""

    def __init__(self, pool: StreamPool, on_change: Callable[[], None], own: int = 0) -> None:
        self.pool = pool
        self.on_change = on_change
        self.own_free = own
        """Places beside the pool's that it can still have."""
        self.line = Line()
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
    def waiting(self) -> dict[str, int]:
        """What of this log waits for a place: key -> which one it is in the queue of all logs, from 1."""
        return {each.key: at for at, each in enumerate(self.pool.queue, 1) if each.share is self}

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

    def in_order(self) -> Iterator[Waiter]:
        """Its waiters, as they are served."""
        return self.line.in_order(self._in_view or frozenset())

    def counts(self) -> Counter[int]:
        """How many wait of each rank."""
        here = FOCUSED if self._focused else IN_VIEW
        if self._in_view is None:
            return Counter({here: len(self.line)})
        first = self.line.count_of(self._in_view)
        return Counter({here: first, OTHER: len(self.line) - first})

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
        self._waiting: dict[Share, None] = {}
        """The shares of which something waits."""
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self.looks = asyncio.Semaphore(LOOKS)
        """For who looks at files of a node beside a stream: all of them want to at the same time."""
        self.held = Ration(HELD_BYTES)
        self.remembered = Ration(REMEMBERED)

    def share(self, on_change: Callable[[], None] = lambda: None, *, own: int = 0) -> Share:
        """For one log; `on_change` is called when what waits is different.

        `own`: so many of its streams do not count against the limit, so that a log which follows the
        selection takes no place from a query's.
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
    def queued(self) -> int:
        """How many streams wait for a place."""
        return sum(len(share.line) for share in self._waiting)

    @property
    def queue(self) -> Iterator[Waiter]:
        """Who waits for a place, in the order in which they are served. Take it before anything changes."""
        served = Counter(place.share for place in self._places if not place.own)
        lines = {share: share.in_order() for share in self._waiting}
        heads: list[tuple[int, int, int, Waiter]] = []

        def put_next(share: Share) -> None:
            if (waiter := next(lines[share], None)) is not None:
                heapq.heappush(heads, (share.rank(waiter.key), served[share], waiter.number, waiter))

        for share in lines:
            put_next(share)
        while heads:
            waiter = heapq.heappop(heads)[-1]
            yield waiter
            served[waiter.share] += 1  # others of its log come later
            put_next(waiter.share)

    async def acquire(self, share: Share, key: str) -> Place:
        """As `Share.acquire`."""
        waiter = Waiter(share, key, next(self._numbers))
        share.line.add(waiter)
        self._waiting[share] = None
        self.arrange()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                waiter.future.result().release()
            raise
        finally:
            self._forget(waiter)
            share.on_change()

    def _forget(self, waiter: Waiter) -> None:
        line = waiter.share.line
        line.discard(waiter)
        if not len(line):
            self._waiting.pop(waiter.share, None)

    def give_back(self, place: Place) -> None:
        """Called by a place."""
        if place in self._places:
            del self._places[place]
            place.share.own_free += place.own
            self.arrange()

    def leave(self, share: Share) -> None:
        """Called by a share that closes."""
        self._waiting.pop(share, None)
        self.arrange()

    def arrange(self) -> None:
        """Give free places to who waits; recall some where more wait."""
        for waiter in self._next_served():
            own = waiter.share.own_free > 0
            place = Place(waiter.share, waiter.key, self._monotonic(), own=own)
            waiter.share.own_free -= own
            self._places[place] = None
            self._forget(waiter)
            waiter.future.set_result(place)
        self._recall()
        for share in tuple(self._waiting):
            share.on_change()

    def _next_served(self) -> list[Waiter]:
        """Who gets a place now."""
        free = max(0, self.limit - self.open)
        own = Counter({share: share.own_free for share in self._waiting if share.own_free})
        served: list[Waiter] = []
        if not free and not own:
            return served
        for waiter in self.queue:
            if own[waiter.share] > 0:
                own[waiter.share] -= 1
            elif free > 0:
                free -= 1
            else:
                continue
            served.append(waiter)
            if free <= 0 and not own.total():
                break
        return served

    def _recall(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        coming = sum(place.recalled for place in self._places)
        if self.queued <= coming:
            return
        counts = Counter(place.share for place in self._places if not (place.recalled or place.own))
        wanted: Counter[tuple[int, Share]] = Counter()
        for share in self._waiting:
            wanted.update({(rank, share): waits for rank, waits in share.counts().items()})
        for waiter in islice(self.queue, coming):
            counts[waiter.share] += 1
            wanted[waiter.share.rank(waiter.key), waiter.share] -= 1
        ranked = [(place.rank, place) for place in self._places if not (place.recalled or place.own)]
        ranked.sort(key=lambda entry: (-entry[0], -counts[entry[1].share], entry[1].since))
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
