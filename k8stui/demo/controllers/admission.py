"""What a real API server checks and fills in when a pod is created or evicted.

Defaults, the service account's token volume, tolerations, priority, LimitRanges, quotas; and for evictions
the disruption budgets. Raises StoreError with the server's words. Reads the store, writes nothing but the
budget's count of allowed disruptions.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from k8stui.demo.controllers.quantity import format_bytes, format_milli, parse
from k8stui.demo.errors import StoreError, forbidden
from k8stui.demo.resources import (
    LIMIT_RANGES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    PRIORITY_CLASSES,
    RESOURCE_QUOTAS,
    SERVICE_ACCOUNTS,
)
from k8stui.demo.world.podspec import (
    CONTAINER_ORDER,
    TERMINATION,
    admitted_spec,
    in_order,
    pod_spec,
    qos_class,
)

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["admit_pod", "may_evict", "pod_requests", "quota_usage", "selector_matches"]


def admit_pod(store: Store, pod: Obj) -> Obj:
    """The pod as the server would store it. Raises StoreError(403) where it would refuse it."""
    meta = pod["metadata"]
    namespace, name = (
        meta["namespace"],
        meta.get("name") or f"{meta.get('generateName', '')}{store.name_suffix()}",
    )
    spec = pod_spec(
        [_container_defaults(c) for c in pod["spec"]["containers"]],
        **{k: v for k, v in pod["spec"].items() if k != "containers"},
    )
    if "initContainers" in spec:
        spec["initContainers"] = [_container_defaults(c) for c in spec["initContainers"]]
    account = spec.get("serviceAccountName") or "default"
    if store.get(SERVICE_ACCOUNTS, namespace, account) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise forbidden(PODS, name, why)
    priority, preemption = _priority(store, name, spec)
    spec, notes = _limit_ranges(store, namespace, name, spec)
    spec = admitted_spec(spec, store.name_suffix(), priority=priority, preemption=preemption)
    metadata = {**meta, "name": name}
    if notes:
        metadata["annotations"] = {**(meta.get("annotations") or {}), "kubernetes.io/limit-ranger": notes}
    status: Obj = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        status["conditions"] = [
            {
                "type": "PodScheduled",
                "observedGeneration": 1,
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": store.now(),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]
    admitted = {**pod, "metadata": metadata, "spec": spec, "status": status}
    _quota(store, namespace, name, admitted)
    return admitted


def _container_defaults(item: Obj) -> Obj:
    out = {**item, **{k: v for k, v in TERMINATION.items() if k not in item}}
    out.setdefault("resources", {})
    limits, requests = out["resources"].get("limits", {}), out["resources"].get("requests", {})
    if any(k not in requests for k in limits):
        out["resources"] = {**out["resources"], "requests": {**limits, **requests}}
    if "imagePullPolicy" not in out:
        tag = out["image"].rpartition("/")[2].partition(":")[2]
        out["imagePullPolicy"] = (
            "Always" if tag in ("", "latest") and "@" not in out["image"] else "IfNotPresent"
        )
    return in_order(out, CONTAINER_ORDER)


def _priority(store: Store, name: str, spec: Obj) -> tuple[int, str]:
    wanted = spec.get("priorityClassName")
    for cls in store.list(PRIORITY_CLASSES):
        if cls["metadata"]["name"] == wanted or (not wanted and cls.get("globalDefault")):
            return cls["value"], cls.get("preemptionPolicy", "PreemptLowerPriority")
    if wanted:
        raise forbidden(PODS, name, f"no PriorityClass with name {wanted} was found")
    return 0, "PreemptLowerPriority"


# -- LimitRange ---------------------------------------------------------------------------------------


def _limit_ranges(store: Store, namespace: str, name: str, spec: Obj) -> tuple[Obj, str]:
    notes: list[str] = []
    for limit_range in store.list(LIMIT_RANGES, namespace):
        for rule in limit_range["spec"]["limits"]:
            if rule["type"] != "Container":
                continue
            containers = []
            for item in spec["containers"]:
                changed, texts = _with_defaults(item, rule)
                notes += texts
                _check_limits(name, changed, rule)
                containers.append(changed)
            spec = {**spec, "containers": containers}
    return spec, "LimitRanger plugin set: " + "; ".join(notes) if notes else ""


def _with_defaults(item: Obj, rule: Obj) -> tuple[Obj, list[str]]:
    resources, notes = dict(item.get("resources", {})), []
    for field, source, word in (("requests", "defaultRequest", "request"), ("limits", "default", "limit")):
        have = resources.get(field, {})
        missing = {k: v for k, v in rule.get(source, {}).items() if k not in have}
        if field == "requests":
            limits = resources.get("limits", {})
            missing = {k: limits.get(k, v) for k, v in missing.items()}
        if missing:
            resources[field] = dict(sorted({**have, **missing}.items()))
            notes.append(f"{', '.join(sorted(missing))} {word} for container {item['name']}")
    return ({**item, "resources": resources} if notes else item), notes


def _check_limits(name: str, item: Obj, rule: Obj) -> None:
    wrong = []
    resources = item.get("resources", {})
    for what, most in sorted(rule.get("max", {}).items()):
        limit = resources.get("limits", {}).get(what)
        if limit is None:
            wrong.append(f"maximum {what} usage per Container is {most}. No limit is specified")
        elif parse(limit) > parse(most):
            wrong.append(f"maximum {what} usage per Container is {most}, but limit is {limit}")
    for what, least in sorted(rule.get("min", {}).items()):
        request = resources.get("requests", {}).get(what)
        if request is None:
            wrong.append(f"minimum {what} usage per Container is {least}. No request is specified")
        elif parse(request) < parse(least):
            wrong.append(f"minimum {what} usage per Container is {least}, but request is {request}")
    if wrong:
        raise forbidden(PODS, name, wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]")


# -- quota --------------------------------------------------------------------------------------------


def pod_requests(pod: Obj) -> dict[str, Fraction]:
    """What a pod asks for: `requests.cpu`, `limits.memory`... summed over its containers."""
    totals: dict[str, Fraction] = {"pods": Fraction(1)}
    spec = pod["spec"]
    sidecars = [c for c in spec.get("initContainers", []) if c.get("restartPolicy") == "Always"]
    for item in [*spec["containers"], *sidecars]:
        resources = item.get("resources", {})
        for side in ("requests", "limits"):
            for what, amount in resources.get(side, {}).items():
                key = f"{side}.{what}"
                totals[key] = totals.get(key, Fraction(0)) + parse(amount)
    return totals


def quota_usage(store: Store, namespace: str, hard: dict[str, str]) -> dict[str, str]:
    """What the namespace uses of each limited resource, as quantities."""
    used: dict[str, Fraction] = dict.fromkeys(hard, Fraction(0))
    for pod in store.list(PODS, namespace):
        if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            continue
        for what, amount in pod_requests(pod).items():
            for name in {what, what.removeprefix("requests.")}:
                if name in used:
                    used[name] += amount
    return {name: _text(name, value) for name, value in used.items()}


def _text(name: str, value: Fraction) -> str:
    return format_bytes(value) if "memory" in name or "storage" in name else format_milli(value)


def _quota(store: Store, namespace: str, name: str, pod: Obj) -> None:
    asked = pod_requests(pod)
    for quota in store.list(RESOURCE_QUOTAS, namespace):
        hard: dict[str, str] = quota["spec"].get("hard", {})
        if quota["spec"].get("scopes"):
            continue
        wanted = {k: asked.get(k, asked.get(f"requests.{k}", Fraction(0))) for k in hard}
        limited = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "cpu", "memory")
        missing = [k for k in sorted(hard) if k in limited and not wanted[k]]
        title = quota["metadata"]["name"]
        if missing:
            names = "; ".join(f"{k} for: {pod['spec']['containers'][0]['name']}" for k in missing)
            raise forbidden(PODS, name, f"failed quota: {title}: must specify {names}")
        used = quota_usage(store, namespace, {k: v for k, v in hard.items() if wanted[k]})
        over = [k for k in sorted(used) if parse(used[k]) + wanted[k] > parse(hard[k])]
        if over:
            requested = ",".join(f"{k}={_text(k, wanted[k])}" for k in over)
            spent = ",".join(f"{k}={used[k]}" for k in over)
            limits = ",".join(f"{k}={hard[k]}" for k in over)
            why = f"exceeded quota: {title}, requested: {requested}, used: {spent}, limited: {limits}"
            raise forbidden(PODS, name, why)


# -- eviction -----------------------------------------------------------------------------------------


def selector_matches(selector: Obj | None, labels: dict[str, str] | None) -> bool:
    """Whether a LabelSelector takes these labels; none takes nothing, an empty one everything."""
    if selector is None:
        return False
    have = labels or {}
    if any(have.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(row, have) for row in selector.get("matchExpressions") or ())


def _expression(row: Obj, have: dict[str, str]) -> bool:
    key, operator, values = row["key"], row["operator"], row.get("values") or []
    if operator == "In":
        return have.get(key) in values
    if operator == "NotIn":
        return have.get(key) not in values
    return bool((key in have) == (operator == "Exists"))


def may_evict(store: Store, pod: Obj) -> str | None:
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
    disrupted = {**status.get("disruptedPods", {}), meta["name"]: store.now()}
    fresh = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1, "disruptedPods": disrupted}
    store.update(POD_DISRUPTION_BUDGETS, {**budget, "status": fresh}, subresource="status")
    return None
