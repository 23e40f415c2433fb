"""One watch: lines into batches of last states, applied in slices with a time budget.

A batch advances the version that a next watch starts from, whatever happens after it: what was
applied is never asked for again, and what was not is never skipped. This module must never
list, wait or try again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, TypeVar

from k8stui.kube.codecs import BadData
from k8stui.kube.live.collection import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from k8stui.kube.codecs import Codec, Event
    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.live.listing import Sink

T = TypeVar("T")

SLICE = 0.006
"""Seconds of decoding after which a batch is applied and the event loop gets a turn."""


class WatchStream(Generic[T]):
    """Reads watches into a sink and keeps the version to resume from."""

    def __init__(self, connection: Streams, path: str, codec: Codec[T], sink: Sink[T]) -> None:
        self._connection = connection
        self._path = path
        self._codec = codec
        self._sink = sink
        self.version = ""
        """The last version that was applied."""
        self.received = 0
        """Events of the current watch."""
        self.loaded = 0
        """Objects that the initial events of a streamed list have brought so far."""
        self._initial = False
        self._turn = 0.0
        self._upserts: dict[str, T] = {}
        self._removed: set[str] = set()

    async def run(
        self,
        params: Mapping[str, str],
        *,
        idle_timeout: float,
        on_open: Callable[[], None],
        on_heard: Callable[[], None] = lambda: None,
        on_initial: Callable[[], None] | None = None,
    ) -> None:
        """Watch until the server ends the stream. Raises KubeError or BadData.

        With `on_initial` the stream begins with all objects there are (`sendInitialEvents`);
        it is called at each slice until they are complete, and once then.
        """
        self.received = self.loaded = 0
        self._initial = on_initial is not None
        if self._initial:
            self._sink.begin()
        stream = self._connection.lines(
            self._path,
            params={**params, **self._codec.params},
            accept=self._codec.accept,
            idle_timeout=idle_timeout,
            on_open=on_open,
        )
        async with aclosing(stream) as batches:
            async for lines in batches:
                on_heard()
                await self._take(lines, on_initial)
        if self._initial:
            raise BadData("the server ended a streamed list before it was complete")

    async def _take(self, lines: list[bytes], on_initial: Callable[[], None] | None) -> None:
        decode = self._codec.event
        version = self.version
        deadline = time.perf_counter() + SLICE
        try:
            for count, line in enumerate(lines, 1):
                if not line:
                    continue
                event = decode(line)
                if event.error is not None:
                    raise event.error
                if event.columns:
                    self._sink.columns(event.columns)
                self._add(event)
                version = event.version or version
                if event.ends_initial and self._initial:
                    self._complete(version)
                    if on_initial is not None:
                        on_initial()
                if count % 8 == 0 and time.perf_counter() > deadline:
                    self._flush(version)
                    if on_initial is not None and self._initial:
                        on_initial()
                    await asyncio.sleep(0)
                    deadline = time.perf_counter() + SLICE
        finally:
            self._flush(version)
        if on_initial is not None and self._initial:
            on_initial()
        await self._yield_turn()

    async def _yield_turn(self) -> None:
        """A stream that always has more to read must not keep the loop to itself."""
        if time.perf_counter() - self._turn > SLICE:
            await asyncio.sleep(0)
            self._turn = time.perf_counter()

    def _add(self, event: Event[T]) -> None:
        self.received += 1
        if event.type == "DELETED":
            for obj in event.objects:
                key = identity(obj)
                self._upserts.pop(key, None)
                self._removed.add(key)
            return
        for obj in event.objects:
            key = identity(obj)
            self._removed.discard(key)
            self._upserts[key] = obj

    def _complete(self, version: str) -> None:
        self._flush(version)
        self.version = version
        self._initial = False
        self._sink.finish()

    @property
    def initial_done(self) -> bool:
        """Whether the initial events are complete (or none were asked for)."""
        return not self._initial

    def _flush(self, version: str) -> None:
        """Apply what was gathered, and only then move the version."""
        upserts, self._upserts = self._upserts, {}
        removed, self._removed = self._removed, set()
        if self._initial:
            self.loaded += len(upserts)
            if removed:
                self._sink.events((), removed)
            if upserts:
                self._sink.page(tuple(upserts.values()))
            return  # half a list is nothing to resume from
        if upserts or removed:
            self._sink.events(tuple(upserts.values()), removed)
        self.version = version
