"""`python -m tests.bench.bench_table_widget [--rows N] [--seconds S]`: the table widget alone, in a pty.

For 20,000 rows of ten columns: load, keys, 1,000 and 10,000 updates a second, idle; beside Textual's
DataTable in the same run where that can be waited for. In a real pseudo terminal, since Textual leaves out
half of the work (encoding for the terminal) when it has none. `--lines` measures the line viewer.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.types import LogLine, LogSource
from k8stui.ui.logs.viewer import LogViewer
from k8stui.ui.widgets.table.virtual_table import VirtualTable
from tests.pty_program import PtyProgram
from tests.unit.rows import Column, Meta, Tone, World

STYLES = Path(__file__).parents[2] / "k8stui/ui/styles/widgets.tcss"
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "CPU", "MEMORY"]


@dataclass(frozen=True)
class Pod:
    """Ten cells; all but the age are in `values`."""

    metadata: Meta
    values: tuple[str, ...]
    created: datetime


class PodPrinter:
    """Ten columns, the age counts on."""

    columns = tuple(Column(name, live=name == "AGE") for name in NAMES)

    def cells(self, obj: Pod, now: datetime) -> tuple[str, ...]:
        age = int((now - obj.created).total_seconds())
        return (*obj.values[:5], f"{age // 60}m{age % 60}s", *obj.values[5:])

    def sort_key(self, obj: Pod, column: int, now: datetime) -> Any:
        return obj.values[column] if column < 5 else obj.values[column - 1]

    def tone(self, obj: Pod) -> Tone:
        return Tone.OK if obj.values[3] == "Running" else Tone.WARN

    def cell_tone(self, obj: Pod, column: int) -> Tone | None:
        return None

    def is_fault(self, obj: Pod) -> bool:
        return obj.values[3] != "Running"


def make_pod(number: int, restarts: int = 0) -> Pod:
    name = f"cart-{number % 97:02d}-7d4b9c6f5-{number:05d}"
    meta = Meta(name, f"shop-{number % 40:02d}", f"u{number}")
    ip = f"10.{number % 250}.{number // 250 % 250}.7"
    values = (
        meta.namespace or "",
        name,
        "1/1",
        "Running",
        str(restarts),
        ip,
        f"worker-{number % 50}",
        "12m",
        "94Mi",
    )
    return Pod(meta, values, START - timedelta(seconds=number % 60))


class Pods(World):
    """The world of the benchmark."""

    def __init__(self, count: int) -> None:
        super().__init__(0)
        self.objects: Any = {f"u{n}": make_pod(n) for n in range(count)}


class BenchApp(App[None]):
    """Measures itself while one widget is under load, and writes the figures to a file."""

    CSS_PATH: ClassVar[list[Path]] = [STYLES]  # type: ignore[assignment]

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options
        self.figures: dict[str, float] = {}
        self.painted = asyncio.Event()
        self.paints = 0
        self.lags: list[float] = []
        self.world = Pods(options.rows)

    def compose(self) -> ComposeResult:
        if self.options.child == "datatable":
            yield DataTable(cursor_type="row")
        elif self.options.child == "lines":
            yield LogViewer(LogBuffer(), sources=True, source_label=lambda source: source.container)
        else:
            yield VirtualTable(PodPrinter())

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        if renderable is not None:
            self.paints += 1
            self.painted.set()

    async def on_ready(self) -> None:
        self.run_worker(self.measure(), exit_on_error=True)

    async def measure(self) -> None:
        await asyncio.sleep(0.3)
        # As the program does after its first load: what is there for good is not looked through again.
        gc.collect()
        gc.freeze()
        await {"datatable": self.measure_datatable, "lines": self.measure_lines}.get(
            self.options.child, self.measure_table
        )()
        Path(self.options.out).write_text(json.dumps(self.figures))
        self.exit()

    # Measuring

    async def watch_lag(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            self.lags.append(time.perf_counter() - started - 0.005)

    async def load_of(self, name: str, work: Any, seconds: float) -> None:
        """Run `work` for some seconds and write down what it costs."""
        self.lags, self.paints = [], 0
        watcher = asyncio.create_task(self.watch_lag())
        cpu, clock = time.process_time(), time.perf_counter()
        await work(seconds)
        took = time.perf_counter() - clock
        watcher.cancel()
        lags = sorted(self.lags)
        self.figures[f"{name} cpu %"] = 100 * (time.process_time() - cpu) / took
        self.figures[f"{name} frames/s"] = self.paints / took
        self.figures[f"{name} lag p99 ms"] = 1000 * lags[int(len(lags) * 0.99)]
        self.figures[f"{name} lag max ms"] = 1000 * lags[-1]

    async def key(self, key: str) -> float:
        """Milliseconds from a key to the end of writing what it changed."""
        await asyncio.sleep(0.06)
        self.painted.clear()
        started = time.perf_counter()
        self.post_message(events.Key(key, None))
        await asyncio.wait_for(self.painted.wait(), 20)
        return 1000 * (time.perf_counter() - started)

    async def keys(self, name: str, key: str, times: int) -> None:
        took = sorted([await self.key(key) for _ in range(times)])
        self.figures[f"{name} median ms"] = took[len(took) // 2]
        self.figures[f"{name} max ms"] = took[-1]

    async def idle(self, seconds: float) -> None:
        """Nothing happens but time; without the watcher, which would be most of the work."""
        cpu = time.process_time()
        await asyncio.sleep(seconds)
        self.figures["idle cpu %"] = 100 * (time.process_time() - cpu) / seconds

    # The widget

    async def measure_table(self) -> None:
        table = self.query_one(VirtualTable)
        table.focus()
        self.lags, self.painted = [], asyncio.Event()
        watcher = asyncio.create_task(self.watch_lag())
        started, cpu = time.perf_counter(), time.process_time()
        table.set_source(self.world)
        await self.painted.wait()
        self.figures["first paint ms"] = 1000 * (time.perf_counter() - started)
        while len(table.model) < self.options.rows or table.model.busy:
            await asyncio.sleep(0.001)
        self.figures["all rows ms"] = 1000 * (time.perf_counter() - started)
        self.figures["load cpu ms"] = 1000 * (time.process_time() - cpu)
        self.figures["load longest stall ms"] = 1000 * max(self.lags)
        watcher.cancel()
        await self.keys("page down", "pagedown", 40)
        await self.keys("cursor down", "down", 40)
        await self.keys("end", "end", 1)
        await self.keys("home", "home", 1)
        await self.idle(self.options.seconds)
        for rate in (1_000, 10_000):
            for column, order in ((None, "by name"), (4, "by what changes")):
                table.sort_by(column, reverse=False)
                await asyncio.sleep(0.5)
                self.latencies: list[float] = []
                await self.load_of(
                    f"{rate}/s {order}", lambda s, r=rate: self.churn(s, r), self.options.seconds
                )
                late = sorted(self.latencies)
                self.figures[f"{rate}/s {order} change to paint p99 ms"] = 1000 * late[int(len(late) * 0.99)]
        self.figures["resident MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    async def churn(self, seconds: float, rate: int) -> None:
        """Random changes every 10 ms, one of them in a row on screen: how long until it is painted?"""
        table, rows = self.query_one(VirtualTable), self.options.rows
        end, count, watched = time.perf_counter() + seconds, 0, ""
        since = 0.0
        due = time.perf_counter()
        while (now := time.perf_counter()) < end:
            while due <= now:
                for _ in range(max(1, rate // 100)):
                    count += 1
                    self.world.put(make_pod(random.randrange(rows), restarts=count % 1000))  # type: ignore[arg-type]
                due += 0.01
            on_screen = [look for look in table._painted.values() if look is not None]
            if watched:
                row = table._painter._rows.get(watched)
                seen = row is not None and row.obj is self.world.objects.get(watched)
                shown = any(look.uid == watched and row and look.version == row.version for look in on_screen)
                if (seen and shown) or not any(look.uid == watched for look in on_screen):
                    self.latencies.append(time.perf_counter() - since)
                    watched = ""
            if not watched and on_screen:
                watched = on_screen[len(on_screen) // 2].uid
                self.world.put(make_pod(int(watched[1:]), restarts=count % 1000))  # type: ignore[arg-type]
                since = time.perf_counter()
            table.wake()
            await asyncio.sleep(0.004)

    # What it is held against

    async def measure_datatable(self) -> None:
        table = self.query_one(DataTable)
        table.focus()
        printer, now = PodPrinter(), datetime.now(UTC)
        started = time.perf_counter()
        keys = table.add_columns(*NAMES)
        for uid, pod in self.world.objects.items():
            table.add_row(*printer.cells(pod, now), key=uid)
        self.painted.clear()
        await asyncio.sleep(0)
        await asyncio.wait_for(self.painted.wait(), 60)
        self.figures["first paint ms"] = self.figures["all rows ms"] = 1000 * (time.perf_counter() - started)
        await asyncio.sleep(1)
        await self.keys("page down", "pagedown", 10)
        await self.keys("cursor down", "down", 10)

        async def churn(seconds: float) -> None:
            end, count = time.perf_counter() + seconds, 0
            due = time.perf_counter()
            while (now := time.perf_counter()) < end:
                for _ in range(min(100, int((now - due) * 1_000))):
                    count += 1
                    table.update_cell(f"u{random.randrange(self.options.rows)}", keys[4], str(count))
                    due += 0.001
                await asyncio.sleep(0.004)

        await self.load_of("1000/s by name", churn, self.options.seconds)

    # The line viewer

    async def measure_lines(self) -> None:
        viewer = self.query_one(LogViewer)
        viewer.focus()
        ring: LogBuffer = viewer.model.source  # type: ignore[assignment]
        source = LogSource("shop", "cart-1", "u1", "app")
        texts = [
            f"\x1b[32mINFO\x1b[0m request {n} took {n % 97} ms path=/cart/{n % 13}" for n in range(2_000)
        ]

        def batch(count: int) -> list[LogLine]:
            return [LogLine("2026-01-01T10:00:00.123456789Z", source, text) for text in texts[:count]]

        def flood(rate: int) -> Any:
            async def work(seconds: float) -> None:
                end, due = time.perf_counter() + seconds, time.perf_counter()
                while (now := time.perf_counter()) < end:
                    while due <= now:
                        ring.extend(batch(rate // 100))
                        due += 0.01
                    viewer.wake()
                    await asyncio.sleep(0.002)

            return work

        async def ring_alone(seconds: float) -> None:
            end, due = time.perf_counter() + seconds, time.perf_counter()
            while (now := time.perf_counter()) < end:
                while due <= now:
                    spare.extend(batch(2_000))
                    due += 0.01
                await asyncio.sleep(0.002)

        spare = LogBuffer()
        await self.load_of("the ring alone, 200000/s", ring_alone, self.options.seconds)
        await self.load_of("200000 lines/s", flood(200_000), self.options.seconds)
        await self.load_of("200000 lines/s again", flood(200_000), self.options.seconds)
        self.lags = []
        watcher = asyncio.create_task(self.watch_lag())
        started = time.perf_counter()
        viewer.set_filter("request 19[0-9]+ took 9")
        while not len(viewer.model):
            await asyncio.sleep(0.001)
        self.figures["filter first match ms"] = 1000 * (time.perf_counter() - started)
        while viewer.model.busy:
            await asyncio.sleep(0.001)
        self.figures["filter 200,000 lines ms"] = 1000 * (time.perf_counter() - started)
        self.figures["filter longest stall ms"] = 1000 * max(self.lags)
        watcher.cancel()
        viewer.set_filter("")
        ring.append(LogLine("", source, "x" * 1_000_000))
        viewer.wake()
        await asyncio.sleep(0.3)
        await self.keys("scroll beside a line of 1 MB", "right", 20)
        await self.keys("page up", "pageup", 20)


def run_child(kind: str, options: argparse.Namespace) -> dict[str, float]:
    """Measure one widget in a pty of 160x50."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "figures.json")
        argv = [sys.executable, "-m", "tests.bench.bench_table_widget", "--child", kind, "--out", str(out)]
        argv += ["--rows", str(options.rows), "--seconds", str(options.seconds)]
        with PtyProgram(argv) as program:
            deadline = time.monotonic() + 300
            while not out.exists() and program.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(0.2)
            if not out.exists():
                raise RuntimeError(program.text())
            return json.loads(out.read_text())  # type: ignore[no-any-return]


def main() -> None:
    """Print the figures, and the ratio to DataTable where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--child", default="")
    parser.add_argument("--out", default="")
    parser.add_argument("--only", default="", help="table, datatable or lines")
    options = parser.parse_args()
    if options.child:
        BenchApp(options).run()
        return
    kinds = [options.only] if options.only else ["table", "datatable", "lines"]
    figures = {kind: run_child(kind, options) for kind in kinds}
    beside = figures.get("datatable", {})
    for kind in kinds:
        print(f"\n{kind} ({options.rows:,} rows, 160x50)")
        for name, value in figures[kind].items():
            ratio = f"   DataTable {beside[name]:.1f}" if kind == "table" and name in beside else ""
            print(f"  {name:<48} {value:>10.1f}{ratio}")


if __name__ == "__main__":
    main()
