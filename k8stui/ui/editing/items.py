"""What would be written: one item for each document of a buffer. Made from text and what is known, no I/O.

An item says which request would be sent, what it changes, and later what the server made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.apply_order import comes_first, kinds_defined
from k8stui.kinds.editing.documents import EditDocument, Problem
from k8stui.kinds.editing.field_diff import Change, changes, merge_patch
from k8stui.kinds.editing.objects import clean, identity_of, without_kind, without_nulls
from k8stui.kinds.editing.secrets import MaskedValue, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.editing.errors import Owned
    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.openapi import Schema


class Mode(Enum):
    """What a buffer is for."""

    EDIT = "edit"
    """Change objects that were read."""
    CREATE = "create"
    APPLY = "apply"
    """As `kubectl apply`: made or changed to what the text says."""
    SERVER_APPLY = "server-apply"
    """The same, by the server, with an owner for each field."""


class Way(Enum):
    """Which request an item is."""

    NOTHING = "unchanged"
    PATCH = "change"
    CREATE = "create"
    APPLY = "apply"


@dataclass
class Base:
    """An object as it was read, for an edit."""

    kind: Kind
    obj: dict[str, Any]
    subresource: str = ""

    @property
    def version(self) -> str:
        """The resourceVersion that was read."""
        return str((self.obj.get("metadata") or {}).get("resourceVersion") or "")

    @property
    def cleaned(self) -> dict[str, Any]:
        """What of it is edited."""
        return clean(self.obj, self.subresource, status="status" not in self.kind.subresources)


@dataclass
class Item:
    """One document and what is to become of it."""

    kind: Kind
    namespace: str
    name: str
    document: EditDocument
    wanted: dict[str, Any]
    """The object as it shall be, as the server stores it."""
    way: Way = Way.NOTHING
    base: Base | None = None
    """What the server had."""
    schema: Schema | None = None
    changes: list[Change] = field(default_factory=list)
    """What the user changes."""
    patch: dict[str, Any] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    """The whole object that an apply shall lead to, where that is more than `wanted`."""
    # After the dry run:
    result: dict[str, Any] | None = None
    besides: list[Change] = field(default_factory=list)
    dropped: list[Change] = field(default_factory=list)
    """Fields that the server would silently leave out."""
    warnings: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    taken: list[Owned] = field(default_factory=list)
    """Fields that other managers own, when a server-side apply was refused for them."""
    lost: list[str] = field(default_factory=list)
    """Comments of the user's text that a merge could not keep."""
    merged: bool = False
    """What somebody else changed meanwhile is in it."""
    waits: Item | None = None
    """What is to be there first: its namespace, or the definition of its kind. Until then it is not tried."""
    force: bool = False
    done: str = ""
    """What became of it, in a sentence."""
    failed: bool = False

    def label(self) -> str:
        """`Deployment shop/web`"""
        where = f"{self.namespace}/" if self.namespace else ""
        part = f" ({self.base.subresource})" if self.base is not None and self.base.subresource else ""
        return f"{self.kind.kind} {where}{self.name}{part}"

    @property
    def marks(self) -> list[Problem]:
        """All that stands against it, on its lines."""
        return [*self.problems, *(() if self.done else (owned.problem for owned in self.taken))]

    @property
    def ready(self) -> bool:
        """It changes something, and nothing is known that stands against it."""
        return self.way is not Way.NOTHING and not self.problems and (self.force or not self.taken)


def edit_items(documents: Sequence[EditDocument], bases: Sequence[Base]) -> tuple[list[Item], list[Problem]]:
    """Items for edited objects; a document must be about one of them."""
    items: list[Item] = []
    problems: list[Problem] = []
    known = {_base_identity(base): base for base in bases}
    for document in documents:
        said = identity_of(document.value)
        key = (said.api_version, said.kind, said.namespace, said.name)
        base = known.pop(key, None)
        if base is None:
            problems.append(_not_known(document, said, bases))
            continue
        try:
            wanted = without_nulls(stored(document.value, base.obj))
        except MaskedValue as error:
            line = document.line_of(("stringData", error.key))
            problems.append(Problem(line or document.line_of(("data", error.key)), str(error)))
            continue
        items.append(renewed(Item(base.kind, said.namespace, said.name, document, wanted, base=base)))
    return items, problems


