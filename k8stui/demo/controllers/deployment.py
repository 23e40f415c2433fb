"""Rolls Deployments out: new ReplicaSets up, old ones down, within maxSurge and maxUnavailable."""

from __future__ import annotations

import json
from hashlib import blake2b

from k8stui.demo.controllers.deployment_status import bounds, deployment_status, is_complete
from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.resources import DEPLOYMENTS, REPLICA_SETS, Resource
from k8stui.demo.world.context import owner_reference
from k8stui.demo.world.ids import encode_name

__all__ = ["Deployments", "same_template", "template_hash"]

COMPONENT = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"
NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)


def template_hash(template: Obj, salt: int = 0) -> str:
    """The `pod-template-hash` of a template."""
    data = json.dumps(template, sort_keys=True, default=str).encode() + str(salt).encode()
    return encode_name(int.from_bytes(blake2b(data, digest_size=4).digest(), "big"))


def _bare(template: Obj) -> Obj:
    meta = {k: v for k, v in template.get("metadata", {}).items() if v and k != "creationTimestamp"}
    labels = {k: v for k, v in meta.get("labels", {}).items() if k != "pod-template-hash"}
    return {"metadata": {**meta, "labels": labels}, "spec": template["spec"]}


def same_template(one: Obj, other: Obj) -> bool:
    """Whether two pod templates are equal but for the hash label."""
    return _bare(one) == _bare(other)


def revision_of(obj: Obj) -> int:
    """The rollout's number of a ReplicaSet or Deployment."""
    return int((obj["metadata"].get("annotations") or {}).get(REVISION, "0"))


