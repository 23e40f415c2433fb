"""k8stui beside kuberich and korvid: same terminal, same server, same run.

The peers are not dependencies of this project (kuberich needs Python 3.12): install them
into environments of their own and name their programs in K8STUI_BENCH_KUBERICH and
K8STUI_BENCH_KORVID. Each figure of ours is held against the best of theirs.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

from tests.bench.harness import TERMINAL, demo_server, home, quantile
from tests.bench.reader import Rate
from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.harness import Report

SIZES = ((1_000, 24), (5_000, 50), (12_000, 50))
PEERS = ("kuberich", "korvid")
PATIENCE = 60
NEVER = float("inf")
_KEYS = 20
_ROW = re.compile(r"([a-z][a-z0-9.-]{6,})\s+\d+/\d+\s")
Figures = dict[str, float]
UNITS = {"first rows": "s", "CPU": "%", "memory": "MiB", "key to paint": "ms"}


def _argv(name: str, config: Path) -> list[str] | None:
    if name == "k8stui":
        return [sys.executable, "-m", "k8stui", "--kubeconfig", str(config), "-A", "pods"]
    program = os.environ.get(f"K8STUI_BENCH_{name.upper()}")
    if not program:
        return None
    if name == "kuberich":
        return [program, "--kubeconfig", str(config), "--all-namespaces", "--command", "pods"]
    return [program, "-n", "*"]


def compare(report: Report) -> None:
    """First rows, CPU and memory live, key to paint, for each program and size; ours by the best peer's."""
    for pods, churn in SIZES:
        with demo_server(pods=pods, nodes=20, churn=churn) as config:
            made, found = Rate(config), dict[str, Figures]()
            for name in ("k8stui", *PEERS):
                argv = _argv(name, config)
                if argv is None:
                    report.rows.append((name, "not installed", "", ""))
                    print(f"  {name}: not installed")
                    continue
                found[name] = _measure(argv, config)
                for what, value in found[name].items():
                    report.add(f"{pods} pods: {name}: {what}", value, UNITS[what])
            _judge(report, pods, found)
            report.add(f"{pods} pods: changes a second (asked for: {churn})", made.so_far(), "/s")


def _judge(report: Report, pods: int, found: dict[str, Figures]) -> None:
    ours = found.pop("k8stui")
    for what, value in ours.items():
        if found:
            best = min(figures[what] for figures in found.values())
            report.add(f"{pods} pods: ours by the best peer: {what}", value / best, "x", limit=1)


def _measure(argv: list[str], config: Path) -> Figures:
    with home() as folders:
        environment = {**folders, "KUBECONFIG": str(config)}
        with PtyProgram(argv, env=environment, **TERMINAL) as program:
            try:
                seconds = program.wait_for_output(rb"Running|Completed|CrashLoop", timeout=PATIENCE)
            except TimeoutError:
                return dict.fromkeys(UNITS, NEVER)
            time.sleep(15)
            before, begun = program.usage()[0], time.monotonic()
            time.sleep(15)
            after, memory = program.usage()
            share = (after - before) / (time.monotonic() - begun) * 100
            figures = {"first rows": seconds, "CPU": share, "memory": memory / (1 << 20)}
            return figures | {"key to paint": _key_milliseconds(program)}


def _key_milliseconds(program: PtyProgram) -> float:
    """Median from the key for the next row to the repainting of that row (its pod's name is written)."""
    rows = [match[1].encode() for line in program.screen() if (match := _ROW.search(line))]
    start = len(program.output)
    program.send(b"\x1b[B")
    time.sleep(2)
    written = bytes(program.output[start:])
    here = max((number for number, name in enumerate(rows[:10]) if name in written), default=-1)
    times: list[float] = []
    for name in rows[here + 1 : here + 1 + _KEYS] if here >= 0 else ():
        start, begun = len(program.output), time.monotonic()
        program.send(b"\x1b[B")
        try:
            program.wait_for_output(re.escape(name), timeout=3, start=start)
            times.append(time.monotonic() - begun)
        except TimeoutError:
            times.append(3.0)
        time.sleep(0.2)
    return quantile(times, 0.5) * 1000 if times else NEVER
