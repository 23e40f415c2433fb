"""Relations of large clusters that change, and what it costs that pods say what they name."""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.objects import ObjectDecoder, Pod, intern_object
from k8stui.kube.objects.podrefs import NamingPod
from tests.bench.harness import Report, count_in, demo_server, k8stui, lags, quantile

if TYPE_CHECKING:
    from tests.pty_program import PtyProgram

SIZES = (8_000, 20_000)
RATE = 1_000
FOLLOWED = 10.0
"""Seconds for which each tree is followed."""
KINDS = ("deployments", "nodes", "services", "serviceaccounts", "pods")
STALL = 16.0
"""Milliseconds for which the event loop may be kept at most."""
GOLDEN = Path(__file__).parent.parent / "golden" / "lists" / "pods.json"


def relations() -> Report:
    """1,000 changes a second: key to first tree, and how long the loop is kept while the tree is followed."""
    report = Report("relations")
    for size in SIZES:
        with demo_server(pods=size, nodes=200, churn=RATE) as config:
            for kind in KINDS:
                _follow(report, config, size, kind)
    return report


def _follow(report: Report, config: Path, size: int, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        steps, lag_file = Path(folder, "steps"), Path(folder, "lags")
        steps.touch()
        arguments, env = ["--kubeconfig", str(config), "-A", "pods"], {"K8STUI_BENCH_STEPS": str(steps)}
        with k8stui(arguments, lag_file=lag_file, env=env) as program:
            _count(program, "pods", size)
            if kind != "pods":
                program.send(f":{kind}\r")
                _count(program, kind, 10)
            time.sleep(2)
            begun = time.monotonic()
            program.send("X")
            program.wait_for_text(r"\n +Family *\n(.*\n)*.*◀", timeout=30)
            first = time.monotonic() - begun
            time.sleep(FOLLOWED)
            ended = time.monotonic()
            time.sleep(1.2)
            longest = max(lags(steps, begun, ended), default=0.0)
            late = quantile(lags(lag_file, begun, ended), 0.99)
    name = f"{size:,} pods, {kind}"
    report.add(f"{name}: key to first tree", first, "s", limit=1)
    report.add(f"{name}: longest step of the loop", longest, "ms", limit=STALL)
    report.add(f"{name}: loop lag, p99", late, "ms", limit=20)


def _count(program: PtyProgram, kind: str, least: int) -> None:
    deadline = time.monotonic() + 120
    while count_in(program, rf"{kind}[^\n\[]*\[([\d,]+)\]") < least:
        if time.monotonic() > deadline:
            raise TimeoutError(program.text())
        time.sleep(0.05)


def decoding() -> Report:
    """Microseconds to decode and share one pod as it is held, and with all that it names, in turns."""
    report = Report("decoding")
    raws = _pods(2_000)
    report.add("one pod as JSON", sum(map(len, raws)) / len(raws), "bytes")
    best = {Pod: 1.0, NamingPod: 1.0}
    for _ in range(10):
        for struct, least in best.items():
            best[struct] = min(least, _seconds(struct, raws))
    plain = best[Pod] / len(raws) * 1e6
    naming = best[NamingPod] / len(raws) * 1e6
    report.add("decoding and sharing a pod", plain, "us")
    report.add("... with all that it names, for who uses an object", naming, "us")
    report.add("a pod as it is held, as a share of that", plain / naming, "x", limit=0.85)
    return report


def _seconds(struct: type[Any], raws: list[bytes]) -> float:
    decode, pool = ObjectDecoder(struct).decode, dict[Any, Any]()
    gc.disable()
    try:
        began = time.process_time()
        kept = [intern_object(decode(raw), pool) for raw in raws]
        return (time.process_time() - began) * len(raws) / len(kept)
    finally:
        gc.enable()


def _pods(count: int) -> list[bytes]:
    """Recorded pods with as much of an environment as pods of applications have."""
    recorded = msgspec.json.decode(GOLDEN.read_bytes())["items"]
    env: list[dict[str, Any]] = [{"name": f"VAR_{at}", "value": f"value {at}"} for at in range(16)]
    for at in range(3):
        env.append({"name": f"S_{at}", "valueFrom": {"secretKeyRef": {"name": "db", "key": f"key-{at}"}}})
    made = []
    for at in range(count):
        pod = msgspec.json.decode(msgspec.json.encode(recorded[at % len(recorded)]))
        pod["metadata"] |= {"name": f"pod-{at}", "uid": f"uid-{at}"}
        for container in pod["spec"]["containers"]:
            container |= {"env": env, "envFrom": [{"configMapRef": {"name": "settings"}}]}
        made.append(msgspec.json.encode(pod))
    return made
