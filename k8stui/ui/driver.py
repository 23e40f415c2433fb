"""The driver of the terminal: keys are read whole, and what is written never waits for a slow terminal.

Textual's own blocks the event loop when thirty writes are waiting. Here they wait in memory, and the next
frame is held back instead, so that little does (`outflow`).
"""

from __future__ import annotations

import codecs
import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any

from k8stui.ui.outflow import FrameHold, Outflow
from k8stui.ui.widgets.terminal.input import AWAITING, IDLE, TerminalParser

if TYPE_CHECKING:
    from textual.driver import Driver

LAST_ANSWERS = 2.0
"""Seconds that answers of the terminal are waited for before it is given back: a shell would read them."""


class CountedFile:
    """A file, and how many characters it has taken."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.written = 0

    def write(self, text: str) -> int:
        """As of a file."""
        count: int = self._file.write(text)
        self.written += len(text)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _terminal_of(file: Any) -> Any:
    """Where frames go: Textual's choice (standard error), unless it leads elsewhere, as with `2>errors`."""
    return file if file.isatty() or sys.__stdout__ is None else sys.__stdout__


def own_driver(driver: type[Driver]) -> type[Driver]:
    """The driver of this platform with what is said above; one for another platform as it is."""
    try:
        from textual.drivers.linux_driver import LinuxDriver
    except ImportError:
        return driver
    if driver is not LinuxDriver:
        return driver

    class OwnDriver(LinuxDriver):
        """Reads and writes the terminal of a Unix."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            counted = CountedFile(_terminal_of(self._file))
            self._file = counted  # type: ignore[assignment]
            self.outflow = Outflow(self.write, lambda: counted.written)
            self.hold = FrameHold(self._app, self.outflow)

        # Output

        def start_application_mode(self) -> None:
            """Take the terminal."""
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self._taken = True
            if self._writer_thread is not None:
                self._writer_thread._queue.maxsize = 0  # never full: nobody waits to put something in
            self.outflow.restart()

        def write(self, data: str) -> None:
            """Write without waiting."""
            self.outflow.wrote(len(data))
            super().write(data)

        def flush(self) -> None:
            """Called at the end of a frame."""
            super().flush()
            if self._app.is_running:
                self.hold.frame_written()

        def stop_application_mode(self) -> None:
            """Give the terminal back."""
            self._taken = False
            self.hold.end()
            until = time.monotonic() + LAST_ANSWERS
            asked = self.outflow.awaited
            while self._answers < asked and time.monotonic() < until:
                time.sleep(0.005)
            super().stop_application_mode()

        # Sleeping and waking: not where a signal interrupts, which may be in the middle of a write

        _taken = False
        """Whether the terminal is ours."""

        def _sigtstp_application(self, *_: Any) -> None:
            self._loop.call_soon_threadsafe(super()._sigtstp_application)

        def _sigcont_application(self, *_: Any) -> None:
            self._loop.call_soon_threadsafe(self._wake)

        def _wake(self) -> None:
            """After SIGTSTP the terminal was given back, after SIGSTOP not; a shell has had it anyway."""
            if not self._auto_restart or self._app._exit:
                return
            if self._taken:
                self.suspend_application_mode()
            self._must_signal_resume = True
            self.resume_application_mode()

        # Input

        _answers = 0
        """Answers that were read and that the event loop has not been told of."""

        def run_input_thread(self) -> None:
            """Wait for input and hand on what it means, until the app ends or is suspended."""
            parser = TerminalParser(self._debug, on_answer=self._hear)
            # pasted bytes may be anything: they must not end the thread
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            wait = IDLE
            while not self.exit_event.is_set():
                if select.select([self.fileno], [], [], wait)[0]:
                    data = self._read()
                    if not data:  # the terminal is gone, and would be found readable for ever
                        self._loop.call_soon_threadsafe(self._app.exit)
                        return
                    self._hand_on(parser.feed(decode(data)))
                self._hand_on(parser.tick())
                wait = IDLE if parser._timeout_time is None else AWAITING

        def _read(self) -> bytes:
            try:
                return os.read(self.fileno, 4096)
            except OSError:
                return b""

        def _hand_on(self, messages: Any) -> None:
            for message in messages:
                self.process_message(message)

        def _hear(self) -> None:
            self._answers += 1
            self._loop.call_soon_threadsafe(self._answered)

        def _answered(self) -> None:
            self._answers -= 1
            self.outflow.answered()
            self.hold.look()

    return OwnDriver
