"""Workloads and what scales and guards them, described. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import (
    Raw,
    Related,
    dig,
    items,
    labels_text,
    link,
    moment,
    pairs,
    plain,
    selector_text,
    text,
    title_bool,
    when,
)
from k8stui.kinds.describe.lines import NONE, UNSET, Page, Text
from k8stui.kinds.describe.template import template
from k8stui.kube.durations import UNKNOWN, human_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PODS = "pods"
REPLICA_SETS = "replicasets"
REVISION = "deployment.kubernetes.io/revision"


def _namespace(obj: Raw) -> str:
    return str(dig(obj, "metadata", "namespace", default=""))


def _controls(obj: Raw, uid: Any) -> bool:
    return any(owner.get("uid") == uid for owner in items(obj, "metadata", "ownerReferences"))


def _pods_status(page: Page, obj: Raw, related: Related, label: str = "Pods Status") -> None:
    if common.problem(page, related, PODS, label):
        return
    uid = dig(obj, "metadata", "uid")
    owned = [pod for pod in related.get(PODS) if _controls(pod, uid)]
    phases = [plain(dig(pod, "status", "phase")) for pod in owned]
    count = phases.count
    page.field(
        label,
        f"{count('Running')} Running / {count('Pending')} Waiting / {count('Succeeded')} Succeeded / "
        f"{count('Failed')} Failed",
    )


def _tail(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    template(page, dig(obj, "spec", "template", default={}), _namespace(obj))
    common.conditions(page, items(obj, "status", "conditions"))
    common.events(page, related, now)


def deployment(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A deployment with its ReplicaSets."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace", "CreationTimestamp", "Labels", "Annotations")
    page.field("Selector", selector_text(spec.get("selector")))
    page.field(
        "Replicas",
        f"{spec.get('replicas', 1)} desired | {status.get('updatedReplicas', 0)} updated | "
        f"{status.get('replicas', 0)} total | {status.get('availableReplicas', 0)} available | "
        f"{status.get('unavailableReplicas', 0)} unavailable",
    )
    if spec.get("paused"):
        page.field("Paused", Text("true", "warning"))
    page.field("StrategyType", plain(dig(spec, "strategy", "type")))
    page.field("MinReadySeconds", str(spec.get("minReadySeconds", 0)))
    rolling = dig(spec, "strategy", "rollingUpdate")
    if rolling:
        page.field(
            "RollingUpdateStrategy",
            f"{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge",
        )
    template(page, spec.get("template") or {}, _namespace(obj))
    common.conditions(page, items(status, "conditions"))
    if not common.problem(page, related, REPLICA_SETS, "NewReplicaSet"):
        _replica_sets(page, obj, related)
    common.events(page, related, now)


def _replica_sets(page: Page, obj: Raw, related: Related) -> None:
    uid = dig(obj, "metadata", "uid")
    owned = [rs for rs in related.get(REPLICA_SETS) if _controls(rs, uid)]
    revision = dig(obj, "metadata", "annotations", REVISION)
    new = [rs for rs in owned if dig(rs, "metadata", "annotations", REVISION) == revision]
    old = [rs for rs in owned if rs not in new]
    for label, found in (("OldReplicaSets", old), ("NewReplicaSet", new)):
        parts: list[str | Text] = []
        for rs in sorted(found, key=lambda one: str(dig(one, "metadata", "creationTimestamp"))):
            name = plain(dig(rs, "metadata", "name"))
            desired, have = dig(rs, "spec", "replicas", default=1), dig(rs, "status", "replicas", default=0)
            parts += [", "] if parts else []
            parts.append(
                link(f"{name} ({have}/{desired} replicas created)", "replicasets.apps", name, _namespace(obj))
            )
        page.field(label, *(parts or [NONE]))


def replica_set(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A ReplicaSet, or a ReplicationController, which is described alike."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace")
    selector = spec.get("selector")
    plain_labels = isinstance(selector, dict) and not {"matchLabels", "matchExpressions"} & set(selector)
    page.field("Selector", labels_text(selector) if plain_labels else selector_text(selector))
    common.metadata(page, obj, "Labels", "Annotations", "Controlled By")
    page.field("Replicas", f"{status.get('replicas', 0)} current / {spec.get('replicas', 1)} desired")
    _pods_status(page, obj, related)
    _tail(page, obj, related, now)


def stateful_set(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A StatefulSet with its claims."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace", "CreationTimestamp")
    page.field("Selector", selector_text(spec.get("selector")))
    common.metadata(page, obj, "Labels", "Annotations")
    page.field("Replicas", f"{spec.get('replicas', 1)} desired | {status.get('replicas', 0)} total")
    if spec.get("serviceName"):
        page.field(
            "Service Name", link(spec["serviceName"], "services", spec["serviceName"], _namespace(obj))
        )
    if spec.get("podManagementPolicy"):
        page.field("Pod Management Policy", plain(spec["podManagementPolicy"]))
    kept = spec.get("persistentVolumeClaimRetentionPolicy")
    if kept:
        page.heading("Persistent Volume Claim Retention Policy")
        page.field("WhenDeleted", plain(kept.get("whenDeleted")), level=1)
        page.field("WhenScaled", plain(kept.get("whenScaled")), level=1)
    page.field("Update Strategy", plain(dig(spec, "updateStrategy", "type")))
    partition = dig(spec, "updateStrategy", "rollingUpdate", "partition")
    if partition is not None:
        page.field("Partition", str(partition), level=1)
    _pods_status(page, obj, related)
    template(page, spec.get("template") or {}, _namespace(obj))
    _claim_templates(page, items(spec, "volumeClaimTemplates"))
    common.events(page, related, now)


def _claim_templates(page: Page, claims: Sequence[Raw]) -> None:
    if not claims:
        page.field("Volume Claims", NONE)
        return
    page.heading("Volume Claims")
    for claim in claims:
        page.field("Name", plain(dig(claim, "metadata", "name")), level=1)
        class_name = dig(claim, "spec", "storageClassName")
        page.field("StorageClass", link(plain(class_name), "storageclasses", class_name), level=1)
        page.fields("Labels", pairs(dig(claim, "metadata", "labels")), level=1)
        common.write_annotations(page, dig(claim, "metadata", "annotations"), level=1)
        page.field("Capacity", plain(dig(claim, "spec", "resources", "requests", "storage")) or NONE, level=1)
        page.field("Access Modes", "[" + " ".join(items(claim, "spec", "accessModes")) + "]", level=1)


def daemon_set(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A DaemonSet."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace")
    page.field("Selector", selector_text(spec.get("selector")))
    page.field("Node-Selector", labels_text(dig(spec, "template", "spec", "nodeSelector")))
    common.metadata(page, obj, "Labels", "Annotations")
    for label, key in (
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ):
        page.field(label, str(status.get(key, 0)))
    _pods_status(page, obj, related)
    _tail(page, obj, related, now)


def job(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A job."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace")
    page.field("Selector", selector_text(spec.get("selector")))
    common.metadata(page, obj, "Labels", "Annotations", "Controlled By")
    page.field("Parallelism", plain(spec.get("parallelism")))
    page.field("Completions", text(spec.get("completions"), UNSET))
    if spec.get("completionMode"):
        page.field("Completion Mode", plain(spec["completionMode"]))
    if "suspend" in spec:
        page.field("Suspend", text(spec["suspend"]))
    if "backoffLimit" in spec:
        page.field("Backoff Limit", plain(spec["backoffLimit"]))
    if "ttlSecondsAfterFinished" in spec:
        page.field("TTL Seconds After Finished", plain(spec["ttlSecondsAfterFinished"]))
    if status.get("startTime"):
        page.field("Start Time", when(status["startTime"]))
    if status.get("completionTime"):
        page.field("Completed At", when(status["completionTime"]))
    began, ended = moment(status.get("startTime")), moment(status.get("completionTime"))
    if began and ended:
        page.field("Duration", human_duration((ended - began).total_seconds()))
    if spec.get("activeDeadlineSeconds") is not None:
        page.field("Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")
    # servers before 1.24 do not count them
    ready = "" if status.get("ready") is None else f" ({status['ready']} Ready)"
    page.field(
        "Pods Statuses",
        f"{status.get('active', 0)} Active{ready} / "
        f"{status.get('succeeded', 0)} Succeeded / {status.get('failed', 0)} Failed",
    )
    if spec.get("completionMode") == "Indexed":
        page.field("Completed Indexes", text(status.get("completedIndexes")))
    failed = [each for each in items(status, "conditions") if each.get("type") == "Failed"]
    for each in failed:
        page.field("Failed", Text(f"{plain(each.get('reason'))}: {plain(each.get('message'))}", "warning"))
    template(page, spec.get("template") or {}, _namespace(obj))
    common.events(page, related, now)


def cron_job(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A cron job with its active jobs."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    inner = dig(spec, "jobTemplate", "spec", default={})
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    page.field("Schedule", plain(spec.get("schedule")))
    page.field("Time Zone", text(spec.get("timeZone"), UNSET))
    page.field("Concurrency Policy", plain(spec.get("concurrencyPolicy")))
    page.field("Suspend", title_bool(spec.get("suspend")))
    page.field("Successful Job History Limit", text(spec.get("successfulJobsHistoryLimit"), UNSET))
    page.field("Failed Job History Limit", text(spec.get("failedJobsHistoryLimit"), UNSET))
    seconds = spec.get("startingDeadlineSeconds")
    page.field("Starting Deadline Seconds", UNSET if seconds is None else f"{seconds}s")
    page.field("Selector", selector_text(inner.get("selector"), UNSET))
    page.field("Parallelism", text(inner.get("parallelism"), UNSET))
    page.field("Completions", text(inner.get("completions"), UNSET))
    if inner.get("activeDeadlineSeconds") is not None:
        page.field("Active Deadline Seconds", f"{inner['activeDeadlineSeconds']}s")
    template(page, inner.get("template") or {}, _namespace(obj))
    page.field("Last Schedule Time", when(status.get("lastScheduleTime")) or UNSET)
    active: list[str | Text] = []
    for ref in items(status, "active"):
        active += [", "] if active else []
        active.append(link(plain(ref.get("name")), "jobs.batch", ref.get("name"), _namespace(obj)))
    page.field("Active Jobs", *(active or [NONE]))
    common.events(page, related, now)


# Scaling and disruption


def autoscaler(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A HorizontalPodAutoscaler, of autoscaling/v2 or v1."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations", "CreationTimestamp")
    target = spec.get("scaleTargetRef") or {}
    kind, name = plain(target.get("kind")), plain(target.get("name"))
    page.field(
        "Reference", link(f"{kind}/{name}", kind, name, _namespace(obj), plain(target.get("apiVersion")))
    )
    page.field("Metrics", "( current / target )")
    current = items(status, "currentMetrics")
    for index, metric in enumerate(items(spec, "metrics")):
        label, value = _metric(metric, current[index] if index < len(current) else {})
        page.field(label, value, level=1)
    if "targetCPUUtilizationPercentage" in spec:
        now_at = status.get("currentCPUUtilizationPercentage")
        shown = UNKNOWN if now_at is None else f"{now_at}%"
        label = "resource cpu on pods  (as a percentage of request)"
        page.field(label, f"{shown} / {spec['targetCPUUtilizationPercentage']}%", level=1)
    page.field("Min replicas", text(spec.get("minReplicas"), UNSET))
    page.field("Max replicas", plain(spec.get("maxReplicas")))
    _behavior(page, spec.get("behavior"))
    replicas = f"{status.get('currentReplicas', 0)} current / {status.get('desiredReplicas', 0)} desired"
    page.field(f"{kind} pods", replicas)
    common.conditions(page, items(status, "conditions"), ("Reason", "Message"))
    common.events(page, related, now)


def _metric(metric: Raw, current: Raw) -> tuple[str, str]:
    kind = plain(metric.get("type"))
    key = kind[:1].lower() + kind[1:]
    part, have = metric.get(key) or {}, dig(current, key, "current", default={})
    target = part.get("target") or {}
    if kind in ("Resource", "ContainerResource"):
        where = "on pods" if kind == "Resource" else f'of container "{plain(part.get("container"))}" on pods'
        name = f"resource {plain(part.get('name'))} {where}"
        if "averageUtilization" in target:
            used = have.get("averageUtilization")
            shown = UNKNOWN if used is None else f"{used}% ({plain(have.get('averageValue'))})"
            return f"{name}  (as a percentage of request)", f"{shown} / {target['averageUtilization']}%"
        return name, f"{text(have.get('averageValue'), UNKNOWN)} / {plain(target.get('averageValue'))}"
    quoted = f'"{plain(dig(part, "metric", "name"))}"'
    if kind == "Pods":
        return (
            f"{quoted} on pods",
            f"{text(have.get('averageValue'), UNKNOWN)} / {target.get('averageValue')}",
        )
    which = "averageValue" if "averageValue" in target else "value"
    value = f"{text(have.get(which), UNKNOWN)} / {plain(target.get(which))}"
    if kind == "Object":
        thing = part.get("describedObject") or {}
        return (
            f"{quoted} on {plain(thing.get('kind'))}/{plain(thing.get('name'))} ({'target ' + which})",
            value,
        )
    return f"{quoted} ({'target ' + which})", value


def _behavior(page: Page, behavior: Any) -> None:
    if not behavior:
        return
    page.heading("Behavior")
    for label, key in (("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")):
        rules = behavior.get(key)
        if not rules:
            continue
        page.heading(label, level=1)
        if rules.get("stabilizationWindowSeconds") is not None:
            page.field("Stabilization Window", f"{rules['stabilizationWindowSeconds']} seconds", level=2)
        page.field("Select Policy", plain(rules.get("selectPolicy")) or "Max", level=2)
        page.heading("Policies", level=2)
        for policy in items(rules, "policies"):
            page.text(
                f"- Type: {policy.get('type')}  Value: {policy.get('value')}  "
                f"Period: {policy.get('periodSeconds')} seconds",
                level=3,
            )


def disruption_budget(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A PodDisruptionBudget."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace")
    if "minAvailable" in spec:
        page.field("Min available", plain(spec["minAvailable"]))
    if "maxUnavailable" in spec:
        page.field("Max unavailable", plain(spec["maxUnavailable"]))
    page.field("Selector", selector_text(spec.get("selector"), UNSET))
    page.heading("Status")
    for label, key in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ):
        page.field(label, str(status.get(key, 0)), level=2)
    common.events(page, related, now)
