"""Panes: focus, zoom, resize, split, close, links between them, and what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events

from k8stui.settings import Settings
from k8stui.ui import workspace
from k8stui.ui.backend import ContextInfo, Contexts
from k8stui.ui.session import Session
from k8stui.ui.spec import Target, ViewSpec, ViewType
from k8stui.ui.state import StateFile
from tests.ui.fakes import FakeBackend, FakeCluster, make_app, screen_text, started, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp

SIZE = (160, 44)
NODES, PODS, EVENTS, LOGS = "1", "2", "3", "4"


async def test_tab_goes_round_the_panes() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        seen = []
        for _ in range(4):
            await pilot.press("tab")
            seen.append(app.main.workspace.focused_key)
        assert seen == [EVENTS, LOGS, NODES, PODS]
        await pilot.press("shift+tab")
        assert app.main.workspace.focused_key == NODES


async def test_keys_that_come_at_once_each_move_on() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        for _ in range(3):
            app.post_message(events.Key("tab", None))
        await until(pilot, lambda: app.main.workspace.focused_key == NODES)
        await pilot.pause()
        assert app.main.workspace.focused_key == NODES
        assert app.main.focused in app.main.workspace.focused_pane.walk_children()


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        (["alt+left"], NODES),
        (["alt+down"], LOGS),
        (["alt+down", "alt+left"], EVENTS),
        (["alt+down", "alt+up"], PODS),
        (["alt+right"], PODS),
    ],
)
async def test_alt_arrows_go_to_the_neighbour(keys: list[str], where: str) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*keys)
        assert app.main.workspace.focused_key == where


async def test_a_click_focuses_a_pane_and_selects_the_row() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        pane = app.main.workspace.panes[NODES]
        await pilot.click(pane.view.focus_target(), offset=(6, 2))
        await until(pilot, lambda: app.main.workspace.focused_key == NODES)
        assert app.main.place().objects[0].metadata.name == "worker-1"


async def test_zoom_and_back() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        workspace = app.main.workspace
        pane = workspace.panes[PODS]
        before = pane.region
        await pilot.press("z")
        await until(pilot, lambda: pane.region == workspace.region)
        assert "nodes[" not in screen_text(app)
        await pilot.press("z")
        await until(pilot, lambda: app.main.workspace.panes[PODS].region == before)


async def test_esc_leaves_what_was_opened_in_a_zoomed_pane_before_the_zoom() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        place = app.main.workspace
        await pilot.press("z", *":deploy", "enter")
        await until(pilot, lambda: place.focused_pane.view.spec.kind == "deployments.apps")
        await pilot.press("escape")
        await until(pilot, lambda: place.focused_pane.view.spec.kind == "pods")
        assert place.zoomed
        await pilot.press("escape")
        await until(pilot, lambda: not place.zoomed)


async def test_a_zoomed_away_pane_keeps_its_rows() -> None:
    cluster = FakeCluster()
    async with make_app(FakeBackend(cluster)).run_test(size=SIZE) as pilot:
        await started(pilot)
        asked = set(cluster.asked)
        await pilot.press("z", "z")
        await until(pilot, lambda: "nodes[4]" in screen_text(pilot.app))
        assert set(cluster.asked) == asked


@pytest.mark.parametrize(
    ("key", "dimension", "grows"),
    [("ctrl+right", "width", False), ("ctrl+left", "width", True), ("alt+shift+down", "height", True)],
)
async def test_keys_resize_the_focused_pane(key: str, dimension: str, grows: bool) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        pane = app.main.workspace.panes[PODS]
        before = getattr(pane.region, dimension)
        await pilot.press(key)
        await until(pilot, lambda: getattr(pane.region, dimension) != before)
        assert (getattr(pane.region, dimension) > before) is grows


async def test_dragging_the_line_between_panes_resizes_them() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        workspace = app.main.workspace
        nodes = workspace.panes[NODES]
        before = nodes.region.width
        at = (nodes.region.right, 10)
        await pilot.mouse_down(offset=at)
        await pilot.hover(offset=(at[0] + 10, 10))
        await pilot.mouse_up(offset=(at[0] + 10, 10))
        await until(pilot, lambda: nodes.region.width == pytest.approx(before + 10, abs=1))


async def test_dragging_a_title_resizes_what_is_above() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        events = app.main.workspace.panes[EVENTS]
        at = (30, events.region.y)
        await pilot.mouse_down(offset=at)
        await pilot.hover(offset=(30, at[1] - 5))
        await pilot.mouse_up(offset=(30, at[1] - 5))
        await until(pilot, lambda: events.region.y == pytest.approx(at[1] - 5, abs=1))


async def test_split_asks_what_to_show_and_close_gives_the_room_back() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("|")
        await until(pilot, lambda: len(app.main.workspace.panes) == 5 and app.main.prompt.is_open)
        await pilot.press(*"deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press("ctrl+x")
        await until(pilot, lambda: len(app.main.workspace.panes) == 4)
        assert "deployments" not in screen_text(app)


async def test_split_below_with_esc_shows_the_same() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("_", "escape")
        await until(pilot, lambda: screen_text(app).count("pods(all)[6]") == 2)


async def test_the_last_pane_stays() -> None:
    async with make_app(kind="pods").run_test(size=SIZE) as pilot:
        app = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await pilot.press("ctrl+x")
        assert len(app.main.workspace.panes) == 1  # type: ignore[attr-defined]


async def test_a_layout_is_remembered_for_its_context(tmp_path: Path) -> None:
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press(*":ctx", "space", *"staging", "enter")
        await until(pilot, lambda: "staging" in screen_text(app) and "pods(all)[6]" in screen_text(app))
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(pilot.app))


async def test_namespaces_are_remembered_until_the_kubeconfig_says_others(tmp_path: Path) -> None:
    class Configured(FakeBackend):
        def __init__(self, namespace: str) -> None:
            super().__init__()
            self.entries = (ContextInfo("prod", "c", "ada", namespace), ContextInfo("staging", "c", "ada"))

        async def contexts(self, on_progress: Callable[[str], None]) -> Contexts:
            return Contexts(self.entries, "prod", "")

    async def opened(configured: str, chosen: tuple[str, ...] | None = None) -> tuple[str, ...]:
        state = StateFile(tmp_path)
        session = Session(Configured(configured), Settings(), state, on_change=lambda: None)
        await session.begin(None)
        begun = session.namespaces
        if chosen is not None:
            session.use_namespaces(chosen)
            session.switch("staging")
            assert session.namespaces == (), "each context has its own"
            session.switch("prod")
            assert session.namespaces == chosen
        state.save()
        await session.close()
        return begun

    assert await opened("shop", chosen=("a", "b")) == ("shop",)
    assert await opened("shop", chosen=()) == ("a", "b")
    assert await opened("shop") == (), "all is a choice, too"
    assert await opened("other") == ("other",)


async def test_a_reader_is_remembered_with_what_it_reads(tmp_path: Path) -> None:
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        await started(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "yaml(" in screen_text(pilot.app))
        title = next(line for line in screen_text(pilot.app).splitlines() if "yaml(" in line)
        name = title.split("pod ", 1)[1].split()[0]
        await pilot.press(*":ctx", "space", *"staging", "enter")
        await until(pilot, lambda: "staging" in screen_text(pilot.app))
    async with make_app(state=StateFile(tmp_path)).run_test(size=SIZE) as pilot:
        await until(pilot, lambda: f"pod {name} ━" in screen_text(pilot.app))  # and is not pinned meanwhile
        await pilot.press("escape")  # the way back is remembered too
        await until(pilot, lambda: "━ pods(all)[6]" in screen_text(pilot.app))


async def test_esc_leads_out_of_a_reader_that_nothing_was_before() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        pod = Target("pods", "web-0", "shop", noun="pod")
        pane = app.main.workspace.focused_pane
        await pane.show(ViewSpec(view=ViewType.YAML, target=pod), remember=False)
        await until(pilot, lambda: "yaml(" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "━ pods(all)[6]" in screen_text(app))


async def test_where_a_shell_was_the_pane_before_it_is_remembered() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await app.navigator.open(ViewSpec(view=ViewType.SHELL, shell=1))
        await until(pilot, lambda: "This shell is over" in screen_text(app))
        saved = app.main.workspace.saved()
        assert saved.panes[saved.focused].spec.kind == "pods"


async def test_what_was_left_is_found_again_with_what_it_followed() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "GET /cart/1" in screen_text(app))
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "logs → pod coredns-x" in screen_text(app))
        assert "coredns-x, pinned" not in screen_text(app)


async def test_the_layout_can_be_reset() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("ctrl+x", "ctrl+x")
        await until(pilot, lambda: len(app.main.workspace.panes) == 2)
        await pilot.press(*":layout", "space", *"reset", "enter")
        await until(pilot, lambda: len(app.main.workspace.panes) == 4)


@pytest.mark.parametrize("size", [(80, 24), (60, 12), (40, 8), (120, 40), (300, 100), (20, 5)])
async def test_it_fits_any_screen(size: tuple[int, int]) -> None:
    async with make_app().run_test(size=(160, 44)) as pilot:
        app = await started(pilot)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: app.main.workspace.size.width == size[0])
        await pilot.pause(0.1)
        workspace = app.main.workspace
        regions = [rect for rect in workspace.arrangement.panes.values() if rect.width and rect.height]
        assert sum(rect.width * rect.height for rect in regions) <= size[0] * size[1]
        assert workspace.focused_pane.region.height > 0
        assert all(len(line) <= size[0] for line in screen_text(app).splitlines())


# What drives what


async def choose(pilot: Pilot[None], pane: str, name: str) -> K8stuiApp:
    """Put the cursor of a pane on an object, as a user does."""
    app = await started(pilot)
    workspace = app.main.workspace
    while workspace.focused_key != pane:
        await pilot.press("tab")
    table = workspace.panes[pane].view.table  # type: ignore[attr-defined]
    await pilot.press("home")
    for _ in range(len(table.model)):
        if app.main.place().objects[0].metadata.name == name:
            break
        await pilot.press("down")
    assert app.main.place().objects[0].metadata.name == name
    return app


async def test_selecting_a_node_narrows_pods_and_events() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, NODES, "worker-2")
        await until(pilot, lambda: "pods(all)[3/6] → node worker-2" in screen_text(app))
        app = await choose(pilot, NODES, "worker-3")
        await until(pilot, lambda: "events(all)[1/3] → node worker-3" in screen_text(app))


async def test_selecting_a_pod_points_events_and_logs_at_it() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, PODS, "cart-0")
        await until(pilot, lambda: "events(all)[1/3] → pod cart-0" in screen_text(app))
        await until(pilot, lambda: "logs → pod cart-0" in screen_text(app))


async def test_at_the_start_nothing_is_narrowed_but_logs_are_there() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "logs → pod coredns-x" in screen_text(app))
        assert "events(all)[3]" in screen_text(app)
        assert "pods(all)[6]" in screen_text(app)


async def test_a_pinned_pane_stays() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, PODS, "cart-0")
        await until(pilot, lambda: "events(all)[1/3] → pod cart-0" in screen_text(app))
        await pilot.press("tab", ".")
        await until(pilot, lambda: "→ pod cart-0, pinned" in screen_text(app))
        app = await choose(pilot, PODS, "web-a")
        await until(pilot, lambda: "logs → pod web-a" in screen_text(app))
        assert "events(all)[1/3] → pod cart-0, pinned" in screen_text(app)
        await pilot.press("tab", ".")
        app = await choose(pilot, PODS, "web-b")
        await until(pilot, lambda: "→ pod web-b" in screen_text(app))
        assert "pinned" not in screen_text(app)


async def test_esc_lets_go_of_what_is_followed() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, NODES, "worker-2")
        await until(pilot, lambda: "pods(all)[3/6] → node worker-2" in screen_text(app))
        await pilot.press("tab", "escape")
        await until(pilot, lambda: "pods(all)[6] " in screen_text(app))


async def test_events_go_on_following_a_pane_that_shows_another_kind() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, PODS, "web-b")
        await until(pilot, lambda: "events(all)[0/3] → pod web-b" in screen_text(app))
        assert "No events for pod web-b." in screen_text(app)
        await pilot.press(*":nodes", "enter")
        await until(pilot, lambda: "→ node control-1" in screen_text(app))
        assert "logs → pod web-b" in screen_text(app), "no pod was chosen since"
        await pilot.press("[")
        await until(pilot, lambda: "events(all)[0/3] → pod web-b" in screen_text(app))


async def test_another_kind_does_not_narrow_events_that_followed_nothing() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press(*":deploy", "enter")
        await until(pilot, lambda: "deployments(all)[1]" in screen_text(app))
        view = app.main.workspace.panes[PODS].view
        await until(pilot, lambda: view.cursor_object is not None)  # type: ignore[attr-defined]
        await pilot.pause(2 * workspace.DEBOUNCE)
        assert "events(all)[3] " in screen_text(app)


async def test_esc_leads_from_the_lines_of_a_pod_back_to_where_it_was_selected() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        place = app.main.workspace
        await pilot.press("down", "l")
        await until(pilot, lambda: place.focused_key == LOGS)
        await pilot.press("escape")
        await until(pilot, lambda: place.focused_key == PODS)
        await pilot.press("escape", "escape")
        assert place.focused_key == PODS


async def test_enter_on_a_node_goes_to_the_pods_that_follow_it() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await choose(pilot, NODES, "worker-2")
        await pilot.press("enter")
        await until(pilot, lambda: app.main.workspace.focused_key == PODS)
        assert "pods(all)[3/6] → node worker-2" in screen_text(app)


async def test_enter_typed_right_after_an_arrow_narrows_the_events_too() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await pilot.press("shift+tab")
        for key in ("down", "enter"):
            app.post_message(events.Key(key, None))
        await until(pilot, lambda: "→ node worker-1" in screen_text(app))
        followed = [app.main.workspace.panes[key].view.target for key in (PODS, EVENTS)]
        assert [target and target.name for target in followed] == ["worker-1", "worker-1"]


async def test_a_selection_that_comes_while_a_view_takes_its_place_is_not_lost() -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: "logs → pod coredns-x" in screen_text(app))
        pane = app.main.workspace.panes[LOGS]
        target = pane.view.target
        replace = pane._replace

        async def replaced(spec: ViewSpec) -> None:
            await replace(spec)
            pane.follow(target)

        pane._replace = replaced  # type: ignore[method-assign]
        await pane._return((pane.view.spec, None))
        assert pane.view.target == target


async def test_holding_an_arrow_key_opens_one_log_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "DEBOUNCE", 1.0)  # no machine is too slow to hold a key so long
    async with make_app().run_test(size=SIZE) as pilot:
        app = await started(pilot)
        await until(pilot, lambda: app.main.workspace.panes[LOGS].view.view_type is ViewType.LOGS)
        view = app.main.workspace.panes[LOGS].view
        followed: list[str] = []
        follow = view.follow
        view.follow = lambda target: (followed.append(target.name), follow(target))  # type: ignore
        await pilot.press("down", "down", "down", "down", "down")
        await until(pilot, lambda: followed)
        assert len(followed) == 1
