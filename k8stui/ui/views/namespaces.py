"""The namespaces: the kind's own table, with how many pods each has, which are in use or favourites.

Pods are counted only where they are being watched anyway; a count is never asked for by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.kinds.tables.printing import PrinterAround
from k8stui.ui.views.printing import PlainColumn
from k8stui.ui.views.table import TableView

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from k8stui.ui.session import Session

EXTRA = (PlainColumn("USE", live=True), PlainColumn("PODS", align="right", live=True))


class NamespacePrinter(PrinterAround):
    """The printer of namespaces with two columns in front of AGE and a sign in front of the name."""

    def __init__(self, printer: Any, session: Session, pods: Callable[[str], int | None]) -> None:
        super().__init__(printer)
        self._session = session
        self._pods = pods
        self.columns: tuple[Any, ...] = (*printer.columns, *EXTRA)

    def _use(self, name: str) -> str:
        marks = []
        if name in self._session.namespaces:
            marks.append("in use")
        if name in self._session.favourites:
            marks.append("★ favourite")
        return ", ".join(marks)

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """The texts of a row."""
        name = obj.metadata.name
        pods = self._pods(name)
        return (*self._printer.cells(obj, now), self._use(name), "" if pods is None else str(pods))

    def sort_key(self, obj: Any, column: int, now: datetime) -> Any:
        """A key that orders rows by a column; favourites and those in use come first by USE."""
        if column in self._own:
            return super().sort_key(obj, column, now)
        name = obj.metadata.name
        if column == self._own.stop:
            return (name not in self._session.namespaces, name not in self._session.favourites, name)
        return (-(self._pods(name) or 0), name)


class NamespacesView(TableView):
    """Namespaces to look at and to choose from."""

    KIND: ClassVar[str] = "namespaces"

    def _printer(self) -> Any:
        return NamespacePrinter(super()._printer(), self.session, self._pods)

    def _pods(self, namespace: str) -> int | None:
        """How many pods a namespace has, if that is known without asking."""
        cluster = self.session.cluster
        for collection in getattr(cluster, "collections", ()):
            whole = not collection.label_selector and not collection.field_selector
            seen = not collection.namespaces or namespace in collection.namespaces
            if collection.kind.name == "pods" and whole and seen and collection.objects:
                return len(collection.index("namespace", namespace))
        return None

    def _refused(self, reason: str) -> None:
        """Who may not list namespaces is asked for the names of some."""
        self.post_message(self.Denied(self, reason, choosing=True))
