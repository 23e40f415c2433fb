"""Left and right margins, rectangles, protected text: what older and larger programs use of a terminal."""

from __future__ import annotations

import pytest

from k8stui.terminal.emulator import Emulator

MARGINS = "\x1b[?69h\x1b[3;6s"
"""Columns 3 to 6 of 10."""
FULL = "".join(f"\x1b[{row};1H{row}bcdefghij" for row in range(1, 5))
"""Four lines of ten characters."""


def shown(text: str, *, columns: int = 10, lines: int = 4) -> list[str]:
    emulator = Emulator(columns, lines)
    emulator.feed(text.encode())
    return ["".join(line.chars).rstrip() for line in emulator.screen.grid.rows]


def cursor_after(text: str) -> tuple[int, int]:
    """(row, column), from 1."""
    emulator = Emulator(10, 4)
    emulator.feed(f"{text}\x1b[6n".encode())
    row, column = emulator.take_replies()[2:-1].split(b";")
    return int(row), int(column)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{MARGINS}\x1b[1;3Habcdefg", ["  abcd", "  efg", "", ""]),
        (f"{MARGINS}\x1b[1;8Habcd", ["       abc", "  d", "", ""]),
        (f"{MARGINS}\x1b[1;3Habc\rx\r\ny", ["  xbc", "  y", "", ""]),
        (f"{FULL}{MARGINS}\x1b[4;4H\n", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4b    ghij"]),
        (f"{FULL}{MARGINS}\x1b[4;8H\n", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[2;4H\x1b[L", ["1bcdefghij", "2b    ghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[4;4H\x1b[M", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4b    ghij"]),
        (f"{FULL}{MARGINS}\x1b[2;8H\x1b[M", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[1;4H\x1b[2@", ["1bc  dghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[1;4H\x1b[P", ["1bcef ghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[1;8H\x1b[P", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (f"{FULL}{MARGINS}\x1b[1;4H\x1b[9X", ["1bc", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        (
            f"{FULL}{MARGINS}\x1b[2;3r\x1b[2;4H\x1b['}}",
            ["1bcdefghij", "2bc deghij", "3bc deghij", "4bcdefghij"],
        ),
        (
            f"{FULL}{MARGINS}\x1b[2;3r\x1b[2;4H\x1b[ @",
            ["1bcdefghij", "2bdef ghij", "3bdef ghij", "4bcdefghij"],
        ),
        (f"{FULL}{MARGINS}\x1b[1;3H\x1b6", ["1b cdeghij", "2b cdeghij", "3b cdeghij", "4b cdeghij"]),
        (f"{FULL}{MARGINS}\x1b[1;6H\x1b9", ["1bdef ghij", "2bdef ghij", "3bdef ghij", "4bdef ghij"]),
        (f"{MARGINS}\x1b[1;3H한글다", ["  한글", "  다", "", ""]),
        (f"{MARGINS}\x1b[1;4H한글", ["   한", "  글", "", ""]),
        ("a\x1b[sb\x1b[uc", ["ac", "", "", ""]),
    ],
)
def test_text_between_margins(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


def test_scrolling_between_margins_leaves_the_rest() -> None:
    numbered = "".join(f"\x1b[{row};1H{str(row) * 10}" for row in range(1, 5))
    assert shown(f"{numbered}{MARGINS}\x1b[S") == ["1122221111", "2233332222", "3344443333", "44    4444"]
    assert shown(f"{numbered}{MARGINS}\x1b[2T") == ["11    1111", "22    2222", "3311113333", "4422224444"]
    emulator = Emulator(10, 4)
    emulator.feed(f"{numbered}{MARGINS}\x1b[9S".encode())
    assert not emulator.screen.main.history


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (MARGINS, (1, 1)),
        (f"{MARGINS}\x1b[2;3r\x1b[?6h", (1, 1)),
        (f"{MARGINS}\x1b[2;3r\x1b[?6h\x1b[9;9H", (2, 4)),
        (f"{MARGINS}\x1b[1;4H\x1b[9C", (1, 6)),
        (f"{MARGINS}\x1b[1;8H\x1b[9C", (1, 10)),
        (f"{MARGINS}\x1b[1;5H\x1b[9D", (1, 3)),
        (f"{MARGINS}\x1b[1;2H\x1b[9D", (1, 1)),
        (f"{MARGINS}\x1b[1;4H\t", (1, 6)),
        (f"{MARGINS}\x1b[1;2H\r", (1, 1)),
        (f"{MARGINS}\x1b[?69l\x1b[1;6H\x1b[9C", (1, 10)),
        (f"{MARGINS}\x1b[!p\x1b[1;6H\x1b[9C", (1, 10)),
        ("\x1b[5;3s\x1b[1;4H\x1b[9D", (1, 1)),
        ("\x1b[?5W\x1b[1;3H\x1b[3g\x1bH\x1b[1G\t", (1, 3)),
        ("\x1b[5W\t", (1, 10)),
    ],
)
def test_where_the_cursor_goes(text: str, place: tuple[int, int]) -> None:
    assert cursor_after(text) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[88;2;2;3;4$x", ["1bcdefghij", "2XXXefghij", "3XXXefghij", "4bcdefghij"]),
        ("\x1b[2;2;3;4$z", ["1bcdefghij", "2   efghij", "3   efghij", "4bcdefghij"]),
        ("\x1b[1;1;2;2;1;3;5;1$v", ["1bcdefghij", "2bcdefghij", "3bcd1bghij", "4bcd2bghij"]),
        ("\x1b[1;1;3;2;1;2;1;1$v", ["1bcdefghij", "1bcdefghij", "2bcdefghij", "3bcdefghij"]),
        ("\x1b[1;1;4;9;1;4;9;1$v", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefgh1b"]),
        ("\x1b[3;3;2;2$z", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
        ("\x1b[2;3r\x1b[?6h\x1b[$z", ["1bcdefghij", "", "", "4bcdefghij"]),
        ("\x1b[7$x", ["1bcdefghij", "2bcdefghij", "3bcdefghij", "4bcdefghij"]),
    ],
)
def test_rectangles(text: str, expected: list[str]) -> None:
    assert shown(FULL + text) == expected


def test_attributes_of_rectangles_and_streams() -> None:
    emulator = Emulator(10, 4)
    emulator.feed(b"\x1b[2*x\x1b[1;2;2;3;1;4$r\x1b[*x\x1b[3;3;4;8;7$t")
    rows = emulator.screen.grid.rows
    assert [bool(style.flags) for style in rows[0].styles] == [False, True, True] + [False] * 7
    assert rows[1].styles[1].underline == 1
    assert [bool(style.flags) for style in rows[2].styles] == [False] * 2 + [True] * 8
    assert [bool(style.flags) for style in rows[3].styles] == [True] * 8 + [False] * 2


def test_protected_text_survives_what_it_should() -> None:
    text = 'a\x1b[1"qb\x1b[0"qc'
    assert shown(f"{text}\x1b[?2K")[0] == " b"
    assert shown(f"{text}\x1b[?2J")[0] == " b"
    assert shown(f"{text}\x1b[1;1;1;9${{")[0] == " b"
    assert shown(f"{text}\x1b[2K")[0] == ""
    guarded = "a\x1bVb\x1bWc"
    assert shown(f"{guarded}\x1b[2K")[0] == " b"
    assert shown(f"{guarded}\x1b[2J")[0] == " b"
    assert shown(f"{guarded}\x1b[1G\x1b[9X")[0] == " b"


def test_index_does_not_return_in_newline_mode() -> None:
    assert shown("\x1b[20hab\x1bDc\nd") == ["ab", "  c", "d", ""]


def test_the_margins_are_told() -> None:
    emulator = Emulator(10, 4)
    emulator.feed(f"{MARGINS}\x1bP$qs\x1b\\".encode())
    assert emulator.take_replies() == b"\x1bP1$r3;6s\x1b\\"
