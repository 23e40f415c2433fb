"""Keys typed before the cluster is there: none is lost, all do what they would have done a moment later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from textual import events

from k8stui.kube.errors import ApiError
from k8stui.ui.dialogs.choose import ChooseDialog
from k8stui.ui.session import Stage
from tests.ui import operations_rig
from tests.ui.fakes import FakeBackend, make_app, screen_text, until
from tests.ui.shells_rig import go_to, ready, said, shell_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.backend import Contexts


class SlowBackend(FakeBackend):
    """One that gets ready when it is told to, as the demo does."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def contexts(self, on_progress: Callable[[str], None]) -> Contexts:
        on_progress("starting the demo cluster")
        await self.ready.wait()
        return await super().contexts(on_progress)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["d"], "Namespace:"),
        ([*":deploy", "ctrl+j"], "deployments(all)[1]"),  # Enter, while the terminal was not ours yet
        ([*"/cart", "enter"], "pods(all)[1/6] /cart"),
        ([*":deploy", "enter", "d"], "Selector:"),
    ],
    ids=["a key of a row", "a line feed", "a filter", "a command and a key"],
)
async def test_what_is_typed_while_it_starts_is_done_when_it_has_started(
    keys: list[str], expected: str
) -> None:
    backend = SlowBackend()
    async with make_app(backend).run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "starting the demo cluster" in screen_text(pilot.app))
        await pilot.press(*keys)
        await until(pilot, lambda: "typed ahead" in screen_text(pilot.app))
        backend.ready.set()
        await until(pilot, lambda: expected in screen_text(pilot.app))
        await until(pilot, lambda: "typed ahead" not in screen_text(pilot.app))


async def test_what_was_typed_ahead_of_a_kubeconfig_that_is_broken_still_leaves() -> None:
    backend = SlowBackend()
    backend.problem = "There is no kubeconfig: /x does not exist"
    async with make_app(backend).run_test() as pilot:
        await until(pilot, lambda: "starting the demo cluster" in screen_text(pilot.app))
        await pilot.press(*":q", "enter")
        backend.ready.set()
        await until(pilot, lambda: not pilot.app.is_running)


async def test_ctrl_c_waits_for_nothing() -> None:
    async with make_app(SlowBackend()).run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "starting the demo cluster" in screen_text(pilot.app))
        await pilot.press("d", "ctrl+c")
        await until(pilot, lambda: pilot.app.session.stage is Stage.CANCELLED)  # type: ignore[attr-defined]


async def test_what_is_typed_right_after_s_is_for_the_shell() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press(*"sls -l", "ctrl+d", "enter")
        await until(pilot, lambda: cluster.shells.programs, "a shell")
        program = cluster.shells.programs[0]
        await until(pilot, lambda: program.typed == b"ls -l\x04\r", "all of it, in its order")
        await pilot.press("x")
        await until(pilot, lambda: program.typed.endswith(b"x"))


