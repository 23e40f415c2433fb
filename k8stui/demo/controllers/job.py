"""Jobs: parallelism, completions, back-off limit, deadlines, suspension, time to live."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.pods import create_pod, is_active, is_ready
from k8stui.demo.resources import JOBS, PODS, Resource
from k8stui.demo.world.ids import parse
from k8stui.demo.world.jobs import job_labels

__all__ = ["Jobs", "finished", "with_job_defaults"]

COMPONENT = "job-controller"
REACHED = "Reached expected number of succeeded pods"


def finished(job: Obj) -> str:
    """`Complete`, `Failed`, or empty while it is not over."""
    for row in job.get("status", {}).get("conditions") or ():
        if row["type"] in ("Complete", "Failed") and row["status"] == "True":
            return str(row["type"])
    return ""


def with_job_defaults(job: Obj) -> Obj:
    """The job as the server stores it: selector, labels of the template, counts."""
    meta, spec = job["metadata"], job["spec"]
    labels = job_labels(meta["uid"], meta["name"])
    template = spec["template"]
    template_meta = template.get("metadata") or {}
    full = {
        **template,
        "metadata": {**template_meta, "labels": {**(template_meta.get("labels") or {}), **labels}},
    }
    parallelism = spec.get("parallelism", 1)
    defaults: Obj = {"parallelism": parallelism, "backoffLimit": 6}
    if "completions" not in spec and "parallelism" not in spec:
        defaults["completions"] = 1
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": meta["uid"]}}
    tail = {"completionMode": "NonIndexed", "suspend": False, "podReplacementPolicy": "TerminatingOrFailed"}
    body = {**defaults, "selector": selector, "manualSelector": False, **tail, **spec, "template": full}
    return {**job, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **labels}}, "spec": body}


class Jobs(Controller):
    """Runs pods until enough have succeeded or too many have failed."""

    kinds = (JOBS, PODS)

    def start(self) -> None:
        for obj in self.store.list(JOBS):
            self.poke(key_of(obj))

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "pods":
            for reference in obj["metadata"].get("ownerReferences", ()):
                if reference["kind"] == "Job":
                    self.poke((obj["metadata"]["namespace"], reference["name"]))
        elif type_ != "DELETED":
            self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        job = self.store.get(JOBS, *key)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return
        if "selector" not in job["spec"] or "template" not in job["spec"]:
            job = self.store.update(JOBS, with_job_defaults(job))
        if finished(job):
            self._expire(key, job)
            return
        self._sync(job)

    def _sync(self, job: Obj) -> None:
        spec = job["spec"]
        pods = self.engine.owned(job, PODS)
        active = [p for p in pods if is_active(p)]
        good = sum(1 for p in pods if p["status"].get("phase") == "Succeeded")
        bad = sum(1 for p in pods if p["status"].get("phase") == "Failed")
        # Pods that are gone stay counted, as the real controller's finalizers make sure.
        before = job.get("status", {})
        good, bad = max(good, before.get("succeeded", 0)), max(bad, before.get("failed", 0))
        restarts = sum(
            s.get("restartCount", 0) for p in active for s in p["status"].get("containerStatuses", ())
        )
        completions = spec.get("completions", 1)
        if spec.get("suspend"):
            self._suspend(job, active, good, bad)
        elif good >= completions:
            self._end(job, "Complete", "CompletionsReached", REACHED, good, bad, active)
        elif bad > spec.get("backoffLimit", 6) or restarts > spec.get("backoffLimit", 6):
            text = "Job has reached the specified backoff limit"
            self._end(job, "Failed", "BackoffLimitExceeded", text, good, bad, active)
        elif self._too_late(job):
            text = "Job was active longer than specified deadline"
            self._end(job, "Failed", "DeadlineExceeded", text, good, bad, active)
        else:
            self._run(job, active, good, bad)

    def _too_late(self, job: Obj) -> bool:
        limit, start = job["spec"].get("activeDeadlineSeconds"), job.get("status", {}).get("startTime")
        if limit is None or not start:
            return False
        left = parse(start).timestamp() + limit - self.engine.time()
        if left > 0:
            self.poke(key_of(job), left + 0.1)
        return bool(left <= 0)

    def _run(self, job: Obj, active: list[Obj], good: int, bad: int) -> None:
        spec = job["spec"]
        wanted = min(spec.get("parallelism", 1), spec.get("completions", 1) - good)
        missing = wanted - len(active)
        failures = bad - job.get("status", {}).get("failed", 0)
        if missing > 0 and failures > 0:
            # Back-off before the next try, much shorter than the real 10 s, 20 s, 40 s...
            self.poke(key_of(job), min(20.0, 1.5 * 2 ** min(bad, 4)))
        elif missing > 0:
            for _ in range(missing):
                if create_pod(self.engine, job, spec["template"], component=COMPONENT) is None:
                    self.poke(key_of(job), 10.0)
                    break
        for pod in active[wanted:] if missing < 0 else ():
            self.store.delete(PODS, *key_of(pod))
        active = [p for p in self.engine.owned(job, PODS) if is_active(p)]
        self._write(job, self._counts(job, active, good, bad))

    def _counts(self, job: Obj, active: list[Obj], good: int, bad: int) -> Obj:
        before = job.get("status", {})
        status: Obj = {"startTime": before.get("startTime") or self.engine.stamp()}
        if rows := [c for c in before.get("conditions") or () if c["type"] == "Suspended"]:
            status["conditions"] = [self._row("Suspended", "JobResumed", "Job resumed", rows[0], "False")]
        if active:
            status["active"] = len(active)
        if good:
            status["succeeded"] = good
        if bad:
            status["failed"] = bad
        leaving = [p for p in self.engine.owned(job, PODS) if "deletionTimestamp" in p["metadata"]]
        return status | {
            "terminating": len(leaving),
            "uncountedTerminatedPods": {},
            "ready": sum(map(is_ready, active)),
        }

    def _row(
        self, kind: str, reason: str, message: str, before: Obj | None = None, status: str = "True"
    ) -> Obj:
        now = self.engine.stamp()
        if before and before["status"] == status:
            return before
        return {
            "type": kind,
            "status": status,
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }

    def _suspend(self, job: Obj, active: list[Obj], good: int, bad: int) -> None:
        for pod in active:
            self.store.delete(PODS, *key_of(pod))
        rows = [c for c in job.get("status", {}).get("conditions") or () if c["type"] == "Suspended"]
        if not rows or rows[0]["status"] != "True":
            self.engine.events.normal(job, "Suspended", "Job suspended", component=COMPONENT)
        status = self._counts(job, [], good, bad)
        del status["startTime"]
        row = self._row("Suspended", "JobSuspended", "Job suspended", rows[0] if rows else None)
        self._write(job, {"conditions": [row], **{k: v for k, v in status.items() if k != "conditions"}})

    def _end(
        self, job: Obj, kind: str, reason: str, message: str, good: int, bad: int, active: list[Obj]
    ) -> None:
        for pod in active:
            self.store.delete(PODS, *key_of(pod))
        first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
        rows = [self._row(first, reason, message), self._row(kind, reason, message)]
        status: Obj = {"conditions": rows, **self._counts(job, [], good, bad)}
        status["conditions"] = rows
        if kind == "Complete":
            status["completionTime"] = self.engine.stamp()
            self.engine.events.normal(job, "Completed", "Job completed", component=COMPONENT)
        else:
            self.engine.events.warning(job, reason, message, component=COMPONENT)
        self._write(job, status)

    def _write(self, job: Obj, status: Obj) -> None:
        fresh = self.store.get(JOBS, *key_of(job))
        if fresh is not None:
            self.engine.write_status(JOBS, fresh, status)

    def _expire(self, key: Key, job: Obj) -> None:
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        row = next(c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed"))
        left = parse(row["lastTransitionTime"]).timestamp() + ttl - self.engine.time()
        if left > 0:
            self.poke(key, left + 0.1)
        else:
            self.store.delete(JOBS, *key)
