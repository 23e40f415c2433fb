"""k8stui beside kuberich and korvid: same terminal, same server, same run.

The peers are not dependencies of this project (kuberich needs Python 3.12): install them
into environments of their own and name their programs in K8STUI_BENCH_KUBERICH and
K8STUI_BENCH_KORVID.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from tests.bench.harness import TERMINAL, demo_server, home
from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.harness import Report

SIZES = ((1_000, 24), (5_000, 50), (12_000, 50))
PROGRAMS = ("k8stui", "kuberich", "korvid")
PATIENCE = 60


def _argv(name: str, config: Path) -> list[str] | None:
    if name == "k8stui":
        return [sys.executable, "-m", "k8stui", "--kubeconfig", str(config), "-A", "pods"]
    program = os.environ.get(f"K8STUI_BENCH_{name.upper()}")
    if not program:
        return None
    if name == "kuberich":
        return [program, "--kubeconfig", str(config), "--all-namespaces", "--command", "pods"]
    return [program, "-n", "all"]


def compare(report: Report) -> None:
    """Rows on screen, CPU over 15 s and memory after, for each program and size."""
    for pods, churn in SIZES:
        with demo_server(pods=pods, nodes=20, churn=churn) as config:
            for name in PROGRAMS:
                argv = _argv(name, config)
                label = f"{name}, {pods} pods, {churn} changes/s"
                if argv is None:
                    report.rows.append((label, "not installed", "", ""))
                    print(f"  {label}: not installed")
                    continue
                _measure(report, label, argv, config)


def _measure(report: Report, label: str, argv: list[str], config: Path) -> None:
    with home() as folders:
        environment = {**folders, "KUBECONFIG": str(config)}
        with PtyProgram(argv, env=environment, **TERMINAL) as program:
            try:
                seconds = program.wait_for_output(rb"Running|Completed|CrashLoop", timeout=PATIENCE)
            except TimeoutError:
                report.add(f"{label}: no rows within", PATIENCE, "s")
                return
            report.add(f"{label}: first rows", seconds, "s")
            time.sleep(15)
            before, begun = program.usage()[0], time.monotonic()
            time.sleep(15)
            after, memory = program.usage()
            report.add(f"{label}: CPU", (after - before) / (time.monotonic() - begun) * 100, "%")
            report.add(f"{label}: resident", memory / (1 << 20), "MiB")
