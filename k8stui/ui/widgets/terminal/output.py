"""Output of programs on its way into emulators: bounded, in slices, within a budget that all share.

A flood in one terminal must never stall the rest of the screen: interpreting takes `DUTY` of the time at
most, whatever comes, and `feed` makes the sender wait while too much is pending. A single echo is
interpreted at once. Knows no widgets and no cluster; a terminal that nobody looks at is interpreted too.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from k8stui.terminal.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.terminal.emulator import ClipboardRequest

BUDGET = 0.004
"""Seconds of interpreting at a stretch."""
DUTY = 0.4
"""Part of the time that interpreting may take in the long run."""
SLICE, LARGEST_SLICE = 512, 8192
"""Bytes interpreted before the clock is looked at again: the more, the quicker the last ones were."""
QUICK = 0.0005
"""Seconds below which a slice was quick."""
TAIL = 16 * 1024
"""Bytes of skipped output that are given back."""
PENDING_LIMIT = 128 * 1024
"""Bytes that may wait before `feed` does."""


class OutputPacer:
    """Lets the terminals of one screen take turns."""

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._waiting: dict[TerminalModel, None] = {}
        self._handle: asyncio.Handle | None = None
        self._free_at = 0.0

    def want(self, model: TerminalModel) -> None:
        """This terminal has something to interpret."""
        self._waiting[model] = None
        if self._handle is None:
            loop = asyncio.get_running_loop()
            wait = self._free_at - self._clock()
            self._handle = loop.call_later(wait, self._turn) if wait > 0.0005 else loop.call_soon(self._turn)

    def forget(self, model: TerminalModel) -> None:
        """This terminal is gone."""
        self._waiting.pop(model, None)

    def _turn(self) -> None:
        self._handle = None
        began = self._clock()
        deadline = began + BUDGET
        served: dict[TerminalModel, None] = {}
        while self._waiting:
            # round robin: whoever was served goes to the end of the line
            model = next(iter(self._waiting))
            del self._waiting[model]
            served[model] = None
            before = self._clock()
            if model.interpret(model.slice):
                self._waiting[model] = None
            now = self._clock()
            model.slice = min(model.slice * 2, LARGEST_SLICE) if now - before < QUICK else SLICE
            if now >= deadline:
                break
        for model in served:
            model.settle()
        now = self._clock()
        self._free_at = now + (now - began) * (1 / DUTY - 1)
        if self._waiting:
            self.want(next(iter(self._waiting)))


class TerminalModel:
    """An emulator, the output that waits for it, and whoever looks at it.

    `on_input` gets bytes for the program: what is typed, and what the emulator answers. `on_resized` gets
    the size in cells (columns, lines). Each of the `watchers` is told which rows of the page became dirty.
    """

    def __init__(
        self,
        pacer: OutputPacer,
        *,
        on_input: Callable[[bytes], None],
        on_resized: Callable[[int, int], None] | None = None,
        on_clipboard: Callable[[str], None] | None = None,
        history: int = 10_000,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self._pacer = pacer
        self._on_resized = on_resized
        self._on_clipboard = on_clipboard
        self.send = on_input
        self.emulator = Emulator(*size, history=history, on_clipboard=self._clipboard_asked)
        self.watchers: list[Callable[[set[int]], None]] = []
        self.taps: list[Callable[[bytes], None]] = []
        """Called with all output as it comes: recordings."""
        self.takes_input = True
        """A program is there to be typed at."""
        self.closed = False
        self.slice = SLICE
        """Bytes to interpret at a time."""
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._at = 0
        """Bytes of the first piece that are interpreted already."""
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def pending(self) -> int:
        """Bytes that are still to be interpreted."""
        return self._size

    async def feed(self, data: bytes) -> None:
        """Output of the program; waits while much is still to be interpreted."""
        await self.room()
        self.feed_now(data)

    async def room(self) -> None:
        """Wait while much is still to be interpreted."""
        await self._room.wait()

    def feed_now(self, data: bytes) -> None:
        """Output that cannot wait: a few words of our own."""
        if self.closed or not data:
            return
        for tap in self.taps:
            tap(data)
        self._pending.append(data)
        self._size += len(data)
        self._idle.clear()
        if self._size > PENDING_LIMIT:
            self._room.clear()
        self._pacer.want(self)

    async def idle(self) -> None:
        """Wait until all output so far is interpreted."""
        await self._idle.wait()

    def interpret(self, limit: int) -> bool:
        """Interpret some bytes; True while there is more."""
        if not self._pending:
            return False
        first = self._pending[0]
        data = first[self._at : self._at + limit]
        self._at += len(data)
        if self._at >= len(first):
            self._pending.popleft()
            self._at = 0
        self._size -= len(data)
        self.emulator.feed(data)
        if self._size <= PENDING_LIMIT // 2:
            self._room.set()
        if not self._pending:
            self._idle.set()
        return bool(self._pending)

    def settle(self) -> None:
        """A turn is over: send the emulator's answers, tell the watchers."""
        replies = self.emulator.take_replies()
        if replies:
            self.send(replies)
        page = self.emulator.screen.grid
        dirty, page.dirty = page.dirty, set()
        for watcher in tuple(self.watchers):
            watcher(dirty)

    def skip(self) -> bytes:
        """Forget the output that waits; gives the end of it."""
        last = b"".join(self._pending)[self._at :][-TAIL:]
        self._pending.clear()
        self._size = self._at = 0
        self._room.set()
        self._idle.set()
        return last

    def resize(self, columns: int, lines: int) -> None:
        """The window has another size now."""
        screen = self.emulator.screen
        if (screen.columns, screen.lines) != (columns, lines):
            self.emulator.resize(columns, lines)
        if self._on_resized is not None:
            self._on_resized(columns, lines)

    def close(self) -> None:
        """Take no more output; who waits to feed may go."""
        self.closed = True
        self._pacer.forget(self)
        self._pending.clear()
        self._size = self._at = 0
        self._room.set()
        self._idle.set()
        self.watchers.clear()
        self.taps.clear()

    def _clipboard_asked(self, request: ClipboardRequest) -> None:
        if self._on_clipboard is not None:
            self._on_clipboard(request.text)
