"""A small API server in memory behind the interface of a connection, and a clock that tests move.

It keeps versions like a real one: lists are pages of one snapshot, watches resume from a version,
and what was compacted answers 410. Faults are queued by the test.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, ConnectionLost, api_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping


class FakeClock:
    """Time moves when somebody waits (`auto`), or only by `advance`."""

    def __init__(self, *, auto: bool = True) -> None:
        self.now = 1000.0
        self.auto = auto
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.auto:
            self.now += seconds
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), future))
        await future

    async def advance(self, seconds: float) -> None:
        self.now += seconds
        while self._sleepers and self._sleepers[0][0] <= self.now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
        await settle()


async def settle(turns: int = 20) -> None:
    """Let everything that can run do so."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass
class Request:
    method: str
    path: str
    params: dict[str, str]
    accept: str
    body: bytes | None = None


class FakeWatch:
    """One open watch; the test may end it, break it, or write anything into it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.queue: asyncio.Queue[list[bytes] | Exception | None] = asyncio.Queue()

    def write(self, *lines: bytes) -> None:
        self.queue.put_nowait(list(lines))

    def end(self) -> None:
        self.queue.put_nowait(None)

    def fail(self, error: Exception | None = None) -> None:
        self.queue.put_nowait(error or ConnectionLost("the connection broke"))


class FakeApi:
    """Pods (or anything with metadata) in one or more namespaces, and a connection to them."""

    def __init__(self, path: str = "/api/v1/pods") -> None:
        self.path = path
        self.version = 100
        self.objects: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[int, str, dict[str, Any]]] = []
        self.oldest = 0
        self.requests: list[Request] = []
        self.watches: list[FakeWatch] = []
        self.list_faults: deque[Exception | None] = deque()
        self.watch_faults: deque[Exception | None] = deque()
        self.answers: dict[str, Callable[[Request], bytes]] = {}
        self.end_at_once = 0
        self.closed = False
        self._snapshots: dict[str, list[dict[str, Any]]] = {}

    # -- the cluster's side

    def put(self, name: str, uid: str = "", namespace: str = "shop", **fields: Any) -> None:
        self.version += 1
        kind = "MODIFIED" if name in self.objects else "ADDED"
        meta = {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-{name}",
            "resourceVersion": str(self.version),
        }
        meta |= fields.pop("metadata", {})
        self.objects[name] = {"metadata": meta, **fields}
        self._publish(kind, self.objects[name])

    def delete(self, name: str) -> None:
        self.version += 1
        gone = self.objects.pop(name)
        gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
        self._publish("DELETED", gone)

    def compact(self) -> None:
        """Forget the changes so far: versions before now answer 410."""
        self.oldest = self.version
        self._snapshots.clear()

    def bookmark(self) -> None:
        for watch in self.watches:
            watch.write(self.line("BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}}))

    @staticmethod
    def line(kind: str, obj: dict[str, Any]) -> bytes:
        return msgspec.json.encode({"type": kind, "object": {"kind": "Pod", "apiVersion": "v1", **obj}})

    def _publish(self, kind: str, obj: dict[str, Any]) -> None:
        self.log.append((self.version, kind, obj))
        for watch in self.watches:
            if self._concerns(watch.request.path, obj):
                watch.write(self.line(kind, obj))

    def _concerns(self, path: str, obj: dict[str, Any]) -> bool:
        namespace = obj["metadata"]["namespace"]
        return path == self.path or f"/namespaces/{namespace}/" in path

    # -- the connection's side

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: bytes | None = None,
        accept: str = "application/json",
        **_: Any,
    ) -> Any:
        request = Request(method, path, dict(params or {}), accept, body)
        self.requests.append(request)
        await asyncio.sleep(0)
        if path in self.answers:
            return Answer(self.answers[path](request))
        if not path.endswith("/pods") and path != self.path:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        if self.list_faults and (fault := self.list_faults.popleft()) is not None:
            raise fault
        return Answer(self._page(request))

    def _page(self, request: Request) -> bytes:
        token = request.params.get("continue", "")
        limit = int(request.params.get("limit", "500"))
        if token.startswith("fresh:"):
            start = int(token.removeprefix("fresh:"))
            everything, version = self._all(request.path), self.version
            self._snapshots[str(version)] = everything
            items = everything[start:]
        elif token:
            version_text, _, start_text = token.partition(":")
            version, start = int(version_text), int(start_text)
            if token.partition(":")[0] not in self._snapshots:
                body = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
                body["metadata"] = {"continue": f"fresh:{start}"}
                raise api_error(410, {}, msgspec.json.encode(body))
            items = self._snapshots[version_text][start:]
        else:
            items, version, start = self._all(request.path), self.version, 0
            self._snapshots[str(version)] = items
        page, rest = items[:limit], items[limit:]
        meta: dict[str, Any] = {"resourceVersion": str(version)}
        if rest:
            meta |= {"continue": f"{version}:{start + limit}", "remainingItemCount": len(rest)}
        items = [{key: value for key, value in item.items() if key != "n"} for item in page]
        return msgspec.json.encode({"kind": "PodList", "metadata": meta, "items": items})

    def _all(self, path: str) -> list[dict[str, Any]]:
        found = [obj for obj in self.objects.values() if self._concerns(path, obj)]
        return [{**obj, "n": n} for n, obj in enumerate(found)]

    async def lines(
        self,
        path: str,
        *,
        params: Any = None,
        accept: str = "application/json",
        idle_timeout: float | None = 120.0,
        on_open: Callable[[], None] | None = None,
        **_: Any,
    ) -> AsyncGenerator[list[bytes], None]:
        request = Request("GET", path, dict(params), accept)
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.watch_faults and (fault := self.watch_faults.popleft()) is not None:
            raise fault
        watch = FakeWatch(request)
        if on_open is not None:
            on_open()
        if self.end_at_once:
            self.end_at_once -= 1
            return
        self._replay(watch)
        self.watches.append(watch)
        try:
            while (item := await watch.queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.watches.remove(watch)

    def _replay(self, watch: FakeWatch) -> None:
        params = watch.request.params
        if params.get("sendInitialEvents") == "true":
            for obj in self.objects.values():
                watch.write(self.line("ADDED", obj))
            meta = {
                "resourceVersion": str(self.version),
                "annotations": {"k8s.io/initial-events-end": "true"},
            }
            watch.write(self.line("BOOKMARK", {"metadata": meta, "spec": {"containers": None}}))
            return
        start = int(params["resourceVersion"])
        if start < self.oldest:
            status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old version"}
            watch.write(msgspec.json.encode({"type": "ERROR", "object": status}))
            return
        lines = [
            self.line(kind, obj)
            for version, kind, obj in self.log
            if version > start and self._concerns(watch.request.path, obj)
        ]
        if lines:
            watch.write(*lines)

    async def close(self) -> None:
        self.closed = True

    def asked(self, path: str = "", *, watch: bool | None = None) -> list[Request]:
        """Requests so far, for a path, lists or watches only."""
        return [
            request
            for request in self.requests
            if (not path or request.path == path) and (watch is None or ("watch" in request.params) == watch)
        ]
