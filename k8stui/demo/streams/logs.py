"""`pods/NAME/log`: old and live lines of one container, as a chunked answer or over a WebSocket."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web

from k8stui.demo.containers import Container, epoch
from k8stui.demo.errors import StoreError, bad_request
from k8stui.demo.streams.channels import hang_up, is_websocket, open_websocket
from k8stui.demo.streams.loglines import SECOND, Entry
from k8stui.demo.streams.pods import choose_container, container_now, find_pod, log_container

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from k8stui.demo.routing import Call
    from k8stui.demo.runtime import Runtime

BINARY, BASE64 = "binary.k8s.io", "base64.binary.k8s.io"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """PodLogOptions of a request."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: float | None = None
    limit: int | None = None
    stream: str = "All"

    @classmethod
    def of(cls, query: Mapping[str, str], now: float) -> LogOptions:
        """Read and check the query. Raises 400 and 422."""
        seconds, moment = _number(query, "sinceSeconds"), query.get("sinceTime", "")
        tail, limit = _number(query, "tailLines"), _number(query, "limitBytes")
        if tail is not None and tail < 0:
            raise _invalid("tailLines", tail, "must be greater than or equal to 0")
        if limit is not None and limit < 1:
            raise _invalid("limitBytes", limit, "must be greater than 0")
        if seconds is not None and moment:
            raise _invalid("", None, "at most one of `sinceTime` or `sinceSeconds` may be specified")
        if seconds is not None and seconds < 1:
            raise _invalid("sinceSeconds", seconds, "must be greater than 0")
        stream = query.get("stream") or "All"
        if stream not in ("All", "Stdout", "Stderr"):
            raise _invalid("stream", stream, 'supported values: "All", "Stdout", "Stderr"')
        try:
            since = epoch(moment) if moment else None if seconds is None else now - seconds
        except ValueError as error:
            raise bad_request(f'parsing time "{moment}": {error}') from error
        return cls(
            query.get("container", ""),
            _flag(query, "follow"),
            _flag(query, "previous"),
            _flag(query, "timestamps"),
            tail,
            since,
            limit,
            stream,
        )


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("1", "true")


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise bad_request(f'unable to convert {name} "{text}" to a number') from error


def _invalid(field: str, value: object, message: str) -> StoreError:
    shown = f'"{value}"' if isinstance(value, str) else value
    text = f"{field}: Invalid value: {shown}: {message}" if field else message
    causes = [{"reason": "FieldValueInvalid", "message": text.partition(": ")[2] or text, "field": field}]
    details = {"kind": "PodLogOptions", "causes": causes}
    return StoreError(422, "Invalid", f'PodLogOptions "" is invalid: {text}', details)


def timestamp(moment: int) -> str:
    """RFC 3339 with nanoseconds."""
    seconds, nanos = divmod(moment, SECOND)
    return f"{_whole_second(seconds)}.{nanos:09d}Z"


@lru_cache(maxsize=1024)
def _whole_second(seconds: int) -> str:
    """Thousands of lines share one: a kubelet that writes stamps is not slower for it either."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def encode(entries: Sequence[Entry], *, timestamps: bool) -> bytes:
    """Lines as they are sent."""
    if timestamps:
        return "".join(f"{timestamp(entry.time)} {entry.text}\n" for entry in entries).encode()
    return "".join(f"{entry.text}\n" for entry in entries).encode()


class Logs:
    """The handler of `pods/log`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def get(self, call: Call) -> web.StreamResponse:
        """Send the log."""
        options = LogOptions.of(call.query, self._runtime.clock())
        pod = find_pod(call)
        name = choose_container(pod, options.container)
        if not pod.get("spec", {}).get("nodeName"):
            return web.Response(text="", content_type="text/plain")
        container = log_container(pod, name, previous=options.previous)
        if is_websocket(call.request):
            return await self._over_websocket(call, container, options)
        response = web.StreamResponse(headers={"Cache-Control": "no-cache, private"})
        response.content_type = "text/plain"
        await response.prepare(call.request)
        try:
            await self._copy(call, container, options, response.write)
            await response.write_eof()
        except ConnectionError:
            # The reader has had enough: nobody is left to be told.
            return response
        return response

    async def _over_websocket(
        self, call: Call, container: Container, options: LogOptions
    ) -> web.StreamResponse:
        socket = await open_websocket(call.request, (BINARY, BASE64))
        text = socket.ws_protocol == BASE64

        async def send(data: bytes) -> None:
            if text:
                await socket.send_str(base64.b64encode(data).decode())
            else:
                await socket.send_bytes(data)

        async def listen() -> None:
            async for _ in socket:
                pass

        async def copy() -> None:
            await send(b"")
            await self._copy(call, container, options, send)

        tasks = (asyncio.create_task(listen()), asyncio.create_task(copy()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await hang_up(call.request, socket)
        return socket

    async def _copy(
        self,
        call: Call,
        container: Container,
        options: LogOptions,
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        left = options.limit
        if options.stream == "Stderr":
            return

        def current() -> Container | None:
            return container_now(call, container, previous=options.previous)

        async for data in self._batches(container, options, current):
            if left is not None:
                data = data[:left]
                left -= len(data)
            await send(data)
            if left == 0 or call.request.transport is None:
                return

    async def _batches(
        self, container: Container, options: LogOptions, current: Callable[[], Container | None]
    ) -> AsyncIterator[bytes]:
        runtime = self._runtime
        if options.follow:
            stream = runtime.follow(container, since=options.since, tail=options.tail, current=current)
            async for entries in stream:
                yield encode(entries, timestamps=options.timestamps)
            return
        now = int(runtime.clock() * SECOND)
        reader = runtime.open_log(container, since=options.since, tail=options.tail, now=now)
        while entries := reader.take(now, 2000):
            yield encode(entries, timestamps=options.timestamps)
            await asyncio.sleep(0)
