"""What goes when an object is deleted, and what brings it back: sentences to read before it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHAT_GOES = {
    "namespaces": "Everything in the namespace is deleted with it.",
    "customresourcedefinitions.apiextensions.k8s.io": "All objects of the kind are deleted with it.",
    "persistentvolumeclaims": (
        "Where the volume's reclaim policy is Delete, its data goes too. While a pod uses it, it waits."
    ),
    "persistentvolumes": "A claim that is bound to it loses its volume; the claim is shown as Lost.",
    "nodes": (
        "Only the object goes: the machine runs on, and its kubelet may register it again."
        " Its pods are taken for lost and are deleted."
    ),
    "secrets": "Pods that use it go on with what they have; new ones do not start without it.",
    "configmaps": "Pods that use it go on with what they have; new ones do not start without it.",
    "serviceaccounts": "Pods that run under it lose their rights.",
    "services": "Its name and address are gone at once; a new one gets another address.",
    "deployments.apps": "Its ReplicaSets and pods go with it.",
    "statefulsets.apps": "Its pods go with it; the claims of its pods stay, unless it says otherwise.",
    "daemonsets.apps": "Its pods go with it.",
    "replicasets.apps": "Its pods go with it.",
    "jobs.batch": "Its pods and their logs go with it.",
    "cronjobs.batch": "Its jobs and their pods go with it.",
}
_MAKES_ANEW = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Deployment"})


def deletion_advice(kind_name: str, objects: Sequence[Any]) -> list[str]:
    """What to know before deleting these objects of one kind (`Kind.name`); rows of tables will do."""
    found = [_WHAT_GOES[kind_name]] if kind_name in _WHAT_GOES else []
    owners: dict[tuple[str, str], int] = {}
    finalizers: dict[str, int] = {}
    going = 0
    for obj in objects:
        meta = obj.metadata
        for owner in getattr(meta, "owner_references", ()) or ():
            if owner.controller:
                key = (owner.kind, owner.name)
                owners[key] = owners.get(key, 0) + 1
        for finalizer in getattr(meta, "finalizers", ()) or ():
            finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
        going += getattr(meta, "deletion_timestamp", None) is not None
    found += _of_owners(kind_name, owners)
    if finalizers:
        names = ", ".join(sorted(finalizers))
        found.append(f"Stays as Terminating until {names} {'is' if len(finalizers) == 1 else 'are'} done.")
    if going:
        found.append(f"{'It is' if len(objects) == 1 else f'{going} of them are'} being deleted already.")
    return found


def _of_owners(kind_name: str, owners: dict[tuple[str, str], int]) -> list[str]:
    made = [name for (kind, name) in owners if kind in _MAKES_ANEW]
    found = []
    if len(owners) == 1 and made:
        ((kind, name),) = owners
        found.append(f"{kind} {name} makes a new one.")
    elif made:
        found.append(f"{len(made)} controllers make new ones.")
    if kind_name == "pods" and any(kind == "Node" for kind, _ in owners):
        found.append("A static pod is the kubelet's: only its file on the node ends it.")
    return found
