"""Bytes of lists and watches into objects, in steps small enough for an event loop.

A page is first cut into the raw bytes of its objects, which is cheap; each object is decoded
by itself, so that the reader can pause between two of them, and so that one object that does
not fit its Struct loses no other. A codec must never do I/O.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from k8stui.kube.errors import ApiError
from k8stui.kube.objects import STRUCTS, KubeObject, ObjectDecoder, intern_object
from k8stui.kube.objects.related import RELATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.objects import ColumnDefinition
    from k8stui.kube.objects.related import Form

T = TypeVar("T")
K = TypeVar("K", bound=KubeObject)

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""Annotation of the bookmark that ends the initial events of a streamed list."""


class BadData(Exception):
    """The server's bytes are not what the API promises (garbage, a truncated line, another format)."""


class Page(msgspec.Struct, gc=False):
    """A page of a list, not yet decoded but for its metadata."""

    items: Sequence[Any]
    """Raw objects, to be given to `Codec.item` one by one."""
    version: str = ""
    token: str = ""
    """Where the next page begins; "" at the end."""
    remaining: int | None = None
    columns: tuple[ColumnDefinition, ...] = ()


class Event(msgspec.Struct, Generic[T], gc=False):
    """One line of a watch."""

    type: str
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""
    version: str = ""
    objects: tuple[T, ...] = ()
    error: ApiError | None = None
    ends_initial: bool = False
    columns: tuple[ColumnDefinition, ...] = ()


class Codec(Protocol[T]):
    """How one kind travels."""

    accept: str
    params: dict[str, str]

    def page(self, body: bytes) -> Page:
        """Cut a page into raw objects. Raises BadData."""
        ...

    def item(self, raw: Any) -> T:
        """Decode one of them. Raises BadData when not even its metadata can be read."""
        ...

    def event(self, line: bytes) -> Event[T]:
        """Decode one line of a watch. Raises BadData."""
        ...


class ListMeta(msgspec.Struct, gc=False, rename="camel"):
    """`metadata` of a list."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")
    remaining_item_count: int | None = None


class _RawList(msgspec.Struct, gc=False):
    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[msgspec.Raw] | None = None


class LooseMeta(msgspec.Struct, gc=False, rename="camel"):
    """The little that is read of a bookmark's object."""

    resource_version: str = ""
    annotations: dict[str, str] | None = None


class LooseObject(msgspec.Struct, gc=False):
    """An object of which only kind and version matter."""

    kind: str = ""
    metadata: LooseMeta = msgspec.field(default_factory=LooseMeta)


class LooseEvent(msgspec.Struct, gc=False):
    """A line of a watch whose object is not yet looked at."""

    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


LOOSE_EVENT = msgspec.json.Decoder(LooseEvent)
LOOSE_OBJECT = msgspec.json.Decoder(LooseObject)
_RAW_LIST = msgspec.json.Decoder(_RawList)

# msgspec raises the second for bytes that are no UTF-8, the third for what is nested too deeply
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

CHANGES = frozenset(("ADDED", "MODIFIED", "DELETED"))
_TYPED_STARTS = (b'{"type":"MOD', b'{"type":"ADD', b'{"type":"DEL')


def bookmark(raw: bytes | msgspec.Raw) -> Event[Any]:
    """The event for the object of a BOOKMARK. Raises msgspec.DecodeError."""
    meta = LOOSE_OBJECT.decode(raw).metadata
    ends = (meta.annotations or {}).get(INITIAL_EVENTS_END) == "true"
    return Event("BOOKMARK", meta.resource_version, ends_initial=ends)


class _TypedEvent(msgspec.Struct, Generic[T], gc=False):
    type: str = ""
    object: T | None = None


@lru_cache(maxsize=128)
def _decoders(struct: type[Any]) -> tuple[Any, Any]:
    """Decoders of watch lines and of objects: making them takes milliseconds, and they keep nothing."""
    return msgspec.json.Decoder(_TypedEvent[struct]), ObjectDecoder(struct)  # type: ignore[valid-type]


class StructCodec(Generic[K]):
    """Kinds that have a Struct: plain JSON of the whole object, of which few fields are picked."""

    accept = "application/json"

    def __init__(self, struct: type[K]) -> None:
        self.params: dict[str, str] = {}
        self._pool: dict[Any, Any] = {}
        self._typed, self._item = _decoders(struct)

    def page(self, body: bytes) -> Page:
        """Cut a page into raw objects. Raises BadData."""
        try:
            found = _RAW_LIST.decode(body)
        except UNREADABLE as error:
            raise BadData(f"a list could not be read: {error}") from error
        if not found.kind.endswith("List"):
            raise BadData(f"a list was asked for, and the answer is {found.kind or 'something else'}")
        meta = found.metadata
        return Page(found.items or (), meta.resource_version, meta.continue_, meta.remaining_item_count)

    def item(self, raw: Any) -> K:
        """Decode one object; of one that does not fit, what can be understood. Raises BadData."""
        try:
            found: K = intern_object(self._item.decode(raw), self._pool)
            return found
        except msgspec.DecodeError as error:
            raise BadData(f"an object could not be read: {error}") from error

    def event(self, line: bytes) -> Event[K]:
        """Decode one line of a watch. Raises BadData."""
        # real servers write the type first: bookmarks and errors do not fit the Struct
        if line.startswith(_TYPED_STARTS):
            try:
                typed = self._typed.decode(line)
            except UNREADABLE:
                return self._loose(line)
            obj = typed.object
            if obj is not None and obj.metadata.name:
                intern_object(obj, self._pool)
                return Event(typed.type, obj.metadata.resource_version, (obj,))
        return self._loose(line)

    def _loose(self, line: bytes) -> Event[K]:
        try:
            loose = LOOSE_EVENT.decode(line)
            if loose.type == "BOOKMARK":
                return bookmark(loose.object)
        except UNREADABLE as error:
            raise BadData(f"a line of a watch could not be read: {error}") from error
        if loose.type == "ERROR":
            return Event("ERROR", error=ApiError.from_status(loose.object))
        if loose.type not in CHANGES:
            raise BadData(f"a watch brought an event of the unknown type {loose.type!r}")
        obj = self.item(loose.object)
        if not obj.metadata.name:
            raise BadData("a watch brought an object without a name")
        return Event(loose.type, obj.metadata.resource_version, (obj,))


def codec_for(group: str, plural: str, form: Form | None = None) -> Codec[Any]:
    """The codec of a kind: its Struct where there is one, else the server's Table; or as `form` wants it."""
    from k8stui.kube.tables import TableCodec

    if form is not None and form.related and (group, plural) in RELATED:
        return StructCodec(RELATED[group, plural])
    struct = STRUCTS.get((group, plural))
    if form is not None and struct is None and (form.columns is not None or form.dates is not None):
        from k8stui.kube.columns import TableColumns

        return TableColumns(form.columns, form.dates)
    if form is not None and struct is not None and form.columns is not None:
        from k8stui.kube.columns import StructColumns

        return StructColumns(struct, form.columns)
    return TableCodec() if struct is None else StructCodec(struct)
