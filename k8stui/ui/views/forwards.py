"""The port-forwards there are: where they lead now, what went through, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.views.base import Title
from k8stui.ui.views.own_rows import OwnRowsView, RowMeta, RowTone
from k8stui.ui.views.printing import PlainColumn
from k8stui.ui.widgets.table.states import Subject

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.kube.portforward.forward import Forward
    from k8stui.ui.operations.forwards import ForwardDesk
    from k8stui.ui.session import Session

FRAME = 0.5
"""Seconds between two looks at the counters."""
_TONES = {"listening": "OK", "starting": "BUSY", "waiting": "BUSY", "failed": "ERROR", "closed": "ERROR"}


class ForwardRow(Struct, frozen=True):
    """A forward as a row; `forward` is what actions act on."""

    metadata: RowMeta
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

    def tone(self, obj: ForwardRow) -> RowTone:
        return RowTone(obj.tone)

    def cell_tone(self, obj: ForwardRow, column: int) -> None:
        return None

    def is_fault(self, obj: ForwardRow) -> bool:
        return obj.tone == "ERROR"


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
    meta = RowMeta(forward.address, str(id(forward)))
    return ForwardRow(meta, cells, _TONES[forward.state.value], numbers, forward)


class ForwardsView(OwnRowsView):
    """A list of port-forwards."""

    view_type: ClassVar[ViewType] = ViewType.FORWARDS

    def __init__(self, spec: ViewSpec, session: Session, desk: ForwardDesk) -> None:
        subject = Subject("port-forwards", "", "shift-f on a pod or service adds one.")
        super().__init__(spec, session, _Printer(), subject)
        self._desk = desk

    def on_mount(self) -> None:
        self._refresh(first=True)
        self.set_interval(FRAME, self._refresh)
        super().on_mount()

    def _refresh(self, *, first: bool = False) -> None:
        rows = {row.metadata.uid: row for row in map(row_of, self._desk.all)}
        if rows != self.rows or first:
            self.show(rows, reset=first)

    def title(self) -> Title:
        total = sum(row.numbers[2] + row.numbers[3] for row in self.rows.values())
        return Title("port-forwards", "", self.count, self.notes, amount(total) if total else "")
