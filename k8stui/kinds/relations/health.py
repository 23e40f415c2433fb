"""How an object is, in a few words and a tone, for a line of a tree. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from k8stui.kinds.tables.pods import restarts_text, summarize
from k8stui.kinds.tables.printers import printer_for
from k8stui.kinds.tables.printing import Tone
from k8stui.kube.objects import (
    STRUCTS,
    CronJob,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
    TableRow,
)
from k8stui.kube.objects.related import (
    Autoscaler,
    Claim,
    DisruptionBudget,
    Ingress,
    NetworkPolicy,
    PersistentVolume,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_TOLD = ("STATUS", "PHASE", "READY", "STATE", "COMPLETIONS", "SYNC STATUS", "HEALTH STATUS")
"""Columns that say how an object is."""


class Health:
    """The words and the tone."""

    __slots__ = ("text", "tone")

    def __init__(self, text: str = "", tone: Tone = Tone.OK) -> None:
        self.text = text
        self.tone = tone


def health(group: str, plural: str, obj: Any, columns: Sequence[Any], now: datetime) -> Health:
    """How an object is; `columns` are the server's, for kinds without a Struct."""
    special = _special(obj, now)
    if special is not None:
        return special
    if (not columns and (group, plural) not in STRUCTS) or (columns and not isinstance(obj, TableRow)):
        return Health()
    printer = _printer(group, plural, tuple(columns))
    cells = dict(zip((column.name for column in printer.columns), printer.cells(obj, now), strict=False))
    words = [_cell(name, cells[name]) for name in _TOLD if cells.get(name) not in (None, "", "<none>")]
    return Health(", ".join(words), printer.tone(obj))


@lru_cache(maxsize=64)
def _printer(group: str, plural: str, columns: tuple[Any, ...]) -> Any:
    return printer_for(group, plural, columns or None)


def _cell(name: str, text: str) -> str:
    if name == "READY" and text.lower() in ("true", "false", "unknown"):
        return "ready" if text.lower() == "true" else f"ready: {text.lower()}"
    return f"{text} ready" if name == "READY" else text


def _special(obj: Any, now: datetime) -> Health | None:
    match obj:
        case Pod():
            return _pod(obj, now)
        case Deployment() | ReplicaSet() | StatefulSet():
            return _replicated(obj)
        case DaemonSet():
            return _counted(obj.status.number_ready, obj.status.desired_number_scheduled)
        case CronJob():
            active = len(obj.status.active or ())
            words = "suspended" if obj.spec.suspend else f"{active} active" if active else "waiting"
            return Health(f"{obj.spec.schedule}, {words}", Tone.MUTED if obj.spec.suspend else Tone.OK)
        case Service():
            return Health(_service(obj))
        case EndpointSlice():
            found = obj.endpoints or ()
            ready = sum(each.conditions.ready is not False for each in found)
            return Health(f"{ready} of {len(found)} ready", Tone.OK if found and ready else Tone.WARN)
    return _related(obj)


def _related(obj: Any) -> Health | None:
    match obj:
        case Claim():
            return Health(obj.status.phase, _PHASES.get(obj.status.phase, Tone.WARN))
        case PersistentVolume():
            size = (obj.spec.capacity or {}).get("storage", "")
            words = ", ".join(filter(None, (obj.status.phase, size)))
            return Health(words, _PHASES.get(obj.status.phase, Tone.WARN))
        case Ingress():
            hosts = list(dict.fromkeys(rule.host or "*" for rule in obj.spec.rules or ()))
            return Health(", ".join(hosts[:3]) + (", …" if len(hosts) > 3 else ""))
        case NetworkPolicy():
            return Health(" and ".join(obj.spec.policy_types or ()).lower())
        case Autoscaler():
            spec = obj.spec
            least = 1 if spec.min_replicas is None else spec.min_replicas
            now_at = obj.status.current_replicas or 0
            bad = any(
                each.type in ("AbleToScale", "ScalingActive") and each.status == "False"
                for each in obj.status.conditions or ()
            )
            words = f"{now_at} replicas, {least} to {spec.max_replicas}"
            return Health(words, Tone.WARN if bad else Tone.OK)
        case DisruptionBudget():
            status = obj.status
            words = (
                f"{status.current_healthy} healthy, {status.desired_healthy} needed, "
                f"{status.disruptions_allowed} may be evicted"
            )
            return Health(words, Tone.WARN if status.current_healthy < status.desired_healthy else Tone.OK)
    return None


_PHASES = {
    "Bound": Tone.OK,
    "Available": Tone.OK,
    "Pending": Tone.WARN,
    "Lost": Tone.ERROR,
    "Failed": Tone.ERROR,
}


def _pod(pod: Pod, now: datetime) -> Health:
    summary = summarize(pod)
    words = f"{summary.status} {summary.ready}/{summary.total}"
    if summary.restarts:
        times = restarts_text(summary, now)
        count, _, when = times.partition(" ")
        words += f", {count} restart{'s' * (summary.restarts != 1)} {when}".rstrip()
    return Health(words, _printer("", "pods", ()).tone(pod))


def _replicated(obj: Deployment | ReplicaSet | StatefulSet) -> Health:
    wanted = 1 if obj.spec.replicas is None else obj.spec.replicas
    ready = obj.status.ready_replicas
    if not wanted and not obj.status.replicas:
        return Health("0 replicas", Tone.MUTED)
    found = _counted(ready, wanted)
    if isinstance(obj, Deployment) and obj.spec.paused:
        found.text += ", paused"
    return found


def _counted(ready: int, wanted: int) -> Health:
    tone = Tone.OK if ready >= wanted else Tone.ERROR if not ready else Tone.WARN
    return Health(f"{ready}/{wanted} ready", tone)


def _service(service: Service) -> str:
    spec = service.spec
    address = "headless" if spec.cluster_ip == "None" else spec.cluster_ip
    ports = ", ".join(f"{port.port}/{port.protocol or 'TCP'}" for port in (spec.ports or ())[:4])
    return " ".join(filter(None, (spec.type, address, ports)))
