"""One run of a container, as its pod's spec and status tell it. Pure functions of pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Pod = Mapping[str, Any]
STATUS_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
SPEC_LISTS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Container:
    """One run of a container: a restart is another one, with another id. Times: seconds since the epoch."""

    namespace: str
    pod: str
    pod_uid: str
    name: str
    id: str
    """Without the `containerd://` in front."""
    image: str
    command: tuple[str, ...]
    """`command` and `args` of the spec."""
    started_at: float
    finished_at: float | None = None
    exit_code: int | None = None
    reason: str = ""
    """Why it ended: Completed, Error, OOMKilled..."""
    restart: int = 0
    """How many runs came before this one."""
    stdin: bool = False
    tty: bool = False
    node: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """`Kind/name` of the controller, empty without one."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables with literal values."""
    ip: str = ""
    mounts: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Mount path and volume (as in the pod's spec)."""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.finished_at is None

    @classmethod
    def from_pod(cls, pod: Pod, name: str, *, previous: bool = False) -> Container | None:
        """The current (or the previous) run as the pod's status tells it; None where there is no such run."""
        status = container_status(pod, name)
        if status is None:
            return None
        state: Mapping[str, Any] = status.get("state") or {}
        last: Mapping[str, Any] = status.get("lastState") or {}
        restarts = int(status.get("restartCount", 0))
        if previous or ("waiting" in state and last.get("terminated")):
            # Between two runs of a crash loop the kubelet shows the log of the run that ended; the run that
            # comes next is counted in restartCount only once it has started.
            restarts -= 1 if "waiting" not in state else 0
            state = last
        ended = state.get("terminated")
        running = state.get("running")
        if not ended and not running:
            return None
        run: Mapping[str, Any] = ended or running or {}
        spec = container_spec(pod, name) or {}
        meta, pod_spec = pod["metadata"], pod.get("spec", {})
        owners = meta.get("ownerReferences") or []
        return cls(
            namespace=meta.get("namespace", ""),
            pod=meta["name"],
            pod_uid=meta.get("uid", ""),
            name=name,
            id=bare_id((ended or {}).get("containerID") or status.get("containerID") or ""),
            image=spec.get("image", ""),
            command=(*(spec.get("command") or ()), *(spec.get("args") or ())),
            started_at=epoch(run.get("startedAt")) or epoch(meta.get("creationTimestamp")) or 0.0,
            finished_at=None if ended is None else epoch(ended.get("finishedAt")) or 0.0,
            exit_code=None if ended is None else int(ended.get("exitCode", 0)),
            reason=(ended or {}).get("reason", ""),
            restart=max(0, restarts),
            stdin=bool(spec.get("stdin")),
            tty=bool(spec.get("tty")),
            node=pod_spec.get("nodeName", ""),
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            owner=f"{owners[0]['kind']}/{owners[0]['name']}" if owners else "",
            env={item["name"]: item["value"] for item in spec.get("env") or () if item.get("value")},
            ip=(pod.get("status") or {}).get("podIP", ""),
            mounts=_mounts(pod_spec, spec),
        )


def bare_id(container_id: str) -> str:
    """`containerd://abc` -> `abc`."""
    return container_id.rpartition("//")[2]


def epoch(moment: str | float | datetime | None) -> float | None:
    """Seconds since the epoch of an RFC 3339 time, a datetime or such a number; None of nothing."""
    if moment is None or moment == "":
        return None
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(moment, (int, float)):
        return float(moment)
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def container_status(pod: Pod, name: str) -> Mapping[str, Any] | None:
    """The status entry of a container, whatever its kind."""
    return _named(pod.get("status") or {}, STATUS_LISTS, name)


def container_spec(pod: Pod, name: str) -> Mapping[str, Any] | None:
    """The spec entry of a container, whatever its kind."""
    return _named(pod.get("spec") or {}, SPEC_LISTS, name)


def _mounts(
    pod_spec: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    volumes = {volume["name"]: volume for volume in pod_spec.get("volumes") or ()}
    mounts = ((mount["mountPath"], volumes.get(mount["name"])) for mount in spec.get("volumeMounts") or ())
    return tuple((path, volume) for path, volume in mounts if volume is not None)


def _named(holder: Mapping[str, Any], lists: Sequence[str], name: str) -> Mapping[str, Any] | None:
    for key in lists:
        for entry in holder.get(key) or ():
            if entry.get("name") == name:
                found: Mapping[str, Any] = entry
                return found
    return None


def started_container(
    pod: Pod, name: str, container_id: str, started_at: str | float | datetime
) -> Container:
    """The container that has just started, whether or not the status says so yet."""
    status = {"name": name, "containerID": container_id, "state": {"running": {"startedAt": started_at}}}
    seen: dict[str, Any] = {**pod, "status": {"containerStatuses": [status]}}
    container = Container.from_pod(seen, name)
    if container is None:
        raise ValueError(f"no container {name}")
    return container
