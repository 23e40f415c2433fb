"""What every Kubernetes object has in common: metadata, owners, conditions, selectors.

Only what the screen needs is picked from the JSON; everything else is skipped while decoding and
never becomes a Python object. Nothing here knows HTTP, a screen, or how a kind is printed.

All Structs are frozen, and their dicts are shared between objects (see `interning`): never change
one in place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment; always with a time zone, so that any two can be compared."""


class KubeStruct(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all Structs: camelCase in JSON, frozen, not tracked by the garbage collector."""


class OwnerReference(KubeStruct, frozen=True, gc=False):
    """`metadata.ownerReferences[]`; `controller` marks the one managing owner."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    controller: bool | None = None


class ObjectMeta(KubeStruct, frozen=True, gc=False):
    """`metadata` without annotations and managedFields, which are most of its bytes."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    generation: int = 0

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages the object, or None."""
        for owner in self.owner_references:
            if owner.controller:
                return owner
        return None


class KubeObject(KubeStruct, frozen=True, gc=False):
    """Base of the kinds with a Struct."""

    metadata: ObjectMeta = ObjectMeta()


class ObjectReference(KubeStruct, frozen=True, gc=False):
    """A reference to an object or, by `field_path`, to a part of it."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    field_path: str = ""


class Condition(KubeStruct, frozen=True, gc=False):
    """One entry of `status.conditions`; `status` is `True`, `False` or `Unknown`.

    Without its times it is equal among thousands of pods, so that one tuple serves them all.
    """

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class SelectorRequirement(KubeStruct, frozen=True, gc=False):
    """One `matchExpressions` entry; operators are `In`, `NotIn`, `Exists`, `DoesNotExist`."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class LabelSelector(KubeStruct, frozen=True, gc=False):
    """`spec.selector` of workloads. An empty selector matches everything, a missing one nothing."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[SelectorRequirement, ...] | None = None
