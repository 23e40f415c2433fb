"""One stored object seen through several API versions: events and autoscalers. Pure functions.

Events are stored as core/v1, autoscalers as autoscaling/v2; the other version is made on the way out and
read on the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource

Obj = dict[str, Any]

# core/v1 field -> events.k8s.io/v1 field
_EVENT_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_EVENT_BACK = {new: old for old, new in _EVENT_NAMES.items()}


def needs_conversion(res: Resource) -> bool:
    """Whether objects of this kind are stored in another form than they are served."""
    return res.group == "events.k8s.io" or (res.group == "autoscaling" and res.version == "v1")


def _renamed(obj: Obj, names: dict[str, str]) -> Obj:
    return {names.get(key, key): value for key, value in obj.items()}


def _scaler_out(obj: Obj) -> Obj:
    spec = dict(obj.get("spec", {}))
    rest = []
    for metric in spec.pop("metrics", None) or ():
        resource = metric.get("resource", {})
        percent = resource.get("target", {}).get("averageUtilization")
        if metric.get("type") == "Resource" and resource.get("name") == "cpu" and percent is not None:
            spec["targetCPUUtilizationPercentage"] = percent
        else:
            rest.append(metric)
    spec.pop("behavior", None)
    status = dict(obj.get("status", {}))
    for metric in status.pop("currentMetrics", None) or ():
        resource = metric.get("resource", {})
        percent = resource.get("current", {}).get("averageUtilization")
        if resource.get("name") == "cpu" and percent is not None:
            status["currentCPUUtilizationPercentage"] = percent
    status.pop("conditions", None)
    return {**obj, "spec": spec, "status": status}


def _scaler_in(obj: Obj, stored: Obj | None) -> Obj:
    spec = dict(obj.get("spec") or {})
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [
        metric
        for metric in ((stored or {}).get("spec", {}).get("metrics") or ())
        if metric.get("resource", {}).get("name") != "cpu"
    ]
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.insert(0, {"type": "Resource", "resource": {"name": "cpu", "target": target}})
    if metrics:
        spec["metrics"] = metrics
    status = dict((stored or {}).get("status") or obj.get("status") or {})
    status.pop("currentCPUUtilizationPercentage", None)
    return {**obj, "spec": spec, "status": status} if status else {**obj, "spec": spec}


def outward(res: Resource, obj: Obj) -> Obj:
    """The stored object as this version of its kind shows it (with that version's name)."""
    if res.group == "events.k8s.io":
        obj = _renamed(obj, _EVENT_NAMES)
    elif res.group == "autoscaling" and res.version == "v1":
        obj = _scaler_out(obj)
    elif obj.get("apiVersion") == res.api_version:
        return obj
    return {**obj, "kind": res.kind, "apiVersion": res.api_version}


def inward(res: Resource, obj: Obj, stored: Obj | None = None) -> Obj:
    """A client's object in the stored form. `stored` keeps what the client's version cannot say."""
    if res.group == "events.k8s.io":
        return _renamed(obj, _EVENT_BACK)
    if res.group == "autoscaling" and res.version == "v1":
        return _scaler_in(obj, stored)
    return obj
