"""Reading an object: as YAML and described, live, masked, folded, searched, copied."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ApiError
from k8stui.kube.live.collection import Phase
from tests.ui.fakes import FakeBackend, FakeCluster, event, make_app, meta, pod, screen_text, shop, until

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp

SIZE = (120, 40)


async def opened(pilot: Pilot[None], name: str, key: str) -> K8stuiApp:
    """The object of that name read by a key, from a table of its kind."""
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "a row")
    for _ in range(20):
        if app.main.place().objects[0].metadata.name == name:
            break
        await pilot.press("down")
    await pilot.press(key)
    await until(pilot, lambda: app.main.place().view_type in ("yaml", "describe"), "a reader")
    await until(pilot, lambda: len(app.main.place().view.viewer.content) > 0, "lines")
    return app  # type: ignore[no-any-return]


def view(app: K8stuiApp) -> Any:
    return app.main.place().view


def lines(app: K8stuiApp) -> list[str]:
    content = view(app).viewer.content
    return [content.text(index) for index in range(len(content))]


async def to_line(pilot: Pilot[None], app: K8stuiApp, text: str) -> None:
    """The cursor on the first shown line with a text."""
    document = view(app).viewer.document
    wanted = next(seq for seq in range(document.end) if text in document.line(seq).text)
    view(app).viewer.move_to(wanted)
    await pilot.pause()


def web() -> FakeCluster:
    """A cluster whose pod has managed fields."""
    world = shop()
    for item in world["pods"]:
        item.update(apiVersion="v1", kind="Pod")
        item["metadata"]["managedFields"] = [{"manager": "kubelet"}]
        item["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}\n"}
    return FakeCluster(world)


async def test_y_reads_the_object_under_the_cursor_and_esc_goes_back() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        await until(pilot, lambda: "yaml(shop) → pod web-a" in screen_text(app))
        assert lines(app)[:3] == ["apiVersion: v1", "kind: Pod", "metadata:"]
        assert "managedFields" not in "\n".join(lines(app))
        await pilot.press("f")
        await until(pilot, lambda: "  managedFields:" in lines(app))
        assert "    kubectl.kubernetes.io/last-applied-configuration: |" in lines(app)
        await pilot.press("escape")
        await until(pilot, lambda: "pods(all)[6]" in screen_text(app))


async def test_the_object_is_read_again_when_it_changes_and_what_changed_is_marked() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        await to_line(pilot, app, "phase: Running")
        new = pod("web-a", restarts=3)
        new["metadata"]["resourceVersion"] = "2"
        new.update(apiVersion="v1", kind="Pod")
        cluster.world["pods"][0] = new
        cluster.change("pods", new)
        await until(pilot, lambda: any("restartCount: 3" in line for line in lines(app)))
        marked = [lines(app)[index].strip() for index in view(app).viewer.document.changed]
        assert "restartCount: 3" in marked
        assert not any("resourceVersion" in line for line in marked)
        viewer = view(app).viewer
        assert lines(app)[viewer.line_number] == "  phase: Running"
        cluster.change("pods", removed=[new["metadata"]["uid"]])
        await until(pilot, lambda: "deleted" in screen_text(app))
        assert "restartCount: 3" in "\n".join(lines(app))


async def test_an_object_that_is_not_watched_is_not_called_live() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        await until(pilot, lambda: " live ━" in screen_text(app))
        cluster.say(Phase.LIVE, "may not watch; listed again every 30 s", next_try=1e9)
        await until(pilot, lambda: "not live: not watched, listed from time to time ━" in screen_text(app))
        cluster.say(Phase.GONE, "the server could not find the requested resource")
        await until(pilot, lambda: "not live: gone ━" in screen_text(app))
        cluster.say(Phase.LIVE)
        await until(pilot, lambda: "not live" not in screen_text(app))


async def test_blocks_fold_and_a_search_opens_them() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        total = view(app).viewer.document.end
        await to_line(pilot, app, "labels:")
        await pilot.press("space")
        await until(pilot, lambda: view(app).viewer.document.end == total - 1)
        await until(pilot, lambda: "▸  labels: … 1 line" in screen_text(app))
        await pilot.press("<")
        assert view(app).viewer.document.end < total - 5
        await pilot.press(*"/crashloop|shop/main", "enter")
        await until(pilot, lambda: view(app).viewer.document.end == total)
        await until(pilot, lambda: "shop/main" in lines(app)[view(app).viewer.line_number or 0])
        await pilot.press("escape")
        assert view(app).spec.filter == ""


async def test_the_line_at_the_bottom_and_the_title_say_what_a_slash_does_in_a_reader() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        await until(pilot, lambda: "/ find" in screen_text(app).splitlines()[-1])
        total = view(app).viewer.document.end
        await pilot.press("/")
        await until(pilot, lambda: "n goes on" in screen_text(app).splitlines()[-1])
        assert "inverse" not in screen_text(app).splitlines()[-1]
        await pilot.press(*"name", "enter")
        await until(pilot, lambda: "find name [1 of 6]" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "find name [2 of 6]" in screen_text(app))
        assert view(app).viewer.document.end == total


def secrets() -> FakeCluster:
    world = shop()
    encoded = base64.b64encode(b"hunter2\n").decode()
    binary = base64.b64encode(b"\xff\xfe\x00").decode()
    world["secrets"] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta("db", "shop"),
            "type": "Opaque",
            "data": {"blob": binary, "password": encoded},
        }
    ]
    return FakeCluster(world)


async def read(pilot: Pilot[None], kind: str, name: str, key: str) -> K8stuiApp:
    """An object of a kind without a Struct, which the fakes cannot list."""
    from k8stui.ui.spec import Target, ViewSpec, ViewType

    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "rows")
    target = Target(kind, name, "shop", f"uid-shop-{name}", kind.partition(".")[0].rstrip("s"))
    await app.navigator.open(ViewSpec(view=ViewType(key), kind=kind, target=target))
    await until(pilot, lambda: len(view(app).viewer.content) > 0, "lines")
    return app  # type: ignore[no-any-return]


async def test_secrets_are_masked_until_asked_key_by_key() -> None:
    async with make_app(FakeBackend(secrets()), kind="pods").run_test(size=SIZE) as pilot:
        app = await read(pilot, "secrets", "db", "yaml")
        assert "  password: '(masked: 8 bytes)'" in lines(app) or "  password: (masked: 8 bytes)" in lines(
            app
        )
        await to_line(pilot, app, "password:")
        await pilot.press("x")
        await until(pilot, lambda: "    hunter2" in lines(app))
        assert not any("blob: //4A" in line for line in lines(app))
        await pilot.press("x")
        await until(pilot, lambda: "  password: aHVudGVyMgo=" in lines(app))
        await pilot.press("x")
        await until(pilot, lambda: "hunter2" not in screen_text(app) and "aHVu" not in screen_text(app))
        await pilot.press("V")
        await until(pilot, lambda: any("blob:" in line and "binary: 3 bytes" in line for line in lines(app)))


async def test_text_of_the_cluster_is_shown_not_obeyed() -> None:
    cluster = web()
    cluster.world["pods"][0]["metadata"]["annotations"]["evil"] = "\x1b]0;title\x07[bold]x[/bold]\u202e"
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        assert '    evil: "\\e]0;title\\x07[bold]x[/bold]\\u202E"' in lines(app)


async def test_a_refusal_is_a_sentence() -> None:
    cluster = web()
    cluster.connection.refused["/pods/web-a"] = ApiError(403, "Forbidden", "pods is forbidden: not for ada")
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        while app.main.place().objects[0].metadata.name != "web-a":
            await pilot.press("down")
        await pilot.press("y")
        await until(pilot, lambda: "not for ada" in screen_text(app))


async def test_copying_takes_all_or_the_selected_lines() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "y")
        assert view(app).copy_text().startswith("apiVersion: v1\nkind: Pod\n")
        await pilot.press("home", "shift+down", "shift+down")
        await until(pilot, lambda: view(app).copy_text() == "apiVersion: v1\nkind: Pod")


# Described


async def test_d_describes_the_object_with_its_events_live() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "d")
        await until(pilot, lambda: "describe(shop) → pod web-a" in screen_text(app))
        assert ["Node:", "worker-1/"] in [line.split() for line in lines(app)]
        assert any(line.endswith("Started container main") for line in lines(app))
        about = cluster.world["pods"][0]
        new = event("e9", about, "Unhealthy", "Readiness probe failed: [b]no[/b]", warn=True, ago=1)
        cluster.world["events"].append(new)
        cluster.change("events", new)
        await until(pilot, lambda: "Readiness probe failed: [b]no[/b]" in screen_text(app))


async def test_names_are_links_and_esc_comes_back() -> None:
    cluster = web()
    for item in cluster.world["nodes"]:
        item.update(apiVersion="v1", kind="Node")
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "d")
        await to_line(pilot, app, "Node:")
        await pilot.press("enter")
        await until(pilot, lambda: "describe → node worker-1" in screen_text(app))
        await until(pilot, lambda: any("web-a" in line for line in lines(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "describe(shop) → pod web-a" in screen_text(app))


async def test_what_may_not_be_read_is_said_in_its_place() -> None:
    cluster = web()
    cluster.connection.refused["/events"] = ApiError(403, "Forbidden", "events is forbidden: not for ada")
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "web-a", "d")
        await until(pilot, lambda: any("not for ada" in line for line in lines(app)))
        assert any(line.startswith("Status:") for line in lines(app))


async def test_a_description_keeps_its_place_when_it_changes() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=(100, 12)) as pilot:
        app = await opened(pilot, "web-a", "d")
        await to_line(pilot, app, "Restart Count")
        top = screen_text(app).splitlines()[2]
        new = pod("web-a", restarts=3, labels={"app": "web", "b": "c", "d": "e"})
        new["metadata"]["resourceVersion"] = "2"
        new.update(apiVersion="v1", kind="Pod")
        cluster.world["pods"][0] = new
        cluster.change("pods", new)
        await until(pilot, lambda: any(line.split() == ["Restart", "Count:", "3"] for line in lines(app)))
        assert "Restart Count" in lines(app)[view(app).viewer.line_number or 0]
        await until(pilot, lambda: screen_text(app).splitlines()[2] == top)


async def test_a_secret_described_shows_no_value() -> None:
    async with make_app(FakeBackend(secrets()), kind="pods").run_test(size=SIZE) as pilot:
        app = await read(pilot, "secrets", "db", "describe")
        assert "password:  8 bytes" in lines(app)
        assert "blob:      3 bytes" in lines(app)
        assert "hunter2" not in screen_text(app)


async def test_a_config_map_of_a_megabyte_is_read_whole() -> None:
    world = shop()
    text = "".join(f"a-key-{number}: value {number:06d}\n" for number in range(40_000))
    world["configmaps"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("big", "shop"), "data": {"file": text}}
    ]
    assert len(text) > 900_000
    async with make_app(FakeBackend(FakeCluster(world)), kind="pods").run_test(size=SIZE) as pilot:
        for key in ("describe", "yaml"):
            app = await read(pilot, "configmaps", "big", key)
            assert sum("value 03" in line for line in lines(app)) == 10_000
            viewer = view(app).viewer
            viewer.action_last()
            await until(pilot, lambda viewer=viewer: viewer.line_number == len(viewer.content) - 1)  # type: ignore[misc]
            viewer.action_page_up()
            await until(pilot, lambda: "value 0399" in screen_text(pilot.app), "the end of the file")
