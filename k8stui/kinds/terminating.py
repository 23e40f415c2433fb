"""Why an object that is being deleted is still there: what it waits for, and who should do that. Pure.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.durations import human_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN = {
    "kubernetes.io/pvc-protection": (
        "a pod still uses the claim",
        "the PVC protection controller takes it away when no pod uses it: delete those pods",
    ),
    "kubernetes.io/pv-protection": (
        "a claim is still bound to the volume",
        "the PV protection controller takes it away when the claim is gone",
    ),
    "foregroundDeletion": (
        "what it owns is deleted first",
        "the garbage collector takes it away when the last object with blockOwnerDeletion is gone",
    ),
    "orphan": (
        "what it owns is set free first",
        "the garbage collector takes it away in a moment; if it stays, look at kube-controller-manager",
    ),
    "batch.kubernetes.io/job-tracking": (
        "the pod has not yet been counted for its Job",
        "the Job controller takes it away; if the Job is gone and it stays, it may be taken away by hand",
    ),
    "service.kubernetes.io/load-balancer-cleanup": (
        "the load balancer of the service is taken down",
        "the cloud controller manager does that: its events on the service say what fails",
    ),
    "customresourcecleanup.apiextensions.k8s.io": (
        "objects of the kind are deleted first",
        "the API server does that: look for objects of the kind that have finalizers themselves",
    ),
    "kubernetes": ("the namespace is emptied", "the namespace controller takes it away when nothing is left"),
    "resources-finalizer.argocd.argoproj.io": (
        "Argo CD deletes what the application made",
        "the Argo CD application controller does that",
    ),
    "finalizers.fluxcd.io": ("Flux deletes what it made", "the Flux controller of this kind does that"),
    "external-attacher": (
        "the volume is still attached to a node",
        "the CSI driver's attacher takes it away when the volume is detached",
    ),
    "snapshot.storage.kubernetes.io": ("a snapshot is in use", "the snapshot controller takes it away"),
    "ingress.k8s.aws": ("the load balancer is taken down", "the AWS load balancer controller does that"),
    "networking.gke.io": ("the load balancer is taken down", "the GKE ingress controller does that"),
    "wrangler.cattle.io": ("Rancher cleans up", "Rancher's controllers do that; gone with Rancher, it stays"),
    "cert-manager.io": ("cert-manager cleans up", "the cert-manager controller does that"),
}
"""Finalizers, or the domain or start of one: what is waited for, and who takes it away."""


class Waiting(msgspec.Struct, frozen=True):
    """One thing that a deletion waits for."""

    what: str
    who: str
    finalizer: str = ""


class Terminating(msgspec.Struct, frozen=True):
    """The answer. `since` says how long it has been going on."""

    sentence: str
    waits: tuple[Waiting, ...]
    finalizers: tuple[str, ...] = ()
    """What could be taken away by hand."""


def explain(
    kind: str, obj: Mapping[str, Any], now: datetime, node: Mapping[str, Any] | None = None
) -> Terminating:
    """Why it is still there (`kind` as in manifests). `node` is that of a pod, where it could be read."""
    meta = obj.get("metadata") or {}
    when = meta.get("deletionTimestamp")
    finalizers = tuple(meta.get("finalizers") or ())
    if not when:
        return Terminating("It is not being deleted.", (), finalizers)
    passed = (now - datetime.fromisoformat(when)).total_seconds()
    grace = int(meta.get("deletionGracePeriodSeconds") or 0)
    since = f"Being deleted since {human_duration(max(0, passed + grace))}"
    waits = [_finalizer(each) for each in finalizers]
    if kind == "Pod":
        waits += _pod(obj, passed, grace, node)
    if kind == "Namespace":
        waits += _namespace(obj)
    if not waits:
        waits.append(Waiting("nothing that the object says", "the server should remove it in a moment"))
    return Terminating(
        f"{since}; it waits for {len(waits)} thing{'s' * (len(waits) > 1)}.", tuple(waits), finalizers
    )


def _finalizer(name: str) -> Waiting:
    domain = name.partition("/")[0]
    for key in (name, domain, *(key for key in KNOWN if name.startswith(key) or domain.endswith(f".{key}"))):
        if key in KNOWN:
            return Waiting(*KNOWN[key], name)
    if "/" in name or "." in domain:
        what = f"the controller that set {name} has work to do first"
        return Waiting(
            what, f"whatever runs for {domain}: is it installed and running? Look at its logs", name
        )
    return Waiting(
        f"{name} has work to do first", f"whoever set {name}: see managedFields (o in the YAML)", name
    )


def _pod(obj: Mapping[str, Any], passed: float, grace: int, node: Mapping[str, Any] | None) -> list[Waiting]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    name = spec.get("nodeName", "")
    running = [
        each.get("name", "")
        for each in status.get("containerStatuses") or ()
        if "running" in (each.get("state") or {})
    ]
    if node is not None and not _node_ready(node):
        who = f"nobody while node {name} is not ready: repair it, delete the node, or force the deletion"
        return [
            Waiting(f"the kubelet of node {name}, which is not ready, to say that its containers ended", who)
        ]
    if passed < 0:
        left = human_duration(-passed)
        return [
            Waiting(f"its containers to end within their grace period ({left} of {grace} s left)", "they do")
        ]
    if running:
        who = f"the kubelet of {name} kills them; if it stays, look at that node's kubelet and runtime"
        return [Waiting(f"containers that still run after the grace period: {', '.join(running)}", who)]
    if name:
        return [
            Waiting("volumes and network to be taken down", f"the kubelet of {name}: see the pod's events")
        ]
    return []


def _node_ready(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _namespace(obj: Mapping[str, Any]) -> list[Waiting]:
    waits = [
        _finalizer(each) for each in (obj.get("spec") or {}).get("finalizers") or () if each != "kubernetes"
    ]
    told = {
        "NamespaceContentRemaining": "the objects that are left go, each by its own controller",
        "NamespaceFinalizersRemaining": "the controllers of those finalizers: are they still running?",
        "NamespaceDeletionDiscoveryFailure": "the API service that does not answer: repair it, or delete it",
        "NamespaceDeletionGroupVersionParsingFailure": "an API group is broken",
        "NamespaceDeletionContentFailure": "the API server could not delete some objects",
    }
    conditions = (obj.get("status") or {}).get("conditions") or ()
    waits += [
        Waiting(str(each.get("message", "")), told[each["type"]])
        for each in conditions
        if each.get("status") == "True" and each.get("type") in told
    ]
    return waits
