"""Whatever the cluster holds, what is painted is one line of known width without control characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from k8stui.kinds.text import begun, cell_width, cut, first_line, fit, printable


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("web-0", "web-0"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\tb", "a b"),
        ("a\r\nb", "a␍␊b"),
        ("\x00\x7f", "␀␡"),
        ("\x9b31m\x85", "\ufffd31m\ufffd"),
        ("abc\u202edef", "abcdef"),
        ("\u200bzero\ufeffwidth", "zerowidth"),
        ("a\u00a0b\u2028c", "a b c"),
        ("\ud800", "\ufffd"),
        ("한글 이름", "한글 이름"),
        ("한글", "한글"),
        ("👨‍👩‍👧", "👨👩👧"),
        ("❤️", "❤"),
        ("", ""),
        ("[bold]x[/bold] {y}", "[bold]x[/bold] {y}"),
    ],
)
def test_control_characters_are_shown_and_never_sent(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text())
def test_printable_text_has_no_control_characters_and_is_stable(raw: str) -> None:
    shown = printable(raw)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    assert printable(shown) == shown


@given(st.text(st.sampled_from("ab 한글漢字é🇰🇷👍\u0301\x1b\t…")), st.integers(0, 20))
def test_a_fitted_text_takes_exactly_its_width(raw: str, width: int) -> None:
    text = printable(raw)
    assert cell_width(fit(text, width)) == width
    assert cell_width(fit(text, width, "right")) == width
    assert cell_width(cut(text, width)) <= width


SCRIPTS = (
    (0x00, 0x24F),
    (0x370, 0x52F),
    (0x2500, 0x25FF),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
)


@given(
    st.text(
        st.one_of([st.characters(min_codepoint=first, max_codepoint=last) for first, last in SCRIPTS])
        | st.sampled_from("\u1112\u1161\u11ab\u0301👍")
    )
)
def test_the_width_is_the_one_that_the_screen_measures(raw: str) -> None:
    assert cell_width(printable(raw)) == cell_len(printable(raw))


def test_wide_letters_are_never_halved() -> None:
    assert cut("한글이름", 8) == "한글이름"
    assert cut("한글이름", 7) == "한글이…"
    assert cut("한글이름", 6) == "한글…"
    assert fit("한글이름", 4) == "한… "
    assert cut("web-0", 0) == ""
    assert fit("ab", 4, "right") == "  ab"


def test_a_sentence_begins_with_a_capital_and_a_name_as_it_is_written() -> None:
    assert begun("the server is gone") == "The server is gone"
    for written in ("https://10.0.0.1 cannot be reached", "web-1 is gone", "pods/web is gone", ""):
        assert begun(written) == written


def test_a_cell_shows_the_first_line_as_kubectl_does() -> None:
    assert first_line("one") == "one"
    assert first_line("one\ntwo\nthree") == "one..."
    assert first_line("one\r\ntwo") == "one..."
    assert first_line("\ftwo") == "..."
