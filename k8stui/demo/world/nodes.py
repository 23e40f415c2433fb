"""The machines: a control plane, workers in three zones, and the three that are in trouble.

`make_nodes` writes nodes with their leases and CSINodes, and the events that kubelets and the node
controller left behind. Extra nodes for large clusters are more workers of the same make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.images import IMAGES, image_digest

Obj = dict[str, Any]

__all__ = ["VERSION", "NodePlan", "make_nodes"]

VERSION = "v1.34.2"
ZONES = ("ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c")
PRESSURE = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}
UNDER_PRESSURE = {
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure"),
}
LOST = ("NodeStatusUnknown", "Kubelet stopped posting node status.")


@dataclass(frozen=True)
class NodePlan:
    """What a node is to be. `lost`: seconds since its kubelet was last heard of."""

    name: str
    role: str = ""
    cpu: int = 8
    memory_gib: int = 32
    pods: int = 110
    kind: str = "m6i.2xlarge"
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[tuple[str, str, str], ...] = ()
    pressure: tuple[str, ...] = ()
    lost: float | None = None
    cordoned: bool = False
    schedulable: bool = True
    """Whether the world puts ordinary pods here."""
    age: float = 83 * DAY
    version: str = VERSION


BASE: tuple[NodePlan, ...] = (
    NodePlan(
        "control-1",
        "control-plane",
        4,
        16,
        kind="m6i.xlarge",
        schedulable=False,
        taints=(("node-role.kubernetes.io/control-plane", "", "NoSchedule"),),
        age=211 * DAY,
    ),
    NodePlan("worker-a1"),
    NodePlan("worker-a2"),
    NodePlan("worker-b1"),
    NodePlan("worker-b2", age=9 * DAY),
    NodePlan("worker-c1"),
    NodePlan("worker-c2", cordoned=True, schedulable=False, version="v1.33.6"),
    NodePlan("worker-b3", pressure=("DiskPressure", "MemoryPressure"), schedulable=False),
    NodePlan("worker-c3", lost=17 * MINUTE, schedulable=False),
    NodePlan(
        "gpu-a1",
        "gpu",
        16,
        64,
        kind="g5.4xlarge",
        schedulable=False,
        labels={"accelerator": "nvidia-a10g"},
        taints=(("nvidia.com/gpu", "present", "NoSchedule"),),
        age=31 * DAY,
    ),
    NodePlan(
        "edge-seoul-1",
        "edge",
        2,
        4,
        pods=6,
        kind="edge.small",
        schedulable=False,
        age=40 * DAY,
        labels={"moa.example/site": "seoul-popup-store"},
        taints=(("moa.example/edge", "", "NoSchedule"),),
    ),
)


def _conditions(world: World, plan: NodePlan) -> list[Obj]:
    def row(kind: str, status: str, beat: float, since: float, why: tuple[str, str]) -> Obj:
        return {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": world.ago(beat),
            "lastTransitionTime": world.ago(since),
            "reason": why[0],
            "message": why[1],
        }

    beat = world.ids.number("beat", plan.name, high=240) if plan.lost is None else plan.lost + 40
    rows = [
        row(
            "NetworkUnavailable",
            "False",
            plan.age - 20,
            plan.age - 20,
            ("CiliumIsUp", "Cilium is running on this node"),
        )
    ]
    for kind, fine in PRESSURE.items():
        if plan.lost is not None:
            rows.append(row(kind, "Unknown", beat, plan.lost, LOST))
        elif kind in plan.pressure:
            rows.append(row(kind, "True", beat, 22 * MINUTE, UNDER_PRESSURE[kind]))
        else:
            rows.append(row(kind, "False", beat, plan.age, fine))
    if plan.lost is not None:
        rows.append(row("Ready", "Unknown", beat, plan.lost, LOST))
    else:
        rows.append(
            row("Ready", "True", beat, plan.age - 30, ("KubeletReady", "kubelet is posting ready status"))
        )
    return rows


def _taints(world: World, plan: NodePlan) -> list[Obj]:
    out: list[Obj] = [
        {"key": key} | ({"value": value} if value else {}) | {"effect": effect}
        for key, value, effect in plan.taints
    ]
    if plan.cordoned:
        since = world.ago(3 * HOUR)
        out.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": since})
    for kind in plan.pressure:
        key = {"DiskPressure": "disk-pressure", "MemoryPressure": "memory-pressure"}[kind]
        out.append(
            {"key": f"node.kubernetes.io/{key}", "effect": "NoSchedule", "timeAdded": world.ago(22 * MINUTE)}
        )
    if plan.lost is not None:
        key, since = "node.kubernetes.io/unreachable", world.ago(plan.lost)
        out += [{"key": key, "effect": effect, "timeAdded": since} for effect in ("NoSchedule", "NoExecute")]
    return out


def _labels(plan: NodePlan, index: int) -> dict[str, str]:
    zone = ZONES["abc".find(plan.name.rpartition("-")[2][:1])]
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": plan.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": plan.kind,
        "topology.kubernetes.io/region": "ap-northeast-2",
        "topology.kubernetes.io/zone": zone,
    }
    if plan.role:
        labels[f"node-role.kubernetes.io/{plan.role}"] = ""
    elif index % 3 == 1:
        labels["moa.example/disk"] = "ssd"
    return dict(sorted((labels | plan.labels).items()))


def _images(plan: NodePlan) -> list[Obj]:
    versions = {
        "quay.io/cilium/cilium": "v1.18.2",
        "registry.k8s.io/kube-proxy": VERSION,
        "registry.k8s.io/pause": "3.10",
        "fluent/fluent-bit": "4.1.0",
    }
    names = [n for n in IMAGES if ":" not in n and not IMAGES[n].pull_error and "clinic" not in n]
    chosen = [n for i, n in enumerate(names) if n in versions or (i + len(plan.name) * 3 + plan.cpu) % 3 == 0]
    out = []
    for name in sorted(chosen, key=lambda n: -IMAGES[n].megabytes):
        tag = f"{name}:{versions.get(name, '2.4.1')}"
        size = IMAGES[name].megabytes * 1_000_003
        out.append({"names": [f"{name}@{image_digest(tag)}", tag], "sizeBytes": size})
    return out


def _node(world: World, plan: NodePlan, index: int) -> Obj:
    ip = f"10.0.{index // 200}.{10 + index % 200}"
    world.node_ips[plan.name] = ip
    cidr = f"10.{244 + index // 256}.{index % 256}.0/24"
    meta = world.meta(
        "Node",
        plan.name,
        age=plan.age,
        labels=_labels(plan, index),
        annotations={
            "csi.volume.kubernetes.io/nodeid": f'{{"csi.moa.example":"{plan.name}"}}',
            "node.alpha.kubernetes.io/ttl": "0",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        },
    )
    spec: Obj = {"podCIDR": cidr, "podCIDRs": [cidr], "providerID": f"moa:///{plan.kind}/{plan.name}"}
    if taints := _taints(world, plan):
        spec["taints"] = taints
    if plan.cordoned:
        spec["unschedulable"] = True
    total = plan.memory_gib * 1024 * 1024 - world.ids.number("memory", plan.name, high=400_000)
    capacity = {
        "cpu": str(plan.cpu),
        "ephemeral-storage": "103079844Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{total}Ki",
        "pods": str(plan.pods),
    }
    allocatable = capacity | {
        "cpu": f"{plan.cpu * 1000 - 90}m",
        "ephemeral-storage": "94998384074",
        "memory": f"{total - 1_048_576}Ki",
    }
    if plan.role == "gpu":
        capacity["nvidia.com/gpu"] = allocatable["nvidia.com/gpu"] = "1"
    machine = world.ids.hex("machine", plan.name, length=32)
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": meta,
        "spec": spec,
        "status": {
            "capacity": capacity,
            "allocatable": allocatable,
            "conditions": _conditions(world, plan),
            "addresses": [
                {"type": "InternalIP", "address": ip},
                {"type": "Hostname", "address": plan.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": machine,
                "systemUUID": world.ids.uid("system", plan.name),
                "bootID": world.ids.uid("boot", plan.name),
                "kernelVersion": "6.12.41-cloud-amd64",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": plan.version,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
            "images": _images(plan),
            "runtimeHandlers": [
                {"name": "", "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}}
            ],
        },
    }


def _companions(world: World, plan: NodePlan, node: Obj) -> None:
    owner = [{k: node[k] for k in ("apiVersion", "kind")} | {k: node["metadata"][k] for k in ("name", "uid")}]
    meta = world.meta("Lease", plan.name, "kube-node-lease", age=plan.age) | {"ownerReferences": owner}
    beat = world.ids.number("lease", plan.name, high=10) if plan.lost is None else plan.lost + 40
    spec = {"holderIdentity": plan.name, "leaseDurationSeconds": 40, "renewTime": world.micro_ago(beat)}
    world.add(
        {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": meta, "spec": spec}, "kubelet"
    )
    meta = world.meta("CSINode", plan.name, age=plan.age) | {"ownerReferences": owner}
    driver = {
        "name": "csi.moa.example",
        "nodeID": plan.name,
        "topologyKeys": ["topology.kubernetes.io/zone"],
        "allocatable": {"count": 25},
    }
    world.add(
        {
            "kind": "CSINode",
            "apiVersion": "storage.k8s.io/v1",
            "metadata": meta,
            "spec": {"drivers": [driver]},
        },
        "kubelet",
    )


def _events(world: World, plan: NodePlan, node: Obj) -> None:
    name = plan.name
    if plan.lost is not None:
        world.event(
            node,
            "NodeNotReady",
            f"Node {name} status is now: NodeNotReady",
            ago=plan.lost,
            component="node-controller",
        )
    if plan.cordoned:
        world.event(
            node,
            "NodeNotSchedulable",
            f"Node {name} status is now: NodeNotSchedulable",
            ago=50 * MINUTE,
            host=name,
        )
    if "DiskPressure" in plan.pressure:
        world.event(
            node,
            "NodeHasDiskPressure",
            f"Node {name} status is now: NodeHasDiskPressure",
            ago=22 * MINUTE,
            host=name,
        )
        world.event(
            node,
            "FreeDiskSpaceFailed",
            "Failed to garbage collect required amount of images. Attempted to free "
            "5368709120 bytes, but only found 212341248 bytes eligible to free.",
            ago=3 * MINUTE,
            first=22 * MINUTE,
            count=5,
            warning=True,
            host=name,
        )
        world.event(
            node,
            "EvictionThresholdMet",
            "Attempting to reclaim ephemeral-storage",
            ago=2 * MINUTE,
            first=22 * MINUTE,
            count=41,
            warning=True,
            host=name,
        )
    if "MemoryPressure" in plan.pressure:
        world.event(
            node,
            "NodeHasInsufficientMemory",
            f"Node {name} status is now: NodeHasInsufficientMemory",
            ago=21 * MINUTE,
            host=name,
        )
        world.event(
            node,
            "SystemOOM",
            "System OOM encountered, victim process: python3, pid: 48213",
            ago=26 * MINUTE,
            warning=True,
            host=name,
        )


def make_nodes(world: World, count: int) -> None:
    """At least the base nodes, in all `count` of them."""
    plans = list(BASE)
    plans += [
        NodePlan(
            f"worker-{'abc'[i % 3]}{100 + i}",
            cpu=16,
            memory_gib=64,
            kind="m6i.4xlarge",
            age=(4 + i % 60) * DAY,
        )
        for i in range(max(0, count - len(plans)))
    ]
    for index, plan in enumerate(plans):
        world.shape = "worker" if index >= len(BASE) else ""
        node = world.add(_node(world, plan, index), "kubelet", status_manager="kubelet")
        _companions(world, plan, node)
        _events(world, plan, node)
        if plan.schedulable:
            world.nodes.append(plan.name)
    world.shape = ""
