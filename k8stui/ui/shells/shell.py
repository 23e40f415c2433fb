"""One shell: a session of the engine and the terminal that shows it, together for as long as both live.

Views come and go, the shell stays. What happens to it is written into its terminal, with the time, so that
it is there to be read later. Nothing here asks the user anything.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from k8stui.ui.shells.draining import Drain
from k8stui.ui.widgets.terminal.output import TerminalModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.session import ShellSession
    from k8stui.kube.sessions.words import Ending
    from k8stui.terminal.asciicast import Recording
    from k8stui.ui.widgets.terminal.output import OutputPacer

_MOUSE_OFF = "".join(f"\x1b[?{mode}l" for mode in (9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016))
PLAIN = f"{_MOUSE_OFF}\x1b[?2004l\x1b[?2026l\x1b[?1l\x1b[?66l\x1b[!p\x1b[?25h\x1b[0m\x1b[<9u"
"""What brings a terminal back to plain text after a program that could not do so itself."""
CTRL_C = b"\x03"
QUIET = 0.7
"""Seconds without output after which somebody who joined a program is told about Enter."""


class Shell:
    """`on_change` is called when it has to be shown otherwise: state, title, news."""

    def __init__(
        self,
        pacer: OutputPacer,
        *,
        context: Context,
        history: int,
        once: bool = False,
        on_change: Callable[[Shell], None],
        on_clipboard: Callable[[Shell, str], None],
    ) -> None:
        self.context = context
        self.once = once
        """A command that is run once: no terminal, its output and exit code are kept."""
        self.number = 0
        self.news = False
        """Something was written while nobody looked."""
        self.rang = False
        self.recording: Recording | None = None
        self._on_change = on_change
        self._session: ShellSession | None = None
        self._living = False
        self._notes: set[asyncio.Task[None]] = set()
        self.model = TerminalModel(
            pacer,
            on_input=self._input,
            on_resized=self._resized,
            on_clipboard=lambda text: on_clipboard(self, text),
            history=history,
        )
        self._drain = Drain(self.model)

    # What it is

    def bind(self, session: ShellSession, number: int) -> None:
        """This is the session, which has begun."""
        self._session = session
        self.number = number
        self._living = session.state.living
        session.observe(self._state_changed)
        self._state_changed()

    @property
    def session(self) -> ShellSession:
        """The engine's part."""
        assert self._session is not None
        return self._session

    @property
    def title(self) -> str:
        """What to call it."""
        return self._session.title if self._session is not None else ""

    @property
    def phase(self) -> str:
        """A word: connecting, running, ended, lost, closed."""
        return self._session.phase.value if self._session is not None else "connecting"

    @property
    def living(self) -> bool:
        """Closing it would end something."""
        return self._session is not None and self._session.state.living

    @property
    def ending(self) -> Ending | None:
        """How it ended, or why it was lost."""
        return self._session.state.ending if self._session is not None else None

    @property
    def since(self) -> str:
        """The time of day since when it is what it is."""
        at = self._session.state.since if self._session is not None else time.time()
        return time.strftime("%H:%M:%S", time.localtime(at))

    # Output and input

    async def sink(self, channel: int, data: bytes) -> None:
        """Output of the program; waits while the terminal is behind."""
        del channel
        if self.once:
            # without a terminal at the other end, nobody puts the carriage back
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if not self.model.watchers and not self.news:
            self.news = True
            self._on_change(self)
        if self._drain.take(data):
            return
        await self.model.room()
        # ctrl-c may have come while this waited: it belongs to what nobody wants to see any more
        if not self._drain.take(data):
            self.model.feed_now(data)

    def _input(self, data: bytes) -> None:
        session = self._session
        if session is None:
            return
        if data == CTRL_C:
            # what is on its way is not worth waiting for any more
            self._drain.begin()
        else:
            self._drain.forget()
        session.send(data)

    def _resized(self, columns: int, lines: int) -> None:
        if self._session is not None:
            self._session.resize(columns, lines)
        if self.recording is not None:
            self.recording.resize(columns, lines)

    # What becomes of it

    def _state_changed(self) -> None:
        session = self.session
        living = session.state.living
        self.model.takes_input = living
        if self._living and not living and session.state.ending is not None:
            self._keep(self._say_ending(session.state.ending, self.since, session))
        elif living and not self._living:
            self._say(f"Connecting again at {self.since}", plain=True)
        self._living = living
        if session.phase.value == "running" and session.spec.verb == "attach" and session.spec.stdin:
            self._keep(self._hint_at_enter(session.counters.received))
        self._on_change(self)

    async def _hint_at_enter(self, received: int) -> None:
        """A shell printed its prompt before somebody joined it: an empty terminal would look broken."""
        await asyncio.sleep(QUIET)
        if self.living and self.session.counters.received == received:
            self._say("Joined, and nothing was printed since: a shell shows its prompt after Enter")

    async def _say_ending(self, ending: Ending, since: str, session: Any) -> None:
        await session.wait_delivered()
        self._drain.finish()
        await self.model.idle()
        lost = ending.reason.value == "connection lost"
        on_main = self.model.emulator.screen.grid is self.model.emulator.screen.main
        if lost and not on_main:
            # the page of a full-screen program stays to be read
            self.model.feed_now(_MOUSE_OFF.encode())
        else:
            self._say(f"{ending.sentence} at {since}", plain=not lost)

    def _say(self, sentence: str, *, plain: bool = False) -> None:
        """A line of our own in the terminal."""
        screen = self.model.emulator.screen
        if plain and screen.grid is screen.alternate:
            self.model.feed_now(b"\x1b[?1049l")
        start = "" if screen.cursor.x == 0 and not plain else "\r\n"
        reset = PLAIN if plain else "\x1b[0m"
        self.model.feed_now(f"{reset}{start}\x1b[2m── {sentence} ──\x1b[0m\r\n".encode())

    def _keep(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    def seen(self) -> None:
        """The user looks at it."""
        if self.news or self.rang:
            self.news = self.rang = False
            self._on_change(self)

    def ring(self) -> None:
        """The bell rang while the user looked elsewhere."""
        if not self.rang:
            self.rang = True
            self._on_change(self)

    def rename(self, title: str) -> None:
        """Call it something else."""
        self.session.rename(title)

    def reconnect(self) -> None:
        """Open it again, after it ended or was lost."""
        if not self.living and self._session is not None:
            self._session.reconnect()

    # Recording

    def record(self, recording: Recording) -> None:
        """Write what is shown into a file from now on."""
        self.stop_recording()
        self.recording = recording
        self.model.taps.append(recording.output)
        self._on_change(self)

    def stop_recording(self) -> None:
        """Write no more."""
        recording, self.recording = self.recording, None
        if recording is not None:
            if recording.output in self.model.taps:
                self.model.taps.remove(recording.output)
            recording.close()
            self._on_change(self)

    def close(self) -> None:
        """The terminal goes; the session is closed by its store."""
        self.stop_recording()
        for task in tuple(self._notes):
            task.cancel()
        self.model.close()
