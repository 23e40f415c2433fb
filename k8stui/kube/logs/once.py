"""One life of a container, read from its first line to its last, without following it.

A broken answer is asked for again from where it broke. Lines go out as they come, so that a log of any size
takes little memory.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from k8stui.kube.backoff import Backoff
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.logs.cri_lines import PART_UNIT, whole_line
from k8stui.kube.logs.gap_fill import GapFill, cut_mark
from k8stui.kube.logs.seen import Seen
from k8stui.kube.logs.types import INFO, LogLine, LogSource

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.group_streams import PooledStreams

    Missed = Callable[[Seen, LogLine], Awaitable[bool]]

TRIES = 6
"""Tries in a row that may bring nothing."""
IDLE_SECONDS = 60.0
LOOK_BYTES = 256 * 1024
"""So much of a log is looked at for lines that are known."""
NOTHING: Mapping[str, str] = {}


class LifeReader:
    """Reads one log once. `run` raises KubeError when it cannot be read to its end.

    `start` says of which part of the past (see `start_of`). Where lines were read before, `seen` knows which,
    and only what comes after them is read; `begun` says that they were lines of this very life, so that
    their absence is a gap. `missed` sees to it, or answers that the lines are of another life: then nothing
    of them is taken, and `is_other` is set.
    """

    def __init__(
        self,
        streams: PooledStreams,
        path: str,
        source: LogSource,
        emit: Callable[[Sequence[LogLine]], None],
        *,
        start: Mapping[str, str] = NOTHING,
        previous: bool = False,
        seen: Seen | None = None,
        begun: bool = False,
        errors: str = "replace",
        missed: Missed | None = None,
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
        self._missed = missed or self._fill
        self.found = False
        """Whether there were lines."""
        self.is_other = False
        """What came was written by another life, as `missed` said."""

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
        if self._seen.begun:
            params.update(since_of(self._seen))
            before = self._seen.fork() if self._begun else None
            self._seen.resume()
        else:
            params.update(self._start)
        stream = self._streams.lines(self._path, params=params, idle_timeout=IDLE_SECONDS, keep_tail=True)
        async with aclosing(stream) as batches:
            async for batch in batches:
                lines = fresh_lines(self._seen, batch, self._source, self._errors)
                if after := first_stamped(lines):
                    if before is not None and not await goes_on(self._seen, before, after, self._missed):
                        self.is_other = True
                        return
                    before = None
                if lines:
                    self._begun = self.found = True
                    self._backoff.reset()
                    self._emit(lines)
                await asyncio.sleep(0)
        if before is not None and not await goes_on(self._seen, before, self._end_of_log(), self._missed):
            self.is_other = True

    def _end_of_log(self) -> LogLine:
        """What comes after the last line that could be missing."""
        return LogLine("", self._source, "")

    async def _fill(self, before: Seen, after: LogLine) -> bool:
        """The lines between what was read and a line after it, or a mark that they are missing."""
        rotated = self._streams.rotated(after.source)
        if rotated is None or before.is_set_back:
            self._emit([cut_mark(before, after)])
        else:
            await GapFill(rotated, before, after, self._errors).run(self._emit, self._streams.room)
        return True


async def goes_on(
    seen: Seen, before: Seen, after: LogLine, missed: Missed, *, knows_life: bool = True
) -> bool:
    """Whether what was taken of a resumed log is of the life that was `seen` before; else nothing was taken.

    Where no line of that life was read (`knows_life`), lines cannot tell. Raises what `missed` does, and then
    nothing was taken.
    """
    if knows_life and not seen.missed:
        return True
    known = before.fork()
    try:
        if await missed(before, after):
            return True
    except BaseException:
        seen.restore(known)
        raise
    seen.restore(known)
    return False


async def is_life_before(
    streams: PooledStreams, path: str, source: LogSource, seen: Seen, errors: str
) -> bool:
    """Whether the kubelet has begun another life than that whose lines were seen. Raises KubeError.

    It knows it before the pod's status tells: what was seen is in the log of the life before, then.
    """
    params = {**log_params(source), **since_of(seen), "previous": "true", "limitBytes": str(LOOK_BYTES)}
    try:
        lines = await streams.ask(path, params)
    except ApiError as error:
        if _may_pass(error):
            raise
        return False
    return seen.has_any(lines, errors)


def first_stamped(lines: Sequence[LogLine]) -> LogLine | None:
    """The first line of the container itself: kubelets say something without a stamp now and then."""
    return next((line for line in lines if line.time), None)


def since_of(seen: Seen) -> dict[str, str]:
    """To ask for what comes after the lines that were seen, with some of these."""
    return {"sinceTime": seen.since} if seen.since else {}


def log_params(source: LogSource) -> dict[str, str]:
    """To ask for a container's log, with stamps."""
    return {"container": source.container, "timestamps": "true"}


def start_of(tail: int | None, since: str) -> dict[str, str]:
    """To ask for a part of the past; nothing is all of it."""
    found = {"sinceTime": since} if since else {}
    return found if tail is None else found | {"tailLines": str(tail)}


def fresh_lines(seen: Seen, batch: Sequence[bytes], source: LogSource, errors: str) -> list[LogLine]:
    """The lines of a batch that were not read before."""
    if max(map(len, batch), default=0) > PART_UNIT:
        batch = [whole_line(line) if len(line) > PART_UNIT else line for line in batch]
    # every line of a container has a stamp: others are the kubelet's own words
    return [LogLine(stamp, source, text, "" if stamp else INFO) for stamp, text in seen.take(batch, errors)]


def _may_pass(error: ApiError | ConnectionLost) -> bool:
    return isinstance(error, ConnectionLost) or error.code >= 500 or error.code == 429
