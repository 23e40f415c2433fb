"""SPDY connections: streams over a connection that was upgraded, or inside a WebSocket.

`SpdyConnection.run` answers pings, accepts streams and fills their inboxes; who does not read a stream holds
the whole connection back, as Kubernetes' own servers do. `SpdySession` is exec and attach over such streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Protocol

from aiohttp import WSMsgType, web

from k8stui.demo.streams.channels import terminal_size
from k8stui.demo.streams.session import STDERR, STDOUT
from k8stui.demo.streams.spdy import FIN, Decoder, Encoder, Frame, SpdyError, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from k8stui.demo.streams.session import Status, Wanted

INBOX = 1 << 20
"""Bytes that wait in a stream before the connection is held back."""
MAX_STREAMS = 4096
LINGER = 1.0
"""Seconds that a client gets to close after the server has said its last."""
REFUSED = 3


class Wire(Protocol):
    """Bytes both ways."""

    async def receive(self) -> bytes:
        """Some bytes, empty at the end."""
        ...

    async def send(self, data: bytes) -> None:
        """Send; waits while the peer is slower. Raises ConnectionError."""
        ...

    async def finish(self) -> None:
        """Nothing more will be sent; the peer may still send."""
        ...

    async def close(self) -> None:
        """Close, in any state."""
        ...


class _TakenOver(asyncio.StreamReaderProtocol):
    """Takes a connection over from aiohttp, and tells it when that connection ends."""

    def __init__(self, reader: asyncio.StreamReader, before: asyncio.BaseProtocol) -> None:
        super().__init__(reader)
        self._before = before

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._before.connection_lost(exc)


class RawWire:
    """A connection that was upgraded to SPDY: all of its bytes are frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def upgrade(
        cls, request: web.Request, headers: Mapping[str, str]
    ) -> tuple[RawWire, web.StreamResponse]:
        """Answer 101 and take the connection over; the response is what the handler has to return."""
        response = web.StreamResponse(status=101, headers={**headers, "Upgrade": "SPDY/3.1"})
        response.headers["Connection"] = "Upgrade"
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        await response.prepare(request)
        reader = asyncio.StreamReader(limit=1 << 16)
        protocol = _TakenOver(reader, request.protocol)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        return cls(reader, writer), response

    async def receive(self) -> bytes:
        """Some bytes, empty at the end."""
        try:
            return await self._reader.read(1 << 16)
        except ConnectionError:
            return b""

    async def send(self, data: bytes) -> None:
        """Send; waits while the peer is slower."""
        self._writer.write(data)
        await self._writer.drain()

    async def finish(self) -> None:
        """Nothing more will be sent."""
        with contextlib.suppress(OSError):
            if self._writer.can_write_eof():
                self._writer.write_eof()

    async def close(self) -> None:
        """Close."""
        self._writer.close()


class TunnelWire:
    """SPDY inside the binary messages of a WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """Some bytes, empty at the end."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.BINARY:
                if message.data:
                    return bytes(message.data)
            elif message.type is not WSMsgType.TEXT:
                return b""

    async def send(self, data: bytes) -> None:
        """Send; waits while the peer is slower."""
        try:
            await self._socket.send_bytes(data)
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error

    async def finish(self) -> None:
        """Nothing: a WebSocket closes as a whole."""

    async def close(self) -> None:
        """Close with a handshake."""
        await self._socket.close()


