"""Many more pods of the same make, for clusters of ten thousands: Deployments in namespaces of their own.

Everything that does not differ between the pods of a ReplicaSet is one shared object (spec, managedFields,
labels...): a pod costs a few microseconds and about a kilobyte. Nobody changes stored objects in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, HOUR, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.podspec import container, probe, template
from k8stui.demo.world.workloads import Revision, deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

Obj = dict[str, Any]

PER_DEPLOYMENT = 20
DEPLOYMENTS_PER_NAMESPACE = 10
REGIONS = ("seoul", "busan", "incheon", "daegu", "daejeon", "gwangju", "suwon", "jeju", "ulsan", "sejong")
APPS = (
    ("storefront", "shop/storefront", "4.12.0"),
    ("cart", "shop/cart", "2.7.1"),
    ("catalog", "shop/catalog", "1.31.4"),
    ("orders", "shop/orders", "5.1.0"),
    ("search", "shop/search", "8.2.0"),
    ("notifier", "shop/notifier", "0.14.2"),
    ("gateway", "payments/gateway", "3.2.0"),
    ("resizer", "shop/image-resizer", "1.4.0"),
    ("picker", "shop/catalog", "1.30.0"),
    ("delivery", "shop/orders", "5.0.7"),
)


def _places(world: World) -> Iterator[tuple[str, str]]:
    """Nodes in turn, with the address of the next pod there."""
    while True:
        for node in world.nodes:
            yield node, world.pod_ip(node)


def make_filler(world: World, count: int) -> None:
    """`count` more pods, in Deployments of twenty."""
    places = _places(world)
    world.shape = "branch"
    made, number = 0, 0
    while made < count:
        index, app = divmod(number, DEPLOYMENTS_PER_NAMESPACE)
        namespace = f"branch-{REGIONS[index % len(REGIONS)]}-{index // len(REGIONS) + 1:02d}"
        age = (20 + number % 40) * DAY
        if app == 0:
            plain.namespace(world, namespace, age=60 * DAY, labels={"moa.example/team": "branches"})
        pods = min(PER_DEPLOYMENT, count - made)
        _branch(world, namespace, APPS[app], pods, age, places)
        made, number = made + pods, number + 1
    world.shape = ""


def _branch(
    world: World,
    namespace: str,
    app: tuple[str, str, str],
    count: int,
    age: float,
    places: Iterator[tuple[str, str]],
) -> None:
    name, image, tag = app
    ready = probe(path="/readyz", port="http")
    item = container(
        name,
        f"{REGISTRY}/{image}:{tag}",
        ports={"http": 8080},
        cpu="25m",
        memory="32Mi",
        memory_limit="64Mi",
        readinessProbe=ready,
    )
    shape = template({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": namespace}, [item])
    node, _ = next(places)
    how_many = len(world.objects)
    deployment(world, name, namespace, [Revision(shape, age)], replicas=count, new_replicas=1, node=node)
    model, rs, deploy = world.objects[how_many : how_many + 3]
    for obj in (rs, deploy):
        status = obj["status"]
        for key in (
            "replicas",
            "updatedReplicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
        ):
            if key in status:
                status[key] = count
        status.pop("unavailableReplicas", None)
    rs["spec"]["replicas"] = count
    deploy["status"]["conditions"][0] |= {
        "status": "True",
        "reason": "MinimumReplicasAvailable",
        "message": "Deployment has minimum availability.",
    }
    world.objects.extend(_clones(world, model, count - 1, age, places))


def _clones(
    world: World, model: Obj, count: int, age: float, places: Iterator[tuple[str, str]]
) -> Iterator[Obj]:
    """Pods like the model, each with its own name, place, address, ids and times."""
    meta, status, ids = model["metadata"], model["status"], world.ids
    conditions = status["conditions"]
    first = status["containerStatuses"][0]
    base = meta["generateName"]
    for number in range(count):
        node, ip = next(places)
        bits = ids.digest("filler", meta["namespace"], base, number, size=53).hex()
        older = int(age) - int(bits[100:103], 16) * 60 % int(min(age, 20 * HOUR))
        born, started, settled = world.ago(older), world.ago(older - 3), world.ago(older - 5)
        host = world.node_ips[node]
        suffix = ids.suffix("filler", base, meta["namespace"], number)
        yield {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                **meta,
                "name": base + suffix,
                "uid": f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}",
                "creationTimestamp": born,
            },
            "spec": {**model["spec"], "nodeName": node},
            "status": {
                **status,
                "conditions": [{**c, "lastTransitionTime": settled} for c in conditions],
                "hostIP": host,
                "hostIPs": [{"ip": host}],
                "podIP": ip,
                "podIPs": [{"ip": ip}],
                "startTime": born,
                "containerStatuses": [
                    {
                        **first,
                        "state": {"running": {"startedAt": started}},
                        "containerID": f"containerd://{bits[32:96]}",
                    }
                ],
            },
        }
