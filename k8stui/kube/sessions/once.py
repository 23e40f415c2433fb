"""A command that is run once: its output, bounded, and how it ended. No terminal and no input.

What does not fit is counted, not kept: the beginning and the end of the output are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.sessions.session import SessionSpec, ShellSession
from k8stui.kube.sessions.words import Ending, NextStep, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from k8stui.kube.sessions.look import Lease
    from k8stui.kube.sessions.target import SessionTarget

__all__ = ["KeptOutput", "OnceResult", "run_once"]

LIMIT = 1024 * 1024


class KeptOutput:
    """The first and the last half of `limit` bytes; `dropped` counts what was between."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._half = max(1, limit // 2)
        self._head: list[tuple[int, bytes]] = []
        self._head_size = 0
        self._tail: deque[tuple[int, bytes]] = deque()
        self._tail_size = 0
        self.dropped = 0

    def add(self, channel: int, data: bytes) -> None:
        """One more piece."""
        room = self._half - self._head_size
        if room > 0:
            self._head.append((channel, data[:room]))
            self._head_size += len(data[:room])
            data = data[room:]
        if not data:
            return
        self._tail.append((channel, data))
        self._tail_size += len(data)
        while self._tail_size > self._half:
            first, piece = self._tail.popleft()
            surplus = min(len(piece), self._tail_size - self._half)
            self._tail_size -= surplus
            self.dropped += surplus
            if surplus < len(piece):
                self._tail.appendleft((first, piece[surplus:]))

    def pieces(self) -> tuple[tuple[int, bytes], ...]:
        """What is kept, as (channel, bytes) in order."""
        return (*self._head, *self._tail)

    def text(self, *channels: int) -> bytes:
        """What is kept of these channels (default: all), with a line in place of what was dropped."""
        head = b"".join(data for channel, data in self._head if not channels or channel in channels)
        tail = b"".join(data for channel, data in self._tail if not channels or channel in channels)
        gap = b"\n[%d bytes left out]\n" % self.dropped if self.dropped else b""
        return head + gap + tail


@dataclass(frozen=True)
class OnceResult:
    """`ending.code` is the exit code; `seconds` how long it took."""

    ending: Ending
    output: KeptOutput = field(repr=False)
    seconds: float = 0.0


async def run_once(
    lease: Lease,
    target: SessionTarget,
    command: tuple[str, ...],
    *,
    timeout: float = 60.0,
    limit: int = LIMIT,
    on_output: Callable[[int, bytes], Awaitable[None]] | None = None,
    clock: Clock | None = None,
) -> OnceResult:
    """Run a command to its end, within `timeout` seconds. Closes the lease. Cancelling ends the command.

    Never raises for the server's sake: why it did not run is the ending.
    """
    clock = clock or SystemClock()
    kept = KeptOutput(limit)

    async def sink(channel: int, data: bytes) -> None:
        kept.add(channel, data)
        if on_output is not None:
            await on_output(channel, data)

    began = clock.monotonic()
    session = ShellSession(
        SessionSpec.command(target, command, stdin=False, tty=False), lease, sink=sink, clock=clock
    )
    try:
        session.start()
        async with asyncio.timeout(timeout):
            ending = await session.wait_over()
            await session.wait_delivered()
    except TimeoutError:
        said = f"The command did not end within {timeout:g} s"
        ending = Ending(Reason.FAILED, said, "run it in a shell instead", NextStep.AGAIN)
    finally:
        await session.close()
    assert ending is not None
    return OnceResult(ending, kept, clock.monotonic() - began)
