"""What the makers of the world write into: a list of objects, made from a seed and a moment.

`World` numbers addresses, stamps times relative to `now`, and adds what a server adds (uids, managedFields,
events). It knows no store: `populate` loads its objects when all are made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from k8stui.demo.world.fields import entry, spec_fields, status_fields
from k8stui.demo.world.ids import Ids, micro, stamp

Obj = dict[str, Any]

__all__ = ["MINUTE", "HOUR", "DAY", "Obj", "World", "owner_reference"]  # noqa: RUF022 - by size

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

#: Kinds whose controller may set blockOwnerDeletion; nodes and the like never do.
_CONTROLLING = frozenset(
    {"ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service"}
)


def owner_reference(owner: Obj) -> Obj:
    """A controller reference to `owner`."""
    out: Obj = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    if owner["kind"] in _CONTROLLING:
        out |= {"controller": True, "blockOwnerDeletion": True}
    return out


@dataclass
class World:
    """All objects of one cluster, in the order in which they came to be."""

    seed: int
    now: datetime
    objects: list[Obj] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    """Names of nodes that take ordinary pods."""
    node_ips: dict[str, str] = field(default_factory=dict)
    _pod_count: dict[str, int] = field(default_factory=dict)
    _turn: int = 0
    shape: str = ""
    """While set: objects of one kind look alike, and share the managedFields of the first of them."""
    shapes: dict[tuple[str, ...], list[Obj]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = Ids(self.seed)
        self._stamps: dict[int, str] = {}
        self._days: dict[int, str] = {}
        self._indexes: dict[str, int] = {}

    # -- time ---------------------------------------------------------------------------------------

    def ago(self, seconds: float) -> str:
        """The stamp of the moment that many seconds before now."""
        whole = int(seconds)
        text = self._stamps.get(whole)
        if text is None:
            text = self._stamps[whole] = self._stamp(whole)
        return text

    def _stamp(self, seconds: int) -> str:
        days, rest = divmod(int(self.now.timestamp()) - seconds, 86400)
        day = self._days.get(days)
        if day is None:
            day = self._days[days] = stamp(datetime.fromtimestamp(days * 86400, UTC))[:11]
        minutes, second = divmod(rest, 60)
        return f"{day}{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}Z"

    def micro_ago(self, seconds: float) -> str:
        """The same with microseconds."""
        return micro(self.now - timedelta(seconds=seconds))

    # -- addresses and places -------------------------------------------------------------------------

    def pod_ip(self, node: str) -> str:
        """The next free address of the node's pod network."""
        number = self._pod_count[node] = self._pod_count.get(node, 1) + 1
        index = self._indexes.get(node)
        if index is None:
            index = self._indexes[node] = list(self.node_ips).index(node) if node in self.node_ips else 0
        return f"10.{244 + index // 256}.{index % 256}.{number}"

    def next_node(self) -> str:
        """Nodes in turn."""
        self._turn += 1
        return self.nodes[(self._turn * 7 + self._turn // len(self.nodes)) % len(self.nodes)]

    def cluster_ip(self, namespace: str, name: str) -> str:
        """A service address."""
        number = self.ids.number("cluster-ip", namespace, name, low=512, high=65000)
        return f"10.96.{number // 256}.{number % 256}"

    # -- objects --------------------------------------------------------------------------------------

    def meta(
        self,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        age: float,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        owner: Obj | None = None,
        generate: str = "",
        generation: int = 0,
        finalizers: list[str] | None = None,
        deleting: float | None = None,
    ) -> Obj:
        """Object metadata in the server's order. `deleting`: seconds since its deletion was asked for."""
        out: Obj = {"name": name}
        if generate:
            out["generateName"] = generate
        if namespace:
            out["namespace"] = namespace
        out["uid"] = self.ids.uid(kind, namespace, name)
        out["resourceVersion"] = "0"
        if generation:
            out["generation"] = generation
        out["creationTimestamp"] = self.ago(age)
        if deleting is not None:
            out["deletionTimestamp"] = self.ago(deleting)
        if labels:
            out["labels"] = labels
        if annotations:
            out["annotations"] = annotations
        if owner is not None:
            out["ownerReferences"] = [owner_reference(owner)]
        if finalizers:
            out["finalizers"] = finalizers
        return out

    def add(
        self,
        obj: Obj,
        manager: str = "kubectl-client-side-apply",
        *,
        status_manager: str = "kube-controller-manager",
        touched: float | None = None,
    ) -> Obj:
        """Take an object in, with managedFields. `touched`: seconds since its last status change."""
        meta = obj["metadata"]
        if manager and "managedFields" not in meta:
            time = meta["creationTimestamp"] if touched is None else self.ago(touched)
            meta["managedFields"] = self._managed(obj, manager, status_manager, time)
        self.objects.append(obj)
        return obj

    def _managed(self, obj: Obj, manager: str, status_manager: str, touched: str) -> list[Obj]:
        key = (self.shape, obj["kind"], manager)
        if self.shape and key in self.shapes:
            return self.shapes[key]
        api = obj["apiVersion"]
        managed = [entry(manager, api, obj["metadata"]["creationTimestamp"], spec_fields(obj))]
        if obj.get("status") and status_manager:
            managed.append(entry(status_manager, api, touched, status_fields(obj), "status"))
        if self.shape:
            self.shapes[key] = managed
        return managed

    def find(self, kind: str, name: str, namespace: str = "") -> Obj:
        """An object made before. Raises KeyError."""
        for obj in self.objects:
            meta = obj["metadata"]
            if obj["kind"] == kind and meta["name"] == name and meta.get("namespace", "") == namespace:
                return obj
        raise KeyError(f"{kind} {namespace}/{name}")

    # -- events ---------------------------------------------------------------------------------------

    def event(
        self,
        about: Obj,
        reason: str,
        message: str,
        *,
        ago: float,
        first: float | None = None,
        count: int = 1,
        warning: bool = False,
        component: str = "kubelet",
        host: str = "",
        field_path: str = "",
    ) -> Obj:
        """An event as `client-go` records it. `ago`: its last time, `first`: its first, in seconds."""
        meta = about["metadata"]
        namespace = meta.get("namespace", "")
        first = ago if first is None else first
        moment = self.now - timedelta(seconds=first)
        salt = self.ids.number("event", namespace, meta["name"], reason, message, first, high=1_000_000_000)
        name = f"{meta['name']}.{int(moment.timestamp()) * 1_000_000_000 + salt:x}"
        involved: Obj = {"kind": about["kind"]}
        if namespace:
            involved["namespace"] = namespace
        involved |= {"name": meta["name"], "uid": meta["uid"], "apiVersion": about["apiVersion"]}
        if about["kind"] == "Node":
            involved = {"kind": "Node", "name": meta["name"], "uid": meta["name"]}
        elif field_path:
            involved["fieldPath"] = field_path
        home = namespace or "default"
        source: Obj = {"component": component}
        if host:
            source["host"] = host
        obj: Obj = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": home,
                "uid": self.ids.uid("Event", home, name),
                "resourceVersion": "0",
                "creationTimestamp": self.ago(first),
            },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": self.ago(first),
            "lastTimestamp": self.ago(ago),
            "count": count,
            "type": "Warning" if warning else "Normal",
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        self.objects.append(obj)
        return obj

    def scheduling_event(
        self, pod: Obj, message: str, *, ago: float, bound: bool = False, count: int = 1, first: float = 0.0
    ) -> Obj:
        """The scheduler's events, which are written in the newer form (`events.k8s.io`)."""
        obj = self.event(
            pod,
            "Scheduled" if bound else "FailedScheduling",
            message,
            ago=max(ago, first),
            warning=not bound,
            component="default-scheduler",
        )
        obj |= {
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": self.micro_ago(max(ago, first)),
            "action": "Binding" if bound else "Scheduling",
            "reportingInstance": f"default-scheduler-{self.ids.suffix('scheduler')}",
        }
        if count > 1:
            obj["series"] = {"count": count, "lastObservedTime": self.micro_ago(ago)}
        else:
            del obj["count"]
        return obj
