"""Deployments with their history: old ReplicaSets, pods, and statuses that agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k8stui.demo.world.pods import How, make_pod

if TYPE_CHECKING:
    from k8stui.demo.world.context import World

Obj = dict[str, Any]

__all__ = ["Revision", "condition", "deployment", "is_ready", "labelled"]


@dataclass(frozen=True)
class Revision:
    """One rollout of a Deployment: its template, its age, why it was made."""

    template: Obj
    age: float
    cause: str = ""


def is_ready(pod: Obj) -> bool:
    """Whether the pod's Ready condition holds."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])


def labelled(template: Obj, extra: dict[str, str]) -> Obj:
    """The template with more labels."""
    meta = template["metadata"]
    return {**template, "metadata": {**meta, "labels": {**meta["labels"], **extra}}}


def condition(kind: str, status: bool, since: str, reason: str, message: str, *, updated: str = "") -> Obj:
    """A workload's condition."""
    return {
        "type": kind,
        "status": "True" if status else "False",
        "lastUpdateTime": updated or since,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def _pods_of(
    world: World,
    owner: Obj,
    template: Obj,
    count: int,
    *,
    age: float,
    how: dict[str, How] | None,
    **more: Any,
) -> list[Obj]:
    meta, name, pods = template["metadata"], owner["metadata"]["name"], []
    for number in range(count):
        suffix = world.ids.suffix("pod", owner["metadata"]["namespace"], name, number)
        jitter = world.ids.number("pod-age", name, number, high=max(2, int(min(age / 3, 7200))))
        pods.append(
            make_pod(
                world,
                f"{name}-{suffix}",
                owner["metadata"]["namespace"],
                template["spec"],
                labels=meta["labels"],
                annotations=meta.get("annotations"),
                owner=owner,
                generate=f"{name}-",
                age=max(5.0, age - jitter),
                how=how,
                **more,
            )
        )
    return pods


def _replica_set(
    world: World, owner: Obj, revision: Revision, number: int, replicas: int, wanted: int
) -> Obj:
    meta = owner["metadata"]
    digest = world.ids.template_hash("rs", meta["namespace"], meta["name"], number)
    template = labelled(revision.template, {"pod-template-hash": digest})
    annotations = {
        "deployment.kubernetes.io/desired-replicas": str(wanted),
        "deployment.kubernetes.io/max-replicas": str(wanted + -(-wanted // 4)),
        "deployment.kubernetes.io/revision": str(number),
    }
    if revision.cause:
        annotations["kubernetes.io/change-cause"] = revision.cause
    return {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": world.meta(
            "ReplicaSet",
            f"{meta['name']}-{digest}",
            meta["namespace"],
            age=revision.age,
            labels=template["metadata"]["labels"],
            annotations=annotations,
            owner=owner,
            generation=1,
        ),
        "spec": {
            "replicas": replicas,
            "selector": {
                "matchLabels": owner["spec"]["selector"]["matchLabels"] | {"pod-template-hash": digest}
            },
            "template": template,
        },
    }


def _rs_status(rs: Obj, pods: list[Obj]) -> Obj:
    ready = sum(map(is_ready, pods))
    status: Obj = {"replicas": len(pods)}
    if pods:
        status["fullyLabeledReplicas"] = len(pods)
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    return status | {"observedGeneration": rs["metadata"]["generation"]}


def deployment(
    world: World,
    name: str,
    namespace: str,
    revisions: list[Revision],
    *,
    replicas: int,
    selector: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    how: dict[str, How] | None = None,
    new_replicas: int | None = None,
    old_replicas: int = 0,
    progress: str = "",
    paused: bool = False,
    strategy: Obj | None = None,
    deadline: int = 600,
    replica_failure: str = "",
    manager: str = "kubectl-client-side-apply",
    **pod_options: Any,
) -> Obj:
    """A Deployment, its ReplicaSets and pods. The last revision is the current one.

    new_replicas/old_replicas: pods of the new and of the previous revision, where a rollout hangs.
    progress: `""` done, `deadline` exceeded its progress deadline, `running` still on its way.
    """
    current, number = revisions[-1], len(revisions)
    first_labels = current.template["metadata"]["labels"]
    match = selector or {"app.kubernetes.io/name": first_labels.get("app.kubernetes.io/name", name)}
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    if current.cause:
        annotations["kubernetes.io/change-cause"] = current.cause
    obj: Obj = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": world.meta(
            "Deployment",
            name,
            namespace,
            age=revisions[0].age,
            labels=labels or first_labels,
            annotations=annotations,
            generation=number,
        ),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": match},
            "template": current.template,
            "strategy": (
                strategy
                or {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
            ),
            "revisionHistoryLimit": 10,
            **({"paused": True} if paused else {}),
            "progressDeadlineSeconds": deadline,
        },
    }
    counts = [0] * number
    counts[-1] = replicas if new_replicas is None else new_replicas
    if number > 1:
        counts[-2] = old_replicas
    sets: list[Obj] = []
    pods: list[list[Obj]] = []
    for index, revision in enumerate(revisions):
        wanted = replicas if index == number - 1 and new_replicas is None else counts[index]
        rs = _replica_set(world, obj, revision, index + 1, wanted, replicas)
        last = index == number - 1
        mine = _pods_of(
            world,
            rs,
            rs["spec"]["template"],
            counts[index],
            age=revision.age,
            how=how if last else None,
            **(pod_options if last else {}),
        )
        rs["status"] = _rs_status(rs, mine)
        if replica_failure and last:
            rs["status"]["conditions"] = [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "lastTransitionTime": world.ago(revision.age - 1),
                    "reason": "FailedCreate",
                    "message": replica_failure,
                }
            ]
        world.add(rs, "kube-controller-manager")
        sets.append(rs)
        pods.append(mine)
    obj["status"] = _deployment_status(
        world, obj, sets[-1], pods, current.age, progress, paused, replica_failure
    )
    return world.add(obj, manager, touched=current.age)


