"""One health for a context, made of what its requests meet and of a light probe when something fails.

While all is well and something comes nothing is sent. After a silence, or on a failure, the server is
probed, with growing waits, until it answers. This module must never end a session: a dead server is a
state, not an end.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.backoff import Backoff, Clock, nap
from k8stui.kube.errors import ApiError, ConnectionLost, CredentialsError, KubeconfigError, KubeError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable


class Status(Enum):
    """How the server of a context stands."""

    CONNECTING = "connecting"
    """Not yet answered, not yet failed."""
    LIVE = "live"
    STALE = "stale"
    """It answered before; now it does not, or not usefully."""
    DENIED = "denied"
    """It answers, and does not accept these credentials."""
    OFFLINE = "offline"
    """It has never answered in this session."""


class Health(msgspec.Struct, frozen=True, gc=False):
    """The state of a context. `since` and `next_try` are in seconds of the monotonic clock."""

    status: Status = Status.CONNECTING
    since: float = 0.0
    reason: str = ""
    next_try: float | None = None


HEARTBEAT = 6.0
"""Seconds of silence after which the server is asked: a half-open connection says nothing."""


LONGEST_WAIT = 10.0
"""Seconds between two probes of a dead server at most: they are light, and all else waits for their news.
Refused credentials are asked for less often, since that may run a login."""


class HealthMonitor:
    """Watches over one server. `run` until cancelled.

    `quiet` tells for how many seconds nothing at all has come from the server.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        *,
        clock: Clock,
        rng: random.Random,
        on_change: Callable[[], None],
        on_down: Callable[[], None] = lambda: None,
        on_up: Callable[[], None] = lambda: None,
        quiet: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._backoff = Backoff(rng, last=LONGEST_WAIT)
        self._refusals = Backoff(rng)
        self._on_change = on_change
        self._on_down = on_down
        self._on_up = on_up
        self._quiet = quiet
        self._wake = asyncio.Event()
        self._was_live = False
        self.health = Health(since=clock.monotonic())

    async def run(self) -> None:
        """Probe at the start and whenever something failed, until it answers."""
        while True:
            self._wake.clear()
            try:
                await self._probe()
            except KubeError as error:
                if self._is_down(error):
                    await self._down(error)
                    continue
            self.answered()
            self._backoff.reset()
            self._refusals.reset()
            await self._listen()

    async def _listen(self) -> None:
        """Until something failed, or nothing was heard for a while."""
        while not self._wake.is_set():
            left = HEARTBEAT - self._quiet()
            if left <= 0:
                return
            await nap(self._clock, left, self._wake)

    def answered(self) -> None:
        """Something was answered: the server is there."""
        was = self.health.status
        self._was_live = True
        if was is not Status.LIVE:
            self._set(Status.LIVE, "", None)
            self._wake.set()  # a waiting probe may confirm at once
            self._on_up()

    def trouble(self, error: KubeError) -> None:
        """A request failed: find out whether the server is there."""
        if self.health.status is Status.LIVE and self._is_down(error):
            self._wake.set()

    def broke(self, error: KubeError, delay: float) -> None:
        """`run` met a defect of ours, and is started again after `delay` seconds."""
        status = Status.STALE if self._was_live else Status.OFFLINE
        self._set(status, error.sentence(), self._clock.monotonic() + delay)

    def retry_now(self) -> None:
        """End a wait between probes."""
        self._wake.set()

    @staticmethod
    def _is_down(error: KubeError) -> bool:
        """Whether an error says something about the server and not about what was asked of it."""
        if isinstance(error, ApiError):
            # Below 400 something else answered in place of the API server: a portal, a login page.
            return error.code < 400 or error.code in (401, 429) or error.code >= 500
        return isinstance(error, ConnectionLost | CredentialsError | KubeconfigError)

    async def _down(self, error: KubeError) -> None:
        refused = isinstance(error, CredentialsError) or getattr(error, "code", 0) == 401
        backoff = self._refusals if refused else self._backoff
        delay = backoff.next(getattr(error, "retry_after", None))
        status = Status.DENIED if refused else Status.STALE if self._was_live else Status.OFFLINE
        was_live = self.health.status is Status.LIVE
        self._set(status, error.sentence(), self._clock.monotonic() + delay)
        if was_live:
            self._on_down()
        self._wake.clear()
        await nap(self._clock, delay, self._wake)

    def _set(self, status: Status, reason: str, next_try: float | None) -> None:
        old = self.health
        since = old.since if old.status is status else self._clock.monotonic()
        new = Health(status, since, reason, next_try)
        if new != old:
            self.health = new
            self._on_change()
