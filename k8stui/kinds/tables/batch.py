"""Jobs and cron jobs: columns, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.tables.printing import (
    NONE,
    Column,
    Field,
    StructPrinter,
    Tone,
    age_field,
    name_field,
    number_field,
    text_field,
)
from k8stui.kinds.tables.sorting import NOTHING, VALUE, Key, age_key, text_key
from k8stui.kinds.tables.workloads import (
    condition_status,
    container_images,
    container_names,
    selector_text,
    template_fields,
)
from k8stui.kube.durations import age, human_duration

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.kube.objects import CronJob, Job


def job_status(job: Job) -> str:
    """STATUS of a job (older servers have no such column)."""
    conditions = job.status.conditions
    for kind in ("Complete", "Failed"):
        if condition_status(conditions, kind) == "True":
            return kind
    if job.metadata.deletion_timestamp is not None:
        return "Terminating"
    for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if condition_status(conditions, kind) == "True":
            return kind
    return "Running"


def completions_text(job: Job) -> str:
    """COMPLETIONS; a job without a number of completions is a work queue: `3/1 of 2`."""
    done = job.status.succeeded
    if job.spec.completions is not None:
        return f"{done}/{job.spec.completions}"
    parallel = job.spec.parallelism or 0
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _duration_text(job: Job, now: datetime) -> str:
    start, end = job.status.start_time, job.status.completion_time
    return "" if start is None else human_duration(((end or now) - start).total_seconds())


def _duration_key(job: Job) -> Key:
    """Finished jobs by how long they took; then those that run, the youngest first."""
    start, end = job.status.start_time, job.status.completion_time
    if start is None:
        return NOTHING
    if end is None:
        return (VALUE, 1, -start.timestamp())
    return (VALUE, 0, (end - start).total_seconds())


class JobPrinter(StructPrinter["Job"]):
    """Jobs as `kubectl get jobs -o wide` shows them."""

    fields = (
        name_field(),
        text_field("STATUS", job_status),
        Field(
            Column("COMPLETIONS"),
            lambda o, now: completions_text(o),
            lambda o: text_key(completions_text(o)),
        ),
        Field(Column("DURATION", live=True), _duration_text, _duration_key),
        age_field(),
        *template_fields(),
        text_field("SELECTOR", lambda o: selector_text(o.spec.selector), 1),
    )

    def tone(self, obj: Job) -> Tone:
        """A job that failed is wrong; one that runs after failed attempts is worth a look."""
        match job_status(obj):
            case "Complete":
                return Tone.DONE
            case "Failed" | "FailureTarget":
                return Tone.ERROR
            case "Suspended":
                return Tone.MUTED
            case "Running" if obj.status.failed:
                return Tone.WARN
        return Tone.BUSY


def _bool_text(value: bool | None) -> str:
    return "<unset>" if value is None else str(value)


class CronJobPrinter(StructPrinter["CronJob"]):
    """Cron jobs as `kubectl get cronjobs -o wide` shows them."""

    fields = (
        name_field(),
        text_field("SCHEDULE", lambda o: o.spec.schedule),
        text_field("TIMEZONE", lambda o: NONE if o.spec.time_zone is None else o.spec.time_zone),
        text_field("SUSPEND", lambda o: _bool_text(o.spec.suspend)),
        number_field("ACTIVE", lambda o: len(o.status.active)),
        Field(
            Column("LAST SCHEDULE", live=True),
            lambda o, now: NONE if (at := o.status.last_schedule_time) is None else age(at, now),
            lambda o: age_key(o.status.last_schedule_time),
        ),
        age_field(),
        text_field(
            "CONTAINERS", lambda o: container_names(o.spec.job_template.spec.template.spec.containers), 1
        ),
        text_field(
            "IMAGES", lambda o: container_images(o.spec.job_template.spec.template.spec.containers), 1
        ),
        text_field("SELECTOR", lambda o: selector_text(o.spec.job_template.spec.selector), 1),
    )

    def tone(self, obj: CronJob) -> Tone:
        """The last run that did not succeed is a warning, once it is over."""
        status = obj.status
        if obj.spec.suspend:
            return Tone.MUTED
        if status.active:
            return Tone.BUSY
        scheduled, succeeded = status.last_schedule_time, status.last_successful_time
        # Servers before 1.21 tell nothing of successes, so that a missing time says nothing.
        if scheduled is not None and succeeded is not None and succeeded < scheduled:
            return Tone.WARN
        return Tone.OK
