"""What a terminal keeps and lets go over its life: bounds, hanging up, saved modes, resizes, recordings."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from k8stui.terminal import grid as grids
from k8stui.terminal.asciicast import Recording
from k8stui.terminal.emulator import Emulator
from k8stui.terminal.keys import encode_paste
from k8stui.terminal.line import MAX_LINKS
from tests import fuzz_terminal

if TYPE_CHECKING:
    from pathlib import Path


def screen_of(emulator: Emulator) -> list[str]:
    return ["".join(line.chars).rstrip() for line in emulator.screen.grid.rows]


@pytest.mark.parametrize("seed", range(200))
def test_nothing_breaks_it(seed: int) -> None:
    fuzz_terminal.one(seed)


def test_a_wide_character_in_a_terminal_of_one_column_leaves_no_half() -> None:
    emulator = Emulator(10, 3)
    emulator.feed("한글".encode())
    emulator.resize(1, 3)
    assert all("" not in line.chars for line in emulator.screen.grid.rows)


def test_a_program_that_is_gone_leaves_its_text_and_none_of_its_modes() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(
        b"prompt$ vim\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b[?1h\x1b[?25l\x1b[31mtext\x1b[2;3r\x1b]0;half"
    )
    emulator.hang_up()
    emulator.feed(b"new")
    assert screen_of(emulator) == ["prompt$ vim", "new", "", ""]
    modes = emulator.screen.modes
    assert (modes.mouse, modes.bracketed_paste, modes.application_cursor, modes.show_cursor) == (
        0,
        False,
        False,
        True,
    )
    assert emulator.screen.grid.bottom == 3
    assert encode_paste("a\nb", modes) == b"a\rb"


def test_private_modes_are_saved_and_restored() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(b"\x1b[?1000h\x1b[?1000;2004s\x1b[?1000l\x1b[?2004h\x1b[?1000;2004r")
    assert emulator.screen.modes.mouse == 1000
    assert not emulator.screen.modes.bracketed_paste


def test_pictures_in_true_colour_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MAX_RUNS", 4_000)
    emulator = Emulator(100, 10)
    line = "".join(f"\x1b[48;2;{x};{x % 7};9m " for x in range(100))
    for _ in range(300):
        emulator.feed(line.encode() + b"\r\n")
    history = emulator.screen.main.history
    assert history is not None
    assert sum(len(kept.runs) for kept in history) <= 6_000
    assert emulator.screen.main.scrolled == 291


def test_links_do_not_fill_the_memory() -> None:
    emulator = Emulator(80, 2)
    for number in range(80):
        emulator.feed(f"\x1b]8;;http://host/{number}/{'x' * 1000}\x1b\\a".encode())
    emulator.feed(b"\r\n\r\n\r\n")
    history = emulator.screen.main.history
    assert history is not None
    assert sum(len(style.link) for _, style in history[0].runs) <= MAX_LINKS


def test_a_cursor_stays_on_its_text_through_any_row_of_resizes() -> None:
    emulator = Emulator(40, 6)
    emulator.feed(b"first line that is long enough to wrap when narrow\r\nsecond$ typed")
    for columns, lines in ((7, 3), (100, 2), (13, 20), (40, 6), (200, 50), (40, 6)):
        emulator.resize(columns, lines)
    emulator.feed(b"!")
    assert "second$ typed!" in screen_of(emulator)


def test_tab_stops_reach_into_columns_that_came_later() -> None:
    emulator = Emulator(10, 2)
    emulator.resize(40, 2)
    emulator.feed(b"\t\t\tx")
    assert screen_of(emulator)[0].index("x") == 24


@pytest.mark.parametrize(
    ("mode", "setup", "answer"),
    [
        ("?1", "", 2),
        ("?1", "\x1b[?1h", 1),
        ("?6", "\x1b[?6h", 1),
        ("?7", "", 1),
        ("?25", "\x1b[?25l", 2),
        ("?1000", "\x1b[?1000h", 1),
        ("?1002", "\x1b[?1000h", 2),
        ("?1006", "\x1b[?1006h", 1),
        ("?1049", "\x1b[?1049h", 1),
        ("?2004", "\x1b[?2004h", 1),
        ("?2026", "", 2),
        ("?68", "", 0),
        ("4", "\x1b[4h", 1),
        ("20", "", 2),
        ("99", "", 0),
    ],
)
def test_every_mode_says_how_it_is(mode: str, setup: str, answer: int) -> None:
    emulator = Emulator(20, 4)
    emulator.feed(f"{setup}\x1b[{mode}$p".encode())
    assert emulator.take_replies() == f"\x1b[{mode};{answer}$y".encode()


def test_colours_are_told_when_they_are_known() -> None:
    emulator = Emulator(20, 4, colours=((255, 255, 255), (0, 16, 32)))
    emulator.feed(b"\x1b]11;?\x07\x1b]10;?\x1b\\")
    assert emulator.take_replies() == b"\x1b]11;rgb:0000/1010/2020\x07\x1b]10;rgb:ffff/ffff/ffff\x1b\\"


def test_titles_are_stacked_and_the_stack_ends() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(b"\x1b]2;one\x07\x1b[22;0t\x1b]2;two\x07")
    assert emulator.title == "two"
    emulator.feed(b"\x1b[23;0t")
    assert emulator.title == "one"
    emulator.feed(b"\x1b[22t" * 1000)
    assert len(emulator._titles) <= 10


def test_kitty_flags_are_stacked() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(b"\x1b[>1u\x1b[>5u\x1b[?u\x1b[<u\x1b[?u\x1b[=3;2u\x1b[?u\x1b[<9u\x1b[?u")
    assert emulator.take_replies() == b"\x1b[?5u\x1b[?1u\x1b[?3u\x1b[?0u"


# -- recordings --------------------------------------------------------------------------------


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_recording_is_an_asciicast_that_only_its_owner_reads(tmp_path: Path) -> None:
    clock = Time()
    path = tmp_path / "session.cast"
    recording = Recording(path, 80, 24, title="web", clock=clock, now=lambda: 1_700_000_000.0)
    clock.now += 1.5
    text = "한".encode()
    recording.output(b"\x1b[31m" + text[:1])
    recording.output(text[1:])
    recording.input(b"secret")
    recording.resize(100, 30)
    recording.close()
    recording.close()
    header, *events = [json.loads(line) for line in path.read_text().splitlines()]
    assert header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": 1_700_000_000,
        "env": {"TERM": "xterm-256color"},
        "title": "web",
    }
    assert events == [[1.5, "o", "\x1b[31m"], [1.5, "o", "한"], [1.5, "r", "100x30"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not recording.active
    with pytest.raises(FileExistsError):
        Recording(path, 80, 24)


def test_input_is_recorded_when_asked_for_and_a_full_recording_ends(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.cast", 80, 24, record_input=True, max_size=400)
    recording.input(b"ls\r")
    assert recording.active
    recording.output(b"x" * 500)
    assert not recording.active
    assert "has ended" in recording.error
    recording.output(b"more")
    assert '"i", "ls\\r"' in (tmp_path / "a.cast").read_text()
