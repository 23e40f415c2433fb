"""What the scenarios share: a simulated cluster, k8stui in a pseudo terminal, figures."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KUBECTL = (
    shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl") or "kubectl"
)
TERMINAL: dict[str, Any] = {"columns": 160, "lines": 50}


@dataclass
class Report:
    """Figures of one scenario, each with the limit it is held against."""

    name: str
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    failures: int = 0
    """How many figures are not within their limits."""

    def add(
        self,
        what: str,
        value: float,
        unit: str,
        *,
        limit: float | None = None,
        least: float | None = None,
        note: str = "",
    ) -> None:
        """One figure; it is judged with ``limit`` (at most) or ``least``."""
        verdict, limit_text = "", ""
        if limit is not None:
            verdict, limit_text = ("ok" if value <= limit else "OVER"), f"<= {_number(limit)} {unit}"
        elif least is not None:
            verdict, limit_text = ("ok" if value >= least else "UNDER"), f">= {_number(least)} {unit}"
        row = (what, f"{_number(value)} {unit}", limit_text, " ".join(filter(None, (verdict, note))))
        self.rows.append(row)
        self.failures += verdict in ("OVER", "UNDER")
        print(f"  {row[0]:<64} {row[1]:>14}  {row[2]:<16} {row[3]}", flush=True)

    @property
    def failed(self) -> bool:
        return self.failures > 0


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


@contextlib.contextmanager
def demo_server(*, pods: int, nodes: int = 20, churn: float = 0, seed: int = 1) -> Iterator[Path]:
    """A simulated cluster in a process of its own; gives its kubeconfig."""
    with tempfile.TemporaryDirectory(prefix="k8stui-bench-") as folder:
        config = Path(folder, "config")
        argv = [
            sys.executable,
            "-m",
            "k8stui",
            "demo-server",
            "--kubeconfig",
            str(config),
            "--pods",
            str(pods),
        ]
        argv += ["--nodes", str(nodes), "--churn", str(churn), "--seed", str(seed)]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise RuntimeError("the simulated cluster did not start")
            yield config
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextlib.contextmanager
def home() -> Iterator[dict[str, str]]:
    """An environment with empty settings and state folders, as on a fresh machine."""
    with tempfile.TemporaryDirectory(prefix="k8stui-home-") as folder:
        names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
        yield {"HOME": folder} | {name: f"{folder}/{name.lower()}" for name in names}


@contextlib.contextmanager
def k8stui(
    arguments: Sequence[str],
    *,
    lag_file: Path | None = None,
    env: dict[str, str] | None = None,
    terminal: dict[str, Any] = TERMINAL,
) -> Iterator[PtyProgram]:
    """k8stui in a pseudo terminal; with ``lag_file`` its event loop is sampled beside it."""
    entry = ["-m", "tests.bench.sampled", str(lag_file)] if lag_file else ["-m", "k8stui"]
    with home() as folders:
        environment = {**folders, **(env or {})}
        with PtyProgram([sys.executable, *entry, *arguments], env=environment, **terminal) as program:
            yield program


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def lags(lag_file: Path, since: float, until: float) -> list[float]:
    """Milliseconds (loop lags, or times of steps) sampled between two ``time.monotonic`` moments."""
    samples = (json.loads(line) for line in lag_file.read_text().splitlines())
    return [lag for moment, lag in samples if since <= moment <= until]


def cpu_share(pid: int, seconds: float) -> float:
    """Percent of one core that a process uses over the next ``seconds``."""
    process = psutil.Process(pid)
    before, start = float(sum(process.cpu_times()[:2])), time.monotonic()
    time.sleep(seconds)
    used = float(sum(process.cpu_times()[:2])) - before
    return used / (time.monotonic() - start) * 100


def kubectl_seconds(config: Path, *arguments: str) -> float:
    """How long one kubectl command takes, its output thrown away."""
    start = time.monotonic()
    environment = {**os.environ, "KUBECONFIG": str(config), "KUBECACHEDIR": str(config.parent / "cache")}
    subprocess.run([KUBECTL, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True, timeout=300)
    return time.monotonic() - start


def count_in(program: PtyProgram, pattern: str) -> int:
    """The number a screen shows, by a pattern with one group; 0 while it is not there."""
    match = re.search(pattern, program.text())
    return int(match.group(1).replace(",", "")) if match else 0
