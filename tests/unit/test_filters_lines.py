"""The lines a viewer shows: numbers that stay, a filter that grows, wrapping."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from k8stui.ui.widgets.lines.layout import Place, advance, last_top, page_from
from k8stui.ui.widgets.lines.model import LineModel, StaticLines
from k8stui.ui.widgets.lines.painter import wrap_points
from k8stui.ui.widgets.lines.search import LineSearch
from tests.unit.lines import Ring, only


def settle(model: LineModel) -> None:
    while model.step():
        pass


def shown(model: LineModel) -> list[int | None]:
    return [model.seq_at(index) for index in range(len(model))]


class TestFilter:
    def test_without_one_every_line_is_shown_and_numbers_go_on_as_old_lines_fall(self) -> None:
        ring = Ring(100)
        ring.extend([f"line {number}" for number in range(250)])
        model = LineModel(ring)
        assert len(model) == 100
        assert model.seq_at(0) == 150
        assert model.index_of(200) == 50
        assert model.index_of(3) == 0
        assert model.seq_at(100) is None

    def test_it_finds_old_and_new_lines_and_forgets_those_that_fall(self) -> None:
        ring = Ring(1_000)
        model = LineModel(ring)
        number = 0
        chance = random.Random(1)
        model.set_view(only(lambda text: text.endswith("7")))
        for _ in range(60):
            for _ in range(chance.randrange(300)):
                ring.append(f"line {number}")
                number += 1
            if chance.random() < 0.2:
                model.set_view(only(lambda text: text.endswith("7")))
            settle(model)
            expected = [seq for seq in range(ring.first, ring.end) if seq % 10 == 7]
            assert shown(model) == expected
            for seq in range(ring.first, ring.end, 13):
                at = model.index_of(seq)
                assert [s for s in expected if s < seq] == expected[:at]

    def test_new_lines_are_looked_at_first(self) -> None:
        ring = Ring()
        ring.extend(["x"] * 100_000)
        model = LineModel(ring)
        model.set_view(only(lambda text: True))
        model.step(0.0)
        assert 0 < len(model) < 100_000
        assert model.seq_at(len(model) - 1) == 99_999

    def test_marked_lines_are_always_shown(self) -> None:
        ring = Ring()
        ring.append("a")
        ring.append("restarted", mark="restart")
        model = LineModel(ring)
        model.set_view(only(lambda text: "nothing" in text))
        settle(model)
        assert shown(model) == [1]


class TestSearch:
    @pytest.mark.parametrize(("forward", "expected"), [(True, [13, 23, 3, 13]), (False, [3, 23, 13, 3])])
    def test_it_goes_from_match_to_match_and_round_the_end(self, forward: bool, expected: list[int]) -> None:
        model = LineModel(StaticLines([f"line {number}" for number in range(30)]))
        search = LineSearch(model)
        search.start(re.compile("3$"), 10, forward=forward)
        found = []
        for _ in expected:
            while search.running:
                search.step()
            found.append(search.found)
            search.go_on(forward=forward, seq=0)
        assert found == expected

    def test_it_ends_when_there_is_no_match(self) -> None:
        search = LineSearch(LineModel(StaticLines(["a"] * 1_000)))
        search.start(re.compile("b"), 0)
        while search.running:
            search.step(0.0)
            search.step(0.0)
        assert search.found is None


class TestWrapping:
    @given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.integers(1, 8), st.integers(-30, 30))
    def test_scrolling_is_the_same_as_in_a_list_of_all_rows(
        self, heights: list[int], page: int, rows: int
    ) -> None:
        everything = [Place(line, row) for line, height in enumerate(heights) for row in range(height)]
        count = len(heights)
        for at, place in enumerate(everything):
            moved = advance(place, rows, count, heights.__getitem__)
            assert moved == everything[min(max(0, at + rows), len(everything) - 1)]
            assert page_from(place, page, count, heights.__getitem__) == everything[at : at + page]
        assert last_top(count, page, heights.__getitem__) == everything[max(0, len(everything) - page)]

    @given(st.text(alphabet="ab한글é ", max_size=60), st.integers(2, 12))
    def test_rows_are_no_wider_than_asked_and_lose_nothing(self, text: str, width: int) -> None:
        points = [*wrap_points(text, width), len(text)]
        rows = [text[start:end] for start, end in itertools.pairwise(points)]
        assert "".join(rows) == text
        assert all(cell_len(row) <= width for row in rows)

    def test_a_megabyte_is_cut_quickly_also_when_it_is_wide(self) -> None:
        for text in ("x" * 1_000_000, "한" * 1_000_000):
            points = wrap_points(text, 80)
            assert len(points) > 10_000
            assert cell_len(text[points[7] : points[8]]) <= 80
