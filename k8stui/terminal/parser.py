"""Bytes of a program's output -> calls of a handler. The state machine of a VT500 and xterm.

Well-formed sequences inside one chunk are found by one regular expression; whatever is
split, mixed with control characters or cancelled goes through a character by character
state machine. Never raises, and never keeps more than ``MAX_STRING`` characters.

Source: ECMA-48, xterm ctlseqs, and the DEC ANSI parser of Paul Flo Williams (vt100.net).
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Protocol

MAX_STRING = 1 << 20
MAX_PARAMETERS = 256
_MAX_VALUE = 65535

Parameters = tuple[tuple[int, ...], ...]
"""Of ``CSI``: one tuple a parameter, with its colon sub-parameters; -1 where one was left out."""


class Handler(Protocol):
    """What the parser calls."""

    def draw(self, text: str) -> None: ...
    def control(self, character: str) -> None: ...
    def newline(self, text: str, position: int) -> int:
        """A line feed, and plain lines at `position` if it likes to take them; gives the place after."""
        ...

    def escape(self, sequence: str) -> None: ...
    def csi(self, key: str, parameters: str) -> None: ...
    def string(self, kind: str, text: str, *, bell: bool) -> None: ...


_TOKEN = re.compile(
    r"(?:\x1b\[([0-9:;]*)m)?([^\x00-\x1f\x7f-\x9f]+)"  # 1-2: text, with the SGR before it if there is one
    r"|(\r?\n)"  # 3: the commonest controls
    r"|\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])"  # 4-7: CSI
    r"|([\x00-\x1a\x1c-\x1f])"  # 8: other C0
    r"|\x1b([ -/]*[0-OQ-WYZ\\`-~])"  # 9: ESC, but for the openers of strings and CSI
)
_STRING_END = re.compile(r"[\x07\x18\x1a\x1b\x9c]")
_OPENERS = {"P": "DCS", "]": "OSC", "X": "SOS", "^": "PM", "_": "APC"}
_C1 = {"\x84": "D", "\x85": "E", "\x88": "H", "\x8d": "M", "\x8e": "N", "\x8f": "O", "\x90": "P"}
_C1 |= {"\x98": "X", "\x9b": "[", "\x9c": "\\", "\x9d": "]", "\x9e": "^", "\x9f": "_"}


class Parser:
    """Feed it bytes in any pieces; UTF-8 and sequences may be split anywhere."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._state = "ground"
        self._collected = ""
        self._kind = ""
        self._parts: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        text = self._decode(data)
        position, end = 0, len(text)
        while position < end:
            if self._state == "ground":
                position = self._ground(text, position)
            elif self._state == "string":
                position = self._string(text, position)
            else:
                self._step(text[position])
                position += 1

    def reset(self) -> None:
        """Forget a sequence or character that has only begun."""
        self._decode(b"", True)
        self._enter("ground")
        self._parts, self._size = [], 0

    def _ground(self, text: str, position: int) -> int:
        """Handle tokens until the text or the ground state ends; gives the place after them."""
        handler = self._handler
        draw, control, csi = handler.draw, handler.control, handler.csi
        match = _TOKEN.match
        while (token := match(text, position)) is not None:
            which = token.lastindex
            if which == 2:
                attributes, words = token.group(1, 2)
                if attributes is not None:
                    csi("m", attributes)
                draw(words)
            elif which == 7:
                private, parameters, intermediates, final = token.group(4, 5, 6, 7)
                csi(private + intermediates + final, parameters)
            elif which == 3:
                if len(token[3]) == 2:
                    control("\r")
                position = handler.newline(text, token.end())
                continue
            elif which == 8:
                control(token[8])
            else:
                handler.escape(token[9])
            position = token.end()
        if position < len(text):
            character = text[position]
            position += 1
            if character == "\x1b":
                self._enter("escape")
            elif character in _C1:
                self._dispatch_escape(_C1[character])
        return position

    def _enter(self, state: str) -> None:
        self._state = state
        self._collected = ""

    def _step(self, character: str) -> None:
        """One character of an escape or control sequence that came in pieces."""
        if character == "\x1b":
            self._enter("escape")
        elif character in "\x18\x1a":
            self._enter("ground")
            self._handler.control(character)
        elif character < " ":
            self._handler.control(character)
        elif character == "\x7f":
            return
        elif character in _C1:
            self._enter("ground")
            self._dispatch_escape(_C1[character])
        elif character > "~":
            self._enter("ground")
            self._handler.draw(character)
        elif self._state == "escape":
            self._step_escape(character)
        else:
            self._step_csi(character)

    def _step_escape(self, character: str) -> None:
        if character < "0":
            if len(self._collected) < 8:
                self._collected += character
        elif self._collected:
            sequence = self._collected + character
            self._enter("ground")
            self._handler.escape(sequence)
        else:
            self._dispatch_escape(character)

    def _dispatch_escape(self, character: str) -> None:
        if character == "[":
            self._enter("csi")
        elif character in _OPENERS:
            self._enter("string")
            self._kind = _OPENERS[character]
            self._parts, self._size = [], 0
        else:
            self._enter("ground")
            self._handler.escape(character)

    def _step_csi(self, character: str) -> None:
        if "@" <= character <= "~":
            shape = re.fullmatch(r"([<=>?]?)([0-9:;]*)([ -/]*)", self._collected)
            self._enter("ground")
            if shape:
                self._handler.csi(shape[1] + shape[3] + character, shape[2])
        elif len(self._collected) < 4 * MAX_PARAMETERS:
            self._collected += character

    def _string(self, text: str, position: int) -> int:
        """Collect a string's body; beyond MAX_STRING it is read and thrown away."""
        found = _STRING_END.search(text, position)
        stop = found.start() if found else len(text)
        room = MAX_STRING - self._size
        if room > 0 and stop > position:
            self._parts.append(text[position : min(stop, position + room)])
        self._size += stop - position
        if not found:
            return stop
        terminator = found.group()
        if terminator in "\x18\x1a":
            self._enter("ground")
            return stop + 1
        if terminator == "\x07" and self._kind != "OSC":
            if room > 0:
                self._parts.append("\x07")
            self._size += 1
            return stop + 1
        body, kept = "".join(self._parts), self._size <= MAX_STRING
        kind = self._kind
        self._parts = []
        # ESC ends the string, whether a backslash follows or another sequence
        self._enter("escape" if terminator == "\x1b" else "ground")
        if kept:
            self._handler.string(kind, body, bell=terminator == "\x07")
        return stop + 1


@lru_cache(maxsize=1024)
def parse_parameters(text: str) -> Parameters:
    """``"1;38:5:9;"`` -> ``((1,), (38, 5, 9), (-1,))``; values are capped at 65535."""
    if not text:
        return ()
    return tuple(
        tuple(min(int(part[:6]), _MAX_VALUE) if part else -1 for part in parameter.split(":")[:16])
        for parameter in text.split(";")[:MAX_PARAMETERS]
    )
