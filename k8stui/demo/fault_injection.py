"""Does to requests and their answers what the rules in `faults.py` say.

A middleware looks at every request before the server's own handlers: it answers instead of them, or it puts
itself between an answer and its connection. It never touches the store. Everything that it holds open is
bounded by `faults.LONGEST` and ends with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from k8stui.demo.errors import StoreError
from k8stui.demo.faults import LONGEST, FaultSpecError, Rule
from k8stui.demo.responses import error_response, json_response

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from k8stui.demo.faults import Faults
    from k8stui.demo.routing import Call, Routes

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FIRST_SECONDS = (0.3, 3.0)
"""Within these, a stream without `after` or `every` is hit."""
GARBAGE = b'\x00\xff<html>this is not JSON {"type":\n'
PARTIAL = b'{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"ha'
EXPIRED = StoreError(410, "Expired", "too old resource version: 1 (2)")
_ANSWERS = {
    400: ("BadRequest", "the request was refused by a fault of the simulation"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden: a fault of the simulation denies access"),
    404: ("NotFound", "the server could not find the requested resource"),
    409: ("Conflict", "the object has been modified; please apply your changes to the latest version"),
    410: ("Expired", "too old resource version: 1 (2)"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
}


def is_stream(request: web.Request) -> bool:
    """Whether the answer is meant to go on for long."""
    query = request.query
    long = any(query.get(name, "").lower() in ("1", "true") for name in ("watch", "follow"))
    return long or "upgrade" in request.headers.get("Connection", "").lower()


def answer(rule: Rule) -> web.Response:
    """The answer that a rule gives instead of the real one."""
    code = rule.code or 410
    reason, message = _ANSWERS.get(code, ("", f"a fault of the simulation: HTTP {code}"))
    return error_response(StoreError(code, reason, message, retry_after=rule.retry))


class Strike:
    """One in-stream fault of one request: what it does to a connection, once or again and again."""

    def __init__(self, rule: Rule, request: web.Request, writer: FaultWriter, faults: Faults) -> None:
        self.rule = rule
        self._request = request
        self._writer = writer
        self._faults = faults

    async def at(self, moments: Iterable[float]) -> None:
        """Strike at these moments (seconds from one to the next)."""
        for pause in moments:
            await asyncio.sleep(pause)
            if self._request.transport is None or self._writer.over.is_set():
                return
            if self.rule.every and not (self._faults.active(self.rule) and self.rule in self._faults.rules):
                return
            self._faults.count(self.rule)
            await self.now()

    async def now(self) -> None:
        """Strike."""
        kind, writer = self.rule.kind, self._writer
        if kind == "drop":
            writer.cut()
        elif kind in ("halfopen", "stall"):
            await self._mute(LONGEST if kind == "halfopen" else self.rule.time)
        elif writer.upgraded:
            # Channels and frames have no lines: the nearest thing is a cut connection.
            writer.cut()
        elif kind == "410":
            await writer.last_words(
                msgspec.json.encode({"type": "ERROR", "object": EXPIRED.status()}) + b"\n"
            )
        elif kind == "end":
            await writer.last_words(b"")
        elif kind == "truncate":
            await writer.last_words(PARTIAL)
        elif kind == "garbage":
            await writer.insert(GARBAGE)

    async def _mute(self, seconds: float) -> None:
        """Keep back what is sent, for a time; the connection stays as it is."""
        transport = self._request.transport
        if transport is None:
            return
        gate = _Gate(transport)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        try:
            # There is no event for "the client has left" to wait for.
            while not transport.is_closing() and (left := end - loop.time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(0.25, left))
        finally:
            gate.open()


class _Gate:
    """Takes a transport's bytes instead of it, until it is opened; at most some megabytes of them."""

    MOST = 8 << 20

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._kept = bytearray()
        self._real: dict[str, Any] = {"write": transport.write, "writelines": transport.writelines}
        cast("Any", transport).write = self._keep
        cast("Any", transport).writelines = lambda chunks: self._keep(b"".join(chunks))

    def _keep(self, data: bytes) -> None:
        if len(self._kept) < self.MOST:
            self._kept += data

    def open(self) -> None:
        """Send what was kept, unless the connection is closed by now."""
        for name, method in self._real.items():
            setattr(self._transport, name, method)
        if self._kept and not self._transport.is_closing():
            self._transport.write(bytes(self._kept))


