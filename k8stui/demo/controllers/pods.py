"""Making pods from templates, and reading what they are: shared by the workload controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.admission.pods import admit_pod
from k8stui.demo.errors import StoreError
from k8stui.demo.resources import PODS
from k8stui.demo.world.context import owner_reference
from k8stui.demo.world.fields import entry, spec_fields

if TYPE_CHECKING:
    from k8stui.demo.controllers.engine import Engine

Obj = dict[str, Any]

__all__ = ["create_pod", "is_active", "is_available", "is_ready", "pod_hash", "ready_since"]


def condition_of(obj: Obj, kind: str) -> Obj:
    """The condition of that type, or an empty dict."""
    for row in obj.get("status", {}).get("conditions") or ():
        if row["type"] == kind:
            found: Obj = row
            return found
    return {}


def is_ready(pod: Obj) -> bool:
    """Whether the Ready condition holds."""
    return condition_of(pod, "Ready").get("status") == "True"


def ready_since(pod: Obj) -> str:
    """Since when it is ready; empty when it is not."""
    row = condition_of(pod, "Ready")
    return row["lastTransitionTime"] if row.get("status") == "True" else ""


def is_available(pod: Obj) -> bool:
    """Ready and not on its way out (minReadySeconds counts as passed: times are short here)."""
    return is_ready(pod) and "deletionTimestamp" not in pod["metadata"]


def is_active(pod: Obj) -> bool:
    """Neither ended nor being deleted."""
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not ended and "deletionTimestamp" not in pod["metadata"]


def pod_hash(pod: Obj) -> str:
    """The revision that a StatefulSet's or DaemonSet's pod was made from."""
    labels: dict[str, str] = pod["metadata"].get("labels") or {}
    return labels.get("controller-revision-hash", "")


def create_pod(
    engine: Engine,
    owner: Obj,
    template: Obj,
    *,
    name: str = "",
    labels: dict[str, str] | None = None,
    spec: Obj | None = None,
    component: str,
    success: str = "Created pod: {name}",
    announce: bool = True,
) -> Obj | None:
    """Create a pod for `owner`. None, with a FailedCreate event, when admission refuses it.

    Raises StoreError(409) when the name is taken.
    """
    meta, template_meta = owner["metadata"], template.get("metadata", {})
    base = meta["name"]
    pod_name = name or f"{base[:58]}-{engine.store.name_suffix()}"
    metadata: Obj = {"name": pod_name, "generateName": f"{base[:58]}-", "namespace": meta["namespace"]}
    metadata["creationTimestamp"] = engine.stamp()
    if merged := (template_meta.get("labels") or {}) | (labels or {}):
        metadata["labels"] = merged
    if annotations := template_meta.get("annotations"):
        metadata["annotations"] = annotations
    if finalizers := template_meta.get("finalizers"):
        metadata["finalizers"] = finalizers
    metadata["ownerReferences"] = [owner_reference(owner)]
    pod: Obj = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec or template["spec"]}
    fields = spec_fields(pod)
    metadata["managedFields"] = [entry("kube-controller-manager", "v1", engine.stamp(), fields)]
    try:
        made = engine.store.create(PODS, admit_pod(engine.store, pod))
    except StoreError as error:
        if error.code == 409:
            raise
        text = f"Error creating: {error.message}"
        engine.events.warning(owner, "FailedCreate", text, component=component)
        return None
    if announce:
        text = success.format(name=pod_name)
        engine.events.normal(owner, "SuccessfulCreate", text, component=component)
    return made
