"""The log view in the program: its keys, its prompts, what its title says."""

from __future__ import annotations

import asyncio
import gc
import re
import time
import warnings
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import OptionList

from k8stui.kube.live.collection import Collection, Phase
from k8stui.settings import LogSettings, Settings
from k8stui.ui.dialogs.choose import Choice, ChooseDialog
from k8stui.ui.views.logs import LogsView
from tests.ui.fakes import FakeCluster, FakeConnection, make_app, screen_text, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot


@asynccontextmanager
async def log(
    size: tuple[int, int] = (140, 40), **settings: Any
) -> AsyncIterator[tuple[Pilot[None], Any, LogsView]]:
    chosen = Settings(logs=LogSettings(**settings))
    async with make_app(kind="pods", settings=chosen).run_test(size=size) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await until(pilot, lambda: app.main.place().objects)
        await pilot.press("l")
        await until(pilot, lambda: "GET /cart/11" in screen_text(app))
        view = app.main.place().view
        assert isinstance(view, LogsView)
        yield pilot, app, view


async def test_keys_of_k9s_and_ways_of_showing_lines() -> None:
    async with log() as (pilot, app, view):
        await pilot.press("v")
        await until(pilot, lambda: "logs message" in screen_text(app))
        await pilot.press("v")
        await until(pilot, lambda: "logs table" in screen_text(app) and "LEVEL MESSAGE" in screen_text(app))
        await pilot.press("v", "t")
        assert view.viewer.painter.times.value == "local"
        await pilot.press("w")
        assert view.viewer.wrap
        await pilot.press("3")
        await until(pilot, lambda: "[5m]" in screen_text(app))
        requests = [path for path in app.session.cluster.connection.asked if path.endswith("/log")]
        assert len(requests) >= 2
        await pilot.press("0", "m")
        await until(pilot, lambda: "◆ ── marked at" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "traces folded" in screen_text(app))


@pytest.mark.parametrize("query", ["", "deploy/cart"])
async def test_p_reads_the_runs_before_and_again_the_present_ones_of_a_pod_and_of_a_query(query: str) -> None:
    async with log() as (pilot, app, view):
        if query:
            await pilot.press(*f":logs {query}", "enter")
            await until(pilot, lambda: app.main.place().view.spec.query == query)
            view = app.main.place().view
        await pilot.press("p")
        await until(
            pilot, lambda: "previous" in screen_text(app) and "there was no run before" in screen_text(app)
        )
        await pilot.press("h")
        await until(pilot, lambda: "no lines to count" in screen_text(app))
        await pilot.press("h")
        assert view.reading is not None
        assert "GET /cart/11" not in [line.text for line in view.reading.all_lines()]
        await pilot.press("p")
        await until(pilot, lambda: "GET /cart/11" in screen_text(app))
        assert not view.spec.previous


async def test_a_log_that_is_left_holds_no_line_any_more() -> None:
    async with log() as (pilot, app, view):
        budget = app.session.log_budget
        assert budget.free < budget.max_bytes
        held = view.reading
        await pilot.press("escape")
        await until(pilot, lambda: app.main.place().view is not view)
        assert held is not None
        assert len(held.buffer) == 0
        assert budget.free == budget.max_bytes


async def test_the_settings_file_says_how_lines_are_shown_at_first() -> None:
    options: dict[str, Any] = {"mode": "message", "timestamps": "utc", "names": "long", "wrap": True}
    async with log(**options, fold_traces=True, fold_repeats=True) as (pilot, app, view):
        await until(pilot, lambda: "2025-06-01T11:58:35.000Z" in screen_text(app))
        assert any("/coredns-x/main" in row for row in screen_text(app).splitlines())
        assert "message" in screen_text(app)
        assert "traces and repeats folded" in screen_text(app)
        assert view.viewer.wrap
        await pilot.press("o")
        await until(pilot, lambda: "/coredns-x/main" not in screen_text(app))


async def test_the_filter_line_knows_logs_and_tells_what_is_not_understood_yet() -> None:
    async with log() as (pilot, app, view):
        await pilot.press("/")
        await until(pilot, lambda: "level>=warn" in screen_text(app).splitlines()[-1])
        await pilot.press(*"level>=lo")
        await until(pilot, lambda: "not understood yet" in screen_text(app))
        await pilot.press("enter")  # refused: what was typed is still there
        assert app.main.prompt.is_open
        await pilot.press(*["backspace"] * 2, *"warn", "enter")
        await until(pilot, lambda: "/level>=warn [1]" in screen_text(app))
        assert "GET /cart/11" not in screen_text(app)
        await pilot.press("enter")
        assert view.viewer.cursor is not None
        await pilot.press("escape")
        await until(pilot, lambda: "GET /cart/11" in screen_text(app))
        assert view.spec.filter == ""
        assert view.viewer.cursor is not None  # what is around that line is looked for now
        await pilot.press("escape")
        assert view.viewer.cursor is None


