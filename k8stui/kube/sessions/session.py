"""One shell, command or attachment with a life: connecting, running, ended, or lost and opened again.

A `ShellSession` owns its tasks and its place on a connection; views come and go. Output goes to an async
sink, and a sink that is slow holds the program back, as a slow terminal does. It keeps no output and knows no
terminal: that is for whoever gives the sink. It must never raise for a server's sake: that is a state.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.errors import ConnectionLost, KubeError
from k8stui.kube.observers import Observers
from k8stui.kube.sessions.commands import shell_commands
from k8stui.kube.sessions.flow import PAUSE, Input, Output
from k8stui.kube.sessions.look import autopsy, chosen_container, explained, node_system
from k8stui.kube.sessions.streams import RemoteCommand
from k8stui.kube.sessions.types import Counters, SessionPhase, SessionSpec, SessionState, Sink
from k8stui.kube.sessions.words import Ending, NextStep, Reason, ended, lost, no_shell, refused
from k8stui.kube.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.sessions.look import Lease, Server

__all__ = ["Counters", "SessionPhase", "SessionSpec", "SessionState", "ShellSession", "Sink"]

SETTLE = 0.5
"""Seconds after which a command that said nothing is taken to have started."""


class ShellSession:
    """A session. Make it, give it a sink, `start` it; `close` it at the end, always.

    `observe` tells of every change of `state`. All methods must be called on the event loop; none of those
    that are not `async` blocks or raises.
    """

    def __init__(
        self,
        spec: SessionSpec,
        lease: Lease,
        *,
        sink: Sink | None = None,
        size: tuple[int, int] = (80, 24),
        clock: Clock | None = None,
        pause: float = PAUSE,
    ) -> None:
        self.spec = spec
        self.title = spec.title or str(spec.target)
        """What to call it; the user may rename it."""
        self.target = spec.target
        """Where it is; the container and the pod's uid are filled in once they are known."""
        self.command: tuple[str, ...] = ()
        """What runs, or was tried last; () for an attachment."""
        self.counters = Counters()
        self._lease = lease
        self._clock: Clock = clock or SystemClock()
        self.opened_at = self._clock.wall()
        """When it was made, in seconds since the epoch."""
        self.running_since: float | None = None
        """When the stream of now began, in seconds since the epoch; None before the first."""
        self._state = SessionState(SessionPhase.CONNECTING, self.opened_at)
        self._observers = Observers()
        self._tasks = Tasks(f"session {spec.target}")
        self._life: asyncio.Task[None] | None = None
        self._sink_task: asyncio.Task[None] | None = None
        self._sink = sink
        self._has_sink = asyncio.Event()
        if sink is not None:
            self._has_sink.set()
        self._size = size
        self._output = Output(pause=pause)
        self._input = Input()
        self._over = asyncio.Event()

    # -- what it is ------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        return self._state

    @property
    def phase(self) -> SessionPhase:
        return self._state.phase

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines as last told to the program."""
        return self._size

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when `state` or `title` changes. Gives a function that ends it."""
        return self._observers.add(callback)

    def rename(self, title: str) -> None:
        """Call it something else ("" gives it its first name back)."""
        self.title = title or self.spec.title or str(self.spec.target)
        self._changed()

    # -- what can be done ------------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once. `state` tells what becomes of it."""
        if self._life is None:
            self._life = self._tasks.start(self._live(), "life")

    def set_sink(self, sink: Sink | None) -> None:
        """Where output goes from now on; None holds it back until there is a sink again."""
        self._sink = sink
        if sink is None:
            self._has_sink.clear()
        else:
            self._has_sink.set()

    def send(self, data: bytes) -> bool:
        """Queue input. False, and nothing is sent, when it does not run or too much (4 MiB) waits already."""
        return self._accepts_input and self._input.put(data)

    async def write(self, data: bytes) -> bool:
        """As `send`, but waits while much is queued. False when the session ended meanwhile."""
        for start in range(0, len(data), 64 * 1024):
            over = asyncio.ensure_future(self._over.wait())
            room = asyncio.ensure_future(self._input.room())
            try:
                await asyncio.wait((over, room), return_when=asyncio.FIRST_COMPLETED)
            finally:
                over.cancel()
                room.cancel()
                await asyncio.gather(over, room, return_exceptions=True)
            if not self.send(data[start : start + 64 * 1024]):
                return False
        return True

    def resize(self, columns: int, lines: int) -> None:
        """Tell the program the size of its terminal; of many in a row only the newest is sent."""
        size = (max(1, columns), max(1, lines))
        if size != self._size:
            self._size = size
            if self.spec.tty:
                self._input.resize(size)

    def close_stdin(self) -> None:
        """End of input: ctrl-d in a terminal. Without one, servers before 1.30 cannot be told."""
        if self._accepts_input:
            self._input.close()

    def reconnect(self) -> None:
        """A new stream to the same target, after it ended or was lost. Output goes on to the same sink.

        An attachment joins the same process again; a shell or command is started anew.
        """
        if self.phase in (SessionPhase.ENDED, SessionPhase.LOST) and not self._tasks.closed:
            old, self._life = self._life, None
            self._input.clear()
            self._set(SessionPhase.CONNECTING)
            self._life = self._tasks.start(self._live(old), "life")

    async def wait_over(self) -> Ending | None:
        """Wait until it has ended, was lost or closed; None where it was closed."""
        await self._over.wait()
        return self._state.ending

    async def wait_delivered(self) -> None:
        """Wait until the sink has dealt with all output so far."""
        await self._output.idle()

    async def close(self) -> None:
        """End it: what an exec runs is ended by the server. Nothing is left running here."""
        await self._tasks.close()
        if self.phase is not SessionPhase.CLOSED:
            self._set(SessionPhase.CLOSED)
            self._observers.clear()
            await self._lease.close()

    # -- its life --------------------------------------------------------------------------

    @property
    def _accepts_input(self) -> bool:
        return self.spec.stdin and self._state.living

    def _set(self, phase: SessionPhase, ending: Ending | None = None) -> None:
        self._state = SessionState(phase, self._clock.wall(), ending)
        if self._state.living:
            self._over.clear()
        else:
            self._over.set()
        self._changed()

    def _changed(self) -> None:
        self._observers.tell()

    async def _live(self, before: asyncio.Task[None] | None = None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        elif self._sink_task is None:
            self._sink_task = self._tasks.start(self._deliver(), "delivery")
        try:
            phase, ending = await self._try_commands()
        except Exception as error:
            self._set(SessionPhase.ENDED, _internal(error))
            raise
        self._set(phase, ending)
        if phase is SessionPhase.LOST and self.running_since is not None:
            self._tasks.start(self._look(self._state), "look at the pod")

    async def _look(self, state: SessionState) -> None:
        """It is said at once that the stream broke; whether it was the pod is found out after that."""
        with contextlib.suppress(KubeError):
            ending = await autopsy(await self._lease.connection(), self.target)
            if ending is not None and self._state is state:
                self._set(SessionPhase.ENDED, ending)

    async def _try_commands(self) -> tuple[SessionPhase, Ending]:
        """Open the target, with each command in turn until one starts, and see it to its end."""
        try:
            connection = await self._lease.connection()
            if not self.target.container or not self.target.uid:
                self.target = await chosen_container(connection, self.target)
            if self.spec.verb == "attach":
                return await self._one(connection, (), alone=True)
            tried = list(self.spec.commands or shell_commands(self.spec.system))
            ending = await self._first_that_starts(connection, tried)
            if ending[1].reason is Reason.NO_CONTAINER:
                return ending[0], await explained(self._lease, self.target, ending[1])
            if ending[1].reason is Reason.NO_COMMAND and self.spec.is_shell:
                windows = self.spec.system != "windows" and await node_system(connection, self.target)
                if windows == "windows":
                    more = list(shell_commands("windows"))
                    tried += more
                    ending = await self._first_that_starts(connection, more)
                if ending[1].reason is Reason.NO_COMMAND:
                    return SessionPhase.ENDED, no_shell(tried)
            return ending
        except KubeError as error:
            refusal = refused(error, self.spec.verb, self.target.pod)
            if refusal.reason is Reason.NO_CONTAINER:
                refusal = await explained(self._lease, self.target, refusal)
            phase = SessionPhase.LOST if refusal.reason is Reason.LOST else SessionPhase.ENDED
            return phase, refusal

    async def _first_that_starts(
        self, connection: Server, commands: list[tuple[str, ...]]
    ) -> tuple[SessionPhase, Ending]:
        for command in commands:
            result = await self._one(connection, command, alone=len(commands) == 1)
            if result[1].reason not in (Reason.NO_COMMAND, Reason.NOT_EXECUTABLE):
                break
        return result

    async def _one(
        self, connection: Server, command: tuple[str, ...], *, alone: bool
    ) -> tuple[SessionPhase, Ending]:
        """One stream from its opening to its end. Raises KubeError when it is refused.

        It runs at once when nothing else would be tried, else with its first output or after a moment: until
        then it may turn out that there is no such command, and input must wait for the next.
        """
        self.command = command
        spec = self.spec
        stream = await RemoteCommand.open(
            connection,
            self.target.namespace,
            self.target.pod,
            verb=spec.verb,
            command=command,
            container=self.target.container,
            stdin=spec.stdin,
            tty=spec.tty,
        )
        self.counters.connections += 1
        if spec.tty:
            columns, lines = self._size
            # As kubectl does: a program that is joined repaints when its size changes.
            grown = ((columns + 1, lines + 1),) if spec.verb == "attach" else ()
            self._input.resize(*grown, self._size)
        self._input.held = not alone
        sending = self._tasks.start(self._send(stream), "input")
        beginning = self._tasks.start(self._begin(0.0 if alone else SETTLE), "beginning")
        try:
            first = await self._receive(stream)
        except ConnectionLost as error:
            return SessionPhase.LOST, lost(error)
        finally:
            sending.cancel()
            beginning.cancel()
            await asyncio.gather(sending, beginning, return_exceptions=True)
            await stream.close()
        assert stream.status is not None
        return SessionPhase.ENDED, ended(stream.status, command, first)

    async def _begin(self, after: float) -> None:
        await self._clock.sleep(after)
        self._begun()

    def _begun(self) -> None:
        self._input.release()
        if self.phase is SessionPhase.CONNECTING:
            self.running_since = self._clock.wall()
            self._set(SessionPhase.RUNNING)

    async def _receive(self, stream: RemoteCommand) -> bytes:
        """Take in output until the end; gives the first of it. Raises ConnectionLost."""
        first = b""
        while True:
            await self._output.room()
            piece = await stream.read()
            if piece is None:
                return first
            channel, data = piece
            self._begun()
            self.counters.received += len(data)
            if len(first) < 2000:
                first += data[:2000]
            self._output.put(channel, data)

    async def _deliver(self) -> None:
        while True:
            piece = await self._output.take()
            await self._has_sink.wait()
            while (sink := self._sink) is None:
                await self._has_sink.wait()
            await sink(*piece)

    async def _send(self, stream: RemoteCommand) -> None:
        """Send what is queued, until cancelled; that the stream is gone is told to the reader."""
        with contextlib.suppress(KubeError):
            while True:
                item = await self._input.take()
                if isinstance(item, bytes):
                    await stream.write(item)
                    self.counters.sent += len(item)
                elif item is not None:
                    await stream.resize(*item)
                elif self.spec.tty:
                    await stream.write(b"\x04")
                else:
                    await stream.close_stdin()


def _internal(error: Exception) -> Ending:
    return Ending(
        Reason.FAILED, f"Internal error: {type(error).__name__}: {error}", "open it again", NextStep.AGAIN
    )
