"""How relations, the containers of a pod and JSONPath results look."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.ui.fakes import FakeBackend, make_app, screen_text, until
from tests.ui.test_relations_view import opened, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

SIZE = (120, 40)
STILL = 0.4
"""Seconds for which a picture has to be the same: a machine with much to do brings hints and rights late."""


async def stands_still(pilot: Pilot[None]) -> None:
    """Until nothing on the screen has changed for a moment, colours included."""
    last: list[Any] = []
    since = time.monotonic()

    def still() -> bool:
        nonlocal last, since
        now = [list(strip) for strip in pilot.app.screen._compositor.render_strips()]
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since >= STILL

    await until(pilot, still, "a picture that stands still")


def shown(*keys: str, line: str = "", shows: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Press keys on a pod, or give a line, and wait for what that shows."""

    async def run(pilot: Pilot[None]) -> None:
        app = await opened(pilot, *keys, shows="pods(all)" if line else shows)
        app.main.header.display = True
        if line:
            await app.navigator.run_line(line)
        await until(pilot, lambda: shows in screen_text(app), shows)
        app.main.count_warnings()  # the clock would do it, sooner or later
        app.main.prompt.input.cursor_blink = False
        await stands_still(pilot)

    return run


def test_relations(snap_compare: Any) -> None:
    app = make_app(FakeBackend(web()), kind="pods")
    assert snap_compare(app, terminal_size=SIZE, run_before=shown("X", shows="does not exist"))


def test_containers(snap_compare: Any) -> None:
    app = make_app(FakeBackend(web()), kind="pods")
    assert snap_compare(app, terminal_size=SIZE, run_before=shown("v", shows="OOMKilled"))


def test_jsonpath(snap_compare: Any) -> None:
    app = make_app(FakeBackend(web()), kind="pods")
    line = r'jsonpath {range .items[*]}{.metadata.name}{"\t"}{.spec.nodeName}{"\n"}{end}'
    assert snap_compare(app, terminal_size=SIZE, run_before=shown(line=line, shows="worker-2"))
