"""The log view in a real pty: floods of lines, filtering, searching, scrolling.

`python -m tests.bench.bench_log_view [flood] [burst] [viewer]`. The flood's lines are checked one by one as
they enter the ring, by their sequence numbers; that check runs inside the measured program and counts as its
load. A frame waits for the screen's beat, as the program sets it, and for the processor on a busy machine;
the work of a frame is the time of the processor that the program itself needed for it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from k8stui.kube.logs.buffer import MAX_BYTES
from tests.bench.bench_logs import LINES_A_SECOND, STREAMS, make_pods
from tests.bench.harness import Report, demo_server, home, lags, quantile
from tests.pty_program import PtyProgram

SECONDS = float(os.environ.get("K8STUI_BENCH_SECONDS", "60"))
BURST = 200_000
RINGS = MAX_BYTES / (1 << 20)
"""MiB that the lines of all panes may take together."""
BESIDE = 64
"""MiB for all that is beside the lines: what is on its way, what is remembered of each stream, indexes."""


def viewer() -> Report:
    """200,000 lines: filters, a search, jumps with and without wrapping, with lines of a megabyte."""
    report = Report("log viewer")
    with tempfile.TemporaryDirectory() as folder, home() as folders:
        figures = Path(folder, "figures")
        argv = [sys.executable, "-m", "tests.bench.log_viewer_app", str(figures)]
        with PtyProgram(argv, env=folders, columns=160, lines=50) as program:
            deadline = time.monotonic() + 180
            while not figures.exists() and time.monotonic() < deadline and program.process.poll() is None:
                time.sleep(0.2)
            if not figures.exists():
                raise RuntimeError(f"the viewer told no figures: {program.output[-2_000:].decode()}")
        limits = {"first on screen": 50.0, "all": 1_000.0, "longest stall": 50.0}
        limits |= {"frame p50": 20.0, "frame p95": 20.0, "work of a frame p95": 20.0}
        for name, value in json.loads(figures.read_text()).items():
            limit = limits.get(name.rpartition(": ")[2])
            report.add(name, value, "ms", limit=limit)
    return report


def _flood(
    report: Report, name: str, pods: int, rate: int, seconds: float, lag_limit: float, core: float | None
) -> None:
    with demo_server(pods=5, nodes=3) as config, tempfile.TemporaryDirectory() as folder, home() as folders:
        make_pods(config, "flood", pods, rate)
        lag_file, seen = Path(folder, "lag"), Path(folder, "seen")
        lag_file.touch()
        argv = [sys.executable, "-m", "tests.bench.sampled", str(lag_file), "--kubeconfig", str(config)]
        env = {**folders, "K8STUI_BENCH_SEEN": str(seen)}
        with PtyProgram(argv, env=env, columns=160, lines=50) as program:
            program.wait_for_text("flood-0")
            calm = psutil.Process(program.process.pid).memory_info().rss
            program.send(":logs bench=flood tail:1\r")
            program.wait_for_text(f"following {pods} stream" if pods > 1 else "following")
            time.sleep(2)
            process, began = psutil.Process(program.process.pid), time.monotonic()
            cpu = sum(process.cpu_times()[:2])
            first = json.loads(seen.read_text())["lines"]
            top = 0
            while time.monotonic() - began < seconds:
                time.sleep(0.5)
                top = max(top, process.memory_info().rss)
            span = time.monotonic() - began
            cpu = (sum(process.cpu_times()[:2]) - cpu) / span * 100
            time.sleep(0.6)
            told = json.loads(seen.read_text())
            late = lags(lag_file, began, began + span)
        report.add(f"{name}: lines", (told["lines"] - first) / span, "lines/s", note=f"of {pods * rate}")
        report.add(f"{name}: missing", told["missing"], "lines", limit=0)
        report.add(f"{name}: doubled", told["doubled"], "lines", limit=0)
        report.add(f"{name}: loop lag p99", quantile(late, 0.99), "ms", limit=lag_limit)
        report.add(f"{name}: of one core", cpu, "%", limit=core)
        report.add(f"{name}: memory at most", top / (1 << 20), "MiB", note=f"{calm / (1 << 20):.0f} before")
        report.add(f"{name}: memory for logs", (top - calm) / (1 << 20), "MiB", limit=RINGS + BESIDE)


def flood() -> Report:
    """60 streams, 50,000 lines a second together."""
    report = Report("log flood")
    _flood(report, "flood", STREAMS, LINES_A_SECOND // STREAMS + 1, SECONDS, 50, core=100)
    return report


def burst() -> Report:
    """One stream at 200,000 lines a second."""
    report = Report("log burst")
    _flood(report, "burst", 1, BURST, min(SECONDS, 15), 100, core=None)
    return report


def main(names: list[str]) -> int:
    failed = False
    for each in (viewer, flood, burst):
        if not names or each.__name__ in names:
            print(f"{each.__name__}: {each.__doc__}", flush=True)
            failed = each().failed or failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
