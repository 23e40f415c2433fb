"""One API server: requests, streams of lines, WebSockets.

Everything that goes to a server passes through `Connection`: here are the time limits, the credentials and
their renewal, the read-only gate, and one kind of error. It decodes no objects and keeps none, and it never
shows a secret. The HTTP library is imported when a connection is opened, in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from weakref import WeakSet

from k8stui.kube.connection.compression import Compression
from k8stui.kube.connection.gate import changes_something, subresource
from k8stui.kube.connection.headers import USER_AGENT, parse_warnings
from k8stui.kube.connection.identity import Identity, IdentityKeeper
from k8stui.kube.connection.limits import Limits
from k8stui.kube.connection.lines import LineSplitter, LineTooLong
from k8stui.kube.connection.proxy import proxy_for, without_password
from k8stui.kube.connection.urls import checked_server, is_web_page, join_url
from k8stui.kube.connection.websocket import HEARTBEAT, WebSocket
from k8stui.kube.credentials.expiry import why_refused
from k8stui.kube.errors import (
    LOGIN_PAGE,
    ApiError,
    ConnectionLost,
    ReadOnlyError,
    api_error,
    web_page_error,
)
from k8stui.kube.kubeconfig.reading import reload_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence

    import aiohttp

    from k8stui.kube.connection.http import HttpSession
    from k8stui.kube.connection.urls import Params, Scalar
    from k8stui.kube.kubeconfig.types import Context

__all__ = ["Connection", "Response"]

T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]

_MAX_REDIRECTS = 5
_EXEC_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer below 400. `headers` ignores case; `warnings` are the texts of `Warning` headers."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    warnings: tuple[str, ...] = ()


class Connection:
    """A client of the API server of one context; many requests and streams at once, on one event loop.

    `readonly` refuses whatever may change something, before it is sent; dry runs too: no request with a
    changing verb leaves, so that nobody has to trust a server (or its webhooks) with one. `on_progress` gets
    short plain-text lines while credentials are fetched, `on_warning` each warning that the server sends.
    `connect_timeout` and `credential_timeout` are in seconds, and so is `heartbeat`: silence on a WebSocket
    after which it is asked whether it lives. Raises KubeconfigError for a context that cannot be used.
    """

    def __init__(
        self,
        context: Context,
        *,
        readonly: bool = False,
        on_progress: Callable[[str], None] | None = None,
        on_warning: Callable[[str], None] | None = None,
        connect_timeout: float = 10.0,
        credential_timeout: float = 60.0,
        heartbeat: float = HEARTBEAT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.readonly = readonly
        self.on_warning = on_warning
        self.last_heard: float | None = None
        """When the server last sent anything (time.monotonic()), None if it never did."""
        self._heartbeat = heartbeat
        self._connect_timeout = connect_timeout
        self._base = checked_server(context)
        proxy_url = context.cluster_entry.proxy_url
        self._proxy = proxy_for(self._base, proxy_url, os.environ if env is None else env)
        self._identity = IdentityKeeper(
            context, reload=reload_context, on_progress=on_progress, time_limit=credential_timeout
        )
        self._http: HttpSession | None = None
        self._opening = asyncio.Lock()
        self._limits = Limits(self.server)
        self._compression = Compression(allowed=not context.cluster_entry.disable_compression)
        self._sockets: WeakSet[WebSocket] = WeakSet()

    def __repr__(self) -> str:
        return f"<Connection {self.context.name} {self.server} as {self.user or 'nobody'}>"

    @property
    def context(self) -> Context:
        """The context, with its credentials as last read from the kubeconfig."""
        return self._identity.context

    @property
    def server(self) -> str:
        """The server as it may be shown: without its path, which may be what keeps strangers out."""
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def user(self) -> str:
        """The name of the user entry in the kubeconfig (not what the server calls this user)."""
        return self._identity.context.user

    async def __aenter__(self) -> Connection:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Get ready; sends nothing yet. Calling it again does nothing."""
        await self._session()

    async def close(self) -> None:
        """End everything that is under way; who waits for it gets ConnectionLost."""
        self._limits.end()
        await asyncio.gather(*(socket.close() for socket in tuple(self._sockets)))
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = 30.0,
        headers: Headers = (),
    ) -> Response:
        """Ask and read the whole answer, within `timeout` seconds (not counting a login).

        Raises ApiError for an answer of 400 and above, ConnectionLost, CredentialsError, KubeconfigError,
        and ReadOnlyError before anything is sent.
        """
        method = method.upper()
        self._gate(method, path)
        encoding = self._compression.accept_encoding if method == "GET" else "identity"
        extra: Headers = (("Accept", accept), ("Accept-Encoding", encoding), *headers)
        if body is not None:
            extra += (("Content-Type", content_type),)

        async def attempt(identity: Identity) -> Response:
            async with self._limits.answer(timeout, f"{method} {path}"):
                response = await self._start(method, path, params, extra, body, identity)
                content = await self._read_all(response)
            if is_web_page(path, response.headers.get("Content-Type", "")):
                raise web_page_error(self.server, content)
            return Response(response.status, response.headers, content, self._warnings(response))

        return await self._with_identity(attempt)

    async def get(self, path: str, **params: Scalar | Sequence[str]) -> bytes:
        """The body of a GET; errors as in `request`."""
        return (await self.request("GET", path, params=params)).body

    async def lines(
        self,
        path: str,
        *,
        params: Params | None = None,
        accept: str = "application/json",
        idle_timeout: float | None = 120.0,
        open_timeout: float | None = 30.0,
        on_open: Callable[[], None] | None = None,
        keep_tail: bool = False,
    ) -> AsyncGenerator[list[bytes], None]:
        """A stream as batches of complete lines without their newline, one batch for each read.

        Ends when the server ends the stream properly; raises ConnectionLost when it breaks, or when nothing
        came for `idle_timeout` seconds (kind "idle"; None: no limit, dead peers are still found out by TCP
        keep-alive), and the errors of `request`. `on_open` is called when the server has accepted.
        `open_timeout` bounds the wait for that; a log that follows may stay silent before its first line, so
        there `idle_timeout` counts from the start. What follows the last newline is a line only with
        `keep_tail`.
        """
        self._gate("GET", path)
        await self._session()  # which imports the library
        from k8stui.kube.connection.http import error_body

        limit = idle_timeout if subresource(path) == "log" else open_timeout
        extra: Headers = (("Accept", accept), ("Accept-Encoding", "identity"))

        async def attempt(identity: Identity) -> aiohttp.ClientResponse:
            async with self._limits.answer(limit, f"GET {path}"):
                response = await self._start("GET", path, params, extra, None, identity)
                if is_web_page(path, response.headers.get("Content-Type", "")):
                    raise web_page_error(self.server, await error_body(response))
                return response

        response = await self._with_identity(attempt)
        splitter = LineSplitter()
        try:
            self._warnings(response)
            if on_open is not None:
                on_open()
            while chunk := await self._read_chunk(response, idle_timeout):
                if lines := splitter.feed(chunk):
                    yield lines
            if keep_tail and (tail := splitter.tail()):
                yield [tail]
        except LineTooLong as error:
            raise ConnectionLost(f"{self.server} sent a line without end ({error} bytes)") from None
        finally:
            response.close()

    async def websocket(
        self,
        path: str,
        *,
        params: Params | None = None,
        protocols: Sequence[str] = _EXEC_PROTOCOLS,
        timeout: float = 30.0,
    ) -> WebSocket:
        """Open a WebSocket; `protocols` in the order of preference, `timeout` in seconds for the handshake.

        Raises the errors of `request`; a refused handshake is an ApiError with the server's words.
        """
        self._gate("GET", path, upgrade=True)
        http = await self._session()

        async def attempt(identity: Identity) -> WebSocket:
            from k8stui.kube.connection.http import HandshakeRefused

            headers: Headers = (
                ("User-Agent", USER_AGENT),
                ("Accept-Encoding", "identity"),
                *identity.headers,
            )
            async with self._limits.answer(timeout, f"GET {path}"):
                url = join_url(self._base, path, params)
                with self._wire():
                    try:
                        socket = await http.websocket(
                            url, headers=headers, tls=identity.tls, protocols=protocols
                        )
                    except HandshakeRefused as refusal:
                        raise api_error(refusal.status, refusal.headers, refusal.body) from None
            self.last_heard = time.monotonic()
            return WebSocket(socket, self.server, heartbeat=self._heartbeat)

        opened = await self._with_identity(attempt)
        self._sockets.add(opened)
        return opened

    async def _read_all(self, response: aiohttp.ClientResponse) -> bytes:
        started = time.monotonic()
        try:
            with self._wire("in the middle of an answer"):
                content = await response.read()
        finally:
            response.release()
        encoding = response.headers.get("Content-Encoding", "")
        self._compression.learn(len(content), time.monotonic() - started, encoding)
        return content

    async def _read_chunk(self, response: aiohttp.ClientResponse, idle_timeout: float | None) -> bytes:
        with self._wire("during a stream"):
            async with self._limits.silence(idle_timeout):
                chunk = await response.content.readany()
        self.last_heard = time.monotonic()
        return chunk

    async def _with_identity(self, attempt: Callable[[Identity], Awaitable[T]]) -> T:
        """Run `attempt`; once more with other credentials when the server did not accept the first."""
        async with self._limits.login():
            identity = await self._identity.get()
        try:
            return await self._explained(attempt, identity)
        except ApiError as error:
            if error.code != 401 or not await self._renewed(identity):
                raise
        except ConnectionLost as error:
            if error.kind == "tls":
                # Only the files may help: no plugin is run because a server is not trusted.
                again = await self._identity.reread(identity)
            elif error.kind == "refused-certificate":
                again = await self._renewed(identity)
            else:
                raise
            if not again:
                raise
        return await self._explained(attempt, await self._identity.get())

    async def _explained(self, attempt: Callable[[Identity], Awaitable[T]], identity: Identity) -> T:
        """A refusal of credentials tells more than the server does, where they do."""
        try:
            return await attempt(identity)
        except (ApiError, ConnectionLost) as error:
            if error.code == 401 or getattr(error, "kind", "") == "refused-certificate":
                error.hint = why_refused(identity.credential, self.user) or error.hint
            raise

    async def _renewed(self, refused: Identity) -> bool:
        async with self._limits.login():
            return await self._identity.renew(refused)

    async def _start(
        self,
        method: str,
        path: str,
        params: Params | None,
        headers: Headers,
        body: bytes | None,
        identity: Identity,
    ) -> aiohttp.ClientResponse:
        """The head of an answer below 400, its body unread. Follows redirects of GET on the same server."""
        http = await self._session()
        from k8stui.kube.connection.http import error_body

        url = join_url(self._base, path, params)
        sent = (("User-Agent", USER_AGENT), *headers, *identity.headers)
        with self._wire():
            for _ in range(_MAX_REDIRECTS):
                response = await http.start(method, url, headers=sent, body=body, tls=identity.tls)
                self.last_heard = time.monotonic()
                if response.status < 300:
                    return response
                if response.status < 400:
                    response.release()
                    url = self._redirected(method, url, response)
                    continue
                raise api_error(response.status, response.headers, await error_body(response))
        said = f"{self.server} redirects {method} {path} round and round"
        raise ApiError(310, "Redirects", said, hint="check the server's address in the kubeconfig")

    def _redirected(self, method: str, url: str, response: aiohttp.ClientResponse) -> str:
        from yarl import URL

        asked = URL(url, encoded=True)
        target = asked.join(URL(response.headers.get("Location", "")))
        if method not in ("GET", "HEAD") or target.origin() != asked.origin():
            raise ApiError(
                response.status,
                "Redirect",
                f"{self.server} sends us to {target.origin()} instead of answering",
                hint=LOGIN_PAGE,
            )
        self._gate(method, target.raw_path.removeprefix(urlsplit(self._base).path))
        return str(target)

    def _gate(self, method: str, path: str, *, upgrade: bool = False) -> None:
        if self.readonly and changes_something(method, path, upgrade=upgrade):
            raise ReadOnlyError(method, path.partition("?")[0])

    def _warnings(self, response: aiohttp.ClientResponse) -> tuple[str, ...]:
        warnings = parse_warnings(response.headers.getall("Warning", ()))
        if self.on_warning is not None:
            for warning in warnings:
                self.on_warning(warning)
        return warnings

    @contextlib.contextmanager
    def _wire(self, during: str = "") -> Iterator[None]:
        """What the HTTP library raises in here comes out as ConnectionLost."""
        from k8stui.kube.connection.losses import NETWORK_ERRORS, loss

        try:
            yield
        except NETWORK_ERRORS as error:
            proxy = without_password(self._proxy)
            raise loss(error, self.server, proxy=proxy, during=during) from error

    async def _session(self) -> HttpSession:
        if self._http is not None:
            return self._http
        async with self._opening:
            self._limits.check()
            if self._http is None:
                await asyncio.to_thread(_import_http)
                from k8stui.kube.connection.http import open_session

                self._http = await open_session(
                    connect_timeout=self._connect_timeout,
                    proxy=self._proxy,
                    server_hostname=self.context.cluster_entry.tls_server_name,
                )
            return self._http


def _import_http() -> None:
    import k8stui.kube.connection.http
    import k8stui.kube.connection.losses  # noqa: F401
