"""Claims: the default storage class, and whether a claim may grow. Reads the store, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import forbidden
from k8stui.demo.quantity import parse
from k8stui.demo.resources import PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["DEFAULT_CLASS", "check_expansion", "with_default_class"]

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def default_class(store: Store) -> Obj | None:
    """The newest class that is marked as the default, None without one."""
    found = [
        obj
        for obj in store.list(STORAGE_CLASSES)
        if (obj["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    return max(found, key=lambda obj: str(obj["metadata"].get("creationTimestamp", "")), default=None)


def with_default_class(store: Store, claim: Obj) -> Obj:
    """A claim that names no class gets the default one; an empty name asks for none."""
    annotations = claim["metadata"].get("annotations") or {}
    if claim["spec"].get("storageClassName") is not None or (
        "volume.beta.kubernetes.io/storage-class" in annotations
    ):
        return claim
    found = default_class(store)
    if found is None:
        return claim
    return {**claim, "spec": {**claim["spec"], "storageClassName": found["metadata"]["name"]}}


def check_expansion(store: Store, claim: Obj, old: Obj | None) -> None:
    """Raise 403 when a claim grows whose class does not allow it."""
    if old is None or _size(claim) <= _size(old):
        return
    name = claim["spec"].get("storageClassName") or ""
    found = store.get(STORAGE_CLASSES, "", name) if name else None
    if not claim["spec"].get("volumeName") or found is None or not found.get("allowVolumeExpansion"):
        why = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc"
            " must support resize"
        )
        raise forbidden(PERSISTENT_VOLUME_CLAIMS, claim["metadata"]["name"], why)


def _size(claim: Obj) -> Any:
    text = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
    return parse(str(text))
