"""What is different between two objects, field by field, and the JSON merge patch between them. Pure.

Items of a list are the same when their keys are (by the schema; without one, by what lists of Kubernetes
objects usually have), not when they stand at the same place.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from k8stui.kinds.yaml_text import Path
    from k8stui.kube.openapi import Schema


class Missing:
    """Stands where nothing is."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()
COMMON_KEYS = (
    "name",
    "mountPath",
    "devicePath",
    "containerPort",
    "port",
    "ip",
    "type",
    "topologyKey",
    "uid",
    "key",
)
"""Keys that tell items of lists apart, where no schema says so."""
MOST_LINES = 4000
"""Texts of more lines are not compared line by line: all between first and last difference is shown."""


class Change(Struct, frozen=True):
    """A field that is another one."""

    path: Path
    """Keys and indexes: in the new object, or in the old one where the field is gone."""
    label: str
    """`spec.containers[web].image`"""
    old: Any
    new: Any


def merge_patch(old: Any, new: Any) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) that makes the new object of the old one; {} when they are equal."""
    patch: dict[str, Any] = {}
    for key in {**old, **new}:
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        if same(before, after):
            continue
        if after is MISSING:
            patch[key] = None
        elif isinstance(before, dict) and isinstance(after, dict):
            patch[key] = merge_patch(before, after)
        else:
            patch[key] = after
    return patch


def same(left: Any, right: Any) -> bool:
    """Whether two values are one in JSON: 1 is not true, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def key_of(lists: Iterable[Any], schema: Schema | None) -> tuple[str, ...]:
    """The keys by which the items of these lists can be told apart; () when they cannot."""
    items = [each for each in lists if isinstance(each, list)]
    told = schema.list_keys if schema is not None else ()
    if not items or not all(isinstance(item, dict) for each in items for item in each):
        return ()
    candidates: list[tuple[str, ...]] = [told] if told else []
    if schema is None or not schema.is_atomic:
        candidates += [(key,) for key in COMMON_KEYS]
    return next((keys for keys in candidates if all(_unique(each, keys) for each in items)), ())


def _unique(items: list[dict[str, Any]], keys: tuple[str, ...]) -> bool:
    found = [identity(item, keys) for item in items]
    # an item may lack a key that has a default (protocol), but not all
    return len(set(found)) == len(found) and all(item.get(keys[0]) is not None for item in items)


