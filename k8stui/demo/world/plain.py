"""Short makers of the plain objects of a namespace: config, secrets, services, storage, access, policies."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from k8stui.demo.world.context import DAY, World, owner_reference
from k8stui.demo.world.endpoints import endpoints_object, slice_object

if TYPE_CHECKING:
    from collections.abc import Sequence

Obj = dict[str, Any]

CA = (
    "-----BEGIN CERTIFICATE-----\n"
    + "\n".join(
        "MIIDdemoK8stuiSimulatedClusterNotARealCertificate" + f"{n:02d}" + "AAAAAAAAAAAAA" for n in range(12)
    )
    + "\n-----END CERTIFICATE-----\n"
)


def simple(
    world: World,
    api: str,
    kind: str,
    name: str,
    namespace: str = "",
    *,
    age: float = 60 * DAY,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    manager: str = "kubectl-client-side-apply",
    generation: int = 0,
    owner: Obj | None = None,
    finalizers: list[str] | None = None,
    status_manager: str = "kube-controller-manager",
    **body: Any,
) -> Obj:
    """Any object: metadata and the fields given."""
    meta = world.meta(
        kind,
        name,
        namespace,
        age=age,
        labels=labels,
        annotations=annotations,
        owner=owner,
        generation=generation,
        finalizers=finalizers,
    )
    obj = {"kind": kind, "apiVersion": api, "metadata": meta, **body}
    return world.add(obj, manager, status_manager=status_manager)


def namespace(
    world: World,
    name: str,
    *,
    age: float,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    deleting: float | None = None,
) -> Obj:
    """A namespace with what each has: the default account and the CA bundle."""
    meta = world.meta(
        "Namespace",
        name,
        age=age,
        labels={"kubernetes.io/metadata.name": name} | (labels or {}),
        annotations=annotations,
        deleting=deleting,
    )
    phase = "Active" if deleting is None else "Terminating"
    obj = world.add(
        {
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": meta,
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": phase},
        },
        status_manager="",
    )
    if deleting is None:
        service_account(world, "default", name, age=age - 1, manager="")
        root_ca(world, name, age - 1)
    return obj


def root_ca(world: World, namespace: str, age: float) -> Obj:
    """The ConfigMap with the cluster's CA that every namespace has."""
    text = (
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints"
        " such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across"
        " distributions of Kubernetes clusters."
    )
    return simple(
        world,
        "v1",
        "ConfigMap",
        "kube-root-ca.crt",
        namespace,
        age=age,
        manager="kube-controller-manager",
        annotations={"kubernetes.io/description": text},
        data={"ca.crt": CA},
    )


def service_account(
    world: World,
    name: str,
    namespace: str,
    *,
    age: float = 60 * DAY,
    manager: str = "kubectl-client-side-apply",
) -> Obj:
    """A ServiceAccount."""
    return simple(world, "v1", "ServiceAccount", name, namespace, age=age, manager=manager)


def config_map(
    world: World,
    name: str,
    namespace: str,
    data: dict[str, str],
    *,
    age: float = 60 * DAY,
    binary: dict[str, bytes] | None = None,
    immutable: bool = False,
    **more: Any,
) -> Obj:
    """A ConfigMap."""
    body: Obj = {"data": data}
    if binary:
        body["binaryData"] = {k: base64.b64encode(v).decode() for k, v in binary.items()}
    if immutable:
        body = {"immutable": True} | body
    return simple(world, "v1", "ConfigMap", name, namespace, age=age, **more, **body)


def secret(
    world: World,
    name: str,
    namespace: str,
    data: dict[str, bytes | str],
    *,
    kind: str = "Opaque",
    age: float = 60 * DAY,
    **more: Any,
) -> Obj:
    """A Secret; values are given as they are and stored in base64."""
    encoded = {
        k: base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode()
        for k, v in sorted(data.items())
    }
    return simple(world, "v1", "Secret", name, namespace, age=age, data=encoded, type=kind, **more)


