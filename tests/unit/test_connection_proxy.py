"""Proxies: which one is used, what goes through it, and what is said when it fails."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.connection import Connection
from k8stui.kube.connection_proxy import proxy_for, without_password
from k8stui.kube.errors import ConnectionLost, KubeconfigError
from k8stui.kube.kubeconfig import Cluster, Context, User
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


@pytest.mark.parametrize("url", ["socks5://p:1", "socks5h://user:pw@p"])
def test_a_socks_proxy_is_refused_in_a_clear_sentence(url: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        Connection(Context("c", Cluster("k", "https://h", proxy_url=url)))
    assert "SOCKS" in caught.value.sentence()
    assert "pw" not in caught.value.sentence()


@pytest.mark.parametrize("url", ["proxy:3128", "ftp://p", "http://", "http://p:port", "garbage"])
def test_a_proxy_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(KubeconfigError, match="no URL of a proxy"):
        proxy_for("https://h", url, {})


def test_passwords_are_not_shown() -> None:
    assert without_password("http://user:pw@p:1/x") == "http://p:1/x"
    assert without_password("http://p:1") == "http://p:1"
