"""How fast the pods of a log group are begun with: a few hundred at once, more at kubectl's own pace.

Each pod that is begun with asks the server for itself, and takes memory and a place in the queue. A query
that means all pods of a large cluster must not flood the server, nor keep the event loop to itself.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.group_lists import PodRef

BURST = 300
A_SECOND = 50
"""What kubectl allows itself: so many requests without delay, and then so many a second."""
MOST_PODS = 2_000
"""Pods of one log that are read or queued: each takes 20 KiB, and with more its turn hardly ever comes."""
TOGETHER = 10
"""Pods that are begun with in one turn of the loop."""
PAUSE = 0.1


class Admission:
    """Pods that are still to be begun with, in their order."""

    def __init__(self, clock: Clock, begin: Callable[[PodRef, bool], None]) -> None:
        """`begin` gets each pod when its turn has come, and whether it joined later than the first ones."""
        self._clock = clock
        self._begin = begin
        self._reading = 0
        self._pods: dict[str, tuple[PodRef, bool]] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._pods)

    def add(self, pod: PodRef, *, joined: bool) -> None:
        """One more."""
        self._pods[pod.uid] = pod, joined
        self._news.set()

    @property
    def is_full(self) -> bool:
        """Whether others wait until pods that are read now have ended."""
        return self._reading >= MOST_PODS and len(self) > 0

    def ended(self) -> None:
        """A pod that was begun with is read no more."""
        self._reading -= 1
        self._news.set()

    def discard(self, uid: str) -> None:
        """A pod is gone before its turn has come."""
        self._pods.pop(uid, None)

    async def run(self) -> None:
        """Begin with those that are added; without end."""
        allowed, since = float(BURST), self._clock.monotonic()
        while True:
            await self._news.wait()
            self._news.clear()
            while self._pods and self._reading < MOST_PODS:
                now = self._clock.monotonic()
                allowed, since = min(float(BURST), allowed + (now - since) * A_SECOND), now
                if allowed < 1:
                    await self._clock.sleep(PAUSE)
                    continue
                count = min(TOGETHER, int(allowed), MOST_PODS - self._reading)
                for uid in [*islice(self._pods, count)]:
                    self._reading += 1
                    self._begin(*self._pods.pop(uid))
                allowed -= count
                await asyncio.sleep(0)
