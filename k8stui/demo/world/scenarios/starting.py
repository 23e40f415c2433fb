"""Pods that have a node and still don't start: images, configuration, mounts, sandboxes."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain, storage
from k8stui.demo.world.addons import labels
from k8stui.demo.world.context import DAY, MINUTE, World
from k8stui.demo.world.images import REGISTRY, pull_failure
from k8stui.demo.world.pods import How, make_pod, waiting
from k8stui.demo.world.podspec import container, pod_spec, template
from k8stui.demo.world.scenarios.ward import CLINIC, image, patient
from k8stui.demo.world.story import mount_failure, pull_events, warn
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]


def _pull(world: World, name: str, full: str, note: str, age: float, now: str = "ImagePullBackOff") -> Obj:
    error = pull_failure(full)
    text = f'Back-off pulling image "{full}": ErrImagePull: {error}' if now == "ImagePullBackOff" else error
    pod = patient(world, name, full, note, age=age, how={"app": waiting(now, text)})
    pull_events(world, pod, "app")
    return pod


def image_not_found(world: World) -> None:
    """A tag that does not exist."""
    _pull(world, "image-not-found", f"{REGISTRY}/clinic/steady:does-not-exist", "태그 오타", 35 * MINUTE)


def image_unauthorized(world: World) -> None:
    """A private image without imagePullSecrets."""
    _pull(
        world,
        "image-unauthorized",
        f"{REGISTRY}/private/vip-pricing:1.4",
        "imagePullSecrets 누락",
        52 * MINUTE,
    )


def registry_unreachable(world: World) -> None:
    """A registry that does not answer."""
    _pull(
        world,
        "registry-timeout",
        "registry.slow.example/mirror/tools:5",
        "레지스트리 응답 없음",
        18 * MINUTE,
        "ErrImagePull",
    )


def never_pull(world: World) -> None:
    """imagePullPolicy Never, and the node does not have it."""
    item = container("app", f"{REGISTRY}/clinic/local-build:dev", imagePullPolicy="Never")
    text = f'Container image "{item["image"]}" is not present with pull policy of Never'
    pod = patient(
        world,
        "image-never-pull",
        [item],
        "로컬 이미지가 노드에 없음",
        age=44 * MINUTE,
        how={"app": waiting("ErrImageNeverPull", text)},
    )
    warn(world, pod, "ErrImageNeverPull", text, container="app", count=198, ago=6)
    warn(world, pod, "Failed", "Error: ErrImageNeverPull", container="app", count=198, ago=6)


def invalid_name(world: World) -> None:
    """An image name with capital letters."""
    name = f"{REGISTRY}/Clinic/Steady:1.0"
    text = (
        f'Failed to apply default image tag "{name}": couldn\'t parse image name "{name}": invalid reference'
        " format: repository name must be lowercase"
    )
    pod = patient(
        world,
        "image-invalid-name",
        name,
        "대문자가 든 이미지 이름",
        age=20 * MINUTE,
        how={"app": waiting("InvalidImageName", text)},
    )
    warn(world, pod, "InspectFailed", text, container="app", count=94, ago=9)
    warn(world, pod, "Failed", "Error: InvalidImageName", container="app", count=94, ago=9)


def _config(
    world: World, name: str, item: Obj, text: str, note: str, age: float, spec: Obj | None = None
) -> None:
    pod = patient(
        world,
        name,
        [item],
        note,
        age=age,
        spec=spec,
        how={"app": waiting("CreateContainerConfigError", text, pulled=True)},
    )
    warn(world, pod, "Failed", f"Error: {text}", container="app", count=max(3, int(age / 13)), ago=7)


def missing_config_map(world: World) -> None:
    """envFrom a ConfigMap that is not there."""
    item = container("app", image("steady"), envFrom=[{"configMapRef": {"name": "app-settings"}}])
    _config(
        world,
        "config-missing-configmap",
        item,
        'configmap "app-settings" not found',
        "ConfigMap 없음",
        31 * MINUTE,
    )


def missing_secret_key(world: World) -> None:
    """The Secret is there, the key is not."""
    plain.secret(world, "db-credentials", CLINIC, {"username": "clinic"})
    ref = {"secretKeyRef": {"name": "db-credentials", "key": "password"}}
    item = container("app", image("steady"), env={"DB_PASSWORD": ref})
    text = f"couldn't find key password in Secret {CLINIC}/db-credentials"
    _config(world, "config-missing-secret-key", item, text, "Secret에 password 키가 없음", 58 * MINUTE)


def runs_as_root(world: World) -> None:
    """runAsNonRoot with an image whose user is root."""
    item = container("app", "nginx:1.29")
    meta_uid = world.ids.uid("Pod", CLINIC, "config-run-as-root")
    text = (
        "container has runAsNonRoot and image will run as root (pod:"
        f' "config-run-as-root_{CLINIC}({meta_uid})", container: app)'
    )
    _config(
        world,
        "config-run-as-root",
        item,
        text,
        "runAsNonRoot 위반",
        27 * MINUTE,
        {"securityContext": {"runAsNonRoot": True}},
    )


def mount_missing(world: World) -> None:
    """A volume from a ConfigMap that is not there: ContainerCreating for ever."""
    spec: Obj = {
        "volumes": [{"name": "settings", "configMap": {"name": "nginx-settings", "defaultMode": 420}}]
    }
    item = container("app", image("steady"), mounts={"settings": "/etc/settings"})
    pod = patient(
        world,
        "mount-missing-configmap",
        [item],
        "마운트할 ConfigMap 없음",
        age=29 * MINUTE,
        spec=spec,
        sandbox=False,
    )
    mount_failure(world, pod, "settings", 'configmap "nginx-settings" not found')


def mount_nfs(world: World) -> None:
    """A file server whose name does not resolve."""
    source = {"server": "files.clinic.invalid", "path": "/export/images"}
    spec: Obj = {"volumes": [{"name": "images", "nfs": source}]}
    item = container("app", image("steady"), mounts={"images": "/images"})
    pod = patient(
        world,
        "mount-nfs-unreachable",
        [item],
        "NFS 서버 이름을 찾을 수 없음",
        age=47 * MINUTE,
        spec=spec,
        sandbox=False,
    )
    where = f"{source['server']}:{source['path']}"
    mount_failure(
        world,
        pod,
        "images",
        f"mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t nfs {where}"
        " /var/lib/kubelet/pods/volumes/kubernetes.io~nfs\nOutput: mount.nfs: Failed to resolve server"
        f" {source['server']}: Name or service not known",
    )


def multi_attach(world: World) -> None:
    """A ReadWriteOnce disk that is still attached to another machine: ContainerCreating."""
    claim = storage.claim(world, "shared-disk", CLINIC, "20Gi", "moa-ssd", age=6 * DAY, node="worker-a1")
    spec: Obj = {"volumes": [{"name": "disk", "persistentVolumeClaim": {"claimName": "shared-disk"}}]}
    item = container("app", image("steady"), mounts={"disk": "/disk"})
    patient(world, "disk-holder", [item], "디스크를 쓰고 있는 파드", age=6 * DAY, spec=spec, node="worker-a1")
    pod = patient(
        world,
        "disk-multi-attach",
        [item],
        "RWO 디스크 중복 연결",
        age=16 * MINUTE,
        spec=spec,
        node="worker-b1",
        sandbox=False,
    )
    volume = claim["spec"]["volumeName"]
    warn(
        world,
        pod,
        "FailedAttachVolume",
        f'Multi-Attach error for volume "{volume}" Volume is already used by pod(s) disk-holder',
        component="attachdetach-controller",
        ago=16 * MINUTE - 2,
    )
    warn(
        world,
        pod,
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[disk], unattached volumes=[], failed to"
        " process volumes=[]: timed out waiting for the condition",
        count=6,
        ago=80,
    )


def no_sandbox(world: World) -> None:
    """A RuntimeClass whose handler no node has."""
    plain.simple(world, "node.k8s.io/v1", "RuntimeClass", "gvisor", age=20 * DAY, handler="runsc")
    spec: Obj = {"runtimeClassName": "gvisor"}
    pod = patient(
        world,
        "sandbox-failed",
        image("steady"),
        "gVisor 런타임이 설치되지 않음",
        age=23 * MINUTE,
        spec=spec,
        sandbox=False,
    )
    warn(
        world,
        pod,
        "FailedCreatePodSandBox",
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: "
        'no runtime for "runsc" is configured',
        count=98,
        ago=10,
    )


def staging_typo(world: World) -> None:
    """A whole Deployment of the staging shop with a tag that was never built."""
    from_tag, to_tag = f"{REGISTRY}/shop/search:8.2.0", f"{REGISTRY}/shop/search:8.3.0-missing"

    def shape(img: str) -> Obj:
        return template(
            labels("search", "shop-staging", "web"),
            [container("search", img, ports={"http": 8080}, cpu="100m", memory="256Mi")],
        )

    text = f'Back-off pulling image "{to_tag}": ErrImagePull: {pull_failure(to_tag)}'
    deployment(
        world,
        "search",
        "shop-staging",
        [Revision(shape(from_tag), 9 * DAY), Revision(shape(to_tag), 50 * MINUTE, "새 랭킹 모델 배포")],
        replicas=2,
        new_replicas=1,
        old_replicas=2,
        progress="deadline",
        how={"search": How("waiting", "ImagePullBackOff", text)},
    )
    for obj in list(world.objects):
        if (
            obj["kind"] == "Pod"
            and obj["metadata"]["namespace"] == "shop-staging"
            and to_tag == obj["spec"]["containers"][0]["image"]
        ):
            pull_events(world, obj, "search")


def just_now(world: World) -> None:
    """Fresh pods that are still being made."""
    item = container("app", f"{REGISTRY}/shop/recommender:3.1.0", cpu="100m", memory="128Mi")
    pod = make_pod(
        world,
        "warm-up",
        CLINIC,
        pod_spec([item]),
        age=1,
        labels={"app.kubernetes.io/name": "warm-up"},
        sandbox=False,
    )
    world.scheduling_event(
        pod, f"Successfully assigned {CLINIC}/warm-up to {pod['spec']['nodeName']}", ago=1, bound=True
    )
    world.event(
        pod,
        "Pulling",
        f'Pulling image "{item["image"]}"',
        ago=0,
        host=pod["spec"]["nodeName"],
        field_path="spec.containers{app}",
    )


SCENARIOS = (
    image_not_found,
    image_unauthorized,
    registry_unreachable,
    never_pull,
    invalid_name,
    missing_config_map,
    missing_secret_key,
    runs_as_root,
    mount_missing,
    mount_nfs,
    multi_attach,
    no_sandbox,
    staging_typo,
    just_now,
)
