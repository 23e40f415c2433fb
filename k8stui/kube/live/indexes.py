"""Indexes of a collection: from a key (a node's name, an owner's uid, a namespace) to uids.

An index is built when it is first asked for, and kept by the difference of an object's keys
before and after each change. It must never hold an object: only keys and uids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Set

Keys = tuple[str, ...]

NO_UIDS: frozenset[str] = frozenset()


def namespace_keys(obj: Any) -> Keys:
    """The namespace an object is in; nothing for cluster-scoped objects."""
    namespace = obj.metadata.namespace
    return (namespace,) if namespace else ()


def owner_keys(obj: Any) -> Keys:
    """The uids of all owners of an object."""
    return tuple(owner.uid for owner in obj.metadata.owner_references or ())


def node_keys(obj: Any) -> Keys:
    """The node an object runs on; nothing while it is not scheduled, or for kinds without a node."""
    node = getattr(getattr(obj, "spec", None), "node_name", None) or getattr(obj, "node_name", None)
    return (node,) if node else ()


def name_keys(obj: Any) -> Keys:
    """Namespace and name: `shop/web`, `/worker-1`."""
    return (f"{obj.metadata.namespace}/{obj.metadata.name}",)


def uses_keys(obj: Any) -> Keys:
    """What a pod, or a workload's template, names: `secrets/shop/db`; the namespace is empty for classes."""
    from k8stui.kube.objects.podrefs import PRIORITIES, named

    spec = pod_spec(obj)
    if spec is None:
        return ()
    namespace = obj.metadata.namespace
    return tuple(
        {f"{each.kind}/{'' if each.kind == PRIORITIES else namespace}/{each.name}" for each in named(spec)}
    )


def pod_spec(obj: Any) -> Any | None:
    """The spec of a pod, or the one in a workload's template; None for what has neither."""
    spec = getattr(obj, "spec", None)
    spec = getattr(getattr(spec, "job_template", None), "spec", spec)
    spec = getattr(getattr(spec, "template", None), "spec", spec)
    return spec if hasattr(spec, "volumes") else None


KEY_FUNCTIONS: dict[str, Callable[[Any], Keys]] = {
    "namespace": namespace_keys,
    "owner": owner_keys,
    "node": node_keys,
    "name": name_keys,
    "uses": uses_keys,
}


class Index:
    """One index over a mapping of uid to object that its owner changes and reports here."""

    __slots__ = ("_keys_of", "_uids")

    def __init__(self, keys_of: Callable[[Any], Keys], objects: Mapping[str, Any]) -> None:
        self._keys_of = keys_of
        self._uids: dict[str, set[str]] = {}
        for uid, obj in objects.items():
            self._add(uid, keys_of(obj))

    def get(self, key: str) -> Set[str]:
        """The uids under a key, as a live view that the next change may alter."""
        return self._uids.get(key, NO_UIDS)

    def keys(self) -> Iterable[str]:
        """All keys that have at least one uid."""
        return self._uids.keys()

    def change(self, uid: str, before: Any | None, after: Any | None) -> None:
        """Move one uid from the keys of the object before to those of the object after."""
        old = self._keys_of(before) if before is not None else ()
        new = self._keys_of(after) if after is not None else ()
        if old != new:
            self._discard(uid, old)
            self._add(uid, new)

    def add(self, uid: str, obj: Any) -> None:
        """Take an object that may be in it already."""
        self._add(uid, self._keys_of(obj))

    def _add(self, uid: str, keys: Keys) -> None:
        for key in keys:
            self._uids.setdefault(key, set()).add(uid)

    def _discard(self, uid: str, keys: Keys) -> None:
        for key in keys:
            uids = self._uids.get(key)
            if uids is not None:
                uids.discard(uid)
                if not uids:
                    del self._uids[key]
