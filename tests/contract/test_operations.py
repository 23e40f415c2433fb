"""Every operation carried out and undone, refused and forbidden: the same on either cluster."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kinds.rollout.history import revisions
from k8stui.kinds.rollout.status import RolloutPhase, rollout_status
from k8stui.kube.connection.client import Connection
from k8stui.kube.discovery import discover
from k8stui.kube.errors import ApiError
from k8stui.kube.operations import running
from k8stui.kube.operations.certificates import decided, plan_decision
from k8stui.kube.operations.deletion import DeleteOptions, plan_delete, plan_evict, plan_finalize
from k8stui.kube.operations.drain import plan_drain, pods_of
from k8stui.kube.operations.jobs import plan_rerun, plan_suspend, plan_trigger
from k8stui.kube.operations.metadata import plan_metadata
from k8stui.kube.operations.nodes import plan_cordon, plan_taint
from k8stui.kube.operations.plans import Plan, PlanError, Ref
from k8stui.kube.operations.reading import read_all, read_items
from k8stui.kube.operations.rollout import (
    plan_images,
    plan_pause,
    plan_resources,
    plan_restart,
    plan_undo_deployment,
    plan_undo_revision,
)
from k8stui.kube.operations.running import Result, Run, State
from k8stui.kube.operations.scaling import plan_scale
from k8stui.kube.operations.storage import plan_default_class, plan_expand, plan_reclaim
from k8stui.kube.operations.undo import undo_plan
from k8stui.ui.entries import all_actions
from k8stui.ui.rights import changes
from tests.unit.test_operations import WEB, encoded

from .conftest import eventually
from .kubectl import Kubectl
from .shells_rig import PAUSE, container

if TYPE_CHECKING:
    from k8stui.kube.catalog import Catalog

    from .conftest import Admin, Target

MOMENT = "2025-01-01T00:00:00Z"
LABELS = {"app": "web"}
IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Operator:
    """Makes objects, refers to them, and carries out plans as the administrator."""

    def __init__(self, admin: Admin, namespace: str, catalog: Catalog) -> None:
        self.admin, self.namespace, self.catalog = admin, namespace, catalog
        self.connection = admin.connection

    def kind(self, name: str) -> Any:
        found = self.catalog.find(name)
        assert found is not None, name
        return found

    async def make(self, kind: str, body: dict[str, Any]) -> Ref:
        of = self.kind(kind)
        made = await self.admin.create(of.path(self.namespace), body)
        return self.ref(kind, made)

    def ref(self, kind: str, obj: dict[str, Any]) -> Ref:
        of, meta = self.kind(kind), obj["metadata"]
        return Ref(of, meta["name"], meta.get("namespace", ""), meta["uid"])

    async def get(self, ref: Ref, subresource: str = "") -> dict[str, Any]:
        return await self.admin.get(ref.path(subresource))

    async def do(self, plan: Plan, connection: Any = None) -> Run:
        run = Run(connection or self.connection, plan)
        async with asyncio.timeout(60):
            await run.run()
        return run

    async def done(self, plan: Plan) -> Run:
        run = await self.do(plan)
        assert not run.left, [result.text for result in run.left]
        return run

    async def undone(self, run: Run) -> None:
        back = undo_plan(run.results)
        assert back is not None
        await self.done(back)

    async def deployment(self, name: str = "web", image: str = PAUSE, **spec: Any) -> Ref:
        template = {"metadata": {"labels": {"app": name}}, "spec": pod_spec(image)}
        selector = {"matchLabels": {"app": name}}
        body = {
            "metadata": {"name": name},
            "spec": {"replicas": 1, "selector": selector, "template": template, **spec},
        }
        return await self.make("deployments.apps", body)

    async def status(self, ref: Ref) -> Any:
        return rollout_status(ref.kind.kind, await self.get(ref))

    async def until(self, ref: Ref, phase: RolloutPhase, seconds: float = 60) -> Any:
        async with asyncio.timeout(seconds):
            while (found := await self.status(ref)).phase is not phase:
                await asyncio.sleep(0.1)
            return found


def pod_spec(image: str = PAUSE) -> dict[str, Any]:
    return {"terminationGracePeriodSeconds": 0, "containers": [container("app", image)]}


@pytest.fixture
async def op(admin: Admin, namespace: str) -> Operator:
    return Operator(admin, namespace, await discover(admin.connection))


async def test_scaling_and_back(op: Operator) -> None:
    ref = await op.deployment()
    run = await op.done(plan_scale({ref: await op.get(ref, "scale")}, "+2"))
    assert (await op.get(ref))["spec"]["replicas"] == 3
    await op.undone(run)
    assert (await op.get(ref))["spec"]["replicas"] == 1


async def test_a_custom_kind_with_a_scale_scales(op: Operator) -> None:
    group = f"k8stui-{secrets.token_hex(3)}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"scale": paths, "status": {}},
    }
    names = {"plural": "gizmos", "singular": "gizmo", "kind": "Gizmo"}
    body = {
        "metadata": {"name": f"gizmos.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await op.admin.create(op.kind("crd").path(), body)

    async with asyncio.timeout(30):
        while (found := (await discover(op.connection)).get(group, "gizmos")) is None:
            await asyncio.sleep(0.1)
    assert "scale" in found.subresources
    op.catalog = await discover(op.connection)
    ref = await op.make(f"gizmos.{group}", {**gizmo(group), "metadata": {"name": "one"}})
    await op.done(plan_scale({ref: await op.get(ref, "scale")}, "4"))
    assert (await op.get(ref))["spec"]["replicas"] == 4


def gizmo(group: str) -> dict[str, Any]:
    return {"apiVersion": f"{group}/v1", "kind": "Gizmo", "spec": {"replicas": 1}}


async def test_a_rollout_is_watched_to_its_end_to_a_stuck_end_and_undone(
    op: Operator, cluster_under_test: Target
) -> None:
    ref = await op.deployment(progressDeadlineSeconds=2)
    await op.until(ref, RolloutPhase.COMPLETE)
    await kubectl_agrees(cluster_under_test, op, "Deployment", await op.get(ref))
    await op.done(plan_restart([ref], MOMENT))
    await op.until(ref, RolloutPhase.COMPLETE)
    annotations = (await op.get(ref))["spec"]["template"]["metadata"]["annotations"]
    assert annotations["kubectl.kubernetes.io/restartedAt"] == MOMENT
    await op.done(plan_images(ref, await op.get(ref), {"app": "registry.invalid/app:does-not-exist"}))
    stuck = await op.until(ref, RolloutPhase.STUCK)
    assert "no progress for 2 s" in stuck.sentence
    await kubectl_agrees(cluster_under_test, op, "Deployment", await op.get(ref))
    items = await read_items(op.connection, op.kind("replicasets.apps").path(op.namespace))
    found = revisions("Deployment", await op.get(ref), items)
    assert [(each.number, each.current) for each in found] == [(3, True), (2, False), (1, False)]
    await op.done(plan_undo_deployment(ref, await op.get(ref), found[1].source))
    await op.until(ref, RolloutPhase.COMPLETE)
    now = await op.get(ref)
    assert now["spec"]["template"]["spec"]["containers"][0]["image"] == PAUSE
    assert now["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "4"


async def test_stateful_sets_go_back_to_a_revision(op: Operator) -> None:
    body = {
        "metadata": {"name": "db"},
        "spec": {
            "replicas": 1,
            "serviceName": "db",
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod_spec()},
        },
    }
    ref = await op.make("statefulsets.apps", body)
    await op.until(ref, RolloutPhase.COMPLETE)
    await op.done(plan_restart([ref], MOMENT))
    await asyncio.sleep(0.2)
    await op.until(ref, RolloutPhase.COMPLETE)
    items = await read_items(op.connection, op.kind("controllerrevisions.apps").path(op.namespace))
    found = revisions("StatefulSet", await op.get(ref), items)
    assert [each.number for each in found] == [2, 1]
    await op.done(plan_undo_revision(ref, found[1].source))
    template = (await op.get(ref))["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" not in (template["metadata"].get("annotations") or {})


async def test_pause_resume_images_resources(op: Operator) -> None:
    ref = await op.deployment(replicas=0)
    run = await op.done(plan_pause([ref], on=True))
    assert (await op.get(ref))["spec"]["paused"] is True
    await op.undone(run)
    assert not (await op.get(ref))["spec"].get("paused")
    values = {("requests", "cpu"): "10m", ("limits", "memory"): "32Mi"}
    run = await op.done(plan_resources(ref, await op.get(ref), "app", values))
    (made,) = (await op.get(ref))["spec"]["template"]["spec"]["containers"]
    assert made["resources"]["requests"]["cpu"] == "10m"
    assert made["resources"]["limits"] == {"memory": "32Mi"}
    await op.undone(run)
    (made,) = (await op.get(ref))["spec"]["template"]["spec"]["containers"]
    assert not any(made["resources"].values())


async def test_a_pod_is_resized_where_the_server_can(op: Operator) -> None:
    if "resize" not in op.kind("pods").subresources:
        pytest.skip("servers before 1.33 do not resize pods in place")
    pod = await op.make("pods", {"metadata": {"name": "web"}, "spec": pod_spec()})
    values = {("requests", "cpu"): "10m", ("limits", "cpu"): "20m"}
    await op.done(plan_resources(pod, await op.get(pod), "app", values))
    (made,) = (await op.get(pod))["spec"]["containers"]
    assert (made["resources"]["requests"]["cpu"], made["resources"]["limits"]["cpu"]) == ("10m", "20m")


async def test_what_has_taken_the_name_is_left_alone(op: Operator) -> None:
    body = {"metadata": {"name": "settings"}, "data": {"a": "1"}}
    old = await op.make("configmaps", body)
    await op.admin.delete(old.path())
    new = await op.make("configmaps", body)
    for plan in (plan_delete([old]), plan_metadata({old: {}}, "labels", "a=b")):
        run = await op.do(plan)
        assert "another one has its name now" in run.failed[0].text, run.results[0]
    assert (await op.get(new))["metadata"].get("labels") is None
    read = await read_all(op.connection, [old])
    assert "another one has its name now" in read.problems[old]


async def test_five_hundred_marked_pods_go_ten_at_a_time_and_can_be_stopped(op: Operator) -> None:
    pods, gate = op.kind("pods"), asyncio.Semaphore(20)

    async def make(number: int) -> Ref:
        spec = {**pod_spec(), "nodeSelector": {"no": "where"}}
        body = json.dumps({"metadata": {"name": f"p{number}", "labels": LABELS}, "spec": spec}).encode()
        async with gate:
            answer = await op.connection.request("POST", pods.path(op.namespace), body=body)
        return op.ref("pods", json.loads(answer.body))

    refs = await asyncio.gather(*(make(number) for number in range(500)))
    seen: list[tuple[int, int]] = []

    def changed() -> None:
        seen.append((run.count(State.RUNNING), run.count(State.DONE)))
        if seen[-1][1] >= 100:
            run.stop()

    run = Run(op.connection, plan_delete(refs, DeleteOptions(force=True)), changed)
    async with asyncio.timeout(60):
        await run.run()
    assert max(running for running, _ in seen) == 10
    assert 100 <= run.count(State.DONE) <= 110
    assert run.count(State.STOPPED) == 500 - run.count(State.DONE)
    again = Run(op.connection, plan_delete([result.change.ref for result in run.left]))
    async with asyncio.timeout(60):
        await again.run()
    assert not again.left
    params = {"labelSelector": "app=web"}
    left = await read_items(op.connection, pods.path(op.namespace), params)
    assert all(pod["metadata"].get("deletionTimestamp") for pod in left)


async def test_an_eviction_that_a_budget_refuses_is_said_in_words_and_done_when_it_may_be(
    op: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HELD_PAUSE", 0.2)
    pod = await op.make("pods", {"metadata": {"name": "web", "labels": LABELS}, "spec": pod_spec()})
    spec = {"minAvailable": 1, "selector": {"matchLabels": LABELS}}
    budget = await op.make("poddisruptionbudgets.policy", {"metadata": {"name": "keep"}, "spec": spec})
    async with asyncio.timeout(60):
        while (await op.get(budget)).get("status", {}).get("currentHealthy") != 1:
            await asyncio.sleep(0.1)
    run = Run(op.connection, plan_evict([pod]))
    working = asyncio.create_task(run.run())
    async with asyncio.timeout(30):
        while not run.count(State.HELD):
            await asyncio.sleep(0.01)
        assert "a PodDisruptionBudget keeps it" in run.results[0].text
        assert "keep" in run.results[0].text
        await op.admin.delete(budget.path())
        await working
    assert run.count(State.DONE) == 1


async def test_jobs_are_triggered_suspended_and_run_again(op: Operator) -> None:
    template = {"spec": {"template": {"spec": {**pod_spec(), "restartPolicy": "Never"}}}}
    body = {"metadata": {"name": "nightly"}, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": template}}
    cron = await op.make("cronjobs.batch", body)
    jobs = op.kind("jobs.batch")
    await op.done(plan_trigger({cron: await op.get(cron)}, jobs, "abcde"))
    job = await op.admin.get(jobs.path(op.namespace, "nightly-manual-abcde"))
    assert job["metadata"]["ownerReferences"][0]["uid"] == cron.uid
    ref = op.ref("jobs.batch", job)
    await op.done(plan_rerun({ref: await op.get(ref)}, "fghij"))
    again = await op.admin.get(jobs.path(op.namespace, "nightly-manual-abcde-again-fghij"))
    assert again["metadata"]["uid"] != ref.uid
    run = await op.done(plan_suspend([cron], on=True))
    assert (await op.get(cron))["spec"]["suspend"] is True
    await op.undone(run)
    assert (await op.get(cron))["spec"]["suspend"] is False


async def test_labels_and_annotations_and_back(op: Operator) -> None:
    body = {"metadata": {"name": "settings", "labels": {"a": "1", "b": "2"}}}
    ref = await op.make("configmaps", body)
    run = await op.done(plan_metadata({ref: await op.get(ref)}, "labels", "a=3 b- c=4"))
    assert (await op.get(ref))["metadata"]["labels"] == {"a": "3", "c": "4"}
    await op.undone(run)
    assert (await op.get(ref))["metadata"]["labels"] == {"a": "1", "b": "2"}
    await op.done(plan_metadata({ref: await op.get(ref)}, "annotations", "note='two words'"))
    assert (await op.get(ref))["metadata"]["annotations"]["note"] == "two words"


async def test_nodes_are_cordoned_tainted_and_as_before(op: Operator) -> None:
    body = {"metadata": {"name": f"k8stui-{secrets.token_hex(3)}"}, "spec": {}}
    ref = await op.make("nodes", body)
    run = await op.done(plan_cordon([ref], on=True))
    assert (await op.get(ref))["spec"]["unschedulable"] is True
    await op.undone(run)
    assert not (await op.get(ref))["spec"].get("unschedulable")

    taints = await tainted(op, ref, "k8stui.test/x=y:PreferNoSchedule")
    assert {"key": "k8stui.test/x", "value": "y", "effect": "PreferNoSchedule"} in taints
    taints = await tainted(op, ref, "k8stui.test/x-")
    assert not any(t["key"] == "k8stui.test/x" for t in taints)


async def tainted(op: Operator, node: Ref, typed: str) -> list[dict[str, str]]:
    """Taint until nothing is left to change, and the taints then: the controllers write their own on a
    new node meanwhile, each time the whole list, and may undo ours."""
    asked = 0
    async with asyncio.timeout(60):
        while True:
            read = await op.get(node)
            try:
                plan = plan_taint({node: read}, typed)
            except PlanError:  # as asked already
                assert asked
                return read["spec"].get("taints") or []
            await op.do(plan)
            asked += 1


async def test_a_node_is_drained_when_its_pods_are_gone(op: Operator) -> None:
    """The node is one without a kubelet: the test ends the pods in its place."""
    node = await op.make("nodes", {"metadata": {"name": f"k8stui-{secrets.token_hex(3)}"}, "spec": {}})
    silent = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    await op.admin.patch(node.path("status"), {"status": silent})
    spec = {**pod_spec(), "nodeName": node.name, "terminationGracePeriodSeconds": 600}
    one, two, three = [
        await op.make("pods", {"metadata": {"name": name}, "spec": spec}) for name in ("one", "two", "three")
    ]
    await op.admin.delete(three.path(), grace=900)
    listed = pods_of(node, op.kind("pods"))
    pods = await read_items(op.connection, listed.path, listed.params)
    run = Run(op.connection, plan_drain({node: await op.get(node)}, pods, one.kind))
    stay = {result.change.ref: result for result in run.results}
    working = asyncio.create_task(run.run())
    try:
        await eventually(lambda: all(stay[each].stay.ends for each in (one, two, three)), 20, "terminating")
        assert (await op.get(node))["spec"]["unschedulable"] is True
        assert run.count(State.LEAVING) == 3
        assert 585 < stay[one].stay.left <= 600
        assert 885 < stay[three].stay.left <= 900
        for each in (one, three):
            await op.admin.delete(each.path())
        same_name = await op.make("pods", {"metadata": {"name": one.name}, "spec": spec})
        assert same_name.uid != one.uid
        await eventually(lambda: stay[one].state is stay[three].state is State.DONE, 20, "gone")
        assert stay[two].state is State.LEAVING
        run.stop()
        await asyncio.wait_for(working, 5)
        assert [result.change.ref for result in run.left] == [two]
        assert (await op.get(two))["metadata"]["deletionTimestamp"], "nothing is undone"
        await op.admin.delete(two.path())
        await asyncio.wait_for(run.retry(), 20)
        assert not run.left
    finally:
        working.cancel()
    await op.admin.delete(same_name.path())
    await op.undone(run)
    assert not (await op.get(node))["spec"].get("unschedulable")


async def test_storage(op: Operator) -> None:
    suffix = secrets.token_hex(3)
    classes = []
    for name in ("one", "two"):
        body = {
            "metadata": {"name": f"k8stui-{name}-{suffix}"},
            "provisioner": "example.com/none",
            "allowVolumeExpansion": True,
        }
        classes.append(await op.make("storageclasses", body))
    one, two = classes
    for first, second in ((one, two), (two, one)):
        read = (await read_all(op.connection, classes)).objects
        await op.done(plan_default_class(first, read))
        values = [
            ((await op.get(each))["metadata"].get("annotations") or {}).get(IS_DEFAULT)
            for each in (first, second)
        ]
        assert values[0] == "true"
        assert values[1] in (None, "false")
    read = (await read_all(op.connection, classes)).objects
    await op.done(plan_default_class(two, read))
    claim_body = {
        "metadata": {"name": "data"},
        "spec": {
            "storageClassName": one.name,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    volume_body = {
        "metadata": {"name": f"k8stui-{suffix}"},
        "spec": {
            "storageClassName": one.name,
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"/tmp/k8stui-{suffix}"},
        },
    }
    volume = await op.make("persistentvolumes", volume_body)
    claim = await op.make("persistentvolumeclaims", claim_body)
    async with asyncio.timeout(60):
        while (await op.get(claim)).get("status", {}).get("phase") != "Bound":
            await asyncio.sleep(0.1)
    await op.done(plan_expand(claim, await op.get(claim), "2Gi", await op.get(one)))
    assert (await op.get(claim))["spec"]["resources"]["requests"]["storage"] == "2Gi"
    run = await op.done(plan_reclaim({volume: await op.get(volume)}, "Delete"))
    await op.undone(run)
    assert (await op.get(volume))["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


async def test_certificate_requests_are_approved_and_denied(op: Operator) -> None:
    refs = []
    for word in ("yes", "no"):
        spec = {
            "request": encoded("\n".join(WEB)),
            "signerName": "example.com/k8stui",
            "usages": ["client auth"],
        }
        body = {"metadata": {"name": f"k8stui-{word}-{secrets.token_hex(3)}"}, "spec": spec}
        refs.append(await op.make("certificatesigningrequests", body))
    for ref, approve, word in zip(refs, (True, False), ("Approved", "Denied"), strict=True):
        plan = plan_decision({ref: await op.get(ref)}, approve=approve, moment=MOMENT)
        assert any("C=KR, O=무아, CN=web" in note for note in plan.notes)
        await op.done(plan)
        assert decided(await op.get(ref)) == word


async def test_what_a_finalizer_holds_is_released(op: Operator) -> None:
    body = {"metadata": {"name": "held", "finalizers": ["example.com/k8stui"]}}
    ref = await op.make("configmaps", body)
    await op.done(plan_delete([ref]))
    assert (await op.get(ref))["metadata"]["deletionTimestamp"]
    await op.done(plan_finalize(ref, ["example.com/k8stui"]))
    with pytest.raises(ApiError) as caught:
        await op.get(ref)
    assert caught.value.code == 404


async def plans_of_all(op: Operator) -> dict[str, Plan]:
    """A plan of each operation, by the id of its action; what is not made here need not be there."""
    web = await op.deployment(replicas=0)
    pod = await op.make("pods", {"metadata": {"name": "web", "labels": LABELS}, "spec": pod_spec()})
    obj, scale = await op.get(web), await op.get(web, "scale")
    done = Result(plan_scale({web: scale}, "3").changes[0], State.DONE, answer=scale | {"spec": {}})
    back = undo_plan([done])
    assert back is not None
    older = {"spec": {"template": {"spec": pod_spec("x:1")}}}

    def none(kind: str) -> Ref:
        of = op.kind(kind)
        return Ref(of, "none", op.namespace if of.namespaced else "", "x")

    job, claim, node, volume = (none(each) for each in ("jobs.batch", "pvc", "nodes", "pv"))
    classes, csr = none("storageclasses"), none("csr")
    asked = {csr: {"metadata": {"name": "none"}, "spec": {}}}
    bound = {"spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"phase": "Bound"}}
    cpu = {("requests", "cpu"): "1"}
    return {
        "operation.delete": plan_delete([web, pod]),
        "operation.kill": plan_delete([pod], DeleteOptions(force=True), kill=True),
        "operation.evict": plan_evict([pod]),
        "operation.scale": plan_scale({web: scale}, "3"),
        "operation.restart": plan_restart([web], MOMENT),
        "operation.rollout-undo": plan_undo_deployment(web, obj, older),
        "operation.rollback": plan_undo_deployment(web, obj, older),
        "operation.pause": plan_pause([web], on=True),
        "operation.resume": plan_pause([web], on=False),
        "operation.image": plan_images(web, obj, {"app": "x:1"}),
        "operation.resources": plan_resources(web, obj, "app", cpu),
        "operation.resize": plan_resources(pod, await op.get(pod), "app", cpu),
        "operation.labels": plan_metadata({web: obj}, "labels", "a=b"),
        "operation.annotations": plan_metadata({web: obj}, "annotations", "a=b"),
        "operation.cordon": plan_cordon([node], on=True),
        "operation.uncordon": plan_cordon([node], on=False),
        "operation.drain": plan_drain({node: {}}, [await op.get(pod)], pod.kind),
        "operation.taint": plan_taint({node: {}}, "a=b:NoSchedule"),
        "operation.trigger": plan_trigger({web: {"metadata": {"uid": "x"}, "spec": {}}}, job.kind, "abcde"),
        "operation.rerun": plan_rerun({job: {}}, "abcde"),
        "operation.suspend": plan_suspend([job], on=True),
        "operation.expand": plan_expand(claim, bound, "2Gi", None),
        "operation.default-class": plan_default_class(classes, {classes: {"metadata": {}}}),
        "operation.reclaim": plan_reclaim({volume: {}}, "Retain"),
        "operation.approve": plan_decision(asked, approve=True, moment=MOMENT),
        "operation.deny": plan_decision(asked, approve=False, moment=MOMENT),
        "operation.undo": back,
        "operation.terminating": plan_finalize(pod, ["a/b"]),
    }


async def test_every_operation_is_forbidden_to_who_may_only_look(
    op: Operator, cluster_under_test: Target
) -> None:
    """By the server, in its words; and by a read-only session, before anything is sent."""
    plans = await plans_of_all(op)
    ids = {action.id for action in all_actions() if action.id.startswith("operation.") and changes(action)}
    assert set(plans) == ids | {"operation.terminating"}
    async with Connection(cluster_under_test.user("viewer")) as viewer:
        for name, plan in plans.items():
            run = await op.do(plan, viewer)
            assert run.failed, name
            assert not run.count(State.DONE), name
            for result in run.failed:
                assert "forbidden" in result.text.lower(), (name, result.text)
    async with Connection(cluster_under_test.admin, readonly=True) as readonly:
        for name, plan in plans.items():
            run = await op.do(plan, readonly)
            assert run.failed, name
            assert not run.count(State.DONE), name
            for result in run.failed:
                assert "Read-only: " in result.text, (name, result.text)
    web = plans["operation.scale"].refs[0]
    now = await op.get(web)
    assert (now["metadata"]["uid"], now["metadata"]["generation"]) == (web.uid, 1)


async def test_what_somebody_changed_since_is_not_undone(op: Operator) -> None:
    ref = await op.deployment(replicas=0)
    scaled = await op.done(plan_scale({ref: await op.get(ref, "scale")}, "2"))
    labelled = await op.done(plan_metadata({ref: await op.get(ref)}, "labels", "tier=front"))
    await op.admin.patch(ref.path(), {"spec": {"replicas": 1}})
    back = undo_plan(scaled.results)
    assert back is not None
    (failed,) = (await op.do(back)).failed
    assert failed.text == "spec.replicas is 1, not 2: it was changed meanwhile and is left as it is"
    assert (await op.get(ref))["spec"]["replicas"] == 1
    await op.undone(labelled)
    assert "tier" not in ((await op.get(ref))["metadata"].get("labels") or {})


async def test_a_rollout_stands_as_kubectl_says(cluster_under_test: Target, op: Operator) -> None:
    """Of workloads that the simulated cluster begins with; others may change while they are judged."""
    if cluster_under_test.is_real:
        pytest.skip("nobody knows what a real cluster begins with")
    judged = []
    for plural in ("deployments", "statefulsets", "daemonsets"):
        kind = op.kind(f"{plural}.apps")
        judged += [(kind.kind, item) for item in (await read_items(op.connection, kind.path()))[:3]]
    assert judged
    await asyncio.gather(*(kubectl_agrees(cluster_under_test, op, kind, item) for kind, item in judged))


KUBECTLS = asyncio.Semaphore(3)


async def kubectl_agrees(target: Target, op: Operator, kind: str, item: dict[str, Any]) -> None:
    """`kubectl rollout status` says the same of a workload, as soon as it does not change meanwhile."""
    meta = item["metadata"]
    kubectl = Kubectl(
        str(Path(sys.executable).with_name("kubectl")),
        target.kubeconfig,
        meta["namespace"],
        target.admin.name,
    )
    name = f"{kind.lower()}/{meta['name']}"
    path = op.kind(f"{kind.lower()}s.apps").path(meta["namespace"], meta["name"])
    for _ in range(20):
        async with KUBECTLS:
            done = await asyncio.to_thread(kubectl.run, "rollout", "status", name, "--watch=false")
        before, item = item, json.loads((await op.connection.request("GET", path)).body)
        if item["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]:
            break
    else:
        pytest.fail(f"{name} changes all the time")
    said = done.stdout + done.stderr
    status = rollout_status(kind, item)
    assert status is not None
    complete = "successfully rolled out" in said or ("complete" in said and "Waiting" not in said)
    where = f"{name}: {status.sentence} / {said}"
    assert (status.phase is RolloutPhase.STUCK) == (done.returncode != 0 and "deadline" in said), where
    assert (status.phase is RolloutPhase.COMPLETE) == complete, where
    numbers = set(re.findall(r"\b\d+\b", said.partition("finish:")[2]))
    assert numbers <= set(re.findall(r"\d+", status.sentence)), where
