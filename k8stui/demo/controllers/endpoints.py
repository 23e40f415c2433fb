"""EndpointSlices and Endpoints follow the pods that a service selects."""

from __future__ import annotations

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.errors import StoreError
from k8stui.demo.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES, Resource
from k8stui.demo.world.context import owner_reference
from k8stui.demo.world.endpoints import endpoints_object, selects, slice_object

__all__ = ["EndpointControl"]


class EndpointControl(Controller):
    """One slice for each service: those of this world have far fewer than a hundred endpoints."""

    kinds = (SERVICES, PODS)

    def start(self) -> None:
        self._seen: dict[Key, tuple[object, ...]] = {}
        for svc in self.store.list(SERVICES):
            self.poke(key_of(svc), 0.5)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "services":
            if type_ != "DELETED":
                self.poke(key_of(obj), 0.05)
            else:
                self._gone(obj)
            return
        mark = _mark(obj) if type_ != "DELETED" else ()
        key = key_of(obj)
        if self._seen.get(key) == mark:
            return
        if mark:
            self._seen[key] = mark
        else:
            self._seen.pop(key, None)
        labels = obj["metadata"].get("labels")
        for svc in self.store.list(SERVICES, key[0]):
            if selects(svc["spec"].get("selector"), labels):
                self.poke(key_of(svc), 0.1)

    def _gone(self, svc: Obj) -> None:
        """Slices go with their owner by garbage collection; the older Endpoints have none."""
        try:
            self.store.delete(ENDPOINTS, *key_of(svc))
        except StoreError:
            return

    def reconcile(self, key: Key) -> None:
        svc = self.store.get(SERVICES, *key)
        if svc is None or not svc["spec"].get("selector"):
            return
        pods = [
            p
            for p in self.store.list(PODS, key[0])
            if selects(svc["spec"]["selector"], p["metadata"].get("labels"))
        ]
        self._slice(svc, pods)
        self._endpoints(svc, pods)

    def _slice(self, svc: Obj, pods: list[Obj]) -> None:
        mine = self.engine.owned(svc, ENDPOINT_SLICES)
        name = (
            mine[0]["metadata"]["name"] if mine else f"{svc['metadata']['name']}-{self.store.name_suffix()}"
        )
        fresh = slice_object(svc, pods, name, trigger=self.engine.stamp())
        if not mine:
            fresh["metadata"] |= {
                "generateName": f"{svc['metadata']['name']}-",
                "namespace": svc["metadata"]["namespace"],
                "ownerReferences": [owner_reference(svc)],
            }
            self.store.create(ENDPOINT_SLICES, fresh)
            return
        old = mine[0]
        if all(old.get(k) == fresh[k] for k in ("endpoints", "ports")):
            return
        meta = {**old["metadata"], "annotations": fresh["metadata"]["annotations"]}
        self.store.update(ENDPOINT_SLICES, {**old, **fresh, "metadata": meta})

    def _endpoints(self, svc: Obj, pods: list[Obj]) -> None:
        fresh = endpoints_object(svc, pods, trigger=self.engine.stamp())
        fresh["metadata"]["namespace"] = svc["metadata"]["namespace"]
        old = self.store.get(ENDPOINTS, *key_of(svc))
        if old is None:
            self.store.create(ENDPOINTS, fresh)
        elif old.get("subsets") != fresh.get("subsets"):
            meta = {**old["metadata"], "annotations": fresh["metadata"]["annotations"]}
            kept = {k: v for k, v in old.items() if k != "subsets"}
            self.store.update(
                ENDPOINTS, {**kept, **{k: v for k, v in fresh.items() if k == "subsets"}, "metadata": meta}
            )


def _mark(pod: Obj) -> tuple[object, ...]:
    """What of a pod its endpoints depend on."""
    status = pod.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    ended = status.get("phase") in ("Succeeded", "Failed")
    labels = tuple(sorted((pod["metadata"].get("labels") or {}).items()))
    return (status.get("podIP"), ready, ended, "deletionTimestamp" in pod["metadata"], labels)
