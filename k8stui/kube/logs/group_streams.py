"""The log requests of one container, within a group: its place in the pool, its start, its flow.

Between a connection and who reads a container's log: a stream waits for its place and for room where its
lines go; one that follows ends in good order when its place is recalled, since its reader resumes it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ConnectionLost
from k8stui.kube.logs.rotated import RotatedLog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.logs.group_merge import Lane
    from k8stui.kube.logs.pool import Place, Ration, Share
    from k8stui.kube.logs.types import LogSource

SLICE = 1_000
"""Lines that are taken in at once: a large chunk must not keep the event loop to itself."""
ASK_SECONDS = 15.0
HUSH_SECONDS = 10.0
HUSH_GAPS = 20
"""A stream that falls silent is doubted after so many times the usual time between its lines."""


class Hush:
    """How long a log may be silent before its stream is opened anew.

    Kubelets lose sight of a log that they rotate in the wrong moment: the stream stays open, and nothing
    comes any more. What wrote steadily and falls silent is asked for again, twice as late each time. It is
    looked at by one slow timer: thousands of batches a second need not set one each.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._gap = 0.0
        self.seconds: float | None = None
        """None: nothing is known yet."""
        self._limit: asyncio.Timeout | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def heard(self, now: float) -> None:
        """Lines came that are new."""
        if self._last:
            self._gap += (now - self._last - self._gap) / 8
            self.seconds = max(HUSH_SECONDS, HUSH_GAPS * self._gap)
        self._last = now

    def doubt(self) -> None:
        """It was silent for so long."""
        if self.seconds is not None:
            self.seconds *= 2

    def waits(self, limit: asyncio.Timeout | None) -> None:
        """Its reader waits for lines, under a limit that ends when it is silent too long; None: no more."""
        self._limit = limit
        if limit is not None and self.seconds is not None:
            loop = asyncio.get_running_loop()
            self._since = loop.time()
            if self._timer is None:
                self._timer = loop.call_later(self.seconds, self._look)

    def close(self) -> None:
        """The stream is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._limit is None or self.seconds is None:
            return  # what is being taken in is not waited for
        loop = asyncio.get_running_loop()
        due = self._since + self.seconds
        if due <= loop.time():
            _end(self._limit)
        else:
            self._timer = loop.call_at(due, self._look)


class PooledStreams:
    """What the reader of a container asks for its log, in place of a connection."""

    def __init__(self, connection: Streams, pool: Share, key: str, lane: Lane) -> None:
        self._connection = connection
        self._pool = pool
        self._key = key
        self._lane = lane
        self._hush = Hush()
        self.ended = False
        """Whether the server itself has ended the last stream that followed."""
        self.was_recalled = False
        """Whether the pool wanted the place of the last stream back."""

    async def ask(self, path: str, params: Mapping[str, str]) -> list[bytes]:
        """A short answer of a log, without a place of the pool: its lines. Raises KubeError."""
        response = await self._connection.request(
            "GET", path, params=params, accept="*/*", timeout=ASK_SECONDS
        )
        body: bytes = response.body
        return body.removesuffix(b"\n").split(b"\n") if body else []

    def heard(self) -> None:
        """What came were new lines."""
        self._hush.heard(asyncio.get_running_loop().time())

    def rotated(self, source: LogSource) -> RotatedLog | None:
        """What the kubelet has rotated away of a log; None where it is not known on which node that is."""
        return RotatedLog(self._connection, source) if source.node else None

    @property
    def held(self) -> Ration:
        """How much may wait for gaps, of all logs."""
        return self._pool.pool.held

    @property
    def remembered(self) -> Ration:
        """How many lines may be remembered, of all logs."""
        return self._pool.pool.remembered

    @property
    def looks(self) -> asyncio.Semaphore:
        """Whose turn it is to look at files of nodes."""
        return self._pool.pool.looks

    def catching_up(self) -> None:
        """The past is being read beside the stream."""
        self._lane.reading(is_open=True)

    async def room(self) -> None:
        """Wait until there is room where the lines go."""
        await self._lane.room()

    async def lines(
        self,
        path: str,
        *,
        params: Any,
        accept: str = "*/*",
        idle_timeout: float | None = None,
        on_open: Callable[[], None] = lambda: None,
        keep_tail: bool = False,
    ) -> AsyncGenerator[list[bytes], None]:
        """As `Connection.lines`, when its turn has come."""
        lane = self._lane
        follows = params.get("follow") == "true"
        if self._pool.is_full:
            lane.pause()  # nobody waits for who waits
        place = await self._pool.acquire(self._key)
        try:
            lane.reading(is_open=False)

            def opened() -> None:
                # what is read to its end has a past until then, however slow it comes
                lane.reading(is_open=follows)
                self.ended = self.ended and not follows
                on_open()

            stream = self._connection.lines(
                path,
                params=params,
                accept=accept,
                idle_timeout=idle_timeout,
                on_open=opened,
                keep_tail=keep_tail,
            )
            async with aclosing(stream) as batches:
                async for batch in _in_turn(batches, place, self._hush) if follows else batches:
                    for start in range(0, len(batch), SLICE):
                        yield batch[start : start + SLICE] if len(batch) > SLICE else batch
                        await lane.room()
            self.ended = self.ended or (follows and not place.recalled)
        finally:
            self.was_recalled = place.recalled
            lane.pause()
            place.release()


async def _in_turn(
    batches: AsyncIterator[list[bytes]], place: Place, hush: Hush
) -> AsyncGenerator[list[bytes], None]:
    """The batches until the stream ends or its place is recalled. Raises ConnectionLost in doubt."""
    try:
        while not place.recalled:
            try:
                async with asyncio.timeout(None) as limit:
                    place.on_recall = lambda limit=limit: _end(limit)
                    hush.waits(limit)
                    batch = await anext(batches)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if place.recalled:
                    return
                hush.doubt()
                raise ConnectionLost("the log stream fell silent", kind="idle") from None
            finally:
                place.on_recall = None
                hush.waits(None)
            yield batch
    finally:
        hush.close()


def _end(limit: asyncio.Timeout) -> None:
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time())
