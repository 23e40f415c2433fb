"""Live objects of one kind and scope: by uid, with indexes, a state, and subscribers.

A collection is fed by one reflector for each of its namespaces, through a `Part` each. It
gathers what changed since a subscriber last looked, so that any number of changes of one
object is one entry. It must never request anything, and it must never drop a row for any
reason but an answer of the server that the object is gone.
"""

from __future__ import annotations

import contextlib
import time
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from k8stui.kube.live.indexes import KEY_FUNCTIONS, NO_UIDS, Index
from k8stui.kube.objects.interning import share_with_previous

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from k8stui.kube.catalog import Kind
    from k8stui.kube.objects import ColumnDefinition
    from k8stui.kube.objects.related import Form

T = TypeVar("T")


class Phase(Enum):
    """How much what is held can be trusted."""

    LOADING = "loading"
    """The first list is under way."""
    LIVE = "live"
    """What is held is what the server has."""
    STALE = "stale"
    """The server cannot be heard since a moment; what was read last is still held."""
    DENIED = "denied"
    """The server forbids reading this."""
    GONE = "gone"
    """The server does not know the kind (any more)."""


_SEVERITY = {Phase.LIVE: 0, Phase.LOADING: 1, Phase.STALE: 2, Phase.DENIED: 3, Phase.GONE: 4}


class CollectionState(msgspec.Struct, frozen=True, gc=False):
    """The state of a collection, or of one of its namespaces."""

    phase: Phase = Phase.LOADING
    since: float = 0.0
    """When this phase began, in seconds of the monotonic clock."""
    reason: str = ""
    """One sentence in the server's words: why it is not live. Empty while all is well."""
    next_try: float | None = None
    """When the server is asked again, in seconds of the monotonic clock; None while no wait is on."""
    loaded: int = 0
    """How many objects the list under way has brought, or that are held."""
    total: int | None = None
    """How many objects the server has, where it has told."""


class Changes(msgspec.Struct, frozen=True, gc=False):
    """What happened since the last `take`. An uid is in one of the sets at most.

    `removed` may name objects that the subscriber never saw (come and gone between two takes).
    """

    reset: bool
    """Everything may be different: read `collection.objects` (and `columns`) anew."""
    changed: set[str]
    removed: set[str]
    state: CollectionState


def identity(obj: Any) -> str:
    """The key of an object: its uid, or namespace and name for the few kinds whose objects have none."""
    meta = obj.metadata
    return meta.uid or f"{meta.namespace or ''}/{meta.name}"


def is_older(version: str, held: str) -> bool:
    """Whether a resourceVersion is before another one, as far as both can be compared."""
    return version.isdecimal() and held.isdecimal() and int(version) < int(held)


class Subscription(Generic[T]):
    """One reader of a collection. Close it when the reader goes."""

    __slots__ = ("_changed", "_on_close", "_removed", "_reset", "_wake", "_woken", "collection")

    def __init__(
        self, collection: Collection[T], wake: Callable[[], None], on_close: Callable[[], None] | None
    ) -> None:
        self.collection = collection
        self._wake: Callable[[], None] | None = wake
        self._on_close = on_close
        self._changed: set[str] = set()
        self._removed: set[str] = set()
        self._reset = True
        self._woken = False

    def take(self) -> Changes:
        """All that happened since the last call. The first call always says `reset`."""
        changes = Changes(self._reset, self._changed, self._removed, self.collection.state)
        self._changed, self._removed = set(), set()
        self._reset = self._woken = False
        return changes

    def close(self) -> None:
        """Stop being woken; the collection may be dropped when nobody is left. Twice is no harm."""
        if self._wake is None:
            return
        self._wake = None
        self._changed, self._removed = set(), set()
        self.collection.leave(self)
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def note(self, changed: Set[str], removed: Set[str], reset: bool) -> None:
        """Called by the collection after a batch: remember it and wake the reader once."""
        if self._wake is None:
            return
        if reset:
            self._reset = True
            self._changed, self._removed = set(), set()
        elif not self._reset:
            self._changed |= changed
            self._removed -= changed
            self._changed -= removed
            self._removed |= removed
        if not self._woken:
            self._woken = True
            self._wake()


