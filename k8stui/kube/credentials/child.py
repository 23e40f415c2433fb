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
_GRACE = 0.5
"""Seconds to end in before it is made to: whoever leaves the program waits for it."""


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


class _Pipe:
    """One output of the child. Our own pipe and not asyncio's, whose `wait()` goes on until all ends of its
    pipes are closed, also those that something left behind by the child holds open."""

    def __init__(self) -> None:
        read_end, self.write_end = os.pipe()
        self._file = os.fdopen(read_end, "rb", 0)
        self._transport: asyncio.ReadTransport | None = None

    async def read(self, take: Callable[[bytes], None]) -> None:
        """Hand on what comes until the end."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._file
        )
        while chunk := await reader.read(65536):
            take(chunk)

    def close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close(self) -> None:
        self.close_write_end()
        if self._transport is not None:
            self._transport.close()
        else:
            self._file.close()


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
    out, err = _Pipe(), _Pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out.write_end,
            stderr=err.write_end,
            start_new_session=True,
        )
        out.close_write_end()
        err.close_write_end()
        return await _follow(process, out, err, time_limit, _Lines(on_line))
    finally:
        out.close()
        err.close()


async def _follow(
    process: asyncio.subprocess.Process, out: _Pipe, err: _Pipe, time_limit: float, lines: _Lines
) -> Finished:
    output = bytearray()

    def take_output(chunk: bytes) -> None:
        if len(output) < _MAX_OUTPUT:
            output.extend(chunk)

    readers = [asyncio.create_task(out.read(take_output)), asyncio.create_task(err.read(lines.feed))]
    code: int | None = None
    try:
        async with asyncio.timeout(time_limit):
            code = await process.wait()
            # Something that the child left behind may hold the pipes open: do not wait for that.
            await asyncio.wait(readers, timeout=_LAST_WORDS)
    except TimeoutError:
        pass
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
    _signal(process.pid, signal.SIGKILL)  # And what it has started, if that did not listen.
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
