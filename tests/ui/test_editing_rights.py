"""Who may not: editing and creating say so before anything opens, and a read-only session sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.access import Permission
from k8stui.ui.commands import CommandError
from k8stui.ui.dialogs.edit_forms import FORMS, MADE, open_form
from k8stui.ui.editing.flow import save
from k8stui.ui.entries.editing import ACTIONS
from k8stui.ui.rights import READ_ONLY
from k8stui.ui.state import StateFile
from tests.ui.editing_rig import SIZE, connection, deployments, editing, editor, put, world
from tests.ui.fakes import until

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp


class Allowed:
    """Access reviews by shape: what is listed is allowed, by verb, kind and name. Nothing is known before."""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed

    async def can(
        self, verb: str, kind: Any, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Permission:
        what = f"{verb} {kind.plural}{'/' if subresource else ''}{subresource} {name}".rstrip()
        return Permission(allowed=what in self._allowed)

    def known(self, *_: Any, **__: Any) -> None:
        return None


def limited(*allowed: str) -> K8stuiApp:
    cluster: Any = world()
    cluster.access = Allowed(*allowed)
    return deployments(cluster)


async def table(pilot: Pilot[None]) -> Any:
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "a row")
    return app


def said(app: K8stuiApp) -> str:
    return " ".join(each.message for each in app._notifications)


async def test_who_may_not_patch_is_told_so_when_nobody_has_asked_yet() -> None:
    async with limited().run_test(size=SIZE) as pilot:
        app = await table(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "You may not patch deployments.apps in namespace shop." in said(app))
        assert app.main.place().view_type == "table"
        assert app.editing.store.all(app.session.state_key) == []


async def test_who_may_patch_one_object_by_its_name_edits_it() -> None:
    async with limited("patch deployments web").run_test(size=SIZE) as pilot:
        await editing(pilot)


@pytest.mark.parametrize("form", FORMS)
async def test_who_may_not_create_is_told_so_before_a_form_opens(form: str) -> None:
    assert MADE.keys() == FORMS.keys()
    async with limited().run_test(size=SIZE) as pilot:
        app = await table(pilot)
        open_form(app, form)
        await until(pilot, lambda: f"You may not create {MADE[form]}" in said(app), form)
        assert app.screen is app.main


async def test_who_may_not_create_a_kind_is_told_so() -> None:
    async with limited().run_test(size=SIZE) as pilot:
        app = await table(pilot)
        await app.navigator.run_line("create configmap")
        await until(pilot, lambda: "You may not create configmaps in namespace shop." in said(app))


HARMLESS = {
    "edit.drafts",
    "edit.complete",
    "edit.next-problem",
    "edit.find",
    "edit.find-next",
    "edit.reveal",
    "edit.outside",
    "edit.server-side",
    "edit.discard",
}
"""What changes a text or nothing. All other actions of editing are refused by a read-only session."""


async def test_a_read_only_session_refuses_each_way_to_change_something(tmp_path: Path) -> None:
    cluster = world()
    app = deployments(cluster, state=StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:  # a draft from before
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        await pilot.press("escape")
    app = deployments(cluster, state=StateFile(tmp_path), readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        await table(pilot)
        place = app.main.place()
        refused = {action.id for action in ACTIONS if app.main.rights.refusal(action, place) == READ_ONLY}
        assert refused == {action.id for action in ACTIONS} - HARMLESS
        for line in ("apply", "apply x.yaml", "create", "create configmap"):
            with pytest.raises(CommandError, match="Read-only"):
                await app.navigator.run_line(line)
        # a draft can be read on
        await app.editing.open(app.editing.store.all(app.session.state_key)[0])
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: READ_ONLY in said(app))
        # and if it got past the registry, the connection would refuse it
        fake = connection(app)
        fake.readonly = True
        await save(editor(app))
        await until(pilot, lambda: "The draft is kept." in said(app))
        assert fake.sent == []
        assert len(app.editing.store.all(app.session.state_key)) == 1
