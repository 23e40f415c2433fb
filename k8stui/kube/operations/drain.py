"""Draining nodes: cordoned first, then what runs there is evicted; what stays, and what is lost. Pure.

Source: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kube.operations.deletion import HELD, plan_evict
from k8stui.kube.operations.nodes import plan_cordon
from k8stui.kube.operations.plans import Plan, PlanError, Ref, dig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from k8stui.kube.catalog import Kind

MIRROR = "kubernetes.io/config.mirror"
"""What the API's copy of a static pod has: the kubelet runs it from a file, an eviction ends nothing."""
NAMED = 5


def plan_drain(
    nodes: Mapping[Ref, Mapping[str, Any]], pods: Iterable[Mapping[str, Any]], pod_kind: Kind
) -> Plan:
    """Cordon nodes and evict their pods, as these were read. Raises PlanError where nothing is to be done."""
    cordoned = [ref for ref, node in nodes.items() if not dig(dict(node), "spec", "unschedulable")]
    leaving: list[Mapping[str, Any]] = []
    daemons = static = going = 0
    for pod in pods:
        meta = pod.get("metadata") or {}
        if MIRROR in (meta.get("annotations") or {}):
            static += 1
        elif _controller(pod) == "DaemonSet":
            daemons += 1
        elif meta.get("deletionTimestamp"):
            going += 1
        else:
            leaving.append(pod)
    evicted = [_ref(pod, pod_kind) for pod in leaving]
    if not cordoned and not evicted:
        raise PlanError("Nothing is to be done: all that could go is gone, and no new pods come.")
    counts = {"of DaemonSets": daemons, "of the kubelet itself": static}
    staying = [f"{count} {whose}" for whose, count in counts.items() if count]
    notes = ["No new pods come from now on; those that are there are evicted, with their own grace."]
    if staying:
        notes.append(f"Pods that stay: {', '.join(staying)}.")
    if going:
        notes.append(f"Pods that are ending already: {going}.")
    notes.append(HELD)
    changes = (*plan_cordon(cordoned, on=True).changes, *plan_evict(evicted).changes)
    return Plan(
        "Drain",
        "drained",
        changes,
        notes=tuple(notes),
        warnings=tuple(_losses(leaving)),
        destroys=True,
        first=len(cordoned),
    )


def _losses(pods: Sequence[Mapping[str, Any]]) -> list[str]:
    """What does not come back."""
    lonely = [pod for pod in pods if not _controller(pod)]
    volumes = [
        pod
        for pod in pods
        if any("emptyDir" in volume for volume in dig(dict(pod), "spec", "volumes") or ())
        and dig(dict(pod), "status", "phase") not in ("Succeeded", "Failed")
    ]
    found = []
    if lonely:
        found.append(f"No controller makes these anew: {_names(lonely)}.")
    if volumes:
        found.append(f"What these keep in emptyDir volumes is lost: {_names(volumes)}.")
    return found


def _names(pods: Sequence[Mapping[str, Any]]) -> str:
    names = [f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}" for pod in pods[:NAMED]]
    return ", ".join(names) + (f" and {len(pods) - NAMED} more" if len(pods) > NAMED else "")


def _controller(pod: Mapping[str, Any]) -> str:
    """The kind of what manages a pod; empty where nothing does."""
    owners = dig(dict(pod), "metadata", "ownerReferences") or ()
    return next((str(owner.get("kind", "")) for owner in owners if owner.get("controller")), "")


def _ref(pod: Mapping[str, Any], kind: Kind) -> Ref:
    meta = pod["metadata"]
    return Ref(kind, meta["name"], meta.get("namespace", ""), meta.get("uid", ""))
