"""TLS: whom we trust, what we show, what we say when it fails, and certificates that are rotated."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.connection import tls as tls_module
from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.tls import Trust, build_context
from k8stui.kube.credentials import Certificate
from k8stui.kube.errors import ConnectionLost, CredentialsError, KubeconfigError, KubeError
from k8stui.kube.kubeconfig.reading import Cluster, Context, ExecPlugin, User
from tests.unit.fakes_server import Certificates, FakeServer, make_certificates, status_body

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = make_certificates(tmp_path_factory.mktemp("pki"))
    made.sign("ann")
    made.sign("bob")
    made.sign("other-name", names="DNS:elsewhere.example.test")
    made.sign("expired", names="IP:127.0.0.1", days=-1)
    return made


def connect(
    server: FakeServer, cluster: dict[str, object], user: dict[str, object] | None = None
) -> Connection:
    entry = Cluster("k", server.url, **cluster)  # type: ignore[arg-type]
    return Connection(Context("c", entry, User("u", **(user or {}))), env={})  # type: ignore[arg-type]


async def failure(connection: Connection) -> KubeError:
    async with connection:
        with pytest.raises(KubeError) as caught:
            await connection.get("/version")
        return caught.value


def subject(server: FakeServer) -> list[str]:
    return [
        dict(part[0] for part in (request.peer_certificate or {}).get("subject", ())).get("commonName", "")
        for request in server.requests
    ]


async def test_the_authority_of_the_kubeconfig_is_trusted_from_file_and_inline(
    certificates: Certificates,
) -> None:
    async with FakeServer(certificates.server_context()) as server:
        server.answer("/version", b"v")
        settings: tuple[dict[str, object], ...] = (
            {"certificate_authority": certificates.ca},
            {"certificate_authority_data": certificates.ca.read_bytes()},
            {"insecure_skip_tls_verify": True},
            # The server's own certificate may be the anchor, as it may for Go.
            {"certificate_authority": certificates.pair("server")[0]},
        )
        for cluster in settings:
            async with connect(server, cluster) as connection:
                assert await connection.get("/version") == b"v"


@pytest.mark.parametrize("inline", [True, False])
async def test_a_client_certificate_is_shown_from_file_and_inline(
    certificates: Certificates, inline: bool
) -> None:
    certificate, key = certificates.pair("ann")
    user: dict[str, object] = {"client_certificate": certificate, "client_key": key}
    if inline:
        user = {"client_certificate_data": certificate.read_bytes(), "client_key_data": key.read_bytes()}
    async with FakeServer(certificates.server_context(ask_client=True)) as server:
        server.answer("/version")
        async with connect(server, {"certificate_authority": certificates.ca}, user) as connection:
            await connection.get("/version")
        assert subject(server) == ["ann"]


async def test_what_is_wrong_with_a_servers_certificate_is_said_with_what_to_do(
    certificates: Certificates,
) -> None:
    ours: dict[str, object] = {"certificate_authority": certificates.ca}
    cases: list[tuple[str, dict[str, object], str, str]] = [
        ("server", {}, "authority that is not trusted", "certificate-authority"),
        ("other-name", ours, "does not name this address", "tls-server-name"),
        ("other-name", {**ours, "tls_server_name": "x.test"}, "another name", "tls-server-name"),
        ("expired", ours, "has expired", "clock"),
    ]
    for name, cluster, said, hint in cases:
        async with FakeServer(certificates.server_context(name)) as server:
            error = await failure(connect(server, cluster))
            assert isinstance(error, ConnectionLost)
            assert error.kind == "tls"
            assert said in error.sentence()
            assert hint in error.hint


async def test_tls_server_name_is_the_name_that_is_checked(certificates: Certificates) -> None:
    async with FakeServer(certificates.server_context("other-name")) as server:
        server.answer("/version", b"v")
        cluster = {"certificate_authority": certificates.ca, "tls_server_name": "elsewhere.example.test"}
        async with connect(server, cluster) as connection:
            assert await connection.get("/version") == b"v"


async def test_https_to_a_plain_server_is_explained() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent nonsense\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        entry = Cluster("k", f"https://127.0.0.1:{port}", insecure_skip_tls_verify=True)
        error = await failure(Connection(Context("c", entry), env={}))
        assert "does not speak TLS" in error.sentence()


@pytest.mark.parametrize("shown", [None, "stranger"])
async def test_a_refused_client_certificate_is_told_apart(
    certificates: Certificates, tmp_path: Path, shown: str | None
) -> None:
    tls = certificates.server_context(ask_client=True)
    tls.verify_mode = ssl.CERT_REQUIRED
    user: dict[str, object] = {}
    if shown:
        certificate, key = make_certificates(tmp_path).sign(shown)
        user = {"client_certificate": certificate, "client_key": key}

    stopped = threading.Event()

    def refuse_all(listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not stopped.is_set():
            with contextlib.suppress(OSError):
                raw, _ = listener.accept()
                raw.settimeout(5)
                with tls.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as wrapped:
                    with contextlib.suppress(ssl.SSLError):
                        wrapped.do_handshake()
                    with socket.socket(fileno=wrapped.detach()) as plain:
                        plain.shutdown(socket.SHUT_WR)
                        while plain.recv(65536):  # Closing with bytes unread would reset the alert away.
                            pass

    # A blocking server, since one on asyncio closes before its alert is sent.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        entry = Cluster("k", url, certificate_authority=certificates.ca)
        serving = asyncio.create_task(asyncio.to_thread(refuse_all, listener))
        error = await failure(Connection(Context("c", entry, User("u", **user)), env={}))  # type: ignore[arg-type]
        stopped.set()
        await serving
    assert isinstance(error, ConnectionLost)
    assert error.kind == "refused-certificate"
    assert "renew the client certificate" in error.hint


async def test_a_refusal_tells_of_a_client_certificate_that_has_run_out(certificates: Certificates) -> None:
    """The server says no more than "Unauthorized", and so does kubectl."""
    body = status_body(401, "Unauthorized", "Unauthorized")
    async with FakeServer(certificates.server_context()) as server:
        server.on("/version", lambda request, reply: reply.send(401, body))
        for name, said in (
            ("expired", "the client certificate of user u expired on 2"),
            ("ann", "log in again"),
        ):
            certificate, key = certificates.pair(name)
            user: dict[str, object] = {"client_certificate": certificate, "client_key": key}
            error = await failure(connect(server, {"certificate_authority": certificates.ca}, user))
            assert error.sentence().startswith(f"Unauthorized; {said}")


@pytest.mark.parametrize("change", ["certificate", "authority"])
async def test_rotated_files_reach_a_running_session(
    certificates: Certificates, tmp_path: Path, change: str
) -> None:
    certificate, key, ca = tmp_path / "c.crt", tmp_path / "c.key", tmp_path / "ca.crt"
    ca.write_bytes(certificates.ca.read_bytes())

    def use(name: str) -> None:
        source_certificate, source_key = certificates.pair(name)
        for target, source in ((certificate, source_certificate), (key, source_key)):
            fresh = target.with_suffix(".new")
            fresh.write_bytes(source.read_bytes())
            fresh.replace(target)

    use("ann")
    user: dict[str, object] = {"client_certificate": certificate, "client_key": key}
    async with FakeServer(certificates.server_context(ask_client=True)) as server:
        server.answer("/version")
        async with connect(server, {"certificate_authority": ca}, user) as connection:
            await connection.get("/version")
            if change == "certificate":
                use("bob")
                refused = await connection._identity.get()
                assert await connection._identity.renew(refused)
                await connection.get("/version")
                assert subject(server) == ["ann", "bob"]
            else:
                other = make_certificates(tmp_path)
                ca.write_bytes(other.ca.read_bytes())
                refused = await connection._identity.get()
                assert await connection._identity.renew(refused)
                with pytest.raises(ConnectionLost, match="not trusted"):
                    await connection.get("/version")


async def test_a_new_server_certificate_is_accepted_once_the_authority_file_follows(
    certificates: Certificates, tmp_path: Path
) -> None:
    stale = make_certificates(tmp_path)
    ca = tmp_path / "used.crt"
    ca.write_bytes(stale.ca.read_bytes())
    async with FakeServer(certificates.server_context()) as server:
        server.answer("/version", b"v")
        async with connect(server, {"certificate_authority": ca}) as connection:
            with pytest.raises(ConnectionLost):
                await connection.get("/version")
            ca.write_bytes(certificates.ca.read_bytes())
            # The failure of TLS makes us look at once, whenever the last look was.
            assert await connection.get("/version") == b"v"


def test_bad_certificates_are_refused_in_one_sentence(certificates: Certificates) -> None:
    ann, bob = certificates.pair("ann"), certificates.pair("bob")
    with pytest.raises(KubeconfigError, match="no certificate in PEM"):
        build_context(Trust(b"garbage", name="/x/ca.crt"), None)
    with pytest.raises(CredentialsError, match="does not belong to its key"):
        build_context(Trust(), Certificate(ann[0].read_bytes(), bob[1].read_bytes()))
    with pytest.raises(CredentialsError, match="not valid PEM"):
        build_context(Trust(), Certificate(b"garbage", b"garbage"))


def test_a_locked_key_is_refused_without_asking_on_the_terminal(
    certificates: Certificates, tmp_path: Path
) -> None:
    import subprocess

    certificate, key = certificates.pair("ann")
    locked = tmp_path / "locked.key"
    command = ["openssl", "ec", "-in", str(key), "-aes128", "-passout", "pass:secret", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(CredentialsError, match="locked with a passphrase"):
        build_context(Trust(), Certificate(certificate.read_bytes(), locked.read_bytes()))


@pytest.mark.parametrize("memory", [True, False])
def test_an_inline_key_is_never_left_on_a_disk(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: bool
) -> None:
    certificate, key = certificates.pair("ann")
    modes: list[int] = []
    if not memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    real = tls_module._as_file

    def watched(content: bytes) -> object:
        manager = real(content)
        enter = manager.__enter__

        def entered() -> str:
            path = enter()
            modes.extend(stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir())
            return path

        manager.__enter__ = entered  # type: ignore[method-assign]
        return manager

    monkeypatch.setattr(tls_module, "_as_file", watched)
    build_context(Trust(), Certificate(certificate.read_bytes(), key.read_bytes()))
    with pytest.raises(CredentialsError):
        build_context(Trust(), Certificate(certificate.read_bytes(), b"garbage"))
    assert list(tmp_path.iterdir()) == []
    assert all(mode == 0o600 for mode in modes)


def test_an_authority_and_no_verification_at_once_are_refused_as_by_kubectl() -> None:
    entry = Cluster("k", "https://h", certificate_authority_data=b"x", insecure_skip_tls_verify=True)
    with pytest.raises(KubeconfigError, match="insecure-skip-tls-verify"):
        Connection(Context("c", entry))


async def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    async with FakeServer() as server:
        entry = Cluster("k", server.url.replace("http:", "https:"), certificate_authority=tmp_path / "no.crt")
        error = await failure(Connection(Context("c", entry), env={}))
        assert isinstance(error, CredentialsError)
        assert str(tmp_path / "no.crt") in error.sentence()


async def test_no_credentials_go_over_plain_http_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Cluster("k", "http://10.1.2.3:8080")
    connection = Connection(Context("c", entry, User("u", token="s3cret")), env={})
    assert (await connection._identity.get()).headers == ()
    local = Connection(Context("c", Cluster("k", "http://127.0.0.1:1"), User("u", token="x")), env={})
    assert (await local._identity.get()).headers == (("Authorization", "Bearer x"),)


async def test_home_netrc_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with FakeServer() as server:
        server.answer("/version")
        async with connect(server, {}) as connection:
            await connection.get("/version")
        assert "authorization" not in server.requests[0].headers


async def test_a_certificate_from_a_plugin_is_shown(certificates: Certificates, tmp_path: Path) -> None:
    certificate, key = certificates.pair("ann")
    status = {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text()}
    printed = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}
    (tmp_path / "printed").write_text(json.dumps(printed))
    plugin = ExecPlugin("cat", "client.authentication.k8s.io/v1", args=(str(tmp_path / "printed"),))
    async with FakeServer(certificates.server_context(ask_client=True)) as server:
        server.answer("/version")
        cluster: dict[str, object] = {"certificate_authority": certificates.ca}
        async with connect(server, cluster, {"exec": plugin}) as connection:
            await connection.get("/version")
        assert subject(server) == ["ann"]
