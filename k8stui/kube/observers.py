"""Who wants to be called when something is another than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Observers:
    """Callbacks, called in the order in which they came. One may go while they are called."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call this from now on. Gives a function that ends it."""
        self._callbacks.append(callback)

        def stop() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return stop

    def tell(self) -> None:
        """Call them all."""
        for callback in tuple(self._callbacks):
            callback()

    def clear(self) -> None:
        """Call nobody any more."""
        self._callbacks.clear()