def service(
    world: World,
    name: str,
    namespace: str,
    selector: dict[str, str] | None,
    ports: dict[str, tuple[int, int | str]],
    *,
    kind: str = "ClusterIP",
    age: float = 60 * DAY,
    headless: bool = False,
    external: str = "",
    protocol: str = "TCP",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    load_balancer: str = "",
    cluster_ip: str = "",
    pending: bool = False,
) -> Obj:
    """A Service. ports: name to (port, target port)."""
    meta = world.meta("Service", name, namespace, age=age, labels=labels or selector, annotations=annotations)
    if kind == "ExternalName":
        spec: Obj = {"externalName": external, "type": kind, "sessionAffinity": "None"}
        return world.add(
            {
                "kind": "Service",
                "apiVersion": "v1",
                "metadata": meta,
                "spec": spec,
                "status": {"loadBalancer": {}},
            },
            status_manager="",
        )
    rows = []
    for index, (port_name, (port, target)) in enumerate(ports.items()):
        row: Obj = {"name": port_name, "protocol": protocol, "port": port, "targetPort": target}
        if kind in ("NodePort", "LoadBalancer"):
            row["nodePort"] = world.ids.number("node-port", namespace, name, index, low=30000, high=32767)
        rows.append(row)
    ip = "None" if headless else cluster_ip or world.cluster_ip(namespace, name)
    spec = {"ports": rows} | ({"selector": selector} if selector else {})
    spec |= {"clusterIP": ip, "clusterIPs": [ip], "type": kind, "sessionAffinity": "None"}
    if kind in ("NodePort", "LoadBalancer"):
        spec["externalTrafficPolicy"] = "Cluster"
    spec |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    if kind == "LoadBalancer":
        spec["allocateLoadBalancerNodePorts"] = True
    spec["internalTrafficPolicy"] = "Cluster"
    status: Obj = {
        "loadBalancer": {"ingress": [{"ip": load_balancer, "ipMode": "VIP"}]} if load_balancer else {}
    }
    obj = world.add(
        {"kind": "Service", "apiVersion": "v1", "metadata": meta, "spec": spec, "status": status},
        status_manager="",
    )
    if pending:
        world.event(
            obj,
            "SyncLoadBalancerFailed",
            "Error syncing load balancer: failed to ensure load balancer: address pool is exhausted",
            ago=70,
            first=3600,
            count=17,
            warning=True,
            component="service-controller",
        )
    if not headless:
        parent = {"resource": "services", "namespace": namespace, "name": name}
        simple(
            world,
            "networking.k8s.io/v1",
            "IPAddress",
            ip,
            age=age,
            manager="kube-apiserver",
            labels={
                "ipaddress.kubernetes.io/ip-family": "IPv4",
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            },
            spec={"parentRef": parent},
        )
    return obj


def ingress(
    world: World,
    name: str,
    namespace: str,
    host: str,
    paths: dict[str, tuple[str, int | str]],
    *,
    tls: str = "",
    address: str = "203.0.113.20",
    cls: str = "nginx",
    age: float = 60 * DAY,
    annotations: dict[str, str] | None = None,
) -> Obj:
    """An Ingress. paths: path to (service, port)."""
    rules = []
    for path, (backend, port) in paths.items():
        ref = {"number": port} if isinstance(port, int) else {"name": port}
        rules.append(
            {"path": path, "pathType": "Prefix", "backend": {"service": {"name": backend, "port": ref}}}
        )
    spec: Obj = {"ingressClassName": cls}
    if tls:
        spec["tls"] = [{"hosts": [host], "secretName": tls}]
    spec["rules"] = [{"host": host, "http": {"paths": rules}}]
    status: Obj = {"loadBalancer": {"ingress": [{"ip": address}]} if address else {}}
    return simple(
        world,
        "networking.k8s.io/v1",
        "Ingress",
        name,
        namespace,
        age=age,
        generation=1,
        spec=spec,
        annotations=annotations,
        status=status,
        status_manager="nginx-ingress-controller",
    )


def endpoint_slice(world: World, svc: Obj, pods: Sequence[Obj], *, age: float) -> Obj:
    """The EndpointSlice (and the older Endpoints) of a service over these pods."""

    meta = svc["metadata"]
    suffix = world.ids.suffix("slice", meta["namespace"], meta["name"])
    name = f"{meta['name']}-{suffix}"
    obj = slice_object(svc, list(pods), name, trigger=world.ago(age))
    obj["metadata"] = world.meta(
        "EndpointSlice",
        name,
        meta["namespace"],
        age=age,
        labels=obj["metadata"]["labels"],
        annotations=obj["metadata"]["annotations"],
        generate=f"{meta['name']}-",
        generation=1,
    ) | {"ownerReferences": [owner_reference(svc)]}
    world.add(obj, "kube-controller-manager")
    old = endpoints_object(svc, list(pods), trigger=world.ago(age))
    old["metadata"] = world.meta(
        "Endpoints",
        meta["name"],
        meta["namespace"],
        age=age,
        labels=old["metadata"]["labels"],
        annotations=old["metadata"]["annotations"],
    )
    return world.add(old, "kube-controller-manager")


def rbac(
    world: World,
    kind: str,
    name: str,
    namespace: str = "",
    *,
    rules: list[Obj] | None = None,
    subjects: list[Obj] | None = None,
    role: tuple[str, str] | None = None,
    **more: Any,
) -> Obj:
    """A Role, ClusterRole or a binding of one."""
    body: Obj = {}
    if rules is not None:
        body["rules"] = rules
    if subjects is not None:
        body["subjects"] = subjects
    if role:
        body["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]}
    return simple(world, "rbac.authorization.k8s.io/v1", kind, name, namespace, **more, **body)


def rule(verbs: str, resources: str, groups: str = "", names: str = "") -> Obj:
    """One policy rule; lists are given as words."""
    out: Obj = {
        "verbs": verbs.split(),
        "apiGroups": groups.split(",") if groups else [""],
        "resources": resources.split(),
    }
    if names:
        out["resourceNames"] = names.split()
    return out


def subject(kind: str, name: str, namespace: str = "") -> Obj:
    """A subject of a binding."""
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}
