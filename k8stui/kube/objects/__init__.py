"""The objects of the cluster as small Structs: what the screen needs of them, no more.

`STRUCTS` names the kinds that have one; every other kind comes as `TableRow`s of the server's own
Table. Nothing here knows HTTP or a screen. All objects are frozen and share parts: never change one.
"""

from __future__ import annotations

from typing import Any

from k8stui.kube.objects.core import (
    Container,
    ContainerState,
    ContainerStatus,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Event,
    EventSeries,
    EventSource,
    Namespace,
    Node,
    NodeAddress,
    NodeInfo,
    NodeSpec,
    NodeStatus,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
    ReadinessGate,
    Service,
    ServicePort,
    ServiceSpec,
    StateRunning,
    StateTerminated,
    StateWaiting,
    Taint,
)
from k8stui.kube.objects.decoding import (
    ColumnDefinition,
    ObjectDecoder,
    TableRow,
)
from k8stui.kube.objects.interning import intern_object
from k8stui.kube.objects.meta import (
    Condition,
    KubeObject,
    LabelSelector,
    ObjectMeta,
    ObjectReference,
    OwnerReference,
    SelectorRequirement,
)
from k8stui.kube.objects.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    ReplicaSet,
    StatefulSet,
)

STRUCTS: dict[tuple[str, str], type[Any]] = {
    ("", "pods"): Pod,
    ("", "nodes"): Node,
    ("", "events"): Event,
    ("", "namespaces"): Namespace,
    ("", "services"): Service,
    ("apps", "deployments"): Deployment,
    ("apps", "replicasets"): ReplicaSet,
    ("apps", "statefulsets"): StatefulSet,
    ("apps", "daemonsets"): DaemonSet,
    ("batch", "jobs"): Job,
    ("batch", "cronjobs"): CronJob,
    ("discovery.k8s.io", "endpointslices"): EndpointSlice,
}
"""The Struct of a kind by its API group and plural; a kind that is not here comes as TableRows."""

__all__ = [
    "STRUCTS",
    "ColumnDefinition",
    "Condition",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Endpoint",
    "EndpointConditions",
    "EndpointPort",
    "EndpointSlice",
    "Event",
    "EventSeries",
    "EventSource",
    "Job",
    "KubeObject",
    "LabelSelector",
    "Namespace",
    "Node",
    "NodeAddress",
    "NodeInfo",
    "NodeSpec",
    "NodeStatus",
    "ObjectDecoder",
    "ObjectMeta",
    "ObjectReference",
    "OwnerReference",
    "Pod",
    "PodIP",
    "PodSpec",
    "PodStatus",
    "ReadinessGate",
    "ReplicaSet",
    "SelectorRequirement",
    "Service",
    "ServicePort",
    "ServiceSpec",
    "StateRunning",
    "StateTerminated",
    "StateWaiting",
    "StatefulSet",
    "TableRow",
    "Taint",
    "intern_object",
]
