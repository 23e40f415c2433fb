"""Three objects into one: what both sides changed since a common base, field by field. Pure.

`merge` is for an edit that met another change; `configure` is the rule of `kubectl apply` (what was applied
before and no longer is goes; what is applied is set; all else stays), made of whole objects instead of a
patch (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#merge-patch-calculation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.editing.field_diff import MISSING, identity, key_of, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.kube.openapi import Schema

SERVERS = frozenset(
    {"resourceVersion", "generation", "managedFields", "uid", "creationTimestamp", "selfLink"}
)
"""Fields of metadata that are the server's: there is no conflict about them."""


class Conflict(Struct, frozen=True):
    """A field that both sides changed, each in its way; MISSING where a side has removed it."""

    label: str
    """`spec.containers[web].image`; unique within a merge."""
    base: Any
    mine: Any
    theirs: Any


class Merged(Struct, frozen=True):
    """One object, and the fields that somebody must decide. Until then theirs stands in them."""

    value: Any
    conflicts: tuple[Conflict, ...]


def merge(
    base: Any,
    mine: Any,
    theirs: Any,
    schema: Schema | None = None,
    *,
    choices: Mapping[str, bool] | None = None,
) -> Merged:
    """Both sides' changes in one object. `choices`: label of a conflict -> whether mine wins."""
    merger = _Merger(choices or {})
    value = merger.value(base, mine, theirs, "", schema)
    return Merged(value, tuple(merger.conflicts))


class _Merger:
    def __init__(self, choices: Mapping[str, bool]) -> None:
        self._choices = choices
        self.conflicts: list[Conflict] = []

    def value(self, base: Any, mine: Any, theirs: Any, label: str, schema: Schema | None) -> Any:
        if same(mine, theirs) or same(base, mine):
            return theirs
        if same(base, theirs):
            return mine
        if isinstance(mine, dict) and isinstance(theirs, dict):
            return self._mapping(base if isinstance(base, dict) else {}, mine, theirs, label, schema)
        if isinstance(mine, list) and isinstance(theirs, list):
            before = base if isinstance(base, list) else []
            keys = key_of((before, mine, theirs), schema)
            if keys:
                return self._items(before, mine, theirs, label, schema, keys)
            if _is_set(before, mine, theirs, schema):
                return [
                    *(item for item in theirs if item in mine or item not in before),
                    *(item for item in mine if item not in before and item not in theirs),
                ]
        return self._conflict(base, mine, theirs, label)

    def _conflict(self, base: Any, mine: Any, theirs: Any, label: str) -> Any:
        chosen = self._choices.get(label)
        if chosen is None:
            self.conflicts.append(Conflict(label, base, mine, theirs))
        return mine if chosen else theirs

    def _mapping(
        self,
        base: dict[str, Any],
        mine: dict[str, Any],
        theirs: dict[str, Any],
        label: str,
        schema: Schema | None,
    ) -> dict[str, Any]:
        found = {}
        for key in {**theirs, **mine}:
            if label == "metadata" and key in SERVERS:
                value = theirs.get(key, MISSING)
            else:
                inner = schema.field(key) if schema is not None else None
                was, ours, now = (each.get(key, MISSING) for each in (base, mine, theirs))
                value = self.value(was, ours, now, f"{label}.{key}" if label else key, inner)
            if value is not MISSING:
                found[key] = value
        return found

    def _items(
        self,
        base: list[Any],
        mine: list[Any],
        theirs: list[Any],
        label: str,
        schema: Schema | None,
        keys: tuple[str, ...],
    ) -> list[Any]:
        sides = [{identity(item, keys): item for item in each} for each in (base, mine, theirs)]
        inner = schema.item if schema is not None else None
        # their order; if only mine changed the order, mine
        kept = [name for name in sides[0] if name in sides[1] and name in sides[2]]
        theirs_kept = [name for name in sides[2] if name in kept]
        first, second = (sides[1], sides[2]) if theirs_kept == kept else (sides[2], sides[1])
        found = []
        for name in {**first, **second}:
            was, ours, now = (side.get(name, MISSING) for side in sides)
            item = next(each for each in (now, ours, was) if each is not MISSING)
            shown = ",".join(str(item[key]) for key in keys if key in item)
            value = self.value(was, ours, now, f"{label}[{shown}]", inner)
            if value is not MISSING:
                found.append(value)
        return found


def _is_set(base: list[Any], mine: list[Any], theirs: list[Any], schema: Schema | None) -> bool:
    return bool(
        schema is not None
        and schema.is_set
        and all(isinstance(item, str | int) for each in (base, mine, theirs) for item in each)
    )


def configure(before: Any, wanted: Any, live: Any, schema: Schema | None = None) -> Any:
    """What `kubectl apply` makes of the live object. `before` is what was applied last, {} if nothing was."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        was = before if isinstance(before, dict) else {}
        found = {}
        for key in {**live, **wanted}:
            inner = schema.field(key) if schema is not None else None
            if key in wanted:
                if wanted[key] is None:
                    continue
                found[key] = (
                    configure(was.get(key), wanted[key], live[key], inner) if key in live else wanted[key]
                )
            elif key not in was or was[key] is None:
                found[key] = live[key]
        return found
    if isinstance(wanted, list) and isinstance(live, list) and schema is not None:
        was_list = before if isinstance(before, list) else []
        if schema.patch_key and key_of((was_list, wanted, live), schema) == (schema.patch_key,):
            return _configured_items(was_list, wanted, live, schema)
        if schema.patches_set:
            return [
                *(item for item in live if item in wanted or item not in was_list),
                *(item for item in wanted if item not in live),
            ]
    return wanted


def _configured_items(before: list[Any], wanted: list[Any], live: list[Any], schema: Schema) -> list[Any]:
    keys = (schema.patch_key,)
    was, now, there = ({identity(item, keys): item for item in each} for each in (before, wanted, live))
    found = [
        configure(was.get(name), item, there[name], schema.item) if name in there else item
        for name, item in now.items()
    ]
    return found + [item for name, item in there.items() if name not in now and name not in was]
