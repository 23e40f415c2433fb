"""Whether a pod may run on a node: selectors, affinity, taints, ports. Pure functions of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.quantity import milli

if TYPE_CHECKING:
    from collections.abc import Iterable

Obj = dict[str, Any]

__all__ = ["host_ports", "matches_node_selectors", "requests", "untolerated"]


def _requirement(row: Obj, values: dict[str, str]) -> bool:
    key, operator, wanted = row["key"], row["operator"], row.get("values") or []
    have = values.get(key)
    if operator == "In":
        return have in wanted
    if operator == "NotIn":
        return have not in wanted
    if operator == "Exists":
        return key in values
    if operator == "DoesNotExist":
        return key not in values
    try:
        number, limit = int(have or ""), int(wanted[0])
    except (ValueError, IndexError):
        return False
    return number > limit if operator == "Gt" else number < limit


def _term(term: Obj, node: Obj) -> bool:
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    return all(_requirement(r, labels) for r in term.get("matchExpressions") or ()) and all(
        _requirement(r, fields) for r in term.get("matchFields") or ()
    )


def matches_node_selectors(pod: Obj, node: Obj) -> bool:
    """nodeSelector and required node affinity."""
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return not required or any(_term(term, node) for term in required["nodeSelectorTerms"])


def _tolerates(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    if toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def untolerated(pod: Obj, node: Obj, effects: Iterable[str]) -> list[Obj]:
    """Taints of these effects that the pod does not tolerate."""
    tolerations = pod["spec"].get("tolerations") or ()
    return [
        taint
        for taint in node.get("spec", {}).get("taints") or ()
        if taint["effect"] in effects and not any(_tolerates(t, taint) for t in tolerations)
    ]


def toleration_seconds(pod: Obj, taint: Obj) -> float | None:
    """How long a pod bears a NoExecute taint: 0 not at all, None for ever."""
    limits: list[float] = []
    for toleration in pod["spec"].get("tolerations") or ():
        if _tolerates(toleration, taint):
            if "tolerationSeconds" not in toleration:
                return None
            limits.append(float(toleration["tolerationSeconds"]))
    return min(limits, default=0.0)


def requests(pod: Obj) -> dict[str, int]:
    """What the scheduler counts, in thousandths: all containers and sidecars, or the largest init step."""
    spec = pod["spec"]
    total: dict[str, int] = {}
    inits = spec.get("initContainers") or ()
    for item in [*spec["containers"], *(c for c in inits if c.get("restartPolicy") == "Always")]:
        for what, amount in item.get("resources", {}).get("requests", {}).items():
            total[what] = total.get(what, 0) + milli(amount)
    for item in inits:
        for what, amount in item.get("resources", {}).get("requests", {}).items():
            total[what] = max(total.get(what, 0), milli(amount))
    return total


def host_ports(pod: Obj) -> set[tuple[str, int]]:
    """Ports of the node that the pod takes."""
    spec = pod["spec"]
    found = set()
    for item in spec["containers"]:
        for port in item.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if spec.get("hostNetwork") else 0)
            if number:
                found.add((port.get("protocol", "TCP"), number))
    return found
