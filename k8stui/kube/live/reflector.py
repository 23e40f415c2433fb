"""Keeps a sink equal to what the server has: list, watch, resume, and again, without end.

A reflector never gives up and never drops what is held because of a failure: it says how things
stand (`Sink.status`) and tries again. It must know neither the screen nor who reads the sink.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

import msgspec

from k8stui.kube.backoff import Backoff, Clock, SystemClock
from k8stui.kube.codecs import BadData
from k8stui.kube.errors import KubeError
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.listing import PAGE, Listing
from k8stui.kube.live.verdict import Verdict, Wait, judge
from k8stui.kube.live.watching import WatchStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.codecs import Codec
    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.live.listing import Sink

T = TypeVar("T")


class Policy(msgspec.Struct, frozen=True):
    """Times and sizes, in seconds and objects."""

    page_size: int = PAGE
    watch_seconds: tuple[float, float] = (300.0, 600.0)
    """The server is asked to end each watch after a random time in here, so that load spreads."""
    idle_seconds: float = 105.0
    """Silence after which a stream is opened anew; servers send a bookmark about once a minute."""
    healthy_seconds: float = 5.0
    """A watch that lived this long forgives the failures before it."""
    short_watches: int = 3
    """So many watches in a row that end at once are told to the user."""
    bad_lines: int = 3
    """So many unreadable lines in a row, and the list is read again instead of the watch resumed."""
    backoff_seconds: tuple[float, float] = (0.5, 30.0)
    """The longest first wait after a failure, and the longest wait at all."""
    poll_seconds: float = 30.0
    """Between two lists of a kind that cannot be watched."""
    polls_until_watch: int = 10
    """After so many lists of a kind whose watch was refused, watching is tried again."""
    watch_list: bool = False
    """Stream the list through the watch (servers from 1.32). Measured against pages of 500 for 20,000
    pods it takes the same time and CPU here, and brings no total: so it is off unless asked for."""


class Reflector(Generic[T]):
    """Lists and watches one path into one sink. `run` until cancelled."""

    def __init__(
        self,
        connection: Streams,
        path: str,
        codec: Codec[T],
        sink: Sink[T],
        *,
        label_selector: str = "",
        field_selector: str = "",
        watchable: bool = True,
        policy: Policy | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        on_trouble: Callable[[KubeError], None] = lambda error: None,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._path = path
        self._codec = codec
        self._sink = sink
        self._selectors = {
            key: value
            for key, value in (("labelSelector", label_selector), ("fieldSelector", field_selector))
            if value
        }
        self._watchable = watchable
        self._policy = policy or Policy()
        self._clock: Clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        first, last = self._policy.backoff_seconds
        self._backoff = Backoff(self._rng, first=first, last=last)
        self._on_trouble = on_trouble
        self._on_answer = on_answer
        self._watch = WatchStream(connection, path, codec, sink)
        self._listing: Listing[T] | None = None
        self._streams_list = self._policy.watch_list
        self._polls = not watchable
        self._polled = 0
        self._loaded_once = False
        self._short = 0
        self._bad_lines = 0
        self._polling_reason = ""
        self._opened_at = 0.0
        self._relisted_at = float("-inf")
        self._heard_at = 0.0
        self._interrupt: asyncio.Timeout | None = None
        self._interruptible = ""

    async def run(self) -> NoReturn:
        """Keep the sink equal to the server's state until cancelled."""
        while True:
            try:
                await self._step()
            except (KubeError, BadData) as error:
                await self._recover(error)

    def start_over(self) -> None:
        """Forget where it was (not what is held): the next `run` begins with a list."""
        self._watch.version = ""
        self._listing = None

    def retry_now(self) -> None:
        """End a wait that is on: somebody knows or hopes that the server answers again."""
        if self._interruptible == "wait":
            self._cut()

    def check(self, quiet_for: float) -> None:
        """Another request found the server dead: open the watch anew unless it was heard lately.

        `quiet_for` is in seconds. A watch that is opened anew resumes where it was.
        """
        if self._interruptible == "watch" and self._clock.monotonic() - self._heard_at >= quiet_for:
            self._cut()

    def _cut(self) -> None:
        if self._interrupt is not None:
            self._interrupt.reschedule(asyncio.get_running_loop().time())
            self._interruptible = ""

    async def _step(self) -> None:
        """One list if one is needed, then one watch (or one wait between lists)."""
        if not self._watch.version or self._polls:
            if self._streams_list and not self._polls:
                await self._follow(stream_list=True)
                return
            await self._list()
        if self._polls:
            again = self._clock.monotonic() + self._policy.poll_seconds
            self._sink.status(Phase.LIVE, self._polling_reason, next_try=again)
            await self._wait(self._policy.poll_seconds)
            self._polled += 1
            if self._watchable and self._watch.version and self._polled % self._policy.polls_until_watch == 0:
                self._polls = False  # the right to watch may have been given meanwhile
            return
        await self._follow(stream_list=False)

    async def _list(self) -> None:
        if self._listing is None:
            self._listing = Listing(
                self._connection,
                self._path,
                self._selectors,
                self._codec,
                self._sink,
                page_size=self._policy.page_size,
                progress=self._progress,
            )
            self._relisted_at = self._clock.monotonic()
            if not self._loaded_once:
                self._sink.status(Phase.LOADING, loaded=0)
        listing = self._listing
        await listing.run()
        self._listing = None
        self._loaded_once = True
        self._watch.version = listing.version
        self._on_answer()
        if not listing.version:
            self._polls = True  # nothing to watch from

    def _progress(self, loaded: int, total: int | None) -> None:
        if not self._loaded_once:
            self._sink.status(Phase.LOADING, loaded=loaded, total=total)

    async def _follow(self, *, stream_list: bool) -> None:
        """One watch, until it ends or is to be opened anew."""
        self._opened_at = 0.0
        timeout = asyncio.timeout(None)
        self._interrupt, self._interruptible = timeout, "watch"
        self._heard_at = self._clock.monotonic()
        try:
            async with timeout:
                await self._watch.run(
                    self._watch_params(stream_list),
                    idle_timeout=self._policy.idle_seconds,
                    on_open=self._opened,
                    on_heard=self._heard,
                    on_initial=self._initial if stream_list else None,
                )
        except TimeoutError:
            if not timeout.expired():
                raise
            return  # interrupted by `check`
        finally:
            self._interrupt, self._interruptible = None, ""
        await self._ended()

    def _watch_params(self, stream_list: bool) -> dict[str, str]:
        params = {
            **self._selectors,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(self._rng.uniform(*self._policy.watch_seconds))),
        }
        if stream_list:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            params["resourceVersion"] = self._watch.version
        return params

    def _opened(self) -> None:
        """The server has accepted the watch: what is held is what it has."""
        self._opened_at = self._heard_at = self._clock.monotonic()
        if self._watch.initial_done:
            self._sink.status(Phase.LIVE)
        self._on_answer()

    def _heard(self) -> None:
        self._heard_at = self._clock.monotonic()

    def _initial(self) -> None:
        """Progress of a streamed list, and its end."""
        if self._watch.initial_done:
            self._loaded_once = True
            self._sink.status(Phase.LIVE)
        else:
            self._progress(self._watch.loaded, None)

    async def _ended(self) -> None:
        """The server ended the watch, as it does from time to time; one that ends at once may not spin."""
        lived = self._clock.monotonic() - self._opened_at
        if lived >= self._policy.healthy_seconds:
            self._healthy()
            return
        self._short += 1
        delay = self._backoff.next()
        if self._short >= self._policy.short_watches:
            said = f"the server ends each watch at once ({self._short} times in a row)"
            self._sink.status(Phase.STALE, said, next_try=self._clock.monotonic() + delay)
        await self._wait(delay)

    def _healthy(self) -> None:
        self._backoff.reset()
        self._short = self._bad_lines = 0

    async def _recover(self, error: KubeError | BadData) -> None:
        """Take the consequences of an error, then wait as long as it asks for."""
        watching = self._listing is None and bool(self._watch.version)
        if self._opened_at and self._clock.monotonic() - self._opened_at >= self._policy.healthy_seconds:
            self._healthy()
        self._opened_at = 0.0
        verdict = judge(error, watching=watching or self._streams_list)
        self._adjust(error, verdict, watching)
        if isinstance(error, KubeError):
            self._on_trouble(error)
        delay = self._delay(verdict)
        if verdict.poll:
            return
        if delay is None:
            if verdict.phase is not Phase.LIVE and self._loaded_once:
                self._sink.status(verdict.phase, verdict.reason)
            return
        self._sink.status(verdict.phase, verdict.reason, next_try=self._clock.monotonic() + delay)
        await self._wait(delay)

    def _adjust(self, error: KubeError | BadData, verdict: Verdict, watching: bool) -> None:
        """What the next step does differently because of the error."""
        if self._streams_list and not watching:
            code = getattr(error, "code", 0)
            if isinstance(error, BadData) or code in (400, 403, 404, 405, 422, 500):
                self._streams_list = False  # the older way tells what is really wrong
        if isinstance(error, BadData):
            self._listing = None
            self._bad_lines += 1
        if verdict.relist or self._bad_lines >= self._policy.bad_lines:
            self._watch.version = ""
            self._listing = None
            self._bad_lines = 0
        if verdict.poll:
            self._polls = True
            self._polling_reason = verdict.reason and (
                f"{verdict.reason}; listed again every {self._policy.poll_seconds:g} s"
            )

    def _delay(self, verdict: Verdict) -> float | None:
        """Seconds to wait; None for none. A second new list within moments waits like a failure."""
        if verdict.wait is Wait.SLOW:
            return self._backoff.slow()
        if verdict.wait is Wait.NONE:
            soon = self._clock.monotonic() - self._relisted_at < self._policy.healthy_seconds
            return self._backoff.next() if verdict.relist and soon else None
        return self._backoff.next(verdict.at_least)

    async def _wait(self, seconds: float) -> None:
        """Wait on the clock; `retry_now` ends it early."""
        timeout = asyncio.timeout(None)
        self._interrupt, self._interruptible = timeout, "wait"
        try:
            async with timeout:
                await self._clock.sleep(seconds)
        except TimeoutError:
            if not timeout.expired():
                raise
        finally:
            self._interrupt, self._interruptible = None, ""
