"""The rows of a table: order, filter, marks, and a cursor that stays on its object."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from k8stui.ui.widgets.table.row_model import RowModel
from tests.unit.rows import NOW, Changes, Row, RowPrinter, World, make_row

NUMBER, STATUS = 3, 2


def model_of(world: World, **options: Any) -> RowModel:
    model = RowModel(RowPrinter(), now=lambda: NOW, **options)
    model.apply(world.objects, world.take())
    model.settle()
    return model


def feed(model: RowModel, world: World) -> None:
    model.apply(world.objects, world.take())
    model.settle()


def names(model: RowModel) -> list[str]:
    return [model.object(uid).metadata.name for uid in model.slice(0, len(model))]


class TestOrder:
    def test_rows_are_by_namespace_and_name_by_themselves(self) -> None:
        world = World()
        for number, (namespace, name) in enumerate([("b", "x"), ("a", "z"), ("a", "y")]):
            world.put(make_row(number, namespace=namespace, name=name))
        assert names(model_of(world)) == ["y", "z", "x"]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_rows_with_equal_keys_are_by_name_in_both_directions(self, reverse: bool) -> None:
        world = World()
        for number, name in enumerate(["web-1", "web", "db", "web-10"]):
            world.put(make_row(number, name=name, status="Running"))
        world.put(make_row(9, name="job", status="Completed"))
        model = model_of(world)
        model.sort_by(STATUS, reverse=reverse)
        model.settle()
        ordered = ["db", "web", "web-1", "web-10"]
        assert names(model) == ([*ordered, "job"] if reverse else ["job", *ordered])

    def test_numbers_are_sorted_as_numbers(self) -> None:
        world = World(120)
        model = model_of(world)
        model.sort_by(NUMBER, reverse=True)
        model.settle()
        assert [model.object(uid).number for uid in model.slice(0, 3)] == [119, 118, 117]

    def test_a_changed_key_moves_one_row_and_another_change_moves_none(self) -> None:
        world = World(10)
        model = model_of(world)
        model.sort_by(NUMBER)
        model.settle()
        world.change("u3", status="Failed")
        feed(model, world)
        assert model.index_of("u3") == 3
        world.change("u3", number=100)
        feed(model, world)
        assert model.index_of("u3") == 9

    @pytest.mark.parametrize("reverse", [False, True])
    def test_many_changes_at_once_give_the_same_order_as_one_by_one(self, reverse: bool) -> None:
        one, many = World(500), World(500)
        first, second = model_of(one), model_of(many)
        for model in (first, second):
            model.sort_by(NUMBER, reverse=reverse)
            model.settle()
        for number in range(0, 500, 2):
            one.change(f"u{number}", number=(number * 7919) % 503)
            many.change(f"u{number}", number=(number * 7919) % 503)
            feed(first, one)
        feed(second, many)
        assert names(first) == names(second)

    def test_index_and_uid_are_each_others_inverse(self) -> None:
        model = model_of(World(50))
        model.sort_by(NUMBER, reverse=True)
        model.settle()
        assert [model.index_of(str(model.uid_at(index))) for index in range(50)] == list(range(50))
        assert model.uid_at(-1) is None
        assert model.uid_at(50) is None


class TestCursor:
    def test_it_starts_on_the_first_row_and_stays_on_that_object(self) -> None:
        world = World(5)
        model = model_of(world)
        assert model.cursor_uid == "u0"
        world.put(make_row(90, name="a-new-first"))
        feed(model, world)
        assert (model.cursor_uid, model.cursor_index) == ("u0", 1)

    def test_it_follows_the_top_until_the_reader_moves_where_that_is_asked_for(self) -> None:
        world = World(5)
        model = model_of(world, follow_top=True)
        world.put(make_row(90, name="a-new-first"))
        feed(model, world)
        assert model.cursor_uid == "u90"
        model.cursor_by(2)
        world.put(make_row(91, name="a-newer-first"))
        feed(model, world)
        assert model.cursor_uid == "u1"
        model.cursor_to_index(0)
        world.put(make_row(92, name="a-1"))
        feed(model, world)
        assert model.cursor_uid == "u92"

    @pytest.mark.parametrize(("at", "expected"), [(2, "u3"), (4, "u3")])
    def test_when_its_object_goes_it_takes_the_next_row_else_the_one_before(
        self, at: int, expected: str
    ) -> None:
        world = World(5)
        model = model_of(world)
        model.cursor_to_index(at)
        world.remove(f"u{at}")
        feed(model, world)
        assert model.cursor_uid == expected

    def test_when_it_and_its_neighbours_go_at_once_it_takes_the_next_that_is_left(self) -> None:
        world = World(300)
        model = model_of(world)
        model.cursor_to_index(100)
        for number in range(90, 200):
            world.remove(f"u{number}")
        feed(model, world)
        assert model.cursor_uid == "u200"

    def test_it_stays_on_its_object_through_sorting_and_filtering(self) -> None:
        world = World(100)
        model = model_of(world)
        model.cursor_to("u42")
        model.sort_by(NUMBER, reverse=True)
        model.settle()
        assert (model.cursor_uid, model.cursor_index) == ("u42", 57)
        model.set_filter("pod-0004")
        model.settle()
        assert model.cursor_uid == "u42"
        model.set_filter("")
        model.settle()
        assert (model.cursor_uid, len(model)) == ("u42", 100)

    def test_it_goes_to_the_first_match_when_the_filter_hides_its_object(self) -> None:
        model = model_of(World(100))
        model.cursor_to("u42")
        model.set_filter("pod-0007")
        model.settle()
        assert model.cursor_uid == "u70"

    def test_there_is_none_while_nothing_is_shown(self) -> None:
        model = model_of(World(10))
        model.set_filter("no such thing")
        model.settle()
        assert (model.cursor_uid, model.cursor_index, len(model)) == (None, None, 0)
        model.set_filter("")
        model.settle()
        assert model.cursor_uid == "u0"


class TestFilters:
    def test_text_inverse_labels_and_fuzzy(self) -> None:
        world = World(30)
        world.change("u7", status="CrashLoopBackOff")
        model = model_of(world)

        def shown(query: str) -> list[str]:
            model.set_filter(query)
            model.settle()
            return model.slice(0, len(model))

        assert shown("crash") == ["u7"]
        assert "u7" not in shown("!crash")
        assert shown("-l app=app-3") == ["u3", "u10", "u17", "u24"]
        assert shown("-f pd25") == ["u25"]
        assert len(shown("")) == 30

    def test_a_fuzzy_filter_shows_the_best_match_first_and_keeps_the_sort_for_later(self) -> None:
        world = World()
        for number, name in enumerate(["checkout-redis", "cart", "c-a-r-t-service", "scary-train"]):
            world.put(make_row(number, name=name))
        model = model_of(world)
        model.sort_by(NUMBER, reverse=True)
        model.set_filter("-f cart")
        model.settle()
        assert names(model)[0] == "cart"
        assert "checkout-redis" not in names(model)
        model.set_filter("")
        model.settle()
        assert names(model)[0] == "scary-train"

    def test_faults_only_and_narrowing_join_the_filter(self) -> None:
        world = World(50)
        for number in (3, 13, 23):
            world.change(f"u{number}", status="CrashLoopBackOff")
        model = model_of(world)
        model.set_faults_only(True)
        model.settle()
        assert len(model) == 3
        model.narrow(lambda obj: obj.number > 10)
        model.set_filter("pod-0002")
        model.settle()
        assert model.slice(0, 9) == ["u23"]
        world.change("u23", status="Running")
        feed(model, world)
        assert len(model) == 0

    def test_rows_come_and_go_as_changes_make_them_match(self) -> None:
        world = World(10)
        model = model_of(world)
        model.set_filter("failed")
        model.settle()
        world.change("u4", status="Failed")
        feed(model, world)
        assert model.slice(0, 9) == ["u4"]
        world.change("u4", status="Running")
        feed(model, world)
        assert len(model) == 0

    def test_ages_are_not_searched_so_that_rows_do_not_come_and_go_with_the_time(self) -> None:
        model = model_of(World(10))
        model.set_filter("^shop pod-00007 Running 7 worker-1$")
        model.settle()
        assert model.slice(0, 9) == ["u7"]


class TestMarks:
    def test_a_range_goes_from_the_last_mark_to_the_cursor(self) -> None:
        model = model_of(World(20))
        model.cursor_to("u5")
        model.mark_cursor()
        model.cursor_to("u8")
        model.mark_range()
        assert model.marked() == ["u5", "u6", "u7", "u8"]

    def test_marks_go_with_their_objects_and_stay_through_a_filter(self) -> None:
        world = World(20)
        model = model_of(world)
        for uid in ("u3", "u4"):
            model.cursor_to(uid)
            model.mark_cursor()
        world.remove("u3")
        feed(model, world)
        model.set_filter("pod-00009")
        model.settle()
        assert model.marked() == ["u4"]
        assert model.marked(shown_only=True) == []


class TestResets:
    def test_a_reset_keeps_what_is_still_there_and_drops_what_is_not(self) -> None:
        world = World(20)
        model = model_of(world)
        model.cursor_to("u7")
        model.mark_cursor()
        world.objects = {f"u{n}": make_row(n) for n in range(5, 12)}
        world.reset = True
        feed(model, world)
        assert (len(model), model.total, model.cursor_uid, model.marked()) == (7, 7, "u7", ["u7"])

    def test_an_object_that_goes_and_comes_back_between_two_looks_is_shown(self) -> None:
        world = World(3)
        model = model_of(world)
        model.apply(world.objects, Changes(removed={"u1"}))
        model.apply(world.objects, Changes(changed={"u1"}))
        model.settle()
        assert len(model) == 3


class TestCost:
    """Generous limits: these fail when something became a different order of work, not on a slow day."""

    def test_20000_rows_load_in_short_steps(self) -> None:
        world = World(20_000)
        model = RowModel(RowPrinter(), now=lambda: NOW)
        model.sort_by(NUMBER, reverse=True)
        model.apply(world.objects, world.take())
        steps: list[float] = []
        while model.busy:
            started = perf_counter()
            model.step()
            steps.append(perf_counter() - started)
        assert len(model) == 20_000
        assert len(steps) > 2
        assert sorted(steps)[len(steps) // 2] < 0.05

    def test_a_change_costs_no_more_than_its_row(self) -> None:
        world = World(20_000)
        model = model_of(world)
        model.sort_by(NUMBER)
        model.settle()
        calls = 0
        real = model.printer.sort_key

        def counted(obj: Row, column: int, now: Any) -> Any:
            nonlocal calls
            calls += 1
            return real(obj, column, now)

        model.printer.sort_key = counted  # type: ignore[method-assign]
        for number in range(100):
            world.change(f"u{number}", number=number * 100)
        feed(model, world)
        assert calls == 100

    def test_the_first_matches_of_a_filter_are_shown_before_all_rows_are_looked_at(self) -> None:
        model = model_of(World(20_000))
        model.set_filter("pod-0000")
        while not 0 < len(model) < 20_000:
            assert model.step()
        assert model.progress is not None
        assert model.progress[0] < 20_000

    def test_the_time_of_day_does_not_move_rows(self) -> None:
        world = World(10)
        moment = NOW
        model = RowModel(RowPrinter(), now=lambda: moment)
        model.sort_by(4)
        model.apply(world.objects, world.take())
        model.settle()
        before = names(model)
        moment = NOW + timedelta(days=3)
        feed(model, world)
        assert names(model) == before
