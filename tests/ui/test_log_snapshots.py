"""How a log looks: each display mode, an opened line, folding, a filter with context, the rate over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.types import GAP, RESTART, LogLine, LogSource
from k8stui.ui.logs.painter import Mode, Times
from k8stui.ui.views.logs import LogsView
from tests.ui.fakes import make_app, screen_text, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

SOURCES = [
    LogSource("shop", "storefront-5d8475966d-x4qsd", "u1", "web", "c1"),
    LogSource("shop", "orders-688fd69458-wm7m9", "u2", "orders", "c2"),
    LogSource("shop", "catalog-db-0", "u3", "db", "c3"),
]
TEXTS = (
    '10.0.0.7 - - [31/Jan/2026:08:00:00 +0000] "GET /cart HTTP/1.1" 200 5120 "-" "curl/8.5"',
    '{"level":"info","msg":"order placed","order":88412,"ms":31,"customer":"김하늘"}',
    "2026-01-31 08:00:02 UTC [125] LOG:  checkpoint complete: wrote 31 buffers",
    '10.0.0.9 - - [31/Jan/2026:08:00:03 +0000] "POST /pay HTTP/1.1" 502 0 "-" "MoaApp/7.2"',
    'level=warn msg="slow query" ms=1204 table=orders',
    'E0131 08:00:05.000001       1 reconciler.go:77] "Sync failed" err="timeout" key="shop/web"',
    "java.lang.IllegalStateException: 재고가 없습니다",
    "\tat e.moa.orders.Stock.take(Stock.java:71)",
    "\tat e.moa.orders.Service.place(Service.java:18)",
    "Caused by: e.moa.db.Timeout: 3 s",
    "\x1b[32mINFO\x1b[0m \x1b[1mready\x1b[0m to serve",
    "retrying in 5 s",
    "retrying in 5 s",
    "retrying in 5 s",
    "debug: cache [/bold] refreshed",
)


def filled() -> LogBuffer:
    buffer, lines = LogBuffer(), []
    owner = (0, 1, 2, 0, 1, 1, 1, 1, 1, 1, 0, 2, 2, 2, 0)
    for turn in range(12):
        for number, text in enumerate(TEXTS):
            second = turn * 15 + number
            stamp = f"2026-01-31T08:{second // 60:02}:{second % 60:02}.{number * 37 % 1000:03}000000Z"
            lines.append(LogLine(stamp, SOURCES[owner[number]], text))
        if turn == 10:
            lines.append(LogLine(stamp, SOURCES[1], "orders restarted (exit code 1, Error)", RESTART))
            lines.append(LogLine(stamp, SOURCES[2], "db: lines may be missing", GAP))
    buffer.extend(lines)
    return buffer


def shown(act: Callable[[LogsView], Any], expected: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        app: Any = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app), "pods")
        await until(pilot, lambda: app.main.place().objects, "a row")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.main.place().view, LogsView), "the log")
        view = app.main.place().view
        await until(pilot, lambda: view.reading is not None and view.reading.statuses, "its streams")
        view._stop()
        view.viewer.set_source(filled())
        view.viewer.set_sources(True)
        view.viewer.painter.source_label = lambda source: f"{source.pod} {source.container}"
        view.viewer.set_following(True)
        act(view)
        await until(pilot, lambda: expected in screen_text(app), expected)
        view._say_around()
        await until(pilot, lambda: not view.viewer.finder.running, "all matches")
        app.main.workspace.refresh_titles()
        app.main.refresh_hints()  # by itself in a second: nothing is read any more, and there are lines
        await pilot.pause(0.3)
        app.main.workspace.refresh_titles()
        await pilot.pause(0.1)

    return run


def mode(which: Mode, *columns: str) -> Callable[[LogsView], Any]:
    return lambda view: view.viewer.set_mode(which, columns)


def opened(view: LogsView) -> None:
    view.viewer.put_cursor(view.viewer.model.source.end - 14)
    view.viewer.action_open()


def folded(view: LogsView) -> None:
    view.viewer.set_folds(traces=True, repeats=True)


def found(view: LogsView) -> None:
    view.set_filter("-C1 level>=warn !slow")
    view.viewer.toggle_highlight("moa")
    view.find("stock")


def rated(view: LogsView) -> None:
    view.toggle_histogram()
    view.viewer.set_times(Times.UTC)


@pytest.mark.parametrize(
    ("name", "act", "expected"),
    [
        ("raw", mode(Mode.RAW), "checkpoint"),
        ("message", mode(Mode.MESSAGE), "order placed"),
        ("table", mode(Mode.TABLE, "status", "ms", "client"), "STATUS"),
        ("opened", opened, '"order": 88412'),
        ("folded", folded, "3 more lines"),
        ("filtered", found, "stock"),
        ("rate", rated, "errors in all"),
    ],
    ids=["raw", "message", "table", "opened", "folded", "filtered", "rate"],
)
def test_a_log(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, name: str, act: Any, expected: str
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    app = make_app(kind="pods")
    assert snap_compare(app, terminal_size=(120, 40), run_before=shown(act, expected))
