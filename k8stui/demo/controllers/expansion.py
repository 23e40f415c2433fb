"""Claims that grow: the volume first, then, once a pod has it mounted, the file system on it."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.quantity import parse
from k8stui.demo.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, Resource

__all__ = ["Expansion"]

STEP = 0.7
"""Seconds that each step of a resize takes."""
_DRIVER = "csi.moa.example"
RESIZER = f"external-resizer {_DRIVER}"
_RESIZING, _PENDING = "Resizing", "FileSystemResizePending"
_WAITING = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class Expansion(Controller):
    """Moves a claim that asks for more than it has one step on: resizing, waiting for its pod, done."""

    kinds = (PERSISTENT_VOLUME_CLAIMS, PODS)

    def start(self) -> None:
        for claim in self.store.list(PERSISTENT_VOLUME_CLAIMS):
            if _wants_more(claim):
                self.poke(key_of(claim), STEP)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if type_ == "DELETED":
            return
        if res.storage == PERSISTENT_VOLUME_CLAIMS.storage:
            if _wants_more(obj):
                self.poke(key_of(obj), STEP)
            return
        if obj.get("status", {}).get("phase") != "Running":
            return
        for volume in obj["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = (
                self.store.get(PERSISTENT_VOLUME_CLAIMS, obj["metadata"]["namespace"], name) if name else None
            )
            if claim is not None and _wants_more(claim):
                self.poke(key_of(claim), STEP)

    def reconcile(self, key: Key) -> None:
        claim = self.store.get(PERSISTENT_VOLUME_CLAIMS, *key)
        if claim is None or not _wants_more(claim) or "deletionTimestamp" in claim["metadata"]:
            return
        volume = self.store.get(PERSISTENT_VOLUMES, "", claim["spec"]["volumeName"])
        if volume is None or (volume["spec"].get("csi") or {}).get("driver") != _DRIVER:
            return
        kinds = {row["type"] for row in claim["status"].get("conditions") or () if row["status"] == "True"}
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        if _PENDING not in kinds or parse(volume["spec"]["capacity"]["storage"]) < parse(wanted):
            self._resize(claim, volume, wanted, begun=_RESIZING in kinds)
        elif (pod := self._user(claim)) is not None:
            self._finish(claim, pod, wanted)

    def _resize(self, claim: Obj, volume: Obj, wanted: str, *, begun: bool) -> None:
        name = volume["metadata"]["name"]
        if not begun:
            text = f"External resizer is resizing volume {name}"
            self.engine.events.normal(claim, "Resizing", text, component=RESIZER)
            self._status(claim, _RESIZING, "", wanted, "ControllerResizeInProgress")
            return
        spec = {**volume["spec"], "capacity": {**volume["spec"]["capacity"], "storage": wanted}}
        self.store.update(PERSISTENT_VOLUMES, {**volume, "spec": spec})
        text = "Require file system resize of volume on node"
        self.engine.events.normal(claim, "FileSystemResizeRequired", text, component=RESIZER)
        self._status(claim, _PENDING, _WAITING, wanted, "NodeResizePending")

    def _status(self, claim: Obj, kind: str, message: str, wanted: str, progress: str) -> None:
        now = self.engine.stamp()
        row: Obj = {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        if message:
            row["message"] = message
        others = [
            r for r in claim["status"].get("conditions") or () if r["type"] not in (_RESIZING, _PENDING)
        ]
        status = {
            **claim["status"],
            "allocatedResources": {"storage": wanted},
            "allocatedResourceStatuses": {"storage": progress},
            "conditions": [*others, row],
        }
        self.engine.write_status(PERSISTENT_VOLUME_CLAIMS, claim, status)

    def _user(self, claim: Obj) -> Obj | None:
        """A running pod that has the claim mounted."""
        namespace, name = key_of(claim)
        for pod in self.store.list(PODS, namespace):
            if pod.get("status", {}).get("phase") != "Running":
                continue
            for volume in pod["spec"].get("volumes") or ():
                if (volume.get("persistentVolumeClaim") or {}).get("claimName") == name:
                    return pod
        return None

    def _finish(self, claim: Obj, pod: Obj, wanted: str) -> None:
        name, node = claim["spec"]["volumeName"], pod["spec"].get("nodeName", "")
        text = f'MountVolume.NodeExpandVolume succeeded for volume "{name}" {node}'
        for about in (pod, claim):
            self.engine.events.normal(
                about, "FileSystemResizeSuccessful", text, component="kubelet", host=node
            )
        status = {k: v for k, v in claim["status"].items() if k != "allocatedResourceStatuses"}
        rows = [r for r in status.get("conditions") or () if r["type"] not in (_RESIZING, _PENDING)]
        status |= {"capacity": {**status.get("capacity", {}), "storage": wanted}}
        status.pop("conditions", None)
        if rows:
            status["conditions"] = rows
        self.engine.write_status(PERSISTENT_VOLUME_CLAIMS, claim, status)


def _wants_more(claim: Obj) -> bool:
    """Whether a bound claim asks for more than it has."""
    status = claim.get("status", {})
    has = (status.get("capacity") or {}).get("storage")
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if status.get("phase") != "Bound" or not has or not asked or not claim["spec"].get("volumeName"):
        return False
    return parse(asked) > parse(has)
