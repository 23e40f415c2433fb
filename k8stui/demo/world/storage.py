"""Makers of claims and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.world.plain import simple

if TYPE_CHECKING:
    from k8stui.demo.world.context import World

Obj = dict[str, Any]

__all__ = ["claim", "persistent_volume"]


def claim(
    world: World,
    name: str,
    namespace: str,
    size: str,
    cls: str,
    *,
    age: float,
    bound: bool = True,
    labels: dict[str, str] | None = None,
    mode: str = "ReadWriteOnce",
    node: str = "",
    deleting: float | None = None,
) -> Obj:
    """A PersistentVolumeClaim, with its volume when it is bound."""
    uid = world.ids.uid("PersistentVolumeClaim", namespace, name)
    volume = f"pvc-{uid}"
    annotations = {}
    if bound:
        annotations = {
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.beta.kubernetes.io/storage-provisioner": "csi.moa.example",
        }
        if node:
            annotations["volume.kubernetes.io/selected-node"] = node
    spec: Obj = {"accessModes": [mode], "resources": {"requests": {"storage": size}}}
    if bound:
        spec["volumeName"] = volume
    spec |= {"storageClassName": cls, "volumeMode": "Filesystem"}
    status: Obj = {"phase": "Pending"}
    if bound:
        status = {"phase": "Bound", "accessModes": [mode], "capacity": {"storage": size}}
    meta = world.meta(
        "PersistentVolumeClaim",
        name,
        namespace,
        age=age,
        labels=labels,
        annotations=annotations,
        finalizers=["kubernetes.io/pvc-protection"],
        deleting=deleting,
    )
    obj = world.add(
        {
            "kind": "PersistentVolumeClaim",
            "apiVersion": "v1",
            "metadata": meta,
            "spec": spec,
            "status": status,
        }
    )
    if bound:
        persistent_volume(world, volume, size, cls, age=age - 2, claim_=obj, mode=mode)
    return obj


def persistent_volume(
    world: World,
    name: str,
    size: str,
    cls: str,
    *,
    age: float,
    claim_: Obj | None = None,
    mode: str = "ReadWriteOnce",
    phase: str = "",
    policy: str = "Delete",
) -> Obj:
    """A PersistentVolume, bound to the claim when there is one."""
    spec: Obj = {
        "capacity": {"storage": size},
        "csi": {
            "driver": "csi.moa.example",
            "fsType": "ext4",
            "volumeHandle": f"vol-{world.ids.hex(name, length=17)}",
        },
        "accessModes": [mode],
    }
    if claim_ is not None:
        meta = claim_["metadata"]
        spec["claimRef"] = {
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": "v1",
            "resourceVersion": "0",
        }
    spec |= {"persistentVolumeReclaimPolicy": policy, "storageClassName": cls, "volumeMode": "Filesystem"}
    phase = phase or ("Bound" if claim_ is not None else "Available")
    return simple(
        world,
        "v1",
        "PersistentVolume",
        name,
        age=age,
        manager="csi-provisioner",
        spec=spec,
        annotations={"pv.kubernetes.io/provisioned-by": "csi.moa.example"},
        finalizers=["kubernetes.io/pv-protection"],
        status={"phase": phase, "lastPhaseTransitionTime": world.ago(age)},
    )
