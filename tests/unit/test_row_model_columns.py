"""Widths of columns, the messages of a table, and text that stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color

from k8stui.kinds.tables.events import EventPrinter
from k8stui.ui.views.printing import NAMESPACE
from k8stui.ui.widgets.contrast import READABLE, contrast, readable
from k8stui.ui.widgets.painting import fit
from k8stui.ui.widgets.table.columns import FILLER, GAP, SHRINK_TO, WIDEST, TableColumns
from k8stui.ui.widgets.table.row_model import RowModel
from k8stui.ui.widgets.table.states import Subject, message, short_state, wrapped
from tests.unit.rows import NOW, Column, Phase, RowPrinter, State, World

NAMES = (Column("NAMESPACE"), Column("NAME"), Column("STATUS"), Column("NODE", priority=1))


def widths(columns: TableColumns) -> list[int]:
    return [column.width for column in columns.placed]


class TestColumns:
    def test_they_are_as_wide_as_their_header_and_the_rows_measured(self) -> None:
        columns = TableColumns(NAMES)
        columns.measure([("a", "한국어-이름", "x", "n")], 100)
        assert widths(columns) == [9, 11, 6]

    def test_they_only_grow(self) -> None:
        columns = TableColumns(NAMES)
        assert columns.measure([("a", "x" * 30, "x", "n")], 100)
        assert not columns.measure([("a", "y", "x", "n")], 100)
        assert widths(columns) == [9, 30, 6]

    def test_where_they_do_not_fit_the_widest_give_way(self) -> None:
        columns = TableColumns(NAMES)
        columns.measure([("shop", "x" * 50, "CrashLoopBackOff", "n")], 60)
        assert sum(widths(columns)) + 3 * GAP == 60
        assert widths(columns)[0] == 9
        columns.measure([("s" * 40, "x" * 50, "CrashLoopBackOff", "n")], 40)
        assert widths(columns) == [SHRINK_TO, SHRINK_TO, 16]

    def test_no_column_but_the_last_takes_the_screen(self) -> None:
        columns = TableColumns(NAMES)
        columns.measure([("a", "x" * 200, "m" * 200, "n")], 1_000)
        assert widths(columns) == [9, WIDEST, 200]

    def test_wide_adds_columns_and_keeps_what_was_measured(self) -> None:
        columns = TableColumns(NAMES)
        columns.measure([("a", "x" * 30, "x", "worker-number-1")], 200)
        columns.set_columns(NAMES, wide=True)
        assert widths(columns) == [9, 30, 6, 15]

    def test_a_cell_of_the_screen_is_in_a_column(self) -> None:
        columns = TableColumns(NAMES)
        columns.measure([("a", "b", "c", "d")], 100)
        found = [columns.column_at(x) for x in (0, 10, 11, 16, 17)]
        assert [column.name for column in found if column] == [
            "NAMESPACE",
            "NAMESPACE",
            "NAME",
            "NAME",
            "STATUS",
        ]
        assert columns.column_at(500) is None

    def test_scrolling_stops_at_columns(self) -> None:
        columns = TableColumns((Column("STATUS"), Column("IP"), Column("NODE")))
        columns.measure([("x" * 9, "y" * 6, "z" * 30)], 1_000)
        assert columns.next_stop(0, 1, 20) == 11
        assert columns.next_stop(11, 1, 20) == 19
        assert columns.next_stop(11, -1, 20) == 0
        assert columns.next_stop(5, -1, 20) == 0

    def test_namespace_and_name_stay_and_the_stops_are_counted_behind_them(self) -> None:
        columns = TableColumns(NAMES, wide=True)
        columns.measure([("shop", "x" * 20, "Running", "worker-1")], 1_000)
        assert columns.pinned(50) == 9 + GAP + 20 + GAP
        assert columns.next_stop(0, 1, 50) == 7 + GAP
        assert columns.pinned(40) == 0, "too little would be left for what scrolls"
        assert TableColumns((Column("STATUS"), Column("NAME"))).pinned(50) == 0


EVENTS = (
    NAMESPACE,
    *(column for column in EventPrinter().columns if column.priority == 0),
)
EVENT = ("storefront", "12s", "Warning", "FailedScheduling", "pod/checkout-worker-7c5d8f9b4-x2x8z", "m" * 120)


class TestMessagesOfEvents:
    """Events are their messages: other columns give way to it, in their order."""

    @staticmethod
    def placed(available: int) -> dict[str, int]:
        columns = TableColumns(EVENTS)
        columns.measure([EVENT], available)
        return {column.name: column.width for column in columns.placed}

    def test_with_room_they_are_as_kubectl_prints_them(self) -> None:
        widths = self.placed(250)
        assert list(widths) == ["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
        assert (widths["OBJECT"], widths["MESSAGE"]) == (35, 120)

    def test_first_the_message_itself_is_cut(self) -> None:
        widths = self.placed(150)
        assert (widths["TYPE"], widths["OBJECT"]) == (7, 35)
        assert FILLER <= widths["MESSAGE"] < 120

    def test_then_the_type_goes_which_the_row_tells_by_its_sign(self) -> None:
        widths = self.placed(130)
        assert "TYPE" not in widths
        assert (widths["REASON"], widths["OBJECT"]) == (16, 35)

    def test_then_names_are_cut_before_the_message_is(self) -> None:
        widths = self.placed(105)
        assert (widths["MESSAGE"], widths["NAMESPACE"]) == (FILLER, 10)
        widths = self.placed(90)
        assert (widths["OBJECT"], widths["NAMESPACE"]) == (16, 9)
        assert widths["MESSAGE"] >= 34

    def test_at_last_the_namespace_goes_before_the_message_says_nothing(self) -> None:
        widths = self.placed(70)
        assert "NAMESPACE" not in widths
        assert widths["MESSAGE"] >= 28

    @given(st.integers(10, 300))
    def test_they_fill_the_line_or_are_at_their_least(self, available: int) -> None:
        widths = self.placed(available)
        total = sum(widths.values()) + GAP * len(widths)
        assert total <= available or widths["MESSAGE"] == SHRINK_TO


@given(st.text(alphabet="ab한é-", max_size=30), st.integers(0, 20), st.booleans(), st.booleans())
def test_a_cell_is_filled_exactly(text: str, width: int, right: bool, middle: bool) -> None:
    assert cell_len(fit(text, width, right=right, middle=middle)) == width


colours = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: Color(*rgb))


@given(colours, colours)
def test_any_colour_is_made_readable_on_any_background(color: Color, background: Color) -> None:
    made = readable(color, background)
    assert contrast(made, background) >= READABLE
    if contrast(color, background) >= READABLE:
        assert made == color


class TestMessages:
    @pytest.mark.parametrize("phase", list(Phase))
    def test_each_state_without_rows_has_its_own_words(self, phase: Phase) -> None:
        model = RowModel(RowPrinter(), now=lambda: NOW)
        state = State(phase, since=10.0, reason="the reason", next_try=25.0)
        lines = message(Subject("pods", "in namespace shop"), state, model, 21.0)
        assert "pods" in lines[0].text
        others = [
            message(Subject("pods"), State(other), model, 0.0)[0].text for other in Phase if other != phase
        ]
        assert lines[0].text not in others
        if phase in (Phase.STALE, Phase.DENIED, Phase.GONE):
            assert any("the reason" in line.text for line in lines)
            assert lines[0].style == "message-error"
        if phase is Phase.STALE:
            assert lines[-1].text == "Next try in 4 s; :retry tries at once."
            soon = message(Subject("pods"), state, model, 23.0)
            assert soon[-1].text == "Next try in 2 s."
            under_way = message(Subject("pods"), state, model, 27.0)
            assert under_way[-1].text == "Trying again.", "and not a wait that is over"

    def test_a_list_that_takes_long_says_since_when(self) -> None:
        model = RowModel(RowPrinter())
        quick, slow = (
            message(Subject("pods"), State(Phase.LOADING, since=10.0), model, clock)[0].text
            for clock in (11.0, 38.0)
        )
        assert (quick, slow) == ("Loading pods…", "Loading pods since 28 s…")

    def test_the_reason_cannot_write_on_the_screen(self) -> None:
        model = RowModel(RowPrinter())
        lines = message(Subject("pods"), State(Phase.DENIED, reason="no\x1b[2J\u202e"), model, 0.0)
        assert all(line.text.isprintable() for line in lines)

    def test_what_hides_all_rows_is_named(self) -> None:
        world = World(3)
        model = RowModel(RowPrinter(), now=lambda: NOW)
        model.apply(world.objects, world.take())
        model.set_filter("zzz")
        model.set_faults_only(True)
        model.settle()
        text = " ".join(line.text for line in message(Subject("pods"), State(), model, 0.0))
        assert "None of 3 pods" in text
        assert "“zzz”" in text
        assert "Only faults" in text

    def test_a_pane_that_follows_an_object_without_any_says_whose_there_are_none(self) -> None:
        world = World(3)
        model = RowModel(RowPrinter(), now=lambda: NOW)
        model.apply(world.objects, world.take())
        model.narrow(lambda obj: False)
        model.settle()
        lines = message(Subject("events", follows="pod cart-1"), State(), model, 0.0)
        assert [line.text for line in lines] == ["No events for pod cart-1.", "3 others."]

    def test_states_in_few_words(self) -> None:
        model = RowModel(RowPrinter())
        assert short_state(None, model, 0.0) == "loading"
        assert short_state(State(), model, 0.0) == ""
        assert short_state(State(Phase.STALE, since=1.0), model, 200.0) == "stale since 3 min"
        assert short_state(State(Phase.DENIED), model, 0.0) == "denied"
        unwatched = short_state(State(Phase.LIVE, next_try=29.0), model, 9.0)
        assert unwatched == "not watched: read again in 20 s"

    @given(st.text(alphabet="ab 한", max_size=80), st.integers(2, 30))
    def test_long_sentences_are_broken_to_fit(self, text: str, width: int) -> None:
        assert all(0 < cell_len(line) <= width for line in wrapped(text, width))
        assert "".join("".join(wrapped(text, width)).split()) == "".join(text.split())
