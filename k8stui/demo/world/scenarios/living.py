"""Things that run and are still not right: services, limits, rollouts, autoscalers, budgets."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.pods import How
from k8stui.demo.world.podspec import container, template
from k8stui.demo.world.scenarios.ward import CLINIC, case_labels, image
from k8stui.demo.world.shop import web_template
from k8stui.demo.world.story import start_events, warn
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]


def _shape(name: str, tag: str = "1.0", *, item: Obj | None = None, **spec: Any) -> Obj:
    return template(
        case_labels(name), [item or container("app", image("steady", tag), ports={"http": 8080})], **spec
    )


def selects_nothing(world: World) -> None:
    """A service whose selector has a typing error."""
    deployment(world, "web", CLINIC, [Revision(_shape("web"), 8 * DAY)], replicas=2)
    plain.service(
        world,
        "service-selects-nothing",
        CLINIC,
        {"app.kubernetes.io/name": "wbe"},
        {"http": (80, 8080)},
        age=8 * DAY,
    )


def wrong_port(world: World) -> None:
    """A service that sends to a port nobody listens on, and one that names a port that no container has."""
    plain.service(
        world,
        "service-wrong-port",
        CLINIC,
        {"app.kubernetes.io/name": "web"},
        {"http": (80, 9999)},
        age=8 * DAY,
    )
    plain.service(
        world,
        "service-unknown-port-name",
        CLINIC,
        {"app.kubernetes.io/name": "web"},
        {"http": (80, "htttp")},
        age=8 * DAY,
    )
    plain.service(
        world,
        "service-pending-lb",
        CLINIC,
        {"app.kubernetes.io/name": "web"},
        {"http": (80, "http")},
        kind="LoadBalancer",
        age=HOUR,
        pending=True,
    )
    plain.ingress(
        world,
        "ingress-no-backend",
        CLINIC,
        "clinic.moa.example",
        {"/": ("no-such-service", 80)},
        age=4 * DAY,
        address="",
    )


def exhausted_quota(world: World) -> None:
    """A namespace whose quota is used up: the ReplicaSet cannot make its pods."""
    namespace = "small-budget"
    plain.namespace(world, namespace, age=12 * DAY, labels={"moa.example/team": "interns"})
    hard = {"pods": "2", "requests.cpu": "500m", "requests.memory": "512Mi"}
    used = {"pods": "2", "requests.cpu": "200m", "requests.memory": "128Mi"}
    plain.simple(
        world,
        "v1",
        "ResourceQuota",
        "team-quota",
        namespace,
        spec={"hard": hard},
        status={"hard": hard, "used": used},
    )
    item = container("app", image("steady"), cpu="100m", memory="64Mi")
    refusal = (
        'pods "quota-blocked-{}" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=2,'
        " limited: pods=2"
    )
    name = f"{world.ids.template_hash('rs', namespace, 'quota-blocked', 1)}-{world.ids.suffix('refused')}"
    obj = deployment(
        world,
        "quota-blocked",
        namespace,
        [Revision(_shape("quota-blocked", item=item), 2 * HOUR)],
        replicas=5,
        new_replicas=2,
        progress="deadline",
        replica_failure=refusal.format(name),
    )
    rs = next(
        o
        for o in world.objects
        if o["kind"] == "ReplicaSet" and o["metadata"]["ownerReferences"][0]["uid"] == obj["metadata"]["uid"]
    )
    rs["spec"]["replicas"] = 5
    world.event(
        rs,
        "FailedCreate",
        f"Error creating: {refusal.format(name)}",
        ago=50,
        first=2 * HOUR - 900,
        count=18,
        warning=True,
        component="replicaset-controller",
    )


def refused_by_limit(world: World) -> None:
    """A LimitRange that refuses every pod of a Deployment."""
    limit = {
        "type": "Container",
        "max": {"memory": "256Mi"},
        "default": {"memory": "128Mi"},
        "defaultRequest": {"memory": "64Mi"},
    }
    plain.simple(world, "v1", "LimitRange", "small-only", "small-budget", spec={"limits": [limit]})
    item = container("app", image("steady"), cpu="50m", memory="128Mi", memory_limit="2Gi")
    digest = world.ids.template_hash("rs", "small-budget", "limit-refused", 1)
    name = f"limit-refused-{digest}-{world.ids.suffix('limit')}"
    text = f'pods "{name}" is forbidden: maximum memory usage per Container is 256Mi, but limit is 2Gi'
    deployment(
        world,
        "limit-refused",
        "small-budget",
        [Revision(_shape("limit-refused", item=item), 75 * MINUTE)],
        replicas=1,
        new_replicas=0,
        progress="deadline",
        replica_failure=text,
    )
    rs = next(
        o
        for o in reversed(world.objects)
        if o["kind"] == "ReplicaSet" and o["metadata"]["name"].startswith("limit-refused")
    )
    rs["spec"]["replicas"] = 1
    world.event(
        rs,
        "FailedCreate",
        f"Error creating: {text}",
        ago=80,
        first=74 * MINUTE - 900,
        count=16,
        warning=True,
        component="replicaset-controller",
    )


def stuck_rollout(world: World) -> None:
    """The new version never becomes ready: ProgressDeadlineExceeded, the old one goes on serving."""

    def shape(tag: str) -> Obj:
        return web_template("checkout", "shop/storefront", tag)

    new = shape("4.13.0-rc1")
    deployment(
        world,
        "checkout",
        "shop",
        [Revision(shape("4.12.0"), 20 * DAY), Revision(new, 32 * MINUTE, "결제 화면 개편 rc1")],
        replicas=3,
        new_replicas=1,
        old_replicas=3,
        progress="deadline",
        how={"checkout": How(ready=False)},
    )
    plain.service(world, "checkout", "shop", {"app.kubernetes.io/name": "checkout"}, {"http": (80, "http")})
    for pod in [
        o
        for o in world.objects
        if o["kind"] == "Pod"
        and (o["metadata"].get("labels") or {}).get("app.kubernetes.io/version") == "4.13.0-rc1"
    ]:
        start_events(world, pod)
        warn(
            world,
            pod,
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            container="checkout",
            count=371,
            ago=3,
        )


def paused_rollout(world: World) -> None:
    """A rollout that somebody paused and forgot."""
    deployment(
        world,
        "paused",
        CLINIC,
        [Revision(_shape("paused"), 10 * DAY), Revision(_shape("paused", "1.1"), 2 * DAY)],
        replicas=2,
        new_replicas=1,
        old_replicas=1,
        paused=True,
    )


def blind_autoscaler(world: World) -> None:
    """An autoscaler whose pods have no CPU request, and one whose target is gone."""
    deployment(world, "no-requests", CLINIC, [Revision(_shape("no-requests"), 5 * DAY)], replicas=1)
    pod = next(
        o["metadata"]["name"]
        for o in world.objects
        if o["kind"] == "Pod" and o["metadata"]["name"].startswith("no-requests-")
    )
    why = f"failed to get cpu utilization: missing request for cpu in container app of Pod {pod}"
    for name, target, reason, text in (
        (
            "hpa-without-metrics",
            "no-requests",
            "FailedGetResourceMetric",
            f"the HPA was unable to compute the replica count: {why}",
        ),
        (
            "hpa-without-target",
            "long-gone",
            "FailedGetScale",
            (
                "the HPA controller was unable to get the target's current scale: deployments.apps"
                ' "long-gone" not found'
            ),
        ),
    ):
        since, able = world.ago(2 * DAY), reason != "FailedGetScale"
        row = {
            "type": "ScalingActive" if able else "AbleToScale",
            "status": "False",
            "lastTransitionTime": since,
            "reason": reason,
            "message": text,
        }
        ok = {
            "type": "AbleToScale",
            "status": "True",
            "lastTransitionTime": since,
            "reason": "SucceededGetScale",
            "message": "the HPA controller was able to get the target's current scale",
        }
        metric = {
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
        }
        hpa = plain.simple(
            world,
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            name,
            CLINIC,
            age=2 * DAY,
            spec={
                "scaleTargetRef": {"kind": "Deployment", "name": target, "apiVersion": "apps/v1"},
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [metric],
            },
            status={
                "currentReplicas": int(able),
                "desiredReplicas": 0,
                "currentMetrics": [{"type": ""}],
                "conditions": [ok, row] if able else [row],
            },
        )
        message = why if able else 'deployments.apps "long-gone" not found'
        world.event(
            hpa,
            reason,
            message,
            ago=12,
            first=3500,
            count=231,
            warning=True,
            component="horizontal-pod-autoscaler",
        )


def unmovable(world: World) -> None:
    """A budget that forbids every eviction: a drain waits for ever."""
    deployment(world, "single-point", CLINIC, [Revision(_shape("single-point"), 14 * DAY)], replicas=1)
    selector = {"matchLabels": {"app.kubernetes.io/name": "single-point"}}
    row = {
        "type": "DisruptionAllowed",
        "status": "False",
        "observedGeneration": 1,
        "lastTransitionTime": world.ago(14 * DAY),
        "reason": "InsufficientPods",
        "message": "",
    }
    plain.simple(
        world,
        "policy/v1",
        "PodDisruptionBudget",
        "pdb-forbids-eviction",
        CLINIC,
        generation=1,
        spec={"minAvailable": 1, "selector": selector},
        status={
            "observedGeneration": 1,
            "disruptionsAllowed": 0,
            "currentHealthy": 1,
            "desiredHealthy": 1,
            "expectedPods": 1,
            "conditions": [row],
        },
    )


SCENARIOS = (
    selects_nothing,
    wrong_port,
    exhausted_quota,
    refused_by_limit,
    stuck_rollout,
    paused_rollout,
    blind_autoscaler,
    unmovable,
)
