"""The marked objects of a table. Marks are uids, and live as long as their objects do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class RowMarks:
    """A set of uids that remembers which one was marked last."""

    __slots__ = ("_uids", "anchor")

    def __init__(self) -> None:
        self._uids: set[str] = set()
        self.anchor: str | None = None
        """The object that was marked last: a range starts there."""

    def __len__(self) -> int:
        return len(self._uids)

    def __contains__(self, uid: object) -> bool:
        return uid in self._uids

    def __iter__(self) -> Iterator[str]:
        return iter(self._uids)

    def toggle(self, uid: str) -> bool:
        """Mark, or take the mark away; True when it is marked now."""
        if uid in self._uids:
            self._uids.remove(uid)
            return False
        self._uids.add(uid)
        self.anchor = uid
        return True

    def add(self, uids: Iterable[str], *, anchor: str | None = None) -> None:
        """Mark all of these."""
        self._uids.update(uids)
        if anchor is not None:
            self.anchor = anchor

    def discard(self, uid: str) -> None:
        """The object is gone, and its mark with it."""
        self._uids.discard(uid)
        if self.anchor == uid:
            self.anchor = None

    def clear(self) -> None:
        """Take all marks away."""
        self._uids.clear()
        self.anchor = None
