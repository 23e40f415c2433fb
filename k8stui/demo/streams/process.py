"""One real program of a container: its pipes or its terminal, its end, its exit code.

The program is started by `sandbox.py`. Reading is flow-controlled: who does not read holds the program back.
Nothing here knows of pods, protocols or the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STDOUT, STDERR = 1, 2
CHUNK = 32 * 1024
"""Most bytes read at once."""
START_LIMIT = 10.0
"""Seconds that a program may take to start."""
LAST_OUTPUT = 0.3
"""Seconds to wait for the rest of the output when a program has ended but others hold its pipes."""
GRACE = 0.3
"""Seconds between hanging up and killing."""


class StartError(Exception):
    """A program could not be started. `kind`: missing, denied or failed; the text says why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Process:
    """A running program. Make it with `start`; end it with `kill` (always, also when it has ended)."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process
        self._readers: dict[int, asyncio.StreamReader] = {}
        self._transports: list[asyncio.BaseTransport] = []
        self._writer: asyncio.StreamWriter | None = None
        self._master: int | None = None
        self.tty = False
        self.bytes_read = 0
        """Of output, so far."""
        self.writing = 0
        """How many readers are passing output on."""
        self.stopped = False
        """Whether it was ended together with its container."""

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        root: Path,
        hostname: str,
        env: Mapping[str, str],
        tty: bool = False,
        isolation: str = "namespaces",
        size: tuple[int, int] = (80, 24),
    ) -> Process:
        """Start a program; returns when it runs. Raises StartError. size: the terminal's columns and rows."""
        self = cls()
        self.tty = tty
        status_read, status_write = os.pipe()
        script = str(Path(__file__).with_name("sandbox.py"))
        command = [sys.executable, "-I", "-S", script, isolation, str(status_write), "1" if tty else "0"]
        command += [str(root), hostname, *argv]
        try:
            if tty:
                await self._start_tty(command, env, status_write, size)
            else:
                await self._start_pipes(command, env, status_write)
        except OSError as error:
            os.close(status_read)
            raise StartError("failed", str(error)) from error
        finally:
            os.close(status_write)
        try:
            await self._started(status_read)
        except BaseException:
            await self.kill()
            raise
        return self

    async def _start_pipes(self, command: list[str], env: Mapping[str, str], status: int) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=dict(env),
            pass_fds=(status,),
            start_new_session=True,
            limit=CHUNK,
        )
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise StartError("failed", "no pipes")
        self._writer = process.stdin
        self._readers = {STDOUT: process.stdout, STDERR: process.stderr}

    async def _start_tty(
        self, command: Sequence[str], env: Mapping[str, str], status: int, size: tuple[int, int]
    ) -> None:
        master, slave = pty.openpty()
        self._master = master
        self.resize(*size)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(env),
                pass_fds=(status,),
                start_new_session=True,
            )
        finally:
            os.close(slave)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK)
        file = os.fdopen(os.dup(master), "rb", buffering=0)
        read_transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        out = os.fdopen(os.dup(master), "wb", buffering=0)
        protocol = asyncio.streams.FlowControlMixin(loop=loop)
        write_transport, _ = await loop.connect_write_pipe(lambda: protocol, out)
        self._writer = asyncio.StreamWriter(write_transport, protocol, None, loop)
        self._readers = {STDOUT: reader}
        self._transports = [read_transport, write_transport]

    async def _started(self, status: int) -> None:
        """Wait until the program runs: the status pipe closes without a word."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        file = os.fdopen(status, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        try:
            async with asyncio.timeout(START_LIMIT):
                word = (await reader.read()).decode("utf-8", "replace").strip()
        except TimeoutError as error:
            raise StartError("failed", "the program did not start in time") from error
        finally:
            transport.close()
        if word:
            kind, _, text = word.partition(":")
            raise StartError(kind, text.strip() or kind)

    @property
    def pid(self) -> int:
        """Of the process that watches over the program."""
        return self._process.pid

    @property
    def channels(self) -> tuple[int, ...]:
        """What can be read: standard output, and standard error where there is no terminal."""
        return tuple(self._readers)

    async def read(self, channel: int) -> bytes:
        """Some output, empty at its end."""
        try:
            data = await self._readers[channel].read(CHUNK)
        except OSError:
            # Linux ends the output of a terminal with EIO.
            return b""
        self.bytes_read += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """Give input; waits while the program does not take it. Nothing happens once it has ended."""
        if self._writer is None or self._writer.is_closing():
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (ConnectionError, OSError):
            self._writer = None

    def close_stdin(self) -> None:
        """No more input. A terminal stays open, as in a real container."""
        if not self.tty and self._writer is not None:
            self._writer.close()
            self._writer = None

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size; without a terminal nothing happens."""
        if self._master is not None and 0 < columns < 10_000 and 0 < rows < 10_000:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def wait(self) -> int:
        """The exit code, 128 + N after signal N; 137 (killed) for one that ended with its container."""
        code = await self._process.wait()
        if self.stopped:
            return 128 + signal.SIGKILL
        return code if code >= 0 else 128 - code

    async def kill(self) -> None:
        """Hang up, then end everything that the program has started."""
        self._hang_up()
        if self._process.returncode is None:
            try:
                async with asyncio.timeout(GRACE):
                    await self._process.wait()
            except TimeoutError:
                await self._force()

    def kill_now(self) -> None:
        """As `kill`, for where nothing can wait: its container has ended."""
        self._hang_up()
        if self._process.returncode is None:
            self.stopped = True
            self._signal(signal.SIGTERM)

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for transport in self._transports:
            transport.close()
        if self._master is not None:
            os.close(self._master)
            self._master = None

    async def _force(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._signal(number)
            try:
                async with asyncio.timeout(2.0):
                    await self._process.wait()
                    return
            except TimeoutError:
                continue

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
