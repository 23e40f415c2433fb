"""The log viewer on a screen: modes, times, the cursor, opened lines, folding, filters, bookmarks, jumps."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from textual.color import Color

from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.types import LogLine, LogSource
from k8stui.ui.logs import by_time
from k8stui.ui.logs.columns import choose_likely
from k8stui.ui.logs.painter import Mode, Times
from k8stui.ui.logs.viewer import LogViewer
from k8stui.ui.theme import load_themes, package_themes
from k8stui.ui.widgets.lines.painter import SOURCE_COLOURS
from k8stui.ui.widgets.lines.search import Origin
from tests.ui.widget_apps import WidgetApp, until

if TYPE_CHECKING:
    from textual.app import ComposeResult

WEB = LogSource("shop", "web-1", "u1", "app", "c1")
DB = LogSource("shop", "db-0", "u2", "db", "c2")
START = 1_769_846_400  # 2026-01-31T08:00:00Z
TEXTS = (
    '{"level":"info","msg":"started","port":8080}',
    "level=warn msg=slow ms=1200 path=/cart",
    "E0131 08:00:02.000001       1 main.go:7] it broke",
    '10.0.0.1 - - [31/Jan/2026:08:00:03 +0000] "GET /cart HTTP/1.1" 502 12 "-" "curl"',
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in <module>',
    "    run()",
    "ValueError: 재고 없음",
    "\x1b[32mok\x1b[0m plain text",
    "same thing",
    "same thing",
    "same thing",
)


def line(number: int, text: str, source: LogSource = WEB, mark: str = "") -> LogLine:
    second, minute = number % 60, number // 60 % 60
    return LogLine(f"2026-01-31T08:{minute:02}:{second:02}.500000000Z", source, text, mark)


class LogApp(WidgetApp):
    def __init__(self, buffer: LogBuffer, **options: Any) -> None:
        super().__init__()
        self.buffer = buffer
        self.options = options

    def compose(self) -> ComposeResult:
        yield LogViewer(self.buffer, now=lambda: START + 60.0, **self.options)

    @property
    def viewer(self) -> LogViewer:
        return self.query_one(LogViewer)


def app_of(*texts: str, **options: Any) -> LogApp:
    buffer = LogBuffer()
    buffer.extend([line(number, text) for number, text in enumerate(texts or TEXTS)])
    return LogApp(buffer, **options)


async def test_lines_are_shown_as_written_as_message_with_fields_and_as_a_table() -> None:
    app = app_of()
    async with app.run_test(size=(90, 20)) as pilot:
        await until(pilot, lambda: app.lines()[0] == TEXTS[0])
        app.viewer.set_mode(Mode.MESSAGE)
        await until(pilot, lambda: app.lines()[0] == " INFO started  port=8080")
        assert app.lines()[1] == " WARN slow  ms=1200  path=/cart"
        assert app.lines()[2] == "ERROR it broke  caller=main.go:7"
        assert app.lines()[3].startswith("ERROR GET /cart HTTP/1.1  client=10.0.0.1  status=502")
        assert app.lines()[7] == TEXTS[7]
        app.viewer.set_mode(Mode.TABLE, ("path", "ms"))
        table = [" INFO            started", " WARN /cart 1200 slow"]
        await until(pilot, lambda: app.lines()[:2] == table)
        assert app.viewer.painter.header(None) == "LEVEL PATH  MS   MESSAGE"


@pytest.mark.parametrize(
    ("times", "expected"),
    [(Times.OFF, "same"), (Times.UTC, "2026-01-31T08:00:11.500Z same"), (Times.RELATIVE, "  -48.5s same")],
)
async def test_times_are_off_relative_or_absolute(times: Times, expected: str) -> None:
    app = app_of(times=times)
    async with app.run_test(size=(60, 12)) as pilot:
        await until(pilot, lambda: app.lines()[11].startswith(expected))


async def test_enter_puts_a_cursor_and_opens_the_line_below_itself() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.lines()[11] == "same thing")
        app.viewer.action_open()
        assert app.viewer.cursor == 11
        await pilot.press("home")
        assert app.viewer.cursor == 0
        app.viewer.action_open()
        await until(pilot, lambda: app.lines()[1].strip("│ ").startswith("2026-01-31T08:00:00.5"))
        assert [row.strip("│ ") for row in app.lines()[2:7]] == [
            "{",
            '"level": "info",',
            '"msg": "started",',
            '"port": 8080',
            "}",
        ]
        assert app.lines()[7] == TEXTS[1]
        assert '"port": 8080' in app.viewer.copy_text("all")
        app.viewer.action_open()
        await until(pilot, lambda: app.lines()[1] == TEXTS[1])


async def test_what_an_opened_line_shows_is_brought_into_view() -> None:
    app = app_of(*(f"line {n}" for n in range(30)), TEXTS[0], "last")
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: app.lines()[11] == "last")
        app.viewer.put_cursor(30)
        app.viewer.action_open()
        await until(pilot, lambda: app.lines()[11].strip("│ ") == "}")
        assert app.lines()[5] == TEXTS[0]


async def test_an_opened_line_scrolls_row_by_row_and_wraps() -> None:
    app = app_of('{"key":"' + "abcdefghi " * 30 + '","n":1}', *("x" for _ in range(30)))
    async with app.run_test(size=(40, 8)) as pilot:
        app.viewer.set_wrap(True)
        app.viewer.put_cursor(0)
        app.viewer.action_open()
        await until(pilot, lambda: "abcdefghi" in app.text())
        app.viewer.cursor = None
        rows = []
        for _ in range(40):
            rows.append(app.lines()[0])
            await pilot.press("down")
            await pilot.pause()
        assert len([row for row in rows if row.startswith("  │")]) > 10
        assert any(row.endswith("}") for row in rows)


async def test_traces_and_repeats_fold_with_counts_and_open_again() -> None:
    app = app_of()
    async with app.run_test(size=(80, 16)) as pilot:
        await until(pilot, lambda: app.lines()[11] == "same thing")
        app.viewer.set_folds(traces=True, repeats=True)
        folded = ["ValueError: 재고 없음", "ok plain text", "same thing ×3"]
        await until(pilot, lambda: app.lines()[5:8] == folded)
        assert app.lines()[4] == "Traceback (most recent call last): ▸ 2 more lines"
        app.buffer.append(line(12, "same thing"))
        app.viewer.wake()
        await until(pilot, lambda: app.lines()[7] == "same thing ×4")
        app.viewer.put_cursor(4)
        app.viewer.action_open()
        await until(pilot, lambda: 'File "a.py", line 1' in app.lines()[6])


async def test_a_filter_shows_context_dim_and_says_what_is_wrong() -> None:
    app = app_of()
    async with app.run_test(size=(80, 16)) as pilot:
        await until(pilot, lambda: app.lines()[11] == "same thing")
        assert app.viewer.set_filter("-C1 재고") == ""
        await until(pilot, lambda: app.lines()[:4] == ["    run()", TEXTS[7], "ok plain text", ""])
        dim, plain = (app.viewer.render_line(y)._segments[0].style for y in (0, 1))
        assert dim is not None and plain is not None and dim.color != plain.color
        assert app.viewer.set_filter("level>=error") == ""
        await until(pilot, lambda: app.lines()[0] == TEXTS[2])
        assert "unterminated" in app.viewer.set_filter("(")
        assert app.lines()[0] == TEXTS[2]


async def test_search_counts_and_marks_where_matches_are() -> None:
    app = app_of(*(f"line {number}" for number in range(2_000)))
    async with app.run_test(size=(60, 20)) as pilot:
        await until(pilot, lambda: "line 1999" in app.text())
        app.viewer.search("77$")
        await until(pilot, lambda: app.viewer.finder.count == 20 and app.viewer.finder.found is not None)
        assert len(app.viewer._bar_marks(20)) == 20
        assert app.viewer.finder.place == 20  # the nearest above the end
        await pilot.press("n")
        await until(pilot, lambda: app.viewer.finder.place == 19 and "line 1877" in app.text())
        await pilot.press("N", "N")
        await until(pilot, lambda: app.viewer.finder.place == 1 and "line 77" in app.text())  # round the end


async def test_a_search_goes_up_from_the_end_and_down_from_where_the_reader_stands() -> None:
    app = app_of(*(f"line {number}" for number in range(20_000)))
    async with app.run_test(size=(60, 20)) as pilot:
        viewer = app.viewer
        await until(pilot, lambda: "line 19999" in app.text())
        viewer.search("line 19.*7$")
        await until(pilot, lambda: viewer.finder.found == 19_997)
        assert not viewer.following
        await pilot.press("n", "n")
        await until(pilot, lambda: "line 19977" in app.text() and viewer.finder.found == 19_977)
        # scrolled away: the search goes on from what is on the screen
        viewer.scrolled_to(19_500)
        await pilot.press("n")
        await until(pilot, lambda: viewer.finder.found == 19_517)
        viewer.scrolled_to(10_000)
        viewer.search("5$")
        await until(pilot, lambda: viewer.finder.found == 10_005)
        await pilot.press("n")
        await until(pilot, lambda: viewer.finder.found == 10_015)
        await pilot.press("N", "N")
        await until(pilot, lambda: viewer.finder.found == 9_995)
        viewer.put_cursor(12_000)
        viewer.search("5$")
        await until(pilot, lambda: viewer.finder.found == 12_005)


async def test_search_unfolds_the_trace_that_has_the_match_and_folds_it_when_it_goes_on() -> None:
    trace = ("ERROR no stock", *(f"\tat shop.Stock.take(Stock.java:{n})" for n in range(40)))
    app = app_of("INFO start", *trace, "INFO between", *trace, "INFO end")
    async with app.run_test(size=(60, 12)) as pilot:
        viewer = app.viewer
        viewer.set_folds(traces=True, repeats=False)
        await until(pilot, lambda: app.lines()[1] == "ERROR no stock ▸ 40 more lines")
        viewer.search("java:30")
        await until(pilot, lambda: any("Stock.java:30)" in line for line in app.lines()))
        assert viewer.finder.found == 74
        assert viewer.opened == {43}
        await pilot.press("n")
        await until(pilot, lambda: viewer.finder.found == 32 and viewer.opened == {1})
        await until(pilot, lambda: any("Stock.java:30)" in line for line in app.lines()))
        viewer.search("end")
        await until(pilot, lambda: not viewer.opened)
        await until(pilot, lambda: "▸ 40 more lines" in app.lines()[3])
        viewer.search("java:1")
        await until(pilot, lambda: viewer.finder.count == 22 and viewer.opened)
        folded = ({1, 43} - viewer.opened).pop()
        assert viewer.painter.note_of(folded) == "▸ 40 more lines (11 found)"


async def test_highlights_have_colours_of_their_own_and_go_again() -> None:
    app = app_of("one two three")
    async with app.run_test(size=(40, 5)) as pilot:
        await until(pilot, lambda: app.lines()[0] == "one two three")
        app.viewer.toggle_highlight("one")
        app.viewer.toggle_highlight("three")
        await pilot.pause()
        grounds = {
            segment.text: segment.style.bgcolor for segment in app.viewer.render_line(0) if segment.style
        }
        assert len({grounds["one"], grounds["three"], grounds[" two "]}) == 3
        app.viewer.toggle_highlight("one")
        assert [pattern.pattern for pattern, _ in app.viewer.painter.highlights] == ["three"]


async def test_bookmarks_and_times_lead_back_to_lines() -> None:
    app = app_of(*(f"line {number}" for number in range(600)))
    async with app.run_test(size=(60, 10)) as pilot:
        await until(pilot, lambda: "line 599" in app.text())
        app.viewer.toggle_bookmark(100)
        app.viewer.toggle_bookmark(400)
        assert app.viewer.go_to_bookmark(1)
        await until(pilot, lambda: "◆ line 100" in app.text())
        assert app.viewer.cursor == 100
        app.viewer.go_to_bookmark(1)
        await until(pilot, lambda: "◆ line 400" in app.text())
        seq = by_time.first_at(app.viewer.model, (START + 5 * 60) * 1_000_000_000)
        assert seq == 300
        assert by_time.first_at(app.viewer.model, (START + 3_600) * 1_000_000_000) is None


async def test_older_lines_come_before_without_moving_what_is_read() -> None:
    app = app_of(*(f"line {number}" for number in range(100)))
    async with app.run_test(size=(60, 10)) as pilot:
        await until(pilot, lambda: "line 99" in app.text())
        await pilot.press("home")
        await until(pilot, lambda: app.lines()[0] == "line 0")
        app.viewer.set_filter("line")
        await until(pilot, lambda: not app.viewer.model.busy)
        added = app.buffer.prepend([line(0, f"older line {number}") for number in range(50)])
        assert (added, app.buffer.first) == (50, -50)
        app.viewer.wake()
        await until(pilot, lambda: len(app.viewer.model) == 150)
        assert app.lines()[0] == "line 0"
        await pilot.press("up")
        await until(pilot, lambda: app.lines()[0] == "older line 49")


async def test_a_click_puts_the_cursor_there_and_a_second_one_opens_it() -> None:
    app = app_of()
    async with app.run_test(size=(80, 20)) as pilot:
        await until(pilot, lambda: app.lines()[11] == "same thing")
        await pilot.click(LogViewer, offset=(5, 1))
        assert app.viewer.cursor == 1
        await pilot.click(LogViewer, offset=(5, 1), times=2)
        await until(pilot, lambda: 1 in app.viewer.opened)


@pytest.mark.parametrize("wrap", [False, True])
async def test_korean_binary_and_progress_bars_are_shown_safely(wrap: bool) -> None:
    garbage = bytes(range(256)).decode("utf-8", "replace")
    app = app_of(
        "한글 로그 " * 12, garbage, "10 %\r50 %\r100 % done\r", "windows line\r", "[bold]x[/]", wrap=wrap
    )
    async with app.run_test(size=(40, 24)) as pilot:
        await until(pilot, lambda: "100 % done" in app.text())
        assert "50 %" not in app.text()
        assert "windows line" in app.text()
        assert "[bold]x[/]" in app.text()
        assert all(character.isprintable() for character in app.text().replace("\n", ""))


async def test_sources_have_colours_that_stay_whatever_they_are_called() -> None:
    buffer = LogBuffer()
    sources = [LogSource("shop", f"web-{number}", f"u{number}", "app", "c") for number in range(6)]
    buffer.extend([line(number, "x", sources[number % 6]) for number in range(12)])
    app = LogApp(buffer, sources=True)
    async with app.run_test(size=(90, 20)) as pilot:
        await until(pilot, lambda: "web-5" in app.text())
        painter = app.viewer.painter
        colours = [painter._source_class(each) for each in sources]
        assert len(set(colours)) == 6
        painter.source_label = lambda source: source.pod
        painter.forget_labels()
        await until(pilot, lambda: "app" not in app.text())
        assert [painter._source_class(each) for each in sources] == colours


async def test_what_befalls_a_container_names_its_pod_where_lines_of_several_meet() -> None:
    buffer = LogBuffer()
    buffer.extend([line(0, "x", DB), line(1, "app restarted (exit code 1, Error)", WEB, "restart")])
    buffer.extend([line(2, "pod shop/web-1 joined", structs.replace(WEB, container=""), "info")])
    app = LogApp(buffer, sources=False)
    async with app.run_test(size=(90, 20)) as pilot:
        await until(pilot, lambda: "── web-1 app restarted (exit code 1, Error) ──" in app.text())
        assert "── pod shop/web-1 joined ──" in app.text()
        app.viewer.painter.source_label = lambda source: source.container  # of one pod
        app.viewer.painter.forget_labels()
        await until(pilot, lambda: "── app restarted (exit code 1, Error) ──" in app.text())


async def test_what_is_folded_is_told_at_the_end_of_the_screen_where_the_line_goes_on() -> None:
    app = app_of("java.lang.IllegalStateException: " + "x" * 80, "\tat a.B.c(B.java:1)", "INFO next")
    async with app.run_test(size=(60, 20)) as pilot:
        app.viewer.set_folds(traces=True, repeats=False)
        await until(pilot, lambda: app.lines()[0].endswith("xx… ▸ 1 more line"))
        assert len(app.lines()[0]) == 60
        await pilot.press("right", "right", "right", "right", "right")
        await until(pilot, lambda: app.lines()[0].endswith("xx ▸ 1 more line"))


async def test_a_screen_of_another_height_still_follows_the_end() -> None:
    app = app_of(*(f"line {number}" for number in range(100)))
    async with app.run_test(size=(60, 20)) as pilot:
        await until(pilot, lambda: app.lines()[19] == "line 99")
        app.viewer.styles.height = 10
        await until(pilot, lambda: app.lines()[9] == "line 99")
        app.buffer.extend([line(number, f"line {number}") for number in range(100, 150)])
        app.viewer.styles.height = 20
        await until(pilot, lambda: app.viewer.size.height == 20)
        assert app.viewer.following
        await until(pilot, lambda: app.lines()[19] == "line 149")


async def test_a_filter_keeps_the_reader_where_he_is() -> None:
    app = app_of(*(f"line {number}" for number in range(20_000)))
    async with app.run_test(size=(60, 20)) as pilot:
        await until(pilot, lambda: "line 19999" in app.text())
        app.viewer.set_following(False)
        app.viewer.scrolled_to(10_000)
        await until(pilot, lambda: app.lines()[0] == "line 10000")
        app.viewer.set_filter("7$")
        await until(pilot, lambda: len(app.viewer.model) == 2_000)
        await until(pilot, lambda: app.lines()[0] == "line 10007")


@pytest.mark.parametrize("wrap", [False, True])
async def test_the_line_under_the_cursor_stays_in_its_row_when_all_lines_come_back(wrap: bool) -> None:
    app = app_of(*(f"line {number} {'x' * (1 + number % 90)}" for number in range(3_000)), wrap=wrap)
    async with app.run_test(size=(60, 20)) as pilot:
        await until(pilot, lambda: "line 2999" in app.text())
        app.viewer.set_filter(r"7\b")
        await until(pilot, lambda: len(app.viewer.model) == 300)
        app.viewer.put_cursor(1_507)
        await until(pilot, lambda: "line 1507" in app.text())
        row = next(y for y, text in enumerate(app.lines()) if text.startswith("line 1507"))
        assert row > 3
        app.viewer.set_filter("")
        await until(pilot, lambda: "line 1508" in app.text())
        assert app.lines()[row].startswith("line 1507")
        app.viewer.set_folds(traces=True, repeats=False)
        await until(pilot, lambda: not app.viewer.model.busy and "line 1507" in app.text())


async def test_a_file_has_names_and_times_in_full_where_the_screen_has_less() -> None:
    buffer = LogBuffer()
    pod = LogSource("shop", "checkout-with-a-long-name-85ddbf7c88-gjg7p", "u1", "istio-proxy", "c1")
    buffer.extend(
        [line(0, "one", pod), line(1, '{"level":"info","msg":"two"}', pod), line(2, "gone", pod, "gap")]
    )
    app = LogApp(buffer, sources=True, times=Times.RELATIVE)
    async with app.run_test(size=(60, 9)) as pilot:
        await until(pilot, lambda: "…" in app.lines()[0])
        app.viewer.set_mode(Mode.MESSAGE)
        front = f"{pod.pod} {pod.container}"
        assert list(app.viewer.all_lines()) == [
            f"2026-01-31T08:00:00.500000000Z {front} one",
            f"2026-01-31T08:00:01.500000000Z {front}  INFO two",
            f"── {pod.pod} gone ──",
        ]


async def test_what_falls_off_while_it_is_saved_is_in_the_file() -> None:
    buffer = LogBuffer(max_lines=100)
    buffer.extend([line(number, f"line {number}") for number in range(100)])
    app = LogApp(buffer)
    async with app.run_test(size=(60, 9)) as pilot:
        await until(pilot, lambda: app.lines()[8] == "line 99")
        app.viewer.set_filter("[05]$")
        await until(pilot, lambda: app.lines()[8] == "line 95")
        texts, lines = app.viewer.all_lines(), app.viewer.shown_lines()
        buffer.extend([line(number, f"line {number}") for number in range(100, 180)])
        expected = [f"line {number}" for number in range(0, 100, 5)]
        assert list(texts) == expected
        assert [each.text for each in lines] == expected


@pytest.mark.parametrize("wrap", [False, True])
async def test_a_line_that_is_in_view_is_gone_to_without_a_move(wrap: bool) -> None:
    app = app_of(*(f"line {number} {'x' * 60 * (number == 24)}" for number in range(40)), wrap=wrap)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: app.lines()[19].startswith("line 39"))
        top = app.lines()[0]
        app.viewer.put_cursor(30)
        await pilot.pause()
        assert app.lines()[0] == top
        app.viewer.toggle_open(30)
        app.viewer.put_cursor(39)  # what is open has moved it below the screen
        await until(pilot, lambda: any(row.startswith("line 39") for row in app.lines()))


async def test_without_a_selection_the_lines_on_the_screen_are_copied() -> None:
    app = app_of(*(f"line {number} {'x' * 60}" for number in range(40)), wrap=True)
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: app.lines()[8].startswith("line 39"))
        assert [each[:7] for each in app.viewer.copy_text().split("\n")] == [
            f"line {n}" for n in range(35, 40)
        ]


async def test_text_that_the_mouse_selects_keeps_its_colours() -> None:
    app = app_of("one two three", "four five six")
    async with app.run_test(size=(60, 8)) as pilot:
        await until(pilot, lambda: app.lines()[1].startswith("four"))
        await pilot.mouse_down(LogViewer, offset=(4, 0))
        await pilot.hover(LogViewer, offset=(7, 1))
        await pilot.mouse_up(LogViewer, offset=(7, 1))
        assert app.screen.get_selected_text()
        assert app.unreadable(0) == app.unreadable(1) == []


@pytest.mark.parametrize("wrap", [False, True])
async def test_a_match_far_to_the_right_is_brought_into_view(wrap: bool) -> None:
    texts = [f"{'한' * 400} needle {n} {'y' * 900}" if n % 20 == 0 else f"line {n}" for n in range(60)]
    app = app_of(*texts, wrap=wrap, sources=True)
    async with app.run_test(size=(60, 12)) as pilot:
        await until(pilot, lambda: app.lines()[11].endswith("line 59"))
        app.viewer.search("needle")
        await until(pilot, lambda: "needle 40" in app.text())
        await pilot.press("n")
        await until(pilot, lambda: "needle 20" in app.text())
        app.viewer.search("line 1[12]", Origin(0))
        await until(pilot, lambda: "line 11" in app.text())  # and back to the left
        app.viewer.search("needle 20", Origin(0))
        await until(pilot, lambda: "needle 20" in app.text())
        app.viewer.search("")
        assert app.viewer.scroll_offset.x == 0


async def test_what_is_found_at_the_start_of_a_line_is_marked_behind_its_name() -> None:
    app = app_of("one", "one two one", sources=True)
    async with app.run_test(size=(60, 9)) as pilot:
        await until(pilot, lambda: app.lines()[1].endswith("one two one"))
        painter, second = app.viewer.painter, app.buffer.line(1)
        shown = painter.shown(1, second)
        assert painter.matches(re.compile("^one"), shown, 0, 60) == [(shown.prefix, shown.prefix + 3)]
        assert len(painter.matches(re.compile("one"), shown, 0, 60)) == 2


async def test_a_table_has_likely_columns_until_others_are_chosen() -> None:
    texts = [f'{{"msg":"m{n}","path":"/cart/{n}","ms":{n},"id":"{"f" * 60}"}}' for n in range(30)]
    app = app_of(*texts, "plain", '{"msg":"x","seldom":1}')
    async with app.run_test(size=(90, 20)) as pilot:
        viewer, painter = app.viewer, app.viewer.painter
        await until(pilot, lambda: app.lines()[18] == "plain")
        choose_likely(viewer)
        assert painter.columns == ()  # no table
        viewer.set_mode(Mode.TABLE)
        choose_likely(viewer)
        assert painter.columns == (
            "path",
            "ms",
        )  # neither what is wide nor what is seldom
        await until(pilot, lambda: app.lines()[17].split() == ["/cart/29", "29", "m29"])
        painter.columns_are_chosen = True
        viewer.set_mode(Mode.TABLE, ())
        choose_likely(viewer)
        assert painter.columns == ()
        painter.columns_are_chosen = False
        viewer.set_mode(Mode.TABLE, ("path",))
        viewer.set_source(LogBuffer())
        assert painter.columns == ()  # other lines have other fields


async def test_sources_are_told_apart_in_each_theme_and_from_errors() -> None:
    app = app_of("x", sources=True)
    themes = {name: theme for name, theme in load_themes([package_themes()]).themes.items() if not theme.ansi}
    async with app.run_test(size=(60, 9)) as pilot:
        for name, theme in themes.items():
            app.register_theme(theme)
            app.theme = name
            await pilot.pause()
            styles = [app.viewer.palette.style(f"source-{number}") for number in range(1, SOURCE_COLOURS + 1)]
            colours = [*styles, app.viewer.palette.style("error")]
            for one, other in combinations([Color.from_rich_color(each.color) for each in colours], 2):
                far = sum(abs(a - b) for a, b in zip(one.rgb, other.rgb, strict=True))
                assert far > 40, (name, one, other)
            greys = [name for each in styles if Color.from_rich_color(each.color).hsl.s < 0.3]
            assert not greys
