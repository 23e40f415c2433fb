"""What namespaces use of their quotas."""

from __future__ import annotations

from fractions import Fraction

from k8stui.demo.controllers.admission import quota_usage
from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.quantity import format_bytes, parse
from k8stui.demo.resources import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICES,
    Resource,
)

__all__ = ["Quotas"]

_COUNTED = {
    "configmaps": CONFIG_MAPS,
    "secrets": SECRETS,
    "services": SERVICES,
    "persistentvolumeclaims": PERSISTENT_VOLUME_CLAIMS,
}


class Quotas(Controller):
    """Counts again a moment after something in the namespace came or went."""

    kinds = (RESOURCE_QUOTAS, PODS, PERSISTENT_VOLUME_CLAIMS, SERVICES, SECRETS, CONFIG_MAPS)

    def start(self) -> None:
        for quota in self.store.list(RESOURCE_QUOTAS):
            self.poke(key_of(quota), 0.3)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "resourcequotas":
            if type_ != "DELETED":
                self.poke(key_of(obj), 0.05)
        elif type_ != "MODIFIED" or obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            for quota in self.store.list(RESOURCE_QUOTAS, obj["metadata"].get("namespace", "-")):
                self.poke(key_of(quota), 0.2)

    def reconcile(self, key: Key) -> None:
        quota = self.store.get(RESOURCE_QUOTAS, *key)
        if quota is None:
            return
        hard: dict[str, str] = quota["spec"].get("hard", {})
        used = quota_usage(self.store, key[0], hard)
        for name in hard:
            plain = name.removeprefix("count/")
            if plain in _COUNTED:
                used[name] = str(len(self.store.list(_COUNTED[plain], key[0])))
            elif name == "requests.storage":
                claims = self.store.list(PERSISTENT_VOLUME_CLAIMS, key[0])
                total = sum(
                    (parse(c["spec"]["resources"]["requests"]["storage"]) for c in claims), Fraction(0)
                )
                used[name] = format_bytes(total)
        self.engine.write_status(RESOURCE_QUOTAS, quota, {"hard": hard, "used": used})
