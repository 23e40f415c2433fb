"""Keys typed before the cluster is there: none is lost, all do what they would have done a moment later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from k8stui.ui.session import Stage
from tests.ui.fakes import FakeBackend, make_app, screen_text, until

if TYPE_CHECKING:
    from collections.abc import Callable

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
