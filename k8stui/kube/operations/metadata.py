"""Labels and annotations: setting and taking them away, with the way back. Pure.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from k8stui.kube.operations.plans import Change, Plan, PlanError, Ref, dig, patch, was

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = "labels"
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
SHOWN = 60


def parse_changes(text: str, field: str) -> dict[str, str | None]:
    """`key=value` sets, `key-` takes away; quotes keep blanks together. Raises PlanError."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise PlanError("A quote is not closed.") from None
    found: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            if not word.endswith("-"):
                raise PlanError(
                    f"{word!r} is not understood: key=value sets one, key- takes one away, and quotes keep "
                    "the words of a value together."
                )
            key = word[:-1]
        prefix, slash, name = key.rpartition("/")
        if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
            raise PlanError(f"{key!r} is not a key: [prefix/]name of letters, digits, -, _ and dots.")
        if equals and field == LABELS and value and not _NAME.fullmatch(value):
            raise PlanError(f"{value!r} is not a label's value: 63 letters, digits, -, _ and dots at most.")
        found[key] = value if equals else None
    return found


def plan_metadata(objects: Mapping[Ref, Mapping[str, Any]], field: str, text: str) -> Plan:
    """Change labels or annotations of objects as they were read. Raises PlanError."""
    wanted = parse_changes(text, field)
    changes = []
    for ref, obj in objects.items():
        now = dig(dict(obj), "metadata", field) or {}
        new = {key: value for key, value in wanted.items() if now.get(key) != value}
        if not new:
            continue
        words = ", ".join(_words(key, now.get(key), value) for key, value in new.items())
        back = tuple(was(obj, "metadata", field, key) for key in new)
        changes.append(Change(ref, (patch(ref, {"metadata": {field: new}}),), words, back))
    if not changes:
        raise PlanError("Nothing changes: type key=value to set one, key- to take one away.")
    notes: tuple[str, ...] = ()
    if field == LABELS:
        notes = ("Selectors of services, policies and workloads go by labels: a pod may leave or join them.",)
    noun = "labelled" if field == LABELS else "annotated"
    return Plan("Change", noun, tuple(changes), notes=notes)


def _words(key: str, old: Any, new: str | None) -> str:
    def short(value: Any) -> str:
        text = str(value)
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"

    if new is None:
        return f"- {key}={short(old)}"
    return f"+ {key}={short(new)}" if old is None else f"{key}: {short(old)} → {short(new)}"
