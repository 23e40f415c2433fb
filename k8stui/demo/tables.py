"""Server-side printing: which columns the `Table` of a kind has, and the cells of an object.

The printers themselves are in `tables_core`, `tables_workloads`, `tables_more` and `tables_custom`; this
module has what they share and the lookup. Printers are pure functions of an object and the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from k8stui.demo.durations import age
from k8stui.demo.selectors import format_selector

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource

Cells = list[Any]
CellsOf = Callable[[Mapping[str, Any], float], Cells]
NONE = "<none>"
UNSET = "<unset>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Table: as `TableColumnDefinition`."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> dict[str, Any]:
        """The column as the API tells it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or f"{self.name} of the object.",
            "priority": self.priority,
        }


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a kind and the function that fills them."""

    columns: tuple[Column, ...]
    cells: CellsOf
    conditions: Callable[[Mapping[str, Any]], list[dict[str, Any]]] | None = field(default=None)


NAME = Column("Name", format="name", description="The object's name, unique within its namespace.")
_CREATION = "CreationTimestamp is the server's time when this object was created."
AGE = Column("Age", description=_CREATION)
CREATED = Column("Created At", type="date", description=_CREATION)


def columns(text: str, *, wide: str = "", integers: str = "", booleans: str = "") -> tuple[Column, ...]:
    """Columns from names separated by `;`. Names in `wide` come last, with priority 1."""
    numbers, truths = integers.split(";"), booleans.split(";")

    def column(name: str, priority: int) -> Column:
        if name == "Name" and priority == 0:
            return NAME
        if name == "Age":
            return AGE
        if name == "Created At":
            return CREATED
        kind = "integer" if name in numbers else "boolean" if name in truths else "string"
        return Column(name, type=kind, priority=priority)

    found = [column(name, 0) for name in text.split(";")]
    return (*found, *(column(name, 1) for name in wide.split(";") if name))


def created(obj: Mapping[str, Any], now: float) -> str:
    """The AGE cell."""
    return age(obj["metadata"].get("creationTimestamp"), now)


def labels_text(labels: Mapping[str, str] | None) -> str:
    """Labels as `a=b,c=d`, sorted; `<none>` without any."""
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) if labels else NONE


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A label selector in the short syntax, `<none>` when it is empty."""
    return format_selector(selector) or NONE


def containers_of(spec: Mapping[str, Any]) -> tuple[str, str]:
    """Names and images of the containers of a pod spec, each joined by commas."""
    found = spec.get("containers") or ()
    return ",".join(c.get("name", "") for c in found), ",".join(c.get("image", "") for c in found)


def template_containers(obj: Mapping[str, Any]) -> tuple[str, str]:
    """The same for the pod template of a workload."""
    return containers_of(obj.get("spec", {}).get("template", {}).get("spec", {}))


def limited(items: Sequence[str], limit: int = 3) -> str:
    """The first few, joined by commas, and how many more there are."""
    text = ",".join(items[:limit])
    return f"{text} + {len(items) - limit} more..." if len(items) > limit else text


def boolean(value: object) -> str:
    """`True` or `False`."""
    return "True" if value else "False"


def dig(obj: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path, `default` where something is missing."""
    value: Any = obj
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return default
        value = value.get(part)
    return default if value is None else value


def addresses(ingress: Iterable[Mapping[str, Any]]) -> str:
    """Addresses of a load balancer status."""
    return ",".join(entry.get("ip") or entry.get("hostname") or "" for entry in ingress)


def _name_and_age(obj: Mapping[str, Any], now: float) -> Cells:
    return [obj["metadata"]["name"], created(obj, now)]


_FALLBACK = Printer(columns("Name;Age"), _name_and_age)


def printer_for(res: Resource, custom: Mapping[str, Printer] | None = None) -> Printer:
    """The printer of a kind; name and age for those without one of their own.

    `custom` holds the printers of custom resources by `plural.group/version`.
    """
    from k8stui.demo import tables_core, tables_more, tables_workloads

    if res.custom and custom:
        return custom.get(f"{res.storage}/{res.version}", _FALLBACK)
    for printers in (tables_core.PRINTERS, tables_workloads.PRINTERS, tables_more.PRINTERS):
        found = printers.get(res.storage)
        if found is not None:
            return found
    return _FALLBACK
