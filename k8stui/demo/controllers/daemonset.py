"""DaemonSets: one pod on every node that fits, replaced a few at a time when the template changes."""

from __future__ import annotations

from k8stui.demo.controllers.deployment_status import resolve
from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.fit import matches_node_selectors, untolerated
from k8stui.demo.controllers.pods import create_pod, is_active, is_available, is_ready, pod_hash
from k8stui.demo.controllers.revisions import current_revision
from k8stui.demo.resources import DAEMON_SETS, NODES, PODS, Resource
from k8stui.demo.world.sets import daemon_affinity, daemon_tolerations

__all__ = ["DaemonSets"]

COMPONENT = "daemonset-controller"


class DaemonSets(Controller):
    """Places pods itself, by node affinity; the scheduler binds them."""

    kinds = (DAEMON_SETS, PODS, NODES)

    def start(self) -> None:
        self._node_marks: dict[str, str] = {}
        for node in self.store.list(NODES):
            self._node_marks[node["metadata"]["name"]] = _mark(node)
        for obj in self.store.list(DAEMON_SETS):
            self.poke(key_of(obj))

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "pods":
            for reference in obj["metadata"].get("ownerReferences", ()):
                if reference["kind"] == "DaemonSet":
                    self.poke((obj["metadata"]["namespace"], reference["name"]), 0.05)
        elif res.plural == "nodes":
            name, mark = obj["metadata"]["name"], "" if type_ == "DELETED" else _mark(obj)
            if self._node_marks.get(name) != mark:
                self._node_marks[name] = mark
                for daemon_set in self.store.list(DAEMON_SETS):
                    self.poke(key_of(daemon_set), 0.1)
        elif type_ != "DELETED":
            self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        owner = self.store.get(DAEMON_SETS, *key)
        if owner is None:
            return
        revision = current_revision(self.engine, owner, prefix=False)
        pods = self._by_node(owner)
        wanted, kept = self._nodes(owner)
        if "deletionTimestamp" not in owner["metadata"]:
            self._place(owner, pods, wanted, kept, revision)
            self._replace(owner, revision, len(wanted))
        self._status(key, wanted, revision)

    def _by_node(self, owner: Obj) -> dict[str, list[Obj]]:
        found: dict[str, list[Obj]] = {}
        for pod in self.engine.owned(owner, PODS):
            found.setdefault(_target(pod), []).append(pod)
        return found

    def _nodes(self, owner: Obj) -> tuple[set[str], set[str]]:
        """Nodes that should have a pod, and nodes on which a pod may stay."""
        spec = owner["spec"]["template"]["spec"]
        shape = {"spec": {**spec, "tolerations": daemon_tolerations(spec)}}
        wanted, kept = set(), set()
        for node in self.store.list(NODES):
            name = node["metadata"]["name"]
            if not matches_node_selectors(shape, node):
                continue
            taints = untolerated(shape, node, ("NoSchedule", "NoExecute"))
            if not taints:
                wanted.add(name)
            if not any(t["effect"] == "NoExecute" for t in taints):
                kept.add(name)
        return wanted, kept

    def _place(
        self, owner: Obj, pods: dict[str, list[Obj]], wanted: set[str], kept: set[str], digest: str
    ) -> None:
        template = owner["spec"]["template"]
        for node in sorted(wanted):
            mine = pods.get(node, [])
            for pod in mine:
                if pod["status"].get("phase") == "Failed" and "deletionTimestamp" not in pod["metadata"]:
                    text = (
                        f"Found failed daemon pod {'/'.join(key_of(pod))} on node {node}, will try to kill it"
                    )
                    self.engine.events.warning(owner, "FailedDaemonPod", text, component=COMPONENT)
                    self._delete(owner, pod)
            if mine:
                continue
            spec = {
                **template["spec"],
                "affinity": daemon_affinity(node),
                "tolerations": daemon_tolerations(template["spec"]),
            }
            generation = str(
                (owner["metadata"].get("annotations") or {}).get(
                    "deprecated.daemonset.template.generation", "1"
                )
            )
            labels = {"controller-revision-hash": digest, "pod-template-generation": generation}
            if (
                create_pod(self.engine, owner, template, labels=labels, spec=spec, component=COMPONENT)
                is None
            ):
                self.poke(key_of(owner), 20.0)
                return
        for node, mine in pods.items():
            if node not in kept:
                for pod in mine:
                    if is_active(pod):
                        self._delete(owner, pod)

    def _replace(self, owner: Obj, digest: str, total: int) -> None:
        strategy = owner["spec"].get("updateStrategy", {})
        if strategy.get("type") == "OnDelete":
            return
        limit = max(
            1, resolve((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), total, up=True)
        )
        pods = self.engine.owned(owner, PODS)
        down = sum(1 for p in pods if not is_available(p))
        old = [p for p in pods if pod_hash(p).rpartition("-")[2] != digest and is_active(p)]
        for pod in sorted(old, key=is_ready):
            if is_available(pod):
                if down >= limit:
                    return
                down += 1
            self._delete(owner, pod)

    def _delete(self, owner: Obj, pod: Obj) -> None:
        meta = pod["metadata"]
        self.store.delete(PODS, meta["namespace"], meta["name"])
        text = f"Deleted pod: {meta['name']}"
        self.engine.events.normal(owner, "SuccessfulDelete", text, component=COMPONENT)

    def _status(self, key: Key, wanted: set[str], digest: str) -> None:
        owner = self.store.get(DAEMON_SETS, *key)
        if owner is None:
            return
        pods = [p for p in self.engine.owned(owner, PODS) if p["spec"].get("nodeName")]
        here = [p for p in pods if p["spec"]["nodeName"] in wanted]
        ready, available = sum(map(is_ready, here)), sum(map(is_available, here))
        scheduled = len({p["spec"]["nodeName"] for p in here})
        status: Obj = {
            "currentNumberScheduled": scheduled,
            "numberMisscheduled": len(pods) - len(here),
            "desiredNumberScheduled": len(wanted),
            "numberReady": ready,
            "observedGeneration": owner["metadata"]["generation"],
        }
        updated = sum(1 for p in here if pod_hash(p).rpartition("-")[2] == digest)
        rest = {
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
            "numberUnavailable": len(wanted) - available,
        }
        self.engine.write_status(DAEMON_SETS, owner, status | {k: v for k, v in rest.items() if v > 0})


def _target(pod: Obj) -> str:
    """The node that a daemon pod is meant for, before and after it is bound."""
    if node := pod["spec"].get("nodeName"):
        return str(node)
    try:
        affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        return str(affinity["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])
    except (KeyError, IndexError):
        return ""


def _mark(node: Obj) -> str:
    """What of a node decides about its daemons: labels and taints, no heartbeats."""
    spec = node.get("spec", {})
    return repr(
        (
            sorted((node["metadata"].get("labels") or {}).items()),
            spec.get("taints"),
            spec.get("unschedulable"),
        )
    )
