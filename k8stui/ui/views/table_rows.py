"""Where a table takes its rows from: the subscription to its kind, in the form that its columns need.

Dates that the server prints stand still. Once such columns have come, the kind's definition is asked which of
them are dates and where; the rows are then read in that form, and shown in place of the first ones when they
are there. It decides nothing about how rows are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from k8stui.ui.views.own_columns import of_settings
from k8stui.ui.widgets.table.states import phase_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session


class TableRows:
    """The rows of one kind, as a table takes them (`RowSource` by shape). Close it with its view."""

    def __init__(
        self,
        session: Session,
        kind: Kind,
        scope: dict[str, Any],
        *,
        wake: Callable[[], None],
        took: Callable[[Any], None],
        changed: Callable[[], None],
    ) -> None:
        """`took` is told what the table is about to take, `changed` that rows come in another form now."""
        self._session = session
        self._cluster: Any = session.cluster
        self._kind = kind
        self._scope = scope
        self._wake = wake
        self._took = took
        self._changed = changed
        self._next: Any = None
        """The subscription that will be read once its rows are there."""
        self._swapped = False
        """Nothing was taken yet of what is read now."""
        self._closed = False
        self._subscription: Any = None
        self.custom: tuple[Any, ...] = ()
        """The columns that the settings have for the kind."""
        self._subscription = self._subscribe(wake)

    def _subscribe(self, wake: Callable[[], None]) -> Any:
        self.custom, more = of_settings(self._session, self._kind)
        return self._cluster.subscribe(self._kind, **self._scope, wake=wake, **more)

    @property
    def collection(self) -> Any:
        """What is held, with its columns and its state."""
        return self._subscription.collection

    def take(self) -> Any:
        """What changed since the last time."""
        changes = self._subscription.take()
        if self._swapped:
            changes = structs.replace(changes, reset=True)
            self._swapped = False
        self._took(changes)
        return changes

    def close(self) -> None:
        """Give back what was subscribed to."""
        self._closed = True
        for each in (self._subscription, self._next):
            if each is not None:
                each.close()

    @property
    def wants_definition(self) -> bool:
        """Whether the columns that have come are understood better with the kind's definition."""
        from k8stui.kinds.tables.date_cells import has_dates

        definitions = getattr(self._cluster, "definitions", None)
        if definitions is None or definitions.known(self._kind) is not None:
            return False
        return has_dates(self.collection.columns)

    async def learn(self) -> None:
        """Read the definition, and then the rows with their dates if it names any."""
        from k8stui.kinds.tables.date_cells import date_reader

        printed = await self._cluster.definitions.learn(self._kind)
        if self._closed or self._next is not None or date_reader(printed) is None:
            return
        self._next = self._subscribe(self._awake)
        self._awake()

    def _awake(self) -> None:
        """Something came for the subscription that was asked for last."""
        coming = self._next
        if coming is None:
            self._wake()
        elif phase_of(coming.take().state) == "live":  # who does not take is not woken again
            self._subscription.close()
            self._subscription, self._next = coming, None
            self._swapped = True
            self._changed()
            self._wake()
