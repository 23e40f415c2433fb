"""Proxies: which one is used, what goes through it, and what is said when it fails."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.proxy import proxy_for, without_password
from k8stui.kube.connection.socks import SocksBridge
from k8stui.kube.errors import ConnectionLost, KubeconfigError
from k8stui.kube.kubeconfig.reading import Cluster, Context, User
from tests.unit.fakes_server import Certificates, FakeServer, Reply, Request, make_certificates
from tests.unit.test_websocket import echo

if TYPE_CHECKING:
    import ssl


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = make_certificates(tmp_path_factory.mktemp("pki"))
    made.sign("behind", names="DNS:api.behind.test")
    return made


class Tunnel(FakeServer):
    """A proxy that knows CONNECT and sends every tunnel to `target`, whatever name was asked for."""

    def __init__(self, target: FakeServer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self._target = target

    async def _handle(self, request: Request, reply: Reply) -> None:
        if request.method != "CONNECT":
            await reply.send(200, b"through the proxy")
            return
        reply.keep = False
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        await reply.raw(b"HTTP/1.1 200 OK\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pump(reply.reader, writer), pump(reader, reply.writer))


@pytest.mark.parametrize("encrypted", [False, True])
async def test_requests_streams_and_websockets_go_through_the_proxy(
    certificates: Certificates, encrypted: bool
) -> None:
    tls = certificates.server_context() if encrypted else None
    async with FakeServer(certificates.server_context("behind")) as server, Tunnel(server, tls) as proxy:
        server.answer("/version", b"v")
        server.answer("/lines", b"a\nb\n")
        server.on("/api/v1/namespaces/d/pods/p/exec", echo)
        url = proxy.url.replace("://", "://user:p%40ss@")
        cluster = Cluster(
            "k", "https://api.behind.test:6443", certificate_authority=certificates.ca, proxy_url=url
        )
        async with Connection(Context("c", cluster, User("u", token="t")), env={}) as connection:
            assert await connection.get("/version") == b"v"
            assert [line async for batch in connection.lines("/lines") for line in batch] == [b"a", b"b"]
            socket = await connection.websocket("/api/v1/namespaces/d/pods/p/exec")
            await socket.send(b"hi")
            assert await socket.receive() == b"hi"
            await socket.close()
        asked = {request.target for request in proxy.requests}
        assert asked == {"api.behind.test:6443"}
        sent = proxy.requests[0].headers["proxy-authorization"]
        assert base64.b64decode(sent.removeprefix("Basic ")) == b"user:p@ss"
        assert all("authorization" not in request.headers for request in proxy.requests)


async def test_the_name_to_verify_may_be_set_behind_a_proxy(certificates: Certificates) -> None:
    async with FakeServer(certificates.server_context("behind")) as server, Tunnel(server) as proxy:
        server.answer("/version", b"v")
        server.on("/api/v1/namespaces/d/pods/p/exec", echo)
        cluster = Cluster(
            "k",
            "https://10.9.8.7:6443",
            certificate_authority=certificates.ca,
            proxy_url=proxy.url,
            tls_server_name="api.behind.test",
        )
        async with Connection(Context("c", cluster), env={}) as connection:
            assert await connection.get("/version") == b"v"
            socket = await connection.websocket("/api/v1/namespaces/d/pods/p/exec")
            await socket.close()


async def test_the_environment_names_a_proxy_as_well(certificates: Certificates) -> None:
    async with FakeServer() as server, Tunnel(server) as proxy:
        context = Context("c", Cluster("k", "http://api.behind.test"))
        async with Connection(context, env={"HTTP_PROXY": proxy.url}) as connection:
            assert await connection.get("/version") == b"through the proxy"
        assert proxy.requests[0].target == "http://api.behind.test/version"


async def test_a_proxy_that_fails_is_named_without_its_password() -> None:
    async with FakeServer() as proxy:

        async def deny(request: Request, reply: Reply) -> None:
            await reply.raw(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        proxy.on("h.test:443", deny)
        url = proxy.url.replace("://", "://user:s3cret@")
        context = Context("c", Cluster("k", "https://h.test", proxy_url=url))
        async with Connection(context, env={}) as connection:
            with pytest.raises(ConnectionLost) as caught:
                await connection.get("/version")
    assert caught.value.kind == "proxy"
    assert "407" in caught.value.sentence()
    assert "s3cret" not in caught.value.sentence()
    async with Connection(context, env={}) as connection:
        with pytest.raises(ConnectionLost) as caught:
            await connection.get("/version")
    assert "cannot be reached: connection refused" in caught.value.sentence()
    assert "s3cret" not in caught.value.sentence()


@pytest.mark.parametrize(
    ("server", "env", "expected"),
    [
        ("https://h", {}, ""),
        ("https://h", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://h", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://h", {"HTTPS_PROXY": "http://a", "https_proxy": "http://b"}, "http://a"),
        ("https://h", {"HTTP_PROXY": "http://p"}, ""),
        ("http://h", {"HTTP_PROXY": "http://p"}, "http://p"),
        ("http://h", {"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"}, ""),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p"}, ""),
        ("https://127.1.2.3", {"HTTPS_PROXY": "http://p"}, ""),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p"}, ""),
        ("https://h", {"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, ""),
        ("https://api.corp.test", {"HTTPS_PROXY": "http://p", "NO_PROXY": "x, corp.test"}, ""),
        ("https://api.corp.test", {"HTTPS_PROXY": "http://p", "NO_PROXY": ".corp.test"}, ""),
        ("https://corp.test", {"HTTPS_PROXY": "http://p", "NO_PROXY": ".corp.test"}, "http://p"),
        ("https://xcorp.test", {"HTTPS_PROXY": "http://p", "no_proxy": "corp.test"}, "http://p"),
        ("https://API.corp.test", {"HTTPS_PROXY": "http://p", "no_proxy": "*.Corp.test"}, ""),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8,bad/x"}, "http://p"),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.1.2.3:6443"}, ""),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.1.2.3:443"}, "http://p"),
        ("https://h:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "h:6443"}, ""),
        ("https://[fd00::5]:1", {"HTTPS_PROXY": "http://p", "NO_PROXY": "[fd00::5]:1"}, ""),
    ],
)
def test_the_environment_is_read_as_go_reads_it(server: str, env: dict[str, str], expected: str) -> None:
    assert proxy_for(server, "", env) == expected


def test_the_kubeconfigs_proxy_goes_before_the_environment() -> None:
    env = {"HTTPS_PROXY": "http://env", "NO_PROXY": "*"}
    assert proxy_for("https://h", "http://own:1", env) == "http://own:1"


class Socks:
    """A SOCKS 5 proxy that sends all to `target`; `asked` is what it was asked for."""

    def __init__(self, target: FakeServer, *, password: bytes = b"", refuse: int = 0) -> None:
        self.asked: list[bytes] = []
        self.open = 0
        self._target, self._password, self._refuse = target, password, refuse

    async def __aenter__(self) -> Socks:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            _, count = await reader.readexactly(2)
            offered = await reader.readexactly(count)
            method = 2 if self._password else 0
            writer.write(bytes([5, method if method in offered else 255]))
            if self._password:
                _, size = await reader.readexactly(2)
                user = await reader.readexactly(size)
                word = await reader.readexactly((await reader.readexactly(1))[0])
                writer.write(bytes([1, 0 if user + b":" + word == self._password else 1]))
            _, _, _, kind = await reader.readexactly(4)
            size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
            self.asked.append(await reader.readexactly(size) + await reader.readexactly(2))
            writer.write(bytes([5, self._refuse, 0, 1]) + bytes(6))
            if not self._refuse:
                await self._relay(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target.port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


@pytest.mark.parametrize(
    ("scheme", "user", "password"),
    [("socks5", "", b""), ("socks5h", "joe:p%40ss@", b"joe:p@ss"), ("socks5", "joe:x@", b"")],
)
async def test_a_socks_proxy_carries_everything_too(
    certificates: Certificates, scheme: str, user: str, password: bytes
) -> None:
    async with (
        FakeServer(certificates.server_context("behind")) as server,
        Socks(server, password=password) as proxy,
    ):
        server.answer("/version", b"v" * 1_000_000)
        server.on("/api/v1/namespaces/d/pods/p/exec", echo)
        cluster = Cluster(
            "k",
            "https://api.behind.test:6443",
            certificate_authority=certificates.ca,
            proxy_url=f"{scheme}://{user}127.0.0.1:{proxy.port}",
        )
        async with Connection(Context("c", cluster), env={}) as connection:
            assert await connection.get("/version") == b"v" * 1_000_000
            socket = await connection.websocket("/api/v1/namespaces/d/pods/p/exec")
            await socket.send(b"hi")
            assert await socket.receive() == b"hi"
        assert set(proxy.asked) == {b"api.behind.test" + (6443).to_bytes(2, "big")}
        async with asyncio.timeout(10):
            while proxy.open:
                await asyncio.sleep(0.01)


async def test_what_a_socks_proxy_says_is_told(certificates: Certificates) -> None:
    async with FakeServer() as server:
        for password, refuse, said in (
            (b"joe:right", 0, "it refused user and password"),
            (b"", 5, "connection refused"),
            (b"", 2, "not allowed by its rules"),
        ):
            async with Socks(server, password=password, refuse=refuse) as proxy:
                url = f"socks5://joe:wr0ng@127.0.0.1:{proxy.port}"
                context = Context("c", Cluster("k", "https://10.1.2.3:6443", proxy_url=url))
                async with Connection(context, env={}) as connection:
                    with pytest.raises(ConnectionLost) as caught:
                        await connection.get("/version")
                    assert caught.value.kind == "proxy"
                    assert said in caught.value.sentence()
                    assert "wr0ng" not in caught.value.sentence()


async def test_strangers_cannot_use_the_bridge_to_a_socks_proxy() -> None:
    bridge = SocksBridge("socks5://127.0.0.1:1", connect_timeout=1, on_socket=lambda made: None)
    url = urlsplit(await bridge.open())
    for head in (b"CONNECT h:1 HTTP/1.1\r\n\r\n", b"GET http://h/ HTTP/1.1\r\n\r\n", b"\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
        writer.write(head)
        assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
        writer.close()
    await bridge.close()


def test_a_socks_proxy_is_refused_for_plain_servers() -> None:
    with pytest.raises(KubeconfigError) as caught:
        Connection(Context("c", Cluster("k", "http://h", proxy_url="socks5://user:pw@p")))
    assert "https:// servers only" in caught.value.sentence()
    assert "pw" not in caught.value.sentence()


@pytest.mark.parametrize("url", ["proxy:3128", "ftp://p", "http://", "http://p:port", "garbage"])
def test_a_proxy_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(KubeconfigError, match="no URL of a proxy"):
        proxy_for("https://h", url, {})


def test_passwords_are_not_shown() -> None:
    assert without_password("http://user:pw@p:1/x") == "http://p:1/x"
    assert without_password("http://p:1") == "http://p:1"
