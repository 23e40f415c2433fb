"""What the widgets expect of the other rooms, by shape alone.

Printers, changes and log buffers are made elsewhere; a widget needs a few attributes of each. Naming
them here keeps the widgets usable (and testable) without a cluster. No behaviour belongs in this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime


class ColumnLike(Protocol):
    """A column of a table (`kinds.Column`)."""

    @property
    def name(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def align(self) -> str: ...
    @property
    def live(self) -> bool: ...


class PrinterLike(Protocol):
    """What turns an object into cells, sort keys and tones (`kinds.Printer`)."""

    @property
    def columns(self) -> tuple[Any, ...]: ...
    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]: ...
    def sort_key(self, obj: Any, column: int, now: datetime) -> Any: ...
    def tone(self, obj: Any) -> Any: ...
    def cell_tone(self, obj: Any, column: int) -> Any: ...
    def is_fault(self, obj: Any) -> bool: ...


class StateLike(Protocol):
    """State of a collection (`kube.live.collection.CollectionState`); `phase` is an enum used by its name."""

    @property
    def phase(self) -> Any: ...
    @property
    def since(self) -> float: ...
    @property
    def reason(self) -> str: ...
    @property
    def next_try(self) -> float | None: ...
    @property
    def loaded(self) -> int: ...
    @property
    def total(self) -> int | None: ...


class ChangesLike(Protocol):
    """What changed since the last time it was asked for (`kube.live.collection.Changes`)."""

    @property
    def reset(self) -> bool: ...
    @property
    def changed(self) -> AbstractSet[str]: ...
    @property
    def removed(self) -> AbstractSet[str]: ...
    @property
    def state(self) -> Any: ...


class RowSource(Protocol):
    """Where a table takes its rows from (`kube.live.collection.Subscription`)."""

    @property
    def collection(self) -> Any: ...
    def take(self) -> Any: ...
