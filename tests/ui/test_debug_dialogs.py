"""Debugging: what would be created is shown before it is, how it goes is said, what is left is cleaned up."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from k8stui.settings import Settings, ShellSettings
from k8stui.ui.dialogs.choose import ChooseDialog
from k8stui.ui.dialogs.debug_created import CreatedDialog
from k8stui.ui.dialogs.debug_kinds import CopyDialog, EphemeralDialog, NodeDialog
from k8stui.ui.dialogs.debug_progress import ProgressDialog
from k8stui.ui.dialogs.shell_output import OutputDialog
from k8stui.ui.state import StateFile
from tests.ui.fakes import pod, screen_text, until
from tests.ui.shells_rig import ShellCluster, go_to, opened, ready, said, shell_app, terminal_text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

SIZE = (120, 50)
PREFIX = "ctrl+right_square_bracket"


def shows(app: Any, words: str) -> bool:
    return words in screen_text(app)


def writes(cluster: ShellCluster) -> list[tuple[str, str, Any]]:
    return [request for request in cluster.shells.requests if request[0] != "GET"]


async def ask(pilot: Pilot[None], name: str = "web-a") -> Any:
    """shift-d on a pod."""
    app: Any = await ready(pilot)
    await go_to(pilot, name)
    await pilot.press("D")
    await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "how to debug")
    return app


async def form(pilot: Pilot[None], downs: int = 0, name: str = "web-a") -> Any:
    """A debug form, its preview shown."""
    app = await ask(pilot, name)
    await pilot.press(*["down"] * downs, "enter")
    await until(pilot, lambda: isinstance(app.screen, EphemeralDialog | CopyDialog), "the form")
    await until(pilot, lambda: app.screen.plan is not None, "a plan")
    return app


async def test_an_ephemeral_container_is_shown_created_and_joined() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        text = screen_text(app)
        for words in ("# Add the ephemeral container", "image: busybox", "targetContainerName: main"):
            assert words in text
        assert "cannot be removed" in text
        assert not writes(cluster)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs, "attached")
        ((method, path, body),) = writes(cluster)
        assert method == "PATCH"
        assert path.endswith("/pods/web-a/ephemeralcontainers")
        assert body["spec"]["ephemeralContainers"][0]["image"] == "busybox"
        assert cluster.shells.programs[0].path.endswith("/attach")
        await pilot.press("enter")
        await until(
            pilot, lambda: terminal_text(app).strip().endswith("$")
        )  # behind a hint, on a slow machine


async def test_every_field_is_in_the_preview() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        dialog: Any = app.screen
        dialog.image.value = "nicolaka/netshoot"
        dialog.pull.value = "Never"
        dialog.target.value = "-"
        dialog.profile.value = "netadmin"
        dialog.command.value = "sh -c 'sleep 1'"
        dialog.environment.value = "A=1 'B=x y'"
        dialog.custom.text = "securityContext: {runAsUser: 7}"
        await until(pilot, lambda: "runAsUser: 7" in screen_text(app))
        container = dialog.make_plan().manifests[0]["spec"]["ephemeralContainers"][0]
        assert container["image"] == "nicolaka/netshoot"
        assert container["imagePullPolicy"] == "Never"
        assert container["command"] == ["sh", "-c", "sleep 1"]
        assert container["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "x y"}]
        assert container["securityContext"]["capabilities"] == {"add": ["NET_ADMIN", "NET_RAW"]}
        assert container["securityContext"]["runAsUser"] == 7
        assert "targetContainerName" not in container
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert not writes(cluster)


async def test_a_field_that_is_wrong_is_said_and_nothing_can_be_created() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        dialog: Any = app.screen
        for field, text, words in (
            ("environment", "A", "'A' in the environment is not NAME=value"),
            ("command", "'open", "A quote in the command is not closed"),
            ("custom", "image: x", "must not set image"),
            ("custom", "- 1", "A custom profile is a part of a container"),
            ("image", "", "An image is needed"),
        ):
            widget = getattr(dialog, field)
            name = "text" if field == "custom" else "value"
            before = getattr(widget, name)
            setattr(widget, name, text)
            await until(pilot, partial(shows, app, words), words)
            await pilot.press("ctrl+s")
            setattr(widget, name, before)
        assert not writes(cluster)


async def test_images_come_from_the_history_and_the_settings() -> None:
    settings = Settings(shells=ShellSettings(debug_images=("own/tools", "busybox")))
    app, cluster = shell_app(settings)
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        dialog: Any = app.screen
        assert dialog.image.value == "own/tools"
        await pilot.press("down")
        assert dialog.image.value == "busybox"
        await until(pilot, lambda: "image: busybox" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs)
        assert app.shells.memory.images == ("busybox",)


async def test_a_bad_image_is_an_error_in_words() -> None:
    app, cluster = shell_app(Settings(shells=ShellSettings(debug_images=("no/such",))))
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ProgressDialog))
        await until(pilot, lambda: "InvalidImageName: no such image" in screen_text(app))
        await until(pilot, lambda: "check the image's name" in screen_text(app).replace("\n", " "))
        assert screen_text(app).count("InvalidImageName") == 1
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert not cluster.shells.programs


async def test_a_server_that_allows_no_security_context_is_asked_for_none() -> None:
    app, cluster = shell_app()
    cluster.version = "v1.20.2"
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        dialog: Any = app.screen
        assert any("The profile general has no effect" in note for note in dialog.plan.notes)
        assert "securityContext" not in str(dialog.plan.manifests)


async def test_waiting_can_be_given_up_and_the_program_goes_on() -> None:
    app, _ = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        answers: list[object] = []
        ended = asyncio.Event()

        async def work(tell: object) -> Any:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def ask() -> None:
            answers.append(await app.push_screen_wait(ProgressDialog("Wait", work)))

        app.run_worker(ask(), exit_on_error=False)
        await until(pilot, lambda: "gives up waiting" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: answers == [None] and ended.is_set())
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not app.main)


async def test_a_container_that_has_ended_shows_its_logs() -> None:
    app, cluster = shell_app(Settings(shells=ShellSettings(debug_images=("short",))))
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, OutputDialog))
        await until(pilot, lambda: "last words" in screen_text(app))
        assert not cluster.shells.programs


async def test_containers_that_are_there_can_be_joined_again() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs and app.main.dock.has_keys)
        await pilot.press(PREFIX, "escape")
        await ask(pilot)
        await until(pilot, lambda: "reattach · busybox" in screen_text(app))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: len(cluster.shells.programs) == 2)
        assert len(writes(cluster)) == 1


async def test_a_pod_whose_containers_crash_can_be_debugged_in_place() -> None:
    app, cluster = shell_app()
    crashing = pod("crash", waiting="CrashLoopBackOff")
    cluster.world["pods"].append(crashing)
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot, name="crash")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs, "attached")
        ((_, path, _),) = writes(cluster)
        assert path.endswith("/pods/crash/ephemeralcontainers")


async def test_why_a_pod_takes_no_debug_container_is_said_in_the_list() -> None:
    app, cluster = shell_app()
    ended = pod("ended")
    ended["status"]["phase"] = "Succeeded"
    cluster.world["pods"].append(ended)
    async with app.run_test(size=SIZE) as pilot:
        await ask(pilot, "ended")
        await until(pilot, lambda: "no: the pod has ended (Succeeded)" in screen_text(app))
        await pilot.press("up", "enter")
        await until(pilot, lambda: "No debug container can be started there" in said(app))
        await ask(pilot, "ended")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CopyDialog), "what can be done has the cursor")


async def test_a_copy_of_a_pod() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot, 1)
        dialog: Any = app.screen
        assert isinstance(dialog, CopyDialog)
        dialog.images.value = "*=shop/main:2"
        dialog.add_debugger.value = False
        dialog.changed.value = "main"
        dialog.changed_command.value = "sleep infinity"
        dialog.labels.value = True
        await until(pilot, lambda: dialog.plan is not None and "services send requests" in screen_text(app))
        body = dialog.make_plan().manifests[0]
        assert body["metadata"]["name"] == "web-a-debug"
        assert body["spec"]["shareProcessNamespace"]
        assert body["spec"]["containers"][0]["image"] == "shop/main:2"
        assert body["spec"]["containers"][0]["command"] == ["sleep", "infinity"]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs)
        assert [request[0] for request in writes(cluster)] == ["POST"]
        # it has no terminal of its own: a shell beside its main process
        assert cluster.shells.programs[0].path.endswith("/web-a-debug/exec")


async def test_a_node_shell_and_its_clean_up(tmp_path: Path) -> None:
    app, cluster = shell_app(kind="nodes")
    app.shells._folder = tmp_path
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "worker-1")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, NodeDialog))
        await until(pilot, lambda: "mountPath: /host" in screen_text(app) or app.screen.plan)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: cluster.shells.programs, "attached")
        assert writes(cluster)[0][2]["spec"]["nodeName"] == "worker-1"
        await pilot.press(PREFIX, "escape", *":debug", "enter")
        await until(pilot, lambda: isinstance(app.screen, CreatedDialog))
        await until(pilot, lambda: "is there" in screen_text(app))
        await pilot.press("ctrl+k")
        await until(pilot, lambda: "was deleted" in screen_text(app))
        assert writes(cluster)[-1][0] == "DELETE"


async def test_missing_rights_are_named_in_the_form() -> None:
    app, cluster = shell_app()
    cluster.access.denied = {"patch pods/ephemeralcontainers"}
    async with app.run_test(size=SIZE) as pilot:
        await form(pilot)
        await until(pilot, lambda: "no right to patch pods/ephemeralcontainers" in screen_text(app))


async def test_readonly_refuses_before_anything_is_sent() -> None:
    app, cluster = shell_app(readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("D")
        await until(pilot, lambda: "Read-only" in said(app))
        assert not cluster.shells.requests


async def test_a_form_that_was_refused_shows_the_plan_and_creates_nothing() -> None:
    """Where the action is reached otherwise, the form itself refuses."""
    app, cluster = shell_app(readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        app.debugger.pod(app.opener.spot(app.main.place().object))
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EphemeralDialog))
        await until(pilot, lambda: "This session is read-only" in screen_text(app))
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, EphemeralDialog)
        assert not writes(cluster)


async def test_from_a_shell_that_ended_to_debugging_its_pod() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, cluster)
        await pilot.press(*"exit 1", "enter")
        await until(pilot, lambda: "exit code 1" in screen_text(app))
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        assert "Debug web-a" in screen_text(app)


async def test_nothing_created_is_said() -> None:
    app, _ = shell_app()
    app.state = StateFile(None)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press(*":debug", "enter")
        await until(pilot, lambda: "created nothing that is left" in said(app))
