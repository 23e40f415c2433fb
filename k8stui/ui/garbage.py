"""When Python looks for garbage, so that the search never holds up a key.

A full search goes through every object that is tracked: a hundred thousand after the imports, 30 to 65 ms a
time. So what lives as long as the program is set aside (`gc.freeze`, which only relinks lists) once the first
frame is out and again when the first rows are live; what is searched after that is small. Rows themselves are
not tracked (`kube.objects`).

What is set aside is never found to be garbage, therefore a cluster that is left is given back first
(`thaw`). This is a matter of the whole process: only `launch` makes one of these, tests do without.
"""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTLED = 2.0
"""Seconds from the first live rows until they are set aside: what starting has left over is gone by then."""
YOUNG = 2_000
"""Containers made since the last search that start one. Most of ours die by themselves before."""


class Garbage:
    """Decides when to search and what to set aside."""

    def __init__(self, on_live: Callable[[], None] | None = None) -> None:
        """`on_live` is called once, when the first rows are there and before they are set aside."""
        self._on_live = on_live
        self._live_since: float | None = None
        self._settled = False
        self._left = False

    def starting(self) -> None:
        """Imports and the first frame make objects that stay: do not search among them."""
        gc.disable()

    def first_frame(self) -> None:
        """The program itself is in memory now."""
        gc.freeze()
        gc.set_threshold(YOUNG, 10, 10)
        gc.enable()

    def look(self, *, live: bool) -> None:
        """Called every second: are the first rows of this cluster there (`live`)?"""
        if self._settled:
            return
        now = time.monotonic()
        if not live:
            self._live_since = None
        elif self._live_since is None:
            self._live_since = now
            if self._on_live is not None:
                self._on_live()
                self._on_live = None
        elif now - self._live_since >= SETTLED:
            self._settled = True
            # What has just died is not worth keeping for ever; a cluster that was left costs a full search.
            gc.collect(2 if self._left else 1)
            self._left = False
            gc.freeze()

    def thaw(self) -> None:
        """A cluster was left: what belonged to it may go, at the next look that finds live rows."""
        self._live_since, self._settled, self._left = None, False, True
        gc.unfreeze()


@contextlib.contextmanager
def unsearched() -> Iterator[None]:
    """Make many objects that die by themselves, for some ten milliseconds, and nobody looks for garbage.

    For work in a thread: a search there holds up the screen's thread all the same.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
