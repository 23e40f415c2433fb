"""How objects belong together: what is under one, who owns it, which events are about it.

Pure functions. What to list is given as a `Query` (for the server) that is also a predicate (for rows
that are already here), so that a view may narrow live rows at once while the server's answer is on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.selectors import Selector, SelectorError, selector_of, selector_of_labels
from k8stui.kube.objects import (
    CronJob,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Event,
    Job,
    Namespace,
    Node,
    ObjectReference,
    OwnerReference,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
)

if TYPE_CHECKING:
    from k8stui.kube.objects import ObjectMeta

PODS = "pods"
JOBS = "jobs.batch"

_KINDS: dict[type[Any], str] = {
    Pod: "Pod",
    Node: "Node",
    Event: "Event",
    Namespace: "Namespace",
    Service: "Service",
    Deployment: "Deployment",
    ReplicaSet: "ReplicaSet",
    StatefulSet: "StatefulSet",
    DaemonSet: "DaemonSet",
    Job: "Job",
    CronJob: "CronJob",
    EndpointSlice: "EndpointSlice",
}


class Query(msgspec.Struct, frozen=True):
    """Which objects belong to another. Empty parts do not narrow."""

    kind: str
    """Name of the kind to list, as `Kind.name`."""
    namespace: str = ""
    selector: Selector | None = None
    node: str = ""
    owner_uid: str = ""
    """Uid of the managing owner; the server cannot select by it, so it is matched here."""

    @property
    def label_selector(self) -> str:
        """The selector for the server, empty where labels do not narrow."""
        return "" if self.selector is None else str(self.selector)

    @property
    def field_selector(self) -> str:
        """The field selector for the server."""
        return f"spec.nodeName={self.node}" if self.node else ""

    @property
    def selects_nothing(self) -> bool:
        """True where no object can match: the server must not be asked, its answer would be all."""
        return self.selector is not None and self.selector.nothing

    def matches(self, obj: Any) -> bool:
        """Whether an object of the queried kind belongs."""
        meta: ObjectMeta = obj.metadata
        if self.namespace and meta.namespace != self.namespace:
            return False
        if self.node and getattr(getattr(obj, "spec", None), "node_name", "") != self.node:
            return False
        if self.owner_uid and not any(owner.uid == self.owner_uid for owner in meta.owner_references):
            return False
        return self.selector is None or self.selector.matches(meta.labels)


def children_of(kind: Any, obj: Any) -> Query | None:
    """What Enter on an object leads to, as in k9s; None where the kind has nothing under it.

    `kind` is the object's Kind or its name; kinds with a Struct are told by the object itself.
    """
    meta: ObjectMeta = obj.metadata
    match obj:
        case Node():
            return Query(PODS, node=meta.name)
        case Namespace():
            return Query(PODS, namespace=meta.name)
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job():
            return Query(PODS, meta.namespace, _workload_selector(obj))
        case Service():
            # Without a selector a service has no pods of its own: somebody else keeps its endpoints.
            labels = obj.spec.selector
            return Query(
                PODS, meta.namespace, selector_of_labels(labels) if labels else Selector(nothing=True)
            )
        case CronJob():
            return Query(JOBS, meta.namespace, owner_uid=meta.uid)
    if (kind if isinstance(kind, str) else kind.name) == "replicationcontrollers":
        return Query(PODS, meta.namespace, owner_uid=meta.uid)
    return None


def _workload_selector(obj: Deployment | ReplicaSet | StatefulSet | DaemonSet | Job) -> Selector:
    try:
        return selector_of(obj.spec.selector)
    except SelectorError:
        return Selector(nothing=True)


def kind_of(obj: Any) -> str:
    """The Kubernetes kind of an object with a Struct (`Pod`); empty for a TableRow."""
    # with columns of the user's own an object is of a subclass
    return next((_KINDS[each] for each in type(obj).__mro__ if each in _KINDS), "")


def owner_of(obj: Any) -> ObjectReference | None:
    """The object above: the managing owner, else the only owner; for an event what it is about."""
    if isinstance(obj, Event):
        about = obj.involved_object
        return about if about.name else None
    meta: ObjectMeta = obj.metadata
    owner = meta.controller or (meta.owner_references[0] if meta.owner_references else None)
    return None if owner is None else _reference(owner, meta.namespace)


def _reference(owner: OwnerReference, namespace: str) -> ObjectReference:
    # Owners live in the namespace of what they own, or in none (a static pod's node).
    return ObjectReference(
        kind=owner.kind,
        namespace="" if owner.kind == "Node" else namespace,
        name=owner.name,
        uid=owner.uid,
        api_version=owner.api_version,
    )


def concerns(event: Event, obj: Any, kind: str = "") -> bool:
    """Whether an event is about an object; `kind` is needed for objects without a Struct only.

    Told by uid. A kubelet writes the name of its node in place of the uid, and some controllers write
    no uid: those are told by kind, namespace and name.
    """
    about = event.involved_object
    meta: ObjectMeta = obj.metadata
    if about.uid and about.uid == meta.uid:
        return True
    kind = kind or kind_of(obj)
    if about.name != meta.name or (kind and about.kind != kind):
        return False
    if about.kind == "Node":
        return about.uid in ("", meta.name)
    return not about.uid and about.namespace == meta.namespace
