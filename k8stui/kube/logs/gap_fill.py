"""Lines that a stream jumped over, because its kubelet rotated the log: fetched, to be put in their place.

What cannot be fetched is said in a mark, with its times and the reason. It must never emit a line twice.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.node_files import refusal
from k8stui.kube.logs.times import nanoseconds, split_stamp
from k8stui.kube.logs.types import GAP, LogLine, LogSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from k8stui.kube.logs.rotated import RotatedLog
    from k8stui.kube.logs.seen import Seen

    Emit = Callable[[Sequence[LogLine]], None]
    Room = Callable[[], Awaitable[None]]

SECONDS = 60.0
"""How long lines may be fetched for one gap."""
MOST_BYTES = 128 << 20
"""Bytes of lines that are fetched for one gap."""
TRIES = 4
"""How often it is begun again where the kubelet renames the files meanwhile."""


class GapFill:
    """The lines between what `seen` has seen of a log and a line that came after them. `run` it once."""

    def __init__(
        self,
        rotated: RotatedLog,
        seen: Seen,
        after: LogLine,
        errors: str = "replace",
        before: GapFill | None = None,
    ) -> None:
        """`before` is what was fetched for the gap before this one: a second may have had both.

        An `after` without a time is the end of the log.
        """
        self._rotated = rotated
        self._seen = seen
        self._after = after
        self._limit = nanoseconds(after.time) if after.time else sys.maxsize
        self._errors = errors
        self._before = before
        self._known = seen.newest
        """The time of the last line before what is still missing."""
        self._size = 0

    async def run(self, emit: Emit, room: Room) -> None:
        """Hand on the lines, and a mark for what could not be had. Raises nothing but cancellation."""
        if self._before is not None:
            self._seen.learn(self._before._seen)
            self._before = None
        try:
            async with asyncio.timeout(SECONDS):
                why = await self._tries(emit, room)
        except TimeoutError:
            why = f"fetching the rotated lines took more than {SECONDS:.0f} seconds"
        except KubeError as error:
            why = refusal(error, "the rotated logs of pods")
        if why:
            emit([self.given_up(why)])

    def given_up(self, why: str) -> LogLine:
        """A mark instead of what is still missing."""
        return gap_mark(self._after.source, self._known, self._after.time, why)

    async def _tries(self, emit: Emit, room: Room) -> str:
        """Why it is not complete; "" when it is. Raises KubeError."""
        for left in reversed(range(TRIES)):
            try:
                return await self._once(emit, room)
            except ApiError as error:
                if error.code != 404 or not left:
                    raise
        return ""

    async def _once(self, emit: Emit, room: Room) -> str:
        seen = self._seen
        seen.resume()
        found = False
        async with aclosing(self._rotated.since(seen.second)) as batches:
            async for batch in batches:
                lines, is_over = self._fresh(batch)
                if lines:
                    if seen.missed and not found:
                        why = "the kubelet has removed what it rotated"
                        emit([gap_mark(self._after.source, self._known, lines[0].time, why)])
                    found = True
                    emit(lines)
                    self._known = lines[-1].time
                    await room()
                if is_over:
                    break
                if self._size > MOST_BYTES:
                    return f"more than {MOST_BYTES >> 20} MiB were rotated away"
        return "" if found or not seen.missed else "the kubelet has no rotated lines of that time"

    def _fresh(self, batch: Sequence[bytes]) -> tuple[list[LogLine], bool]:
        """What was not seen of a batch, and whether what came after the gap is reached."""
        raw: list[bytes] = []
        is_over = False
        for line in batch:
            stamp, text = split_stamp(line.decode("utf-8", self._errors))
            at = nanoseconds(stamp)
            if at > self._limit or (at == self._limit and text == self._after.text):
                is_over = True
                break
            raw.append(line)
        self._size += sum(map(len, raw))
        source = self._after.source
        return [LogLine(stamp, source, text) for stamp, text in self._seen.take(raw, self._errors)], is_over


def cut_mark(before: Seen, after: LogLine) -> LogLine:
    """Lines may be missing between what was seen and a line after it, and nobody can be asked for them."""
    why = "the clock of its node was set back" if before.is_set_back else ""
    return gap_mark(after.source, before.newest, after.time, why)


def gap_mark(source: LogSource, before: str, after: str, why: str = "") -> LogLine:
    """That lines may be missing, of which time, and why they could not be had."""
    times = f" between {before} and {after}" if before and after else f" since {before}" if before else ""
    said = f"{source.container}: lines may be missing{times}: the log was cut meanwhile"
    return LogLine("", source, f"{said}; {why}" if why else said, GAP)
