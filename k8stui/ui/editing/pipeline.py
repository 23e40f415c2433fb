"""From items to the server: tried first (strict dry run), then carried out; conflicts merged or told.

No screen in here: what must be asked comes back as data, and the next call carries the answer. Each request
passes the connection's read-only gate, so on a read-only session nothing is tried either: a dry run is a
request with a changing verb, and "read-only" promises that none of those leaves this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.editing.apply_order import NAMESPACES
from k8stui.kinds.editing.documents import Problem
from k8stui.kinds.editing.errors import owned_fields, refusal_problems
from k8stui.kinds.editing.field_diff import MISSING, Change, besides, changes, dropped, merge_patch, same
from k8stui.kinds.editing.objects import clean
from k8stui.kinds.editing.owners import owner_warnings
from k8stui.kinds.editing.schema import check
from k8stui.kinds.editing.three_way import Conflict, configure, merge
from k8stui.kinds.yaml_noise import LAST_APPLIED
from k8stui.kube import editing
from k8stui.kube.errors import ApiError, KubeError
from k8stui.ui.editing.items import Base, Item, Mode, Way, renewed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.schemas import Schemas
    from k8stui.ui.editing.stopping import Stop

TRIES = 5
"""So often an object that keeps changing is merged and sent again."""
STRICT_SINCE = 25
"""Minor version of the first servers that validate fields strictly when asked (beta, on by default)."""


class Meanwhile(msgspec.Struct):
    """Somebody else changed the object: what both changed, to be decided."""

    item: Item
    theirs: dict[str, Any]
    conflicts: tuple[Conflict, ...]


class Pipeline:
    """Tries and writes items on one cluster."""

    def __init__(self, cluster: Any, schemas: Schemas) -> None:
        self._cluster = cluster
        self._schemas = schemas

    @property
    def connection(self) -> Any:
        """Where requests go."""
        return self._cluster.connection

    async def kinds_changed(self) -> None:
        """A definition was written: read the server's kinds and schemas anew. Raises KubeError."""
        self._schemas.forget()
        await self._cluster.rediscover()

    @property
    def validates(self) -> bool:
        """The server checks fields strictly when asked."""
        major, _, rest = str(self._cluster.version).removeprefix("v").partition(".")
        minor = rest.partition(".")[0].rstrip("+")
        return not minor.isdecimal() or (int(major or 1), int(minor)) >= (1, STRICT_SINCE)

    # Trying

    async def dry_run(self, items: Sequence[Item], mode: Mode) -> list[Meanwhile]:
        """Let the server try each item, and note in it what would come of it.

        What it refuses is in the items. Edits whose object was changed meanwhile are merged and tried again
        (many objects change all the time, if only in their status); those in which both sides changed the
        same field come back untried. Raises ConnectionLost and the like when the server cannot be asked.
        """
        open_: list[Meanwhile] = []
        coming = {item.name: item for item in items if item.kind.name == NAMESPACES}
        for item in items:
            item.problems, item.taken, item.merged = [], [], False
            if item.waits is not None:
                continue
            await self._learn_schema(item)
            if mode in (Mode.APPLY, Mode.SERVER_APPLY):
                await self._look_at_live(item, mode)
            if item.way is Way.NOTHING:
                continue
            if not self.validates and item.schema is not None:
                status = item.base is not None and item.base.subresource == "status"
                partial = mode is Mode.SERVER_APPLY or (mode is Mode.APPLY and item.base is not None)
                item.problems = check(item.document, item.schema, status=status, partial=partial)
                if item.problems:
                    continue
            met = await self._try(item, mode, coming)
            if met is not None:
                open_.append(met)
        return open_

    async def _learn_schema(self, item: Item) -> None:
        group, _, version = str(item.wanted.get("apiVersion", "")).rpartition("/")
        try:
            item.schema = await self._schemas.of(group, version, str(item.wanted.get("kind", "")))
        except ApiError:
            item.schema = None
        if item.base is not None and item.way is Way.PATCH:
            renewed(item)

    async def _try(self, item: Item, mode: Mode, coming: Mapping[str, Item]) -> Meanwhile | None:
        for number in range(TRIES):
            try:
                written = await self._send(item, mode, dry_run=True)
                break
            except ApiError as error:
                if error.code == 409 and item.way is Way.PATCH and number < TRIES - 1:
                    met = await self._again(item, mode)
                    if met is not None or not item.patch:
                        return met
                    continue
                if error.code == 404 and item.namespace in coming:
                    item.waits = coming[item.namespace]
                else:
                    self._refused(item, error, mode)
                return None
        item.result = written.obj
        item.warnings = list(written.warnings)
        self._compare(item)
        item.owners = owner_warnings(
            item.base.obj if item.base is not None else {},
            [change.path for change in item.changes],
            await self._autoscalers(item),
        )
        return None

    async def _again(self, item: Item, mode: Mode) -> Meanwhile | None:
        """The object is another one by now: merge with it, or say what both sides changed."""
        if mode is not Mode.EDIT:
            await self._look_at_live(item, mode)
            return None
        met = await self.merged(item)
        if met.conflicts:
            return met
        self.take(met, {})
        return None

    def _refused(self, item: Item, error: ApiError, mode: Mode) -> None:
        if error.code == 409 and mode is Mode.SERVER_APPLY:
            item.taken = owned_fields(error, item.document)
        if not item.taken:
            item.problems = refusal_problems(error, item.document)

    def _compare(self, item: Item) -> None:
        assert item.result is not None
        part = item.base.subresource if item.base is not None else ""
        in_object = "status" not in item.kind.subresources
        made = clean(item.result, part, status=in_object)
        if item.way is Way.APPLY and item.base is not None:
            item.changes = changes(item.base.cleaned, made, item.schema)
        else:
            expected = clean(item.target or item.wanted, part, status=in_object)
            item.besides = besides(expected, made, item.schema, status=bool(part))
        if item.kind.name == "secrets":
            # what was written as stringData comes back as data
            item.besides = [
                each for each in item.besides if each.path[:1] not in (("data",), ("stringData",))
            ]
            item.dropped = []
        else:
            item.dropped = dropped(self._asked(item), made)
        for lost in item.dropped:
            line = item.document.line_of(lost.path)
            message = f"The server does not know {lost.label}: it would leave it out without a word."
            item.problems.append(Problem(line, message, path=lost.path))

    def _asked(self, item: Item) -> Sequence[Change]:
        """The fields that must be in what the server makes, unless it does not know them."""
        if item.base is not None or self.validates:
            return item.changes
        whole = clean(item.wanted, status="status" not in item.kind.subresources)
        return changes({}, whole)

    async def _autoscalers(self, item: Item) -> list[str]:
        if not any(change.path[:2] == ("spec", "replicas") for change in item.changes):
            return []
        path = f"/apis/autoscaling/v1/namespaces/{item.namespace}/horizontalpodautoscalers"
        try:
            found = msgspec.json.decode((await self.connection.request("GET", path)).body)
        except (KubeError, msgspec.DecodeError):
            return []
        names = []
        for each in found.get("items") or ():
            target = (each.get("spec") or {}).get("scaleTargetRef") or {}
            if target.get("kind") == item.kind.kind and target.get("name") == item.name:
                names.append(str(each["metadata"]["name"]))
        return names

    # Applying: what the server has now

    async def _look_at_live(self, item: Item, mode: Mode) -> None:
        try:
            live = await editing.read(self.connection, item.kind, item.namespace, item.name)
        except ApiError as error:
            if error.code != 404:
                item.problems = refusal_problems(error, item.document)
                item.way = Way.NOTHING
                return
            item.base = None
            item.way = Way.CREATE if mode is Mode.APPLY else Way.APPLY
            item.changes = []
            if mode is Mode.APPLY:
                item.patch = _with_last_applied(item.wanted)
            return
        item.base = Base(item.kind, live)
        if mode is Mode.SERVER_APPLY:
            item.way = Way.APPLY
            return
        wanted = _with_last_applied(item.wanted)
        target = configure(_last_applied(live), wanted, live, item.schema)
        item.patch, item.target = merge_patch(live, target), target
        status = "status" not in item.kind.subresources
        item.changes = changes(clean(live, status=status), clean(target, status=status), item.schema)
        if not item.changes and LAST_APPLIED in ((live.get("metadata") or {}).get("annotations") or {}):
            item.patch = {} if _last_applied(live) == item.wanted else item.patch
        item.way = Way.PATCH if item.patch else Way.NOTHING

    # Writing

    async def carry_out(self, items: Sequence[Item], mode: Mode, stop: Stop | None = None) -> list[Meanwhile]:
        """Write the items that are ready, one after the other; each says what became of it.

        Items that met another change which cannot be merged come back, nothing of them written. Raises
        ConnectionLost when the server is gone: items written until then are `done`.
        """
        open_: list[Meanwhile] = []
        for item in items:
            if item.done or not item.ready:
                continue
            if stop is not None and stop.asked:
                item.failed, item.done = True, "Not written: you stopped before."
                continue
            try:
                met = await self._write(item, mode)
            except ApiError as error:
                item.failed, item.done = True, error.sentence()
                item.problems = refusal_problems(error, item.document)
            else:
                if met is not None:
                    open_.append(met)
        return open_

    async def _write(self, item: Item, mode: Mode) -> Meanwhile | None:
        for _ in range(TRIES):
            try:
                written = await self._send(item, mode, dry_run=False)
            except ApiError as error:
                if error.code != 409 or item.way is not Way.PATCH:
                    raise
                met = await self._again(item, mode)
                if met is not None:
                    return met
                if not item.patch:
                    item.done = "Somebody else has changed it to the same meanwhile."
                    return None
                continue
            item.result, item.failed = written.obj, False
            item.warnings = list(written.warnings)
            word = {Way.CREATE: "Created", Way.APPLY: "Applied", Way.PATCH: "Changed"}[item.way]
            also = ", merged with what somebody else changed meanwhile" if item.merged else ""
            item.done = f"{word}{also}."
            return None
        raise ApiError(
            409, "Conflict", f"{item.label()} changes all the time: {TRIES} tries met another change"
        )

    async def _send(self, item: Item, mode: Mode, *, dry_run: bool) -> editing.Written:
        kind, namespace, name = item.kind, item.namespace, item.name
        if item.way is Way.PATCH:
            assert item.base is not None
            manager = editing.EDIT_MANAGER if mode is Mode.EDIT else "kubectl-client-side-apply"
            return await editing.patch(
                self.connection,
                kind,
                namespace,
                name,
                item.patch,
                version=item.base.version,
                subresource=item.base.subresource,
                dry_run=dry_run,
                manager=manager,
            )
        if item.way is Way.APPLY:
            return await editing.apply(
                self.connection, kind, namespace, name, item.wanted, dry_run=dry_run, force=item.force
            )
        obj = item.patch if mode is Mode.APPLY else item.wanted
        return await editing.create(self.connection, kind, namespace, obj, dry_run=dry_run)

    # Meeting another change

    async def merged(self, item: Item) -> Meanwhile:
        """What the server has now, and the fields that both changed. Raises KubeError."""
        assert item.base is not None
        base = item.base
        theirs = await editing.read(self.connection, item.kind, item.namespace, item.name, base.subresource)
        now = Base(item.kind, theirs, base.subresource).cleaned
        found = merge(base.cleaned, item.wanted, now, item.schema)
        return Meanwhile(item, theirs, found.conflicts)

    def take(self, met: Meanwhile, choices: Mapping[str, bool]) -> None:
        """Put both changes into the item; `choices`: label of a conflict -> whether mine wins."""
        item = met.item
        assert item.base is not None
        before = item.base.cleaned
        item.base = Base(item.kind, met.theirs, item.base.subresource)
        now = item.base.cleaned
        item.wanted = merge(before, item.wanted, now, item.schema, choices=choices).value
        if not same(before, now):
            item.merged = True
        renewed(item)


def _with_last_applied(wanted: dict[str, Any]) -> dict[str, Any]:
    """The object with the annotation by which `kubectl apply` knows next time what was applied."""
    metadata = dict(wanted.get("metadata") or {})
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != LAST_APPLIED}
    bare = {**wanted, "metadata": {**metadata, "annotations": annotations}}
    text = msgspec.json.encode(bare, order="sorted").decode() + "\n"
    return {**wanted, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text}}}


def _last_applied(live: dict[str, Any]) -> dict[str, Any]:
    text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if not isinstance(text, str):
        return {}
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


__all__ = ["MISSING", "Meanwhile", "Pipeline"]
