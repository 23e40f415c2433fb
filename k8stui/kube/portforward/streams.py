"""One TCP connection into a pod, by whichever protocol the server speaks. It knows no local ports.

Servers from 1.30 on tunnel SPDY in a WebSocket, which can end each direction alone and be used again; older
ones have two channels in a WebSocket for each connection, which ends as a whole. Both are offered in one
handshake, the server chooses. A tunnel carries one connection at a time: a client that does not read must
not hold back others.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from k8stui.kube.errors import ConnectionLost, KubeError, plain_text
from k8stui.kube.portforward.spdy import GOAWAY, PING, RST_STREAM, Reader, SpdyError, Writer

if TYPE_CHECKING:
    from k8stui.kube.sessions.streams import MessageStream, StreamOpener

TUNNEL = "SPDY/3.1+portforward.k8s.io"
CHANNELS = "v4.channel.k8s.io"
PROTOCOLS = (TUNNEL, CHANNELS)
"""What is offered, the best first."""
PIECE = 32 * 1024
"""Bytes in one message."""
LINGER = 0.5
"""Seconds that an error may come after the data has ended."""


class PortRefused(KubeError):
    """Nothing listens on the port in the pod, or the node could not connect."""


class PodStream(Protocol):
    """One connection."""

    can_finish: bool
    """Its directions can be ended one by one."""

    async def read(self) -> bytes:
        """Some bytes, empty at the end. Raises KubeError."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the peer is slower. Raises ConnectionLost."""
        ...

    async def finish(self) -> None:
        """Nothing more will be sent."""
        ...

    async def close(self) -> None:
        """End it; a tunnel may be used again afterwards where both sides have said all."""
        ...


def refusal(text: str, port: int) -> PortRefused:
    """The node's words, without what only it understands."""
    words = plain_text(text, 600)
    if "connection refused" in words:
        return PortRefused(f"Nothing listens on port {port} in the pod", hint="check the port of its program")
    return PortRefused(f"Port {port} cannot be reached: {words}")


class ChannelStream:
    """A connection over `v4.channel.k8s.io`: channel 0 is data, 1 an error; each starts with the port."""

    can_finish = False

    def __init__(self, socket: MessageStream, port: int) -> None:
        self._socket = socket
        self._port = port
        self._begun = [False, False]

    async def read(self) -> bytes:
        while True:
            message = await self._socket.receive()
            if message is None:
                return b""
            if len(message) < 2 or message[0] > 1:
                continue
            channel, data = message[0], message[1:]
            if not self._begun[channel]:
                self._begun[channel] = True
                data = data[2:]
            if data and channel:
                raise refusal(data.decode("utf-8", "replace"), self._port)
            if data:
                return data

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE):
            await self._socket.send(b"\0" + data[at : at + PIECE])

    async def finish(self) -> None:
        """There is no such thing here: the peer is not told."""

    async def close(self) -> None:
        await self._socket.close()


class Tunnel:
    """A WebSocket with SPDY in it, for one connection after the other."""

    def __init__(self, socket: MessageStream) -> None:
        self._socket = socket
        self._reader, self._writer = Reader(), Writer()
        self._last = -1
        self._requests = 0
        self.broken = False

    def new(self) -> tuple[int, int, int]:
        """Numbers of two streams and of their request."""
        self._last += 4
        self._requests += 1
        return self._last - 2, self._last, self._requests - 1

    async def send(self, *frames: bytes) -> None:
        """Send frames. Raises ConnectionLost."""
        try:
            await self._socket.send(b"".join(frames))
        except ConnectionLost:
            self.broken = True
            raise

    @property
    def frames(self) -> Writer:
        """Makes frames."""
        return self._writer

    async def receive(self) -> list[Any]:
        """The next frames; pings are answered. Raises ConnectionLost at the end of the tunnel."""
        message = await self._socket.receive()
        if message is None:
            self.broken = True
            raise ConnectionLost("The server has closed the tunnel", kind="closed")
        try:
            frames = list(self._reader.feed(message))
        except SpdyError as error:
            self.broken = True
            raise ConnectionLost(f"The tunnel broke: {error}") from error
        for frame in frames:
            if frame.kind == PING:
                await self.send(self._writer.ping(frame.value))
            elif frame.kind == GOAWAY:
                self.broken = True
        return frames

    async def close(self) -> None:
        """End it."""
        self.broken = True
        await self._socket.close()


