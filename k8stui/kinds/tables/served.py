"""Kinds without a Struct: the server's own columns, ordered and judged by convention.

The server prints these cells once; the age of the object is worked out here from its creation time, so that
it counts on, and so is the cell of a date where the row holds the moment itself (see `date_cells`). What a
column means is told by its name, its type, its description and the shape of its cells.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from k8stui.kinds.tables.printing import Column, Tone
from k8stui.kinds.tables.sorting import Key, age_key, duration_key, name_key, text_key
from k8stui.kinds.text import first_line
from k8stui.kube.durations import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.objects import TableRow


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STATUS = frozenset(("STATUS", "PHASE", "STATE", "CONDITION", "HEALTH", "HEALTH STATUS", "SYNC STATUS"))
_TRUE_IS_GOOD = _words(
    "READY AVAILABLE HEALTHY ESTABLISHED SYNCED ACCEPTED PROGRAMMED VALID INSTALLED RESOLVED "
    "RECONCILED SUCCEEDED CONNECTED APPROVED"
)
_TRUE_IS_BAD = _words("DEGRADED FAILED FAILING STALLED ERROR")
_JUDGED = _STATUS | _TRUE_IS_GOOD | _TRUE_IS_BAD | {"TYPE"}
_DURATIONS = frozenset(
    ("AGE", "LAST SEEN", "FIRST SEEN", "LAST SCHEDULE", "DURATION", "UPTIME", "LAST TRANSITION", "TTL")
)
_GOOD = _words(
    "active available bound ready running healthy true approved issued established ok normal synced "
    "deployed up online enabled attached connected reconciled valid installed accepted programmed "
    "success current yes green stable"
)
_BUSY = _words(
    "progressing creating terminating deleting provisioning updating upgrading scaling reconciling "
    "initializing starting stopping installing uninstalling syncing waiting queued scheduled"
)
_DONE = _words("succeeded complete completed done finished")
_MUTED = _words("suspended disabled paused inactive")
_PENDING = _words("pending unknown released outofsync yellow")
_BAD_WORDS = _words("lost denied degraded unhealthy invalid down red no false")
_BAD = re.compile("fail|error|crash|evict|expired|backoff|missing|notready")
_WORDS = re.compile("[A-Za-z]+")
_FRACTION = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


class ColumnLike(Protocol):
    """What is needed of a column definition."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def description(self) -> str: ...


_CREATED = ".metadata.creationTimestamp"
_OF_PATH = "(in JSONPath format): "
"""So a server describes a column whose definition has no description of its own."""


def is_object_age(column: ColumnLike) -> bool:
    """Whether AGE is the age of the object, as far as the column tells without its kind's definition.

    Custom kinds may call any date so. Theirs have the type "date", those of built-in kinds "string".
    """
    if column.name.upper() != "AGE":
        return False
    _, of_path, path = column.description.rpartition(_OF_PATH)
    if of_path:
        return path == _CREATED
    if column.type == "date":
        return not column.description or column.description.startswith("CreationTimestamp is ")
    return column.type == "string"


def cell_text(value: Any) -> str:
    """A JSON value as kubectl prints it in a cell."""
    match value:
        case str():
            return first_line(value)
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        case list() | tuple():
            return f"[{' '.join(map(cell_text, value))}]"
        case dict():
            return f"map[{' '.join(f'{key}:{cell_text(value[key])}' for key in sorted(value))}]"
    return str(value)


