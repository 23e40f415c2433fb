"""What descriptions of all kinds say alike: times, labels, references, selectors, amounts, events. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from k8stui.kinds.describe.lines import NONE, Page, Ref, Text
from k8stui.kube.durations import UNKNOWN, human_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

Raw = Mapping[str, Any]
"""An object, or a part of one, as the server wrote it."""

HIDDEN_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})
EVENTS = "events"


class Related(Struct, frozen=True):
    """What was read besides the object."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By the name that `needs` gave it."""
    problems: dict[str, str] = field(default_factory=dict)
    """For what could not be read, why, in one line."""

    def get(self, name: str) -> list[dict[str, Any]]:
        """What was read; nothing where nothing was."""
        return self.lists.get(name, [])


# Looking into objects


def dig(obj: Any, *path: str | int, default: Any = None) -> Any:
    """A part of an object; the default where there is none."""
    for step in path:
        if isinstance(obj, Mapping) and isinstance(step, str):
            obj = obj.get(step)
        elif isinstance(obj, list) and isinstance(step, int) and -len(obj) <= step < len(obj):
            obj = obj[step]
        else:
            return default
    return default if obj is None else obj


def items(obj: Any, *path: str | int) -> list[Any]:
    """A list in an object; an empty one where there is none."""
    found = dig(obj, *path)
    return found if isinstance(found, list) else []


def text(value: Any, none: str = NONE) -> str:
    """A scalar as kubectl writes it."""
    if value is None or value == "":
        return none
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def plain(value: Any) -> str:
    """A scalar, or an empty text."""
    return text(value, "")


def title_bool(value: Any) -> str:
    """`True` or `False`."""
    return "True" if value else "False"


# Times


def moment(stamp: Any) -> datetime | None:
    """A time of the API, or None for what is none."""
    if not isinstance(stamp, str) or not stamp:
        return None
    try:
        found = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def when(stamp: Any) -> str:
    """A time as kubectl writes it, in UTC: `Sat, 21 Nov 2026 02:10:57 +0000`."""
    at = moment(stamp)
    if at is None:
        return ""
    at = at.astimezone(UTC)
    day = f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year}"
    return f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"


def ago(stamp: Any, now: datetime) -> str:
    """How long ago a time was."""
    at = moment(stamp)
    return UNKNOWN if at is None else human_duration((now - at).total_seconds())


# References and selectors


def ref_to(kind: str, name: Any, namespace: str = "", api_version: str = "") -> Ref:
    """A reference to an object of a kind."""
    group, _, version = api_version.rpartition("/")
    return Ref(f"{kind.lower()}.{version}.{group}" if group else kind, str(name or ""), namespace)


def link(shown: str, kind: str, name: Any, namespace: str = "", api_version: str = "") -> Text:
    """A text that names an object."""
    return Text(shown, "", ref_to(kind, name, namespace, api_version) if name else None)


def pairs(values: Any, sign: str = "=") -> list[str]:
    """`key=value` of a mapping, by key."""
    if not isinstance(values, Mapping):
        return []
    return [f"{key}{sign}{value}" for key, value in sorted(values.items())]


_OPERATORS = {"In": "in", "NotIn": "notin"}


def selector_text(selector: Any, none: str = NONE) -> str:
    """A label selector: `app=web,tier in (a,b)`."""
    if not isinstance(selector, Mapping):
        return none
    if not {"matchLabels", "matchExpressions"} & set(selector):
        return none
    parts = pairs(selector.get("matchLabels"))
    for rule in items(selector, "matchExpressions"):
        key, operator, values = rule.get("key", ""), rule.get("operator", ""), rule.get("values") or []
        if operator == "Exists":
            parts.append(key)
        elif operator == "DoesNotExist":
            parts.append(f"!{key}")
        else:
            listed = ",".join(sorted(map(str, values)))
            parts.append(f"{key} {_OPERATORS.get(operator, operator)} ({listed})")
    return ",".join(parts) or none


def labels_text(labels: Any, none: str = NONE) -> str:
    """Labels on one line."""
    return ",".join(pairs(labels)) or none


# What every object has


def metadata(page: Page, obj: Raw, *names: str) -> None:
    """The fields of the metadata with these names, in this order."""
    meta = obj.get("metadata") or {}
    for name in names:
        match name:
            case "Name":
                page.field("Name", plain(meta.get("name")))
            case "Namespace":
                namespace = meta.get("namespace")
                page.field("Namespace", link(plain(namespace), "namespaces", namespace))
            case "CreationTimestamp":
                page.field("CreationTimestamp", when(meta.get("creationTimestamp")))
            case "Labels":
                page.fields("Labels", pairs(meta.get("labels")))
            case "Annotations":
                write_annotations(page, meta.get("annotations"))
            case "Controlled By":
                controlled_by(page, obj)


def write_annotations(page: Page, values: Any, label: str = "Annotations", level: int = 0) -> None:
    """Annotations; kubectl's own copy of the object is left out, it is in the YAML."""
    shown = {key: value for key, value in (values or {}).items() if key not in HIDDEN_ANNOTATIONS}
    page.fields(label, pairs(shown, ": "), level=level)