class Part(Generic[T]):
    """What one reflector feeds: the objects of one namespace (or of all) of a collection."""

    def __init__(self, collection: Collection[T], namespace: str) -> None:
        self.namespace = namespace
        self.state = CollectionState(since=collection.now())
        self._collection = collection
        self._uids: set[str] | None = None if collection.is_single else set()
        self._seen: set[str] | None = None

    @property
    def held(self) -> int:
        """How many objects this part holds."""
        return len(self._collection.objects) if self._uids is None else len(self._uids)

    def begin(self) -> None:
        """A full list begins: what it does not bring is gone at its `finish`."""
        self._seen = set() if self.held else None

    def page(self, objects: Sequence[T]) -> None:
        """Objects of the list under way."""
        if self._seen is not None:
            self._seen.update(map(identity, objects))
        self._collection.merge(objects, (), self._uids, listed=True)

    def finish(self) -> None:
        """The list is complete: objects it did not bring were deleted meanwhile."""
        if self._seen is not None:
            held = self._collection.objects.keys() if self._uids is None else self._uids
            gone = held - self._seen
            self._seen = None
            if gone:
                self._collection.merge((), gone, self._uids, listed=True)

    def events(self, objects: Sequence[T], removed: Iterable[str]) -> None:
        """A batch of a watch, already reduced to the last state of each object."""
        self._collection.merge(objects, removed, self._uids, listed=False)

    def columns(self, columns: tuple[ColumnDefinition, ...]) -> None:
        """The server's columns for this kind."""
        self._collection.set_columns(columns)

    def status(
        self,
        phase: Phase,
        reason: str = "",
        *,
        next_try: float | None = None,
        loaded: int | None = None,
        total: int | None = None,
    ) -> None:
        """Say how things stand. `since` moves only when the phase changes."""
        old = self.state
        since = old.since if old.phase is phase else self._collection.now()
        count = self.held if loaded is None else loaded
        new = CollectionState(phase, since, reason, next_try, count, total)
        if new != old:
            self.state = new
            self._collection.restate()


