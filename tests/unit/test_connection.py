"""A connection: what it sends, what it gives back, and how it fails."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from k8stui import __version__
from k8stui.kube.connection import http as connection_http
from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.compression import Compression
from k8stui.kube.errors import ApiError, ConnectionLost, KubeconfigError, KubeError, plain_text
from k8stui.kube.kubeconfig.reading import Cluster, Context, User
from tests.unit.fakes_server import FakeServer, Reply, Request, status_body

GOLDEN = Path(__file__).parents[1] / "golden" / "exchanges"


def context_for(server: FakeServer, *, prefix: str = "", **user: object) -> Context:
    return Context("test", Cluster("here", server.url + prefix), User("tester", **user))  # type: ignore[arg-type]


def connect(server: FakeServer, **options: object) -> Connection:
    return Connection(context_for(server, token="s3cret-token"), env={}, **options)  # type: ignore[arg-type]


async def failure(awaitable: object) -> KubeError:
    with pytest.raises(KubeError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value


def test_nothing_heavy_is_imported_with_the_module() -> None:
    code = (
        "import sys, k8stui.kube.connection.client, k8stui.kube.errors, k8stui.kube.kubeconfig.reading\n"
        "heavy = {'aiohttp', 'yaml', 'kubernetes_asyncio', 'textual'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_a_request_carries_the_token_the_query_and_our_name() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/api/v1/pods", b'{"items":[]}')
        params = {
            "limit": 500,
            "watch": True,
            "continue": None,
            "ports": ["1", "2"],
            "labelSelector": "a in (b)",
        }
        response = await connection.request("GET", "/api/v1/pods", params=params)
        assert (response.status, response.body) == (200, b'{"items":[]}')
        (request,) = server.requests
        assert request.headers["authorization"] == "Bearer s3cret-token"
        assert request.headers["user-agent"] == f"k8stui/{__version__}"
        assert request.query == [
            ("limit", "500"),
            ("watch", "true"),
            ("ports", "1"),
            ("ports", "2"),
            ("labelSelector", "a in (b)"),
        ]


async def test_a_path_prefix_of_the_server_is_kept() -> None:
    async with FakeServer() as server:
        server.answer("/k8s/clusters/c-1/version", b"{}")
        async with Connection(context_for(server, prefix="/k8s/clusters/c-1/"), env={}) as connection:
            assert await connection.get("/version") == b"{}"


async def test_the_path_of_the_server_is_not_shown_for_it_may_be_a_secret() -> None:
    async with FakeServer() as server:
        context = context_for(server, prefix="/s3cret")
        async with Connection(context, env={}) as connection:
            error = await failure(connection.request("GET", "/x", timeout=5))
            server.on("/s3cret/stalls", lambda request, reply: reply.stall())
            late = await failure(connection.request("GET", "/stalls", timeout=0.05))
            assert "s3cret" not in late.sentence() + connection.server + repr(connection)
            assert isinstance(error, ApiError)


async def test_a_path_may_have_a_query_of_its_own_and_odd_names() -> None:
    async with FakeServer() as server, connect(server) as connection:
        path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"
        server.answer(path)
        await connection.request("GET", path + "?a=1", params={"b": "ü /&"})
        assert server.requests[0].query == [("a", "1"), ("b", "ü /&")]


async def test_a_body_goes_out_with_its_content_type() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/x", status=201, body=b"made")
        response = await connection.request(
            "patch", "/x", body=b"{}", content_type="application/merge-patch+json", accept="a/b"
        )
        assert (response.status, response.body) == (201, b"made")
        (request,) = server.requests
        assert (request.method, request.body) == ("PATCH", b"{}")
        assert request.headers["content-type"] == "application/merge-patch+json"
        assert request.headers["accept"] == "a/b"


async def test_warnings_of_the_server_are_given_once_each() -> None:
    heard: list[str] = []
    async with FakeServer() as server, connect(server, on_warning=heard.append) as connection:
        headers = [
            ("Warning", '299 - "unknown field \\"spec.replcas\\""'),
            ("Warning", '299 - "policy/v1beta1 is deprecated, use v1", 299 - "second" "Sat, 21 Nov 2026"'),
            ("Warning", '199 cache "stale"'),
            ("Warning", "nonsense"),
        ]
        server.answer("/x", headers=headers)
        response = await connection.request("GET", "/x")
        expected = ('unknown field "spec.replcas"', "policy/v1beta1 is deprecated, use v1", "second")
        assert response.warnings == expected
        assert tuple(heard) == expected


async def test_no_secret_is_in_any_repr() -> None:
    async with FakeServer() as server:
        context = context_for(server, token="s3cret-token", password="s3cret-word")
        context = Context("c", Cluster("k", server.url, proxy_url=""), context.user_entry)
        async with Connection(context, env={}) as connection:
            server.answer("/x", b"s3cret-body")
            shown = repr([connection, context, await connection.request("GET", "/x"), vars(connection)])
            assert "s3cret" not in shown


@pytest.mark.parametrize(
    ("name", "code", "reason", "said"),
    [
        ("error-401-bad-token", 401, "Unauthorized", "Unauthorized"),
        ("error-403-list-nodes-as-viewer", 403, "Forbidden", "nodes is forbidden"),
        ("error-404-pod", 404, "NotFound", "not found"),
        ("error-409-conflict-put", 409, "Conflict", "the object has been modified"),
        ("error-422-invalid-deployment", 422, "Invalid", "must be greater than or equal to 0"),
        ("error-429-eviction-pdb", 429, "TooManyRequests", "disruption budget cart needs 4 healthy pods"),
    ],
)
async def test_a_recorded_refusal_is_told_in_the_servers_words(
    name: str, code: int, reason: str, said: str
) -> None:
    recorded = json.loads((GOLDEN / f"{name}.json").read_text())["response"]
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/x", json.dumps(recorded["body"]).encode(), status=recorded["status"])
        error = await failure(connection.get("/x"))
        assert isinstance(error, ApiError)
        assert (error.code, error.reason) == (code, reason)
        assert said in error.sentence()
        assert "\n" not in error.sentence()
        details = recorded["body"].get("details", {})
        assert [cause.message for cause in error.causes] == [
            cause["message"] for cause in details.get("causes", [])
        ]


async def test_an_expired_page_carries_the_token_to_go_on_with() -> None:
    recorded = json.loads((GOLDEN / "error-410-continue-expired.json").read_text())["response"]
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/x", json.dumps(recorded["body"]).encode(), status=410)
        error = await failure(connection.get("/x"))
        assert isinstance(error, ApiError)
        assert (error.code, error.reason) == (410, "Expired")
        assert error.continue_token == recorded["body"]["metadata"]["continue"]


@pytest.mark.parametrize(
    ("headers", "more", "expected"),
    [
        ([("Retry-After", "7")], {}, 7.0),
        ([], {"details": {"retryAfterSeconds": 3}}, 3.0),
        ([("Retry-After", "1")], {"details": {"retryAfterSeconds": 3}}, 1.0),
        ([("Retry-After", "Sat, 21 Nov 2026 00:00:00 GMT")], {}, None),
        ([], {}, None),
    ],
)
async def test_how_long_to_wait_is_taken_from_header_or_details(
    headers: list[tuple[str, str]], more: dict[str, object], expected: float | None
) -> None:
    async with FakeServer() as server, connect(server) as connection:
        body = status_body(429, "TooManyRequests", "slow down", **more)
        server.answer("/x", body, status=429, headers=headers)
        error = await failure(connection.get("/x"))
        assert isinstance(error, ApiError)
        assert error.retry_after == expected


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (401, "text/plain", b"Unauthorized\n", "the server answered 401: Unauthorized"),
        (
            502,
            "text/html",
            b"<html><head><title>502 Bad \x1b[31mGateway</title></head><script>x()</script></html>",
            "502 from something in front of the API server: 502 Bad Gateway",
        ),
        (503, "text/html", b"<h1>Down</h1><style>a{}</style> for <b>work</b>", "Down for work"),
        (500, "application/json", b'{"message":"etcd is sad"}', "the server answered 500: etcd is sad"),
        (500, "application/json", b'{"kind":"Status","message":5', "the server answered 500"),
        (404, "text/plain", b"404 page not found\n", "the server answered 404: page not found"),
        (500, "", b"\xff\xfe\x00garbage\x1b]0;evil\x07", "the server answered 500: "),
        (403, "", b"", "the server answered 403 without a reason"),
        (400, "", b"Client sent an HTTP request to an HTTPS server.\n", "write https://"),
    ],
)
async def test_an_answer_that_is_no_status_is_still_one_clean_sentence(
    status: int, kind: str, body: bytes, said: str
) -> None:
    async with FakeServer() as server, connect(server) as connection:

        async def handler(request: Request, reply: Reply) -> None:
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            await reply.raw(head.encode() + body)

        server.on("/x", handler)
        error = await failure(connection.get("/x"))
        assert isinstance(error, ApiError)
        assert error.code == status
        assert said in error.sentence()
        assert error.sentence().isprintable()


async def test_a_very_long_refusal_is_cut() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/x", b"<html>" + b"blah " * 2_000_000, status=500)
        started = time.perf_counter()
        error = await failure(connection.get("/x"))
        assert len(error.sentence()) < 1000
        assert time.perf_counter() - started < 5


def test_an_error_event_of_a_watch_is_an_api_error() -> None:
    error = ApiError.from_status(status_body(410, "Expired", "too old resource version: 1 (5)"))
    assert (error.code, error.reason, error.message) == (410, "Expired", "too old resource version: 1 (5)")
    assert ApiError.from_status(b"garbage").code == 500


async def test_redirects_are_followed_on_the_same_server_only() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/logs", status=301, headers=[("Location", "logs/")])
        server.answer("/logs/", b"files")
        assert await connection.get("/logs") == b"files"
        server.answer("/login", status=302, headers=[("Location", "https://sso.example.test/?next=x")])
        error = await failure(connection.get("/login"))
        assert "sso.example.test" in error.sentence()
        assert "log in" in error.sentence()
        server.answer("/round", status=302, headers=[("Location", "/round")])
        assert "round and round" in (await failure(connection.get("/round"))).sentence()
        error = await failure(connection.request("POST", "/logs", body=b"{}"))
        assert isinstance(error, ApiError)


async def test_an_answer_that_never_comes_is_given_up() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.on("/x", lambda request, reply: reply.stall())
        error = await failure(connection.request("GET", "/x", timeout=0.1))
        assert isinstance(error, ConnectionLost)
        assert error.kind == "timeout"
        assert "within 0.1 s" in error.sentence()


async def test_a_body_that_stalls_or_breaks_is_a_lost_connection() -> None:
    async def half(request: Request, reply: Reply) -> None:
        await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        if request.query:
            await reply.stall()
        reply.drop()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/x", half)
        error = await failure(connection.get("/x"))
        assert isinstance(error, ConnectionLost)
        assert "in the middle of an answer" in error.sentence()
        error = await failure(connection.request("GET", "/x?stall=1", timeout=0.1))
        assert isinstance(error, ConnectionLost)
        assert error.kind == "timeout"


async def test_a_reset_and_garbage_are_lost_connections() -> None:
    async def reset(request: Request, reply: Reply) -> None:
        reply.reset()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/reset", reset)
        error = await failure(connection.request("POST", "/reset", body=b"{}"))
        assert isinstance(error, ConnectionLost)
        assert "broke the connection" in error.sentence()
        server.on("/garbage", lambda request, reply: reply.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))
        error = await failure(connection.get("/garbage"))
        assert isinstance(error, ConnectionLost)
        assert "something that is not HTTP: SSH-2.0-OpenSSH_9.2; check" in error.sentence()


async def test_a_changing_request_is_never_sent_twice_when_the_connection_breaks() -> None:
    async def drop(request: Request, reply: Reply) -> None:
        reply.drop()

    async with FakeServer() as server, connect(server) as connection:
        server.answer("/warm")
        await connection.get("/warm")
        server.on("/x", drop)
        error = await failure(connection.request("POST", "/x", body=b"{}"))
        assert isinstance(error, ConnectionLost)
        assert len(server.seen("/x")) == 1


async def test_a_refused_connection_and_an_unknown_name_say_what_to_do() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for url, kind in (
            (f"https://127.0.0.1:{port}", "refused"),
            ("https://no-such-host.invalid:6443", "dns"),
            ("https://two..dots.invalid:6443", "dns"),
            (f"https://{'long' * 16}.invalid:6443", "dns"),
        ):
            async with Connection(Context("c", Cluster("k", url)), env={}) as connection:
                error = await failure(connection.get("/version"))
                assert isinstance(error, ConnectionLost)
                assert error.kind == kind
                assert "check" in error.hint


async def test_a_server_that_accepts_but_does_not_shake_hands_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        async with Connection(Context("c", Cluster("k", url)), env={}, connect_timeout=0.2) as connection:
            error = await failure(connection.get("/version"))
            assert isinstance(error, ConnectionLost)
            assert error.kind == "timeout"


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://host:port", "https://h/?a=b", "://"])
def test_a_server_that_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(KubeconfigError, match="is no URL"):
        Connection(Context("c", Cluster("k", url)))


def test_a_password_in_the_servers_url_is_refused_and_not_shown() -> None:
    with pytest.raises(KubeconfigError) as caught:
        Connection(Context("c", Cluster("k", "https://joe:s3cret@h:6443")))
    assert "has a user in its URL: https://h:6443" in caught.value.sentence()


async def test_cancelling_a_request_ends_it_and_the_connection_goes_on() -> None:
    async with FakeServer() as server, connect(server) as connection:
        server.on("/slow", lambda request, reply: reply.stall())
        server.answer("/x")
        task = asyncio.create_task(connection.get("/slow"))
        while not server.seen("/slow"):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await connection.get("/x") == b"{}"
        while server.open_connections > 1:
            await asyncio.sleep(0.01)


async def test_a_closed_connection_says_so() -> None:
    async with FakeServer() as server:
        connection = connect(server)
        await connection.close()
        error = await failure(connection.get("/x"))
        assert isinstance(error, ConnectionLost)
        assert error.kind == "closed"


async def test_many_requests_at_once_are_not_held_back_by_a_pool() -> None:
    arrived = 0
    all_here = asyncio.Event()

    async def wait(request: Request, reply: Reply) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 150:
            all_here.set()
        await all_here.wait()
        await reply.send()

    async with FakeServer() as server, connect(server) as connection:
        server.on("/x", wait)
        assert len(await asyncio.gather(*(connection.get("/x") for _ in range(150)))) == 150


async def test_a_page_of_three_megabytes_does_not_hold_up_the_loop() -> None:
    page = b"x" * 3_000_000
    async with FakeServer() as server, connect(server) as connection:
        server.answer("/x", page)
        await connection.get("/x")
        task = asyncio.create_task(connection.get("/x"))
        worst = 0.0
        while not task.done():
            # Our own processor time, so that a busy machine does not count.
            before = time.thread_time()
            await asyncio.sleep(0)
            worst = max(worst, time.thread_time() - before)
        assert await task == page
        assert worst < 0.016


async def test_a_web_page_in_place_of_the_api_is_told_but_a_proxied_one_is_fine() -> None:
    page = b"<html><title>Sign in to continue</title></html>"
    html = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)
    async with FakeServer() as server, connect(server) as connection:
        for path in ("/api/v1/pods", "/api/v1/nodes/n/proxy/logs/"):
            server.on(path, lambda request, reply: reply.raw(html))
        for asked in (connection.get("/api/v1/pods"), anext(connection.lines("/api/v1/pods"))):
            error = await failure(asked)
            said = "web page instead of the Kubernetes API: Sign in to continue; a login page"
            assert said in error.sentence()
        assert await connection.get("/api/v1/nodes/n/proxy/logs/") == page


async def test_compression_is_asked_for_on_slow_links_only() -> None:
    page = b"x" * 400_000

    async def slow(request: Request, reply: Reply) -> None:
        if "gzip" in request.headers["accept-encoding"]:
            await reply.send(body=gzip.compress(page), headers=[("Content-Encoding", "gzip")])
            return
        await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + page[:200_000])
        await asyncio.sleep(0.3)
        await reply.raw(page[200_000:])

    async with FakeServer() as server, connect(server) as connection:
        server.answer("/fast", page)
        server.on("/slow", slow)
        for _ in range(2):
            assert await connection.get("/fast") == page
        for _ in range(3):
            assert await connection.get("/slow") == page
        await connection.request("POST", "/fast", body=b"{}")
        asked = [request.headers["accept-encoding"] for request in server.requests]
        assert asked == ["identity", "identity", "identity", "gzip", "gzip", "identity"]


def test_compression_that_does_not_pay_is_given_up_and_one_that_is_disabled_never_tried() -> None:
    learned = Compression()
    learned.learn(1000, 10, "")
    assert learned.accept_encoding == "identity"
    learned.learn(1_000_000, 1, "")
    assert learned.accept_encoding == "gzip"
    learned.learn(1_000_000, 2, "gzip")
    assert learned.accept_encoding == "identity"
    disabled = Compression(allowed=False)
    disabled.learn(1_000_000, 1, "")
    assert disabled.accept_encoding == "identity"


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has no such option")
async def test_dead_peers_are_found_out_by_the_system_as_well() -> None:
    async with FakeServer() as server, connect(server) as connection:
        sockets: list[socket.socket] = []
        real = connection_http._keep_alive

        def watched(made: socket.socket) -> None:
            real(made)
            sockets.append(made)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connection_http, "_keep_alive", watched)
            server.answer("/x")
            await connection.get("/x")
        (used,) = sockets
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle = used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        tries = used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
        assert idle + tries * used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) <= 60


def test_what_a_stranger_says_cannot_paint_on_the_screen() -> None:
    said = "a\x1b[2Jb\x1b]52;c;ZXZpbA==\x07c\r\nd\u202ee\x9b1mf\u2028g 한국어 \ud800h"
    assert plain_text(said) == "a b c d e 1mf g 한국어 h"
    assert plain_text("x" * 5000, 10) == "x" * 9 + "…"
