"""The status of a Deployment: counts, and the conditions that `kubectl rollout status` and `wait` read."""

from __future__ import annotations

from typing import Any

from k8stui.demo.store import rfc3339
from k8stui.demo.world.ids import parse

Obj = dict[str, Any]

__all__ = ["bounds", "deployment_status", "is_complete", "resolve"]


def resolve(value: Any, total: int, *, up: bool) -> int:
    """An absolute number or a percentage of total."""
    if isinstance(value, str) and value.endswith("%"):
        part = int(value[:-1]) * total
        return -(-part // 100) if up else part // 100
    return int(value or 0)


def bounds(deployment: Obj) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) as numbers of pods."""
    spec = deployment["spec"]
    rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
    if spec.get("strategy", {}).get("type") == "Recreate":
        return 0, spec["replicas"]
    surge = resolve(rolling.get("maxSurge", "25%"), spec["replicas"], up=True)
    unavailable = resolve(rolling.get("maxUnavailable", "25%"), spec["replicas"], up=False)
    if not surge and not unavailable:
        unavailable = 1
    return surge, unavailable


def is_complete(deployment: Obj) -> bool:
    """Whether the last rollout is through."""
    spec, status = deployment["spec"], deployment.get("status", {})
    wanted = spec["replicas"]
    counts = (status.get("updatedReplicas", 0), status.get("replicas", 0), status.get("availableReplicas", 0))
    return (
        counts == (wanted, wanted, wanted)
        and status.get("observedGeneration") == deployment["metadata"]["generation"]
    )


def _condition(
    old: dict[str, Obj], kind: str, status: str, reason: str, message: str, now: str, *, touch: bool = False
) -> Obj:
    """The condition with the times that follow from the one before: update when anything differs."""
    before = old.get(kind, {})
    same_state = before.get("status") == status
    if same_state and before.get("reason") == reason and before.get("message") == message and not touch:
        return before
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": before["lastTransitionTime"] if same_state else now,
        "reason": reason,
        "message": message,
    }


def deployment_status(
    deployment: Obj, current: Obj | None, sets: list[Obj], now: float
) -> tuple[Obj, float | None]:
    """The status as it should be, and after how many seconds to look again for the progress deadline."""

    def total(field: str, some: list[Obj]) -> int:
        return sum(rs.get("status", {}).get(field, 0) for rs in some)

    spec, before = deployment["spec"], deployment.get("status", {})
    mine = [current] if current is not None else []
    counts = {
        "replicas": total("replicas", sets),
        "updatedReplicas": total("replicas", mine),
        "readyReplicas": total("readyReplicas", sets),
        "availableReplicas": total("availableReplicas", sets),
    }
    counts["unavailableReplicas"] = max(
        0, sum(rs["spec"]["replicas"] for rs in sets) - counts["availableReplicas"]
    )
    status: Obj = {"observedGeneration": deployment["metadata"]["generation"]}
    status |= {k: v for k, v in counts.items() if v}
    if "terminatingReplicas" in before or "collisionCount" in before:
        status |= {k: before[k] for k in ("collisionCount",) if k in before}
    old = {c["type"]: c for c in before.get("conditions", ())}
    stamp = rfc3339(now)
    rows = [_available(old, spec, counts["availableReplicas"], stamp)]
    failed = next(
        (
            c
            for rs in sets
            for c in rs.get("status", {}).get("conditions", ())
            if c["type"] == "ReplicaFailure"
        ),
        None,
    )
    if failed is not None:
        rows.append(_condition(old, "ReplicaFailure", "True", failed["reason"], failed["message"], stamp))
    progress, again = _progress(old, deployment, current, counts, before, now)
    rows.append(progress)
    order = {c["type"]: i for i, c in enumerate(before.get("conditions", ()))}
    rows.sort(key=lambda c: order.get(c["type"], 9))
    return status | {"conditions": rows}, again


def _available(old: dict[str, Obj], spec: Obj, available: int, now: str) -> Obj:
    _, unavailable = bounds({"spec": spec})
    if available >= spec["replicas"] - unavailable:
        text = "Deployment has minimum availability."
        return _condition(old, "Available", "True", "MinimumReplicasAvailable", text, now)
    text = "Deployment does not have minimum availability."
    return _condition(old, "Available", "False", "MinimumReplicasUnavailable", text, now)


def _progress(
    old: dict[str, Obj], deployment: Obj, current: Obj | None, counts: dict[str, int], before: Obj, now: float
) -> tuple[Obj, float | None]:
    spec, stamp, was = deployment["spec"], rfc3339(now), old.get("Progressing", {})
    if spec.get("paused"):
        return (
            _condition(old, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", stamp),
            None,
        )
    if was.get("reason") == "DeploymentPaused":
        return (
            _condition(old, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", stamp),
            0.2,
        )
    name = f'ReplicaSet "{current["metadata"]["name"]}"' if current else "Deployment"
    wanted = spec["replicas"]
    done = counts["updatedReplicas"] == wanted == counts["replicas"] == counts["availableReplicas"]
    if done:
        text = f"{name} has successfully progressed."
        return _condition(old, "Progressing", "True", "NewReplicaSetAvailable", text, stamp), None
    names = ("updatedReplicas", "readyReplicas", "availableReplicas")
    moved = any(counts[k] > before.get(k, 0) for k in names) or counts["replicas"] < before.get("replicas", 0)
    fresh = (
        was.get("reason") == "NewReplicaSetAvailable" or not was or was.get("reason") == "DeploymentResumed"
    )
    if was.get("reason") == "NewReplicaSetAvailable" and name in was.get("message", "") and not moved:
        return was, None  # a pod fell over or it was scaled: no rollout is under way
    if moved or fresh:
        text = f"{name} is progressing."
        row = _condition(old, "Progressing", "True", "ReplicaSetUpdated", text, stamp, touch=True)
        return row, float(spec.get("progressDeadlineSeconds", 600)) + 0.1
    if was.get("status") == "False":
        return was, None
    left = parse(was["lastUpdateTime"]).timestamp() + spec.get("progressDeadlineSeconds", 600) - now
    if left > 0:
        return was, left + 0.1
    text = f"{name} has timed out progressing."
    return _condition(old, "Progressing", "False", "ProgressDeadlineExceeded", text, stamp), None
