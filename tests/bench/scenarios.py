"""The scenarios: what each measures stands in its docstring, limits are those of the project's issues."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.harness import (
    Report,
    count_in,
    cpu_share,
    demo_server,
    k8stui,
    kubectl_seconds,
    lags,
    quantile,
)
from tests.bench.reader import Rate, delivered, server_of

if TYPE_CHECKING:
    from tests.pty_program import PtyProgram

MIB = 1 << 20
LARGE = 20_000


def start() -> Report:
    """Start without a cluster: ``--version``, and the first frame of the application."""
    report = Report("start")
    argv = [sys.executable, "-m", "k8stui", "--version"]
    times = []
    for _ in range(7):
        begun = time.monotonic()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        times.append(time.monotonic() - begun)
    report.add("--version, median of 7", quantile(times, 0.5), "s", limit=0.25)
    frames = []
    for _ in range(5):
        with k8stui([], env={"KUBECONFIG": "/nonexistent/config"}) as program:
            frames.append(program.wait_for_output(rb"k8stui|pods", timeout=10))
    report.add("first frame without a cluster, median of 5", quantile(frames, 0.5), "s", limit=0.6)
    return report


def large() -> Report:
    """20,000 pods: first rows, all loaded, memory; beside ``kubectl get pods -A`` in the same run."""
    report = Report("large")
    with demo_server(pods=LARGE, nodes=200) as config:
        kubectl = min(kubectl_seconds(config, "get", "pods", "-A") for _ in range(2))
        report.add("kubectl get pods -A, best of 2", kubectl, "s")
        firsts, loads, memory = [], [], 0
        for _ in range(3):
            with k8stui(["--kubeconfig", str(config), "-A", "pods"]) as program:
                firsts.append(program.wait_for_output(rb"Running|Pending|Completed", timeout=60))
                loads.append(_loaded(program))
                time.sleep(2)
                memory = max(memory, program.usage()[1])
        report.add("first rows on screen, median of 3", quantile(firsts, 0.5), "s", limit=1.2)
        report.add("all rows loaded, median of 3", quantile(loads, 0.5), "s", limit=0.4 * kubectl)
        report.add("... as a share of kubectl's time", quantile(loads, 0.5) / kubectl, "x", limit=0.4)
        report.add("resident memory, most of 3", memory / MIB, "MiB", limit=180)
    return report


def _loaded(program: PtyProgram, wanted: int = LARGE, timeout: float = 120) -> float:
    """Seconds from start until the title counts ``wanted`` rows."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if count_in(program, r"pods[^\n\[]*\[([\d,]+)\]") >= wanted:
            return time.monotonic() - program.started
        time.sleep(0.02)
    raise TimeoutError(program.text())


def churn() -> Report:
    """1,000 changes a second for 60 s over 20,000 rows: latency, loop lag, CPU, growth."""
    return _churn("churn", rate=1000, seconds=60, lag_limit=20, latency_limit=150, cpu_limit=60)


def flood() -> Report:
    """10,000 changes a second: still usable."""
    return _churn("flood", rate=10_000, seconds=20, lag_limit=50, latency_limit=None, cpu_limit=None)


def _churn(
    name: str,
    *,
    rate: int,
    seconds: float,
    lag_limit: float,
    latency_limit: float | None,
    cpu_limit: float | None,
) -> Report:
    report = Report(name)
    with demo_server(pods=LARGE, nodes=200, churn=rate) as config, tempfile.TemporaryDirectory() as folder:
        lag_file = Path(folder, "lags")
        arguments = ["--kubeconfig", str(config), "-A", "pods"]
        with k8stui(arguments, lag_file=lag_file) as program:
            _loaded(program)
            time.sleep(5)
            cpu_before, memory_before = program.usage()
            made, begun = Rate(config), time.monotonic()
            latencies = _latencies(config, program, until=begun + seconds)
            ended, (cpu_after, memory_after) = time.monotonic(), program.usage()
            changes = made.so_far()
            keys = _key_times(program)
            time.sleep(1.2)
            measured = lags(lag_file, begun, ended)
            sent = delivered(config, 5)
        report.add(f"changes a second meanwhile (asked for: {rate})", changes, "/s", least=0.95 * rate)
        report.add("watch events a second that another client counts", sent, "/s", least=0.95 * rate)
        report.add("event to repainted cell, p50", quantile(latencies, 0.5) * 1000, "ms")
        marked = f"event to repainted cell, p99 of {len(latencies)}"
        report.add(marked, quantile(latencies, 0.99) * 1000, "ms", limit=latency_limit)
        report.add("loop lag, p99", quantile(measured, 0.99), "ms", limit=lag_limit)
        report.add("loop lag, most", max(measured, default=0), "ms")
        share = (cpu_after - cpu_before) / (ended - begun) * 100
        report.add("CPU of one core", share, "%", limit=cpu_limit)
        report.add("resident memory", memory_after / MIB, "MiB", limit=180)
        report.add("resident memory grown meanwhile", (memory_after - memory_before) / MIB, "MiB", limit=10)
        report.add("key to paint under load, p95", quantile(keys, 0.95) * 1000, "ms")
    return report


def _latencies(config: Path, program: PtyProgram, *, until: float) -> list[float]:
    """Change one visible pod again and again; seconds until its new cell was written."""
    namespace, pod = _visible_pod(program)
    url = f"{server_of(config)}/api/v1/namespaces/{namespace}/pods/{pod}/status"
    found, number = [], 7000
    while time.monotonic() < until:
        number += 1
        body = json.dumps(_restarted(url, number * 10)).encode()
        before = len(program.output)
        headers = {"Content-Type": "application/merge-patch+json"}
        request = urllib.request.Request(url, body, headers, method="PATCH")
        begun = time.monotonic()
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()
        try:
            # the churn may add a restart of its own before the screen is painted
            program.wait_for_output(rb"%d\d" % number, timeout=3, start=before)
            found.append(time.monotonic() - begun)
        except TimeoutError:
            found.append(3.0)
        time.sleep(0.1)
    return found


def _restarted(url: str, restarts: int) -> dict[str, object]:
    with urllib.request.urlopen(url.removesuffix("/status"), timeout=10) as response:
        status = json.load(response)["status"]
    statuses = status["containerStatuses"]
    for entry in statuses:
        entry["restartCount"] = 0
    statuses[0]["restartCount"] = restarts
    return {"status": {"containerStatuses": statuses}}


def _visible_pod(program: PtyProgram) -> tuple[str, str]:
    """A pod of a Deployment in the middle of the screen: no job that ends meanwhile."""
    for line in program.screen()[15:45]:
        match = re.search(r"(branch-[a-z0-9-]+) +([a-z0-9.-]+) +\d/\d", line)
        if match:
            return match[1], match[2]
    raise LookupError(program.text())


def _key_times(program: PtyProgram, count: int = 40) -> list[float]:
    """Seconds from a cursor or page key to the first byte painted after it."""
    times = []
    for number in range(count):
        key = [b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~"][number % 4]
        before = len(program.output)
        begun = time.monotonic()
        program.send(key)
        try:
            program.wait_for_output(rb"(?s).", timeout=2, start=before)
            times.append(time.monotonic() - begun)
        except TimeoutError:
            times.append(2.0)
        time.sleep(0.15)
    return times


def idle() -> Report:
    """20,000 quiet pods: CPU while nothing happens, and key to paint."""
    report = Report("idle")
    with (
        demo_server(pods=LARGE, nodes=200) as config,
        k8stui(["--kubeconfig", str(config), "-A", "pods"]) as program,
    ):
        _loaded(program)
        time.sleep(5)
        report.add("CPU of one core over 20 s", cpu_share(program.process.pid, 20), "%", limit=2)
        keys = _key_times(program)
        report.add("cursor and page keys to paint, p50", quantile(keys, 0.5) * 1000, "ms")
        report.add("cursor and page keys to paint, p95", quantile(keys, 0.95) * 1000, "ms", limit=20)
    return report


def peers() -> Report:
    """kuberich and korvid in the same terminal on the same server (see ``tests.bench.peers``)."""
    from tests.bench.peers import compare

    report = Report("peers")
    compare(report)
    return report


def logs() -> Report:
    """`k8stui logs -f` to a pipe beside `kubectl logs -f` (see ``tests.bench.bench_logs``)."""
    from tests.bench.bench_logs import logs as measured

    return measured()


def log_viewer() -> Report:
    """The log view: filters, a search, scrolling in 200,000 lines (see ``tests.bench.bench_log_view``)."""
    from tests.bench.bench_log_view import viewer

    return viewer()


def log_flood() -> Report:
    """The log view: 60 streams, 50,000 lines a second together (see ``tests.bench.bench_log_view``)."""
    from tests.bench.bench_log_view import flood as measured

    return measured()


def log_burst() -> Report:
    """The log view: one stream at 200,000 lines a second (see ``tests.bench.bench_log_view``)."""
    from tests.bench.bench_log_view import burst

    return burst()


def shell() -> Report:
    """A shell in a pod beside live tables (see ``tests.bench.bench_shell``)."""
    from tests.bench.bench_shell import run

    return run()


def editor() -> Report:
    """Keys at 5,000 lines, a ConfigMap of 1 MB opened and scrolled (see ``tests.bench.bench_editor``)."""
    from tests.bench.bench_editor import run

    return run()


def workspace() -> Report:
    """Nodes, pods, events and logs side by side on 20,000 pods, at 300x100: quiet, then moving.

    The limits of the quiet part are twice those of one table at 160x50: it is four times the screen, and
    the simulated cluster goes on writing logs and events.
    """
    report = Report("workspace")
    large = {"columns": 300, "lines": 100}
    with (
        demo_server(pods=LARGE, nodes=200) as config,
        k8stui(["--kubeconfig", str(config), "-A"], terminal=large) as program,
    ):
        _loaded(program)
        report.add("all four panes loaded", time.monotonic() - program.started, "s")
        time.sleep(8)
        report.add("quiet: CPU of one core over 20 s", cpu_share(program.process.pid, 20), "%", limit=4)
        report.add("quiet: resident memory", program.usage()[1] / MIB, "MiB", limit=180)
        keys = _key_times(program)
        report.add("quiet: key to paint, p95", quantile(keys, 0.95) * 1000, "ms", limit=40)
    with demo_server(pods=LARGE, nodes=200, churn=1000) as config, tempfile.TemporaryDirectory() as folder:
        lag_file = Path(folder, "lags")
        with k8stui(["--kubeconfig", str(config), "-A"], lag_file=lag_file, terminal=large) as program:
            _loaded(program)
            time.sleep(8)
            made, begun = Rate(config), time.monotonic()
            share = cpu_share(program.process.pid, 20)
            changes, ended = made.so_far(), time.monotonic()
            time.sleep(1.2)
            measured = lags(lag_file, begun, ended)
            report.add("moving: changes a second", changes, "/s", least=950)
            report.add("moving: CPU of one core", share, "%", limit=60)
            report.add("moving: loop lag, p99", quantile(measured, 0.99), "ms", limit=20)
            report.add("moving: resident memory", program.usage()[1] / MIB, "MiB", limit=180)
    return report


def growth() -> Report:
    """Nothing grows: the workspace on 20,000 pods, 1,000 changes a second, after a minute of warming up.

    The warm-up is a round and more of changes over all pods: a pod that has restarted says more than one
    that never did. From there on resident memory has to stand still.
    """
    report = Report("growth")
    seconds = float(os.environ.get("K8STUI_BENCH_GROWTH_SECONDS", "180"))
    with (
        demo_server(pods=LARGE, nodes=200, churn=1000) as config,
        k8stui(["--kubeconfig", str(config), "-A"]) as program,
    ):
        _loaded(program)
        time.sleep(60)
        made, begun, samples = Rate(config), time.monotonic(), []
        while (now := time.monotonic() - begun) < seconds:
            samples.append((now, program.usage()[1] / MIB))
            time.sleep(5)
        report.add("changes a second meanwhile", made.so_far(), "/s", least=950)
        early = [memory for now, memory in samples if now < seconds / 6]
        late = [memory for now, memory in samples if now >= seconds * 5 / 6]
        grown = quantile(late, 0.5) - quantile(early, 0.5)
        report.add("resident memory after a minute", samples[0][1], "MiB")
        report.add(f"grown in the {seconds:.0f} s after it", grown, "MiB", limit=3)
    return report


def relations() -> Report:
    """Relations followed while everything changes (see ``tests.bench.bench_relations``)."""
    from tests.bench.bench_relations import relations as measured

    return measured()


def decoding() -> Report:
    """What decoding one pod costs, plain and with all that it names (see ``tests.bench.bench_relations``)."""
    from tests.bench.bench_relations import decoding as measured

    return measured()


def slow() -> Report:
    """Keys over a slow connection (see ``tests.bench.bench_slow_terminal``)."""
    from tests.bench.bench_slow_terminal import slow_terminal as measured

    return measured()


_ALL = (
    *(start, large, idle, churn, flood, workspace, growth, relations, decoding),
    *(logs, log_viewer, log_flood, log_burst),
    *(shell, editor, slow, peers),
)
SCENARIOS = {function.__name__: function for function in _ALL}
