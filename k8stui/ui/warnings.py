"""Counts of what is wrong, for the header: nodes not ready, failing pods, warning events.

It reads collections that views have opened anyway and asks for none by itself: what no view watches is not
known, and the header says so. Counted is what is in the namespaces in use. Only what changed is looked at, a
slice at a time, so that twenty thousand pods never hold up a key.
"""

from __future__ import annotations

import time
from typing import Any

from k8stui.ui.header import Warnings

BUDGET = 0.004
"""Seconds of work in one step."""
HELD = 2_000
"""A collection of so many objects at most is held for its count when the last view left it."""


class _Counter:
    """What is wrong in one collection."""

    def __init__(self, subscription: Any, printer: Any, namespaces: tuple[str, ...]) -> None:
        """`namespaces`: those that count, of all that the collection holds; () is every one."""
        self.collection = subscription.collection
        self.namespaces = namespaces
        self._only = frozenset(namespaces)
        self._attention = printer.attention
        self._subscription = subscription
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
            if obj is not None and self._counts(obj) and self._attention(obj):
                self.wrong.add(uid)
            else:
                self.wrong.discard(uid)
            count += 1
            if count % 32 == 0 and time.perf_counter() >= deadline:
                break
        return bool(self._todo)

    def _counts(self, obj: Any) -> bool:
        return not self._only or obj.metadata.namespace in self._only

    @property
    def is_known(self) -> bool:
        """The collection holds something that can be counted."""
        return self.collection.state.phase.name not in ("DENIED", "GONE")

    @property
    def is_costly(self) -> bool:
        """No view reads the collection any more, and it is too large to be held for a number."""
        return self.collection.subscribers == 1 and len(self.collection.objects) > HELD

    def close(self) -> None:
        self._subscription.close()


class WarningCounts:
    """Counts over the collections that are open."""

    KINDS = ("nodes", "pods", "events")

    def __init__(self) -> None:
        self._counters: dict[str, _Counter] = {}

    def step(self, cluster: Any, namespaces: tuple[str, ...] = ()) -> tuple[Warnings, bool]:
        """The counts for these namespaces (() is all), and whether there is more to look at right away.

        None stands for what is not watched.
        """
        self._choose(cluster, tuple(sorted(set(namespaces))))
        deadline = time.perf_counter() + BUDGET
        more = False
        for counter in self._counters.values():
            more = counter.step(deadline) or more
        counts = {kind: len(counter.wrong) for kind, counter in self._counters.items() if counter.is_known}
        return Warnings(counts.get("nodes"), counts.get("pods"), counts.get("events")), more

    def _choose(self, cluster: Any, namespaces: tuple[str, ...]) -> None:
        """For each kind a collection that holds all of these namespaces, the narrowest there is."""
        from k8stui.kinds.tables.printers import printer_for

        collections = list(getattr(cluster, "collections", ()))
        for kind in self.KINDS:
            scope = () if kind == "nodes" else namespaces
            have = self._counters.get(kind)
            if have is not None and have.is_costly:
                collections.remove(have.collection)
            found = [c for c in collections if c.kind.name == kind and c.subscribers and _covers(c, scope)]
            best = min(found, key=lambda c: (not c.namespaces, len(c.namespaces)), default=None)
            only = scope if best is not None and tuple(sorted(best.namespaces)) != scope else ()
            if have is not None and (have.collection is not best or have.namespaces != only):
                have.close()
                del self._counters[kind]
                have = None
            if best is not None and have is None:
                printer = printer_for(best.kind.group, best.kind.plural)
                form = getattr(best, "form", None)
                more = {} if form is None else {"form": form}
                subscription = cluster.subscribe(
                    best.kind, namespaces=best.namespaces, wake=lambda: None, **more
                )
                self._counters[kind] = _Counter(subscription, printer, only)

    def close(self) -> None:
        """Give back what was subscribed to."""
        for counter in self._counters.values():
            counter.close()
        self._counters.clear()


def _covers(collection: Any, namespaces: tuple[str, ...]) -> bool:
    """Whether everything in these namespaces (() is all) is in the collection."""
    if collection.label_selector or collection.field_selector:
        return False
    return not collection.namespaces or bool(namespaces and set(namespaces) <= set(collection.namespaces))
