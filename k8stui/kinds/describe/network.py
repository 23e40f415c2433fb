"""Services, endpoint slices, ingresses and network policies, described. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import (
    Raw,
    Related,
    dig,
    items,
    labels_text,
    link,
    pairs,
    plain,
    selector_text,
    text,
)
from k8stui.kinds.describe.lines import NONE, UNSET, Page, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

SLICES = "endpointslices"
SHOWN_ENDPOINTS = 3
SERVICE_LABEL = "kubernetes.io/service-name"


def service(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A service with the addresses behind each port."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    page.field("Selector", labels_text(spec.get("selector")))
    page.field("Type", plain(spec.get("type")))
    if spec.get("ipFamilyPolicy"):
        page.field("IP Family Policy", plain(spec["ipFamilyPolicy"]))
    page.field("IP Families", ",".join(items(spec, "ipFamilies")) or NONE)
    page.field("IP", plain(spec.get("clusterIP")))
    page.field("IPs", ",".join(items(spec, "clusterIPs")) or NONE)
    _outside(page, spec, status)
    for port in items(spec, "ports"):
        _port(page, port, related)
    page.field("Session Affinity", plain(spec.get("sessionAffinity")))
    for label, key in (
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("HealthCheck NodePort", "healthCheckNodePort"),
        ("Traffic Distribution", "trafficDistribution"),
    ):
        if spec.get(key):
            page.field(label, plain(spec[key]))
    if spec.get("loadBalancerSourceRanges"):
        page.field("LoadBalancer Source Ranges", ",".join(items(spec, "loadBalancerSourceRanges")))
    common.events(page, related, now)


def _outside(page: Page, spec: Raw, status: Raw) -> None:
    """How it is reached from outside the cluster."""
    if spec.get("externalIPs"):
        page.field("External IPs", ",".join(items(spec, "externalIPs")))
    if spec.get("loadBalancerIP"):
        page.field("Desired LoadBalancer IP", plain(spec["loadBalancerIP"]))
    if spec.get("externalName"):
        page.field("External Name", plain(spec["externalName"]))
    entries = [
        plain(entry.get("ip")) or plain(entry.get("hostname"))
        for entry in items(status, "loadBalancer", "ingress")
    ]
    if entries:
        page.field("LoadBalancer Ingress", ", ".join(entries))


def _port(page: Page, port: Raw, related: Related) -> None:
    protocol = plain(port.get("protocol")) or "TCP"
    name = plain(port.get("name"))
    page.field("Port", f"{name or UNSET}  {port.get('port')}/{protocol}")
    page.field("TargetPort", f"{port.get('targetPort', port.get('port'))}/{protocol}")
    if port.get("nodePort"):
        page.field("NodePort", f"{name or UNSET}  {port['nodePort']}/{protocol}")
    if not common.problem(page, related, SLICES, "Endpoints"):
        page.field("Endpoints", endpoints_text(related.get(SLICES), name) or NONE)


def endpoints_text(slices: Sequence[Raw], port_name: str) -> str:
    """The first addresses of a port and how many more there are; `<none>` without any slice."""
    if not slices:
        return NONE
    found: list[str] = []
    for each in slices:
        ports = [port for port in items(each, "ports") if plain(port.get("name")) == port_name]
        for endpoint in items(each, "endpoints"):
            if dig(endpoint, "conditions", "ready", default=True) is False:
                continue
            for port in ports:
                for address in items(endpoint, "addresses"):
                    host = f"[{address}]" if ":" in str(address) else address
                    found.append(f"{host}:{port.get('port')}")
    more = len(found) - SHOWN_ENDPOINTS
    shown = ",".join(found[:SHOWN_ENDPOINTS])
    return f"{shown} + {more} more..." if more > 0 else shown


def endpoint_slice(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """An EndpointSlice with every endpoint."""
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    page.field("AddressType", plain(obj.get("addressType")))
    ports = items(obj, "ports")
    if not ports:
        page.field("Ports", UNSET)
    else:
        page.heading("Ports")
        rows = [
            (plain(p.get("name")) or UNSET, plain(p.get("port")), plain(p.get("protocol"))) for p in ports
        ]
        page.table(("Name", "Port", "Protocol"), rows)
    found = items(obj, "endpoints")
    if not found:
        page.field("Endpoints", NONE)
    else:
        page.heading("Endpoints")
    for endpoint in found:
        _endpoint(page, endpoint)
    common.events(page, related, now)


def _endpoint(page: Page, endpoint: Raw) -> None:
    page.field("- Addresses", ",".join(items(endpoint, "addresses")), level=1)
    page.heading("Conditions", level=2)
    conditions = endpoint.get("conditions") or {}
    page.field("Ready", text(conditions.get("ready"), UNSET), level=3)
    for key in ("serving", "terminating"):
        if conditions.get("ready") is not True and key in conditions:
            page.field(key.capitalize(), text(conditions[key]), level=3)
    page.field("Hostname", text(endpoint.get("hostname"), UNSET), level=2)
    target = endpoint.get("targetRef")
    if target:
        kind, name = plain(target.get("kind")), plain(target.get("name"))
        page.field("TargetRef", link(f"{kind}/{name}", kind, name, plain(target.get("namespace"))), level=2)
    node = endpoint.get("nodeName")
    page.field("NodeName", link(text(node, UNSET), "nodes", node), level=2)
    page.field("Zone", text(endpoint.get("zone"), UNSET), level=2)


def ingress(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """An ingress with what its services lead to."""
    spec = obj.get("spec") or {}
    common.metadata(page, obj, "Name", "Labels", "Namespace")
    entries = [
        plain(entry.get("ip")) or plain(entry.get("hostname"))
        for entry in items(obj, "status", "loadBalancer", "ingress")
    ]
    page.field("Address", ",".join(entries))
    class_name = spec.get("ingressClassName")
    page.field("Ingress Class", link(text(class_name), "ingressclasses", class_name))
    namespace = dig(obj, "metadata", "namespace", default="")
    backend = spec.get("defaultBackend")
    page.field("Default backend", _backend(backend, related, namespace) if backend else "<default>")
    if items(spec, "tls"):
        page.heading("TLS")
        for tls in items(spec, "tls"):
            hosts = ",".join(items(tls, "hosts"))
            secret = plain(tls.get("secretName"))
            ending = f"{secret} terminates {hosts}" if secret else f"SNI routes {hosts}"
            page.text(Text(ending, "", link("", "secrets", secret, namespace).ref), level=1)
    page.heading("Rules")
    rows: list[tuple[str | Text, ...]] = []
    for rule in items(spec, "rules"):
        rows.append((plain(rule.get("host")) or "*", "", ""))
        rows.extend(
            ("", plain(path.get("path")), _backend(path.get("backend"), related, namespace))
            for path in items(rule, "http", "paths")
        )
    page.table(("Host", "Path", "Backends"), rows)
    common.metadata(page, obj, "Annotations")
    common.events(page, related, now)


def _backend(backend: Any, related: Related, namespace: str) -> Text:
    if not backend:
        return Text(NONE)
    resource = backend.get("resource")
    if resource:
        kind, name = plain(resource.get("kind")), plain(resource.get("name"))
        group = plain(resource.get("apiGroup"))
        return link(f"APIGroup: {group}, Kind: {kind}, Name: {name}", kind, name, namespace)
    name = plain(dig(backend, "service", "name"))
    port = dig(backend, "service", "port", default={})
    number = plain(port.get("number")) or plain(port.get("name"))
    behind = _behind(related, name, port)
    return link(f"{name}:{number} ({behind})", "services", name, namespace)


def _behind(related: Related, name: str, port: Raw) -> str:
    """The addresses that a backend leads to, or why there are none."""
    why = related.problems.get(SLICES) or related.problems.get("services")
    if why:
        return why
    services = [one for one in related.get("services") if dig(one, "metadata", "name") == name]
    if not services:
        return f'<error: services "{name}" not found>'
    port_name = plain(port.get("name"))
    for each in items(services[0], "spec", "ports"):
        if port.get("number") == each.get("port"):
            port_name = plain(each.get("name"))
    slices = [one for one in related.get(SLICES) if dig(one, "metadata", "labels", SERVICE_LABEL) == name]
    return endpoints_text(slices, port_name).replace(NONE, "")


# Network policies


def network_policy(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A NetworkPolicy: whom it selects, what it lets through."""
    spec = obj.get("spec") or {}
    common.metadata(page, obj, "Name", "Namespace")
    created = common.moment(dig(obj, "metadata", "creationTimestamp"))
    page.field("Created on", f"{created.astimezone(UTC):%Y-%m-%d %H:%M:%S} +0000 UTC" if created else "")
    common.metadata(page, obj, "Labels", "Annotations")
    page.heading("Spec")
    selected = selector_text(spec.get("podSelector"))
    if selected == NONE:
        selected = f"{NONE} (Allowing the specific traffic to all pods in this namespace)"
    page.field("PodSelector", selected, level=1)
    types = items(spec, "policyTypes")
    for kind, key, peers in (("Ingress", "ingress", "from"), ("Egress", "egress", "to")):
        if kind in types:
            page.heading(f"Allowing {key} traffic", level=1)
            _rules(page, items(spec, key), key, peers)
        else:
            page.title(f"Not affecting {key} traffic", level=1)
    page.text(f"Policy Types: {', '.join(types)}", level=1)
    common.events(page, related, now)


