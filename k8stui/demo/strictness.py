"""Unknown fields and wrong types of an object, measured by its schema; and the object without them.

The words are those of the API server's strict decoder. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.demo.schemas import Schema


def unknown_fields(value: Any, schema: Schema | None, path: str = "") -> Iterator[str]:
    """The paths of fields that the schema does not have."""
    if schema is None or schema.type == "any" or (schema.preserve_unknown and not schema.fields):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if schema.type == "map":
                yield from unknown_fields(item, schema.item, inner)
            elif key in schema.fields:
                yield from unknown_fields(item, schema.fields[key], inner)
            elif schema.type == "object" and not schema.preserve_unknown:
                yield inner
    elif isinstance(value, list) and schema.type == "array":
        for index, item in enumerate(value):
            yield from unknown_fields(item, schema.item, f"{path}[{index}]")


def pruned(value: Any, schema: Schema | None) -> Any:
    """The value without unknown fields and without nulls, numbers turned into quantities' texts."""
    if schema is None or schema.type == "any":
        return value
    if isinstance(value, dict):
        if schema.type == "map":
            return {key: pruned(item, schema.item) for key, item in value.items() if item is not None}
        if schema.type != "object":
            return value
        return {
            key: pruned(item, schema.fields.get(key))
            for key, item in value.items()
            if item is not None and (key in schema.fields or schema.preserve_unknown)
        }
    if isinstance(value, list) and schema.type == "array":
        return [pruned(item, schema.item) for item in value]
    if schema.type == "quantity" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)")
_FITTING: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "map": (dict,),
    "array": (list,),
    "string": (str,),
    "time": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "int-or-string": (int, str),
    "quantity": (int, float, str),
}
_GO_TYPES = {
    "string": "string",
    "integer": "int32",
    "boolean": "bool",
    "number": "float64",
    "time": "time.Time",
}


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list) else "object"


def wrong_type(value: Any, schema: Schema | None, kind: str, path: str = "") -> str | None:
    """The decoder's complaint about the first value of a wrong type, None when all fit."""
    if schema is None or value is None or schema.type == "any":
        return None
    fitting = _FITTING[schema.type]
    if not isinstance(value, fitting) or (isinstance(value, bool) and bool not in fitting):
        expected = _GO_TYPES.get(schema.type)
        if expected is None:
            expected = f"v1.{schema.name}" if schema.name else "map[string]string"
            if schema.type == "array":
                expected = f"[]v1.{schema.item.name}" if schema.item and schema.item.name else "[]string"
        given = _json_kind(value)
        return f"json: cannot unmarshal {given} into Go struct field {kind}.{path} of type {expected}"
    if schema.type == "quantity" and isinstance(value, str) and not _QUANTITY.fullmatch(value):
        return f"quantities must match the regular expression '^{_QUANTITY.pattern}$'"
    if isinstance(value, dict):
        for key, item in value.items():
            found = wrong_type(item, schema.get(key), kind, f"{path}.{key}" if path else key)
            if found:
                return found
    elif isinstance(value, list):
        for item in value:
            found = wrong_type(item, schema.item, kind, path)
            if found:
                return found
    return None
