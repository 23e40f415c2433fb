"""The scheduler: finds a node for each pod that has none, or says why there is none."""

from __future__ import annotations

from collections import Counter

from k8stui.demo.controllers.engine import Controller, Engine, Key, Obj, key_of
from k8stui.demo.controllers.fit import host_ports, matches_node_selectors, requests, untolerated
from k8stui.demo.quantity import milli
from k8stui.demo.resources import (
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Resource,
)

__all__ = ["Scheduler"]

COMPONENT = "default-scheduler"
RETRY = 30.0
"""Seconds until an unschedulable pod is tried again, when nothing changed."""


class _Load:
    """What the pods of a node take, kept up to date by differences."""

    __slots__ = ("pods", "ports", "totals")

    def __init__(self) -> None:
        self.pods: dict[Key, tuple[dict[str, int], set[tuple[str, int]]]] = {}
        self.totals: dict[str, int] = {}

    def add(self, key: Key, pod: Obj) -> None:
        if key in self.pods:
            return
        wants = requests(pod)
        self.pods[key] = (wants, host_ports(pod))
        for what, amount in wants.items():
            self.totals[what] = self.totals.get(what, 0) + amount

    def remove(self, key: Key) -> None:
        wants, _ = self.pods.pop(key, ({}, set()))
        for what, amount in wants.items():
            self.totals[what] -= amount


