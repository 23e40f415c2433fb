"""What relations are read from: the collections that they need, shared, live, and no more than those.

Who follows relations asks a `Reader` for objects; what is not held is subscribed to, and `on_change` tells
when to ask again. What was not asked for between `begin` and `end` is given back. A kind that is already held
for all namespaces is never listed again; what is not held is asked for as narrow as possible, so that a user
who may see one namespace only can follow them too. It must never change anything on the server.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.codecs import codec_for
from k8stui.kube.collection import Phase
from k8stui.kube.indexes import Index
from k8stui.kube.objects import STRUCTS
from k8stui.kube.objects.related import RELATED, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.collection import Collection, Subscription

LARGE = 1_000
"""Objects from which on an index is built in slices."""
SLICE = 500
LOADING = "…"

_PLAIN = re.compile(r"[^\s,=!()]+=[^\s,=!()]*")


class Found(msgspec.Struct, frozen=True):
    """The answer to one question: objects, and what is to be said of them."""

    objects: tuple[Any, ...] = ()
    state: str = ""
    """Empty: this is all there is; `LOADING`: not known yet; else why it cannot be seen, in one sentence."""
    columns: tuple[Any, ...] = ()
    """The server's columns, for kinds without a Struct."""

    @property
    def object(self) -> Any | None:
        """The one object, where there is one."""
        return self.objects[0] if self.objects else None

    @property
    def complete(self) -> bool:
        """Nothing is missing."""
        return not self.state


class Query(msgspec.Struct, frozen=True):
    """What is asked for: all objects of a kind in a scope."""

    kind: str
    """As `Kind.name`."""
    namespace: str = ""
    label_selector: str = ""
    """Only `key=value` terms, which are matched here where more is held."""
    field_selector: str = ""
    """`metadata.name=…` or `spec.nodeName=…`."""


class _Source:
    """A collection that answers queries."""

    def __init__(self, subscription: Subscription[Any], on_change: Callable[[], None]) -> None:
        self.subscription = subscription
        self.collection: Collection[Any] = subscription.collection
        self.asked = True
        self.looked_up: set[tuple[str, str]] = set()
        """Indexes and keys that were looked up in this round; no index: everything was."""
        self.given: set[str] = set()
        """The uids that were answered with."""
        self._phase = self.collection.state.phase
        self._on_change = on_change
        self._building: dict[str, asyncio.Task[None]] = {}

    @property
    def state(self) -> str:
        """As in `Found`."""
        state = self.collection.state
        if state.phase is Phase.LOADING:
            return LOADING
        if state.phase in (Phase.DENIED, Phase.GONE):
            return state.reason or state.phase.value
        return ""

    def concerns(self, namespace: str) -> bool:
        """Take what changed: whether an answer that was given would be another one now."""
        changes = self.subscription.take()
        before, self._phase = self._phase, changes.state.phase
        if changes.reset or before is not self._phase:
            return True
        if not self.given.isdisjoint(changes.changed) or not self.given.isdisjoint(changes.removed):
            return True
        objects = self.collection.objects
        for index, key in self.looked_up:
            if index:
                found: Any = self.collection.index(index, key) if self.collection.has_index(index) else ()
            else:
                found = [
                    uid
                    for uid in changes.changed
                    if uid in objects and (not namespace or objects[uid].metadata.namespace == namespace)
                ]
            if any(uid in found for uid in changes.changed):
                return True
        return False

    def uids(self, index: str, key: str) -> Iterable[str] | None:
        """The uids under a key; None while the index is being made."""
        collection = self.collection
        self.looked_up.add((index, key))
        if not collection.has_index(index) and len(collection.objects) > LARGE:
            if index not in self._building:
                work = self._build(index)
                self._building[index] = asyncio.create_task(work, name=f"index {index}")
            return None
        return collection.index(index, key)

    async def _build(self, name: str) -> None:
        """Make an index a slice at a time; the collection keeps it right meanwhile."""
        collection = self.collection
        index = collection.new_index(name)
        uids = list(collection.objects)
        for start in range(0, len(uids), SLICE):
            for uid in uids[start : start + SLICE]:
                obj = collection.objects.get(uid)
                if obj is not None:
                    index.add(uid, obj)
            await asyncio.sleep(0)
        if collection.objects:
            collection.put_index(name, index)
        self._building.pop(name, None)
        self._on_change()

    def close(self) -> None:
        """Give it back."""
        for task in self._building.values():
            task.cancel()
        self.subscription.close()


