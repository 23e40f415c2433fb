"""What a printer is: the columns of a kind, the text of each cell, its order, and what is wrong.

Printers are pure functions of an object and a moment. They give texts as the server would print them
(not yet made safe to paint: see `text.printable`), and never colours: a `Tone` says what a row means,
the theme says how that looks.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from k8stui.kinds.tables.sorting import TEXT, Key, age_key, natural, number_key, text_key
from k8stui.kube.durations import age

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

T = TypeVar("T")

NONE = "<none>"


class Tone(enum.Enum):
    """What a row or a cell means at a glance."""

    OK = "ok"
    BUSY = "busy"
    """Under way, nothing wrong with it."""
    WARN = "warn"
    ERROR = "error"
    DONE = "done"
    """Finished as it should."""
    MUTED = "muted"
    """Switched off on purpose."""


class Column(msgspec.Struct, frozen=True):
    """One column as kubectl heads it; `priority` above 0 is shown only when wide.

    `live` cells change as time passes, without any change of the object. The last three say what happens
    where there is no room for all: in a wide enough table they mean nothing.
    """

    name: str
    priority: int = 0
    align: str = "left"
    live: bool = False
    floor: int = 0
    """Cells that are of use at least; 0 leaves it to the table."""
    fills: bool = False
    """It says most of the row, and gets the room that others can spare."""
    yields: int = 0
    """It may be left out for the column that fills: 1 before others are cut, 2 when that did not help."""


class Printer(Protocol):
    """How a kind is shown. None of the methods raises, whatever the object holds."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, wide ones included; the namespace is not among them."""

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """The text of each column."""

    def sort_key(self, obj: Any, column: int, now: datetime) -> Key:
        """A key that orders objects by a column; keys of one column always compare."""

    def tone(self, obj: Any) -> Tone:
        """What the row means."""

    def cell_tone(self, obj: Any, column: int) -> Tone | None:
        """What a single cell means, where that differs from its row."""

    def is_fault(self, obj: Any) -> bool:
        """True for what the faults filter shows."""

    def attention(self, obj: Any) -> bool:
        """True for what the header counts as a warning: faults that will not pass by themselves."""


class Field(Generic[T]):
    """A column of a kind with a Struct: how its cell is printed and how it is ordered."""

    __slots__ = ("cell", "column", "key")

    def __init__(self, column: Column, cell: Callable[[T, datetime], str], key: Callable[[T], Key]) -> None:
        self.column = column
        self.cell = cell
        self.key = key


class StructPrinter(Generic[T]):
    """A printer made of fields; kinds add what is wrong with them by `tone` and `is_fault`."""

    fields: tuple[Field[T], ...] = ()

    def __init__(self) -> None:
        self.columns = tuple(field.column for field in self.fields)
        self._cells = tuple(field.cell for field in self.fields)
        self._keys = tuple(field.key for field in self.fields)

    def cells(self, obj: T, now: datetime) -> tuple[str, ...]:
        """The text of each column."""
        return tuple([cell(obj, now) for cell in self._cells])

    def sort_key(self, obj: T, column: int, now: datetime) -> Key:
        """A key from the object itself: it changes with the object only, not with `now`."""
        return self._keys[column](obj)

    def tone(self, obj: T) -> Tone:
        """What the row means."""
        return Tone.OK

    def cell_tone(self, obj: T, column: int) -> Tone | None:
        """What a single cell means, where that differs from its row."""
        return None

    def is_fault(self, obj: T) -> bool:
        """True for what the faults filter shows."""
        return self.tone(obj) in (Tone.WARN, Tone.ERROR)

    def attention(self, obj: T) -> bool:
        """True for what the header counts as a warning."""
        return self.tone(obj) in (Tone.WARN, Tone.ERROR)


def name_field() -> Field[Any]:
    """NAME."""
    return Field(Column("NAME"), lambda o, now: o.metadata.name, lambda o: (TEXT, natural(o.metadata.name)))


def age_field() -> Field[Any]:
    """AGE, since the object was created."""
    return Field(
        Column("AGE", live=True),
        lambda o, now: age(o.metadata.creation_timestamp, now),
        lambda o: age_key(o.metadata.creation_timestamp),
    )


def text_field(
    name: str,
    value: Callable[[Any], str],
    priority: int = 0,
    *,
    floor: int = 0,
    fills: bool = False,
    yields: int = 0,
) -> Field[Any]:
    """A column of words."""
    column = Column(name, priority, floor=floor, fills=fills, yields=yields)
    return Field(column, lambda o, now: value(o), lambda o: text_key(value(o)))


def number_field(name: str, value: Callable[[Any], int], priority: int = 0) -> Field[Any]:
    """A column of numbers."""
    return Field(
        Column(name, priority, align="right"), lambda o, now: str(value(o)), lambda o: number_key(value(o))
    )


class PrinterAround:
    """What other printers are built on: all of a kind's printer, its columns moved right by `shift`."""

    def __init__(self, printer: Any, shift: int = 0) -> None:
        self._printer = printer
        self._shift = shift
        self._own = range(shift, shift + len(printer.columns))
        """Where the kind's own columns stand."""

    def sort_key(self, obj: Any, column: int, now: datetime) -> Any:
        """A key of one of the kind's own columns."""
        return self._printer.sort_key(obj, column - self._shift, now)

    def tone(self, obj: Any) -> Any:
        """What the row means."""
        return self._printer.tone(obj)

    def cell_tone(self, obj: Any, column: int) -> Any:
        """What a cell means; columns that are not the kind's mean nothing."""
        return self._printer.cell_tone(obj, column - self._shift) if column in self._own else None

    def is_fault(self, obj: Any) -> bool:
        """Whether something is wrong with the object."""
        return bool(self._printer.is_fault(obj))

    def attention(self, obj: Any) -> bool:
        """Whether somebody should look at the object."""
        return bool(self._printer.attention(obj))
