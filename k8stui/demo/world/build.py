"""Makes the whole world and loads it into a store."""

from __future__ import annotations

import gc
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8stui.demo.resources import BUILTIN, Resource
from k8stui.demo.world import plain
from k8stui.demo.world.backoffice import make_backoffice
from k8stui.demo.world.cluster import make_cluster_objects
from k8stui.demo.world.context import HOUR, World
from k8stui.demo.world.custom import make_custom_objects
from k8stui.demo.world.endpoints import selects
from k8stui.demo.world.filler import make_filler
from k8stui.demo.world.nodes import make_nodes
from k8stui.demo.world.scenarios import make_scenarios
from k8stui.demo.world.shop import make_shop
from k8stui.demo.world.story import seconds_ago, start_events
from k8stui.demo.world.system import make_system

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["build_world", "populate"]


def build_world(*, nodes: int = 0, pods: int = 0, seed: int = 1, now: datetime | None = None) -> World:
    """All objects of a cluster with at least that many nodes and pods.

    `now` is the moment at which the cluster stands as described; ages are counted back from it.
    """
    world = World(seed, (now or datetime.now(UTC)).replace(microsecond=0))
    make_nodes(world, nodes)
    make_cluster_objects(world)
    make_system(world)
    make_shop(world)
    make_backoffice(world)
    make_custom_objects(world)
    make_scenarios(world)
    _starts(world)
    _slices(world)
    have = sum(1 for obj in world.objects if obj["kind"] == "Pod")
    make_filler(world, max(0, pods - have))
    return world


def populate(
    store: Store,
    *,
    nodes: int = 0,
    pods: int = 0,
    seed: int = 1,
    now: datetime | None = None,
    registry: Registry | None = None,
) -> None:
    """Fill an empty store. Custom resources of the world go in under the kinds of their definitions."""
    collects = gc.isenabled()
    gc.disable()  # a hundred thousand new dicts, no garbage: the collector would look at them in vain
    try:
        _load(store, build_world(nodes=nodes, pods=pods, seed=seed, now=now), registry)
    finally:
        if collects:
            gc.enable()


def _load(store: Store, world: World, registry: Registry | None) -> None:
    kinds: dict[tuple[str, str], Resource] = {(r.api_version, r.kind): r for r in BUILTIN if r.storage != "-"}
    if registry is not None:
        kinds |= {(r.api_version, r.kind): r for r in registry if r.storage != "-"}
    for obj in world.objects:
        res = kinds.get((obj["apiVersion"], obj["kind"]))
        if res is None:
            res = _custom_kind(world, obj)
            kinds[obj["apiVersion"], obj["kind"]] = res
        store.create(res, obj)


def _custom_kind(world: World, obj: Obj) -> Resource:
    """The kind of a custom object by its definition in this world. Raises LookupError without one."""
    group, _, version = obj["apiVersion"].partition("/")
    for crd in world.objects:
        spec = crd.get("spec", {})
        if (
            crd["kind"] == "CustomResourceDefinition"
            and spec["group"] == group
            and spec["names"]["kind"] == obj["kind"]
        ):
            names = spec["names"]
            return Resource(
                group,
                version,
                names["plural"],
                names["kind"],
                names["singular"],
                namespaced=spec["scope"] == "Namespaced",
                custom=True,
            )
    raise LookupError(f"no kind {obj['kind']} in {obj['apiVersion']}")


def _starts(world: World) -> None:
    """Events of pods that started within the hour that a cluster remembers, unless they have some already."""
    told = {o["involvedObject"]["uid"] for o in world.objects if o["kind"] == "Event"}
    for pod in [o for o in world.objects if o["kind"] == "Pod"]:
        young = seconds_ago(world, pod["metadata"]["creationTimestamp"]) < HOUR - 10
        states = pod["status"].get("containerStatuses", [])
        ran = states and all("waiting" not in s["state"] for s in states)
        if young and ran and pod["metadata"]["uid"] not in told:
            start_events(world, pod)


def _slices(world: World) -> None:
    """EndpointSlices and Endpoints of all services with a selector."""
    by_namespace: dict[str, list[Obj]] = defaultdict(list)
    for obj in world.objects:
        if obj["kind"] == "Pod":
            by_namespace[obj["metadata"]["namespace"]].append(obj)
    for svc in [o for o in world.objects if o["kind"] == "Service"]:
        selector, meta = svc["spec"].get("selector"), svc["metadata"]
        if selector:
            mine = [
                p for p in by_namespace[meta["namespace"]] if selects(selector, p["metadata"].get("labels"))
            ]
            mine.sort(key=lambda pod: str(pod["metadata"]["name"]))
            plain.endpoint_slice(world, svc, mine, age=seconds_ago(world, meta["creationTimestamp"]))
