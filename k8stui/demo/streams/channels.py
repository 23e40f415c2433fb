"""WebSocket channels: `v5.channel.k8s.io` and its elders, and the plain byte streams of logs.

Each binary message starts with a byte that names its channel. The base64 forms carry the same as text. The
end of a session is as a Kubernetes API server's: the status on channel 3, then a normal close.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from k8stui.demo.streams.session import ERROR, RESIZE, STDERR, STDIN, STDOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.streams.session import Status, Wanted

V5 = "v5.channel.k8s.io"
PROTOCOLS = (
    V5,
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
)
CLOSE_CHANNEL = 255
MAX_MESSAGE = 8 << 20
QUEUE = 16
"""Messages of input that wait for a program."""


def is_websocket(request: web.Request) -> bool:
    """Whether the client asks for a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def open_websocket(request: web.Request, protocols: tuple[str, ...]) -> web.WebSocketResponse:
    """Accept a WebSocket with the first of the client's protocols that is known."""
    socket = web.WebSocketResponse(
        protocols=protocols, compress=False, max_msg_size=MAX_MESSAGE, autoping=True, timeout=1.0
    )
    await socket.prepare(request)
    return socket


async def hang_up(request: web.Request, socket: web.WebSocketResponse) -> None:
    """Close as an API server does: a normal close frame, and then the connection."""
    with contextlib.suppress(ConnectionError, RuntimeError):
        await socket.close()
    if request.transport is not None:
        request.transport.close()


class ChannelSession:
    """Standard streams over WebSocket channels. `run` receives, as long as somebody wants input."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, wanted: Wanted) -> None:
        self.gone = asyncio.Event()
        self.resized: Callable[[int, int], None] = lambda columns, rows: None
        self.size: tuple[int, int] | None = None
        self.translated = socket.ws_protocol == V5
        self._request = request
        self._socket = socket
        self._wanted = wanted
        self._input: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._text = "base64" in (socket.ws_protocol or "")

    async def greet(self) -> None:
        """An empty message on the lowest channel that the server writes: the streams are open."""
        wanted = self._wanted
        await self._send(STDOUT if wanted.stdout else STDERR if wanted.stderr else ERROR, b"")

    async def run(self) -> None:
        """Receive until the client is gone."""
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    await self._received(message.data)
        finally:
            self.gone.set()

    async def _received(self, data: bytes | str) -> None:
        if not data:
            return
        if isinstance(data, str) and not self._text:
            # The official Python client sends input as text.
            data = data.encode()
        if isinstance(data, str):
            try:
                channel, payload = int(data[0]), base64.b64decode(data[1:])
            except (ValueError, binascii.Error):
                return
        else:
            channel, payload = data[0], data[1:]
        if channel == CLOSE_CHANNEL and self.translated and payload[:1] == bytes([STDIN]):
            await self._input.put(b"")
        elif channel == STDIN and payload and self._wanted.stdin:
            await self._input.put(payload)
        elif channel == RESIZE:
            self.resize(payload)

    def resize(self, payload: bytes) -> None:
        """The client's terminal has another size."""
        size = terminal_size(payload)
        if size is not None:
            self.size = size
            self.resized(*size)

    async def read(self) -> bytes:
        """Some input, empty at its end."""
        return await self._input.get()

    async def write(self, channel: int, data: bytes) -> None:
        """Send output on a channel."""
        wanted = self._wanted.stdout if channel == STDOUT else self._wanted.stderr
        if wanted and data:
            await self._send(channel, data)

    async def _send(self, channel: int, data: bytes) -> None:
        if self.gone.is_set():
            return
        try:
            if self._text:
                await self._socket.send_str(f"{channel}{base64.b64encode(data).decode()}")
            else:
                await self._socket.send_bytes(bytes([channel]) + data)
        except (ConnectionError, RuntimeError):
            self.gone.set()

    async def finish(self, status: Status) -> None:
        """Say how it ended, and close."""
        await self._send(ERROR, json.dumps(status, separators=(",", ":")).encode())
        await hang_up(self._request, self._socket)


def terminal_size(payload: bytes) -> tuple[int, int] | None:
    """Columns and rows out of `{"Width":100,"Height":30}`."""
    try:
        size = json.loads(payload)
        return int(size["Width"]), int(size["Height"])
    except (ValueError, KeyError, TypeError):
        return None
