"""Why a container ended, in words: exit codes, signals and the kubelet's reasons. Pure.

Sources: POSIX (128 + signal), signal(7), the shell's 126 and 127, and the kubelet's reasons (`OOMKilled`,
`Error`, `Completed`, `ContainerCannotRun`, `DeadlineExceeded`, `StartError`).
"""

from __future__ import annotations

import signal

_OWN = {
    0: "it completed",
    1: "the program reported an error",
    2: "the program reported wrong use or an error",
    125: "the container could not be run",
    126: "the command is not executable",
    127: "the command was not found",
    128: "the program gave an exit code that is none, or could not be started",
    255: "the program reported an error (exit code out of range)",
}
_SIGNALS = {
    "SIGHUP": "its terminal went away",
    "SIGINT": "interrupted, as by ctrl-c",
    "SIGQUIT": "asked to quit with a core dump",
    "SIGILL": "it ran an instruction that this processor does not have",
    "SIGTRAP": "stopped by a debugger's trap",
    "SIGABRT": "it gave up by itself (abort: a failed assertion, a runtime's fatal error)",
    "SIGBUS": "it touched memory that is not there",
    "SIGFPE": "an arithmetic error, as a division by zero",
    "SIGKILL": "killed from outside",
    "SIGSEGV": "it touched memory that is not its own",
    "SIGPIPE": "nobody reads what it writes",
    "SIGTERM": "asked to stop, and it did",
    "SIGXCPU": "its limit of processor time was reached",
}
_REASONS = {
    "OOMKilled": "out of memory",
    "ContainerCannotRun": "the runtime could not run it",
    "StartError": "the runtime could not start it",
    "CreateContainerError": "the runtime could not create it",
    "DeadlineExceeded": "it ran longer than it may",
    "Evicted": "the node needed its resources",
}


def signal_name(code: int, number: int = 0) -> str:
    """The signal that ended the program, by its exit code or its number; empty where none did."""
    number = number or (code - 128 if 128 < code < 128 + 65 else 0)
    if not number:
        return ""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def why_ended(code: int, number: int = 0, reason: str = "", memory_limit: str = "") -> str:
    """`exit code 137: SIGKILL (OOMKilled: out of memory, its limit is 256Mi)`."""
    name = signal_name(code, number)
    if reason == "OOMKilled":
        limit = f", its limit is {memory_limit}" if memory_limit else ", the node's memory was used up"
        inner = f"OOMKilled: {_REASONS[reason]}{limit}"
        return f"exit code {code}: {name or 'SIGKILL'} ({inner})"
    words = _SIGNALS.get(name, "") if name else _OWN.get(code, "the program reported an error")
    if name == "SIGKILL" and reason in ("", "Error"):
        words = "killed from outside: after its grace period, by a failed probe, or by the kernel"
    if reason in _REASONS:
        words = f"{reason}: {_REASONS[reason]}"
    elif reason and reason not in ("Error", "Completed"):
        words = f"{reason}; {words}" if words else reason
    if name:
        return f"exit code {code}: {name}" + (f" ({words})" if words else "")
    return f"exit code {code}: {words}" if words else f"exit code {code}"
