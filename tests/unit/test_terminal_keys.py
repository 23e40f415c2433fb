"""Every key a terminal can send, by the modes a program has set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from k8stui.terminal.emulator import Emulator
from k8stui.terminal.keys import encode_focus, encode_key, encode_paste
from k8stui.terminal.mouse import LEFT, NONE, WHEEL_UP, MouseEvent, encode_mouse, encode_wheel_as_arrows

if TYPE_CHECKING:
    from k8stui.terminal.modes import Modes


def modes(setup: str = "") -> Modes:
    emulator = Emulator(80, 25)
    emulator.feed(setup.encode())
    return emulator.screen.modes


@pytest.mark.parametrize(
    ("key", "character", "setup", "expected"),
    [
        ("a", "a", "", "a"),
        ("A", "A", "", "A"),
        ("한", "한", "", "한"),
        ("upper_a", "A", "", "A"),
        ("ctrl+c", "\x03", "", "\x03"),
        ("ctrl+space", None, "", "\x00"),
        ("ctrl+left_square_bracket", None, "", "\x1b"),
        ("ctrl+backslash", None, "", "\x1c"),
        ("ctrl+underscore", None, "", "\x1f"),
        ("alt+x", None, "", "\x1bx"),
        ("alt+shift+x", None, "", "\x1bX"),
        ("ctrl+alt+x", None, "", "\x1b\x18"),
        ("enter", "\r", "", "\r"),
        ("alt+enter", None, "", "\x1b\r"),
        ("shift+tab", None, "", "\x1b[Z"),
        ("backspace", "\x7f", "", "\x7f"),
        ("ctrl+backspace", None, "", "\b"),
        ("alt+backspace", None, "", "\x1b\x7f"),
        ("escape", "\x1b", "", "\x1b"),
        ("up", None, "", "\x1b[A"),
        ("up", None, "\x1b[?1h", "\x1bOA"),
        ("ctrl+up", None, "\x1b[?1h", "\x1b[1;5A"),
        ("shift+alt+left", None, "", "\x1b[1;4D"),
        ("home", None, "\x1b[?1h", "\x1bOH"),
        ("delete", None, "", "\x1b[3~"),
        ("ctrl+pageup", None, "", "\x1b[5;5~"),
        ("f1", None, "", "\x1bOP"),
        ("shift+f1", None, "", "\x1b[1;2P"),
        ("f5", None, "", "\x1b[15~"),
        ("ctrl+f12", None, "", "\x1b[24;5~"),
        ("slash", "/", "", "/"),
        ("plus", "+", "", "+"),
        ("left_shift", None, "", ""),
        ("ctrl+i", None, "\x1b[>1u", "\x1b[105;5u"),
        ("escape", "\x1b", "\x1b[>1u", "\x1b[27u"),
        ("a", "a", "\x1b[>1u", "a"),
    ],
)
def test_key(key: str, character: str | None, setup: str, expected: str) -> None:
    assert encode_key(key, character, modes(setup)).decode() == expected


def test_a_paste_cannot_end_its_own_brackets() -> None:
    assert encode_paste("a\nb", modes()) == b"a\rb"
    assert encode_paste("a\x1b[201~rm", modes("\x1b[?2004h")) == b"\x1b[200~a[201~rm\x1b[201~"


def test_focus_is_told_only_when_asked_for() -> None:
    assert encode_focus(True, modes()) == b""
    assert encode_focus(False, modes("\x1b[?1004h")) == b"\x1b[O"


@pytest.mark.parametrize(
    ("setup", "event", "expected"),
    [
        ("", MouseEvent("press", LEFT, 0, 0), b""),
        ("\x1b[?1000h", MouseEvent("press", LEFT, 0, 0), b"\x1b[M !!"),
        ("\x1b[?1000h", MouseEvent("release", LEFT, 0, 0), b"\x1b[M#!!"),
        ("\x1b[?1000h", MouseEvent("press", LEFT, 300, 0), b""),
        ("\x1b[?1000h\x1b[?1006h", MouseEvent("press", LEFT, 300, 4, ctrl=True), b"\x1b[<16;301;5M"),
        ("\x1b[?1000h\x1b[?1006h", MouseEvent("release", LEFT, 3, 4), b"\x1b[<0;4;5m"),
        ("\x1b[?1000h\x1b[?1006h", MouseEvent("move", LEFT, 3, 4), b""),
        ("\x1b[?1002h\x1b[?1006h", MouseEvent("move", LEFT, 3, 4), b"\x1b[<32;4;5M"),
        ("\x1b[?1002h\x1b[?1006h", MouseEvent("move", NONE, 3, 4), b""),
        ("\x1b[?1003h\x1b[?1006h", MouseEvent("move", NONE, 3, 4), b"\x1b[<35;4;5M"),
        ("\x1b[?1003h\x1b[?1016h", MouseEvent("move", NONE, 3, 4, px=30, py=40), b"\x1b[<35;31;41M"),
        ("\x1b[?9h", MouseEvent("release", LEFT, 0, 0), b""),
        ("\x1b[?1000h\x1b[?1006h", MouseEvent("press", WHEEL_UP, 1, 1, shift=True), b"\x1b[<68;2;2M"),
    ],
)
def test_mouse(setup: str, event: MouseEvent, expected: bytes) -> None:
    assert encode_mouse(event, modes(setup)) == expected


def test_the_wheel_becomes_arrows_for_programs_without_a_mouse() -> None:
    assert encode_wheel_as_arrows(True, 3, modes("\x1b[?1h")) == b"\x1bOA" * 3