class TablePrinter:
    """Rows of a server-side Table."""

    def __init__(self, definitions: Sequence[ColumnLike]) -> None:
        self._is_object_age = tuple(map(is_object_age, definitions))
        self.columns = tuple(
            Column(
                each.name.upper(),
                each.priority,
                "right" if each.type in ("integer", "number") else "left",
                live=of_object or each.type == "date",
            )
            for each, of_object in zip(definitions, self._is_object_age, strict=True)
        )
        self._is_name = tuple(each.format == "name" for each in definitions)
        self._is_duration = tuple(
            each.name.upper() in _DURATIONS or each.type == "date" or each.format == "date-time"
            for each in definitions
        )
        self._names = {column.name: at for at, column in enumerate(self.columns)}
        judged = [at for at, column in enumerate(self.columns) if column.name in _JUDGED]
        # Statuses first: they may settle the matter.
        self._judged = sorted(judged, key=lambda at: self.columns[at].name not in _STATUS)

    def _text(self, row: TableRow, column: int) -> str:
        return cell_text(row.cells[column]) if column < len(row.cells) else ""

    def cells(self, obj: TableRow, now: datetime) -> tuple[str, ...]:
        """The text of each column, as many as there are columns."""
        return tuple(
            [
                self._text(obj, at) if (moment := self._moment(obj, at)) is None else age(moment, now)
                for at in range(len(self.columns))
            ]
        )

    def _moment(self, obj: TableRow, at: int) -> datetime | None:
        """The time whose age a cell shows; None for a cell that shows something else."""
        if not self.columns[at].live:
            return None
        cell = obj.cells[at] if at < len(obj.cells) else None
        if isinstance(cell, datetime):
            return cell
        return obj.metadata.creation_timestamp if self._is_object_age[at] else None

    def sort_key(self, obj: TableRow, column: int, now: datetime) -> Key:
        """A key by the type of the column and the shape of the cell."""
        if not 0 <= column < len(self.columns):
            return name_key(obj.metadata.name)
        if (moment := self._moment(obj, column)) is not None:
            return age_key(moment)
        text = self._text(obj, column)
        if self._is_name[column]:
            return name_key(text)
        return duration_key(text) if self._is_duration[column] else text_key(text)

    def tone(self, obj: TableRow) -> Tone:
        """The worst of the columns that say how the object is."""
        found = Tone.BUSY if obj.metadata.deletion_timestamp is not None else Tone.OK
        for at in self._judged:
            tone = self.cell_tone(obj, at)
            if tone is Tone.DONE:
                return tone  # what is finished need not be ready
            if tone is not None and (found is Tone.OK or _WORSE.get(tone, 0) > _WORSE.get(found, 0)):
                found = tone
        return found

    def cell_tone(self, obj: TableRow, column: int) -> Tone | None:
        """What a cell of a conventional column (STATUS, READY, conditions) means."""
        if column >= len(self.columns):
            return None
        name, text = self.columns[column].name, self._text(obj, column)
        if name in _STATUS:
            return status_tone(text)
        if name == "TYPE":
            return Tone.WARN if text == "Warning" else None
        if name in _TRUE_IS_GOOD:
            return self._ready_tone(obj, text)
        if name in _TRUE_IS_BAD and text.lower().startswith("true"):
            return Tone.ERROR
        return None

    def _ready_tone(self, row: TableRow, text: str) -> Tone | None:
        if found := _FRACTION.fullmatch(text):
            return _counted(int(found[1]), int(found[2]))
        if text.isdecimal() and "DESIRED" in self._names:
            desired = self._text(row, self._names["DESIRED"])
            return _counted(int(text), int(desired)) if desired.isdecimal() else None
        word = text.lower()
        if word.startswith("false"):
            return Tone.ERROR
        return Tone.WARN if word.startswith("unknown") else None

    def is_fault(self, obj: TableRow) -> bool:
        """A status that is not known as good, containers or conditions that are not ready."""
        return self.tone(obj) in (Tone.WARN, Tone.ERROR)

    def attention(self, obj: TableRow) -> bool:
        """Only what is clearly wrong: a status that is unknown here may be well there."""
        return self.tone(obj) is Tone.ERROR


_WORSE = {Tone.BUSY: 1, Tone.WARN: 2, Tone.ERROR: 3}


def _counted(ready: int, wanted: int) -> Tone | None:
    return Tone.WARN if ready < wanted else None


def status_tone(text: str) -> Tone | None:
    """What a status in words means; None for an empty one, WARN for one that is not known."""
    words = [word.lower() for word in _WORDS.findall(text.strip("<>"))]
    if not words or text.startswith("<"):
        return None
    tones = [_word_tone(word) for word in words]
    if Tone.ERROR in tones:
        return Tone.ERROR
    known = [tone for tone in tones if tone is not None]
    if not known:
        return Tone.WARN
    return max(known, key=lambda tone: _WORSE.get(tone, 0))


def _word_tone(word: str) -> Tone | None:
    for words, tone in (
        (_GOOD, Tone.OK),
        (_DONE, Tone.DONE),
        (_BUSY, Tone.BUSY),
        (_MUTED, Tone.MUTED),
        (_PENDING, Tone.WARN),
    ):
        if word in words:
            return tone
    return Tone.ERROR if word in _BAD_WORDS or _BAD.search(word) else None
