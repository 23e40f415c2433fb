"""Shells in a real terminal against the simulated cluster, whose containers run this machine's programs.

The screen is read by pyte, an independent terminal.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.timeout(180), pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")]

PREFIX = "\x1d"
PROMPT = r"(?m)/ #\s*$"
COLUMNS, LINES = 140, 45


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PtyProgram]:
    """k8stui on the demo cluster, a shell open in its first pod of the shop."""
    home: Path = tmp_path_factory.mktemp("home")
    env = {"K8STUI_STATE": str(home / "state"), "K8STUI_CONFIG": str(home / "config"), "HOME": str(home)}
    argv = [sys.executable, "-m", "k8stui", "--demo", "-n", "shop"]
    with PtyProgram(argv, columns=COLUMNS, lines=LINES, env=env) as running:
        running.wait_for_text(r"cart-\S+ +1/1", timeout=90)
        running.send("s")
        running.wait_for_text(PROMPT, timeout=30)
        yield running


def run(program: PtyProgram, command: str, expected: str) -> str:
    """Type a command at a fresh prompt, and wait for something on the screen."""
    program.send("clear\r")
    program.wait_for_text(r"(?s)leaves.?\s+/ #", timeout=20)
    program.send(command + "\r")
    return program.wait_for_text(expected, timeout=20)


def test_stty_size_follows_the_pane(program: PtyProgram) -> None:
    first = re.search(r"(?m)^(\d+) 140$", run(program, "stty size", r"(?m)^\d+ 140$"))
    assert first
    program.send(PREFIX + "+")
    larger = int(first[1]) + 3
    run(program, "stty size", rf"(?m)^{larger} 140$")
    program.resize(100, 40)
    run(program, "stty size", r"(?m)^\d+ 100$")
    program.resize(COLUMNS, LINES)
    run(program, "stty size", r"(?m)^\d+ 140$")


def test_korean_is_typed_and_read_back(program: PtyProgram) -> None:
    run(program, "echo '안녕 세계 かな' > korean; wc -m korean", r"9 korean")
    text = run(program, "cat korean", r"(?m)^\s*안\s*녕")
    assert re.search(r"안\s?녕\s", text)
    program.send("printf '|%s|\\n' $(cat korean | cut -d' ' -f1)\r")
    program.wait_for_text(r"\|안\s?녕\s?\|")


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_vim_edits_a_file(program: PtyProgram) -> None:
    run(program, "vim -u NONE letter", r"(?m)^~")
    program.send("isecond line\x1b")
    program.wait_for_text(r"second line")
    program.send("Ofirst line\x1b")
    program.wait_for_text(r"first line")
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
    ages = set()
    for _ in range(40):
        match = re.search(r"LAST SEEN.*?\n.?.?.?(\d+s)", program.text(), re.S)
        ages.add(match[1] if match else "")
        program.wait_for_output(b".", start=len(program.output))
        if len(ages) > 2:
            break
    assert len(ages) > 1, "the events go on"
    program.send("\x03")
    program.wait_for_text(r"\^C\s*\n/ #", timeout=10)


def test_the_whole_terminal_is_given_and_comes_back(program: PtyProgram) -> None:
    run(program, "echo before", "before")
    program.send(PREFIX + "f")
    program.wait_for_text(r"(?s)^(?!.*pods\(shop\)).*before")
    program.send("stty size\r")
    program.wait_for_text(rf"(?m)^{LINES} {COLUMNS}")
    program.send(PREFIX)
    program.wait_for_text(r"pods\(shop\)")
    run(program, "stty size", r"(?m)^\d\d? 140$")


def test_a_shell_survives_leaving_and_the_end_asks(program: PtyProgram) -> None:
    run(program, "echo kept", "kept")
    program.send(PREFIX + "\x1b")
    program.wait_for_text("ctrl-t shells")
    program.send("1")
    program.send(":po -A\r")
    program.wait_for_text(r"pods\(all\)")
    program.send("\x14")
    program.wait_for_text("ctrl-] leaves")
    assert "kept" in program.text()
    program.send(PREFIX + "\x1b")
    program.send("\x11")
    program.wait_for_text("1 shell is open")
    program.send("y")
    assert program.process.wait(15) == 0
