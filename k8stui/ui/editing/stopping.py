"""The user's wish, while a save is under way, that nothing more of it be done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


class Stopped(Exception):
    """The user gave up what was waited for."""


class Stop:
    """Of one save: asked for at most once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Nothing more is to be begun."""
        return self._event.is_set()

    def ask(self) -> None:
        """Begin nothing more; what only waits or tries ends now."""
        self._event.set()

    async def unless(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do what may be broken off at any time. Raises Stopped, and what the work raises."""
        doing = asyncio.ensure_future(work)
        wish = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait((doing, wish), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Stopped
            return doing.result()
        finally:
            for task in (doing, wish):
                task.cancel()
            await asyncio.gather(doing, wish, return_exceptions=True)
