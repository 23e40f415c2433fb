"""Mouse events to the bytes a program asked for (xterm ctlseqs, "Mouse Tracking")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.terminal.modes import Modes

LEFT, MIDDLE, RIGHT, NONE = 0, 1, 2, 3
WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = 64, 65, 66, 67


@dataclass(frozen=True)
class MouseEvent:
    """``kind`` is "press", "release" or "move"; ``x``, ``y`` cells from 0, ``px``, ``py`` pixels."""

    kind: str
    button: int
    x: int
    y: int
    shift: bool = False
    alt: bool = False
    ctrl: bool = False
    px: int = 0
    py: int = 0


def wanted(event: MouseEvent, modes: Modes) -> bool:
    """Whether the program asked for events like this one."""
    if modes.mouse == 9:
        return event.kind == "press" and event.button < NONE
    if modes.mouse == 1000:
        return event.kind != "move"
    if modes.mouse == 1002:
        return event.kind != "move" or event.button != NONE
    return modes.mouse == 1003


def encode_mouse(event: MouseEvent, modes: Modes) -> bytes:
    """The report of ``event`` in the encoding that is set; empty when it is not wanted."""
    if not wanted(event, modes):
        return b""
    code = event.button + (32 if event.kind == "move" else 0)
    if modes.mouse != 9:
        code += 4 * event.shift + 8 * event.alt + 16 * event.ctrl
    release = event.kind == "release"
    x, y = event.x + 1, event.y + 1
    if modes.mouse_encoding in (1006, 1016):
        if modes.mouse_encoding == 1016:
            x, y = event.px + 1, event.py + 1
        return f"\x1b[<{code};{x};{y}{'m' if release else 'M'}".encode()
    if release:
        code = code & ~3 | NONE
    if modes.mouse_encoding == 1015:
        return f"\x1b[{code + 32};{x};{y}M".encode()
    if modes.mouse_encoding == 1005:
        return f"\x1b[M{chr(code + 32)}{chr(min(x, 2015) + 32)}{chr(min(y, 2015) + 32)}".encode()
    if x > 223 or y > 223:
        return b""
    return b"\x1b[M" + bytes((code + 32, x + 32, y + 32))


def encode_wheel_as_arrows(up: bool, count: int, modes: Modes) -> bytes:
    """The wheel on the alternate screen, for programs that know no mouse (mode 1007)."""
    letter = "A" if up else "B"
    return (f"\x1bO{letter}" if modes.application_cursor else f"\x1b[{letter}").encode() * count
