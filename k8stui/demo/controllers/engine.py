"""The clockwork under all controllers: what has to be looked at, and when.

One heap of due keys instead of a task per controller: an idle cluster wakes nothing, and a test can let an
hour pass in a moment (`advance`). Controllers never wait; they ask to be called again (`poke`).
"""

from __future__ import annotations

import heapq
import logging
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import StoreError
from k8stui.demo.resources import NODES, PODS, Resource
from k8stui.demo.store import rfc3339, rfc3339_micro

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from k8stui.demo.controllers.events import Recorder
    from k8stui.demo.store import Store

Obj = dict[str, Any]
Key = tuple[str, str]
"""Namespace and name."""

__all__ = ["Controller", "Engine", "Key", "Obj", "key_of"]

log = logging.getLogger(__name__)


def key_of(obj: Obj) -> Key:
    """Namespace (empty for cluster-wide kinds) and name."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Controller:
    """One concern: notes what changed (`changed`), and moves one object one step (`reconcile`)."""

    kinds: tuple[Resource, ...] = ()
    """Changes of these kinds are told to `changed`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = engine.store

    def start(self) -> None:
        """Look at everything there is, once."""
        for res in self.kinds:
            for obj in self.store.list(res):
                self.changed("ADDED", res, obj)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        """Something changed: usually `self.poke(key_of(obj))`. Quick, and never raises."""
        self.poke(key_of(obj))

    def reconcile(self, key: Key) -> None:
        """Compare what is with what is wanted, and act."""

    def poke(self, key: Key, after: float = 0.0) -> None:
        """Reconcile the key after that many seconds, or sooner where that was asked for before."""
        self.engine.poke(self, key, after)


class Engine:
    """Owns the heap of due work and what several controllers share: indexes, events, the clock."""

    def __init__(self, store: Store, *, seed: int = 1) -> None:
        self.store = store
        self.seed = seed
        self.events: Recorder
        self.muted = False
        """While true, changes are not told to controllers (the churn makes them, and they mean nothing)."""
        self.pods_by_node: dict[str, set[Key]] = defaultdict(set)
        self.strict = False
        """Whether an error of a controller is raised (in tests) instead of logged."""
        self.wake: Callable[[], None] = lambda: None
        """Called when something became due sooner than all else."""
        self.controllers: list[Controller] = []
        self._by_storage: dict[str, list[Controller]] = defaultdict(list)
        self._heap: list[tuple[float, int, Controller, Key]] = []
        self._due: dict[tuple[int, Key], float] = {}
        self._count = 0
        self._places: dict[Key, str] = {}
        self._undo: Callable[[], None] | None = None

    # -- clock --------------------------------------------------------------------------------------

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.store.clock()

    def stamp(self, seconds: float | None = None) -> str:
        """`metav1.Time` of that moment (now)."""
        return rfc3339(self.time() if seconds is None else seconds)

    def micro(self) -> str:
        """`metav1.MicroTime` of now."""
        return rfc3339_micro(self.time())

    # -- life ---------------------------------------------------------------------------------------

    def add(self, *controllers: Controller) -> None:
        """Register controllers, before `start`."""
        for controller in controllers:
            self.controllers.append(controller)
            for res in controller.kinds:
                self._by_storage[res.storage].append(controller)

    def start(self) -> None:
        """Index what is there, subscribe, and let each controller look at everything once."""
        for pod in self.store.list(PODS):
            self._place(pod)
        self._undo = self.store.subscribe(self._changed)
        for controller in self.controllers:
            controller.start()

    def stop(self) -> None:
        """Unsubscribe and forget what was due."""
        if self._undo is not None:
            self._undo()
            self._undo = None
        self._heap.clear()
        self._due.clear()

    # -- due work -----------------------------------------------------------------------------------

    def poke(self, controller: Controller, key: Key, after: float = 0.0) -> None:
        """See Controller.poke."""
        due = self.time() + after
        slot = (id(controller), key)
        known = self._due.get(slot)
        if known is not None and known <= due:
            return
        self._due[slot] = due
        self._count += 1
        first = not self._heap or due < self._heap[0][0]
        heapq.heappush(self._heap, (due, self._count, controller, key))
        if first:
            self.wake()

    def next_due(self) -> float | None:
        """When something is due next, in the clock's seconds; None when nothing is."""
        heap = self._heap
        while heap and self._due.get((id(heap[0][2]), heap[0][3])) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_due(self, budget: float = 0.005) -> bool:
        """Do what is due now, for at most about `budget` seconds. True when more is due."""
        end = time.perf_counter() + budget
        while (due := self.next_due()) is not None and due <= self.time():
            _, _, controller, key = heapq.heappop(self._heap)
            del self._due[id(controller), key]
            try:
                controller.reconcile(key)
            except StoreError as error:
                # Another writer was faster, or the object is gone: look again, as a real controller does.
                log.debug("%s %s: %s", type(controller).__name__, key, error)
                if error.code == 409:
                    self.poke(controller, key, 0.2)
            except Exception:
                # One odd object must not stop the cluster: this key is tried again later.
                if self.strict:
                    raise
                log.exception("%s cannot reconcile %s", type(controller).__name__, key)
                self.poke(controller, key, 30.0)
            if time.perf_counter() >= end:
                due = self.next_due()
                return due is not None and due <= self.time()
        return False

    # -- shared knowledge ---------------------------------------------------------------------------

    def pods_on(self, node: str) -> list[Obj]:
        """The pods that have this node."""
        found = (self.store.get(PODS, ns, name) for ns, name in sorted(self.pods_by_node.get(node, ())))
        return [pod for pod in found if pod is not None]

    def owned(self, owner: Obj, res: Resource) -> list[Obj]:
        """Objects of a kind that the owner controls, without those of another owner of the same name."""
        return [
            obj for kind, obj in self.store.owned_by(owner["metadata"]["uid"]) if kind.storage == res.storage
        ]

    def node_alive(self, name: str) -> bool:
        """Whether there is a kubelet on that node."""
        node = self.store.get(NODES, "", name)
        if node is None:
            return False
        rows: Iterable[Obj] = node.get("status", {}).get("conditions", ())
        return not any(c["type"] == "Ready" and c["status"] == "Unknown" for c in rows)

    def write_status(self, res: Resource, obj: Obj, status: Obj) -> Obj:
        """Replace the status of an object."""
        return self.store.update(res, {**obj, "status": status}, subresource="status")

    def _place(self, pod: Obj) -> None:
        node = pod["spec"].get("nodeName")
        if node:
            key = key_of(pod)
            self._places[key] = node
            self.pods_by_node[node].add(key)

    def _changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if self.muted:
            return
        if res.storage == PODS.storage:
            if type_ == "DELETED":
                key = key_of(obj)
                self.pods_by_node[self._places.pop(key, "")].discard(key)
            else:
                self._place(obj)
        for controller in self._by_storage.get(res.storage, ()):
            controller.changed(type_, res, obj)


def moment(seconds: float) -> datetime:
    """The aware datetime of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
