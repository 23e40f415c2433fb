"""Nothing acts on a row that moved under the cursor: keys are pressed while 1,000 rows a second change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.ui.fakes import FakeBackend, make_app, pod, screen_text, until
from tests.ui.operations_rig import SIZE, asked, at, cluster, done, notes, uid
from tests.ui.shells_rig import opened, shell_app

if TYPE_CHECKING:
    from types import TracebackType

    import pytest

    from tests.ui.fakes import FakeCluster

RATE = 1000
"""Changes a second."""


class Churn:
    """Rows of a kind come above all others, change and go again, a thousand a second by the clock.

    What is due is done, however slow the machine is. The objects that were there stay, but change as well.
    """

    def __init__(self, world: FakeCluster, kind: str = "pods", first: dict[str, Any] | None = None) -> None:
        self._world, self._kind = world, kind
        self._first = first or pod("aaa", ago=1)
        self._old = [item for item in world.world[kind] if item["metadata"]["namespace"] == "shop"]
        self._task: asyncio.Task[None] | None = None
        self._running = True
        self.done = 0
        self.spared: set[str] = set()
        """Objects that are gone: they do not change."""

    def _batch(self, due: int) -> None:
        new, gone, changed = [], [], []
        for number in range(self.done // 3, (self.done + due) // 3):
            new.append(self._like(self._first, name=f"aaa-{number}", uid=uid(f"aaa-{number}")))
            gone.append(uid(f"aaa-{number - 20}"))
            old = self._old[number % len(self._old)]
            if old["metadata"]["uid"] not in self.spared:
                changed.append(self._like(old, resourceVersion=str(number)))
        self._world.change(self._kind, *new, *changed, removed=gone)
        self.done += due // 3 * 3

    @staticmethod
    def _like(item: dict[str, Any], **metadata: str) -> dict[str, Any]:
        return {**item, "metadata": {**item["metadata"], **metadata}}

    async def _run(self) -> None:
        began = asyncio.get_running_loop().time()
        while self._running:
            due = int((asyncio.get_running_loop().time() - began) * RATE) - self.done
            if due >= 3:
                self._batch(due)
            await asyncio.sleep(0.01)

    async def __aenter__(self) -> Churn:
        self._task = asyncio.create_task(self._run())
        self._began = asyncio.get_running_loop().time()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        assert self._task is not None
        await self._task
        if error is None:
            seconds = asyncio.get_running_loop().time() - self._began
            assert self.done >= RATE * (seconds - 0.5), f"{self.done} changes in {seconds:.1f} s"


async def test_deletions_mean_the_object_under_the_cursor() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-b")
        async with Churn(world):
            await asked(pilot, "ctrl+k")
            await pilot.pause(0.1)
            await pilot.press("y")
            await done(pilot)
            assert app.main.place().objects[0].metadata.uid == uid("web-b")
        asked_for = [body["preconditions"]["uid"] for _, _, body in world.connection.writes]
        assert asked_for == [uid("web-b")]


async def test_marks_mean_their_objects() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-a")
        async with Churn(world):
            await pilot.press("space")  # which goes on to the next row, whichever that is now
            app.main.place().view.table.cursor_to(uid("web-c"))
            await pilot.press("space")
            await until(pilot, lambda: len(app.main.place().objects) == 2, "two marks")
            await asked(pilot, "ctrl+d")
            await pilot.pause(0.1)
            await pilot.press("y")
            await done(pilot)
        asked_for = {body["preconditions"]["uid"] for _, _, body in world.connection.writes}
        assert asked_for == {uid("web-a"), uid("web-c")}


async def test_scaling_means_the_object_under_the_cursor() -> None:
    world = cluster()
    (web,) = world.world["deployments.apps"]
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        await at(pilot, "web")
        async with Churn(world, "deployments.apps", web):
            await asked(pilot, "s")
            await pilot.press("7", "enter")
            await pilot.pause(0.1)
            await pilot.press("enter")
            await done(pilot)
        ((_, path, body),) = world.connection.writes
        assert path.endswith("/namespaces/shop/deployments/web/scale")
        assert body["metadata"]["uid"] == uid("web")


async def test_an_editor_opens_for_the_object_under_the_cursor() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-b")
        async with Churn(world):
            await pilot.press("e")
            await until(pilot, lambda: app.main.place().view_type == "edit", "an editor")
            await until(pilot, lambda: app.main.place().view.is_loaded, "its text")
        assert app.main.place().view.spec.target.uid == uid("web-b")
        assert "name: web-b" in app.main.place().view.content


async def test_a_shell_opens_in_the_object_under_the_cursor() -> None:
    app, world = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await at(pilot, "web-b")
        async with Churn(world):
            program = await opened(pilot, world, name="web-b")
        assert program.path.endswith("/namespaces/shop/pods/web-b/exec")


async def test_a_key_meant_for_what_has_just_gone_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the object itself goes, its neighbour comes under the cursor: before anybody has seen that."""
    monkeypatch.setattr("k8stui.ui.rights.UNSEEN", 60.0)
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-b")
        async with Churn(world) as churn:
            churn.spared.add(uid("web-b"))
            world.change("pods", removed=[uid("web-b")])
            await until(pilot, lambda: app.main.place().objects[0].metadata.name == "web-c", "the neighbour")
            for key in ("ctrl+k", "ctrl+d", "s", "e"):
                await pilot.press(key)
                assert app.screen is app.main
                assert app.main.place().view_type == "table"
            await until(pilot, lambda: "web-c has just come under the cursor" in notes(app), "a word")
            monkeypatch.setattr("k8stui.ui.rights.UNSEEN", 0.0)
            await asked(pilot, "ctrl+d")
            assert "Delete pod shop/web-c" in screen_text(app)


async def test_marks_that_have_all_gone_do_not_fall_back_to_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("k8stui.ui.rights.UNSEEN", 60.0)
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-b")
        await pilot.press("space")
        world.change("pods", removed=[uid("web-b")])
        await until(pilot, lambda: app.main.place().objects[0].metadata.name == "web-c", "no marks")
        await pilot.press("ctrl+k")
        assert app.screen is app.main
        await until(pilot, lambda: "web-c has just come under the cursor" in notes(app), "a word")
