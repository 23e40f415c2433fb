"""The contexts of the kubeconfig: always there to choose from, however dead the cluster is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.views.base import Title
from k8stui.ui.views.own_rows import OwnRowsView, RowMeta, RowTone
from k8stui.ui.views.printing import PlainColumn
from k8stui.ui.widgets.table.states import Subject

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.ui.session import Session


class _Row(Struct, frozen=True):
    metadata: RowMeta
    cells: tuple[str, ...]
    current: bool


class _ContextPrinter:
    """Rows of contexts; a printer by shape."""

    columns = (
        PlainColumn("NAME"),
        PlainColumn("CLUSTER"),
        PlainColumn("USER"),
        PlainColumn("NAMESPACE"),
        PlainColumn("USE"),
    )

    def cells(self, obj: _Row, now: datetime) -> tuple[str, ...]:
        return obj.cells

    def sort_key(self, obj: _Row, column: int, now: datetime) -> str:
        return obj.cells[column]

    def tone(self, obj: _Row) -> RowTone:
        return RowTone("BUSY" if obj.current else "OK")

    def cell_tone(self, obj: _Row, column: int) -> None:
        return None

    def is_fault(self, obj: _Row) -> bool:
        return False


class ContextsView(OwnRowsView):
    """Contexts to choose from."""

    view_type: ClassVar[ViewType] = ViewType.CONTEXTS

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session, _ContextPrinter(), Subject("contexts", "in the kubeconfig"))

    def on_mount(self) -> None:
        self.rescope()
        super().on_mount()

    def rescope(self) -> None:
        session = self.session
        rows = {}
        for entry in session.contexts.entries:
            here = entry.name == session.context
            cells = (entry.name, entry.cluster, entry.user, entry.namespace, "in use" if here else "")
            rows[entry.name] = _Row(RowMeta(entry.name, entry.name), cells, here)
        self.show(rows, reason=session.contexts.problem, reset=True)

    def title(self) -> Title:
        return Title("contexts", "", self.count, self.notes)
