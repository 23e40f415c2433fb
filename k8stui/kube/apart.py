"""Work that may never end (reading a file on a mount that hangs), in a thread that nobody has to wait for.

The event loop's own threads are joined when the program ends, so that one that hangs would keep it from
ending. Only reading may be done here: work that is given up goes on, or ends half way with the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HANGS", "LIMIT", "Apart"]

T = TypeVar("T")
LIMIT = 5.0
"""Seconds that reading a small file may take."""
HANGS = "it may lie on a mount that hangs, or be a pipe that nobody writes to"
"""What to look at when it took longer."""


class Apart:
    """Does one thing after the other. `limit` is in seconds."""

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._under_way: asyncio.Future[Any] | None = None
        self._given_up: asyncio.Future[Any] | None = None

    @property
    def hangs(self) -> bool:
        """Whether something was given up and still goes on, perhaps for good."""
        return self._given_up is not None and not self._given_up.done()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises.

        Raises TimeoutError when it, or what hangs before it, takes too long.
        """
        try:
            async with asyncio.timeout(self.limit):
                while self._under_way is not None and not self._under_way.done():
                    await asyncio.wait((self._under_way,))
                ended = self._under_way = asyncio.get_running_loop().create_future()
                threading.Thread(target=_do, args=(work, ended), name="apart", daemon=True).start()
                result, error = await asyncio.shield(ended)
        except TimeoutError:
            self._given_up = self._under_way
            raise
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]


def _do(work: Callable[[], Any], ended: asyncio.Future[Any]) -> None:
    result: Any = None
    raised: BaseException | None = None
    try:
        result = work()
    except BaseException as error:
        raised = error
    with contextlib.suppress(RuntimeError):  # the event loop is gone
        ended.get_loop().call_soon_threadsafe(ended.set_result, (result, raised))
