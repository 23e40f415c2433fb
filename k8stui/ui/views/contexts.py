"""The contexts of the kubeconfig: always there to choose from, however dead the cluster is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, structs

from k8stui.ui.filtering import filter_of
from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.printing import PlainColumn
from k8stui.ui.widgets.table_states import Subject
from k8stui.ui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.ui.session import Session
    from k8stui.ui.widgets import table_messages


class _Meta(Struct, frozen=True):
    name: str
    uid: str
    namespace: str = ""
    labels: dict[str, str] = {}


class _Row(Struct, frozen=True):
    metadata: _Meta
    cells: tuple[str, ...]
    current: bool


class _Phase(Struct, frozen=True):
    name: str = "live"


class _State(Struct, frozen=True):
    phase: _Phase = _Phase()
    since: float = 0.0
    reason: str = ""
    next_try: float | None = None
    loaded: int = 0
    total: int | None = None


class _Changes(Struct, frozen=True):
    state: _State = _State()
    reset: bool = True
    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


class _Tone(Struct, frozen=True):
    name: str


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

    def tone(self, obj: _Row) -> _Tone:
        return _Tone("BUSY" if obj.current else "OK")

    def cell_tone(self, obj: _Row, column: int) -> None:
        return None

    def is_fault(self, obj: _Row) -> bool:
        return False


class ContextsView(View):
    """Contexts to choose from."""

    view_type: ClassVar[ViewType] = ViewType.CONTEXTS

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session)
        self.table = VirtualTable(
            _ContextPrinter(), ticks=False, subject=Subject("contexts", "in the kubeconfig")
        )

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.rescope()
        if self.spec.filter:
            self.table.set_filter(filter_of(self.spec.filter))

    def rescope(self) -> None:
        session = self.session
        rows = {}
        for entry in session.contexts.entries:
            here = entry.name == session.context
            cells = (entry.name, entry.cluster, entry.user, entry.namespace, "in use" if here else "")
            rows[entry.name] = _Row(_Meta(entry.name, entry.name), cells, here)
        self.table.apply(rows, _Changes(_State(reason=session.contexts.problem)))
        self.post_message(self.Changed(self))

    @property
    def objects(self) -> tuple[Any, ...]:
        uid = self.table.cursor_uid
        return () if uid is None else (self.table.model.object(uid),)

    def title(self) -> Title:
        model = self.table.model
        count = f"{len(model)}" if len(model) == model.total else f"{len(model)}/{model.total}"
        return Title("contexts", "", count, (f"/{self.spec.filter}",) if self.spec.filter else ())

    def focus_target(self) -> Widget:
        return self.table

    def set_filter(self, text: str) -> str:
        self.spec = structs.replace(self.spec, filter=text)
        self.post_message(self.Changed(self))
        return self.table.set_filter(filter_of(text))

    def clear(self) -> bool:
        if self.spec.filter:
            self.set_filter("")
            return True
        return False

    def copy_text(self) -> str:
        return self.table.copy_text("names")

    def on_activated(self, event: table_messages.Activated) -> None:
        """Enter on a context."""
        event.stop()
        self.post_message(self.Opened(self))

    def on_filter_count(self, event: table_messages.FilterCount) -> None:
        """The title says how many."""
        event.stop()
        self.post_message(self.Changed(self))
