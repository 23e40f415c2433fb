"""`metadata.managedFields`: who owns which field after an update, and after a server-side apply.

Works on plain objects before they are stored; the rules are those of Kubernetes' structured merge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import StoreError
from k8stui.demo.fields import (
    Flat,
    Path,
    child,
    element_key,
    flatten,
    from_fields_v1,
    keyed,
    path_text,
    set_key,
    to_fields_v1,
    walk,
)
from k8stui.demo.schemas import ANY, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry of managedFields."""

    name: str
    operation: str
    api_version: str
    time: str
    paths: frozenset[Path]
    subresource: str = ""

    def same(self, other: Manager) -> bool:
        """Whether both are the same owner."""
        return (self.name, self.operation, self.api_version, self.subresource) == (
            other.name,
            other.operation,
            other.api_version,
            other.subresource,
        )

    def entry(self) -> dict[str, Any]:
        """The entry as the API shows it."""
        found: dict[str, Any] = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_fields_v1(self.paths),
        }
        if self.subresource:
            found["subresource"] = self.subresource
        return found


def read_managers(obj: Mapping[str, Any]) -> list[Manager]:
    """The managers of an object."""
    return [
        Manager(
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("time", ""),
            frozenset(from_fields_v1(entry.get("fieldsV1") or {})),
            entry.get("subresource", ""),
        )
        for entry in obj["metadata"].get("managedFields") or ()
    ]


def with_managers(obj: Obj, managers: Sequence[Manager]) -> Obj:
    """The object with these managers; those that own nothing are left out."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    ordered = sorted(
        (manager for manager in managers if manager.paths),
        key=lambda manager: (manager.operation != "Apply", manager.time, manager.name),
    )
    if ordered:
        metadata["managedFields"] = [manager.entry() for manager in ordered]
    return {**obj, "metadata": metadata}


def _differences(old: Flat, new: Flat) -> tuple[set[Path], set[Path]]:
    missing = object()
    changed = {path for path, value in new.items() if old.get(path, missing) != value}
    return changed, set(old) - set(new)


def track_update(old: Obj | None, new: Obj, schema: Schema, by: Manager) -> Obj:
    """`new` with its managers after a create, update or patch by `by` (whose paths are filled in here)."""
    metadata = new["metadata"]
    if old is not None and "managedFields" in metadata and metadata["managedFields"] == []:
        return with_managers(new, [])
    managers = read_managers(new if old is None else old)
    before = {} if old is None else flatten(old, schema)
    changed, removed = _differences(before, flatten(new, schema))
    if old is None:
        managers = []
        if by.subresource != "status":
            changed = {path for path in changed if path[0] != "f:status"}
    gone = changed | removed
    mine = next((manager for manager in managers if manager.same(by)), replace(by, paths=frozenset()))
    paths = frozenset((mine.paths | changed) - removed)
    found = [replace(m, paths=m.paths - gone) if m.operation else m for m in managers if not m.same(by)]
    if paths:
        found.append(replace(mine, paths=paths, time=by.time if gone else mine.time))
    return with_managers(new, found)


def merge(live: Any, applied: Any, schema: Schema) -> Any:
    """What was applied laid over what is there, by the schema's merge rules."""
    if isinstance(live, dict) and isinstance(applied, dict) and not schema.atomic:
        merged = dict(live)
        for key, value in applied.items():
            merged[key] = merge(live[key], value, child(schema, key)) if key in live else value
        return merged
    if isinstance(live, list) and isinstance(applied, list):
        if keyed(live, schema) and keyed(applied, schema):
            return _merge_keyed(live, applied, schema)
        if schema.list_type == "set":
            return [*live, *(item for item in applied if item not in live)]
    return applied


def _merge_keyed(live: list[Obj], applied: list[Obj], schema: Schema) -> list[Obj]:
    inner = schema.item or ANY
    new = {element_key(item, schema.list_keys): item for item in applied}
    merged = []
    for item in live:
        name = element_key(item, schema.list_keys)
        merged.append(merge(item, new.pop(name), inner) if name in new else item)
    return [*merged, *new.values()]


def _without(value: Any, gone: set[Path], schema: Schema, path: Path) -> Any:
    """The value without the paths in `gone`."""
    if isinstance(value, dict) and not schema.atomic:
        found = {}
        for key, item in value.items():
            inner = (*path, "f:" + key)
            if inner in gone and not _has_more(item, gone, child(schema, key), inner):
                continue
            found[key] = _without(item, gone, child(schema, key), inner)
        return found
    if isinstance(value, list) and keyed(value, schema):
        kept = []
        for item in value:
            inner = (*path, element_key(item, schema.list_keys))
            if inner not in gone or _has_more(item, gone, schema.item or ANY, inner):
                kept.append(_without(item, gone, schema.item or ANY, inner))
        return kept
    if isinstance(value, list) and schema.list_type == "set":
        return [item for item in value if (*path, set_key(item)) not in gone]
    return value


def _has_more(item: Any, gone: set[Path], schema: Schema, path: Path) -> bool:
    """Whether something below stays that nobody wants gone."""
    inner = [found for found, _ in walk(item, schema, path) if found != path]
    return any(found not in gone for found in inner)


def _who(manager: Manager) -> str:
    text = f'"{manager.name}"'
    if manager.subresource:
        text += f' with subresource "{manager.subresource}"'
    return text if manager.operation == "Apply" else f"{text} using {manager.api_version}"


def _conflict_error(conflicts: Sequence[tuple[Manager, list[Path]]]) -> StoreError:
    found = sorted((_who(manager), path_text(path)) for manager, paths in conflicts for path in paths)
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": field}
        for who, field in found
    ]
    if len(found) == 1:
        message = f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    else:
        lines: list[str] = []
        for who, field in found:
            if f"conflicts with {who}:" not in lines:
                lines.append(f"conflicts with {who}:")
            lines.append(f"- {field}")
        message = f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
    return StoreError(409, "Conflict", message, {"causes": causes})


def apply(live: Obj | None, applied: Obj, schema: Schema, by: Manager, *, force: bool) -> Obj:
    """The object after a server-side apply, managers included. Raises 409 for fields others own."""
    applied = {**applied, "metadata": {k: v for k, v in applied["metadata"].items() if k != "managedFields"}}
    wanted = flatten(applied, schema)
    mine = replace(by, paths=frozenset(wanted))
    if live is None:
        return with_managers(applied, [mine])
    managers = read_managers(live)
    if not managers:
        everything = frozenset(path for path in flatten(live, schema) if path[0] != "f:status")
        created = str(live["metadata"].get("creationTimestamp", by.time))
        managers = [Manager("before-first-apply", "Update", by.api_version, created, everything)]
    before = flatten(live, schema)
    merged = merge(live, applied, schema)
    changed, _ = _differences(before, flatten(merged, schema))
    others = [manager for manager in managers if not manager.same(by)]
    conflicts = [(manager, sorted(manager.paths & changed)) for manager in others if manager.paths & changed]
    if conflicts and not force:
        raise _conflict_error(conflicts)
    others = [replace(manager, paths=manager.paths - changed) for manager in others]
    previous = next((manager for manager in managers if manager.same(by)), None)
    if previous is not None:
        owned = frozenset[Path]().union(*(manager.paths for manager in others)) if others else frozenset()
        gone = set(previous.paths - mine.paths - owned)
        if gone:
            merged = _without(merged, gone, schema, ())
        if previous.paths == mine.paths and not changed and not gone:
            mine = previous
    return with_managers(merged, [mine, *others])
