"""Structs of the hot kinds of the core group and of EndpointSlice.

Source of the field names: the Kubernetes API reference (core/v1, discovery.k8s.io/v1 and v1beta1).
"""

from __future__ import annotations

import msgspec

from k8stui.kube.objects.meta import (
    Condition,
    KubeObject,
    KubeStruct,
    ObjectReference,
    Time,
)


class Container(KubeStruct, frozen=True, gc=False):
    """A container of a pod spec; an init container with `restart_policy` Always is a sidecar."""

    name: str = ""
    image: str = ""
    restart_policy: str = ""


class ReadinessGate(KubeStruct, frozen=True, gc=False):
    """`spec.readinessGates[]`."""

    condition_type: str = ""


class PodSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a pod."""

    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    ephemeral_containers: tuple[Container, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()
    service_account_name: str = ""


class StateWaiting(KubeStruct, frozen=True, gc=False):
    """A container that waits to run."""

    reason: str = ""
    message: str = ""


class StateRunning(KubeStruct, frozen=True, gc=False):
    """A container that runs (its start is left out: that would make every state unique)."""


class StateTerminated(KubeStruct, frozen=True, gc=False):
    """A container that ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: Time | None = None


class ContainerState(KubeStruct, frozen=True, gc=False):
    """At most one of the three is set; none means waiting."""

    waiting: StateWaiting | None = None
    running: StateRunning | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(KubeStruct, frozen=True, gc=False):
    """`status.containerStatuses[]` and its siblings for init and ephemeral containers."""

    name: str = ""
    container_id: str = msgspec.field(name="containerID", default="")
    restart_count: int = 0
    ready: bool = False
    started: bool | None = None
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIP(KubeStruct, frozen=True, gc=False):
    """`status.podIPs[]`."""

    ip: str = ""


class PodStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ips: tuple[PodIP, ...] = msgspec.field(name="podIPs", default=())
    nominated_node_name: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(KubeObject, frozen=True, gc=False):
    """core/v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Taint(KubeStruct, frozen=True, gc=False):
    """`spec.taints[]` of a node."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeAddress(KubeStruct, frozen=True, gc=False):
    """`status.addresses[]`; `type` is `InternalIP`, `ExternalIP`, `Hostname`, ..."""

    type: str = ""
    address: str = ""


class NodeInfo(KubeStruct, frozen=True, gc=False):
    """`status.nodeInfo`."""

    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    operating_system: str = ""


class NodeStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a node; `capacity` and `allocatable` are quantities as text."""

    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()
    capacity: dict[str, str] = msgspec.field(default_factory=dict)
    allocatable: dict[str, str] = msgspec.field(default_factory=dict)


class Node(KubeObject, frozen=True, gc=False):
    """core/v1 Node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class EventSource(KubeStruct, frozen=True, gc=False):
    """Who reported an event (deprecated there in favour of reportingComponent)."""

    component: str = ""
    host: str = ""


class EventSeries(KubeStruct, frozen=True, gc=False):
    """A series of equal events."""

    count: int = 0
    last_observed_time: Time | None = None


class Event(KubeObject, frozen=True, gc=False):
    """core/v1 Event."""

    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    first_timestamp: Time | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: str = ""
    reporting_instance: str = ""


class NamespaceStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a namespace."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(KubeObject, frozen=True, gc=False):
    """core/v1 Namespace."""

    status: NamespaceStatus = NamespaceStatus()


class ServicePort(KubeStruct, frozen=True, gc=False):
    """`spec.ports[]`."""

    name: str = ""
    port: int = 0
    protocol: str = ""
    node_port: int = 0


class ServiceSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a service."""

    type: str = ""
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    external_ips: tuple[str, ...] = msgspec.field(name="externalIPs", default=())
    external_name: str = ""
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = msgspec.field(default_factory=dict)


class LoadBalancerIngress(KubeStruct, frozen=True, gc=False):
    """`status.loadBalancer.ingress[]`."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(KubeStruct, frozen=True, gc=False):
    """`status.loadBalancer`."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a service."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(KubeObject, frozen=True, gc=False):
    """core/v1 Service."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(KubeStruct, frozen=True, gc=False):
    """`endpoints[].conditions`; None means unknown, which counts as ready."""

    ready: bool | None = None
    serving: bool | None = None


class Endpoint(KubeStruct, frozen=True, gc=False):
    """`endpoints[]` of an EndpointSlice."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None
    node_name: str | None = None


class EndpointPort(KubeStruct, frozen=True, gc=False):
    """`ports[]` of an EndpointSlice; no port number means all ports."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class EndpointSlice(KubeObject, frozen=True, gc=False):
    """discovery.k8s.io/v1 and v1beta1 EndpointSlice. Servers write null for empty lists here."""

    address_type: str = ""
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None
