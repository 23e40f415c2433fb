"""All sessions of the program, and the connections that keep them alive whatever is on the screen.

The app owns one `SessionStore`. Sessions of one context share a connection of their own, apart from the
`Cluster` that is looked at: closing that, or looking at another context, ends no shell. The connection is
closed some time after its last session was.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from k8stui.kube.connection.websocket import HEARTBEAT
from k8stui.kube.observers import Observers
from k8stui.kube.sessions.flow import PAUSE
from k8stui.kube.sessions.session import SessionSpec, ShellSession
from k8stui.kube.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.backoff import Clock
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.look import Server
    from k8stui.kube.sessions.session import Sink

__all__ = ["ConnectionLease", "Connections", "SessionStore"]

GRACE = 20.0
"""Seconds that a connection is kept after the last lease of it was closed."""


class _Shared:
    """One connection and how many lean on it."""

    def __init__(self, context: Context, connection: Any) -> None:
        self.context = context
        self.connection = connection
        self.leases = 0
        self.closing: asyncio.Task[Any] | None = None


class Connections:
    """Connections by context, made when first needed. Used by sessions and by debug operations alike."""

    def __init__(
        self,
        *,
        readonly: bool = False,
        connect: Callable[[Context], Any] | None = None,
        grace: float = GRACE,
        heartbeat: float = HEARTBEAT,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        """`heartbeat` as a `Connection` has it."""
        self._readonly = readonly
        self._connect = connect or self._make
        self._grace = grace
        self._heartbeat = heartbeat
        self._on_progress = on_progress
        self._shared: list[_Shared] = []
        self._tasks = Tasks("connections of sessions")

    def lease(self, context: Context) -> ConnectionLease:
        """A place on the connection of a context; nothing is opened before it is used."""
        return ConnectionLease(self, context)

    async def close(self) -> None:
        """Close all connections, leased or not."""
        await self._tasks.close()
        shared, self._shared = self._shared, []
        await asyncio.gather(*(entry.connection.close() for entry in shared))

    def _make(self, context: Context) -> Any:
        from k8stui.kube.connection.client import Connection

        return Connection(
            context, readonly=self._readonly, on_progress=self._on_progress, heartbeat=self._heartbeat
        )

    def take(self, context: Context) -> _Shared:
        """Count one more user of a context's connection. Raises KubeError for an unusable kubeconfig."""
        # compared, not hashed: a context may hold maps
        shared = next((entry for entry in self._shared if entry.context == context), None)
        if shared is None:
            shared = _Shared(context, self._connect(context))
            self._shared.append(shared)
        shared.leases += 1
        if shared.closing is not None:
            shared.closing.cancel()
            shared.closing = None
        return shared

    def give_back(self, shared: _Shared) -> None:
        """One user less; without any, the connection is closed after a while."""
        shared.leases -= 1
        if shared.leases == 0 and not self._tasks.closed and shared in self._shared:
            shared.closing = self._tasks.start(self._close_later(shared), "closing")

    async def _close_later(self, shared: _Shared) -> None:
        await asyncio.sleep(self._grace)
        if shared.leases == 0 and shared in self._shared:
            self._shared.remove(shared)
            await shared.connection.close()


class ConnectionLease:
    """A place on a shared connection."""

    def __init__(self, connections: Connections, context: Context) -> None:
        self._connections = connections
        self._context = context
        self._shared: _Shared | None = None

    async def connection(self) -> Server:
        """The connection. Raises KubeError when the kubeconfig is unusable."""
        if self._shared is None:
            self._shared = self._connections.take(self._context)
        connection: Server = self._shared.connection
        return connection

    async def close(self) -> None:
        """Give the place back. Calling it again does nothing."""
        shared, self._shared = self._shared, None
        if shared is not None:
            self._connections.give_back(shared)


class SessionStore:
    """Sessions in the order in which they were opened. They live until `close`, also when they have ended."""

    def __init__(self, connections: Connections, *, clock: Clock | None = None, pause: float = PAUSE) -> None:
        """`pause`: seconds that a reader may stand still before its connection is looked at again."""
        self.connections = connections
        self._clock = clock
        self._pause = pause
        self._sessions: dict[int, ShellSession] = {}
        self._ids: dict[ShellSession, int] = {}
        self._next = 1
        self._observers = Observers()

    def open(
        self,
        context: Context,
        spec: SessionSpec,
        *,
        sink: Sink | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> ShellSession:
        """A new session, connecting already. It never raises: what goes wrong is the session's state."""
        lease = self.connections.lease(context)
        session = ShellSession(spec, lease, sink=sink, size=size, clock=self._clock, pause=self._pause)
        number, self._next = self._next, self._next + 1
        self._sessions[number] = session
        self._ids[session] = number
        session.observe(self._changed)
        session.start()
        self._changed()
        return session

    @property
    def sessions(self) -> tuple[ShellSession, ...]:
        """All that were not closed, oldest first."""
        return tuple(self._sessions.values())

    @property
    def living(self) -> tuple[ShellSession, ...]:
        """Those that closing would end something of: the app asks about them before it ends."""
        return tuple(session for session in self.sessions if session.state.living)

    def number(self, session: ShellSession) -> int:
        """A number that names a session as long as the program runs; 0 for one that was closed."""
        return self._ids.get(session, 0)

    def get(self, number: int) -> ShellSession | None:
        """The session of a number."""
        return self._sessions.get(number)

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when a session comes, goes, or changes its state or title. Gives a function to end it."""
        return self._observers.add(callback)

    async def close(self, session: ShellSession) -> None:
        """End a session and forget it."""
        number = self._ids.pop(session, 0)
        self._sessions.pop(number, None)
        await session.close()
        self._changed()

    async def close_all(self) -> None:
        """End all sessions and connections."""
        self._observers.clear()
        sessions = self.sessions
        self._sessions.clear()
        self._ids.clear()
        await asyncio.gather(*(session.close() for session in sessions))
        await self.connections.close()

    def _changed(self) -> None:
        self._observers.tell()
