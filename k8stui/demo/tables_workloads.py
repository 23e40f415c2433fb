"""Printers of workloads and what scales them: deployments to cron jobs, autoscalers. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from k8stui.demo.durations import age, human_duration, parse_time
from k8stui.demo.tables import (
    NONE,
    UNSET,
    Cells,
    Printer,
    boolean,
    columns,
    created,
    dig,
    labels_text,
    selector_text,
    template_containers,
)

Obj = Mapping[str, Any]
_WIDE = "Containers;Images;Selector"


def _deployment(obj: Obj, now: float) -> Cells:
    status = obj.get("status", {})
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{dig(obj, 'spec.replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        created(obj, now),
        *template_containers(obj),
        selector_text(dig(obj, "spec.selector")),
    ]


def _replicas(obj: Obj, now: float) -> Cells:
    selector = dig(obj, "spec.selector", {})
    plain = obj.get("kind") == "ReplicationController"
    return [
        obj["metadata"]["name"],
        dig(obj, "spec.replicas", 0),
        dig(obj, "status.replicas", 0),
        dig(obj, "status.readyReplicas", 0),
        created(obj, now),
        *template_containers(obj),
        labels_text(selector) if plain else selector_text(selector),
    ]


def _stateful(obj: Obj, now: float) -> Cells:
    ready = f"{dig(obj, 'status.readyReplicas', 0)}/{dig(obj, 'spec.replicas', 0)}"
    return [obj["metadata"]["name"], ready, created(obj, now), *template_containers(obj)]


def _daemon(obj: Obj, now: float) -> Cells:
    status = obj.get("status", {})
    return [
        obj["metadata"]["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        labels_text(dig(obj, "spec.template.spec.nodeSelector")),
        created(obj, now),
        *template_containers(obj),
        selector_text(dig(obj, "spec.selector")),
    ]


def _job_status(obj: Obj) -> str:
    true = [c["type"] for c in dig(obj, "status.conditions", ()) if c.get("status") == "True"]
    for condition in ("Complete", "Failed"):
        if condition in true:
            return condition
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if condition in true:
            return condition
    return "Running"


def _job(obj: Obj, now: float) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    done = status.get("succeeded", 0)
    if spec.get("completions") is not None:
        completions = f"{done}/{spec['completions']}"
    elif spec.get("parallelism", 0) > 1:
        completions = f"{done}/1 of {spec['parallelism']}"
    else:
        completions = f"{done}/1"
    start = parse_time(status.get("startTime"))
    end = parse_time(status.get("completionTime"))
    if end is None:
        failed = [
            c for c in status.get("conditions") or () if c["type"] == "Failed" and c["status"] == "True"
        ]
        end = parse_time(failed[0].get("lastTransitionTime")) if failed else now
    return [
        obj["metadata"]["name"],
        _job_status(obj),
        completions,
        "" if start is None else human_duration((end or now) - start),
        created(obj, now),
        *template_containers(obj),
        selector_text(spec.get("selector")),
    ]


def _cron_job(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    last = dig(obj, "status.lastScheduleTime")
    job = spec.get("jobTemplate", {})
    return [
        obj["metadata"]["name"],
        spec.get("schedule", ""),
        spec.get("timeZone", NONE),
        boolean(spec.get("suspend")) if spec.get("suspend") is not None else UNSET,
        len(dig(obj, "status.active", ())),
        age(last, now) if last else NONE,
        created(obj, now),
        *template_containers(job),
        selector_text(dig(job, "spec.selector")),
    ]


def _target(metric: Obj) -> str:
    for key in ("averageValue", "value"):
        if metric.get(key) is not None:
            return f"{metric[key]} (avg)" if key == "averageValue" else str(metric[key])
    if metric.get("averageUtilization") is not None:
        return f"{metric['averageUtilization']}%"
    return "<auto>"


def _metric_text(spec: Obj, status: Obj | None) -> str:
    kind = spec.get("type", "")
    key = {
        "External": "external",
        "Object": "object",
        "Pods": "pods",
        "Resource": "resource",
        "ContainerResource": "containerResource",
    }.get(kind)
    if key is None:
        return "<unknown type>"
    wanted = spec.get(key, {})
    target = _target(wanted.get("target", {}))
    found = (status or {}).get(key, {}).get("current") or {}
    current = "<unknown>"
    if "averageUtilization" in wanted.get("target", {}):
        if found.get("averageUtilization") is not None:
            current = f"{found['averageUtilization']}%"
    elif found:
        current = str(found.get("averageValue") or found.get("value") or "<unknown>")
    if kind in ("Resource", "ContainerResource"):
        return f"{wanted.get('name', '')}: {current}/{target.removesuffix(' (avg)')}"
    if kind == "Pods":
        return f"{current}/{target.removesuffix(' (avg)')}"
    return f"{current}/{target}"


def _metrics(specs: Sequence[Obj], statuses: Sequence[Obj]) -> str:
    if not specs:
        return NONE
    texts = [
        _metric_text(spec, statuses[index] if index < len(statuses) else None)
        for index, spec in enumerate(specs)
    ]
    text = ", ".join(texts[:2])
    return f"{text} + {len(texts) - 2} more..." if len(texts) > 2 else text


def _autoscaler(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    reference = spec.get("scaleTargetRef", {})
    least = spec.get("minReplicas")
    return [
        obj["metadata"]["name"],
        f"{reference.get('kind', '')}/{reference.get('name', '')}",
        _metrics(spec.get("metrics") or (), dig(obj, "status.currentMetrics", ())),
        UNSET if least is None else str(least),
        spec.get("maxReplicas", 0),
        dig(obj, "status.currentReplicas", 0),
        created(obj, now),
    ]


def _budget(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    return [
        obj["metadata"]["name"],
        str(spec["minAvailable"]) if spec.get("minAvailable") is not None else "N/A",
        str(spec["maxUnavailable"]) if spec.get("maxUnavailable") is not None else "N/A",
        dig(obj, "status.disruptionsAllowed", 0),
        created(obj, now),
    ]


def _revision(obj: Obj, now: float) -> Cells:
    owner = next((ref for ref in obj["metadata"].get("ownerReferences") or () if ref.get("controller")), None)
    name = NONE
    if owner is not None:
        group = owner["apiVersion"].partition("/")[0] if "/" in owner["apiVersion"] else ""
        name = f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return [obj["metadata"]["name"], name, obj.get("revision", 0), created(obj, now)]


_REPLICAS = Printer(
    columns("Name;Desired;Current;Ready;Age", wide=_WIDE, integers="Desired;Current;Ready"), _replicas
)
PRINTERS: dict[str, Printer] = {
    "deployments.apps": Printer(columns("Name;Ready;Up-to-date;Available;Age", wide=_WIDE), _deployment),
    "replicasets.apps": _REPLICAS,
    "replicationcontrollers": _REPLICAS,
    "statefulsets.apps": Printer(columns("Name;Ready;Age", wide="Containers;Images"), _stateful),
    "daemonsets.apps": Printer(
        columns(
            "Name;Desired;Current;Ready;Up-to-date;Available;Node Selector;Age",
            wide=_WIDE,
            integers="Desired;Current;Ready;Up-to-date;Available",
        ),
        _daemon,
    ),
    "jobs.batch": Printer(columns("Name;Status;Completions;Duration;Age", wide=_WIDE), _job),
    "cronjobs.batch": Printer(
        columns(
            "Name;Schedule;Timezone;Suspend;Active;Last Schedule;Age",
            wide=_WIDE,
            integers="Active",
            booleans="Suspend",
        ),
        _cron_job,
    ),
    "horizontalpodautoscalers.autoscaling": Printer(
        columns("Name;Reference;Targets;MinPods;MaxPods;Replicas;Age"), _autoscaler
    ),
    "poddisruptionbudgets.policy": Printer(
        columns("Name;Min Available;Max Unavailable;Allowed Disruptions;Age", integers="Allowed Disruptions"),
        _budget,
    ),
    "controllerrevisions.apps": Printer(columns("Name;Controller;Revision;Age"), _revision),
}
