"""One WebSocket to the API server, as exec, attach and port-forward use it. It knows no channels.

`Connection.websocket` opens them; nothing here decides what may be opened. While someone waits for a message,
a silent peer is asked whether it lives, so that a shell or a tunnel does not hang for ever; a reader that
takes its time (a terminal held with ctrl-s) never loses its stream for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket as socket_options
from typing import TYPE_CHECKING

from k8stui.kube.errors import ConnectionLost, plain_text

if TYPE_CHECKING:
    import aiohttp

__all__ = ["HEARTBEAT", "WebSocket"]

HEARTBEAT = 6.0
"""Seconds of silence after which the peer is asked whether it lives; it has half of that to answer.

So a dead connection is noticed after 9 s, and after some more where nobody was reading."""
TERMINAL_BACKLOG = 128 * 1024
"""Bytes that the system may hold for a terminal: more would be old by the time it is seen."""
_CLOSE_LIMIT = 2.0
_NORMAL = (1000, 1001, 1005)


class WebSocket:
    """An open WebSocket; `protocol` is the agreed subprotocol, "" for none.

    One task may receive while others send. Whoever opened it must close it.
    """

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse[bool], server: str, *, heartbeat: float = HEARTBEAT
    ) -> None:
        self._socket = socket
        self._server = server
        self._heartbeat = heartbeat
        self._closing = False
        self.protocol = socket.protocol or ""

    async def __aenter__(self) -> WebSocket:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        return self._socket.closed

    def keep_backlog_short(self) -> None:
        """Let the system hold little unread output: what a terminal shows should be of now.

        It costs throughput where the way is long, so only terminals want it. Does nothing where it cannot.
        """
        plain = self._socket.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError, AttributeError):
                plain.setsockopt(socket_options.SOL_SOCKET, socket_options.SO_RCVBUF, TERMINAL_BACKLOG)

    async def send(self, message: bytes) -> None:
        """Send one binary message; waits while the peer is slow. Raises ConnectionLost."""
        try:
            await self._socket.send_bytes(message)
        except (OSError, RuntimeError) as error:
            raise ConnectionLost(f"{self._server} has closed the stream", kind="closed") from error

    async def receive(self) -> bytes | None:
        """The next message; None when the peer, or `close()` here, has ended the stream properly.

        Raises ConnectionLost when the stream broke (kind "idle" when the peer no longer answers).
        Cancelling it loses no message.
        """
        from aiohttp import WSMsgType

        asked = False
        while True:
            try:
                async with asyncio.timeout(self._heartbeat / 2 if asked else self._heartbeat):
                    message = await self._socket.receive()
            except TimeoutError:
                if asked:
                    raise ConnectionLost(
                        f"{self._server} no longer answers on this stream", kind="idle"
                    ) from None
                asked = True
                await self._ping()
                continue
            asked = False
            if message.type is WSMsgType.BINARY or message.type is WSMsgType.TEXT:
                data = message.data
                return data.encode() if isinstance(data, str) else bytes(data)
            if message.type is WSMsgType.PING:
                with contextlib.suppress(OSError, RuntimeError):
                    await self._socket.pong(bytes(message.data))
            elif message.type is WSMsgType.CLOSE and message.data not in _NORMAL:
                why = plain_text(str(message.extra or "")) or "no reason given"
                said = f"{self._server} closed the stream with code {message.data}: {why}"
                raise ConnectionLost(said, kind="closed")
            elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING):
                return None
            elif message.type is WSMsgType.CLOSED:
                if self._closing:
                    return None
                raise ConnectionLost(f"{self._server} dropped the stream", kind="lost")
            elif message.type is WSMsgType.ERROR:
                why = plain_text(str(self._socket.exception() or message.data or "it broke"))
                raise ConnectionLost(f"The stream with {self._server} failed: {why}", kind="lost")

    async def _ping(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            await self._socket.ping()

    async def close(self) -> None:
        """Close it, politely for a moment; never raises for what the peer does."""
        self._closing = True
        with contextlib.suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(_CLOSE_LIMIT):
                await self._socket.close()
