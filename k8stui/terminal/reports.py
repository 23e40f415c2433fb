"""Answers to a program's questions: what the terminal is and in which state.

Nothing that a program could have put there itself (title, clipboard, hyperlink) is ever
sent back: a file shown by ``cat`` must not be able to type into the shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.terminal import modes as known
from k8stui.terminal.style import PROTECTED, sgr_parameters

if TYPE_CHECKING:
    from k8stui.terminal.parser import Parameters
    from k8stui.terminal.screen import Screen

PRIMARY_ATTRIBUTES = "\x1b[?62;22c"  # VT220 with colours
SECONDARY_ATTRIBUTES = "\x1b[>1;10;0c"
NAME = "k8stui"


def answer(screen: Screen, key: str, parameters: Parameters) -> str | None:
    """The reply to a CSI query; "" for one that is refused, None for what is no query."""
    first = parameters[0][0] if parameters else -1
    if key == "c":
        return PRIMARY_ATTRIBUTES if first <= 0 else ""
    if key == ">c":
        return SECONDARY_ATTRIBUTES if first <= 0 else ""
    if key == "=c":
        return "\x1bP!|00000000\x1b\\" if first <= 0 else ""
    if key == ">q":
        return f"\x1bP>|{NAME}\x1b\\" if first <= 0 else ""
    if key in ("n", "?n"):
        return _status(screen, key, first)
    if key == "$p":
        return f"\x1b[{max(0, first)};{_ansi_state(screen, first)}$y"
    if key == "?$p":
        return f"\x1b[?{max(0, first)};{private_state(screen, first)}$y"
    if key == "?u":
        return f"\x1b[?{screen.modes.kitty_flags[-1]}u"
    if key == "t":
        return _window(screen, first)
    if key == "x":
        return f"\x1b[{first + 2 if first in (0, 1) else 2};1;1;128;128;1;0x" if first <= 1 else ""
    return None


def _status(screen: Screen, key: str, what: int) -> str:
    if what == 5 and key == "n":
        return "\x1b[0n"
    if what == 6:
        cursor = screen.cursor
        row, column = cursor.y + 1, cursor.x + 1
        if cursor.origin:
            row, column = row - screen.grid.top, column - screen.left
        return f"\x1b[{'?' if key == '?n' else ''}{row};{column}R"
    return {15: "\x1b[?13n", 25: "\x1b[?21n", 26: "\x1b[?27;1;0;0n"}.get(what, "") if key == "?n" else ""


def _ansi_state(screen: Screen, mode: int) -> int:
    name = known.ANSI.get(mode)
    return 0 if name is None else 1 if getattr(screen.modes, name) else 2


def private_state(screen: Screen, mode: int) -> int:
    """DECRPM: 0 unknown, 1 set, 2 reset, 4 always reset."""
    modes = screen.modes
    if mode in known.PRIVATE:
        return 1 if getattr(modes, known.PRIVATE[mode]) else 2
    if mode in known.MOUSE:
        return 1 if modes.mouse == mode else 2
    if mode in known.MOUSE_ENCODINGS:
        return 1 if modes.mouse_encoding == mode else 2
    if mode in known.ALTERNATE_SCREENS:
        return 1 if screen.grid is screen.alternate else 2
    if mode == 6:
        return 1 if screen.cursor.origin else 2
    return 4 if mode == 3 else 0


def _window(screen: Screen, what: int) -> str:
    """XTWINOPS: sizes in cells; titles are never reported."""
    if what == 18:
        return f"\x1b[8;{screen.lines};{screen.columns}t"
    if what == 19:
        return f"\x1b[9;{screen.lines};{screen.columns}t"
    return {11: "\x1b[1t", 20: "\x1b]L\x1b\\", 21: "\x1b]l\x1b\\"}.get(what, "")


def request_status_string(screen: Screen, request: str) -> str:
    """DECRQSS: the settings that it knows; for any other request nothing of it is repeated."""
    grid, pen = screen.grid, screen.cursor.pen
    known_settings = {
        "m": f"{sgr_parameters(pen)}m",
        "s": f"{screen.left + 1};{screen.right + 1}s",
        "t": f"{screen.lines}t",
        "r": f"{grid.top + 1};{grid.bottom + 1}r",
        " q": f"{screen.cursor_shape} q",
        '"q': f'{1 if pen.flags & PROTECTED else 0}"q',
        '"p': '62;1"p',
    }
    found = known_settings.get(request)
    return "\x1bP0$r\x1b\\" if found is None else f"\x1bP1$r{found}\x1b\\"
