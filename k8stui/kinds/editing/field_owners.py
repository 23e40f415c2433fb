"""Who owns a field of an object, from its managedFields. Pure.

The server notes for each manager the fields that it set last (`fieldsV1`: `f:name` for a field, `k:{...}` for
an item of a list by its keys, `v:...` for one by its value, `.` for the thing itself).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Owner(Struct, frozen=True):
    """A manager and how it set a field."""

    manager: str
    operation: str
    """`Apply` or `Update`."""
    time: str = ""
    subresource: str = ""
    exact: bool = True
    """It owns this very field, not only something below it."""


def owners_of(obj: Mapping[str, Any], path: Sequence[str | int]) -> list[Owner]:
    """The managers of a field, those of the field itself first."""
    found = []
    for entry in (obj.get("metadata") or {}).get("managedFields") or ():
        exact = _owns(entry.get("fieldsV1") or {}, obj, path)
        if exact is not None:
            found.append(
                Owner(
                    str(entry.get("manager", "")),
                    str(entry.get("operation", "")),
                    str(entry.get("time", "")),
                    str(entry.get("subresource", "")),
                    exact,
                )
            )
    return sorted(found, key=lambda owner: not owner.exact)


def _owns(fields: Any, value: Any, path: Sequence[str | int]) -> bool | None:
    """True: this field; False: something below it; None: nothing here."""
    for step in path:
        if isinstance(step, int):
            item = value[step] if isinstance(value, list) and step < len(value) else None
            key = next((name for name in fields if _names(name, item, step)), None)
            value = item
        else:
            key = f"f:{step}"
            value = value.get(step) if isinstance(value, dict) else None
        if key is None or key not in fields:
            return None
        fields = fields[key]
        if not fields:
            # Set as a whole: all that is below belongs to the same manager.
            return True
    return not fields or "." in fields


def _names(name: str, item: Any, index: int) -> bool:
    """Whether a step of fieldsV1 means an item of a list."""
    kind, _, rest = name.partition(":")
    try:
        if kind == "k" and isinstance(item, dict):
            keys = json.loads(rest)
            return isinstance(keys, dict) and all(item.get(key) == value for key, value in keys.items())
        if kind == "v":
            return bool(json.loads(rest) == item)
        return kind == "i" and int(rest) == index
    except ValueError:
        return False
