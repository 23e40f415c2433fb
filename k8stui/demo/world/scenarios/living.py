"""Things that run and are still not right: services, limits, rollouts, volumes that stay, batch, nodes."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.jobs import cron_job, job
from k8stui.demo.world.pods import How, done, make_pod
from k8stui.demo.world.podspec import container, pod_spec, template
from k8stui.demo.world.scenarios.ward import CLINIC, case_labels, image, patient
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
    refusal = 'pods "quota-blocked-{}" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2'
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
    name = f"limit-refused-{world.ids.template_hash('rs', 'small-budget', 'limit-refused', 1)}-{world.ids.suffix('limit')}"
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
            'the HPA controller was unable to get the target\'s current scale: deployments.apps "long-gone" not found',
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


def never_goes(world: World) -> None:
    """Finalizers whose controllers are gone: a pod, a config map and a whole namespace stay Terminating."""
    patient(
        world,
        "stuck-terminating",
        [container("app", image("steady"))],
        "finalizer 컨트롤러가 사라짐",
        age=4 * HOUR,
        deleting=50 * MINUTE,
        grace=0,
        finalizers=["moa.example/backup-before-delete"],
        how={"app": done(since=50 * MINUTE - 2, ran=3 * HOUR)},
        phase="Succeeded",
    )
    plain.namespace(world, "old-campaign", age=90 * DAY, deleting=2 * DAY)
    meta = world.meta(
        "ConfigMap",
        "campaign-archive",
        "old-campaign",
        age=90 * DAY,
        deleting=2 * DAY,
        finalizers=["moa.example/archive"],
    )
    meta["deletionGracePeriodSeconds"] = 0
    world.add({"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta, "data": {"메모": "보관 후 삭제"}})
    namespace = world.find("Namespace", "old-campaign")
    since = world.ago(2 * DAY)
    texts = (
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps has 1 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: moa.example/archive in 1 resource instances",
        ),
    )
    namespace["status"]["conditions"] = [
        {"type": t, "status": s, "lastTransitionTime": since, "reason": r, "message": m}
        for t, s, r, m in texts
    ]


def evicted(world: World) -> None:
    """Pods that the kubelet of the full machine threw out."""
    for number, what in enumerate(("ephemeral-storage", "ephemeral-storage", "memory")):
        text = f"The node was low on resource: {what}. Threshold quantity: 10301430Ki, available: {812 - number * 40}Mi. Container app was using 3104Mi, request is 0, has larger consumption of {what}. "
        pod = make_pod(
            world,
            f"evicted-{world.ids.suffix('evicted', number)}",
            CLINIC,
            pod_spec([container("app", image("steady"))]),
            age=40 * MINUTE + number * 90,
            labels=case_labels("evicted"),
            node="worker-b3",
            phase="Failed",
            reason="Evicted",
            message=text,
            how={
                "app": done(
                    137,
                    reason="ContainerStatusUnknown",
                    since=20 * MINUTE,
                    ran=20 * MINUTE,
                    message="The container could not be located when the pod was terminated",
                )
            },
        )
        warn(world, pod, "Evicted", text, ago=20 * MINUTE)
        world.event(
            pod,
            "Killing",
            "Stopping container app",
            ago=20 * MINUTE,
            host="worker-b3",
            field_path="spec.containers{app}",
        )


def rejected(world: World) -> None:
    """Pods that a kubelet did not admit."""
    text = (
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    )
    pod = patient(
        world,
        "node-affinity",
        image("steady"),
        "노드 레이블이 바뀐 뒤 재시작됨",
        age=3 * HOUR,
        node="worker-b1",
        phase="Failed",
        reason="NodeAffinity",
        message=text,
        how={"app": done(137, reason="ContainerStatusUnknown", since=2 * HOUR, ran=HOUR)},
        sandbox=False,
    )
    warn(world, pod, "NodeAffinity", "Predicate NodeAffinity failed", ago=700)


def lost_node(world: World) -> None:
    """What ran on the machine that fell silent: some still shown as running, some Terminating, one Unknown."""
    for number in range(2):
        make_pod(
            world,
            f"on-lost-node-{number}",
            CLINIC,
            pod_spec([container("app", image("steady"))]),
            age=6 * DAY,
            labels=case_labels("on-lost-node"),
            node="worker-c3",
            how={"app": How(ready=False)},
            deleting=12 * MINUTE - number,
            settled=17 * MINUTE,
        )
    pod = make_pod(
        world,
        "node-lost",
        CLINIC,
        pod_spec([container("app", image("steady"))]),
        age=9 * DAY,
        labels=case_labels("node-lost"),
        node="worker-c3",
        reason="NodeLost",
        message="Node worker-c3 which was running pod node-lost is unresponsive",
        how={"app": How(ready=False)},
        deleting=11 * MINUTE,
    )
    warn(
        world,
        pod,
        "NodeNotReady",
        "Node is not ready",
        component="node-controller",
        ago=17 * MINUTE,
        first=17 * MINUTE,
    )


def failed_batch(world: World) -> None:
    """A job that used up its tries, a cron job that misses its times, one whose last run failed, a suspended job."""
    shape = template(
        case_labels("upload"), [container("upload", image("failing-job"))], restartPolicy="Never"
    )
    bad = {"upload": done(1, since=30 * MINUTE, ran=3, message="벌크 업로드 실패: 응답 504\n")}
    made = job(
        world,
        "bulk-upload",
        "batch",
        shape,
        age=45 * MINUTE,
        took=15 * MINUTE,
        failed=3,
        backoff=2,
        outcome="BackoffLimitExceeded",
        how=bad,
    )
    world.event(
        made,
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
        ago=30 * MINUTE,
        warning=True,
        component="job-controller",
    )
    small = template(
        case_labels("missed"),
        [container("app", "busybox:1.37", command=["sh", "-c", "date"])],
        restartPolicy="Never",
    )
    cron = cron_job(
        world,
        "missed-schedules",
        "batch",
        "*/10 * * * *",
        small,
        age=20 * DAY,
        every=600,
        history=0,
        deadline=5,
    )
    world.event(
        cron,
        "MissSchedule",
        "Missed scheduled time to start a job: Mon, 02 Mar 2026 08:30:00 +0000",
        ago=31 * MINUTE,
        warning=True,
        component="cronjob-controller",
    )
    world.event(
        cron,
        "FailedNeedsStart",
        "Cannot determine if job needs to be started: too many missed start times (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew",
        ago=22 * MINUTE,
        first=50 * MINUTE,
        count=3,
        warning=True,
        component="cronjob-controller",
    )
    cron_job(world, "bad-schedule", "batch", "61 * * * *", small, age=2 * DAY, every=3600, history=0)
    job(
        world,
        "on-hold",
        "batch",
        template(case_labels("on-hold"), [container("app", image("steady"))], restartPolicy="Never"),
        age=6 * HOUR,
        outcome="Suspended",
        succeeded=0,
        suspend=True,
    )


def completed(world: World) -> None:
    """A bare pod that did its work."""
    item = container("app", "busybox:1.37", command=["sh", "-c", "echo 끝났습니다"])
    patient(
        world,
        "completed",
        [item],
        "정상 종료",
        age=2 * HOUR,
        spec={"restartPolicy": "Never"},
        how={"app": done(since=2 * HOUR - 4)},
    )
    failed = container("app", "busybox:1.37", command=["sh", "-c", "exit 4"])
    patient(
        world,
        "failed-once",
        [failed],
        "재시작하지 않는 실패",
        age=2 * HOUR,
        spec={"restartPolicy": "Never"},
        how={"app": done(4, since=2 * HOUR - 4)},
    )


def guests(world: World) -> None:
    """A native sidecar, and a pod with an ephemeral debug container."""
    sidecar = container(
        "proxy", f"{REGISTRY}/payments/vault-agent:1.2", restartPolicy="Always", ports={"admin": 15000}
    )
    patient(
        world,
        "native-sidecar",
        [container("app", image("steady"), ports={"http": 8080})],
        "네이티브 사이드카",
        age=3 * DAY,
        spec={"initContainers": [sidecar]},
    )
    pod = patient(
        world,
        "being-debugged",
        [container("app", image("steady"))],
        "디버그 컨테이너가 붙어 있음",
        age=2 * DAY,
    )
    debug = {
        "name": "debugger-7x2kq",
        "image": "busybox:1.37",
        "command": ["sleep", "7200"],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "targetContainerName": "app",
    }
    pod["spec"]["ephemeralContainers"] = [debug]
    digest = world.ids.hex("debugger")
    pod["status"]["ephemeralContainerStatuses"] = [
        {
            "name": debug["name"],
            "state": {"running": {"startedAt": world.ago(11 * MINUTE)}},
            "lastState": {},
            "ready": False,
            "restartCount": 0,
            "image": "docker.io/library/busybox:1.37",
            "imageID": f"sha256:{digest}",
            "containerID": f"containerd://{world.ids.hex('debugger', 1)}",
            "resources": {},
        }
    ]


SCENARIOS = (
    selects_nothing,
    wrong_port,
    exhausted_quota,
    refused_by_limit,
    stuck_rollout,
    paused_rollout,
    blind_autoscaler,
    unmovable,
    never_goes,
    evicted,
    rejected,
    lost_node,
    failed_batch,
    completed,
    guests,
)
