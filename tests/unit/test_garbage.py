"""When Python looks for garbage: the collector's real state, put back as it was after each test."""

from __future__ import annotations

import gc
import time
import weakref
from typing import TYPE_CHECKING

import pytest
from textual.app import App
from textual.widgets import Static, TextArea

from k8stui.ui import garbage
from k8stui.ui.garbage import Garbage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.set_threshold(*thresholds)
    gc.freeze()
    if not enabled:
        gc.disable()


class Node:
    """Something in a cycle with itself."""

    def __init__(self) -> None:
        self.me = self


def test_nothing_is_searched_before_the_first_frame_and_little_after() -> None:
    collector = Garbage()
    collector.starting()
    assert not gc.isenabled()
    collector.first_frame()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000, "what was imported is set aside"


def test_what_lives_is_set_aside_when_rows_are_live_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Garbage()
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    frozen = gc.get_freeze_count()
    collector.look(live=False)
    now[0] += 10
    collector.look(live=True)
    assert gc.get_freeze_count() == frozen, "live only just now"
    now[0] += garbage.SETTLED
    collector.look(live=True)
    assert gc.get_freeze_count() > frozen


class Rig:
    """A collector that has live rows, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(gc, "get_count", lambda: (0, 0, garbage.WORTH_IT))
        self.collector = Garbage()
        self.collector.look(live=True)
        self.after(garbage.SETTLED)

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.collector.look(live=True)


def test_a_large_search_waits_until_the_user_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch)
    node = Node()
    seen = weakref.ref(node)
    del node
    for _ in range(5):
        rig.collector.touched()
        rig.after(garbage.REST / 2)
    assert seen() is not None
    more = Node()
    rig.after(garbage.REST)
    assert seen() is None
    searched = {id(each) for each in gc.get_objects()}
    assert id(more) not in searched, "the next search does not go through what stays"


def test_what_was_set_aside_and_left_is_found_when_the_user_rests_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(monkeypatch)
    node = Node()
    seen = weakref.ref(node)
    rig.after(garbage.REST)
    del node
    rig.after(garbage.REST)
    assert seen() is not None, "it is set aside"
    rig.collector.touched()
    rig.after(garbage.EVERYTHING_SECONDS)
    assert seen() is None


def test_a_short_rest_with_little_to_find_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, garbage.WORTH_IT - 1))
    frozen = gc.get_freeze_count()
    more = [Node() for _ in range(50)]
    rig.after(garbage.REST)
    assert gc.get_freeze_count() <= frozen
    del more


def test_the_first_live_rows_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    collector = Garbage(on_live=lambda: told.append(True))
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    for live in (False, True, False, True):
        collector.look(live=live)
    assert told == [True]


def test_a_cluster_that_was_left_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Garbage()
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    cluster = Node()
    seen = weakref.ref(cluster)
    for _ in range(2):
        collector.look(live=True)
        now[0] += garbage.SETTLED
    del cluster
    gc.collect()
    assert seen() is not None, "what is set aside is not searched"
    collector.thaw()
    for _ in range(2):
        collector.look(live=True)
        now[0] += garbage.SETTLED
    assert seen() is None


@pytest.mark.parametrize("kind", [Static, TextArea])
async def test_a_closed_widget_and_its_lines_are_let_go(
    kind: type[Static | TextArea], monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Garbage()
    now = [time.monotonic()]
    app: App[None] = App()
    collector.app = app
    async with app.run_test() as pilot:
        closed = kind("closed soon")
        await app.mount(closed)
        await pilot.pause()
        widget, lines = weakref.ref(closed), weakref.ref(closed._styles_cache)
        await closed.remove()
        del closed
        await app.mount(Static("in its place"))
        await pilot.pause()
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        for _ in range(int(garbage.CLOSED_SECONDS) + 1):
            now[0] += 1
            collector.look(live=False)
        gc.collect()
        assert widget() is lines() is None
