"""When Python looks for garbage, so that the search never holds up a key.

A full search goes through every object that is tracked: a hundred thousand after the imports, 30 to 65 ms a
time. So what lives as long as the program is set aside (`gc.freeze`, which only relinks lists) once the first
frame is out and again when the first rows are live; what is searched after that is small. Rows themselves are
not tracked (`kube.objects`).

What opens and closes later leaves garbage behind and imports modules: a search through that took 150 ms in
the middle of a key. So large searches wait until the user rests, and what they leave is set aside too.

What is set aside is never found to be garbage, therefore a cluster that is left is given back first
(`thaw`), and all of it now and then, when the user rests for longer. This is a matter of the whole process:
only `launch` makes one of these, tests do without.
"""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.app import App

SETTLED = 2.0
"""Seconds from the first live rows until they are set aside: what starting has left over is gone by then."""
YOUNG = 2_000
"""Containers made since the last search that start one. Most of ours die by themselves before."""
RESTLESS = 60
"""So many middling searches (each after ten young ones) start a large one though the user never rests."""
REST, LONG_REST = 3.0, 20.0
"""Seconds without a key or the mouse after which a large search is no trouble, and one through everything."""
WORTH_IT = 3
"""Middling searches since the last large one, after which there may be much to find."""
EVERYTHING_SECONDS = 600.0
"""How often everything is searched at most, also what was set aside."""
CLOSED_SECONDS = 10.0
"""How often what Textual keeps of closed widgets is dropped."""


class Garbage:
    """Decides when to search and what to set aside."""

    def __init__(self, on_live: Callable[[], None] | None = None) -> None:
        """`on_live` is called once, when the first rows are there and before they are set aside."""
        self._on_live = on_live
        self.app: App[Any] | None = None
        """Whose closed widgets are let go."""
        self._live_since: float | None = None
        self._settled = False
        self._left = False
        self._touched = self._searched_all = self._dropped = time.monotonic()

    def touched(self) -> None:
        """The user did something."""
        self._touched = time.monotonic()

    def starting(self) -> None:
        """Imports and the first frame make objects that stay: do not search among them."""
        gc.disable()

    def first_frame(self) -> None:
        """The program itself is in memory now."""
        gc.freeze()
        gc.set_threshold(YOUNG, 10, RESTLESS)
        gc.enable()

    def look(self, *, live: bool) -> None:
        """Called every second: are the first rows of this cluster there (`live`)?"""
        now = time.monotonic()
        if now - self._dropped >= CLOSED_SECONDS:
            self._dropped = now
            drop_closed_widgets(self.app)
        if self._settled:
            self._search_at_rest(now)
            return
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

    def _search_at_rest(self, now: float) -> None:
        rested = now - self._touched
        if rested >= LONG_REST and now - self._searched_all >= EVERYTHING_SECONDS:
            self._searched_all = now
            gc.unfreeze()
        elif rested < REST or gc.get_count()[2] < WORTH_IT:
            return
        gc.collect()
        gc.freeze()

    def thaw(self) -> None:
        """A cluster was left: what belonged to it may go, at the next look that finds live rows."""
        self._live_since, self._settled, self._left = None, False, True
        gc.unfreeze()


def drop_closed_widgets(app: App[Any] | None) -> None:
    """Let go of widgets that were closed, where Textual does not.

    It remembers 1,024 pairs of colours under a key that the painting widget's lines are part of: 60 MiB and
    more in half an hour of use. And a widget that watches an attribute or a signal (any TextArea the theme)
    is kept, with the view around it, until that changes.
    """
    from textual._styles_cache import StylesCache
    from textual.signal import Signal

    forget = getattr(StylesCache.get_inner_outer, "cache_clear", None)
    if forget is not None:
        forget()
    for watched in (app, *app.screen_stack) if app is not None else ():
        for watchers in getattr(watched, "__watchers", {}).values():
            watchers[:] = [each for each in watchers if not each[0]._closing]
        for signal in vars(watched).values():
            if isinstance(signal, Signal):
                for closed in [node for node in signal._subscriptions if node._closing]:
                    del signal._subscriptions[closed]


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