def _rules(page: Page, rules: Sequence[Raw], key: str, peers: str) -> None:
    if not rules:
        page.text(f"{NONE} (Selected pods are isolated for {key} connectivity)", level=2)
        return
    for index, rule in enumerate(rules):
        if index:
            page.text("----------", level=2)
        ports = items(rule, "ports")
        if not ports:
            page.field("To Port", f"{'<any>'} (traffic allowed to all ports)", level=2)
        for port in ports:
            last = f"-{port['endPort']}" if port.get("endPort") else ""
            number = text(port.get("port"), "<any>")
            page.field("To Port", f"{number}{last}/{plain(port.get('protocol')) or 'TCP'}", level=2)
        word = peers.capitalize()
        found = items(rule, peers)
        if not found:
            direction = "source" if peers == "from" else "destination"
            page.field(word, f"<any> (traffic not restricted by {direction})", level=2)
        for peer in found:
            page.heading(word, level=2)
            _peer(page, peer)


def _peer(page: Page, peer: Raw) -> None:
    for label, key in (("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")):
        if key in peer:
            page.field(label, selector_text(peer[key]), level=3)
    block = peer.get("ipBlock")
    if block:
        page.heading("IPBlock", level=3)
        page.field("CIDR", plain(block.get("cidr")), level=4)
        page.field("Except", ", ".join(items(block, "except")), level=4)


def ingress_class(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """An IngressClass."""
    common.metadata(page, obj, "Name", "Labels", "Annotations")
    page.field("Controller", plain(dig(obj, "spec", "controller")))
    parameters = dig(obj, "spec", "parameters")
    if parameters:
        page.heading("Parameters")
        for row in pairs(parameters, ": "):
            page.text(row, level=1)
    common.events(page, related, now)
