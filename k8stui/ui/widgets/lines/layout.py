"""Which line, and which part of it, is on which line of the screen, with and without wrapping.

A place is `(line, sub)`: a line of the model and a row of that line when it is wrapped. Heights of lines
are asked for only around the screen, so that 200,000 lines cost no more than a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Place(NamedTuple):
    """A row of the view."""

    line: int
    sub: int = 0


def advance(place: Place, rows: int, count: int, rows_of: Callable[[int], int]) -> Place:
    """The place so many rows further (or back), within `count` lines."""
    index, sub = place
    while rows > 0 and index < count:
        left = rows_of(index) - 1 - sub
        if rows <= left:
            return Place(index, sub + rows)
        if index == count - 1:
            return Place(index, max(0, rows_of(index) - 1))
        rows -= left + 1
        index, sub = index + 1, 0
    while rows < 0:
        if -rows <= sub:
            return Place(index, sub + rows)
        if index == 0:
            return Place(0)
        rows += sub + 1
        index -= 1
        sub = rows_of(index) - 1
    return Place(index, sub)


def last_top(count: int, page: int, rows_of: Callable[[int], int]) -> Place:
    """The top place of the last page: its last row is the end of the last line."""
    index, missing = count, page
    while index > 0 and missing > 0:
        index -= 1
        missing -= rows_of(index)
    return Place(index, -missing if missing < 0 else 0)


def page_from(top: Place, page: int, count: int, rows_of: Callable[[int], int]) -> list[Place]:
    """The places on a page from its top."""
    places: list[Place] = []
    index, sub = top
    while index < count and len(places) < page:
        height = rows_of(index)
        places.extend(Place(index, row) for row in range(sub, min(height, sub + page - len(places))))
        index, sub = index + 1, 0
    return places
