"""What the emulator promises: each sequence it claims, and nothing that a program sends breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.terminal.emulator import ClipboardRequest, Emulator
from k8stui.terminal.style import BOLD, ITALIC, Style


def screen_of(emulator: Emulator) -> list[str]:
    return ["".join(line.chars).rstrip() for line in emulator.screen.grid.rows]


def shown(*chunks: str | bytes, columns: int = 20, lines: int = 4) -> list[str]:
    emulator = Emulator(columns, lines)
    for chunk in chunks:
        emulator.feed(chunk.encode() if isinstance(chunk, str) else chunk)
    return screen_of(emulator)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("a\x1b[3bc", "aaaac"),
        ("a\r\n\x1b[3bc", "a"),
        ("abcdef\x1b[3D\x1b[2X!", "abc! f"),
        ("abcdef\x1b[4G\x1b[2@", "abc  def"),
        ("abcdef\x1b[3G\x1b[2P", "abef"),
        ("a\tb\x1b[Zc", "a       c"),
        ("\x1b(0lqk\x1b(B.", "┌─┐."),
        ("\x1b)0x\x0ex\x0fx", "x│x"),
        ("\x1b[4ha\rb", "ba"),
        ("abc\x1b[2G\x1b[K", "a"),
        ("abc\x1b[2G\x1b[1K", "  c"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1bPwhat\x07ever\x1b\\text", "text"),
        ("\x1b_app\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\text", "text"),
        ("\x1b[?4mtext", "text"),
        ("\x1b[1\x182mtext", "2mtext"),
        ("12\x1b[\n3Ga", "12"),
        ("한글\x1b[2Gx", " x글"),
        ("e\u0301a", "e\u0301a"),
        ("👩\u200d👩\u200d👧x", "👩\u200d👩\u200d👧x"),
        ("\x9b3Gx", "  x"),
        ("\x1b[38:2::1:2:3mx\x1b[4:3my", "xy"),
    ],
)
def test_first_line(output: str, expected: str) -> None:
    assert shown(output)[0] == expected


def test_every_split_gives_the_same_screen() -> None:
    data = "\x1b[31m한글\x1b[0m\x1b]8;;http://x\x1b\\link\x1b]8;;\x07\x1b(0qq\x1b(B\r\n\x1b[2;3Hx\x1b[?1049hy".encode()
    whole = shown(data)
    for at in range(len(data)):
        assert shown(data[:at], data[at:]) == whole


def test_scroll_region_and_origin_mode() -> None:
    lines = shown("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[?6h\x1b[2;1H\nx")
    assert lines == ["1", "3", "x", "4"]


def test_alternate_screen_keeps_the_main_one_and_has_no_scrollback() -> None:
    emulator = Emulator(10, 2)
    emulator.feed(b"main\x1b[?1049h\x1b[Ha\r\nb\r\nc\r\nd")
    assert screen_of(emulator) == ["c", "d"]
    assert not emulator.screen.main.history
    emulator.feed(b"\x1b[?1049l!")
    assert screen_of(emulator) == ["main!", ""]


def test_scrollback_is_bounded_and_apart_from_the_screen() -> None:
    emulator = Emulator(10, 2, history=5)
    emulator.feed(b"".join(b"%d\r\n" % number for number in range(100)))
    history = emulator.screen.main.history
    assert history is not None
    assert ["".join(line.cells).rstrip() for line in history] == ["94", "95", "96", "97", "98"]
    assert screen_of(emulator) == ["99", ""]


def test_wrapped_lines_are_wrapped_again_after_a_resize() -> None:
    emulator = Emulator(10, 4)
    emulator.feed(b"abcdefghijklmnop\r\nnext")
    emulator.resize(20, 4)
    assert screen_of(emulator) == ["abcdefghijklmnop", "next", "", ""]
    emulator.feed(b"!")
    assert screen_of(emulator)[1] == "next!"
    emulator.resize(5, 4)
    assert screen_of(emulator) == ["klmno", "p", "next!", ""] or screen_of(emulator) == [
        "fghij",
        "klmno",
        "p",
        "next!",
    ]


def test_wide_characters_are_not_cut_by_a_resize() -> None:
    emulator = Emulator(6, 3)
    emulator.feed("가나다".encode())
    emulator.resize(5, 3)
    assert screen_of(emulator) == ["가나", "다", ""]


def test_styles() -> None:
    emulator = Emulator(10, 1)
    emulator.feed(b"\x1b[1;3;38;5;200;48:2::1:2:3;4:3;58:5:9mx")
    assert emulator.screen.grid.rows[0].styles[0] == Style(200, (1, 2, 3), BOLD | ITALIC, 3, 9)


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        ("\x1b[c", b"\x1b[?62;22c"),
        ("\x1b[5n", b"\x1b[0n"),
        ("ab\x1b[6n", b"\x1b[1;3R"),
        ("\x1b[?2026$p", b"\x1b[?2026;2$y"),
        ("\x1b[?2026h\x1b[?2026$p", b"\x1b[?2026;1$y"),
        ("\x1b[?9999$p", b"\x1b[?9999;0$y"),
        ("\x1b[1;31m\x1bP$qm\x1b\\", b"\x1bP1$r0;1;31m\x1b\\"),
        ("\x1bP$qrm -rf\x1b\\", b"\x1bP0$r\x1b\\"),
        ("\x1b]0;evil\n\x07\x1b[21t", b"\x1b]l\x1b\\"),
        ("\x1b]52;c;?\x07", b""),
        ("\x1b[18t", b"\x1b[8;4;20t"),
    ],
)
def test_answers(query: str, reply: bytes) -> None:
    emulator = Emulator(20, 4)
    emulator.feed(query.encode())
    assert emulator.take_replies() == reply
    assert emulator.take_replies() == b""


def test_the_clipboard_is_only_asked_for() -> None:
    asked: list[ClipboardRequest] = []
    emulator = Emulator(20, 4, on_clipboard=asked.append)
    emulator.feed(b"\x1b]52;c;7JWI64WV\x07\x1b]52;c;not base64!\x07")
    assert asked == [ClipboardRequest("안녕")]


PIECES = st.sampled_from(
    [
        *"\x1b\x9b;:?>$ mHrJKbLMST@PXhlqput\\\a\x18\r\n\t\b\x0e\x0f6430가\u0301\u200d👨",
        *("\x1b[", "\x1b]", "\x1bP", "99999999", "-1", "1049", "2026"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(PIECES.map(str.encode), st.binary(max_size=8)), max_size=60),
    st.integers(1, 30),
    st.integers(1, 8),
    st.tuples(st.integers(1, 30), st.integers(1, 8)),
)
def test_never_raises_and_keeps_its_shape(
    chunks: list[bytes], columns: int, lines: int, later: tuple[int, int]
) -> None:
    emulator = Emulator(columns, lines, history=20)
    for chunk in chunks:
        emulator.feed(chunk)
    emulator.resize(*later)
    for chunk in chunks:
        emulator.feed(chunk)
    grid = emulator.screen.grid
    assert len(grid.rows) == later[1]
    for line in grid.rows:
        assert len(line.chars) == len(line.styles) == later[0]
        for x, char in enumerate(line.chars):
            assert char or (x and line.chars[x - 1] != ""), "a second half without its first"
    cursor = emulator.screen.cursor
    assert 0 <= cursor.x < later[0]
    assert 0 <= cursor.y < later[1]


def test_an_endless_string_does_not_grow() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(b"\x1b]0;")
    for _ in range(64):
        emulator.feed(b"x" * 65536)
    assert sum(map(len, emulator._parser._parts)) <= 1 << 20
    emulator.feed(b"\x07ok")
    assert screen_of(emulator)[0] == "ok"
