"""Editing in a pane: typed, checked, tried, shown as a diff, saved; merged where somebody was faster."""

from __future__ import annotations

import base64
import json
import stat
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ApiError, Cause, StatusDetails
from k8stui.ui.dialogs.edit_conflicts import ConflictsDialog
from k8stui.ui.dialogs.edit_results import ResultsDialog
from k8stui.ui.dialogs.edit_review import ReviewDialog
from k8stui.ui.spec import ViewType
from k8stui.ui.state import StateFile
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
    from pathlib import Path

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp


async def review(pilot: Pilot[None]) -> str:
    """Save; the text of the diff dialog."""
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReviewDialog), "a review")
    await pilot.pause()
    return screen_text(pilot.app)


def told(app: K8stuiApp, text: str) -> bool:
    """Whether it stands on the screen or was said in its corner."""
    return text in screen_text(app) or any(text in each.message for each in app._notifications)


async def back_in_table(pilot: Pilot[None], app: K8stuiApp) -> None:
    await until(pilot, lambda: app.main.place().view_type == "table", "the table")


# Accepted


async def test_an_edit_is_tried_shown_and_saved_with_the_version_that_was_read() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        assert "managedFields" not in editor(app).content
        assert "resourceVersion" not in editor(app).content
        lines = list(editor(app).text.lines)
        await pilot.press(*["down"] * lines.index("  replicas: 3"), "end", "backspace", "5")
        shown = await review(pilot)
        assert "spec.replicas" in shown
        assert "- 3" in shown
        assert "+ 5" in shown
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        sent = connection(app).sent
        assert [params.get("dryRun") for _, _, params, _ in sent] == ["All", None]
        assert all(params["fieldValidation"] == "Strict" for _, _, params, _ in sent)
        assert sent[-1][0] == "PATCH"
        changed = connection(app).find("deployments.apps", "web")
        assert changed is not None
        assert changed["spec"]["replicas"] == 5
        assert app.editing.store.all(app.session.state_key) == []


async def test_what_admission_changes_besides_and_warnings_are_shown() -> None:
    cluster = world()
    fake: Any = cluster.connection
    fake.warnings = ("spec.old is deprecated",)
    fake.admission = lambda obj: {**obj, "spec": {**obj["spec"], "paused": True}}
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 2")
        shown = await review(pilot)
        assert "The server changes besides" in shown
        assert "spec.paused" in shown
        assert "⚠ spec.old is deprecated" in shown
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert len(connection(app).sent) == 1, "nothing but the dry run was sent"


async def test_a_long_diff_is_read_on_by_keys_while_its_button_has_the_focus() -> None:
    app = deployments()
    async with app.run_test(size=(80, 24)) as pilot:
        await editing(pilot)
        labels = "".join(f"    label{number}: x\n" for number in range(40))
        put(app, "    app: web\n  name", f"    app: web\n{labels}  name")
        await review(pilot)
        assert "label39" not in screen_text(app)
        await pilot.press("pagedown", "end")
        await until(pilot, lambda: "label39" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: "label39" not in screen_text(app))


async def test_who_owns_the_object_is_told_before() -> None:
    cluster = world()
    web = cluster.world["deployments.apps"][0]
    web["metadata"]["annotations"] = {"meta.helm.sh/release-name": "shop"}
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 2")
        assert "⚠ Helm release shop owns this object" in await review(pilot)


async def test_nothing_is_sent_when_nothing_is_changed() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "kind: Deployment", "kind:   Deployment  # the same")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "Nothing is changed."))
        assert connection(app).sent == []


# Refused


