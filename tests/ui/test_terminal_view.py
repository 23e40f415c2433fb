"""The terminal widget by itself: painting, scrollback, selection, search, mouse, size, floods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult

from k8stui.ui.widgets.terminal.lines import Place, TerminalLines
from k8stui.ui.widgets.terminal.output import OutputPacer, TerminalModel
from k8stui.ui.widgets.terminal.painter import paint_line
from k8stui.ui.widgets.terminal.selection import LINES, WORDS, Selection
from k8stui.ui.widgets.terminal.view import TerminalView

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from k8stui.ui.widgets.terminal.messages import Followed, Selected


class TerminalApp(App[None]):
    """One terminal."""

    def __init__(self, history: int = 10_000) -> None:
        super().__init__()
        self.sent = b""
        self.sizes: list[tuple[int, int]] = []
        self.selected: list[str] = []
        self.followed: list[str] = []
        self.model = TerminalModel(
            OutputPacer(),
            on_input=self._send,
            on_resized=lambda *size: self.sizes.append(size),
            history=history,
        )
        self.view = TerminalView(self.model)

    def _send(self, data: bytes) -> None:
        self.sent += data

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_followed(self, event: Followed) -> None:
        self.followed.append(event.address)

    def on_selected(self, event: Selected) -> None:
        self.selected.append(event.text)


async def shown(pilot: Pilot[None], data: bytes) -> TerminalApp:
    """Write to the terminal and wait until it is painted."""
    app = pilot.app
    assert isinstance(app, TerminalApp)
    await app.model.feed(data)
    await app.model.idle()
    await pilot.pause()
    return app


def rows(app: App[Any]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_output_is_painted_and_the_size_is_told() -> None:
    async with TerminalApp().run_test(size=(40, 10)) as pilot:
        app = await shown(pilot, "\x1b[1mhello\x1b[0m 한글\r\nsecond".encode())
        assert rows(app)[:2] == ["hello 한글", "second"]
        assert app.sizes[-1] == (40, 10)
        await pilot.resize_terminal(30, 8)
        await pilot.pause(0.2)
        assert app.sizes[-1] == (30, 8)


async def test_the_scrollback_keeps_its_place_while_more_comes() -> None:
    async with TerminalApp(history=100).run_test(size=(40, 10)) as pilot:
        app = await shown(pilot, b"".join(b"line %d\r\n" % n for n in range(60)))
        assert rows(app)[8] == "line 59"
        app.view.scroll_lines(-20)
        await pilot.pause()
        top = rows(app)[0]
        assert top == "line 31"
        await shown(pilot, b"".join(b"more %d\r\n" % n for n in range(50)))
        assert rows(app)[0] == top
        assert app.view.behind > 0
        app.view.send_key("a", "a")
        await pilot.pause()
        assert rows(app)[8] == "more 49"
        assert app.sent == b"a"


async def test_the_alternate_screen_has_no_scrollback_and_gives_the_lines_back() -> None:
    async with TerminalApp().run_test(size=(40, 10)) as pilot:
        app = await shown(pilot, b"".join(b"line %d\r\n" % n for n in range(30)))
        await shown(pilot, b"\x1b[?1049h\x1b[2J\x1b[Hfull screen")
        assert rows(app)[0] == "full screen"
        assert len(app.view.lines) == 10
        await shown(pilot, b"\x1b[?1049l")
        assert rows(app)[8] == "line 29"


async def test_painting_waits_for_synchronized_output_but_not_for_ever() -> None:
    async with TerminalApp().run_test(size=(40, 10)) as pilot:
        app = await shown(pilot, b"\x1b[?2026hhalf")
        held = app.view._dirty
        assert held, "the rows wait"
        for _ in range(50):
            await pilot.pause(0.02)
            if not app.view._dirty:
                break
        assert not app.view._dirty
        assert rows(app)[0] == "half"


async def test_a_cluster_of_characters_never_shifts_the_line() -> None:
    async with TerminalApp().run_test(size=(40, 4)) as pilot:
        app = await shown(pilot, "👨‍👩‍👧|é|❤️|🇰🇷|\r\n".encode())
        assert all(strip.cell_length == 40 for strip in app.screen._compositor.render_strips())


async def test_double_click_takes_a_word_and_triple_a_line() -> None:
    async with TerminalApp().run_test(size=(40, 4)) as pilot:
        app = await shown(pilot, b"kubectl get pods/web-7d9f.x -n shop\r\n")
        await pilot.mouse_down(offset=(15, 0))
        await pilot.mouse_up(offset=(15, 0))
        await pilot.mouse_down(offset=(15, 0))
        await pilot.mouse_up(offset=(15, 0))
        await pilot.pause()
        assert app.selected[-1] == "pods/web-7d9f.x"
        await pilot.mouse_down(offset=(15, 0))
        await pilot.mouse_up(offset=(15, 0))
        await pilot.pause()
        assert app.selected[-1] == "kubectl get pods/web-7d9f.x -n shop"


def lines_of(text: str, columns: int = 10, lines: int = 4) -> TerminalLines:
    model = TerminalModel(OutputPacer(), on_input=lambda data: None, size=(columns, lines))
    model.emulator.feed(text.replace("\n", "\r\n").encode())
    return TerminalLines(model.emulator)


def test_wrapped_lines_are_one_line_when_copied() -> None:
    lines = lines_of("0123456789abcdef\nnext")
    selection = Selection(Place(0, 3), Place(2, 1)).to(Place(2, 1))
    assert selection.text(lines) == "3456789abcdef\nne"
    assert Selection(Place(1, 2), Place(1, 2), LINES).text(lines) == "0123456789abcdef"


def test_a_word_goes_on_behind_the_margin() -> None:
    lines = lines_of("see pod/web-0 ok")
    assert Selection(Place(0, 5), Place(0, 5), WORDS).text(lines) == "pod/web-0"


def test_a_block_is_a_rectangle() -> None:
    lines = lines_of("abcd\nefgh\nijkl")
    selection = Selection(Place(0, 1), Place(0, 1), block=True).to(Place(2, 2))
    assert selection.text(lines) == "bc\nfg\njk"


def test_wide_characters_are_selected_whole() -> None:
    lines = lines_of("가나다라")
    assert Selection(Place(0, 3), Place(0, 3)).to(Place(0, 4)).text(lines) == "나다"


async def test_the_mouse_goes_to_a_program_that_asks_and_shift_keeps_it() -> None:
    async with TerminalApp().run_test(size=(40, 4)) as pilot:
        app = await shown(pilot, b"word\x1b[?1000h\x1b[?1006h")
        await pilot.click(offset=(2, 1))
        assert app.sent == b"\x1b[<0;3;2M\x1b[<0;3;2m"
        await pilot.mouse_down(offset=(0, 0), shift=True)
        await pilot.hover(offset=(2, 0))
        await pilot.mouse_up(offset=(2, 0), shift=True)
        assert app.sent == b"\x1b[<0;3;2M\x1b[<0;3;2m"


async def test_search_goes_up_from_the_end_and_over_margins() -> None:
    async with TerminalApp().run_test(size=(20, 5)) as pilot:
        data = b"".join(b"line %d\r\n" % n for n in range(100)) + b"x" * 17 + b"Needle here\r\n"
        app = await shown(pilot, data)
        assert app.view.find("line 4") == (11, 11)
        assert "line 49" in app.view.screen_text
        assert app.view.find_again(-1) == (10, 11)
        assert app.view.find("needle") == (1, 1)
        assert app.view.find("NEEDLE") == (0, 0)


async def test_the_scrollback_is_saved_for_the_user_alone(tmp_path: Path) -> None:
    async with TerminalApp().run_test(size=(20, 5)) as pilot:
        app = await shown(pilot, b"".join(b"line %d\r\n" % n for n in range(50)) + b"y" * 25)
        path = tmp_path / "out.txt"
        assert app.view.save_text(path) == 51
        assert path.read_text().splitlines()[49:] == ["line 49", "y" * 25]
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError):
            app.view.save_text(path)


async def test_a_flood_makes_the_sender_wait_and_leaves_the_loop_free() -> None:
    import asyncio

    async with TerminalApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, TerminalApp)
        done = False

        async def flood() -> None:
            for _ in range(2_000):
                await app.model.feed(b"y\r\n" * 5000)
            nonlocal done
            done = True

        task = asyncio.create_task(flood())
        lags = []
        for _ in range(60):
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - began - 0.005)
            assert app.model.pending < 1_000_000
        assert not done
        assert sorted(lags)[len(lags) // 2] < 0.02
        task.cancel()


async def test_an_echo_is_interpreted_at_once() -> None:
    async with TerminalApp().run_test(size=(80, 24)) as pilot:
        app = await shown(pilot, b"$ ")
        began = time.perf_counter()
        await app.model.feed(b"x")
        await app.model.idle()
        assert time.perf_counter() - began < 0.02


async def test_answers_of_the_emulator_go_to_the_program() -> None:
    async with TerminalApp().run_test(size=(80, 24)) as pilot:
        app = await shown(pilot, b"\x1b[6n")
        assert app.sent == b"\x1b[1;1R"


async def test_focus_is_told_to_a_program_that_asks() -> None:
    async with TerminalApp().run_test(size=(80, 24)) as pilot:
        app = await shown(pilot, b"\x1b[?1004h")
        app.view.blur()
        await pilot.pause()
        app.view.focus()
        await pilot.pause()
        assert app.sent == b"\x1b[O\x1b[I"


LINK = b"see \x1b]8;;https://kubernetes.io/docs\x1b\\the docs\x1b]8;;\x1b\\ now\r\n"


async def test_a_click_follows_a_link_and_a_drag_selects_it() -> None:
    async with TerminalApp().run_test(size=(40, 4)) as pilot:
        app = await shown(pilot, LINK)
        await pilot.click(offset=(6, 0))
        assert app.followed == ["https://kubernetes.io/docs"]
        await pilot.click(offset=(1, 0))
        await pilot.mouse_down(offset=(8, 0))
        await pilot.hover(offset=(11, 0))
        await pilot.mouse_up(offset=(11, 0))
        assert len(app.followed) == 1
        assert app.selected[-1] == "docs"
        line = app.view.lines.line(0)
        assert line is not None
        strip = paint_line(line, 40, Style())
        assert [segment.text for segment in strip if segment.style and segment.style.underline] == [
            "the docs"
        ]
        assert not any(segment.style.link for segment in strip if segment.style)