def renewed(item: Item) -> Item:
    """What the item changes now, from its base and what is wanted."""
    assert item.base is not None
    before = item.base.cleaned
    item.changes = changes(before, item.wanted, item.schema)
    item.patch = merge_patch(before, item.wanted)
    item.way = Way.PATCH if item.patch else Way.NOTHING
    return item


def _base_identity(base: Base) -> tuple[str, str, str, str]:
    said = identity_of(base.obj)
    return said.api_version, said.kind, said.namespace, said.name


def _not_known(document: EditDocument, said: Any, bases: Sequence[Base]) -> Problem:
    for base in bases:
        was = identity_of(base.obj)
        for part, path in (
            ("name", ("metadata", "name")),
            ("namespace", ("metadata", "namespace")),
            ("kind", ("kind",)),
            ("api_version", ("apiVersion",)),
        ):
            before, now = getattr(was, part), getattr(said, part)
            others = [name for name in ("name", "namespace", "kind", "api_version") if name != part]
            if before != now and all(getattr(was, name) == getattr(said, name) for name in others):
                return Problem(
                    document.line_of(path),
                    f"{path[-1]} was {before or 'empty'}: an object cannot be renamed or moved by an edit.",
                )
    return Problem(document.start, "This document is none of the objects that are edited here.")


def new_items(
    documents: Sequence[EditDocument], catalog: Catalog, namespace: str, mode: Mode
) -> tuple[list[Item], list[Problem]]:
    """Items for documents that are created or applied, what others need first.

    `namespace`: where one says none.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    flat = _flat(documents)
    defined = {
        (kind.api_version, kind.kind): (kind, each) for each in flat for kind in kinds_defined(each.value)
    }
    waiting: list[tuple[Item, EditDocument]] = []
    for document in flat:
        if nameless := without_kind(document):
            problems.append(nameless)
            continue
        said = identity_of(document.value)
        kind = catalog.for_object(said.api_version, said.kind)
        known = kind is not None and kind.api_version == said.api_version
        definition = None
        if not known and (said.api_version, said.kind) in defined:
            kind, definition = defined[said.api_version, said.kind]
        if kind is None or kind.api_version != said.api_version:
            other = f" It has {kind.api_version}." if kind is not None else ""
            line = document.line_of(("apiVersion",) if kind is not None else ("kind",))
            problems.append(Problem(line, f"This server has no {said.kind} in {said.api_version}.{other}"))
            continue
        name = said.name or str((document.value.get("metadata") or {}).get("generateName") or "")
        if not name or (mode is not Mode.CREATE and not said.name):
            problems.append(Problem(document.line_of(("metadata",)), "metadata.name is missing."))
            continue
        value = without_nulls(document.value)
        if kind.namespaced:
            where = said.namespace or namespace or "default"
            value = {**value, "metadata": {**value["metadata"], "namespace": where}}
        else:
            where = ""
        way = Way.CREATE if mode is Mode.CREATE else Way.APPLY
        items.append(Item(kind, where, name, document, value, way))
        if definition is not None:
            waiting.append((items[-1], definition))
    for item, definition in waiting:
        item.waits = next((each for each in items if each.document is definition), None)
        item.way = Way.APPLY if mode is Mode.SERVER_APPLY else Way.CREATE
    return sorted(items, key=lambda item: not comes_first(item.kind)), problems


def _flat(documents: Sequence[EditDocument]) -> list[EditDocument]:
    """Documents, with a List taken apart."""
    found = []
    for document in documents:
        value = document.value
        inner = value.get("items") if isinstance(value, dict) else None
        if isinstance(inner, list) and str(value.get("kind", "")).endswith("List"):
            for at, item in enumerate(inner):
                lines = {path[2:]: line for path, line in document.lines.items() if path[:2] == ("items", at)}
                found.append(EditDocument(item, lines, document.line_of(("items", at))))
        else:
            found.append(document)
    return found
