"""ResourceQuotas: what each object costs, what a namespace uses, and what would be too much.

Usage is counted anew from the objects each time; the quota's status is the quota controller's affair.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import forbidden
from k8stui.demo.quantity import format_bytes, format_milli, parse
from k8stui.demo.resources import (
    BUILTIN,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    Resource,
)
from k8stui.demo.world.podspec import qos_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from k8stui.demo.store import Store

Obj = dict[str, Any]
Amounts = dict[str, Fraction]

__all__ = ["check_quota", "pod_requests", "quota_usage"]

_PLAIN = (
    "configmaps",
    "secrets",
    "services",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
)
"""Kinds that are also counted under their bare name."""
_COMPUTE = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
"""Where a quota limits one of these, each container must say how much it wants."""
_STORAGE_CLASS = ".storageclass.storage.k8s.io/"


def pod_requests(pod: Obj) -> Amounts:
    """What a pod asks for: `requests.cpu`, `limits.memory`... summed over its containers."""
    totals: Amounts = {"pods": Fraction(1)}
    spec = pod["spec"]
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for item in [*spec["containers"], *sidecars]:
        resources = item.get("resources") or {}
        for side in ("requests", "limits"):
            for what, amount in (resources.get(side) or {}).items():
                key = f"{side}.{what}"
                totals[key] = totals.get(key, Fraction(0)) + parse(amount)
    return totals


def charges(res: Resource, obj: Obj) -> Amounts:
    """What an object costs, by the names that a quota may limit."""
    found: Amounts = {f"count/{res.qualified}": Fraction(1)}
    if res.storage == PODS.storage:
        if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return found
        asked = pod_requests(obj)
        plain = {key.removeprefix("requests."): amount for key, amount in asked.items()}
        return found | asked | plain
    if not res.group and res.plural in _PLAIN:
        found[res.plural] = Fraction(1)
    if res.storage == SERVICES.storage:
        kind, ports = obj["spec"].get("type"), obj["spec"].get("ports") or ()
        if kind == "LoadBalancer":
            found["services.loadbalancers"] = Fraction(1)
        if kind in ("LoadBalancer", "NodePort"):
            found["services.nodeports"] = Fraction(sum(1 for port in ports if port.get("nodePort")))
    if res.storage == PERSISTENT_VOLUME_CLAIMS.storage:
        size = ((obj["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
        found["requests.storage"] = parse(size)
        name = obj["spec"].get("storageClassName")
        if name:
            found[f"{name}{_STORAGE_CLASS}requests.storage"] = parse(size)
            found[f"{name}{_STORAGE_CLASS}persistentvolumeclaims"] = Fraction(1)
    return found


def _kinds_of(hard: Iterable[str], known: Iterable[Resource]) -> list[Resource]:
    """The kinds whose objects count for what a quota limits."""
    names = set(hard)
    found: list[Resource] = []
    for res in known:
        if res.storage == "-" or not res.namespaced:
            continue
        counted = {f"count/{res.qualified}", *((res.plural,) if res.plural in _PLAIN else ())}
        if res.storage == PODS.storage:
            counted |= {n for n in names if n == "pods" or n in _COMPUTE or n.startswith(_SIDES)}
        elif res.storage == SERVICES.storage:
            counted |= {n for n in names if n.startswith("services.")}
        elif res.storage == PERSISTENT_VOLUME_CLAIMS.storage:
            counted |= {n for n in names if n == "requests.storage" or _STORAGE_CLASS in n}
        if counted & names and res.storage not in {other.storage for other in found}:
            found.append(res)
    return found


_SIDES = ("requests.", "limits.")


def _in_scope(quota: Obj, res: Resource, obj: Obj) -> bool:
    """Whether a quota with scopes is about this object; scopes speak of pods only."""
    spec = quota["spec"]
    rules = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    rules += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    if not rules:
        return True
    if res.storage != PODS.storage:
        return False
    best_effort, ends = qos_class(obj["spec"]) == "BestEffort", "activeDeadlineSeconds" in obj["spec"]
    priority = obj["spec"].get("priorityClassName")
    tests: dict[str, Callable[[Mapping[str, Any]], bool]] = {
        "BestEffort": lambda _: best_effort,
        "NotBestEffort": lambda _: not best_effort,
        "Terminating": lambda _: ends,
        "NotTerminating": lambda _: not ends,
        "PriorityClass": lambda rule: _has_priority(priority, rule),
    }
    return all(rule["scopeName"] in tests and tests[rule["scopeName"]](rule) for rule in rules)


def _has_priority(priority: str | None, rule: Mapping[str, Any]) -> bool:
    values: Sequence[str] = rule.get("values") or ()
    operator: str = rule.get("operator", "Exists")
    if operator in ("In", "NotIn"):
        return (priority in values) == (operator == "In")
    return bool(priority) == (operator == "Exists")


def quota_usage(store: Store, quota: Obj, known: Iterable[Resource] = BUILTIN) -> dict[str, str]:
    """What the quota's namespace uses of each limited resource, as quantities."""
    hard: dict[str, str] = quota["spec"].get("hard") or {}
    used: Amounts = dict.fromkeys(hard, Fraction(0))
    for res in _kinds_of(hard, known):
        for obj in store.list(res, quota["metadata"]["namespace"]):
            if _in_scope(quota, res, obj):
                for name, amount in charges(res, obj).items():
                    if name in used:
                        used[name] += amount
    return {name: _text(name, value) for name, value in used.items()}


def _text(name: str, value: Fraction) -> str:
    return format_bytes(value) if "memory" in name or "storage" in name else format_milli(value)


def check_quota(store: Store, res: Resource, obj: Obj, old: Obj | None = None) -> None:
    """Raise 403 when an object (or its growth since `old`) is more than a quota of its namespace has left."""
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
    if not namespace:
        return
    before = charges(res, old) if old is not None else {}
    for quota in store.list(RESOURCE_QUOTAS, namespace):
        hard: dict[str, str] = quota["spec"].get("hard") or {}
        cost = {key: amount for key, amount in charges(res, obj).items() if key in hard}
        if not _in_scope(quota, res, obj):
            continue
        title = quota["metadata"]["name"]
        if res.storage == PODS.storage and (missing := _unspecified(obj, hard)):
            raise forbidden(res, name, f"failed quota: {title}: must specify {missing}")
        growth = {key: amount - before.get(key, Fraction(0)) for key, amount in cost.items()}
        growth = {key: amount for key, amount in growth.items() if amount > 0}
        if not growth:
            continue
        used = quota_usage(store, quota, [res])
        over = [k for k in sorted(growth) if parse(used[k]) + growth[k] > parse(str(hard[k]))]
        if over:
            requested = ",".join(f"{k}={_text(k, growth[k])}" for k in over)
            spent = ",".join(f"{k}={used[k]}" for k in over)
            limits = ",".join(f"{k}={hard[k]}" for k in over)
            why = f"exceeded quota: {title}, requested: {requested}, used: {spent}, limited: {limits}"
            raise forbidden(res, name, why)


def _unspecified(pod: Obj, hard: Mapping[str, str]) -> str:
    """What a quota limits and which containers say nothing of it."""
    found = []
    for key in sorted(set(hard) & set(_COMPUTE)):
        side, _, what = key.rpartition(".")
        names = [
            item["name"]
            for item in pod["spec"]["containers"]
            if what not in ((item.get("resources") or {}).get(side or "requests") or {})
        ]
        if names:
            found.append(f"{key} for: {','.join(sorted(names))}")
    return "; ".join(found)
