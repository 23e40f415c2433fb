"""exec and attach against recorded frames of a real v1.34 cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.errors import ConnectionLost
from k8stui.kube.sessions.streams import (
    PROTOCOLS,
    STDERR,
    STDOUT,
    ExitStatus,
    RemoteCommand,
    command_parameters,
    exit_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GOLDEN = Path(__file__).parents[1] / "golden" / "streams"


class Replay:
    """Plays a recording: gives what was received, notes what is sent."""

    def __init__(self, name: str) -> None:
        recording = json.loads((GOLDEN / f"{name}.json").read_text())
        frames: list[dict[str, Any]] = recording["frames"]
        self.protocol = next(frame["negotiated"] for frame in frames if "negotiated" in frame)
        self._frames = [bytes.fromhex(frame["hex"]) for frame in frames if frame.get("recv") == "BINARY"]
        self.sent: list[bytes] = []
        self.asked: list[tuple[str, Mapping[str, object], Sequence[str]]] = []

    async def websocket(
        self, path: str, *, params: Mapping[str, str | Sequence[str]], protocols: Sequence[str]
    ) -> Replay:
        self.asked.append((path, params, protocols))
        return self

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    def keep_backlog_short(self) -> None:
        """There is none."""

    async def receive(self) -> bytes | None:
        return self._frames.pop(0) if self._frames else None

    async def close(self) -> None:
        self._frames.clear()


async def run(name: str) -> tuple[dict[int, bytes], ExitStatus | None, Replay]:
    replay = Replay(name)
    command = await RemoteCommand.open(replay, "default", "web", command=["sh"], container="app")
    output = {STDOUT: b"", STDERR: b""}
    while (piece := await command.read()) is not None:
        output[piece[0]] += piece[1]
    return output, command.status, replay


async def test_a_shell_and_its_exit_code() -> None:
    output, status, replay = await run("exec-tty-v5")
    assert b"30 100" in output[STDOUT]
    assert status is not None
    assert status.code == 7
    path, params, protocols = replay.asked[0]
    assert path == "/api/v1/namespaces/default/pods/web/exec"
    assert params == {"stdout": "true", "stdin": "true", "tty": "true", "container": "app", "command": ["sh"]}
    assert protocols == PROTOCOLS


async def test_without_a_tty_stderr_is_apart() -> None:
    output, status, _ = await run("exec-no-tty-stderr")
    assert output[STDERR]
    assert status is not None
    assert status.code is not None


async def test_no_shell_in_the_image_is_recognised() -> None:
    _, status, _ = await run("exec-no-such-command")
    assert status is not None
    assert status.code is None
    assert "executable file not found" in status.message


async def test_resize_input_and_end_of_input() -> None:
    replay = Replay("exec-stdin-close-v5")
    command = RemoteCommand(replay)
    await command.resize(100, 30)
    await command.write(b"x" * 40_000)
    assert await command.close_stdin()
    assert replay.sent[0] == b'\x04{"Width":100,"Height":30}'
    assert b"".join(message[1:] for message in replay.sent[1:-1]) == b"x" * 40_000
    assert all(message[0] == 0 for message in replay.sent[1:-1])
    assert replay.sent[-1] == b"\xff\x00"


async def test_v4_has_no_end_of_input() -> None:
    assert not await RemoteCommand(Replay("exec-tty-v4")).close_stdin()


async def test_a_connection_that_breaks_is_no_end() -> None:
    replay = Replay("attach-stdout")
    command = RemoteCommand(replay)
    with pytest.raises(ConnectionLost):
        while await command.read() is not None:
            pass


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"metadata":{},"status":"Success"}', ExitStatus(0)),
        (b"\xff not json", ExitStatus(None, "\ufffd not json")),
        (
            b'{"status":"Failure","message":"x","reason":"InternalError"}',
            ExitStatus(None, "x", "InternalError"),
        ),
    ],
)
def test_statuses(body: bytes, status: ExitStatus) -> None:
    assert exit_status(body) == status


def test_attach_has_no_command() -> None:
    assert command_parameters((), stdin=False, tty=False) == {"stdout": "true", "stderr": "true"}
