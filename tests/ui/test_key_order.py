"""Keys that come in one go end where they were meant, in forms too: a fast hand, a paste without brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.widgets import Input

from k8stui.ui.dialogs.edit_forms import CreateForm, open_form
from tests.ui.fakes import screen_text, until
from tests.ui.operations_rig import asked
from tests.ui.test_operation_dialogs import pilot, table

if TYPE_CHECKING:
    from textual.pilot import Pilot

__all__ = ["pilot"]


def burst(app: Any, *keys: str) -> None:
    """Keys that the terminal had at once."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize("next_field", ["enter", "tab"])
async def test_what_is_typed_behind_enter_or_tab_goes_into_the_next_field(
    pilot: Pilot[None], next_field: str
) -> None:
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None)
    open_form(app, "run")
    await until(pilot, lambda: isinstance(app.screen, CreateForm) and isinstance(app.focused, Input))
    form = app.screen
    burst(app, *"web", next_field, *"2", next_field, *"nginx", next_field, *"sh", "shift+tab", *":1")
    wanted = ["web", "shop2", "nginx:1", "sh"]
    await until(pilot, lambda: [field.value for _, field in form._fields[:4]] == wanted, str(wanted))


async def test_what_is_typed_behind_the_end_of_a_dialog_goes_to_the_screen_below(pilot: Pilot[None]) -> None:
    app = await table(pilot, "pods", "web-a")
    await asked(pilot, line="labels")
    burst(app, *"team=a", "escape", *"?")
    await until(pilot, lambda: "Keys" in screen_text(app) and app.screen is not app.main, "help")
