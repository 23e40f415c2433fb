"""A silent server is asked whether it is still there; one that talks is left alone."""

from __future__ import annotations

import asyncio
import random

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost, KubeError
from k8stui.kube.health import HEARTBEAT, LONGEST_WAIT, HealthMonitor, Status
from tests.unit.fakes_connection import FakeClock


class Server:
    """Counts probes; answers them while `alive`."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.alive, self.probes, self.heard = clock, True, 0, clock.now
        self.monitor = HealthMonitor(
            self.probe,
            clock=clock,
            rng=random.Random(1),
            on_change=lambda: None,
            quiet=lambda: clock.now - self.heard,
        )

    async def probe(self) -> None:
        self.probes += 1
        if not self.alive:
            raise ConnectionLost("nothing came back")
        self.heard = self.clock.now


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_server_that_falls_silent_is_found_out() -> None:
    clock = FakeClock(auto=False)
    server = Server(clock)
    task = asyncio.create_task(server.monitor.run())
    await settle()
    assert server.monitor.health.status is Status.LIVE
    server.alive = False
    await clock.advance(HEARTBEAT)
    await settle()
    assert server.monitor.health.status is Status.STALE
    server.alive = True
    await clock.advance(60)
    await settle()
    assert server.monitor.health.status is Status.LIVE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [(ConnectionLost("refused"), 5, LONGEST_WAIT), (ApiError(401, "Unauthorized", "no"), 15, 30)],
)
async def test_a_server_that_comes_back_after_hours_is_found_in_seconds(
    error: KubeError, least: float, most: float
) -> None:
    clock = FakeClock()

    async def probe() -> None:
        if len(clock.slept) >= 200:
            raise asyncio.CancelledError
        raise error

    monitor = HealthMonitor(probe, clock=clock, rng=random.Random(1), on_change=lambda: None)
    await asyncio.gather(monitor.run(), return_exceptions=True)
    assert least < max(clock.slept) <= most
    assert monitor.health.status is not Status.LIVE


async def test_a_server_that_talks_is_not_asked() -> None:
    clock = FakeClock(auto=False)
    server = Server(clock)
    task = asyncio.create_task(server.monitor.run())
    await settle()
    asked = server.probes
    for _ in range(5):
        server.heard = clock.now + HEARTBEAT - 1
        await clock.advance(HEARTBEAT)
        await settle()
    assert server.probes == asked
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
