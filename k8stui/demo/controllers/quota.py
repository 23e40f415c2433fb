"""What namespaces use of their quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.admission.quota import quota_usage
from k8stui.demo.controllers.engine import Controller, Engine, Key, Obj, key_of
from k8stui.demo.resources import BUILTIN, EVENTS, LEASES, RESOURCE_QUOTAS, Resource

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry

__all__ = ["Quotas"]

RECOUNT = 30.0
"""Seconds after which a quota on custom kinds, whose changes are not told, is counted again."""


class Quotas(Controller):
    """Counts again a moment after something in the namespace came or went."""

    kinds = tuple(
        res for res in BUILTIN if res.namespaced and res.storage not in ("-", EVENTS.storage, LEASES.storage)
    )

    def __init__(self, engine: Engine, registry: Registry | None = None) -> None:
        super().__init__(engine)
        self._registry = registry

    def start(self) -> None:
        for quota in self.store.list(RESOURCE_QUOTAS):
            self.poke(key_of(quota), 0.3)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "resourcequotas":
            if type_ != "DELETED":
                self.poke(key_of(obj), 0.05)
        elif (
            type_ != "MODIFIED"
            or res.plural in ("services", "persistentvolumeclaims")
            or obj.get("status", {}).get("phase") in ("Succeeded", "Failed")
        ):
            for quota in self.store.list(RESOURCE_QUOTAS, obj["metadata"].get("namespace", "-")):
                self.poke(key_of(quota), 0.2)

    def reconcile(self, key: Key) -> None:
        quota = self.store.get(RESOURCE_QUOTAS, *key)
        if quota is None:
            return
        hard: dict[str, str] = quota["spec"].get("hard", {})
        known = list(self._registry) if self._registry is not None else BUILTIN
        used = quota_usage(self.store, quota, known)
        self.engine.write_status(RESOURCE_QUOTAS, quota, {"hard": hard, "used": used})
        names = {f"count/{res.qualified}" for res in known if res.custom}
        if names & set(hard):
            self.poke(key, RECOUNT)
