"""Rows are told apart and can be read in every theme, and without any colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.color import Color
from textual.filter import Monochrome

from k8stui.ui.theme import load_themes, package_themes
from k8stui.ui.widgets.contrast import DIMMED, READABLE, contrast
from tests.ui.widget_apps import TableApp, until
from tests.unit.rows import World

if TYPE_CHECKING:
    from rich.style import Style

THEMES = load_themes([package_themes()]).themes
COLOURED = sorted(name for name, theme in THEMES.items() if "ansi" not in name)
TONES = ("ok", "busy", "warn", "error", "done", "muted")
STATES = ((), ("stripe",), ("marked",), ("cursor",), ("marked", "cursor"), ("flash",), ("cursor", "flash"))


def ratio(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    return contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))


def crashed_world() -> World:
    world = World(9)
    world.change("u3", status="CrashLoopBackOff")
    return world


@pytest.mark.parametrize("name", COLOURED)
async def test_every_tone_can_be_read_in_every_state(name: str) -> None:
    app = TableApp(crashed_world())
    async with app.run_test(size=(70, 12)) as pilot:
        app.register_theme(THEMES[name])
        app.theme = name
        await until(pilot, lambda: "pod-00003" in app.text() and app.table.has_focus)
        await pilot.pause()
        palette = app.table._palette
        for tone in TONES:
            for state in STATES:
                assert ratio(palette.style(tone, *state)) >= READABLE - 0.05, (tone, state)
            assert ratio(palette.style(tone, "stale")) >= DIMMED - 0.05
        for state in (("cursor",), ("marked",), ("flash",)):
            assert palette.style("ok", *state).bgcolor != palette.style("ok").bgcolor


async def test_a_change_of_theme_reaches_rows_that_are_painted_already() -> None:
    app = TableApp(crashed_world())
    async with app.run_test(size=(70, 12)) as pilot:
        await until(pilot, lambda: "pod-00003" in app.text())
        before = [segment.style for segment in app.table.render_line(2)]
        app.register_theme(THEMES["light"])
        app.theme = "light"
        await until(pilot, lambda: [segment.style for segment in app.table.render_line(2)] != before)


async def test_without_colour_the_cursor_marks_and_failures_are_still_seen() -> None:
    app = TableApp(crashed_world())
    async with app.run_test(size=(70, 12)) as pilot:
        app._filters.append(Monochrome())
        await until(pilot, lambda: "pod-00003" in app.text())
        await pilot.press("down", "space")
        await until(pilot, lambda: app.lines()[3].startswith("▌"))
        assert app.lines()[2].startswith(" ✓")
        assert app.lines()[4].startswith(" ✗")
        assert "CrashLoopBackOff" in app.lines()[4]


class AnsiApp(TableApp):
    """What Textual's own styles want of a theme of the terminal's colours."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"ansi-background": "ansi_black", "ansi-foreground": "ansi_white"}


@pytest.mark.skipif("ansi" not in THEMES, reason="no theme of the terminal's own colours")
async def test_in_the_terminals_own_colours_no_text_has_the_colour_of_its_background() -> None:
    app = AnsiApp(crashed_world())
    async with app.run_test(size=(70, 12)) as pilot:
        app.register_theme(THEMES["ansi"])
        app.theme = "ansi"
        await until(pilot, lambda: "pod-00003" in app.text() and app.table.has_focus)
        await pilot.pause()
        palette = app.table._palette
        for tone in (*TONES, "gutter"):
            for state in STATES:
                style = palette.style(tone, *state)
                assert style.color != style.bgcolor or style.color is None or style.color.is_default
        assert palette.style("ok", "cursor").bgcolor != palette.style("ok").bgcolor
        assert palette.style("ok", "stale").dim
