"""Structs of the workload kinds (apps/v1, batch/v1 and batch/v1beta1)."""

from __future__ import annotations

import msgspec

from k8stui.kube.objects.meta import Condition, KubeObject, KubeStruct, LabelSelector, ObjectReference, Time
from k8stui.kube.objects.podrefs import NameRef, NamingContainer, Volume  # noqa: TC001 - as above


class TemplateSpec(KubeStruct, frozen=True, gc=False):
    """`spec.template.spec`."""

    containers: tuple[NamingContainer, ...] = ()
    init_containers: tuple[NamingContainer, ...] = ()
    node_selector: dict[str, str] = msgspec.field(default_factory=dict)
    service_account_name: str = ""
    volumes: tuple[Volume, ...] | None = ()
    image_pull_secrets: tuple[NameRef, ...] | None = ()
    priority_class_name: str = ""


class TemplateMeta(KubeStruct, frozen=True, gc=False):
    """`spec.template.metadata`."""

    labels: dict[str, str] | None = None


class PodTemplate(KubeStruct, frozen=True, gc=False):
    """`spec.template`."""

    metadata: TemplateMeta = TemplateMeta()
    spec: TemplateSpec = TemplateSpec()


class DeploymentSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a deployment; the server fills in `replicas`."""

    replicas: int | None = None
    paused: bool = False
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class DeploymentStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a deployment."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(KubeObject, frozen=True, gc=False):
    """apps/v1 Deployment."""

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a replica set."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class ReplicaSetStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a replica set."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(KubeObject, frozen=True, gc=False):
    """apps/v1 ReplicaSet."""

    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class StatefulSetSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a stateful set."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class StatefulSetStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a stateful set."""

    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class StatefulSet(KubeObject, frozen=True, gc=False):
    """apps/v1 StatefulSet."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a daemon set."""

    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class DaemonSetStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a daemon set."""

    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class DaemonSet(KubeObject, frozen=True, gc=False):
    """apps/v1 DaemonSet."""

    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class JobSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a job, and of a cron job's template."""

    completions: int | None = None
    parallelism: int | None = None
    suspend: bool | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class JobStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a job."""

    active: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: Time | None = None
    completion_time: Time | None = None
    conditions: tuple[Condition, ...] = ()


class Job(KubeObject, frozen=True, gc=False):
    """batch/v1 Job."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class JobTemplate(KubeStruct, frozen=True, gc=False):
    """`spec.jobTemplate`."""

    spec: JobSpec = JobSpec()


class CronJobSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a cron job."""

    schedule: str = ""
    time_zone: str | None = None
    suspend: bool | None = None
    job_template: JobTemplate = JobTemplate()


class CronJobStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a cron job."""

    active: tuple[ObjectReference, ...] = ()
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(KubeObject, frozen=True, gc=False):
    """batch/v1 CronJob (and v1beta1, on servers before 1.21)."""

    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()