@pytest.mark.parametrize("key", ["s", "x", "a", "D"])
async def test_a_shell_on_its_way_is_told_and_esc_gives_it_up(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, cluster = shell_app()
    answers = asyncio.Event()
    request = cluster.shells.request

    async def slow(*arguments: Any, **options: Any) -> Any:
        await answers.wait()
        return await request(*arguments, **options)

    monkeypatch.setattr(cluster.shells, "request", slow)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press(key)
        await until(pilot, lambda: "reading pod web-a  esc gives up" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "esc gives up" not in screen_text(app))
        answers.set()
        await pilot.press("d")
        await until(pilot, lambda: "describe(shop)" in screen_text(app), "what comes next is for the row")
        assert not app.shells.all
        assert app.screen is app.main


async def test_what_was_typed_for_a_shell_that_is_refused_does_nothing_to_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, cluster = shell_app()
    answers = asyncio.Event()

    async def request(*_: Any, **__: Any) -> Any:
        await answers.wait()
        raise ApiError(500, "InternalError", "no pods today")

    monkeypatch.setattr(cluster.shells, "request", request)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        row = app.main.place().object
        await pilot.press("s", "j", "j", "ctrl+d")
        await until(pilot, lambda: "typed ahead" in screen_text(app))
        answers.set()
        await until(pilot, lambda: "was dropped" in said(app), "a word about it")
        await until(pilot, lambda: "typed ahead" not in screen_text(app))
        assert app.main.place().object == row
        assert app.screen is app.main
        await pilot.press("j")
        await until(pilot, lambda: app.main.place().object != row, "the next key is the table's")


async def test_a_dialog_on_the_way_to_a_shell_takes_what_is_typed_for_it_and_the_shell_the_rest() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, "two-0")
        for key in ("s", "down", "enter", "l", "s", "enter"):
            app.post_message(events.Key(key, {"enter": "\r"}.get(key, key if len(key) == 1 else None)))
        await until(pilot, lambda: cluster.shells.programs, "a shell")
        program = cluster.shells.programs[0]
        await until(pilot, lambda: program.typed == b"ls\r", "all of it, in its order")
        assert program.params["container"] == "side"


async def test_a_dialog_on_the_way_to_a_shell_has_the_keys_and_given_up_it_leaves_them_to_the_table() -> None:
    app, _cluster = shell_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, "two-0")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        row = app.main.place().object
        await pilot.press("k")
        await until(pilot, lambda: app.main.place().object != row)


class SlowReading:
    """A server that takes its time over what a dialog is about."""

    def __init__(self) -> None:
        self.world: Any = operations_rig.cluster()
        self.answers = asyncio.Event()
        request = self.world.connection.request

        async def slow(method: str, path: str, **options: Any) -> Any:
            await self.answers.wait()
            return await request(method, path, **options)

        self.world.connection.request = slow

    async def at_once(self, pilot: Pilot[None], *keys: str) -> K8stuiApp:
        """The cursor is on a Deployment, and these keys are typed in one go."""
        app: K8stuiApp = await operations_rig.at(pilot, "web")
        for key in keys:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: "reading deployment shop/web" in screen_text(app), "what is waited for")
        return app


async def test_what_is_typed_for_a_dialog_that_is_on_its_way_is_for_the_dialog() -> None:
    server = SlowReading()
    async with make_app(FakeBackend(server.world), kind="deploy").run_test(size=(120, 40)) as pilot:
        app = await server.at_once(pilot, "s", "7")
        assert "typed ahead 7" in screen_text(app)
        server.answers.set()
        await until(pilot, lambda: "replicas 3 → 7" in screen_text(app), "the dialog has the digit")
        assert app.session.namespaces == (), "the digit was not for the namespaces"


async def test_esc_gives_up_a_dialog_that_is_on_its_way() -> None:
    server = SlowReading()
    async with make_app(FakeBackend(server.world), kind="deploy").run_test(size=(120, 40)) as pilot:
        app = await server.at_once(pilot, "s", "y")
        await pilot.press("escape")
        await until(pilot, lambda: "reading deployment" not in screen_text(app))
        server.answers.set()
        await pilot.press("d")
        await until(pilot, lambda: "describe(shop)" in screen_text(app), "what comes next is for the row")
        assert app.screen is app.main


async def test_what_was_typed_for_a_dialog_that_did_not_come_does_nothing() -> None:
    server = SlowReading()
    server.world.connection.refused["/scale"] = ApiError(403, "Forbidden", "nobody may")
    async with make_app(FakeBackend(server.world), kind="deploy").run_test(size=(120, 40)) as pilot:
        app = await server.at_once(pilot, "s", "y")
        server.answers.set()
        await until(pilot, lambda: "nobody may" in operations_rig.notes(app).lower(), "said")
        await until(pilot, lambda: "typed ahead" not in screen_text(app))
        assert app.main.place().view_type == "table"
