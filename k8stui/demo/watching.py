"""WATCH: from a resourceVersion or from a streamed list, with bookmarks, selectors and an end.

A watcher has no queue of its own: it reads the store's log from where it was, so that a slow client costs
nothing and one that falls behind the log is closed. Encoded events are shared by all watchers.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from k8stui.demo.errors import Cause, StoreError, from_the_future, too_large
from k8stui.demo.listing import check_number
from k8stui.demo.representation import TABLE
from k8stui.demo.responses import warning_headers
from k8stui.demo.selectors import Predicate, combined
from k8stui.demo.store import Change, Version

if TYPE_CHECKING:
    from k8stui.demo.representation import Form
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call

BOOKMARK_EVERY = 60.0
"""Seconds between bookmarks of a watch that asked for them."""
_GATHER = 0.004
"""Seconds that a busy watcher waits, to send many events in one write."""
_BATCH = 200


class _Filter:
    """Which changes a watcher sees, and as what: an object that begins to fit its selectors is ADDED."""

    def __init__(self, form: Form, ns: str, name: str, predicate: Predicate | None) -> None:
        self._form = form
        self._ns = ns
        self._name = name
        self._predicate = predicate

    def fits(self, version: Version) -> bool:
        """Whether an object belongs to what is watched."""
        namespace, name = version.key
        if (self._ns and namespace != self._ns) or (self._name and name != self._name):
            return False
        return self._predicate is None or self._predicate(version.obj)

    def line(self, change: Change) -> bytes | None:
        """The event of a change for this watcher, None when it is not concerned."""
        predicate = self._predicate
        namespace, name = change.version.key
        if (self._ns and namespace != self._ns) or (self._name and name != self._name):
            return None
        if predicate is None:
            return self._form.change(change)
        before = change.before is not None and predicate(change.before.obj)
        if change.type == "DELETED":
            return self._form.change(change) if before else None
        after = predicate(change.version.obj)
        if before and after:
            return self._form.change(change)
        if after:
            if change.type == "ADDED":
                return self._form.change(change)
            return self._form.event("ADDED", change.version)
        if before and change.before is not None:
            return self._form.event("DELETED", _restamped(change.before, change.rv))
        return None


def _restamped(version: Version, rv: int) -> Version:
    """The last state that fitted, with the resourceVersion at which it stopped to fit."""
    metadata = {**version.obj["metadata"], "resourceVersion": str(rv)}
    return Version({**version.obj, "metadata": metadata}, rv, version.key)


def _error_line(error: StoreError) -> bytes:
    return msgspec.json.encode({"type": "ERROR", "object": error.status()}) + b"\n"


def _options(call: Call) -> tuple[int | None, bool]:
    """From which version to watch (None: from a list of what is there) and whether it is a WatchList."""
    text = call.query.get("resourceVersion", "")
    match = call.query.get("resourceVersionMatch", "")
    initial = call.query.get("sendInitialEvents", "")
    causes = []
    if initial and match != "NotOlderThan":
        causes.append(
            Cause(
                "resourceVersionMatch",
                "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                "FieldValueForbidden",
            )
        )
    if match and not initial:
        causes.append(
            Cause(
                "resourceVersionMatch",
                "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                "FieldValueForbidden",
            )
        )
    if causes:
        texts = ", ".join(f"{cause.field}: {cause.message}" for cause in causes)
        raise StoreError(
            422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {texts}', {"kind": "ListOptions"}
        )
    if text:
        check_number(text)
    if initial in ("1", "true"):
        if text and int(text) > call.store.resource_version:
            raise too_large(int(text), call.store.resource_version)
        return None, True
    if not initial and text in ("", "0"):
        return None, False
    return (int(text) if text else call.store.resource_version), False


class Watcher:
    """One watch request from its first to its last line."""

    def __init__(self, call: Call, res: Resource, ns: str, form: Form) -> None:
        self._call = call
        self._res = res
        self._form = form
        self._store = call.store
        predicate = combined(res, call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))
        self._filter = _Filter(form, ns, call.info.name, predicate)
        self._ns = ns
        self._since, self._stream_list = _options(call)
        self._bookmarks = call.flag("allowWatchBookmarks")
        self._first = form.kind == TABLE
        headers = (("Cache-Control", "no-cache, private"), *warning_headers(call.warnings))
        self._response = web.StreamResponse(headers=headers)
        self._response.content_type = "application/json"
        seconds = call.query.get("timeoutSeconds", "")
        # A real server ends a watch that named no time after 30 to 60 minutes.
        chance = random.uniform(1800, 3600)  # noqa: S311
        self._deadline = time.monotonic() + (float(seconds) if seconds.isdigit() and int(seconds) else chance)

    async def run(self) -> web.StreamResponse:
        """Send events until the client leaves, the time is over or the log has moved on."""
        wake = asyncio.Event()
        self._store.listen(self._res, wake)
        try:
            await self._response.prepare(self._call.request)
            position = await self._begin()
            if position is not None:
                await self._follow(position, wake)
            await self._response.write_eof()
        except ConnectionError:
            pass
        finally:
            self._store.unlisten(self._res, wake)
        return self._response

    async def _send(self, lines: list[bytes]) -> None:
        if self._first and lines:
            # Only the first event of a Table watch carries the columns.
            self._first = False
            lines[0] = lines[0].replace(
                b'"columnDefinitions":null', b'"columnDefinitions":' + self._form.definitions(), 1
            )
        if lines:
            await self._response.write(b"".join(lines))

    async def _begin(self) -> int | None:
        """The initial events. Returns the version to follow from, None after an error."""
        store, form = self._store, self._form
        if self._since is not None:
            try:
                if self._since > store.resource_version:
                    # Of a history that is not this server's: what it holds up to then nobody knows.
                    raise from_the_future(self._since, store.resource_version)
                store.changes_since(self._res, self._since)
            except StoreError as error:
                await self._response.write(_error_line(error))
                return None
            return self._since
        rv = store.resource_version
        versions = [version for version in store.versions(self._res, self._ns) if self._filter.fits(version)]
        for start in range(0, len(versions), _BATCH):
            await self._send([form.event("ADDED", version) for version in versions[start : start + _BATCH]])
            await asyncio.sleep(0)
        if self._stream_list and self._bookmarks:
            await self._send([form.bookmark(rv, initial_end=True)])
        return rv

    async def _follow(self, position: int, wake: asyncio.Event) -> None:
        store, res = self._store, self._res
        next_bookmark = time.monotonic() + BOOKMARK_EVERY
        while True:
            wake.clear()
            try:
                changes = store.changes_since(res, position)
            except StoreError:
                return  # too slow for the log: the client comes back and is told 410
            if changes:
                for start in range(0, len(changes), _BATCH):
                    part = changes[start : start + _BATCH]
                    position = part[-1].rv
                    await self._send([line for change in part if (line := self._filter.line(change))])
                    await asyncio.sleep(0)
                await asyncio.sleep(_GATHER)
            now = time.monotonic()
            if now >= self._deadline:
                if self._bookmarks:
                    await self._send([self._form.bookmark(self._quiet(position, wake))])
                return
            if now >= next_bookmark:
                next_bookmark = now + BOOKMARK_EVERY
                if self._bookmarks:
                    await self._send([self._form.bookmark(self._quiet(position, wake))])
            if not wake.is_set():
                with_time = min(self._deadline, next_bookmark) - now
                try:
                    async with asyncio.timeout(with_time):
                        await wake.wait()
                except TimeoutError:
                    continue

    def _quiet(self, position: int, wake: asyncio.Event) -> int:
        """The newest version up to which nothing of this kind was missed."""
        return position if wake.is_set() else max(position, self._store.resource_version)
