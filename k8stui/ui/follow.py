"""What a pane shows when it follows something: which rows belong to an object. Pure.

A target is names only, so that a pinned pane finds its object again tomorrow. Where the uid is known it
decides: an object of the same name that came later is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.spec import Link, Target

if TYPE_CHECKING:
    from collections.abc import Callable

Predicate = "Callable[[Any], bool]"

LINKS = {"pods": Link.NODES, "events": Link.ANY, "events.events.k8s.io": Link.ANY}
"""Which tables follow, and whom."""


def predicate_for(kind: str, target: Target | None) -> Callable[[Any], bool] | None:
    """Which rows of a kind belong to a target; None when all of them are shown."""
    if target is None:
        return None
    if kind == "pods" and target.kind == "nodes":
        name = target.name
        return lambda pod: bool(pod.spec.node_name == name)
    if kind.startswith("events"):
        return _events_of(target)
    return None


def _events_of(target: Target) -> Callable[[Any], bool]:
    if target.kind == "nodes":
        return lambda event: _is_of_node(event, target.name)
    return lambda event: _is_about(event, target)


def _is_about(event: Any, target: Target) -> bool:
    involved = getattr(event, "involved_object", None)
    if involved is None or involved.name != target.name or involved.namespace != target.namespace:
        return False
    if target.noun and involved.kind.lower() != target.noun:
        return False
    return not (target.uid and involved.uid) or bool(involved.uid == target.uid)


def _is_of_node(event: Any, name: str) -> bool:
    """Events about a node, and those that its kubelet reported about its pods."""
    involved = getattr(event, "involved_object", None)
    if involved is not None and involved.kind == "Node":
        return bool(involved.name == name)  # the uid in node events is often the name
    source = getattr(event, "source", None)
    return (source is not None and source.host == name) or getattr(event, "reporting_instance", "") == name
