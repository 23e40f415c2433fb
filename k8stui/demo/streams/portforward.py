"""Port-forwarding to what a pod listens on: a small service behind every declared port.

The service speaks HTTP (it answers with the pod's name) to whoever starts with an HTTP request, and echoes to
everybody else. Three protocols: SPDY over an upgraded connection, SPDY inside a WebSocket, and WebSocket
channels (`v4.channel.k8s.io`, two for each port of the query). Nothing here opens a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from k8stui.demo.errors import bad_request
from k8stui.demo.streams.channels import hang_up, is_websocket, open_websocket
from k8stui.demo.streams.pods import (
    declared_ports,
    find_pod,
    require_node,
    running_container,
    upgrade_required,
)
from k8stui.demo.streams.spdyconn import RawWire, SpdyConnection, SpdyStream, TunnelWire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from k8stui.demo.routing import Call
    from k8stui.demo.runtime import Runtime

TUNNEL = "SPDY/3.1+portforward.k8s.io"
CHANNELS = "v4.channel.k8s.io"
SPDY_PROTOCOL = "portforward.k8s.io"
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ")
MAX_REQUEST = 1 << 20


class Refused(Exception):
    """Nothing listens on that port."""


class Service:
    """One TCP connection to a port of a pod: bytes in by `feed`, bytes out by `send`."""

    def __init__(self, pod: dict[str, Any], port: int, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._name = pod["metadata"]["name"]
        self._port = port
        self._send = send
        self._buffer = b""
        self._echo = False
        self.open = True
        """Whether the service would go on; False after an answer that closes."""

    async def feed(self, data: bytes) -> None:
        """The client has sent bytes."""
        if self._echo:
            await self._send(data)
            return
        self._buffer += data
        start = self._buffer[:8]
        if not any(start.startswith(method[: len(start)]) for method in METHODS):
            self._echo = True
            await self._send(self._buffer)
            self._buffer = b""
            return
        while self.open and (request := self._take_request()):
            await self._answer(request)

    def _take_request(self) -> bytes:
        """One whole HTTP request off the buffer, empty when it is not complete."""
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            self.open = len(self._buffer) <= MAX_REQUEST
            return b""
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
        if len(rest) < length:
            self.open = len(self._buffer) <= MAX_REQUEST
            return b""
        self._buffer = rest[length:]
        return head

    async def _answer(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        headers = {
            name.strip().lower(): value.strip().lower()
            for name, _, value in (line.partition(b":") for line in lines)
        }
        keep = first.endswith(b"HTTP/1.1") and headers.get(b"connection") != b"close"
        body = f"{self._name}\n".encode()
        answer = (
            f"HTTP/1.1 200 OK\r\nDate: {formatdate(usegmt=True)}\r\nServer: k8stui-demo\r\n"
            f"X-Port: {self._port}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        ).encode()
        await self._send(answer if first.startswith(b"HEAD ") else answer + body)
        self.open = keep


class PortForward:
    """The handler of `pods/portforward`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def connect(self, call: Call) -> web.StreamResponse:
        """Forward ports, by the protocol that the client speaks."""
        pod = find_pod(call)
        require_node(pod)
        request = call.request
        if is_websocket(request):
            offered = request.headers.get("Sec-WebSocket-Protocol", "")
            if TUNNEL in offered:
                socket = await open_websocket(request, (TUNNEL,))
                await self._spdy(call, SpdyConnection(TunnelWire(socket)))
                return socket
            return await self._channels(call)
        if not request.headers.get("Upgrade", "").lower().startswith("spdy/3.1"):
            raise upgrade_required()
        wire, response = await RawWire.upgrade(request, {"X-Stream-Protocol-Version": SPDY_PROTOCOL})
        await self._spdy(call, SpdyConnection(wire))
        return response

    def _service(self, call: Call, port: int, send: Callable[[bytes], Awaitable[None]]) -> Service:
        """Connect to a port of the pod as it is now. Raises Refused with the node's words."""
        pod = find_pod(call)
        listener = declared_ports(pod).get(port)
        if listener is not None and running_container(pod, listener) is not None:
            return Service(pod, port, send)
        sandbox = (pod["metadata"]["uid"].replace("-", "") * 2)[:64]
        network = "-".join((sandbox[:8], sandbox[8:12], sandbox[12:16], sandbox[16:20], sandbox[20:32]))
        raise Refused(
            f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network "
            f'namespace "/var/run/netns/cni-{network}": failed to connect to localhost:{port} inside '
            f'namespace "{sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused '
            "IPv6 dial tcp6: address localhost: no suitable address found "
        )

    async def _channels(self, call: Call) -> web.StreamResponse:
        """Two channels for each port: 2i carries data, 2i + 1 errors; both start with the port's number."""
        try:
            ports = [int(word) for text in call.request.query.getall("ports", []) for word in text.split(",")]
        except ValueError as error:
            raise bad_request(f"unable to parse the ports: {error}") from error
        if not ports or not all(0 < port < 65536 for port in ports) or len(ports) > 100:
            raise bad_request('query parameter "ports" is required' if not ports else "invalid port")
        socket = await open_websocket(call.request, (CHANNELS,))
        services: dict[int, Service] = {}
        for index, port in enumerate(ports):
            for channel in (2 * index, 2 * index + 1):
                await socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
        try:
            for index, port in enumerate(ports):
                services[2 * index] = self._service(call, port, _channel_sender(socket, 2 * index))
        except Refused as error:
            await socket.send_bytes(bytes([2 * index + 1]) + str(error).encode())
            await hang_up(call.request, socket)
            return socket
        async for message in socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                continue
            service = services.get(message.data[0])
            if service is not None and len(message.data) > 1:
                await service.feed(message.data[1:])
                if not service.open:
                    services.pop(message.data[0])
            if not services:
                break
        await hang_up(call.request, socket)
        return socket

    async def _spdy(self, call: Call, connection: SpdyConnection) -> None:
        """Any number of connections, each an error and a data stream with one `requestid`."""
        receiver = asyncio.create_task(connection.run())
        waiting: dict[str, SpdyStream] = {}
        pumps: set[asyncio.Task[None]] = set()
        gone = asyncio.create_task(connection.gone.wait())
        try:
            while not connection.gone.is_set():
                accepting = asyncio.create_task(connection.accepted.get())
                await asyncio.wait((accepting, gone), return_when=asyncio.FIRST_COMPLETED)
                if not accepting.done():
                    accepting.cancel()
                    break
                stream = accepting.result()
                key = stream.headers.get("requestid", "")
                other = waiting.pop(key, None)
                if other is None:
                    waiting[key] = stream
                    continue
                error, data = (
                    (other, stream) if other.headers.get("streamtype") == "error" else (stream, other)
                )
                pump = asyncio.create_task(self._pump(call, connection, error, data))
                pumps.add(pump)
                pump.add_done_callback(pumps.discard)
        finally:
            tasks = (receiver, gone, *pumps)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()

    async def _pump(
        self, call: Call, connection: SpdyConnection, error: SpdyStream, data: SpdyStream
    ) -> None:
        """One forwarded connection, until either side has ended it."""
        try:
            port = int(data.headers.get("port", "0"))
            service = self._service(call, port, data.write)
            while service.open and (received := await data.read()):
                await service.feed(received)
        except Refused as reason:
            with contextlib.suppress(ConnectionError):
                await error.write(str(reason).encode())
        except (ConnectionError, ValueError):
            return
        finally:
            await data.close()
            await error.close()
            connection.forget(error)
            connection.forget(data)


def _channel_sender(socket: web.WebSocketResponse, channel: int) -> Callable[[bytes], Awaitable[None]]:
    async def send(data: bytes) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await socket.send_bytes(bytes([channel]) + data)

    return send
