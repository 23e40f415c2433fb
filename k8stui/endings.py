"""Signals that ask the program to end: it ends in order, and then dies of them as its caller expects.

It knows neither the screen nor any command; what has to be put in order is theirs.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["BY_SIGNAL", "die_of", "on_ending"]

BY_SIGNAL = 128
"""And the number of the signal: what a shell says of a process that died of one."""
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


def on_ending(loop: asyncio.AbstractEventLoop, stop: Callable[[int], None]) -> None:
    """Call `stop` with the number of each signal that asks for an end.

    SIGHUP stays ignored where it is: `nohup` wants the program to outlive its terminal. SIGINT, which shells
    let programs in the background ignore, does not: whoever sends it means it.
    """
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop, number)


def die_of(number: int) -> None:
    """Die of a signal, so that a shell sees that it was one: it then leaves its loop, as the user meant."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
