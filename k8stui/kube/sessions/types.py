"""What a session is made from and how it stands, as data. Nothing in here is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from k8stui.kube.sessions.target import ContainerChoice, SessionTarget
    from k8stui.kube.sessions.words import Ending

__all__ = ["Counters", "SessionPhase", "SessionSpec", "SessionState", "Sink"]


class Sink(Protocol):
    """Takes output: `channel` is STDOUT or STDERR of `streams`; waits for as long as it has no room."""

    async def __call__(self, channel: int, data: bytes, /) -> None: ...


class SessionPhase(Enum):
    """Where a session stands; the value is the word to show."""

    CONNECTING = "connecting"
    RUNNING = "running"
    ENDED = "ended"
    """The command is over, or was never begun: `ending` says which and why."""
    LOST = "lost"
    """The connection broke; what ran may run on. `ShellSession.reconnect` opens a new stream."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SessionState:
    """`since` is in seconds since the epoch. `ending` is there for ENDED and LOST."""

    phase: SessionPhase
    since: float
    ending: Ending | None = None

    @property
    def living(self) -> bool:
        """Whether closing the session would end something."""
        return self.phase in (SessionPhase.CONNECTING, SessionPhase.RUNNING)


@dataclass(frozen=True)
class SessionSpec:
    """What to open. `commands` are tried in turn until one can be started; none, for exec, is a shell.

    `system` is the operating system of the container's node ("" if not known).
    """

    target: SessionTarget
    verb: Literal["exec", "attach"] = "exec"
    commands: tuple[tuple[str, ...], ...] = ()
    stdin: bool = True
    tty: bool = True
    system: str = ""
    title: str = ""

    @classmethod
    def shell(cls, target: SessionTarget, *, system: str = "", title: str = "") -> SessionSpec:
        """A shell, whichever the image has."""
        return cls(target, system=system, title=title or str(target))

    @classmethod
    def command(
        cls, target: SessionTarget, command: tuple[str, ...], *, stdin: bool = True, tty: bool = True
    ) -> SessionSpec:
        """A command of the user's (see `parse_command`)."""
        return cls(target, commands=(command,), stdin=stdin, tty=tty, title=f"{target}: {command[0]}")

    @classmethod
    def attach(cls, target: SessionTarget, container: ContainerChoice) -> SessionSpec:
        """Join the main process of a container, with what its spec allows."""
        target = replace(target, container=container.name)
        return cls(target, "attach", stdin=container.stdin, tty=container.tty, title=f"{target} (attached)")

    @property
    def is_shell(self) -> bool:
        return self.verb == "exec" and not self.commands


@dataclass(slots=True)
class Counters:
    """What went through a session, in bytes; all streams of it together."""

    received: int = 0
    sent: int = 0
    connections: int = 0
    """Streams that were opened so far: 1 more than there were reconnects."""
