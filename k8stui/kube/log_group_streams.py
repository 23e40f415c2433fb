"""The log requests of one container, within a group: its place in the pool, its start, its flow.

Between a connection and who reads a container's log: a stream waits for its place and for room where its
lines go; one that follows ends in good order when its place is recalled, since its reader resumes it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from k8stui.kube.log_group_merge import Lane
    from k8stui.kube.log_pool import Place, StreamPool

SLICE = 1_000
"""Lines that are taken in at once: a large chunk must not keep the event loop to itself."""
HUSH_SECONDS = 10.0
HUSH_GAPS = 20
"""A stream that falls silent is doubted after so many times the usual time between its lines."""


class Hush:
    """How long a log may be silent before its stream is opened anew.

    Kubelets lose sight of a log that they rotate in the wrong moment: the stream stays open, and nothing
    comes any more. What wrote steadily and falls silent is asked for again, twice as late each time.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._gap = 0.0
        self.seconds: float | None = None
        """None: nothing is known yet."""

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


class PooledStreams:
    """Looks like a connection to who follows a container."""

    def __init__(self, connection: Any, pool: StreamPool, key: str, lane: Lane) -> None:
        self._connection = connection
        self._pool = pool
        self._key = key
        self._lane = lane
        self._hush = Hush()

    def heard(self) -> None:
        """What came were new lines."""
        self._hush.heard(asyncio.get_running_loop().time())

    async def lines(
        self,
        path: str,
        *,
        params: Any,
        accept: str = "*/*",
        idle_timeout: float | None = None,
        on_open: Callable[[], None] = lambda: None,
        keep_tail: bool = False,
    ) -> AsyncIterator[list[bytes]]:
        """As `Connection.lines`, when its turn has come."""
        lane = self._lane
        follows = params.get("follow") == "true"
        if self._pool.open >= self._pool.limit:
            lane.pause()  # nobody waits for who waits
        place = await self._pool.acquire(self._key)
        try:
            lane.reading(is_open=False)

            def opened() -> None:
                # what is read to its end has a past until then, however slow it comes
                lane.reading(is_open=follows)
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
        finally:
            lane.pause()
            place.release()


async def _in_turn(
    batches: AsyncIterator[list[bytes]], place: Place, hush: Hush
) -> AsyncIterator[list[bytes]]:
    """The batches until the stream ends or its place is recalled. Raises ConnectionLost in doubt."""
    while not place.recalled:
        try:
            async with asyncio.timeout(hush.seconds) as limit:
                place.on_recall = lambda limit=limit: _end(limit)
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
        yield batch


def _end(limit: asyncio.Timeout) -> None:
    limit.reschedule(asyncio.get_running_loop().time())
