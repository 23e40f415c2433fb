"""Evictions: what PodDisruptionBudgets allow. Writes nothing but a budget's count of allowed disruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import StoreError
from k8stui.demo.resources import POD_DISRUPTION_BUDGETS
from k8stui.demo.selectors import selector_matches

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["check_eviction", "may_evict"]


def may_evict(store: Store, pod: Obj, *, dry_run: bool = False) -> str | None:
    """None when the pod may be evicted (the disruption is then counted), else the cause of the refusal.

    Raises StoreError(500) when several budgets cover the pod.
    """
    meta = pod["metadata"]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
    if pod["status"].get("phase") in ("Succeeded", "Failed", "Pending") or "deletionTimestamp" in meta:
        return None
    budgets = [
        b
        for b in store.list(POD_DISRUPTION_BUDGETS, meta["namespace"])
        if selector_matches(b["spec"].get("selector"), meta.get("labels"))
    ]
    if not budgets:
        return None
    if len(budgets) > 1:
        text = (
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
        raise StoreError(500, "InternalError", text)
    budget, status = budgets[0], budgets[0].get("status", {})
    if not ready and status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0):
        return None
    if status.get("disruptionsAllowed", 0) < 1:
        name, wanted, healthy = (
            budget["metadata"]["name"],
            status.get("desiredHealthy", 0),
            status.get("currentHealthy", 0),
        )
        return f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently"
    if dry_run:
        return None
    disrupted = {**status.get("disruptedPods", {}), meta["name"]: store.now()}
    fresh = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1, "disruptedPods": disrupted}
    store.update(POD_DISRUPTION_BUDGETS, {**budget, "status": fresh}, subresource="status")
    return None


def check_eviction(store: Store, pod: Obj, *, dry_run: bool = False) -> None:
    """Count the disruption of a pod, unless it is a dry run. Raises 429 when its budget has nothing left."""
    why = may_evict(store, pod, dry_run=dry_run)
    if why is not None:
        raise StoreError(
            429,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
            {"causes": [{"reason": "DisruptionBudget", "message": why}]},
        )
