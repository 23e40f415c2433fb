"""Running a credential plugin beside a screen: it never gets the terminal, and never runs without end.

The child gets no standard input and a session of its own, so that it cannot even open the terminal by its
name to ask for a password; what it writes on standard error is handed on line by line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8stui.kube.errors import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Finished", "run_child"]

_MAX_OUTPUT = 4 * 1024 * 1024
_KEPT_LINES = 40
_LAST_WORDS = 1.0
_GRACE = 2.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended. `code` is None when it was stopped at the time limit; `errors` is plain text."""

    code: int | None
    output: bytes
    errors: str


class _Lines:
    """Standard error as lines of plain text: the newest are kept, each is handed on."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self._on_line = on_line
        self._rest = b""
        self.kept: list[str] = []

    def feed(self, chunk: bytes) -> None:
        # A progress line ends with a carriage return; both end a line here.
        *lines, self._rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > 65536:
            self.end()

    def end(self) -> None:
        self._take(self._rest)
        self._rest = b""

    def _take(self, line: bytes) -> None:
        text = plain_text(line.decode("utf-8", "replace"), 1000)
        if not text:
            return
        self.kept = [*self.kept[1 - _KEPT_LINES :], text]
        if self._on_line is not None:
            self._on_line(text)


async def run_child(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    time_limit: float,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run `argv` to its end, at most `time_limit` seconds. Raises OSError when it cannot be started.

    The child and what it started are ended when the limit is over and when the caller is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output = bytearray()
    lines = _Lines(on_line)

    async def read_output(stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(65536):
            if len(output) < _MAX_OUTPUT:
                output.extend(chunk)

    async def read_errors(stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(65536):
            lines.feed(chunk)
        lines.end()

    readers = [
        asyncio.create_task(read_output(process.stdout)),
        asyncio.create_task(read_errors(process.stderr)),
    ]
    code: int | None = None
    try:
        async with asyncio.timeout(time_limit):
            code = await process.wait()
            # Something that the child left behind may hold the pipes open: do not wait for that.
            await asyncio.wait(readers, timeout=_LAST_WORDS)
    except TimeoutError:
        code = None
    finally:
        await _end(process)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    lines.end()
    return Finished(code, bytes(output), "\n".join(lines.kept))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    _signal(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()
    if process.returncode is None:
        _signal(process.pid, signal.SIGKILL)
        await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
