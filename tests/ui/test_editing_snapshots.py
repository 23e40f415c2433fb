"""How the editor looks, and the diff before a save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.dialogs.edit_conflicts import ConflictsDialog
from k8stui.ui.dialogs.edit_review import ReviewDialog
from tests.ui.editing_rig import SIZE, connection, deployments, editing, editor, put, world
from tests.ui.fakes import screen_text, until

if TYPE_CHECKING:
    from textual.pilot import Pilot


def test_the_editor_with_a_list_of_fields(snap_compare: Any) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app = await editing(pilot)
        put(app, "  replicas: 3", "  replicas: three")
        await until(pilot, lambda: "1 line wrong" in screen_text(app))
        lines = list(editor(app).text.lines)
        editor(app).text.move_cursor((lines.index("        name: main"), 99))
        await pilot.press("end", "enter", *"res")
        await until(pilot, lambda: editor(app).popup.is_open, "completions")
        await until(pilot, lambda: "spec.template.spec.containers[]" in screen_text(app), "documentation")
        await pilot.pause(0.6)

    assert snap_compare(deployments(), terminal_size=SIZE, run_before=run)


def test_the_diff_before_a_save(snap_compare: Any) -> None:
    cluster = world()
    fake: Any = cluster.connection
    fake.warnings = ("spec.old is deprecated",)
    fake.admission = lambda obj: {**obj, "spec": {**obj["spec"], "paused": True}}
    web = cluster.world["deployments.apps"][0]
    web["metadata"]["annotations"] = {"meta.helm.sh/release-name": "shop"}

    async def run(pilot: Pilot[None]) -> None:
        app = await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        put(app, "image: envoy:1", "image: envoy:2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog))
        await pilot.pause(0.6)

    assert snap_compare(deployments(cluster), terminal_size=SIZE, run_before=run)


def test_fields_that_both_changed(snap_compare: Any) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app = await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        connection(app).change("deployments.apps", "web", {"spec": {"replicas": 7}})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictsDialog))
        await pilot.pause(0.6)

    assert snap_compare(deployments(), terminal_size=SIZE, run_before=run)
