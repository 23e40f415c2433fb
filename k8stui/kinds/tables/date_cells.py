"""Cells of dates in tables that the server prints: moments in place of texts that stand still.

A server prints a date column of a custom kind as an age, once. `DateReader` runs where an object's bytes come
in and puts the moment itself into the row, which a printer then shows as the age of now. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.jsonpath.path import path_or_none
from k8stui.kinds.jsonpath.syntax import JsonPathError
from k8stui.kinds.tables.served import is_object_age
from k8stui.kube.objects.meta import Time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from k8stui.kinds.tables.served import ColumnLike
    from k8stui.kube.definitions import PrinterColumn


class DateReader(msgspec.Struct, frozen=True):
    """Puts moments into the cells of one row. Equal readers share a collection."""

    columns: tuple[tuple[int, str], ...]
    """Where each date stands among the cells, and its JSONPath in the object."""

    @property
    def whole(self) -> bool:
        """Whether more than an object's metadata is needed."""
        return any(not path.lstrip("{").startswith(".metadata.") for _, path in self.columns)

    def __call__(self, cells: tuple[Any, ...], raw: bytes | msgspec.Raw) -> tuple[Any, ...]:
        """The cells with a moment where there is one; all others as the server printed them."""
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return cells
        changed = list(cells)
        for at, path in self.columns:
            printed = at < len(changed) and isinstance(changed[at], str)
            if printed and (moment := _moment(value, path)) is not None:
                changed[at] = moment
        return tuple(changed)


def _moment(value: Any, path: str) -> datetime | None:
    parsed = path_or_none(path)
    if parsed is None:
        return None
    try:
        found = parsed.find(value)
        return msgspec.convert(found[0], Time) if found else None
    except (JsonPathError, RecursionError, msgspec.ValidationError):
        return None


def has_dates(columns: Sequence[ColumnLike]) -> bool:
    """Whether a table has dates that only its definition tells; the age of an object needs none."""
    return any(each.type == "date" and not is_object_age(each) for each in columns)


def date_reader(printed: Sequence[PrinterColumn]) -> DateReader | None:
    """Who reads the dates of a kind with these columns behind its name; None where there are none."""
    dates = tuple(
        (at, each.json_path) for at, each in enumerate(printed, 1) if each.type == "date" and each.json_path
    )
    return DateReader(dates) if dates else None
