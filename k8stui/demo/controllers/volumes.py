"""Claims and volumes: provisioning, binding, release."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.quantity import parse
from k8stui.demo.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Resource,
)

__all__ = ["VolumeBinder"]

COMPONENT = "persistentvolume-controller"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
SELECTED = "volume.kubernetes.io/selected-node"


class VolumeBinder(Controller):
    """Binds claims to fitting volumes, provisions those of the demo's CSI driver."""

    kinds = (PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES)

    def start(self) -> None:
        for obj in self.store.list(PERSISTENT_VOLUME_CLAIMS):
            if obj["status"].get("phase") != "Bound":
                self.poke(key_of(obj), 0.2)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "persistentvolumeclaims":
            if type_ == "DELETED":
                self._release(obj)
            elif obj.get("status", {}).get("phase") != "Bound":
                self.poke(key_of(obj), 0.2)
        elif type_ == "ADDED":
            for claim in self.store.list(PERSISTENT_VOLUME_CLAIMS):
                if claim.get("status", {}).get("phase") != "Bound":
                    self.poke(key_of(claim), 0.2)

    def reconcile(self, key: Key) -> None:
        claim = self.store.get(PERSISTENT_VOLUME_CLAIMS, *key)
        if (
            claim is None
            or "deletionTimestamp" in claim["metadata"]
            or claim.get("status", {}).get("phase") == "Bound"
        ):
            return
        claim = self._defaults(claim)
        name = claim["spec"].get("storageClassName", "")
        volume = self._fitting(claim, name)
        if volume is not None:
            self._bind(claim, volume)
            return
        cls = self.store.get(STORAGE_CLASSES, "", name) if name else None
        if cls is None:
            why = f'storageclass.storage.k8s.io "{name}" not found'
            if name:
                self.engine.events.warning(claim, "ProvisioningFailed", why, component=COMPONENT)
            else:
                text = "no persistent volumes available for this claim and no storage class is set"
                self.engine.events.normal(claim, "FailedBinding", text, component=COMPONENT)
            self.poke(key, 15.0)
        elif cls.get("volumeBindingMode") == "WaitForFirstConsumer" and not self._selected(claim):
            text = "waiting for first consumer to be created before binding"
            if self._consumers(claim):
                text = f"waiting for pod {self._consumers(claim)[0]} to be scheduled"
            self.engine.events.normal(
                claim,
                "WaitForFirstConsumer" if "first" in text else "WaitForPodScheduled",
                text,
                component=COMPONENT,
            )
            self.poke(key, 15.0)
        elif cls["provisioner"] != "csi.moa.example":
            text = (
                "Waiting for a volume to be created either by the external provisioner"
                f" '{cls['provisioner']}' or manually by the system administrator. If volume creation is"
                " delayed, please verify that the provisioner is running and correctly registered."
            )
            self.engine.events.normal(claim, "ExternalProvisioning", text, component=COMPONENT)
            self.poke(key, 15.0)
        else:
            self._provision(claim, cls)

    def _selected(self, claim: Obj) -> str:
        return str((claim["metadata"].get("annotations") or {}).get(SELECTED, ""))

    def _consumers(self, claim: Obj) -> list[str]:
        namespace, name = key_of(claim)
        return [
            pod["metadata"]["name"]
            for pod in self.store.list(PODS, namespace)
            for v in pod["spec"].get("volumes") or ()
            if (v.get("persistentVolumeClaim") or {}).get("claimName") == name
        ]

    def _defaults(self, claim: Obj) -> Obj:
        spec, meta = claim["spec"], claim["metadata"]
        if "storageClassName" not in spec:
            for cls in self.store.list(STORAGE_CLASSES):
                if (cls["metadata"].get("annotations") or {}).get(DEFAULT) == "true":
                    spec = {**spec, "storageClassName": cls["metadata"]["name"]}
        spec = {"accessModes": ["ReadWriteOnce"], **spec}
        spec.setdefault("volumeMode", "Filesystem")
        finalizers = meta.get("finalizers") or ["kubernetes.io/pvc-protection"]
        status = claim.get("status") or {"phase": "Pending"}
        status.setdefault("phase", "Pending")
        return self.store.update(
            PERSISTENT_VOLUME_CLAIMS,
            {**claim, "metadata": {**meta, "finalizers": finalizers}, "spec": spec, "status": dict(status)},
        )

    def _fitting(self, claim: Obj, cls: str) -> Obj | None:
        spec = claim["spec"]
        wanted = parse(spec["resources"]["requests"]["storage"])
        for volume in self.store.list(PERSISTENT_VOLUMES):
            vs = volume["spec"]
            ref = vs.get("claimRef")
            reserved = ref and (ref["namespace"], ref["name"]) == key_of(claim) and not ref.get("uid")
            if volume["status"].get("phase") not in ("Available", None) and not reserved:
                continue
            if ref and not reserved:
                continue
            if spec.get("volumeName") not in (None, volume["metadata"]["name"]):
                continue
            modes = set(spec["accessModes"]) <= set(vs["accessModes"])
            if vs.get("storageClassName", "") == cls and modes and parse(vs["capacity"]["storage"]) >= wanted:
                return volume
        return None

    def _provision(self, claim: Obj, cls: Obj) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        text = f'External provisioner is provisioning volume for claim "{meta["namespace"]}/{meta["name"]}"'
        component = "csi.moa.example_csi-controller"
        self.engine.events.normal(claim, "Provisioning", text, component=component)
        name = f"pvc-{meta['uid']}"
        volume = self.store.create(
            PERSISTENT_VOLUMES,
            {
                "metadata": {
                    "name": name,
                    "annotations": {"pv.kubernetes.io/provisioned-by": "csi.moa.example"},
                    "finalizers": ["kubernetes.io/pv-protection"],
                },
                "spec": {
                    "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                    "csi": {
                        "driver": "csi.moa.example",
                        "fsType": "ext4",
                        "volumeHandle": f"vol-{meta['uid'][:8]}",
                    },
                    "accessModes": spec["accessModes"],
                    "persistentVolumeReclaimPolicy": cls.get("reclaimPolicy", "Delete"),
                    "storageClassName": cls["metadata"]["name"],
                    "volumeMode": spec["volumeMode"],
                },
                "status": {"phase": "Pending"},
            },
        )
        self.engine.events.normal(
            claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}", component=component
        )
        self._bind(claim, volume)

    def _bind(self, claim: Obj, volume: Obj) -> None:
        meta, name = claim["metadata"], volume["metadata"]["name"]
        reference = {
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": "v1",
            "resourceVersion": meta["resourceVersion"],
        }
        status = {"phase": "Bound", "lastPhaseTransitionTime": self.engine.stamp()}
        self.store.update(
            PERSISTENT_VOLUMES,
            {**volume, "spec": {**volume["spec"], "claimRef": reference}, "status": status},
        )
        annotations = {
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            **(meta.get("annotations") or {}),
        }
        spec = {**claim["spec"], "volumeName": name}
        bound = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": volume["spec"]["capacity"]}
        self.store.update(
            PERSISTENT_VOLUME_CLAIMS,
            {**claim, "metadata": {**meta, "annotations": annotations}, "spec": spec, "status": bound},
        )

    def _release(self, claim: Obj) -> None:
        name = claim["spec"].get("volumeName")
        volume = self.store.get(PERSISTENT_VOLUMES, "", name) if name else None
        if volume is None:
            return
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            meta = {k: v for k, v in volume["metadata"].items() if k != "finalizers"}
            self.store.update(PERSISTENT_VOLUMES, {**volume, "metadata": meta})
            self.store.delete(PERSISTENT_VOLUMES, "", name)
        else:
            status = {"phase": "Released", "lastPhaseTransitionTime": self.engine.stamp()}
            self.engine.write_status(PERSISTENT_VOLUMES, volume, status)
