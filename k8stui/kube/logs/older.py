"""Lines from before those that were read: from the server, as far as it has them.

The API cannot be asked for what is older than a moment, only for more of the end: so each log is read again
from further back, up to the first line that is known, and no further. Where the present file of a log ends,
those that the kubelet has rotated away come next, if the user may read them. Where several containers are
read, lines are handed on only as far back as all of them have been read, so that their order in time holds:
older ones of a container that writes seldom are taken back until the others are read as far as that.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from operator import itemgetter
from typing import TYPE_CHECKING

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.cri_lines import PART_UNIT, whole_line
from k8stui.kube.logs.node_files import refusal
from k8stui.kube.logs.rotated import RotatedLog
from k8stui.kube.logs.times import nanoseconds, split_stamp, stamp_at
from k8stui.kube.logs.types import INFO, LogLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.logs.buffer import LogBuffer
    from k8stui.kube.logs.types import LogSource

PAGE = 1_000
"""Lines that are asked for at once, over all containers."""
AT_ONCE = 6
"""Containers that are read at the same time."""
DEEPER = 4
"""How often a page is asked for again from twice as far back, where new lines push the old ones away."""
IDLE_SECONDS = 15.0
ROTATED_SECONDS = 60.0
ROTATED_LINES = 1_000
"""Lines of a rotated file that are taken at once, or more: it is gone through for each page anew."""
SLICE = 5_000


class _Part:
    """One container's log, read backwards."""

    def __init__(self, source: LogSource, stamp: str, text: str, known: int) -> None:
        self.source = source
        self.stamp = stamp
        """Of the oldest line that is known; its text tells it from others of the same moment."""
        self.text = text
        self.known = known
        self.asked = 0
        self.begins = ""
        """The first line of the last answer: the same one again means that there is nothing before it."""
        self.lines: list[LogLine] = []
        self.rotated: RotatedLog | None = None
        """Set when the present file was read to its beginning."""
        self.over = False
        self.problem = ""
        self.refused = ""
        """Why what was rotated away cannot be had."""

    def put(self, lines: list[LogLine]) -> None:
        """Older lines have come."""
        self.lines[:0] = lines
        if lines:
            self.stamp, self.text = lines[0].time, lines[0].text


