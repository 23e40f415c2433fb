"""`k8stui logs -f` to a pipe beside `kubectl logs -f --prefix -l`: lines a second, none lost, none doubled.

`python -m tests.bench.bench_logs`: two kinds of work in one run on one simulated cluster: catching up with
a long past as fast as it goes, and following 60 streams that write 50,000 lines a second together. Then a
query that means all pods of a cluster of 20,000: the first line beside kubectl's list of these pods.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import yaml

from tests.bench.harness import KUBECTL, Report, demo_server, kubectl_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RATE = "demo.k8stui.dev/log-rate"
STREAMS = 60
LINES_A_SECOND = 50_000
SECONDS = float(os.environ.get("K8STUI_BENCH_SECONDS", "20"))
PAST_PODS, PAST_RATE = 8, 1_500
PAST_LINES = 50_000
"""All of it is in the current file of each log: kubelets rotate at 10 MiB, and tails begin there anew."""
_LINE = re.compile(rb"seq=(\d+) source=(\S+) ")


@dataclass
class Taken:
    """What came out of a program."""

    lines: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    numbers: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """First and last sequence number of each source."""
    missing: int = 0
    doubled: int = 0

    @property
    def rate(self) -> float:
        return self.lines / self.seconds if self.seconds else 0.0


def take(argv: Sequence[str], *, seconds: float | None = None, lines: int | None = None) -> Taken:
    """Run a program and read its lines, for some seconds from its first line on or until there are enough."""
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert program.stdout is not None
    found = Taken()
    watched = psutil.Process(program.pid)
    chunks: list[bytes] = []
    descriptor = program.stdout.fileno()
    begun = ended = 0.0
    count = 0
    deadline = time.monotonic() + 120
    stop = threading.Timer(120, program.kill)
    stop.start()
    while chunk := os.read(descriptor, 1 << 20):
        now = time.monotonic()
        begun = begun or now
        chunks.append(chunk)
        count += chunk.count(b"\n")
        ended = now
        if (seconds is not None and now - begun >= seconds) or (lines is not None and count >= lines):
            break
        if now > deadline:
            break
    with contextlib.suppress(psutil.Error):
        times = watched.cpu_times()
        found.cpu = times.user + times.system
        found.memory = watched.memory_info().rss
    stop.cancel()
    program.terminate()
    program.stdout.close()
    program.wait(20)
    found.lines, found.seconds = count, ended - begun
    _check(b"".join(chunks), found)
    return found


def _check(output: bytes, found: Taken) -> None:
    """Every source's numbers must go up by one."""
    last: dict[bytes, int] = {}
    first: dict[bytes, int] = {}
    for match in _LINE.finditer(output, 0, output.rfind(b"\n")):
        number, source = int(match[1]), match[2]
        before = last.get(source)
        if before is None:
            first[source] = number
        elif number <= before:
            found.doubled += 1
            continue
        else:
            found.missing += number - before - 1
        last[source] = number
    found.numbers = {source: (first[source], last[source]) for source in last}


def make_pods(config: Path, label: str, count: int, rate: int) -> None:
    """Pods that write numbered lines; returns when all run."""
    parsed = yaml.safe_load(config.read_text())
    server = parsed["clusters"][0]["cluster"]["server"]
    for number in range(count):
        body = {
            "metadata": {
                "name": f"{label}-{number}",
                "labels": {"bench": label},
                "annotations": {RATE: str(rate)},
            },
            "spec": {"containers": [{"name": "app", "image": "busybox:1.36", "command": ["sleep", "9999"]}]},
        }
        request = urllib.request.Request(
            f"{server}/api/v1/namespaces/default/pods",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=20).close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        url = f"{server}/api/v1/namespaces/default/pods?labelSelector=bench%3D{label}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            phases = [item["status"].get("phase") for item in json.loads(answer.read())["items"]]
        if phases.count("Running") == count:
            return
        time.sleep(0.2)
    raise RuntimeError(f"the pods {label} did not start")


