"""exec and attach of the simulated cluster: recorded conversations, real programs, and walls around them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
import pytest

from k8stui.demo.resources import PODS
from tests.unit.demo_streams_rig import Rig, golden_pods, pod, recorded, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EXEC = "/api/v1/namespaces/default/pods/{}/exec?"
BOTH = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class Played:
    """What came over a session, by channel."""

    def __init__(self) -> None:
        self.data = {channel: bytearray() for channel in range(5)}
        self.first: bytes | None = None
        self.close_code: int | None = None

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data[3])
        return found


async def play(socket: Any, *steps: bytes | float) -> Played:
    """Send the steps (numbers are pauses), then receive to the end."""
    played = Played()
    for step in steps:
        if isinstance(step, bytes):
            await socket.send_bytes(step)
        else:
            await asyncio.sleep(step)
    async for message in socket:
        if played.first is None:
            played.first = message.data
        played.data[message.data[0]] += message.data[1:]
    played.close_code = socket.close_code
    return played


def received(recording: dict[str, Any], channel: int) -> bytes:
    frames = [bytes.fromhex(frame["hex"]) for frame in recording["frames"] if frame.get("recv")]
    return b"".join(frame[1:] for frame in frames if frame and frame[0] == channel)


def sent(recording: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(frame["sent"]) for frame in recording["frames"] if "sent" in frame]


@pytest.fixture
async def cluster() -> AsyncIterator[Rig]:
    async with rig(*golden_pods(), pod("web")) as found:
        yield found


async def test_stdin_is_closed_by_v5_and_the_program_ends(cluster: Rig) -> None:
    recording = recorded("streams", "exec-stdin-close-v5")
    async with cluster.websocket(recording["path"], *recording["protocols"]) as socket:
        assert socket.protocol == "v5.channel.k8s.io"
        played = await play(socket, *sent(recording))
    assert played.first == b"\x01"
    assert played.data[1] == received(recording, 1)
    assert played.data[3] == received(recording, 3)
    assert played.close_code == 1000


async def test_a_terminal_has_the_size_that_was_sent_and_the_exit_code_is_told(cluster: Rig) -> None:
    recording = recorded("streams", "exec-tty-v5")
    async with cluster.websocket(recording["path"], *recording["protocols"]) as socket:
        played = await play(socket, *sent(recording))
    assert b"30 100\r\n" in played.data[1]
    assert b"hi\r\n" in played.data[1]
    assert b"simulated container" in played.data[1].lower()
    assert played.data[2] == b""
    assert played.data[3] == received(recording, 3)


async def test_v4_says_how_it_ended_as_well(cluster: Rig) -> None:
    recording = recorded("streams", "exec-tty-v4")
    async with cluster.websocket(recording["path"], *recording["protocols"]) as socket:
        assert socket.protocol == "v4.channel.k8s.io"
        played = await play(socket, *sent(recording))
    assert b"30 100\r\n" in played.data[1]
    assert played.data[3] == received(recording, 3)


async def test_standard_error_is_a_channel_of_its_own(cluster: Rig) -> None:
    recording = recorded("streams", "exec-no-tty-stderr")
    async with cluster.websocket(recording["path"], *recording["protocols"]) as socket:
        played = await play(socket)
    assert played.first == b"\x01"
    assert played.data[1] == b""
    assert b"-c" in played.data[2]
    assert played.status == json.loads(received(recording, 3))


async def test_an_image_without_a_shell_refuses_one_in_containerds_words(cluster: Rig) -> None:
    recording = recorded("streams", "exec-no-such-command")
    async with cluster.websocket(recording["path"], *recording["protocols"]) as socket:
        played = await play(socket)

    def without_id(text: bytes | bytearray) -> bytes:
        return re.sub(rb"[0-9a-f]{64}", b"ID", text)

    assert without_id(played.data[3]) == without_id(received(recording, 3))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exec-container-not-found", "container nope is not valid for pod web-85b8456458-7gs5l"),
        ("exec-pod-not-running", "pod toobig does not have a host assigned"),
    ],
)
async def test_refusals_come_before_the_upgrade(cluster: Rig, name: str, words: str) -> None:
    recording = recorded("streams", name)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await cluster.websocket(recording["path"], *recording["protocols"])
    assert caught.value.status == recording["frames"][0]["handshake_error"]
    async with cluster.get(recording["path"]) as response:
        assert (await response.json())["message"] == words


async def test_a_plain_request_is_told_to_upgrade(cluster: Rig) -> None:
    recording = recorded("exchanges", "error-exec-without-upgrade")
    async with cluster.client.post(cluster.base + recording["request"]["path"]) as response:
        assert response.status == 400
        assert await response.json() == recording["response"]["body"]


async def test_a_container_that_does_not_run_is_refused_on_the_error_channel(cluster: Rig) -> None:
    path = EXEC.format("badimage") + "command=sh&stdout=1"
    async with cluster.websocket(path, *BOTH) as socket:
        played = await play(socket)
    assert 'container not found ("c")' in played.status["message"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await cluster.websocket(path, "v4.channel.k8s.io")
    assert caught.value.status == 500


async def run(cluster: Rig, *argv: str, name: str = "web", options: str = "stdout=1&stderr=1") -> Played:
    from urllib.parse import quote

    query = "&".join(f"command={quote(word)}" for word in argv)
    async with cluster.websocket(EXEC.format(name) + f"{query}&{options}", *BOTH) as socket:
        return await play(socket)


async def test_commands_run_as_they_are_asked_without_a_shell_in_between(cluster: Rig) -> None:
    played = await run(cluster, "printf", "%s|", "a b", "$HOME", "*", "한국어")
    assert played.data[1].decode() == "a b|$HOME|*|한국어|"


async def test_the_environment_is_the_containers(cluster: Rig) -> None:
    os.environ["K8STUI_SECRET_OF_THE_MACHINE"] = "x"
    try:
        played = await run(cluster, "env")
    finally:
        del os.environ["K8STUI_SECRET_OF_THE_MACHINE"]
    variables = dict(line.split("=", 1) for line in played.data[1].decode().splitlines())
    assert variables["HOSTNAME"] == "web"
    assert "K8STUI_SECRET_OF_THE_MACHINE" not in variables
    assert "TERM" not in variables


async def test_the_files_are_the_containers_and_stay_in_it(cluster: Rig) -> None:
    played = await run(cluster, "cat", "/etc/os-release")
    assert b"Simulated" in played.data[1]
    marker = Path("/tmp/k8stui-demo-escape")
    await run(cluster, "touch", str(marker))
    assert not marker.exists()
    played = await run(cluster, "ls", str(marker))
    assert played.status["status"] == "Success"


async def test_files_of_one_container_are_not_those_of_another() -> None:
    async with rig(pod("a"), pod("b")) as cluster:
        await run(cluster, "touch", "/tmp/mine", name="a")
        assert (await run(cluster, "ls", "/tmp", name="b")).data[1] == b""


async def test_a_flood_is_held_back_until_it_is_read(cluster: Rig) -> None:
    path = EXEC.format("web") + "command=head&command=-c&command=8000000&command=/dev/zero&stdout=1"
    async with cluster.websocket(path, *BOTH) as socket:
        await asyncio.sleep(0.5)
        played = await play(socket)
    assert len(played.data[1]) == 8_000_000
    assert played.status["status"] == "Success"


@pytest.mark.parametrize("tty", ["false", "true"])
@pytest.mark.parametrize("how", ["pod deleted", "container restarted", "container ended"])
async def test_a_program_ends_with_its_container(how: str, tty: str) -> None:
    async with rig(pod("web")) as cluster:
        path = EXEC.format("web") + f"command=sleep&command=60&stdout=1&tty={tty}"
        async with cluster.websocket(path, *BOTH) as socket:
            started = await socket.receive()
            assert started.data[0] == 1
            found = cluster.pod("web")
            (status,) = found["status"]["containerStatuses"]
            if how == "container restarted":
                status = {**status, "containerID": "containerd://another", "restartCount": 1}
            elif how == "container ended":
                end = {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}
                status = {**status, "state": {"terminated": end}}
            if how == "pod deleted":
                cluster.store.delete(PODS, "default", "web", grace=0)
            else:
                cluster.update({**found, "status": {**found["status"], "containerStatuses": [status]}})
            async with asyncio.timeout(5):
                played = await play(socket)
        assert played.status["details"]["causes"] == [{"reason": "ExitCode", "message": "137"}]


async def test_a_container_whose_files_were_tidied_away_gets_new_ones() -> None:
    async with rig(pod("web")) as cluster:
        assert (await run(cluster, "true")).status["status"] == "Success"
        scratch = cluster.runtime.hosts.scratch
        assert scratch is not None
        shutil.rmtree(scratch)
        played = await run(cluster, "cat", "/etc/hostname")
        assert played.data[1] == b"web\n"


def running(argument: str) -> list[psutil.Process]:
    return [
        process for process in psutil.process_iter(["cmdline"]) if argument in (process.info["cmdline"] or [])
    ]


@pytest.mark.parametrize("tty", ["0", "1"])
async def test_a_client_that_leaves_takes_its_programs_along(cluster: Rig, tty: str) -> None:
    number = f"98{os.getpid()}{tty}"
    script = f"setsid sleep {number} & sleep {number}"
    path = (
        EXEC.format("web")
        + f"command=sh&command=-c&command={script.replace('&', '%26')}&stdin=1&stdout=1&tty={tty}"
    )
    async with cluster.websocket(path, *BOTH):
        async with asyncio.timeout(10):
            while len(running(number)) < 2:
                await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        while running(number):
            await asyncio.sleep(0.05)


async def test_programs_left_behind_do_not_hold_the_session_open(cluster: Rig) -> None:
    began = time.monotonic()
    played = await run(cluster, "sh", "-c", "sleep 60 & echo done")
    assert played.data[1] == b"done\n"
    assert played.status["status"] == "Success"
    assert time.monotonic() - began < 10


async def test_attaching_to_text_shows_what_comes(cluster: Rig) -> None:
    recording = recorded("streams", "attach-stdout")
    fast = pod("fast", annotations={"demo.k8stui.dev/log-rate": "20"})
    cluster.add(fast)
    path = "/api/v1/namespaces/default/pods/fast/attach?stdout=1"
    async with cluster.websocket(path, *recording["protocols"]) as socket:
        frames = [(await socket.receive()).data for _ in range(3)]
    assert frames[0] == bytes.fromhex(recording["frames"][1]["hex"]) == b"\x01"
    assert all(frame.startswith(b"\x01level=info seq=") and frame.endswith(b"\n") for frame in frames[1:])


async def test_attaching_to_a_real_program_talks_to_it_and_its_log_remembers() -> None:
    interactive = pod("shell", containers={"c": "busybox:1.36"}, stdin=True, tty=True, command=["sh"])
    async with rig(interactive) as cluster:
        ends: list[Any] = []
        cluster.runtime.on_exit = ends.append
        stored = cluster.pod("shell")
        cluster.runtime.container_started(
            stored, "c", stored["status"]["containerStatuses"][0]["containerID"], time.time()
        )
        path = "/api/v1/namespaces/default/pods/shell/attach?stdin=1&stdout=1&tty=1"
        async with cluster.websocket(path, *BOTH) as socket:
            played = await play(socket, b"\x00echo he''llo\n", b"\x00exit 3\n")
        assert b"hello\r\n" in played.data[1]
        assert played.status["status"] == "Success"
        assert [end.exit_code for end in ends] == [3]
        async with cluster.get("/api/v1/namespaces/default/pods/shell/log") as response:
            assert "hello" in await response.text()


async def test_what_is_left_after_all_is_nothing() -> None:
    async with rig(pod("web")) as cluster:
        await run(cluster, "true")
        scratch = cluster.runtime.hosts.scratch
        assert scratch is not None
        assert scratch.exists()
    assert not scratch.exists()
