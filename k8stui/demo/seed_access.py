"""The roles that every cluster has, and the limited user of the simulated one.

`viewer` may look at one namespace and at nothing else, so that a screen can be tried as somebody with few
rights. Objects that are there already stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    NAMESPACES,
    ROLE_BINDINGS,
    Resource,
)

if TYPE_CHECKING:
    from k8stui.demo.store import Store

_LOOK = ["get", "list", "watch"]
_CHANGE = ["create", "delete", "deletecollection", "patch", "update"]
_GROUP = "rbac.authorization.k8s.io"
_SEEN = {
    "": (
        "bindings configmaps endpoints events limitranges namespaces/status persistentvolumeclaims"
        " persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers"
        " replicationcontrollers/scale replicationcontrollers/status resourcequotas resourcequotas/status"
        " serviceaccounts services services/status"
    ),
    "apps": (
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status"
        " replicasets replicasets/scale replicasets/status"
        " statefulsets statefulsets/scale statefulsets/status"
    ),
    "autoscaling": "horizontalpodautoscalers horizontalpodautoscalers/status",
    "batch": "cronjobs cronjobs/status jobs jobs/status",
    "discovery.k8s.io": "endpointslices",
    "events.k8s.io": "events",
    "metrics.k8s.io": "pods",
    "networking.k8s.io": "ingresses ingresses/status networkpolicies",
    "policy": "poddisruptionbudgets poddisruptionbudgets/status",
}
_WRITTEN = {
    "": (
        "configmaps events persistentvolumeclaims pods pods/attach pods/ephemeralcontainers pods/eviction"
        " pods/exec pods/portforward replicationcontrollers replicationcontrollers/scale secrets"
        " serviceaccounts serviceaccounts/token services"
    ),
    "apps": (
        "daemonsets deployments deployments/scale replicasets replicasets/scale"
        " statefulsets statefulsets/scale"
    ),
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs jobs",
    "networking.k8s.io": "ingresses networkpolicies",
    "policy": "poddisruptionbudgets",
}


def _rules(resources: dict[str, str], verbs: list[str]) -> list[dict[str, Any]]:
    return [
        {"apiGroups": [group], "resources": names.split(), "verbs": list(verbs)}
        for group, names in resources.items()
    ]


def _role(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    return {"metadata": metadata, "rules": rules}


def _binding(name: str, role: str, group: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {
        "metadata": metadata,
        "subjects": [{"kind": "Group", "apiGroup": _GROUP, "name": group}],
        "roleRef": {"kind": "ClusterRole", "apiGroup": _GROUP, "name": role},
    }


def limited_namespace(store: Store) -> str:
    """The namespace that `viewer` may look at: the shop's, or the first that is not the system's."""
    names = [obj["metadata"]["name"] for obj in store.list(NAMESPACES)]
    if "shop" in names:
        return "shop"
    return next((name for name in names if not name.startswith("kube-") and name != "default"), "default")


def seed_access(store: Store) -> None:
    """Add the standard roles and the binding of the limited user."""
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    look, change = _rules(_SEEN, _LOOK), _rules(_WRITTEN, _CHANGE)
    secrets = [{"apiGroups": [""], "resources": ["secrets"], "verbs": list(_LOOK)}]
    rbac = [{"apiGroups": [_GROUP], "resources": ["rolebindings", "roles"], "verbs": [*_LOOK, *_CHANGE]}]
    namespace = limited_namespace(store)
    wanted: list[tuple[Resource, dict[str, Any]]] = [
        (CLUSTER_ROLES, _role("cluster-admin", everything)),
        (CLUSTER_ROLES, _role("admin", [*look, *secrets, *change, *rbac])),
        (CLUSTER_ROLES, _role("edit", [*look, *secrets, *change])),
        (CLUSTER_ROLES, _role("view", look)),
        (CLUSTER_ROLE_BINDINGS, _binding("cluster-admin", "cluster-admin", "system:masters")),
        (ROLE_BINDINGS, _binding("viewers-view", "view", "viewers", namespace)),
    ]
    for res, obj in wanted:
        metadata = obj["metadata"]
        if store.get(res, metadata.get("namespace", ""), metadata["name"]) is None:
            store.create(res, obj)