def remove_pods(config: Path, label: str) -> None:
    argv = [KUBECTL, "--kubeconfig", str(config), "delete", "pods", "-n", "default", "-l", f"bench={label}"]
    subprocess.run([*argv, "--grace-period=0", "--force"], capture_output=True, check=True, timeout=120)


def programs(config: Path, label: str, tail: str) -> dict[str, list[str]]:
    ours = [sys.executable, "-m", "k8stui", "logs", "--kubeconfig", str(config), "-n", "default", "-f"]
    theirs = [KUBECTL, "--kubeconfig", str(config), "logs", "-n", "default", "-f", "--prefix"]
    return {
        "k8stui": [*ours, f"bench={label}", f"tail:{'all' if tail == '-1' else tail}"],
        "kubectl": [*theirs, "-l", f"bench={label}", f"--tail={tail}", "--max-log-requests=100"],
    }


def past(config: Path, report: Report) -> None:
    """Catching up: the last 50,000 lines of each of eight pods."""
    make_pods(config, "past", PAST_PODS, PAST_RATE)
    time.sleep(PAST_LINES / PAST_RATE + 1)
    rates: dict[str, list[float]] = {}
    for _ in range(2):
        for name, argv in programs(config, "past", str(PAST_LINES)).items():
            found = take(argv, lines=PAST_PODS * PAST_LINES)
            rates.setdefault(name, []).append(found.rate)
            report.add(f"past: {name}", found.rate, "lines/s", note=f"{found.cpu:.1f} s of CPU")
            report.add(f"past: {name}: missing or doubled", found.missing + found.doubled, "lines", limit=0)
    remove_pods(config, "past")
    ratio = max(rates["kubectl"]) / max(rates["k8stui"])
    report.add("past: kubectl's lines a second by ours", ratio, "x", limit=1.0)


def live(config: Path, report: Report) -> None:
    """Following: 60 streams, 50,000 lines a second together."""
    make_pods(config, "live", STREAMS, LINES_A_SECOND // STREAMS + 1)
    rates = {}
    for name, argv in programs(config, "live", "1").items():
        found = take(argv, seconds=SECONDS)
        rates[name] = found.rate
        report.add(f"live: {name}", found.rate, "lines/s", note=f"{len(found.numbers)} streams")
        report.add(f"live: {name}: missing or doubled", found.missing + found.doubled, "lines", limit=0)
        report.add(f"live: {name}: of one core", found.cpu / found.seconds * 100, "%")
        report.add(f"live: {name}: memory", found.memory / (1 << 20), "MiB")
    remove_pods(config, "live")
    report.add("live: kubectl's lines a second by ours", rates["kubectl"] / rates["k8stui"], "x", limit=1.05)


def everything(report: Report) -> None:
    """All pods of a large cluster: lines come at once, and the memory is that of a small one."""
    with demo_server(pods=20_000, nodes=200) as config:
        kubectl_seconds(config, "get", "pods", "-A")
        listed = kubectl_seconds(config, "get", "pods", "-A")
        argv = [sys.executable, "-m", "k8stui", "logs", "--kubeconfig", str(config), "-A", "-f", "pod:."]
        begun = time.monotonic()
        found = take([*argv, "tail:10"], seconds=20)
        waited = time.monotonic() - begun - found.seconds
        report.add("20,000 pods: first line", waited, "s")
        report.add("20,000 pods: first line, of kubectl's list", waited / listed, "x", limit=0.5)
        report.add("20,000 pods: of one core", found.cpu / (waited + found.seconds) * 100, "%")
        report.add("20,000 pods: memory", found.memory / (1 << 20), "MiB", limit=160)


def logs() -> Report:
    """``k8stui logs -f`` to a pipe beside ``kubectl logs -f --prefix -l``, in one run."""
    report = Report("logs")
    with demo_server(pods=20, nodes=10) as config:
        past(config, report)
        live(config, report)
    everything(report)
    return report


if __name__ == "__main__":
    sys.exit(1 if logs().failed else 0)
