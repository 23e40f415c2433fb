"""The controllers of the simulated cluster behave as kubectl's users expect, on a clock moved by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from k8stui.demo.admission.disruption import may_evict
from k8stui.demo.admission.pods import admit_pod
from k8stui.demo.controllers.churn import AT, SEQUENCE, TROUBLE, Churn
from k8stui.demo.controllers.schedule import Schedule
from k8stui.demo.errors import StoreError
from k8stui.demo.quantity import format_bytes, format_milli, parse
from k8stui.demo.resources import (
    CONFIG_MAPS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    HPAS,
    JOBS,
    LIMIT_RANGES,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    RESOURCE_QUOTAS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
)
from tests.unit.demo_simulation import Simulation, deployment, is_ready, node, template

Obj = dict[str, Any]


@pytest.fixture
def sim() -> Simulation:
    simulation = Simulation()
    simulation.advance(1)
    return simulation


def rolled_out(sim: Simulation, name: str = "web") -> bool:
    status, spec = sim.get(DEPLOYMENTS, name).get("status", {}), sim.get(DEPLOYMENTS, name)["spec"]
    wanted = spec["replicas"]
    return bool(
        status.get("observedGeneration") == sim.get(DEPLOYMENTS, name)["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )


def pod(name: str, *, image: str = "registry.moa.example/shop/cart:1", labels: dict[str, str] | None = None,
        spec: Obj | None = None, **container: Any) -> Obj:  # fmt: skip
    return {
        "metadata": {"name": name, "namespace": "default", "labels": labels or {"app": name}},
        "spec": {"containers": [{"name": "main", "image": image, **container}], **(spec or {})},
    }


def run(sim: Simulation, obj: Obj) -> Obj:
    return sim.create(PODS, admit_pod(sim.store, obj))


class TestDeployment:
    def test_pods_start_within_three_seconds_with_the_usual_events(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: len(sim.ready(app="web")) == 3, within=4)
        name = sim.ready(app="web")[0]
        reasons = [reason for reason, _ in sim.events(name)]
        assert [r for r in reasons if r != "Pulling"] == ["Scheduled", "Pulled", "Created", "Started"]

    def test_a_rolling_update_never_goes_below_its_bounds(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.change(DEPLOYMENTS, "web", template=template("web", "registry.moa.example/shop/cart:2"))
        seen = []
        while not rolled_out(sim):
            seen.append(
                (
                    len(sim.ready(app="web")),
                    sum("deletionTimestamp" not in p["metadata"] for p in sim.pods(app="web")),
                )
            )
            sim.advance(0.2)
        assert min(ready for ready, _ in seen) >= 3
        assert max(total for _, total in seen) <= 4
        assert {
            p["spec"]["containers"][0]["image"]
            for p in sim.pods(app="web")
            if "deletionTimestamp" not in p["metadata"]
        } == {"registry.moa.example/shop/cart:2"}
        assert (
            sim.get(DEPLOYMENTS, "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
        )

    def test_undo_brings_the_old_replica_set_back_as_a_new_revision(self, sim: Simulation) -> None:
        first = template("web")
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.change(
            DEPLOYMENTS, "web", template=template("web", "registry.moa.example/shop/cart:does-not-exist")
        )
        sim.advance(20)
        assert not rolled_out(sim)
        assert len(sim.ready(app="web")) == 3
        sim.change(DEPLOYMENTS, "web", template=first)
        sim.until(lambda: rolled_out(sim))
        revisions = {
            r["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: r["spec"]["replicas"]
            for r in sim.store.list(REPLICA_SETS)
        }
        assert revisions == {"2": 0, "3": 3}

    def test_a_paused_deployment_waits(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.change(
            DEPLOYMENTS, "web", paused=True, template=template("web", "registry.moa.example/shop/cart:2")
        )
        sim.advance(10)
        assert len(sim.store.list(REPLICA_SETS)) == 1
        sim.change(DEPLOYMENTS, "web", paused=False)
        sim.until(lambda: rolled_out(sim))

    def test_a_rollout_that_hangs_exceeds_its_deadline(self, sim: Simulation) -> None:
        obj = deployment("web", image="registry.moa.example/shop/cart:not-found")
        obj["spec"]["progressDeadlineSeconds"] = 30
        sim.create(DEPLOYMENTS, obj)
        sim.advance(60)
        rows = {c["type"]: c for c in sim.get(DEPLOYMENTS, "web")["status"]["conditions"]}
        assert rows["Progressing"]["reason"] == "ProgressDeadlineExceeded"

    def test_scaling_down_deletes_pods(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web", 4))
        sim.until(lambda: rolled_out(sim))
        sim.change(DEPLOYMENTS, "web", replicas=1)
        sim.until(lambda: len(sim.pods(app="web")) == 1)

    def test_recreate_stops_the_old_before_it_starts_the_new(self, sim: Simulation) -> None:
        obj = deployment("web", 2)
        obj["spec"]["strategy"] = {"type": "Recreate"}
        sim.create(DEPLOYMENTS, obj)
        sim.until(lambda: rolled_out(sim))
        sim.change(DEPLOYMENTS, "web", template=template("web", "registry.moa.example/shop/cart:2"))
        while not rolled_out(sim):
            assert len({p["spec"]["containers"][0]["image"] for p in sim.pods(app="web")}) <= 1
            sim.advance(0.2)


class TestOtherSets:
    def test_a_stateful_set_starts_in_order_and_has_claims(self, sim: Simulation) -> None:
        cls = {
            "metadata": {"name": "fast"},
            "provisioner": "csi.moa.example",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
        sim.create(STORAGE_CLASSES, cls)
        claim = {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
        sim.create(
            STATEFUL_SETS,
            {
                "metadata": {"name": "db", "namespace": "default"},
                "spec": {
                    "replicas": 2,
                    "serviceName": "db",
                    "selector": {"matchLabels": {"app": "db"}},
                    "template": template("db"),
                    "volumeClaimTemplates": [claim],
                },
            },
        )
        sim.until(lambda: len(sim.pods(app="db")) == 2, step=0.05)
        assert "db-0" in sim.ready(app="db")
        sim.until(lambda: sim.ready(app="db") == ["db-0", "db-1"])
        assert sim.get(PERSISTENT_VOLUME_CLAIMS, "data-db-1")["status"]["phase"] == "Bound"
        sim.change(STATEFUL_SETS, "db", replicas=1)
        sim.until(lambda: [p["metadata"]["name"] for p in sim.pods(app="db")] == ["db-0"])

    def test_a_daemon_set_follows_the_nodes(self, sim: Simulation) -> None:
        spec = {"selector": {"matchLabels": {"app": "agent"}}, "template": template("agent")}
        sim.create(DAEMON_SETS, {"metadata": {"name": "agent", "namespace": "default"}, "spec": spec})
        sim.until(lambda: len(sim.ready(app="agent")) == 2)
        sim.create(NODES, node("node-3"))
        sim.until(lambda: len(sim.ready(app="agent")) == 3)
        assert sim.get(DAEMON_SETS, "agent")["status"]["desiredNumberScheduled"] == 3


class TestJobs:
    def job(self, name: str, command: list[str], **spec: Any) -> Obj:
        body = {
            "metadata": {},
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "busybox:1", "command": command}],
            },
        }
        return {"metadata": {"name": name, "namespace": "default"}, "spec": {"template": body, **spec}}

    def test_a_job_runs_its_completions_in_parallel(self, sim: Simulation) -> None:
        sim.create(JOBS, self.job("count", ["sleep", "2"], completions=5, parallelism=2))
        most = 0
        while not sim.get(JOBS, "count").get("status", {}).get("completionTime"):
            most = max(most, sim.get(JOBS, "count").get("status", {}).get("active", 0))
            sim.advance(0.5)
        assert most == 2
        assert sim.get(JOBS, "count")["status"]["succeeded"] == 5

    def test_a_failing_job_gives_up_after_its_back_off_limit(self, sim: Simulation) -> None:
        sim.create(JOBS, self.job("bad", ["false"], backoffLimit=2))
        sim.until(
            lambda: any(
                c["type"] == "Failed" for c in sim.get(JOBS, "bad").get("status", {}).get("conditions", ())
            ),
            within=120,
        )
        assert sim.get(JOBS, "bad")["status"]["failed"] == 3
        assert ("BackoffLimitExceeded", "Job has reached the specified backoff limit") in sim.events("bad")

    def test_a_finished_job_goes_after_its_time_to_live(self, sim: Simulation) -> None:
        sim.create(JOBS, self.job("brief", ["true"], ttlSecondsAfterFinished=10))
        sim.until(lambda: sim.store.get(JOBS, "default", "brief") is None)
        sim.until(lambda: not sim.pods())

    def test_a_cron_job_runs_each_minute_and_keeps_three(self, sim: Simulation) -> None:
        body = self.job("x", ["true"])["spec"]
        sim.create(
            CRON_JOBS,
            {
                "metadata": {"name": "tick", "namespace": "default"},
                "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": body}},
            },
        )
        sim.advance(330)
        assert len(sim.store.list(JOBS)) == 3
        sim.change(CRON_JOBS, "tick", suspend=True)
        last = sim.get(CRON_JOBS, "tick")["status"]["lastScheduleTime"]
        sim.advance(200)
        assert sim.get(CRON_JOBS, "tick")["status"]["lastScheduleTime"] == last


class TestKubelet:
    def test_a_crash_loop_backs_off_ever_longer(self, sim: Simulation) -> None:
        run(
            sim,
            pod("crash", image="busybox:1", command=["sh", "-c", "echo boom > /dev/termination-log; exit 3"]),
        )
        sim.advance(60)
        status = sim.get(PODS, "crash")["status"]["containerStatuses"][0]
        assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        assert status["state"]["waiting"]["message"].startswith(
            "back-off 40s restarting failed container=main pod=crash_default("
        )
        assert status["restartCount"] == 3
        ended = status["lastState"]["terminated"]
        assert (ended["exitCode"], ended["reason"], ended["message"]) == (3, "Error", "boom\n")
        assert "BackOff" in [reason for reason, _ in sim.events("crash")]

    def test_init_containers_run_one_after_the_other(self, sim: Simulation) -> None:
        inits = [{"name": n, "image": "busybox:1", "command": ["sleep", "2"]} for n in ("first", "second")]
        run(sim, pod("app", spec={"initContainers": inits}))
        seen: list[list[str]] = []
        while not is_ready(sim.get(PODS, "app")):
            states = [
                next(iter(s["state"]))
                for s in sim.get(PODS, "app")["status"].get("initContainerStatuses", ())
            ]
            if states and (not seen or seen[-1] != states):
                seen.append(states)
            sim.advance(0.2)
        assert [s for s in seen if "running" in s] == [["running", "waiting"], ["terminated", "running"]]

    def test_a_missing_config_map_holds_a_container_back_until_it_is_made(self, sim: Simulation) -> None:
        run(sim, pod("app", envFrom=[{"configMapRef": {"name": "settings"}}]))
        sim.advance(5)
        waiting = sim.get(PODS, "app")["status"]["containerStatuses"][0]["state"]["waiting"]
        assert waiting == {
            "reason": "CreateContainerConfigError",
            "message": 'configmap "settings" not found',
        }
        sim.create(CONFIG_MAPS, {"metadata": {"name": "settings", "namespace": "default"}, "data": {}})
        sim.until(lambda: is_ready(sim.get(PODS, "app")))

    def test_a_failing_liveness_probe_restarts_the_container(self, sim: Simulation) -> None:
        live = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3}
        run(sim, pod("app", image="registry.moa.example/clinic/hangs:1", livenessProbe=live))
        sim.until(
            lambda: (
                sim.get(PODS, "app")["status"].get("containerStatuses", [{}])[0].get("restartCount", 0) == 1
            ),
            within=90,
        )
        reasons = [reason for reason, _ in sim.events("app")]
        assert "Unhealthy" in reasons
        assert "Killing" in reasons

    def test_a_deleted_pod_goes_after_its_containers_ended(self, sim: Simulation) -> None:
        run(sim, pod("app"))
        sim.until(lambda: is_ready(sim.get(PODS, "app")))
        sim.store.delete(PODS, "default", "app")
        assert "deletionTimestamp" in sim.get(PODS, "app")["metadata"]
        sim.until(lambda: sim.store.get(PODS, "default", "app") is None, within=3)
        assert ("Killing", "Stopping container main") in sim.events("app")

    def test_an_ephemeral_container_is_started_beside_the_others(self, sim: Simulation) -> None:
        run(sim, pod("app"))
        sim.until(lambda: is_ready(sim.get(PODS, "app")))
        debug = {"name": "debugger", "image": "busybox:1", "command": ["sleep", "60"]}
        sim.change(PODS, "app", ephemeralContainers=[debug])
        sim.until(
            lambda: (
                "running"
                in sim.get(PODS, "app")["status"].get("ephemeralContainerStatuses", [{"state": {}}])[0][
                    "state"
                ]
            )
        )


class TestScheduler:
    def test_it_says_why_no_node_fits_and_binds_once_one_does(self, sim: Simulation) -> None:
        run(sim, pod("big", resources={"requests": {"cpu": "6"}}))
        sim.advance(1)
        row = sim.get(PODS, "big")["status"]["conditions"][0]
        assert row["reason"] == "Unschedulable"
        assert row["message"].startswith("0/2 nodes are available: 2 Insufficient cpu.")
        sim.create(NODES, node("node-3", cpu="16"))
        sim.until(lambda: is_ready(sim.get(PODS, "big")))
        assert sim.get(PODS, "big")["spec"]["nodeName"] == "node-3"

    def test_cordoned_nodes_take_nothing(self, sim: Simulation) -> None:
        for name in ("node-1", "node-2"):
            sim.store.update(
                NODES,
                {
                    **sim.get(NODES, name, ""),
                    "spec": {**sim.get(NODES, name, "")["spec"], "unschedulable": True},
                },
            )
        run(sim, pod("app"))
        sim.advance(2)
        assert "2 node(s) were unschedulable" in sim.get(PODS, "app")["status"]["conditions"][0]["message"]
        fresh = sim.get(NODES, "node-1", "")
        assert fresh["spec"]["taints"][0]["key"] == "node.kubernetes.io/unschedulable"
        sim.store.update(
            NODES, {**fresh, "spec": {k: v for k, v in fresh["spec"].items() if k != "unschedulable"}}
        )
        sim.until(lambda: is_ready(sim.get(PODS, "app")))


class TestEviction:
    def test_a_budget_allows_one_disruption_at_a_time(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        budget = {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        }
        sim.create(POD_DISRUPTION_BUDGETS, budget)
        sim.advance(1)
        one, two, *_ = sim.pods(app="web")
        assert may_evict(sim.store, one) is None
        assert (
            may_evict(sim.store, two) == "The disruption budget web needs 2 healthy pods and has 3 currently"
        )
        sim.store.delete(PODS, "default", one["metadata"]["name"])
        sim.advance(0.5)
        assert (
            may_evict(sim.store, two) == "The disruption budget web needs 2 healthy pods and has 2 currently"
        )
        sim.until(lambda: len(sim.ready(app="web")) == 3)
        sim.advance(1)
        assert may_evict(sim.store, two) is None

    def test_a_dead_node_loses_its_pods_after_five_minutes(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web", 4))
        sim.until(lambda: rolled_out(sim))
        obj = sim.get(NODES, "node-1", "")
        key, since = "node.kubernetes.io/unreachable", sim.store.now()
        taints = [{"key": key, "effect": e, "timeAdded": since} for e in ("NoSchedule", "NoExecute")]
        status = {**obj["status"], "conditions": [{"type": "Ready", "status": "Unknown"}]}
        sim.store.update(NODES, {**obj, "spec": {**obj["spec"], "taints": taints}, "status": status})
        sim.advance(290)
        assert all("deletionTimestamp" not in p["metadata"] for p in sim.pods(app="web"))
        sim.advance(20)
        gone = [p for p in sim.pods(app="web") if "deletionTimestamp" in p["metadata"]]
        assert {p["spec"]["nodeName"] for p in gone} == {"node-1"}
        assert (
            len([p for p in sim.pods(app="web") if p["spec"].get("nodeName") == "node-2" and is_ready(p)])
            == 4
        )


class TestGarbageCollection:
    def test_background_deletion_takes_everything_that_is_owned(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.store.delete(DEPLOYMENTS, "default", "web")
        assert sim.store.get(DEPLOYMENTS, "default", "web") is None
        sim.until(lambda: not sim.store.list(REPLICA_SETS) and not sim.pods())

    def test_foreground_deletion_keeps_the_owner_until_its_children_are_gone(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.store.delete(DEPLOYMENTS, "default", "web", propagation="Foreground")
        sim.advance(0.5)
        assert sim.get(DEPLOYMENTS, "web")["metadata"]["finalizers"] == ["foregroundDeletion"]
        sim.until(lambda: sim.store.get(DEPLOYMENTS, "default", "web") is None)
        assert not sim.pods()
        assert not sim.store.list(REPLICA_SETS)

    def test_orphaned_children_stay(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web"))
        sim.until(lambda: rolled_out(sim))
        sim.store.delete(DEPLOYMENTS, "default", "web", propagation="Orphan")
        sim.advance(5)
        assert sim.store.get(DEPLOYMENTS, "default", "web") is None
        assert len(sim.ready(app="web")) == 3
        assert "ownerReferences" not in sim.store.list(REPLICA_SETS)[0]["metadata"]

    def test_a_namespace_is_emptied_and_goes(self, sim: Simulation) -> None:
        sim.create(NAMESPACES, {"metadata": {"name": "gone"}})
        sim.until(lambda: sim.store.get(SERVICE_ACCOUNTS, "gone", "default") is not None)
        sim.create(
            CONFIG_MAPS, {"metadata": {"name": "kept", "namespace": "gone", "finalizers": ["a.example/x"]}}
        )
        sim.store.delete(NAMESPACES, "", "gone")
        sim.advance(5)
        obj = sim.get(NAMESPACES, "gone", "")
        rows = {c["type"]: c for c in obj["status"]["conditions"]}
        assert rows["NamespaceFinalizersRemaining"]["message"].endswith("a.example/x in 1 resource instances")
        held = sim.get(CONFIG_MAPS, "kept", "gone")
        sim.store.update(
            CONFIG_MAPS,
            {**held, "metadata": {k: v for k, v in held["metadata"].items() if k != "finalizers"}},
        )
        sim.until(lambda: sim.store.get(NAMESPACES, "", "gone") is None)


class TestTheRest:
    def test_slices_follow_ready_pods(self, sim: Simulation) -> None:
        svc = {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        }
        sim.create(SERVICES, svc)
        sim.create(DEPLOYMENTS, deployment("web", 2))
        sim.until(lambda: rolled_out(sim))
        sim.advance(1)
        ends = sim.store.list(ENDPOINT_SLICES, "default")[0]["endpoints"]
        assert [e["conditions"]["ready"] for e in ends] == [True, True]

    def test_a_quota_blocks_a_replica_set_and_counts(self, sim: Simulation) -> None:
        sim.create(
            RESOURCE_QUOTAS,
            {"metadata": {"name": "team", "namespace": "default"}, "spec": {"hard": {"pods": "2"}}},
        )
        sim.create(DEPLOYMENTS, deployment("web", 4))
        sim.advance(10)
        assert len(sim.ready(app="web")) == 2
        assert sim.get(RESOURCE_QUOTAS, "team")["status"]["used"] == {"pods": "2"}
        rows = {c["type"]: c for c in sim.get(DEPLOYMENTS, "web")["status"]["conditions"]}
        assert (
            "exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2"
            in rows["ReplicaFailure"]["message"]
        )

    def test_a_limit_range_refuses_what_is_too_large(self, sim: Simulation) -> None:
        limit = {"type": "Container", "max": {"memory": "1Gi"}}
        sim.create(
            LIMIT_RANGES, {"metadata": {"name": "l", "namespace": "default"}, "spec": {"limits": [limit]}}
        )
        with pytest.raises(StoreError) as error:
            admit_pod(sim.store, pod("big", resources={"limits": {"memory": "2Gi"}}))
        assert (
            error.value.message
            == 'pods "big" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'
        )

    def test_an_autoscaler_without_requests_says_so(self, sim: Simulation) -> None:
        sim.create(DEPLOYMENTS, deployment("web", 1))
        sim.until(lambda: rolled_out(sim))
        ref = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
        metric = {
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
        }
        sim.create(
            HPAS,
            {
                "metadata": {"name": "web", "namespace": "default"},
                "spec": {"scaleTargetRef": ref, "maxReplicas": 5, "metrics": [metric]},
            },
        )
        sim.advance(20)
        rows = {c["type"]: c for c in sim.get(HPAS, "web")["status"]["conditions"]}
        assert rows["ScalingActive"]["reason"] == "FailedGetResourceMetric"

    def test_equal_events_are_counted_and_go_after_an_hour(self, sim: Simulation) -> None:
        obj = run(sim, pod("app"))
        for _ in range(3):
            sim.engine.events.warning(obj, "Test", "안녕", component="test")
        found = [e for e in sim.store.list(EVENTS) if e["reason"] == "Test"]
        assert [e["count"] for e in found] == [3]
        sim.advance(3700)
        assert not [e for e in sim.store.list(EVENTS) if e["reason"] == "Test"]

    def test_an_idle_cluster_does_next_to_nothing(self) -> None:
        sim = Simulation(world=True)
        sim.advance(60)
        changes = []
        sim.store.subscribe(lambda type_, res, obj: changes.append(res.plural))
        sim.advance(60)
        assert len(changes) < 600


class TestChurn:
    def test_changes_are_numbered_stamped_and_leave_pods_valid(self) -> None:
        sim = Simulation(world=True)
        churn = Churn(sim.engine, 1000)
        shapes = {p["metadata"]["uid"]: set(p["status"]) for p in sim.store.list(PODS)}
        seen: list[int] = []

        def note(type_: str, res: Any, obj: Obj) -> None:
            annotations = obj["metadata"].get("annotations") or {}
            if res.plural == "pods" and SEQUENCE in annotations:
                seen.append(int(annotations[SEQUENCE]))
                assert int(annotations[AT]) > 0

        sim.store.subscribe(note)
        churn.burst(3000)
        assert seen == sorted(seen)
        assert len(seen) > 2500
        for p in sim.store.list(PODS):
            assert set(p["status"]) == shapes[p["metadata"]["uid"]]
            for status in p["status"].get("containerStatuses", ()):
                assert len(status["state"]) == 1
        restarts = sum(
            s["restartCount"] for p in sim.store.list(PODS) for s in p["status"].get("containerStatuses", ())
        )
        assert restarts > 500

    def test_what_the_churn_put_in_trouble_is_well_again_soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Else half of a cluster that runs for some minutes would be in a crash loop."""
        sim = Simulation(world=True)

        def ready() -> dict[str, list[bool]]:
            return {
                p["metadata"]["uid"]: [s["ready"] for s in p["status"].get("containerStatuses", ())]
                for p in sim.store.list(PODS)
            }

        clock = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: clock[0])
        churn = Churn(sim.engine, 1)
        before = ready()
        worst = 0
        for _ in range(1200):
            clock[0] += 1.0
            churn.burst(1)
            now = ready()
            worst = max(worst, sum(now[uid] != before[uid] for uid in before))
        assert 0 < worst <= 2 * TROUBLE
        back_off = [
            s["restartCount"]
            for p in sim.store.list(PODS)
            for s in p["status"].get("containerStatuses", ())
            if "churn" in s["state"].get("waiting", {}).get("message", "")
        ]
        assert back_off, "some are in trouble all the time"
        assert min(back_off) > 0, "nothing waits before it was restarted"

    def test_each_run_of_a_container_is_another_one(self) -> None:
        """Followers of logs tell runs apart by the container's id."""
        sim = Simulation(world=True)
        churn = Churn(sim.engine, 1000, is_used=lambda identity: identity == used)
        used = next(
            s["containerID"]
            for p in sim.store.list(PODS)
            for s in p["status"].get("containerStatuses", ())[:1]
            if "running" in s["state"]
        )
        runs: dict[tuple[str, str], dict[int, str]] = {}

        def note(type_: str, res: Any, obj: Obj) -> None:
            for status in obj["status"].get("containerStatuses", ()) if res.plural == "pods" else ():
                seen = runs.setdefault((obj["metadata"]["uid"], status["name"]), {})
                identity = status.get("containerID", "")
                assert seen.setdefault(status["restartCount"], identity) == identity
                last = status.get("lastState", {}).get("terminated", {}).get("containerID")
                if "running" in status["state"]:
                    assert last != identity

        sim.store.subscribe(note)
        churn.burst(3000)
        assert any(len(set(seen.values())) > 2 for seen in runs.values())
        assert any(used in seen.values() and len(seen) == 1 for seen in runs.values())


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/5 * * * *", "09:03", "09:05"),
        ("0 9 * * 1-5", "10:00", "09:00"),
        ("30 3 * * *", "02:00", "03:30"),
        ("@hourly", "09:00", "10:00"),
        ("15,45 8-10 * * mon", "09:20", "09:45"),
    ],
)
def test_schedules_fire_when_cron_would(text: str, after: str, expected: str) -> None:
    hour, minute = map(int, after.split(":"))
    moment = Schedule.parse(text).next_after(datetime(2026, 3, 2, hour, minute, tzinfo=UTC))
    assert moment is not None
    assert moment.strftime("%H:%M") == expected


def test_a_schedule_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        Schedule.parse("61 * * * *")


@pytest.mark.parametrize(
    ("text", "value"),
    [("100m", 0.1), ("2", 2), ("1Gi", 2**30), ("1536Mi", 1.5 * 2**30), ("1k", 1000), ("1e3", 1000)],
)
def test_quantities(text: str, value: float) -> None:
    assert float(parse(text)) == value


def test_quantities_are_written_shortly() -> None:
    assert format_milli(parse("1500m")) == "1500m"
    assert format_milli(parse("2000m")) == "2"
    assert format_bytes(parse("1024Mi")) == "1Gi"
