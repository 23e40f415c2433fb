"""Pods that no node takes: too big, not tolerated, nowhere to go, waiting for a volume, gated."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import storage
from k8stui.demo.world.context import HOUR, MINUTE, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.podspec import container
from k8stui.demo.world.scenarios.ward import CLINIC, image, patient

Obj = dict[str, Any]

STEADY = image("steady")


def verdict(world: World, reasons: dict[str, int], *, helpful: int = 0) -> str:
    """The scheduler's sentence; the nodes not named in `reasons` are those that it already gave up."""
    total = sum(1 for o in world.objects if o["kind"] == "Node")
    parts = sorted(f"{n} {why}" for why, n in reasons.items() if n)
    rest = [f"{helpful} No preemption victims found for incoming pod"] if helpful else []
    if total - helpful:
        rest.append(f"{total - helpful} Preemption is not helpful for scheduling")
    return (
        f"0/{total} nodes are available: {', '.join(parts)}. no new claims to deallocate, preemption: "
        f"0/{total} nodes are available: {', '.join(rest)}."
    )


def tainted(world: World) -> dict[str, int]:
    """How many nodes each taint (or cordon) closes to ordinary pods, in the scheduler's words."""
    found: dict[str, int] = {}
    for node in (o for o in world.objects if o["kind"] == "Node"):
        if node["spec"].get("unschedulable"):
            key = "node(s) were unschedulable"
        elif taints := [t for t in node["spec"].get("taints", []) if t["effect"] != "PreferNoSchedule"]:
            key = f"node(s) had untolerated taint {{{taints[0]['key']}: {taints[0].get('value', '')}}}"
        else:
            continue
        found[key] = found.get(key, 0) + 1
    return found


def _open(world: World) -> int:
    return sum(1 for o in world.objects if o["kind"] == "Node") - sum(tainted(world).values())


def _stuck(
    world: World, name: str, spec: Obj, note: str, message: str, age: float, items: list[Obj] | None = None
) -> Obj:
    pod = patient(world, name, items or STEADY, note, age=age, spec=spec, unscheduled=message)
    world.scheduling_event(pod, message, ago=25, first=min(age, 3400.0), count=max(2, int(age / 300)))
    return pod


def too_big(world: World) -> None:
    """Asks for more CPU than any node has."""
    message = verdict(world, tainted(world) | {"Insufficient cpu": _open(world)})
    item = container("app", STEADY, cpu="64", memory="1Gi")
    _stuck(
        world, "unschedulable-cpu", {}, "CPU 64개를 요청함: no node is that large", message, 2 * HOUR, [item]
    )


def not_tolerated(world: World) -> None:
    """Selects the GPU node, but does not tolerate its taint."""
    reasons = tainted(world)
    gpu = "node(s) had untolerated taint {nvidia.com/gpu: present}"
    message = verdict(
        world, {gpu: 1, "node(s) didn't match Pod's node affinity/selector": _open(world)} | reasons
    )
    _stuck(
        world,
        "unschedulable-taint",
        {"nodeSelector": {"accelerator": "nvidia-a10g"}},
        "GPU 노드의 taint를 허용하지 않음",
        message,
        HOUR,
    )


def no_such_node(world: World) -> None:
    """A nodeSelector that fits no node."""
    message = verdict(
        world, tainted(world) | {"node(s) didn't match Pod's node affinity/selector": _open(world)}
    )
    _stuck(
        world,
        "unschedulable-selector",
        {"nodeSelector": {"moa.example/disk": "nvme"}},
        "nodeSelector 오타: no node has disk=nvme",
        message,
        40 * MINUTE,
    )


