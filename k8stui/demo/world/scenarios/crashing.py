"""Pods that start and fail: crash loops, memory, signals, init containers, probes."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.images import IMAGES, REGISTRY, behaviour
from k8stui.demo.world.pods import How, back_off_seconds, crash_loop, done
from k8stui.demo.world.podspec import container, probe
from k8stui.demo.world.scenarios.ward import image, patient
from k8stui.demo.world.shop import web, web_template
from k8stui.demo.world.story import back_off_events, start_events, warn
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]


def _loop(world: World, item: Obj, restarts: int) -> How:
    """A crash loop somewhere in its pause, as the image behaves."""
    how, pause = behaviour(item), back_off_seconds(restarts)
    since = world.ids.number("pause", item["image"], low=3, high=max(4, int(pause * 0.8)))
    return crash_loop(
        done(how.exit_code or 0, reason=how.end_reason, since=since, ran=how.after, message=how.message),
        restarts,
    )


def _crashing(
    world: World, name: str, items: list[Obj] | str, note: str, age: float, restarts: int, **more: Any
) -> Obj:
    item = container("app", items) if isinstance(items, str) else items[0]
    pod = patient(
        world, name, [item], note, age=age, how={item["name"]: _loop(world, item, restarts)}, **more
    )
    back_off_events(world, pod, item["name"], restarts=restarts)
    return pod


def panics(world: World) -> None:
    """A Go program that dies of a nil pointer, with its last words in the termination message."""
    _crashing(world, "crash-loop", image("crash"), "nil 포인터로 종료", 5 * HOUR, 62)


def no_config(world: World) -> None:
    """Ends at once because a setting is missing."""
    _crashing(world, "crash-no-config", image("no-config"), "설정 파일 없음", 26 * MINUTE, 9)


def out_of_memory(world: World) -> None:
    """Takes more memory than its limit: OOMKilled, exit code 137."""
    item = container("app", image("memory-hog"), cpu="50m", memory="64Mi", memory_limit="96Mi")
    _crashing(world, "oom-killed", [item], "메모리 한도 초과", 3 * HOUR, 38)


def segfault(world: World) -> None:
    """Dies of signal 11: exit code 139."""
    _crashing(world, "crash-segfault", image("segfault"), "세그멘테이션 오류 (139)", 90 * MINUTE, 20)


def command_not_found(world: World) -> None:
    """A shell that does not find the program: exit code 127."""
    item = container("app", "busybox:1.37", command=["sh", "-c", "no-such-command --serve"])
    _crashing(world, "exit-127", [item], "명령을 찾을 수 없음 (127)", 75 * MINUTE, 17)


def cannot_execute(world: World) -> None:
    """A script without the right to be executed: exit code 126."""
    item = container(
        "app", "busybox:1.37", command=["sh", "-c", "echo '/bin/start.sh: Permission denied'; exit 126"]
    )
    _crashing(world, "exit-126", [item], "실행 권한 없음 (126)", 65 * MINUTE, 16)


def cannot_start(world: World) -> None:
    """The program of `command` does not exist in the image: the runtime cannot start it."""
    item = container("app", image("steady"), command=["/opt/missing/server", "--port=8080"])
    how = behaviour(item)
    last = done(128, reason="StartError", since=70, ran=0, message=how.message)
    pod = patient(
        world,
        "start-error",
        [item],
        "실행 파일이 이미지에 없음",
        age=55 * MINUTE,
        how={"app": crash_loop(last, 14)},
    )
    back_off_events(world, pod, "app", restarts=14)
    warn(world, pod, "Failed", f"Error: {how.message}", container="app", count=15, ago=70)


def quits(world: World) -> None:
    """Does its work, ends with 0 and is started again and again: restartPolicy Always."""
    item = container("app", "busybox:1.37", command=["sh", "-c", "echo done"])
    _crashing(world, "completes-too-soon", [item], "정상 종료 후 재시작 반복", 45 * MINUTE, 13)


def failing_init(world: World) -> None:
    """The second init container fails: Init:CrashLoopBackOff."""
    first = container("wait-for-db", "busybox:1.37", command=["sh", "-c", "echo ok; sleep 1"])
    second = container("migrate", f"{REGISTRY}/data/migrate:7-broken")
    app = container("app", image("steady"), ports={"http": 8080})
    pod = patient(
        world,
        "init-crash",
        [app],
        "DB 마이그레이션 실패",
        age=80 * MINUTE,
        spec={"initContainers": [first, second]},
        how={"migrate": _loop(world, second, 18)},
    )
    back_off_events(world, pod, "migrate", restarts=18, init=True)


def waiting_init(world: World) -> None:
    """An init container that waits for a service for ever: Init:0/2."""
    first = container(
        "wait-for-cache",
        "busybox:1.37",
        command=["sh", "-c", "while true; do nslookup cache.clinic.svc; sleep 5; done"],
    )
    second = container("warm", "busybox:1.37", command=["sh", "-c", "sleep 1"])
    pod = patient(
        world,
        "init-waiting",
        [container("app", image("steady"))],
        "캐시 서비스를 기다리는 중",
        age=28 * MINUTE,
        spec={"initContainers": [first, second]},
        how={"wait-for-cache": How(ready=False), "warm": How("waiting", "PodInitializing")},
    )
    start_events(world, pod, cached=True)


def failing_readiness(world: World) -> None:
    """Runs, but is never ready: 0/1 Running."""
    item = container(
        "app",
        image("never-ready"),
        ports={"http": 8080},
        readinessProbe=probe(path="/readyz", port="http", periodSeconds=5),
    )
    pod = patient(
        world, "readiness-failing", [item], "준비 검사 실패", age=57 * MINUTE, how={"app": How(ready=False)}
    )
    start_events(world, pod, cached=True)
    warn(
        world,
        pod,
        "Unhealthy",
        f"Readiness probe failed: {IMAGES[image('never-ready').rpartition(':')[0]].probe_failure}",
        container="app",
        count=341,
        ago=4,
    )


def failing_liveness(world: World) -> None:
    """Works for half a minute, then hangs and is killed."""
    item = container(
        "app", image("hangs"), ports={"http": 8080}, livenessProbe=probe(path="/healthz", port="http")
    )
    last = done(137, reason="Error", since=21, ran=60)
    pod = patient(
        world,
        "liveness-failing",
        [item],
        "생존 검사 실패로 재시작 반복",
        age=50 * MINUTE,
        how={"app": How(restarts=11, since=20, last=last)},
    )
    text = "Liveness probe failed: HTTP probe failed with statuscode: 503"
    warn(world, pod, "Unhealthy", text, container="app", count=33, ago=22)
    world.event(
        pod,
        "Killing",
        "Container app failed liveness probe, will be restarted",
        ago=21,
        first=49 * MINUTE,
        count=11,
        host=pod["spec"]["nodeName"],
        field_path="spec.containers{app}",
    )


def failing_startup(world: World) -> None:
    """Too slow for its startup probe: killed before it is up."""
    item = container(
        "app",
        image("slow-start"),
        ports={"http": 8080},
        startupProbe=probe(path="/started", port="http", failureThreshold=3),
    )
    last = done(137, reason="Error", since=12, ran=30)
    pod = patient(
        world,
        "startup-failing",
        [item],
        "시작 검사 시간 초과",
        age=36 * MINUTE,
        how={"app": How(restarts=8, ready=False, started=False, since=11, last=last)},
    )
    ip = pod["status"]["podIP"]
    warn(
        world,
        pod,
        "Unhealthy",
        f'Startup probe failed: Get "http://{ip}:8080/started": dial tcp {ip}:8080: connect: connection'
        " refused",
        container="app",
        count=26,
        ago=2,
    )
    world.event(
        pod,
        "Killing",
        "Container app failed startup probe, will be restarted",
        ago=12,
        first=35 * MINUTE,
        count=8,
        host=pod["spec"]["nodeName"],
        field_path="spec.containers{app}",
    )


def one_of_two(world: World) -> None:
    """Two containers, one of which crashes: 1/2 CrashLoopBackOff."""
    good, bad = (
        container("web", image("steady"), ports={"http": 8080}),
        container("agent", image("no-config")),
    )
    pod = patient(
        world,
        "sidecar-crash",
        [good, bad],
        "보조 컨테이너만 실패",
        age=2 * HOUR,
        how={"agent": _loop(world, bad, 26)},
    )
    back_off_events(world, pod, "agent", restarts=26)


def leaking_recommender(world: World) -> None:
    """In the shop itself: a new version of the recommender leaks memory, half-way through its rollout."""

    def shape(tag: str) -> Obj:
        return web_template(
            "recommender", "shop/recommender", tag, cpu="200m", memory="256Mi", memory_limit="384Mi"
        )

    new = shape("3.2.0")
    how = {"recommender": _loop(world, new["spec"]["containers"][0], 7)}
    deployment(
        world,
        "recommender",
        "shop",
        [
            Revision(shape("3.0.2"), 40 * DAY),
            Revision(shape("3.1.0"), 15 * DAY),
            Revision(new, 25 * MINUTE, "추천 모델 v3.2 배포"),
        ],
        replicas=3,
        new_replicas=1,
        old_replicas=3,
        progress="deadline",
        how=how,
    )
    plain.service(
        world, "recommender", "shop", {"app.kubernetes.io/name": "recommender"}, {"http": (80, "http")}
    )
    for pod in [
        o
        for o in world.objects
        if o["kind"] == "Pod" and o["spec"]["containers"][0]["image"].endswith("recommender:3.2.0")
    ]:
        back_off_events(world, pod, "recommender", restarts=7)


def payments_down(world: World) -> None:
    """The ledger cannot find its database; fraud detection hangs now and then."""
    web(
        world,
        "ledger",
        "payments",
        "payments/ledger",
        ["1.8.1"],
        [70 * MINUTE],
        1,
        memory="256Mi",
        memory_limit="512Mi",
        how={"ledger": _loop(world, {"name": "ledger", "image": f"{REGISTRY}/payments/ledger:1.8.1"}, 15)},
    )
    fraud = {"fraud": How(restarts=23, since=25, last=done(137, since=26, ran=70))}
    web(
        world,
        "fraud",
        "payments",
        "payments/fraud",
        ["0.9.4"],
        [6 * HOUR],
        1,
        memory="512Mi",
        memory_limit="1Gi",
        how=fraud,
    )
    for pod in [
        o
        for o in world.objects
        if o["kind"] == "Pod" and o["metadata"]["name"].startswith(("ledger-", "fraud-"))
    ]:
        name = pod["spec"]["containers"][0]["name"]
        if name == "ledger":
            back_off_events(world, pod, name, restarts=15)
        else:
            ip = pod["status"]["podIP"]
            warn(
                world,
                pod,
                "Unhealthy",
                f'Liveness probe failed: Get "http://{ip}:8080/healthz": context deadline exceeded'
                " (Client.Timeout exceeded while awaiting headers)",
                container=name,
                count=69,
                ago=27,
            )


SCENARIOS = (
    panics,
    no_config,
    out_of_memory,
    segfault,
    command_not_found,
    cannot_execute,
    cannot_start,
    quits,
    failing_init,
    waiting_init,
    failing_readiness,
    failing_liveness,
    failing_startup,
    one_of_two,
    leaking_recommender,
    payments_down,
)