class Reader:
    """Answers questions about objects from live collections."""

    def __init__(self, cluster: Any, on_change: Callable[[], None]) -> None:
        self._cluster = cluster
        self._on_change = on_change
        self._sources: dict[Query, _Source] = {}
        self._closed = False

    @property
    def catalog(self) -> Catalog:
        """The kinds of the server."""
        catalog: Catalog = self._cluster.catalog
        return catalog

    @property
    def stale(self) -> str:
        """Why what was answered may be out of date; empty while all of it is live."""
        for source in self._sources.values():
            state = source.collection.state
            if state.phase is Phase.STALE:
                return state.reason or "the server is not heard"
        return ""

    def begin(self) -> None:
        """A round of questions begins."""
        for source in self._sources.values():
            source.asked = False
            source.looked_up.clear()
            source.given.clear()

    def end(self) -> None:
        """The round is over: what nobody asked for is given back."""
        for query, source in list(self._sources.items()):
            if not source.asked:
                source.close()
                del self._sources[query]

    def close(self) -> None:
        """Give everything back."""
        self._closed = True
        for source in self._sources.values():
            source.close()
        self._sources.clear()

    # Questions

    def all(self, query: Query) -> Found:
        """All objects of a query."""
        source, problem = self._source(query)
        if source is None:
            return Found(state=problem)
        collection, chosen = source.collection, None
        if query.field_selector.startswith("metadata.name=") and not collection.field_selector:
            name = query.field_selector.partition("=")[2]
            chosen = source.uids("name", f"{query.namespace}/{name}")
        elif query.field_selector.startswith("spec.nodeName=") and not collection.field_selector:
            chosen = source.uids("node", query.field_selector.partition("=")[2])
        elif query.namespace and collection.namespaces != (query.namespace,):
            chosen = source.uids("namespace", query.namespace)
        else:
            source.looked_up.add(("", ""))
            chosen = collection.objects.keys()
        return self._found(source, chosen, query)

    def one(self, kind: str, namespace: str, name: str, *, alone: bool = True) -> Found:
        """One object by name. `alone`: where its kind is not held, it is watched by itself."""
        fields = f"metadata.name={name}" if alone else ""
        if alone:
            return self.all(Query(kind, namespace, field_selector=fields))
        query = Query(kind, namespace)
        source, problem = self._source(query)
        if source is None:
            return Found(state=problem)
        return self._found(source, source.uids("name", f"{namespace}/{name}"), query)

    def owned(self, query: Query, uid: str) -> Found:
        """The objects of a query that are owned by one with this uid."""
        source, problem = self._source(query)
        if source is None:
            return Found(state=problem)
        return self._found(source, source.uids("owner", uid), query)

    def users(self, query: Query, kind: str, namespace: str, name: str) -> Found:
        """The objects of a query (pods, or workloads by their templates) that name an object."""
        source, problem = self._source(query)
        if source is None:
            return Found(state=problem)
        return self._found(source, source.uids("uses", f"{kind}/{namespace}/{name}"), query)

    # How they are answered

    @staticmethod
    def _found(source: _Source, uids: Iterable[str] | None, query: Query) -> Found:
        if uids is None:
            return Found(state=LOADING)
        objects = source.collection.objects
        wanted = dict(term.split("=", 1) for term in query.label_selector.split(",") if term)
        chosen = []
        for uid in uids:
            obj = objects.get(uid)
            if obj is None or (query.namespace and obj.metadata.namespace not in ("", query.namespace)):
                continue
            labels = obj.metadata.labels
            if all(labels.get(key) == value for key, value in wanted.items()):
                chosen.append(obj)
                source.given.add(uid)
        chosen.sort(key=lambda obj: (obj.metadata.namespace, obj.metadata.name))
        return Found(tuple(chosen), source.state, source.collection.columns)

    def _source(self, query: Query) -> tuple[_Source | None, str]:
        source = self._sources.get(query)
        if source is None:
            kind = self.catalog.find(query.kind)
            if kind is None:
                unknown = getattr(self.catalog, "is_complete", True)
                return None, f"This server has no {query.kind}." if unknown else LOADING
            if self._closed:
                return None, LOADING
            source = self._sources[query] = _Source(self._subscribe(kind, query), self._on_change)
        source.asked = True
        return source, ""

    def _subscribe(self, kind: Kind, query: Query) -> Subscription[Any]:
        def wake() -> None:
            source = self._sources.get(query)
            if source is not None and source.concerns(query.namespace):
                self._on_change()

        form = form_of(kind)
        held = self._held(kind, query.namespace, form)
        more: dict[str, Any] = {} if form is None else {"form": form}
        if held is not None:
            more = {} if held.form is None else {"form": held.form}
            subscription = self._cluster.subscribe(kind, namespaces=held.namespaces, wake=wake, **more)
        else:
            narrow = all(_PLAIN.fullmatch(term) for term in query.label_selector.split(",") if term)
            subscription = self._cluster.subscribe(
                kind,
                namespaces=(query.namespace,) if query.namespace and kind.namespaced else (),
                label_selector=query.label_selector if narrow else "",
                field_selector=query.field_selector,
                wake=wake,
                **more,
            )
        subscription.take()
        return subscription  # type: ignore[no-any-return]

    def _held(self, kind: Kind, namespace: str, form: Form | None) -> Collection[Any] | None:
        """A collection that holds everything of a kind in a namespace already."""
        for collection in self._cluster.collections:
            same = (collection.kind.group, collection.kind.plural) == (kind.group, kind.plural)
            narrowed = collection.label_selector or collection.field_selector
            # with columns of the user's own objects say more, and nothing less
            has = collection.form if collection.form is None or collection.form.columns is None else None
            if not same or narrowed or has != form:
                continue
            if collection.state.phase not in (Phase.LIVE, Phase.LOADING, Phase.STALE):
                continue
            if not collection.namespaces or (namespace and namespace in collection.namespaces):
                return collection  # type: ignore[no-any-return]
        return None


def warm() -> None:
    """Make ready what reading the first relations needs; it takes a tenth of a second, best in a thread."""
    for group, plural in (*STRUCTS, *RELATED):
        codec_for(group, plural, Form(related=True))


def form_of(kind: Kind) -> Form | None:
    """The form in which a kind's objects say what they name; None where its own form does."""
    key = (kind.group, kind.plural)
    return Form(related=True) if key in RELATED and key not in STRUCTS else None


__all__ = ["LOADING", "Found", "Index", "Query", "Reader", "form_of", "warm"]
