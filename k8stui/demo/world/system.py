"""What every cluster of this make has: system namespaces and pods, classes, RBAC defaults, storage."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.addons import OLD, SYSTEM, labels, make_core_dns, make_ingress, make_metrics_server
from k8stui.demo.world.context import DAY, World
from k8stui.demo.world.nodes import VERSION
from k8stui.demo.world.pods import How, done, make_pod
from k8stui.demo.world.podspec import container, pod_spec, probe, template
from k8stui.demo.world.sets import daemon_set

Obj = dict[str, Any]

__all__ = ["make_system"]

TOLERATE_ALL = [{"operator": "Exists"}]
CONTROL_PLANE = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]


def _namespaces(world: World) -> None:
    for name, age in (("default", OLD), (SYSTEM, OLD), ("kube-public", OLD), ("kube-node-lease", OLD)):
        plain.namespace(world, name, age=age)
    for name, age, team in (
        ("ingress-nginx", 180 * DAY, "platform"),
        ("cert-manager", 180 * DAY, "platform"),
        ("monitoring", 176 * DAY, "platform"),
    ):
        plain.namespace(world, name, age=age, labels={"moa.example/team": team})


def _static_pods(world: World) -> None:
    node = world.find("Node", "control-1")
    flags = {
        "etcd": (
            "registry.k8s.io/etcd:3.6.4-0",
            ["etcd", "--data-dir=/var/lib/etcd", "--snapshot-count=10000"],
            0,
        ),
        "kube-apiserver": (
            f"registry.k8s.io/kube-apiserver:{VERSION}",
            ["kube-apiserver", "--authorization-mode=Node,RBAC", "--secure-port=6443"],
            1,
        ),
        "kube-controller-manager": (
            f"registry.k8s.io/kube-controller-manager:{VERSION}",
            ["kube-controller-manager", "--leader-elect=true"],
            3,
        ),
        "kube-scheduler": (
            f"registry.k8s.io/kube-scheduler:{VERSION}",
            ["kube-scheduler", "--leader-elect=true"],
            3,
        ),
    }
    for name, (image, command, restarts) in flags.items():
        live = probe(path="/livez", port=10259, initialDelaySeconds=10, failureThreshold=8)
        item = container(name, image, command=command, cpu="100m", memory="256Mi", livenessProbe=live)
        spec = pod_spec(
            [item],
            hostNetwork=True,
            priorityClassName="system-node-critical",
            tolerations=[{"operator": "Exists", "effect": "NoExecute"}],
            automountServiceAccountToken=False,
            securityContext={"seccompProfile": {"type": "RuntimeDefault"}},
        )
        digest = world.ids.hex("mirror", name, length=32)
        how = (
            How(restarts=restarts, since=12 * DAY, last=done(1, since=12 * DAY + 4, ran=3 * DAY))
            if restarts
            else How()
        )
        make_pod(
            world,
            f"{name}-control-1",
            SYSTEM,
            spec,
            age=OLD - 60,
            node="control-1",
            owner=node,
            labels={"component": name, "tier": "control-plane"},
            how={name: how},
            annotations={
                "kubernetes.io/config.hash": digest,
                "kubernetes.io/config.mirror": digest,
                "kubernetes.io/config.seen": world.ago(OLD),
                "kubernetes.io/config.source": "file",
            },
        )


def _daemons(world: World, nodes: list[str]) -> None:
    proxy = container(
        "kube-proxy",
        f"registry.k8s.io/kube-proxy:{VERSION}",
        command=[
            "/usr/local/bin/kube-proxy",
            "--config=/var/lib/kube-proxy/config.conf",
            "--hostname-override=$(NODE_NAME)",
        ],
        env={"NODE_NAME": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}},
        mounts={"kube-proxy": "/var/lib/kube-proxy"},
        securityContext={"privileged": True},
    )
    config = {"name": "kube-proxy", "configMap": {"name": "kube-proxy", "defaultMode": 420}}
    plain.config_map(
        world,
        "kube-proxy",
        SYSTEM,
        {
            "config.conf": (
                "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode:"
                " nftables\nclusterCIDR: 10.244.0.0/14\n"
            )
        },
        age=OLD,
    )
    common: Obj = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "tolerations": TOLERATE_ALL,
    }
    daemon_set(
        world,
        "kube-proxy",
        SYSTEM,
        template(labels("kube-proxy"), [proxy], volumes=[config], serviceAccountName="kube-proxy", **common),
        age=OLD,
        nodes=nodes,
    )
    agent = container(
        "cilium-agent",
        "quay.io/cilium/cilium:v1.18.2",
        command=["cilium-agent"],
        args=["--config-dir=/tmp/cilium/config-map"],
        cpu="100m",
        memory="256Mi",
        memory_limit="1Gi",
        livenessProbe=probe(path="/healthz", port=9879, initialDelaySeconds=120, periodSeconds=30),
        readinessProbe=probe(path="/healthz", port=9879, periodSeconds=30),
    )
    init = container(
        "mount-cgroup",
        "quay.io/cilium/cilium:v1.18.2",
        command=["sh", "-ec", "cp /usr/bin/cilium-mount /hostbin/cilium-mount; rm /hostbin/cilium-mount"],
    )
    daemon_set(
        world,
        "cilium",
        SYSTEM,
        template(
            labels("cilium", "cilium"), [agent], initContainers=[init], serviceAccountName="cilium", **common
        ),
        age=OLD,
        nodes=nodes,
    )
    exporter = container(
        "node-exporter",
        "quay.io/prometheus/node-exporter:v1.9.1",
        args=["--path.rootfs=/host/root"],
        ports={"metrics": 9100},
        cpu="50m",
        memory="48Mi",
        memory_limit="128Mi",
        mounts={"root": "/host/root"},
    )
    root = {"name": "root", "hostPath": {"path": "/", "type": ""}}
    daemon_set(
        world,
        "node-exporter",
        "monitoring",
        template(
            labels("node-exporter", "monitoring"),
            [exporter],
            volumes=[root],
            hostPID=True,
            serviceAccountName="node-exporter",
            **common,
        ),
        age=170 * DAY,
        nodes=nodes,
    )
    bit = container(
        "fluent-bit",
        "fluent/fluent-bit:4.1.0",
        ports={"http": 2020},
        cpu="50m",
        memory="64Mi",
        memory_limit="256Mi",
        mounts={"varlog": "/var/log"},
    )
    varlog = {"name": "varlog", "hostPath": {"path": "/var/log", "type": ""}}
    workers = [n for n in nodes if not n.startswith(("control", "gpu", "edge"))]
    daemon_set(
        world,
        "fluent-bit",
        "monitoring",
        template(
            labels("fluent-bit", "monitoring"), [bit], volumes=[varlog], serviceAccountName="fluent-bit"
        ),
        age=90 * DAY,
        nodes=workers,
    )


def _leader_leases(world: World) -> None:
    for name in ("kube-controller-manager", "kube-scheduler"):
        spec = {
            "holderIdentity": f"control-1_{world.ids.uid('leader', name)}",
            "leaseDurationSeconds": 15,
            "acquireTime": world.micro_ago(12 * DAY),
            "renewTime": world.micro_ago(1),
            "leaseTransitions": 3,
        }
        plain.simple(world, "coordination.k8s.io/v1", "Lease", name, SYSTEM, age=OLD, manager=name, spec=spec)
    info = {"kubernetes.io/hostname": "control-1", "apiserver.kubernetes.io/identity": "kube-apiserver"}
    identity = f"apiserver-{world.ids.hex('api', length=26)}"
    spec = {
        "holderIdentity": identity,
        "leaseDurationSeconds": 3600,
        "renewTime": world.micro_ago(4),
    }
    plain.simple(
        world,
        "coordination.k8s.io/v1",
        "Lease",
        identity,
        SYSTEM,
        age=12 * DAY,
        manager="kube-apiserver",
        labels=info,
        spec=spec,
    )


def make_system(world: World) -> None:
    """Everything outside of the shop's own namespaces."""
    _namespaces(world)
    nodes = [o["metadata"]["name"] for o in world.objects if o["kind"] == "Node"]
    for name in ("kube-proxy", "cilium", "coredns", "metrics-server", "csi-controller"):
        plain.service_account(world, name, SYSTEM, age=OLD)
    for name, ns in (
        ("node-exporter", "monitoring"),
        ("fluent-bit", "monitoring"),
        ("ingress-nginx", "ingress-nginx"),
        ("cert-manager", "cert-manager"),
        ("prometheus", "monitoring"),
    ):
        plain.service_account(world, name, ns)
    kubernetes = plain.service(
        world,
        "kubernetes",
        "default",
        None,
        {"https": (443, 6443)},
        age=OLD,
        cluster_ip="10.96.0.1",
        labels={"component": "apiserver", "provider": "kubernetes"},
    )
    address = world.node_ips["control-1"]
    plain.simple(
        world,
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "kubernetes",
        "default",
        age=OLD,
        manager="kube-apiserver",
        generation=1,
        labels={"kubernetes.io/service-name": "kubernetes"},
        addressType="IPv4",
        endpoints=[{"addresses": [address], "conditions": {"ready": True}}],
        ports=[{"name": "https", "protocol": "TCP", "port": 6443}],
    )
    plain.simple(
        world,
        "v1",
        "Endpoints",
        kubernetes["metadata"]["name"],
        "default",
        age=OLD,
        manager="kube-apiserver",
        labels={"endpointslice.kubernetes.io/skip-mirror": "true"},
        subsets=[
            {"addresses": [{"ip": address}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}
        ],
    )
    _static_pods(world)
    _daemons(world, nodes)
    make_core_dns(world)
    make_metrics_server(world)
    make_ingress(world)
    _leader_leases(world)
