"""What relations are read from: the collections that they need, shared, live, and no more than those.

Who follows relations asks a `Reader` for objects; what is not held is subscribed to, and `on_change` tells
when to ask again. What was not asked for between `begin` and `end` is given back. A kind that is already held
for all namespaces is never listed again; what is not held is asked for as narrow as possible, so that a user
who may see one namespace only can follow them too. It must never change anything on the server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.answers import Question, Source
from k8stui.kube.codecs import codec_for
from k8stui.kube.live.collection import Phase
from k8stui.kube.objects import STRUCTS
from k8stui.kube.objects.related import RELATED, Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.live.collection import Collection, Subscription

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
    naming: bool = False
    """The objects have to say what they name (see `RELATED`)."""


class Reader:
    """Answers questions about objects from live collections."""

    def __init__(self, cluster: Any, on_change: Callable[[], None]) -> None:
        self._cluster = cluster
        self._on_change = on_change
        self._sources: dict[Query, Source] = {}
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
            source.begin()

    def end(self) -> None:
        """The round is over: what nobody asked for is given back."""
        for query, source in list(self._sources.items()):
            if source.asked:
                source.end()
            else:
                source.close()
                del self._sources[query]

    def close(self) -> None:
        """Give everything back."""
        self._closed = True
        for source in self._sources.values():
            source.close()
        self._sources.clear()

    # Questions

    def all(self, query: Query, where: Callable[[Any], bool] | None = None) -> Found:
        """All objects of a query; `where` narrows them further (hashable, equal where it asks the same)."""
        fields, _, value = query.field_selector.partition("=")
        if fields == "metadata.name":
            return self._ask(query, "name", f"{query.namespace}/{value}", where)
        if fields == "spec.nodeName":
            return self._ask(query, "node", value, where)
        return self._ask(query, "namespace" if query.namespace else "", query.namespace, where)

    def one(self, kind: str, namespace: str, name: str, *, alone: bool = True) -> Found:
        """One object by name. `alone`: where its kind is not held, it is watched by itself."""
        fields = f"metadata.name={name}" if alone else ""
        return self._ask(Query(kind, namespace, field_selector=fields), "name", f"{namespace}/{name}")

    def owned(self, query: Query, uid: str) -> Found:
        """The objects of a query that are owned by one with this uid."""
        return self._ask(query, "owner", uid)

    def users(self, query: Query, kind: str, namespace: str, name: str) -> Found:
        """The objects of a query (pods, or workloads by their templates) that name an object."""
        query = msgspec.structs.replace(query, naming=True)
        return self._ask(query, "uses", f"{kind}/{namespace}/{name}")

    # How they are answered

    def _ask(self, query: Query, index: str, key: str, where: Callable[[Any], bool] | None = None) -> Found:
        source, problem = self._source(query)
        if source is None:
            return Found(state=problem)
        collection = source.collection
        if index == "namespace" and collection.namespaces == (query.namespace,):
            index = key = ""
        terms = (term.partition("=") for term in query.label_selector.split(",") if term)
        labels = tuple((label, value) for label, _, value in terms)
        objects = source.ask(Question(index, key, query.namespace, labels, where))
        if objects is None:
            return Found(state=LOADING)
        return Found(objects, _state_of(collection), collection.columns)

    def _source(self, query: Query) -> tuple[Source | None, str]:
        source = self._sources.get(query)
        if source is None:
            kind = self.catalog.find(query.kind)
            if kind is None:
                unknown = getattr(self.catalog, "is_complete", True)
                return None, f"This server has no {query.kind}." if unknown else LOADING
            if self._closed:
                return None, LOADING
            source = self._sources[query] = Source(self._subscribe(kind, query), self._on_change)
        source.asked = True
        return source, ""

    def _subscribe(self, kind: Kind, query: Query) -> Subscription[Any]:
        def wake() -> None:
            source = self._sources.get(query)
            if source is not None and source.concerns():
                self._on_change()

        form = form_of(kind, naming=query.naming)
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


def form_of(kind: Kind, *, naming: bool) -> Form | None:
    """The form in which a kind's objects say what they name; None where their own form is enough."""
    key = (kind.group, kind.plural)
    return Form(related=True) if key in RELATED and (naming or key not in STRUCTS) else None


def _state_of(collection: Collection[Any]) -> str:
    """As in `Found`."""
    state = collection.state
    if state.phase is Phase.LOADING:
        return LOADING
    if state.phase in (Phase.DENIED, Phase.GONE):
        return state.reason or state.phase.value
    return ""


__all__ = ["LOADING", "Found", "Query", "Reader", "warm"]
