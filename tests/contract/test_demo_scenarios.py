"""Each failure of the troubleshooting guides is in the demo cluster, looks as on a real one, and stays.

The pods are checked as they are populated and again after the controllers have had them for ten minutes.
"""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.demo.resources import (
    CRON_JOBS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    HPAS,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
)
from tests.unit.demo_simulation import Simulation

Obj = dict[str, Any]

#: Pod (or the start of its name), namespace, what its STATUS column shows at some time, reason of an event.
CASES = [
    ("unschedulable-cpu", "clinic", {"Pending"}, "FailedScheduling", "Insufficient cpu"),
    (
        "unschedulable-taint",
        "clinic",
        {"Pending"},
        "FailedScheduling",
        "untolerated taint {nvidia.com/gpu: present}",
    ),
    ("unschedulable-selector", "clinic", {"Pending"}, "FailedScheduling", "node affinity/selector"),
    (
        "unschedulable-volume",
        "clinic",
        {"Pending"},
        "FailedScheduling",
        "unbound immediate PersistentVolumeClaims",
    ),
    ("missing-claim", "clinic", {"Pending"}, "FailedScheduling", '"no-such-claim" not found'),
    ("unschedulable-too-many-pods", "clinic", {"Pending"}, "FailedScheduling", "Too many pods"),
    ("unschedulable-host-port", "clinic", {"Pending"}, "FailedScheduling", "free ports"),
    ("scheduling-gated", "clinic", {"SchedulingGated"}, "", ""),
    ("image-not-found", "clinic", {"ImagePullBackOff", "ErrImagePull"}, "Failed", "not found"),
    ("image-unauthorized", "clinic", {"ImagePullBackOff", "ErrImagePull"}, "Failed", "401 Unauthorized"),
    ("registry-timeout", "clinic", {"ImagePullBackOff", "ErrImagePull"}, "Failed", "i/o timeout"),
    ("image-never-pull", "clinic", {"ErrImageNeverPull"}, "ErrImageNeverPull", "pull policy of Never"),
    ("image-invalid-name", "clinic", {"InvalidImageName"}, "InspectFailed", "must be lowercase"),
    (
        "config-missing-configmap",
        "clinic",
        {"CreateContainerConfigError"},
        "Failed",
        '"app-settings" not found',
    ),
    (
        "config-missing-secret-key",
        "clinic",
        {"CreateContainerConfigError"},
        "Failed",
        "couldn't find key password",
    ),
    ("config-run-as-root", "clinic", {"CreateContainerConfigError"}, "Failed", "runAsNonRoot"),
    ("mount-missing-configmap", "clinic", {"ContainerCreating"}, "FailedMount", '"nginx-settings" not found'),
    ("mount-nfs-unreachable", "clinic", {"ContainerCreating"}, "FailedMount", "Name or service not known"),
    ("disk-multi-attach", "clinic", {"ContainerCreating"}, "FailedAttachVolume", "Multi-Attach error"),
    ("sandbox-failed", "clinic", {"ContainerCreating"}, "FailedCreatePodSandBox", "no runtime"),
    (
        "crash-loop",
        "clinic",
        {"CrashLoopBackOff", "Error", "Running"},
        "BackOff",
        "restarting failed container",
    ),
    (
        "oom-killed",
        "clinic",
        {"CrashLoopBackOff", "OOMKilled", "Running"},
        "BackOff",
        "app in pod oom-killed",
    ),
    ("exit-127", "clinic", {"CrashLoopBackOff", "Error", "Running"}, "BackOff", ""),
    ("exit-126", "clinic", {"CrashLoopBackOff", "Error", "Running"}, "BackOff", ""),
    (
        "start-error",
        "clinic",
        {"CrashLoopBackOff", "RunContainerError"},
        "Failed",
        "no such file or directory",
    ),
    ("completes-too-soon", "clinic", {"CrashLoopBackOff", "Completed", "Running"}, "BackOff", ""),
    ("init-crash", "clinic", {"Init:CrashLoopBackOff", "Init:Error", "Init:1/2"}, "BackOff", "migrate"),
    ("init-waiting", "clinic", {"Init:0/2"}, "", ""),
    ("readiness-failing", "clinic", {"Running"}, "Unhealthy", "Readiness probe failed"),
    (
        "liveness-failing",
        "clinic",
        {"Running", "CrashLoopBackOff", "Error"},
        "Unhealthy",
        "Liveness probe failed",
    ),
    (
        "startup-failing",
        "clinic",
        {"Running", "CrashLoopBackOff", "Error"},
        "Unhealthy",
        "Startup probe failed",
    ),
    ("sidecar-crash", "clinic", {"CrashLoopBackOff", "Error", "Running"}, "BackOff", "agent"),
    ("evicted", "clinic", {"Evicted"}, "Evicted", "low on resource: ephemeral-storage"),
    ("node-affinity", "clinic", {"NodeAffinity"}, "NodeAffinity", "Predicate"),
    ("on-lost-node", "clinic", {"Terminating"}, "", ""),
    ("node-lost", "clinic", {"Unknown"}, "NodeNotReady", ""),
    ("stuck-terminating", "clinic", {"Terminating", "Completed"}, "", ""),
    ("completed", "clinic", {"Completed"}, "", ""),
    ("failed-once", "clinic", {"Error"}, "", ""),
    ("native-sidecar", "clinic", {"Running"}, "", ""),
    ("being-debugged", "clinic", {"Running"}, "", ""),
    ("ledger-", "payments", {"CrashLoopBackOff", "Error", "Running"}, "BackOff", "ledger"),
    ("recommender-", "shop", {"Running", "CrashLoopBackOff", "OOMKilled"}, "", ""),
]


