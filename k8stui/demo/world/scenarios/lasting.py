"""What stays behind or was thrown out: finalizers, evictions, a lost machine, batch; and two odd guests."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.jobs import cron_job, job
from k8stui.demo.world.pods import How, done, make_pod
from k8stui.demo.world.podspec import container, pod_spec, template
from k8stui.demo.world.scenarios.ward import CLINIC, case_labels, image, patient
from k8stui.demo.world.story import warn

Obj = dict[str, Any]


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
            (
                "Some content in the namespace has finalizers remaining: moa.example/archive in 1 resource"
                " instances"
            ),
        ),
    )
    namespace["status"]["conditions"] = [
        {"type": t, "status": s, "lastTransitionTime": since, "reason": r, "message": m}
        for t, s, r, m in texts
    ]


def evicted(world: World) -> None:
    """Pods that the kubelet of the full machine threw out."""
    for number, what in enumerate(("ephemeral-storage", "ephemeral-storage", "memory")):
        text = (
            f"The node was low on resource: {what}. Threshold quantity: 10301430Ki, available:"
            f" {812 - number * 40}Mi. Container app was using 3104Mi, request is 0, has larger consumption of"
            f" {what}. "
        )
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
        pod["status"].pop("containerStatuses")  # why kubectl shows the pod\'s own reason
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
    pod["status"].pop("containerStatuses")  # it was never admitted
    warn(world, pod, "NodeAffinity", "Predicate NodeAffinity failed", ago=700)


def lost_node(world: World) -> None:
    """What ran on the machine that fell silent: Terminating, and one Unknown."""
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
    """A job that used up its tries, a cron job that misses its times, a bad schedule, a suspended job."""
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
        "Cannot determine if job needs to be started: too many missed start times (> 100). Set or decrease"
        " .spec.startingDeadlineSeconds or check clock skew",
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


SCENARIOS = (never_goes, evicted, rejected, lost_node, failed_batch, completed, guests)
