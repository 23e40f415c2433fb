"""The port-forwards there are: where they lead now, what went through, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, structs

from k8stui.ui.filtering import filter_of
from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.contexts import _Changes, _State, _Tone
from k8stui.ui.views.printing import PlainColumn
from k8stui.ui.widgets.table_states import Subject
from k8stui.ui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.kube.portforward import Forward
    from k8stui.ui.operations.forwards import ForwardDesk
    from k8stui.ui.session import Session
    from k8stui.ui.widgets import table_messages

FRAME = 0.5
"""Seconds between two looks at the counters."""
_TONES = {"listening": "OK", "starting": "BUSY", "waiting": "BUSY", "failed": "FAULT", "closed": "FAULT"}


class _Meta(Struct, frozen=True):
    name: str
    uid: str
    namespace: str = ""
    labels: dict[str, str] = {}


class ForwardRow(Struct, frozen=True):
    """A forward as a row; `forward` is what actions act on."""

    metadata: _Meta
    cells: tuple[str, ...]
    tone: str
    numbers: tuple[int, ...]
    forward: Any


class _Printer:
    """Rows of forwards; a printer by shape."""

    columns = (
        PlainColumn("LOCAL"),
        PlainColumn("STATE"),
        PlainColumn("TARGET"),
        PlainColumn("NAMESPACE"),
        PlainColumn("POD"),
        PlainColumn("OPEN", align="right"),
        PlainColumn("SENT", align="right", floor=7),
        PlainColumn("RECEIVED", align="right", floor=8),
        PlainColumn("PROBLEM"),
        PlainColumn("KEEP"),
        PlainColumn("CONTEXT"),
    )
    _NUMBERS: ClassVar = {0: 0, 5: 1, 6: 2, 7: 3}

    def cells(self, obj: ForwardRow, now: datetime) -> tuple[str, ...]:
        return obj.cells

    def sort_key(self, obj: ForwardRow, column: int, now: datetime) -> Any:
        number = self._NUMBERS.get(column)
        return obj.cells[column] if number is None else obj.numbers[number]

    def tone(self, obj: ForwardRow) -> _Tone:
        return _Tone(obj.tone)

    def cell_tone(self, obj: ForwardRow, column: int) -> None:
        return None

    def is_fault(self, obj: ForwardRow) -> bool:
        return obj.tone == "FAULT"


def amount(count: int) -> str:
    """Bytes in a few letters: `12 kB`, `3.4 MB`."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.1f} {unit}" if unit != "B" and number < 10 else f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def row_of(forward: Forward) -> ForwardRow:
    """What the table shows of a forward."""
    spec = forward.spec
    moved = f" (moved {forward.moves}×)" if forward.moves else ""
    cells = (
        forward.address,
        forward.state.value,
        spec.title,
        spec.namespace,
        f"{forward.place.pod}:{forward.place.port}{moved}" if forward.place is not None else "",
        f"{forward.connections}/{forward.total}",
        amount(forward.sent),
        amount(forward.received),
        forward.problem,
        "yes" if spec.keep else "",
        spec.context,
    )
    numbers = (forward.local, forward.connections, forward.sent, forward.received)
    meta = _Meta(forward.address, str(id(forward)))
    return ForwardRow(meta, cells, _TONES[forward.state.value], numbers, forward)


class ForwardsView(View):
    """A list of port-forwards."""

    view_type: ClassVar[ViewType] = ViewType.FORWARDS

    def __init__(self, spec: ViewSpec, session: Session, desk: ForwardDesk) -> None:
        super().__init__(spec, session)
        self._desk = desk
        self._rows: dict[str, ForwardRow] = {}
        self.table = VirtualTable(
            _Printer(),
            ticks=False,
            subject=Subject("port-forwards", "", "shift-f on a pod or service adds one."),
        )

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self._refresh(first=True)
        self.set_interval(FRAME, self._refresh)
        if self.spec.filter:
            self.table.set_filter(filter_of(self.spec.filter))

    def _refresh(self, *, first: bool = False) -> None:
        rows = {row.metadata.uid: row for row in map(row_of, self._desk.all)}
        if rows == self._rows and not first:
            return
        changed = frozenset(uid for uid, row in rows.items() if self._rows.get(uid) != row)
        removed = frozenset(self._rows.keys() - rows.keys())
        self._rows = rows
        self.table.apply(rows, _Changes(_State(), first, changed, removed))
        self.post_message(self.Changed(self))

    @property
    def objects(self) -> tuple[Any, ...]:
        uids = self.table.model.marked() or [self.table.cursor_uid or ""]
        found = (self.table.model.object(uid) for uid in uids if uid)
        return tuple(obj for obj in found if obj is not None)

    def title(self) -> Title:
        model = self.table.model
        count = f"{len(model)}" if len(model) == model.total else f"{len(model)}/{model.total}"
        total = sum(row.numbers[2] + row.numbers[3] for row in self._rows.values())
        notes = [f"/{self.spec.filter}"] if self.spec.filter else []
        return Title("port-forwards", "", count, tuple(notes), amount(total) if total else "")

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

    def on_filter_count(self, event: table_messages.FilterCount) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_activated(self, event: table_messages.Activated) -> None:
        event.stop()
        self.post_message(self.Opened(self))
