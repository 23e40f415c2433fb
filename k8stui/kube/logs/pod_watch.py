"""One pod whose logs are read, as it was last seen; read anew when something changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.pod import PodLives, read_pod

if TYPE_CHECKING:
    from k8stui.kube.backoff import Clock
    from k8stui.kube.connection.protocols import Requests


class PodView(Protocol):
    """The pod as it is known now."""

    lives: PodLives | None
    """None when the pod is gone."""
    read_at: float
    """When it was read, on the monotonic clock."""

    async def refresh(self) -> None:
        """Read the pod now. Raises KubeError."""
        ...

    async def changed(self, seconds: float) -> None:
        """Wait for news of the pod, at most so long."""
        ...


class PodWatcher:
    """The pod as last read. `calm`: how much rarer it is asked by the clock, where others report changes."""

    def __init__(self, connection: Requests, path: str, uid: str, clock: Clock, *, calm: float = 1.0) -> None:
        self._connection = connection
        self._path = path
        self._uid = uid
        self._clock = clock
        self._calm = calm
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        self.read_at = float("-inf")
        """When it was read, on the monotonic clock."""
        self.lives: PodLives | None = None
        """None before it is read, and when it is gone."""

    async def refresh(self) -> None:
        """Read the pod now; those who ask at once share a request. Raises KubeError."""
        asked = self._clock.monotonic()
        async with self._lock:
            if self.read_at > asked:
                return
            began = self._clock.monotonic()
            try:
                lives: PodLives | None = await read_pod(self._connection, self._path)
            except ApiError as error:
                if error.code != 404:
                    raise
                lives = None
            if lives is not None and self._uid and lives.uid != self._uid:
                lives = None  # another pod of the same name
            self._uid = self._uid or (lives.uid if lives else "")
            self.read_at = began
            if lives != self.lives:
                self.lives = lives
                self.report()

    def report(self) -> None:
        """It changed, or may be asked for its logs now: nobody waits any longer."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def changed(self, seconds: float) -> None:
        """Wait until the pod is another than it was, at most so long; then it is read again."""
        news = self._news
        try:
            async with asyncio.timeout(seconds * self._calm):
                await news.wait()
        except TimeoutError:
            try:
                await self.refresh()
            except KubeError:
                return