class TunnelStream:
    """A connection inside a tunnel: a stream for data, one for an error."""

    can_finish = True

    def __init__(self, tunnel: Tunnel, port: int) -> None:
        self.tunnel = tunnel
        self._port = port
        self._error, self._data, self._request = tunnel.new()
        self._said = b""
        self._error_ended = self._data_ended = self._finished = False

    async def open(self) -> None:
        """Ask for the connection. Raises ConnectionLost."""
        common = {"port": str(self._port), "requestid": str(self._request)}
        frames = self.tunnel.frames
        await self.tunnel.send(
            frames.open(self._error, {"streamtype": "error", **common}, fin=True),
            frames.open(self._data, {"streamtype": "data", **common}),
        )

    async def read(self) -> bytes:
        while not self._data_ended:
            found = bytearray()
            for frame in await self.tunnel.receive():
                self._take(frame, found)
            if found:
                return bytes(found)
            if self._said and self._error_ended:
                break
        await self._last_words()
        if self._said:
            raise refusal(self._said.decode("utf-8", "replace"), self._port)
        return b""

    def _take(self, frame: Any, found: bytearray) -> None:
        ended = frame.fin or frame.kind == RST_STREAM
        if frame.stream == self._error and frame.kind != GOAWAY:
            self._said += frame.data
            self._error_ended = self._error_ended or ended
        elif frame.stream == self._data and frame.kind != GOAWAY:
            found += frame.data
            self._data_ended = self._data_ended or ended

    async def _last_words(self) -> None:
        """An error may follow the end of the data."""
        with contextlib.suppress(TimeoutError, ConnectionLost):
            async with asyncio.timeout(LINGER):
                while not self._error_ended:
                    for frame in await self.tunnel.receive():
                        self._take(frame, bytearray())

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE):
            await self.tunnel.send(self.tunnel.frames.data(self._data, data[at : at + PIECE]))

    async def finish(self) -> None:
        if not self._finished:
            self._finished = True
            await self.tunnel.send(self.tunnel.frames.data(self._data, b"", fin=True))

    async def close(self) -> None:
        with contextlib.suppress(ConnectionLost):
            if not self._finished and not self.tunnel.broken:
                await self.finish()
        if not (self._data_ended and self._error_ended):
            await self.tunnel.close()  # frames of it may still come: nobody else is to get them


class PodLink:
    """Ways into one pod: opens connections, and keeps tunnels that are free for the next ones."""

    KEPT = 4

    def __init__(self, connection: StreamOpener, namespace: str, pod: str) -> None:
        self._connection = connection
        self._path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward"
        self._free: list[Tunnel] = []
        self._closed = False

    async def open(self, port: int) -> PodStream:
        """A connection to a port. Raises KubeError; that nothing listens is told by the first read."""
        while self._free:
            tunnel = self._free.pop()
            with contextlib.suppress(ConnectionLost):
                return await self._opened(tunnel, port)
        socket = await self._connection.websocket(
            self._path, params={"ports": str(port)}, protocols=PROTOCOLS
        )
        if socket.protocol == TUNNEL:
            return await self._opened(Tunnel(socket), port)
        return ChannelStream(socket, port)

    @staticmethod
    async def _opened(tunnel: Tunnel, port: int) -> TunnelStream:
        if tunnel.broken:
            raise ConnectionLost("The tunnel is closed")
        stream = TunnelStream(tunnel, port)
        await stream.open()
        return stream

    async def give_back(self, stream: PodStream) -> None:
        """A connection is over."""
        await stream.close()
        if isinstance(stream, TunnelStream) and not stream.tunnel.broken:
            if self._closed or len(self._free) >= self.KEPT:
                await stream.tunnel.close()
            else:
                self._free.append(stream.tunnel)

    async def close(self) -> None:
        """Close the tunnels that are free; those in use end with their connections."""
        self._closed = True
        free, self._free = self._free, []
        await asyncio.gather(*(tunnel.close() for tunnel in free))
