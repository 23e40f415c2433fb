"""Each dialog of an operation, carried out; and every change of the registry, forbidden and read-only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.operations import running
from k8stui.ui.commands import CommandError
from k8stui.ui.rights import changes
from tests.ui.fakes import FakeBackend, make_app, meta, pod, screen_text, until
from tests.ui.operations_rig import SIZE, asked, at, cluster, done, notes, rolling, uid
from tests.unit.test_operations import ADA, encoded, refused_by_a_budget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from k8stui.ui.actions import Action

DEFAULT = "storageclass.kubernetes.io/is-default-class"


def storage_class(name: str, default: bool = False) -> dict[str, Any]:
    return {
        "metadata": meta(name, annotations={DEFAULT: "true"} if default else {}),
        "provisioner": "example.com/disk",
        "allowVolumeExpansion": True,
    }


def world() -> dict[str, list[dict[str, Any]]]:
    """One object at least of every kind that something can be done with."""
    found = rolling()
    going = pod("going")
    going["metadata"] |= {"deletionTimestamp": "2025-06-01T11:00:00Z", "finalizers": ["example.com/x"]}
    found["pods"] = [pod("web-a", labels={"app": "web"}), going]
    template = {"metadata": {"labels": {"job-name": "import", "mine": "yes"}}, "spec": {"containers": []}}
    found["jobs.batch"] = [
        {"metadata": meta("import", "shop"), "spec": {"selector": {}, "template": template}}
    ]
    found["cronjobs.batch"] = [
        {
            "metadata": meta("nightly", "shop"),
            "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}},
        }
    ]
    found["configmaps"] = [{"metadata": meta("settings", "shop"), "data": {"a": "1"}}]
    found["persistentvolumeclaims"] = [
        {
            "metadata": meta("data", "shop"),
            "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "10Gi"}}},
            "status": {"phase": "Bound"},
        }
    ]
    found["persistentvolumes"] = [
        {"metadata": meta("disk-1"), "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    ]
    found["storageclasses.storage.k8s.io"] = [storage_class("fast"), storage_class("slow", default=True)]
    found["certificatesigningrequests.certificates.k8s.io"] = [
        {
            "metadata": meta(name),
            "spec": {"request": encoded(ADA), "signerName": "example.com/s", "username": "ada"},
        }
        for name in ("ada", "bob")
    ]
    return found


async def table(pilot: Pilot[None], line: str, name: str) -> Any:
    """A table of a kind, with the cursor on an object."""
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "rows")
    await app.navigator.run_line(line)
    kind = app.session.catalog.find(line)
    await until(pilot, lambda: app.main.place().kind == kind, line)
    return await at(pilot, name)


async def carried_out(pilot: Pilot[None], world: Any) -> list[tuple[str, str, Any]]:
    """Do what the dialog says; what was sent for it."""
    before = len(world.connection.writes)
    await pilot.press("ctrl+s")
    await done(pilot)
    sent: list[tuple[str, str, Any]] = world.connection.writes[before:]
    return sent


@pytest.fixture
async def pilot() -> AsyncIterator[Pilot[None]]:
    app = make_app(FakeBackend(cluster(world())), kind="pods", namespaces=("shop",))
    async with app.run_test(size=SIZE) as pilot:
        yield pilot


def connected(pilot: Pilot[None]) -> Any:
    app: Any = pilot.app
    return app.session.cluster


async def test_a_pod_is_evicted_by_its_command_and_resized(pilot: Pilot[None]) -> None:
    await table(pilot, "pods", "web-a")
    await asked(pilot, line="evict")
    assert "is asked for again every 5 s" in screen_text(pilot.app)
    ((method, path, body),) = await carried_out(pilot, connected(pilot))
    assert (method, path) == ("POST", "/api/v1/namespaces/shop/pods/web-a/eviction")
    assert body["deleteOptions"] == {"preconditions": {"uid": uid("web-a")}}

    dialog: Any = await asked(pilot, line="resize")
    dialog.values["requests", "cpu"].value = "250m"
    await until(pilot, lambda: "request of cpu: none → 250m" in screen_text(pilot.app), "the plan")
    ((_, path, body),) = await carried_out(pilot, connected(pilot))
    assert path.endswith("/pods/web-a/resize")
    (container,) = body["spec"]["containers"]
    assert container == {"name": "main", "resources": {"requests": {"cpu": "250m"}}}


async def test_a_command_says_where_it_does_not_fit(pilot: Pilot[None]) -> None:
    app = await table(pilot, "pods", "web-a")
    for line, why in (
        ("cordon", "cordon is for nodes."),
        ("evict now", "evict takes nothing after it"),
        ("scale", "scale is not for pods."),
    ):
        with pytest.raises(CommandError, match=why):
            await app.navigator.run_line(line)
    await pilot.press(":", *"evic")
    await until(pilot, lambda: "Ask for pods to be evicted" in screen_text(app), "a completion")


async def test_a_deployment_is_paused_resumed_and_given_resources(pilot: Pilot[None]) -> None:
    app = await table(pilot, "deployments", "web")
    await asked(pilot, line="pause")
    assert "Changes of the template wait until it is resumed" in screen_text(pilot.app)
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    assert body["spec"] == {"paused": True}
    await app.navigator.run_line("pause")
    await until(pilot, lambda: "It is paused already." in notes(pilot.app), "said")
    await asked(pilot, line="resume")
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    assert body["spec"] == {"paused": None}

    dialog: Any = await asked(pilot, line="resources")
    dialog.values["limits", "memory"].value = "1Gi"
    await until(pilot, lambda: "limit of memory: none → 1Gi" in screen_text(pilot.app), "the plan")
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    (container,) = body["spec"]["template"]["spec"]["containers"]
    assert container == {"name": "main", "resources": {"limits": {"memory": "1Gi"}}}


def ends_in(world: Any, name: str, seconds: int) -> None:
    """A pod's grace period ends then."""
    found = next(item for item in world["pods"] if item["metadata"]["name"] == name)
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    found["metadata"]["deletionTimestamp"] = ends.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_node_is_drained_when_its_pods_are_gone(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LOOK_PAUSE", 0.02)
    app = await table(pilot, "nodes", "worker-1")
    session: Any = connected(pilot)
    server, world = session.connection, session.world
    server.answer = lambda method, *_: ends_in(world, "web-a", 25) if method == "POST" else None
    dialog: Any = await asked(pilot, "r")
    assert "Pods that are ending already: 1." in screen_text(app)
    assert "No controller makes these anew: shop/web-a." in screen_text(app)
    await pilot.press("y")
    await until(pilot, lambda: "0 of 2 gone · 2 terminating" in screen_text(app), "they are waited for")
    left = re.compile(r"· shop/web-a: terminating, (\d+)s of its grace period left")
    await until(pilot, lambda: left.search(screen_text(app)), "what is left of its grace period")
    assert "· shop/going: terminating, its grace period ended" in screen_text(app)
    assert "example.com/x keeps it" in " ".join(screen_text(app).split())
    first = int(left.search(screen_text(app))[1])  # type: ignore[index]
    await until(pilot, lambda: int(left.search(screen_text(app))[1]) < first, "it counts")  # type: ignore[index]
    await pilot.press("escape")
    await until(pilot, lambda: "Wait for 2" in screen_text(app), "nobody waits any more")
    assert app.screen is dialog
    await pilot.press("r")
    await until(pilot, lambda: "Stop" in screen_text(app), "they are waited for again")
    world["pods"].clear()
    await done(pilot)
    await until(pilot, lambda: "Node worker-1 drained; 2 pods in shop gone." in notes(app), "said")
    assert [path.rpartition("/")[2] for _, path, _ in server.writes] == ["worker-1", "eviction"]


async def test_a_drain_that_is_not_waited_for_is_said_and_leaves_the_pods_alone(pilot: Pilot[None]) -> None:
    app = await table(pilot, "nodes", "worker-1")
    await asked(pilot, "r")
    await pilot.press("y")
    await until(pilot, lambda: "2 terminating" in screen_text(app), "they are waited for")
    await pilot.press("escape")
    await until(pilot, lambda: "Close" in screen_text(app), "nobody waits any more")
    await pilot.press("escape")
    await done(pilot)
    await until(pilot, lambda: "Node worker-1 not drained; 2 still terminating." in notes(app), "said")
    assert len(connected(pilot).connection.writes) == 2, "nothing is undone"


async def test_a_pod_that_a_budget_holds_is_asked_for_again_until_the_user_stops(pilot: Pilot[None]) -> None:
    app = await table(pilot, "nodes", "worker-1")
    world = connected(pilot).world["pods"]
    del world[1]
    server = connected(pilot).connection
    server.answer = lambda method, *_: refused_by_a_budget() if method == "POST" else None
    dialog: Any = await asked(pilot, "r")
    await pilot.press("y")
    await until(pilot, lambda: "1 held by a budget, asked again in" in screen_text(app), "the wait")
    assert "0 of 1 gone" in screen_text(app)
    assert "… shop/web-a: a PodDisruptionBudget keeps it" in screen_text(app)
    left = dialog.run_of_plan.again_in
    await until(pilot, lambda: f"asked again in {left - 1} s" in screen_text(app), "a second less")
    await pilot.press("escape")
    await until(pilot, lambda: "Retry 1" in screen_text(app), "the end")
    assert app.screen is dialog, "what was not done is read before it closes"
    await until(pilot, lambda: "✗ shop/web-a: a PodDisruptionBudget keeps it" in screen_text(app), "why")
    server.answer = lambda *_: world.clear()
    await pilot.press("r")
    await done(pilot)
    assert [path.rpartition("/")[2] for _, path, _ in server.writes] == ["worker-1", "eviction", "eviction"]


async def test_annotations_are_set_and_taken_away(pilot: Pilot[None]) -> None:
    app = await table(pilot, "configmaps", "settings")
    (settings,) = connected(pilot).world["configmaps"]
    last = "kubectl.kubernetes.io/last-applied-configuration"
    settings["metadata"]["annotations"] = {"old": "1", last: '{"data":{"a":"1"}}'}
    dialog: Any = await asked(pilot, line="annotations")
    assert "old=1" in screen_text(app)
    assert last not in screen_text(app), "what kubectl keeps there is no annotation of the user"
    dialog.text.value = "note='two words' old-"
    await until(pilot, lambda: "- old=1" in screen_text(app), "the plan")
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    assert body["metadata"]["annotations"] == {"note": "two words", "old": None}


async def test_a_claim_is_expanded_and_never_made_smaller(pilot: Pilot[None]) -> None:
    app = await table(pilot, "pvc", "data")
    dialog: Any = await asked(pilot, "x")
    dialog.text.value = "5Gi"
    await until(pilot, lambda: "A claim cannot become smaller: it asks for 10Gi." in screen_text(app), "why")
    dialog.text.value = "20Gi"
    await until(pilot, lambda: "storage 10Gi → 20Gi" in screen_text(app), "the plan")
    assert "claims only grow" in screen_text(app)
    ((_, path, body),) = await carried_out(pilot, connected(pilot))
    assert path == "/api/v1/namespaces/shop/persistentvolumeclaims/data"
    assert body["spec"] == {"resources": {"requests": {"storage": "20Gi"}}}


async def test_one_storage_class_becomes_the_default_and_the_other_no_longer_is(pilot: Pilot[None]) -> None:
    app = await table(pilot, "storageclasses", "fast")
    await asked(pilot, "x")
    for words in ("slow", "default → not the default", "fast", "→ default"):
        assert words in screen_text(app)
    sent = await carried_out(pilot, connected(pilot))
    values = {path.rpartition("/")[2]: body["metadata"]["annotations"][DEFAULT] for _, path, body in sent}
    assert values == {"slow": "false", "fast": "true"}


async def test_a_volume_gets_another_reclaim_policy(pilot: Pilot[None]) -> None:
    app = await table(pilot, "pv", "disk-1")
    dialog: Any = await asked(pilot, "x")
    assert "the volume and its data stay when the claim goes" in screen_text(app)
    dialog.value.value = "Retain"
    await until(pilot, lambda: "Delete → Retain" in screen_text(app), "the plan")
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    assert body["spec"] == {"persistentVolumeReclaimPolicy": "Retain"}


async def test_a_certificate_request_is_read_before_it_is_decided(pilot: Pilot[None]) -> None:
    app = await table(pilot, "csr", "ada")
    denied = connected(pilot).access.denied
    denied.add(("approve", "signers", ""))
    await pilot.press("a")
    await until(
        pilot, lambda: "You may not decide for signer example.com/s" in notes(app), "the missing right"
    )
    denied.clear()
    await asked(pilot, "a")
    for words in ("Subject: O=system:masters, CN=ada", "DNS:web.shop.svc", "Key: ECDSA P-256"):
        assert words in screen_text(app)
    assert "Group system:masters: no rule of RBAC holds its members" in screen_text(app)
    await pilot.resize_terminal(80, 24)
    await until(pilot, lambda: "Approve  y" in screen_text(app), "the button on a low screen")
    await pilot.press("enter")
    await done(pilot)
    assert not connected(pilot).connection.writes, "enter on what is dangerous means no"
    await asked(pilot, "a")
    ((method, path, body),) = await carried_out(pilot, connected(pilot))
    assert (method, path.rpartition("/")[2]) == ("PUT", "approval")
    assert [each["type"] for each in body["status"]["conditions"]] == ["Approved"]
    await pilot.press("down")
    await asked(pilot, "x")
    ((_, path, body),) = await carried_out(pilot, connected(pilot))
    assert "/bob/" in path
    assert [each["type"] for each in body["status"]["conditions"]] == ["Denied"]


async def test_jobs_run_again_and_go_on_and_a_replica_set_leads_back(pilot: Pilot[None]) -> None:
    app = await table(pilot, "jobs", "import")
    await asked(pilot, "r")
    assert "the old one and its pods stay" in screen_text(app)
    ((method, path, body),) = await carried_out(pilot, connected(pilot))
    assert (method, path) == ("POST", "/apis/batch/v1/namespaces/shop/jobs")
    assert body["metadata"]["name"].startswith("import-again-")
    assert body["spec"]["template"]["metadata"]["labels"] == {"mine": "yes"}

    await table(pilot, "cronjobs", "nightly")
    await app.navigator.run_line("resume")
    await until(pilot, lambda: "It is not suspended." in notes(app), "said")
    await asked(pilot, "s")
    await carried_out(pilot, connected(pilot))
    await asked(pilot, line="resume")
    ((_, _, body),) = await carried_out(pilot, connected(pilot))
    assert body["spec"] == {"suspend": False}

    await table(pilot, "replicasets", "web-2")
    await asked(pilot, "ctrl+l")
    assert "Roll deployment shop/web back to web-2" in screen_text(app)
    ((_, path, body),) = await carried_out(pilot, connected(pilot))
    assert path.endswith("/deployments/web")
    template = next(each for each in body if each["path"] == "/spec/template")["value"]
    assert template["spec"]["containers"][0]["image"] == "shop/main:2"


# Every change of the registry

PLACES = {
    "pods": "web-a",
    "nodes": "worker-1",
    "deployments": "web",
    "replicasets": "web-1",
    "jobs": "import",
    "cronjobs": "nightly",
    "configmaps": "settings",
    "pvc": "data",
    "pv": "disk-1",
    "storageclasses": "fast",
    "csr": "ada",
}
"""Tables and rows in which all of them can be met."""
ELSEWHERE = {
    "operation.rollout-undo": "in a rollout, not in a table",
    "operation.undo": "needs something that was done: readonly sessions do nothing, and each undo is a patch",
    "edit.create": "needs no row: the forms and :create say what may not be made",
    "edit.apply": "needs no row, as above",
    "anatomy.shell": "on a container of a pod, with the same right as the pod's shell",
    "anatomy.attach": "as above",
    "anatomy.debug": "as above",
    "edit.save": "in an editor, which a read-only session does not open",
}


def in_tables(app: Any) -> list[Action]:
    return [action for action in app.main.registry if changes(action) and action.id not in ELSEWHERE]


async def _refused(pilot: Pilot[None], app: Any, action: Action, words: str) -> None:
    app._notifications.clear()
    view = app.main.place().view
    await app.main.run_by_id(action.id)
    await until(pilot, lambda: notes(app), action.id)
    assert words in notes(app), action.id
    assert app.screen is app.main, action.id
    assert app.main.place().view is view, action.id


async def test_whatever_is_forbidden_is_said_with_the_missing_verb_before_it_is_tried(
    pilot: Pilot[None],
) -> None:
    met: set[str] = set()
    for line, name in PLACES.items():
        app = await table(pilot, line, name)
        place = app.main.place()
        denied = app.session.cluster.access.denied
        for action in in_tables(app):
            right = action.right
            if right is None or action.id in met or not action.works(place):
                continue
            kind = app.session.catalog.find(right.resource) if right.resource else place.kind
            denied.add((right.verb, kind.plural, right.subresource))
            resource = f"{kind.plural}/{right.subresource}" if right.subresource else kind.name
            await _refused(pilot, app, action, f"You may not {right.verb} {resource}")
            denied.clear()
            met.add(action.id)
    assert met == {action.id for action in in_tables(app)}
    assert not connected(pilot).connection.writes


async def test_a_read_only_session_refuses_every_change() -> None:
    fake = cluster(world())
    app: Any = make_app(FakeBackend(fake), kind="pods", namespaces=("shop",), readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        met: set[str] = set()
        for line, name in PLACES.items():
            await table(pilot, line, name)
            place = app.main.place()
            for action in in_tables(app):
                if action.id not in met and action.works(place):
                    await _refused(pilot, app, action, "Read-only: k8stui sends nothing that would change")
                    met.add(action.id)
        assert met == {action.id for action in in_tables(app)}
        await table(pilot, "pods", "going")
        await asked(pilot, "W")
        assert "You cannot release it by hand. Read-only" in screen_text(app)
        await pilot.press("ctrl+s", "escape")
        await done(pilot)
    assert not fake.connection.writes
