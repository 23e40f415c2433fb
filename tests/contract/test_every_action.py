"""Every action that changes something: by which tests it is carried out, and refused, on either cluster.

And some of them as the user does them, with the screen between: on a kind that comes while the program runs.
"""

from __future__ import annotations

import asyncio
import importlib
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube import editing
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.connection.client import Connection
from k8stui.kube.errors import ApiError
from k8stui.ui.backend import RealBackend
from k8stui.ui.dialogs.edit_forms import CreateForm
from k8stui.ui.dialogs.edit_review import ReviewDialog
from k8stui.ui.entries import all_actions
from k8stui.ui.rights import changes
from tests.ui.editing_rig import editor, put
from tests.ui.fakes import make_app, screen_text, until
from tests.ui.operations_rig import asked, at, done

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from .conftest import Admin, Target

FORBIDDEN = "test_operations.test_every_operation_is_forbidden_to_who_may_only_look"
EDIT = "test_editing.test_an_edit_changes_just_its_field"
NO_EDIT = "test_editing.test_who_may_not_edit_is_told_so"
HERE = "test_every_action.test_a_kind_that_comes_while_the_program_runs_is_edited_and_scaled"
CREATED = "test_every_action.test_a_service_is_made_by_a_form"
SHELL = "test_shells.test_a_shell_with_a_terminal_follows_the_size_of_its_pane"
ATTACH = "test_shells.test_attach_and_reattach_to_a_terminal"
NO_SHELL = "test_shells.test_without_the_right_the_right_is_named"
DEBUG = "test_debugging.test_a_shell_beside_an_image_without_one"
NO_DEBUG = "test_debugging.test_what_is_missing_is_named_beforehand"
OPERATIONS = {
    "delete": "test_what_a_finalizer_holds_is_released",
    "kill": "test_five_hundred_marked_pods_go_ten_at_a_time_and_can_be_stopped",
    "evict": "test_an_eviction_that_a_budget_refuses_is_said_in_words_and_done_when_it_may_be",
    "scale": "test_scaling_and_back",
    "restart": "test_a_rollout_is_watched_to_its_end_to_a_stuck_end_and_undone",
    "rollout-undo": "test_stateful_sets_go_back_to_a_revision",
    "rollback": "test_a_rollout_is_watched_to_its_end_to_a_stuck_end_and_undone",
    "pause": "test_pause_resume_images_resources",
    "resume": "test_pause_resume_images_resources",
    "image": "test_a_rollout_is_watched_to_its_end_to_a_stuck_end_and_undone",
    "resources": "test_pause_resume_images_resources",
    "resize": "test_a_pod_is_resized_where_the_server_can",
    "drain": "test_a_node_is_drained_when_its_pods_are_gone",
    "cordon": "test_nodes_are_cordoned_tainted_and_as_before",
    "uncordon": "test_nodes_are_cordoned_tainted_and_as_before",
    "taint": "test_nodes_are_cordoned_tainted_and_as_before",
    "trigger": "test_jobs_are_triggered_suspended_and_run_again",
    "suspend": "test_jobs_are_triggered_suspended_and_run_again",
    "rerun": "test_jobs_are_triggered_suspended_and_run_again",
    "labels": "test_labels_and_annotations_and_back",
    "annotations": "test_labels_and_annotations_and_back",
    "expand": "test_storage",
    "default-class": "test_storage",
    "reclaim": "test_storage",
    "approve": "test_certificate_requests_are_approved_and_denied",
    "deny": "test_certificate_requests_are_approved_and_denied",
    "undo": "test_what_somebody_changed_since_is_not_undone",
}
TESTS: dict[str, tuple[str, str]] = {
    **{f"operation.{name}": (f"test_operations.{test}", FORBIDDEN) for name, test in OPERATIONS.items()},
    "shell.open": (SHELL, NO_SHELL),
    "shell.attach": (ATTACH, NO_SHELL),
    "shell.command": ("test_shells.test_run_once_keeps_the_output_and_the_code", NO_SHELL),
    "anatomy.shell": (SHELL, NO_SHELL),
    "anatomy.attach": (ATTACH, NO_SHELL),
    "anatomy.debug": (DEBUG, NO_DEBUG),
    "debug.pod": (DEBUG, NO_DEBUG),
    "debug.node": ("test_debugging.test_a_node", NO_DEBUG),
    "forward.open": (
        "test_portforward.test_ten_megabytes_come_back_whole",
        "test_portforward.test_who_may_not_forward_is_told_so",
    ),
    "row.edit": (HERE, NO_EDIT),
    "row.edit-outside": (EDIT, NO_EDIT),
    "row.edit-status": ("test_editing.test_a_node_advertises_an_extended_resource_by_its_status", NO_EDIT),
    "row.edit-scale": ("test_editing.test_scale_is_edited_by_its_subresource", NO_EDIT),
    "edit.save": (HERE, NO_EDIT),
    "edit.create": (CREATED, "test_every_action.test_who_may_not_create_is_told_so"),
    "row.expose": (CREATED, "test_every_action.test_who_may_not_create_is_told_so"),
    "edit.apply": (
        "test_editing.test_apply_takes_away_what_it_had_applied_and_leaves_the_rest",
        "test_every_action.test_who_may_not_create_is_told_so",
    ),
}
"""By action: the tests in which what it does is done, and forbidden."""


