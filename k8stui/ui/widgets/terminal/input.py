"""Keys of the real terminal, whole: what Textual's parser loses is kept for the programs in terminals.

Without the Kitty protocol Textual reads alt with a letter as other keys (`ESC b` as ctrl+left), alt with a
sign as two, and cannot tell ctrl+h from backspace. The app goes on seeing the keys it knows; an event that
means more to a terminal carries it as `terminal_key`.
"""

from __future__ import annotations

import codecs
import os
import re
import select
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.keys import _character_to_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.driver import Driver

ESC = "\x1b"
_FUNCTION = re.compile(r"\x1b\[(\d+)(?:;(\d+))?~")
_HIGH_FUNCTIONS = {25: 13, 26: 14, 28: 15, 29: 16, 31: 17, 32: 18, 33: 19, 34: 20}
"""Numbers of F13 to F20 (xterm ctlseqs, VT220-style function keys)."""
_CONTROLS = {"\r": "enter", "\t": "tab", "\x7f": "backspace", " ": "space", "\x00": "ctrl+space"}
IDLE, AWAITING = 0.1, 0.01
"""Seconds between looks at the input: at rest, and while a sequence may go on."""


def terminal_key(event: events.Key) -> tuple[str, str | None]:
    """The key as the program in a terminal is to get it, and the text it typed."""
    key: str | None = getattr(event, "terminal_key", None)
    return (event.key, event.character) if key is None else (key, None)


def same_key(event: events.Key) -> events.Key:
    """An event of its own for the same key, for one that has to come again."""
    again = events.Key(event.key, event.character)
    key = getattr(event, "terminal_key", None)
    if key is not None:
        again.terminal_key = key  # type: ignore[attr-defined]
    return again


def key_after_escape(character: str) -> str:
    """The name of alt with this: `alt+b`, `alt+enter`, `alt+ctrl+b`, `alt+colon`."""
    if character in _CONTROLS:
        return f"alt+{_CONTROLS[character]}"
    if character < " ":
        return f"alt+ctrl+{chr(ord(character) | 0x60)}"
    if len(character) == 1 and character.isupper():
        return f"alt+shift+{character.lower()}"
    return f"alt+{character if character.isalnum() else _character_to_key(character)}"


class TerminalParser(XTermParser):
    """Textual's parser, without its losses."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        special = _special(sequence)
        if special is None:
            try:
                found = list(super()._sequence_to_key_events(sequence, alt))
            except ValueError:  # a form of the Kitty protocol that was not asked for
                return []
            if sequence == "\b" and found:
                setattr(found[0], "terminal_key", "ctrl+h")  # noqa: B010  # events have no such field
            return found
        name, known = special
        if known:
            found = list(super()._sequence_to_key_events(sequence, alt))
            if found:
                setattr(found[0], "terminal_key", name)  # noqa: B010
            return found[:1]
        return [events.Key(name, None)]


@lru_cache(maxsize=1024)
def _special(sequence: str) -> tuple[str, bool] | None:
    """What a sequence means that Textual loses, and whether the app knows it by another name."""
    if len(sequence) == 2 and sequence[0] == ESC and sequence[1] not in "[O\x1b":
        return key_after_escape(sequence[1]), sequence in ANSI_SEQUENCES_KEYS
    match = _FUNCTION.fullmatch(sequence)
    if match and int(match[1]) in _HIGH_FUNCTIONS:
        return _with_modifiers(f"f{_HIGH_FUNCTIONS[int(match[1])]}", int(match[2] or 1)), False
    return None


def _with_modifiers(base: str, number: int) -> str:
    bits = number - 1
    names = [name for bit, name in ((1, "shift"), (2, "alt"), (4, "ctrl")) if bits & bit]
    return "+".join([*names, base])


def whole_keys(driver: type[Driver]) -> type[Driver]:
    """The driver of this platform, reading keys with the parser above; another platform's as it is."""
    try:
        from textual.drivers.linux_driver import LinuxDriver
    except ImportError:
        return driver
    if driver is not LinuxDriver:
        return driver

    class WholeKeysDriver(LinuxDriver):
        """Reads the terminal of a Unix."""

        def run_input_thread(self) -> None:
            """Wait for input and hand on what it means, until the app ends or is suspended."""
            parser = TerminalParser(self._debug)
            # pasted bytes may be anything: they must not end the thread
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            wait = IDLE
            while not self.exit_event.is_set():
                if select.select([self.fileno], [], [], wait)[0]:
                    data = self._read()
                    if not data:  # the terminal is gone, and would be found readable for ever
                        self._loop.call_soon_threadsafe(self._app.exit)
                        return
                    self._hand_on(parser.feed(decode(data)))
                self._hand_on(parser.tick())
                wait = IDLE if parser._timeout_time is None else AWAITING

        def _read(self) -> bytes:
            try:
                return os.read(self.fileno, 4096)
            except OSError:
                return b""

        def _hand_on(self, messages: Any) -> None:
            for message in messages:
                self.process_message(message)

    return WholeKeysDriver
