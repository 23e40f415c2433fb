"""Counts of what is wrong, for the header: nodes not ready, failing pods, warning events.

It reads collections that views have opened anyway and asks for none by itself. Only what changed is looked
at, a slice at a time, so that twenty thousand pods never hold up a key.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from k8stui.ui.header import Warnings

if TYPE_CHECKING:
    from collections.abc import Iterable

BUDGET = 0.004
"""Seconds of work in one step."""


class _Counter:
    """What is wrong in one collection."""

    def __init__(self, collection: Any, printer: Any) -> None:
        self.collection = collection
        self._attention = printer.attention
        self._subscription = collection.subscribe(lambda: None)
        self._todo: dict[str, None] = {}
        self.wrong: set[str] = set()

    def step(self, deadline: float) -> bool:
        """Look at what changed; True while there is more to look at."""
        changes = self._subscription.take()
        objects = self.collection.objects
        if changes.reset:
            self.wrong &= objects.keys()
            self._todo = dict.fromkeys(objects)
        else:
            self.wrong -= changes.removed
            self._todo.update(dict.fromkeys(changes.changed))
        count = 0
        while self._todo:
            uid, _ = self._todo.popitem()
            obj = objects.get(uid)
            if obj is not None and self._attention(obj):
                self.wrong.add(uid)
            else:
                self.wrong.discard(uid)
            count += 1
            if count % 32 == 0 and time.perf_counter() >= deadline:
                break
        return bool(self._todo)

    def close(self) -> None:
        self._subscription.close()


class WarningCounts:
    """Counts over the collections that are open."""

    KINDS = ("nodes", "pods", "events")

    def __init__(self) -> None:
        self._counters: dict[str, _Counter] = {}

    def step(self, collections: Iterable[Any]) -> tuple[Warnings, bool]:
        """The counts as far as they are known, and whether there is more to look at right away."""
        self._choose(list(collections))
        deadline = time.perf_counter() + BUDGET
        more = False
        for counter in self._counters.values():
            more = counter.step(deadline) or more
        counts = {kind: len(counter.wrong) for kind, counter in self._counters.items()}
        return Warnings(counts.get("nodes"), counts.get("pods"), counts.get("events")), more

    def _choose(self, collections: list[Any]) -> None:
        """For each kind the widest collection that nobody narrowed."""
        from k8stui.kinds.printers import printer_for

        for kind in self.KINDS:
            found = [
                c
                for c in collections
                if c.kind.name == kind and not c.label_selector and not c.field_selector
            ]
            best = max(found, key=lambda c: (not c.namespaces, len(c.objects)), default=None)
            have = self._counters.get(kind)
            if have is not None and have.collection is not best:
                have.close()
                del self._counters[kind]
                have = None
            if best is not None and have is None:
                printer = printer_for(best.kind.group, best.kind.plural)
                self._counters[kind] = _Counter(best, printer)

    def close(self) -> None:
        """Give back what was subscribed to."""
        for counter in self._counters.values():
            counter.close()
        self._counters.clear()
