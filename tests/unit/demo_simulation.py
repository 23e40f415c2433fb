"""A simulated cluster on a clock that tests move by hand: an hour passes in a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from k8stui.demo.controllers.run import build_engine
from k8stui.demo.resources import EVENTS, NAMESPACES, NODES, PODS, Resource
from k8stui.demo.store import Store
from k8stui.demo.world import populate

Obj = dict[str, Any]
START = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


class Simulation:
    """Store, engine and clock. `advance` lets time pass, event by event."""

    def __init__(self, *, world: bool = False, nodes: int = 2, seed: int = 1) -> None:
        self.now = START.timestamp()
        self.store = Store(self.time, seed=seed)
        if world:
            populate(self.store, seed=seed, now=START)
        else:
            self._bare(nodes)
        self.engine = build_engine(self.store, seed=seed)
        self.engine.strict = True
        self.engine.start()

    def time(self) -> float:
        return self.now

    def _bare(self, nodes: int) -> None:
        for name in ("default", "kube-system"):
            self.store.create(
                NAMESPACES, {"metadata": {"name": name}, "spec": {"finalizers": ["kubernetes"]}}
            )
        for number in range(1, nodes + 1):
            self.store.create(NODES, node(f"node-{number}"))

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(200_000):
            due = self.engine.next_due()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.engine.run_due(budget=60)
        else:
            raise AssertionError("the controllers never come to rest")
        self.now = end

    def until(self, condition: Any, *, within: float = 60.0, step: float = 0.5) -> None:
        """Let time pass until the condition holds; fails after `within` simulated seconds."""
        end = self.now + within
        while not condition():
            assert self.now < end, "the condition did not come true in time"
            self.advance(step)

    def create(self, res: Resource, obj: Obj) -> Obj:
        return self.store.create(res, obj)

    def get(self, res: Resource, name: str, namespace: str = "default") -> Obj:
        obj = self.store.get(res, namespace, name)
        assert obj is not None, f"no {res.plural} {namespace}/{name}"
        return obj

    def change(self, res: Resource, name: str, namespace: str = "default", **spec: Any) -> Obj:
        obj = self.get(res, name, namespace)
        return self.store.update(res, {**obj, "spec": {**obj["spec"], **spec}})

    def pods(self, namespace: str = "default", **labels: str) -> list[Obj]:
        return [
            p
            for p in self.store.list(PODS, namespace)
            if all((p["metadata"].get("labels") or {}).get(k) == v for k, v in labels.items())
        ]

    def ready(self, namespace: str = "default", **labels: str) -> list[str]:
        return [p["metadata"]["name"] for p in self.pods(namespace, **labels) if is_ready(p)]

    def events(self, name: str, namespace: str = "default") -> list[tuple[str, str]]:
        return [
            (e["reason"], e["message"])
            for e in sorted(
                self.store.list(EVENTS, namespace), key=lambda e: int(e["metadata"]["resourceVersion"])
            )
            if e["involvedObject"]["name"] == name
        ]


def is_ready(pod: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())


def node(name: str, *, cpu: str = "4", pods: str = "110", labels: dict[str, str] | None = None) -> Obj:
    size = {"cpu": cpu, "memory": "16Gi", "pods": pods}
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"podCIDR": f"10.1.{name.rpartition('-')[2]}.0/24"},
        "status": {
            "capacity": size,
            "allocatable": size,
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
            "images": [],
        },
    }


def template(app: str, image: str = "registry.moa.example/shop/cart:1", **container: Any) -> Obj:
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": image, **container}]},
    }


def deployment(name: str, replicas: int = 3, **container: Any) -> Obj:
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": template(name, **container),
        },
    }
