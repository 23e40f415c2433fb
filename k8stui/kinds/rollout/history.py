"""The revisions of a workload, newest first, and what is different between two of them. Pure.

A Deployment keeps its past as ReplicaSets, StatefulSets and DaemonSets keep theirs as ControllerRevisions.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CHANGE_CAUSE = "kubernetes.io/change-cause"
REVISION = "deployment.kubernetes.io/revision"
HASH_LABEL = "pod-template-hash"


class Revision(msgspec.Struct, frozen=True):
    """One state that a workload had. `source` is the object that keeps it."""

    number: int
    name: str
    created: str
    """When, as the server writes it."""
    cause: str
    images: tuple[str, ...]
    template: dict[str, Any]
    source: dict[str, Any]
    current: bool = False
    pods: int = 0
    """Pods of it that there are; for StatefulSets and DaemonSets not known from it (0)."""
    ready: int = 0


def owned(items: Iterable[Mapping[str, Any]], uid: str) -> list[dict[str, Any]]:
    """Those of the objects that the workload with this uid manages."""
    return [
        dict(item)
        for item in items
        if any(
            owner.get("uid") == uid and owner.get("controller")
            for owner in (item.get("metadata") or {}).get("ownerReferences") or ()
        )
    ]


def revisions(kind: str, obj: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> tuple[Revision, ...]:
    """The history of a workload (`kind` as in manifests) from its ReplicaSets or ControllerRevisions.

    Newest first; the first one is what is rolled out or rolling out.
    """
    uid = (obj.get("metadata") or {}).get("uid", "")
    make = _of_replica_set if kind == "Deployment" else _of_controller_revision
    found = [make(item) for item in owned(items, uid)]
    found.sort(key=lambda revision: (-revision.number, revision.name))
    if kind == "Deployment":
        now = str(((obj.get("metadata") or {}).get("annotations") or {}).get(REVISION, ""))
        at = next((i for i, each in enumerate(found) if str(each.number) == now), 0)
    else:
        name = (obj.get("status") or {}).get("updateRevision", "")
        at = next((i for i, each in enumerate(found) if each.name == name), 0)
    return tuple(
        msgspec.structs.replace(each, current=True) if index == at else each
        for index, each in enumerate(found)
    )


def _of_replica_set(item: Mapping[str, Any]) -> Revision:
    meta, spec, status = item.get("metadata") or {}, item.get("spec") or {}, item.get("status") or {}
    annotations = meta.get("annotations") or {}
    text = str(annotations.get(REVISION, "0"))
    template = _without_hash(spec.get("template") or {})
    return Revision(
        int(text) if text.isdecimal() else 0,
        meta.get("name", ""),
        meta.get("creationTimestamp") or "",
        annotations.get(CHANGE_CAUSE, ""),
        _images(template),
        template,
        dict(item),
        pods=int(status.get("replicas") or 0),
        ready=int(status.get("readyReplicas") or 0),
    )


def _of_controller_revision(item: Mapping[str, Any]) -> Revision:
    meta = item.get("metadata") or {}
    template = dict(((item.get("data") or {}).get("spec") or {}).get("template") or {})
    template.pop("$patch", None)
    return Revision(
        int(item.get("revision") or 0),
        meta.get("name", ""),
        meta.get("creationTimestamp") or "",
        (meta.get("annotations") or {}).get(CHANGE_CAUSE, ""),
        _images(template),
        template,
        dict(item),
    )


def _without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH_LABEL}
    return {**template, "metadata": meta}


def _images(template: Mapping[str, Any]) -> tuple[str, ...]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return tuple(str(container.get("image", "")) for container in containers)


def diff_lines(older: Mapping[str, Any], newer: Mapping[str, Any], context: int = 2) -> list[str]:
    """What is different between two templates, as lines that start with `+`, `-`, ` ` or `@`."""
    before, after = ([line.text for line in emit(dict(each)).lines] for each in (older, newer))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=context))
    return [line if not line.startswith("@@") else "@" for line in lines[2:]]