def test_every_action_that_changes_something_is_tested_on_either_cluster() -> None:
    assert set(TESTS) == {action.id for action in all_actions() if changes(action)}
    for tests in TESTS.values():
        for name in tests:
            module, _, function = name.partition(".")
            found = importlib.import_module(f"tests.contract.{module}")
            assert callable(getattr(found, function)), name


# With the screen between


@pytest.fixture
async def program(
    cluster_under_test: Target, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pilot[None]]:
    """The program on the cluster, looking at the namespace's configmaps."""
    monkeypatch.setattr("k8stui.kube.cluster.DEFINITIONS_AFTER", 0.0)
    monkeypatch.setattr("k8stui.kube.cluster.SETTLE", 0.1)
    backend: Any = RealBackend(cluster_under_test.kubeconfig)
    app = make_app(backend, kind="configmaps", namespaces=(namespace,))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(
            pilot, lambda: "configmaps" in screen_text(app) and "live" in screen_text(app), "a cluster"
        )
        yield pilot


def widgets(group: str) -> dict[str, Any]:
    number = {"type": "integer"}
    spec = {"type": "object", "properties": {"size": {"type": "string"}, "replicas": number}}
    schema = {"type": "object", "properties": {"spec": spec}}
    paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{**version, "subresources": {"scale": paths}}],
        },
    }


async def reviewed(pilot: Pilot[None]) -> None:
    """Save what is in the editor, after a look at the difference."""
    app: Any = pilot.app
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
    await pilot.press("ctrl+s")
    await until(pilot, lambda: app.screen is app.main and app.main.place().view_type == "table", "saved")


async def test_a_kind_that_comes_while_the_program_runs_is_edited_and_scaled(
    program: Pilot[None], admin: Admin, namespace: str
) -> None:
    app: Any = program.app
    group = f"k8stui-{secrets.token_hex(3)}.example.com"
    await admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widgets(group))
    name = f"widgets.{group}"
    await until(program, lambda: app.session.catalog.find(name) is not None, "the kind")
    path = f"/apis/{group}/v1/namespaces/{namespace}/widgets"
    body = {"apiVersion": f"{group}/v1", "kind": "Widget", "spec": {"size": "small", "replicas": 1}}
    async with asyncio.timeout(30):
        while True:  # the definition is there before its objects can be made
            try:
                await admin.create(path, {**body, "metadata": {"name": "one"}})
                break
            except ApiError:
                await asyncio.sleep(0.05)
    await app.navigator.run_line(name)
    await until(program, lambda: app.main.place().kind is not None and app.main.place().kind.name == name)
    await at(program, "one")

    await program.press("e")
    await until(program, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded, "an editor")
    put(app, "size: small", "size: large")
    await reviewed(program)
    assert (await admin.get(f"{path}/one"))["spec"] == {"size": "large", "replicas": 1}

    dialog: Any = await asked(program, "s")
    dialog.replicas.value = "4"
    await until(program, lambda: "replicas 1 → 4" in screen_text(app), "the plan")
    await program.press("ctrl+s")
    await done(program)
    assert (await admin.get(f"{path}/one"))["spec"] == {"size": "large", "replicas": 4}

    await asked(program, "U")
    assert "spec.replicas: 4 → 1" in screen_text(app)
    await program.press("y")
    await done(program)
    await asked(program, "U")
    assert "spec.size: large → small" in screen_text(app)
    await program.press("y")
    await done(program)
    assert (await admin.get(f"{path}/one"))["spec"] == {"size": "small", "replicas": 1}


async def test_a_service_is_made_by_a_form(program: Pilot[None], admin: Admin, namespace: str) -> None:
    app: Any = program.app
    labels = {"app": "web"}
    container = {"name": "c", "image": "x:1", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await admin.create(path, {"metadata": {"name": "web"}, "spec": spec})
    await app.navigator.run_line("deployments")
    await until(program, lambda: app.main.place().kind.plural == "deployments", "deployments")
    await at(program, "web")
    await app.navigator.run_line("expose")
    await until(program, lambda: isinstance(app.screen, CreateForm), "a form")
    await program.press("ctrl+s")
    await until(program, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded, "an editor")
    put(app, "port: 80", "port: 81")
    await reviewed(program)
    made = await admin.get(f"/api/v1/namespaces/{namespace}/services/web")
    assert made["spec"]["selector"] == labels
    assert made["spec"]["ports"][0]["port"] == 81


async def test_who_may_not_create_is_told_so(cluster_under_test: Target, namespace: str) -> None:
    kind = BUILTIN.get("", "services")
    assert kind is not None
    obj = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    async with Connection(cluster_under_test.user("viewer")) as connection:
        for write in (
            editing.create(connection, kind, namespace, obj),
            editing.apply(connection, kind, namespace, "web", obj),
        ):
            with pytest.raises(ApiError) as caught:
                await write
            assert caught.value.code == 403
