"""The line viewer on a screen: following, standing still, wrapping, filters, searching, copying."""

from __future__ import annotations

import pytest

from k8stui.ui.widgets.lines.model import StaticLines
from k8stui.ui.widgets.lines.viewer import LineViewer
from tests.ui.widget_apps import FilteredApp, LinesApp, until
from tests.unit.lines import Ring


def ring_of(count: int, most: int = 200_000) -> Ring:
    ring = Ring(most)
    ring.extend([f"line {number}" for number in range(count)])
    return ring


class TestFollowing:
    @pytest.mark.parametrize("size", [(30, 5), (80, 24), (200, 60)])
    async def test_the_end_is_in_view_and_stays_so(self, size: tuple[int, int]) -> None:
        ring = ring_of(500)
        app = LinesApp(ring, follow=True)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.lines()[-1].startswith("line 499"))
            ring.extend(["new"] * 3 + ["last"])
            app.viewer.wake()
            await until(pilot, lambda: app.lines()[-1].startswith("last"))

    async def test_few_lines_stand_at_the_top(self) -> None:
        app = LinesApp(ring_of(2), follow=True)
        async with app.run_test(size=(40, 8)) as pilot:
            await until(pilot, lambda: app.lines()[:3] == ["line 0", "line 1", ""])

    async def test_scrolling_up_stands_still_and_counts_and_the_end_follows_again(self) -> None:
        ring = ring_of(500)
        app = LinesApp(ring, follow=True)
        async with app.run_test(size=(40, 10)) as pilot:
            await until(pilot, lambda: app.lines()[-1].startswith("line 499"))
            await pilot.press("up", "up")
            await until(pilot, lambda: app.lines()[-1].startswith("line 497"))
            ring.extend(["new"] * 30)
            app.viewer.wake()
            await until(pilot, lambda: app.last(LineViewer.FollowChanged).behind == 30)
            assert app.lines()[-1].startswith("line 497")
            await pilot.press("G")
            await until(pilot, lambda: app.lines()[-1].startswith("new"))
            assert app.viewer.following
            assert app.viewer.behind == 0

    async def test_lines_that_fall_off_do_not_move_what_is_read(self) -> None:
        ring = ring_of(1_000, most=1_000)
        app = LinesApp(ring, follow=True)
        async with app.run_test(size=(40, 10)) as pilot:
            await until(pilot, lambda: app.lines()[-1].startswith("line 999"))
            await pilot.press("pageup", "pageup")
            await until(pilot, lambda: not app.viewer.following)
            await pilot.pause()
            before = app.lines()
            ring.extend(["new"] * 500)
            app.viewer.wake()
            await until(pilot, lambda: app.viewer.behind == 500)
            await pilot.pause()
            assert [line[:8] for line in app.lines()] == [line[:8] for line in before]
            ring.extend(["new"] * 600)
            app.viewer.wake()
            # What was read is gone: the oldest line that is left is on top.
            await until(pilot, lambda: app.viewer.top_seq == ring.first)

    async def test_the_wheel_stands_still_too(self) -> None:
        app = LinesApp(ring_of(500), follow=True)
        async with app.run_test(size=(40, 10)) as pilot:
            await until(pilot, lambda: app.lines()[-1].startswith("line 499"))
            app.viewer.scroll_rows(-3)
            await until(pilot, lambda: app.lines()[-1].startswith("line 496"))
            app.viewer.scroll_rows(3)
            await until(pilot, lambda: app.viewer.following)

    async def test_a_flood_is_a_few_repaints(self) -> None:
        ring = ring_of(10)
        app = LinesApp(ring, follow=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.lines()[9].startswith("line 9"))
            told = len(app.told)
            for _ in range(1_000):
                ring.extend(["x"] * 100)
                app.viewer.wake()
            ring.append("the end")
            app.viewer.wake()
            await until(pilot, lambda: app.lines()[-1].startswith("the end"))
            assert len(app.told) - told <= 2