async def test_the_footer_offers_what_needs_lines_once_there_are_some() -> None:
    async with log() as (pilot, app, _view):
        await app.navigator.run_line("logs deploy/cart")
        await until(pilot, lambda: app.main.place().view.spec.query == "deploy/cart")
        await until(pilot, lambda: "shift-f find" in screen_text(app).splitlines()[-1])
        await pilot.press("C")
        await until(pilot, lambda: "shift-f find" not in screen_text(app).splitlines()[-1])


async def test_on_a_small_screen_other_panes_fold_for_a_log_that_has_the_focus() -> None:
    async with log((80, 24)) as (_pilot, app, view):
        assert view.viewer.page >= 12
        assert "GET /cart/0" in screen_text(app)


async def test_find_counts_and_esc_ends_it_first() -> None:
    async with log() as (pilot, app, view):
        await pilot.press("F", *"cart/1", "enter")
        await until(pilot, lambda: "find cart/1 [3 of 3]" in screen_text(app))
        await until(pilot, lambda: "n find on" in screen_text(app).splitlines()[-1])
        await pilot.press("n")
        await until(pilot, lambda: "[2 of 3]" in screen_text(app))
        await pilot.press("F", *"xyz", "escape")  # given up: the search before goes on where it was
        await until(pilot, lambda: "find cart/1 [2 of 3]" in screen_text(app))
        await pilot.press("m")  # the match that the reader stands at
        await until(pilot, lambda: view.viewer.painter.bookmarks == {view.viewer.finder.found})
        await until(pilot, lambda: "b next mark" in screen_text(app).splitlines()[-1])
        await pilot.press("escape")
        await until(pilot, lambda: "find" not in screen_text(app).splitlines()[1])
        await until(pilot, lambda: "find on" not in screen_text(app).splitlines()[-1])
        # given up while it is typed, it leaves the reader where he was
        await pilot.press("end", "F", *"cart/1")
        await until(pilot, lambda: "find cart/1 [3 of 3]" in screen_text(app) and not view.viewer.following)
        await pilot.press("escape")
        await until(pilot, lambda: view.viewer.following and "find" not in screen_text(app).splitlines()[1])
        await pilot.press("H", *"200", "enter")
        await until(pilot, lambda: "«200»" in screen_text(app))
        await pilot.press("H", *"cart", "enter")
        await until(pilot, lambda: "«200» «cart»" in screen_text(app))
        await pilot.press("H", "enter")  # an empty line takes all colours away
        await until(pilot, lambda: "«" not in screen_text(app))
        await pilot.press("s", "m")
        await until(pilot, lambda: any("at the end: marked" in note.message for note in app._notifications))


async def test_a_time_is_gone_to_and_a_bad_one_is_told() -> None:
    async with log() as (pilot, app, view):
        await pilot.press("@", *"soon", "enter")
        await until(pilot, lambda: "is no time" in screen_text(app))
        await pilot.press(*["backspace"] * 4, *"2025-06-01T11:58:35Z", "enter")
        await until(pilot, lambda: view.viewer.cursor is not None)
        line = view.viewer.model.line(view.viewer.cursor)  # type: ignore[arg-type]
        assert "GET /cart/5" in line.text


