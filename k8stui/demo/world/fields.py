"""managedFields as a real server keeps them, made from the objects themselves.

The merge keys of lists are Kubernetes' own (`x-kubernetes-list-map-keys`). The result is true
enough to be read and diffed; server-side apply has its own bookkeeping in the API server.
"""

from __future__ import annotations

import json
from typing import Any

Obj = dict[str, Any]
_KEY = json.JSONEncoder(separators=(",", ":"), sort_keys=True)

#: Merge keys of associative lists, by the name of the field that holds them.
LIST_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "addresses": ("type",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
#: Maps whose keys are data: the server marks the map itself too.
ATOMIC = frozenset(
    {
        "podIPs",
        "selector",
        "nodeSelector",
        "affinity",
        "hostIPs",
        "containerStatuses",
        "initContainerStatuses",
        "ephemeralContainerStatuses",
        "tolerations",
        "resourceClaimStatuses",
    }
)
_SERVER_SET = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    }
)


def _list_fields(name: str, items: list[Any]) -> Obj:
    if name == "ports" and items and isinstance(items[0], dict):
        keys: tuple[str, ...] = (
            ("containerPort", "protocol") if "containerPort" in items[0] else ("port", "protocol")
        )
    else:
        keys = LIST_KEYS.get(name, ())
    if name == "ownerReferences":
        return {".": {}} | {f'k:{{"uid":"{item["uid"]}"}}': {} for item in items}
    if not keys or not items or not isinstance(items[0], dict):
        return {}
    fields: Obj = {".": {}}
    for item in items:
        key = _KEY.encode({k: item[k] for k in keys if k in item})
        fields["k:" + key] = {".": {}} | {f"f:{k}": _fields(k, v) for k, v in sorted(item.items())}
    return fields


def _fields(name: str, value: Any) -> Obj:
    if name in ATOMIC:
        return {}
    if isinstance(value, dict):
        if not value:
            return {}
        return {".": {}} | {f"f:{k}": _fields(k, v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return _list_fields(name, value)
    return {}


def _strip_dots(fields: Obj) -> Obj:
    return {k: v for k, v in fields.items() if k != "."}


def spec_fields(obj: Obj) -> Obj:
    """FieldsV1 of everything in the object but its status and what the server itself sets."""
    out: Obj = {}
    meta = {k: v for k, v in obj.get("metadata", {}).items() if k not in _SERVER_SET}
    if meta:
        out["f:metadata"] = _strip_dots(_fields("metadata", meta))
    for key, value in sorted(obj.items()):
        if key not in ("metadata", "status", "kind", "apiVersion"):
            fields = _fields(key, value)
            out[f"f:{key}"] = fields if key in ("data", "stringData", "rules") else _strip_dots(fields)
    return out


def status_fields(obj: Obj) -> Obj:
    """FieldsV1 of the status."""
    return {"f:status": _strip_dots(_fields("status", obj.get("status", {})))}


def entry(manager: str, api_version: str, time: str, fields: Obj, subresource: str = "") -> Obj:
    """One entry of `metadata.managedFields`."""
    out: Obj = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    if subresource:
        out["subresource"] = subresource
    return out
