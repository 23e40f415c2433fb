"""SOCKS 5 proxies, which the HTTP library does not know: a bridge inside this process.

The library sees an HTTP proxy on this machine; each CONNECT to it becomes a connection through the SOCKS
proxy (RFC 1928, 1929). The bridge listens on the loopback address only and asks for a password that nobody
else knows. What passes through it is TLS, and is not looked at.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import ipaddress
import secrets
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

__all__ = ["SocksBridge"]

_HEAD_LIMIT = 10.0
_CHUNK = 256 * 1024
_REPLIES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "the network is unreachable",
    4: "the host is unreachable",
    5: "connection refused",
    6: "no answer for too long",
    7: "command not supported",
    8: "address type not supported",
}


class _SocksError(Exception):
    """What the SOCKS proxy said, in words."""


class SocksBridge:
    """One bridge to the proxy at `url`; `on_socket` may set options on each socket to it."""

    def __init__(self, url: str, *, connect_timeout: float, on_socket: Callable[[socket], None]) -> None:
        self._proxy = urlsplit(url)
        self._connect_timeout = connect_timeout
        self._on_socket = on_socket
        self._password = secrets.token_urlsafe(24)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Start to listen; the URL for the HTTP library, with the password in it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://k8stui:{self._password}@127.0.0.1:{port}"

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # Nobody is left to tell; a cancellation comes from close() alone.
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_LIMIT):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, *_ = [*head[0].split(" "), "", ""]
        sent = next((line[21:] for line in head if line.lower().startswith("proxy-authorization: ")), "")
        expected = "Basic " + base64.b64encode(f"k8stui:{self._password}".encode()).decode()
        if method != "CONNECT" or not hmac.compare_digest(sent.encode(), expected.encode()):
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        try:
            async with asyncio.timeout(self._connect_timeout):
                far_reader, far_writer = await self._connect(target)
        except (OSError, asyncio.IncompleteReadError, UnicodeError, _SocksError) as error:
            said = str(error) if isinstance(error, _SocksError) else "it cannot be reached or broke off"
            writer.write(f"HTTP/1.1 502 {said}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        try:
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await _pump_both(reader, writer, far_reader, far_writer)
        finally:
            far_writer.transport.abort()

    async def _connect(self, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = target.rpartition(":")
        proxy = self._proxy
        reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or 1080, limit=_CHUNK)
        try:
            self._on_socket(writer.get_extra_info("socket"))
            await self._greet(reader, writer)
            writer.write(b"\x05\x01\x00" + _address(host.strip("[]")) + int(port).to_bytes(2, "big"))
            _, code, _, kind = await reader.readexactly(4)
            if code:
                raise _SocksError(_REPLIES.get(code, f"error {code}"))
            size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
            await reader.readexactly(size + 2)
        except BaseException:
            writer.transport.abort()
            raise
        return reader, writer

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user, password = self._proxy.username, unquote(self._proxy.password or "")
        writer.write(b"\x05\x02\x00\x02" if user else b"\x05\x01\x00")
        version, method = await reader.readexactly(2)
        if version != 5:
            raise _SocksError("it does not speak SOCKS 5")
        if method == 2 and user:
            name, word = unquote(user).encode()[:255], password.encode()[:255]
            writer.write(bytes([1, len(name)]) + name + bytes([len(word)]) + word)
            _, status = await reader.readexactly(2)
            if status:
                raise _SocksError("it refused user and password")
        elif method != 0:
            raise _SocksError("it asks for a user and password")


def _address(host: str) -> bytes:
    """The address as SOCKS writes it; a name is left to the proxy to resolve, as Go does."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return (b"\x01" if address.version == 4 else b"\x04") + address.packed
    name = host.encode("idna")
    return bytes([3, len(name)]) + name


async def _pump_both(
    near_reader: asyncio.StreamReader,
    near_writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Until either side ends: what goes over here is TLS, which has no use for one half alone."""
    pumps = [
        asyncio.create_task(_pump(near_reader, far_writer)),
        asyncio.create_task(_pump(far_reader, near_writer)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        with contextlib.suppress(OSError, TimeoutError):
            near_writer.close()
            await asyncio.wait_for(near_writer.wait_closed(), 1.0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
