"""The rules by which objects change their generation, get time to stop, and go. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource
    from k8stui.demo.versions import Object


def desired_changed(old: Object, new: Object) -> bool:
    """Whether anything but metadata and status differs."""
    if "spec" in old or "spec" in new:
        return bool(old.get("spec") != new.get("spec"))
    skip = ("metadata", "status")
    return {k: v for k, v in old.items() if k not in skip} != {k: v for k, v in new.items() if k not in skip}


def grace_period(res: Resource, obj: Object, asked: int | None) -> int:
    """Seconds until an object may go: pods that run get time to stop, all else goes at once."""
    if res.plural != "pods" or res.group:
        return 0
    spec = obj.get("spec", {})
    if not spec.get("nodeName") or obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    period = spec.get("terminationGracePeriodSeconds", 30) if asked is None else max(asked, 0)
    current = obj["metadata"].get("deletionGracePeriodSeconds")
    return int(period if current is None else min(period, current))


def may_go(res: Resource, obj: Object) -> bool:
    """Whether nothing holds an object under deletion any more."""
    metadata = obj["metadata"]
    if metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return False
    return not (res.plural == "namespaces" and obj.get("spec", {}).get("finalizers"))
