"""What will happen to a number of replicas that somebody sets: autoscalers, budgets and owners. Pure.

Sources: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ and
https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.selectors import SelectorError, selector_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def autoscaler_advice(kind: str, name: str, wanted: int, scalers: Iterable[Mapping[str, Any]]) -> list[str]:
    """What HorizontalPodAutoscalers of the namespace do about `wanted` replicas of an object."""
    found = []
    for scaler in scalers:
        spec, status = scaler.get("spec") or {}, scaler.get("status") or {}
        target = spec.get("scaleTargetRef") or {}
        if target.get("kind") != kind or target.get("name") != name:
            continue
        title = f"HPA {(scaler.get('metadata') or {}).get('name', '')}"
        least = spec.get("minReplicas")
        least = 1 if least is None else int(least)
        most = int(spec.get("maxReplicas") or 0)
        if wanted == 0 and least > 0:
            found.append(f"{title} stops while there are 0 replicas; it scales again once there is one.")
        elif wanted < least:
            found.append(f"{title} keeps at least {least}: it scales back up to {least} within seconds.")
        elif wanted > most:
            found.append(f"{title} allows at most {most}: it scales back down to {most} within seconds.")
        else:
            now = status.get("desiredReplicas")
            says = f" (now {now})" if now is not None else ""
            found.append(
                f"{title} sets this number by its metrics{says}, between {least} and {most}:"
                " what you set holds until it next decides, mostly within a minute."
            )
    return found


def budget_advice(
    labels: Mapping[str, str], wanted: int, current: int, budgets: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What PodDisruptionBudgets mean for `wanted` pods with these labels."""
    found = []
    for budget in budgets:
        if not _selects(budget, labels):
            continue
        spec = budget.get("spec") or {}
        title = f"PDB {(budget.get('metadata') or {}).get('name', '')}"
        needed = _needed(spec, wanted)
        if needed is None:
            continue
        if wanted < current and 0 < wanted <= needed:
            found.append(
                f"{title} does not hold back scaling, but wants {needed} healthy:"
                f" with {wanted} it lets no pod be evicted, so draining a node will wait."
            )
        elif wanted == 0 and current:
            found.append(f"{title} does not hold back scaling: all pods go.")
    return found


def _selects(budget: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    import msgspec

    from k8stui.kube.objects.meta import LabelSelector

    try:
        raw = (budget.get("spec") or {}).get("selector")
        selector = msgspec.convert(raw, LabelSelector | None)
        return selector_of(selector).matches(labels)
    except (SelectorError, msgspec.ValidationError):
        return False


def _needed(spec: Mapping[str, Any], wanted: int) -> int | None:
    """Healthy pods that a budget wants of so many; None where it says nothing."""
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None:
        return _part(least, wanted)
    if most is not None:
        return max(0, wanted - _part(most, wanted))
    return None


def _part(value: Any, of: int) -> int:
    """A number, or a percentage rounded up."""
    text = str(value)
    if text.endswith("%") and text[:-1].isdecimal():
        return -(-of * int(text[:-1]) // 100)
    return int(text) if text.lstrip("-").isdecimal() else 0


def owner_advice(owners: Iterable[Mapping[str, Any]]) -> list[str]:
    """Who sets the number back, since it manages the object."""
    return [
        f"{owner.get('kind')} {owner.get('name')} manages this object and sets the number back."
        for owner in owners
        if owner.get("controller")
    ]
