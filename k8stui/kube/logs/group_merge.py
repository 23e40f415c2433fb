"""Many log streams in the order of their time stamps, in bounded memory.

While a stream is still reading its past, lines wait until it is known that nothing older comes from it: the
past is in order however fast each stream is. Live lines are held back for a moment. A stream that is ahead
of the others waits for room, so that nothing is ever dropped. Order within a stream is never changed.
"""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import TYPE_CHECKING

from k8stui.kube.logs.times import sortable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.logs.types import LogLine

HOLD = 0.1
"""Seconds that a live line waits for lines that were written before it."""
QUIET = 0.25
"""An open stream that brings nothing for so long has no past any more."""
PATIENCE = 5.0
"""Seconds that the others wait for a stream that does not even open."""
LINES = 40_000
LANE_LINES = 200
LANE_BYTES = 1 << 20
"""A lane has no room when it holds its share of `LINES` (but LANE_LINES at least), or so many bytes."""

Keyed = tuple[str, "LogLine"]
Batch = tuple[float, list[Keyed], int]
"""When lines came, the lines with their keys, and how many characters they have."""
_first = itemgetter(0)


class Lane:
    """The lines of one stream that are not released yet."""

    def __init__(self, merge: GroupMerge, *, beside: bool = False) -> None:
        self._merge = merge
        self.beside = beside
        """It holds remarks, and is no stream."""
        self.batches: list[Batch] = []
        self.newest = ""
        self.count = 0
        self.size = 0
        self.is_open = False
        self.touched = 0.0
        self._room = asyncio.Event()
        self._room.set()

    def push(self, lines: Sequence[LogLine]) -> None:
        """Lines in the stream's order; one without a stamp, or out of order, goes with the one before."""
        if not lines:
            return
        stamps = [line.time for line in lines]
        if stamps[0] < self.newest or not _in_order(stamps):
            stamps = self._rising(stamps)
        size = sum([len(line.text) for line in lines])
        batch = list(zip(stamps, lines, strict=True))
        self.newest = stamps[-1]
        self.touched = self._merge.monotonic()
        self.batches.append((self.touched, batch, size))
        self._merge.holding[self] = None
        self.count += len(batch)
        self.size += size
        if self.is_full:
            self._room.clear()
            self._merge.crowded = True
        if self._merge.crowded:  # somebody waits for room, and this may be what the others waited for
            self._merge.urgent.set()

    def _rising(self, stamps: list[str]) -> list[str]:
        """Keys that never fall."""
        last, found = self.newest, []
        for stamp in stamps:
            if stamp and (len(stamp) != 30 or stamp[-1] != "Z"):
                stamp = sortable(stamp)
            last = max(last, stamp)
            found.append(last)
        return found

    @property
    def is_full(self) -> bool:
        """Whether its reader has to wait."""
        return self.count >= self._merge.share or self.size >= LANE_BYTES

    async def room(self) -> None:
        """Wait until lines may be pushed."""
        if not self._room.is_set():
            await self._room.wait()

    def reading(self, *, is_open: bool) -> None:
        """Its past is being read: the stream is being opened, or is open."""
        self._merge.behind[self] = None
        self.is_open = is_open
        self.touched = self._merge.monotonic()

    def pause(self) -> None:
        """Nobody needs to wait for it: it is live, or nothing comes at present."""
        self._merge.behind.pop(self, None)
        self.is_open = False
        self._merge.urgent.set()

    def close(self) -> None:
        """Nothing comes any more; what is held is still released."""
        self.pause()
        self._merge.leave(self)

    def give_room(self) -> None:
        """Called by the merge after lines were released."""
        if not self.is_full:
            self._room.set()


