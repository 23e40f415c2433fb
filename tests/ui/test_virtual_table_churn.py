"""Whatever happens in whatever order: the screen shows the rows as they are, the cursor its object."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.ui.widget_apps import TableApp, until
from tests.unit.rows import World, make_row

if TYPE_CHECKING:
    from textual.pilot import Pilot

KEYS = ("up", "down", "pageup", "pagedown", "home", "end", "space", "left", "right")
STATUSES = ("Running", "Pending", "Failed", "CrashLoopBackOff")


def churn(world: World, chance: random.Random) -> None:
    """Some changes of the cluster."""
    for _ in range(chance.randrange(12)):
        number = chance.randrange(120)
        if f"u{number}" not in world.objects:
            world.put(make_row(number, number=chance.randrange(999)))
        elif chance.random() < 0.3:
            world.remove(f"u{number}")
        else:
            world.change(f"u{number}", status=chance.choice(STATUSES), number=chance.randrange(999))


async def act(app: TableApp, pilot: Pilot[None], chance: random.Random) -> None:
    """Something that the reader does."""
    table = app.table
    what = chance.randrange(9)
    if what < 4:
        await pilot.press(
            chance.choice(["up", "down", "pageup", "pagedown", "home", "end", "space", "left", "right"])
        )
    elif what == 4:
        table.sort_by(chance.choice([None, 1, 2, 3]), reverse=chance.random() < 0.5)
    elif what == 5:
        table.set_filter(chance.choice(["", "running", "!failed", "-f pod1"]))
    elif what == 6:
        table.set_wide(chance.random() < 0.5)
    elif what == 7:
        await pilot.resize_terminal(chance.randrange(30, 130), chance.randrange(4, 40))
    else:
        table.jump(y=chance.randrange(120))


def expected(app: TableApp) -> list[str]:
    """What each line of the body has to tell: cursor, mark and name of its row."""
    table, model = app.table, app.table.model
    top = table.scroll_offset.y
    lines = []
    for uid in model.slice(top, top + table.page_rows):
        sign = "▌" if uid == model.cursor_uid else " "
        mark = "✓" if uid in model.marks else ""
        lines.append(f"{sign}{mark}{model.object(uid).metadata.name}{model.object(uid).status}")
    return lines


def seen(app: TableApp) -> list[str]:
    """The same, read from the screen (where the columns are in sight)."""
    lines = []
    for line in app.lines()[1 : 1 + len(expected(app))]:
        words = line[2:].split()
        mark = "✓" if line[1:2] == "✓" else ""
        lines.append(f"{line[:1]}{mark}{words[1]}{words[2]}")
    return lines


@pytest.mark.parametrize("seed", range(4))
async def test_the_screen_is_what_the_rows_are(seed: int) -> None:
    chance = random.Random(seed)
    app = TableApp(World(60))
    async with app.run_test(size=(100, 20)) as pilot:
        await until(pilot, lambda: "pod-00003" in app.text())
        for _ in range(12):
            for _ in range(chance.randrange(4)):
                await act(app, pilot, chance)
                churn(app.world, chance)
                app.table.wake()
            app.table.jump(x=0)
            if app.size.width < 60:
                await pilot.resize_terminal(100, app.size.height)
            app.table.urge()
            await until(pilot, lambda: not (app.table.model.busy or app.world.changed or app.world.removed))
            # Columns that are too narrow for what came on screen grow with the clock.
            app.table.tick()
            await until(pilot, lambda: seen(app) == expected(app))
            cursor = app.table.cursor_uid
            assert cursor is None or cursor in app.world.objects


async def test_the_cursor_stays_on_its_object_while_thousands_come_and_go() -> None:
    chance = random.Random(7)
    world = World(100)
    app = TableApp(world)
    async with app.run_test(size=(100, 20)) as pilot:
        await until(pilot, lambda: "pod-00003" in app.text())
        app.table.cursor_to("u50")
        app.table.sort_by("number")
        for turn in range(12):
            for number in range(200, 260):
                if chance.random() < 0.5:
                    world.put(make_row(number + 1_000 * turn, number=chance.randrange(999)))
            for uid in chance.sample(sorted(world.objects), 20):
                if uid != "u50":
                    world.remove(uid)
            app.table.wake()
            await until(pilot, lambda: not world.changed and not app.table.model.busy)
            assert app.table.cursor_uid == "u50"
            await until(
                pilot, lambda: any(line.startswith("▌") and "pod-00050" in line for line in app.lines())
            )
