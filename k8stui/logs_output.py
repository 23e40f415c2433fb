"""What `k8stui logs` writes: lines as text, JSON or raw, paced by who reads them.

Writing never blocks the event loop and never buffers more than it was given. On a terminal, text of
containers is made harmless: their colours stay, every other escape sequence and control character is shown
instead of obeyed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import stat
import sys
import zlib
from typing import TYPE_CHECKING

import msgspec

from k8stui.kinds.logs.lines import level_of
from k8stui.kinds.text import printable
from k8stui.kube.logs.types import ERROR, GAP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.logs.types import LogLine, LogSource

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""Foregrounds that are readable on dark and on light ground; red is left to errors."""
CHUNK = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 512
"""Bytes that a pipe which is ready takes without blocking."""
LOOK_SECONDS = 0.5
"""How often it is looked whether the reader of the output is still there."""

_SGR = re.compile(r"(\x1b\[[0-9;:]*m)")


class ReaderGone(Exception):
    """Who read the output has closed it."""


class _Record(msgspec.Struct, omit_defaults=True, rename="camel"):
    """A line as JSON."""

    time: str
    namespace: str
    pod: str
    container: str
    container_id: str = msgspec.field(name="containerID", default="")
    restarts: int = 0
    level: str = ""
    message: str = msgspec.field(default="")


