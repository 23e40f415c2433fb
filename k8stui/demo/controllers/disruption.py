"""PodDisruptionBudgets: how many pods may go now."""

from __future__ import annotations

from k8stui.demo.controllers.deployment_status import resolve
from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.pods import is_ready
from k8stui.demo.resources import (
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Resource,
)
from k8stui.demo.selectors import selector_matches

__all__ = ["Disruptions"]


class Disruptions(Controller):
    """Counts healthy pods of each budget."""

    kinds = (POD_DISRUPTION_BUDGETS, PODS)

    def start(self) -> None:
        for budget in self.store.list(POD_DISRUPTION_BUDGETS):
            self.poke(key_of(budget), 0.3)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "poddisruptionbudgets":
            if type_ != "DELETED":
                self.poke(key_of(obj), 0.05)
            return
        for budget in self.store.list(POD_DISRUPTION_BUDGETS, obj["metadata"]["namespace"]):
            if selector_matches(budget["spec"].get("selector"), obj["metadata"].get("labels")):
                self.poke(key_of(budget), 0.05)

    def reconcile(self, key: Key) -> None:
        budget = self.store.get(POD_DISRUPTION_BUDGETS, *key)
        if budget is None:
            return
        selector = budget["spec"].get("selector")
        pods = [
            p
            for p in self.store.list(PODS, key[0])
            if selector_matches(selector, p["metadata"].get("labels"))
            and p.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        ]
        expected, wanted = self._wanted(budget, pods)
        disrupted = budget.get("status", {}).get("disruptedPods") or {}
        alive = {p["metadata"]["name"] for p in pods if "deletionTimestamp" not in p["metadata"]}
        disrupted = {name: at for name, at in disrupted.items() if name in alive}
        healthy = sum(
            1
            for p in pods
            if is_ready(p)
            and "deletionTimestamp" not in p["metadata"]
            and p["metadata"]["name"] not in disrupted
        )
        allowed = max(0, healthy - wanted) if expected else 0
        generation = budget["metadata"].get("generation", 1)
        status: Obj = {"observedGeneration": generation}
        if disrupted:
            status["disruptedPods"] = disrupted
        status |= {
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": wanted,
            "expectedPods": expected,
            "conditions": [self._condition(budget, allowed, generation)],
        }
        self.engine.write_status(POD_DISRUPTION_BUDGETS, budget, status)

    def _condition(self, budget: Obj, allowed: int, generation: int) -> Obj:
        old: Obj = next(iter(budget.get("status", {}).get("conditions") or ()), {})
        value = "True" if allowed else "False"
        return {
            "type": "DisruptionAllowed",
            "status": value,
            "observedGeneration": generation,
            "lastTransitionTime": (
                old["lastTransitionTime"] if old.get("status") == value else self.engine.stamp()
            ),
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
        }

    def _wanted(self, budget: Obj, pods: list[Obj]) -> tuple[int, int]:
        """(expected pods, pods that have to stay healthy)."""
        spec = budget["spec"]
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if isinstance(least, int):
            return len(pods), least
        expected = self._expected(pods)
        if most is not None:
            return expected, max(0, expected - resolve(most, expected, up=True))
        return expected, resolve(least, expected, up=True)

    def _expected(self, pods: list[Obj]) -> int:
        """The scale of the pods' controllers, as the budget counts percentages of it."""
        total, seen = 0, set()
        for pod in pods:
            for reference in pod["metadata"].get("ownerReferences") or ():
                namespace = pod["metadata"]["namespace"]
                owner: Obj | None = None
                if reference["kind"] == "ReplicaSet":
                    rs = self.store.get(REPLICA_SETS, namespace, reference["name"])
                    parents = (rs or {}).get("metadata", {}).get("ownerReferences") or ()
                    owner = self.store.get(DEPLOYMENTS, namespace, parents[0]["name"]) if parents else rs
                elif reference["kind"] == "StatefulSet":
                    owner = self.store.get(STATEFUL_SETS, namespace, reference["name"])
                if owner is not None and owner["metadata"]["uid"] not in seen:
                    seen.add(owner["metadata"]["uid"])
                    total += owner["spec"]["replicas"]
        return total or len(pods)
