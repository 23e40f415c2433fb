"""What runs on top of every cluster of this make: DNS, metrics, the ingress controller."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, World
from k8stui.demo.world.podspec import container, probe, template
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]

SYSTEM = "kube-system"
OLD = 211 * DAY
TOLERATE_ALL = [{"operator": "Exists"}]
CONTROL_PLANE = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]


def labels(name: str, part: str = "", component: str = "") -> dict[str, str]:
    """The recommended labels."""
    out = {"app.kubernetes.io/name": name}
    if component:
        out["app.kubernetes.io/component"] = component
    if part:
        out["app.kubernetes.io/part-of"] = part
    return out


def make_core_dns(world: World) -> None:
    corefile = (
        ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes cluster.local"
        " in-addr.arpa ip6.arpa {\n       pods insecure\n       ttl 30\n    }\n    prometheus :9153\n   "
        " forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n"
    )
    plain.config_map(world, "coredns", SYSTEM, {"Corefile": corefile}, age=OLD)
    item = container(
        "coredns",
        "registry.k8s.io/coredns/coredns:v1.12.1",
        args=["-conf", "/etc/coredns/Corefile"],
        ports={"dns-tcp": 53, "metrics": 9153},
        cpu="100m",
        memory="70Mi",
        memory_limit="170Mi",
        mounts={"config-volume": "/etc/coredns"},
        readinessProbe=probe(path="/ready", port=8181),
        livenessProbe=probe(
            path="/health", port=8080, initialDelaySeconds=60, timeoutSeconds=5, failureThreshold=5
        ),
        securityContext={
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    )
    volume = {
        "name": "config-volume",
        "configMap": {
            "name": "coredns",
            "items": [{"key": "Corefile", "path": "Corefile"}],
            "defaultMode": 420,
        },
    }
    shape = template(
        {"k8s-app": "kube-dns", "app.kubernetes.io/name": "coredns"},
        [item],
        volumes=[volume],
        dnsPolicy="Default",
        nodeSelector={"kubernetes.io/os": "linux"},
        serviceAccountName="coredns",
        tolerations=CONTROL_PLANE,
        priorityClassName="system-cluster-critical",
    )
    deployment(world, "coredns", SYSTEM, [Revision(shape, OLD)], replicas=2, selector={"k8s-app": "kube-dns"})
    plain.service(
        world,
        "kube-dns",
        SYSTEM,
        {"k8s-app": "kube-dns"},
        {"dns": (53, 53), "metrics": (9153, 9153)},
        age=OLD,
        cluster_ip="10.96.0.10",
    )


def make_metrics_server(world: World) -> None:
    item = container(
        "metrics-server",
        "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
        args=[
            "--cert-dir=/tmp",
            "--secure-port=10250",
            "--kubelet-preferred-address-types=InternalIP",
            "--metric-resolution=15s",
        ],
        ports={"https": 10250},
        cpu="100m",
        memory="200Mi",
        readinessProbe=probe(path="/readyz", port="https", initialDelaySeconds=20),
        livenessProbe=probe(path="/livez", port="https"),
    )
    shape = template(
        {"k8s-app": "metrics-server", "app.kubernetes.io/name": "metrics-server"},
        [item],
        serviceAccountName="metrics-server",
        priorityClassName="system-cluster-critical",
    )
    deployment(
        world,
        "metrics-server",
        SYSTEM,
        [Revision(shape, 120 * DAY)],
        replicas=1,
        selector={"k8s-app": "metrics-server"},
    )
    plain.service(
        world,
        "metrics-server",
        SYSTEM,
        {"k8s-app": "metrics-server"},
        {"https": (443, "https")},
        age=120 * DAY,
    )
    csi = container(
        "csi-provisioner",
        "registry.k8s.io/sig-storage/csi-provisioner:v5.3.0",
        args=["--csi-address=/csi/csi.sock", "--v=2"],
        cpu="10m",
        memory="32Mi",
    )
    shape = template(
        labels("csi-controller", "storage"),
        [csi],
        serviceAccountName="csi-controller",
        priorityClassName="system-cluster-critical",
    )
    deployment(world, "csi-controller", SYSTEM, [Revision(shape, 120 * DAY)], replicas=1)


def make_ingress(world: World) -> None:
    ns = "ingress-nginx"
    item = container(
        "controller",
        "registry.k8s.io/ingress-nginx/controller:v1.13.3",
        args=["/nginx-ingress-controller", "--election-id=ingress-nginx-leader", "--ingress-class=nginx"],
        ports={"http": 80, "https": 443},
        cpu="100m",
        memory="90Mi",
        readinessProbe=probe(path="/healthz", port=10254, initialDelaySeconds=10),
        livenessProbe=probe(path="/healthz", port=10254, initialDelaySeconds=10, failureThreshold=5),
    )
    shape = template(
        labels("ingress-nginx", "ingress-nginx", "controller"), [item], serviceAccountName="ingress-nginx"
    )
    deployment(world, "ingress-nginx-controller", ns, [Revision(shape, 60 * DAY)], replicas=2)
    plain.service(
        world,
        "ingress-nginx-controller",
        ns,
        labels("ingress-nginx"),
        {"http": (80, "http"), "https": (443, "https")},
        kind="LoadBalancer",
        load_balancer="203.0.113.20",
        age=180 * DAY,
    )
    plain.simple(
        world,
        "networking.k8s.io/v1",
        "IngressClass",
        "nginx",
        age=180 * DAY,
        generation=1,
        spec={"controller": "k8s.io/ingress-nginx"},
        annotations={"ingressclass.kubernetes.io/is-default-class": "true"},
    )
    cert = container(
        "cert-manager-controller",
        "quay.io/jetstack/cert-manager-controller:v1.19.1",
        args=["--v=2", "--leader-election-namespace=kube-system"],
        ports={"http-metrics": 9402},
        cpu="10m",
        memory="32Mi",
    )
    deployment(
        world,
        "cert-manager",
        "cert-manager",
        [
            Revision(
                template(labels("cert-manager", "cert-manager"), [cert], serviceAccountName="cert-manager"),
                60 * DAY,
            )
        ],
        replicas=1,
    )
