"""CronJobs: create a Job at each scheduled time, keep a short history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.job import finished, with_job_defaults
from k8stui.demo.controllers.schedule import Schedule
from k8stui.demo.resources import CRON_JOBS, JOBS, Resource
from k8stui.demo.world.context import owner_reference
from k8stui.demo.world.ids import parse, stamp

__all__ = ["CronJobs"]

COMPONENT = "cronjob-controller"


class CronJobs(Controller):
    """Wakes up at the next scheduled time of each CronJob, and when one of its jobs ends."""

    kinds = (CRON_JOBS, JOBS)

    def start(self) -> None:
        for obj in self.store.list(CRON_JOBS):
            self.poke(key_of(obj))

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "jobs":
            for reference in obj["metadata"].get("ownerReferences", ()):
                if reference["kind"] == "CronJob":
                    self.poke((obj["metadata"]["namespace"], reference["name"]))
        elif type_ != "DELETED":
            self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        cron = self.store.get(CRON_JOBS, *key)
        if cron is None or "deletionTimestamp" in cron["metadata"]:
            return
        jobs = self.engine.owned(cron, JOBS)
        cron = self._note_finished(cron, jobs)
        self._trim(cron, jobs)
        if not cron["spec"].get("suspend"):
            self._schedule(cron, jobs)

    def _now(self, cron: Obj) -> datetime:
        zone = cron["spec"].get("timeZone")
        return datetime.fromtimestamp(self.engine.time(), ZoneInfo(zone) if zone else UTC)

    def _schedule(self, cron: Obj, jobs: list[Obj]) -> None:
        try:
            schedule, now = Schedule.parse(cron["spec"]["schedule"]), self._now(cron)
        except (ValueError, KeyError) as error:
            text = f"unparseable schedule: {cron['spec']['schedule']!r} : {error}"
            self.engine.events.warning(cron, "UnparseableSchedule", text, component=COMPONENT)
            return
        last = cron.get("status", {}).get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]
        since = max(parse(last).astimezone(now.tzinfo), now - timedelta(minutes=10))
        due = None
        following = schedule.next_after(since)
        while following is not None and following <= now:
            due, following = following, schedule.next_after(following)
        if due is not None:
            self._start(cron, due, jobs)
        if following is not None:
            self.poke(key_of(cron), (following - now).total_seconds() + 0.05)

    def _start(self, cron: Obj, due: datetime, jobs: list[Obj]) -> None:
        spec, now = cron["spec"], self._now(cron)
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None and (now - due).total_seconds() > deadline:
            text = f"Missed scheduled time to start a job: {due.strftime('%a, %d %b %Y %H:%M:%S %z')}"
            self.engine.events.warning(cron, "MissSchedule", text, component=COMPONENT)
            self._status(cron, {"lastScheduleTime": stamp(due)})
            return
        active = [j for j in jobs if not finished(j)]
        policy = spec.get("concurrencyPolicy", "Allow")
        if active and policy == "Forbid":
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.engine.events.normal(cron, "JobAlreadyActive", text, component=COMPONENT)
            return
        for job in active if policy == "Replace" else ():
            self.store.delete(JOBS, *key_of(job))
        self._create(cron, due)

    def _create(self, cron: Obj, due: datetime) -> None:
        meta, template = cron["metadata"], cron["spec"]["jobTemplate"]
        name = f"{meta['name']}-{int(due.timestamp() // 60)}"
        if self.store.get(JOBS, meta["namespace"], name) is None:
            template_meta = template.get("metadata") or {}
            annotations = {
                **(template_meta.get("annotations") or {}),
                "batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(due),
            }
            job: Obj = {
                "kind": "Job",
                "apiVersion": "batch/v1",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "uid": self.store.new_uid(),
                    "labels": template_meta.get("labels") or {},
                    "annotations": annotations,
                    "ownerReferences": [owner_reference(cron)],
                },
                "spec": template["spec"],
                "status": {},
            }
            self.store.create(JOBS, with_job_defaults(job))
            self.engine.events.normal(cron, "SuccessfulCreate", f"Created job {name}", component=COMPONENT)
        self._status(cron, {"lastScheduleTime": stamp(due)})

    def _note_finished(self, cron: Obj, jobs: list[Obj]) -> Obj:
        """Jobs that were active and are over get an event; the list of active ones is kept."""
        before = cron.get("status", {})
        by_name = {j["metadata"]["name"]: j for j in jobs}
        for reference in before.get("active") or ():
            job = by_name.get(reference["name"])
            if job is not None and (outcome := finished(job)):
                text = f"Saw completed job: {reference['name']}, condition: {outcome}"
                self.engine.events.normal(cron, "SawCompletedJob", text, component=COMPONENT)
        running = [j for j in jobs if not finished(j)]
        active = [
            {
                "kind": "Job",
                "namespace": j["metadata"]["namespace"],
                "name": j["metadata"]["name"],
                "uid": j["metadata"]["uid"],
                "apiVersion": "batch/v1",
                "resourceVersion": j["metadata"]["resourceVersion"],
            }
            for j in running
        ]
        known = {r["uid"] for r in before.get("active") or ()}
        changes: Obj = {}
        if known != {r["uid"] for r in active}:
            changes["active"] = active
        done = [j["status"]["completionTime"] for j in jobs if finished(j) == "Complete"]
        if done and max(done) > before.get("lastSuccessfulTime", ""):
            changes["lastSuccessfulTime"] = max(done)
        return self._status(cron, changes)

    def _status(self, cron: Obj, changes: Obj) -> Obj:
        fresh = self.store.get(CRON_JOBS, *key_of(cron)) or cron
        if not changes:
            return fresh
        merged = {**fresh.get("status", {}), **changes}
        order = ("active", "lastScheduleTime", "lastSuccessfulTime")
        return self.engine.write_status(CRON_JOBS, fresh, {k: merged[k] for k in order if merged.get(k)})

    def _trim(self, cron: Obj, jobs: list[Obj]) -> None:
        spec = cron["spec"]
        for outcome, limit in (
            ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
            ("Failed", spec.get("failedJobsHistoryLimit", 1)),
        ):
            over = sorted(
                (j for j in jobs if finished(j) == outcome), key=lambda j: j["metadata"]["creationTimestamp"]
            )
            for job in over[: max(0, len(over) - limit)]:
                name = job["metadata"]["name"]
                self.store.delete(JOBS, *key_of(job))
                self.engine.events.normal(
                    cron, "SuccessfulDelete", f"Deleted job {name}", component=COMPONENT
                )