async def test_fields_that_others_own_are_marked_on_their_lines_until_they_are_taken_over() -> None:
    cluster = world()
    fake: Any = cluster.connection
    owned = Cause("FieldManagerConflict", 'conflict with "hpa" using apps/v1', ".spec.replicas")

    def admission(obj: dict[str, Any]) -> dict[str, Any]:
        if fake.sent[-1][2]["force"] == "false":
            raise ApiError(409, "Conflict", "Apply failed", details=StatusDetails(causes=(owned,)))
        return obj

    fake.admission = admission
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 7\n"
        await app.editing.new_text("server-apply", "pasted", text)
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        assert "line 6: hpa owns spec.replicas" in await review(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and not editor(app).busy)
        assert list(editor(app).text.problems) == [5]
        assert editor(app).text.cursor_location[0] == 5
        assert "hpa owns spec.replicas, with another value." in screen_text(app)
        await review(pilot)
        await pilot.press("f")
        await back_in_table(pilot, app)
        assert connection(app).sent[-1][2]["force"] == "true"


async def test_a_refusal_stands_on_the_line_that_it_speaks_of() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: -1")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "must be greater than or equal to 0"))
        row = editor(app).text.cursor_location[0]
        assert editor(app).text.lines[row] == "  replicas: -1"
        assert row in editor(app).text.problems
        web = connection(app).find("deployments.apps", "web")
        assert web is not None
        assert web["spec"]["replicas"] == 3


async def test_admission_that_refuses_is_told_in_its_words_and_the_text_stays() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "    app: web\n  name", "    app: web\n    forbidden: x\n  name")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "no such label"))
        assert "forbidden: x" in editor(app).content


async def test_text_that_is_no_yaml_is_not_sent() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 3\n  - x")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "Not YAML"))
        assert connection(app).sent == []


async def test_a_text_that_does_not_say_what_it_is_is_marked_while_it_is_typed() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "apiVersion is missing" in screen_text(app))
        await until(pilot, lambda: "no schema to help" in screen_text(app))
        assert connection(app).sent == []


async def test_an_object_is_not_renamed_by_an_edit() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "  name: web\n  namespace", "  name: other\n  namespace")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "name was web"))


# Somebody was faster


async def test_changes_of_other_fields_are_merged() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        connection(app).change("deployments.apps", "web", {"metadata": {"labels": {"team": "shop"}}})
        shown = await review(pilot)
        assert "spec.replicas" in shown
        assert "labels.team" not in shown, "what somebody else changed is not mine to be shown"
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        web = connection(app).find("deployments.apps", "web")
        assert web is not None
        assert (web["spec"]["replicas"], web["metadata"]["labels"]["team"]) == (5, "shop")


async def test_a_conflict_is_decided_field_by_field() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        put(app, "image: shop/web:1", "image: shop/web:2")
        connection(app).change("deployments.apps", "web", {"spec": {"replicas": 7}})
        template = {"spec": {"containers": [{"name": "main", "image": "shop/web:9"}, {"name": "proxy"}]}}
        connection(app).change("deployments.apps", "web", {"spec": {"template": template}})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictsDialog), "conflicts")
        await pilot.pause()
        shown = screen_text(app)
        assert "spec.template.spec.containers[main].image" in shown
        await pilot.press("home")
        labels = [each.label for each in app.screen._met.conflicts]  # type: ignore[attr-defined]
        keys = ["m" if label == "spec.replicas" else "t" for label in labels]
        await pilot.press(*keys, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ReviewDialog), "a review")
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        web = connection(app).find("deployments.apps", "web")
        assert web is not None
        images = [each.get("image") for each in web["spec"]["template"]["spec"]["containers"]]
        assert (web["spec"]["replicas"], images) == (5, ["shop/web:9", None])


async def test_a_change_between_try_and_save_is_merged_too() -> None:
    cluster = world()
    fake: Any = cluster.connection
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")

        def once() -> None:
            fake.before_write = lambda: None
            fake.change("deployments.apps", "web", {"metadata": {"labels": {"team": "shop"}}})

        fake.before_write = once
        await review(pilot)
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        web = fake.find("deployments.apps", "web")
        assert (web["spec"]["replicas"], web["metadata"]["labels"].get("team")) == (5, "shop")


# Drafts


