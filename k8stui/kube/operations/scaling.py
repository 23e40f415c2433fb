"""Scaling whatever has the `scale` subresource, custom kinds included. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ (autoscaling/v1 Scale).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kube.operations.plans import Back, Change, Plan, PlanError, Ref, dig, patch

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 2**31 - 1


def replicas_of(scale: Mapping[str, Any]) -> int:
    """What a Scale asks for; a missing number is 0, as the server means it."""
    return int(dig(dict(scale), "spec", "replicas") or 0)


def wanted_of(text: str, current: int) -> int:
    """The number that was typed: `5`, or `+2`, `-1` from what there is. Raises PlanError."""
    text = text.strip()
    if not text.lstrip("+-").isdecimal():
        raise PlanError("Type a number of replicas, or +2 or -1 from what there is.")
    wanted = current + int(text) if text[:1] in "+-" else int(text)
    if not 0 <= wanted <= MOST:
        raise PlanError(f"{wanted} replicas are not possible.")
    return wanted


def plan_scale(scales: Mapping[Ref, Mapping[str, Any]], text: str) -> Plan:
    """Set replicas; `scales` are the Scale objects as read. Raises PlanError.

    Objects that are there already are left out.
    """
    changes = []
    for ref, scale in scales.items():
        now = replicas_of(scale)
        wanted = wanted_of(text, now)
        if wanted != now:
            changes.append(
                Change(
                    ref,
                    (patch(ref, {"spec": {"replicas": wanted}}, subresource="scale"),),
                    f"replicas {now} → {wanted}",
                    (Back(("spec", "replicas"), now),),
                    "scale",
                )
            )
    if not changes:
        raise PlanError("Nothing changes: there are so many already.")
    return Plan("Scale", "scaled", tuple(changes))
