"""Keys as terminals send them, without losses: names for the app, and for the programs in its terminals."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.terminal.keys import encode_key
from k8stui.terminal.modes import Modes
from k8stui.ui.shells.screen import textual_key
from k8stui.ui.shells.whole import control_byte
from k8stui.ui.widgets.terminal.input import TerminalParser, terminal_key


def keys(text: str) -> list[Any]:
    return list(TerminalParser(False).feed(text))


@pytest.mark.parametrize(
    "text",
    [
        "a", "Z", "한", "\t", "\r", "\x7f", "\x08", "\x03", "\x1d", "\x1bb", "\x1bf", "\x1b.", "\x1b:",
        "\x1b\x7f", "\x1b\r", "\x1bB", "\x1b\x02", "\x1b[A", "\x1b[1;5C", "\x1b[3~", "\x1b[15~", "\x1b[25~",
        "\x1b[24;5~", "\x1bOP", "\x1b[1;2P", "\x1b[Z", "\x1f", "\x1c",
    ],
)  # fmt: skip
def test_what_is_typed_is_what_a_program_gets(text: str) -> None:
    (event,) = keys(text)
    assert encode_key(*terminal_key(event), Modes()) == text.encode()


def test_the_app_goes_on_knowing_alt_with_letters_as_it_did() -> None:
    (event,) = keys("\x1bb")
    assert event.key == "ctrl+left"


def test_a_key_of_the_kitty_protocol_that_was_not_asked_for_is_nothing() -> None:
    assert keys("\x1b[224::92;3u") == []


@pytest.mark.parametrize(
    ("written", "name", "byte"),
    [
        ("ctrl-]", "ctrl+right_square_bracket", b"\x1d"),
        ("ctrl-g", "ctrl+g", b"\x07"),
        ("f12", "f12", b"\x1d"),
        ("", "", b"\x1d"),
    ],
)
def test_the_escape_prefix_as_people_write_it(written: str, name: str, byte: bytes) -> None:
    assert textual_key(written) == name
    assert control_byte(written) == byte
