"""The sorted list of the rows that a table shows.

An entry is `(sort key, tie breaker, uid)`. One moved row costs two bisections, a batch of them one merge
of two sorted runs; nothing here ever sorts all rows because one of them changed. Rows with equal keys are
in the order of their names, forwards and backwards alike.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Entry = tuple[Any, str, str]

_ONE_BY_ONE = 96
"""Up to so many moves are bisected; above, one pass over the list is cheaper (measured at 20,000 rows)."""

# The list is always ascending and a descending order is read from its end, so names must run the other
# way in it to come out ascending: every ASCII character becomes its mirror image, and an end mark larger
# than all of them lets "web" come before "web-1".
_MIRROR = {code: chr(0x7E - code) for code in range(0x7F)}


def tie_breaker(namespace: str, name: str, reverse: bool) -> str:
    """What orders rows with the same key: namespace, then name."""
    natural = f"{namespace}\0{name}"
    return natural.translate(_MIRROR) + "\x7f" if reverse else natural


class RowOrder:
    """Entries in order, with each uid's entry at hand."""

    __slots__ = ("_by_uid", "_entries", "reverse")

    def __init__(self, *, reverse: bool = False) -> None:
        self.reverse = reverse
        """Rows are seen from the largest entry to the smallest."""
        self._entries: list[Entry] = []
        self._by_uid: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, uid: object) -> bool:
        return uid in self._by_uid

    def __iter__(self) -> Iterator[str]:
        entries = reversed(self._entries) if self.reverse else iter(self._entries)
        return (entry[2] for entry in entries)

    def entry(self, uid: str) -> Entry | None:
        """The entry of a row, or None for a row that is not in the list."""
        return self._by_uid.get(uid)

    def uid_at(self, index: int) -> str:
        """The row at an index of the view. Raises IndexError outside of it."""
        if index < 0:
            raise IndexError(index)
        return self._entries[len(self._entries) - 1 - index if self.reverse else index][2]

    def slice(self, start: int, stop: int) -> list[str]:
        """The rows from `start` to before `stop`, cut to what there is."""
        size = len(self._entries)
        start, stop = max(0, start), min(size, stop)
        if start >= stop:
            return []
        if self.reverse:
            return [entry[2] for entry in reversed(self._entries[size - stop : size - start])]
        return [entry[2] for entry in self._entries[start:stop]]

    def index_of(self, uid: str) -> int | None:
        """Where a row is in the view, or None."""
        entry = self._by_uid.get(uid)
        return None if entry is None else self.place_of(entry)

    def place_of(self, entry: Entry) -> int:
        """Index of an entry, or of the row that would follow it (`len(self)` when none would)."""
        position = bisect_left(self._entries, entry)
        if not self.reverse:
            return position
        found = position < len(self._entries) and self._entries[position] == entry
        return len(self._entries) - position - (1 if found else 0)

    def commit(self, leave: Iterable[str], enter: Sequence[Entry]) -> None:
        """Take rows out and put entries in. An entry whose uid is in the list must be in `leave` too.

        Many entries are cheapest when they come as sorted runs.
        """
        gone = [entry for uid in leave if (entry := self._by_uid.pop(uid, None)) is not None]
        if len(gone) + len(enter) <= _ONE_BY_ONE:
            for entry in gone:
                del self._entries[bisect_left(self._entries, entry)]
            for entry in enter:
                self._entries.insert(bisect_left(self._entries, entry), entry)
        else:
            if gone:
                dead = {entry[2] for entry in gone}
                self._entries = [entry for entry in self._entries if entry[2] not in dead]
            # A few sorted runs: the sort finds them and merges, it does not start over.
            self._entries.extend(enter)
            self._entries.sort()
        self._by_uid.update((entry[2], entry) for entry in enter)