class Scheduler(Controller):
    """Filters nodes as kube-scheduler does, then takes the emptiest."""

    kinds = (PODS, NODES, PERSISTENT_VOLUME_CLAIMS)

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._loads: dict[str, _Load] = {}
        self._where: dict[Key, str] = {}
        self._waiting: dict[Key, int] = {}
        self._marks: dict[str, str] = {}

    def start(self) -> None:
        for pod in self.store.list(PODS):
            self.changed("ADDED", PODS, pod)
        for node in self.store.list(NODES):
            self._marks[node["metadata"]["name"]] = _mark(node)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "pods":
            self._pod(type_, obj)
        elif res.plural == "nodes":
            name, mark = obj["metadata"]["name"], "" if type_ == "DELETED" else _mark(obj)
            if self._marks.get(name) != mark:
                self._marks[name] = mark
                self._retry_all()
        elif self._waiting:
            self._retry_all()

    def _pod(self, type_: str, pod: Obj) -> None:
        key, node = key_of(pod), pod["spec"].get("nodeName")
        ended = type_ == "DELETED" or pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        if ended:
            self._waiting.pop(key, None)
            if key in self._where:
                self._loads[self._where.pop(key)].remove(key)
                self._retry_all()
        elif node:
            self._waiting.pop(key, None)
            if key not in self._where:
                self._where[key] = node
                self._loads.setdefault(node, _Load()).add(key, pod)
        elif self._waiting.get(key) != (generation := pod["metadata"].get("generation", 1)):
            self._waiting[key] = generation
            self.poke(key, 0.05)

    def _retry_all(self) -> None:
        for key in self._waiting:
            self.poke(key, 1.0)

    def reconcile(self, key: Key) -> None:
        pod = self.store.get(PODS, *key)
        if pod is None or pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            self._waiting.pop(key, None)
            return
        if pod["spec"].get("schedulingGates") or pod["spec"].get("schedulerName") not in (COMPONENT, None):
            return
        problem, wait = self._claims(pod)
        if problem:
            self._refuse(pod, problem, preemption=False)
            return
        nodes = self.store.list(NODES)
        reasons: Counter[str] = Counter()
        fitting: list[str] = []
        helpful = 0
        for node in nodes:
            why, preemptible = self._why_not(pod, node)
            if why:
                reasons[why] += 1
                helpful += preemptible
            else:
                fitting.append(node["metadata"]["name"])
        if fitting:
            self._bind(pod, min(fitting, key=self._fullness), wait)
        else:
            self._refuse(
                pod, _summary(len(nodes), reasons), preemption=True, helpful=helpful, total=len(nodes)
            )

    # -- filters --------------------------------------------------------------------------------------

    def _why_not(self, pod: Obj, node: Obj) -> tuple[str, bool]:
        """Why the node does not take the pod (empty: it does), and whether fewer pods there would help."""
        if node["spec"].get("unschedulable") and untolerated(
            pod,
            {"spec": {"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}},
            ("NoSchedule",),
        ):
            return "node(s) were unschedulable", False
        taints = untolerated(pod, node, ("NoSchedule", "NoExecute"))
        if taints:
            taint = taints[0]
            value = f"{taint['key']}: {taint.get('value', '')}"
            return f"node(s) had untolerated taint {{{value}}}", False
        if not matches_node_selectors(pod, node):
            return "node(s) didn't match Pod's node affinity/selector", False
        load = self._loads.get(node["metadata"]["name"]) or _Load()
        ports = host_ports(pod)
        if ports and any(ports & taken for _, taken in load.pods.values()):
            return "node(s) didn't have free ports for the requested pod ports", True
        allocatable: dict[str, str] = node["status"]["allocatable"]
        if len(load.pods) >= int(allocatable.get("pods", "110")):
            return "Too many pods", True
        for what, amount in requests(pod).items():
            room = milli(allocatable[what]) if what in allocatable else 0
            if amount and load.totals.get(what, 0) + amount > room:
                return f"Insufficient {what}", amount <= room
        return "", False

    def _claims(self, pod: Obj) -> tuple[str, list[Obj]]:
        """What is wrong with the pod's claims, and those that wait for their first consumer."""
        waiting = []
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if not name:
                continue
            claim = self.store.get(PERSISTENT_VOLUME_CLAIMS, pod["metadata"]["namespace"], name)
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found', []
            if "deletionTimestamp" in claim["metadata"]:
                return f'persistentvolumeclaim "{name}" is being deleted', []
            if claim["status"].get("phase") == "Bound":
                continue
            cls = self.store.get(STORAGE_CLASSES, "", claim["spec"].get("storageClassName", ""))
            if cls is None or cls.get("volumeBindingMode") != "WaitForFirstConsumer":
                return "pod has unbound immediate PersistentVolumeClaims", []
            if cls["provisioner"] == "kubernetes.io/no-provisioner" and not self._volume_for(claim):
                return "node(s) didn't find available persistent volumes to bind", []
            waiting.append(claim)
        return "", waiting

    def _volume_for(self, claim: Obj) -> bool:
        cls = claim["spec"].get("storageClassName")
        return any(
            pv["spec"].get("storageClassName") == cls and pv["status"].get("phase") == "Available"
            for pv in self.store.list(PERSISTENT_VOLUMES)
        )

    def _fullness(self, name: str) -> tuple[float, str]:
        node, load = self.store.get(NODES, "", name), self._loads.get(name)
        if node is None or load is None:
            return 0.0, name
        room = node["status"]["allocatable"]
        cpu = load.totals.get("cpu", 0) / max(1, milli(room["cpu"]))
        return float(cpu) + len(load.pods) / max(1, int(room.get("pods", "110"))), name

    # -- outcomes -------------------------------------------------------------------------------------

    def _bind(self, pod: Obj, node: str, claims: list[Obj]) -> None:
        for claim in claims:
            annotations = {
                **(claim["metadata"].get("annotations") or {}),
                "volume.kubernetes.io/selected-node": node,
            }
            self.store.update(
                PERSISTENT_VOLUME_CLAIMS,
                {**claim, "metadata": {**claim["metadata"], "annotations": annotations}},
            )
        if claims:
            # The pod is bound once its volumes are.
            self.poke(key_of(pod), 0.7)
            return
        row = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": self.engine.stamp(),
        }
        status = {**pod.get("status", {}), "conditions": [row]}
        self.store.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status})
        meta = pod["metadata"]
        text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        self.engine.events.normal(pod, "Scheduled", text, component=COMPONENT)

    def _refuse(self, pod: Obj, why: str, *, preemption: bool, helpful: int = 0, total: int = 0) -> None:
        total = total or self.store.count(NODES)
        message = why if preemption else f"0/{total} nodes are available: {why}."
        parts = [f"{helpful} No preemption victims found for incoming pod"] if helpful else []
        if total - helpful:
            parts.append(f"{total - helpful} Preemption is not helpful for scheduling")
        message += (
            f" no new claims to deallocate, preemption: 0/{total} nodes are available: {', '.join(parts)}."
        )
        status = pod.get("status", {})
        old: Obj = next((c for c in status.get("conditions") or () if c["type"] == "PodScheduled"), {})
        self.engine.events.warning(pod, "FailedScheduling", message, component=COMPONENT)
        self.poke(key_of(pod), RETRY)
        if old.get("message") == message:
            return
        row = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": old.get("lastTransitionTime") or self.engine.stamp(),
            "reason": "Unschedulable",
            "message": message,
        }
        self.engine.write_status(PODS, pod, {**status, "phase": "Pending", "conditions": [row]})


def _summary(total: int, reasons: Counter[str]) -> str:
    """`0/8 nodes are available: 1 Insufficient cpu, 7 node(s) ...`, reasons in the order of their texts."""
    parts = sorted(f"{count} {why}" for why, count in reasons.items())
    return f"0/{total} nodes are available: {', '.join(parts)}."


def _mark(node: Obj) -> str:
    """What of a node decides about scheduling: no heartbeats."""
    spec, status = node.get("spec", {}), node.get("status", {})
    labels = sorted((node["metadata"].get("labels") or {}).items())
    return repr((labels, spec.get("taints"), spec.get("unschedulable"), status.get("allocatable")))
