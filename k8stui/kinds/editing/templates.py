"""A first text for a new object: from the schema of its kind, with the fields that it must have. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind
    from k8stui.kube.openapi import Schema

DEPTH = 8
_LABELS = {"app": "example"}
_CONTAINER = {"name": "main", "image": "nginx:1.27"}
_POD = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}}
_SELECTED = {"selector": {"matchLabels": _LABELS}, "template": _POD}
_JOB = {"template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}}
_USUAL: dict[str, dict[str, Any]] = {
    "pods": {"spec": {"containers": [_CONTAINER]}},
    "deployments.apps": {"spec": {"replicas": 1, **_SELECTED}},
    "statefulsets.apps": {"spec": {"replicas": 1, "serviceName": "example", **_SELECTED}},
    "daemonsets.apps": {"spec": _SELECTED},
    "replicasets.apps": {"spec": {"replicas": 1, **_SELECTED}},
    "jobs.batch": {"spec": _JOB},
    "cronjobs.batch": {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": _JOB}}},
    "services": {"spec": {"selector": _LABELS, "ports": [{"port": 80, "targetPort": 80}]}},
    "configmaps": {"data": {"key": "value"}},
    "secrets": {"type": "Opaque", "stringData": {"key": "value"}},
    "persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    "ingresses.networking.k8s.io": {
        "spec": {
            "rules": [
                {
                    "host": "example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "example", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        }
    },
    "horizontalpodautoscalers.autoscaling": {
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "example"},
            "minReplicas": 1,
            "maxReplicas": 3,
        }
    },
    "networkpolicies.networking.k8s.io": {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
    "poddisruptionbudgets.policy": {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": _LABELS}}},
    "roles.rbac.authorization.k8s.io": {
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    },
}
"""What kinds that everybody makes usually hold: better than the bare minimum."""


def template(kind: Kind, schema: Schema | None, namespace: str = "") -> str:
    """YAML of a new object of a kind, ready to be filled in."""
    metadata: dict[str, Any] = {"name": "example"}
    if kind.namespaced:
        metadata["namespace"] = namespace or "default"
    obj: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    obj.update(_USUAL.get(kind.name, {}))
    if schema is not None:
        obj = _filled(obj, schema, 0)
        spec = schema.field("spec")
        if "spec" not in obj and kind.name not in _USUAL and spec is not None:
            obj["spec"] = _filled({}, spec, 0)
    return emit(obj).text()


def _filled(value: dict[str, Any], schema: Schema, depth: int) -> dict[str, Any]:
    """The object with all fields that its schema requires."""
    found = dict(value)
    for name in schema.required:
        inner = schema.field(name)
        if name not in found and inner is not None:
            found[name] = _example(name, inner, depth)
    for name, each in found.items():
        inner = schema.field(name)
        if inner is not None and isinstance(each, dict) and depth < DEPTH:
            found[name] = _filled(each, inner, depth + 1)
    return found


def _example(name: str, schema: Schema, depth: int) -> Any:
    """Something that may stand in a required field."""
    if schema.default is not None:
        return schema.default
    if schema.enum:
        return schema.enum[0]
    types = schema.types
    if "array" in types:
        item = schema.item
        return [] if item is None or depth >= DEPTH else [_example(name, item, depth + 1)]
    if "object" in types:
        return {} if depth >= DEPTH else _filled({}, schema, depth + 1)
    if "integer" in types or "number" in types:
        least = schema.minimum
        return int(least) if least is not None else 1
    if "boolean" in types:
        return False
    return "example" if name == "name" else ""
