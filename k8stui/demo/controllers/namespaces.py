"""Namespaces: what each gets when it is made, and how it is emptied when it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.errors import StoreError
from k8stui.demo.resources import (
    BUILTIN,
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    SERVICE_ACCOUNTS,
    Resource,
)
from k8stui.demo.world.plain import CA

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry

__all__ = ["Namespaces"]

_TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as"
    " the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of"
    " Kubernetes clusters."
)


class Namespaces(Controller):
    """Default service account and CA bundle; deletion of everything inside, then of the namespace itself."""

    kinds = (NAMESPACES, SERVICE_ACCOUNTS, CONFIG_MAPS)
    registry: Registry | None = None
    """Where custom kinds are found; without it only built-in ones are emptied."""

    def start(self) -> None:
        for obj in self.store.list(NAMESPACES):
            self.poke(key_of(obj), 0.2)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if res.plural == "namespaces":
            if type_ != "DELETED":
                self.poke(key_of(obj))
        elif type_ == "DELETED" and obj["metadata"]["name"] in ("default", "kube-root-ca.crt"):
            self.poke(("", obj["metadata"]["namespace"]), 0.2)

    def reconcile(self, key: Key) -> None:
        namespace = self.store.get(NAMESPACES, *key)
        if namespace is None:
            return
        if "deletionTimestamp" in namespace["metadata"]:
            self._empty(namespace)
        else:
            self._furnish(key[1])
            if "kubernetes" not in (namespace.get("spec", {}).get("finalizers") or ()):
                spec = {**namespace.get("spec", {}), "finalizers": ["kubernetes"]}
                self.store.update(NAMESPACES, {**namespace, "spec": spec, "status": {"phase": "Active"}})

    def _furnish(self, name: str) -> None:
        if self.store.get(SERVICE_ACCOUNTS, name, "default") is None:
            self.store.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": name}})
        if self.store.get(CONFIG_MAPS, name, "kube-root-ca.crt") is None:
            meta = {
                "name": "kube-root-ca.crt",
                "namespace": name,
                "annotations": {"kubernetes.io/description": _TEXT},
            }
            self.store.create(CONFIG_MAPS, {"metadata": meta, "data": {"ca.crt": CA}})

    def _kinds(self) -> list[Resource]:
        known = list(self.registry) if self.registry is not None else list(BUILTIN)
        return [r for r in known if r.namespaced and r.storage != "-" and "delete" in r.verbs]

    def _empty(self, namespace: Obj) -> None:
        name = namespace["metadata"]["name"]
        left: dict[str, int] = {}
        held: dict[str, int] = {}
        for res in self._kinds():
            for obj in self.store.list(res, name) if res.storage != EVENTS.storage else ():
                meta = obj["metadata"]
                if "deletionTimestamp" not in meta:
                    self._delete(res, name, meta["name"])
            rest = self.store.list(res, name) if res.storage != EVENTS.storage else ()
            if rest:
                left[res.qualified] = len(rest)
            for obj in rest:
                for finalizer in obj["metadata"].get("finalizers") or ():
                    held[finalizer] = held.get(finalizer, 0) + 1
        if left:
            self._status(namespace, left, held)
            self.poke(key_of(namespace), 1.0 if not held else 5.0)
            return
        for event in self.store.list(EVENTS, name):
            self._delete(EVENTS, name, event["metadata"]["name"])
        spec = {k: v for k, v in namespace["spec"].items() if k != "finalizers"}
        fresh = self.store.get(NAMESPACES, "", name)
        if fresh is not None:
            self.store.update(NAMESPACES, {**fresh, "spec": spec})

    def _delete(self, res: Resource, namespace: str, name: str) -> None:
        try:
            self.store.delete(res, namespace, name)
        except StoreError:
            return

    def _status(self, namespace: Obj, left: dict[str, int], held: dict[str, int]) -> None:
        fresh = self.store.get(NAMESPACES, *key_of(namespace))
        if fresh is None:
            return
        old = {c["type"]: c for c in fresh.get("status", {}).get("conditions") or ()}
        rows = namespace_conditions(left, held, self.engine.stamp(), old)
        self.engine.write_status(NAMESPACES, fresh, {"phase": "Terminating", "conditions": rows})


def namespace_conditions(
    left: dict[str, int], held: dict[str, int], now: str, old: dict[str, Obj]
) -> list[Obj]:
    """The five conditions that say how far the deletion of a namespace is."""
    content = ", ".join(f"{kind} has {count} resource instances" for kind, count in sorted(left.items()))
    names = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(held.items()))
    rows = [
        (
            "NamespaceDeletionDiscoveryFailure",
            False,
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            False,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            False,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            bool(left),
            "SomeResourcesRemain" if left else "ContentRemoved",
            f"Some resources are remaining: {content}" if left else "All content successfully removed",
        ),
        (
            "NamespaceFinalizersRemaining",
            bool(held),
            "SomeFinalizersRemain" if held else "ContentHasNoFinalizers",
            (
                f"Some content in the namespace has finalizers remaining: {names}"
                if held
                else "All content-preserving finalizers finished"
            ),
        ),
    ]
    out = []
    for kind, is_true, reason, message in rows:
        status = "True" if is_true else "False"
        before = old.get(kind, {})
        since = before["lastTransitionTime"] if before.get("status") == status else now
        out.append(
            {
                "type": kind,
                "status": status,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )
    return out
