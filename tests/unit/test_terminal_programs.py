"""The emulator as the terminal of a real program, in a real pty: tmux, which says itself what it shows.

vim, less and a monitor are driven through the whole program in `tests/ui/test_shells_end_to_end.py`; the
simulated containers have no ptys to give away, so tmux runs here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

import pytest

from k8stui.terminal.emulator import Emulator
from k8stui.terminal.keys import encode_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.pty,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


class Tmux:
    """A server of its own, a client of it in a pty, and the emulator that the client writes to."""

    def __init__(self, folder: Path, columns: int, lines: int) -> None:
        self._socket = str(folder / "tmux")
        self.emulator = Emulator(columns, lines)
        self._pid, self._pty = pty.fork()
        if self._pid == 0:
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8")
            with contextlib.suppress(OSError):
                os.execvp("tmux", ["tmux", "-u", "-f", "/dev/null", "-S", self._socket, "new", "sh"])
            os._exit(127)
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._pty, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.emulator.resize(columns, lines)

    def type(self, text: str) -> None:
        os.write(self._pty, text.encode())

    def ask(self, *words: str) -> str:
        """What tmux itself says."""
        argv = ["tmux", "-S", self._socket, *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout

    def screen(self) -> list[str]:
        return ["".join(line.chars).rstrip() for line in self.emulator.screen.grid.rows]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Take in output until the screen is as it should be."""
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, what + "\n" + "\n".join(self.screen())
            if select.select([self._pty], [], [], 0.05)[0]:
                self.emulator.feed(os.read(self._pty, 65536))
                replies = self.emulator.take_replies()
                if replies:
                    os.write(self._pty, replies)

    def is_ready(self) -> None:
        """There is a prompt, whoever runs this."""
        self.until(lambda: self.screen()[0][-1:] in ("$", "#"), "no prompt")

    def says(self, text: str) -> None:
        self.until(lambda: any(text in line for line in self.screen()), f"{text!r} is not there")

    def close(self) -> None:
        self.ask("kill-server")
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._pty)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    opened = Tmux(tmp_path, 100, 30)
    yield opened
    opened.close()


def test_panes_show_what_tmux_says_they_show(tmux: Tmux) -> None:
    tmux.is_ready()
    tmux.type("printf '안녕 %s\\n' 세계; seq 1 40\r")
    tmux.until(lambda: "40" in tmux.screen(), "it does not count")
    tmux.ask("split-window", "-h", "sh")
    tmux.until(lambda: any("│" in line for line in tmux.screen()), "no second pane")

    def right() -> list[str]:
        return [line.split("│", 1)[1].rstrip() if "│" in line else "" for line in tmux.screen()[:-1]]

    tmux.until(lambda: right()[0][-1:] in ("$", "#"), "no prompt")
    tmux.type("echo '한글 오른쪽'; ls /\r")
    tmux.says("usr")

    def said() -> list[str]:
        lines = [line.rstrip() for line in tmux.ask("capture-pane", "-p", "-t", "{right}").splitlines()]
        return lines + [""] * (len(right()) - len(lines))

    tmux.until(lambda: right() == said(), "the right pane differs from what tmux has")
    assert any("한글 오른쪽" in line for line in right())


def test_it_follows_the_size_and_gives_the_screen_back(tmux: Tmux) -> None:
    tmux.is_ready()
    tmux.resize(60, 12)
    size = "#{pane_width}x#{pane_height}"
    tmux.until(lambda: tmux.ask("display", "-p", size).strip() == "60x11", "tmux did not hear of it")
    tmux.type("stty size\r")
    tmux.says("11 60")
    assert tmux.emulator.screen.grid is tmux.emulator.screen.alternate
    tmux.type("exit\r")
    tmux.says("[exited]")
    assert tmux.emulator.screen.grid is tmux.emulator.screen.main


def test_keys_with_modifiers_reach_the_program_inside(tmux: Tmux) -> None:
    tmux.is_ready()
    tmux.type("cat -v\r")
    tmux.says("cat -v")
    modes = tmux.emulator.screen.modes
    for key, seen in (("alt+x", "^[x"), ("f5", "^[[15~"), ("ctrl+right", "^[[1;5C"), ("delete", "^[[3~")):
        os.write(tmux._pty, encode_key(key, None, modes) + b"\r")
        tmux.says(seen)