def controlled_by(page: Page, obj: Raw) -> None:
    """What owns the object, if something does."""
    for owner in items(obj, "metadata", "ownerReferences"):
        if owner.get("controller"):
            kind, name = owner.get("kind", ""), owner.get("name", "")
            namespace = dig(obj, "metadata", "namespace", default="")
            page.field(
                "Controlled By", link(f"{kind}/{name}", kind, name, namespace, owner.get("apiVersion", ""))
            )


def deletion(page: Page, obj: Raw, now: datetime, *, grace: bool = True) -> bool:
    """Since when the object is being deleted; False when it is not."""
    stamp = dig(obj, "metadata", "deletionTimestamp")
    if not stamp:
        return False
    page.field("Status", Text(f"Terminating (lasts {ago(stamp, now)})", "warning"))
    seconds = dig(obj, "metadata", "deletionGracePeriodSeconds")
    if grace and seconds is not None:
        page.field("Termination Grace Period", f"{seconds}s")
    return True


def conditions(page: Page, found: Iterable[Raw], columns: Sequence[str] = ("Reason",)) -> None:
    """Conditions as a table."""
    rows = []
    for condition in found:
        status = plain(condition.get("status"))
        row: list[str | Text] = [plain(condition.get("type")), status]
        for column in columns:
            key = column[0].lower() + column[1:]
            value = condition.get(key)
            row.append(when(value) if column.endswith("Time") else plain(value))
        rows.append(row)
    if rows:
        page.heading("Conditions")
        page.table(("Type", "Status", *columns), rows)


# Amounts


_SUFFIXES = {
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
}


def amount(value: Any) -> Decimal:
    """A quantity as a number; 0 for what is none."""
    written = str(value or "0").strip()
    for size in (2, 1):
        scale = _SUFFIXES.get(written[-size:])
        if scale is not None and len(written) > size:
            written = written[:-size]
            break
    else:
        scale = Decimal(1)
    try:
        return Decimal(written) * scale
    except InvalidOperation:
        return Decimal(0)


def amount_text(value: Decimal, *, binary: bool) -> str:
    """A number as a quantity: `230m`, `176Mi`."""
    if value != value.to_integral_value():
        return f"{int((value * 1000).to_integral_value(rounding='ROUND_CEILING'))}m"
    whole = int(value)
    units = (("Ei", 2**60), ("Pi", 2**50), ("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
    if not binary:
        units = (("E", 10**18), ("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3))
    for suffix, size in units:
        if whole and whole % size == 0:
            return f"{whole // size}{suffix}"
    return str(whole)


def sorted_amounts(values: Any) -> list[tuple[str, str]]:
    """Resources by name."""
    return [(key, plain(value)) for key, value in sorted((values or {}).items())]


# Events


def _span(event: Raw, now: datetime) -> str:
    count = dig(event, "series", "count") or event.get("count") or 0
    first = event.get("firstTimestamp") or event.get("eventTime")
    last = dig(event, "series", "lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    if not moment(first):
        first = dig(event, "metadata", "creationTimestamp")
    if count > 1:
        return f"{ago(last, now)} (x{count} over {ago(first, now)})"
    return ago(first, now)


def _last(event: Raw) -> str:
    stamps = (
        dig(event, "series", "lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        dig(event, "metadata", "creationTimestamp"),
    )
    return next((str(stamp)[:19] for stamp in stamps if stamp), "")


def events(page: Page, related: Related, now: datetime) -> None:
    """The events of the object, oldest first; one line when they could not be read."""
    problem = related.problems.get(EVENTS)
    if problem:
        page.field("Events", Text(problem, "warning"))
        return
    if EVENTS not in related.lists:
        return
    rows: list[list[str | Text]] = []
    for event in sorted(related.get(EVENTS), key=_last):
        warn = event.get("type") != "Normal"
        source = dig(event, "source", "component") or event.get("reportingComponent") or ""
        message = plain(event.get("message")).strip().replace("\n", " ")
        part = dig(event, "involvedObject", "fieldPath")
        if part:
            message += f"  ({part})"
        kind = plain(event.get("type"))
        rows.append(
            [
                Text(kind, "warning") if warn else kind,
                Text(plain(event.get("reason")), "warning" if warn else ""),
                _span(event, now),
                plain(source),
                _linked(message, str(dig(event, "involvedObject", "namespace", default=""))),
            ]
        )
    if not rows:
        page.field("Events", NONE)
        return
    page.heading("Events")
    page.table(("Type", "Reason", "Age", "From", "Message"), rows)


_NAMED = re.compile(
    r"\b(?:created|deleted|create|delete|completed|scaled (?:up|down)) (pod|job|replica ?set):? "
    r"([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)",
    re.IGNORECASE,
)
_NAMED_KINDS = {"pod": "pods", "job": "jobs.batch", "replicaset": "replicasets.apps"}


def _linked(message: str, namespace: str) -> str | Text:
    """A message that leads to the object that a controller says it made or removed."""
    found = _NAMED.search(message)
    if found is None:
        return message
    kind = _NAMED_KINDS[found[1].lower().replace(" ", "")]
    return Text(message, "quiet", Ref(kind, found[2], namespace))


def problem(page: Page, related: Related, name: str, label: str, *, level: int = 0) -> bool:
    """Say why something could not be read; False when it was."""
    why = related.problems.get(name)
    if why:
        page.field(label, Text(why, "warning"), level=level)
    return bool(why)
