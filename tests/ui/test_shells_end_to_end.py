"""Shells in a real terminal against the simulated cluster, whose containers run this machine's programs.

The screen is read by pyte, an independent terminal.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.pty, pytest.mark.timeout(180)]

PREFIX = "\x1d"
PROMPT = r"(?m)/ #\s*$"
COLUMNS, LINES = 140, 45
MONITOR = next((name for name in ("htop", "top") if shutil.which(name)), None)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PtyProgram]:
    """k8stui on the demo cluster, a shell open in its first pod of the shop."""
    home: Path = tmp_path_factory.mktemp("home")
    env = {"K8STUI_STATE": str(home / "state"), "K8STUI_CONFIG": str(home / "config"), "HOME": str(home)}
    config = home / "kubeconfig"
    server = subprocess.Popen(
        [sys.executable, "-m", "k8stui", "demo-server", "--kubeconfig", str(config), "--churn", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "ready" in server.stdout.readline()
        argv = [sys.executable, "-m", "k8stui", "--kubeconfig", str(config), "-n", "shop"]
        with PtyProgram(argv, columns=COLUMNS, lines=LINES, env=env) as running:
            running.wait_for_text(r"cart-\S+ +1/1", timeout=90)
            running.send("s")
            running.wait_for_text(PROMPT, timeout=30)
            yield running
    finally:
        server.terminate()
        server.wait(10)


def run(program: PtyProgram, command: str, expected: str) -> str:
    """Type a command at a fresh prompt, and wait for something on the screen."""
    program.send("clear; echo fresh\r")
    program.wait_for_text(r"leaves.?\s+fresh\s+/ #", timeout=20)
    program.send(command + "\r")
    return program.wait_for_text(expected, timeout=20)


def wait_for_size(program: PtyProgram, expected: str) -> str:
    """Ask the container's terminal for its size until it is the expected one; gives its lines."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        text = run(program, "stty size", r"(?m)^\d+ \d+\s*$")
        match = re.search(rf"(?m)^{expected}\s*$", text)
        if match:
            return match[1]
    raise AssertionError(f"never {expected}:\n{text}")


def test_stty_size_follows_the_pane(program: PtyProgram) -> None:
    first = int(wait_for_size(program, r"(\d+) 140"))
    program.send(PREFIX + "+")
    wait_for_size(program, rf"({first + 3}) 140")
    program.resize(100, 40)
    wait_for_size(program, r"(\d+) 100")
    program.resize(COLUMNS, LINES)
    wait_for_size(program, r"(\d+) 140")


def test_korean_is_typed_and_read_back(program: PtyProgram) -> None:
    run(program, "echo '안녕 세계 かな' > korean; wc -m korean", r"9 korean")
    # pyte leaves a blank in the second cell of a wide character
    run(program, "cat korean", r"(?m)^안\s*녕\s*세\s*계\s*か\s*な")
    run(program, "printf '|%s|\\n' $(cut -d' ' -f1 korean)", r"(?m)^\|안\s*녕\s*\|")


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_vim_edits_a_file(program: PtyProgram) -> None:
    run(program, "vim -u NONE -N --cmd 'set showmode' letter", r"(?m)^~")
    for keys, typed in (("isecond line", "second line"), ("Ofirst line", "first line")):
        program.send(keys)
        program.wait_for_text(rf"(?s){typed}.*-- INSERT --")
        program.send("\x1b")
        program.wait_for_text(r"(?s)^(?!.*-- INSERT --)")
    program.send(":wq\r")
    program.wait_for_text(PROMPT)
    run(program, "cat letter; wc -l letter", r"(?s)first line\s+second line\s+2 letter")


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_less_searches(program: PtyProgram) -> None:
    run(program, "seq 1 5000 | less", r"(?m)^1\s*$")
    program.send("/4321\r")
    program.wait_for_text(r"(?m)^4321\s*$")
    program.send("q")
    program.wait_for_text(PROMPT)


@pytest.mark.skipif(MONITOR is None, reason="neither htop nor top is installed")
def test_a_monitor_repaints(program: PtyProgram) -> None:
    assert MONITOR is not None
    screen = run(program, f"{MONITOR} -d {2 if MONITOR == 'htop' else 0.2}", r"(?i)\bPID\b.*\bCOMMAND\b")
    deadline = time.monotonic() + 20
    seen = {screen}
    while len(seen) < 3 and time.monotonic() < deadline:
        program.wait_for_output(b".", start=len(program.output))
        seen.add("\n".join(line for line in program.text().splitlines() if "load average" in line.lower()))
    assert len(seen) >= 3, "it goes on painting"
    program.send("q")
    program.wait_for_text(PROMPT)


def test_the_scrollback_is_searched_and_left(program: PtyProgram) -> None:
    run(program, "seq 1000 1999", r"(?m)^1999\s*$")
    program.send(PREFIX + "/")
    program.wait_for_text("find in the scrollback")
    program.send("1234\r")
    program.wait_for_text(r"(?m)^1234\s*$")
    program.send("\x1b")
    program.wait_for_text("reading")
    program.send("\x1b")
    program.wait_for_text(r"(?m)^1999\s*$")


def test_tables_stream_beside_a_flood_and_ctrl_c_ends_it(program: PtyProgram) -> None:
    program.send("yes\r")
    program.wait_for_text(r"(?s)(^|\n)y\s*\ny\s*\ny")
    tops = {"\n".join(program.screen()[1:18])}
    deadline = time.monotonic() + 20
    while len(tops) < 4 and time.monotonic() < deadline:
        program.wait_for_output(b".", start=len(program.output))
        tops.add("\n".join(program.screen()[1:18]))
    assert len(tops) >= 4, "the tables go on"
    program.send("\x03")
    program.wait_for_text(r"\^C\s*\n/ #", timeout=10)


def test_the_whole_terminal_is_given_and_comes_back(program: PtyProgram) -> None:
    run(program, "echo before", "before")
    program.send(PREFIX + "f")
    program.wait_for_text(r"(?s)^(?!.*pods\(shop\)).*before")
    program.send("stty size\r")
    program.wait_for_text(rf"(?m)^{LINES} {COLUMNS}\s*$")
    program.send(PREFIX)
    program.wait_for_text(r"pods\(shop\)")
    wait_for_size(program, r"(\d\d?) 140")


def test_a_shell_survives_leaving_and_the_end_asks(program: PtyProgram) -> None:
    run(program, "echo kept", "kept")
    program.send(PREFIX + "\x1b")
    program.wait_for_text("⏎ open")
    program.send(":po -A\r")
    program.wait_for_text(r"pods\(all\)")
    program.send("\x14")
    program.wait_for_text(r"(?s)ctrl-\] leaves.*ctrl-\] then")  # the footer too: it follows a moment later
    assert "kept" in program.text()
    program.send(PREFIX + "\x1b")
    program.wait_for_text("⏎ open")
    program.send("\x11")
    program.wait_for_text("1 shell is open")
    program.send("y")
    assert program.process.wait(15) == 0
