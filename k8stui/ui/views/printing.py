"""Printers as a view needs them: with the NAMESPACE column that a table of several namespaces has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.tables.printing import PrinterAround

if TYPE_CHECKING:
    from datetime import datetime


class PlainColumn(Struct, frozen=True):
    """A column of a view's own (`kinds.Column` by shape)."""

    name: str
    priority: int = 0
    align: str = "left"
    live: bool = False
    floor: int = 0
    fills: bool = False
    yields: int = 0


NAMESPACE = PlainColumn("NAMESPACE", floor=9, yields=2)


class NamespacedPrinter(PrinterAround):
    """A kind's printer with the namespace in front."""

    def __init__(self, printer: Any) -> None:
        super().__init__(printer, shift=1)
        self.columns: tuple[Any, ...] = (NAMESPACE, *printer.columns)

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """The texts of a row."""
        return (obj.metadata.namespace, *self._printer.cells(obj, now))

    def sort_key(self, obj: Any, column: int, now: datetime) -> Any:
        """A key that orders rows by a column."""
        return super().sort_key(obj, column, now) if column else obj.metadata.namespace
