"""Keys over a slow connection that holds a lot back, as ssh does, while a log streams by.

`python -m tests.bench.bench_slow_terminal`: a terminal behind two megabytes of buffers takes 60 KiB a second.
The help is opened and closed again and again, and it counts when its first frame arrives. The same with a
terminal that does not answer, in the same run: there the program does not know how much is on its way.
"""

from __future__ import annotations

import collections
import os
import select
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.bench.bench_logs import make_pods
from tests.bench.harness import Report, demo_server, home, lags, quantile
from tests.pty_program import PtyProgram

BYTES_A_SECOND = 60 * 1024
BUFFERS = 2 << 20
PIECE = 2_048
FILL_SECONDS = 25.0
"""So long a log streams by before the first key."""
TRIES = 5


class SlowTerminal(PtyProgram):
    """Takes what is written as late as `slow` says; answers when it has taken it."""

    slow = False

    def _read(self) -> None:
        pieces: collections.deque[bytes] = collections.deque()
        self._pieces = pieces
        threading.Thread(target=self._take, daemon=True).start()
        while self.process.poll() is None:
            if len(pieces) * PIECE > BUFFERS:
                time.sleep(0.01)
                continue
            try:
                if select.select([self._master], [], [], 0.5)[0]:
                    pieces.append(os.read(self._master, PIECE))
            except OSError:
                return

    def _take(self) -> None:
        while self.process.poll() is None:
            if not self._pieces:
                time.sleep(0.002)
                continue
            piece = self._pieces.popleft()
            if self.slow:
                time.sleep(len(piece) / BYTES_A_SECOND)
            try:
                self.took(piece)
            except OSError:
                return


def _keys(config: Path, folders: dict[str, str], *, answers: bool) -> tuple[list[float], list[float]]:
    """Seconds until each help was seen, and the lags of the event loop in milliseconds meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        lag_file = Path(folder, "lag")
        lag_file.touch()
        argv = [sys.executable, "-m", "tests.bench.sampled", str(lag_file), "--kubeconfig", str(config)]
        with SlowTerminal(argv, env=folders, columns=160, lines=50, answers=answers) as program:
            program.wait_for_text("slow-0", timeout=60)
            program.send(":logs bench=slow tail:1\r")
            program.wait_for_text("seq=", timeout=60)
            program.slow = True
            time.sleep(FILL_SECONDS)
            found, began = [], time.monotonic()
            for _ in range(TRIES):
                at, pressed = len(program.output), time.monotonic()
                program.send("?")
                program.wait_for_output(b"Keys", start=at, timeout=90)
                found.append(time.monotonic() - pressed)
                program.send("\x1b")
                time.sleep(5)
            return found, lags(lag_file, began, time.monotonic())


def slow_terminal() -> Report:
    """Key to its effect, where the terminal answers and where it does not."""
    report = Report("slow terminal")
    with demo_server(pods=5, nodes=3) as config, home() as folders:
        make_pods(config, "slow", 3, 20)
        found, lag = _keys(config, folders, answers=True)
        report.add("60 KiB/s: key to help, worst", max(found), "s", limit=2.0)
        report.add("60 KiB/s: loop lag p50", quantile(lag, 0.5), "ms", limit=16)
        report.add("60 KiB/s: loop lag p99", quantile(lag, 0.99), "ms")
        without, _ = _keys(config, folders, answers=False)
        report.add("60 KiB/s, no answers: key to help, worst", max(without), "s")
        report.add("with answers by without", max(found) / max(without), "x", limit=0.2)
    return report


if __name__ == "__main__":
    sys.exit(1 if slow_terminal().failed else 0)
