"""Whatever happens in whatever order: the screen shows the lines that it should."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.ui.widget_apps import FilteredApp, until
from tests.unit.lines import Ring

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

KEYS = ("up", "down", "pageup", "pagedown", "home", "end", "n", "shift+down", "left", "right")
FILTERS: dict[str, Callable[[str], bool]] = {
    "": lambda text: True,
    "7": lambda text: "7" in text,
    "!7": lambda text: "7" not in text,
}


async def act(app: FilteredApp, pilot: Pilot[None], chance: random.Random) -> None:
    """Something that the reader does."""
    viewer = app.viewer
    what = chance.randrange(10)
    if what < 5:
        await pilot.press(chance.choice(KEYS))
    elif what == 5:
        viewer.set_filter(chance.choice(list(FILTERS)))
    elif what == 6:
        viewer.set_wrap(not viewer.wrap)
    elif what == 7:
        await pilot.resize_terminal(chance.randrange(20, 90), chance.randrange(3, 30))
    elif what == 8:
        viewer.search(chance.choice(["line 1", "33", ""]))
    else:
        viewer.jump(y=chance.randrange(300))


def expected(app: FilteredApp, ring: Ring) -> list[str]:
    """The lines that are to be on the screen, found the plain way."""
    viewer = app.viewer
    passes = FILTERS[viewer.filter_text]
    numbers = [seq for seq in range(ring.first, ring.end) if passes(ring.line(seq).text)]
    page = app.size.height
    start = len(numbers) - page
    if not viewer.following:
        before = len([seq for seq in numbers if seq < viewer.top_seq])
        start = min(start, before)
    return [ring.line(seq).text[: app.size.width - 2] for seq in numbers[max(0, start) :][:page]]


def seen(app: FilteredApp) -> list[str]:
    # The scrollbar has the last cell.
    lines = [line.ljust(app.size.width)[:-1].rstrip() for line in app.lines()]
    return [line[: app.size.width - 2] for line in lines if line]


@pytest.mark.parametrize("seed", [0, 1, 2, 73])
async def test_the_screen_is_what_the_lines_are(seed: int) -> None:
    chance = random.Random(seed)
    ring = Ring(300)
    number = 0
    app = FilteredApp(ring, follow=True)
    async with app.run_test(size=(60, 10)) as pilot:
        for _ in range(15):
            for _ in range(chance.randrange(5)):
                await act(app, pilot, chance)
                for _ in range(chance.randrange(60)):
                    ring.append(f"line {number} " + "x" * chance.randrange(100))
                    number += 1
                app.viewer.wake()
            app.viewer.set_wrap(False)
            app.viewer.jump(x=0)
            await until(pilot, lambda: not app.viewer.model.busy and not app.viewer.finder.running)
            await until(pilot, lambda: seen(app) == [line.rstrip() for line in expected(app, ring)])
