"""Bytes from the API server to Structs: lists, watch events, server-side Tables.

The fast path is one pass of msgspec over the bytes. Where an object does not fit its Struct, that
object alone goes the slow, tolerant way (`salvage`), and so a list with one odd object is a list.

Every decoder raises `msgspec.DecodeError` for bytes that are not JSON of the outer shape (a truncated
line, an HTML page), and nothing else.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from k8stui.kube.objects.meta import (
    Bookmark,
    BookmarkMeta,
    KubeStruct,
    ListMeta,
    ObjectMeta,
    Status,
)
from k8stui.kube.objects.salvage import salvage

T = TypeVar("T")


class ListPage(KubeStruct, Generic[T], frozen=True, gc=False, kw_only=True):
    """One page of a LIST."""

    metadata: ListMeta = ListMeta()
    items: tuple[T, ...]


class WatchEvent(KubeStruct, Generic[T], frozen=True, gc=False):
    """One line of a watch.

    `type` is ADDED, MODIFIED, DELETED with an object; BOOKMARK with a `Bookmark`; ERROR with a `Status`.
    """

    type: str
    object: T


class ColumnDefinition(KubeStruct, frozen=True, gc=False):
    """One column of a server-side Table; `priority` 0 is always shown, above it only when wide."""

    name: str = ""
    type: str = ""
    format: str = ""
    priority: int = 0
    description: str = ""


class TableRow(KubeStruct, frozen=True, gc=False):
    """The object of a kind without a Struct: its metadata and the cells that the server printed."""

    metadata: ObjectMeta = ObjectMeta()
    cells: tuple[Any, ...] = ()


class TablePage(KubeStruct, frozen=True, gc=False):
    """One page of a Table; `columns` is empty in all but the first event of a Table watch."""

    metadata: ListMeta = ListMeta()
    columns: tuple[ColumnDefinition, ...] = ()
    items: tuple[TableRow, ...] = ()


class _RawPage(KubeStruct, frozen=True, gc=False, kw_only=True):
    metadata: Any = None
    items: list[msgspec.Raw] | None


class _RawEvent(KubeStruct, frozen=True, gc=False):
    type: str = ""
    object: msgspec.Raw = msgspec.Raw()


class _RowObject(KubeStruct, frozen=True, gc=False):
    metadata: ObjectMeta | None = None


class _Row(KubeStruct, frozen=True, gc=False):
    cells: tuple[Any, ...] | None = None
    object: _RowObject | None = None


class _Table(KubeStruct, frozen=True, gc=False):
    kind: str = ""
    metadata: ListMeta = ListMeta()
    column_definitions: tuple[ColumnDefinition, ...] | None = None
    rows: tuple[_Row, ...] | None = None


class _BookmarkRow(KubeStruct, frozen=True, gc=False):
    object: Bookmark | None = None


class _TableBookmark(KubeStruct, frozen=True, gc=False):
    metadata: BookmarkMeta = BookmarkMeta()
    rows: tuple[_BookmarkRow, ...] | None = None


_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_raw_page = msgspec.json.Decoder(_RawPage)
_raw_event = msgspec.json.Decoder(_RawEvent)


def _decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except RecursionError:
        raise msgspec.DecodeError("the JSON is nested too deeply") from None


class ObjectDecoder(Generic[T]):
    """Decodes a single object; `decode` raises `msgspec.DecodeError` only for what is not JSON."""

    def __init__(self, struct: type[T]) -> None:
        self._struct = struct
        self._fast = msgspec.json.Decoder(struct)

    def decode(self, data: bytes | msgspec.Raw) -> T:
        """One object from its JSON."""
        try:
            return _decode(self._fast, data)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return salvage(self._struct, _loose(data))


def _loose(data: bytes | msgspec.Raw) -> Any:
    """JSON as plain dicts, with bytes that are no UTF-8 replaced."""
    try:
        return _decode(_anything, data)
    except UnicodeDecodeError:
        return _decode(_anything, _utf8(bytes(data)))


def _utf8(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode()


class PageDecoder(Generic[T]):
    """Decodes pages of a LIST of one kind."""

    def __init__(self, struct: type[T]) -> None:
        self._fast: msgspec.json.Decoder[ListPage[T]] = msgspec.json.Decoder(ListPage[struct])  # type: ignore[valid-type]
        self._one = ObjectDecoder(struct)

    def decode(self, data: bytes) -> ListPage[T]:
        """A page; `items` is a tuple also where the server wrote null."""
        try:
            return _decode(self._fast, data)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return self._decode_tolerant(_utf8(data))

    def _decode_tolerant(self, data: bytes) -> ListPage[T]:
        page = _decode(_raw_page, data)
        items = tuple(self._one.decode(raw) for raw in page.items or () if bytes(raw) != b"null")
        return ListPage(metadata=salvage(ListMeta, page.metadata), items=items)


class EventDecoder(Generic[T]):
    """Decodes the lines of a watch of one kind."""

    def __init__(self, struct: type[T]) -> None:
        self._fast: msgspec.json.Decoder[WatchEvent[T]] = msgspec.json.Decoder(WatchEvent[struct])  # type: ignore[valid-type]
        self._one = ObjectDecoder(struct)
        self._bookmark = ObjectDecoder(Bookmark)
        self._status = ObjectDecoder(Status)

    def decode(self, line: bytes) -> WatchEvent[T | Status | Bookmark]:
        """One event from one line."""
        try:
            event = _decode(self._fast, line)
            if event.type not in ("BOOKMARK", "ERROR"):
                return event  # type: ignore[return-value]
        except (msgspec.ValidationError, UnicodeDecodeError):
            line = _utf8(line)
        raw = _decode(_raw_event, line)
        if not raw.type or not bytes(raw.object):
            raise msgspec.DecodeError("a watch event without type or object")
        if raw.type == "BOOKMARK":
            return WatchEvent(raw.type, self._bookmark.decode(raw.object))
        if raw.type == "ERROR":
            return WatchEvent(raw.type, self._status.decode(raw.object))
        return WatchEvent(raw.type, self._one.decode(raw.object))


class TableDecoder:
    """Decodes pages of a LIST asked for as Table with `includeObject=Metadata`."""

    def __init__(self) -> None:
        self._one = ObjectDecoder(_Table)

    def decode(self, data: bytes | msgspec.Raw) -> TablePage:
        """A page of rows."""
        table = self._one.decode(data)
        if table.rows is None and table.kind != "Table":
            raise msgspec.DecodeError(f"the server sent {table.kind or 'something'} instead of a Table")
        rows = tuple(
            TableRow((row.object.metadata if row.object else None) or ObjectMeta(), row.cells or ())
            for row in table.rows or ()
        )
        return TablePage(table.metadata, table.column_definitions or (), rows)


class TableEventDecoder:
    """Decodes the lines of a Table watch: the object of an event is a page of one row."""

    def __init__(self) -> None:
        self._table = TableDecoder()
        self._bookmark = ObjectDecoder(_TableBookmark)
        self._status = ObjectDecoder(Status)

    def decode(self, line: bytes) -> WatchEvent[TablePage | Status | Bookmark]:
        """One event from one line."""
        try:
            raw = _decode(_raw_event, line)
        except (msgspec.ValidationError, UnicodeDecodeError):
            raw = _decode(_raw_event, _utf8(line))
        if not raw.type or not bytes(raw.object):
            raise msgspec.DecodeError("a watch event without type or object")
        if raw.type == "ERROR":
            return WatchEvent(raw.type, self._status.decode(raw.object))
        if raw.type != "BOOKMARK":
            return WatchEvent(raw.type, self._table.decode(raw.object))
        table = self._bookmark.decode(raw.object)
        rows = [row.object for row in table.rows or () if row.object]
        # The version stands in both places, the annotations only in the row's object.
        version = table.metadata.resource_version or (rows[0].metadata.resource_version if rows else "")
        annotations = rows[0].metadata.annotations if rows else table.metadata.annotations
        return WatchEvent(raw.type, Bookmark(BookmarkMeta(version, annotations)))


def list_decoder(struct: type[T]) -> PageDecoder[T]:
    """A decoder of pages of `struct`."""
    return PageDecoder(struct)


def watch_decoder(struct: type[T]) -> EventDecoder[T]:
    """A decoder of watch lines of `struct`."""
    return EventDecoder(struct)


def object_decoder(struct: type[T]) -> ObjectDecoder[T]:
    """A decoder of a single `struct`, as a GET answers it."""
    return ObjectDecoder(struct)


def table_decoder() -> TableDecoder:
    """A decoder of Table pages."""
    return TableDecoder()


def table_watch_decoder() -> TableEventDecoder:
    """A decoder of Table watch lines."""
    return TableEventDecoder()


def decode_status(data: bytes) -> Status:
    """The Status in an error answer; raises `msgspec.DecodeError` where the body is no JSON."""
    return ObjectDecoder(Status).decode(data)
