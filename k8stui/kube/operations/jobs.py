"""Jobs: run a CronJob now, run a Job again, suspend and resume both. Pure.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/ and .../cron-jobs/
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from k8stui.kube.operations.plans import Back, Change, Plan, PlanError, Ref, Request, dig, patch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.catalog import Kind

LONGEST_NAME = 63
"""Characters: the name becomes a label of its pods."""
_GENERATED = (
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
)
"""Labels that the server gives to a Job's pods: another Job needs others."""
INSTANTIATE = "cronjob.kubernetes.io/instantiate"


def job_name(base: str, suffix: str, middle: str = "manual") -> str:
    """`<base>-manual-<suffix>`, shortened where it would be too long."""
    end = f"-{middle}-{suffix}"
    return base[: LONGEST_NAME - len(end)].rstrip("-.") + end


def plan_trigger(cron_jobs: Mapping[Ref, Mapping[str, Any]], jobs: Kind, suffix: str) -> Plan:
    """Make a Job of each CronJob now, whatever its schedule says."""
    changes = []
    for ref, cron_job in cron_jobs.items():
        template = dig(dict(cron_job), "spec", "jobTemplate") or {}
        meta = template.get("metadata") or {}
        owner = {
            "apiVersion": ref.kind.api_version,
            "kind": "CronJob",
            "name": ref.name,
            "uid": dig(dict(cron_job), "metadata", "uid") or ref.uid,
            "controller": True,
        }
        name = job_name(ref.name, suffix)
        body = {
            "apiVersion": jobs.api_version,
            "kind": "Job",
            "metadata": {
                "name": name,
                "labels": meta.get("labels") or {},
                "annotations": {INSTANTIATE: "manual", **(meta.get("annotations") or {})},
                "ownerReferences": [owner],
            },
            "spec": template.get("spec") or {},
        }
        changes.append(Change(ref, (Request("POST", jobs.path(ref.namespace), body),), f"job {name}"))
    return Plan("Trigger", "triggered", tuple(changes), notes=("Runs now, beside the schedule.",))


def plan_rerun(jobs: Mapping[Ref, Mapping[str, Any]], suffix: str) -> Plan:
    """Make a new Job like each of these. Raises PlanError."""
    changes = []
    for ref, job in jobs.items():
        name = job_name(ref.name, suffix, "again")
        meta = job.get("metadata") or {}
        spec = copy.deepcopy(dict(job.get("spec") or {}))
        if not spec.get("manualSelector"):
            spec.pop("selector", None)
            labels = dig(spec, "template", "metadata", "labels") or {}
            for key in _GENERATED:
                labels.pop(key, None)
        spec.pop("suspend", None)
        labels = {key: value for key, value in (meta.get("labels") or {}).items() if key not in _GENERATED}
        body = {
            "apiVersion": ref.kind.api_version,
            "kind": "Job",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
        changes.append(Change(ref, (Request("POST", ref.kind.path(ref.namespace), body),), f"job {name}"))
    if not changes:
        raise PlanError("There is no job to run again.")
    note = "A new Job with the same template; the old one and its pods stay."
    return Plan("Run again", "run again", tuple(changes), notes=(note,))


def plan_suspend(refs: Sequence[Ref], *, on: bool) -> Plan:
    """Suspend or resume Jobs or CronJobs."""
    words = ("active → suspended", "suspended → active")
    changes = tuple(
        Change(
            ref,
            (patch(ref, {"spec": {"suspend": on}}),),
            words[not on],
            (Back(("spec", "suspend"), not on),),
        )
        for ref in refs
    )
    cron = any(ref.kind.plural == "cronjobs" for ref in refs)
    if on:
        note = (
            "No new jobs are made; those that run go on."
            if cron
            else "Its pods are ended; they are made again when it is resumed."
        )
        return Plan("Suspend", "suspended", changes, notes=(note,))
    note = "The schedule holds again." if cron else "Its pods are made again."
    return Plan("Resume", "resumed", changes, notes=(note,))
