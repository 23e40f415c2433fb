"""A log viewer on 200,000 lines in the terminal it is started in, that measures itself and leaves.

``python -m tests.bench.log_viewer_app FILE`` writes the figures to FILE as JSON: milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from k8stui.kube.logs.buffer import LogBudget, LogBuffer
from k8stui.kube.logs.types import LogLine, LogSource
from k8stui.ui.garbage import Garbage
from k8stui.ui.logs.viewer import LogViewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

LINES = 200_000
FILTERS = ("timed.?out", "level>=error", "!timed !slow", "pod:web-1", "-C3 level>=error timed.*77 ")
FRAMES = [0]
"""Times that the viewer was painted with lines."""
TEXTS = (
    'level=info seq={n} msg="request done" path=/cart/{n} ms={m} trace=4bf92f3577b34da6a3ce929d0e0e4736',
    '{{"level":"warn","msg":"slow query","n":{n},"ms":{m},"sql":"select * from orders where id = {n}"}}',
    "2026-01-31 08:00:00 INFO 재고 확인 {n} done in {m} ms \x1b[32mok\x1b[0m",
    "E0131 08:00:02.000001       1 main.go:7] connection {n} timed out after {m} ms",
)


def filled(long_lines: bool = False) -> LogBuffer:
    """A ring with all sorts of lines; some are a megabyte long."""
    buffer = LogBuffer(LINES, LogBudget(1 << 30))
    sources = [LogSource("shop", f"web-{n}", f"u{n}", "app", f"c{n}") for n in range(60)]
    lines = []
    for n in range(LINES):
        text = TEXTS[n % 4].format(n=n, m=n * 7919 % 3000)
        if long_lines and n % 20_000 == 7:
            text = "long " + "0123456789 한글 " * 75_000
        stamp = f"2026-01-31T{n // 36000:02}:{n // 600 % 60:02}:{n // 10 % 60:02}.{n % 10}00000000Z"
        lines.append(LogLine(stamp, sources[n % 60], text))
    buffer.extend(lines)
    return buffer


class Bench(App[None]):
    """Filters, searches and scrolls by itself."""

    CSS_PATH = str(Path(__file__).parents[2] / "k8stui/ui/styles/widgets.tcss")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._garbage = Garbage()  # as the program looks for garbage: a search among all imports takes 30 ms
        self._garbage.starting()
        self.found: dict[str, float] = {}
        self.lags: list[float] = []

    def compose(self) -> ComposeResult:
        yield LogViewer(filled())

    @property
    def viewer(self) -> LogViewer:
        return self.query_one(LogViewer)

    def on_mount(self) -> None:
        self.run_worker(self._sample())
        self.run_worker(self._measure())

    async def _sample(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.lags.append((time.perf_counter() - before - 0.005) * 1000)

    async def _until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            await asyncio.sleep(0.0005)

    async def _timed(
        self, name: str, act: Callable[[], Any], first: Callable[[], Any], done: Callable[[], Any]
    ) -> None:
        await asyncio.sleep(0.5)
        self.lags.clear()
        FRAMES[0] = 0
        began = time.perf_counter()
        act()
        await self._until(lambda: first() and FRAMES[0] > 0)
        self.found[f"{name}: first on screen"] = (time.perf_counter() - began) * 1000
        await self._until(done)
        self.found[f"{name}: all"] = (time.perf_counter() - began) * 1000
        await asyncio.sleep(0.05)
        self.found[f"{name}: longest stall"] = max(self.lags)

    async def _measure(self) -> None:
        viewer = self.viewer
        paint = LogViewer.render_lines

        def render_lines(self: LogViewer, crop: Any) -> Any:
            strips = paint(self, crop)
            FRAMES[0] += bool(len(self.model))
            return strips

        LogViewer.render_lines = render_lines  # type: ignore[assignment, method-assign]
        FRAMES[0] = 0
        await self._until(lambda: viewer.is_attached and viewer.size)
        await asyncio.sleep(0.5)
        self._garbage.first_frame()
        shown = viewer.model.__len__

        def settled() -> bool:
            return not viewer.model.busy

        for text in FILTERS:
            await self._timed(f"filter {text}", partial(viewer.set_filter, text), shown, settled)
            viewer.set_filter("")
        await self._timed(
            "search path=/cart/.*4 ",
            lambda: viewer.search("path=/cart/[0-9]*4 "),
            lambda: viewer.finder.found is not None,
            lambda: not viewer.finder.running,
        )
        viewer.search("")
        began = time.perf_counter()
        viewer.set_folds(traces=True, repeats=True)
        await self._until(settled)
        self.found["fold traces and repeats"] = (time.perf_counter() - began) * 1000
        viewer.set_folds(traces=False, repeats=False)
        await self._scroll("scroll", wrap=False)
        await self._scroll("scroll wrapped", wrap=True)
        viewer.set_source(filled(long_lines=True))
        await self._scroll("scroll by 1 MB lines", wrap=False)
        await self._scroll("scroll by 1 MB lines, wrapped", wrap=True)
        await self._scroll("scroll by 1 MB lines, to the right", wrap=False, right=True)
        self._path.write_text(json.dumps(self.found))
        self.exit()

    async def _scroll(self, name: str, *, wrap: bool, right: bool = False) -> None:
        """Jump all over the lines; `right`: and to the right, as far as the longest go."""
        viewer = self.viewer
        times, work = [], []
        viewer.set_wrap(wrap)
        viewer.set_following(False)
        await asyncio.sleep(0.5)
        for step in range(120):
            place = (step * 7_919 % LINES) if step % 3 else (step * 20_000 + 5) % LINES
            began, worked = time.perf_counter(), time.process_time()
            FRAMES[0] = 0
            viewer.scrolled_to(place)
            if right:
                viewer.jump(x=step * 7_000)
            await self._until(lambda: FRAMES[0])
            times.append((time.perf_counter() - began) * 1000)
            work.append((time.process_time() - worked) * 1000)
        for figure, values in (("frame", times), ("work of a frame", work)):
            values.sort()
            self.found[f"{name}: {figure} p50"] = values[60]
            self.found[f"{name}: {figure} p95"] = values[114]


if __name__ == "__main__":
    Bench(Path(sys.argv[1])).run()
