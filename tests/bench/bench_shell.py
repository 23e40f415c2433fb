"""A shell beside live tables, in a pseudo terminal: ``python -m tests.bench.bench_shell``.

From a key to its echoed cell; a flood in the shell while tables stream; ctrl-c in the middle of it.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.harness import Report, demo_server, k8stui, lags, quantile

if TYPE_CHECKING:
    from tests.pty_program import PtyProgram

PREFIX = "\x1d"
KEYS = 300
FLOOD_SECONDS = 6.0
LINE = "a line of text as a log has it, some 64 characters of it"
BIG, SIZE = "/tmp/big", 100_000_000
PROMPT = r"/ #\s*$"


def open_shell(program: PtyProgram) -> None:
    """A shell in the first pod."""
    program.wait_for_text(r"Running", timeout=60)
    time.sleep(2)
    program.send("s")
    program.wait_for_text(r"(?m)" + PROMPT, timeout=20)


def echo_latency(program: PtyProgram, keys: int = KEYS) -> list[float]:
    """Milliseconds from sending a key to the bytes that paint it, key by key."""
    found = []
    chance = random.Random(1)
    program.send("\x15")
    for number in range(keys):
        letter = chr(0x2460 + number % 50)  # signs that nothing else on the screen has
        start = len(program.output)
        began = time.perf_counter()
        program.send(letter)
        program.wait_for_output(letter.encode(), timeout=5, start=start)
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(0.03 + chance.random() * 0.03)
        if number % 40 == 39:
            program.send("\x15")
            time.sleep(0.3)
    return found


def ctrl_c_seconds(program: PtyProgram, command: str, flood: float) -> float:
    """Seconds from ctrl-c in a flood to a prompt that stays."""
    program.send(f"clear; {command}\r")
    time.sleep(flood)
    began, start = time.perf_counter(), len(program.output)
    program.send("\x03")
    program.wait_for_output(rb"\^C", timeout=20, start=start)
    seconds = time.perf_counter() - began
    program.wait_for_text(r"(?m)" + PROMPT, timeout=20)
    return seconds


def lag_in_flood(program: PtyProgram, command: str, lag_file: Path) -> list[float]:
    """Lags of the event loop, in milliseconds, while a command floods the shell."""
    since = time.monotonic()
    program.send(f"{command}\r")
    time.sleep(FLOOD_SECONDS)
    until = time.monotonic()
    program.send("\x03")
    program.wait_for_text(r"(?m)" + PROMPT, timeout=20)
    time.sleep(0.5)
    return lags(lag_file, since + 0.5, until)


def run() -> Report:
    """The shell beside tables."""
    report = Report("shell")
    with demo_server(pods=300) as config, tempfile.TemporaryDirectory() as folder:
        lag_file = Path(folder, "lags")
        arguments = ["--kubeconfig", str(config), "-n", "shop"]
        with k8stui(arguments, lag_file=lag_file) as program:
            open_shell(program)
            quiet = echo_latency(program)
            report.add("key to echoed cell, p50", quantile(quiet, 0.5), "ms")
            report.add("key to echoed cell, p99", quantile(quiet, 0.99), "ms", limit=30)
            time.sleep(1)
            program.send("\x15")
            for name, command in (("yes", "yes"), ("cat of 100 MB", f"cat {BIG}")):
                if command != "yes":
                    program.send(f"yes '{LINE}' | head -c {SIZE} > {BIG}; echo ma''de\r")
                    program.wait_for_text("made", timeout=60)
                found = lag_in_flood(program, command, lag_file)
                report.add(f"loop lag in `{name}`, p99", quantile(found, 0.99), "ms", limit=20)
                report.add(f"loop lag in `{name}`, worst", max(found, default=0), "ms")
                waits = [ctrl_c_seconds(program, command, 1.0 + n * 0.3) * 1000 for n in range(5)]
                report.add(f"ctrl-c in `{name}`, worst of 5", max(waits), "ms", limit=200)
            assert not re.search("Traceback", program.text())
    return report


if __name__ == "__main__":
    sys.exit(1 if run().failed else 0)