def wants_colour(choice: str, env: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour."""
    if choice != "auto":
        return choice == "always"
    return is_terminal and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def harmless(text: str, *, colour: bool) -> str:
    """A container's text for a terminal: its colours are kept where colours are wanted, nothing else."""
    text = text.rstrip("\r")
    if text.isprintable():
        return text
    text = text.replace("\t", "    ")
    if "\x1b" not in text:
        return printable(text)
    parts = _SGR.split(text)
    if not colour:
        return printable("".join(parts[::2]))
    shown = "".join(part if at % 2 else printable(part) for at, part in enumerate(parts))
    return f"{shown}\x1b[0m" if len(parts) > 1 else shown


class Output:
    """The standard output and error of the command."""

    def __init__(
        self,
        form: str,
        *,
        timestamps: bool = False,
        colour: bool = False,
        is_terminal: bool = False,
        quiet: bool = False,
        descriptor: int = 1,
    ) -> None:
        self.namespaced = False
        """Whether lines name their namespace."""
        self._colour = colour
        self._is_terminal = is_terminal
        self._timestamps = timestamps
        self._quiet = quiet
        self._descriptor = descriptor
        self._prefixes: dict[int, str] = {}
        self._named: list[LogSource] = []
        self._encode = {"text": self._text, "json": self._json, "raw": self._raw}[form]
        self._encoder = msgspec.json.Encoder()
        mode = os.fstat(descriptor).st_mode
        # a file takes everything at once, a pipe or terminal only when it says that it is ready
        self._waits = not stat.S_ISREG(mode) and hasattr(select, "poll")
        self._capacity = _widen(descriptor) if stat.S_ISFIFO(mode) else 0

    async def write(self, lines: Sequence[LogLine]) -> None:
        """Write lines of containers, and remarks beside them. Raises ReaderGone."""
        marks = [line for line in lines if line.mark]
        for mark in marks:
            self._remark(mark)
        said = [line for line in lines if not line.mark] if marks else lines
        if said:
            await self._send(self._encode(said))

    def complain(self, sentence: str) -> None:
        """An error, on the standard error."""
        self._say(f"k8stui logs: {printable(sentence)}")

    def progress(self, text: str) -> None:
        """What takes time, where somebody watches."""
        if sys.stderr.isatty() and not self._quiet and "Reading the kinds" not in text:
            self._say(f"# {printable(text)}")

    async def reader_gone(self) -> None:
        """Returns when who reads the output has closed it, though nothing is written meanwhile."""
        if not self._waits:
            await asyncio.Event().wait()
        poll = select.poll()
        poll.register(self._descriptor, 0)
        # no event tells of it: a pipe that is ready to write to would wake the loop without end
        gone = select.POLLERR | select.POLLNVAL
        while not any(event & gone for _, event in poll.poll(0)):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

    # Forms

    def _text(self, lines: Sequence[LogLine]) -> bytes:
        if not self._is_terminal and not self._timestamps:
            known, new = self._prefixes, self._prefix_of
            pieces = [f"{known.get(id(line.source)) or new(line.source)}{line.text}\n" for line in lines]
            return "".join(pieces).encode("utf-8", "replace")
        found = []
        for line in lines:
            prefix = self._prefix_of(line.source)
            text = harmless(line.text, colour=self._colour) if self._is_terminal else line.text
            found.append(f"{line.time} {prefix}{text}\n" if self._timestamps else f"{prefix}{text}\n")
        return "".join(found).encode("utf-8", "replace")

    def _prefix_of(self, source: LogSource) -> str:
        # by identity: the lines of a stream share their source, and hashing it costs more than the rest
        known = self._prefixes.get(id(source))
        if known is not None:
            return known
        if len(self._prefixes) > 10_000:
            self._prefixes.clear()
            self._named.clear()
        self._named.append(source)  # as long as it is held nothing else has its identity
        prefix = self._prefixes[id(source)] = self._prefix(source)
        return prefix

    def _prefix(self, source: LogSource) -> str:
        pod = f"{source.namespace}/{source.pod}" if self.namespaced else source.pod
        prefix = f"{pod} {source.container} "
        if self._colour:
            colour = COLOURS[zlib.crc32(f"{source.namespace}/{source.pod}".encode()) % len(COLOURS)]
            prefix = f"\x1b[{colour}m{pod}\x1b[0m \x1b[2m{source.container}\x1b[0m "
        return prefix

    def _json(self, lines: Sequence[LogLine]) -> bytes:
        encode = self._encoder.encode
        return b"\n".join(encode(_record(line)) for line in lines) + b"\n"

    def _raw(self, lines: Sequence[LogLine]) -> bytes:
        text = "\n".join([line.text for line in lines])
        return text.encode("utf-8", "surrogateescape") + b"\n"

    # Streams

    def _remark(self, line: LogLine) -> None:
        if self._quiet and line.mark not in (ERROR, GAP):
            return
        source = line.source
        where = f"{source.namespace}/{source.pod}: " if source.pod and source.pod not in line.text else ""
        self._say(f"# {where}{printable(line.text)}")

    def _say(self, text: str) -> None:
        try:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # nobody listens

    async def _send(self, data: bytes) -> None:
        if not self._waits:
            _write_all(self._descriptor, data)
            return
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        view = memoryview(data)
        try:
            while view:
                if not poll.poll(0):
                    await self._ready()
                    continue
                view = view[os.write(self._descriptor, view[: self._room()]) :]
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ReaderGone from error

    def _room(self) -> int:
        """Bytes that the output takes now without blocking, CHUNK at least."""
        if not self._capacity:
            return CHUNK
        try:
            held = _waiting_bytes(self._descriptor)
        except OSError:
            return CHUNK
        # a pipe holds pages, and some of them may be half full
        return max(CHUNK, (self._capacity - held) // 2 // CHUNK * CHUNK)

    async def _ready(self) -> None:
        """Wait until the output takes something."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_writer(self._descriptor, ready.set_result, None)
        try:
            await ready
        finally:
            loop.remove_writer(self._descriptor)


def _widen(descriptor: int) -> int:
    """Let a pipe hold more, where the system can: fewer turns. What it holds, or 0."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        return int(fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20))
    return 0


def _waiting_bytes(descriptor: int) -> int:
    """Bytes in a pipe that were not read yet. Raises OSError where that cannot be told."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def _record(line: LogLine) -> _Record:
    source = line.source
    level = level_of(line.text)
    return _Record(
        line.time,
        source.namespace,
        source.pod,
        source.container,
        source.container_id,
        source.restarts,
        "" if level is None else level.name.lower(),
        line.text,
    )


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
