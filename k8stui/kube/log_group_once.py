"""One life of a container, read from its first line to its last, without following it.

A broken answer is asked for again from where it broke. Lines go out as they come, so that a log of any size
takes little memory.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from k8stui.kube.backoff import Backoff
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.log_follow import missing
from k8stui.kube.log_seen import Seen
from k8stui.kube.log_types import GAP, INFO, LogLine, LogSource

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from k8stui.kube.backoff import Clock

TRIES = 6
"""Tries in a row that may bring nothing."""
IDLE_SECONDS = 60.0


class LifeReader:
    """Reads one log once. `run` raises KubeError when it cannot be read to its end."""

    def __init__(
        self,
        streams: Any,
        path: str,
        source: LogSource,
        emit: Callable[[Sequence[LogLine]], None],
        *,
        tail: int | None,
        previous: bool = False,
        errors: str = "replace",
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._streams = streams
        self._path = path
        self._source = source
        self._emit = emit
        self._tail = tail
        self._previous = previous
        self._errors = errors
        self._clock = clock
        self._backoff = Backoff(rng)
        self._seen = Seen()

    async def run(self) -> None:
        """Read it all."""
        while True:
            try:
                await self._once()
            except (ApiError, ConnectionLost) as error:
                if not _may_pass(error) or self._backoff.failures >= TRIES:
                    raise
                await self._clock.sleep(self._backoff.next(error.retry_after))
            else:
                return

    async def _once(self) -> None:
        params = {"container": self._source.container, "timestamps": "true"}
        if self._previous:
            params["previous"] = "true"
        if self._seen.since:
            params["sinceTime"] = self._seen.since
            self._seen.resume()
        elif self._tail is not None:
            params["tailLines"] = str(self._tail)
        stream = self._streams.lines(self._path, params=params, idle_timeout=IDLE_SECONDS, keep_tail=True)
        resumed = bool(self._seen.since)
        async with aclosing(stream) as batches:
            async for batch in batches:
                lines = self._fresh(batch)
                if lines and resumed and self._seen.missed:
                    said = f"{self._source.container}: {missing(self._seen.newest, lines[0].time)}"
                    lines.insert(0, LogLine("", self._source, said, GAP))
                resumed = resumed and not lines
                if lines:
                    self._backoff.reset()
                    self._emit(lines)
                await asyncio.sleep(0)

    def _fresh(self, batch: Sequence[bytes]) -> list[LogLine]:
        source = self._source
        # every line of a container has a stamp: others are the kubelet's own words
        return [
            LogLine(stamp, source, text, "" if stamp else INFO)
            for stamp, text in self._seen.take(batch, self._errors)
        ]


def _may_pass(error: ApiError | ConnectionLost) -> bool:
    return isinstance(error, ConnectionLost) or error.code >= 500 or error.code == 429
