"""Printers of the core kinds: pods, nodes, events, services and what belongs to them. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8stui.demo.durations import age
from k8stui.demo.tables import (
    NONE,
    UNSET,
    Cells,
    Printer,
    addresses,
    columns,
    containers_of,
    created,
    dig,
    labels_text,
    limited,
)
from k8stui.demo.tables_pods import PODS

Obj = Mapping[str, Any]
_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _node(obj: Obj, now: float) -> Cells:
    status = obj.get("status", {})
    ready = next((c for c in status.get("conditions") or () if c["type"] == "Ready"), None)
    texts = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if obj.get("spec", {}).get("unschedulable"):
        texts.append("SchedulingDisabled")
    roles = set()
    for key, value in (obj["metadata"].get("labels") or {}).items():
        if key.startswith("node-role.kubernetes.io/") and len(key) > 24:
            roles.add(key[24:])
        elif key == "kubernetes.io/role" and value:
            roles.add(value)
    address = {entry["type"]: entry["address"] for entry in reversed(status.get("addresses") or ())}
    info = status.get("nodeInfo", {})
    return [
        obj["metadata"]["name"],
        ",".join(texts),
        ",".join(sorted(roles)) or NONE,
        created(obj, now),
        info.get("kubeletVersion", ""),
        address.get("InternalIP", NONE),
        address.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _event(obj: Obj, now: float) -> Cells:
    first = age(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = age(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    count = obj.get("count") or 1
    series = obj.get("series")
    if series:
        last, count = age(series.get("lastObservedTime"), now), series.get("count", 1)
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    about = obj.get("involvedObject") or {}
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        str(obj.get("message", "")).strip(),
        first,
        count,
        obj["metadata"]["name"],
    ]


def _service(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    kind = spec.get("type", "ClusterIP")
    external = ",".join(spec.get("externalIPs") or ())
    if kind == "ExternalName":
        external = spec.get("externalName", "")
    elif kind == "LoadBalancer":
        balancer = addresses(dig(obj, "status.loadBalancer.ingress", ()))
        external = ",".join(text for text in (balancer, external) if text) or "<pending>"
    ports = []
    for port in spec.get("ports") or ():
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}")
    return [
        obj["metadata"]["name"],
        kind,
        spec.get("clusterIP") or NONE,
        external or NONE,
        ",".join(ports) or NONE,
        created(obj, now),
        labels_text(spec.get("selector")),
    ]


def _endpoints(obj: Obj, now: float) -> Cells:
    found = []
    for subset in obj.get("subsets") or ():
        ips = [entry["ip"] for entry in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            found += ips
        for port in ports:
            found += [f"[{ip}]:{port['port']}" if ":" in ip else f"{ip}:{port['port']}" for ip in ips]
    return [obj["metadata"]["name"], limited(found) or NONE, created(obj, now)]


def _modes(modes: Any) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (modes or ()))


def _phase(obj: Obj) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else dig(obj, "status.phase", "")


def _volume(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    claim = spec.get("claimRef")
    return [
        obj["metadata"]["name"],
        dig(spec, "capacity.storage", ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName", UNSET),
        dig(obj, "status.reason", ""),
        created(obj, now),
        spec.get("volumeMode", UNSET),
    ]


def _claim(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    bound = bool(spec.get("volumeName"))
    return [
        obj["metadata"]["name"],
        _phase(obj),
        spec.get("volumeName", ""),
        dig(obj, "status.capacity.storage", "") if bound else "",
        _modes(dig(obj, "status.accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName", UNSET),
        created(obj, now),
        spec.get("volumeMode", UNSET),
    ]


def _quota(obj: Obj, now: float) -> Cells:
    hard, used = dig(obj, "status.hard", {}), dig(obj, "status.used", {})
    texts: dict[bool, list[str]] = {True: [], False: []}
    for name in sorted(hard):
        texts[name.startswith("limits")].append(f"{name}: {used.get(name, '0')}/{hard[name]}")
    return [obj["metadata"]["name"], ", ".join(texts[False]), ", ".join(texts[True]), created(obj, now)]


def _component(obj: Obj, _now: float) -> Cells:
    status, message, error = "Unknown", "", ""
    for condition in obj.get("conditions") or ():
        if condition["type"] == "Healthy":
            status = "Healthy" if condition["status"] == "True" else "Unhealthy"
            message, error = condition.get("message", ""), condition.get("error", "")
            break
    if error == "nil":
        error = ""
    return [obj["metadata"]["name"], status, message, error]


def _config_map(obj: Obj, now: float) -> Cells:
    count = len(obj.get("data") or ()) + len(obj.get("binaryData") or ())
    return [obj["metadata"]["name"], count, created(obj, now)]


def _secret(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], obj.get("type", ""), len(obj.get("data") or ()), created(obj, now)]


def _account(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], len(obj.get("secrets") or ()), created(obj, now)]


def _namespace(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], dig(obj, "status.phase", ""), created(obj, now)]


def _created_at(obj: Obj, _now: float) -> Cells:
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp")]


def _template(obj: Obj, _now: float) -> Cells:
    names, images = containers_of(dig(obj, "template.spec", {}))
    return [obj["metadata"]["name"], names, images, labels_text(dig(obj, "template.metadata.labels"))]


def _lease(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], dig(obj, "spec.holderIdentity", ""), created(obj, now)]


def _priority_class(obj: Obj, now: float) -> Cells:
    return [
        obj["metadata"]["name"],
        obj.get("value", 0),
        bool(obj.get("globalDefault")),
        created(obj, now),
        obj.get("preemptionPolicy", "PreemptLowerPriority"),
    ]


CREATED_AT = Printer(columns("Name;Created At"), _created_at)

PRINTERS: dict[str, Printer] = {
    "pods": PODS,
    "nodes": Printer(
        columns(
            "Name;Status;Roles;Age;Version",
            wide="Internal-IP;External-IP;OS-Image;Kernel-Version;Container-Runtime",
        ),
        _node,
    ),
    "events": Printer(
        tuple(
            column
            if column.name != "Name"
            else type(column)("Name", format="name", priority=1, description="The event's name.")
            for column in (
                *columns("Last Seen;Type;Reason;Object"),
                *columns("", wide="Subobject;Source")[1:],
                *columns("Message"),
                *columns("", wide="First Seen;Count;Name")[1:],
            )
        ),
        _event,
    ),
    "services": Printer(columns("Name;Type;Cluster-IP;External-IP;Port(s);Age", wide="Selector"), _service),
    "endpoints": Printer(columns("Name;Endpoints;Age"), _endpoints),
    "persistentvolumes": Printer(
        columns(
            "Name;Capacity;Access Modes;Reclaim Policy;Status;Claim;StorageClass;VolumeAttributesClass;"
            "Reason;Age",
            wide="VolumeMode",
        ),
        _volume,
    ),
    "persistentvolumeclaims": Printer(
        columns(
            "Name;Status;Volume;Capacity;Access Modes;StorageClass;VolumeAttributesClass;Age",
            wide="VolumeMode",
        ),
        _claim,
    ),
    "resourcequotas": Printer(columns("Name;Request;Limit;Age"), _quota),
    "componentstatuses": Printer(columns("Name;Status;Message;Error"), _component),
    "configmaps": Printer(columns("Name;Data;Age"), _config_map),
    "secrets": Printer(columns("Name;Type;Data;Age"), _secret),
    "serviceaccounts": Printer(columns("Name;Secrets;Age"), _account),
    "namespaces": Printer(columns("Name;Status;Age"), _namespace),
    "limitranges": CREATED_AT,
    "podtemplates": Printer(columns("Name;Containers;Images;Pod Labels"), _template),
    "leases.coordination.k8s.io": Printer(columns("Name;Holder;Age"), _lease),
    "priorityclasses.scheduling.k8s.io": Printer(
        columns(
            "Name;Value;Global-Default;Age;PreemptionPolicy", integers="Value", booleans="Global-Default"
        ),
        _priority_class,
    ),
}
