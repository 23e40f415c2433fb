"""A save that is given up while it tries or waits: what was written is told, the rest stays in the draft."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import structs

from k8stui.kube.catalog import Catalog
from k8stui.ui.dialogs.edit_results import ResultsDialog
from tests.ui.editing_rig import SIZE, deployments, editing, editor, put, world
from tests.ui.fakes import screen_text, until
from tests.ui.test_editing import review, told

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - {name: v1, served: true, storage: true}
---
apiVersion: example.com/v1
kind: Widget
metadata:
  name: first
"""


async def test_who_does_not_wait_for_a_kind_to_be_served_keeps_the_rest_in_the_draft() -> None:
    cluster = world()
    ours = {kind.name: kind for kind in cluster.catalog.kinds}
    definitions = structs.replace(
        ours["nodes"],
        group="apiextensions.k8s.io",
        kind="CustomResourceDefinition",
        plural="customresourcedefinitions",
        singular="customresourcedefinition",
        short_names=("crd",),
    )
    cluster.catalog = Catalog([*ours.values(), definitions])
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        await app.editing.new_text("apply", "pasted", DEFINITION)
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        assert "Tried when CustomResourceDefinition widgets.example.com is there" in await review(pilot)
        await pilot.press("ctrl+s")
        await until(
            pilot, lambda: "waiting for widgets.example.com, 1 of 30 s, esc stops" in screen_text(app)
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ResultsDialog), "results")
        await until(pilot, lambda: "1 of 2 written" in screen_text(app))
        assert "Not written: you did not wait for CustomResourceDefinition" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and not editor(app).busy)
        assert "kind: Widget" in editor(app).content
        assert not editor(app).text.read_only
        assert len(app.editing.store.all(app.session.state_key)) == 1


async def test_a_try_that_the_server_does_not_answer_is_given_up() -> None:
    cluster = world()
    fake: Any = cluster.connection
    never, answers = asyncio.Event(), fake.request

    async def hangs(method: str, path: str, **options: Any) -> Any:
        if method == "PATCH":
            await never.wait()
        return await answers(method, path, **options)

    fake.request = hangs
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: editor(app).busy == "trying")
        await pilot.press("escape")
        await until(pilot, lambda: told(app, "Given up: nothing more is written, and the draft is kept."))
        await until(pilot, lambda: not editor(app).busy)
        assert "replicas: 2" in editor(app).content
        assert fake.sent == []