def shown(pod: Obj) -> str:
    """What kubectl prints as STATUS (the part of its rules that these cases need)."""
    status, meta = pod["status"], pod["metadata"]
    reason: str = status.get("reason") or status["phase"]
    if any(c.get("reason") == "SchedulingGated" for c in status.get("conditions", ())):
        reason = "SchedulingGated"
    inits = [c for c in pod["spec"].get("initContainers", ()) if c.get("restartPolicy") != "Always"]
    for index, entry in enumerate(
        s for s in status.get("initContainerStatuses", ()) if s["name"] in {c["name"] for c in inits}
    ):
        state = entry["state"]
        if state.get("terminated", {}).get("exitCode") == 0:
            continue
        why = next(iter(state.values())).get("reason", "")
        reason = f"Init:{why}" if why and why != "PodInitializing" else f"Init:{index}/{len(inits)}"
        break
    else:
        for entry in reversed(status.get("containerStatuses", ())):
            (state,) = entry["state"].values()
            reason = state.get("reason") or reason
    if "deletionTimestamp" in meta:
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status["phase"] not in ("Succeeded", "Failed"):
            return "Terminating"
    return reason


@pytest.fixture(scope="module")
def fresh() -> Simulation:
    return Simulation(world=True)


@pytest.fixture(scope="module")
def lived() -> Simulation:
    sim = Simulation(world=True)
    sim.advance(600)
    return sim


def matching(sim: Simulation, name: str, namespace: str) -> list[Obj]:
    return [p for p in sim.store.list(PODS, namespace) if p["metadata"]["name"].startswith(name)]


@pytest.mark.parametrize(
    ("name", "namespace", "statuses", "reason", "text"), CASES, ids=[c[0] for c in CASES]
)
@pytest.mark.parametrize("when", ["populated", "ten minutes later"])
def test_each_case_looks_as_on_a_real_cluster(
    fresh: Simulation,
    lived: Simulation,
    when: str,
    name: str,
    namespace: str,
    statuses: set[str],
    reason: str,
    text: str,
) -> None:
    sim = fresh if when == "populated" else lived
    pods = matching(sim, name, namespace)
    assert pods, f"no pod {namespace}/{name}"
    assert {shown(p) for p in pods} <= statuses
    if reason:
        names = {p["metadata"]["name"] for p in pods}
        told = [
            e["message"]
            for e in sim.store.list(EVENTS, namespace)
            if e["involvedObject"]["name"] in names and e["reason"] == reason
        ]
        assert any(text in message for message in told), told


def test_killed_for_memory_is_137(lived: Simulation) -> None:
    status = lived.get(PODS, "oom-killed", "clinic")["status"]["containerStatuses"][0]
    ended = (status["lastState"] or status["state"])["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")


def test_a_crash_leaves_its_message(lived: Simulation) -> None:
    status = lived.get(PODS, "crash-no-config", "clinic")["status"]["containerStatuses"][0]
    assert (status["lastState"] or status["state"])["terminated"]["message"] == "fatal: no config\n"


