"""StatefulSets and DaemonSets with their pods and revisions."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world.context import DAY, World
from k8stui.demo.world.pods import How, make_pod
from k8stui.demo.world.podspec import DAEMON_TOLERATIONS, HOST_NETWORK_TOLERATION
from k8stui.demo.world.workloads import is_ready

Obj = dict[str, Any]

__all__ = ["daemon_affinity", "daemon_set", "daemon_tolerations", "stateful_set"]


def _controller_revision(world: World, owner: Obj, digest: str, age: float) -> None:
    meta = owner["metadata"]
    labels = owner["spec"]["template"]["metadata"]["labels"] | {"controller-revision-hash": digest}
    obj = {
        "kind": "ControllerRevision",
        "apiVersion": "apps/v1",
        "metadata": world.meta(
            "ControllerRevision",
            f"{meta['name']}-{digest}",
            meta["namespace"],
            age=age,
            labels=labels,
            owner=owner,
        ),
        "data": {"spec": {"template": {"$patch": "replace", **owner["spec"]["template"]}}},
        "revision": 1,
    }
    world.add(obj, "kube-controller-manager")


def stateful_set(
    world: World,
    name: str,
    namespace: str,
    template: Obj,
    *,
    replicas: int,
    age: float,
    claims: dict[str, tuple[str, str]] | None = None,
    how: dict[int, dict[str, How]] | None = None,
    pods: int | None = None,
    parallel: bool = False,
    **pod_options: Any,
) -> Obj:
    """A StatefulSet and its pods. claims: volume to (size, storage class); they are made elsewhere."""
    labels = template["metadata"]["labels"]
    digest = world.ids.template_hash("sts", namespace, name)
    mode = "Filesystem"
    spec: Obj = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app.kubernetes.io/name": labels["app.kubernetes.io/name"]}},
        "template": template,
    }
    if claims:
        spec["volumeClaimTemplates"] = [
            {
                "kind": "PersistentVolumeClaim",
                "apiVersion": "v1",
                "metadata": {"name": volume},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": size}},
                    "storageClassName": cls,
                    "volumeMode": mode,
                },
                "status": {"phase": "Pending"},
            }
            for volume, (size, cls) in claims.items()
        ]
    spec |= {
        "serviceName": name,
        "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }
    obj: Obj = {
        "kind": "StatefulSet",
        "apiVersion": "apps/v1",
        "metadata": world.meta("StatefulSet", name, namespace, age=age, labels=labels, generation=1),
        "spec": spec,
    }
    made = [
        _ordinal_pod(world, obj, number, digest, age, claims or {}, (how or {}).get(number), pod_options)
        for number in range(replicas if pods is None else pods)
    ]
    ready = sum(map(is_ready, made))
    status: Obj = {"observedGeneration": 1, "replicas": len(made)}
    if ready:
        status["readyReplicas"] = ready
    revision = f"{name}-{digest}"
    obj["status"] = status | {
        "currentReplicas": len(made),
        "updatedReplicas": len(made),
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
        "availableReplicas": ready,
    }
    _controller_revision(world, obj, digest, age)
    return world.add(obj)


def _ordinal_pod(
    world: World,
    owner: Obj,
    ordinal: int,
    digest: str,
    age: float,
    claims: dict[str, tuple[str, str]],
    how: dict[str, How] | None,
    options: Obj,
) -> Obj:
    name, namespace = owner["metadata"]["name"], owner["metadata"]["namespace"]
    template, pod_name = owner["spec"]["template"], f"{name}-{ordinal}"
    volumes = [{"name": v, "persistentVolumeClaim": {"claimName": f"{v}-{pod_name}"}} for v in claims]
    spec = template["spec"] | {"hostname": pod_name, "subdomain": name}
    if volumes:
        spec["volumes"] = [*volumes, *spec.get("volumes", [])]
    labels = template["metadata"]["labels"] | {
        "apps.kubernetes.io/pod-index": str(ordinal),
        "controller-revision-hash": f"{name}-{digest}",
        "statefulset.kubernetes.io/pod-name": pod_name,
    }
    return make_pod(
        world,
        pod_name,
        namespace,
        spec,
        labels=labels,
        annotations=template["metadata"].get("annotations"),
        owner=owner,
        generate=f"{name}-",
        age=age - 12 * ordinal,
        how=how,
        **options,
    )


def daemon_set(
    world: World,
    name: str,
    namespace: str,
    template: Obj,
    *,
    age: float,
    nodes: list[str],
    how: dict[str, dict[str, How]] | None = None,
) -> Obj:
    """A DaemonSet with one pod on each of these nodes. how: by node, then container."""
    labels = template["metadata"]["labels"]
    digest = world.ids.template_hash("ds", namespace, name)
    obj: Obj = {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": world.meta(
            "DaemonSet",
            name,
            namespace,
            age=age,
            labels=labels,
            generation=1,
            annotations={"deprecated.daemonset.template.generation": "1"},
        ),
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": labels["app.kubernetes.io/name"]}},
            "template": template,
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "revisionHistoryLimit": 10,
        },
    }
    lost = {n["metadata"]["name"] for n in world.objects if n["kind"] == "Node" and _is_lost(n)}
    everywhere = any(
        t.get("operator") == "Exists" and not t.get("key") for t in template["spec"].get("tolerations", [])
    )
    ready = scheduled = 0
    world.shape = f"daemon-{namespace}-{name}"
    for node in nodes:
        state = (how or {}).get(node)
        if node in lost:
            state = {c["name"]: How(ready=False) for c in template["spec"]["containers"]}
        ready += is_ready(_daemon_pod(world, obj, node, digest, age, state))
        scheduled += everywhere or node not in lost
    world.shape = ""
    total = scheduled
    status: Obj = {
        "currentNumberScheduled": total,
        "numberMisscheduled": len(nodes) - scheduled,
        "desiredNumberScheduled": total,
        "numberReady": ready,
        "observedGeneration": 1,
        "updatedNumberScheduled": total,
    }
    if ready:
        status["numberAvailable"] = ready
    if total > ready:
        status["numberUnavailable"] = total - ready
    obj["status"] = status
    _controller_revision(world, obj, digest, age)
    return world.add(obj)


def _is_lost(node: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] != "True" for c in node["status"]["conditions"])


def daemon_affinity(node: str) -> Obj:
    """The node affinity with which the DaemonSet controller pins a pod."""
    field_ = {"key": "metadata.name", "operator": "In", "values": [node]}
    term = {"nodeSelectorTerms": [{"matchFields": [field_]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}


def daemon_tolerations(spec: Obj) -> list[Obj]:
    """The template's tolerations with those that the DaemonSet controller adds."""
    extra = [HOST_NETWORK_TOLERATION] if spec.get("hostNetwork") else []
    return [*spec.get("tolerations", []), *DAEMON_TOLERATIONS, *extra]


def _daemon_pod(
    world: World, owner: Obj, node: str, digest: str, age: float, how: dict[str, How] | None
) -> Obj:
    name, namespace = owner["metadata"]["name"], owner["metadata"]["namespace"]
    template = owner["spec"]["template"]
    spec = template["spec"] | {
        "affinity": daemon_affinity(node),
        "tolerations": daemon_tolerations(template["spec"]),
    }
    labels = template["metadata"]["labels"] | {
        "controller-revision-hash": digest,
        "pod-template-generation": "1",
    }
    suffix = world.ids.suffix("daemon", namespace, name, node)
    return make_pod(
        world,
        f"{name}-{suffix}",
        namespace,
        spec,
        labels=labels,
        owner=owner,
        generate=f"{name}-",
        node=node,
        annotations=template["metadata"].get("annotations"),
        age=min(age, 83 * DAY),
        how=how,
    )
