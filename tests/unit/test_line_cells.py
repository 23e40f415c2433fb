"""Characters and cells of long lines: which character is in a cell, where wrapped rows begin."""

from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from k8stui.ui.widgets.lines.painter import word_points, wrap_points
from k8stui.ui.widgets.painting import char_at, chars_in_cells, least_width

PRINTABLE = st.characters(exclude_categories=("Cc", "Cs"))
"""Texts are made printable before they come to a painter."""
TEXTS = st.text(alphabet="ab 한글é…\u0301z", max_size=400) | st.text(PRINTABLE, max_size=60)


WIDE = "한글 ab 漢字かな é…" * 300


def cells(text: str) -> int:
    return sum(get_character_cell_size(character) for character in text)


@given(TEXTS, st.integers(0, 900), st.integers(1, 9))
def test_the_character_in_a_cell_is_the_one_that_covers_it(text: str, cell: int, times: int) -> None:
    text = text * times
    index, at = char_at(text, cell)
    if text.isascii():
        assert (index, at) == (min(len(text), cell),) * 2
        return
    assert at == cells(text[:index])
    if index < len(text):
        assert at <= cell < at + get_character_cell_size(text[index])
    else:
        assert at <= cell
    started = chars_in_cells(text, cell)
    assert started == index + (index < len(text) and at < cell)


@given(TEXTS, st.integers(2, 40))
def test_wrapped_rows_are_as_full_as_they_can_be_and_cut_no_wide_character(text: str, width: int) -> None:
    points = [*wrap_points(text, width), len(text)]
    if text.isascii():
        return
    rows = [text[start:end] for start, end in itertools.pairwise(points)]
    assert "".join(rows) == text
    for number, row in enumerate(rows):
        assert cells(row) <= width
        if number + 1 < len(rows):
            assert cells(row) + get_character_cell_size(rows[number + 1][0]) > width


@given(TEXTS, st.integers(2, 40))
def test_rows_wrapped_between_words_lose_nothing_and_fit(text: str, width: int) -> None:
    rows = [text[start:end] for start, end in itertools.pairwise([*word_points(text, width), len(text)])]
    assert "".join(rows) == text
    assert all(cells(row) <= width for row in rows)
    for row, after in itertools.pairwise(rows):
        assert row.endswith(" ") or " " not in row[width // 2 :] or after.startswith(" ")


def test_words_stay_whole() -> None:
    text = "exit code 3: the program reported an error"
    points = [*word_points(text, 20), len(text)]
    rows = [text[start:end] for start, end in itertools.pairwise(points)]
    assert rows == ["exit code 3: the ", "program reported an ", "error"]


def test_far_cells_of_a_long_line_are_found_at_once_the_second_time() -> None:
    text = "0123456789 한글 " * 75_000
    char_at(text, 900_000)
    began = time.process_time()
    for cell in range(899_000, 900_000):
        index, at = char_at(text, cell)
        assert at <= cell
        assert index < cell
    assert time.process_time() - began < 0.5


def test_wide_characters_are_measured_together_as_one_by_one() -> None:
    for cell in range(0, cells(WIDE), 997):
        index, at = char_at(WIDE, cell)
        assert at == cells(WIDE[:index])


def test_the_width_of_a_long_line_becomes_exact_on_the_way_to_its_end() -> None:
    text = WIDE + "!"
    assert len(text) <= least_width(text) <= cells(text)
    char_at(text, cells(text) - 1)
    assert cells(text) - 1_024 <= least_width(text) <= cells(text)
    assert least_width("한글") == 4
