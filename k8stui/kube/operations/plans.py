"""What a change of the cluster is before it is made: requests for objects, in words and as they will be sent.

A plan is shown, then carried out by `running`, never the other way round. Pure data and functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from k8stui.kube.catalog import Kind  # noqa: TC001 - msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class PlanError(Exception):
    """Something cannot be planned as it is asked for; the text is one sentence for the user."""


class Ref(msgspec.Struct, frozen=True):
    """One object, as it was meant: by its uid, not by a row."""

    kind: Kind
    name: str
    namespace: str = ""
    uid: str = ""

    def path(self, subresource: str = "") -> str:
        """Where the object is."""
        return self.kind.path(self.namespace, self.name, subresource)

    @property
    def noun(self) -> str:
        """What its kind is called: `pod`."""
        return (self.kind.singular or self.kind.kind).lower()

    @property
    def label(self) -> str:
        """`shop/web-1`, or `worker-1` where there is no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Request(msgspec.Struct, frozen=True):
    """One request as it will be sent."""

    method: str
    path: str
    body: Any = None
    content_type: str = JSON
    gone_is_done: bool = False
    """A 404 is what was wanted (a deletion)."""
    params: dict[str, str] = {}
    other: Request | None = None
    """What to send instead to a server that does not know this version of it."""

    @property
    def line(self) -> str:
        """`PATCH /apis/apps/v1/...`, for the plan's text."""
        query = "&".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


class Back(msgspec.Struct, frozen=True):
    """What a field was before it was changed; `before` is UNSET where there was none."""

    path: tuple[str | int, ...]
    before: Any = UNSET


class Change(msgspec.Struct, frozen=True):
    """What is done to one object, in requests that follow each other."""

    ref: Ref
    requests: tuple[Request, ...]
    words: str = ""
    """What is different afterwards, where it is not the same for all: `replicas 3 → 5`."""
    back: tuple[Back, ...] = ()
    """What `undo` puts back; empty where nothing does."""
    part: str = ""
    """The subresource that `back` is about."""
    until_gone: bool = False
    """It is done when the object is gone: the requests, if there are any, only ask for that."""


class Plan(msgspec.Struct, frozen=True):
    """What will be done when the user says so."""

    verb: str
    """What the button says: `Delete`."""
    done: str
    """Past participle for the result: `deleted`."""
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """What the user should know before: one sentence each."""
    warnings: tuple[str, ...] = ()
    """What may hurt: one sentence each."""
    destroys: bool = False
    confirm: str = ""
    """Text to be typed before it is done; empty: a key is enough."""
    first: int = 0
    """So many changes are made one by one before the others begin, which need them."""
    whole: tuple[Ref, ...] = ()
    """What is `done` once all changes are; empty: each object by itself."""
    lists: tuple[Request, ...] = ()
    """Where objects that are to go are found as long as they are there."""

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The objects that it is about."""
        return tuple(change.ref for change in self.changes)

    @property
    def subject(self) -> str:
        """`deployment shop/web`, or `12 pods`."""
        return subject(self.refs)

    def only(self, refs: Collection[Ref]) -> Plan:
        """The same for some of its objects."""
        return msgspec.structs.replace(
            self, changes=tuple(change for change in self.changes if change.ref in refs)
        )


def subject(refs: Iterable[Ref]) -> str:
    """Objects in a few words: `pod shop/web-1`, `12 pods in shop`, `3 pods in 2 namespaces`."""
    refs = tuple(refs)
    if len(refs) == 1:
        return f"{refs[0].noun} {refs[0].label}"
    kinds = {ref.kind.plural for ref in refs}
    noun = kinds.pop() if len(kinds) == 1 else "objects"
    spaces = {ref.namespace for ref in refs if ref.namespace}
    where = f" in {next(iter(spaces))}" if len(spaces) == 1 else ""
    if len(spaces) > 1:
        where = f" in {len(spaces)} namespaces"
    return f"{len(refs)} {noun}{where}"


def patch(
    ref: Ref, body: Mapping[str, Any], content_type: str = MERGE, subresource: str = "", version: str = ""
) -> Request:
    """A patch that only the object that was meant accepts: its uid is part of it.

    `version`: the resourceVersion that must still hold, where the patch replaces what it does not name.
    """
    metadata = dict(body.get("metadata") or {})
    if ref.uid:
        metadata["uid"] = ref.uid
    if version:
        metadata["resourceVersion"] = version
    whole = {**body, "metadata": metadata} if metadata else dict(body)
    return Request("PATCH", ref.path(subresource), whole, content_type)


def was(obj: Any, *path: str) -> Back:
    """A field of an object as it was read, to be put back."""
    for key in path[:-1]:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return Back(path, obj.get(path[-1], UNSET) if isinstance(obj, dict) else UNSET)


def dig(obj: Any, *keys: str) -> Any:
    """A value inside nested maps; None where a step is missing."""
    for key in keys:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj
