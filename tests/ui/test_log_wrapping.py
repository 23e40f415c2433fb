"""Wrapped lines of a log: rows that go on with a line hang, and a line is copied as it is."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.types import LogLine, LogSource
from k8stui.ui.logs.painter import Times
from k8stui.ui.logs.viewer import LogViewer
from tests.ui.test_log_viewer import LogApp
from tests.ui.widget_apps import until

DB = LogSource("shop", "db-0", "u2", "db", "c2")
KOREAN = "주문 88412번을 처리하지 못했습니다: 재고가 없습니다"
WORDS = "abcdefghijklmnopqrstuvwxyz0123456789" * 2


def wrapped(text: str, **options: Any) -> LogApp:
    buffer = LogBuffer()
    buffer.append(LogLine("2026-01-31T08:00:11.500000000Z", DB, text))
    buffer.append(LogLine("2026-01-31T08:00:12.500000000Z", DB, "next"))
    return LogApp(buffer, wrap=True, **options)


async def drag(pilot: Any, start: tuple[int, int], end: tuple[int, int]) -> str:
    await pilot.mouse_down(LogViewer, offset=start)
    await pilot.hover(LogViewer, offset=end)
    await pilot.mouse_up(LogViewer, offset=end)
    found: str = pilot.app.screen.get_selected_text() or ""
    return found


@pytest.mark.parametrize("text", [WORDS, KOREAN], ids=["ascii", "korean"])
@pytest.mark.parametrize("width", [24, 31, 60])
async def test_rows_that_go_on_with_a_line_begin_where_its_text_does(text: str, width: int) -> None:
    app = wrapped(text, sources=True)
    async with app.run_test(size=(width, 12)) as pilot:
        await until(pilot, lambda: "db-0 db next" in app.lines())
        strips = [app.viewer.render_line(y).text for y in range(app.lines().index("db-0 db next"))]
        if width == 60 and text is KOREAN:
            assert strips[0].strip() == f"db-0 db {text}"
            return
        assert len(strips) > 1
        assert strips[0].startswith("db-0 db ")
        assert all(row.startswith(" " * 8) for row in strips[1:])
        assert "".join(row[8:] for row in strips).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("options", [{"times": Times.UTC, "sources": True}, {}])
async def test_without_room_or_prefix_they_are_set_in_a_little(options: dict[str, Any]) -> None:
    app = wrapped(WORDS, **options)
    async with app.run_test(size=(34, 12)) as pilot:
        await until(pilot, lambda: "ext" in app.text())
        rows = app.lines()
        assert rows[1].startswith("  ")
        assert WORDS in "".join([rows[0], *(row[2:] for row in rows[1:])])


@pytest.mark.parametrize(("text", "taken"), [(WORDS, WORDS[2:51]), (KOREAN, KOREAN[1:17])])
async def test_a_drag_across_the_wrap_copies_the_line_as_it_is(text: str, taken: str) -> None:
    app = wrapped(text, sources=True)
    async with app.run_test(size=(32, 12)) as pilot:
        await until(pilot, lambda: "next" in app.text())
        # 24 cells of text a row: the drag ends in the third row (of Korean: in the second)
        assert await drag(pilot, (8 + 2, 0), (8 + 2, 2) if text is WORDS else (8, 1)) == taken


async def test_what_hangs_is_no_text_for_the_mouse_and_looks_like_the_row() -> None:
    app = wrapped(WORDS, sources=True)
    async with app.run_test(size=(32, 12)) as pilot:
        await until(pilot, lambda: "next" in app.text())
        assert await drag(pilot, (3, 1), (8 + 3, 1)) == WORDS[24:28]
        assert await drag(pilot, (8 + 20, 0), (8 + 3, 1)) == WORDS[20:28]
        selected, rest = (app.viewer.render_line(1)._segments[index].style for index in (0, -1))
        assert selected is not None
        assert rest is not None
        assert selected.bgcolor != rest.bgcolor
        await pilot.click(LogViewer, offset=(3, 1))
        await pilot.click(LogViewer, offset=(3, 1))
        assert app.viewer.cursor == 0


async def test_a_match_across_the_wrap_is_marked_in_both_rows_and_stands_out_where_it_was_found() -> None:
    app = wrapped(WORDS, sources=True)

    def marked(name: str) -> list[str]:
        ground = app.viewer.palette.style(name).bgcolor
        rows = (app.viewer.render_line(y) for y in (0, 1))
        return [
            "".join(each.text for each in row if each.style and each.style.bgcolor == ground) for row in rows
        ]

    async with app.run_test(size=(32, 12)) as pilot:
        await until(pilot, lambda: "next" in app.text())
        app.viewer.search("wxyz0")
        await until(pilot, lambda: app.viewer.finder.found == 0)
        assert marked("match-current") == ["wx", "yz0"]
        app.viewer.finder.found = None
        assert marked("match") == ["wx", "yz0"]
        app.viewer.put_cursor(0)
        assert marked("match") == ["wx", "yz0"]
        assert "abc" in marked("cursor")[0]


async def test_no_character_is_below_the_scroll_bar() -> None:
    buffer = LogBuffer()
    buffer.extend([LogLine("2026-01-31T08:00:11.500000000Z", DB, WORDS) for _ in range(3)])
    app = LogApp(buffer, wrap=True)
    async with app.run_test(size=(40, 8)) as pilot:
        await until(pilot, lambda: app.lines()[5].endswith("6789"))
        assert (app.lines()[0], app.viewer.show_vertical_scrollbar) == (WORDS[:40], False)
        buffer.extend([LogLine("2026-01-31T08:00:12.500000000Z", DB, WORDS) for _ in range(9)])
        app.viewer.wake()
        await until(pilot, lambda: app.viewer.show_vertical_scrollbar)
        await until(pilot, lambda: [row[:39] for row in app.lines()[:2]] == [WORDS[:39], f"  {WORDS[39:]}"])
        app.viewer.set_wrap(False)
        await pilot.press("left", *["right"] * 8)
        await until(pilot, lambda: app.lines()[0][:39].endswith("6789"))
