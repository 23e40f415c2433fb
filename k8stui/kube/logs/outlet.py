"""Where the lines of one log go, in their order, while some that belong before them are still being fetched.

What comes live meanwhile is taken in and waits, so that the stream need not stand still; how much may wait is
bounded for all logs together. It must never lose a line that it was given, however it ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from k8stui.kube.logs.buffer import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.logs.pool import Ration
    from k8stui.kube.logs.types import LogLine

    Emit = Callable[[Sequence[LogLine]], None]


class Fetching(Protocol):
    """What has to come before the lines after it."""

    async def run(self) -> None:
        """Fetch it and hand it on."""
        ...

    def given_up(self, why: str) -> LogLine:
        """A mark instead of what is still missing."""
        ...


class Outlet:
    """Where the lines of one log go, in their order: what is being fetched before what came after it.

    `held` is shared by all outlets: how many bytes may wait. Close it at the end.
    """

    def __init__(self, emit: Emit, held: Ration) -> None:
        self._emit = emit
        self._held = held
        self._waiting: deque[list[LogLine] | Fetching] = deque()
        self._task: asyncio.Task[None] | None = None
        self._size = 0
        self._moved = asyncio.Event()

    def emit(self, lines: Sequence[LogLine]) -> None:
        """Hand lines on, now or when their turn has come."""
        if self._task is None:
            self._emit(lines)
            return
        self._waiting.append(list(lines))
        self._hold(size_of(lines))

    def fetch(self, fetching: Fetching) -> None:
        """Do this before lines that are emitted from now on are handed on."""
        self._waiting.append(fetching)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="lines of a gap")

    async def room(self) -> None:
        """Wait until lines may be emitted: who holds some waits while all together hold too many."""
        while self._size and self._held.is_full:
            self._moved.clear()
            await self._moved.wait()

    async def settled(self) -> None:
        """Wait until all lines so far were handed on."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    def _hold(self, size: int) -> None:
        self._size += size
        self._held.used += size
        self._moved.set()

    async def _work(self) -> None:
        try:
            while self._waiting:
                entry = self._waiting[0]
                if not isinstance(entry, list):
                    await self._fetch(entry)
                    self._waiting.popleft()
                    continue
                self._waiting.popleft()
                self._hold(-size_of(entry))
                self._emit(entry)
                await asyncio.sleep(0)
        finally:
            for entry in self._waiting:
                self._emit(entry if isinstance(entry, list) else [entry.given_up("reading was ended")])
            self._waiting.clear()
            self._hold(-self._size)
            self._task = None

    async def _fetch(self, entry: Fetching) -> None:
        try:
            await entry.run()
        except Exception as error:  # a defect of ours costs no line that came
            self._emit([entry.given_up(f"internal error: {type(error).__name__}: {error}")])

    async def close(self, *, at_once: bool) -> None:
        """Hand on all that waits: after it was fetched, or `at_once` with a mark for what was not."""
        task = self._task
        if task is not None:
            if at_once:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
