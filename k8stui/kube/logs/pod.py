"""What following logs needs to know of a pod: its containers, their lives, and how each ended.

Decoded from a GET of the pod; independent of what tables show of pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError
from k8stui.kube.logs.types import EPHEMERAL, INIT, REGULAR, SIDECAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8stui.kube.connection.protocols import Requests

TIMEOUT = 15.0
CONFIG_HASH = "kubernetes.io/config.hash"
"""Annotation of pods that a kubelet read from a file: its own uid for them."""


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    """How a life of a container ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: str | None = None
    container_id: str = msgspec.field(name="containerID", default="")

    @property
    def text(self) -> str:
        """In a few words: "exit code 1, Error"."""
        code = f"signal {self.signal}" if self.signal else f"exit code {self.exit_code}"
        return f"{code}, {self.reason}" if self.reason else code

    @property
    def remark(self) -> str:
        """What follows the name of what ended: " (exit code 1, Error): what it left as its message"."""
        said = self.message.strip()
        return f" ({self.text}): {said}" if said else f" ({self.text})"


class _Waiting(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _State(msgspec.Struct, frozen=True):
    waiting: _Waiting | None = None
    running: dict[str, Any] | None = None
    terminated: Terminated | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    container_id: str = msgspec.field(name="containerID", default="")
    restart_count: int = 0
    state: _State | None = None
    last_state: _State | None = None


class _Container(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    restart_policy: str | None = None


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    containers: tuple[_Container, ...] | None = None
    init_containers: tuple[_Container, ...] | None = None
    ephemeral_containers: tuple[_Container, ...] | None = None
    restart_policy: str = "Always"
    node_name: str = ""


class _PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    reason: str = ""
    message: str = ""
    container_statuses: tuple[_Status, ...] | None = None
    init_container_statuses: tuple[_Status, ...] | None = None
    ephemeral_container_statuses: tuple[_Status, ...] | None = None


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    uid: str = ""
    deletion_timestamp: str | None = None
    annotations: dict[str, str] | None = None


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    spec: _Spec = _Spec()
    status: _PodStatus = _PodStatus()


class ContainerLife(msgspec.Struct, frozen=True):
    """A container of a pod and the state of its present life."""

    name: str
    kind: str
    container_id: str = ""
    """The present (or last) life; "" before the first."""
    restarts: int = 0
    running: bool = False
    waiting: str = ""
    """Why it does not run yet, or not again ("CrashLoopBackOff")."""
    ended: Terminated | None = None
    """How the present life ended, if it did."""
    last: Terminated | None = None
    """How the life before ended. In a crash loop, between two runs, it is `ended` that is known."""
    final: bool = False
    """It has ended and will not run again."""

    def restarted(self, missed: int) -> str:
        """That this life has begun, how the one before ended, and how many between them nobody has read."""
        text = f"{self.name} restarted{self.last.remark if self.last is not None else ''}"
        if missed > 0:
            text += f"; it had restarted {missed} more times meanwhile, whose lines are gone"
        return text


class PodLives(msgspec.Struct, frozen=True):
    """The containers of a pod, init containers first."""

    uid: str
    phase: str
    containers: tuple[ContainerLife, ...]
    deleting: bool = False
    node: str = ""
    """The node that it runs on; "" before it has one."""
    log_uid: str = ""
    """As in `LogSource`."""

    def find(self, name: str) -> ContainerLife | None:
        """A container by name."""
        return next((life for life in self.containers if life.name == name), None)


def pod_lives(body: bytes) -> PodLives:
    """The containers in a pod's JSON. Raises ApiError when it is something else."""
    try:
        pod = msgspec.json.decode(body, type=_Pod)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "BadAnswer", f"a pod was answered with something else: {error}") from error
    meta = pod.metadata
    return PodLives(
        meta.uid,
        pod.status.phase,
        tuple(_lives(pod)),
        meta.deletion_timestamp is not None,
        pod.spec.node_name,
        (meta.annotations or {}).get(CONFIG_HASH, meta.uid),
    )


async def read_pod(connection: Requests, path: str) -> PodLives:
    """GET a pod. Raises KubeError."""
    return pod_lives((await connection.request("GET", path, timeout=TIMEOUT)).body)


def _lives(pod: _Pod) -> Iterator[ContainerLife]:
    spec, status = pod.spec, pod.status
    over = status.phase in ("Succeeded", "Failed")
    for containers, statuses, kind in (
        (spec.init_containers, status.init_container_statuses, INIT),
        (spec.containers, status.container_statuses, REGULAR),
        (spec.ephemeral_containers, status.ephemeral_container_statuses, EPHEMERAL),
    ):
        by_name = {found.name: found for found in statuses or ()}
        for container in containers or ():
            sidecar = kind == INIT and container.restart_policy == "Always"
            policy = "Always" if sidecar else "Never" if kind == EPHEMERAL else spec.restart_policy
            life = _life(container.name, SIDECAR if sidecar else kind, by_name.get(container.name))
            yield msgspec.structs.replace(life, final=over or _is_final(life, policy))


def _life(name: str, kind: str, status: _Status | None) -> ContainerLife:
    if status is None:
        return ContainerLife(name, kind)
    state, last = status.state or _State(), status.last_state or _State()
    ended, before = state.terminated, last.terminated
    if state.waiting and before is not None and before.container_id == status.container_id:
        ended, before = before, None  # between two runs the container is still the one that ended
    return ContainerLife(
        name,
        kind,
        status.container_id,
        status.restart_count,
        state.running is not None,
        (state.waiting.reason or state.waiting.message) if state.waiting else "",
        ended,
        before,
    )


def _is_final(life: ContainerLife, policy: str) -> bool:
    """Whether a container that ended stays so. An init container that succeeded never runs again."""
    if life.ended is None:
        return False
    if life.kind == INIT:
        return life.ended.exit_code == 0 or policy == "Never"
    return policy == "Never" or (policy == "OnFailure" and life.ended.exit_code == 0)
