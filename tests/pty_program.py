"""Run a program in a pseudo terminal and read its screen, for end-to-end tests and benchmarks.

The output is read by a thread as fast as it comes, so that the program never waits
for us; the screen is only interpreted (by pyte, as an independent terminal) when
somebody asks for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from typing import TYPE_CHECKING, Self

import psutil
import pyte

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STATUS = b"\x1b[5n"
_ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def _as_a_shell_starts_it() -> None:
    """No signal is ignored, though the tests may run under `nohup` or in the background."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class PtyProgram:
    """One program in one pseudo terminal of ``columns`` x ``lines`` cells.

    ``output`` collects every byte written, ``started`` is the ``time.monotonic`` of its start.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 160,
        lines: int = 50,
        env: Mapping[str, str] | None = None,
        answers: bool = False,
    ) -> None:
        """``answers``: whether it answers questions for its status (DSR), as terminals do."""
        self.columns, self.lines = columns, lines
        self._answers = answers
        self.unanswered = 0
        self.output = bytearray()
        self._fed = 0
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._grew = threading.Condition()
        self._master, slave = pty.openpty()
        self._set_size(slave, columns, lines)
        # the terminal's size counts, not that of the terminal the tests were started in
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment = {**inherited, **_ENVIRONMENT, **(env or {})}
        environment.pop("NO_COLOR", None) if "NO_COLOR" not in (env or {}) else None
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=_as_a_shell_starts_it,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _set_size(fd: int, columns: int, lines: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                readable, _, _ = select.select([self._master], [], [], 0.5)
                if not readable:
                    if self.process.poll() is not None:
                        return
                    continue
                chunk = os.read(self._master, 65536)
            except OSError:
                return
            if not chunk:
                return
            self.took(chunk)

    def took(self, chunk: bytes) -> None:
        """The terminal has taken what was written."""
        with self._grew:
            before = max(0, len(self.output) - len(_STATUS) + 1)
            self.output += chunk
            self.unanswered += self.output.count(_STATUS, before)
            self._grew.notify_all()
        if self._answers:
            self.answer(go_on=True)

    def answer(self, *, go_on: bool) -> None:
        """Answer what was asked for the status, and what is asked from now on, or no more of that."""
        self._answers = go_on
        with self._grew:
            asked, self.unanswered = self.unanswered, 0
        if asked:
            self.send(b"\x1b[0n" * asked)

    def send(self, keys: str | bytes) -> None:
        """Type ``keys``, as the bytes a terminal would send."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size; the program gets SIGWINCH."""
        self.columns, self.lines = columns, lines
        self._set_size(self._master, columns, lines)
        self.screen()
        self._screen.resize(lines, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def screen(self) -> list[str]:
        """The lines that a person would see now."""
        with self._grew:
            pending = bytes(self.output[self._fed :])
            self._fed = len(self.output)
        # pyte takes private CSI forms it does not know (CSI > ..., CSI = ...) for text or SGR
        self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;:]*[ -/]*[@-~]|\x1bP[^\x1b]*\x1b\\", b"", pending))
        return list(self._screen.display)

    def text(self) -> str:
        """The screen as one string."""
        return "\n".join(line.rstrip() for line in self.screen())

    def wait_for_output(self, pattern: bytes, *, timeout: float = 30.0, start: int = 0) -> float:
        """Seconds since the start until ``pattern`` was written; raises TimeoutError."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        position = start
        with self._grew:
            while True:
                if expression.search(self.output, position):
                    return time.monotonic() - self.started
                position = max(start, len(self.output) - 4096)
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError(f"{pattern!r} was not written within {timeout} s")
                self._grew.wait(remaining)

    def wait_for_text(self, pattern: str, *, timeout: float = 30.0) -> str:
        """Wait until the screen matches ``pattern``; gives the screen. Raises TimeoutError with it."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text()
            if re.search(pattern, text):
                return text
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(f"{pattern!r} not on screen within {timeout} s:\n{text}")
            with self._grew:
                self._grew.wait(min(remaining, 0.1))

    def is_cooked(self) -> bool:
        """Whether the terminal echoes and reads by lines, as a shell wants it."""
        wanted = termios.ECHO | termios.ICANON
        flags: int = termios.tcgetattr(self._master)[3]
        return flags & wanted == wanted

    def usage(self) -> tuple[float, int]:
        """CPU seconds used so far and resident bytes now, of the program alone."""
        process = psutil.Process(self.process.pid)
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss

    def close(self, *, timeout: float = 5.0) -> int:
        """End the program (SIGTERM, then SIGKILL) and its children; gives its exit code."""
        family = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self._reader.join(2)
        with contextlib.suppress(OSError):
            os.close(self._master)
        return self.process.returncode
