"""StatefulSets: pods in order, with their claims; updates from the highest ordinal down."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.pods import create_pod, is_active, is_available, is_ready, pod_hash
from k8stui.demo.controllers.revisions import current_revision
from k8stui.demo.resources import PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS, Resource

__all__ = ["StatefulSets"]

COMPONENT = "statefulset-controller"


class StatefulSets(Controller):
    """One step at a time unless podManagementPolicy is Parallel."""

    kinds = (STATEFUL_SETS, PODS)

    def start(self) -> None:
        for obj in self.store.list(STATEFUL_SETS):
            self.poke(key_of(obj))

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "pods":
            for reference in obj["metadata"].get("ownerReferences", ()):
                if reference["kind"] == "StatefulSet":
                    self.poke((obj["metadata"]["namespace"], reference["name"]))
        elif type_ != "DELETED":
            self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        owner = self.store.get(STATEFUL_SETS, *key)
        if owner is None:
            return
        revision = current_revision(self.engine, owner, prefix=True)
        if "deletionTimestamp" not in owner["metadata"]:
            self._step(owner, revision)
        self._status(key, revision)

    def _pods(self, owner: Obj) -> dict[int, Obj]:
        found = {}
        for pod in self.engine.owned(owner, PODS):
            ordinal = pod["metadata"]["name"].rpartition("-")[2]
            if ordinal.isdigit():
                found[int(ordinal)] = pod
        return found

    def _step(self, owner: Obj, revision: str) -> None:
        spec, pods = owner["spec"], self._pods(owner)
        parallel = spec.get("podManagementPolicy") == "Parallel"
        for ordinal in range(spec["replicas"]):
            pod = pods.get(ordinal)
            if pod is None:
                self._create(owner, ordinal, revision)
                if not parallel:
                    return
            elif pod["status"].get("phase") in ("Failed", "Succeeded"):
                self._delete(owner, pod)
                return
            elif not is_available(pod) and not parallel:
                # A broken pod of an old revision is replaced, else a bad rollout could never be undone.
                if pod_hash(pod) != revision and is_active(pod):
                    self._delete(owner, pod)
                return
        extra = sorted((o for o in pods if o >= spec["replicas"]), reverse=True)
        for ordinal in extra:
            if is_active(pods[ordinal]):
                self._delete(owner, pods[ordinal])
            if not parallel:
                return
        self._update(owner, pods, revision)

    def _update(self, owner: Obj, pods: dict[int, Obj], revision: str) -> None:
        strategy = owner["spec"].get("updateStrategy", {})
        if strategy.get("type") == "OnDelete":
            return
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for ordinal in sorted(pods, reverse=True):
            pod = pods[ordinal]
            if ordinal >= partition and pod_hash(pod) != revision:
                if is_active(pod):
                    self._delete(owner, pod)
                return
            if not is_available(pod):
                return

    def _delete(self, owner: Obj, pod: Obj) -> None:
        meta = pod["metadata"]
        self.store.delete(PODS, meta["namespace"], meta["name"])
        text = f"delete Pod {meta['name']} in StatefulSet {owner['metadata']['name']} successful"
        self.engine.events.normal(owner, "SuccessfulDelete", text, component=COMPONENT)

    def _create(self, owner: Obj, ordinal: int, revision: str) -> None:
        spec, meta = owner["spec"], owner["metadata"]
        name = f"{meta['name']}-{ordinal}"
        volumes = []
        for claim in spec.get("volumeClaimTemplates", ()):
            volume = claim["metadata"]["name"]
            self._claim(owner, claim, f"{volume}-{name}")
            volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": f"{volume}-{name}"}})
        template = spec["template"]
        pod_spec = {**template["spec"], "hostname": name, "subdomain": spec.get("serviceName", "")}
        if volumes:
            pod_spec["volumes"] = [*volumes, *template["spec"].get("volumes", ())]
        labels = {
            "apps.kubernetes.io/pod-index": str(ordinal),
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": name,
        }
        text = f"create Pod {{name}} in StatefulSet {meta['name']} successful"
        create_pod(
            self.engine,
            owner,
            template,
            name=name,
            labels=labels,
            spec=pod_spec,
            component=COMPONENT,
            success=text,
        )

    def _claim(self, owner: Obj, template: Obj, name: str) -> None:
        namespace = owner["metadata"]["namespace"]
        if self.store.get(PERSISTENT_VOLUME_CLAIMS, namespace, name) is not None:
            return
        labels = owner["spec"]["selector"].get("matchLabels", {})
        self.store.create(
            PERSISTENT_VOLUME_CLAIMS,
            {
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {**labels, **(template["metadata"].get("labels") or {})},
                    "finalizers": ["kubernetes.io/pvc-protection"],
                },
                "spec": template["spec"],
                "status": {"phase": "Pending"},
            },
        )
        text = (
            f"create Claim {name} Pod {name.partition('-')[2]} in StatefulSet {owner['metadata']['name']}"
            " success"
        )
        self.engine.events.normal(owner, "SuccessfulCreate", text, component=COMPONENT)

    def _status(self, key: Key, revision: str) -> None:
        owner = self.store.get(STATEFUL_SETS, *key)
        if owner is None:
            return
        pods = [
            p for p in self._pods(owner).values() if p["status"].get("phase") not in ("Failed", "Succeeded")
        ]
        before = owner.get("status", {})
        current = before.get("currentRevision") or revision
        updated = [p for p in pods if pod_hash(p) == revision]
        replicas = owner["spec"]["replicas"]
        if len(updated) == replicas == len(pods) and all(map(is_ready, updated)):
            current = revision
        status: Obj = {"observedGeneration": owner["metadata"]["generation"], "replicas": len(pods)}
        numbers = {
            "readyReplicas": sum(map(is_ready, pods)),
            "currentReplicas": sum(1 for p in pods if pod_hash(p) == current),
            "updatedReplicas": len(updated),
        }
        status |= {k: v for k, v in numbers.items() if v}
        status |= {"currentRevision": current, "updateRevision": revision, "collisionCount": 0}
        status["availableReplicas"] = sum(map(is_available, pods))
        self.engine.write_status(STATEFUL_SETS, owner, status)
