"""Draining a node: what goes and what stays, and that drained means gone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.operations import running
from k8stui.kube.operations.drain import plan_drain
from k8stui.kube.operations.leaving import Stay
from k8stui.kube.operations.plans import PlanError
from k8stui.kube.operations.running import Run, State
from k8stui.ui.dialogs.plan_text import finished_text, progress_text, retry_label, summary
from tests.unit.test_operations import NODES, PODS, Server, ref, refused_by_a_budget

NODE = ref(NODES, "n1")
GOING = "2025-01-01T00:00:00Z"


def owned(name: str, kind: str, **more: Any) -> dict[str, Any]:
    owners = [{"kind": kind, "name": "x", "controller": True}] if kind else []
    metadata = {"name": name, "namespace": "shop", "uid": f"u-{name}", "ownerReferences": owners}
    return {"metadata": {**metadata, **more.pop("metadata", {})}, "spec": more.pop("spec", {}), **more}


def test_a_drain_says_what_stays_and_what_is_lost() -> None:
    on_node = [
        owned("web", "ReplicaSet", spec={"volumes": [{"name": "tmp", "emptyDir": {}}]}),
        owned("alone", ""),
        owned("agent", "DaemonSet"),
        owned("etcd", "Node", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}),
        owned("ending", "ReplicaSet", metadata={"deletionTimestamp": GOING}),
    ]
    plan = plan_drain({NODE: {}}, on_node, PODS)
    assert [change.ref.name for change in plan.changes] == ["n1", "web", "alone", "ending"]
    assert plan.first == 1
    assert plan.destroys
    assert "Pods that stay: 1 of DaemonSets, 1 of the kubelet itself." in plan.notes
    assert plan.warnings == (
        "No controller makes these anew: shop/alone.",
        "What these keep in emptyDir volumes is lost: shop/web.",
    )
    assert not plan.changes[3].requests, "what ends already is waited for, not evicted"
    cordoned = {"spec": {"unschedulable": True}}
    assert plan_drain({NODE: cordoned}, on_node, PODS).first == 0
    assert [change.ref.name for change in plan_drain({NODE: cordoned}, on_node[4:], PODS).changes] == [
        "ending"
    ]
    with pytest.raises(PlanError, match="Nothing is to be done"):
        plan_drain({NODE: cordoned}, on_node[2:4], PODS)


async def test_no_pod_is_evicted_from_a_node_that_cannot_be_cordoned() -> None:
    refused = ApiError(403, "Forbidden", "nodes is forbidden")
    broken = [True]
    server = Server(lambda method, *_: refused if method == "PATCH" and broken else None)
    run = Run(server, plan_drain({NODE: {}}, [owned("web", "ReplicaSet")], PODS))
    await run.run()
    assert [method for method, _, _ in server.sent] == ["PATCH"]
    assert (run.count(State.FAILED), run.count(State.STOPPED)) == (1, 1)
    assert summary(run) == "Node n1 not drained; 1 failed; 1 not begun."
    broken.clear()
    await run.retry()
    assert [method for method, _, _ in server.sent[1:]] == ["PATCH", "POST", "GET"]
    assert not run.left


# Waiting until they are gone


class Node:
    """A node whose pods end when a test says so, on a server whose clock is an hour ahead."""

    def __init__(self, *names: str) -> None:
        self.pods = {name: owned(name, "ReplicaSet") for name in names}
        self.evicted: list[str] = []
        self.looks = 0
        self.held: set[str] = set()
        self.broken: ApiError | ConnectionLost | None = None
        self.grace = 30.0

    def plan(self) -> Any:
        return plan_drain({NODE: {"spec": {"unschedulable": True}}}, self.pods.values(), PODS)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        await asyncio.sleep(0)
        now = datetime.now(UTC) + timedelta(hours=1)
        body: Any = {}
        if method == "GET":
            assert options["params"]["fieldSelector"] == "spec.nodeName=n1"
            self.looks += 1
            if self.broken is not None:
                raise self.broken
            body = {"items": list(self.pods.values())}
        else:
            name = path.split("/")[-2]
            self.evicted.append(name)
            if name in self.held:
                raise refused_by_a_budget()
            ends = (now + timedelta(seconds=self.grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.pods[name]["metadata"]["deletionTimestamp"] = ends
        headers = {"Date": format_datetime(now, usegmt=True)}
        return SimpleNamespace(body=json.dumps(body).encode(), headers=headers, warnings=())


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOOK_PAUSE", 0.01)
    monkeypatch.setattr(running, "HELD_PAUSE", 0.02)


async def test_drained_means_that_every_pod_is_gone() -> None:
    node = Node("web", "cart")
    run = Run(node, node.plan())
    working = asyncio.create_task(run.run())
    await until(lambda: node.looks > 2)
    assert run.count(State.LEAVING) == 2
    assert not run.finished
    assert "0 of 2 gone · 2 terminating" in progress_text(run, 100).plain
    told = finished_text(run).plain
    assert "· shop/web: terminating, 30s of its grace period left" in told or "29s of its" in told
    del node.pods["web"]
    node.pods["cart"]["metadata"]["uid"] = "another one with its name"
    await asyncio.wait_for(working, 5)
    assert run.count(State.DONE) == 2
    assert node.evicted == ["web", "cart"]
    assert summary(run) == "Node n1 drained; 2 pods in shop gone."


async def test_stopping_ends_the_waiting_and_going_on_evicts_nothing_twice() -> None:
    node = Node("web", "cart")
    run = Run(node, node.plan())
    working = asyncio.create_task(run.run())
    await until(lambda: node.looks)
    del node.pods["web"]
    await until(lambda: run.count(State.DONE))
    run.stop()
    await asyncio.wait_for(working, 1)
    assert [result.change.ref.name for result in run.left] == ["cart"]
    assert retry_label(run) == "Wait for 1  r"
    assert summary(run) == "Node n1 not drained; pod shop/web gone; 1 still terminating."
    working = asyncio.create_task(run.retry())
    node.pods.clear()
    await asyncio.wait_for(working, 5)
    assert not run.left
    assert node.evicted == ["web", "cart"]


async def test_stopping_does_not_wait_for_an_answer_about_what_is_there() -> None:
    node = Node("web")
    run = Run(node, node.plan())
    asked = asyncio.Event()

    async def silent(*_: object) -> dict[str, Stay]:
        asked.set()
        await asyncio.sleep(3600)
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "still_there", silent)
        working = asyncio.create_task(run.run())
        await asyncio.wait_for(asked.wait(), 5)
        run.stop()
        await asyncio.wait_for(working, 1)
    assert run.count(State.LEAVING) == 1


async def test_what_a_budget_holds_is_asked_for_again_while_others_end() -> None:
    node = Node("web", "cart")
    node.held.add("cart")
    run = Run(node, node.plan())
    working = asyncio.create_task(run.run())
    await until(lambda: node.evicted.count("cart") > 2 and node.looks > 2)
    assert node.evicted.count("web") == 1
    assert "0 of 2 gone · 1 terminating · 1 held by a budget" in progress_text(run, 100).plain
    node.held.clear()
    await until(lambda: run.count(State.LEAVING) == 2)
    node.pods.clear()
    await asyncio.wait_for(working, 5)
    assert not run.left


async def test_nothing_is_gone_because_nobody_can_look() -> None:
    node = Node("web")
    node.broken = ConnectionLost("nobody answers")
    run = Run(node, node.plan())
    working = asyncio.create_task(run.run())
    await until(lambda: node.looks > 3)
    assert run.count(State.LEAVING) == 1
    assert "Whether they are still there is not known: nobody answers" in progress_text(run, 100).plain
    node.broken = None
    node.pods.clear()
    await asyncio.wait_for(working, 5)
    assert not run.left
    assert "not known" not in progress_text(run, 100).plain


@pytest.mark.parametrize(
    ("ends", "finalizers", "words"),
    [
        (None, (), "evicted, but not terminating yet"),
        (29.5, (), "terminating, 30s of its grace period left"),
        (3599.5, ("x",), "terminating, 60m of its grace period left"),
        (7260, (), "terminating, 121m of its grace period left"),
        (-180000, ("x",), "terminating, its grace period ended 2d2h ago; x keeps it"),
        (-3.5, (), "terminating, its grace period ended 3s ago"),
        (-60.5, (), "terminating, its grace period ended 60s ago; the kubelet is silent"),
        (-60.5, ("a/b",), "terminating, its grace period ended 60s ago; a/b keeps it"),
    ],
)
def test_it_is_said_what_a_pod_waits_for(
    ends: float | None, finalizers: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("k8stui.kube.operations.leaving.time.monotonic", lambda: 1000.0)
    assert Stay(None if ends is None else 1000.0 + ends, finalizers).words == words
