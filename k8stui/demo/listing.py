"""LIST: pages that stay consistent, continue tokens that expire, and selectors.

A page is answered from a snapshot of versions; the snapshot of a list that has more pages is kept for some
minutes, so that every page shows the same moment. Nothing is written here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from k8stui.demo.errors import Cause, StoreError, bad_request, invalid_options, too_large
from k8stui.demo.responses import warning_headers
from k8stui.demo.selectors import combined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.demo.representation import Form
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call
    from k8stui.demo.store import Store, Version

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list"
    " without the continue parameter, or use the continue token in this response to retrieve the remainder of"
    " the results. Continuing with the provided token results in an inconsistent list - objects that were"
    " created, modified, or deleted between the time the first chunk was returned and now may show up in the"
    " list."
)
_BATCH = 200
"""Objects written between two looks at the event loop."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The objects of one kind at one resourceVersion."""

    rv: int
    versions: Sequence[Version]
    expires: float


class Snapshots:
    """The last few snapshots of unfinished lists."""

    def __init__(self, store: Store, *, lifetime: float = 300.0, limit: int = 8) -> None:
        self._store = store
        self._lifetime = lifetime
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str, int], Snapshot] = OrderedDict()

    def take(self, res: Resource, ns: str) -> Snapshot:
        """The state of now."""
        expires = self._store.clock() + self._lifetime
        return Snapshot(self._store.resource_version, self._store.versions(res, ns), expires)

    def keep(self, res: Resource, ns: str, snapshot: Snapshot) -> None:
        """Remember a snapshot for the next pages."""
        self._kept[res.storage, ns, snapshot.rv] = snapshot
        self._kept.move_to_end((res.storage, ns, snapshot.rv))
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def find(self, res: Resource, ns: str, rv: int) -> Snapshot | None:
        """The snapshot of an earlier page, None when it has expired."""
        found = self._kept.get((res.storage, ns, rv))
        if found is None or found.expires < self._store.clock() or rv < self._store.compacted:
            return None
        return found


def encode_token(rv: int, start: str) -> str:
    """A continue token as the API server writes it."""
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": rv, "start": start + "\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_token(token: str) -> tuple[int, str]:
    """resourceVersion and last key of a continue token. Raises 400."""
    try:
        data = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(data["rv"]), str(data["start"]).rstrip("\0")
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise bad_request("invalid continue token: continue key is not valid: unable to decode") from None


def _key_text(res: Resource, version: Version) -> str:
    namespace, name = version.key
    return f"{namespace}/{name}" if res.namespaced else name


def _after(res: Resource, versions: Sequence[Version], start: str) -> int:
    namespace, _, name = start.rpartition("/") if res.namespaced else ("", "", start)
    return bisect_right(versions, (namespace, name), key=lambda version: version.key)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the objects, the list's metadata."""

    versions: Sequence[Version]
    metadata: dict[str, Any]


def _integer(call: Call, name: str) -> int:
    text = call.query.get(name, "")
    try:
        return int(text or 0)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def check_number(text: str) -> None:
    """Raise 400 for a resourceVersion that is none."""
    if not text.isdigit():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'resourceVersion: Invalid value: "{text}": {why}')


def _check_version(call: Call, store: Store) -> None:
    text, match = call.query.get("resourceVersion", ""), call.query.get("resourceVersionMatch", "")
    if match and match not in ("Exact", "NotOlderThan"):
        words = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise invalid_options("ListOptions", Cause("resourceVersionMatch", words, "FieldValueNotSupported"))
    if match and not text:
        words = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid_options("ListOptions", Cause("resourceVersionMatch", words, "FieldValueForbidden"))
    if not text:
        return
    check_number(text)
    if int(text) > store.resource_version:
        raise too_large(int(text), store.resource_version)


def _earlier(store: Store, res: Resource, rv: int, ns: str) -> Snapshot:
    try:
        versions = store.versions_at(res, rv, ns)
    except StoreError:
        message = "The resourceVersion for the provided list is too old."
        raise StoreError(410, "Expired", message) from None
    return Snapshot(rv, versions, store.clock() + 300)


def _snapshot(call: Call, res: Resource, ns: str, snapshots: Snapshots) -> tuple[Snapshot, int]:
    """The state to answer from and where in it to go on."""
    token = call.query.get("continue", "")
    if not token:
        _check_version(call, call.store)
        text = call.query.get("resourceVersion", "")
        if call.query.get("resourceVersionMatch") == "Exact" and int(text) != call.store.resource_version:
            rv = int(text)
            found = snapshots.find(res, ns, rv)
            if found is None:
                found = _earlier(call.store, res, rv, ns)
            return found, 0
        return snapshots.take(res, ns), 0
    rv, start = decode_token(token)
    if rv < 0:
        snapshot = snapshots.take(res, ns)
        return snapshot, _after(res, snapshot.versions, start)
    kept = snapshots.find(res, ns, rv)
    if kept is None:
        raise StoreError(410, "Expired", _EXPIRED, continue_=encode_token(-1, start))
    return kept, _after(res, kept.versions, start)


def page(call: Call, res: Resource, ns: str, snapshots: Snapshots) -> Page:
    """The page that a request asks for."""
    limit = _integer(call, "limit")
    predicate = combined(res, call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))
    snapshot, position = _snapshot(call, res, ns, snapshots)
    if call.info.name:
        name = call.info.name
        chosen = [version for version in snapshot.versions if version.key[1] == name]
        return Page(chosen, {"resourceVersion": str(snapshot.rv)})
    versions = snapshot.versions
    metadata: dict[str, Any] = {"resourceVersion": str(snapshot.rv)}
    if predicate is None:
        end = min(position + limit, len(versions)) if limit > 0 else len(versions)
        found: Sequence[Version] = versions[position:end]
    else:
        matching: list[Version] = []
        end = position
        while end < len(versions) and (limit <= 0 or len(matching) < limit):
            if predicate(versions[end].obj):
                matching.append(versions[end])
            end += 1
        found = matching
        if limit > 0 and not any(predicate(version.obj) for version in versions[end:]):
            end = len(versions)
    if end < len(versions):
        snapshots.keep(res, ns, snapshot)
        metadata["continue"] = encode_token(snapshot.rv, _key_text(res, versions[end - 1]))
        if predicate is None:
            metadata["remainingItemCount"] = len(versions) - end
    return Page(found, metadata)


async def write_page(call: Call, form: Form, found: Page) -> web.StreamResponse:
    """The page as a response; long ones are written in parts, so that nobody else waits."""
    head = form.head(found.metadata)
    versions = found.versions
    if len(versions) <= _BATCH:
        body = head + b",".join([form.item(version) for version in versions]) + b"]}\n"
        headers = (("Cache-Control", "no-cache"), *warning_headers(call.warnings))
        return web.Response(body=body, content_type="application/json", headers=headers)
    headers = (("Cache-Control", "no-cache, private"), *warning_headers(call.warnings))
    response = web.StreamResponse(headers=headers)
    response.content_type = "application/json"
    await response.prepare(call.request)
    await response.write(head)
    for start in range(0, len(versions), _BATCH):
        part = b",".join([form.item(version) for version in versions[start : start + _BATCH]])
        await response.write(b"," + part if start else part)
        await asyncio.sleep(0)
    await response.write(b"]}\n")
    await response.write_eof()
    return response