async def test_a_time_is_typed_as_the_lines_show_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        async with log(timestamps="utc") as (pilot, app, view):
            await pilot.press("@")
            await until(pilot, lambda: "in UTC" in screen_text(app))
            await pilot.press(*"2025-06-01 11:58:35", "enter")
            await until(pilot, lambda: view.viewer.cursor is not None)
            line = view.viewer.model.line(view.viewer.cursor)  # type: ignore[arg-type]
            assert "GET /cart/5" in line.text
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_a_time_is_gone_to_where_one_pod_writes_seldom_and_another_one_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tail of the first reaches back for hours, of the other for a minute: both are read as far back."""

    def stamp(second: int) -> str:
        return f"2025-06-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000000Z"

    often = [f"{stamp(second)} often {second}" for second in range(30_000, 36_000)]
    seldom = [f"{stamp(second)} seldom {second}" for second in range(0, 36_000, 500)]
    asked: list[str] = []

    async def lines(self: Any, path: str, *, params: Any, on_open: Any = None, **_: Any) -> Any:
        asked.append(path)
        if on_open is not None:
            on_open()
        held = often if path.split("/")[6] == "cart-0" else seldom
        yield [line.encode() for line in held[-int(params["tailLines"]) :]]
        if params.get("follow") == "true":
            await asyncio.sleep(3600)

    monkeypatch.setattr(FakeConnection, "lines", lines)
    async with make_app(kind="pods").run_test(size=(140, 40)) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))
        await pilot.press(*":logs ns:* tail:50", "enter")
        await until(pilot, lambda: "often 35999" in screen_text(app))
        await pilot.press("@", *"2025-06-01T09:30:00Z", "enter")
        view = app.main.place().view
        await until(pilot, lambda: view.viewer.cursor is not None)
        wanted = view.viewer.model.line(view.viewer.cursor)
        assert wanted.time == stamp(9 * 3600 + 1800)
        held = [line for line in view.reading.all_lines() if not line.mark]
        assert [line.time for line in held] == sorted(line.time for line in held)
        since = [line.text for line in held if line.time >= wanted.time and "often" in line.text]
        assert since == [f"often {second}" for second in range(9 * 3600 + 1800, 36_000)]


async def test_a_log_that_is_left_before_its_reading_began_leaves_nothing_behind() -> None:
    async with log() as (pilot, _app, view):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            view._read()
            view._stop()
            await pilot.pause()
            gc.collect()
        assert not [each for each in told if "never awaited" in str(each.message)]


async def test_scrolling_up_to_the_first_line_asks_for_older_ones_and_says_that_there_are_none() -> None:
    async with log() as (pilot, app, view):
        view.viewer.focus()
        await pilot.press("g")
        await until(pilot, lambda: "this is all that the server has" in screen_text(app))


async def test_streams_are_listed_and_saving_asks_what() -> None:
    async with log() as (pilot, app, _):
        await pilot.press("O")
        await until(
            pilot, lambda: isinstance(app.screen, ChooseDialog) and "coredns-x main" in screen_text(app)
        )
        assert "of the program's 60 places are taken, none waits" in screen_text(app)
        app.session.log_streams.limit = 7
        await until(pilot, lambda: "of the program's 7 places" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ChooseDialog))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "all lines, as JSON lines" in screen_text(app))


async def test_each_action_of_a_log_has_a_command() -> None:
    async with log() as (pilot, app, view):
        before = view.viewer.wrap
        await pilot.press("colon", *"log-wrap", "enter")
        await until(pilot, lambda: view.viewer.wrap is not before)
        await pilot.press("colon", *"log-go-to-time", "enter")
        await until(pilot, lambda: "time:" in screen_text(app))
        await pilot.press("escape")
        missing = [each.id for each in app.main.registry if each.id.startswith("logs.") and not each.command]
        assert missing == []


async def test_the_choice_that_is_marked_stays_marked_while_others_come() -> None:
    async with log() as (pilot, app, _view):
        dialog = ChooseDialog("Streams", [Choice("b", "beta"), Choice("c", "gamma")], about="two")
        app.push_screen(dialog)
        await until(pilot, lambda: "gamma" in screen_text(app))
        await pilot.press("down")
        dialog.show_choices([Choice("a", "alpha"), Choice("b", "beta"), Choice("c", "gamma", "more")])
        dialog.say_about("three")
        await until(pilot, lambda: "more" in screen_text(app) and "three" in screen_text(app))
        taken: list[str | None] = []
        dialog.dismiss = taken.append  # type: ignore[assignment,method-assign]
        await pilot.press("enter")
        assert taken == ["c"]


async def test_of_thousands_of_choices_the_first_are_shown_and_typing_finds_the_others() -> None:
    async with log() as (pilot, app, _view):
        choices = [Choice(str(number), f"pod-{number}") for number in range(3_000)]
        dialog = ChooseDialog("Streams", choices)
        app.push_screen(dialog)
        await until(pilot, lambda: "pod-0" in screen_text(app))
        await pilot.press("end")
        assert [option.disabled for option in dialog.query_one(OptionList).options].count(True) == 1
        assert "2,800 more: type to narrow" in str(dialog.query_one(OptionList).options[-1].prompt)
        await pilot.press(*"2999")
        await until(pilot, lambda: "pod-2999" in screen_text(app))
        assert len(dialog.query_one(OptionList).options) == 1


async def test_c_copies_what_the_mouse_has_selected_and_the_menu_is_about_the_line_that_was_clicked() -> None:
    async with log() as (pilot, app, view):
        rows = screen_text(app).splitlines()
        y = next(number for number, row in enumerate(rows) if "GET /cart/3" in row)
        x = rows[y].index("GET /cart/3")
        await pilot.mouse_down(offset=(x, y))
        await pilot.hover(offset=(x + 8, y + 1))
        await pilot.mouse_up(offset=(x + 8, y + 1))
        await pilot.press("c")
        assert app.clipboard.startswith("GET /cart/3")
        assert app.clipboard.endswith("\nGET /cart")
        await pilot.press("c")
        await until(pilot, lambda: "GET /cart/11" in app.clipboard)
        await pilot.click(offset=(x, y), button=3)
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog) and "fold traces" in screen_text(app))
        assert view.viewer.cursor is not None
        assert "GET /cart/3" in view.viewer.model.line(view.viewer.cursor).text


async def test_a_question_is_shown_whole_in_front_of_the_answer() -> None:
    async with log((80, 24)) as (pilot, app, _view):
        await pilot.press("F", *"cart")
        await until(pilot, lambda: screen_text(app).splitlines()[-1].startswith(" find: cart"))


async def test_a_filter_that_nothing_passes_is_told_apart_from_a_log_without_lines() -> None:
    async with log((80, 24)) as (pilot, app, _view):
        await pilot.press("/", *"level>")
        await until(pilot, lambda: "which level?" in screen_text(app))
        await pilot.press(*["backspace"] * 6, *"nosuchword", "enter")
        await until(pilot, lambda: "lines matches nosuchword." in screen_text(app))
        assert "have no lines yet" not in screen_text(app)


async def test_a_small_title_cuts_the_query_and_not_what_was_found() -> None:
    async with log((80, 24)) as (pilot, app, _view):
        query = "deploy/cart container:main !container:istio-proxy tail:500"
        await app.navigator.run_line(f"logs {query}")
        await until(pilot, lambda: app.main.place().view.spec.query == query)
        await until(pilot, lambda: "shift-f find" in screen_text(app).splitlines()[-1])
        await pilot.press("F", *"stock", "enter")
        await until(pilot, lambda: re.search(r"find stock \[\d of 3\]", screen_text(app)))


async def test_the_files_of_a_node_are_gone_through_folder_by_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {"": ["syslog", "audit/"], "audit/": ["kube-apiserver-with-a-long-name.log"]}

    async def listed(connection: Any, node: str, folder: str = "") -> list[str]:
        return folders[folder]

    monkeypatch.setattr("k8stui.kube.logs.node_files.list_files", listed)
    async with make_app(kind="nodes").run_test(size=(100, 40)) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        await pilot.press("L")
        await until(pilot, lambda: "Logs of node" in screen_text(app) and "kubelet" in screen_text(app))
        await pilot.press(*"audit", "enter")
        await until(pilot, lambda: "audit/ ─" in screen_text(app))
        assert "│ kube-apiserver-with-a-long-name.log" in screen_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.main.place().view_type == "logs")
        assert app.main.place().view.spec.node_log == "audit/kube-apiserver-with-a-long-name.log"


async def test_a_query_that_no_container_of_its_pods_fits_says_so() -> None:
    async with log() as (pilot, app, _):
        await app.navigator.run_line("logs coredns container:nope")
        await until(pilot, lambda: "1 pod fits, and none of its containers does." in screen_text(app))


async def test_pods_that_the_server_does_not_list_are_told_with_its_reason() -> None:
    async with log() as (pilot, app, _):
        cluster: FakeCluster = app.session.cluster
        fill = cluster._fill

        def hindered(collection: Collection[Any]) -> None:
            for part in collection.parts.values():
                part.status(Phase.STALE, "unable to parse requirement")

        cluster._fill = hindered  # type: ignore[method-assign]
        await app.navigator.run_line("logs pod:coredns label:==")
        await until(pilot, lambda: "not known yet: unable to parse requirement." in screen_text(app))
        await until(pilot, lambda: "broken, trying again" in screen_text(app))
        for collection in cluster.collections:
            if collection.label_selector:
                collection.label_selector = ""
                fill(collection)
        await until(pilot, lambda: "GET /cart/11" in screen_text(app))


async def test_a_long_state_leaves_room_to_what_is_read() -> None:
    async with log((60, 24)) as (pilot, app, view):
        assert view.reading is not None
        view.activity = "fetching lines since the day when all of this was begun by somebody"
        app.main.workspace.refresh_titles()
        await until(pilot, lambda: "fetching lines since the day" in screen_text(app))
        assert "pod coredn" in screen_text(app).splitlines()[1]