def test_services_that_lead_nowhere(lived: Simulation) -> None:
    by_service = {
        e["metadata"]["labels"]["kubernetes.io/service-name"]: e
        for e in lived.store.list(ENDPOINT_SLICES, "clinic")
    }
    assert by_service["service-selects-nothing"]["endpoints"] is None
    assert by_service["service-wrong-port"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 9999}]
    assert by_service["service-unknown-port-name"]["ports"] is None


def test_claims_that_wait(lived: Simulation) -> None:
    for name in ("scratch-nvme", "waits-for-consumer"):
        assert lived.get(PERSISTENT_VOLUME_CLAIMS, name, "clinic")["status"]["phase"] == "Pending"


def test_a_quota_and_a_limit_hold_replica_sets_back(lived: Simulation) -> None:
    rows = {
        rs["metadata"]["name"].rpartition("-")[0]: rs["status"]["conditions"][0]["message"]
        for rs in lived.store.list(REPLICA_SETS, "small-budget")
    }
    assert (
        "exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2"
        in rows["quota-blocked"]
    )
    assert rows["limit-refused"].endswith("maximum memory usage per Container is 256Mi, but limit is 2Gi")


@pytest.mark.parametrize(
    ("name", "namespace"), [("checkout", "shop"), ("recommender", "shop"), ("search", "shop-staging")]
)
def test_rollouts_that_are_stuck(lived: Simulation, name: str, namespace: str) -> None:
    obj = lived.get(DEPLOYMENTS, name, namespace)
    rows = {c["type"]: c["reason"] for c in obj["status"]["conditions"]}
    assert rows["Progressing"] == "ProgressDeadlineExceeded"
    assert obj["status"]["availableReplicas"] >= obj["spec"]["replicas"] - 1


def test_autoscalers_without_metrics(lived: Simulation) -> None:
    rows = {
        h["metadata"]["name"]: h["status"]["conditions"][-1]["reason"]
        for h in lived.store.list(HPAS, "clinic")
    }
    assert rows == {"hpa-without-metrics": "FailedGetResourceMetric", "hpa-without-target": "FailedGetScale"}


def test_a_budget_that_forbids_eviction(lived: Simulation) -> None:
    assert (
        lived.get(POD_DISRUPTION_BUDGETS, "pdb-forbids-eviction", "clinic")["status"]["disruptionsAllowed"]
        == 0
    )


def test_a_namespace_that_does_not_go(lived: Simulation) -> None:
    obj = lived.get(NAMESPACES, "old-campaign", "")
    assert obj["status"]["phase"] == "Terminating"
    assert any("moa.example/archive" in c["message"] for c in obj["status"]["conditions"])


def test_nodes_in_trouble(lived: Simulation) -> None:
    def rows(name: str) -> dict[str, str]:
        return {c["type"]: c["status"] for c in lived.get(NODES, name, "")["status"]["conditions"]}

    assert rows("worker-c3")["Ready"] == "Unknown"
    assert rows("worker-b3")["DiskPressure"] == rows("worker-b3")["MemoryPressure"] == "True"
    assert lived.get(NODES, "worker-c2", "")["spec"]["unschedulable"] is True


def test_batch_that_failed_was_missed_or_waits(lived: Simulation) -> None:
    rows = {c["type"]: c["reason"] for c in lived.get(JOBS, "bulk-upload", "batch")["status"]["conditions"]}
    assert rows["Failed"] == "BackoffLimitExceeded"
    assert lived.get(JOBS, "on-hold", "batch")["spec"]["suspend"] is True
    reasons = {
        e["reason"] for e in lived.store.list(EVENTS, "batch") if e["involvedObject"]["kind"] == "CronJob"
    }
    assert {"MissSchedule", "FailedNeedsStart", "UnparseableSchedule"} <= reasons
    assert lived.get(CRON_JOBS, "price-import", "batch")["status"]["lastSuccessfulTime"] > "2026-03-02T09:05"


def test_what_is_healthy_stays_healthy(lived: Simulation) -> None:
    for name in ("storefront", "cart", "catalog", "orders", "notifier"):
        status = lived.get(DEPLOYMENTS, name, "shop")["status"]
        assert status["availableReplicas"] == status["replicas"]
