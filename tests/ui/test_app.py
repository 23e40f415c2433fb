"""The program as a whole: starting on any cluster, saying what is wrong, leaving cleanly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from textual import events

from k8stui.kube.access import Permission, Rules
from k8stui.kube.health import Health, Status
from k8stui.settings import ContextSettings, Settings
from k8stui.ui.commands import VERB_HELP
from k8stui.ui.dialogs.choose import ChooseDialog
from k8stui.ui.dialogs.help import HelpDialog, HelpText
from k8stui.ui.header import Warnings
from k8stui.ui.keymap import shown
from k8stui.ui.latest import start_latest
from k8stui.ui.offers import help_lines
from k8stui.ui.session import Stage
from k8stui.ui.state import StateFile
from tests.ui.fakes import FakeBackend, FakeCluster, make_app, screen_text, started, until

if TYPE_CHECKING:
    from pathlib import Path

    from k8stui.kube.catalog import Kind


async def test_it_starts_with_four_live_panes() -> None:
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        text = screen_text(app)
        for word in ("nodes[4]", "pods(all)[6]", "events(all)[3]", "logs", "prod v1.34.2", "● live"):
            assert word in text


async def test_a_kind_on_the_command_line_opens_alone() -> None:
    async with make_app(kind="deploy").run_test(size=(100, 30)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        assert len(app.main.workspace.panes) == 1  # type: ignore[attr-defined]


async def test_an_unknown_kind_is_said_in_its_pane() -> None:
    async with make_app(kind="nonsense").run_test() as pilot:
        await until(pilot, lambda: "nonsense" in screen_text(pilot.app))


async def test_namespaces_of_the_command_line_hold() -> None:
    async with make_app(namespaces=("shop", "default")).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        assert app.session.namespaces == ("shop", "default")
        await until(pilot, lambda: "pods(shop,default)[5]" in screen_text(app))


async def test_a_broken_kubeconfig_is_one_sentence_on_the_screen() -> None:
    backend = FakeBackend(problem="There is no kubeconfig: /x does not exist; give one with --kubeconfig")
    async with make_app(backend).run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "There is no kubeconfig" in screen_text(pilot.app))


async def test_a_context_that_hangs_never_blocks_another() -> None:
    async with make_app(FakeBackend(current="hangs")).run_test(size=(140, 40)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "asking the credential plugin" in screen_text(app))
        await pilot.press(*":ctx", "enter")
        await until(pilot, lambda: "contexts[4]" in screen_text(app))
        await pilot.press(*":ctx", "space", *"staging", "enter")
        await until(pilot, lambda: "staging v1.34.2" in screen_text(app))
        assert app.session.stage is Stage.OPEN  # type: ignore[attr-defined]


async def test_connecting_can_be_given_up() -> None:
    async with make_app(FakeBackend(current="hangs")).run_test(size=(140, 40)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "asking the credential plugin" in screen_text(app))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Connecting was cancelled" in screen_text(app))
        assert app.is_running


async def test_a_context_that_cannot_be_used_says_why() -> None:
    async with make_app(FakeBackend(current="broken")).run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "which is not in the kubeconfig" in screen_text(pilot.app))


async def test_a_context_that_does_not_exist_is_said() -> None:
    async with make_app(context="prodd").run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "There is no context 'prodd'" in screen_text(pilot.app))


async def test_switching_the_context_closes_the_old_cluster() -> None:
    backend = FakeBackend()
    async with make_app(backend).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press(*":po", "space", *"@staging", "enter")
        await until(pilot, lambda: "staging v1.34.2" in screen_text(app))
        await until(pilot, lambda: backend.clusters["prod"].closed)
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))


async def test_on_a_narrow_screen_why_the_server_is_not_heard_comes_before_old_warnings() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=(80, 24)) as pilot:
        app = await started(pilot)
        app.main.header.set_warnings(Warnings(2, 48, 71))
        await until(pilot, lambda: "● live  " in screen_text(app) and "2N 48P 71E" in screen_text(app))
        now = time.monotonic()
        cluster.health = Health(Status.DENIED, now, "Unauthorized; log in again", now + 4.4)
        app.main.header.refresh()
        await until(pilot, lambda: "✗ denied, next try in 4 s: Unauthorized" in screen_text(app))
        assert "71E" not in screen_text(app)


async def test_the_header_tells_how_the_server_is_heard() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        now = time.monotonic()
        cluster.health = Health(Status.STALE, now - 12, "connection refused", now + 4.4)
        app.main.header.refresh()
        await until(
            pilot, lambda: "◐ stale since 12 s, next try in 4 s: connection refused" in screen_text(app)
        )
        cluster.health = Health(Status.DENIED, now, "Unauthorized")
        app.main.header.refresh()
        await until(pilot, lambda: "✗ denied: Unauthorized" in screen_text(app))
        cluster.health = Health(Status.OFFLINE, now - 300, "no route")
        app.main.header.refresh()
        await until(pilot, lambda: "○ offline since 5 min" in screen_text(app))


async def test_the_header_counts_what_is_wrong() -> None:
    async with make_app().run_test(size=(160, 40)) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "1 node not ready · 1 pod failing" in screen_text(app))


async def test_the_header_fits_narrow_screens() -> None:
    async with make_app(readonly=True).run_test(size=(80, 24)) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "⚠ 1N 1P" in screen_text(app))
        first = screen_text(app).splitlines()[0]
        assert "prod" in first
        assert "● live" in first
        assert "READ-ONLY" in first


async def test_readonly_reaches_the_cluster() -> None:
    backend = FakeBackend()
    settings = Settings(contexts={"prod": ContextSettings(readonly=True)})
    async with make_app(backend, settings=settings).run_test() as pilot:
        await started(pilot)
        assert backend.opened == [("prod", True)]


async def test_a_limited_user_gets_the_namespaces_there_are() -> None:
    cluster = FakeCluster()
    cluster.denied = True
    async with make_app(FakeBackend(cluster)).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: app.session.namespaces == ("shop",))
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))


async def test_a_limited_user_without_known_namespaces_is_asked() -> None:
    from k8stui.kube.namespaces import VisibleNamespaces

    cluster = FakeCluster()
    cluster.denied, cluster.visible = True, VisibleNamespaces(())
    async with make_app(FakeBackend(cluster)).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press(*"shop", "enter")
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))


async def test_help_has_every_action_and_command_and_is_searched_by_typing() -> None:
    async with make_app().run_test(size=(140, 60)) as pilot:
        app = await started(pilot)
        told = {(line.keys, line.about): line.works for line in help_lines(app.main.place())}
        for action in app.main.registry:
            keys = [shown(key) for key in app.main.keymap.keys(action.id)]
            keys += [f":{action.command}"] * bool(action.command)
            works = action.works(app.main.place())
            assert not keys or told[" ".join(keys), action.about] is works, action.id
        assert {(f":{name}", about) for name, about in VERB_HELP.items()} <= told.keys()
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert "Read the logs of the pod" in screen_text(app)
        await pilot.press(*"cordon")
        await until(pilot, lambda: "Read the logs of the pod" not in screen_text(app))
        assert "· Let no new pods come to the node" in screen_text(app)  # nodes only
        await pilot.press("escape")
        assert app.screen is app.main


async def test_hands_that_know_k9s_are_led() -> None:
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press(*":dp", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: any(note.message.startswith("u (") for note in app._notifications))
        await pilot.press(*":pulses", "enter")
        await until(pilot, lambda: "pulses: the header counts what is wrong" in screen_text(app))


@pytest.mark.parametrize("theme", ["light", "high-contrast", "k9s", "ansi"])
async def test_themes_change_live_and_are_remembered(theme: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await started(pilot)
        await pilot.press(*":theme", "space", *theme, "enter")
        await until(pilot, lambda: app.theme == theme)
    assert app.state.data.theme == theme


async def test_an_unknown_theme_is_said_and_the_line_stays() -> None:
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press(*":theme", "space", *"ligth", "enter")
        await until(pilot, lambda: "Did you mean 'light'?" in screen_text(app))
        assert app.main.prompt.input.value == "theme ligth"


async def test_the_palette_finds_actions_kinds_and_themes() -> None:
    async with make_app().run_test(size=(140, 50)) as pilot:
        app = await started(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Selected row: logs" in screen_text(app))
        await pilot.press(*"theme: light")
        await until(pilot, lambda: "Dark ink on paper" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "light")


async def test_mistakes_in_the_settings_are_told_on_the_screen() -> None:
    settings = Settings(theme="gone", keys={"pane.zom": "f11"})
    async with make_app(settings=settings).run_test(size=(140, 40), notifications=True) as pilot:
        await until(pilot, lambda: "There is no theme 'gone'" in screen_text(pilot.app))
        assert "there is no action 'pane.zom'" in screen_text(pilot.app)


async def test_leaving_closes_the_cluster_and_keeps_the_layout(tmp_path: Path) -> None:
    backend = FakeBackend()
    app = make_app(backend, state=StateFile(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        await started(pilot)
        await pilot.press(*":q", "enter")
    assert backend.clusters["prod"].closed
    assert backend.closed
    assert "prod" in StateFile(tmp_path).data.layouts


async def test_ctrl_c_leaves_when_pressed_twice() -> None:
    app = make_app()
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await started(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "once more leaves" in screen_text(app))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)


async def test_an_unexpected_error_leaves_a_file_and_a_sentence(tmp_path: Path) -> None:
    app = make_app()
    app._crash_dir = tmp_path

    def fail() -> None:
        secret = "hunter2"
        raise RuntimeError(secret)

    with pytest.raises(RuntimeError):
        async with app.run_test() as pilot:
            await started(pilot)
            app.call_later(fail)
            await pilot.pause(0.5)
    assert app.crash is not None
    assert "RuntimeError" in app.crash
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in file.read_text()
    assert "test_app.py" in file.read_text()


async def test_work_that_fails_unexpectedly_is_told_and_ends_nothing_else(tmp_path: Path) -> None:
    app = make_app()
    app._crash_dir = tmp_path

    async def fail(secret: str) -> None:
        raise RuntimeError(secret)

    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await started(pilot)
        start_latest(app, "test", fail, "hunter2")
        await until(pilot, lambda: "unexpected error ended what was being done" in screen_text(app))
        assert "hunter2" not in screen_text(app)
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)" in screen_text(app))
    assert "RuntimeError" in next(tmp_path.iterdir()).read_text()


async def test_work_cancelled_before_it_began_leaves_nothing_behind() -> None:
    done: list[str] = []

    async def note(what: str) -> None:
        done.append(what)

    async with make_app().run_test() as pilot:
        for what in ("old", "new"):
            start_latest(pilot.app, "test", note, what)
        await until(pilot, lambda: done == ["new"])


async def test_rows_of_a_cluster_that_was_left_are_not_shown() -> None:
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press(*":ctx", "space", *"hangs", "enter")
        await until(pilot, lambda: "asking the credential plugin" in screen_text(app))
        await until(pilot, lambda: "worker-1" not in screen_text(app))
        assert "coredns-x" not in screen_text(app)
        await pilot.press(*":ctx", "space", *"prod", "enter")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))


async def test_logs_stay_when_the_namespaces_change() -> None:
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press("end")
        await until(pilot, lambda: "logs → pod 결제-api" in screen_text(app))
        await pilot.press(*":ns", "space", *"shop", "enter")
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))
        assert "logs → pod 결제-api" in screen_text(app)


async def test_who_may_not_list_namespaces_is_offered_those_that_are_open() -> None:
    cluster = FakeCluster()
    cluster.denied = True
    async with make_app(FakeBackend(cluster), namespaces=("default",)).run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        await pilot.press(*":ns", "enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await until(pilot, lambda: "shop" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.session.namespaces == ("shop",))


class OneRight:
    """An access review that refuses shells and allows the rest."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str, str, str], Permission] = {}

    def known(
        self, verb: str, kind: Kind, namespace: str = "", *, subresource: str = ""
    ) -> Permission | None:
        return self.answers.get((verb, kind.plural, namespace, subresource))

    async def can(self, verb: str, kind: Kind, namespace: str = "", *, subresource: str = "") -> Permission:
        answer = Permission(allowed=subresource != "exec")
        self.answers[(verb, kind.plural, namespace, subresource)] = answer
        return answer

    async def rules(self, namespace: str) -> Rules:
        return Rules()


async def test_what_the_user_may_not_do_is_marked_everywhere_and_says_why() -> None:
    cluster = FakeCluster()
    cluster.access = OneRight()  # type: ignore[attr-defined]
    async with make_app(FakeBackend(cluster)).run_test(size=(180, 45)) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "shell✗" in screen_text(app))
        assert "logs✗" not in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: any("create pods/exec in" in each.message for each in app._notifications))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await until(pilot, lambda: "shell" in screen_text(app))
        assert "You may not create pods/exec" in screen_text(app)
        await pilot.press("escape", "?")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert any(
            "✗ You may not create pods/exec" in row.about for row in app.screen.query_one(HelpText)._rows
        )


async def test_a_context_is_chosen_blindly_by_keys_typed_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k8stui.ui.typeahead.LONGEST", 60.0)  # of a hand; this machine may have much to do
    async with make_app().run_test(size=(140, 40)) as pilot:
        app = await started(pilot)
        assert app.session.context == "prod"
        for key in (*":ctx", "enter", "down", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.session.context != "prod")
        assert app.session.context == "hangs", "the second row"
        assert not app.main.prompt.is_open