async def test_a_server_that_is_gone_costs_no_draft_and_it_is_applied_later(tmp_path: Path) -> None:
    cluster = world()
    fake: Any = cluster.connection
    app = deployments(cluster, state=StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        fake.down = True
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(app, "The draft is kept."))
        files = list((tmp_path / "drafts").glob("*.json"))
    files = list((tmp_path / "drafts").glob("*.json"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    # the program has ended; another one begins
    fake.down = False
    app = deployments(cluster, state=StateFile(tmp_path / "other"))
    app.editing.store._folder = tmp_path / "drafts"
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: told(app, "draft of an edit is kept"))
        await until(pilot, lambda: app.main.place().objects)
        await pilot.press("e")
        await until(pilot, lambda: "Go on with the draft" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        assert "replicas: 5" in editor(app).content
        await review(pilot)
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        assert fake.find("deployments.apps", "web")["spec"]["replicas"] == 5
        assert list((tmp_path / "drafts").glob("*.json")) == []


async def test_esc_keeps_the_draft_and_a_draft_can_be_thrown_away(tmp_path: Path) -> None:
    app = deployments(state=StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await editing(pilot)
        put(app, "replicas: 3", "replicas: 5")
        await pilot.press("escape")
        await back_in_table(pilot, app)
        assert len(app.editing.store.all("prod")) == 1
        await pilot.press(*":drafts", "enter")
        await until(pilot, lambda: "edit deployment web" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        await until(pilot, lambda: "draft kept" in screen_text(app).split("\n")[1], "the title says so")
        await pilot.press("alt+x")
        await back_in_table(pilot, app)
        assert app.editing.store.all("prod") == []


async def test_an_editor_with_a_draft_is_there_again_and_one_that_nobody_touched_is_not(
    tmp_path: Path,
) -> None:
    for changed in (False, True):
        app = deployments(state=StateFile(tmp_path))
        async with app.run_test(size=SIZE) as pilot:
            await editing(pilot)
            if changed:
                put(app, "replicas: 3", "replicas: 5")
            saved = app.main.workspace.saved()
            shown, before = saved.panes[saved.focused].spec, saved.panes[saved.focused].past
            if changed:
                assert (shown.view, before[-1].kind) == (ViewType.EDITOR, "deployments")
            else:
                assert (shown.view, shown.kind) == (ViewType.TABLE, "deployments")


# Secrets

BINARY = base64.b64encode(bytes(range(256))).decode()
ODD = "aHVudGVyMg="  # not as Python pads it, but kept so by the server


def secret_world() -> Any:
    cluster = world()
    cluster.world["secrets"] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta("db", "shop"),
            "type": "Opaque",
            "data": {
                "blob": BINARY,
                "password": base64.b64encode(b"hunter2").decode(),
                "user": base64.b64encode(b"admin").decode(),
            },
        }
    ]
    return cluster


async def open_secret(pilot: Pilot[None], app: Any) -> None:
    from k8stui.kube.drafts import DraftTarget

    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
    kind = app.session.catalog.find("secrets")
    await app.editing._edit(kind, [DraftTarget("secrets", "db", "shop", "uid-shop-db")], "", external=False)
    await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)


async def test_a_secret_is_masked_until_asked_and_binary_stays_to_the_byte(tmp_path: Path) -> None:
    cluster = secret_world()
    app = deployments(cluster, state=StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await open_secret(pilot, app)
        assert "hunter2" not in editor(app).content
        assert "password: '(masked: 7 bytes)'" in editor(app).content
        put(app, "password: '(masked: 7 bytes)'", "password: correct horse")
        shown = await review(pilot)
        assert "(masked: 13 bytes)" in shown
        assert "correct horse" not in shown.partition("Save Secret")[2].partition("╰")[0]
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        data = connection(app).find("secrets", "db")["data"]  # type: ignore[index]
        assert base64.b64decode(data["password"]) == b"correct horse"
        assert data["blob"] == BINARY
        assert data["user"] == base64.b64encode(b"admin").decode()


async def test_no_value_of_a_secret_that_nobody_typed_is_on_the_disk(tmp_path: Path) -> None:
    cluster = secret_world()
    app = deployments(cluster, state=StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await open_secret(pilot, app)
        lines = list(editor(app).text.lines)
        row = next(at for at, line in enumerate(lines) if line.startswith("  password"))
        editor(app).text.move_cursor((row, 0))
        await pilot.press("alt+r")
        await until(pilot, lambda: "  password: hunter2" in editor(app).text.lines)
        put(app, "user: '(masked: 5 bytes)'", "user: root")
        await pilot.press("escape")
        await back_in_table(pilot, app)
        (path,) = (tmp_path / "drafts").glob("*.json")
        text = path.read_text()
        assert "hunter2" not in text
        assert base64.b64encode(b"hunter2").decode() not in text
        assert BINARY not in text
        assert "user: root" in json.loads(text)["text"]
        # and it goes on from there
        await app.editing.open(app.editing.store.all("prod")[0])
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        assert "password: '(masked: 7 bytes)'" in editor(app).content
        await review(pilot)
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        data = connection(app).find("secrets", "db")["data"]  # type: ignore[index]
        assert [base64.b64decode(data[key]) for key in ("password", "user")] == [b"hunter2", b"root"]


# Creating and applying


async def test_a_file_with_one_bad_document_is_applied_but_for_that_one(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: shop\ndata:\n  a: b\n"
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: bad\n  namespace: shop\n"
        "spec:\n  replicas: -1\n"
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n  namespace: shop\n"
    )
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        await app.navigator.run_line(f"apply {path}")
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        shown = await review(pilot)
        assert "Apply 2 of 3" in shown
        assert "must be greater than or equal to 0" in shown
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ResultsDialog), "results")
        await pilot.pause()
        shown = screen_text(app)
        assert "2 of 3 written" in shown
        assert "✓ ConfigMap shop/one: Created." in shown
        assert "✗ Deployment shop/bad" in shown
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert connection(app).find("configmaps", "two") is not None
        assert connection(app).find("deployments.apps", "bad") is None
        last = connection(app).find("configmaps", "one")["metadata"]["annotations"]  # type: ignore[index]
        assert '"a":"b"' in last["kubectl.kubernetes.io/last-applied-configuration"]


async def test_applying_again_removes_what_was_applied_before_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: shop\ndata:\n"
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        for text in (head + "  a: b\n  c: d\n", head + "  a: x\n"):
            path.write_text(text)
            await app.navigator.run_line(f"apply {path}")
            await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
            await review(pilot)
            await pilot.press("ctrl+s")
            await back_in_table(pilot, app)
            connection(app).change("configmaps", "one", {"data": {"mine": "1"}})
        found = connection(app).find("configmaps", "one")
        assert found is not None
        assert found["data"] == {"a": "x", "mine": "1"}


async def test_create_opens_a_template_and_creates_it() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        await pilot.press(*":create configmap", "enter")
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        put(app, "name: example", "name: fresh")
        await review(pilot)
        await pilot.press("ctrl+s")
        await back_in_table(pilot, app)
        assert connection(app).find("configmaps", "fresh") is not None


async def test_a_form_makes_the_text_of_an_editor() -> None:
    app = deployments()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        await pilot.press("+")
        await until(pilot, lambda: "Create what?" in screen_text(app))
        await pilot.press(*"run a pod", "enter")
        await until(pilot, lambda: "image" in screen_text(app) and "To the editor" in screen_text(app))
        await pilot.press(*"box", "enter", "enter", *"busybox:1.36", "ctrl+s")
        await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
        assert "image: busybox:1.36" in editor(app).content
        assert "namespace: shop" in editor(app).content


async def test_several_marked_rows_are_one_buffer() -> None:
    app = two_deployments()
    async with app.run_test(size=SIZE) as pilot:
        await editing_two(pilot)
        assert editor(app).content.count("---") == 1
        editor(app).replace_text(editor(app).content.replace("replicas: 3", "replicas: 4"))
        shown = await review(pilot)
        assert "Save 2 of 2" in shown
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ResultsDialog), "results")
        await pilot.press("escape")
        await back_in_table(pilot, app)
        fake = connection(app)
        assert [fake.find("deployments.apps", name)["spec"]["replicas"] for name in ("web", "zap")] == [4, 4]  # type: ignore[index]