class Collection(Generic[T]):
    """Objects of one kind in one scope, kept live by reflectors."""

    def __init__(
        self,
        kind: Kind,
        namespaces: tuple[str, ...] = (),
        *,
        label_selector: str = "",
        field_selector: str = "",
        form: Form | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind = kind
        self.namespaces = namespaces
        self.label_selector = label_selector
        self.field_selector = field_selector
        self.objects: dict[str, T] = {}
        self.columns: tuple[ColumnDefinition, ...] = ()
        self.now = now
        self.form = form
        self._indexes: dict[str, Index] = {}
        self._growing: dict[str, Index] = {}
        self._subscriptions: list[Subscription[T]] = []
        self.parts: dict[str, Part[T]] = {ns: Part(self, ns) for ns in namespaces or ("",)}
        self.state = self._merged()

    @property
    def is_single(self) -> bool:
        """Whether one list and watch brings everything (all namespaces, or only one)."""
        return len(self.namespaces) < 2

    @property
    def denied(self) -> tuple[str, ...]:
        """The namespaces that the server forbids reading ("" for the whole cluster)."""
        return tuple(ns for ns, part in self.parts.items() if part.state.phase is Phase.DENIED)

    @property
    def subscribers(self) -> int:
        """How many readers there are."""
        return len(self._subscriptions)

    def index(self, name: str, key: str) -> Set[str]:
        """The uids of the objects with this "node", "owner" (uid) or "namespace": a live view.

        Raises KeyError for an index that does not exist.
        """
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = Index(KEY_FUNCTIONS[name], self.objects)
        return index.get(key) if self.objects else NO_UIDS

    def index_keys(self, name: str) -> Iterable[str]:
        """The keys of an index that have objects: the namespaces or nodes that there are.

        Raises KeyError for an index that does not exist.
        """
        self.index(name, "")
        return self._indexes[name].keys()

    def has_index(self, name: str) -> bool:
        """Whether an index is there, so that asking it costs nothing."""
        return name in self._indexes

    def new_index(self, name: str) -> Index:
        """An empty index that is kept up to date from now on; who asked for it fills it, bit by bit.

        Nobody is given it before `put_index`. Raises KeyError for an index that does not exist.
        """
        index = Index(KEY_FUNCTIONS[name], {})
        self._growing[name] = index
        return index

    def put_index(self, name: str, index: Index) -> None:
        """The index is complete: answer with it."""
        self._growing.pop(name, None)
        self._indexes.setdefault(name, index)

    def subscribe(
        self, wake: Callable[[], None], on_close: Callable[[], None] | None = None
    ) -> Subscription[T]:
        """A new reader. `wake` is called on the loop when there is something, once until `take`."""
        subscription = Subscription(self, wake, on_close)
        self._subscriptions.append(subscription)
        return subscription

    def leave(self, subscription: Subscription[T]) -> None:
        """Called by a closing subscription."""
        with contextlib.suppress(ValueError):
            self._subscriptions.remove(subscription)

    def clear(self) -> None:
        """Give the memory back: called by the owner when the collection is dropped."""
        self.objects = {}
        self._indexes, self._growing = {}, {}
        self._subscriptions = []
        self.parts = {}

    def set_columns(self, columns: tuple[ColumnDefinition, ...]) -> None:
        """Take the server's columns; readers start anew when they differ."""
        if columns and columns != self.columns:
            self.columns = columns
            self._tell(NO_UIDS, NO_UIDS, reset=True)

    def restate(self) -> None:
        """Called by a part whose state changed."""
        state = self._merged()
        if state != self.state:
            self.state = state
            self._tell(NO_UIDS, NO_UIDS)

    def merge(
        self, objects: Iterable[T], removed: Iterable[str], owned: set[str] | None, *, listed: bool
    ) -> None:
        """Take a batch: report what is really new, keep indexes, tell readers once.

        A listed object with the version that is held is no change; a watched one that is older
        than the one held (a watch that starts before a list of mixed versions) is no news.
        """
        changed: set[str] = set()
        gone: set[str] = set()
        for obj in objects:
            uid = identity(obj)
            if owned is not None:
                owned.add(uid)
            if self._put(uid, obj, listed):
                changed.add(uid)
        for uid in removed:
            before = self.objects.pop(uid, None)
            if owned is not None:
                owned.discard(uid)
            if before is not None:
                gone.add(uid)
                changed.discard(uid)
                for index in (*self._indexes.values(), *self._growing.values()):
                    index.change(uid, before, None)
        if changed or gone:
            self._tell(changed, gone)

    def _put(self, uid: str, obj: T, listed: bool) -> bool:
        """Hold an object; whether that is a change worth telling."""
        before = self.objects.get(uid)
        if before is not None:
            held: str = before.metadata.resource_version  # type: ignore[attr-defined]
            version: str = obj.metadata.resource_version  # type: ignore[attr-defined]
            if version == held:
                if version or before == obj:
                    if listed and before != obj:
                        self.objects[uid] = obj  # computed cells (ages) differ, the object does not
                    return False
            elif not listed and is_older(version, held):
                return False
            share_with_previous(obj, before)  # type: ignore[arg-type]
        self.objects[uid] = obj
        for index in (*self._indexes.values(), *self._growing.values()):
            index.change(uid, before, obj)
        return True

    def _tell(self, changed: Set[str], removed: Set[str], *, reset: bool = False) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.note(changed, removed, reset)

    def _merged(self) -> CollectionState:
        """The worst state of all parts; reasons of single namespaces are named."""
        states = [(ns, part.state) for ns, part in self.parts.items()]
        if len(states) == 1:
            return states[0][1]
        if not states:
            return self.state
        worst = max((state.phase for _, state in states), key=_SEVERITY.__getitem__)
        same = [(ns, state) for ns, state in states if state.phase is worst]
        reasons = [f"{ns}: {state.reason}" for ns, state in same if state.reason]
        tries = [state.next_try for _, state in same if state.next_try is not None]
        totals = [state.total for _, state in states]
        known = [total for total in totals if total is not None]
        return CollectionState(
            worst,
            min(state.since for _, state in same),
            "; ".join(reasons),
            min(tries, default=None),
            sum(state.loaded for _, state in states),
            sum(known) if known and len(known) == len(totals) else None,
        )
