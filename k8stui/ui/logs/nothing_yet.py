"""Why a log has no lines, in a sentence, and what can be done. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.ui.logs.reading import LogReading
    from k8stui.ui.spec import Target, ViewSpec

WAITING = "Select a pod to read its logs."


def why_nothing(reading: LogReading | None, spec: ViewSpec, target: Target | None) -> str:
    """What stands where the lines will be."""
    if reading is None:
        return WAITING
    if reading.problem:
        return reading.problem
    if reading.group is not None and (hindered := reading.group.hindered):
        return f"The pods are not known yet: {hindered}."
    if spec.query and not reading.statuses and (said := _no_container(reading, spec.query)):
        return said
    name = spec.query or (f"{target.namespace}/{target.name}" if target else "")
    if spec.node_log and target is not None:
        name = f"{spec.node_log} on {target.name}"
    past = "The logs before the last restart of" if spec.previous else "The logs of"
    said = f"{past} {name} have no lines yet."
    if reading.has_older and not reading.older.over:
        said += " ↑ looks for lines that were rotated away."
    return said


def _no_container(reading: LogReading, text: str) -> str:
    """Pods fit the query, and none of their containers does."""
    from k8stui.kube.logs.query import QueryError, parse_query

    pods = 0 if reading.group is None else len(reading.group.pods)
    try:
        query = parse_query(text)
    except QueryError:
        return ""
    if not pods or not (query.containers or query.not_containers or query.kinds or query.not_kinds):
        return ""
    they = "1 pod fits, and none of its" if pods == 1 else f"{pods:,} pods fit, and none of their"
    return f"{they} containers does. Those that come are read."
