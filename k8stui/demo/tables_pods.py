"""The printer of pods, by the rules of a real server's STATUS column. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8stui.demo.durations import human_duration, parse_time
from k8stui.demo.tables import NONE, Cells, Printer, columns, created

Obj = Mapping[str, Any]


class _Tally:
    """What the walk over container statuses adds up."""

    __slots__ = ("error", "last", "ready", "reason", "restarts", "running")

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.error = ""
        self.restarts = 0
        self.ready = 0
        self.last = 0.0
        self.running = False

    def restarted(self, status: Obj) -> None:
        self.restarts += status.get("restartCount", 0)
        ended = (status.get("lastState") or {}).get("terminated")
        if ended:
            self.last = max(self.last, parse_time(ended.get("finishedAt")) or 0.0)


def _ended(terminated: Obj) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode', 0)}"


def _walk_init(spec: Obj, statuses: Any, tally: _Tally, sidecars: _Tally) -> bool:
    """Whether an init container holds the pod; its reason is then in the tally."""
    containers = spec.get("initContainers") or ()
    lasting = {c["name"] for c in containers if c.get("restartPolicy") == "Always"}
    for index, status in enumerate(statuses):
        state = status.get("state") or {}
        tally.restarted(status)
        sidecar = status.get("name") in lasting
        if sidecar:
            sidecars.restarted(status)
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if sidecar and status.get("started"):
            if status.get("ready"):
                tally.ready += 1
            continue
        if ended is not None:
            tally.reason = "Init:" + _ended(ended)
        elif waiting is not None and waiting.get("reason") not in (None, "", "PodInitializing"):
            tally.reason = "Init:" + waiting["reason"]
        else:
            tally.reason = f"Init:{index}/{len(containers)}"
        return True
    return False


def _walk(statuses: Any, tally: _Tally) -> None:
    error = ""
    for status in reversed(statuses):
        state = status.get("state") or {}
        tally.restarted(status)
        ended, waiting = state.get("terminated"), state.get("waiting")
        if waiting is not None and waiting.get("reason"):
            tally.reason = waiting["reason"]
        elif ended is not None:
            tally.reason = _ended(ended)
            if ended.get("exitCode", 0):
                error = tally.reason
        elif status.get("ready") and state.get("running") is not None:
            tally.running = True
            tally.ready += 1
    tally.error = error


def _conditions(obj: Obj) -> dict[str, Obj]:
    return {c["type"]: c for c in (obj.get("status") or {}).get("conditions") or ()}


def _tally(obj: Obj) -> tuple[_Tally, int]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    conditions = _conditions(obj)
    tally = _Tally(status.get("reason") or status.get("phase") or "")
    if conditions.get("PodScheduled", {}).get("reason") == "SchedulingGated":
        tally.reason = "SchedulingGated"
    sidecars = _Tally("")
    lasting = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    total = len(spec.get("containers") or ()) + len(lasting)
    held = _walk_init(spec, status.get("initContainerStatuses") or (), tally, sidecars)
    if not held or conditions.get("Initialized", {}).get("status") == "True":
        tally.restarts, tally.last = sidecars.restarts, sidecars.last
        _walk(status.get("containerStatuses") or (), tally)
        if tally.reason == "Completed":
            if tally.running and conditions.get("Ready", {}).get("status") == "True":
                tally.reason = "Running"
            elif tally.error or tally.running:
                tally.reason = tally.error or "NotReady"
    if obj["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            tally.reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            tally.reason = "Terminating"
    return tally, total


def _pod(obj: Obj, now: float) -> Cells:
    tally, total = _tally(obj)
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    restarts = str(tally.restarts)
    if tally.restarts and tally.last:
        restarts = f"{restarts} ({human_duration(now - tally.last)} ago)"
    gates = spec.get("readinessGates") or ()
    met = {c["type"] for c in status.get("conditions") or () if c.get("status") == "True"}
    passed = sum(gate["conditionType"] in met for gate in gates)
    ips = status.get("podIPs") or ()
    return [
        obj["metadata"]["name"],
        f"{tally.ready}/{total}",
        tally.reason,
        restarts,
        created(obj, now),
        (ips[0].get("ip") if ips else status.get("podIP")) or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    ]


def _row_conditions(obj: Obj) -> list[dict[str, Any]]:
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Succeeded":
        message = "The pod has completed successfully."
    elif phase == "Failed":
        message = "The pod failed."
    else:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": message}]


PODS = Printer(
    columns("Name;Ready;Status;Restarts;Age", wide="IP;Node;Nominated Node;Readiness Gates"),
    _pod,
    _row_conditions,
)
