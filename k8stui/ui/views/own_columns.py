"""The columns of a table that are the user's own: labels of rows, and what the settings say of a kind."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from k8stui.ui.views.printing import NamespacedPrinter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session

MOST_LOOKED_AT = 2_000
"""Rows whose labels are looked at for a choice of them."""


def of_settings(session: Session, kind: Kind) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The columns that the settings have for a kind, and what subscribing for their cells needs besides.

    So do cells of dates, where the kind's definition is known.
    """
    columns, reader, dates = _of_kind(session, kind)
    if reader is None and dates is None:
        return columns, {}
    from k8stui.kube.objects.related import Form

    return columns, {"form": Form(columns=reader, dates=dates)}


def _of_kind(session: Session, kind: Kind) -> tuple[tuple[Any, ...], Any, Any]:
    """Columns, who reads their cells, and who reads those of dates."""
    columns: tuple[Any, ...] = ()
    reader = dates = None
    if session.settings.columns:
        from k8stui.kinds.tables.custom_columns import custom_columns

        columns, reader = custom_columns(session.settings.columns, session.catalog, kind)
    definitions = getattr(session.cluster, "definitions", None)
    if definitions is not None and (printed := definitions.known(kind)):
        from k8stui.kinds.tables.date_cells import date_reader

        dates = date_reader(printed)
    return columns, reader, dates


def _with_own(printer: Any, labels: tuple[str, ...], columns: tuple[Any, ...]) -> Any:
    """The printer with a column for each label and for each of the settings' columns."""
    if not labels and not columns:
        return printer
    from k8stui.kinds.tables.custom_columns import WithColumns, label_column

    return WithColumns(printer, (*map(label_column, labels), *columns))


def labels_of(objects: Iterable[Any]) -> list[str]:
    """The labels that objects have, the most frequent first; of many objects a part is looked at."""
    found: dict[str, int] = {}
    for obj in islice(objects, MOST_LOOKED_AT):
        for key in obj.metadata.labels or ():
            found[key] = found.get(key, 0) + 1
    return sorted(found, key=lambda key: (-found[key], key))


def printer_of(
    kind: Kind, columns: Any, labels: tuple[str, ...], own: tuple[Any, ...], *, namespaced: bool
) -> Any:
    """The printer of a table: the kind's, the user's own columns, and the namespace if there are several."""
    from k8stui.kinds.tables.printers import printer_for

    printer = _with_own(printer_for(kind.group, kind.plural, columns or None), labels, own)
    return NamespacedPrinter(printer) if namespaced else printer
