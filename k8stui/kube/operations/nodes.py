"""Nodes: cordon, uncordon, taints. Pure.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from k8stui.kube.operations.plans import Back, Change, Plan, PlanError, Ref, dig, patch, was

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

EFFECTS = {
    "NoSchedule": "new pods that do not tolerate it stay away",
    "PreferNoSchedule": "new pods stay away where they can",
    "NoExecute": "pods that do not tolerate it are evicted at once",
}
_TAINT = re.compile(
    r"(?P<key>[A-Za-z0-9][-A-Za-z0-9_.]*(?:/[A-Za-z0-9][-A-Za-z0-9_.]*)?)"
    r"(?:=(?P<value>[-A-Za-z0-9_.]*))?(?::(?P<effect>[A-Za-z]+))?(?P<minus>-)?"
)


def plan_cordon(refs: Sequence[Ref], *, on: bool) -> Plan:
    """Let no new pods come to nodes, or let them come again."""
    words = ("schedulable → unschedulable", "unschedulable → schedulable")
    changes = tuple(
        Change(
            ref,
            (patch(ref, {"spec": {"unschedulable": True if on else None}}),),
            words[not on],
            (Back(("spec", "unschedulable"), UNSET if on else True),),
        )
        for ref in refs
    )
    if on:
        note = "Pods that run there go on running; new ones do not come. DaemonSets ignore it."
        return Plan("Cordon", "cordoned", changes, notes=(note,))
    return Plan("Uncordon", "uncordoned", changes, notes=("New pods may come again.",))


def parse_taints(text: str) -> tuple[list[dict[str, str]], list[tuple[str, str]]]:
    """What to set and what to take away: `key=value:NoSchedule key:NoExecute- key-`. Raises PlanError."""
    added: list[dict[str, str]] = []
    removed: list[tuple[str, str]] = []
    for word in text.split():
        found = _TAINT.fullmatch(word)
        minus = word.endswith("-")
        if minus:
            found = _TAINT.fullmatch(word[:-1])
        if found is None:
            raise PlanError(f"{word!r} is no taint: key=value:Effect sets one, key:Effect- or key- takes it.")
        effect = found["effect"] or ""
        if effect and effect not in EFFECTS:
            raise PlanError(f"There is no effect {effect!r}; there are {', '.join(EFFECTS)}.")
        if minus:
            removed.append((found["key"], effect))
        elif not effect:
            raise PlanError(f"{word!r} names no effect: {', '.join(EFFECTS)} (as key=value:NoSchedule).")
        else:
            taint = {"key": found["key"], "effect": effect}
            added.append({**taint, "value": found["value"]} if found["value"] else taint)
    return added, removed


def taint_text(taint: Mapping[str, Any]) -> str:
    """`key=value:Effect`."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key', '')}{value}:{taint.get('effect', '')}"


def taints_after(
    taints: Iterable[Mapping[str, Any]], added: Sequence[dict[str, str]], removed: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The taints of a node after the change: one for each key and effect."""
    same = {(taint["key"], taint["effect"]) for taint in added}

    def stays(taint: Mapping[str, Any]) -> bool:
        key, effect = taint.get("key", ""), taint.get("effect", "")
        return (key, effect) not in same and not any(k == key and e in ("", effect) for k, e in removed)

    return [*(dict(taint) for taint in taints if stays(taint)), *added]


def plan_taint(nodes: Mapping[Ref, Mapping[str, Any]], text: str) -> Plan:
    """Change taints of nodes as they were read. Raises PlanError."""
    added, removed = parse_taints(text)
    changes = []
    for ref, node in nodes.items():
        before = [dict(each) for each in dig(dict(node), "spec", "taints") or ()]
        after = taints_after(before, added, removed)
        if after == before:
            continue
        old, new = {taint_text(t) for t in before}, {taint_text(t) for t in after}
        words = ", ".join([*(f"+ {t}" for t in sorted(new - old)), *(f"- {t}" for t in sorted(old - new))])
        version = str(dig(dict(node), "metadata", "resourceVersion") or "")
        # the list is replaced as a whole: it must still be the one that was read
        request = patch(ref, {"spec": {"taints": after or None}}, version=version)
        changes.append(Change(ref, (request,), words, (was(node, "spec", "taints"),)))
    if not changes:
        raise PlanError("Nothing changes: type a taint to set, or one that is there with - to take it away.")
    warnings: tuple[str, ...] = ()
    if any(taint["effect"] == "NoExecute" for taint in added):
        warnings = ("NoExecute evicts pods that do not tolerate it at once; no disruption budget is asked.",)
    return Plan("Taint", "changed", tuple(changes), warnings=warnings, destroys=bool(warnings))
