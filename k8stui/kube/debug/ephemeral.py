"""Ephemeral containers on servers of every age, and waiting for a container until it runs or cannot.

Adding one goes by PATCH (1.22 and later) or by PUT of the alpha kind (1.20, 1.21). Waiting reads the pod
again and again, which asks for no right but `get pods`. Nothing is ever removed here: nothing can be.

Source: KEP-277; kubelet's container waiting reasons (pkg/kubelet/images, pkg/kubelet/kuberuntime).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.errors import ApiError, plain_text
from k8stui.kube.sessions.look import read_pod
from k8stui.kube.sessions.target import (
    ContainerChoice,
    ContainerRole,
    SessionTarget,
    container_choices,
    container_state,
)

if TYPE_CHECKING:
    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.debug.plans import Plan

__all__ = [
    "Outcome",
    "OutcomeKind",
    "Progress",
    "add_ephemeral",
    "ephemeral_containers",
    "no_ephemeral",
    "wait_for_container",
]

PATIENCE = 8.0
"""Seconds that a failure of a kind that may heal (an image pull) must last until it is taken for one."""
FIRST_LOOK, SLOWEST_LOOK = 0.15, 1.0

_HOPELESS = frozenset(
    {"ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"}
)
_FAILING = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ImageInspectError",
        "RegistryUnavailable",
        "RunContainerError",
        "CrashLoopBackOff",
        "SignatureValidationFailed",
    }
)
_PULLING = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})


@dataclass(frozen=True, slots=True)
class Progress:
    """How it goes. `failing` says that it looks bad, though it may heal; `text` is one line of plain text."""

    text: str
    failing: bool = False


class OutcomeKind(Enum):
    RUNNING = "running"
    ENDED = "ended"
    """It ran and is over: its logs are what there is to see."""
    FAILED = "failed"
    """It will not run as things are, or the pod is gone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a container. `sentence` says it in words, `hint` what to do next."""

    kind: OutcomeKind
    sentence: str
    hint: str = ""
    uid: str = ""
    """Of the pod."""
    exit_code: int | None = None


def ephemeral_containers(pod: Mapping[str, Any]) -> tuple[ContainerChoice, ...]:
    """The ephemeral containers of a pod, newest last; `can_reattach` says which can be joined."""
    return tuple(choice for choice in container_choices(pod) if choice.role is ContainerRole.EPHEMERAL)


def no_ephemeral(pod: Mapping[str, Any]) -> str:
    """Why a kubelet would start no ephemeral container in this pod; empty where it would.

    It does beside containers that crash, wait or pull: none of them has to run.
    """
    status = pod.get("status") or {}
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return "the pod is being deleted"
    if status.get("phase") in ("Succeeded", "Failed"):
        return f"the pod has ended ({status['phase']})"
    if not (pod.get("spec") or {}).get("nodeName"):
        return "the pod is on no node yet"
    return ""


async def add_ephemeral(connection: Requests, plan: Plan) -> dict[str, Any]:
    """Carry out the step of `plan_ephemeral`; gives the server's answer.

    Raises KubeError; ApiError with reason "FeatureOff" where the server knows no ephemeral containers.
    """
    (step,) = plan.steps
    try:
        answer = await _send(connection, step.method, step.path, step.body, step.content_type)
        # Servers of 1.20 and 1.21 take the patch for one of their alpha kind, and change nothing.
        if answer.get("kind") == "EphemeralContainers":
            answer = await _put_alpha(connection, step.path, plan, answer)
    except ApiError as error:
        if error.code == 404 and not error.details.name:
            raise ApiError(
                404,
                "FeatureOff",
                "This server has no ephemeral containers (the feature is off, or the server older than 1.20)",
                details=error.details,
                hint="debug a copy of the pod instead",
            ) from None
        if error.code == 422 and "securityContext" in error.message:
            raise ApiError(
                422,
                error.reason,
                error.message,
                details=error.details,
                hint="servers before 1.23 allow an ephemeral container no security context: choose baseline",
            ) from None
        if error.code in (405, 415):
            current = await _send(connection, "GET", step.path, None, "")
            answer = await _put_alpha(connection, step.path, plan, current)
        else:
            raise
    return answer


async def _put_alpha(
    connection: Requests, path: str, plan: Plan, current: Mapping[str, Any]
) -> dict[str, Any]:
    """Servers before 1.22: the list of all of them, put as a whole, with the version that was read."""
    metadata = current.get("metadata") or {}
    if plan.target_uid and metadata.get("uid", plan.target_uid) != plan.target_uid:
        raise ApiError(
            409, "Conflict", f"pods {plan.pod!r} is another pod now", hint="look at the pods again"
        )
    present = current.get("ephemeralContainers") or []
    body = {
        "apiVersion": "v1",
        "kind": "EphemeralContainers",
        "metadata": metadata,
        "ephemeralContainers": [*present, plan.alpha],
    }
    return await _send(connection, "PUT", path, body, "application/json")


async def _send(
    connection: Requests, method: str, path: str, body: Mapping[str, Any] | None, content_type: str
) -> dict[str, Any]:
    if body is None:
        response = await connection.request(method, path)
    else:
        response = await connection.request(
            method, path, body=msgspec.json.encode(body), content_type=content_type
        )
    answer: dict[str, Any] = msgspec.json.decode(response.body, type=dict[str, Any])
    return answer


# -- waiting -----------------------------------------------------------------------------------


async def wait_for_container(
    connection: Requests,
    target: SessionTarget,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    patience: float = PATIENCE,
    clock: Clock | None = None,
) -> Outcome:
    """Wait until the container runs, has ended, or will not run. Cancel it to give up; that changes nothing.

    `on_progress` gets each change of what it waits for. Raises KubeError when the pod cannot be read.
    """
    clock = clock or SystemClock()
    pause, last, failing_since = FIRST_LOOK, None, None
    best = ""
    while True:
        try:
            pod = await read_pod(connection, target)
        except ApiError as error:
            if error.code != 404:
                raise
            return Outcome(OutcomeKind.FAILED, f"The pod {target.pod} is gone", "look at the pods again")
        outcome = _outcome(pod, target)
        if outcome is not None:
            return outcome
        reason, text = waiting_for(pod, target.container)
        # the back-off hides why a pull failed: the first message says more
        best = _better(best, reason, text)
        failing = reason in _FAILING or reason in _HOPELESS
        progress = Progress(best if failing and best else text, failing)
        if progress != last and on_progress is not None:
            on_progress(progress)
        last = progress
        now = clock.monotonic()
        failing_since = (failing_since or now) if failing else None
        if reason in _HOPELESS or (failing_since is not None and now - failing_since >= patience):
            return Outcome(OutcomeKind.FAILED, progress.text, _failure_hint(reason), _uid(pod))
        await clock.sleep(pause)
        pause = min(SLOWEST_LOOK, pause * 1.3)


def _better(best: str, reason: str, text: str) -> str:
    if reason not in _FAILING and reason not in _HOPELESS:
        return ""
    return best if reason == "ImagePullBackOff" and best else text


def _failure_hint(reason: str) -> str:
    if reason in _PULLING:
        return "check the image's name and whether the node can reach its registry"
    return "look at the pod's events"


def _uid(pod: Mapping[str, Any]) -> str:
    return str((pod.get("metadata") or {}).get("uid", ""))


def _outcome(pod: Mapping[str, Any], target: SessionTarget) -> Outcome | None:
    """The outcome that a pod shows; None while there is none."""
    uid = _uid(pod)
    if target.uid and uid and uid != target.uid:
        return Outcome(
            OutcomeKind.FAILED, f"The pod {target.pod} is another pod now", "look at the pods again"
        )
    status = _container_status(pod, target.container)
    state, detail = container_state(status)
    if state == "running":
        return Outcome(OutcomeKind.RUNNING, f"Container {target.container} runs", uid=uid)
    if state == "terminated":
        ended = status["state"]["terminated"]
        return _ended(target, ended if isinstance(ended, Mapping) else {}, detail, uid)
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Failed", "Succeeded"):
        message = plain_text(str((pod.get("status") or {}).get("message") or ""))
        why = message or str((pod.get("status") or {}).get("reason") or "")
        said = f"The pod {target.pod} has ended ({phase})" + (f": {why}" if why else "")
        return Outcome(OutcomeKind.FAILED, said, "look at the pod's events", uid)
    return None


def _ended(target: SessionTarget, ended: Mapping[str, Any], detail: str, uid: str) -> Outcome:
    reason = str(ended.get("reason") or "")
    code = ended.get("exitCode")
    message = plain_text(str(ended.get("message") or ""))
    if reason in ("StartError", "ContainerCannotRun", "ContainerStatusUnknown"):
        said = f"Container {target.container} could not be started: {message or reason}"
        return Outcome(OutcomeKind.FAILED, said, "try another command or image", uid, code)
    said = f"Container {target.container} has ended already ({detail})"
    return Outcome(OutcomeKind.ENDED, said, "read its logs", uid, code if isinstance(code, int) else None)


def _container_status(pod: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    status = pod.get("status") or {}
    for key in ("ephemeralContainerStatuses", "containerStatuses", "initContainerStatuses"):
        for entry in status.get(key) or ():
            if isinstance(entry, Mapping) and entry.get("name") == name:
                return entry
    return {}


def waiting_for(pod: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Why a container does not run yet: the machine-readable reason ("" if none), and a line of text."""
    waiting = (_container_status(pod, name).get("state") or {}).get("waiting") or {}
    reason = str(waiting.get("reason") or "")
    message = plain_text(str(waiting.get("message") or ""))
    if reason and reason not in ("ContainerCreating", "PodInitializing"):
        return reason, f"{reason}: {message}" if message else reason
    conditions = (pod.get("status") or {}).get("conditions") or ()
    for condition in conditions:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            said = plain_text(str(condition.get("message") or condition.get("reason") or ""))
            return "Unschedulable", f"No node takes the pod: {said}"
    for entry in (pod.get("status") or {}).get("initContainerStatuses") or ():
        if (entry.get("state") or {}).get("waiting", {}).get("reason") in _FAILING | _HOPELESS:
            held = entry["state"]["waiting"]["reason"]
            return "", f"Init container {entry.get('name')} holds it up: {held}"
    if reason == "PodInitializing":
        return reason, "Waiting for the pod's init containers"
    if reason == "ContainerCreating":
        return reason, "Creating the container" + (f": {message}" if message else "")
    return "", "Waiting for the kubelet"
