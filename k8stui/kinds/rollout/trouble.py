"""Why a rollout does not get on: what its new pods wait for, in the server's words, most frequent first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST = 4


def pod_trouble(pods: Iterable[Mapping[str, Any]]) -> list[str]:
    """What keeps these pods from being ready: `2 pods: ImagePullBackOff: Back-off pulling image ...`."""
    found: dict[str, list[str]] = {}
    for pod in pods:
        reason = _reason(pod)
        if reason is not None:
            found.setdefault(reason[0], []).append(reason[1])
    most = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:MOST]
    return [
        f"{len(said)} pod{'s' * (len(said) != 1)}: {reason}" + (f": {said[0]}" if said[0] else "")
        for reason, said in most
    ]


def _reason(pod: Mapping[str, Any]) -> tuple[str, str] | None:
    """Reason and message; None for a pod that is ready or only starting."""
    status = pod.get("status") or {}
    conditions = {each.get("type"): each for each in status.get("conditions") or ()}
    if conditions.get("Ready", {}).get("status") == "True":
        return None
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return str(scheduled.get("reason") or "not scheduled"), str(scheduled.get("message") or "")
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state, last = each.get("state") or {}, each.get("lastState") or {}
        waiting = state.get("waiting")
        if waiting and waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            ended = last.get("terminated")
            told = str(waiting.get("message") or "")
            if ended and ended.get("exitCode") is not None:
                told = f"last exit code {ended['exitCode']}; {told}".rstrip("; ")
            return str(waiting["reason"]), told
        ended = state.get("terminated")
        if ended and ended.get("exitCode"):
            return str(ended.get("reason") or "Error"), f"exit code {ended['exitCode']}"
    running = [
        each for each in status.get("containerStatuses") or () if "running" in (each.get("state") or {})
    ]
    if running and any(not each.get("ready") for each in running):
        return "running, not ready", "the readiness probe does not succeed yet"
    return None
