"""Garbage collection: objects go after their owners, at once, before them, or are let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.controllers.engine import Controller, Engine, Key, Obj
from k8stui.demo.errors import StoreError
from k8stui.demo.resources import BUILTIN, PERSISTENT_VOLUME_CLAIMS, PODS, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.demo.registry import Registry

__all__ = ["GarbageCollector"]

_LEAVES = frozenset({"events", "leases", "endpointslices", "endpoints", "configmaps", "secrets"})


class GarbageCollector(Controller):
    """Keys are (`storage`, `namespace/name`) of the owner that has gone or wants to go."""

    kinds = tuple({r.storage: r for r in BUILTIN if r.storage != "-"}.values())

    def __init__(self, engine: Engine, registry: Registry | None = None) -> None:
        super().__init__(engine)
        self._registry = registry
        self._owners: dict[tuple[str, str], Resource] = {(r.api_version, r.kind): r for r in BUILTIN}
        self._by_storage = {r.storage: r for r in self.kinds}

    def start(self) -> None:
        """What is there at the start is in order: only owners under deletion are looked at."""
        for res in self.kinds:
            if res.plural not in _LEAVES:
                for obj in self.store.list(res):
                    if "deletionTimestamp" in obj["metadata"]:
                        self.changed("MODIFIED", res, obj)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        meta = obj["metadata"]
        if type_ == "DELETED":
            if self.store.owned_by(meta["uid"]):
                self.poke(("uid", meta["uid"]))
            for reference in meta.get("ownerReferences") or ():
                if reference.get("blockOwnerDeletion"):
                    where = (reference["apiVersion"], reference["kind"], meta.get("namespace", ""))
                    self.poke(("owner", "|".join((*where, reference["name"]))))
        elif "deletionTimestamp" in meta and meta.get("finalizers"):
            self.poke((res.storage, f"{meta.get('namespace', '')}/{meta['name']}"))
        elif type_ == "ADDED" and meta.get("ownerReferences"):
            self.poke((res.storage, f"{meta.get('namespace', '')}/{meta['name']}"), 0.5)

    def reconcile(self, key: Key) -> None:
        kind, name = key
        if kind == "uid":
            self._orphaned(self.store.owned_by(name))
        elif kind == "owner":
            api, owner_kind, namespace, owner_name = name.split("|")
            res = self._resource(api, owner_kind)
            obj = self.store.get(res, namespace, owner_name) if res else None
            if res is not None and obj is not None:
                self._finalize(res, obj)
        else:
            res = self._by_storage[kind]
            namespace, _, obj_name = name.partition("/")
            obj = self.store.get(res, namespace, obj_name)
            if obj is not None:
                self._look(res, obj)

    def _resource(self, api_version: str, kind: str) -> Resource | None:
        found = self._owners.get((api_version, kind))
        if found is None and self._registry is not None:
            found = self._registry.by_kind(api_version, kind)
        return found

    def _look(self, res: Resource, obj: Obj) -> None:
        if "deletionTimestamp" in obj["metadata"]:
            self._finalize(res, obj)
        elif obj["metadata"].get("ownerReferences"):
            self._orphaned([(res, obj)])

    def _owner_exists(self, child: Obj, reference: Obj) -> bool:
        res = self._resource(reference["apiVersion"], reference["kind"])
        if res is None:
            return True
        owner = self.store.get(res, child["metadata"].get("namespace", ""), reference["name"])
        return owner is not None and owner["metadata"]["uid"] == reference["uid"]

    def _orphaned(self, children: Sequence[tuple[Resource, Obj]]) -> None:
        """Children without any living owner are deleted; of others only the dead references go."""
        for res, child in children:
            references = child["metadata"].get("ownerReferences") or []
            living = [r for r in references if self._owner_exists(child, r)]
            if len(living) == len(references):
                continue
            if living:
                self.store.update(
                    res, {**child, "metadata": {**child["metadata"], "ownerReferences": living}}
                )
            elif "deletionTimestamp" not in child["metadata"]:
                self._delete(res, child, "Background")

    def _delete(self, res: Resource, obj: Obj, propagation: str) -> None:
        meta = obj["metadata"]
        try:
            self.store.delete(res, meta.get("namespace", ""), meta["name"], propagation=propagation)
        except StoreError as error:
            if error.code != 404:
                raise

    def _finalize(self, res: Resource, obj: Obj) -> None:
        finalizers = obj["metadata"].get("finalizers") or []
        children = self.store.owned_by(obj["metadata"]["uid"])
        if "orphan" in finalizers:
            self._let_go(obj, children)
            self._drop(res, obj, "orphan")
        elif "foregroundDeletion" in finalizers:
            blocking = False
            for kind, child in children:
                references = child["metadata"].get("ownerReferences") or ()
                mine = next(r for r in references if r["uid"] == obj["metadata"]["uid"])
                blocking = blocking or bool(mine.get("blockOwnerDeletion"))
                if "deletionTimestamp" not in child["metadata"]:
                    self._delete(kind, child, "Background" if kind.storage == PODS.storage else "Foreground")
            if not (blocking and self.store.owned_by(obj["metadata"]["uid"])):
                self._drop(res, obj, "foregroundDeletion")
        elif "kubernetes.io/pvc-protection" in finalizers and res.storage == PERSISTENT_VOLUME_CLAIMS.storage:
            if not self._claim_used(obj):
                self._drop(res, obj, "kubernetes.io/pvc-protection")
            else:
                self.poke((res.storage, f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"), 3.0)

    def _let_go(self, owner: Obj, children: Sequence[tuple[Resource, Obj]]) -> None:
        uid = owner["metadata"]["uid"]
        for kind, child in children:
            kept = [r for r in child["metadata"].get("ownerReferences") or () if r["uid"] != uid]
            meta = {k: v for k, v in child["metadata"].items() if k != "ownerReferences"}
            if kept:
                meta["ownerReferences"] = kept
            self.store.update(kind, {**child, "metadata": meta})

    def _drop(self, res: Resource, obj: Obj, finalizer: str) -> None:
        meta = obj["metadata"]
        fresh = self.store.get(res, meta.get("namespace", ""), meta["name"])
        if fresh is None:
            return
        left = [f for f in fresh["metadata"].get("finalizers") or () if f != finalizer]
        changed = {k: v for k, v in fresh["metadata"].items() if k != "finalizers"}
        if left:
            changed["finalizers"] = left
        self.store.update(res, {**fresh, "metadata": changed})

    def _claim_used(self, claim: Obj) -> bool:
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        return any(
            (v.get("persistentVolumeClaim") or {}).get("claimName") == name
            for pod in self.store.list(PODS, namespace)
            if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
            for v in pod["spec"].get("volumes") or ()
        )
