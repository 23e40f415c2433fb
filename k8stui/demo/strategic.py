"""The patch types that need no owner: JSON patch, JSON merge patch and strategic merge patch.

Pure functions from an object and a patch to the new object. Sources: RFC 6902, RFC 7386 and the Kubernetes
documentation of strategic merge patches (directives `$patch`, `$retainKeys`, `$deleteFromPrimitiveList`,
`$setElementOrder`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from k8stui.demo.errors import StoreError, bad_request
from k8stui.demo.schemas import ANY, Schema

_DELETE, _ORDER, _RETAIN, _PATCH = "$deleteFromPrimitiveList/", "$setElementOrder/", "$retainKeys", "$patch"


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def _invalid(_why: str) -> StoreError:
    """422 for a JSON patch that does not fit; a real server keeps the reason for itself."""
    message = "the server rejected our request due to an error in our request"
    return StoreError(422, "Invalid", message, {})


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise _invalid(f"{text}: not a JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _step(container: Any, part: str, text: str) -> Any:
    try:
        return container[int(part)] if isinstance(container, list) else container[part]
    except (KeyError, IndexError, ValueError, TypeError):
        raise _invalid(f"doc is missing path: {text}") from None


def _at(document: Any, text: str) -> Any:
    for part in _pointer(text):
        document = _step(document, part, text)
    return document


def _add(document: Any, text: str, value: Any) -> Any:
    parts = _pointer(text)
    if not parts:
        return value
    holder = document
    for part in parts[:-1]:
        holder = _step(holder, part, text)
    last = parts[-1]
    if isinstance(holder, list):
        if last != "-" and (not last.isdigit() or int(last) > len(holder)):
            raise _invalid(f"{text}: index out of bounds")
        holder.insert(len(holder) if last == "-" else int(last), value)
    elif isinstance(holder, dict):
        holder[last] = value
    else:
        raise _invalid(f"doc is missing path: {text}")
    return document


def _remove(document: Any, text: str) -> Any:
    parts = _pointer(text)
    holder = document
    for part in parts[:-1]:
        holder = _step(holder, part, text)
    _step(holder, parts[-1], text)
    if isinstance(holder, list):
        del holder[int(parts[-1])]
    else:
        del holder[parts[-1]]
    return document


def _tested(document: Any, text: str) -> Any:
    """The value that a test compares: a key that is not in its map counts as null, as on real servers."""
    holder, _, last = text.rpartition("/")
    found = _at(document, holder)
    if isinstance(found, dict) and _pointer(f"/{last}")[0] not in found:
        return None
    return _at(document, text)


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902. Raises 422 when a path is missing or a test fails."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document = copy.deepcopy(target)
    for operation in operations:
        kind, path = operation.get("op"), operation.get("path", "")
        if kind == "add":
            document = _add(document, path, operation.get("value"))
        elif kind == "remove":
            document = _remove(document, path)
        elif kind == "replace":
            _at(document, path)
            document = (
                _add(_remove(document, path), path, operation.get("value")) if path else operation["value"]
            )
        elif kind in ("move", "copy"):
            value = copy.deepcopy(_at(document, operation.get("from", "")))
            if kind == "move":
                document = _remove(document, operation["from"])
            document = _add(document, path, value)
        elif kind == "test":
            if _tested(document, path) != operation.get("value"):
                raise _invalid(f"testing value {path} failed")
        else:
            raise _invalid(f"unexpected kind: {kind}")
    return document


def strategic_merge(target: Any, patch: Any, schema: Schema) -> Any:
    """A Kubernetes strategic merge patch, lists merged by the keys that the schema names."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get(_PATCH)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if directive == "delete":
        return None
    result = dict(target) if isinstance(target, dict) else {}
    if _RETAIN in patch:
        result = {key: value for key, value in result.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if key in (_PATCH, _RETAIN) or key.startswith(_ORDER):
            continue
        if key.startswith(_DELETE):
            name = key.removeprefix(_DELETE)
            result[name] = [item for item in result.get(name) or () if item not in value]
        elif value is None:
            result.pop(key, None)
        else:
            inner = schema.get(key) or ANY
            merged = _strategic_value(result.get(key), value, inner)
            if merged is None:
                result.pop(key, None)
            else:
                result[key] = merged
    for key, order in patch.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if isinstance(result.get(name), list):
                result[name] = _ordered(result[name], order, (schema.get(name) or ANY).merge_key)
    return result


def _strategic_value(current: Any, value: Any, schema: Schema) -> Any:
    if isinstance(value, dict):
        return strategic_merge(current, value, schema)
    if isinstance(value, list) and isinstance(current, list) and schema.merge:
        if schema.merge_key:
            return _merge_list(current, value, schema)
        return [*current, *(item for item in value if item not in current)]
    if isinstance(value, list) and schema.merge_key:
        return _merge_list([], value, schema)
    return value


def _merge_list(current: Sequence[Any], patch: Sequence[Any], schema: Schema) -> list[Any]:
    key, inner = schema.merge_key, schema.item or ANY
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" and len(item) == 1 for item in patch):
        return [item for item in patch if item != {_PATCH: "replace"}]
    result = list(current)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            given = " ".join(f"{k}:{v}" for k, v in item.items()) if isinstance(item, dict) else item
            raise StoreError(500, "", f"map: map[{given}] does not contain declared merge key: {key}")
        index = next((i for i, old in enumerate(result) if old.get(key) == item[key]), None)
        if item.get(_PATCH) == "delete":
            result = [old for old in result if old.get(key) != item[key]]
        elif index is None:
            result.append(strategic_merge({}, item, inner))
        else:
            result[index] = strategic_merge(result[index], item, inner)
    return result


def _ordered(items: list[Any], order: Sequence[Any], key: str) -> list[Any]:
    """The items named in `order` in that order; others keep their place before the next named one."""

    def name(item: Any) -> Any:
        return item.get(key) if isinstance(item, Mapping) else item

    wanted = [name(entry) for entry in order]
    ranks = {repr(value): rank for rank, value in enumerate(wanted)}
    named = sorted(
        (item for item in items if repr(name(item)) in ranks), key=lambda item: ranks[repr(name(item))]
    )
    result: list[Any] = []
    position = 0
    for item in items:
        if repr(name(item)) in ranks:
            result.append(named[position])
            position += 1
        else:
            result.append(item)
    return result
