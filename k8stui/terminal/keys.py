"""Keys to the bytes a program expects, by the modes it has set (xterm ctlseqs, Kitty keyboard protocol).

Keys are named as Textual names them (``ctrl+left``, ``shift+f5``, ``a``), so that this
module needs nothing of Textual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.terminal.modes import Modes

SHIFT, ALT, CTRL = 1, 2, 4
_MODIFIERS = {"shift": SHIFT, "alt": ALT, "ctrl": CTRL, "super": 8, "hyper": 16, "meta": 32}

_LETTERED = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_NUMBERED = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_FUNCTION = {1: "P", 2: "Q", 3: "R", 4: "S"}
_FUNCTION_NUMBERS = {5: 15, 6: 17, 7: 18, 8: 19, 9: 20, 10: 21, 11: 23, 12: 24, 13: 25, 14: 26, 15: 28}
_FUNCTION_NUMBERS |= {16: 29, 17: 31, 18: 32, 19: 33, 20: 34}
_PLAIN = {"enter": "\r", "tab": "\t", "backspace": "\x7f", "escape": "\x1b", "space": " "}
_KITTY_CODES = {"enter": 13, "tab": 9, "backspace": 127, "escape": 27, "space": 32}
_NAMED = {
    "at": "@", "left_square_bracket": "[", "right_square_bracket": "]", "backslash": "\\",
    "circumflex_accent": "^", "underscore": "_", "question_mark": "?", "slash": "/", "grave_accent": "`",
    "tilde": "~", "minus": "-", "plus": "+", "equals_sign": "=", "full_stop": ".", "comma": ",",
    "semicolon": ";", "colon": ":", "apostrophe": "'", "quotation_mark": '"', "exclamation_mark": "!",
    "number_sign": "#", "dollar_sign": "$", "percent_sign": "%", "ampersand": "&", "asterisk": "*",
    "left_parenthesis": "(", "right_parenthesis": ")", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "vertical_line": "|", "less_than_sign": "<", "greater_than_sign": ">",
}  # fmt: skip
MODIFIER_KEYS = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super", "meta")
)
"""Modifiers that newer terminals report as keys of their own: nothing to send."""


def encode_key(key: str, character: str | None, modes: Modes) -> bytes:
    """The bytes for ``key``; ``character`` is the text it typed, if any. Empty for what has none."""
    *names, base = key.split("+") if key != "+" else ["+"]
    modifiers = sum(_MODIFIERS.get(name, 0) for name in names)
    if base in MODIFIER_KEYS:
        return b""
    special = _special(base, modifiers, modes)
    if special is not None:
        return special.encode()
    if modes.kitty_flags[-1] & 1 and (modifiers & ~SHIFT or base in ("escape",)):
        return _kitty(base, modifiers).encode()
    if base in _PLAIN:
        return _plain(base, modifiers).encode()
    text = _NAMED.get(base, base)
    if modifiers & CTRL:
        text = _control(text)
    elif character and not modifiers & ALT:
        text = character
    elif modifiers & SHIFT and len(text) == 1:
        text = text.upper()
    if len(text) != 1 and text != character:
        return b""
    return (("\x1b" if modifiers & ALT else "") + text).encode()


def _special(base: str, modifiers: int, modes: Modes) -> str | None:
    """Cursor, editing and function keys; None for every other."""
    if base in _LETTERED:
        letter = _LETTERED[base]
        if modifiers:
            return f"\x1b[1;{modifiers + 1}{letter}"
        return f"\x1bO{letter}" if modes.application_cursor else f"\x1b[{letter}"
    if base in _NUMBERED:
        return f"\x1b[{_NUMBERED[base]}{f';{modifiers + 1}' if modifiers else ''}~"
    if base[:1] == "f" and base[1:].isdigit():
        number = int(base[1:])
        if number in _FUNCTION:
            letter = _FUNCTION[number]
            return f"\x1b[1;{modifiers + 1}{letter}" if modifiers else f"\x1bO{letter}"
        if number in _FUNCTION_NUMBERS:
            return f"\x1b[{_FUNCTION_NUMBERS[number]}{f';{modifiers + 1}' if modifiers else ''}~"
        return ""
    return None


def _plain(base: str, modifiers: int) -> str:
    if base == "tab" and modifiers & SHIFT:
        text = "\x1b[Z"
    elif base == "backspace" and modifiers & CTRL:
        text = "\b"
    elif base == "space" and modifiers & CTRL:
        text = "\x00"
    else:
        text = _PLAIN[base]
    return "\x1b" + text if modifiers & ALT else text


def _control(text: str) -> str:
    """Ctrl with a character: C0 as terminals have always sent it."""
    upper = text.upper()
    if len(upper) == 1 and "@" <= upper <= "_":
        return chr(ord(upper) & 0x1F)
    digits = {"2": "\x00", "3": "\x1b", "4": "\x1c", "5": "\x1d", "6": "\x1e", "7": "\x1f", "8": "\x7f"}
    return {"?": "\x7f", "/": "\x1f", "-": "\x1f", "~": "\x1e", "`": "\x00", " ": "\x00", **digits}.get(
        text, text
    )


def _kitty(base: str, modifiers: int) -> str:
    """``CSI code ; modifiers u``: the key without what its modifiers make of it."""
    text = _NAMED.get(base, base)
    code = _KITTY_CODES.get(base) or (ord(text.lower()) if len(text) == 1 else 0)
    if not code:
        return ""
    return f"\x1b[{code}{f';{modifiers + 1}' if modifiers else ''}u"


def encode_paste(text: str, modes: Modes) -> bytes:
    """Pasted text; between marks when the program asked for it (mode 2004), which it cannot forge."""
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    if not modes.bracketed_paste:
        return text.encode()
    clean = text.replace("\x1b", "").replace("\x9b", "")
    return f"\x1b[200~{clean}\x1b[201~".encode()


def encode_focus(gained: bool, modes: Modes) -> bytes:
    """Focus in and out, where asked for (mode 1004)."""
    return (b"\x1b[I" if gained else b"\x1b[O") if modes.focus_events else b""
