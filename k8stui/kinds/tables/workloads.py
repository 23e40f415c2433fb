"""Deployments, replica sets, stateful sets and daemon sets: columns, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.selectors import SelectorError, selector_of, selector_of_labels
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.kube.objects import (
        Condition,
        Container,
        DaemonSet,
        Deployment,
        LabelSelector,
        ReplicaSet,
        StatefulSet,
    )


def container_names(containers: tuple[Container, ...]) -> str:
    """CONTAINERS."""
    return ",".join(each.name for each in containers)


def container_images(containers: tuple[Container, ...]) -> str:
    """IMAGES."""
    return ",".join(each.image for each in containers)


def selector_text(selector: LabelSelector | None) -> str:
    """SELECTOR of a workload."""
    try:
        return str(selector_of(selector)) or NONE
    except SelectorError:
        return "<error>"


def labels_text(labels: Mapping[str, str]) -> str:
    """Labels as `a=b,c=d`, in order."""
    return str(selector_of_labels(labels)) or NONE


def condition_status(conditions: tuple[Condition, ...], kind: str) -> str:
    """`True`, `False`, `Unknown`, or nothing where there is no such condition."""
    return next((each.status for each in conditions if each.type == kind), "")


def template_fields() -> tuple[Field, ...]:  # type: ignore[type-arg]
    """The wide columns CONTAINERS and IMAGES."""
    return (
        text_field("CONTAINERS", lambda o: container_names(o.spec.template.spec.containers), 1),
        text_field("IMAGES", lambda o: container_images(o.spec.template.spec.containers), 1),
    )


def _ready_field() -> Field:  # type: ignore[type-arg]
    def counts(obj: Deployment | StatefulSet) -> tuple[int, int]:
        return obj.status.ready_replicas, obj.spec.replicas or 0

    return Field(
        Column("READY"),
        lambda o, now: "{}/{}".format(*counts(o)),
        lambda o: (0, *counts(o)),
    )


def _replicas_tone(desired: int, ready: int, updated: int, conditions: tuple[Condition, ...]) -> Tone:
    if condition_status(conditions, "ReplicaFailure") == "True":
        return Tone.ERROR
    if condition_status(conditions, "Progressing") == "False":
        return Tone.ERROR
    if ready < desired:
        return Tone.WARN
    if ready > desired or updated < desired:
        return Tone.BUSY
    return Tone.MUTED if desired == 0 else Tone.OK


class DeploymentPrinter(StructPrinter["Deployment"]):
    """Deployments as `kubectl get deployments -o wide` shows them."""

    fields = (
        name_field(),
        _ready_field(),
        number_field("UP-TO-DATE", lambda o: o.status.updated_replicas),
        number_field("AVAILABLE", lambda o: o.status.available_replicas),
        age_field(),
        *template_fields(),
        # Alone among the workloads: nothing, and not <none>, where there is no selector.
        text_field("SELECTOR", lambda o: selector_text(o.spec.selector).replace(NONE, ""), 1),
    )

    def tone(self, obj: Deployment) -> Tone:
        """Not enough ready is a warning, a rollout that is stuck or refused an error."""
        status = obj.status
        desired = obj.spec.replicas or 0
        return _replicas_tone(desired, status.ready_replicas, status.updated_replicas, status.conditions)


class ReplicaSetPrinter(StructPrinter["ReplicaSet"]):
    """Replica sets as `kubectl get replicasets -o wide` shows them."""

    fields = (
        name_field(),
        number_field("DESIRED", lambda o: o.spec.replicas or 0),
        number_field("CURRENT", lambda o: o.status.replicas),
        number_field("READY", lambda o: o.status.ready_replicas),
        age_field(),
        *template_fields(),
        text_field("SELECTOR", lambda o: selector_text(o.spec.selector), 1),
    )

    def tone(self, obj: ReplicaSet) -> Tone:
        """Old replica sets of a deployment, scaled to nothing, are muted."""
        desired = obj.spec.replicas or 0
        return _replicas_tone(desired, obj.status.ready_replicas, desired, obj.status.conditions)


class StatefulSetPrinter(StructPrinter["StatefulSet"]):
    """Stateful sets as `kubectl get statefulsets -o wide` shows them."""

    fields = (name_field(), _ready_field(), age_field(), *template_fields())

    def tone(self, obj: StatefulSet) -> Tone:
        """Not enough ready is a warning."""
        status = obj.status
        return _replicas_tone(
            obj.spec.replicas or 0, status.ready_replicas, status.updated_replicas, status.conditions
        )


class DaemonSetPrinter(StructPrinter["DaemonSet"]):
    """Daemon sets as `kubectl get daemonsets -o wide` shows them."""

    fields = (
        name_field(),
        number_field("DESIRED", lambda o: o.status.desired_number_scheduled),
        number_field("CURRENT", lambda o: o.status.current_number_scheduled),
        number_field("READY", lambda o: o.status.number_ready),
        number_field("UP-TO-DATE", lambda o: o.status.updated_number_scheduled),
        number_field("AVAILABLE", lambda o: o.status.number_available),
        text_field("NODE SELECTOR", lambda o: labels_text(o.spec.template.spec.node_selector)),
        age_field(),
        *template_fields(),
        text_field("SELECTOR", lambda o: selector_text(o.spec.selector), 1),
    )

    def tone(self, obj: DaemonSet) -> Tone:
        """Pods that are missing, or on nodes where they should not be, are a warning."""
        status = obj.status
        if status.number_misscheduled:
            return Tone.WARN
        desired = status.desired_number_scheduled
        return _replicas_tone(desired, status.number_ready, status.updated_number_scheduled, ())
