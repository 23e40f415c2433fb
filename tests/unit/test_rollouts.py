"""Rollouts and what else is told of objects before they are changed: pure functions of objects."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from k8stui.kinds.deletion_advice import deletion_advice
from k8stui.kinds.rollout.history import diff_lines, revisions
from k8stui.kinds.rollout.page import RolloutFacts, rollout_page
from k8stui.kinds.rollout.status import RolloutPhase, rollout_status
from k8stui.kinds.rollout.trouble import pod_trouble
from k8stui.kinds.scale_advice import autoscaler_advice, budget_advice, owner_advice
from k8stui.kinds.terminating import explain

LISTS = Path(__file__).parent.parent / "golden" / "lists"
NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


def recorded(name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((LISTS / f"{name}.json").read_text())["items"]
    return items


def deployment(spec: dict[str, Any] | None = None, generation: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "generation": generation, "uid": "d1"},
        "spec": {"replicas": 3, **(spec or {})},
        "status": {"observedGeneration": 2, **status},
    }


DEADLINE = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "has timed out"}


@pytest.mark.parametrize(
    ("obj", "phase", "words"),
    [
        (deployment(generation=3), RolloutPhase.PROGRESSING, "not yet seen the change"),
        (deployment(updatedReplicas=1, replicas=4), RolloutPhase.PROGRESSING, "1 of 3 new pods are there"),
        (deployment(updatedReplicas=3, replicas=4), RolloutPhase.PROGRESSING, "1 old pod still to end"),
        (
            deployment(updatedReplicas=3, replicas=3, availableReplicas=2),
            RolloutPhase.PROGRESSING,
            "2 of 3 new pods are available",
        ),
        (
            deployment(updatedReplicas=3, replicas=3, availableReplicas=3),
            RolloutPhase.COMPLETE,
            "all 3 new pods",
        ),
        (deployment(updatedReplicas=1, conditions=[DEADLINE]), RolloutPhase.STUCK, "no progress for 600 s"),
        (deployment({"paused": True}, updatedReplicas=1), RolloutPhase.PAUSED, "Paused: 1 of 3"),
        (deployment({"replicas": 0}), RolloutPhase.COMPLETE, "Complete"),
    ],
)
def test_a_deployment_is_asked_what_kubectl_asks_it(
    obj: dict[str, Any], phase: RolloutPhase, words: str
) -> None:
    status = rollout_status("Deployment", obj)
    assert status is not None
    assert (status.phase, words in status.sentence) == (phase, True), status.sentence
    assert 0 <= status.part <= 1


def stateful_set(strategy: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"generation": 1},
        "spec": {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", **(strategy or {})}},
        "status": {"observedGeneration": 1, "replicas": 3, **status},
    }


@pytest.mark.parametrize(
    ("obj", "phase", "words"),
    [
        (stateful_set(readyReplicas=2), RolloutPhase.PROGRESSING, "1 more pod to be ready"),
        (
            stateful_set({"rollingUpdate": {"partition": 2}}, readyReplicas=3, updatedReplicas=0),
            RolloutPhase.PROGRESSING,
            "0 of 1 new pods",
        ),
        (
            stateful_set({"rollingUpdate": {"partition": 2}}, readyReplicas=3, updatedReplicas=1),
            RolloutPhase.COMPLETE,
            "down to pod 2",
        ),
        (
            stateful_set(readyReplicas=3, updatedReplicas=1, updateRevision="b", currentRevision="a"),
            RolloutPhase.PROGRESSING,
            "1 of 3 new pods",
        ),
        (
            stateful_set(readyReplicas=3, currentReplicas=3, updateRevision="a", currentRevision="a"),
            RolloutPhase.COMPLETE,
            "all 3 new pods are ready",
        ),
        (stateful_set({"type": "OnDelete"}, updatedReplicas=1), RolloutPhase.MANUAL, "1 of 3 pods are new"),
    ],
)
def test_a_stateful_set_too(obj: dict[str, Any], phase: RolloutPhase, words: str) -> None:
    status = rollout_status("StatefulSet", obj)
    assert status is not None
    assert (status.phase, words in status.sentence) == (phase, True), status.sentence


def test_a_daemon_set_too() -> None:
    def status(**numbers: int) -> Any:
        found = {"desiredNumberScheduled": 4, "observedGeneration": 1, **numbers}
        return rollout_status("DaemonSet", {"metadata": {"generation": 1}, "status": found})

    assert "2 of 4 new pods are there" in status(updatedNumberScheduled=2).sentence
    assert "3 of 4 new pods are available" in status(updatedNumberScheduled=4, numberAvailable=3).sentence
    assert status(updatedNumberScheduled=4, numberAvailable=4).phase is RolloutPhase.COMPLETE
    assert rollout_status("Pod", {}) is None


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_recorded_workloads_have_a_status_and_a_history(kind: str) -> None:
    keepers = recorded("replicasets.apps" if kind == "Deployment" else "controllerrevisions.apps")
    for obj in recorded(f"{kind.lower()}s.apps"):
        status = rollout_status(kind, obj)
        found = revisions(kind, obj, keepers)
        assert status is not None
        assert found, obj["metadata"]["name"]
        assert sum(each.current for each in found) == 1
        assert found[0].images
        lines = rollout_page(RolloutFacts(kind, obj, status, found), NOW)
        assert len({line.key for line in lines}) == len(lines), "every line is known by its key"
        current = obj["spec"]["template"]["spec"]["containers"][0]["image"]
        assert next(each for each in found if each.current).images[0] == current


def test_what_a_revision_changed_is_a_diff() -> None:
    old = {"spec": {"containers": [{"name": "a", "image": "web:1"}]}}
    new = {"spec": {"containers": [{"name": "a", "image": "web:2"}]}}
    lines = diff_lines(old, new)
    assert any(line.startswith("-") and "web:1" in line for line in lines)
    assert any(line.startswith("+") and "web:2" in line for line in lines)
    assert diff_lines(old, old) == []


def test_why_new_pods_do_not_come_is_told_once_for_each_reason() -> None:
    def waiting(reason: str, message: str = "") -> dict[str, Any]:
        return {
            "status": {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}
        }

    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    unscheduled = {
        "reason": "Unschedulable",
        "message": "0/3 nodes",
        "type": "PodScheduled",
        "status": "False",
    }
    told = pod_trouble(
        [
            ready,
            waiting("ImagePullBackOff", "no such image"),
            waiting("ImagePullBackOff"),
            {"status": {"conditions": [unscheduled]}},
            waiting("ContainerCreating"),
        ]
    )
    assert told == ["2 pods: ImagePullBackOff: no such image", "1 pod: Unschedulable: 0/3 nodes"]


def hpa(least: int | None = 2, most: int = 10) -> dict[str, Any]:
    target = {"kind": "Deployment", "name": "web"}
    spec = {
        "scaleTargetRef": target,
        "maxReplicas": most,
        **({} if least is None else {"minReplicas": least}),
    }
    return {"metadata": {"name": "web-hpa"}, "spec": spec, "status": {"desiredReplicas": 4}}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [(0, "stops while there are 0"), (1, "back up to 2"), (11, "back down to 10"), (5, "now 4")],
)
def test_what_an_autoscaler_will_do_is_said(wanted: int, words: str) -> None:
    (said,) = autoscaler_advice("Deployment", "web", wanted, [hpa()])
    assert words in said
    assert autoscaler_advice("Deployment", "other", wanted, [hpa()]) == []


def test_what_a_budget_means_is_said() -> None:
    budget = {
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    }
    (said,) = budget_advice({"app": "web"}, 2, 3, [budget])
    assert "lets no pod be evicted" in said
    assert budget_advice({"app": "web"}, 3, 5, [budget]) == []
    assert budget_advice({"app": "x"}, 1, 3, [budget]) == []
    budget["spec"] = {"maxUnavailable": "50%", "selector": {}}
    assert budget_advice({}, 2, 3, [budget]) == []
    assert "all pods go" in budget_advice({}, 0, 3, [budget])[0]
    assert (
        "sets the number back" in owner_advice([{"kind": "Deployment", "name": "web", "controller": True}])[0]
    )


def dying(kind: str = "x", ago: str = "2025-06-01T11:00:00Z", **more: Any) -> dict[str, Any]:
    return {"metadata": {"deletionTimestamp": ago, "deletionGracePeriodSeconds": 30, **more}}


def test_finalizers_are_told_with_who_takes_them_away() -> None:
    found = explain("PersistentVolumeClaim", dying(finalizers=["kubernetes.io/pvc-protection"]), NOW)
    assert "since 60m" in found.sentence
    assert "a pod still uses the claim" in found.waits[0].what
    assert "delete those pods" in found.waits[0].who
    unknown = explain("Widget", dying(finalizers=["widgets.example.com/cleanup"]), NOW)
    assert "whatever runs for widgets.example.com" in unknown.waits[0].who
    aws = explain("Service", dying(finalizers=["service.k8s.aws/resources", "foo.ingress.k8s.aws/x"]), NOW)
    assert "AWS load balancer" in aws.waits[1].who


def test_pods_wait_for_their_kubelet() -> None:
    pod = {
        **dying(),
        "spec": {"nodeName": "n1"},
        "status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]},
    }
    lost = {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    assert "which is not ready" in explain("Pod", pod, NOW, lost).waits[0].what
    assert "still run after the grace period: app" in explain("Pod", pod, NOW).waits[0].what
    pod["metadata"]["deletionTimestamp"] = "2025-06-01T12:00:20Z"
    assert "20s of 30 s left" in explain("Pod", pod, NOW).waits[0].what


def test_namespaces_say_what_is_left() -> None:
    message = "Some resources are remaining: widgets.example.com has 2 resource instances"
    condition = {"type": "NamespaceContentRemaining", "status": "True", "message": message}
    namespace = {**dying(), "spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [condition]}}
    assert [each.what for each in explain("Namespace", namespace, NOW).waits] == [message]
    assert explain("Pod", {"metadata": {}}, NOW).waits == ()


def test_what_comes_back_is_said_before_it_is_deleted() -> None:
    def obj(kind: str = "", finalizers: tuple[str, ...] = ()) -> Any:
        owner = SimpleNamespace(kind=kind, name="web-5d9", controller=True)
        meta = SimpleNamespace(
            owner_references=(owner,) if kind else (), finalizers=finalizers, deletion_timestamp=None
        )
        return SimpleNamespace(metadata=meta)

    assert deletion_advice("pods", [obj("ReplicaSet")]) == ["ReplicaSet web-5d9 makes a new one."]
    assert "static pod" in deletion_advice("pods", [obj("Node")])[0]
    assert "until x/y is done" in deletion_advice("services", [obj(finalizers=("x/y",))])[1]
    assert deletion_advice("widgets.example.com", [obj()]) == []
