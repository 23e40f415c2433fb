"""Streams of lines: cut anywhere, of any length, broken in every way."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.lines import LineSplitter, LineTooLong
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.kubeconfig.reading import Cluster, Context, User
from tests.unit.fakes_server import FakeServer, Reply, Request, status_body

if TYPE_CHECKING:
    from pathlib import Path


def connect(server: FakeServer) -> Connection:
    return Connection(Context("c", Cluster("k", server.url), User("u", token="t")), env={})


async def collect(connection: Connection, path: str = "/w", **options: object) -> list[bytes]:
    return [line async for batch in connection.lines(path, **options) for line in batch]  # type: ignore[arg-type]


@given(st.binary(max_size=400).map(lambda data: data.replace(b"a", b"\n")), st.lists(st.integers(0, 400)))
def test_lines_are_the_same_wherever_the_stream_is_cut(data: bytes, cuts: list[int]) -> None:
    splitter = LineSplitter()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    lines: list[bytes] = []
    for start, end in itertools.pairwise(places):
        lines += splitter.feed(data[start:end])
    *whole, tail = data.split(b"\n")
    assert lines == whole
    assert splitter.tail() == tail
    assert splitter.tail() == b""


def test_a_line_of_64_mebibytes_in_small_chunks_is_joined_in_linear_time() -> None:
    splitter = LineSplitter()
    chunk = b"x" * 16384
    started = time.thread_time()
    for _ in range(4096):
        assert splitter.feed(chunk) == []
    (line,) = splitter.feed(b"\n")
    assert len(line) == 64 * 1024 * 1024
    assert time.thread_time() - started < 5  # One copy a chunk would move 137 GB.


def test_a_line_that_never_ends_is_given_up() -> None:
    splitter = LineSplitter(limit=100)
    splitter.feed(b"x" * 100)
    with pytest.raises(LineTooLong):
        splitter.feed(b"x")


async def test_lines_come_as_they_are_sent_one_batch_a_read() -> None:
    step = asyncio.Event()

    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        for data in (b"one\ntw", b"o\n", b"three\n\nfour\n"):
            await reply.chunk(data)
            await step.wait()
            step.clear()
        await reply.end()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        opened: list[bool] = []
        batches = []
        async for batch in connection.lines(
            "/w", params={"watch": True}, on_open=lambda: opened.append(True)
        ):
            assert opened == [True]
            batches.append(batch)
            step.set()
        assert batches == [[b"one"], [b"two"], [b"three", b"", b"four"]]
        assert server.requests[0].query == [("watch", "true")]
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_an_unfinished_last_line_counts_for_logs_and_not_for_watches() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"whole\npart")
        await reply.end()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        assert await collect(connection) == [b"whole"]
        assert await collect(connection, keep_tail=True) == [b"whole", b"part"]


async def test_an_object_of_several_megabytes_in_slow_bits_arrives_whole() -> None:
    line = bytes(range(11, 256)) * 8000

    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        for start in range(0, len(line), 7001):
            await reply.chunk(line[start : start + 7001])
        await reply.chunk(b"\n")
        await reply.end()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        assert await collect(connection) == [line]


async def test_a_refused_stream_is_an_api_error_and_opens_nothing() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/w", status_body(410, "Expired", "too old"), status=410)
        opened: list[bool] = []
        with pytest.raises(ApiError) as caught:
            await collect(connection, on_open=lambda: opened.append(True))
        assert (caught.value.code, caught.value.message) == (410, "too old")
        assert opened == []


async def test_what_came_before_a_break_is_given_and_the_break_is_told() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"one\ntwo\nthr")
        if request.query:
            reply.reset()
        else:
            reply.drop()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        for path in ("/w", "/w?reset=1"):
            lines: list[bytes] = []
            with pytest.raises(ConnectionLost) as caught:
                async for batch in connection.lines(path):
                    lines += batch
            assert lines in ([b"one", b"two"], [])  # A reset may overtake what was sent before it.
            assert "during a stream" in caught.value.sentence()
            assert caught.value.kind == "lost"


async def test_a_silent_stream_is_given_up_after_the_idle_time() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"one\n")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        lines: list[bytes] = []
        with pytest.raises(ConnectionLost) as caught:
            async for batch in connection.lines("/w", idle_timeout=0.1):
                lines += batch
        assert lines == [b"one"]
        assert caught.value.kind == "idle"
        assert "for 0.1 s" in caught.value.sentence()


async def test_slow_bytes_are_not_silence() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        for byte in b"steady\n":
            await reply.chunk(bytes([byte]))
            await asyncio.sleep(0.15)
        await reply.end()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        assert await collect(connection, idle_timeout=0.8) == [b"steady"]


async def test_a_watch_that_is_not_accepted_in_time_is_given_up_but_a_quiet_log_is_not() -> None:
    async def quiet(request: Request, reply: Reply) -> None:
        await asyncio.sleep(0.2)
        await reply.start()
        await reply.chunk(b"at last\n")
        await reply.end()

    async with FakeServer() as server, connect(server) as connection:
        log = "/api/v1/namespaces/default/pods/web/log"
        server.on("/w", quiet)
        server.on(log, quiet)
        with pytest.raises(ConnectionLost) as caught:
            await collect(connection, open_timeout=0.05)
        assert caught.value.kind == "timeout"
        assert await collect(connection, log, open_timeout=0.05, idle_timeout=None) == [b"at last"]


async def test_garbage_instead_of_chunks_is_a_lost_connection() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"one\n")
        await reply.raw(b"zzz not a chunk\r\n")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        with pytest.raises(ConnectionLost):
            await collect(connection, idle_timeout=2.0)


async def test_leaving_a_stream_closes_its_connection() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"one\n")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        stream = connection.lines("/w")
        assert await anext(stream) == [b"one"]
        await stream.aclose()
        async with asyncio.timeout(5):
            while server.open_connections:
                await asyncio.sleep(0.01)


async def test_closing_the_connection_ends_its_streams() -> None:
    async def handler(request: Request, reply: Reply) -> None:
        await reply.start()
        await reply.chunk(b"one\n")
        await reply.stall()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/w", handler)
        stream = connection.lines("/w")
        assert await anext(stream) == [b"one"]
        ended = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await connection.close()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(5):
                await ended


async def test_a_stream_renews_credentials_that_are_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")

    async def handler(request: Request, reply: Reply) -> None:
        if request.headers["authorization"] != "Bearer new":
            token.write_text("new\n")
            await reply.send(401, status_body(401, "Unauthorized", "Unauthorized"))
            return
        await reply.start()
        await reply.chunk(b"one\n")
        await reply.end()

    async with FakeServer() as server:
        server.on("/w", handler)
        context = Context("c", Cluster("k", server.url), User("u", token_file=token))
        async with Connection(context, env={}) as connection:
            assert await collect(connection) == [b"one"]
        assert [request.headers["authorization"] for request in server.requests] == [
            "Bearer old",
            "Bearer new",
        ]
