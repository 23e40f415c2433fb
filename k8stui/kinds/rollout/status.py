"""How a rollout stands: what is updated, available, still old, and whether it goes on, is done or is stuck.

The same facts and the same order of questions as `kubectl rollout status`. Pure functions of raw objects.
Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class RolloutPhase(Enum):
    """How a rollout stands."""

    PROGRESSING = "rolling out"
    COMPLETE = "complete"
    STUCK = "stuck"
    PAUSED = "paused"
    MANUAL = "manual"
    """Its strategy (OnDelete) replaces pods only when somebody deletes them."""


class RolloutStatus(msgspec.Struct, frozen=True):
    """A rollout at one moment. `sentence` says it in words; the numbers are pods."""

    phase: RolloutPhase
    sentence: str
    wanted: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    old: int = 0
    reason: str = ""
    """The server's own message where it is stuck."""

    @property
    def ended(self) -> bool:
        """Nothing more will happen by itself."""
        return self.phase in (RolloutPhase.COMPLETE, RolloutPhase.STUCK, RolloutPhase.MANUAL)

    @property
    def part(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.phase is RolloutPhase.COMPLETE:
            return 1.0
        if not self.wanted:
            return 0.0
        return min(1.0, max(0.0, min(self.available, self.updated) / self.wanted))


def rollout_status(kind: str, obj: Mapping[str, Any]) -> RolloutStatus | None:
    """The status of a Deployment, StatefulSet or DaemonSet (`kind` as in manifests); None for other kinds."""
    if kind == "Deployment":
        return _deployment(obj)
    if kind == "StatefulSet":
        return _stateful_set(obj)
    return _daemon_set(obj) if kind == "DaemonSet" else None


def _number(status: Mapping[str, Any], key: str) -> int:
    return int(status.get(key) or 0)


def _unseen(obj: Mapping[str, Any]) -> bool:
    """The controller has not yet looked at the newest spec."""
    generation = int((obj.get("metadata") or {}).get("generation") or 0)
    return generation > _number(obj.get("status") or {}, "observedGeneration")


def _deployment(obj: Mapping[str, Any]) -> RolloutStatus:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    wanted = int(spec["replicas"] if spec.get("replicas") is not None else 1)
    updated, total = _number(status, "updatedReplicas"), _number(status, "replicas")
    available, ready = _number(status, "availableReplicas"), _number(status, "readyReplicas")

    def made(phase: RolloutPhase, sentence: str, reason: str = "") -> RolloutStatus:
        old = max(0, total - updated)
        return RolloutStatus(phase, sentence, wanted, updated, ready, available, old, reason)

    going = RolloutPhase.PAUSED if spec.get("paused") else RolloutPhase.PROGRESSING
    if _unseen(obj):
        return made(going, "The controller has not yet seen the change.")
    failed = next(
        (
            condition
            for condition in status.get("conditions") or ()
            if condition.get("type") == "Progressing"
            and condition.get("reason") == "ProgressDeadlineExceeded"
        ),
        None,
    )
    if failed is not None:
        deadline = spec.get("progressDeadlineSeconds", 600)
        said = f"Stuck: no progress for {deadline} s ({updated} of {wanted} new pods, {available} available)."
        return made(RolloutPhase.STUCK, said, str(failed.get("message") or ""))
    if updated < wanted:
        return made(going, _paused(going, f"{updated} of {wanted} new pods are there."))
    if total > updated:
        return made(going, _paused(going, f"{_pods(total - updated, 'old')} still to end."))
    if available < updated:
        return made(going, _paused(going, f"{available} of {updated} new pods are available."))
    return made(RolloutPhase.COMPLETE, f"Complete: all {_pods(updated, 'new')} are available.")


def _paused(phase: RolloutPhase, sentence: str) -> str:
    return f"Paused: {sentence}" if phase is RolloutPhase.PAUSED else f"Rolling out: {sentence}"


def _pods(number: int, adjective: str) -> str:
    return f"{number} {adjective} pod{'s' * (number != 1)}"


def _on_delete(updated: int, wanted: int) -> str:
    return f"OnDelete: {updated} of {wanted} pods are new; deleting an old one renews it."


def _manual(obj: Mapping[str, Any]) -> bool:
    strategy = (obj.get("spec") or {}).get("updateStrategy") or {}
    return str(strategy.get("type") or "RollingUpdate") != "RollingUpdate"


def _daemon_set(obj: Mapping[str, Any]) -> RolloutStatus:
    status = obj.get("status") or {}
    wanted, updated = _number(status, "desiredNumberScheduled"), _number(status, "updatedNumberScheduled")
    available, ready = _number(status, "numberAvailable"), _number(status, "numberReady")
    old = max(0, _number(status, "currentNumberScheduled") - updated)

    def made(phase: RolloutPhase, sentence: str) -> RolloutStatus:
        return RolloutStatus(phase, sentence, wanted, updated, ready, available, old)

    if _manual(obj):
        return made(RolloutPhase.MANUAL, _on_delete(updated, wanted))
    if _unseen(obj):
        return made(RolloutPhase.PROGRESSING, "The controller has not yet seen the change.")
    if updated < wanted:
        return made(RolloutPhase.PROGRESSING, f"Rolling out: {updated} of {wanted} new pods are there.")
    if available < wanted:
        return made(RolloutPhase.PROGRESSING, f"Rolling out: {available} of {wanted} new pods are available.")
    return made(RolloutPhase.COMPLETE, f"Complete: all {_pods(wanted, 'new')} are available.")


def _stateful_set(obj: Mapping[str, Any]) -> RolloutStatus:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    wanted = int(spec["replicas"] if spec.get("replicas") is not None else 1)
    updated, ready = _number(status, "updatedReplicas"), _number(status, "readyReplicas")
    # servers before 1.22 count no available pods here
    available = _number(status, "availableReplicas") if "availableReplicas" in status else ready
    newest, current = status.get("updateRevision", ""), status.get("currentRevision", "")
    if newest == current and not updated:
        updated = _number(status, "currentReplicas")

    def made(phase: RolloutPhase, sentence: str) -> RolloutStatus:
        old = max(0, _number(status, "replicas") - updated)
        return RolloutStatus(phase, sentence, wanted, updated, ready, available, old)

    if _manual(obj):
        return made(RolloutPhase.MANUAL, _on_delete(updated, wanted))
    if not _number(status, "observedGeneration") or _unseen(obj):
        return made(RolloutPhase.PROGRESSING, "The controller has not yet seen the change.")
    if ready < wanted:
        return made(RolloutPhase.PROGRESSING, f"Rolling out: {_pods(wanted - ready, 'more')} to be ready.")
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        meant = max(0, wanted - int(partition))
        if updated < meant:
            said = f"Rolling out down to pod {partition}: {updated} of {meant} new pods are there."
            return made(RolloutPhase.PROGRESSING, said)
        return made(RolloutPhase.COMPLETE, f"Complete down to pod {partition}: {_pods(updated, 'new')}.")
    if newest != current:
        return made(RolloutPhase.PROGRESSING, f"Rolling out: {updated} of {wanted} new pods are there.")
    return made(RolloutPhase.COMPLETE, f"Complete: all {_pods(wanted, 'new')} are ready.")
