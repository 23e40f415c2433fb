"""Objects with cells of the user's own columns, or of dates, read while an object's bytes are at hand.

Only the cells are held, never the whole object. For kinds with a Struct the object is that Struct with a
tuple more; for all others the Table is asked for with whole objects, which are dropped once they were read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import force_setattr

from k8stui.kube.codecs import UNREADABLE, BadData, Event, StructCodec
from k8stui.kube.objects import KubeObject, TableRow, intern_object
from k8stui.kube.objects.meta import KubeStruct, ObjectMeta
from k8stui.kube.tables import TableCodec, plain_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.objects.related import DateCells


@lru_cache(maxsize=64)
def with_extra(struct: type[Any]) -> type[Any]:
    """The Struct with a field `extra` for cells, which no JSON field fills."""
    field = msgspec.field(name="k8stui/extra", default=())
    return msgspec.defstruct(
        struct.__name__, [("extra", tuple[Any, ...], field)], bases=(struct,), frozen=True, gc=False
    )


def _shared(cells: tuple[Any, ...], pool: dict[Any, Any]) -> tuple[Any, ...]:
    """The cells, those that occur again being held once; bytes are each object's own."""
    return tuple(cell if type(cell) is bytes else pool.setdefault(cell, cell) for cell in cells)


class _LooseEvent(msgspec.Struct):
    object: msgspec.Raw = msgspec.Raw(b"null")


_OBJECT = msgspec.json.Decoder(_LooseEvent)


class StructColumns(StructCodec[Any]):
    """A kind with a Struct."""

    def __init__(self, struct: type[Any], reader: Callable[[Any], tuple[Any, ...]]) -> None:
        super().__init__(with_extra(struct))  # type: ignore[arg-type]  # a class can be hashed
        self._reader = reader

    def item(self, raw: Any) -> Any:
        """Decode one object, with its cells. Raises BadData."""
        return self._with(super().item(raw), raw)

    def event(self, line: bytes) -> Event[Any]:
        """Decode one line of a watch, with the cells of its object. Raises BadData."""
        event = super().event(line)
        if event.type in ("ADDED", "MODIFIED") and event.objects and not event.objects[0].extra:
            self._with(event.objects[0], _OBJECT.decode(line).object)
        return event

    def _with(self, obj: Any, raw: Any) -> Any:
        force_setattr(obj, "extra", _shared(self._reader(raw), self._pool))
        return obj


class ColumnsRow(TableRow, frozen=True, gc=False):
    """A row of a Table with cells of the user's own."""

    extra: tuple[Any, ...] = ()


class _FullRow(KubeStruct, frozen=True, gc=False):
    cells: tuple[Any, ...] | None = None
    object: msgspec.Raw = msgspec.Raw(b"null")


_FULL_ROW = msgspec.json.Decoder(_FullRow)
_META = msgspec.json.Decoder(KubeObject)


class TableColumns(TableCodec):
    """A kind that is shown by the server's Table."""

    def __init__(
        self, reader: Callable[[Any], tuple[Any, ...]] | None, dates: DateCells | None = None
    ) -> None:
        super().__init__()
        whole = reader is not None or (dates is not None and dates.whole)
        self.params = {"includeObject": "Object" if whole else "Metadata"}
        self._reader = reader
        self._dates = dates

    def item(self, raw: Any) -> TableRow:
        """Decode one row, with its cells. Raises BadData."""
        try:
            if not self._is_table:
                meta = _META.decode(raw).metadata
                return self._row_of(meta, (meta.name,), raw)
            row = _FULL_ROW.decode(raw)
            cells = plain_cells(row.cells or ())
            if bytes(row.object) == b"null":
                return self._made(ObjectMeta(name=str(cells[0]) if cells else ""), cells)
            if self._dates is not None:
                cells = self._dates(cells, row.object)
            return self._row_of(_META.decode(row.object).metadata, cells, row.object)
        except UNREADABLE as error:
            raise BadData(f"a row of a table could not be read: {error}") from error

    def _row_of(self, meta: ObjectMeta, cells: tuple[Any, ...], raw: Any) -> TableRow:
        if self._reader is None:
            return self._made(meta, cells)
        extra = _shared(self._reader(raw), self._pool)
        return intern_object(ColumnsRow(meta, cells, extra), self._pool)
