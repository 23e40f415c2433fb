"""Where a session goes: a container of a pod, and which of them it may be. Pure functions of a pod.

A pod is the JSON object as the server sent it. Nothing is asked of a server in here.

Source: https://kubernetes.io/docs/reference/labels-annotations-taints/ (default-container, os).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

__all__ = [
    "ContainerChoice",
    "ContainerRole",
    "SessionTarget",
    "container_choices",
    "default_choice",
    "operating_system",
]

Json = Mapping[str, Any]

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_OS_LABELS = ("kubernetes.io/os", "beta.kubernetes.io/os")


class ContainerRole(Enum):
    """What a container is for; the value is the word to show."""

    REGULAR = "container"
    SIDECAR = "sidecar"
    INIT = "init"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True)
class SessionTarget:
    """One container of one pod. `uid` is the pod's ("" if unknown): its name alone may be another's."""

    namespace: str
    pod: str
    container: str = ""
    uid: str = ""

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.pod}"
        return f"{where} {self.container}" if self.container else where


@dataclass(frozen=True, slots=True)
class ContainerChoice:
    """A container to choose from. `state` is "running", "waiting", "terminated", or "" where unknown.

    `detail` says more ("CrashLoopBackOff", "Completed, exit code 0"); `stdin` and `tty` are as in its spec,
    which is what attaching to it can use.
    """

    name: str
    role: ContainerRole
    image: str = ""
    state: str = ""
    detail: str = ""
    stdin: bool = False
    tty: bool = False
    is_default: bool = False
    target: str = ""
    """Of an ephemeral container: whose processes it sees."""

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def can_reattach(self) -> bool:
        """Whether a terminal can be joined to its main process."""
        return self.running and self.stdin and self.tty


_LISTS = (
    ("containers", "containerStatuses", ContainerRole.REGULAR),
    ("initContainers", "initContainerStatuses", ContainerRole.INIT),
    ("ephemeralContainers", "ephemeralContainerStatuses", ContainerRole.EPHEMERAL),
)


def container_choices(pod: Json) -> tuple[ContainerChoice, ...]:
    """All containers: regular ones first, then sidecars, init and ephemeral ones, each in the pod's order.

    Exactly one has `is_default` where there is any: that of the annotation, else the first regular one that
    runs, else any that runs, else the first.
    """
    spec, status = _map(pod.get("spec")), _map(pod.get("status"))
    found: list[ContainerChoice] = []
    for key, statuses_key, role in _LISTS:
        statuses = {str(entry.get("name", "")): entry for entry in _maps(status.get(statuses_key))}
        for container in _maps(spec.get(key)):
            name = str(container.get("name", ""))
            found.append(_choice(container, role, _map(statuses.get(name))))
    order = (ContainerRole.REGULAR, ContainerRole.SIDECAR, ContainerRole.INIT, ContainerRole.EPHEMERAL)
    found.sort(key=lambda choice: order.index(choice.role))
    annotations = _map(_map(pod.get("metadata")).get("annotations"))
    wanted = str(annotations.get(DEFAULT_CONTAINER, ""))
    chosen = _default_index(found, wanted)
    return tuple(_marked(choice) if position == chosen else choice for position, choice in enumerate(found))


def default_choice(choices: tuple[ContainerChoice, ...]) -> ContainerChoice | None:
    """The container that is meant when none is named; None for a pod without any."""
    return next((choice for choice in choices if choice.is_default), None)


def operating_system(pod: Json, node: Json | None = None) -> str:
    """ "windows", "linux", or "" where neither the pod nor the node (if given) says."""
    spec = _map(pod.get("spec"))
    name = str(_map(spec.get("os")).get("name", ""))
    if name:
        return name.lower()
    selectors = [_map(spec.get("nodeSelector"))]
    if node is not None:
        selectors.append(_map(_map(node.get("metadata")).get("labels")))
    for labels in selectors:
        for label in _OS_LABELS:
            if labels.get(label):
                return str(labels[label]).lower()
    return ""


def _default_index(choices: list[ContainerChoice], wanted: str) -> int:
    if not choices:
        return -1
    ranked: tuple[Callable[[ContainerChoice], bool], ...] = (
        lambda choice: bool(wanted) and choice.name == wanted,
        lambda choice: choice.running and choice.role is ContainerRole.REGULAR,
        lambda choice: choice.running,
    )
    for fits in ranked:
        for position, choice in enumerate(choices):
            if fits(choice):
                return position
    return 0


def _marked(choice: ContainerChoice) -> ContainerChoice:
    return replace(choice, is_default=True)


def _choice(container: Json, role: ContainerRole, status: Json) -> ContainerChoice:
    if role is ContainerRole.INIT and container.get("restartPolicy") == "Always":
        role = ContainerRole.SIDECAR
    state, detail = container_state(status)
    return ContainerChoice(
        name=str(container.get("name", "")),
        role=role,
        image=str(container.get("image", "")),
        state=state,
        detail=detail,
        stdin=container.get("stdin") is True,
        tty=container.get("tty") is True,
        target=str(container.get("targetContainerName", "")),
    )


def container_state(status: Json) -> tuple[str, str]:
    """The state of a container status ("running", "waiting", "terminated", "") and what more it says."""
    state = _map(status.get("state"))
    if "running" in state:
        return "running", ""
    if "terminated" in state:
        ended = _map(state["terminated"])
        reason = str(ended.get("reason") or "ended")
        return "terminated", f"{reason}, exit code {ended.get('exitCode', '?')}"
    if "waiting" in state:
        waiting = _map(state["waiting"])
        return "waiting", str(waiting.get("reason") or "")
    return "", ""


def _map(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []
