"""Custom kinds: a CustomResourceDefinition makes its kinds appear, and takes them away when it goes.

Follows the store: a CRD is established as soon as it is stored; its versions are registered with schema,
printer columns and subresources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.resources import ALL, CRDS, SCALE, Resource, SubResource
from k8stui.demo.tables_custom import custom_printer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.demo.registry import Registry
    from k8stui.demo.schemas import Schemas
    from k8stui.demo.store import Store
    from k8stui.demo.tables import Printer

Obj = dict[str, Any]
CLEAN_UP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer that holds a definition back as long as there are objects of its kind."""


def resources_of(crd: Mapping[str, Any]) -> list[tuple[Resource, Mapping[str, Any]]]:
    """The kinds that a CRD defines, each with its version's part of the spec."""
    spec = crd["spec"]
    names = spec["names"]
    found = []
    for version in spec.get("versions") or ():
        if not version.get("served"):
            continue
        subresources = version.get("subresources") or {}
        subs = []
        if subresources.get("status") is not None:
            subs.append(SubResource("status", names["kind"], group=spec["group"], version=version["name"]))
        if subresources.get("scale"):
            subs.append(SCALE)
        res = Resource(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            names.get("singular") or names["kind"].lower(),
            spec.get("scope") == "Namespaced",
            tuple(names.get("shortNames") or ()),
            tuple(names.get("categories") or ()),
            ALL,
            tuple(subs),
            custom=True,
        )
        found.append((res, version))
    return found


class CustomKinds:
    """Keeps registry, schemas and printers in step with the CRDs of the store."""

    def __init__(self, store: Store, registry: Registry, schemas: Schemas) -> None:
        self._store = store
        self._registry = registry
        self._schemas = schemas
        self.printers: dict[str, Printer] = {}
        self._ending: set[str] = set()
        """Definitions whose objects are being deleted at this moment: each of those tells that it goes."""
        for crd in store.list(CRDS):
            self._register(crd)
        store.subscribe(self._changed, [CRDS])
        store.subscribe(self._object_gone)

    def _changed(self, type_: str, _res: Resource, crd: Obj) -> None:
        if type_ == "DELETED":
            self._forget(crd)
        elif "deletionTimestamp" in crd["metadata"]:
            self._terminate(crd)
        else:
            self._register(crd)

    def _object_gone(self, type_: str, res: Resource, _obj: Obj) -> None:
        """The last object of a kind that is on its way out lets it go."""
        if type_ == "DELETED" and res.custom:
            crd = self._store.get(CRDS, "", f"{res.plural}.{res.group}")
            if crd is not None and "deletionTimestamp" in crd["metadata"]:
                self._terminate(crd)

    def _terminate(self, crd: Obj) -> None:
        """Delete all objects of the kind; the definition goes when none is left."""
        name = crd["metadata"]["name"]
        if name not in self._ending:
            self._ending.add(name)
            try:
                self._delete_objects(self._with_condition(crd))
            finally:
                self._ending.discard(name)

    def _delete_objects(self, crd: Obj) -> None:
        left = 0
        for res, _ in resources_of(crd)[:1]:
            for obj in list(self._store.list(res)):
                metadata = obj["metadata"]
                if "deletionTimestamp" not in metadata:
                    self._store.delete(res, metadata.get("namespace", ""), metadata["name"])
            left = self._store.count(res)
        fresh = self._store.get(CRDS, "", crd["metadata"]["name"])
        finalizers = (fresh or {}).get("metadata", {}).get("finalizers") or []
        if fresh is None or left or CLEAN_UP not in finalizers:
            return
        metadata = {**fresh["metadata"], "finalizers": [name for name in finalizers if name != CLEAN_UP]}
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        self._store.update(CRDS, {**fresh, "metadata": metadata})

    def _with_condition(self, crd: Obj) -> Obj:
        status = crd.get("status", {})
        rows = status.get("conditions") or ()
        if any(row["type"] == "Terminating" for row in rows):
            return crd
        row = {
            "type": "Terminating",
            "status": "True",
            "lastTransitionTime": self._store.now(),
            "reason": "InstanceDeletionInProgress",
            "message": "CustomResource deletion is in progress",
        }
        status = {**status, "conditions": [*rows, row]}
        return self._store.update(CRDS, {**crd, "status": status}, subresource="status")

    def _register(self, crd: Obj) -> None:
        spec = crd["spec"]
        served = {res.version for res, _ in resources_of(crd)}
        known = {
            res.version
            for res in self._registry
            if res.group == spec["group"] and res.plural == spec["names"]["plural"]
        }
        if known - served:
            self._registry.remove(spec["group"], spec["names"]["plural"])
        for res, version in resources_of(crd):
            schema = (version.get("schema") or {}).get("openAPIV3Schema")
            self._schemas.add_custom(res, schema)
            self.printers[f"{res.storage}/{res.version}"] = custom_printer(version)
            if self._registry.find(res.group, res.version, res.plural) != res:
                self._registry.add(res)
        self._establish(crd)

    def _forget(self, crd: Obj) -> None:
        for res, _ in resources_of(crd):
            for obj in list(self._store.list(res)):
                metadata = obj["metadata"]
                self._store.delete(res, metadata.get("namespace", ""), metadata["name"])
        self._registry.remove(crd["spec"]["group"], crd["spec"]["names"]["plural"])

    def _establish(self, crd: Obj) -> None:
        conditions = crd.get("status", {}).get("conditions") or ()
        if any(c["type"] == "Established" for c in conditions):
            return
        now = self._store.now()

        def condition(kind: str, reason: str, message: str) -> Obj:
            return {
                "type": kind,
                "status": "True",
                "lastTransitionTime": now,
                "reason": reason,
                "message": message,
            }

        names = crd["spec"]["names"]
        status = {
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
            "acceptedNames": {"listKind": names["kind"] + "List", **names},
            "storedVersions": [v["name"] for v in crd["spec"].get("versions") or () if v.get("storage")],
        }
        metadata = dict(crd["metadata"])
        metadata["finalizers"] = [*(metadata.get("finalizers") or ()), CLEAN_UP]
        self._store.update(CRDS, {**crd, "metadata": metadata, "status": status})