class FaultWriter(AbstractStreamWriter):
    """Stands between an answer and its connection."""

    def __init__(self, request: web.Request, inner: AbstractStreamWriter, faults: Faults) -> None:
        self._request = request
        self._inner = inner
        self._faults = faults
        self.immediate: Strike | None = None
        """Hits the first bytes of the body."""
        self.split = False
        self.over = asyncio.Event()
        """Set when the answer has been ended before its time."""
        self.upgraded = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def buffer_size(self) -> int:  # type: ignore[override]
        """Bytes that wait."""
        return self._inner.buffer_size

    @property
    def output_size(self) -> int:  # type: ignore[override]
        """Bytes that were written."""
        return self._inner.output_size

    @property
    def length(self) -> int | None:
        """Bytes that may still be written."""
        return self._inner.length

    @length.setter
    def length(self, value: int | None) -> None:
        self._inner.length = value

    def enable_compression(self, *args: Any, **kwargs: Any) -> None:
        """As the real one."""
        self._inner.enable_compression(*args, **kwargs)

    def enable_chunking(self) -> None:
        """As the real one."""
        self._inner.enable_chunking()

    def send_headers(self) -> None:
        """As the real one."""
        self._inner.send_headers()

    async def drain(self) -> None:
        """As the real one."""
        await self._inner.drain()

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """As the real one; tells whether this is a stream of frames now."""
        self.upgraded = " 101 " in status_line
        await self._inner.write_headers(status_line, headers)

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Pass a part of the body on, as far as the faults allow."""
        if self.over.is_set():
            raise ConnectionResetError("cut by a fault of the simulation")
        data = bytes(chunk)
        if self.immediate is not None and data:
            strike, self.immediate = self.immediate, None
            data = await self._half(strike, data)
        if not self.split:
            await self._inner.write(data)
            return
        while data:
            size = self._faults.random.randint(1, 64) if len(data) < 4096 else len(data) // 7
            await self._inner.write(data[:size])
            data = data[size:]
            await asyncio.sleep(0)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """End the answer."""
        if self.over.is_set():
            return
        if chunk:
            await self.write(chunk)
        if not self.over.is_set():
            await self._inner.write_eof()

    async def _half(self, strike: Strike, data: bytes) -> bytes:
        """Send the first half, let the fault strike, and give back what is still to be sent."""
        half = max(1, len(data) // 2)
        kind = strike.rule.kind
        self._faults.count(strike.rule)
        if kind == "garbage":
            return data[:half] + GARBAGE + data[half:]
        if kind in ("end", "truncate"):
            await self.last_words(data[:half])
            raise ConnectionResetError("cut by a fault of the simulation")
        await self._inner.write(data[:half])
        await self._inner.drain()
        await strike.now()
        if self.over.is_set():
            raise ConnectionResetError("cut by a fault of the simulation")
        return data[half:]

    def cut(self) -> None:
        """Cut the connection."""
        self.over.set()
        _abort(self._request)

    async def insert(self, data: bytes) -> None:
        """Send what the handler did not write."""
        if not self.over.is_set():
            with contextlib.suppress(ConnectionError):
                await self._inner.write(data)

    async def last_words(self, data: bytes) -> None:
        """Send this, end the answer in due form, and close the connection."""
        if self.over.is_set():
            return
        self.over.set()
        with contextlib.suppress(ConnectionError):
            if data:
                await self._inner.write(data)
            if self._inner.length is None:
                await self._inner.write_eof()
        if self._request.transport is not None:
            self._request.transport.close()


def _abort(request: web.Request) -> None:
    transport = request.transport
    if transport is not None:
        transport.abort()


class Injection:
    """The middleware. `faults` decides, this does."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """One request, with what goes wrong with it."""
        path = "/" + request.path.lstrip("/").partition("/")[2]
        if not self.faults.rules or path == "/_faults":
            return await handler(request)
        token = request.headers.get("Authorization", "")
        rules = self.faults.chosen(path, request.query_string, token)
        for rule in rules:
            if rule.kind == "slow":
                await asyncio.sleep(rule.time)
        for rule in rules:
            if rule.kind == "refuse":
                _abort(request)
                raise ConnectionResetError("refused by a fault of the simulation")
            if rule.code or (rule.kind == "410-http" and _names_version(request)):
                return answer(rule)
        return await self._with_strikes(request, handler, [rule for rule in rules if rule.in_stream])

    async def _with_strikes(
        self, request: web.Request, handler: Handler, rules: list[Rule]
    ) -> web.StreamResponse:
        if not rules:
            return await handler(request)
        # aiohttp has no public way to put something between a response and its connection.
        writer = FaultWriter(request, request._payload_writer, self.faults)
        request._payload_writer = writer
        stream = is_stream(request)
        tasks: list[asyncio.Task[None]] = []
        for rule in rules:
            strike = Strike(rule, request, writer, self.faults)
            if rule.kind == "split":
                self.faults.count(rule)
                writer.split = True
            elif stream and (rule.kind != "410" or "watch" in request.query):
                tasks.append(asyncio.create_task(strike.at(self._moments(rule))))
            elif rule.kind != "410":
                writer.immediate = strike
        handling = asyncio.create_task(_as_coroutine(handler(request)))
        over = asyncio.create_task(writer.over.wait())
        try:
            await asyncio.wait((handling, over), return_when=asyncio.FIRST_COMPLETED)
            if handling.done():
                return handling.result()
            # A handler that waits for news would not notice for long that its connection is cut.
            raise ConnectionResetError("cut by a fault of the simulation")
        finally:
            for task in (handling, over, *tasks):
                task.cancel()
            await asyncio.gather(handling, over, *tasks, return_exceptions=True)

    def _moments(self, rule: Rule) -> Iterable[float]:
        """When to strike a stream: pauses in seconds."""
        if not rule.every:
            yield self.faults.random.uniform(*FIRST_SECONDS) if rule.after is None else rule.after
            return
        while True:
            age = self.faults.clock() - self.faults.since
            yield rule.every - age % rule.every


async def _as_coroutine(awaited: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    return await awaited


def _names_version(request: web.Request) -> bool:
    """Whether a request goes on from a version that may be too old."""
    query = request.query
    if query.get("continue"):
        return True
    return "watch" in query and query.get("resourceVersion", "0") not in ("", "0")


def register(routes: Routes, faults: Faults) -> None:
    """Add the middleware, and `/_faults` to read (GET) and change (POST, the specification as text) them."""
    injection = Injection(faults)

    @web.middleware
    async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await injection.handle(request, handler)

    async def control(call: Call) -> web.StreamResponse:
        if call.request.method == "POST":
            try:
                faults.set((await call.request.text()).strip())
            except FaultSpecError as error:
                raise StoreError(400, "BadRequest", str(error)) from error
        rules = [rule.text for rule in faults.rules]
        return json_response({"spec": faults.spec, "rules": rules, "struck": dict(faults.struck)})

    routes.middlewares.append(inject)
    routes.add("GET POST", "/_faults", control)
