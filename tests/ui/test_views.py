"""Views: filtering, sorting, marking, drilling down, going back, namespaces, contexts, logs, copying."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.health import Health, Status
from k8stui.kube.live.collection import Phase
from k8stui.kube.namespaces import VisibleNamespaces
from k8stui.settings import Settings
from k8stui.ui.commands import CommandError
from k8stui.ui.dialogs.choose import ChooseDialog
from k8stui.ui.state import StateFile
from tests.ui.fakes import FakeBackend, FakeCluster, make_app, pod, screen_text, started, until

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp

SIZE = (160, 44)


def table(app: K8stuiApp) -> Any:
    return app.main.workspace.focused_pane.view.table  # type: ignore[attr-defined]


def names(app: K8stuiApp) -> list[str]:
    model = table(app).model
    return [model.object(uid).metadata.name for uid in model.slice(0, len(model))]


async def pods(pilot: Pilot[None]) -> K8stuiApp:
    """The pods alone on the screen."""
    app = await started(pilot)
    await pilot.press("z")
    return app


# Filtering


async def test_the_filter_acts_while_it_is_typed() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press(*"/web")
        await until(pilot, lambda: names(app) == ["web-a", "web-b", "web-c"])
        await pilot.press("enter")
        await until(pilot, lambda: "pods(all)[3/6] /web" in screen_text(app))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!web|cart", ["coredns-x", "결제-api"]),
        ("-l app=web", ["web-a", "web-b", "web-c"]),
        ("-f crt0", ["cart-0"]),
        ("^kube-system", ["coredns-x"]),
        ("CRASH", []),
        ("Crash", ["cart-0"]),
        ("crash", ["cart-0"]),
    ],
)
async def test_forms_of_filters(text: str, expected: list[str]) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        keys = [{" ": "space"}.get(char, char) for char in text]
        await pilot.press("/", *keys, "enter")
        await until(pilot, lambda: names(app) == expected)


async def test_a_broken_expression_is_told_and_the_last_good_filter_stays() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press(*"/web")
        await until(pilot, lambda: len(names(app)) == 3)
        await pilot.press("(")
        await until(pilot, lambda: "not understood yet" in screen_text(app))
        assert len(names(app)) == 3
        await pilot.press("enter")
        assert app.main.prompt.is_open


async def test_esc_undoes_a_filter_being_typed_then_clears_then_goes_back() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*"/web", "escape")
        await until(pilot, lambda: len(names(app)) == 6 and not app.main.prompt.is_open)
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press(*"/zzz", "enter")
        await until(pilot, lambda: names(app) == [])
        await pilot.press("escape")
        await until(pilot, lambda: names(app) == ["web"])
        await pilot.press("escape")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))


# Order, columns, marks


@pytest.mark.parametrize(
    ("key", "first"),
    [("T", "cart-0"), ("N", "cart-0"), ("P", "coredns-x"), ("O", "coredns-x")],
)
async def test_shift_letters_sort(key: str, first: str) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press(key)
        await until(pilot, lambda: table(app).model.sort_column is not None and not table(app).model.busy)
        assert names(app)[0] == first
        before = names(app)
        await pilot.press(key)
        await until(pilot, lambda: names(app) != before)


async def test_any_column_can_be_chosen_to_sort_by() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press(*"rest", "enter")
        await until(pilot, lambda: app.main.workspace.focused_pane.view.spec.sort == "RESTARTS")


async def test_wide_and_faults() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press("ctrl+w")
        await until(pilot, lambda: "NOMINATED NODE" in screen_text(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: names(app) == ["cart-0"])
        assert "faults only" in screen_text(app)


async def test_marks_are_what_actions_mean() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press("home", "space", "down", "ctrl+@")
        await until(pilot, lambda: len(app.main.place().objects) == 3)
        assert "3 marked" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.main.place().objects) == 1)


async def test_the_cursor_stays_on_its_object_when_rows_come() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press("down", "down")
        here = app.main.place().objects[0].metadata.name
        cluster.change("pods", pod("aaa", "default"), pod("bbb", "default"))
        await until(pilot, lambda: "pods(all)[8]" in screen_text(app))
        assert app.main.place().objects[0].metadata.name == here


async def test_stale_rows_stay_and_say_so() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        cluster.say(Phase.STALE, "connection refused")
        await until(pilot, lambda: "stale since" in screen_text(app))
        assert "web-a" in screen_text(app)


async def test_what_is_wrong_with_rows_that_stay_is_said_once_by_the_header_or_the_title() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        cluster.say(Phase.STALE, "etcdserver: request timed out")
        await until(pilot, lambda: "s: etcdserver: request timed out ━" in screen_text(app))
        cluster.health = Health(Status.STALE, time.monotonic(), "etcdserver: request timed out")
        app.main.header.refresh()
        await until(pilot, lambda: "◐ stale since 0 s: etcdserver: request timed out" in screen_text(app))
        app.main.workspace.refresh_titles()
        await until(pilot, lambda: screen_text(app).count("etcdserver") == 1)
        cluster.health = Health(Status.LIVE)
        cluster.say(Phase.DENIED, 'pods is forbidden: User "jane" may not list them')
        await until(pilot, lambda: 'denied: pods is forbidden: User "jane"' in screen_text(app))
        assert "web-a" in screen_text(app)


# Going into things and back


async def test_enter_on_a_deployment_shows_its_pods_and_esc_goes_back() -> None:
    async with make_app(kind="deploy").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "pods(shop)[3] app=web → deployment web" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press("]")
        await until(pilot, lambda: "pods(shop)[3]" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))


async def test_going_back_finds_the_cursor_where_it_was() -> None:
    async with make_app(kind="pods").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)  # type: ignore[attr-defined]
        await pilot.press("down", "down", "down")
        here = app.main.place().objects[0].metadata.name  # type: ignore[attr-defined]
        await pilot.press(*":no", "enter")
        await until(pilot, lambda: "nodes[4]" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects[0].metadata.name == here)  # type: ignore


async def test_going_back_finds_the_marks_and_the_next_start_does_not() -> None:
    async with make_app(kind="pods").run_test(size=SIZE) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)
        await pilot.press("space", "down", "down", "space")
        marked = [each.metadata.name for each in app.main.place().objects]
        assert len(marked) == 2
        await pilot.press(*":no", "enter")
        await until(pilot, lambda: "nodes[4]" in screen_text(app))
        assert not any(spec.marked for spec in app.main.workspace.focused_pane.state.past)
        await pilot.press("[")
        await until(pilot, lambda: "2 marked" in screen_text(app))
        assert [each.metadata.name for each in app.main.place().objects] == marked
        await pilot.press("escape", *":no", "enter")
        await until(pilot, lambda: "nodes[4]" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: len(app.main.place().objects) == 1)
        assert "marked" not in screen_text(app)


async def test_shift_j_goes_to_the_owner() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        while app.main.place().objects[0].metadata.name != "web-a":
            await pilot.press("down")
        await pilot.press("J")
        await until(pilot, lambda: "replicasets(shop)[1]" in screen_text(app))


async def test_enter_on_an_event_goes_to_what_it_is_about() -> None:
    async with make_app(kind="events").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "events(all)[3]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)  # type: ignore[attr-defined]
        await pilot.press("end", "enter")
        await until(pilot, lambda: "metadata.name=" in screen_text(app))


async def test_logs_open_in_the_pane_where_none_follows() -> None:
    async with make_app(kind="pods").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)  # type: ignore[attr-defined]
        await pilot.press("l")
        await until(pilot, lambda: "logs → pod coredns-x, pinned" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: "logs previous → pod coredns-x" in screen_text(app))


async def test_logs_go_to_the_pane_that_follows() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("l")
        await until(pilot, lambda: app.main.workspace.focused_key == "4")


async def test_the_last_command_goes_to_and_fro() -> None:
    async with make_app(kind="pods").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await pilot.press(*":no", "enter")
        await until(pilot, lambda: "nodes[4]" in screen_text(app))
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press("-")
        await until(pilot, lambda: "nodes[4]" in screen_text(app))
        await pilot.press("-")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))


# The `:` line


async def test_completion_and_history_in_the_command_line() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":depl", "tab", "tab")
        await until(pilot, lambda: app.main.prompt.input.value == "deployments")
        await pilot.press("enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press(":", "up")
        await until(pilot, lambda: app.main.prompt.input.value == "deployments")
        await pilot.press("down", "escape")
        assert not app.main.prompt.is_open


async def test_a_line_with_everything_in_it() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":po", "space", *"shop", "space", *"app=web", "space", *"/web-[ab]", "enter")
        await until(pilot, lambda: "pods(shop)[2/3] app=web /web-[ab]" in screen_text(app))


async def test_what_is_not_understood_stays_in_the_line() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":deplyments", "enter")
        await until(pilot, lambda: "Did you mean 'deployments'?" in screen_text(app))
        assert app.main.prompt.input.value == "deplyments"
        await pilot.press("escape")
        assert "pods(all)[6]" in screen_text(app)


async def test_what_is_wrong_is_said_in_full() -> None:
    async with make_app().run_test(size=(50, 24)) as pilot:
        app = await started(pilot)
        await pilot.press(*":xray", "space", "a", "space", "b", "enter")
        said = (
            "xray is about one object: write kind/name or kind/namespace/name, or press shift-x on its row."
        )
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))
        assert app.main.prompt.input.size.width > 40, "there is room to mend it"


async def test_tab_alone_lists_all_kinds_and_commands() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(":")
        await until(pilot, lambda: app.main.prompt.is_open)
        assert not app.main.prompt.completions.display
        await pilot.press("tab")
        shown = {each.text for each in app.main.prompt.completions.candidates}
        assert {"pods", "deployments", "tree", "quit"} <= shown
        assert app.main.prompt.input.value in shown


async def test_the_word_that_is_wrong_is_told_with_what_was_meant() -> None:
    meant = {
        "node-lgos": "There is no kind or command 'node-lgos'. Did you mean 'node-logs'?",
        "xary": "There is no kind or command 'xary'. Did you mean 'xray'?",
        "dply": "There is no kind or command 'dply'. Did you mean 'dpl'?",
        "deplyments shop x": "There is no kind or command 'deplyments'. Did you mean 'deployments'?",
        "kubectl get po": "kubectl: the kind alone is enough, :deploy kube-system.",
        "dpl shop x": "'x' is not understood: the namespace is already given.",
    }
    app = make_app(settings=Settings(aliases={"dpl": "deploy"}))
    async with app.run_test(size=SIZE) as pilot:
        await started(pilot)
        for typed, said in meant.items():
            with pytest.raises(CommandError) as raised:
                app.navigator.understand(typed)
            assert raised.value.sentence == said


# Namespaces


@pytest.mark.parametrize(
    ("complete", "said"),
    [(True, "There is no namespace 'shp'. Did you mean 'shop'?"), (False, "0 shows all")],
)
async def test_an_empty_table_says_that_there_is_no_such_namespace(complete: bool, said: str) -> None:
    cluster = FakeCluster()
    cluster.visible = VisibleNamespaces(("kube-system", "shop"), complete=complete)
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await app.navigator.run_line("deploy shp")
        await until(pilot, lambda: "No deployments in namespace shp." in screen_text(app))
        await until(pilot, lambda: said in screen_text(app))
        assert complete == ("There is no namespace" in screen_text(app))
        await app.navigator.run_line("ns shp")
        await until(pilot, lambda: ("shp" in app.session.recent) is not complete)


async def test_a_namespace_that_is_chosen_holds_for_what_was_shown_in_another() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await app.navigator.run_line("po shop")
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))
        await app.navigator.run_line("ns")
        await until(pilot, lambda: app.main.place().object is not None)
        while app.main.place().objects[0].metadata.name != "kube-system":
            await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: "pods(kube-system)[1]" in screen_text(app))


async def test_namespaces_are_chosen_from_a_table_with_counts() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("z", *":ns", "enter")
        await until(pilot, lambda: "namespaces[3]" in screen_text(app))
        await until(pilot, lambda: len(app.main.place().objects) == 1)
        await pilot.press("end", "enter")
        await until(pilot, lambda: app.session.namespaces == ("shop",))
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))


async def test_several_marked_namespaces_are_used_together() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":ns", "enter")
        await until(pilot, lambda: "namespaces[3]" in screen_text(app))
        await until(pilot, lambda: len(app.main.place().objects) == 1)
        await pilot.press("end", "space", "up", "space", "enter")
        await until(pilot, lambda: set(app.session.namespaces) == {"kube-system", "shop"})


async def test_keys_for_all_and_recent_namespaces() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":ns", "space", *"shop", "enter")
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))
        await pilot.press("0")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: "pods(shop)[5]" in screen_text(app))


async def test_favourites_are_kept() -> None:
    app = make_app(state=StateFile(None))
    async with app.run_test(size=SIZE) as pilot:
        await started(pilot)
        await pilot.press(*":ns", "enter")
        await until(pilot, lambda: "namespaces[3]" in screen_text(app))
        await until(pilot, lambda: len(app.main.place().objects) == 1)
        await pilot.press("end", "f")
        await until(pilot, lambda: "★ favourite" in screen_text(app))
    assert app.state.data.favourites == {"prod": ["shop"]}


# Mouse, menu, copying


async def test_the_right_button_opens_a_menu_of_what_fits() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.click(table(app), offset=(6, 2), button=3)
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await until(pilot, lambda: "previous" in screen_text(app))
        await pilot.press("escape")
        assert app.screen is app.main


async def test_a_click_in_the_footer_does_what_the_key_does() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "l logs" in screen_text(app).splitlines()[-1])
        line = screen_text(app).splitlines()[-1]
        await pilot.click(app.main.footer, offset=(line.index("zoom"), 0))
        await until(pilot, lambda: app.main.workspace.zoomed)


async def test_copying_names() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await pods(pilot)
        await pilot.press("c")
        assert app.clipboard == "coredns-x"
        await pilot.press("n")
        assert app.clipboard == "kube-system"
        await pilot.press("ctrl+y")
        assert app.clipboard.startswith("kube-system\tcoredns-x\t1/1\tRunning")


async def test_text_of_the_cluster_is_never_markup() -> None:
    async with make_app(kind="events").run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "[/bold]" in screen_text(pilot.app))


async def test_the_footer_shows_what_works_here() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "l logs" in screen_text(app).splitlines()[-1])
        await pilot.press("shift+tab", "shift+tab")  # past the nodes, to the logs
        await until(pilot, lambda: "l logs" not in screen_text(app).splitlines()[-1])


async def test_escape_sequences_and_markup_from_outside_are_shown_not_obeyed() -> None:
    from k8stui.kube.health import Health, Status

    cluster = FakeCluster()
    cluster.version, cluster.user = "v1\x1b[31m", "[red]ada[/red]"
    cluster.health = Health(Status.DENIED, 0.0, "no\x1b]0;title\x07 [blink]")
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE, notifications=True) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "[red]ada[/red]" in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        app.complain("bad \x1b[2J [bold]news")
        await until(pilot, lambda: "[bold]news" in screen_text(app))
        assert "\x1b" not in screen_text(app)
        assert "\x07" not in screen_text(app)


async def test_a_dialogs_title_is_plain_text() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        app.push_screen(ChooseDialog("[bold]x[/bold] \x1b[0m", []))
        await until(pilot, lambda: "[bold]x[/bold] ␛[0m" in screen_text(app))


async def test_ctrl_s_saves_what_is_shown_and_says_where(tmp_path: Path) -> None:
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any("Saved 7 lines to" in each.message for each in app._notifications))
        (path,) = (tmp_path / "saved").glob("pods-all-*.tsv")
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].split("\t")[:3] == ["NAMESPACE", "NAME", "READY"]
        assert len(lines) == 7


async def test_the_screen_is_saved_as_a_picture_that_only_its_user_reads(tmp_path: Path) -> None:
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":picture", "enter")
        await until(pilot, lambda: any("Saved the screen to" in each.message for each in app._notifications))
        (path,) = (tmp_path / "saved").glob("screen-*.svg")
        picture = path.read_text(encoding="utf-8")
        assert picture.startswith("<svg")
        assert "picture" not in picture, "the line that asked for it is no part of it"
        assert "coredns-x" in picture
        assert path.stat().st_mode & 0o777 == 0o600


async def test_one_cell_of_a_row_is_copied_by_its_column() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("Y")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.clipboard != "")
        assert app.clipboard == app.main.workspace.focused_pane.view.objects[0].metadata.name
