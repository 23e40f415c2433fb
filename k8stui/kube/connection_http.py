"""The HTTP session below a `Connection`: sockets, keep-alive, proxy. It knows nothing of Kubernetes.

Imports the HTTP library, which takes some hundred milliseconds: `Connection` imports this module in a
thread, when it is opened.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

__all__ = ["HttpSession"]

_READ_BUFFER = 512 * 1024


class HttpSession:
    """One pool of connections. `connect_timeout` (seconds) bounds name look-up, TCP, TLS and proxy together.

    Never follows redirects, keeps no cookies, reads no `~/.netrc` and no proxy from the environment by
    itself: what is sent where is decided by the caller alone.
    """

    def __init__(self, *, connect_timeout: float, proxy: str = "", server_hostname: str = "") -> None:
        self._connect_timeout = connect_timeout
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
            headers=_multi(headers),
            data=body,
            proxy=self._proxy,
            server_hostname=self._server_hostname if tls is not None else None,
            allow_redirects=False,
            **options,
        )

    async def close(self) -> None:
        await self._session.close()
        # One turn of the loop lets transports of TLS connections finish closing.
        await asyncio.sleep(0)


def _multi(headers: Sequence[tuple[str, str]]) -> Any:
    from multidict import CIMultiDict

    return CIMultiDict(headers)


def _keepalive_socket(address: Any) -> socket.socket:
    """A socket whose dead peer is found out in about 45 s, even if nobody reads or writes."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
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
    return made
