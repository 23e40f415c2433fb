"""The log requests of one container, within a group: its place in the pool, its start, its flow.

Between a connection and who reads a container's log: a stream waits for its place and for room where its
lines go, begins at the group's `since`, and ends in good order when its place is recalled.
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


class PooledStreams:
    """Looks like a connection to who follows a container."""

    def __init__(
        self, connection: Any, pool: StreamPool, key: str, lane: Lane, *, since: str = "", recall: bool = True
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._key = key
        self._lane = lane
        self._since = since
        self._recall = recall

    async def request(self, method: str, path: str, *, params: Any = None, timeout: float = 30.0) -> Any:
        """As `Connection.request`; logs begin at the group's `since` at the earliest."""
        return await self._connection.request(method, path, params=self._begun(params), timeout=timeout)

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
        if self._pool.open >= self._pool.limit:
            lane.pause()  # nobody waits for who waits
        place = await self._pool.acquire(self._key)
        try:
            lane.reading(is_open=False)

            def opened() -> None:
                # what is read to its end has a past until then, however slow it comes
                lane.reading(is_open=self._recall)
                on_open()

            stream = self._connection.lines(
                path,
                params=self._begun(params),
                accept=accept,
                idle_timeout=idle_timeout,
                on_open=opened,
                keep_tail=keep_tail,
            )
            async with aclosing(stream) as batches:
                async for batch in self._in_turn(batches, place):
                    for start in range(0, len(batch), SLICE):
                        yield batch[start : start + SLICE] if len(batch) > SLICE else batch
                        await lane.room()
        finally:
            lane.pause()
            place.release()

    async def _in_turn(self, batches: AsyncIterator[list[bytes]], place: Place) -> AsyncIterator[list[bytes]]:
        """The batches until the stream ends or its place is recalled."""
        while not (place.recalled and self._recall):
            try:
                async with asyncio.timeout(None) as limit:
                    if self._recall:
                        place.on_recall = lambda limit=limit: _end(limit)
                    batch = await anext(batches)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if place.recalled:
                    return
                raise ConnectionLost("the log stream timed out", kind="idle") from None
            finally:
                place.on_recall = None
            yield batch

    def _begun(self, params: Any) -> Any:
        if self._since and params is not None and "sinceTime" not in params:
            return {**params, "sinceTime": self._since}
        return params


def _end(limit: asyncio.Timeout) -> None:
    limit.reschedule(asyncio.get_running_loop().time())