class OlderLines:
    """Reads backwards into a buffer. `load` again for more; one at a time."""

    def __init__(self, connection: Streams, page: int = PAGE) -> None:
        """`page`: lines that are asked for at once, over all containers."""
        self._connection = connection
        self.page = page
        self._parts: dict[LogSource, _Part] = {}
        self._beside: list[tuple[int, LogLine]] = []
        """Lines of no part (remarks, lives before) that were taken back, with their times."""
        self.over = False
        """The server has nothing that is older."""
        self.full = False
        """The buffer holds as much as it may."""
        self.problem = ""
        """Why something could not be read, in a sentence."""
        self.refused = ""
        """Why lines that the kubelet has rotated away cannot be read, in a sentence."""

    async def load(
        self,
        buffer: LogBuffer,
        sources: Iterable[LogSource] = (),
        accepts: Callable[[Sequence[LogLine]], list[LogLine]] = list,
        on_lifted: Callable[[], None] = lambda: None,
    ) -> int:
        """Put older lines that `accepts` lets through before those of the buffer; how many they are.

        `on_lifted` is called when lines were taken back: their numbers will be those of others.
        Raises nothing but cancellation.
        """
        if not buffer.room:
            self.full = True
            return 0
        self.full = False
        await self._learn(buffer, sources)
        share = max(50, self.page // max(1, len(self._parts)))
        gate = asyncio.Semaphore(AT_ONCE)

        async def read(part: _Part) -> None:
            async with gate:
                await self._read(part, share)

        hungry = [part for part in self._parts.values() if not part.over and len(part.lines) < share // 2]
        was_empty = not len(buffer)
        await asyncio.gather(*map(read, hungry))
        if was_empty and len(buffer):
            self._parts.clear()  # lines came: they tell where to begin
            return 0
        self.problem = next((part.problem for part in self._parts.values() if part.problem), "")
        self.refused = next((part.refused for part in self._parts.values() if part.refused), "")
        if self._lift(buffer):
            on_lifted()
        lines = accepts(self._ready())
        added = buffer.prepend(lines)
        self.full = added < len(lines)
        self._give_back(lines[: len(lines) - added])
        self.over = not (self.full or self._beside) and all(
            part.over and not part.lines for part in self._parts.values()
        )
        return added

    async def reach(self, buffer: LogBuffer, sources: Iterable[LogSource] = ()) -> int:
        """Since when no line of any container is missing, in nanoseconds since the epoch; 0: of all time."""
        if not self._parts:
            await self._learn(buffer, sources)
        return self._horizon

    @property
    def _horizon(self) -> int:
        return max((nanoseconds(part.stamp) for part in self._parts.values() if not part.over), default=0)

    def _lift(self, buffer: LogBuffer) -> bool:
        """Take back lines of the buffer that others come before: all have to be read as far back."""
        ends = [nanoseconds(part.lines[-1].time) for part in self._parts.values() if part.lines]
        horizon, at = max((self._horizon, *ends)), 0
        found: list[tuple[int, LogLine]] = []
        for seq in range(buffer.first, buffer.end):
            line = buffer.line(seq)
            at = max(at, nanoseconds(line.time))
            if at >= horizon:
                break
            found.append((at, line))
        if all(line.mark for _, line in found):
            return False
        buffer.lift(len(found))
        back: dict[LogSource, list[LogLine]] = {}
        for at, line in found:
            if line.source in self._parts and not line.mark and line.time:
                back.setdefault(line.source, []).append(line)
            else:
                self._beside.append((at, line))
        for source, lines in back.items():
            self._parts[source].lines += lines
            self._parts[source].known -= len(lines)
        return True

    async def _learn(self, buffer: LogBuffer, sources: Iterable[LogSource]) -> None:
        """Which containers there are, and the oldest line of each that is in the buffer."""
        oldest: dict[LogSource, tuple[str, str]] = {}
        counts: dict[LogSource, int] = {}
        beginning = ""
        for start in range(buffer.first, buffer.end, SLICE):
            for line in buffer.lines(start, start + SLICE):
                if line.mark or not line.time:
                    continue
                counts[line.source] = counts.get(line.source, 0) + 1
                beginning = beginning or line.time
                if line.source not in oldest:
                    oldest[line.source] = (line.time, line.text)
            await asyncio.sleep(0)
        known = [source for source in sources if source.container_id]
        if not beginning:
            self._learn_rotated(known)
            return
        silent = dict.fromkeys(known, (beginning, ""))
        newest: dict[tuple[str, str], LogSource] = {}
        for source in oldest | silent:
            life = newest.setdefault((source.uid, source.container), source)
            if source.restarts > life.restarts:
                newest[source.uid, source.container] = source
        for source in newest.values():  # of lives before the present one the kubelet has one at most
            if source not in self._parts and source.pod:
                stamp, text = oldest.get(source) or silent[source]
                self._parts[source] = _Part(source, stamp, text, 0)
            if source in self._parts:
                self._parts[source].known = counts.get(source, 0)

    def _learn_rotated(self, sources: Iterable[LogSource]) -> None:
        """Nothing came yet: the present files are empty, and what there is was rotated away."""
        now = stamp_at(time.time())
        for source in sources:
            if source.node and source not in self._parts:
                part = self._parts[source] = _Part(source, now, "", 0)
                part.rotated = RotatedLog(self._connection, source)

    async def _read(self, part: _Part, share: int) -> None:
        try:
            if part.rotated is None:
                await self._read_present(part, share)
            else:
                await self._read_rotated(part, part.rotated, share)
        except KubeError as error:
            part.problem, part.over = error.sentence(), True

    async def _read_present(self, part: _Part, share: int) -> None:
        """A page of the file that the kubelet answers from. Raises KubeError."""
        for _ in range(DEEPER):
            part.asked = max(part.asked * 2, part.known + len(part.lines) + share)
            begun, part.begins = part.begins, ""
            before = [line async for line in self._until(part)]
            part.problem = ""
            if before:
                part.put(before)
                return
            if part.begins == begun:
                break
        else:
            return
        if part.source.node and part.stamp:
            part.rotated = RotatedLog(self._connection, part.source)
            await self._read_rotated(part, part.rotated, share)
        else:
            part.over = True

    async def _read_rotated(self, part: _Part, rotated: RotatedLog, share: int) -> None:
        """A page of what the kubelet has rotated away. Raises KubeError where reading was begun."""
        try:
            async with asyncio.timeout(ROTATED_SECONDS):
                found = await rotated.before(part.stamp, part.text, max(4 * share, ROTATED_LINES))
        except TimeoutError:
            part.over, part.problem = True, f"rotated lines did not come within {ROTATED_SECONDS:.0f} seconds"
            return
        except ApiError as error:
            part.over = True
            part.refused = refusal(error, "the rotated logs of pods")
            return
        before = []
        for line in found:
            stamp, text = split_stamp(line.decode("utf-8", "replace"))
            before.append(LogLine(stamp, part.source, text))
        part.put(before)
        part.over = not before

    async def _until(self, part: _Part) -> AsyncIterator[LogLine]:
        """The lines before the oldest one that is known. Raises KubeError."""
        source = part.source
        params = {"container": source.container, "timestamps": "true", "tailLines": str(part.asked)}
        path = f"/api/v1/namespaces/{source.namespace}/pods/{source.pod}/log"
        limit = nanoseconds(part.stamp)
        stream = self._connection.lines(path, params=params, accept="*/*", idle_timeout=IDLE_SECONDS)
        async with aclosing(stream) as batches:
            async for batch in batches:
                for raw in batch:
                    whole = whole_line(raw) if len(raw) > PART_UNIT else raw
                    stamp, text = split_stamp(whole.decode("utf-8", "replace"))
                    part.begins = part.begins or f"{stamp} {text}"
                    at = nanoseconds(stamp)
                    if at > limit or (at == limit and (text == part.text or not part.text)):
                        return
                    yield LogLine(stamp, source, text, "" if stamp else INFO)
                await asyncio.sleep(0)

    def _ready(self) -> list[LogLine]:
        """Lines that are in order now: none of a container is older than what was read of the others."""
        horizon = self._horizon
        taken = [entry for entry in self._beside if entry[0] >= horizon]
        self._beside = [entry for entry in self._beside if entry[0] < horizon]
        for part in self._parts.values():
            keyed = [(nanoseconds(line.time), line) for line in part.lines]
            taken += [entry for entry in keyed if entry[0] >= horizon]
            part.lines = [line for at, line in keyed if at < horizon]
        taken.sort(key=itemgetter(0))
        return [line for _, line in taken]

    def _give_back(self, lines: list[LogLine]) -> None:
        at = 0
        for line in lines:
            at = max(at, nanoseconds(line.time))
            if line.mark or line.source not in self._parts:
                self._beside.append((at, line))
            else:
                self._parts[line.source].lines.append(line)
