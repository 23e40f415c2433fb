"""Nodes: leases and heartbeats of those that live, taints and evictions of those that don't."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.fit import toleration_seconds
from k8stui.demo.resources import LEASES, NODES, PODS, Resource
from k8stui.demo.store import rfc3339
from k8stui.demo.world.ids import parse

__all__ = ["Heartbeats", "NodeLifecycle"]

RENEW = 10.0
STATUS = 300.0
CORDON = "node.kubernetes.io/unschedulable"


class Heartbeats(Controller):
    """Each living node renews its lease every ten seconds, and its conditions every five minutes."""

    def start(self) -> None:
        for index, node in enumerate(self.store.list(NODES)):
            name = node["metadata"]["name"]
            self.poke(("lease", name), RENEW * (index % 50 + 1) / 50)
            self.poke(("status", name), 20 + STATUS * (index % 97) / 97)

    def reconcile(self, key: Key) -> None:
        what, name = key
        node = self.store.get(NODES, "", name)
        if node is None:
            return
        self.poke(key, RENEW if what == "lease" else STATUS)
        if not self.engine.node_alive(name):
            return
        if what == "lease":
            self._renew(node)
        else:
            self._beat(node)

    def _renew(self, node: Obj) -> None:
        name = node["metadata"]["name"]
        lease = self.store.get(LEASES, "kube-node-lease", name)
        if lease is not None:
            self.store.update(LEASES, {**lease, "spec": {**lease["spec"], "renewTime": self.engine.micro()}})

    def _beat(self, node: Obj) -> None:
        now = self.engine.stamp()
        rows = [
            row if row["type"] == "NetworkUnavailable" else {**row, "lastHeartbeatTime": now}
            for row in node["status"]["conditions"]
        ]
        self.engine.write_status(NODES, node, {**node["status"], "conditions": rows})


class NodeLifecycle(Controller):
    """Cordons become taints; pods that don't bear a NoExecute taint are deleted in time."""

    kinds = (NODES, PODS)

    def start(self) -> None:
        self._tainted: dict[str, str] = {}
        for node in self.store.list(NODES):
            self.changed("ADDED", NODES, node)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "nodes":
            name = obj["metadata"]["name"]
            extended = _extended(obj)
            mark = repr((obj["spec"].get("taints"), obj["spec"].get("unschedulable"), extended))
            if self._tainted.get(name) != mark:
                self._tainted[name] = mark
                self.poke(key_of(obj), 0.1)

    def reconcile(self, key: Key) -> None:
        node = self.store.get(NODES, *key)
        if node is None:
            return
        if (status := _with_extended(node)) is not None:
            self.engine.write_status(NODES, node, status)
            return
        taints = node["spec"].get("taints") or []
        cordoned = node["spec"].get("unschedulable", False)
        marked = any(t["key"] == CORDON for t in taints)
        if cordoned != marked:
            self._cordon(node, taints, cordoned)
            return
        if any(t["effect"] == "NoExecute" for t in taints):
            self._evict(node)

    def _cordon(self, node: Obj, taints: list[Obj], cordoned: bool) -> None:
        name = node["metadata"]["name"]
        kept = [t for t in taints if t["key"] != CORDON]
        if cordoned:
            kept.append({"key": CORDON, "effect": "NoSchedule", "timeAdded": self.engine.stamp()})
        spec = {k: v for k, v in node["spec"].items() if k != "taints"}
        if kept:
            spec["taints"] = kept
        self.store.update(NODES, {**node, "spec": spec})
        word = "NodeNotSchedulable" if cordoned else "NodeSchedulable"
        text = f"Node {name} status is now: {word}"
        self.engine.events.normal(node, word, text, component="kubelet", host=name)

    def _evict(self, node: Obj) -> None:
        name, now = node["metadata"]["name"], self.engine.time()
        for pod in self.engine.pods_on(name):
            if "deletionTimestamp" in pod["metadata"]:
                continue
            limits = []
            for taint in node["spec"]["taints"]:
                if taint["effect"] != "NoExecute":
                    continue
                bears = toleration_seconds(pod, taint)
                if bears is not None:
                    added = parse(taint["timeAdded"]).timestamp() if "timeAdded" in taint else now
                    limits.append(added + bears)
            if not limits:
                continue
            if min(limits) > now:
                self.poke(key_of(node), min(limits) - now + 0.1)
                continue
            text = "Marking for deletion"
            meta = pod["metadata"]
            self.engine.events.normal(
                pod,
                "TaintManagerEviction",
                f"{text} Pod {meta['namespace']}/{meta['name']}",
                component="taint-eviction-controller",
            )
            self._disrupt(pod)

    def _disrupt(self, pod: Obj) -> None:
        row = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": rfc3339(self.engine.time()),
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }
        rows = [c for c in pod["status"].get("conditions") or () if c["type"] != "DisruptionTarget"]
        pod = self.engine.write_status(PODS, pod, {**pod["status"], "conditions": [row, *rows]})
        self.store.delete(PODS, *key_of(pod))


def _extended(node: Obj) -> dict[str, str]:
    """What the node has of resources that are not Kubernetes' own, as somebody wrote into its capacity."""
    capacity = node.get("status", {}).get("capacity") or {}
    return {name: amount for name, amount in capacity.items() if "/" in name and "kubernetes.io/" not in name}


def _with_extended(node: Obj) -> Obj | None:
    """The status with all of them allocatable, as a kubelet makes them; None when nothing is missing."""
    status, extended = node.get("status", {}), _extended(node)
    allocatable = status.get("allocatable") or {}
    if all(allocatable.get(name) == amount for name, amount in extended.items()):
        return None
    return {**status, "allocatable": {**allocatable, **extended}}
