"""Printers as a view needs them: with the NAMESPACE column that a table of several namespaces has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

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


class NamespacedPrinter:
    """A kind's printer with the namespace in front."""

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        self.columns: tuple[Any, ...] = (NAMESPACE, *printer.columns)

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """The texts of a row."""
        return (obj.metadata.namespace, *self._printer.cells(obj, now))

    def sort_key(self, obj: Any, column: int, now: datetime) -> Any:
        """A key that orders rows by a column."""
        return obj.metadata.namespace if column == 0 else self._printer.sort_key(obj, column - 1, now)

    def tone(self, obj: Any) -> Any:
        """The tone of the row."""
        return self._printer.tone(obj)

    def cell_tone(self, obj: Any, column: int) -> Any:
        """The tone of a cell, where it has its own."""
        return None if column == 0 else self._printer.cell_tone(obj, column - 1)

    def is_fault(self, obj: Any) -> bool:
        """Whether something is wrong with the object."""
        return bool(self._printer.is_fault(obj))
