"""Make the best of JSON that does not fit a Struct, one field at a time.

A server of another version, an aggregated API or a broken controller can send null, a number where a
string belongs, or an unknown shape. One such field must not hide a whole list, so the decoders come
here for the object that failed: a field that cannot be understood gets its default, the rest is kept.
This is the slow way (a few hundred microseconds for an object); it never raises.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import msgspec.inspect as mi

T = TypeVar("T")


class _Missing:
    """Marks a value that could not be understood."""


_MISSING = _Missing()


@lru_cache(maxsize=128)
def _described(struct: Any) -> mi.StructType:
    described = mi.type_info(struct)
    if not isinstance(described, mi.StructType):
        raise TypeError(f"{struct!r} is not a Struct")
    return described


def salvage(struct: type[T], value: Any) -> T:
    """Build `struct` from decoded JSON, keeping every field that can be understood."""
    made = _struct(_described(struct), value)  # type: ignore[arg-type]  # a class can be hashed
    return struct() if isinstance(made, _Missing) else made


def _struct(kind: mi.StructType, value: Any) -> Any:
    if not isinstance(value, dict):
        return _MISSING
    found = {}
    for field in kind.fields:
        if field.encode_name in value:
            made = _any(field.type, value[field.encode_name])
            if not isinstance(made, _Missing):
                found[field.name] = made
    return kind.cls(**found)


def _any(kind: mi.Type, value: Any) -> Any:
    match kind:
        case mi.UnionType(types=types):
            return _union(types, value)
        case mi.StructType():
            return _struct(kind, value)
        case mi.VarTupleType(item_type=item_type):
            return _tuple(item_type, value)
        case mi.DictType(value_type=value_type):
            return _dict(value_type, value)
        case mi.AnyType():
            return value
        case mi.NoneType():
            return None if value is None else _MISSING
        case _:
            return _scalar(kind, value)


def _union(types: tuple[mi.Type, ...], value: Any) -> Any:
    if value is None:
        return None if any(isinstance(each, mi.NoneType) for each in types) else _MISSING
    for each in types:
        if not isinstance(each, mi.NoneType):
            made = _any(each, value)
            if not isinstance(made, _Missing):
                return made
    return _MISSING


def _tuple(item_type: mi.Type, value: Any) -> Any:
    if not isinstance(value, list):
        return _MISSING
    made = (_any(item_type, each) for each in value)
    return tuple(each for each in made if not isinstance(each, _Missing))


def _dict(value_type: mi.Type, value: Any) -> Any:
    if not isinstance(value, dict):
        return _MISSING
    made = {key: _any(value_type, each) for key, each in value.items()}
    return {key: each for key, each in made.items() if not isinstance(each, _Missing)}


def _scalar(kind: mi.Type, value: Any) -> Any:
    try:
        match kind:
            case mi.StrType():
                return _text(value)
            case mi.IntType() if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                return int(value)
            case mi.BoolType() if isinstance(value, bool):
                return value
            case mi.BoolType() if isinstance(value, str):
                return {"true": True, "false": False}.get(value.lower(), _MISSING)
            case mi.DateTimeType() if isinstance(value, str):
                found = msgspec.convert(value, datetime)
                return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    return _MISSING


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else _MISSING
