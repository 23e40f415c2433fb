"""Output on its way from the network to a slow reader, and input the other way: bounded, in order.

Knows no sessions and no servers. Nothing in here is ever dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["HIGH", "RESERVE", "Input", "Output"]

HIGH = 256 * 1024
"""Bytes waiting for the reader at which the network is not read any more."""
LOW = 64 * 1024
RESERVE = 16 * 1024 * 1024
"""Most bytes taken in from the network while the reader stands still, in order to see whether it is alive."""
PAUSE = 4.0
"""Seconds that a reader may stand still before the network is looked at again."""
PIECE = 64 * 1024
"""Most bytes handed out at once."""
INPUT_LIMIT = 4 * 1024 * 1024
"""Bytes of input that may wait to be sent."""


class Output:
    """A queue of (channel, bytes). One task puts, one takes."""

    def __init__(self, *, pause: float = PAUSE, reserve: int = RESERVE) -> None:
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._pause = pause
        self._reserve = reserve
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._overdraft = False
        self.size = 0

    def put(self, channel: int, data: bytes) -> None:
        """Add output at the end."""
        if not data:
            return
        self._pieces.append((channel, data))
        self.size += len(data)
        self._filled.set()
        self._idle.clear()
        if self.size >= HIGH:
            self._drained.clear()

    async def room(self) -> None:
        """Wait until more may be put.

        That is when the reader has caught up. A reader that stands still for some seconds lets more in, up
        to RESERVE: what the network has to say behind all that output (that it is gone) must be found out.
        """
        if self._drained.is_set():
            self._overdraft = False
            return
        if not self._overdraft:
            try:
                async with asyncio.timeout(self._pause):
                    await self._drained.wait()
                return
            except TimeoutError:
                self._overdraft = True
        if self.size >= self._reserve:
            await self._drained.wait()

    async def take(self) -> tuple[int, bytes]:
        """The next output of one channel, at most PIECE bytes."""
        if not self._pieces:
            self._idle.set()  # what was taken last has been dealt with
        while not self._pieces:
            self._filled.clear()
            await self._filled.wait()
        channel, data = self._pieces.popleft()
        if len(data) > PIECE:
            self._pieces.appendleft((channel, data[PIECE:]))
            data = data[:PIECE]
        elif self._pieces and self._pieces[0][0] == channel:
            parts, total = [data], len(data)
            while self._pieces and self._pieces[0][0] == channel and total + len(self._pieces[0][1]) <= PIECE:
                more = self._pieces.popleft()[1]
                parts.append(more)
                total += len(more)
            data = b"".join(parts)
        self.size -= len(data)
        if self.size <= LOW:
            self._drained.set()
        return channel, data

    async def idle(self) -> None:
        """Wait until everything that was put has been taken and dealt with."""
        await self._idle.wait()


class Input:
    """What is to be sent, in order: bytes, the newest size of the terminal, the end of input."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._sizes: list[tuple[int, int]] = []
        self._closing = False
        self.held = False
        """Whether only sizes are given out for now."""
        self.size = 0

    def put(self, data: bytes) -> bool:
        """Queue input; False, and nothing queued, where too much waits already."""
        if self.size and self.size + len(data) > INPUT_LIMIT:
            return False
        for start in range(0, len(data), PIECE):
            self._pieces.append(data[start : start + PIECE])
        self.size += len(data)
        self._wake.set()
        if self.size >= HIGH:
            self._room.clear()
        return True

    async def room(self) -> None:
        """Wait until most of what was queued has been sent."""
        await self._room.wait()

    def resize(self, *sizes: tuple[int, int]) -> None:
        """Send these sizes, instead of any that still waits."""
        self._sizes = list(sizes)
        self._wake.set()

    def close(self) -> None:
        """End of input, after all that was queued."""
        self._closing = True
        self._wake.set()

    async def take(self) -> bytes | tuple[int, int] | None:
        """The next thing to send; a size comes before input. None is the end of input, told once."""
        while True:
            if self._sizes:
                return self._sizes.pop(0)
            if self._pieces and not self.held:
                parts = [self._pieces.popleft()]
                total = len(parts[0])
                while self._pieces and total + len(self._pieces[0]) <= PIECE:
                    parts.append(self._pieces.popleft())
                    total += len(parts[-1])
                data = b"".join(parts)
                self.size -= total
                if self.size < LOW:
                    self._room.set()
                return data
            if self._closing and not self.held:
                self._closing = False
                return None
            self._wake.clear()
            await self._wake.wait()

    def release(self) -> None:
        """Give out input as well."""
        self.held = False
        self._wake.set()

    def clear(self) -> None:
        """Forget what was not sent: it was meant for a stream that is gone."""
        self._pieces.clear()
        self.size = 0
        self._closing = False
        self._room.set()
