"""Draining nodes: cordoned first, then what runs there is evicted, until it is gone. Pure.

What stays and what is lost is said before.

Source: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.operations.deletion import HELD, plan_evict
from k8stui.kube.operations.nodes import plan_cordon
from k8stui.kube.operations.plans import Change, Plan, PlanError, Ref, Request, dig

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
    found = _sorted_out(pods)
    evicted = [_ref(pod, pod_kind) for pod in found.leaving]
    ending = [_ref(pod, pod_kind) for pod in found.ending]
    if not cordoned and not evicted and not ending:
        raise PlanError("Nothing is to be done: all that could go is gone, and no new pods come.")
    changes = (
        *plan_cordon(cordoned, on=True).changes,
        *(msgspec.structs.replace(change, until_gone=True) for change in plan_evict(evicted).changes),
        *(Change(ref, (), "is ending already", until_gone=True) for ref in ending),
    )
    return Plan(
        "Drain",
        "drained",
        changes,
        notes=tuple(_notes(found)),
        warnings=tuple(_losses(found.leaving)),
        destroys=True,
        first=len(cordoned),
        whole=tuple(nodes),
        lists=tuple(pods_of(ref, pod_kind) for ref in nodes),
    )


class _Found(msgspec.Struct):
    """The pods of nodes by what becomes of them."""

    leaving: list[Mapping[str, Any]] = []
    ending: list[Mapping[str, Any]] = []
    """They are being deleted already."""
    daemons: int = 0
    static: int = 0


def _sorted_out(pods: Iterable[Mapping[str, Any]]) -> _Found:
    found = _Found()
    for pod in pods:
        meta = pod.get("metadata") or {}
        if MIRROR in (meta.get("annotations") or {}):
            found.static += 1
        elif _controller(pod) == "DaemonSet":
            found.daemons += 1
        elif meta.get("deletionTimestamp"):
            found.ending.append(pod)
        else:
            found.leaving.append(pod)
    return found


def _notes(found: _Found) -> list[str]:
    """What is to be known before."""
    notes = [
        "No new pods come from now on; those that are there are evicted, with their own grace.",
        "It is drained when they are gone; to stop waiting for that undoes nothing.",
    ]
    counts = {"of DaemonSets": found.daemons, "of the kubelet itself": found.static}
    if staying := [f"{count} {whose}" for whose, count in counts.items() if count]:
        notes.append(f"Pods that stay: {', '.join(staying)}.")
    if found.ending:
        notes.append(f"Pods that are ending already: {len(found.ending)}.")
    return [*notes, HELD]


def pods_of(node: Ref, pod_kind: Kind) -> Request:
    """The list of a node's pods."""
    return Request("GET", pod_kind.path(), params={"fieldSelector": f"spec.nodeName={node.name}"})


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
