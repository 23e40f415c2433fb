"""Following relations, taking a pod apart, asking by JSONPath: by keys, live, on fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.settings import Settings
from tests.ui.fakes import (
    FakeBackend,
    FakeCluster,
    event,
    make_app,
    meta,
    pod,
    screen_text,
    shop,
    stamp,
    until,
)

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp

SIZE = (120, 40)


def deployment_of(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": name,
        "uid": f"uid-shop-{name}",
        "controller": True,
    }


def kinds() -> Catalog:
    """The kinds that relations ask for, besides the builtin ones."""

    def more(group: str, kind: str, plural: str, *, namespaced: bool = True) -> Kind:
        return Kind(group, "v1", kind, plural, kind.lower(), (), namespaced, ("get", "list", "watch"))

    net = "networking.k8s.io"
    return Catalog(
        [
            *BUILTIN,
            more("discovery.k8s.io", "EndpointSlice", "endpointslices"),
            more(net, "Ingress", "ingresses"),
            more(net, "NetworkPolicy", "networkpolicies"),
            more("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
            more("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
            more("batch", "CronJob", "cronjobs"),
            more("scheduling.k8s.io", "PriorityClass", "priorityclasses", namespaced=False),
            more("storage.k8s.io", "StorageClass", "storageclasses", namespaced=False),
        ]
    )


def web() -> FakeCluster:
    """A shop whose web pods are reached by a service and an ingress, and use a few things."""
    world = shop()
    world["replicasets.apps"][0]["metadata"]["ownerReferences"] = [deployment_of("web")]
    for each in world["pods"][:3]:
        each.update(apiVersion="v1", kind="Pod")
        spec = each["spec"]
        spec["serviceAccountName"] = "web"
        spec["volumes"] = [{"name": "conf", "configMap": {"name": "web-conf"}}]
        spec["containers"][0]["env"] = [
            {"name": "DB_HOST", "valueFrom": {"configMapKeyRef": {"name": "web-conf", "key": "host"}}},
            {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "token"}}},
        ]
        spec["containers"][0]["resources"] = {"limits": {"memory": "64Mi"}}
    first = world["pods"][0]
    first["status"]["containerStatuses"][0].update(
        restartCount=3,
        ready=False,
        state={
            "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}
        },
        lastState={
            "terminated": {
                "exitCode": 137,
                "reason": "OOMKilled",
                "startedAt": stamp(90),
                "finishedAt": stamp(50),
            }
        },
    )
    world["deployments.apps"][0].update(apiVersion="apps/v1", kind="Deployment")
    world["services"] = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta("web", "shop"),
            "spec": {
                "type": "ClusterIP",
                "clusterIP": "10.96.0.7",
                "ports": [{"port": 80, "protocol": "TCP"}],
                "selector": {"app": "web"},
            },
        }
    ]
    backend = {"service": {"name": "web"}}
    world["ingresses.networking.k8s.io"] = [
        {
            "metadata": meta("shop", "shop"),
            "spec": {
                "rules": [
                    {"host": "shop.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}
                ]
            },
        }
    ]
    world["networkpolicies.networking.k8s.io"] = [
        {"metadata": meta("default-deny", "shop"), "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
    ]
    world["configmaps"] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta("web-conf", "shop"),
            "data": {"host": "db.shop"},
        }
    ]
    world["secrets"] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta("db", "shop"),
            "data": {"password": "aHVudGVyMg=="},
        }
    ]
    world["serviceaccounts"] = [{"metadata": meta("web", "shop")}]
    world["events"].append(
        event("e9", first, "BackOff", "Back-off restarting failed container main", warn=True)
    )
    cluster = FakeCluster(world)
    cluster.catalog = kinds()
    return cluster


async def opened(pilot: Pilot[None], *keys: str, shows: str) -> K8stuiApp:
    """The first pod of the shop, with these keys pressed on it."""
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "a row")
    for _ in range(20):
        if app.main.place().objects[0].metadata.name == "web-a":
            break
        await pilot.press("down")
    await pilot.press(*keys)
    await until(pilot, lambda: shows in screen_text(app), shows)
    return app  # type: ignore[no-any-return]


def view(app: K8stuiApp) -> Any:
    return app.main.place().view


async def to_line(pilot: Pilot[None], app: K8stuiApp, text: str) -> None:
    """The cursor on the first shown line with a text."""
    document = view(app).viewer.document
    wanted = next(seq for seq in range(document.end) if text in document.line(seq).text)
    view(app).viewer.move_to(wanted)
    await pilot.pause()


async def test_relations_of_a_pod_show_its_owners_its_traffic_and_what_it_uses() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="ingress shop")
        text = screen_text(app)
        assert "relations(shop) → pod web-a" in text
        assert "● deployment web" in text and "└─ ● replicaset web-5d9" in text
        assert "● service web" in text and "shop.example.com/" in text
        assert "networkpolicy default-deny" in text
        assert "● configmap web-conf" in text and "env DB_HOST in main, volume conf" in text
        assert "✗ secret gone" in text and "does not exist" in text
        assert app.main.place().objects[0].metadata.name == "web-a", "the cursor is on the pod itself"


async def test_enter_jumps_along_and_the_way_back_is_kept() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="configmap web-conf")
        await to_line(pilot, app, "configmap web-conf")
        await pilot.press("enter")
        await until(pilot, lambda: "→ configmap web-conf" in screen_text(app))
        await until(pilot, lambda: "pod web-b" in screen_text(app), "who uses it")
        await pilot.press("[")
        await until(pilot, lambda: "→ pod web-a" in screen_text(app))


async def test_what_is_under_the_cursor_is_what_other_keys_mean() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="configmap web-conf")
        await to_line(pilot, app, "service web")
        kind = app.main.place().kind
        assert kind is not None
        assert kind.name == "services"
        await pilot.press("y")
        await until(pilot, lambda: "yaml(shop) → service web" in screen_text(app))


async def test_relations_are_live() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="deployment web")
        await app.navigator.run_line("tree deploy/shop/web")
        await until(pilot, lambda: "→ deployment web" in screen_text(app) and "pod web-c" in screen_text(app))
        rs = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9", "uid": "uid-shop-web-5d9"}
        cluster.change("pods", pod("web-new", owner={**rs, "controller": True}), removed=["uid-shop-web-c"])
        await until(pilot, lambda: "pod web-new" in screen_text(app), "the new pod")
        assert "pod web-c " not in screen_text(app)


async def test_collections_are_given_back_with_the_view() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="configmap web-conf")
        assert any(each.kind.name == "configmaps" and each.subscribers for each in cluster.collections)
        await pilot.press("escape")
        await until(pilot, lambda: "pods(all)" in screen_text(app))
        await until(
            pilot, lambda: not any(e.subscribers for e in cluster.collections if e.kind.name == "configmaps")
        )


async def test_a_pod_is_taken_apart_and_its_secrets_stay_masked_until_asked() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "v", shows="CONTAINER")
        text = screen_text(app)
        assert "✗ main" in text and "CrashLoopBackOff" in text
        assert "exit code 137: SIGKILL (OOMKilled: out of memory, its limit is 64Mi)" in text
        assert "DB_HOST:" in text and "db.shop" in text
        assert "••••••" in text and "hunter2" not in text
        await pilot.press("x")
        await until(pilot, lambda: "hunter2" in screen_text(app), "the secret")
        assert "secret gone does not exist" in screen_text(app)
        await pilot.press("x")
        await until(pilot, lambda: "hunter2" not in screen_text(app), "masked again")


async def test_a_containers_row_leads_to_its_logs() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "v", shows="CONTAINER")
        assert view(app).container == "main"
        await pilot.press("enter")
        await until(pilot, lambda: app.main.place().view_type == "logs")
        assert (view(app).spec.container, view(app).spec.previous) == ("main", False)
        await pilot.press("[")
        await until(pilot, lambda: app.main.place().view_type == "anatomy" and view(app).container == "main")
        await pilot.press("p")
        await until(pilot, lambda: app.main.place().view_type == "logs" and view(app).spec.previous)


async def test_a_path_is_followed_through_all_rows_and_through_one_object() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(
            pilot, *":jsonpath {.items[*].metadata.name}", "enter", shows="jsonpath(pods all)[6]"
        )
        assert "  cart-0" in screen_text(app)
        await pilot.press("[")
        await until(pilot, lambda: "pods(all)" in screen_text(app))
        app = await opened(pilot, "y", shows="yaml(shop)")
        await pilot.press("=")
        await pilot.press(*"name}", "enter")
        await until(pilot, lambda: "jsonpath(shop)[1]" in screen_text(app))
        assert view(app).copy_text() == "web-a\n"


async def test_a_path_goes_through_the_rows_that_pass_the_filter_and_are_marked_and_stays_live() -> None:
    cluster = web()
    async with make_app(FakeBackend(cluster), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, *"/web", "enter", shows="/web")
        await app.navigator.run_line("jp {.items[*].metadata.name}")
        await until(pilot, lambda: "jsonpath(pods all)[3]" in screen_text(app))
        assert view(app).copy_text() == "web-a\nweb-b\nweb-c\n"
        assert "/web" in screen_text(app)
        cluster.change("pods", pod("web-d"))
        await until(pilot, lambda: "web-d" in view(app).copy_text(), "a row that came")
        cluster.change("pods", removed=["uid-shop-web-a"])
        await until(pilot, lambda: "web-a" not in view(app).copy_text(), "a row that went")
        await pilot.press("[")
        await until(pilot, lambda: "pods(all)" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: "1 marked" in screen_text(app))
        await app.navigator.run_line("jp {.items[*].metadata.name}")
        await until(pilot, lambda: "jsonpath(pods all)[1]" in screen_text(app))
        assert view(app).copy_text() == "web-b\n"


async def test_what_a_path_leaves_out_is_said(monkeypatch: Any) -> None:
    monkeypatch.setattr("k8stui.ui.views.jsonpath_rows.MOST_WHOLE", 2)
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, *":jp {.items[0:].metadata.name}", "enter", shows="jsonpath(pods all)")
        await until(pilot, lambda: "without 4 more objects" in screen_text(app))


async def test_a_path_that_is_not_understood_stays_on_the_line() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, *":jp {.a[}", "enter", shows="An index, a quoted name, a filter")
        assert app.main.prompt.is_open


async def test_labels_and_paths_of_the_settings_have_columns() -> None:
    settings = Settings(columns={"po": {"image": "{.spec.containers[*].image}"}})
    async with make_app(FakeBackend(web()), settings=settings, kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, shows="pods(all)")
        await app.navigator.run_line("po -L app")
        await until(pilot, lambda: "APP" in screen_text(app))
        head = next(line for line in screen_text(app).splitlines() if "RESTARTS" in line)
        assert head.split()[-2:] == ["APP", "IMAGE"]
        assert view(app).spec.labels == ("app",)
        view(app).show_labels(())
        await until(pilot, lambda: "APP" not in screen_text(app))


async def test_logs_are_read_from_where_the_pod_is_named() -> None:
    async with make_app(FakeBackend(web()), kind="pods").run_test(size=SIZE) as pilot:
        app = await opened(pilot, "X", shows="configmap web-conf")
        await pilot.press("l")
        await until(pilot, lambda: app.main.place().view_type == "logs")
        assert view(app).spec.target.name == "web-a"
