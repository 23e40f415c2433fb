"""The whole terminal for one shell: the program's screen is suspended, and bytes go through as they are.

Nothing is painted and nothing is translated meanwhile, so that whatever the outer terminal can do, the
program in the container can use. The emulator is fed as well: the pane shows later what was done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from k8stui.terminal.style import DEFAULT, sgr_parameters

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.shells.shell import Shell

_RESET = (
    "\x1b[?1049l\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1016l\x1b[?2004l"
    "\x1b[?2026l\x1b[?1l\x1b>\x1b[<9u\x1b[r\x1b[0m\x1b[?25h\x1b(B\x0f"
)
"""What a program may have left set in the real terminal."""
WRITE_LIMIT = 64 * 1024


def control_byte(key: str) -> bytes:
    """The byte of an escape key (`ctrl-]`) as terminals send it; ctrl-] for a key that has none."""
    base = key.strip().lower().replace("+", "-")
    if base.startswith("ctrl-") and len(base) == 6 and "@" <= base[-1].upper() <= "_":
        return bytes((ord(base[-1].upper()) & 0x1F,))
    return b"\x1d"


def repainted(shell: Shell) -> str:
    """What the emulator shows, as sequences for the real terminal: screen, cursor and modes."""
    screen = shell.model.emulator.screen
    modes = screen.modes
    parts = ["\x1b[?1049h" if screen.grid is screen.alternate else "", "\x1b[0m\x1b[2J\x1b[H"]
    for row, line in enumerate(screen.grid.rows):
        parts.append(f"\x1b[{row + 1};1H")
        style = DEFAULT
        for cell, look in zip(line.chars, line.styles, strict=True):
            if look is not style:
                parts.append(f"\x1b[{sgr_parameters(look)}m")
                style = look
            parts.append(cell)
        parts.append("\x1b[0m")
    numbers = [
        number
        for number, on in (
            (1, modes.application_cursor),
            (modes.mouse, modes.mouse),
            (modes.mouse_encoding, modes.mouse_encoding),
            (1004, modes.focus_events),
            (2004, modes.bracketed_paste),
        )
        if on
    ]
    parts += [f"\x1b[?{number}h" for number in numbers]
    if not modes.show_cursor:
        parts.append("\x1b[?25l")
    parts.append(f"\x1b[{screen.cursor.y + 1};{screen.cursor.x + 1}H")
    return "".join(parts)


class WholeTerminal:
    """Gives the real terminal to a shell until the escape key, or until it ends."""

    def __init__(self, shell: Shell, escape: str, *, source: int = 0, sink: int = 1) -> None:
        self._shell = shell
        self._escape = control_byte(escape)
        self._source, self._sink = source, sink
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until the user comes back. The screen must be suspended. The terminal is left as it was found."""
        import termios
        import tty

        loop = asyncio.get_running_loop()
        shell = self._shell
        saved = termios.tcgetattr(self._source)
        stop = shell.session.observe(self._state_changed)
        blocking = os.get_blocking(self._sink)
        before = (shell.model.emulator.screen.columns, shell.model.emulator.screen.lines)
        try:
            tty.setraw(self._source)
            self._fit()
            await self._write(repainted(shell).encode())
            shell.session.set_sink(self._show)
            loop.add_reader(self._source, self._typed)
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(signal.SIGWINCH, self._fit)
            await self._over.wait()
        finally:
            loop.remove_reader(self._source)
            loop.remove_signal_handler(signal.SIGWINCH)
            stop()
            shell.session.set_sink(shell.sink)
            os.set_blocking(self._sink, blocking)
            os.write(self._sink, _RESET.encode())
            termios.tcsetattr(self._source, termios.TCSADRAIN, saved)
            shell.model.resize(*before)

    def _state_changed(self) -> None:
        if not self._shell.living:
            self._over.set()

    def _fit(self) -> None:
        """The real terminal has another size."""
        size = os.get_terminal_size(self._sink)
        self._shell.model.resize(size.columns, size.lines)

    def _typed(self) -> None:
        data = os.read(self._source, 65536)
        if not data:
            self._over.set()
            return
        before, escape, _ = data.partition(self._escape)
        if before:
            self._shell.session.send(before)
        if escape:
            self._over.set()

    async def _show(self, channel: int, data: bytes) -> None:
        await self._write(data)
        await self._shell.sink(channel, data)
        # the real terminal has answered itself
        self._shell.model.emulator.take_replies()

    async def _write(self, data: bytes) -> None:
        """To the real terminal, in a thread: it may be slower than the program."""
        for start in range(0, len(data), WRITE_LIMIT):
            piece = data[start : start + WRITE_LIMIT]
            await asyncio.to_thread(_write_all, self._sink, piece)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


async def give_whole_terminal(app: K8stuiApp, shell: Shell, escape: str) -> str:
    """Suspend the screen for a shell; a sentence when that cannot be done here."""
    from textual.app import SuspendNotSupported

    from k8stui.ui.terminal_away import terminal_away

    if sys.platform == "win32" or app.is_headless:
        return "The whole terminal cannot be given away here."
    try:
        with terminal_away(app):
            await WholeTerminal(shell, escape).run()
    except SuspendNotSupported:
        return "This terminal cannot be given away."
    return ""
