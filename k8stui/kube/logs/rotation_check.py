"""Lines that a kubelet left out of an open stream when it rotated the log: found in the file that it rotated.

A kubelet that follows a log turns to the new file as soon as it hears of it, and does not go back for what
was written to the old one since its last look. The stream has no sign of that, so the end of each rotated
file is compared with what came. It asks after so many bytes of lines, a few times for each rotation.
"""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections import deque
from operator import xor
from typing import TYPE_CHECKING

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.node_files import refusal
from k8stui.kube.logs.seen import DISORDER
from k8stui.kube.logs.times import nanoseconds, raw_stamp, split_stamp
from k8stui.kube.logs.types import GAP, LogLine, LogSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.logs.pool import Ration
    from k8stui.kube.logs.rotated import RotatedLog

    Form = tuple[str, str]

LOOK_BYTES = 1 << 20
"""After so many characters of lines the node is asked whether it rotated the log: it does so at 10 MiB."""
LOOK_SECONDS = 10.0
"""And no sooner than this: so often a kubelet looks at the size of its files."""
END_SECONDS = 10.0
"""How long it may take to look once more when a life is over."""
STEP = 1_000_000_000
"""Nanoseconds by which lines may be out of order: if it is more, the clock was set back."""
TOGETHER = 1_000
"""Lines that are remembered and forgotten at once: a batch may be a single line."""
REFUSALS = (401, 403, 405, 501)
"""After these it is not asked again."""
AT_ONCE = 64
"""Batches that are gone through in one turn of the loop."""


class RotationCheck:
    """Remembers what came of one life of a container until the files it was written to were looked at.

    Tell it of all lines with `saw`; `emit` gets what was left out. Close it at the end.
    """

    def __init__(
        self,
        rotated: RotatedLog,
        source: LogSource,
        emit: Callable[[Sequence[LogLine]], None],
        turn: asyncio.Semaphore,
        remembered: Ration,
        *,
        errors: str = "replace",
    ) -> None:
        """`turn` is waited for before a look; of `remembered` all checks have an equal part."""
        self._rotated = rotated
        self._source = source
        self._emit = emit
        self._turn = turn
        self._errors = errors
        self._ration = remembered
        remembered.parties += 1
        self._recent: deque[tuple[int, array[int]]] = deque()
        """The time of the newest line up to the end of each batch, and hashes of its lines."""
        self._fresh: list[int] = []
        """Hashes of the last lines, which are in none of these yet."""
        self._newest = 0
        """The time of the newest line."""
        self._count = 0
        self._since = 0
        """All lines after this time are remembered."""
        self._size = self._total = 0
        """Characters of lines since the last look, and of all."""
        self._looked = 0
        """The time of the newest line at the last look."""
        self._verified = ""
        """The newest file whose end was found to be complete."""
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0
        """When to look next at the soonest, by the loop's clock."""
        self._is_closed = False
        self.refused = ""
        """Why it is not known whether lines were left out, in a sentence; "" while that is looked at."""

    @property
    def remembered(self) -> int:
        """How many lines are remembered."""
        return self._count

    def saw(self, lines: Sequence[LogLine]) -> None:
        """Lines came."""
        if not lines or lines[0].mark or self._is_closed:
            return  # a remark, or what was told with one below
        stamped = [line for line in lines if line.time]
        if not stamped:
            return
        self._since = self._since or nanoseconds(stamped[0].time) + DISORDER  # a tail may have left some out
        self._mind_clock(nanoseconds(stamped[-1].time))
        times, texts = [line.time for line in stamped], [line.text for line in stamped]
        self._fresh += map(xor, map(hash, times), map(hash, texts))  # `_hash`, at the speed of a flood
        self._newest = max(self._newest, nanoseconds(max(times)))
        if len(self._fresh) >= TOGETHER:
            self._settle()
        self._count += len(stamped)
        size = sum(map(len, texts))
        self._size += size
        self._total += size
        while self._count > self._ration.part and len(self._recent) > 1:
            self._forget_oldest()
        if self._size >= LOOK_BYTES and self._task is None:
            loop = asyncio.get_running_loop()
            if loop.time() >= self._due:
                self._begin_look()

    def _begin_look(self, *, is_last: bool = False) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        self._size, self._due = 0, loop.time() + LOOK_SECONDS
        self._task = loop.create_task(self._look(is_last=is_last), name="rotation of a log")
        return self._task

    def _mind_clock(self, moment: int) -> None:
        """Where the clock was set back, times tell nothing until it is where it was."""
        if moment < self._newest - STEP:
            self._recent.clear()
            self._fresh.clear()
            self._count, self._since = 0, self._newest

    async def look_at_end(self) -> None:
        """No more lines come. Where there were so many that it may have been rotated, look once more."""
        if self._total < LOOK_BYTES:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                if self._task is not None:
                    await asyncio.wait((self._task,))
                if not self._is_closed:
                    await asyncio.wait((self._begin_look(is_last=True),))

    def close(self) -> None:
        """Look no more."""
        self._ration.parties -= not self._is_closed
        self._is_closed = True
        self._recent.clear()
        self._fresh.clear()
        if self._task is not None:
            self._task.cancel()

    def _settle(self) -> None:
        """Arrays take a quarter of what a list takes; growing one in place would leave holes in memory."""
        if self._fresh:
            self._recent.append((self._newest, array("q", self._fresh)))
            self._fresh = []

    def _forget_oldest(self) -> None:
        self._since, hashes = self._recent.popleft()
        self._count -= len(hashes)

    async def _look(self, *, is_last: bool) -> None:
        try:
            async with self._turn:
                await self._look_now(is_last=is_last)
        except KubeError as error:
            if isinstance(error, ApiError) and error.code in REFUSALS:
                self.refused = refusal(error, "the rotated logs of pods")
                self.close()
        finally:
            self._task = None

    async def _look_now(self, *, is_last: bool) -> None:
        """Emit what is missing, and forget what the next look does not need."""
        self._settle()
        newest = self._newest
        if found := await self._left_out(is_last=is_last):
            self._emit(_told(self._source, found))
        # what is rotated from now on ends after this look; its end may begin before it
        while self._recent and self._recent[0][0] <= self._looked:
            self._forget_oldest()
        self._looked = newest

    async def _left_out(self, *, is_last: bool) -> list[Form]:
        """Lines that did not come, though later ones did, or none come any more. Raises KubeError."""
        ends: list[list[bytes]] = []
        verified = self._verified
        newest = self._newest
        for file in reversed(await self._rotated.files()):
            if file.rotated_at <= self._verified:
                break
            lines = await self._rotated.end_of(file)
            last = _time(lines[-1]) if lines else 0
            if last < newest or is_last:  # else the stream is not yet behind it: later
                verified = max(verified, file.rotated_at)
                ends.append(lines)
            if last <= self._since:
                break
        found = await self._missing([line for lines in reversed(ends) for line in lines])
        self._verified = verified
        return found

    async def _missing(self, lines: list[bytes]) -> list[Form]:
        """Those that did not come. Of each only hashes are made: there are thousands, and few are missing."""
        lines = [line for line in lines if _time(line) > self._since]
        hashes: list[int] = []
        for start in range(0, len(lines), TOGETHER):
            hashes += [_hash(self._form(line)) for line in lines[start : start + TOGETHER]]
            await asyncio.sleep(0)
        wanted = set(hashes)
        self._settle()
        known: set[int] = set()
        batches = list(self._recent)
        for start in range(0, len(batches), AT_ONCE):
            for _, batch in batches[start : start + AT_ONCE]:
                known |= wanted.intersection(batch)
            await asyncio.sleep(0)
        return [self._form(line) for line, its in zip(lines, hashes, strict=True) if its not in known]

    def _form(self, line: bytes) -> Form:
        return split_stamp(line.decode("utf-8", self._errors))


def _time(line: bytes) -> int:
    return nanoseconds(raw_stamp(line))


def _hash(form: Form) -> int:
    return hash(form[0]) ^ hash(form[1])


def _told(source: LogSource, found: Sequence[Form]) -> list[LogLine]:
    """A mark that says so, and the lines: they come late, but they come."""
    count = f"{len(found):,} line{'s' * (len(found) > 1)}"
    said = f"{source.container}: the kubelet left out {count} when it rotated the log"
    said += f", written between {found[0][0]} and {found[-1][0]}; read from its file:"
    return [LogLine("", source, said, GAP), *(LogLine(stamp, source, text) for stamp, text in found)]
