"""The HTTP session below a `Connection`: sockets, keep-alive, proxy. It knows nothing of Kubernetes.

Imports the HTTP library, which takes some hundred milliseconds: `Connection` imports this module in a
thread, when it is opened.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from k8stui.kube.connection.socks import SocksBridge

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

__all__ = ["HandshakeRefused", "HttpSession", "error_body", "open_session"]

_READ_BUFFER = 512 * 1024
_MAX_MESSAGE = 256 * 1024 * 1024
_ERROR_BODY = 4 * 1024 * 1024
_ERROR_LIMIT = 10.0
_WS_TIMEOUT: Any = aiohttp.ClientWSTimeout  # Its fields are hidden from type checkers by the way it is made.


class HandshakeRefused(Exception):
    """The server answered a WebSocket handshake with something else."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


async def error_body(response: aiohttp.ClientResponse) -> bytes:
    """The body of a refusal, cut where it is longer than anyone reads; ends the response."""
    body = bytearray()
    try:
        async with asyncio.timeout(_ERROR_LIMIT):
            while len(body) < _ERROR_BODY and (chunk := await response.content.readany()):
                body += chunk
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass  # The status alone says enough; half a body may still hold the reason.
    finally:
        response.close()
    return bytes(body)


async def _keep_refusal(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Reads the body of a refused handshake, which the library would throw away with the response."""
    response = await handler(request)
    if request.headers.get("Upgrade") == "websocket" and response.status != 101:
        body = await error_body(response)
        raise HandshakeRefused(response.status, response.headers, body)
    return response


class HttpSession:
    """One pool of connections. `connect_timeout` (seconds) bounds name look-up, TCP, TLS and proxy together.

    Never follows redirects, keeps no cookies, reads no `~/.netrc` and no proxy from the environment by
    itself: what is sent where is decided by the caller alone.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        proxy: str = "",
        server_hostname: str = "",
        bridge: SocksBridge | None = None,
    ) -> None:
        self._bridge = bridge
        self._proxy = proxy or None
        self._server_hostname = server_hostname or None
        connector = aiohttp.TCPConnector(
            limit=0,  # Every watch and log stream holds a connection: a limit would be a deadlock.
            socket_factory=_keepalive_socket,
            ttl_dns_cache=30,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=True,
            read_bufsize=_READ_BUFFER,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, connect=connect_timeout),
            middlewares=(_keep_refusal,),
            skip_auto_headers=("User-Agent", "Content-Type"),
            max_line_size=65536,
            max_field_size=65536,
        )

    async def start(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: bytes | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of its answer, without limit but that of connecting.

        The caller must close or release the response. Raises what the library raises.
        """
        options: dict[str, Any] = {"ssl": tls} if tls is not None else {}
        return await self._session.request(
            method,
            URL(url, encoded=True),
            headers=CIMultiDict(headers),
            data=body,
            proxy=self._proxy,
            server_hostname=self._server_hostname if tls is not None else None,
            allow_redirects=False,
            **options,
        )

    async def websocket(
        self,
        url: str,
        *,
        headers: Sequence[tuple[str, str]],
        protocols: Sequence[str],
        tls: ssl.SSLContext | None = None,
    ) -> aiohttp.ClientWebSocketResponse[bool]:
        """Open a WebSocket. Raises HandshakeRefused, with the body, when the server says no."""
        options: dict[str, Any] = {"ssl": tls} if tls is not None else {}
        timeout: Any = _WS_TIMEOUT(ws_close=1.0)
        opened: aiohttp.ClientWebSocketResponse[bool] = await self._session.ws_connect(
            URL(url, encoded=True),
            headers=CIMultiDict(headers),
            protocols=tuple(protocols),
            proxy=self._proxy,
            server_hostname=self._server_hostname if tls is not None else None,
            max_msg_size=_MAX_MESSAGE,
            autoping=False,
            timeout=timeout,
            **options,
        )
        return opened

    async def close(self) -> None:
        await self._session.close()
        if self._bridge is not None:
            await self._bridge.close()
        # One turn of the loop lets transports of TLS connections finish closing.
        await asyncio.sleep(0)


async def open_session(*, connect_timeout: float, proxy: str = "", server_hostname: str = "") -> HttpSession:
    """A session whose `proxy` may be a SOCKS proxy as well; whoever opens it must close it."""
    bridge: SocksBridge | None = None
    if proxy.startswith("socks"):
        bridge = SocksBridge(proxy, connect_timeout=connect_timeout, on_socket=_keep_alive)
        proxy = await bridge.open()
    return HttpSession(
        connect_timeout=connect_timeout, proxy=proxy, server_hostname=server_hostname, bridge=bridge
    )


def _keepalive_socket(address: Any) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    _keep_alive(made)
    return made


def _keep_alive(made: socket.socket) -> None:
    """A dead peer is found out in about 45 s, even if nobody reads or writes."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 15),
        ("TCP_KEEPALIVE", 15),  # the name of KEEPIDLE on macOS
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 45_000),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
