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
from k8stui.kube.logs.gap_fill import GapFill, gap_mark
from k8stui.kube.logs.seen import Seen
from k8stui.kube.logs.types import INFO, LogLine, LogSource

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from k8stui.kube.backoff import Clock

TRIES = 6
"""Tries in a row that may bring nothing."""
IDLE_SECONDS = 60.0
NOTHING: Mapping[str, str] = {}


class LifeReader:
    """Reads one log once. `run` raises KubeError when it cannot be read to its end.

    `start` says of which part of the past (see `start_of`). Where lines were read before, `seen` knows which,
    and only what comes after them is read; `begun` says that they were lines of this very life, so that
    their absence is a gap, which `fill` sees to (what was seen before it, and the line after it).
    """

    def __init__(
        self,
        streams: Any,
        path: str,
        source: LogSource,
        emit: Callable[[Sequence[LogLine]], None],
        *,
        start: Mapping[str, str] = NOTHING,
        previous: bool = False,
        seen: Seen | None = None,
        begun: bool = False,
        errors: str = "replace",
        fill: Callable[[Seen, LogLine], None] | None = None,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._streams = streams
        self._path = path
        self._source = source
        self._emit = emit
        self._start = start
        self._previous = previous
        self._errors = errors
        self._clock = clock
        self._backoff = Backoff(rng)
        self._seen = seen or Seen()
        self._begun = begun
        self._fill_gap = fill
        self.found = False
        """Whether there were lines."""

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
        params = log_params(self._source)
        if self._previous:
            params["previous"] = "true"
        before = None
        if self._seen.since:
            params["sinceTime"] = self._seen.since
            before = self._seen.fork() if self._begun else None
            self._seen.resume()
        else:
            params.update(self._start)
        stream = self._streams.lines(self._path, params=params, idle_timeout=IDLE_SECONDS, keep_tail=True)
        async with aclosing(stream) as batches:
            async for batch in batches:
                lines = fresh_lines(self._seen, batch, self._source, self._errors)
                if lines:
                    if before is not None and self._seen.missed:
                        await self._fill(before, lines[0])
                    before, self._begun, self.found = None, True, True
                    self._backoff.reset()
                    self._emit(lines)
                await asyncio.sleep(0)

    async def _fill(self, before: Seen, after: LogLine) -> None:
        """The lines between what was read and a line after it, or a mark that they are missing."""
        if self._fill_gap is not None:
            self._fill_gap(before, after)
            return
        rotated = self._streams.rotated(after.source)
        if rotated is None:
            self._emit([gap_mark(after.source, before.newest, after.time)])
        else:
            await GapFill(rotated, before, after, self._errors).run(self._emit, self._streams.room)


def log_params(source: LogSource) -> dict[str, str]:
    """To ask for a container's log, with stamps."""
    return {"container": source.container, "timestamps": "true"}


def start_of(tail: int | None, since: str) -> dict[str, str]:
    """To ask for a part of the past; nothing is all of it."""
    found = {"sinceTime": since} if since else {}
    return found if tail is None else found | {"tailLines": str(tail)}


def fresh_lines(seen: Seen, batch: Sequence[bytes], source: LogSource, errors: str) -> list[LogLine]:
    """The lines of a batch that were not read before."""
    # every line of a container has a stamp: others are the kubelet's own words
    return [LogLine(stamp, source, text, "" if stamp else INFO) for stamp, text in seen.take(batch, errors)]


def _may_pass(error: ApiError | ConnectionLost) -> bool:
    return isinstance(error, ConnectionLost) or error.code >= 500 or error.code == 429
