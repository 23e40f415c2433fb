"""Kinds without a Struct: the server's own Table, with columns and cells as kubectl prints them.

Source: the Table of meta.k8s.io/v1 with `includeObject=Metadata`. Servers behind an aggregated
API that know no Tables answer a plain list; it becomes a table of names.
"""

from __future__ import annotations

from typing import Any

import msgspec

from k8stui.kube.codecs import CHANGES, LOOSE_EVENT, UNREADABLE, BadData, Event, ListMeta, Page, bookmark
from k8stui.kube.errors import ApiError
from k8stui.kube.objects import ColumnDefinition, KubeObject, ObjectMeta, TableRow, intern_object

NAME_COLUMNS = (ColumnDefinition("Name", "string", "name"),)
"""The columns of a kind whose server makes no Tables."""


class _Row(msgspec.Struct, gc=False):
    cells: tuple[Any, ...] | None = None
    object: KubeObject | None = None


class _RowObject(msgspec.Struct, gc=False):
    object: msgspec.Raw = msgspec.Raw(b"null")


class _RawTable(msgspec.Struct, gc=False, rename="camel"):
    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    column_definitions: tuple[ColumnDefinition, ...] | None = None
    rows: list[msgspec.Raw] | None = None
    items: list[msgspec.Raw] | None = None


_TABLE = msgspec.json.Decoder(_RawTable)
_ROW = msgspec.json.Decoder(_Row)
_ROW_OBJECT = msgspec.json.Decoder(_RowObject)
_BARE = msgspec.json.Decoder(KubeObject)


def plain_cells(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """Cells as JSON scalars; a list or an object (a printer column may yield one) as JSON text."""
    if not any(isinstance(cell, dict | list) for cell in cells):
        return cells
    return tuple(
        msgspec.json.encode(cell).decode() if isinstance(cell, dict | list) else cell for cell in cells
    )


class TableCodec:
    """Lists and watches as Tables; a row becomes a `TableRow`."""

    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

    def __init__(self) -> None:
        self.params = {"includeObject": "Metadata"}
        self._pool: dict[Any, Any] = {}
        self._is_table = True

    def page(self, body: bytes) -> Page:
        """Cut a page into raw rows. Raises BadData."""
        try:
            found = _TABLE.decode(body)
        except UNREADABLE as error:
            raise BadData(f"a table could not be read: {error}") from error
        meta = found.metadata
        self._is_table = found.kind == "Table"
        if self._is_table:
            items, columns = found.rows, found.column_definitions or ()
        elif found.kind.endswith("List"):
            items, columns = found.items, NAME_COLUMNS
        else:
            raise BadData(f"a table was asked for, and the answer is {found.kind or 'something else'}")
        return Page(items or (), meta.resource_version, meta.continue_, meta.remaining_item_count, columns)

    def item(self, raw: Any) -> TableRow:
        """Decode one row. Raises BadData."""
        try:
            if not self._is_table:
                return self._bare(raw)
            row = _ROW.decode(raw)
        except UNREADABLE as error:
            raise BadData(f"a row of a table could not be read: {error}") from error
        cells = plain_cells(row.cells or ())
        # without the object (some servers leave it out) a row is known by its first cell, the name
        meta = row.object.metadata if row.object else ObjectMeta(name=str(cells[0]) if cells else "")
        return self._made(meta, cells)

    def event(self, line: bytes) -> Event[TableRow]:
        """Decode one line of a watch. Raises BadData."""
        try:
            loose = LOOSE_EVENT.decode(line)
            if loose.type == "ERROR":
                return Event("ERROR", error=ApiError.from_status(loose.object))
            if loose.type not in CHANGES and loose.type != "BOOKMARK":
                raise BadData(f"a watch brought an event of the unknown type {loose.type!r}")
            table = _TABLE.decode(loose.object)
            if table.kind != "Table":
                return self._plain_event(loose.type, loose.object)
            if loose.type == "BOOKMARK":
                return self._bookmark(table)
            rows = tuple(map(self._row, table.rows or ()))
        except UNREADABLE as error:
            raise BadData(f"a line of a watch could not be read: {error}") from error
        if not rows or not all(row.metadata.name for row in rows):
            raise BadData("a watch brought a table without a named row")
        version = table.metadata.resource_version or rows[-1].metadata.resource_version
        return Event(loose.type, version, rows, columns=table.column_definitions or ())

    def _row(self, raw: msgspec.Raw) -> TableRow:
        self._is_table = True
        return self.item(raw)

    def _bookmark(self, table: _RawTable) -> Event[TableRow]:
        """Its version is on the table; the sign of a complete list on the (otherwise empty) row."""
        version = table.metadata.resource_version
        for raw in table.rows or ():
            inner = _ROW_OBJECT.decode(raw).object
            if bytes(inner) != b"null":
                event = bookmark(inner)
                event.version = event.version or version
                return event
        return Event("BOOKMARK", version)

    def _plain_event(self, kind: str, raw: msgspec.Raw) -> Event[TableRow]:
        if kind == "BOOKMARK":
            return bookmark(raw)
        row = self._bare(raw)
        if not row.metadata.name:
            raise BadData("a watch brought an object without a name")
        return Event(kind, row.metadata.resource_version, (row,), columns=NAME_COLUMNS)

    def _bare(self, raw: Any) -> TableRow:
        meta = _BARE.decode(raw).metadata
        return self._made(meta, (meta.name,))

    def _made(self, meta: ObjectMeta, cells: tuple[Any, ...]) -> TableRow:
        return intern_object(TableRow(meta, cells), self._pool)
