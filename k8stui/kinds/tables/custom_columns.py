"""Columns of the user's own: labels, and what a JSONPath finds in each object.

`ColumnReader` runs where an object's bytes come in (it is given to the engine), so that only the results are
held. `WithColumns` shows them behind a kind's own columns, ordered by what they mean. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.jsonpath.path import JsonPath, path_or_none, text_of
from k8stui.kinds.jsonpath.syntax import JsonPathError
from k8stui.kinds.tables.printing import NONE, Column, PrinterAround
from k8stui.kinds.tables.sorting import NOTHING, Key, number_key, text_key
from k8stui.kinds.text import first_line
from k8stui.kinds.yaml_noise import is_secret, readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from k8stui.kube.catalog import Catalog, Kind

LONGEST = 200
"""Characters that are held of a cell."""


class ColumnReader(msgspec.Struct, frozen=True):
    """Makes the cells of one object from its bytes. Equal readers share a collection."""

    paths: tuple[str, ...]

    def __call__(self, raw: bytes | msgspec.Raw) -> tuple[Any, ...]:
        """A cell for each path: a number, a truth value or a text; `<none>` where nothing is found."""
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return (NONE,) * len(self.paths)
        if isinstance(value, dict) and is_secret(value):
            value = readable(value)  # a table is no place where secrets were asked for
        return tuple([_cell(path_or_none(path), value) for path in self.paths])


def _cell(path: JsonPath | None, value: Any) -> Any:
    if path is None:
        return "<error>"
    try:
        found = path.find(value)
    except (JsonPathError, RecursionError):
        return "<error>"
    if len(found) == 1 and isinstance(found[0], int | float):
        return found[0]
    return ",".join(map(text_of, found))[:LONGEST] or NONE


class CustomColumn(msgspec.Struct, frozen=True):
    """One column of the user's."""

    header: str
    label: str = ""
    """A label's key; empty: the cell at `at` of what was read."""
    at: int = 0

    def value(self, obj: Any) -> Any:
        """What an object has there."""
        if self.label:
            return (obj.metadata.labels or {}).get(self.label, "")
        cells = getattr(obj, "extra", ())
        return cells[self.at] if self.at < len(cells) else ""


def label_column(key: str) -> CustomColumn:
    """The column of a label, headed by the last part of its key, as kubectl does."""
    return CustomColumn(key.rpartition("/")[2].upper(), label=key)


def custom_columns(
    settings: Mapping[str, Mapping[str, str]], catalog: Catalog, kind: Kind
) -> tuple[tuple[CustomColumn, ...], ColumnReader | None]:
    """The columns that the settings have for a kind, under any of its names, and who reads their cells."""
    found: dict[str, str] = {}
    for name, columns in settings.items():
        if name.lower() in (kind.plural, kind.name) or _is(catalog, name, kind):
            found.update(columns)
    if not found:
        return (), None
    columns_of = tuple(CustomColumn(header.upper(), at=at) for at, header in enumerate(found))
    return columns_of, ColumnReader(tuple(found.values()))


def _is(catalog: Catalog, name: str, kind: Kind) -> bool:
    meant = catalog.find(name)
    return meant is not None and (meant.group, meant.plural) == (kind.group, kind.plural)


class WithColumns(PrinterAround):
    """A printer with more columns behind its own."""

    def __init__(self, printer: Any, columns: Sequence[CustomColumn]) -> None:
        super().__init__(printer)
        self._more = tuple(columns)
        self.columns: tuple[Column, ...] = (*printer.columns, *map(Column, self._headers()))

    def _headers(self) -> list[str]:
        """The headers, made different from each other and from the kind's own: one sorts by them."""
        taken = {"NAMESPACE", *(column.name for column in self._printer.columns)}
        made: list[str] = []
        for each in self._more:
            header, number = each.header, 1
            if header in taken and each.label:
                header = each.label.upper()
            while header in taken:
                number += 1
                header = f"{each.header} {number}"
            taken.add(header)
            made.append(header)
        return made

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """The text of each column."""
        more = [first_line(_shown(each.value(obj))) for each in self._more]
        return (*self._printer.cells(obj, now), *more)

    def sort_key(self, obj: Any, column: int, now: datetime) -> Key:
        """By the column's own meaning; numbers as numbers, quantities and versions as such."""
        if column in self._own:
            key: Key = super().sort_key(obj, column, now)
            return key
        value = self._more[column - self._own.stop].value(obj)
        if isinstance(value, int | float):
            return number_key(float(value))
        return text_key(value) if value else NOTHING


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)
