"""A table of rows that this program makes itself: contexts, port-forwards. No collection stands behind it.

The rows are by shape what a collection holds and tells, so that the same table widget shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from k8stui.ui.filtering import filter_of
from k8stui.ui.views.base import View
from k8stui.ui.widgets.table.virtual_table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.ui.session import Session
    from k8stui.ui.spec import ViewSpec
    from k8stui.ui.widgets.table import messages as table_messages
    from k8stui.ui.widgets.table.states import Subject


class RowMeta(Struct, frozen=True):
    """What a table wants to know of any row (`ObjectMeta` by shape)."""

    name: str
    uid: str
    namespace: str = ""
    labels: dict[str, str] = {}


class RowTone(Struct, frozen=True):
    """`kinds.tables.printing.Tone` by shape."""

    name: str


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
    state: _State
    reset: bool
    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


class OwnRowsView(View):
    """A table with a filter and marks over rows of one's own; give them with `show`."""

    def __init__(self, spec: ViewSpec, session: Session, printer: Any, subject: Subject) -> None:
        super().__init__(spec, session)
        self.table = VirtualTable(printer, ticks=False, subject=subject)
        self.rows: Mapping[str, Any] = {}

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        if self.spec.filter:
            self.table.set_filter(filter_of(self.spec.filter))

    def show(self, rows: Mapping[str, Any], *, reason: str = "", reset: bool = False) -> None:
        """These are the rows now, by uid; `reason` is why there are none."""
        changed = frozenset(uid for uid, row in rows.items() if self.rows.get(uid) != row)
        removed = frozenset(self.rows.keys() - rows.keys())
        self.rows = rows
        self.table.apply(rows, _Changes(_State(reason=reason), reset, changed, removed))
        self.post_message(self.Changed(self))

    @property
    def count(self) -> str:
        """How many rows are shown, of how many."""
        model = self.table.model
        return f"{len(model)}" if len(model) == model.total else f"{len(model)}/{model.total}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the title says besides."""
        return (f"/{self.spec.filter}",) if self.spec.filter else ()

    @property
    def objects(self) -> tuple[Any, ...]:
        uids = self.table.model.marked() or [self.table.cursor_uid or ""]
        found = (self.table.model.object(uid) for uid in uids if uid)
        return tuple(obj for obj in found if obj is not None)

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
        """Enter on a row."""
        event.stop()
        self.post_message(self.Opened(self))

    def on_filter_count(self, event: table_messages.FilterCount) -> None:
        """The title says how many."""
        event.stop()
        self.post_message(self.Changed(self))
