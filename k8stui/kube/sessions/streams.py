"""exec and attach: a command's input, output and end over one WebSocket.

The remote command protocol (v5.channel.k8s.io, then v4.channel.k8s.io): each message starts
with one byte that names its channel. Output is handed out as it comes, in bytes: characters
may be split between messages. Nothing is kept.

Source: https://kubernetes.io/docs/reference/using-api/ and KEP-4006 (stdin close, v5).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from k8stui.kube.errors import ApiError, ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
_CLOSE = 255
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)
_CHUNK = 32 * 1024
"""Bytes of stdin a message; kubelets of old refuse larger ones."""


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    causes: list[_Cause] = []


class _Status(msgspec.Struct, frozen=True):
    status: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


_STATUS = msgspec.json.Decoder(_Status)


class ExitStatus(msgspec.Struct, frozen=True):
    """How a command ended: ``code`` is None where it never ran; ``message`` is the server's own."""

    code: int | None
    message: str = ""
    reason: str = ""


class MessageStream(Protocol):
    """A WebSocket, as ``Connection.websocket`` gives it."""

    protocol: str

    def keep_backlog_short(self) -> None: ...
    async def send(self, data: bytes) -> None: ...
    async def receive(self) -> bytes | None: ...
    async def close(self) -> None: ...


class StreamOpener(Protocol):
    """What opens WebSockets: a ``Connection``."""

    async def websocket(
        self, path: str, *, params: Mapping[str, str | Sequence[str]], protocols: Sequence[str]
    ) -> MessageStream: ...


def command_parameters(
    command: Sequence[str], *, container: str = "", stdin: bool, tty: bool
) -> dict[str, str | Sequence[str]]:
    """The query of exec (or, without ``command``, of attach). With a tty there is no stderr of its own."""
    parameters: dict[str, str | Sequence[str]] = {"stdout": "true"}
    if stdin:
        parameters["stdin"] = "true"
    if tty:
        parameters["tty"] = "true"
    else:
        parameters["stderr"] = "true"
    if container:
        parameters["container"] = container
    if command:
        parameters["command"] = list(command)
    return parameters


class RemoteCommand:
    """One running exec or attach.

    ``read`` gives output until it gives None; then ``status`` says how the command ended.
    A connection that breaks before that raises ``ConnectionLost`` from ``read``.
    """

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._sending = asyncio.Lock()
        self.status: ExitStatus | None = None

    @classmethod
    async def open(
        cls,
        connection: StreamOpener,
        namespace: str,
        pod: str,
        *,
        verb: Literal["exec", "attach"] = "exec",
        command: Sequence[str] = (),
        container: str = "",
        stdin: bool = True,
        tty: bool = True,
    ) -> RemoteCommand:
        """Start it. Raises ``ApiError`` with the server's message when it is refused."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/{verb}"
        parameters = command_parameters(command, container=container, stdin=stdin, tty=tty)
        stream = await connection.websocket(path, params=parameters, protocols=PROTOCOLS)
        if tty:
            stream.keep_backlog_short()
        return cls(stream)

    @property
    def protocol(self) -> str:
        """The subprotocol that the server chose."""
        return self._stream.protocol

    @property
    def can_close_stdin(self) -> bool:
        """Only v5 has an end of input."""
        return self._stream.protocol == V5

    async def read(self) -> tuple[int, bytes] | None:
        """The next output as (STDOUT or STDERR, bytes); None after the end."""
        while self.status is None:
            message = await self._stream.receive()
            if message is None:
                raise ConnectionLost("The connection of the shell was closed before the command ended")
            if len(message) <= 1:
                continue
            channel = message[0]
            if channel in (STDOUT, STDERR):
                return channel, message[1:]
            if channel == ERROR:
                self.status = exit_status(message[1:])
        return None

    async def write(self, data: bytes) -> None:
        """Send input, in order; returns when it was handed to the network."""
        async with self._sending:
            for start in range(0, len(data), _CHUNK):
                await self._stream.send(bytes((STDIN,)) + data[start : start + _CHUNK])

    async def close_stdin(self) -> bool:
        """End of input; False where the server's protocol has none (v4)."""
        if not self.can_close_stdin:
            return False
        async with self._sending:
            await self._stream.send(bytes((_CLOSE, STDIN)))
        return True

    async def resize(self, columns: int, lines: int) -> None:
        """Tell the command's terminal its size, in cells."""
        size = msgspec.json.encode({"Width": max(1, columns), "Height": max(1, lines)})
        async with self._sending:
            await self._stream.send(bytes((RESIZE,)) + size)

    async def close(self) -> None:
        await self._stream.close()


def exit_status(body: bytes) -> ExitStatus:
    """The Status of the error channel in words; garbage becomes a status that shows it."""
    try:
        status = _STATUS.decode(body)
    except msgspec.MsgspecError:
        return ExitStatus(None, body.decode("utf-8", "replace"))
    if status.status == "Success":
        return ExitStatus(0)
    causes = status.details.causes if status.details else []
    for cause in causes:
        if cause.reason == "ExitCode" and cause.message.lstrip("-").isdigit():
            return ExitStatus(int(cause.message), status.message, status.reason)
    return ExitStatus(None, status.message, status.reason)


def refused(error: ApiError) -> str:
    """What to try next when a shell was refused before it began."""
    if error.code == 403:
        return "You need the right to create pods/exec here"
    if error.code == 404:
        return "The pod is gone"
    if "is not valid for pod" in error.message or "container not found" in error.message:
        return "Choose one of the pod's containers"
    if "does not have a host assigned" in error.message or "not running" in error.message:
        return "Wait until the container runs, or read its logs"
    return ""
