"""Stand-ins for objects, printer and changes, shared by the tests of the widgets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class Tone(Enum):
    """As `kinds.Tone`."""

    OK = 1
    BUSY = 2
    WARN = 3
    ERROR = 4
    DONE = 5
    MUTED = 6


class Phase(Enum):
    """As `kube.live.collection.Phase`."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"
    DENIED = "denied"
    GONE = "gone"


@dataclass(frozen=True)
class State:
    """As `kube.live.collection.CollectionState`."""

    phase: Phase = Phase.LIVE
    since: float = 0.0
    reason: str = ""
    next_try: float | None = None
    loaded: int = 0
    total: int | None = None


@dataclass(frozen=True)
class Changes:
    """As `kube.live.collection.Changes`."""

    reset: bool = False
    changed: frozenset[str] | set[str] = frozenset()
    removed: frozenset[str] | set[str] = frozenset()
    state: State = State()


@dataclass(frozen=True)
class Meta:
    """As `kube.objects.ObjectMeta`."""

    name: str
    namespace: str | None
    uid: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """An object with a status, a number and an age."""

    metadata: Meta
    status: str = "Running"
    number: int = 0
    created: datetime = NOW


@dataclass(frozen=True)
class Column:
    """As `kinds.Column`."""

    name: str
    priority: int = 0
    align: str = "left"
    live: bool = False


class RowPrinter:
    """NAMESPACE NAME STATUS NUMBER AGE, and wide NODE."""

    columns = (
        Column("NAMESPACE"),
        Column("NAME"),
        Column("STATUS"),
        Column("NUMBER", align="right"),
        Column("AGE", live=True),
        Column("NODE", priority=1),
    )

    def cells(self, obj: Row, now: datetime) -> tuple[str, ...]:
        meta = obj.metadata
        age = f"{int((now - obj.created).total_seconds())}s"
        return meta.namespace or "", meta.name, obj.status, str(obj.number), age, "worker-1"

    def sort_key(self, obj: Row, column: int, now: datetime) -> Any:
        meta = obj.metadata
        keys = meta.namespace or "", meta.name, obj.status, obj.number, -obj.created.timestamp(), "worker-1"
        return keys[column]

    def tone(self, obj: Row) -> Tone:
        return Tone.ERROR if obj.status == "CrashLoopBackOff" else Tone.OK

    def cell_tone(self, obj: Row, column: int) -> Tone | None:
        return Tone.WARN if column == 3 and obj.number > 900 else None

    def is_fault(self, obj: Row) -> bool:
        return obj.status == "CrashLoopBackOff"


def make_row(number: int, /, *, namespace: str | None = "shop", name: str = "", **values: Any) -> Row:
    """A row with uid `u<number>`."""
    meta = Meta(name or f"pod-{number:05d}", namespace, f"u{number}", {"app": f"app-{number % 7}"})
    return Row(meta, **{"number": number, "created": NOW - timedelta(seconds=number), **values})


class World:
    """Objects by uid, and the changes since they were last taken: a collection with its subscription."""

    def __init__(self, count: int = 0) -> None:
        self.objects: dict[str, Row] = {f"u{n}": make_row(n) for n in range(count)}
        self.state = State(loaded=count)
        self.changed: set[str] = set()
        self.removed: set[str] = set()
        self.reset = True

    @property
    def collection(self) -> World:
        return self

    def put(self, row: Row) -> None:
        uid = row.metadata.uid
        self.objects[uid] = row
        self.changed.add(uid)
        self.removed.discard(uid)

    def change(self, uid: str, **values: Any) -> None:
        self.put(replace(self.objects[uid], **values))

    def remove(self, uid: str) -> None:
        del self.objects[uid]
        self.changed.discard(uid)
        self.removed.add(uid)

    def take(self) -> Changes:
        changes = Changes(self.reset, self.changed, self.removed, self.state)
        self.changed, self.removed, self.reset = set(), set(), False
        return changes
