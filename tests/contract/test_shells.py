"""Shells, commands and attachments: the same on the simulated and on a real cluster."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.websocket import HEARTBEAT
from k8stui.kube.sessions import flow as sessions_flow
from k8stui.kube.sessions.once import run_once
from k8stui.kube.sessions.session import SessionPhase, SessionSpec
from k8stui.kube.sessions.store import Connections
from k8stui.kube.sessions.target import SessionTarget, container_choices
from k8stui.kube.sessions.words import NextStep, Reason

from .shells_rig import (
    BUSYBOX,
    PAUSE,
    Collected,
    Shells,
    SilentProxy,
    container,
    start_pod,
    until_phase,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import Admin, Target

FOREVER = ("sh", "-c", "trap 'exit 0' TERM INT; while true; do sleep 1; done")
MEGABYTES = 50


@pytest.fixture
async def shells(cluster_under_test: Target) -> AsyncIterator[Shells]:
    opened = Shells(cluster_under_test.admin)
    yield opened
    await opened.store.close_all()
    left = [task for task in asyncio.all_tasks() if task.get_name().startswith(("session", "connections"))]
    assert not left, "tasks of sessions were left behind"


@pytest.fixture
async def pod(admin: Admin, namespace: str) -> SessionTarget:
    made = await start_pod(admin, namespace, "web", container("app", BUSYBOX, FOREVER))
    return SessionTarget(namespace, "web", uid=made["metadata"]["uid"])


# -- what runs ---------------------------------------------------------------------------------


async def test_a_shell_with_a_terminal_follows_the_size_of_its_pane(
    shells: Shells, pod: SessionTarget
) -> None:
    session, output = shells.open(SessionSpec.shell(pod), size=(91, 17))
    session.send(b"stty size; echo TERM=$TERM.\r")
    await output.says("17 91")
    await output.says("TERM=xterm-256color.")
    assert session.phase is SessionPhase.RUNNING
    assert session.target.container == "app"
    for columns in range(60, 101):
        session.resize(columns, 30)
    session.send(b"stty size\r")
    await output.says("30 100")
    session.send(b"exit 7\r")
    ending = await session.wait_over()
    assert ending is not None
    assert (ending.reason, ending.code) == (Reason.DONE, 7)
    assert session.state.phase is SessionPhase.ENDED


async def test_without_a_terminal_output_and_errors_are_apart(shells: Shells, pod: SessionTarget) -> None:
    session, output = shells.run(pod, "sh", "-c", "echo out; echo err >&2; exit 5")
    ending = await session.wait_over()
    await session.wait_delivered()
    assert ending is not None
    assert ending.code == 5
    assert (bytes(output.stdout), bytes(output.stderr)) == (b"out\n", b"err\n")


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 255", 255), ("kill -9 $$", 137), ("exit 127", 127)]
)
async def test_exit_codes(shells: Shells, pod: SessionTarget, script: str, code: int) -> None:
    session, _ = shells.run(pod, "sh", "-c", script)
    ending = await session.wait_over()
    assert ending is not None
    assert ending.code == code
    assert ending.reason is Reason.DONE


async def test_words_reach_the_program_as_they_are(shells: Shells, pod: SessionTarget) -> None:
    words = ("echo", "a  b", "$HOME", "'; rm -rf /", "한글", "a;b&c=d+e%20")
    session, output = shells.run(pod, *words)
    await session.wait_over()
    await session.wait_delivered()
    assert output.text == " ".join(words[1:]) + "\n"


async def test_run_once_keeps_the_output_and_the_code(cluster_under_test: Target, pod: SessionTarget) -> None:
    connections = Connections()
    try:
        lease = connections.lease(cluster_under_test.admin)
        result = await run_once(lease, pod, ("sh", "-c", "seq 1 100000; exit 3"), limit=20_000)
        assert result.ending.code == 3
        text = result.output.text()
        assert text.startswith(b"1\n2\n")
        assert text.endswith(b"99999\n100000\n")
        assert result.output.dropped > 500_000
        slow = await run_once(connections.lease(cluster_under_test.admin), pod, ("sleep", "60"), timeout=1.0)
        assert "did not end within 1 s" in slow.ending.sentence
    finally:
        await connections.close()


# -- much, and split ---------------------------------------------------------------------------


@pytest.mark.timeout(240)
async def test_much_output_arrives_whole_in_bounded_memory(shells: Shells, pod: SessionTarget) -> None:
    script = (
        f"dd if=/dev/urandom of=/tmp/big bs=1M count={MEGABYTES} 2>/dev/null;"
        " sha256sum </tmp/big >&2; cat /tmp/big"
    )
    size = 0
    sums = bytearray()
    found = hashlib.sha256()

    async def sink(channel: int, data: bytes) -> None:
        nonlocal size
        if channel == 2:
            sums.extend(data)
        else:
            size += len(data)
            found.update(data)

    tracemalloc.start()
    try:
        spec = SessionSpec.command(pod, ("sh", "-c", script), stdin=False, tty=False)
        session = shells.store.open(shells.context, spec, sink=sink)
        ending = await session.wait_over()
        await session.wait_delivered()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ending is not None
    assert ending.code == 0
    assert size == MEGABYTES << 20
    assert sums.split()[0].decode() == found.hexdigest()
    assert peak < 16 << 20


@pytest.mark.timeout(240)
async def test_much_input_arrives_whole(shells: Shells, pod: SessionTarget) -> None:
    block = secrets.token_bytes(1 << 20)
    total = MEGABYTES << 20
    # read exactly so much: servers before 1.30 know no end of input
    session, output = shells.run(pod, "sh", "-c", f"head -c {total} | sha256sum", stdin=True)
    sent = hashlib.sha256()
    for _ in range(MEGABYTES):
        sent.update(block)
        assert await session.write(block)
    ending = await session.wait_over()
    await session.wait_delivered()
    assert ending is not None
    assert ending.code == 0
    assert output.text.split()[0] == sent.hexdigest()
    assert session.counters.sent == total


async def test_characters_split_between_writes_arrive_whole(shells: Shells, pod: SessionTarget) -> None:
    text = "가나다라마바사 日本語 👩‍👩‍👧 é " * 2000
    session, output = shells.run(pod, "sh", "-c", f"head -c {len(text.encode())}", stdin=True)
    raw = text.encode()
    for start in range(0, len(raw), 997):
        assert await session.write(raw[start : start + 997])
    await session.wait_over()
    await session.wait_delivered()
    assert output.text == text


async def test_a_character_whose_bytes_come_in_two_messages_arrives_whole(
    shells: Shells, pod: SessionTarget
) -> None:
    session, output = shells.run(pod, "sh", "-c", r"printf '\352\260'; sleep 0.5; printf '\200'")
    await session.wait_over()
    await session.wait_delivered()
    assert _splits(output.pieces[0])
    assert output.text == "가"


def _splits(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return True
    return False


async def test_the_end_of_input_is_told(shells: Shells, pod: SessionTarget) -> None:
    session, output = shells.run(pod, "cat", stdin=True)
    session.send(b"hello\n")
    await output.says("hello\n")
    session.close_stdin()
    try:
        async with asyncio.timeout(3):
            ending = await session.wait_over()
    except TimeoutError:
        pytest.skip("this server knows no end of input (v4)")
    assert ending is not None
    assert ending.code == 0


async def test_the_end_of_input_of_a_terminal_is_ctrl_d(shells: Shells, pod: SessionTarget) -> None:
    session, output = shells.run(pod, "cat", stdin=True, tty=True)
    session.send(b"hello\r")
    await output.says("hello\r\nhello\r\n")
    session.close_stdin()
    ending = await asyncio.wait_for(session.wait_over(), 20)
    assert ending is not None
    assert ending.code == 0


async def test_a_flood_is_held_back_and_ends_on_ctrl_c(shells: Shells, pod: SessionTarget) -> None:
    session, output = shells.open(SessionSpec.shell(pod), keep=False)
    session.send(b"yes\r")
    await output.until(lambda: output.size > 100_000)
    output.hold()
    await asyncio.sleep(1.5)
    waiting = session.counters.received - output.size
    assert waiting < 1 << 20, "it goes on reading although nobody takes the output"
    kept = Collected()
    session.set_sink(kept)
    output.go_on()
    session.send(b"\x03")
    session.send(b"echo do''ne\r")
    await kept.says("done", 5)


# -- attaching ---------------------------------------------------------------------------------


async def test_attach_and_reattach_to_a_terminal(shells: Shells, admin: Admin, namespace: str) -> None:
    body = await start_pod(admin, namespace, "term", container("sh", BUSYBOX, ("sh",), stdin=True, tty=True))
    (choice,) = container_choices(body)
    assert choice.can_reattach
    spec = SessionSpec.attach(SessionTarget(namespace, "term"), choice)
    session, output = shells.open(spec)
    await until_phase(session, SessionPhase.RUNNING)
    session.send(b"x=kept; stty size\r")
    await output.says("24 80")
    await shells.store.close(session)
    again, output = shells.open(spec, size=(100, 30))
    again.send(b"echo $x; stty size\r")
    await output.says("kept\r\n")
    await output.says("30 100")
    again.send(b"exit 0\r")
    ending = await again.wait_over()
    assert ending is not None


async def test_attach_without_a_terminal_shows_what_is_written(
    shells: Shells, admin: Admin, namespace: str
) -> None:
    script = ("sh", "-c", "while true; do echo tick; sleep 0.2; done")
    body = await start_pod(admin, namespace, "clock", container("c", BUSYBOX, script))
    (choice,) = container_choices(body)
    assert not choice.can_reattach
    session, output = shells.open(SessionSpec.attach(SessionTarget(namespace, "clock"), choice))
    await output.until(lambda: output.text.count("\n") >= 1)
    assert session.phase is SessionPhase.RUNNING


# -- what does not run -------------------------------------------------------------------------


async def test_no_shell_in_the_image_leads_to_debugging(shells: Shells, admin: Admin, namespace: str) -> None:
    await start_pod(admin, namespace, "bare", container("c", PAUSE))
    session, output = shells.open(SessionSpec.shell(SessionTarget(namespace, "bare")))
    seen: list[SessionPhase] = []
    session.observe(lambda: seen.append(session.phase))
    ending = await session.wait_over()
    assert ending is not None
    assert (ending.reason, ending.step) == (Reason.NO_SHELL, NextStep.DEBUG)
    assert SessionPhase.RUNNING not in seen
    assert not output.size


async def test_a_command_that_is_not_there(shells: Shells, pod: SessionTarget) -> None:
    session, _ = shells.run(pod, "no-such-program")
    ending = await session.wait_over()
    assert ending is not None
    assert (ending.reason, ending.step) == (Reason.NO_COMMAND, NextStep.CHOOSE_COMMAND)
    assert "no-such-program" in ending.sentence


async def test_a_container_that_is_not_there(shells: Shells, pod: SessionTarget) -> None:
    target = SessionTarget(pod.namespace, pod.pod, "nope")
    ending = await shells.open(SessionSpec.shell(target))[0].wait_over()
    assert ending is not None
    assert (ending.reason, ending.step) == (Reason.NO_CONTAINER, NextStep.CHOOSE_CONTAINER)


async def test_a_pod_that_is_gone_or_another(shells: Shells, pod: SessionTarget) -> None:
    ending = await shells.open(SessionSpec.shell(SessionTarget(pod.namespace, "gone")))[0].wait_over()
    assert ending is not None
    assert ending.reason is Reason.POD_GONE
    other = SessionTarget(pod.namespace, pod.pod, uid="00000000-0000-0000-0000-000000000000")
    ending = await shells.open(SessionSpec.shell(other))[0].wait_over()
    assert ending is not None
    assert ending.reason is Reason.POD_GONE


async def test_a_container_that_does_not_run(shells: Shells, admin: Admin, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    spec = {"restartPolicy": "Never", "containers": [container("c", BUSYBOX, ("sh", "-c", "exit 1"))]}
    await admin.create(path, {"metadata": {"name": "over"}, "spec": spec})
    async with asyncio.timeout(30):
        while (await admin.get(f"{path}/over"))["status"].get("phase") != "Failed":
            await asyncio.sleep(0.05)
    ending = await shells.open(SessionSpec.shell(SessionTarget(namespace, "over")))[0].wait_over()
    assert ending is not None
    assert (ending.reason, ending.step) == (Reason.NOT_RUNNING, NextStep.LOGS)


async def test_a_pod_deleted_under_a_shell(shells: Shells, admin: Admin, pod: SessionTarget) -> None:
    session, _ = shells.open(SessionSpec.shell(pod))
    await until_phase(session, SessionPhase.RUNNING)
    await admin.delete(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.pod}")
    ending = await asyncio.wait_for(session.wait_over(), 30)
    assert ending is not None
    assert ending.reason in (Reason.POD_GONE, Reason.DONE, Reason.NOT_RUNNING)
    session.reconnect()
    ending = await asyncio.wait_for(session.wait_over(), 30)
    assert ending is not None
    assert ending.reason in (Reason.POD_GONE, Reason.NOT_RUNNING, Reason.NO_CONTAINER)


async def test_without_the_right_the_right_is_named(cluster_under_test: Target, pod: SessionTarget) -> None:
    limited = Shells(cluster_under_test.user("nobody"))
    try:
        ending = await limited.open(SessionSpec.shell(pod))[0].wait_over()
    finally:
        await limited.store.close_all()
    assert ending is not None
    assert ending.reason is Reason.FORBIDDEN
    assert "pods/exec" in ending.hint
    assert "forbidden" in ending.sentence.lower()


async def test_a_read_only_program_opens_no_shell(cluster_under_test: Target, pod: SessionTarget) -> None:
    from k8stui.kube.sessions.store import SessionStore

    store = SessionStore(Connections(readonly=True))
    try:
        ending = await store.open(cluster_under_test.admin, SessionSpec.shell(pod)).wait_over()
    finally:
        await store.close_all()
    assert ending is not None
    assert ending.reason is Reason.READ_ONLY


# -- connections -------------------------------------------------------------------------------


async def test_a_connection_that_is_cut_is_told_and_opened_again(
    cluster_under_test: Target, pod: SessionTarget
) -> None:
    async with SilentProxy(cluster_under_test.admin) as proxy:
        shells = Shells(proxy.context)
        try:
            session, output = shells.open(SessionSpec.shell(pod))
            session.send(b"echo fir''st\r")
            await output.says("first")
            proxy.cut()
            await until_phase(session, SessionPhase.LOST, 5)
            assert session.state.ending is not None
            assert session.state.ending.step is NextStep.AGAIN
            assert not session.send(b"lost")
            session.reconnect()
            session.send(b"echo sec''ond\r")
            await output.says("second")
            assert "first" in output.text
            assert session.counters.connections == 2
        finally:
            await shells.store.close_all()


def test_silence_is_noticed_within_a_quarter_of_a_minute() -> None:
    assert HEARTBEAT * 1.5 + sessions_flow.PAUSE < 15


@pytest.mark.parametrize("held", [False, True], ids=["reading", "held back"])
async def test_a_connection_that_fell_silent_is_noticed(
    cluster_under_test: Target, pod: SessionTarget, held: bool
) -> None:
    async with SilentProxy(cluster_under_test.admin) as proxy:
        shells = Shells(proxy.context, heartbeat=0.5, pause=0.2)
        try:
            session, output = shells.open(SessionSpec.shell(pod), keep=False)
            if held:
                session.send(b"yes\r")
                await output.until(lambda: output.size > 100_000)
                output.hold()
                await asyncio.sleep(0.5)
            else:
                await until_phase(session, SessionPhase.RUNNING)
            proxy.freeze()
            began = time.monotonic()
            await until_phase(session, SessionPhase.LOST, 8)
            assert time.monotonic() - began > 0.5, "it was asked first"
        finally:
            proxy.thaw()
            await shells.store.close_all()


async def test_a_shell_outlives_the_context_that_is_looked_at(
    shells: Shells, open_cluster: Any, pod: SessionTarget
) -> None:
    cluster = await open_cluster()
    session, output = shells.open(SessionSpec.shell(pod))
    await until_phase(session, SessionPhase.RUNNING)
    await cluster.close()
    session.send(b"echo st''ill\r")
    await output.says("still")


async def test_many_sessions_at_once(shells: Shells, pod: SessionTarget) -> None:
    opened = [shells.run(pod, "sh", "-c", f"echo {n}; exit {n}") for n in range(1, 9)]
    for n, (session, output) in enumerate(opened, 1):
        ending = await session.wait_over()
        await session.wait_delivered()
        assert ending is not None
        assert (ending.code, output.text) == (n, f"{n}\n")
    assert len(shells.store.sessions) == 8
    assert not shells.store.living


async def test_closing_ends_what_runs(shells: Shells, pod: SessionTarget) -> None:
    marker = f"4{secrets.randbelow(10**6):06}"
    session, _ = shells.run(pod, "sleep", marker, tty=True, stdin=True)
    await until_phase(session, SessionPhase.RUNNING)
    await shells.store.close(session)
    assert session.phase is SessionPhase.CLOSED
    check, output = shells.run(
        pod,
        "sh",
        "-c",
        f"for i in 1 2 3 4 5; do ps | grep -v grep | grep {marker} || break; sleep 1; done; echo checked",
    )
    await check.wait_over()
    await check.wait_delivered()
    assert output.text.endswith("checked\n")
