"""The table on a screen: what is painted, keys, mouse, messages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.ui.widgets.table.states import Subject
from k8stui.ui.widgets.table.virtual_table import VirtualTable
from tests.ui.widget_apps import TableApp, until
from tests.unit.rows import Column, Phase, RowPrinter, State, World, make_row

if TYPE_CHECKING:
    from textual.strip import Strip


def cursor_line(app: TableApp) -> str:
    return next((line for line in app.lines() if line.startswith("▌")), "")


class TestPainting:
    @pytest.mark.parametrize("size", [(40, 6), (80, 24), (160, 50), (300, 100)])
    async def test_the_header_stays_and_the_rows_fill_the_screen(self, size: tuple[int, int]) -> None:
        app = TableApp(World(500))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "pod-00000" in app.text())
            await pilot.press("G")
            await until(pilot, lambda: "pod-00499" in app.lines()[-1])
            lines = app.lines()
            assert lines[0].split()[:2] == ["NAMESPACE", "NAME"]
            assert len(lines) == size[1]
            assert f"pod-{500 - size[1] + 1:05d}" in lines[1]

    async def test_columns_align_under_wide_characters(self) -> None:
        world = World()
        world.put(make_row(1, name="주문-서비스-한국어"))
        world.put(make_row(2, name="plain"))
        app = TableApp(world)
        async with app.run_test(size=(80, 10)) as pilot:
            await until(pilot, lambda: "plain" in app.text())
            wide, plain = app.lines()[2], app.lines()[1]
            assert "주문-서비스-한국어" in wide
            # Nine of the characters before STATUS take two cells each.
            assert wide.index("Running") == plain.index("Running") - 8

    async def test_numbers_stand_at_the_right_and_long_names_keep_both_ends(self) -> None:
        world = World()
        world.put(make_row(7, name="a-very-long-name-of-a-deployment-7d4b9c6f5-x2x8z"))
        app = TableApp(world)
        async with app.run_test(size=(60, 6)) as pilot:
            await until(pilot, lambda: "Running" in app.text())
            header, row = app.lines()[0], app.lines()[1]
            assert "…" in row
            assert "8z" in row
            assert header.index("NUMBER") + len("NUMBER") == row.index(" 7 ") + 2

    @pytest.mark.parametrize(
        "name",
        ["[red]x[/red]", "[@click=app.quit]x[/]", "a\x1b[31mb", "a\x1b]0;title\x07b", "a\u202eb", "a\nb\tc"],
    )
    async def test_nothing_in_a_name_is_markup_or_an_escape_sequence(self, name: str) -> None:
        world = World()
        world.put(make_row(1, name=name))
        app = TableApp(world)
        async with app.run_test(size=(80, 6)) as pilot:
            await until(pilot, lambda: "Running" in app.text())
            row = app.lines()[1]
            assert all(character.isprintable() for character in row)
            if name.startswith("["):
                assert name in row
            styles = [segment.style for segment in app.table.render_line(1)]
            assert not any("@click" in (style.meta or {}) for style in styles if style)

    async def test_ages_count_on_and_only_those_rows_are_painted_again(self) -> None:
        world = World(30)
        app = TableApp(world)
        async with app.run_test(size=(80, 20)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            assert " 3s" in app.lines()[4]
            app.moment += timedelta(seconds=60)
            app.table.tick()
            await until(pilot, lambda: "63s" in app.lines()[4])
            await pilot.pause()
            app.table.tick()
            assert not app.table._repaint_regions

    async def test_a_changed_cell_flashes_for_a_moment(self) -> None:
        world = World(5)
        app = TableApp(world)
        async with app.run_test(size=(80, 10)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            await pilot.press("down")

            def style_of(text: str) -> Any:
                return next(s.style for s in app.table.render_line(4) if text in s.text)

            before = style_of("Running").bgcolor
            world.change("u3", status="Pending")
            app.table.wake()
            await until(pilot, lambda: "Pending" in app.lines()[4])
            assert style_of("Pending").bgcolor != before
            app.seconds += 2
            assert style_of("Pending").bgcolor == before

    async def test_wide_shows_the_other_columns(self) -> None:
        app = TableApp(World(5))
        async with app.run_test(size=(80, 10)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            assert "worker-1" not in app.text()
            app.table.set_wide(True)
            await until(pilot, lambda: "worker-1" in app.text())

    async def test_columns_scroll_one_by_one_and_the_marks_stay(self) -> None:
        app = TableApp(World(5))
        async with app.run_test(size=(30, 8)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            await pilot.press("space", "right")
            await until(pilot, lambda: app.lines()[0].split()[:2] == ["‹", "NAME"])
            assert app.lines()[1].startswith(" ✓pod-00000")
            await pilot.press("left")
            await until(pilot, lambda: app.lines()[0].split()[0] == "NAMESPACE")


class TestStates:
    async def test_an_empty_table_is_one_sentence_and_a_failure_is_another(self) -> None:
        world = World()
        app = TableApp(world, subject=Subject("pods", "in namespace shop", "0 shows all namespaces."))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "No pods in namespace shop." in app.text())
            assert "0 shows all namespaces." in app.text()
            world.state = State(Phase.DENIED, reason='pods is forbidden: User "eve" cannot list')
            app.table.wake()
            await until(pilot, lambda: "does not let you list pods" in app.text())
            assert 'User "eve" cannot list' in app.text()
            assert ":ns" in app.text()

    async def test_loading_says_how_far_it_is(self) -> None:
        world = World()
        world.state = State(Phase.LOADING, loaded=1500, total=20_000)
        app = TableApp(world, subject=Subject("pods"))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "1,500 of 20,000" in app.text())
            assert app.table.state_text == "loading 1,500 of 20,000"

    async def test_rows_stay_while_stale_and_look_different(self) -> None:
        world = World(5)
        app = TableApp(world)
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())

            def colour() -> Any:
                return next(s.style.color for s in app.table.render_line(3) if s.style and "pod" in s.text)

            before = colour()
            world.state = State(Phase.STALE, since=88.0, reason="connection lost", next_try=104.0)
            app.table.wake()
            await until(
                pilot,
                lambda: colour() != before,
            )
            assert "pod-00003" in app.text()
            assert app.table.state_text == "stale since 12 s, next try in 4 s"

    async def test_a_filter_that_hides_all_says_so(self) -> None:
        app = TableApp(World(5), subject=Subject("pods"))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            app.table.set_filter("[nothing")
            await until(pilot, lambda: "None of 5 pods" in app.text())
            assert "[nothing" in app.text()
            assert "esc clears" in app.text()


class TestKeysAndMouse:
    async def test_keys_move_mark_and_open(self) -> None:
        app = TableApp(World(50))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: app.table.cursor_uid == "u0")
            await pilot.press("down", "j", "up")
            assert app.table.cursor_uid == "u1"
            await pilot.press("space", "down", "down", "ctrl+@")
            assert app.table.model.marked() == ["u1", "u2", "u3", "u4"]
            await pilot.press("enter")
            await until(pilot, lambda: app.last(VirtualTable.Activated) is not None)
            assert app.last(VirtualTable.Activated).uid == "u4"
            assert app.last(VirtualTable.MarksChanged).count == 4
            await pilot.press("pagedown", "end")
            assert app.table.cursor_uid == "u49"
            await pilot.press("g", "ctrl+backslash")
            await until(pilot, lambda: app.last(VirtualTable.CursorMoved).uid == "u0")
            assert app.table.model.marked() == []

    async def test_a_click_selects_a_double_click_opens_and_a_click_in_the_gutter_marks(self) -> None:
        app = TableApp(World(50))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            await pilot.click(VirtualTable, offset=(10, 4))
            assert app.table.cursor_uid == "u3"
            await pilot.click(VirtualTable, offset=(1, 6))
            assert app.table.model.marked() == ["u5"]
            await pilot.click(VirtualTable, offset=(10, 7), times=2)
            await until(pilot, lambda: app.last(VirtualTable.Activated) is not None)
            assert app.last(VirtualTable.Activated).uid == "u6"
            assert not app.screen.selections

    async def test_a_click_on_a_header_sorts_and_another_turns_it_round(self) -> None:
        app = TableApp(World(50))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "NUMBER" in app.text())
            x = app.lines()[0].index("NUMBER")
            await pilot.click(VirtualTable, offset=(x, 0))
            await until(pilot, lambda: "NUMBER↑" in app.text())
            await pilot.click(VirtualTable, offset=(x, 0))
            await until(pilot, lambda: "NUMBER↓" in app.text())
            assert (
                app.last(VirtualTable.SortChanged).column,
                app.last(VirtualTable.SortChanged).reverse,
            ) == (3, True)
            assert "pod-00000" in cursor_line(app)

    async def test_text_is_selected_by_dragging_and_copied_without_control_characters(self) -> None:
        app = TableApp(World(50))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            await pilot.mouse_down(VirtualTable, offset=(13, 2))
            await pilot.hover(VirtualTable, offset=(21, 3))
            await pilot.mouse_up(VirtualTable, offset=(21, 3))
            selected = app.screen.get_selected_text() or ""
            assert selected.splitlines()[0].startswith("pod-00001  Running")
            assert selected.splitlines()[1].endswith("pod-00002")
            assert app.unreadable(2) == app.unreadable(3) == []

    async def test_copying_a_row_marked_rows_and_names(self) -> None:
        app = TableApp(World(50))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            assert app.table.copy_text("row") == "shop\tpod-00000\tRunning\t0\t0s"
            await pilot.press("space", "space")
            assert app.table.copy_text("names") == "pod-00000\npod-00001"
            assert app.table.copy_text("marked").count("\n") == 1
            assert app.table.copy_cell(2) == "Running"


class TestLiveRows:
    async def test_the_cursor_keeps_its_line_while_rows_come_above_it(self) -> None:
        world = World(200)
        app = TableApp(world)
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            for _ in range(15):
                await pilot.press("down")
            line = next(y for y, text in enumerate(app.lines()) if text.startswith("▌"))
            for number in range(900, 930):
                world.put(make_row(number, name=f"a-new-{number}"))
            app.table.wake()
            await until(pilot, lambda: len(app.table.model) == 230)
            await until(pilot, lambda: "pod-00015" in cursor_line(app))
            assert app.lines()[line].startswith("▌")
            assert app.table.cursor_uid == "u15"

    async def test_at_the_top_new_rows_are_seen_and_the_cursor_stays_on_its_object(self) -> None:
        world = World(200)
        app = TableApp(world)
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            world.put(make_row(900, name="a-new"))
            app.table.wake()
            await until(pilot, lambda: "a-new" in app.lines()[1])
            assert "pod-00000" in cursor_line(app)

    async def test_only_lines_that_differ_are_painted_again(self) -> None:
        world = World(200)
        app = TableApp(world)
        async with app.run_test(size=(80, 30)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text() and app.table.has_focus)
            await pilot.pause()
            painted: list[int] = []
            real = app.table.render_line

            def noted(y: int) -> Strip:
                if app.table.painting:
                    painted.append(y)
                return real(y)

            app.table.render_line = noted  # type: ignore[method-assign]
            world.change("u5", status="Pending")
            world.change("u150", status="Pending")
            app.table.wake()
            await until(pilot, lambda: "Pending" in app.lines()[6])
            assert set(painted) == {6}

    async def test_ten_thousand_changes_are_one_repaint(self) -> None:
        world = World(2_000)
        app = TableApp(world)
        async with app.run_test(size=(80, 30)) as pilot:
            await until(pilot, lambda: len(app.table.model) == 2_000)
            before = len(app.told)
            for number in range(10_000):
                world.change(f"u{number % 2_000}", number=number)
                app.table.wake()
            await until(pilot, lambda: "8000" in app.lines()[1])
            assert len(app.told) - before <= 1

    async def test_a_table_that_gets_its_columns_later_keeps_its_order(self) -> None:
        app = TableApp(World(5))
        async with app.run_test(size=(80, 12)) as pilot:
            await until(pilot, lambda: "pod-00003" in app.text())
            app.table.sort_by("number", reverse=True)
            app.table.set_printer(RenamedPrinter())
            await until(pilot, lambda: app.lines()[0].split()[:2] == ["WHERE", "WHO"])
            await until(pilot, lambda: "pod-00004" in app.lines()[1])


class RenamedPrinter(RowPrinter):
    """Other names for the first two columns."""

    columns = (Column("WHERE"), Column("WHO"), *RowPrinter.columns[2:])


async def test_namespace_and_name_stay_when_the_table_scrolls_sideways() -> None:
    app = TableApp(World(5))
    async with app.run_test(size=(40, 8)) as pilot:
        await until(pilot, lambda: "pod-00003" in app.text())
        before = app.lines()
        await pilot.press("space", "right")
        await until(pilot, lambda: app.table.scroll_offset.x > 0)
        await until(pilot, lambda: app.lines()[0].startswith("‹"))
        fixed = app.table.fixed_cells
        assert "NAMESPACE" in app.lines()[0]
        assert app.lines()[0][2:fixed] == before[0][2:fixed]
        assert app.lines()[3][2:fixed] == before[3][2:fixed]
        assert "✓" in app.lines()[1], "marks stay too"
        assert "STATUS" not in app.lines()[0]
        # A click on a column's name means the column that is seen there.
        place = app.lines()[0].index("NUMBER")
        await pilot.click(VirtualTable, offset=(place + 1, 0))
        assert app.last(VirtualTable.SortChanged).column == 3
        await pilot.click(VirtualTable, offset=(4, 0))
        assert app.last(VirtualTable.SortChanged).column == 0


async def test_a_table_that_is_gone_holds_no_object() -> None:
    app = TableApp(World(500))
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: len(app.table.model) == 500)
        table = app.table
        await table.remove()
        assert (len(table.model), table.model.total) == (0, 0)
        assert table.cursor_uid is None
        assert table.copy_text() == ""
