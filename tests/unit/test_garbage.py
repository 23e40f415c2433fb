"""When Python looks for garbage: the collector's real state, put back as it was after each test."""

from __future__ import annotations

import gc
import time
import weakref
from typing import TYPE_CHECKING

import pytest

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
    once = gc.get_freeze_count()
    assert once > frozen
    more = [Node() for _ in range(50)]
    now[0] += 10
    collector.look(live=True)
    assert gc.get_freeze_count() <= once, "once for each cluster: later garbage is found as ever"
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