def unbound_claim(world: World) -> None:
    """Its claim names a storage class that does not exist."""
    storage.claim(world, "scratch-nvme", CLINIC, "10Gi", "moa-nvme", age=50 * MINUTE, bound=False)
    world.event(
        world.find("PersistentVolumeClaim", "scratch-nvme", CLINIC),
        "ProvisioningFailed",
        'storageclass.storage.k8s.io "moa-nvme" not found',
        ago=9,
        first=50 * MINUTE,
        count=201,
        warning=True,
        component="persistentvolume-controller",
    )
    spec = {"volumes": [{"name": "scratch", "persistentVolumeClaim": {"claimName": "scratch-nvme"}}]}
    total = sum(1 for o in world.objects if o["kind"] == "Node")
    message = (
        f"0/{total} nodes are available: pod has unbound immediate PersistentVolumeClaims. no new claims to"
        f" deallocate, preemption: 0/{total} nodes are available: {total} Preemption is not helpful for"
        " scheduling."
    )
    item = container("app", STEADY, mounts={"scratch": "/scratch"})
    _stuck(
        world, "unschedulable-volume", spec, "존재하지 않는 StorageClass의 PVC", message, 50 * MINUTE, [item]
    )


def missing_claim(world: World) -> None:
    """Names a claim that nobody made."""
    total = sum(1 for o in world.objects if o["kind"] == "Node")
    message = (
        f'0/{total} nodes are available: persistentvolumeclaim "no-such-claim" not found. no new claims to'
        f" deallocate, preemption: 0/{total} nodes are available: {total} Preemption is not helpful for"
        " scheduling."
    )
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "no-such-claim"}}]}
    _stuck(world, "missing-claim", spec, "PVC를 만들지 않음", message, 25 * MINUTE)


def waiting_claims(world: World) -> None:
    """A claim of a WaitForFirstConsumer class that nobody uses yet."""
    claim = storage.claim(world, "waits-for-consumer", CLINIC, "5Gi", "moa-ssd", age=3 * HOUR, bound=False)
    world.event(
        claim,
        "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding",
        ago=12,
        first=3400,
        count=227,
        component="persistentvolume-controller",
    )


def too_many_pods(world: World) -> None:
    """A small edge machine that is full: six pods at most."""
    place: Obj = {
        "nodeSelector": {"moa.example/site": "seoul-popup-store"},
        "tolerations": [{"key": "moa.example/edge", "operator": "Exists", "effect": "NoSchedule"}],
    }
    here = sum(1 for o in world.objects if o["kind"] == "Pod" and o["spec"].get("nodeName") == "edge-seoul-1")
    for number in range(6 - here):
        patient(
            world,
            f"edge-display-{number + 1}",
            STEADY,
            "팝업스토어 화면",
            age=26 * HOUR,
            spec=place,
            node="edge-seoul-1",
        )
    reasons = tainted(world)
    del reasons["node(s) had untolerated taint {moa.example/edge: }"]
    message = verdict(
        world,
        reasons | {"Too many pods": 1, "node(s) didn't match Pod's node affinity/selector": _open(world)},
        helpful=1,
    )
    _stuck(world, "unschedulable-too-many-pods", place, "엣지 노드의 파드 수 한도 초과", message, 70 * MINUTE)


def port_taken(world: World) -> None:
    """Two pods want the same port of the same machine."""
    place: Obj = {"nodeSelector": {"kubernetes.io/hostname": "worker-a1"}}

    def item() -> Obj:
        return container("proxy", f"{REGISTRY}/clinic/steady:1.0", ports={"http": 8080}) | {
            "ports": [{"name": "http", "hostPort": 18080, "containerPort": 8080, "protocol": "TCP"}]
        }

    patient(
        world,
        "host-port-first",
        [item()],
        "호스트 포트 18080 사용 중",
        age=5 * HOUR,
        spec=place,
        node="worker-a1",
    )
    reasons = tainted(world) | {
        "node(s) didn't have free ports for the requested pod ports": 1,
        "node(s) didn't match Pod's node affinity/selector": _open(world) - 1,
    }
    message = verdict(world, reasons, helpful=1)
    _stuck(world, "unschedulable-host-port", place, "호스트 포트 충돌", message, 35 * MINUTE, [item()])


def gated(world: World) -> None:
    """Held back by a scheduling gate until an outside controller lets it go."""
    spec: Obj = {"schedulingGates": [{"name": "moa.example/wait-for-approval"}]}
    patient(world, "scheduling-gated", STEADY, "승인 대기", age=15 * MINUTE, spec=spec, gated=True)


SCENARIOS = (
    too_big,
    not_tolerated,
    no_such_node,
    unbound_claim,
    missing_claim,
    waiting_claims,
    too_many_pods,
    port_taken,
    gated,
)
