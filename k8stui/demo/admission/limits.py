"""LimitRanges: defaults for containers, and refusals of what is too large or too small.

Pure functions of the store's objects; the words are those of the LimitRanger plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import forbidden
from k8stui.demo.quantity import format_bytes, format_milli, parse
from k8stui.demo.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["check_claim", "check_pod", "with_limits"]


def _rules(store: Store, namespace: str, *kinds: str) -> Iterator[Obj]:
    for limit_range in store.list(LIMIT_RANGES, namespace):
        for rule in limit_range.get("spec", {}).get("limits") or ():
            if rule.get("type") in kinds:
                yield rule


def with_limits(store: Store, namespace: str, spec: Obj) -> tuple[Obj, str]:
    """The spec with default requests and limits, and the note of it for the pod's annotation."""
    notes: list[str] = []
    for rule in _rules(store, namespace, "Container"):
        for field, word in (("initContainers", "init container"), ("containers", "container")):
            containers = []
            for item in spec.get(field) or ():
                changed, texts = _with_defaults(item, rule, word)
                notes += texts
                containers.append(changed)
            if containers:
                spec = {**spec, field: containers}
    return spec, "LimitRanger plugin set: " + "; ".join(notes) if notes else ""


def _with_defaults(item: Obj, rule: Obj, word: str) -> tuple[Obj, list[str]]:
    resources, notes = dict(item.get("resources", {})), []
    for field, source, name in (("requests", "defaultRequest", "request"), ("limits", "default", "limit")):
        have = resources.get(field, {})
        missing = {k: v for k, v in (rule.get(source) or {}).items() if k not in have}
        if field == "requests":
            limits = resources.get("limits", {})
            missing = {k: limits.get(k, v) for k, v in missing.items()}
        if missing:
            resources[field] = dict(sorted({**have, **missing}.items()))
            notes.append(f"{', '.join(sorted(missing))} {name} for {word} {item['name']}")
    return ({**item, "resources": resources} if notes else item), notes


def check_pod(store: Store, pod: Obj) -> None:
    """Raise 403 when a container or the pod as a whole breaks a LimitRange."""
    meta, spec = pod["metadata"], pod["spec"]
    wrong: list[str] = []
    for rule in _rules(store, meta["namespace"], "Container", "Pod"):
        if rule["type"] == "Container":
            for item in [*spec["containers"], *(spec.get("initContainers") or ())]:
                wrong += _broken("Container", item.get("resources", {}), rule)
        else:
            wrong += _broken("Pod", _sums(spec["containers"]), rule)
    if wrong:
        raise forbidden(PODS, meta["name"], wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]")


def _sums(containers: list[Obj]) -> Obj:
    """Requests and limits of all containers together; a limit only where each has one."""
    out: Obj = {}
    for side in ("requests", "limits"):
        sums: dict[str, Fraction] = {}
        rows = [(item.get("resources") or {}).get(side) or {} for item in containers]
        for row in rows:
            for what, amount in row.items():
                sums[what] = sums.get(what, parse("0")) + parse(amount)
        if side == "limits":
            sums = {what: total for what, total in sums.items() if all(what in row for row in rows)}
        out[side] = {what: _text(what, total) for what, total in sums.items()}
    return out


def _text(what: str, amount: Fraction) -> str:
    return format_bytes(amount) if what in ("memory", "ephemeral-storage") else format_milli(amount)


def _broken(kind: str, resources: Obj, rule: Obj) -> list[str]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    wrong = []
    for what, most in sorted((rule.get("max") or {}).items()):
        limit = limits.get(what)
        if limit is None:
            wrong.append(f"maximum {what} usage per {kind} is {most}. No limit is specified")
        elif parse(limit) > parse(most):
            wrong.append(f"maximum {what} usage per {kind} is {most}, but limit is {limit}")
    for what, least in sorted((rule.get("min") or {}).items()):
        request = requests.get(what)
        if request is None:
            wrong.append(f"minimum {what} usage per {kind} is {least}. No request is specified")
        elif parse(request) < parse(least):
            wrong.append(f"minimum {what} usage per {kind} is {least}, but request is {request}")
    for what, ratio in sorted((rule.get("maxLimitRequestRatio") or {}).items()):
        limit, request = limits.get(what), requests.get(what)
        if limit is not None and request is not None and parse(request):
            given = parse(limit) / parse(request)
            if given > parse(ratio):
                wrong.append(
                    f"{what} max limit to request ratio per {kind} is {ratio}, but provided ratio is"
                    f" {float(given):.6f}"
                )
    return wrong


def check_claim(store: Store, claim: Obj) -> None:
    """Raise 403 when a claim is smaller or larger than a LimitRange allows."""
    meta = claim["metadata"]
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        return
    for rule in _rules(store, meta["namespace"], "PersistentVolumeClaim"):
        least, most = (rule.get("min") or {}).get("storage"), (rule.get("max") or {}).get("storage")
        words = "storage usage per PersistentVolumeClaim is"
        if most is not None and parse(asked) > parse(most):
            why = f"maximum {words} {most}, but request is {asked}"
        elif least is not None and parse(asked) < parse(least):
            why = f"minimum {words} {least}, but request is {asked}"
        else:
            continue
        raise forbidden(PERSISTENT_VOLUME_CLAIMS, meta["name"], why)
