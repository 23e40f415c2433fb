"""Putting a change back, unless somebody has changed the same fields since: then it is left as it is. Pure.

What is sent is a JSON patch that first tests each field for the value which our change left there, so that
the server itself refuses when another change came between (RFC 6902, section 4.6).
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from k8stui.kube.operations.plans import JSON_PATCH, Back, Change, Plan, Ref, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from k8stui.kube.operations.running import Result

    Step = str | int

SHOWN = 40
"""Characters of a value that are shown."""
HIDDEN = "(hidden)"
"""Instead of the values of Secrets; their annotations may hold them as well."""


def undo_plan(results: Iterable[Result]) -> Plan | None:
    """What puts back the changes that were done; None where nothing can be put back."""
    changes = [
        change
        for result in results
        if (change := undo_change(result.change.ref, result.answer, result.change.back, result.change.part))
    ]
    return as_plan(changes)


def as_plan(changes: Sequence[Change]) -> Plan | None:
    """The plan of some undoing changes."""
    note = "Puts back what was changed, unless somebody has changed it since."
    return Plan("Undo", "put back", tuple(changes), notes=(note,)) if changes else None


def undo_change(
    ref: Ref, after: Mapping[str, Any], backs: Sequence[Back], subresource: str = ""
) -> Change | None:
    """Back to what fields were; `after` is the object (or subresource) as the server answered our change."""
    doc = copy.deepcopy(dict(after))
    operations: list[dict[str, Any]] = []
    words = []
    if ref.uid:
        operations.append({"op": "test", "path": "/metadata/uid", "value": ref.uid})
    for back in backs:
        path, before = _reachable(doc, back)
        now = value_at(doc, path)
        if now == before:
            continue
        operations += _named(doc, path)
        operations.append(
            {"op": "test", "path": pointer(path), "value": None if now is UNSET else now},
        )
        if before is UNSET:
            operations.append({"op": "remove", "path": pointer(path)})
        else:
            operations.append(
                {"op": "add" if now is UNSET else "replace", "path": pointer(path), "value": before}
            )
        words.append(f"{label(doc, path)}: {_shown(ref, path, now)} → {_shown(ref, path, before)}")
        _put(doc, path, before)
    if not words:
        return None
    request = Request("PATCH", ref.path(subresource), operations, JSON_PATCH)
    return Change(ref, (request,), "; ".join(words))


def back_of_merge(before: Mapping[str, Any], patch: Mapping[str, Any]) -> tuple[Back, ...]:
    """The fields that a JSON merge patch (RFC 7386) sets, as they were in the object that it is for."""

    def walk(path: tuple[str, ...], inner: Mapping[str, Any]) -> Iterator[Back]:
        for key, value in inner.items():
            was = value_at(before, (*path, key))
            if isinstance(value, dict) and isinstance(was, dict):
                yield from walk((*path, key), value)
            elif path != ("metadata",) or key not in ("uid", "resourceVersion"):
                yield Back((*path, key), was)

    return tuple(walk((), patch))


# What has changed since


def changed_since(request: Request, obj: Mapping[str, Any], ref: Ref) -> str:
    """Which of the fields that a request tests are others in `obj`, in a sentence's part; empty: none."""
    if request.content_type != JSON_PATCH or not isinstance(request.body, list):
        return ""
    found = []
    for operation in request.body:
        if operation.get("op") != "test":
            continue
        path = _steps(operation["path"])
        wanted, now = operation.get("value"), value_at(obj, path)
        if (None if now is UNSET else now) == wanted:
            continue
        if path == ("metadata", "uid"):
            return f"the {ref.noun} that was meant is gone; another one has its name now"
        found.append(f"{label(obj, path)} is {_shown(ref, path, now)}, not {_shown(ref, path, wanted)}")
    if not found:
        return ""
    return f"{found[0]}: it was changed meanwhile and is left as it is"


# Paths


def value_at(obj: Any, path: Sequence[Step]) -> Any:
    """The value at a path; UNSET where there is none."""
    for step in path:
        if isinstance(obj, dict) and str(step) in obj:
            obj = obj[str(step)]
        elif isinstance(obj, list) and str(step).isdecimal() and int(step) < len(obj):
            obj = obj[int(step)]
        else:
            return UNSET
    return obj


def pointer(path: Sequence[Step]) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _steps(text: str) -> tuple[Step, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


def label(obj: Any, path: Sequence[Step]) -> str:
    """The path for people: `spec.template.spec.containers[web].image`."""
    text = ""
    for at, step in enumerate(path):
        if isinstance(value_at(obj, path[:at]), list):
            element = value_at(obj, path[: at + 1])
            name = element.get("name") if isinstance(element, dict) else None
            text += f"[{name or step}]"
        else:
            text += f".{step}"
    return text[1:]


def _reachable(doc: Any, back: Back) -> tuple[tuple[Step, ...], Any]:
    """The field, or the lowest map above it that is missing too, with the field in it."""
    path, before = back.path, back.before
    if before is UNSET:
        return path, before
    while len(path) > 1 and value_at(doc, path[:-1]) is UNSET:
        path, before = path[:-1], {path[-1]: before}
    return path, before


def _named(doc: Any, path: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Elements of lists are found by number: that they are the ones that were meant is tested by name."""
    for at, step in enumerate(path):
        element = value_at(doc, path[: at + 1])
        if isinstance(step, int) and isinstance(element, dict) and "name" in element:
            name = (*path[: at + 1], "name")
            yield {"op": "test", "path": pointer(name), "value": element["name"]}


def _put(doc: Any, path: Sequence[Step], value: Any) -> None:
    holder = value_at(doc, path[:-1])
    if value is not UNSET:
        holder[path[-1]] = value
    else:
        del holder[path[-1]]


def _shown(ref: Ref, path: Sequence[Step], value: Any) -> str:
    if value is UNSET or value is None:
        return "none"
    if ref.kind.name == "secrets" and tuple(path[:2]) != ("metadata", "labels"):
        return HIDDEN
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
