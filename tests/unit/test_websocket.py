"""WebSockets: what is agreed, what is refused and why, and how a dead peer is found out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.websocket import WebSocket
from k8stui.kube.errors import ApiError, ConnectionLost, ReadOnlyError
from k8stui.kube.kubeconfig.reading import Cluster, Context, User
from tests.unit.fakes_server import FakeServer, Reply, Request, status_body

if TYPE_CHECKING:
    from pathlib import Path

EXEC = "/api/v1/namespaces/default/pods/web/exec"
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


async def accept(request: Request, reply: Reply, protocol: str = "v4.channel.k8s.io") -> None:
    key = request.headers["sec-websocket-key"].encode()
    proof = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {proof}")
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    reply.keep = False
    await reply.raw(("\r\n".join(lines) + "\r\n\r\n").encode())


async def frame(reply: Reply, opcode: int, data: bytes) -> None:
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    await reply.raw(head + data)


async def read_frame(reply: Reply) -> tuple[int, bytes]:
    first, second = await reply.reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reply.reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reply.reader.readexactly(8))
    mask = await reply.reader.readexactly(4)
    data = await reply.reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def connect(server: FakeServer, **options: object) -> Connection:
    context = Context("c", Cluster("k", server.url + "/pre"), User("u", token="t"))
    return Connection(context, env={}, **options)  # type: ignore[arg-type]


async def echo(request: Request, reply: Reply) -> None:
    await accept(request, reply, "v5.channel.k8s.io")
    while True:
        opcode, data = await read_frame(reply)
        await frame(reply, opcode, data)
        if opcode == CLOSE:
            return


async def test_the_first_protocol_that_the_server_knows_is_used_and_bytes_go_both_ways() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, echo)
        socket = await connection.websocket(EXEC, params={"command": ["sh", "-c", "ls"], "stdin": True})
        assert socket.protocol == "v5.channel.k8s.io"
        big = bytes(range(256)) * 40_000
        for message in (b"\x00hello", b"", big):
            await socket.send(message)
            assert await socket.receive() == message
        await socket.close()
        assert socket.closed
        (request,) = server.requests
        assert request.headers["sec-websocket-protocol"].replace(" ", "").split(",") == [
            "v5.channel.k8s.io",
            "v4.channel.k8s.io",
        ]
        assert request.headers["authorization"] == "Bearer t"
        assert [value for key, value in request.query if key == "command"] == ["sh", "-c", "ls"]


async def test_an_older_server_picks_the_older_protocol() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, accept)
        socket = await connection.websocket(EXEC)
        assert socket.protocol == "v4.channel.k8s.io"
        await socket.close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, status_body(403, "Forbidden", 'pods "web" is forbidden: no exec for you'), "no exec for you"),
        (404, status_body(404, "NotFound", 'pods "web" not found'), 'pods "web" not found'),
        (400, status_body(400, "BadRequest", "container is not running"), "container is not running"),
        (200, b"hello", "200"),
        (302, b"", "302"),
    ],
)
async def test_a_refused_handshake_gives_the_words_of_the_server(status: int, body: bytes, said: str) -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/pre" + EXEC, body, status=status, headers=[("Location", "/elsewhere")])
        with pytest.raises(ApiError) as caught:
            await connection.websocket(EXEC)
        assert caught.value.code == status
        assert said in caught.value.sentence()
        server.answer("/pre/x")
        assert await connection.get("/x") == b"{}"


async def test_a_refused_token_is_renewed_and_the_handshake_repeated(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    async def refuse_old(request: Request, reply: Reply) -> None:
        if request.headers["authorization"] == "Bearer old":
            token.write_text("new")
            await reply.send(401, status_body(401, "Unauthorized", "Unauthorized"))
        else:
            await echo(request, reply)

    async with FakeServer() as server:
        server.on(EXEC, refuse_old)
        context = Context("c", Cluster("k", server.url), User("u", token_file=token))
        async with Connection(context, env={}) as connection:
            socket = await connection.websocket(EXEC)
            await socket.send(b"hi")
            assert await socket.receive() == b"hi"


async def test_a_proper_end_is_none_and_an_improper_one_an_error() -> None:
    async def proper(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, BINARY, b"\x01out")
        await frame(reply, CLOSE, struct.pack("!H", 1000))
        await read_frame(reply)

    async def dropped(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, BINARY, b"\x01out")

    async def broken(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, BINARY, b"\x01out")
        await frame(reply, CLOSE, struct.pack("!H", 1011) + b"kubelet went away")
        await read_frame(reply)

    async def garbage(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, BINARY, b"\x01out")
        await reply.raw(b"\xff\xff\xff\xff garbage")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        path = "/pre" + EXEC
        for handler in (proper, dropped, broken, garbage):
            server.on(path, handler)
        socket = await connection.websocket(EXEC)
        assert await socket.receive() == b"\x01out"
        assert await socket.receive() is None
        for said in ("dropped the stream", "1011: kubelet went away", "failed"):
            socket = await connection.websocket(EXEC)
            assert await socket.receive() == b"\x01out"
            with pytest.raises(ConnectionLost) as caught:
                await socket.receive()
            assert said in caught.value.sentence()
            await socket.close()


async def test_a_peer_that_answers_pings_may_be_silent_and_one_that_does_not_is_given_up() -> None:
    pings = 0

    async def handler(request: Request, reply: Reply) -> None:
        nonlocal pings
        await accept(request, reply)
        while True:
            opcode, data = await read_frame(reply)
            if opcode == PING:
                pings += 1
                if pings == 3:
                    await frame(reply, BINARY, b"\x01alive")
                if pings <= 3:
                    await frame(reply, PONG, data)

    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, handler)
        socket = await connection.websocket(EXEC)
        socket = WebSocket(socket._socket, "server", heartbeat=0.4)
        async with asyncio.timeout(20):
            assert await socket.receive() == b"\x01alive"
            with pytest.raises(ConnectionLost) as caught:
                await socket.receive()
        assert caught.value.kind == "idle"
        await socket.close()


async def test_a_reader_that_takes_its_time_keeps_its_stream() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, BINARY, b"one")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, handler)
        opened = await connection.websocket(EXEC)
        socket = WebSocket(opened._socket, "server", heartbeat=0.05)
        await asyncio.sleep(0.3)
        assert await socket.receive() == b"one"


async def test_the_pings_of_the_server_are_answered() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await frame(reply, PING, b"are you there")
        answer = await read_frame(reply)
        await frame(reply, BINARY, b"yes" if answer == (PONG, b"are you there") else b"no")

    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, handler)
        socket = await connection.websocket(EXEC)
        assert await socket.receive() == b"yes"


async def test_cancelling_a_receive_loses_no_message() -> None:
    go = asyncio.Event()

    async def handler(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await go.wait()
        await frame(reply, BINARY, b"one")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, handler)
        socket = await connection.websocket(EXEC)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.receive()
        go.set()
        assert await socket.receive() == b"one"


async def test_closing_from_another_task_ends_the_receiver() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await accept(request, reply)
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, handler)
        first, second = await connection.websocket(EXEC), await connection.websocket(EXEC)
        receivers = [asyncio.ensure_future(each.receive()) for each in (first, second)]
        await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            await first.close()
            assert await receivers[0] is None
            with pytest.raises(ConnectionLost):
                await first.send(b"x")
            await connection.close()
            assert await receivers[1] is None


async def test_nothing_is_upgraded_in_a_read_only_session() -> None:
    async with FakeServer() as server, connect(server, readonly=True) as connection:
        base = "/api/v1/namespaces/default/pods/web"
        for path in (f"{base}/exec", f"{base}/attach", f"{base}/portforward", f"{base}/proxy/ws"):
            with pytest.raises(ReadOnlyError):
                await connection.websocket(path)
        assert server.requests == []


async def test_a_handshake_that_is_not_answered_is_given_up() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.on("/pre" + EXEC, lambda request, reply: reply.stall())
        with pytest.raises(ConnectionLost) as caught:
            await connection.websocket(EXEC, timeout=0.1)
        assert caught.value.kind == "timeout"
