"""A switch in a dialog tells by its sign whether it is on."""

from __future__ import annotations

from textual.app import App, ComposeResult

from k8stui.ui.dialogs.base import Switch
from tests.ui.fakes import screen_text


class OneSwitch(App[None]):
    def compose(self) -> ComposeResult:
        yield Switch("keep labels")


async def test_the_sign_is_there_only_when_it_is_on() -> None:
    app = OneSwitch()
    async with app.run_test(size=(40, 5)) as pilot:
        assert "✔" not in screen_text(app)
        await pilot.press("space")
        assert "✔" in screen_text(app)
        await pilot.press("space")
        assert "✔" not in screen_text(app)
