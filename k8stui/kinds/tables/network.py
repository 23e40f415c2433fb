"""Services, endpoint slices and namespaces: columns, and what is wrong."""

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
    text_field,
)
from k8stui.kinds.tables.sorting import ip_key
from k8stui.kinds.tables.workloads import labels_text
from k8stui.kube.durations import UNKNOWN

if TYPE_CHECKING:
    from k8stui.kube.objects import EndpointPort, EndpointSlice, Namespace, Service

PENDING = "<pending>"
UNSET = "<unset>"
_SHOWN = 3


def external_ip(service: Service) -> str:
    """EXTERNAL-IP, by the type of the service."""
    spec = service.spec
    if spec.type in ("ClusterIP", "NodePort"):
        return ",".join(spec.external_ips) or NONE
    if spec.type == "LoadBalancer":
        ingress = service.status.load_balancer.ingress
        balanced = sorted({each.ip or each.hostname for each in ingress} - {""})
        return ",".join((*balanced, *spec.external_ips)) or PENDING
    return spec.external_name if spec.type == "ExternalName" else UNKNOWN


def ports_text(service: Service) -> str:
    """PORT(S): `port/protocol`, or `port:nodePort/protocol`."""
    ports = (
        f"{each.port}:{each.node_port}/{each.protocol}"
        if each.node_port > 0
        else f"{each.port}/{each.protocol}"
        for each in service.spec.ports
    )
    return ",".join(ports) or NONE


class ServicePrinter(StructPrinter["Service"]):
    """Services as `kubectl get services -o wide` shows them."""

    fields = (
        name_field(),
        text_field("TYPE", lambda o: o.spec.type),
        Field(
            Column("CLUSTER-IP"),
            lambda o, now: o.spec.cluster_ip or NONE,
            lambda o: ip_key(o.spec.cluster_ip),
        ),
        text_field("EXTERNAL-IP", external_ip),
        text_field("PORT(S)", ports_text),
        age_field(),
        text_field("SELECTOR", lambda o: labels_text(o.spec.selector), 1),
    )

    def tone(self, obj: Service) -> Tone:
        """A load balancer that has no address yet is worth a look."""
        return Tone.WARN if external_ip(obj) == PENDING else Tone.OK


def _shortened(texts: list[str]) -> str:
    if len(texts) > _SHOWN:
        return f"{','.join(texts[:_SHOWN])} + {len(texts) - _SHOWN} more..."
    return ",".join(texts) or UNSET


def _port_text(port: EndpointPort) -> str:
    if port.port is not None:
        return str(port.port)
    return "*" if port.name is None else port.name


def slice_ports(endpoints: EndpointSlice) -> str:
    """PORTS of an endpoint slice, the first three."""
    return _shortened([_port_text(each) for each in endpoints.ports or ()])


def slice_addresses(endpoints: EndpointSlice) -> str:
    """ENDPOINTS of an endpoint slice, the first three."""
    return _shortened([address for each in endpoints.endpoints or () for address in each.addresses or ()])


class EndpointSlicePrinter(StructPrinter["EndpointSlice"]):
    """Endpoint slices as `kubectl get endpointslices` shows them."""

    fields = (
        name_field(),
        text_field("ADDRESSTYPE", lambda o: o.address_type),
        text_field("PORTS", slice_ports),
        text_field("ENDPOINTS", slice_addresses),
        age_field(),
    )

    def tone(self, obj: EndpointSlice) -> Tone:
        """A slice in which nothing is ready leads its service nowhere."""
        ready = any(each.conditions.ready is not False for each in obj.endpoints or ())
        return Tone.OK if ready else Tone.WARN


class NamespacePrinter(StructPrinter["Namespace"]):
    """Namespaces as `kubectl get namespaces` shows them."""

    fields = (name_field(), text_field("STATUS", lambda o: o.status.phase), age_field())

    def tone(self, obj: Namespace) -> Tone:
        """A namespace that cannot be deleted says so in its conditions."""
        if obj.status.phase != "Terminating":
            return Tone.OK
        stuck = any(each.status == "True" for each in obj.status.conditions)
        return Tone.ERROR if stuck else Tone.BUSY

    def is_fault(self, obj: Namespace) -> bool:
        """Also one that is merely on its way out."""
        return obj.status.phase == "Terminating"
