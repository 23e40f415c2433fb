"""The state of the simulated cluster: objects by kind, one growing resourceVersion, and what changed lately.

Everything here is synchronous and runs on the event loop, so each call is atomic. Objects are dicts that
nobody changes in place once stored: whoever wants a change builds a new dict (sharing the parts that stay)
and calls `update`. Each stored version keeps its encoded form once somebody asked for it.
The store knows nothing of HTTP, users, defaults or validation.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from k8stui.demo.errors import StoreError, already_exists, conflict, failed_precondition, not_found
from k8stui.demo.lifecycle import desired_changed, grace_period, may_go
from k8stui.demo.resources import Resource
from k8stui.demo.versions import Change, Object, Version, rfc3339, rfc3339_micro

if TYPE_CHECKING:
    import asyncio

__all__ = ["Change", "Clock", "Object", "Store", "StoreError", "Version", "rfc3339", "rfc3339_micro"]

Clock = Callable[[], float]
"""Seconds since the epoch."""
Subscriber = Callable[[str, Resource, Object], None]
"""Called after each change with ADDED, MODIFIED or DELETED, the kind (in its stored version), the object."""

_FIRST = ("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")
_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
WINDOW = 20_000
"""How many changes of one kind are kept at least for watches to resume from (at most half as many more)."""
_ENCODED = 2000
"""Of how many of the last changes the encoded objects are kept."""


class _Shelf:
    """All objects of one storage, sorted keys for paging, and the log of changes."""

    __slots__ = ("floor", "keys", "listeners", "log", "res", "versions")

    def __init__(self, res: Resource, floor: int) -> None:
        self.res = res
        self.versions: dict[tuple[str, str], Version] = {}
        self.keys: list[tuple[str, str]] = []
        self.log: list[Change] = []
        self.floor = floor
        """Changes up to this resourceVersion are no longer in the log."""
        self.listeners: set[asyncio.Event] = set()


class Store:
    """The only state of the cluster. Raises StoreError with the API server's codes and words."""

    def __init__(
        self, clock: Clock = time.time, *, seed: int = 0, window: int = WINDOW, first_version: int = 1
    ) -> None:
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311 - names and uids of a simulation, repeatable by seed
        self.resource_version = first_version
        self.compacted = 0
        """Versions before this one are forgotten."""
        self._window = window
        self._shelves: dict[str, _Shelf] = {}
        self._subscribers: list[tuple[Subscriber, frozenset[str] | None]] = []
        self._owned: dict[str, set[tuple[str, str, str]]] = {}

    # -- reading ------------------------------------------------------------------------------------

    def get(self, res: Resource, ns: str, name: str) -> Object | None:
        """The object, or None. Never change it in place."""
        version = self.version(res, ns, name)
        return None if version is None else version.obj

    def list(self, res: Resource, ns: str = "") -> Sequence[Object]:
        """All objects of a kind (of one namespace), by namespace and name."""
        return [version.obj for version in self.versions(res, ns)]

    def version(self, res: Resource, ns: str, name: str) -> Version | None:
        """The current state of an object with its cached encodings."""
        shelf = self._shelves.get(res.storage)
        return None if shelf is None else shelf.versions.get((ns if res.namespaced else "", name))

    def versions(self, res: Resource, ns: str = "") -> Sequence[Version]:
        """Like `list`, with the cached encodings. The answer is a snapshot: later changes don't touch it."""
        shelf = self._shelves.get(res.storage)
        if shelf is None:
            return []
        keys = shelf.keys
        if ns:
            keys = keys[bisect_left(keys, (ns, "")) : bisect_left(keys, (ns + "\0", ""))]
        return [shelf.versions[key] for key in keys]

    def versions_at(self, res: Resource, rv: int, ns: str = "") -> Sequence[Version]:
        """The objects as they were at an earlier resourceVersion. Raises 410 when that is no longer known."""
        state = {version.key: version for version in self.versions(res, ns)}
        for change in reversed(self.changes_since(res, rv)):
            if ns and change.version.key[0] != ns:
                continue
            if change.before is None:
                state.pop(change.version.key, None)
            else:
                state[change.version.key] = change.before
        return [state[key] for key in sorted(state)]

    def count(self, res: Resource) -> int:
        """How many objects of a kind there are."""
        shelf = self._shelves.get(res.storage)
        return 0 if shelf is None else len(shelf.keys)

    def owned_by(self, uid: str) -> Sequence[tuple[Resource, Object]]:
        """Objects that name `uid` among their owner references, with their kind."""
        found = []
        for storage, ns, name in sorted(self._owned.get(uid, ())):
            shelf = self._shelves[storage]
            found.append((shelf.res, shelf.versions[ns, name].obj))
        return found

    # -- watching -----------------------------------------------------------------------------------

    def subscribe(
        self, callback: Subscriber, kinds: Collection[Resource] | None = None
    ) -> Callable[[], None]:
        """Call `callback` after each change (of these kinds), at once and in order. Returns the undo.

        The callback must be quick and must not raise; a controller notes the key and wakes its task.
        """
        entry = (callback, None if kinds is None else frozenset(res.storage for res in kinds))
        self._subscribers = [*self._subscribers, entry]

        def undo() -> None:
            self._subscribers = [other for other in self._subscribers if other is not entry]

        return undo

    def listen(self, res: Resource, event: asyncio.Event) -> None:
        """Set `event` after every change of the kind, until `unlisten`."""
        self._shelf(res).listeners.add(event)

    def unlisten(self, res: Resource, event: asyncio.Event) -> None:
        """Undo `listen`."""
        self._shelf(res).listeners.discard(event)

    def changes_since(self, res: Resource, rv: int) -> Sequence[Change]:
        """What happened to the kind after that resourceVersion. Raises 410 when that is no longer known."""
        shelf = self._shelf(res)
        if rv < shelf.floor:
            raise StoreError(410, "Expired", f"too old resource version: {rv} ({shelf.floor})")
        log = shelf.log
        if not log or log[-1].rv <= rv:
            return ()
        return log[bisect_right(log, rv, key=_change_rv) :]

    def compact(self) -> None:
        """Forget the log: every watch from an older version gets 410, as after a compaction of etcd."""
        self.compacted = self.resource_version
        for shelf in self._shelves.values():
            shelf.log = []
            shelf.floor = self.resource_version

    # -- writing ------------------------------------------------------------------------------------

    def create(self, res: Resource, obj: Object) -> Object:
        """Store a new object: sets uid, resourceVersion, creationTimestamp, generation, a generated name.

        A uid or creationTimestamp that is there already stays (seeds make objects of the past).
        Raises 409 AlreadyExists.
        """
        metadata = dict(obj.get("metadata") or {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + self.name_suffix()
        name = metadata["name"]
        key = (metadata.get("namespace", "") if res.namespaced else "", name)
        shelf = self._shelf(res)
        if key in shelf.versions:
            raise already_exists(res, name)
        self.resource_version = rv = self.resource_version + 1
        metadata.setdefault("uid", self.new_uid())
        metadata["resourceVersion"] = str(rv)
        metadata.setdefault("creationTimestamp", rfc3339(self.clock()))
        if res.has_generation:
            metadata.setdefault("generation", 1)
        metadata = {key: metadata[key] for key in (*_FIRST, *metadata) if key in metadata}
        stored = {"kind": shelf.res.kind, "apiVersion": shelf.res.api_version, **obj, "metadata": metadata}
        version = Version(stored, rv, key)
        shelf.versions[key] = version
        insort(shelf.keys, key)
        self._own(shelf, key, (), metadata.get("ownerReferences", ()))
        self._changed("ADDED", shelf, version, None)
        return stored

    def update(self, res: Resource, obj: Object, *, subresource: str = "") -> Object:
        """Replace an object by its next state; nothing happens when nothing differs.

        A resourceVersion or uid in `obj` must be the stored one (409). With `subresource="status"` only
        the status is taken. Removing the last finalizer of an object under deletion removes it.
        Returns the stored object (the last state, when it was removed).
        """
        metadata = obj["metadata"]
        name = metadata["name"]
        shelf = self._shelf(res)
        before = shelf.versions.get((metadata.get("namespace", "") if res.namespaced else "", name))
        if before is None:
            raise not_found(res, name)
        old = before.obj
        old_metadata = old["metadata"]
        given = metadata.get("resourceVersion")
        if given and given != old_metadata["resourceVersion"]:
            raise conflict(res, name)
        uid = metadata.get("uid")
        if uid and uid != old_metadata["uid"]:
            raise conflict(
                res,
                name,
                f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old_metadata['uid']}",
            )
        if subresource == "status":
            metadata = old_metadata
            obj = {**old, "status": obj.get("status", {})}
        fresh = dict(metadata)
        for key in ("uid", "creationTimestamp", "generation", "resourceVersion"):
            if key in old_metadata:
                fresh[key] = old_metadata[key]
        new = {**obj, "kind": old["kind"], "apiVersion": old["apiVersion"], "metadata": fresh}
        if new == old:
            return old
        if "generation" in fresh and subresource != "status" and desired_changed(old, new):
            fresh["generation"] += 1
        return self._replace(shelf, before, new)

    def delete(
        self,
        res: Resource,
        ns: str,
        name: str,
        *,
        propagation: str = "Background",
        grace: int | None = None,
        uid: str | None = None,
        rv: str | None = None,
    ) -> Object:
        """Delete, or begin to: pods get their grace period, finalizers hold an object back.

        `propagation` is Background, Foreground or Orphan; the last two add the finalizer that the garbage
        collector works on. Returns the last state; it is gone from the store when nothing held it back.
        """
        shelf = self._shelf(res)
        before = shelf.versions.get((ns if res.namespaced else "", name))
        if before is None:
            raise not_found(res, name)
        old = before.obj
        metadata = old["metadata"]
        _check_preconditions(res, metadata, uid, rv)
        fresh = dict(metadata)
        finalizers = [f for f in metadata.get("finalizers", ()) if f not in ("orphan", "foregroundDeletion")]
        if propagation == "Orphan":
            finalizers.append("orphan")
        elif propagation == "Foreground":
            finalizers.append("foregroundDeletion")
        period = grace_period(res, old, grace)
        held = bool(finalizers) or bool(res.plural == "namespaces" and old.get("spec", {}).get("finalizers"))
        if not held and period == 0:
            return self._remove(shelf, before, old)
        if finalizers:
            fresh["finalizers"] = finalizers
        else:
            fresh.pop("finalizers", None)
        now = self.clock()
        if "deletionTimestamp" not in metadata or period < metadata.get("deletionGracePeriodSeconds", 0):
            fresh["deletionTimestamp"] = rfc3339(now + period)
            fresh["deletionGracePeriodSeconds"] = period
        new = {**old, "metadata": fresh}
        if res.plural == "namespaces" and not res.group:
            new["status"] = {**old.get("status", {}), "phase": "Terminating"}
            fresh.pop("deletionGracePeriodSeconds", None)
        if new == old:
            return old
        if "generation" in fresh and "deletionTimestamp" not in metadata:
            fresh["generation"] += 1
        return self._replace(shelf, before, new)

    # -- names --------------------------------------------------------------------------------------

    def new_uid(self) -> str:
        """A version 4 UUID from the seeded generator."""
        bits = f"{self.random.getrandbits(128):032x}"
        variant = "89ab"[int(bits[16], 16) & 3]
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{variant}{bits[17:20]}-{bits[20:]}"

    def name_suffix(self, length: int = 5) -> str:
        """Random letters and digits as the API server appends to a generateName."""
        return "".join(self.random.choices(_NAME_ALPHABET, k=length))

    def now(self) -> str:
        """The clock's time as `metav1.Time`."""
        return rfc3339(self.clock())

    # -- inner --------------------------------------------------------------------------------------

    def _shelf(self, res: Resource) -> _Shelf:
        shelf = self._shelves.get(res.storage)
        if shelf is None:
            shelf = self._shelves[res.storage] = _Shelf(res, self.compacted)
        return shelf

    def _replace(self, shelf: _Shelf, before: Version, new: Object) -> Object:
        metadata = new["metadata"]
        if "deletionTimestamp" in metadata and may_go(shelf.res, new):
            return self._remove(shelf, before, new)
        self.resource_version = rv = self.resource_version + 1
        metadata["resourceVersion"] = str(rv)
        version = Version(new, rv, before.key)
        shelf.versions[before.key] = version
        owners, old_owners = metadata.get("ownerReferences"), before.obj["metadata"].get("ownerReferences")
        if owners is not old_owners:
            self._own(shelf, before.key, old_owners or (), owners or ())
        self._changed("MODIFIED", shelf, version, before)
        return new

    def _remove(self, shelf: _Shelf, before: Version, last: Object) -> Object:
        self.resource_version = rv = self.resource_version + 1
        last = {**last, "metadata": {**last["metadata"], "resourceVersion": str(rv)}}
        version = Version(last, rv, before.key)
        del shelf.versions[before.key]
        del shelf.keys[bisect_left(shelf.keys, before.key)]
        self._own(shelf, before.key, before.obj["metadata"].get("ownerReferences", ()), ())
        self._changed("DELETED", shelf, version, before)
        return last

    def _changed(self, type_: str, shelf: _Shelf, version: Version, before: Version | None) -> None:
        log = shelf.log
        log.append(Change(type_, version, before))
        if len(log) > _ENCODED:
            aged = log[-_ENCODED]
            aged.version.release(shelf.versions)
            if aged.before is not None:
                aged.before.release(shelf.versions)
        if len(log) > self._window + self._window // 2:
            shelf.floor = log[-self._window - 1].rv
            del log[: -self._window]
        for event in shelf.listeners:
            event.set()
        for callback, kinds in self._subscribers:
            if kinds is None or shelf.res.storage in kinds:
                callback(type_, shelf.res, version.obj)

    def _own(self, shelf: _Shelf, key: tuple[str, str], old: Iterable[Object], new: Iterable[Object]) -> None:
        entry = (shelf.res.storage, *key)
        for reference in old:
            children = self._owned.get(reference["uid"])
            if children is not None:
                children.discard(entry)
                if not children:
                    del self._owned[reference["uid"]]
        for reference in new:
            self._owned.setdefault(reference["uid"], set()).add(entry)


def _check_preconditions(res: Resource, metadata: Object, uid: str | None, rv: str | None) -> None:
    """Raises 409 where it is another object, or another state of it, than the one that was meant."""
    if uid and uid != metadata["uid"]:
        raise failed_precondition(
            res,
            metadata["name"],
            f"the UID in the precondition ({uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated",
        )
    if rv and rv != metadata["resourceVersion"]:
        raise failed_precondition(
            res,
            metadata["name"],
            f"the ResourceVersion in the precondition ({rv}) does not match the ResourceVersion in record"
            f" ({metadata['resourceVersion']}). The object might have been modified",
        )


def _change_rv(change: Change) -> int:
    return change.rv
