"""Keeps as many pods as each ReplicaSet wants."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.pods import create_pod, is_active, is_available, is_ready
from k8stui.demo.resources import PODS, REPLICA_SETS, Resource

__all__ = ["ReplicaSets"]

COMPONENT = "replicaset-controller"
BURST = 50
"""Pods made in one go; the rest follows a moment later."""


class ReplicaSets(Controller):
    """Creates, deletes and counts pods."""

    kinds = (REPLICA_SETS, PODS)

    def start(self) -> None:
        for rs in self.store.list(REPLICA_SETS):
            if rs["spec"]["replicas"] or rs.get("status", {}).get("replicas"):
                self.poke(key_of(rs))

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "pods":
            meta = obj["metadata"]
            for reference in meta.get("ownerReferences", ()):
                if reference["kind"] == "ReplicaSet":
                    self.poke((meta["namespace"], reference["name"]))
        elif type_ != "DELETED":
            status, generation = obj.get("status", {}), obj["metadata"].get("generation")
            # The note of a refusal is our own writing: the next try has its own time.
            if not (status.get("conditions") and status.get("observedGeneration") == generation):
                self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        rs = self.store.get(REPLICA_SETS, *key)
        if rs is None:
            return
        pods = self.engine.owned(rs, PODS)
        active = [p for p in pods if is_active(p)]
        failure = ""
        if "deletionTimestamp" not in rs["metadata"]:
            failure = self._scale(rs, active)
        self._status(key, failure)

    def _scale(self, rs: Obj, active: list[Obj]) -> str:
        missing = rs["spec"]["replicas"] - len(active)
        if missing > 0:
            for _ in range(min(missing, BURST)):
                if create_pod(self.engine, rs, rs["spec"]["template"], component=COMPONENT) is None:
                    self.poke(key_of(rs), 20.0 if rs.get("status", {}).get("conditions") else 1.0)
                    return self._why(rs)
            if missing > BURST:
                self.poke(key_of(rs), 0.05)
        elif missing < 0:
            for pod in sorted(active, key=_delete_first)[:-missing]:
                meta = pod["metadata"]
                self.store.delete(PODS, meta["namespace"], meta["name"])
                text = f"Deleted pod: {meta['name']}"
                self.engine.events.normal(rs, "SuccessfulDelete", text, component=COMPONENT)
        return ""

    def _why(self, rs: Obj) -> str:
        """The last refusal, from the event that was just written."""
        return self.engine.events.last_message(rs).removeprefix("Error creating: ")

    def _status(self, key: Key, failure: str) -> None:
        rs = self.store.get(REPLICA_SETS, *key)
        if rs is None:
            return
        pods = [p for p in self.engine.owned(rs, PODS) if is_active(p)]
        ready, available = sum(map(is_ready, pods)), sum(map(is_available, pods))
        status: Obj = {"replicas": len(pods)}
        if pods:
            status["fullyLabeledReplicas"] = len(pods)
        if ready:
            status["readyReplicas"] = ready
        if available:
            status["availableReplicas"] = available
        status["observedGeneration"] = rs["metadata"].get("generation", 1)
        if failure:
            old: Obj = next(iter(rs.get("status", {}).get("conditions", ())), {})
            since = old.get("lastTransitionTime") or self.engine.stamp()
            status["conditions"] = [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "lastTransitionTime": since,
                    "reason": "FailedCreate",
                    "message": failure,
                }
            ]
        self.engine.write_status(REPLICA_SETS, rs, status)


def _delete_first(pod: Obj) -> tuple[bool, bool, bool, str]:
    """Unassigned before assigned, pending before running, unready before ready, then the youngest."""
    meta, status = pod["metadata"], pod.get("status", {})
    born = meta["creationTimestamp"]
    return (
        bool(pod["spec"].get("nodeName")),
        status.get("phase") == "Running",
        is_ready(pod),
        "".join(chr(255 - ord(c)) for c in born),
    )