def _deployment_status(
    world: World,
    obj: Obj,
    rs: Obj,
    pods: list[list[Obj]],
    age: float,
    progress: str,
    paused: bool,
    failure: str,
) -> Obj:
    everything = [p for some in pods for p in some]
    replicas = obj["spec"]["replicas"]
    ready = sum(map(is_ready, everything))
    status: Obj = {"observedGeneration": obj["metadata"]["generation"]}
    if everything:
        status["replicas"] = len(everything)
    if pods[-1]:
        status["updatedReplicas"] = len(pods[-1])
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    total = max(replicas, len(everything))
    if total > ready:
        status["unavailableReplicas"] = total - ready
    enough = ready >= replicas - replicas // 4
    since = world.ago(max(0.0, age - 6))
    available = (
        condition(
            "Available", True, since, "MinimumReplicasAvailable", "Deployment has minimum availability."
        )
        if enough
        else condition(
            "Available",
            False,
            since,
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    )
    name = rs["metadata"]["name"]
    rows = [available]
    if failure:
        rows.append(condition("ReplicaFailure", True, since, "FailedCreate", failure))
    if paused:
        rows.append(
            {
                "type": "Progressing",
                "status": "Unknown",
                "lastUpdateTime": since,
                "lastTransitionTime": since,
                "reason": "DeploymentPaused",
                "message": "Deployment is paused",
            }
        )
    elif progress == "deadline":
        late = world.ago(max(0.0, age - obj["spec"]["progressDeadlineSeconds"]))
        rows.append(
            condition(
                "Progressing",
                False,
                late,
                "ProgressDeadlineExceeded",
                f'ReplicaSet "{name}" has timed out progressing.',
            )
        )
    elif progress == "running":
        rows.append(
            condition("Progressing", True, since, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        )
    else:
        rows.append(
            condition(
                "Progressing",
                True,
                world.ago(age),
                "NewReplicaSetAvailable",
                f'ReplicaSet "{name}" has successfully progressed.',
                updated=since,
            )
        )
    return status | {"conditions": rows}
