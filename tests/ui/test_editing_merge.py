"""What a merge leaves in the buffer: what was typed, as it was typed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from k8stui.kube.drafts import DraftTarget
from k8stui.ui.dialogs.edit_conflicts import ConflictsDialog
from k8stui.ui.dialogs.edit_results import ResultsDialog
from k8stui.ui.dialogs.edit_review import ReviewDialog
from tests.ui.editing_rig import (
    SIZE,
    connection,
    deployments,
    editing,
    editing_two,
    editor,
    put,
    two_deployments,
    world,
)
from tests.ui.fakes import meta, screen_text, until

if TYPE_CHECKING:
    from textual.pilot import Pilot


async def reviewed_and_left(pilot: Pilot[None], app: Any) -> None:
    """Save, and go back to the text from the diff."""
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.main and not editor(app).busy, "the text")


async def test_a_merge_keeps_comments_and_layout() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "  replicas: 3", "  # for the sale\n  replicas:   5  # ask Ann")
        connection(app).change("deployments.apps", "web", {"metadata": {"labels": {"team": "shop"}}})
        await reviewed_and_left(pilot, app)
        content = editor(app).content
        assert "  # for the sale\n  replicas:   5  # ask Ann\n" in content
        assert "    team: shop\n" in content
        assert not editor(app).text.read_only


async def test_a_comment_that_a_merge_cannot_keep_is_named_before_anything_is_saved() -> None:
    app = deployments()
    async with app.run_test(size=(100, 30)) as pilot:
        await editing(pilot)
        put(
            app, "  labels:\n    app: web\n  name", "  labels: {app: web, # ask Ann\n    tier: front}\n  name"
        )
        connection(app).change("deployments.apps", "web", {"metadata": {"labels": {"team": "shop"}}})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        await until(pilot, lambda: "takes this comment out of the text" in screen_text(app), "the loss")
        assert "# ask Ann" in screen_text(app)
        assert all(params.get("dryRun") for _, _, params, _ in connection(app).sent)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and not editor(app).busy, "the text")
        assert "# ask Ann" not in editor(app).content
        await pilot.press("ctrl+z")
        assert "# ask Ann" in editor(app).content


async def test_a_field_decided_for_the_others_changes_its_value_alone() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "  replicas: 3", "  # for the sale\n  replicas: 5  # ask Ann")
        put(app, "image: shop/web:1", "image: shop/web:2")
        connection(app).change("deployments.apps", "web", {"spec": {"replicas": 7}})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictsDialog), "conflicts")
        await pilot.press("t", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert "  # for the sale\n  replicas: 7  # ask Ann\n" in editor(app).content
        assert "image: shop/web:2" in editor(app).content


async def test_a_secret_value_that_was_typed_outlives_a_merge() -> None:
    """It is no mask afterwards, which would mean the old value."""
    cluster = world()
    data = {"password": base64.b64encode(b"hunter2").decode(), "user": base64.b64encode(b"ann").decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta("db", "shop"), "data": data}
    cluster.world["secrets"] = [{**secret, "type": "Opaque"}]
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        kind = app.session.catalog.find("secrets")
        assert kind is not None
        await app.editing._edit(kind, [DraftTarget("secrets", "db", "shop", "uid")], "", external=False)
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        put(app, "password: '(masked: 7 bytes)'", "password: correct horse")
        connection(app).change("secrets", "db", {"metadata": {"labels": {"team": "shop"}}})
        await reviewed_and_left(pilot, app)
        assert "password: correct horse" in editor(app).content
        assert "user: '(masked: 3 bytes)'" in editor(app).content
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.main.place().view_type == "table")
        found = connection(app).find("secrets", "db")
        assert found is not None
        assert base64.b64decode(found["data"]["password"]) == b"correct horse"
        assert found["metadata"]["labels"]["team"] == "shop"


async def test_what_was_written_of_several_is_in_the_text_as_the_server_has_it() -> None:
    """The next save of the rest does not take back what others changed in it."""
    app = two_deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing_two(pilot)
        first, second = editor(app).content.split("---\n")
        first = first.replace("  replicas: 3", "  replicas: 4  # mine")
        editor(app).replace_text(f"{first}---\n{second.replace('replicas: 3', 'replicas: -1')}")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        connection(app).change("deployments.apps", "web", {"metadata": {"labels": {"team": "shop"}}})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ResultsDialog), "results")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and not editor(app).busy)
        assert "team: shop" in editor(app).content
        put(app, "replicas: -1", "replicas: 2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ResultsDialog), "results")
        await pilot.press("escape")
        await until(pilot, lambda: app.main.place().view_type == "table")
        web, zap = (connection(app).find("deployments.apps", name) for name in ("web", "zap"))
        assert web is not None
        assert zap is not None
        assert (web["spec"]["replicas"], web["metadata"]["labels"]["team"]) == (4, "shop")
        assert zap["spec"]["replicas"] == 2
