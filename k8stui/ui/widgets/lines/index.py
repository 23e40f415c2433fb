"""Numbers of lines in rising order that grow at both ends by appending, and lose the oldest.

What a filter shows and what a search has found are such lists: they are found outwards from where the reader
is, so the older ones come in falling order. It never looks at a line.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPACT = 4096


class SeqIndex:
    """Line numbers, by place from the oldest."""

    __slots__ = ("_above", "_below", "_fallen")

    def __init__(self) -> None:
        self._below: list[int] = []  # falling
        self._above: list[int] = []  # rising, all of them higher
        self._fallen = 0  # places at the start of `_above` that count no more

    def __len__(self) -> int:
        return len(self._below) + len(self._above) - self._fallen

    def at(self, place: int) -> int:
        """The number at a place. Raises IndexError outside."""
        if place < 0:
            raise IndexError(place)
        below = len(self._below)
        if place < below:
            return self._below[below - 1 - place]
        return self._above[place - below + self._fallen]

    def place_of(self, seq: int) -> int:
        """The place of a number, or of the next higher one; the length after the last."""
        below = len(self._below)
        if below and seq <= self._below[0]:
            return below - bisect_left(self._below, -seq + 1, key=lambda number: -number)
        return below + max(0, bisect_left(self._above, seq, self._fallen) - self._fallen)

    def between(self, low: int, high: int) -> list[int]:
        """The numbers from `low` to before `high`, as they are now."""
        start, stop, below = self.place_of(low), self.place_of(high), len(self._below)
        falling = self._below[below - min(stop, below) : below - min(start, below)]
        shift = self._fallen - below
        return [*reversed(falling), *self._above[max(start, below) + shift : max(stop, below) + shift]]

    def has(self, seq: int) -> bool:
        """Whether a number is in."""
        place = self.place_of(seq)
        return place < len(self) and self.at(place) == seq

    @property
    def first(self) -> int | None:
        """The lowest number."""
        return self.at(0) if len(self) else None

    @property
    def last(self) -> int | None:
        """The highest number."""
        return self.at(len(self) - 1) if len(self) else None

    def add_above(self, rising: Sequence[int]) -> None:
        """Numbers higher than all, in rising order."""
        self._above.extend(rising)

    def add_below(self, falling: Sequence[int]) -> None:
        """Numbers lower than all, in falling order."""
        self._below.extend(falling)

    def pop_last(self) -> int:
        """Take the highest number out. Raises IndexError when there is none."""
        if len(self._above) > self._fallen:
            return self._above.pop()
        return self._below.pop(0)

    def drop_before(self, first: int) -> None:
        """Take out all numbers lower than `first`."""
        below = self._below
        while below and below[-1] < first:
            below.pop()
        if not below:
            self._fallen = bisect_left(self._above, first, self._fallen)
            if self._fallen > COMPACT:
                del self._above[: self._fallen]
                self._fallen = 0