class TestPainting:
    async def test_colours_prefixes_marks_and_wide_characters(self) -> None:
        ring = Ring()
        ring.append("\x1b[31m빨강\x1b[0m done", source="web-1")
        ring.append("short", source="database")
        ring.append("restarted (exit 1)", mark="restart")
        app = LinesApp(ring, source_label=str)
        async with app.run_test(size=(80, 8)) as pilot:
            expected = [
                "web-1    빨강 done",
                "database short",
                "── restarted (exit 1) ──",
            ]
            await until(pilot, lambda: app.lines()[:3] == expected)
            red = next(s for s in app.viewer.render_line(0) if "빨강" in s.text)
            plain = next(s for s in app.viewer.render_line(0) if "done" in s.text)
            assert red.style is not None and plain.style is not None
            assert red.style.color != plain.style.color
            app.viewer.set_sources(False)
            await until(pilot, lambda: app.lines()[0] == "빨강 done")

    @pytest.mark.parametrize(
        "text", ["[red]x[/red] [@click=app.quit]", "\x1b]0;t\x07\x1b[2Jx", "a\u202eb\x00\x07", "\x1b[?1000hx"]
    )
    async def test_nothing_in_a_line_is_markup_or_a_command(self, text: str) -> None:
        ring = Ring()
        ring.append(text)
        app = LinesApp(ring)
        async with app.run_test(size=(60, 5)) as pilot:
            await until(pilot, lambda: app.lines()[0])
            assert all(character.isprintable() for character in app.text().replace("\n", ""))
            if text.startswith("["):
                assert app.lines()[0] == text

    async def test_a_megabyte_on_a_line_scrolls_and_wraps(self) -> None:
        ring = Ring()
        ring.append("start " + "0123456789" * 100_000 + " end")
        ring.append("after")
        app = LinesApp(ring)
        async with app.run_test(size=(60, 8)) as pilot:
            await until(pilot, lambda: app.lines()[1] == "after" and app.viewer.max_scroll_x > 900_000)
            app.viewer.jump(x=500_006)
            await until(pilot, lambda: app.lines()[0].startswith("0123456789"))
            app.viewer.set_wrap(True)
            await until(pilot, lambda: app.lines()[1].startswith("4567890123"))
            await pilot.press("end")
            await until(pilot, lambda: "after" in app.text())
            assert "longer: unwrap" in app.text()

    async def test_wrapped_lines_scroll_row_by_row(self) -> None:
        ring = Ring()
        for number in range(50):
            ring.append(f"{number}: " + "abcdefghij" * 10)
        app = LinesApp(ring, wrap=True)
        async with app.run_test(size=(31, 6)) as pilot:
            await until(pilot, lambda: app.lines()[0].startswith("0: "))
            await pilot.press("down")
            await until(pilot, lambda: not app.lines()[0].startswith("0: "))
            await pilot.press("down", "down", "down")
            await until(pilot, lambda: app.lines()[0].startswith("1: "))
            await pilot.press("end")
            await until(pilot, lambda: app.viewer.following)
            assert "49: " in app.text()
            await pilot.resize_terminal(121, 6)
            await until(pilot, lambda: app.lines()[-1].startswith("49: "))

    async def test_text_that_stands_still_and_a_placeholder(self) -> None:
        app = LinesApp(None, placeholder="Nothing to show yet.")
        async with app.run_test(size=(60, 6)) as pilot:
            await until(pilot, lambda: "Nothing to show yet." in app.text())
            app.viewer.show_text(["apiVersion: v1", "kind: Pod"])
            await until(pilot, lambda: app.lines()[:2] == ["apiVersion: v1", "kind: Pod"])
            app.viewer.set_source(StaticLines(["other"]))
            await until(pilot, lambda: app.lines()[0] == "other" and not app.lines()[1])


class TestFindingAndCopying:
    async def test_a_filter_shows_matches_and_new_matches_as_they_come(self) -> None:
        ring = ring_of(5_000)
        app = FilteredApp(ring, follow=True)
        async with app.run_test(size=(60, 8)) as pilot:
            await until(pilot, lambda: app.lines()[-1].startswith("line 4999"))
            assert app.viewer.set_filter("77$") == ""
            await until(pilot, lambda: app.lines()[-1].startswith("line 4977"))
            assert app.lines()[-2].startswith("line 4877")
            ring.append("another 77")
            app.viewer.wake()
            await until(pilot, lambda: app.lines()[-1].startswith("another 77"))
            app.viewer.set_filter("no such line")
            await until(pilot, lambda: not len(app.viewer.model))
            app.viewer.set_filter("!line")
            await until(pilot, lambda: app.lines()[0].startswith("another 77"))

    async def test_search_goes_from_match_to_match(self) -> None:
        app = LinesApp(ring_of(5_000))
        async with app.run_test(size=(60, 9)) as pilot:
            await until(pilot, lambda: app.lines()[0].startswith("line 0"))
            app.viewer.search("99$")
            await until(pilot, lambda: app.viewer.finder.found == 99)
            assert "line 99" in app.text()
            await pilot.press("n", "n")
            await until(pilot, lambda: app.viewer.finder.found in (199, 299))
            app.viewer.search("no such line")
            await until(pilot, lambda: not app.viewer.finder.running)
            assert app.viewer.finder.found is None

    async def test_lines_are_selected_by_keys_and_copied(self) -> None:
        app = LinesApp(ring_of(100))
        async with app.run_test(size=(60, 8)) as pilot:
            await until(pilot, lambda: app.lines()[0].startswith("line 0"))
            await pilot.press("shift+down", "shift+down", "shift+down")
            assert app.viewer.copy_text() == "line 0\nline 1\nline 2"
            app.viewer.clear_selected()
            assert app.viewer.copy_text("screen").splitlines()[-1] == "line 7"
            assert app.viewer.copy_text("all").count("\n") == 99

    async def test_text_is_selected_by_dragging(self) -> None:
        ring = Ring()
        ring.append("\x1b[32mone\x1b[0m two three")
        ring.append("four five six")
        app = LinesApp(ring)
        async with app.run_test(size=(60, 8)) as pilot:
            await until(pilot, lambda: app.lines()[1].startswith("four"))
            await pilot.mouse_down(LineViewer, offset=(4, 0))
            await pilot.hover(LineViewer, offset=(7, 1))
            await pilot.mouse_up(LineViewer, offset=(7, 1))
            assert (app.screen.get_selected_text() or "").startswith("two three\nfour fiv")

    async def test_what_is_selected_across_wrapped_rows_is_copied_without_the_breaks(self) -> None:
        ring = Ring()
        ring.append("0123456789" * 7)
        ring.append("한글" * 20)
        app = LinesApp(ring, wrap=True)
        async with app.run_test(size=(40, 8)) as pilot:
            await until(pilot, lambda: app.lines()[2].startswith("한글"))
            await pilot.mouse_down(LineViewer, offset=(35, 0))
            await pilot.hover(LineViewer, offset=(3, 3))
            await pilot.mouse_up(LineViewer, offset=(3, 3))
            first, second = (app.screen.get_selected_text() or "").split("\n")[:2]
            assert first == ("0123456789" * 7)[35:]
            assert second == ("한글" * 20)[: len(second)]
            assert len(second) >= 20