class GroupMerge:
    """Lanes, merged. `release` gives what is in order now; it costs nothing for lanes that hold nothing."""

    def __init__(self, monotonic: Callable[[], float], hold: float = HOLD) -> None:
        self.monotonic = monotonic
        self.urgent = asyncio.Event()
        """Set when `release` should be called without delay."""
        self.share = LINES
        """Lines that a lane may hold."""
        self.crowded = False
        """A lane has no room."""
        self._hold = hold
        self._lanes: dict[Lane, None] = {}
        self._streams = 0
        """How many of them are no remarks."""
        self.holding: dict[Lane, None] = {}
        """Lanes with lines, also such as were closed."""
        self.behind: dict[Lane, None] = {}
        """Lanes that read their past: the others wait for them."""

    def lane(self, *, beside: bool = False) -> Lane:
        """A lane for a stream, or for remarks beside the streams."""
        lane = Lane(self, beside=beside)
        self._lanes[lane] = None
        self._streams += not beside
        self.share = max(LANE_LINES, LINES // len(self._lanes))
        return lane

    def leave(self, lane: Lane) -> None:
        """Called by a lane that closes; what it holds is still released."""
        if lane in self._lanes:
            del self._lanes[lane]
            self._streams -= not lane.beside

    @property
    def held(self) -> int:
        """How many lines are held."""
        return sum(lane.count for lane in self.holding)

    def release(self, *, everything: bool = False) -> list[LogLine]:
        """The lines whose turn has come, by time."""
        self.urgent.clear()
        lanes = tuple(self.holding)
        now = self.monotonic()
        if not everything:
            self._give_up(now)
        ready: list[Keyed] = []
        if self.behind and not everything:
            mark = min(lane.newest for lane in self.behind)
            for lane in lanes:
                ready += _until(lane, mark)
        else:
            # a single stream needs no order, and one that has no room no patience
            closing = sum(not lane.beside and lane not in self._lanes for lane in lanes)
            at_once = everything or self._streams + closing < 2 or any(lane.is_full for lane in lanes)
            for lane in lanes:
                ready += _before(lane, now if at_once else now - self._hold)
        for lane in lanes:
            if not lane.batches:
                del self.holding[lane]
            lane.give_room()
        self.crowded = any(lane.is_full for lane in self.holding)
        ready.sort(key=_first)
        return [line for _, line in ready]

    def _give_up(self, now: float) -> None:
        """Wait no longer for lanes of which no older lines are to be expected."""
        for lane in tuple(self.behind):
            if not lane.is_full and now - lane.touched > (QUIET if lane.is_open else PATIENCE):
                del self.behind[lane]


def _in_order(stamps: list[str]) -> bool:
    """Whether these stamps are as kubelets write them, none before the one before it."""
    lengths = set(map(len, stamps))
    return lengths == {30} and stamps == sorted(stamps) and {stamp[-1] for stamp in stamps} == {"Z"}


def _until(lane: Lane, mark: str) -> list[Keyed]:
    """Take the lines of a lane up to a time, with it."""
    taken: list[Keyed] = []
    kept: list[Batch] = []
    size = 0
    for came, batch, its_size in lane.batches:
        if batch[-1][0] <= mark:
            taken += batch
            size += its_size
        elif kept or batch[0][0] > mark:
            kept.append((came, batch, its_size))
        else:
            cut = next(index for index, (key, _) in enumerate(batch) if key > mark)
            taken += batch[:cut]
            part = sum([len(line.text) for _, line in batch[:cut]])
            size += part
            kept.append((came, batch[cut:], its_size - part))
    return _took(lane, taken, kept, size)


def _before(lane: Lane, moment: float) -> list[Keyed]:
    """Take the lines of a lane that came until a moment."""
    taken: list[Keyed] = []
    kept = [entry for entry in lane.batches if entry[0] > moment]
    size = 0
    for came, batch, its_size in lane.batches:
        if came <= moment:
            taken += batch
            size += its_size
    return _took(lane, taken, kept, size)


def _took(lane: Lane, taken: list[Keyed], kept: list[Batch], size: int) -> list[Keyed]:
    lane.batches = kept
    lane.count -= len(taken)
    lane.size -= size
    return taken
