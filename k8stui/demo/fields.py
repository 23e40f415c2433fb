"""Field sets: which paths of an object exist, for tracking who owns what. Pure functions.

A path is a tuple of elements as in `fieldsV1`: `f:name` for a field, `k:{...}` for an element of a list with
keys, `v:...` for an element of a set. A set of fields is a frozenset of paths.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from k8stui.demo.schemas import ANY, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str, ...]
Flat = dict[Path, Any]
PRESENT = object()
"""The value of a path that stands for 'there is something', whose parts have paths of their own."""

_UNTRACKED = frozenset(("f:" + name,) for name in ("apiVersion", "kind")) | frozenset(
    ("f:metadata", "f:" + name)
    for name in (
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    )
)


def element_key(item: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The `k:` element of a list item; a missing protocol is TCP, as the API defaults it."""
    found = {key: item.get(key, "TCP" if key == "protocol" else None) for key in sorted(keys)}
    found = {key: value for key, value in found.items() if value is not None}
    return "k:" + json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def set_key(value: Any) -> str:
    return "v:" + json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def child(schema: Schema, key: str) -> Schema:
    """The schema of a member, `ANY` where nothing is known."""
    return schema.get(key) or ANY


def keyed(value: Any, schema: Schema) -> bool:
    """Whether a list's elements can be told apart by the keys of its schema."""
    if schema.list_type != "map" or not all(isinstance(item, dict) for item in value):
        return False
    names = [element_key(item, schema.list_keys) for item in value]
    return len(set(names)) == len(names)


def walk(value: Any, schema: Schema, path: Path) -> Iterator[tuple[Path, Any]]:
    if path in _UNTRACKED:
        return
    if isinstance(value, dict) and not schema.atomic and schema.type in ("object", "map", "any"):
        if not value:
            yield path, value
            return
        if schema.type == "map" and path:
            yield path, PRESENT
        for key, item in value.items():
            yield from walk(item, child(schema, key), (*path, "f:" + key))
    elif isinstance(value, list) and value and keyed(value, schema):
        if path[-1] != "f:containers":
            yield path, PRESENT
        for item in value:
            name = (*path, element_key(item, schema.list_keys))
            yield name, PRESENT
            yield from walk(item, schema.item or ANY, name)
    elif isinstance(value, list) and value and schema.list_type == "set":
        yield path, PRESENT
        for item in value:
            yield (*path, set_key(item)), item
    else:
        yield path, value


def flatten(obj: Mapping[str, Any], schema: Schema) -> Flat:
    """Every tracked path of an object with its value."""
    return {path: value for path, value in walk(dict(obj), schema, ()) if path}


def to_fields_v1(paths: Iterable[Path]) -> dict[str, Any]:
    """`fieldsV1` of a set of paths."""
    members = set(paths)
    root: dict[str, Any] = {}
    for path in sorted(members):
        node = root
        for depth, element in enumerate(path):
            if element not in node:
                node[element] = {}
            node = node[element]
            # A path that has parts and is a member itself is marked by a dot. Shorter paths came first.
            if depth + 1 < len(path) and "." not in node and path[: depth + 1] in members:
                node["."] = {}
    return root


def from_fields_v1(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The paths of a `fieldsV1`."""
    for element, inner in fields.items():
        if element == ".":
            yield path
        elif not inner:
            yield (*path, element)
        else:
            yield from from_fields_v1(inner, (*path, element))


def path_text(path: Path) -> str:
    """A path as conflict messages write it: `.spec.containers[name="app"].image`."""
    texts = []
    for element in path:
        kind, _, text = element.partition(":")
        if kind == "f":
            texts.append("." + text)
        elif kind == "k":
            keys = json.loads(text)
            inner = ",".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())
            texts.append(f"[{inner}]")
        else:
            texts.append(f"[={text}]")
    return "".join(texts)
