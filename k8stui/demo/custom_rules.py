"""What a CRD's schema does with its objects: defaults, and what it has against a value.

Pure functions of a value and of the structural schema as it is written in the CRD. The words are those of a
real API server.
"""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from k8stui.demo.cel import CelError, evaluate
from k8stui.demo.errors import Cause
from k8stui.demo.validation_names import invalid_value, json_text, required, unsupported

Raw = Mapping[str, Any]

__all__ = ["custom_causes", "defaulted"]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def defaulted(value: Any, raw: Raw) -> Any:
    """The value with the defaults of its schema, also within what is there already."""
    if isinstance(value, dict):
        found = dict(value)
        for key, inner in (raw.get("properties") or {}).items():
            if found.get(key) is None and "default" in inner and not (key in found and inner.get("nullable")):
                found[key] = copy.deepcopy(inner["default"])
            if key in found:
                found[key] = defaulted(found[key], inner)
        extra = raw.get("additionalProperties")
        if isinstance(extra, Mapping):
            known = raw.get("properties") or {}
            found = {k: v if k in known else defaulted(v, extra) for k, v in found.items()}
        return found
    if isinstance(value, list) and isinstance(raw.get("items"), Mapping):
        return [defaulted(item, raw["items"]) for item in value]
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for name in ("object", "array", "string", "integer", "number"):
        if isinstance(value, _TYPES[name]):
            return name
    return "null"


def custom_causes(value: Any, raw: Raw, path: str, old: Any = None) -> list[Cause]:
    """What the schema, its rules included, has against a value. old: what was there before, None at first."""
    if value is None and raw.get("nullable"):
        return []
    wrong = _wrong_type(value, raw, path)
    if wrong is not None:
        return [wrong]
    causes: list[Cause] = []
    if raw.get("enum") and value not in raw["enum"]:
        causes.append(unsupported(path, value, tuple(str(item) for item in raw["enum"])))
    for kind, check in _CHECKS:
        if isinstance(value, kind) and not isinstance(value, bool):
            causes += check(value, raw, path)
    if isinstance(value, dict):
        properties, before = raw.get("properties") or {}, old if isinstance(old, dict) else {}
        extra = raw.get("additionalProperties")
        for key, item in value.items():
            inner = properties.get(key, extra)
            if isinstance(inner, Mapping):
                causes += custom_causes(item, inner, f"{path}.{key}", before.get(key))
    # As in a real server, rules are only asked about what the rest of the schema has nothing against.
    return causes or list(_rules(value, raw, path, old))


def _rules(value: Any, raw: Raw, path: str, old: Any) -> Iterator[Cause]:
    """Rules in CEL; those that speak of the old value only count when there is one."""
    for row in raw.get("x-kubernetes-validations") or ():
        rule = str(row.get("rule", ""))
        if old is None and re.search(r"\boldSelf\b", rule):
            continue
        try:
            if evaluate(rule, {"self": value, "oldSelf": old}) is True:
                continue
            words = str(row.get("message") or f"failed rule: {rule.strip()}")
            words = _message(row, value, old) or words
        except CelError as error:
            words = f"rule evaluation error: {error}"
        shown = json_text(_kind(value) if isinstance(value, dict | list) else value)
        yield Cause(path, f"Invalid value: {shown}: {words}", row.get("reason") or "FieldValueInvalid")


def _message(row: Raw, value: Any, old: Any) -> str:
    text = row.get("messageExpression")
    if not text:
        return ""
    with contextlib.suppress(CelError):
        return str(evaluate(text, {"self": value, "oldSelf": old}))
    return ""


def _wrong_type(value: Any, raw: Raw, path: str) -> Cause | None:
    if raw.get("x-kubernetes-int-or-string"):
        fits, wanted = isinstance(value, int | str) and not isinstance(value, bool), "integer,string"
    else:
        wanted = str(raw.get("type") or "")
        types = _TYPES.get(wanted)
        fits = types is None or (
            isinstance(value, types) and (wanted == "boolean") == isinstance(value, bool)
        )
    if fits:
        return None
    given = json_text(_kind(value))
    words = f"Invalid value: {given}: {path} in body must be of type {wanted}: {given}"
    return Cause(path, words, "FieldValueTypeInvalid")


def _number(value: float, raw: Raw, path: str) -> Iterator[Cause]:
    least, most, step = raw.get("minimum"), raw.get("maximum"), raw.get("multipleOf")
    if least is not None and (value < least or (raw.get("exclusiveMinimum") and value == least)):
        words = "greater than" if raw.get("exclusiveMinimum") else "greater than or equal to"
        yield invalid_value(path, value, f"{path} in body should be {words} {least}")
    if most is not None and (value > most or (raw.get("exclusiveMaximum") and value == most)):
        words = "less than" if raw.get("exclusiveMaximum") else "less than or equal to"
        yield invalid_value(path, value, f"{path} in body should be {words} {most}")
    if step and value % step:
        yield invalid_value(path, value, f"{path} in body should be a multiple of {step}")


def _string(value: str, raw: Raw, path: str) -> Iterator[Cause]:
    least, most = raw.get("minLength"), raw.get("maxLength")
    if least is not None and len(value) < least:
        yield invalid_value(path, value, f"{path} in body should be at least {least} chars long")
    if most is not None and len(value) > most:
        yield Cause(path, f"Too long: may not be more than {most} bytes", "FieldValueTooLong")
    if raw.get("pattern") and not re.search(raw["pattern"], value):
        yield invalid_value(path, value, f"{path} in body should match '{raw['pattern']}'")


def _object(value: Mapping[str, Any], raw: Raw, path: str) -> Iterator[Cause]:
    for key in raw.get("required") or ():
        if key not in value:
            yield required(f"{path}.{key}")
    least, most = raw.get("minProperties"), raw.get("maxProperties")
    if least is not None and len(value) < least:
        yield invalid_value(path, len(value), f"{path} in body should have at least {least} properties")
    if most is not None and len(value) > most:
        words = f"Too many: {len(value)}: must have at most {most} items"
        yield Cause(path, words, "FieldValueTooMany")


def _array(value: list[Any], raw: Raw, path: str) -> Iterator[Cause]:
    least, most = raw.get("minItems"), raw.get("maxItems")
    if least is not None and len(value) < least:
        yield invalid_value(path, len(value), f"{path} in body should have at least {least} items")
    if most is not None and len(value) > most:
        words = f"Too many: {len(value)}: must have at most {most} items"
        yield Cause(path, words, "FieldValueTooMany")
    names = _names(value, raw)
    for index, item in enumerate(value):
        if names and names[index] in names[:index]:
            words = f"Duplicate value: {json_text(names[index])}"
            yield Cause(f"{path}[{index}]", words, "FieldValueDuplicate")
        yield from custom_causes(item, raw.get("items") or {}, f"{path}[{index}]")


def _names(value: list[Any], raw: Raw) -> list[Any]:
    """What must differ from element to element of a set or of a list with keys."""
    if raw.get("x-kubernetes-list-type") == "set":
        return value
    keys = raw.get("x-kubernetes-list-map-keys") or ()
    if raw.get("x-kubernetes-list-type") == "map" and all(isinstance(item, dict) for item in value):
        return [{key: item.get(key) for key in keys} for item in value]
    return []


_CHECKS: tuple[tuple[Any, Callable[[Any, Raw, str], Iterator[Cause]]], ...] = (
    ((int, float), _number),
    (str, _string),
    (dict, _object),
    (list, _array),
)
