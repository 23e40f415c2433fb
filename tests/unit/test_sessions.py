"""The life of a session, against a connection that does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost, KubeError, ReadOnlyError, StatusDetails
from k8stui.kube.sessions.once import KeptOutput
from k8stui.kube.sessions.session import SessionPhase, SessionSpec, ShellSession
from k8stui.kube.sessions.store import Connections, SessionStore
from k8stui.kube.sessions.streams import RESIZE, STDIN, STDOUT
from k8stui.kube.sessions.target import SessionTarget, container_choices
from k8stui.kube.sessions.words import NextStep, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGET = SessionTarget("shop", "web", "app", "u1")
POD: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
    "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "web:1", "stdin": True, "tty": True}]},
    "status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]},
}
NO_COMMAND = (
    b'\x03{"status":"Failure","reason":"InternalError",'
    b'"message":"exec: \\"x\\": executable file not found in $PATH"}'
)
DONE = b'\x03{"status":"Success"}'
SEVEN = (
    b'\x03{"status":"Failure","reason":"NonZeroExitCode","message":"x",'
    b'"details":{"causes":[{"reason":"ExitCode","message":"7"}]}}'
)


@dataclass
class Stream:
    """A WebSocket: gives what is in `script`, then waits; None is its end, an error is raised."""

    script: deque[bytes | KubeError | None]
    protocol: str = "v5.channel.k8s.io"
    sent: list[bytes] = field(default_factory=list)
    closed: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, *items: bytes | KubeError | None) -> None:
        self.script.extend(items)
        self.more.set()

    async def send(self, data: bytes) -> None:
        self.sent.append(data)
        self.more.set()

    def keep_backlog_short(self) -> None:
        """There is none."""

    async def receive(self) -> bytes | None:
        while not self.script:
            self.more.clear()
            await self.more.wait()
        item = self.script.popleft()
        if isinstance(item, KubeError):
            raise item
        return item

    async def close(self) -> None:
        self.closed = True

    @property
    def typed(self) -> bytes:
        return b"".join(message[1:] for message in self.sent if message[0] == STDIN)

    @property
    def sizes(self) -> list[Any]:
        return [json.loads(message[1:]) for message in self.sent if message[0] == RESIZE]


class Server:
    """A connection: hands out streams in order, or refuses; the pod is `pod` (None: gone)."""

    def __init__(self, *streams: Stream | KubeError) -> None:
        self.streams = deque(streams)
        self.commands: list[list[str]] = []
        self.pod: dict[str, Any] | None = POD
        self.node: dict[str, Any] = {"metadata": {"labels": {"kubernetes.io/os": "linux"}}}
        self.closed = 0

    async def websocket(
        self, path: str, *, params: Mapping[str, str | Sequence[str]], protocols: Sequence[str]
    ) -> Stream:
        self.commands.append(list(params.get("command", ())))
        found = self.streams.popleft()
        if isinstance(found, KubeError):
            raise found
        return found

    async def request(self, method: str, path: str, *, timeout: float = 30.0) -> Any:
        found = self.node if "/nodes/" in path else self.pod
        if found is None:
            raise ApiError(
                404, "NotFound", 'pods "web" not found', details=StatusDetails(name="web", kind="pods")
            )

        class Answer:
            body = json.dumps(found).encode()

        return Answer()

    async def close(self) -> None:
        self.closed += 1


class Lease:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.closed = False

    async def connection(self) -> Any:
        return self.server

    async def close(self) -> None:
        self.closed = True


class Sink:
    def __init__(self) -> None:
        self.data = b""
        self.news = asyncio.Event()

    async def __call__(self, channel: int, data: bytes) -> None:
        assert channel == STDOUT
        self.data += data
        self.news.set()

    async def has(self, words: bytes) -> None:
        async with asyncio.timeout(5):
            while words not in self.data:
                self.news.clear()
                await self.news.wait()


def script(*items: bytes | KubeError | None) -> Stream:
    return Stream(deque(items))


def out(text: bytes) -> bytes:
    return b"\x01" + text


def session_of(
    server: Server, spec: SessionSpec | None = None, sink: Sink | None = None
) -> tuple[ShellSession, Sink]:
    sink = sink or Sink()
    return ShellSession(spec or SessionSpec.shell(TARGET), Lease(server), sink=sink), sink


async def ended(session: ShellSession) -> Any:
    return await asyncio.wait_for(session.wait_over(), 5)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_shells_are_tried_until_one_is_there_and_nothing_typed_is_lost() -> None:
    good = script()
    server = Server(script(b"\x01", NO_COMMAND), good)
    session, sink = session_of(server)
    phases: list[SessionPhase] = []
    session.observe(lambda: phases.append(session.phase))
    session.start()
    assert session.send(b"typed early\r")
    good.add(out(b"$ "))
    await sink.has(b"$ ")
    await until(lambda: good.typed)
    assert good.typed == b"typed early\r"
    assert server.commands[0][:2] == ["sh", "-c"]
    assert server.commands[1] == ["bash"]
    good.add(SEVEN)
    ending = await ended(session)
    assert (ending.reason, ending.code) == (Reason.DONE, 7)
    assert phases == [SessionPhase.RUNNING, SessionPhase.ENDED]
    await session.close()


async def test_on_windows_nodes_powershell_then_cmd() -> None:
    missing = [script(NO_COMMAND) for _ in range(5)]
    server = Server(*missing, script(NO_COMMAND), script(out(b"C:\\>")))
    server.node = {"metadata": {"labels": {"kubernetes.io/os": "windows"}}}
    session, sink = session_of(server)
    session.start()
    await sink.has(b"C:")
    assert server.commands[-2:] == [["powershell"], ["cmd"]]
    await session.close()
    assert session.phase is SessionPhase.CLOSED


async def test_an_image_without_any_shell_says_what_was_tried() -> None:
    session, _ = session_of(Server(*(script(NO_COMMAND) for _ in range(5))))
    session.start()
    ending = await ended(session)
    assert (ending.reason, ending.step) == (Reason.NO_SHELL, NextStep.DEBUG)
    assert "sh, bash, ash" in ending.sentence
    await session.close()


async def test_of_many_sizes_the_newest_is_sent() -> None:
    stream = script(out(b"$ "))
    session, sink = session_of(Server(stream), SessionSpec.command(TARGET, ("sh",)))
    session.start()
    await sink.has(b"$ ")
    for columns in range(81, 120):
        session.resize(columns, 30)
    await until(lambda: len(stream.sizes) >= 2)
    assert stream.sizes == [{"Width": 80, "Height": 24}, {"Width": 119, "Height": 30}]
    await session.close()


async def test_a_program_that_is_joined_repaints() -> None:
    stream = script(out(b"x"))
    (choice,) = container_choices(POD)
    session, sink = session_of(Server(stream), SessionSpec.attach(TARGET, choice))
    session.start()
    await sink.has(b"x")
    await until(lambda: len(stream.sizes) == 2)
    assert stream.sizes == [{"Width": 81, "Height": 25}, {"Width": 80, "Height": 24}]
    await session.close()


async def test_a_lost_connection_is_told_and_opened_again_on_the_same_sink() -> None:
    first, second = script(out(b"one ")), script(out(b"two"))
    session, sink = session_of(Server(first, second), SessionSpec.command(TARGET, ("sh",)))
    session.start()
    await sink.has(b"one")
    first.add(ConnectionLost("it broke", kind="lost"))
    ending = await ended(session)
    assert session.phase is SessionPhase.LOST
    assert ending.sentence == "Connection lost: it broke"
    assert first.closed
    assert not session.send(b"x")
    session.reconnect()
    assert session.phase is SessionPhase.CONNECTING
    assert session.send(b"y")
    await sink.has(b"one two")
    await until(lambda: second.typed == b"y")
    assert session.counters.connections == 2
    await session.close()


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (None, Reason.POD_GONE),
        ({**POD, "metadata": {"name": "web", "uid": "u2"}}, Reason.POD_GONE),
        (
            {
                **POD,
                "status": {
                    "containerStatuses": [
                        {"name": "app", "state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
                    ]
                },
            },
            Reason.NOT_RUNNING,
        ),
    ],
)
async def test_a_stream_that_broke_because_of_the_pod(pod: dict[str, Any] | None, reason: Reason) -> None:
    stream = script(out(b"x"))
    server = Server(stream)
    session, sink = session_of(server)
    session.start()
    await sink.has(b"x")
    server.pod = pod
    stream.add(None)
    await until(lambda: session.phase is SessionPhase.ENDED)
    assert session.state.ending is not None
    assert session.state.ending.reason is reason
    await session.close()


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (
            ApiError(403, "Forbidden", 'cannot create resource "pods/exec"'),
            Reason.FORBIDDEN,
            "create pods/exec",
        ),
        (
            ApiError(403, "Forbidden", 'cannot get resource "pods/exec"'),
            Reason.FORBIDDEN,
            "get and create pods/exec",
        ),
        (ReadOnlyError("GET", "/x"), Reason.READ_ONLY, "--readonly"),
        (ApiError(400, "BadRequest", "container x is not valid for pod web"), Reason.NO_CONTAINER, "choose"),
        (ApiError(400, "BadRequest", "pod web does not have a host assigned"), Reason.NOT_RUNNING, "logs"),
        (ApiError(500, "", "the server broke"), Reason.FAILED, "again"),
    ],
)
async def test_refusals_in_words_with_their_next_step(error: KubeError, reason: Reason, words: str) -> None:
    session, _ = session_of(Server(error))
    session.start()
    ending = await ended(session)
    assert ending.reason is reason
    assert words in ending.hint
    await session.close()


async def test_a_server_that_cannot_be_reached_may_be_tried_again() -> None:
    session, sink = session_of(Server(ConnectionLost("no route"), script(out(b"here"))))
    session.start()
    await ended(session)
    assert session.phase is SessionPhase.LOST
    session.reconnect()
    await sink.has(b"here")
    await session.close()


async def test_output_is_held_back_until_there_is_a_sink() -> None:
    session, _ = session_of(Server(script(out(b"kept"), DONE)), SessionSpec.command(TARGET, ("x",)))
    session.set_sink(None)
    session.start()
    await ended(session)
    sink = Sink()
    session.set_sink(sink)
    await session.wait_delivered()
    assert sink.data == b"kept"
    await session.close()


async def test_a_slow_sink_holds_the_network_back() -> None:
    stream = script(*(out(b"y\r\n" * 10_000) for _ in range(100)))
    go = asyncio.Event()
    taken = b""

    async def slow(_channel: int, data: bytes) -> None:
        nonlocal taken
        await go.wait()
        taken += data

    session = ShellSession(SessionSpec.command(TARGET, ("yes",)), Lease(Server(stream)), sink=slow)
    session.start()
    await until(lambda: session.counters.received > 200_000)
    for _ in range(100):
        await asyncio.sleep(0)
    assert session.counters.received < 500_000
    go.set()
    stream.add(out(b"$ "))
    await until(lambda: taken.endswith(b"$ "))
    assert len(taken) == 3_000_002, "nothing is lost by that"
    await session.close()


async def test_input_beyond_the_limit_is_refused_not_kept() -> None:
    session, _ = session_of(Server(script()), SessionSpec.command(TARGET, ("x",)))
    assert session.send(b"x" * (3 << 20))
    assert not session.send(b"x" * (2 << 20))
    await session.close()


async def test_a_paste_of_much_text_keeps_its_order() -> None:
    stream = script()
    session, _ = session_of(Server(stream), SessionSpec.command(TARGET, ("cat",)))
    session.start()
    text = b"".join(b"%07d" % number for number in range(100_000))
    assert await session.write(text)
    await until(lambda: len(stream.typed) == len(text))
    assert stream.typed == text
    await session.close()


async def test_closing_leaves_nothing_running_and_gives_the_lease_back() -> None:
    before = asyncio.all_tasks()
    lease = Lease(Server(script(out(b"x"))))
    session = ShellSession(SessionSpec.shell(TARGET), lease, sink=Sink())
    session.start()
    await until(lambda: session.phase is SessionPhase.RUNNING)
    await session.close()
    await session.close()
    assert lease.closed
    assert asyncio.all_tasks() == before
    assert not session.send(b"x")


async def test_the_container_and_the_pod_s_uid_are_filled_in() -> None:
    session, sink = session_of(Server(script(out(b"x"))), SessionSpec.shell(SessionTarget("shop", "web")))
    session.start()
    await sink.has(b"x")
    assert session.target == TARGET
    await session.close()


# -- many of them ------------------------------------------------------------------------------


@dataclass(frozen=True)
class FakeContext:
    name: str
    maps: dict[str, str] = field(default_factory=dict)


async def test_sessions_of_one_context_share_a_connection_that_closes_after_the_last() -> None:
    servers: dict[str, Server] = {}

    def connect(context: Any) -> Server:
        assert context.name not in servers
        servers[context.name] = Server(*(script(out(b"x")) for _ in range(3)))
        return servers[context.name]

    store = SessionStore(Connections(connect=connect, grace=0.01))
    one, two = FakeContext("one"), FakeContext("two")
    seen: list[int] = []
    store.observe(lambda: seen.append(len(store.living)))
    sessions = [store.open(context, SessionSpec.shell(TARGET)) for context in (one, one, two)]  # type: ignore[arg-type]
    await until(lambda: all(session.phase is SessionPhase.RUNNING for session in sessions))
    assert store.get(store.number(sessions[1])) is sessions[1]
    await store.close(sessions[0])
    await asyncio.sleep(0.05)
    assert not servers["one"].closed
    await store.close(sessions[1])
    await until(lambda: servers["one"].closed)
    assert store.sessions == (sessions[2],)
    assert seen[-1] == 1
    await store.close_all()
    assert servers["two"].closed
    assert not store.sessions


# -- what is kept of a command that was run once -----------------------------------------------


def test_the_beginning_and_the_end_are_kept() -> None:
    kept = KeptOutput(limit=20)
    for number in range(100):
        kept.add(1 + number % 2, b"%02d " % number)
    assert kept.text().startswith(b"00 01 02 0\n[")
    assert kept.text().endswith(b" 97 98 99 ")
    assert kept.dropped == 280
    assert b"01" not in kept.text(1)
    small = KeptOutput()
    small.add(1, b"all")
    assert small.pieces() == ((1, b"all"),)
    assert small.text() == b"all"
