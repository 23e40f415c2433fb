"""An HTTP server for tests that misbehaves on demand: it answers as told, byte by byte if need be.

Written on raw sockets, not on an HTTP framework, so that it can send what no framework would: half answers,
garbage, silence, resets. Answers are given per path and in order; the last one repeats.

    async with FakeServer() as server:
        server.answer("/version", status=401, body=STATUS_401)
        server.answer("/version", body=b"{}")
        ...
        assert len(server.requests) == 2
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

__all__ = ["Certificates", "FakeServer", "Reply", "Request", "make_certificates", "status_body"]


@dataclass
class Request:
    """One request as it came: `headers` by lower-case name, the last value of each; `raw_headers` has all."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    raw_headers: list[tuple[str, str]]
    body: bytes
    peer_certificate: dict[str, Any] | None = None
    target: str = ""


@dataclass
class Reply:
    """The way back to the client, for handlers that answer by hand."""

    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    keep: bool = True
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(
        self, status: int = 200, body: bytes = b"{}", headers: list[tuple[str, str]] | None = None
    ) -> None:
        """A whole answer, well formed."""
        head = [("Content-Type", "application/json"), *(headers or [])]
        await self.raw(_head(status, [*head, ("Content-Length", str(len(body)))]) + body)

    async def start(self, status: int = 200, headers: list[tuple[str, str]] | None = None) -> None:
        """The head of a chunked answer."""
        head = [("Content-Type", "application/json"), *(headers or []), ("Transfer-Encoding", "chunked")]
        await self.raw(_head(status, head))

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def stall(self) -> None:
        """Say nothing more until the client goes away or the test is over."""
        self.keep = False
        waits = [asyncio.ensure_future(self.closing.wait()), asyncio.ensure_future(self.reader.read())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    def drop(self) -> None:
        """Close the connection where it is."""
        self.keep = False

    def reset(self) -> None:
        """Break the connection hard (RST)."""
        self.keep = False
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Request, Reply], Awaitable[None]]


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def status_body(code: int, reason: str, message: str, **more: Any) -> bytes:
    """A metav1.Status, as an API server sends it."""
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
            **more,
        }
    ).encode()


class FakeServer:
    """The server. `url` is its address; `requests` what came so far; `connections` how many were opened."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self._tls = tls
        self._handlers: dict[str, list[Handler]] = {}
        self._replies: set[Reply] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._closing = asyncio.Event()

    async def __aenter__(self) -> FakeServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._closing.set()
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for _ in range(100):
            if not self._writers:
                break
            await asyncio.sleep(0.01)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def on(self, path: str, handler: Handler) -> None:
        """Let `handler` answer the next request of `path` (and all after the last that was given)."""
        self._handlers.setdefault(path, []).append(handler)

    def answer(
        self,
        path: str,
        body: bytes = b"{}",
        *,
        status: int = 200,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        async def handler(request: Request, reply: Reply) -> None:
            await reply.send(status, body, headers)

        self.on(path, handler)

    def seen(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        self._writers.add(writer)
        reply = Reply(writer, reader, closing=self._closing)
        try:
            while reply.keep and (request := await _read_request(reader, writer)) is not None:
                self.requests.append(request)
                await self._handle(request, reply)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.open_connections -= 1
            self._writers.discard(writer)
            with contextlib.suppress(Exception):
                writer.close()

    async def _handle(self, request: Request, reply: Reply) -> None:
        handlers = self._handlers.get(request.path)
        if not handlers:
            await reply.send(404, status_body(404, "NotFound", f"no {request.path} here"))
            return
        handler = handlers.pop(0) if len(handlers) > 1 else handlers[0]
        await handler(request, reply)


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    raw_headers = [(line.partition(":")[0], line.partition(":")[2].strip()) for line in rest if line]
    headers = {name.lower(): value for name, value in raw_headers}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Request(
        method,
        unquote(path),
        parse_qsl(query, keep_blank_values=True),
        headers,
        raw_headers,
        body,
        writer.get_extra_info("peercert"),
        target,
    )


@dataclass(frozen=True)
class Certificates:
    """A little authority: `ca` and what it has signed, as files in `folder`."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of `name`, made when first asked for."""
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def server_context(self, name: str = "server", *, ask_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair(name))
        if ask_client:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(self.ca)
        return context

    def sign(self, name: str, *, names: str = "", days: int = 2) -> tuple[Path, Path]:
        """A new pair signed by the authority; `names` are subjectAltNames in OpenSSL's form."""
        certificate, key = self.pair(name)
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        _openssl("req", "-new", "-key", key, "-subj", f"/O=testers/CN={name}", "-out", request)
        sign = ["x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key"]
        sign += ["-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", certificate]
        _openssl(*sign)
        return certificate, key


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificates(folder: Path | None = None) -> Certificates:
    """A new authority with a certificate for a server on 127.0.0.1; skips the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    made = Certificates(folder or Path(tempfile.mkdtemp(prefix="k8stui-test-")))
    key = made.folder / "ca.key"
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    subject = ["-subj", "/CN=test authority", "-days", "2"]
    _openssl("req", "-x509", "-new", "-key", key, *subject, "-out", made.ca)
    made.sign("server", names="DNS:localhost,DNS:api.example.test,IP:127.0.0.1")
    return made
