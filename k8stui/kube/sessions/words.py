"""How sessions end, in words: what happened, why, and what to do next. Pure functions; nothing is asked here.

Source: the texts of kubelets and container runtimes, as recorded from 1.20 and 1.34 servers.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from k8stui.kube.errors import ApiError, ConnectionLost, KubeError, ReadOnlyError, plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.sessions.streams import ExitStatus

__all__ = ["Ending", "NextStep", "Reason", "ended", "lost", "no_shell", "pod_gone", "refused"]


class Reason(Enum):
    """Why a session is over, or could not begin."""

    DONE = "done"
    """The command ran and ended; `code` says how."""
    NO_COMMAND = "command not found"
    NO_SHELL = "no shell in the image"
    NOT_EXECUTABLE = "not executable"
    NOT_RUNNING = "container not running"
    NO_CONTAINER = "container not found"
    POD_GONE = "pod gone"
    FORBIDDEN = "forbidden"
    READ_ONLY = "read-only"
    LOST = "connection lost"
    CLOSED = "closed"
    """By the user."""
    FAILED = "failed"


class NextStep(Enum):
    """What could be done now; a screen offers its own key for it."""

    NONE = ""
    AGAIN = "again"
    """Start the same once more."""
    DEBUG = "debug"
    """Attach a debug container."""
    LOGS = "logs"
    CHOOSE_CONTAINER = "choose container"
    CHOOSE_COMMAND = "choose command"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a session. `sentence` says what happened, `hint` what to do next ("" for nothing).

    `code` is the command's exit code, None where it never ran or nobody knows.
    """

    reason: Reason
    sentence: str
    hint: str = ""
    step: NextStep = NextStep.NONE
    code: int | None = None

    def __str__(self) -> str:
        return f"{self.sentence}; {self.hint}" if self.hint else self.sentence


_MISSING = ("executable file not found", "no such file or directory", "not found in $path", "cannot find the")
_DENIED = ("permission denied",)
_RUNTIME = ("oci runtime exec failed", "failed to exec in container", "error executing command in container")
_NOT_RUNNING = (
    "container not running",
    "is not running",
    "does not have a host assigned",
    "cannot exec in a stopped",
    "current phase is",
    "container is not created or running",
    "not created or running",
    "cannot exec into a container in a completed pod",
    "is in exited state",
    "container_exited",
)


def ended(status: ExitStatus, command: Sequence[str] = (), output: bytes = b"") -> Ending:
    """What the end of a command means. `output` is its first output: some runtimes tell failures there."""
    words = status.message.lower()
    if status.code in (126, 127) and any(sign in output[:2000].lower() for sign in _in_bytes(_RUNTIME)):
        words = output[:2000].decode("utf-8", "replace").lower()
    elif status.code is not None:
        return Ending(Reason.DONE, _exit_sentence(status.code), "", NextStep.AGAIN, status.code)
    program = plain_text(command[0], 80) if command else "the command"
    if any(sign in words for sign in _NOT_RUNNING):
        return not_running(plain_text(status.message))
    if any(sign in words for sign in _MISSING):
        return Ending(
            Reason.NO_COMMAND,
            f"There is no {program} in this container",
            "run another command, or debug it with an ephemeral container",
            NextStep.CHOOSE_COMMAND,
        )
    if any(sign in words for sign in _DENIED):
        return Ending(
            Reason.NOT_EXECUTABLE,
            f"{program} may not be executed in this container",
            "run another command, or debug it with an ephemeral container",
            NextStep.CHOOSE_COMMAND,
        )
    if "container not found" in words:
        return no_container(plain_text(status.message))
    said = plain_text(status.message) or "the server gave no reason"
    return Ending(Reason.FAILED, f"The command could not be run: {said}", "try again", NextStep.AGAIN)


def _in_bytes(words: Sequence[str]) -> list[bytes]:
    return [word.encode() for word in words]


def _exit_sentence(code: int) -> str:
    if code == 0:
        return "Ended"
    if 128 < code < 160:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            name = f"signal {code - 128}"
        return f"Ended with exit code {code} ({name})"
    return f"Ended with exit code {code}"


def no_shell(tried: Sequence[Sequence[str]]) -> Ending:
    """None of the shells that were tried is in the image."""
    names = ", ".join(dict.fromkeys(command[0].rpartition("/")[2] for command in tried))
    return Ending(
        Reason.NO_SHELL,
        f"There is no shell in this container's image (tried {names})",
        "debug it with an ephemeral container",
        NextStep.DEBUG,
    )


def not_running(said: str = "", state: str = "") -> Ending:
    """The container does not run (any more, or yet)."""
    sentence = f"The container is not running ({state})" if state else "The container is not running"
    if said and not state:
        sentence += f": {said}"
    return Ending(Reason.NOT_RUNNING, sentence, "read its logs, or wait until it runs", NextStep.LOGS)


def no_container(said: str = "") -> Ending:
    """The pod has no such container, or has not created it."""
    sentence = f"The container was not found: {said}" if said else "The container was not found"
    return Ending(
        Reason.NO_CONTAINER, sentence, "choose one of the pod's containers", NextStep.CHOOSE_CONTAINER
    )


def pod_gone(name: str, *, replaced: bool = False) -> Ending:
    """The pod does not exist any more."""
    what = "another pod has its name now" if replaced else "it was deleted"
    return Ending(Reason.POD_GONE, f"The pod {name} is gone: {what}", "open its successor", NextStep.NONE)


def lost(error: KubeError, command: Sequence[str] = ()) -> Ending:
    """A connection that broke while the session ran."""
    del command
    said = plain_text(error.message, 500).rstrip(". ")
    return Ending(Reason.LOST, f"Connection lost: {said}", "reconnect", NextStep.AGAIN)


def refused(error: KubeError, verb: str, name: str) -> Ending:
    """A session that was not begun. `verb` is exec or attach, `name` the pod's."""
    if isinstance(error, ReadOnlyError):
        return Ending(
            Reason.READ_ONLY,
            "This session is read-only, and a shell may change things",
            "start without --readonly",
        )
    said = plain_text(error.message, 500).rstrip(". ")
    if isinstance(error, ConnectionLost):
        return Ending(Reason.LOST, f"Not connected: {said}", error.hint or "try again", NextStep.AGAIN)
    if not isinstance(error, ApiError):
        return Ending(Reason.FAILED, said, error.hint, NextStep.AGAIN)
    return _refused_by_server(error, said, verb, name)


def _refused_by_server(error: ApiError, said: str, verb: str, name: str) -> Ending:
    words = error.message.lower()
    if error.code == 403:
        # Servers before 1.35 check the verb of the WebSocket's own request, which is a GET.
        needed = "get and create" if 'cannot get resource "pods/' in words else "create"
        return Ending(
            Reason.FORBIDDEN, f"Forbidden: {said}", f"ask for the right to {needed} pods/{verb} here"
        )
    if error.code == 401:
        return Ending(Reason.FORBIDDEN, f"Not logged in: {said}", error.hint, NextStep.AGAIN)
    if error.code == 404 and (not error.details.kind or error.details.kind == "pods"):
        return pod_gone(name)
    if "is not valid for pod" in words or "container not found" in words:
        return no_container(said)
    if any(sign in words for sign in _NOT_RUNNING):
        return not_running(said)
    if error.code == 400 and "container name must be specified" in words:
        return no_container(said)
    return Ending(Reason.FAILED, said, error.hint or "try again", NextStep.AGAIN)
