"""Shared collections: readers of the same kind and scope share one, and it goes some time after the last.

The pool starts and ends the reflectors of each collection. It must never end a collection that
has a reader.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.live.collection import Collection, Phase, Subscription
from k8stui.kube.objects.related import Form  # noqa: TC001 - msgspec reads the annotation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.live.collection import Part
    from k8stui.kube.live.reflector import Reflector
    from k8stui.kube.tasks import Tasks


class Scope(msgspec.Struct, frozen=True):
    """What makes two subscriptions the same: the resource and everything that narrows it."""

    group: str
    version: str
    plural: str
    namespaces: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    form: Form | None = None


class _Entry:
    """A collection with the reflectors that feed it."""

    def __init__(self, collection: Collection[Any]) -> None:
        self.collection = collection
        self.reflectors: dict[str, Reflector[Any]] = {}
        self.tasks: list[asyncio.Task[Any]] = []
        self.dropping: asyncio.TimerHandle | None = None


class Pool:
    """All collections of one cluster."""

    def __init__(
        self,
        tasks: Tasks,
        make_reflector: Callable[[Collection[Any], Part[Any]], Reflector[Any]],
        supervise: Callable[[Reflector[Any], Part[Any]], Any],
        *,
        grace: float,
        now: Callable[[], float],
    ) -> None:
        self._tasks = tasks
        self._make_reflector = make_reflector
        self._supervise = supervise
        self._grace = grace
        self._now = now
        self._entries: dict[Scope, _Entry] = {}

    def subscribe(self, kind: Kind, scope: Scope, wake: Callable[[], None]) -> Subscription[Any]:
        """A new reader; the first one starts the collection."""
        entry = self._entries.get(scope) or self._start(kind, scope)
        if entry.dropping is not None:
            entry.dropping.cancel()
            entry.dropping = None
        return entry.collection.subscribe(wake, lambda: self._left(scope))

    def reflectors(self) -> Iterator[Reflector[Any]]:
        """All reflectors that run."""
        for entry in tuple(self._entries.values()):
            yield from entry.reflectors.values()

    def collections(self) -> list[Collection[Any]]:
        """All collections that are held, with readers or in their time of grace."""
        return [entry.collection for entry in self._entries.values()]

    def retry(self, phase: Phase) -> None:
        """Ask again at once for everything that is in a phase."""
        for entry in tuple(self._entries.values()):
            for namespace, part in entry.collection.parts.items():
                if part.state.phase is phase:
                    entry.reflectors[namespace].retry_now()

    def check_kinds(self, catalog: Catalog) -> None:
        """Kinds that came are asked for at once, and watches of kinds that went are opened anew.

        Only the server's answer to that makes a collection gone: a catalog can be incomplete.
        """
        self.retry(Phase.GONE)
        for entry in tuple(self._entries.values()):
            kind = entry.collection.kind
            if catalog.get(kind.group, kind.plural) is None:
                for reflector in entry.reflectors.values():
                    reflector.check(0.0)

    def close(self) -> None:
        """Drop everything; the tasks end with their owner."""
        for scope in tuple(self._entries):
            self._drop(scope)

    def _start(self, kind: Kind, scope: Scope) -> _Entry:
        collection: Collection[Any] = Collection(
            kind,
            scope.namespaces,
            label_selector=scope.label_selector,
            field_selector=scope.field_selector,
            form=scope.form,
            now=self._now,
        )
        entry = self._entries[scope] = _Entry(collection)
        for namespace, part in collection.parts.items():
            reflector = self._make_reflector(collection, part)
            entry.reflectors[namespace] = reflector
            name = f"{kind.name} {namespace}".strip()
            entry.tasks.append(self._tasks.start(self._supervise(reflector, part), name))
        return entry

    def _left(self, scope: Scope) -> None:
        entry = self._entries.get(scope)
        if entry is None or entry.collection.subscribers or entry.dropping is not None:
            return
        loop = asyncio.get_running_loop()
        entry.dropping = loop.call_later(self._grace, self._drop, scope)

    def _drop(self, scope: Scope) -> None:
        entry = self._entries.pop(scope, None)
        if entry is None:
            return
        if entry.dropping is not None:
            entry.dropping.cancel()
        for task in entry.tasks:
            task.cancel()
        entry.reflectors.clear()
        entry.collection.clear()