def identity(item: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
    """What an item is called, by its keys."""
    return tuple(repr(item.get(key)) for key in keys)


def _name(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    return ",".join(str(item[key]) for key in keys if item.get(key) is not None)


def changes(old: Any, new: Any, schema: Schema | None = None) -> list[Change]:
    """The fields in which two objects differ, in the order of the new one."""
    return list(_changes(old, new, (), "", schema))


def _changes(old: Any, new: Any, path: Path, label: str, schema: Schema | None) -> Iterator[Change]:
    if same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**new, **old}:
            yield from _changes(
                old.get(key, MISSING),
                new.get(key, MISSING),
                (*path, key),
                _joined(label, key),
                schema.field(key) if schema is not None else None,
            )
        return
    if isinstance(old, list) and isinstance(new, list):
        keys = key_of((old, new), schema)
        if keys:
            yield from _items(old, new, path, label, schema, keys)
            return
        if len(old) == len(new) and all(isinstance(item, dict) for item in (*old, *new)):
            inner = schema.item if schema is not None else None
            for at, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _changes(before, after, (*path, at), f"{label}[{at}]", inner)
            return
    yield Change(path, label or "(all)", old, new)


def _items(
    old: list[Any], new: list[Any], path: Path, label: str, schema: Schema | None, keys: tuple[str, ...]
) -> Iterator[Change]:
    before = {identity(item, keys): (at, item) for at, item in enumerate(old)}
    inner = schema.item if schema is not None else None
    for at, item in enumerate(new):
        _, was = before.pop(identity(item, keys), (0, MISSING))
        yield from _changes(was, item, (*path, at), f"{label}[{_name(item, keys)}]", inner)
    for at, item in before.values():
        yield Change((*path, at), f"{label}[{_name(item, keys)}]", item, MISSING)
    both = {identity(item, keys) for item in new}
    order = [identity(item, keys) for item in old if identity(item, keys) in both]
    was_there = set(order)
    if order != [name for name in (identity(item, keys) for item in new) if name in was_there]:
        names = [_name(item, keys) for item in old], [_name(item, keys) for item in new]
        yield Change(path, f"{label} (order)", *names)


def _joined(label: str, key: str) -> str:
    if not key.replace("-", "").replace("_", "").isalnum():
        return f"{label}[{key}]"
    return f"{label}.{key}" if label else key


# What a server did with it

BOOKKEEPING = frozenset(
    {
        ("metadata", "resourceVersion"),
        ("metadata", "generation"),
        ("metadata", "managedFields"),
        ("metadata", "uid"),
        ("metadata", "creationTimestamp"),
        ("metadata", "selfLink"),
        ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
        ("status",),
    }
)
"""Fields that the server writes at every change: nobody wants to hear of them."""


def besides(sent: Any, made: Any, schema: Schema | None = None, *, status: bool = False) -> list[Change]:
    """What the server changed besides what was sent: defaults and what admission did."""
    kept = BOOKKEEPING - {("status",)} if status else BOOKKEEPING
    found = []
    for change in changes(sent, made, schema):
        if any(change.path[: len(path)] == path for path in kept):
            continue
        if change.new is MISSING and not change.old and change.old is not False:
            continue  # empty things are left out
        found.append(change)
    return found


def dropped(wanted: Iterable[Change], made: Any) -> list[Change]:
    """Of the changes wanted, those fields that are not in what the server made: it does not know them."""
    lost = []
    for change in wanted:
        if change.new is MISSING:
            continue
        here = _at(made, change.path)
        if here is MISSING and _tells(change.new):
            lost.append(change)
        elif isinstance(change.new, dict) and isinstance(here, dict):
            lost += [
                Change((*change.path, *inner.path), f"{change.label}.{inner.label}", inner.old, inner.new)
                for inner in changes(here, change.new)
                if inner.old is MISSING and _tells(inner.new)
            ]
    return lost


def _tells(value: Any) -> bool:
    return value is not MISSING and value not in (None, "", 0, False, [], {})


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


# As lines


def change_lines(change: Change, context: int = 2) -> list[tuple[str, str]]:
    """A change as lines to be read, each with its sign (`-`, `+`, ` ` or `…`)."""
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        return list(_text_lines(old.split("\n"), new.split("\n"), context))
    before = [] if old is MISSING else [line.text for line in emit(old).lines]
    after = [] if new is MISSING else [line.text for line in emit(new).lines]
    if len(before) > 1 and len(after) > 1:
        return list(_text_lines(before, after, context))
    return [*(("-", line) for line in before), *(("+", line) for line in after)]


def _text_lines(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[tuple[str, str]]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if start > context:
        yield "…", f"{start - context} lines"
    yield from ((" ", line) for line in old[max(0, start - context) : start])
    if len(before) + len(after) > MOST_LINES:
        yield from (("-", line) for line in before)
        yield from (("+", line) for line in after)
    else:
        for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(
            context
        ):
            for tag, i1, i2, j1, j2 in group:
                if tag == "equal":
                    yield from ((" ", line) for line in before[i1:i2])
                else:
                    yield from (("-", line) for line in before[i1:i2])
                    yield from (("+", line) for line in after[j1:j2])
    after_end = list(old[len(old) - end :]) if end else []
    yield from ((" ", line) for line in after_end[:context])
    if len(after_end) > context:
        yield "…", f"{len(after_end) - context} lines"