class SpdyStream:
    """One stream that the client has opened."""

    def __init__(self, connection: SpdyConnection, frame: Frame) -> None:
        self.id = frame.stream
        self.headers = frame.headers
        self._connection = connection
        self._inbox = bytearray()
        self._ended = frame.fin
        self._closed = False
        self._dropped = False
        self._changed = asyncio.Condition()

    async def feed(self, data: bytes, *, end: bool) -> None:
        """The connection has read bytes for it; waits while too many lie here."""
        async with self._changed:
            while len(self._inbox) > INBOX and not self._ended:
                await self._changed.wait()
            if not self._dropped:
                self._inbox += data
            self._ended = self._ended or end
            self._changed.notify_all()

    async def read(self) -> bytes:
        """Some bytes, empty at the end."""
        async with self._changed:
            while not self._inbox and not self._ended:
                await self._changed.wait()
            data = bytes(self._inbox)
            self._inbox.clear()
            self._changed.notify_all()
            return data

    async def write(self, data: bytes) -> None:
        """Send bytes. Raises ConnectionError when the client is gone."""
        if not self._closed:
            await self._connection.send(self._connection.encoder.data(self.id, data))

    async def close(self) -> None:
        """Nothing more will be sent on it."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(ConnectionError):
                await self._connection.send(self._connection.encoder.data(self.id, b"", fin=True))

    async def drop(self) -> None:
        """Both directions are over: waiting readers and feeders go on."""
        self._closed = self._dropped = True
        async with self._changed:
            self._inbox.clear()
            self._ended = True
            self._changed.notify_all()


class SpdyConnection:
    """The server's side of a SPDY connection."""

    def __init__(self, wire: Wire) -> None:
        self.encoder = Encoder()
        self.accepted: asyncio.Queue[SpdyStream] = asyncio.Queue()
        """Streams that the client has opened, in order."""
        self.gone = asyncio.Event()
        self._wire = wire
        self._decoder = Decoder()
        self._streams: dict[int, SpdyStream] = {}
        self._last = 0

    async def run(self) -> None:
        """Receive until the client is gone or sends what is not SPDY."""
        try:
            while data := await self._wire.receive():
                for frame in self._decoder.feed(data):
                    await self._handle(frame)
        except (SpdyError, ConnectionError):
            return
        finally:
            self.gone.set()
            for stream in list(self._streams.values()):
                await stream.drop()

    async def send(self, data: bytes) -> None:
        """Send encoded frames."""
        if self.gone.is_set():
            raise ConnectionResetError("the client is gone")
        await self._wire.send(data)

    async def _handle(self, frame: Frame) -> None:
        if frame.type is None:
            stream = self._streams.get(frame.stream)
            if stream is not None:
                await stream.feed(frame.data, end=frame.fin)
        elif frame.type is Type.SYN_STREAM:
            await self._accept(frame)
        elif frame.type is Type.PING:
            await self.send(self.encoder.ping(frame.value))
        elif frame.type is Type.RST_STREAM:
            stream = self._streams.pop(frame.stream, None)
            if stream is not None:
                await stream.drop()
        elif frame.type is Type.HEADERS and frame.flags & FIN:
            stream = self._streams.get(frame.stream)
            if stream is not None:
                await stream.feed(b"", end=True)

    async def _accept(self, frame: Frame) -> None:
        if frame.stream <= self._last or not frame.stream & 1:
            raise SpdyError("stream numbers must be odd and grow")
        self._last = frame.stream
        if len(self._streams) >= MAX_STREAMS:
            await self.send(self.encoder.rst_stream(frame.stream, REFUSED))
            return
        stream = self._streams[frame.stream] = SpdyStream(self, frame)
        await self.send(self.encoder.syn_reply(frame.stream))
        self.accepted.put_nowait(stream)

    def forget(self, stream: SpdyStream) -> None:
        """A stream is over for both sides."""
        self._streams.pop(stream.id, None)

    async def close(self) -> None:
        """Say good-bye and close; `run` goes on receiving until this is done."""
        with contextlib.suppress(ConnectionError):
            if not self.gone.is_set():
                await self._wire.send(self.encoder.goaway(self._last))
                await self._wire.finish()
        # To close with unread input would make the kernel drop what the client has not yet received.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self.gone.wait()
        await self._wire.close()


class SpdySession:
    """Standard streams over SPDY: one stream each, named by its `streamtype` header."""

    def __init__(self, connection: SpdyConnection, streams: Mapping[str, SpdyStream]) -> None:
        self.gone = connection.gone
        self.resized: Callable[[int, int], None] = lambda columns, rows: None
        self.size: tuple[int, int] | None = None
        self.translated = False
        self._connection = connection
        self._streams = streams

    @classmethod
    async def open(cls, connection: SpdyConnection, wanted: Wanted) -> SpdySession | None:
        """Wait for the streams that were asked for; None when the client does not open them in time."""
        names = {"error"}
        names |= {name for name in ("stdin", "stdout", "stderr") if getattr(wanted, name)}
        if wanted.tty:
            names.add("resize")
        streams: dict[str, SpdyStream] = {}
        try:
            async with asyncio.timeout(10.0):
                while names - streams.keys():
                    stream = await connection.accepted.get()
                    streams[stream.headers.get("streamtype", "").lower()] = stream
        except TimeoutError:
            return None
        return cls(connection, streams)

    async def watch_sizes(self) -> None:
        """Follow the size of the client's terminal, one JSON object after another."""
        stream = self._streams.get("resize")
        while stream is not None and (data := await stream.read()):
            for line in data.replace(b"}{", b"}\n{").splitlines():
                size = terminal_size(line)
                if size is not None:
                    self.size = size
                    self.resized(*size)

    async def read(self) -> bytes:
        """Some input, empty at its end."""
        stream = self._streams.get("stdin")
        return b"" if stream is None else await stream.read()

    async def write(self, channel: int, data: bytes) -> None:
        """Send output."""
        stream = self._streams.get({STDOUT: "stdout", STDERR: "stderr"}.get(channel, ""))
        if stream is not None and data:
            with contextlib.suppress(ConnectionError):
                await stream.write(data)

    async def finish(self, status: Status) -> None:
        """Say how it ended, and close."""
        with contextlib.suppress(ConnectionError):
            await self._streams["error"].write(json.dumps(status, separators=(",", ":")).encode())
        for stream in self._streams.values():
            await stream.close()
        await self._connection.close()
