"""Time limits for what waits on the network, all of which end at once when the connection is closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from k8stui.kube.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from k8stui.kube.errors import LossKind

__all__ = ["Limits"]


class Limits:
    """The limits of one connection. Limits are in seconds, None for none."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._running: set[asyncio.Timeout] = set()
        self.closed = False

    def answer(self, seconds: float | None, what: str) -> AbstractAsyncContextManager[None]:
        """For an answer to `what` ("GET /version")."""
        said = f"{self._server} did not answer {what} within {seconds or 0:g} s"
        return self._within(seconds, said, "timeout", "the server or the network is slow: try again")

    def silence(self, seconds: float | None) -> AbstractAsyncContextManager[None]:
        """For the next bit of a stream."""
        said = f"Nothing came from {self._server} for {seconds or 0:g} s"
        return self._within(seconds, said, "idle", "the stream is opened again")

    def login(self) -> AbstractAsyncContextManager[None]:
        """For credentials, which have limits of their own."""
        return self._within(None, "", "lost", "")

    def check(self) -> None:
        """Raises ConnectionLost when the connection was closed here."""
        if self.closed:
            raise ConnectionLost(f"The connection to {self._server} was closed", kind="closed")

    def end(self) -> None:
        """Whatever waits, or begins to wait from now on, gets ConnectionLost."""
        self.closed = True
        for limit in tuple(self._running):
            with contextlib.suppress(RuntimeError):  # It has just run out by itself.
                limit.reschedule(0)

    @contextlib.asynccontextmanager
    async def _within(
        self, seconds: float | None, said: str, kind: LossKind, hint: str
    ) -> AsyncIterator[None]:
        self.check()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                self._running.add(limit)
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            self.check()
            raise ConnectionLost(said, kind=kind, hint=hint) from None
        finally:
            self._running.discard(limit)
