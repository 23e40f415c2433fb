"""Pods: READY, STATUS and RESTARTS as the server's printer works them out, and what is wrong.

The rules are those of kubectl's pod printer (kubernetes `pkg/printers/internalversion`), restated in
`summarize`; the tests go through them one by one.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from k8stui.kinds.tables.printing import (
    NONE,
    Column,
    Field,
    StructPrinter,
    Tone,
    age_field,
    name_field,
    text_field,
)
from k8stui.kinds.tables.sorting import Key, ip_key, word_key
from k8stui.kube.durations import human_duration
from k8stui.kube.objects import ContainerState, ContainerStatus, Pod, StateTerminated

_ALWAYS = "Always"
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

_BUSY = frozenset(("ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated"))
_DONE = frozenset(("Completed", "Succeeded"))


class PodSummary(msgspec.Struct, frozen=True, gc=False):
    """What the columns READY, STATUS and RESTARTS say of a pod."""

    ready: int
    total: int
    status: str
    restarts: int
    last_restart: datetime | None

    @property
    def is_ready(self) -> bool:
        """Every container is ready."""
        return self.ready == self.total > 0


def summarize(pod: Pod) -> PodSummary:
    """Work out READY, STATUS and RESTARTS of a pod."""
    status = pod.status
    reason = status.reason or status.phase
    initialized: bool | None = None
    is_ready = False
    for condition in status.conditions:
        if condition.type == "PodScheduled" and condition.reason == "SchedulingGated":
            reason = "SchedulingGated"
        elif condition.type == "Initialized" and initialized is None:
            initialized = condition.status == "True"
        elif condition.type == "Ready" and condition.status == "True":
            is_ready = True
    counted = _Counted(reason, len(pod.spec.containers))
    stopped = bool(pod.spec.init_containers or status.init_container_statuses) and _count_init(pod, counted)
    if not stopped or initialized:
        _count_containers(pod, counted, is_ready)
    if pod.metadata.deletion_timestamp is not None:
        if status.reason == "NodeLost":
            counted.reason = "Unknown"
        elif status.phase not in ("Failed", "Succeeded"):
            counted.reason = "Terminating"
    last = counted.last_restart
    return PodSummary(
        counted.ready, counted.total, counted.reason, counted.restarts, None if last is _LONG_AGO else last
    )


class _Counted:
    """What the walk over the containers has found so far."""

    __slots__ = ("last_restart", "last_sidecar", "ready", "reason", "restarts", "sidecar_restarts", "total")

    def __init__(self, reason: str, total: int) -> None:
        self.reason = reason
        self.total = total
        self.ready = 0
        self.restarts = 0
        self.last_restart = _LONG_AGO
        self.sidecar_restarts = 0
        self.last_sidecar = _LONG_AGO


def _count_init(pod: Pod, counted: _Counted) -> bool:
    """Walk the init containers; True where one of them holds the pod up."""
    sidecars = {each.name for each in pod.spec.init_containers if each.restart_policy == _ALWAYS}
    counted.total += sum(each.restart_policy == _ALWAYS for each in pod.spec.init_containers)
    for at, status in enumerate(pod.status.init_container_statuses):
        finished = _finished(status)
        is_sidecar = status.name in sidecars
        counted.restarts += status.restart_count
        counted.last_restart = max(counted.last_restart, finished)
        if is_sidecar:
            counted.sidecar_restarts += status.restart_count
            counted.last_sidecar = max(counted.last_sidecar, finished)
        ended = status.state.terminated
        if ended is not None and ended.exit_code == 0:
            continue
        if is_sidecar and status.started:
            counted.ready += status.ready
            continue
        counted.reason = _init_reason(status.state, at, len(pod.spec.init_containers))
        return True
    return False


def _init_reason(state: ContainerState, at: int, total: int) -> str:
    if state.terminated is not None:
        return "Init:" + (state.terminated.reason or _ended_by(state.terminated))
    waiting = state.waiting
    if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
        return "Init:" + waiting.reason
    return f"Init:{at}/{total}"


def _count_containers(pod: Pod, counted: _Counted, is_ready: bool) -> None:
    counted.restarts = counted.sidecar_restarts
    counted.last_restart = counted.last_sidecar
    running = False
    error = ""
    for status in reversed(pod.status.container_statuses):
        counted.restarts += status.restart_count
        if status.last_state.terminated is not None:
            counted.last_restart = max(counted.last_restart, _finished(status))
        state = status.state
        if state.waiting is not None and state.waiting.reason:
            counted.reason = state.waiting.reason
        elif state.terminated is not None:
            counted.reason = state.terminated.reason or _ended_by(state.terminated)
            if state.terminated.exit_code != 0:
                error = counted.reason
        elif status.ready and state.running is not None:
            running = True
            counted.ready += 1
    if counted.reason == "Completed":
        if running and is_ready:
            counted.reason = "Running"
        elif error:
            counted.reason = error
        elif running:
            counted.reason = "NotReady"


def _finished(status: ContainerStatus) -> datetime:
    ended = status.last_state.terminated
    return (ended.finished_at if ended is not None else None) or _LONG_AGO


def _ended_by(ended: StateTerminated) -> str:
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def restarts_text(summary: PodSummary, now: datetime) -> str:
    """RESTARTS: how often, and how long ago the last was."""
    last = summary.last_restart
    if not summary.restarts or last is None:
        return str(summary.restarts)
    return f"{summary.restarts} ({human_duration((now - last).total_seconds())} ago)"


def _restarts_key(summary: PodSummary) -> Key:
    last = summary.last_restart
    return (0, summary.restarts, last.timestamp() if last is not None else 0.0)


def _gates(pod: Pod) -> str:
    gates = pod.spec.readiness_gates
    if not gates:
        return NONE
    passed = 0
    for gate in gates:
        found = next((each for each in pod.status.conditions if each.type == gate.condition_type), None)
        passed += found is not None and found.status == "True"
    return f"{passed}/{len(gates)}"


def _pod_ip(pod: Pod) -> str:
    ips = pod.status.pod_ips
    return (ips[0].ip if ips else "") or NONE


def _is_unschedulable(pod: Pod) -> bool:
    return any(each.type == "PodScheduled" and each.status == "False" for each in pod.status.conditions)


class PodPrinter(StructPrinter[Pod]):
    """Pods as `kubectl get pods -o wide` shows them."""

    fields = (
        name_field(),
        Field(
            Column("READY"),
            lambda o, now: f"{(s := summarize(o)).ready}/{s.total}",
            lambda o: (0, (s := summarize(o)).ready, s.total),
        ),
        Field(Column("STATUS"), lambda o, now: summarize(o).status, lambda o: word_key(summarize(o).status)),
        Field(
            Column("RESTARTS", live=True),
            lambda o, now: restarts_text(summarize(o), now),
            lambda o: _restarts_key(summarize(o)),
        ),
        age_field(),
        Field(Column("IP", 1), lambda o, now: _pod_ip(o), lambda o: ip_key(_pod_ip(o))),
        Field(
            Column("NODE", 1),
            lambda o, now: o.spec.node_name or NONE,
            lambda o: word_key(o.spec.node_name),
        ),
        text_field("NOMINATED NODE", lambda o: o.status.nominated_node_name or NONE, 1),
        text_field("READINESS GATES", _gates, 1),
    )

    def cells(self, obj: Pod, now: datetime) -> tuple[str, ...]:
        """All cells, with the containers walked once."""
        summary = summarize(obj)
        _, _, _, _, *rest = self._cells
        return (
            obj.metadata.name,
            f"{summary.ready}/{summary.total}",
            summary.status,
            restarts_text(summary, now),
            *[cell(obj, now) for cell in rest],
        )

    def tone(self, obj: Pod) -> Tone:
        """Ready is OK; on the way is BUSY; waiting for something that may not come is WARN."""
        summary = summarize(obj)
        status = summary.status
        if status == "Running":
            return Tone.OK if summary.is_ready else Tone.WARN
        if status in _DONE:
            return Tone.DONE
        if status in _BUSY or (status.startswith("Init:") and "/" in status):
            return Tone.BUSY
        if status == "Pending":
            return Tone.WARN if _is_unschedulable(obj) else Tone.BUSY
        return Tone.WARN if status in ("NotReady", "") else Tone.ERROR

    def cell_tone(self, obj: Pod, column: int) -> Tone | None:
        """Restarts stand out also where the pod is well now."""
        if column == 3 and summarize(obj).restarts:
            return Tone.WARN
        return None

    def is_fault(self, obj: Pod) -> bool:
        """Everything but finished pods and pods with all containers ready, as in k9s."""
        summary = summarize(obj)
        if summary.status in _DONE:
            return False
        return not summary.is_ready or summary.status != "Running"
