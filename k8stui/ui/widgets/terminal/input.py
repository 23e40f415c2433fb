"""Keys of the real terminal, whole: what Textual's parser loses is kept for the programs in terminals.

Without the Kitty protocol Textual reads alt with a letter as other keys (`ESC b` as ctrl+left), alt with a
sign as two, and cannot tell ctrl+h from backspace. The app goes on seeing the keys it knows; an event that
means more to a terminal carries it as `terminal_key`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.keys import Keys, _character_to_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ESC = "\x1b"
STATUS_OK = "\x1b[0n"
"""The answer to a question for the terminal's status (xterm control sequences, DSR)."""
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
    """Textual's parser, without its losses. `on_answer` hears that the terminal has told its status."""

    def __init__(self, debug: bool = False, *, on_answer: Callable[[], None] = lambda: None) -> None:
        super().__init__(debug)
        self._on_answer = on_answer

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == STATUS_OK:
            self._on_answer()
            return [events.Key(Keys.Ignore, sequence)]
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
