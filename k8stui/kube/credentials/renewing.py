"""Credentials that must be fetched: cached until they end, fetched once for all who wait for them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from k8stui.kube.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.credentials.base import Credential

__all__ = ["RenewingSource"]

MARGIN = 10.0
"""Seconds before its end when a credential is no longer used."""
FAILURE_KEPT = 5.0
"""Seconds for which a failure answers further requests, so that many readers do not start many logins."""
FETCHED_APART = 5.0
"""Seconds between two fetches, when what is fetched ends at once: half a second's validity is no reason to
run a plugin for each request."""
RENEWED_APART = 30.0
"""Seconds between two renewals that a server asks for by refusing."""


class RenewingSource:
    """Base of sources whose `fetch()` takes time. `clock` is monotonic seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._current: Credential | None = None
        self._fetched_at = float("-inf")
        self._renewed_at = float("-inf")
        self._failure: CredentialsError | None = None
        self._failed_at = float("-inf")
        self._task: asyncio.Task[Credential] | None = None
        self._waiting = 0

    async def fetch(self) -> Credential:
        """Get a new credential, however long it takes within the source's own limit."""
        raise NotImplementedError

    async def get(self) -> Credential:
        """The current credential, or a new one when it ends soon. Raises CredentialsError."""
        current = self._current
        if current is not None and (
            current.fresh(MARGIN) or self._clock() - self._fetched_at < FETCHED_APART
        ):
            return current
        return await self._shared()

    async def renew(self, refused: Credential) -> bool:
        """Fetch another credential than `refused`, unless that was just done; see CredentialSource."""
        if self._current is not None and self._current != refused:
            return True
        if self._task is None:
            if self._clock() - self._renewed_at < RENEWED_APART:
                return False
            self._renewed_at = self._clock()
        return await self._shared() != refused

    async def _shared(self) -> Credential:
        if self._task is None:
            if self._failure is not None and self._clock() - self._failed_at < FAILURE_KEPT:
                raise self._failure.again()
            self._task = asyncio.create_task(self._run(), name="credentials")
        task = self._task
        self._waiting += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting -= 1
            if self._waiting == 0 and not task.done():
                # All who wanted it went away: nobody shall wait for a login that nobody uses.
                task.cancel()
                await asyncio.wait([task])

    async def _run(self) -> Credential:
        try:
            self._current = await self.fetch()
        except CredentialsError as error:
            self._failure, self._failed_at = error, self._clock()
            raise
        else:
            self._failure = None
            self._fetched_at = self._clock()
            return self._current
        finally:
            self._task = None
