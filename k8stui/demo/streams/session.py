"""What exec, attach and their transports have in common: a session of standard streams, and how it ends.

The messages are those of a kubelet with containerd behind an API server. `Session` is implemented over
WebSocket channels (`channels.py`) and over SPDY streams (`spdyconn.py`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
Status = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams a client asked for."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read the query of an exec or attach request."""

        def flag(name: str) -> bool:
            return query.get(name, "").lower() in ("1", "true")

        tty = flag("tty")
        return cls(flag("stdin"), flag("stdout"), flag("stderr") and not tty, tty)


class Session(Protocol):
    """One client's standard streams."""

    gone: asyncio.Event
    """Set when the client is not there any more."""
    resized: Callable[[int, int], None]
    """To be replaced: called with columns and rows of the client's terminal."""
    size: tuple[int, int] | None
    """The last known size, which may have come before there was a program to be told."""
    translated: bool
    """Whether the API server puts its own words around the kubelet's (WebSocket v5)."""

    async def read(self) -> bytes:
        """Some input, empty at its end."""
        ...

    async def write(self, channel: int, data: bytes) -> None:
        """Send output; waits while the client is slower. Does nothing once the client is gone."""
        ...

    async def finish(self, status: Status) -> None:
        """Say how it ended, and close."""
        ...


def success() -> Status:
    """The program ended with 0."""
    return {"metadata": {}, "status": "Success"}


def exit_status(code: int, *, translated: bool, command: tuple[str, ...] = ()) -> Status:
    """The program ended with this exit code."""
    if code == 0:
        return success()
    words = (
        f"command terminated with exit code {code}"
        if translated
        else f"error executing command [{' '.join(command)}], exit code {code}"
    )
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {words}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def internal_error(cause: str, *, translated: bool) -> Status:
    """Something went wrong on the node."""
    message = f"Internal error occurred: {cause}"
    if translated:
        cause, message = message, f"Internal error occurred: {message}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "InternalError",
        "details": {"causes": [{"message": cause}]},
        "code": 500,
    }


def start_failure(kind: str, program: str, detail: str, exec_id: str) -> str:
    """Why containerd could not start a program."""
    why = f'exec: "{program}": '
    if kind == "missing":
        absolute = f"stat {program}: no such file or directory"
        why += absolute if "/" in program else "executable file not found in $PATH"
    elif kind == "denied":
        why += "permission denied"
    else:
        why += detail
    return (
        "error executing command in container: failed to exec in container: failed to start exec "
        f'"{exec_id}": OCI runtime exec failed: exec failed: unable to start container process: '
        f"{why}: unknown"
    )


def follow_size(session: Session, resize: Callable[[int, int], None]) -> None:
    """Give a program's terminal the size of the client's, now and from now on."""
    session.resized = resize
    if session.size is not None:
        resize(*session.size)


async def first_of(*awaited: asyncio.Task[Any]) -> None:
    """Wait for the first to end, then cancel the others and wait for them."""
    try:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in awaited:
            task.cancel()
        await asyncio.gather(*awaited, return_exceptions=True)
