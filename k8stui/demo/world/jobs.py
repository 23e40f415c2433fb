"""Jobs and CronJobs with what they ran."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from k8stui.demo.world.pods import How, done, make_pod

if TYPE_CHECKING:
    from k8stui.demo.world.context import World

Obj = dict[str, Any]

__all__ = ["cron_job", "job", "job_labels"]


def job_labels(uid: str, name: str) -> dict[str, str]:
    """The labels with which the Job controller marks its pods."""
    return {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }


def job(
    world: World,
    name: str,
    namespace: str,
    template: Obj,
    *,
    age: float,
    took: float = 12,
    owner: Obj | None = None,
    completions: int = 1,
    parallelism: int = 1,
    succeeded: int | None = None,
    active: int = 0,
    failed: int = 0,
    backoff: int = 6,
    outcome: str = "Complete",
    how: dict[str, How] | None = None,
    annotations: dict[str, str] | None = None,
    ttl: int | None = None,
    suspend: bool = False,
) -> Obj:
    """A Job and its pods. outcome: `Complete`, `BackoffLimitExceeded`, `Suspended` or "" while it runs."""
    uid = world.ids.uid("Job", namespace, name)
    labels = template["metadata"]["labels"] | job_labels(uid, name)
    full = {"metadata": template["metadata"] | {"labels": labels}, "spec": template["spec"]}
    spec: Obj = {
        "parallelism": parallelism,
        "completions": completions,
        "backoffLimit": backoff,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "manualSelector": False,
        "template": full,
    }
    if ttl is not None:
        spec["ttlSecondsAfterFinished"] = ttl
    spec |= {
        "completionMode": "NonIndexed",
        "suspend": suspend,
        "podReplacementPolicy": "TerminatingOrFailed",
    }
    obj: Obj = {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": world.meta(
            "Job", name, namespace, age=age, labels=labels, owner=owner, generation=1, annotations=annotations
        ),
        "spec": spec,
    }
    good = (completions if outcome == "Complete" else 0) if succeeded is None else succeeded
    names = [c["name"] for c in template["spec"]["containers"]]
    for count, state in ((good, done(since=max(0.0, age - took), ran=took)), (failed, None), (active, How())):
        for number in range(count):
            shown = dict.fromkeys(names, state) if state else how
            _job_pod(world, obj, f"{number}{state and state.state}", age, shown, number * 11)
    obj["status"] = _job_status(world, obj, age, took, good, active, failed, outcome)
    return world.add(
        obj, "kube-controller-manager" if owner else "kubectl-client-side-apply", touched=age - took
    )


def _job_pod(
    world: World, owner: Obj, key: str, age: float, how: dict[str, How] | None, later: float
) -> None:
    name, namespace = owner["metadata"]["name"], owner["metadata"]["namespace"]
    template = owner["spec"]["template"]
    suffix = world.ids.suffix("job", namespace, name, key)
    make_pod(
        world,
        f"{name}-{suffix}",
        namespace,
        template["spec"],
        labels=template["metadata"]["labels"],
        owner=owner,
        generate=f"{name}-",
        age=max(2.0, age - later),
        how=how,
    )


def _job_status(
    world: World, obj: Obj, age: float, took: float, good: int, active: int, failed: int, outcome: str
) -> Obj:
    ended = world.ago(max(0.0, age - took))

    def row(kind: str, reason: str, message: str) -> Obj:
        return {
            "type": kind,
            "status": "True",
            "lastProbeTime": ended,
            "lastTransitionTime": ended,
            "reason": reason,
            "message": message,
        }

    status: Obj = {}
    if outcome == "Complete":
        text = "Reached expected number of succeeded pods"
        status["conditions"] = [
            row("SuccessCriteriaMet", "CompletionsReached", text),
            row("Complete", "CompletionsReached", text),
        ]
    elif outcome == "BackoffLimitExceeded":
        text = "Job has reached the specified backoff limit"
        status["conditions"] = [row("FailureTarget", outcome, text), row("Failed", outcome, text)]
    elif outcome == "Suspended":
        return {
            "conditions": [row("Suspended", "JobSuspended", "Job suspended")],
            "ready": 0,
            "uncountedTerminatedPods": {},
        }
    status["startTime"] = world.ago(age)
    if outcome == "Complete":
        status["completionTime"] = ended
    for key, count in (("active", active), ("succeeded", good), ("failed", failed)):
        if count:
            status[key] = count
    return status | {"terminating": 0, "uncountedTerminatedPods": {}, "ready": active}


def cron_job(
    world: World,
    name: str,
    namespace: str,
    schedule: str,
    template: Obj,
    *,
    age: float,
    every: float,
    history: int = 3,
    took: float = 12,
    suspend: bool = False,
    zone: str = "",
    last: float | None = None,
    concurrency: str = "Forbid",
    deadline: int | None = None,
) -> Obj:
    """A CronJob with its finished jobs. every: seconds between its runs; last: since its last run."""
    template = {"metadata": template["metadata"], "spec": template["spec"] | {"restartPolicy": "Never"}}
    spec: Obj = {"schedule": schedule}
    if zone:
        spec["timeZone"] = zone
    if deadline is not None:
        spec["startingDeadlineSeconds"] = deadline
    spec |= {
        "concurrencyPolicy": concurrency,
        "suspend": suspend,
        "jobTemplate": {"metadata": {}, "spec": {"template": template}},
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    obj: Obj = {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": world.meta(
            "CronJob", name, namespace, age=age, labels=template["metadata"]["labels"], generation=1
        ),
        "spec": spec,
    }
    if last is None:
        stamp = world.now.timestamp()
        last = stamp - stamp // every * every
    for number in reversed(range(history)):
        start = last + number * every
        minute = int((world.now - timedelta(seconds=start)).timestamp() // 60)
        job(
            world,
            f"{name}-{minute}",
            namespace,
            template,
            age=start,
            took=took,
            owner=obj,
            annotations={"batch.kubernetes.io/cronjob-scheduled-timestamp": world.ago(start)},
        )
    status: Obj = {}
    if history:
        status = {"lastScheduleTime": world.ago(last), "lastSuccessfulTime": world.ago(max(0.0, last - took))}
    obj["status"] = status
    return world.add(obj)
