"""The program in a terminal that takes what is painted late, or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.pty


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[list[str]]:
    """The program's command line, on a cluster in which something changes all the time."""
    config = tmp_path / "kubeconfig"
    argv = [sys.executable, "-m", "k8stui", "demo-server", "--kubeconfig", str(config), "--churn", "300"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        yield [sys.executable, "-m", "k8stui", "--kubeconfig", str(config), "-A"]
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def terminal(busy: list[str], tmp_path: Path) -> Iterator[PtyProgram]:
    environment = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}
    with PtyProgram(busy, columns=200, lines=60, env=environment, answers=True) as program:
        yield program


def stands(program: PtyProgram, seconds: float = 0.7) -> int:
    """Wait until nothing is painted for some time; how much was written since it was not answered."""
    start, deadline = len(program.output), time.monotonic() + 20
    size, since = start, time.monotonic()
    while time.monotonic() < deadline:
        if len(program.output) != size:
            size, since = len(program.output), time.monotonic()
        if program.unanswered and time.monotonic() - since > seconds:
            return size - start
        time.sleep(0.02)
    raise TimeoutError("it paints on and on")


def test_a_terminal_that_has_enough_gets_no_more_frames_and_then_one_with_all_that_changed(
    terminal: PtyProgram,
) -> None:
    terminal.wait_for_text(r"pods\(all\)\[\d+\]")
    terminal.answer(go_on=False)
    assert stands(terminal) < 150_000
    terminal.send(":deploy")  # the event loop goes on and takes the keys; they are only not painted
    terminal.answer(go_on=True)
    terminal.wait_for_text(r":deploy", timeout=5)


def test_the_terminal_is_given_back_without_a_question_that_a_shell_would_read_the_answer_of(
    terminal: PtyProgram,
) -> None:
    terminal.wait_for_text(r"pods\(all\)\[\d+\]")
    terminal.answer(go_on=False)
    stands(terminal)
    terminal.send(":quit\r")
    began = time.monotonic()
    time.sleep(0.2)  # a round trip
    assert terminal.process.poll() is None
    terminal.answer(go_on=True)
    terminal.process.wait(5)
    assert time.monotonic() - began < 5
    end = bytes(terminal.output)
    assert b"\x1b[5n" not in end[end.rindex(b"\x1b[?1049l") :]
