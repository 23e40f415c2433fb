"""EndpointSlices and Endpoints from a service and its pods: used by the world and by its controller."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

__all__ = ["endpoints_object", "selects", "slice_object"]


def selects(selector: dict[str, str] | None, labels: dict[str, str] | None) -> bool:
    """Whether an equality selector takes these labels; an empty one takes nothing."""
    return bool(selector) and all((labels or {}).get(k) == v for k, v in (selector or {}).items())


def _port(svc_port: Obj, pod: Obj) -> int | None:
    target = svc_port.get("targetPort", svc_port["port"])
    if isinstance(target, int):
        return target
    for item in pod["spec"]["containers"]:
        for port in item.get("ports", []):
            if port.get("name") == target:
                return int(port["containerPort"])
    return None


def _ready(pod: Obj) -> bool:
    rows = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in rows)


def usable(pod: Obj) -> bool:
    """Whether a pod can be an endpoint at all: it has an address and has not ended."""
    status = pod.get("status", {})
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def _endpoint(pod: Obj) -> Obj:
    meta, spec = pod["metadata"], pod["spec"]
    ready, leaving = _ready(pod), "deletionTimestamp" in meta
    out: Obj = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready and not leaving, "serving": ready, "terminating": leaving},
    }
    if spec.get("hostname") and spec.get("subdomain"):
        out["hostname"] = spec["hostname"]
    out["targetRef"] = {
        "kind": "Pod",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
    }
    if spec.get("nodeName"):
        out["nodeName"] = spec["nodeName"]
    return out


def _ports(svc: Obj, pods: list[Obj]) -> list[Obj]:
    out = []
    for row in svc["spec"].get("ports", []):
        numbers = [p for p in (_port(row, pod) for pod in pods) if p is not None]
        if numbers:
            named = {"name": row["name"]} if row.get("name") else {"name": ""}
            out.append(named | {"protocol": row.get("protocol", "TCP"), "port": numbers[0]})
    return out


def slice_object(svc: Obj, pods: list[Obj], name: str, *, trigger: str) -> Obj:
    """The EndpointSlice of a service over those of its pods that have an address."""
    pods = [pod for pod in pods if usable(pod)]
    headless = {"service.kubernetes.io/headless": ""} if svc["spec"].get("clusterIP") == "None" else {}
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": {
            "name": name,
            "labels": {
                **(svc["metadata"].get("labels") or {}),
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                "kubernetes.io/service-name": svc["metadata"]["name"],
                **headless,
            },
            "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": trigger},
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(pod) for pod in pods] or None,
        "ports": (_ports(svc, pods) or None) if pods else None,
    }


def endpoints_object(svc: Obj, pods: list[Obj], *, trigger: str) -> Obj:
    """The older Endpoints object of the same."""
    pods = [pod for pod in pods if usable(pod)]
    ready: list[Obj] = []
    waiting: list[Obj] = []
    for pod in pods:
        end = _endpoint(pod)
        row = {"ip": end["addresses"][0], "nodeName": end.get("nodeName", ""), "targetRef": end["targetRef"]}
        (ready if end["conditions"]["ready"] else waiting).append(row)
    obj: Obj = {
        "kind": "Endpoints",
        "apiVersion": "v1",
        "metadata": {
            "name": svc["metadata"]["name"],
            "labels": {
                **(svc["metadata"].get("labels") or {}),
                "endpoints.kubernetes.io/managed-by": "endpoint-controller",
            },
            "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": trigger},
        },
    }
    ports = _ports(svc, pods)
    if pods and ports:
        subset: Obj = {}
        if ready:
            subset["addresses"] = ready
        if waiting:
            subset["notReadyAddresses"] = waiting
        obj["subsets"] = [subset | {"ports": ports}]
    return obj
