"""How it looks: the workspace at three sizes, in every theme, and the things that open over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.fakes import make_app, screen_text, started, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

SIZES = [(80, 24), (120, 40), (200, 60)]


def ready(*keys: str, shows: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait until everything has come, then press keys and wait for what they show."""

    async def run(pilot: Pilot[None]) -> None:
        app = await started(pilot)
        app.main.header.display = True
        await until(pilot, lambda: "⚠" in screen_text(app), "warnings")
        await until(pilot, lambda: "한글" in screen_text(app), "logs")
        await until(pilot, lambda: "l logs" in screen_text(app), "hints")
        await pilot.press(*keys)
        if shows:
            await until(pilot, lambda: shows in screen_text(app), shows)
        app.main.prompt.input.cursor_blink = False
        await pilot.pause(0.3)

    return run


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_workspace(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=ready())


@pytest.mark.parametrize("theme", ["light", "high-contrast", "k9s", "ansi"])
def test_themes(snap_compare: Any, theme: str) -> None:
    assert snap_compare(make_app(theme=theme), terminal_size=(120, 40), run_before=ready())


def test_without_colour(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=ready())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_help(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=ready("?", shows="Selected row"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_command_line_with_completions(snap_compare: Any, size: tuple[int, int]) -> None:
    keys = ready(*":po", "tab", shows="› po")
    assert snap_compare(make_app(), terminal_size=size, run_before=keys)


def test_menu(snap_compare: Any) -> None:
    keys = ready("m", shows="previous")
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=keys)


def test_a_node_drives_pods_and_events(snap_compare: Any) -> None:
    keys = ready("alt+left", "down", "down", shows="pods(all)[3/6] → node worker-2")
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=keys)
