"""Lines that a stream jumped over, because its kubelet rotated the log: fetched, and put in their place.

What comes live meanwhile is taken in and waits in an `Outlet`, so that the stream need not stand still. What
cannot be fetched is said in a mark, with its times and the reason. It must never emit a line twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.node_files import refusal
from k8stui.kube.logs.times import nanoseconds, split_stamp
from k8stui.kube.logs.types import GAP, LogLine, LogSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from k8stui.kube.logs.cri_lines import CriLine
    from k8stui.kube.logs.rotated import RotatedLog
    from k8stui.kube.logs.seen import Seen

    Emit = Callable[[Sequence[LogLine]], None]
    Room = Callable[[], Awaitable[None]]

SECONDS = 60.0
"""How long lines may be fetched for one gap."""
MOST_BYTES = 128 << 20
"""Bytes of lines that are fetched for one gap."""
HELD_LINES = 50_000
"""Live lines that wait for a gap before their stream has to."""
TRIES = 4
"""How often it is begun again where the kubelet renames the files meanwhile."""


class Outlet:
    """Where the lines of one log go, in their order: what is being fetched before what came after it.

    As a context manager it ends with all that waits, or, in an error, without it.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._waiting: deque[Sequence[LogLine] | Callable[[], Awaitable[None]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    def emit(self, lines: Sequence[LogLine]) -> None:
        """Hand lines on, now or when their turn has come."""
        if self._task is None:
            self._emit(lines)
            return
        self._waiting.append(lines)
        self._held += len(lines)
        if self._held >= HELD_LINES:
            self._room.clear()

    def fetch(self, fetching: Callable[[], Awaitable[None]]) -> None:
        """Do this before lines that are emitted from now on are handed on."""
        self._waiting.append(fetching)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="lines of a gap")

    async def room(self) -> None:
        """Wait until lines may be emitted."""
        if not self._room.is_set():
            await self._room.wait()

    async def _work(self) -> None:
        try:
            while self._waiting:
                entry = self._waiting.popleft()
                if callable(entry):
                    await entry()
                else:
                    self._emit(entry)
                    self._held -= len(entry)
                    await asyncio.sleep(0)
        finally:
            self._waiting.clear()
            self._held, self._task = 0, None
            self._room.set()

    async def __aenter__(self) -> Outlet:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._task
        if task is None:
            return
        if kind is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            await task


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
        """`before` is what was fetched for the gap before this one: a second may have had both."""
        self._rotated = rotated
        self._seen = seen
        self._after = after
        self._limit = nanoseconds(after.time)
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
            emit([gap_mark(self._after.source, self._known, self._after.time, why)])

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
        async with aclosing(self._rotated.since(seen.second)) as batches:  # type: ignore[type-var]
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

    def _fresh(self, batch: Sequence[CriLine]) -> tuple[list[LogLine], bool]:
        """What was not seen of a batch, and whether what came after the gap is reached."""
        raw: list[bytes] = []
        is_over = False
        for line, older in batch:
            stamp, text = split_stamp(line.decode("utf-8", self._errors))
            at = nanoseconds(stamp)
            if at > self._limit or (at == self._limit and text == self._after.text):
                is_over = True
                break
            raw.append(older if self._seen.knows(older, self._errors) else line)
        self._size += sum(map(len, raw))
        source = self._after.source
        return [LogLine(stamp, source, text) for stamp, text in self._seen.take(raw, self._errors)], is_over


def gap_mark(source: LogSource, before: str, after: str, why: str = "") -> LogLine:
    """That lines may be missing, of which time, and why they could not be had."""
    times = f" between {before} and {after}" if before and after else ""
    said = f"{source.container}: lines may be missing{times}: the log was cut meanwhile"
    return LogLine("", source, f"{said}; {why}" if why else said, GAP)
