"""What must be read besides an object to describe it, as data. Pure; who reads it is elsewhere."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from k8stui.kinds.describe.common import EVENTS, Raw, dig
from k8stui.kinds.describe.lines import NONE


class Need(Struct, frozen=True):
    """A list to read, or one object."""

    name: str
    """What `Related` calls it."""
    kind: str
    """As `Catalog.find` understands it."""
    namespace: str = ""
    object_name: str = ""
    """Read one object; it is no fault when there is none."""
    label_selector: str = ""
    field_selector: str = ""


_OWNED_PODS = frozenset(
    {"replicasets.apps", "replicationcontrollers", "statefulsets.apps", "daemonsets.apps"}
)


def needs(kind: str, obj: Raw) -> tuple[Need, ...]:
    """What a description of an object of this kind (`Kind.name`) needs."""
    name = str(dig(obj, "metadata", "name", default=""))
    namespace = str(dig(obj, "metadata", "namespace", default=""))
    found: list[Need] = []
    if kind == "nodes":
        found.append(Need("pods", "pods", field_selector=f"spec.nodeName={name}"))
        found.append(Need("leases", "leases.coordination.k8s.io", "kube-node-lease", name))
    elif kind in _OWNED_PODS:
        found.append(Need("pods", "pods", namespace, label_selector=_selector(obj)))
    elif kind == "deployments.apps":
        found.append(Need("replicasets", "replicasets.apps", namespace, label_selector=_selector(obj)))
    elif kind == "services":
        label = f"kubernetes.io/service-name={name}"
        found.append(
            Need("endpointslices", "endpointslices.discovery.k8s.io", namespace, label_selector=label)
        )
    elif kind == "ingresses.networking.k8s.io":
        found.append(Need("services", "services", namespace))
        found.append(Need("endpointslices", "endpointslices.discovery.k8s.io", namespace))
    elif kind == "persistentvolumeclaims":
        found.append(Need("pods", "pods", namespace))
    elif kind == "serviceaccounts":
        tokens = "type=kubernetes.io/service-account-token"
        found.append(Need("secrets", "secrets", namespace, field_selector=tokens))
    elif kind == "namespaces":
        found += [Need("resourcequotas", "resourcequotas", name), Need("limitranges", "limitranges", name)]
    if not kind.startswith("events"):
        found.append(events_of(obj))
    return tuple(found)


def events_of(obj: Raw) -> Need:
    """The events about an object."""
    meta = obj.get("metadata") or {}
    fields = [f"involvedObject.name={meta.get('name', '')}"]
    if meta.get("namespace"):
        fields.append(f"involvedObject.namespace={meta['namespace']}")
    if obj.get("kind"):
        fields.append(f"involvedObject.kind={obj['kind']}")
    return Need(EVENTS, "events", str(meta.get("namespace", "")), field_selector=",".join(fields))


def about(event: Raw, obj: Raw) -> bool:
    """Whether an event is about this very object, not about one before it of the same name."""
    uid = dig(event, "involvedObject", "uid")
    meta: Any = obj.get("metadata") or {}
    # A kubelet knows its node by name only.
    return uid in (None, "", meta.get("uid"), meta.get("name"))


def _selector(obj: Raw) -> str:
    selector = dig(obj, "spec", "selector", default={})
    from k8stui.kinds.describe.common import labels_text, selector_text

    if {"matchLabels", "matchExpressions"} & set(selector):
        return selector_text(selector, "")
    return labels_text(selector, "").replace(NONE, "")
