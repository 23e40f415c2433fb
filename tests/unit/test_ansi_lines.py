"""A container's output on a line: colours stay, everything else that a terminal would obey does not."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.color import Color

from k8stui.ui.widgets.lines.ansi import parse_line

ESCAPES = [*"\x1b[];m0\\PA\r\n\tx한\x07\x9b\u202e", "31"]


def test_plain_text_is_itself() -> None:
    assert parse_line("GET /cart 200") == ("GET /cart 200", ())


def test_colours_become_spans() -> None:
    line = parse_line("a \x1b[1;31mred\x1b[0m b \x1b[38;5;208mo\x1b[38;2;1;2;3mr\x1b[39m.")
    assert line.text == "a red b or."
    assert [(span.start, span.end) for span in line.spans] == [(2, 5), (8, 9), (9, 10)]
    red, orange, rgb = (span.style for span in line.spans)
    assert red.bold
    assert red.color == Color.from_ansi(1)
    assert orange.color == Color.from_ansi(208)
    assert rgb.color == Color.from_rgb(1, 2, 3)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\x1b]0;you are hacked\x07title", "title"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGFja2Vk\x07clipboard", "clipboard"),
        ("\x1b[2J\x1b[H\x1b[?1049hscreen", "screen"),
        ("\x1bP1$r0m\x1b\\dcs", "dcs"),
        ("\x1b(B\x1b7charset", "charset"),
        ("\x9b31mc1", "c1"),
        ("a\x07b\x08c\x00d", "a\u2407b\u2408c\u2400d"),
        ("cut off \x1b[31", "cut off \u241b[31"),
        ("never ends \x1b]0;title", "never ends \u241b]0;title"),
        ("right\u202eleft", "rightleft"),
    ],
)
def test_sequences_that_are_no_colours_are_taken_out_or_shown(raw: str, text: str) -> None:
    assert parse_line(raw).text == text


def test_text_is_never_hidden_or_blinking() -> None:
    assert parse_line("\x1b[8mhidden\x1b[5mblink") == ("hiddenblink", ())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("10%\r50%\r100%", "100%"),
        ("windows line\r", "windows line"),
        ("\r\n", "\u240a"),
        ("\x1b[32m10%\r\x1b[1m20%\r", "20%"),
    ],
)
def test_a_line_written_over_and_over_shows_its_last_state(raw: str, text: str) -> None:
    assert parse_line(raw).text == text


def test_colours_before_a_carriage_return_last() -> None:
    assert parse_line("\x1b[32m10%\r20%").spans[0].style.color == Color.from_ansi(2)


def test_tabs_go_to_the_next_stop_whatever_colours_are_between() -> None:
    assert parse_line("ab\tc").text == "ab      c"
    assert parse_line("a\x1b[31mb\x1b[0m\tc").text == "ab      c"


def test_a_long_line_is_parsed_as_far_as_it_is_asked_for() -> None:
    raw = "\x1b[31mx\x1b[0m" * 100_000
    line = parse_line(raw, 4_000)
    assert 200 < len(line.text) < 1_000
    assert set(line.text) == {"x"}


def test_a_cut_never_splits_a_sequence() -> None:
    raw = "ab\x1b[38;2;100;200;300mcd" * 50
    for limit in range(1, 200):
        assert set(parse_line(raw, limit).text) <= set("abcd")


@given(st.lists(st.sampled_from(ESCAPES), max_size=40).map("".join))
@example("\x1b[31;mx")
@example("\x1b[38;5mx\x1b[48;2;1mx\x1b[99999999mx")
def test_whatever_is_written_the_result_is_printable(raw: str) -> None:
    line = parse_line(raw)
    assert all(character.isprintable() for character in line.text)
    assert all(0 <= span.start < span.end <= len(line.text) for span in line.spans)