class Deployments(Controller):
    """Level-triggered: each look moves replicas by as much as is allowed at that moment."""

    kinds = (DEPLOYMENTS, REPLICA_SETS)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "replicasets":
            for reference in obj["metadata"].get("ownerReferences", ()):
                if reference["kind"] == "Deployment":
                    self.poke((obj["metadata"]["namespace"], reference["name"]))
        elif type_ != "DELETED":
            self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        deployment = self.store.get(DEPLOYMENTS, *key)
        if deployment is None or "deletionTimestamp" in deployment["metadata"]:
            return
        sets = self.engine.owned(deployment, REPLICA_SETS)
        current = self._current(deployment, sets)
        old = [rs for rs in sets if current is None or rs["metadata"]["uid"] != current["metadata"]["uid"]]
        paused = deployment["spec"].get("paused", False)
        if not paused:
            if current is None:
                current = self._create(deployment, sets)
            else:
                current = self._adopt(deployment, current, old)
        if paused or self._same_size(deployment, sets) is False:
            self._proportional(deployment, [*old, *([current] if current else [])])
        if not paused and current is not None:
            self._roll(deployment, current, old)
            self._clean(deployment, current, old)
        self._status(key)

    # -- revisions ------------------------------------------------------------------------------------

    def _current(self, deployment: Obj, sets: list[Obj]) -> Obj | None:
        template = deployment["spec"]["template"]
        fitting = [rs for rs in sets if same_template(rs["spec"]["template"], template)]
        return min(fitting, key=lambda rs: rs["metadata"]["creationTimestamp"], default=None)

    def _annotations(self, deployment: Obj, revision: int) -> dict[str, str]:
        own = deployment["metadata"].get("annotations") or {}
        surge, _ = bounds(deployment)
        replicas = deployment["spec"]["replicas"]
        return {k: v for k, v in own.items() if k not in NOT_COPIED} | {
            "deployment.kubernetes.io/desired-replicas": str(replicas),
            "deployment.kubernetes.io/max-replicas": str(replicas + surge),
            REVISION: str(revision),
        }

    def _create(self, deployment: Obj, sets: list[Obj]) -> Obj:
        meta, spec = deployment["metadata"], deployment["spec"]
        digest = template_hash(_bare(spec["template"]))
        salt = 0
        while self.store.get(REPLICA_SETS, meta["namespace"], f"{meta['name']}-{digest}") is not None:
            salt += 1
            digest = template_hash(_bare(spec["template"]), salt)
        revision = max(map(revision_of, sets), default=0) + 1
        template_meta = spec["template"].get("metadata", {})
        labels = {**(template_meta.get("labels") or {}), "pod-template-hash": digest}
        selector = spec["selector"]
        surge, _ = bounds(deployment)
        old = sum(rs["spec"]["replicas"] for rs in sets)
        room = max(0, min(spec["replicas"], spec["replicas"] + surge - old))
        if spec.get("strategy", {}).get("type") == "Recreate" and old:
            room = 0
        made = self.store.create(
            REPLICA_SETS,
            {
                "metadata": {
                    "name": f"{meta['name']}-{digest}",
                    "namespace": meta["namespace"],
                    "labels": labels,
                    "annotations": self._annotations(deployment, revision),
                    "ownerReferences": [owner_reference(deployment)],
                },
                "spec": {
                    "replicas": room,
                    "selector": {
                        **selector,
                        "matchLabels": {**selector.get("matchLabels", {}), "pod-template-hash": digest},
                    },
                    "template": {**spec["template"], "metadata": {**template_meta, "labels": labels}},
                },
                "status": {"replicas": 0},
            },
        )
        self._mark(deployment, revision)
        if room:
            self._announce(deployment, made, 0, room)
        return made

    def _adopt(self, deployment: Obj, current: Obj, old: list[Obj]) -> Obj:
        """An existing ReplicaSet is the wanted one (again): it gets the newest revision number."""
        newest = max(map(revision_of, old), default=0)
        revision = revision_of(current)
        if revision <= newest:
            revision = newest + 1
        wanted = self._annotations(deployment, revision)
        have = current["metadata"].get("annotations") or {}
        if {k: have.get(k) for k in wanted} != wanted:
            annotations = {**have, **wanted}
            current = self.store.update(
                REPLICA_SETS, {**current, "metadata": {**current["metadata"], "annotations": annotations}}
            )
        if revision_of(deployment) != revision:
            self._mark(deployment, revision)
        return current

    def _mark(self, deployment: Obj, revision: int) -> None:
        fresh = self.store.get(DEPLOYMENTS, *key_of(deployment))
        if fresh is None or revision_of(fresh) == revision:
            return
        annotations = {**(fresh["metadata"].get("annotations") or {}), REVISION: str(revision)}
        self.store.update(
            DEPLOYMENTS, {**fresh, "metadata": {**fresh["metadata"], "annotations": annotations}}
        )

    # -- replicas -------------------------------------------------------------------------------------

    def _scale(self, deployment: Obj, rs: Obj, replicas: int) -> None:
        fresh = self.store.get(REPLICA_SETS, *key_of(rs))
        if fresh is None or fresh["spec"]["replicas"] == replicas:
            return
        before = fresh["spec"]["replicas"]
        surge, _ = bounds(deployment)
        wanted = deployment["spec"]["replicas"]
        annotations = {
            **(fresh["metadata"].get("annotations") or {}),
            "deployment.kubernetes.io/desired-replicas": str(wanted),
            "deployment.kubernetes.io/max-replicas": str(wanted + surge),
        }
        self.store.update(
            REPLICA_SETS,
            {
                **fresh,
                "metadata": {**fresh["metadata"], "annotations": annotations},
                "spec": {**fresh["spec"], "replicas": replicas},
            },
        )
        self._announce(deployment, rs, before, replicas)

    def _announce(self, deployment: Obj, rs: Obj, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {rs['metadata']['name']} from {before} to {after}"
        self.engine.events.normal(deployment, "ScalingReplicaSet", text, component=COMPONENT)

    def _same_size(self, deployment: Obj, sets: list[Obj]) -> bool:
        """Whether the wanted size is the one that the ReplicaSets were last scaled for."""
        wanted = str(deployment["spec"]["replicas"])
        for rs in sets:
            noted = (rs["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/desired-replicas")
            if rs["spec"]["replicas"] and noted and noted != wanted:
                return False
        return True

    def _proportional(self, deployment: Obj, sets: list[Obj]) -> None:
        """Scaling while paused or in mid-rollout: the one active set takes it, or each its share."""
        active = [rs for rs in sets if rs["spec"]["replicas"]]
        wanted = deployment["spec"]["replicas"]
        if len(active) == 1:
            self._scale(deployment, active[0], wanted)
        elif len(active) > 1 and not self._same_size(deployment, active):
            total = sum(rs["spec"]["replicas"] for rs in active)
            surge, _ = bounds(deployment)
            left = wanted + surge
            for rs in sorted(active, key=lambda rs: -rs["spec"]["replicas"]):
                share = min(left, round(rs["spec"]["replicas"] * (wanted + surge) / total))
                self._scale(deployment, rs, share)
                left -= share

    def _roll(self, deployment: Obj, current: Obj, old: list[Obj]) -> None:
        wanted = deployment["spec"]["replicas"]
        fresh = self.store.get(REPLICA_SETS, *key_of(current)) or current
        old = [self.store.get(REPLICA_SETS, *key_of(rs)) or rs for rs in old]
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            self._recreate(deployment, fresh, old)
            return
        surge, unavailable = bounds(deployment)
        total = fresh["spec"]["replicas"] + sum(rs["spec"]["replicas"] for rs in old)
        if fresh["spec"]["replicas"] > wanted:
            self._scale(deployment, fresh, wanted)
        elif fresh["spec"]["replicas"] < wanted:
            room = wanted + surge - total
            if room > 0:
                self._scale(deployment, fresh, min(wanted, fresh["spec"]["replicas"] + room))
        self._shrink_old(deployment, fresh, old, wanted - unavailable)

    def _shrink_old(self, deployment: Obj, current: Obj, old: list[Obj], least: int) -> None:
        def available(rs: Obj) -> int:
            return int(rs.get("status", {}).get("availableReplicas", 0))

        current = self.store.get(REPLICA_SETS, *key_of(current)) or current
        active = sorted(
            (rs for rs in old if rs["spec"]["replicas"]), key=lambda r: r["metadata"]["creationTimestamp"]
        )
        total = current["spec"]["replicas"] + sum(rs["spec"]["replicas"] for rs in active)
        missing_new = current["spec"]["replicas"] - available(current)
        spare = total - least - missing_new
        for rs in active:  # pods that don't work go first
            broken = rs["spec"]["replicas"] - available(rs)
            cut = max(0, min(spare, broken))
            if cut:
                self._scale(deployment, rs, rs["spec"]["replicas"] - cut)
                spare -= cut
        budget = sum(map(available, active)) + available(current) - least
        for rs in active:
            fresh = self.store.get(REPLICA_SETS, *key_of(rs)) or rs
            cut = max(0, min(budget, fresh["spec"]["replicas"]))
            if cut:
                self._scale(deployment, fresh, fresh["spec"]["replicas"] - cut)
                budget -= cut

    def _recreate(self, deployment: Obj, current: Obj, old: list[Obj]) -> None:
        for rs in old:
            if rs["spec"]["replicas"]:
                self._scale(deployment, rs, 0)
        if not any(self.store.owned_by(rs["metadata"]["uid"]) for rs in old):
            self._scale(deployment, current, deployment["spec"]["replicas"])
        else:
            self.poke(key_of(deployment), 0.5)

    def _clean(self, deployment: Obj, current: Obj, old: list[Obj]) -> None:
        """Remove the oldest empty ReplicaSets beyond revisionHistoryLimit, once the rollout is complete."""
        if not is_complete(deployment):
            return
        limit = deployment["spec"].get("revisionHistoryLimit", 10)
        empty = [rs for rs in old if not rs["spec"]["replicas"] and not rs.get("status", {}).get("replicas")]
        for rs in sorted(empty, key=revision_of)[: max(0, len(empty) - limit)]:
            self.store.delete(REPLICA_SETS, *key_of(rs))

    def _status(self, key: Key) -> None:
        deployment = self.store.get(DEPLOYMENTS, *key)
        if deployment is None:
            return
        sets = self.engine.owned(deployment, REPLICA_SETS)
        current = self._current(deployment, sets)
        now = self.engine.time()
        status, again = deployment_status(deployment, current, sets, now)
        self.engine.write_status(DEPLOYMENTS, deployment, status)
        if again is not None:
            self.poke(key, again)
