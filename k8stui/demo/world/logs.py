"""What the containers of the world say, minute by minute: `log_text` for the runtime.

Pure: the same container and minute always give the same lines, so a log of weeks costs nothing until
somebody reads it. The kinds of text are in `log_texts`; here is decided which one a container speaks, and
its last words.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Protocol

from k8stui.demo.world.images import behaviour
from k8stui.demo.world.log_texts import CRASHES, KINDS, Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["log_kind", "log_text"]


class Speaker(Protocol):
    """What is asked of a container: see `runtime.Container`."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def pod(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def image(self) -> str: ...
    @property
    def command(self) -> tuple[str, ...]: ...
    @property
    def started_at(self) -> float: ...
    @property
    def finished_at(self) -> float | None: ...
    @property
    def exit_code(self) -> int | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...


def _spec(container: Speaker) -> dict[str, object]:
    return {"image": container.image, "command": list(container.command)}


def log_kind(container: Speaker) -> str:
    """The name of the generator in `log_texts` that speaks for the container."""
    if container.command and re.search(
        r"\becho\b|\bprintf\b|nslookup|\bdate\b|no-such-command", " ".join(container.command)
    ):
        return "script"
    return behaviour(_spec(container)).log


def log_text(container: Speaker, minute: int) -> Sequence[Line]:
    """(seconds since the start, text) of that minute of the container's life, in order of time."""
    kind, how = log_kind(container), behaviour(_spec(container))
    rng = random.Random(f"{container.id}/{minute}")  # noqa: S311 - texts, repeatable
    if kind == "script":
        lines = _script(" ".join(container.command), minute)
    elif kind in CRASHES:
        lines = CRASHES[kind](max(0.2, how.after * 0.5), how.message) if minute == 0 else []
    else:
        lines = KINDS.get(kind, KINDS["plain"])(rng, minute, container.name, container.started_at)
    if how.exit_code is not None and how.after < 60:
        lines = [(at, text) for at, text in lines if at <= max(0.3, how.after)]
    ends = None if container.finished_at is None else container.finished_at - container.started_at
    if ends is not None:
        short = kind in CRASHES or kind == "script"
        lines = [(min(at, ends), text) for at, text in lines if short or at <= ends]
        if ends // 60 == minute and kind not in CRASHES and kind not in ("silent", "script"):
            lines = [*lines, *((ends, text) for text in _last_words(container, how.message))]
    return lines


def _last_words(container: Speaker, message: str) -> list[str]:
    """What a program says when it ends, by the way it ends; one that is killed says nothing."""
    code = container.exit_code or 0
    if container.reason == "OOMKilled" or code in (137, 139):
        return []
    if code in (0, 143):
        stopped = code == 143 or behaviour(_spec(container)).exit_code is None
        return ["received signal SIGTERM, shutting down", "bye"] if stopped else ["done, exit 0"]
    return [f"fatal: {message.strip() or 'unexpected error'}", f"exit status {code}"]


def _script(text: str, minute: int) -> list[Line]:
    """What a simple shell script prints."""
    if re.search(r"while\s+(true|:)", text):
        match = re.search(r"nslookup (\S+?);?(\s|$)", text)
        name = match[1].rstrip(";") if match else ""
        said = f"** server can't find {name}.cluster.local: NXDOMAIN" if name else "still waiting"
        return [(minute * 60.0 + second, said) for second in range(0, 60, 5)]
    if minute:
        return []
    lines: list[Line] = []
    if "no-such-command" in text:
        lines.append((0.1, "sh: no-such-command: not found"))
    for match in re.finditer(r"echo\s+(?:'([^']*)'|\"([^\"]*)\"|([^;&|>]+))(\s*>\s*\S+)?", text):
        if not match[4]:
            lines.append(
                (0.1 + len(lines) * 0.05, next(g for g in match.groups()[:3] if g is not None).strip())
            )
    if re.search(r"(^|[\s;])date\b", text) and not lines:
        lines.append((0.1, "Mon Mar  2 09:00:00 UTC 2026"))
    return lines
