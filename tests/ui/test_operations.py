"""Operations as the user meets them: keys, plans, results, undo; on the object that was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ApiError, StatusDetails
from tests.ui.fakes import FakeBackend, make_app, meta, pod, screen_text, shop, until
from tests.ui.operations_rig import SIZE, asked, at, cluster, done, notes, rolling, uid

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot


async def test_delete_shows_the_plan_first_and_means_the_object() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-b")
        await asked(pilot, "ctrl+d")
        text = screen_text(app)
        assert "Delete pod shop/web-b" in text
        assert "ReplicaSet web-5d9 makes a new one." in text
        assert "DELETE /api/v1/namespaces/shop/pods/web-b" in text
        await pilot.press("enter")
        await done(pilot)
        assert not world.connection.writes, "enter on a deletion means no"
        await asked(pilot, "ctrl+d")
        await pilot.press("y")
        await done(pilot)
        ((method, path, body),) = world.connection.writes
        assert (method, path) == ("DELETE", "/api/v1/namespaces/shop/pods/web-b")
        assert body["preconditions"] == {"uid": uid("web-b")}
        assert body["propagationPolicy"] == "Background"
        await until(pilot, lambda: "Pod shop/web-b deleted." in notes(app), "said")


async def test_how_to_delete_can_be_chosen() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-a")
        dialog: Any = await asked(pilot, "ctrl+d")
        dialog.propagation.value = "Orphan"
        dialog.grace.value = "x"
        await until(pilot, lambda: "The grace period is a number" in screen_text(app), "a problem")
        await pilot.press("ctrl+s")
        assert not world.connection.writes
        dialog.grace.value = "7"
        await until(pilot, lambda: '"gracePeriodSeconds": 7' in screen_text(app), "in the plan")
        dialog.force.value = True
        await until(
            pilot, lambda: "asks nobody whether its containers" in screen_text(app), "what force means"
        )
        await pilot.press("ctrl+s")
        await done(pilot)
        assert world.connection.writes[0][2]["gracePeriodSeconds"] == 0
        assert world.connection.writes[0][2]["propagationPolicy"] == "Orphan"


async def test_kill_asks_too_and_a_namespace_wants_its_name() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        await at(pilot, "cart-0")
        await asked(pilot, "ctrl+k")
        await pilot.press("escape")
        await done(pilot)
        assert not world.connection.writes
        await asked(pilot, "ctrl+k")
        await pilot.press("y")
        await done(pilot)
        assert world.connection.writes[0][2]["gracePeriodSeconds"] == 0
    world = cluster()
    async with make_app(FakeBackend(world), kind="namespaces").run_test(size=SIZE) as pilot:
        app = await at(pilot, "shop")
        await asked(pilot, "ctrl+d")
        assert "Everything in the namespace is deleted" in screen_text(app)
        await pilot.press(*"sho", "enter")
        await pilot.pause(0.2)
        assert not world.connection.writes
        await pilot.press("p")
        await pilot.pause(0.2)
        await pilot.press("enter")
        await done(pilot)
        assert world.connection.writes[0][1] == "/api/v1/namespaces/shop"


async def test_scaling_says_what_an_autoscaler_does_and_is_undone() -> None:
    world = cluster()
    target = {"kind": "Deployment", "name": "web"}
    world.world["horizontalpodautoscalers.autoscaling"] = [
        {
            "metadata": meta("web-hpa", "shop"),
            "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4},
        }
    ]
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web")
        await asked(pilot, "s")
        await pilot.press("7")
        await until(pilot, lambda: "scales back down to 4" in screen_text(app), "the autoscaler")
        assert "replicas 3 → 7" in screen_text(app)
        await pilot.press("enter")
        await pilot.press("enter")
        await done(pilot)
        assert world.connection.writes[-1][1].endswith("/deployments/web/scale")
        assert world.connection.writes[-1][2] == {"spec": {"replicas": 7}, "metadata": {"uid": uid("web")}}
        await until(pilot, lambda: "shift-u undoes it" in notes(app), "undo is offered")
        await asked(pilot, "U")
        await pilot.press("y")
        await done(pilot)
        assert world.world["deployments.apps"][0]["spec"]["replicas"] == 3
        assert not app.operator.can_undo


async def test_what_somebody_changed_since_is_not_undone() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web")
        await asked(pilot, "s")
        await pilot.press("7", "enter", "enter")
        await done(pilot)
        world.world["deployments.apps"][0]["spec"]["replicas"] = 5
        await pilot.press("U")
        await until(pilot, lambda: "spec.replicas is 5, not 7" in notes(app), "a refusal")
        assert len(world.connection.writes) == 1
        await until(pilot, lambda: not app.operator.can_undo, "offered no longer")


async def test_restart_and_cordon_by_their_keys() -> None:
    world = cluster()
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        await at(pilot, "web")
        await asked(pilot, "r")
        await pilot.press("enter")
        await done(pilot)
        template = world.connection.writes[-1][2]["spec"]["template"]
        assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    world = cluster()
    async with make_app(FakeBackend(world), kind="nodes").run_test(size=SIZE) as pilot:
        app = await at(pilot, "worker-1")
        await pilot.press("u")
        await until(pilot, lambda: "It is uncordoned already." in notes(app), "said")
        await asked(pilot, "c")
        await pilot.press("y")
        await done(pilot)
        assert world.connection.writes[-1][2]["spec"] == {"unschedulable": True}
        dialog: Any = await asked(pilot, "t")
        dialog.text.value = "gpu=yes:NoExecute"
        await until(pilot, lambda: "evicts pods that do not tolerate it" in screen_text(app), "a warning")
        await pilot.press("ctrl+s")
        await done(pilot)
        assert world.connection.writes[-1][2]["spec"]["taints"][0]["key"] == "gpu"


async def test_marked_rows_are_one_plan_with_a_result_for_each_and_a_retry() -> None:
    world = cluster()
    details = StatusDetails()
    refused = ApiError(500, "InternalError", "etcd is slow", details=details)
    broken = {"web-b"}
    world.connection.answer = lambda _m, path, _b: refused if path.rpartition("/")[2] in broken else None
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-a")
        await pilot.press("space", "space", "space")
        await until(pilot, lambda: len(app.main.place().objects) == 3, "marks")
        await asked(pilot, "ctrl+d")
        assert "Delete 3 pods in shop" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await pilot.press("y")
        await until(pilot, lambda: "2 of 3 deleted · 1 failed" in screen_text(app), "results")
        assert "✗ shop/web-b: etcd is slow" in screen_text(app)
        assert "✓ shop/web-a" in screen_text(app)
        assert "Retry 1  r" in screen_text(app)
        broken.clear()
        await pilot.press("r")
        await done(pilot)
        assert [path for _, path, _ in world.connection.writes].count(
            "/api/v1/namespaces/shop/pods/web-b"
        ) == 2
        await until(pilot, lambda: "3 pods in shop deleted." in notes(app), "said")


async def test_many_go_with_progress_and_esc_stops() -> None:
    world = shop()
    world["pods"] = [pod(f"web-{n:03}") for n in range(500)]
    fake = cluster(world)
    async with make_app(FakeBackend(fake), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-000")
        await app.main.run_by_id("table.mark-all")
        await until(pilot, lambda: len(app.main.place().objects) == 500, "marks")
        await asked(pilot, "ctrl+d")
        assert "Delete 500 pods in shop" in screen_text(app)
        fake.connection.takes = 0.05
        await pilot.press("y")
        await until(pilot, lambda: len(fake.connection.writes) > 20, "under way")
        await pilot.press("escape")
        await until(pilot, lambda: "not begun" in screen_text(app), "stopped")
        count = len(fake.connection.writes)
        assert count < 500
        assert fake.connection.most == 10
        await pilot.pause(0.1)
        assert len(fake.connection.writes) == count
        fake.connection.takes = 0.002
        await pilot.press("r")
        await done(pilot)
        assert len({path for _, path, _ in fake.connection.writes}) == 500


async def test_what_is_not_allowed_is_said_with_the_missing_verb() -> None:
    world = cluster()
    world.access.denied = {("delete", "pods", ""), ("patch", "deployments", "scale")}
    async with make_app(FakeBackend(world), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web-a")
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "You may not delete pods in namespace shop." in notes(app), "said")
        assert app.screen is app.main
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web")
        await pilot.press("s")
        await until(pilot, lambda: "You may not patch deployments/scale" in notes(app), "said")


async def watched(pilot: Pilot[None]) -> Any:
    app = await at(pilot, "web")
    await pilot.press("o")
    await until(pilot, lambda: "Revisions, newest first" in screen_text(app), "the rollout")
    return app


async def test_a_stuck_rollout_says_why_and_is_undone() -> None:
    world = cluster(rolling())
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        app = await watched(pilot)
        text = screen_text(app)
        assert "Stuck: no progress for 600 s" in text
        assert "has timed out progressing" in text
        assert "1 pod: ImagePullBackOff: Back-off pulling image shop/main:3" in text
        assert "image: shop/main:2" in text
        assert app.main.place().view.revision.number == 2
        await asked(pilot, "u")
        assert "Roll deployment shop/web back to revision 2" in screen_text(app)
        await pilot.press("y")
        await done(pilot)
        test, template, _ = world.connection.writes[-1][2]
        assert test == {"op": "test", "path": "/metadata/uid", "value": uid("web")}
        assert template["value"]["spec"]["containers"][0]["image"] == "shop/main:2"


async def test_a_rollout_goes_on_before_the_eyes() -> None:
    world = cluster(rolling())
    (deployment,) = world.world["deployments.apps"]
    deployment["status"]["conditions"] = []
    async with make_app(FakeBackend(world), kind="deployments").run_test(size=SIZE) as pilot:
        app = await watched(pilot)
        assert "1 of 3 new pods are there" in screen_text(app)
        deployment["status"].update(updatedReplicas=3, replicas=3, availableReplicas=3)
        deployment["metadata"]["resourceVersion"] = "9"
        world.change("deployments.apps", deployment)
        await until(pilot, lambda: "Complete: all 3 new pods are available." in screen_text(app), "the end")


async def test_labels_images_and_jobs_by_their_keys() -> None:
    world = rolling()
    template = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:1"}]}}}}
    world["cronjobs.batch"] = [
        {"metadata": meta("nightly", "shop"), "spec": {"schedule": "@daily", "jobTemplate": template}}
    ]
    fake = cluster(world)
    async with make_app(FakeBackend(fake), kind="deployments").run_test(size=SIZE) as pilot:
        app = await at(pilot, "web")
        dialog: Any = await asked(pilot, "B")
        dialog.text.value = "tier=front"
        await until(pilot, lambda: "+ tier=front" in screen_text(app), "the plan")
        await pilot.press("ctrl+s")
        await done(pilot)
        assert fake.connection.writes[-1][2]["metadata"]["labels"] == {"tier": "front"}
        dialog = await asked(pilot, "i")
        dialog.images["main"].value = "shop/main:4"
        await until(pilot, lambda: "shop/main:3 → shop/main:4" in screen_text(app), "the plan")
        await pilot.press("ctrl+s")
        await done(pilot)
        assert (
            fake.connection.writes[-1][2]["spec"]["template"]["spec"]["containers"][0]["image"]
            == "shop/main:4"
        )
    async with make_app(FakeBackend(fake), kind="cronjobs").run_test(size=SIZE) as pilot:
        await at(pilot, "nightly")
        await asked(pilot, "t")
        await pilot.press("y")
        await done(pilot)
        method, path, body = fake.connection.writes[-1]
        assert (method, path) == ("POST", "/apis/batch/v1/namespaces/shop/jobs")
        assert body["metadata"]["name"].startswith("nightly-manual-")
        await asked(pilot, "s")
        await pilot.press("y")
        await done(pilot)
        assert fake.connection.writes[-1][2]["spec"] == {"suspend": True}


async def test_why_something_is_still_there_is_told_and_it_can_be_released() -> None:
    world = shop()
    world["pods"] = [pod("stuck")]
    world["pods"][0]["metadata"] |= {
        "deletionTimestamp": "2025-06-01T11:00:00Z",
        "finalizers": ["example.com/cleanup"],
    }
    fake = cluster(world)
    async with make_app(FakeBackend(fake), kind="pods").run_test(size=SIZE) as pilot:
        app = await at(pilot, "stuck")
        dialog: Any = await asked(pilot, "W")
        assert "whatever runs for example.com" in screen_text(app)
        await pilot.press("ctrl+s")
        assert not fake.connection.writes
        dialog.release.value = True
        await until(pilot, lambda: "(a volume, a load balancer" in screen_text(app), "the warning")
        await pilot.press("ctrl+s")
        await done(pilot)
        mine, held, remove = fake.connection.writes[-1][2]
        assert (mine["value"], held["value"]) == (uid("stuck"), ["example.com/cleanup"])
        assert remove == {"op": "remove", "path": "/metadata/finalizers"}


# How it looks


def shown(*keys: str, words: str) -> Callable[[Pilot[None]], Any]:
    async def run(pilot: Pilot[None]) -> None:
        app = await at(pilot, "web")
        await pilot.press(*keys)
        await until(pilot, lambda: words in screen_text(app), words)
        await until(pilot, lambda: "s scale" in screen_text(app) or "u undo to" in screen_text(app), "hints")
        for field in app.screen.query("Input"):
            field.cursor_blink = False
        await pilot.pause(0.3)

    return run


def test_the_plan(snap_compare: Any) -> None:
    world = cluster(rolling())
    target = {"kind": "Deployment", "name": "web"}
    world.world["horizontalpodautoscalers.autoscaling"] = [
        {
            "metadata": meta("web-hpa", "shop"),
            "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4},
        }
    ]
    app = make_app(FakeBackend(world), kind="deployments")
    assert snap_compare(app, terminal_size=SIZE, run_before=shown("s", "7", words="scales back down to 4"))


def test_a_deletion(snap_compare: Any) -> None:
    app = make_app(FakeBackend(cluster(rolling())), kind="deployments")
    assert snap_compare(app, terminal_size=SIZE, run_before=shown("ctrl+d", words="Its ReplicaSets and pods"))


def test_the_rollout(snap_compare: Any) -> None:
    app = make_app(FakeBackend(cluster(rolling())), kind="deployments")
    assert snap_compare(app, terminal_size=SIZE, run_before=shown("o", words="ImagePullBackOff"))
