"""What changes objects: each operation once, with the kinds it fits, the right it needs and its danger."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Danger, Group, Place, Right

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = frozenset({"table"})
PODS = frozenset({"pods"})
NODES = frozenset({"nodes"})
DEPLOYMENTS = frozenset({"deployments.apps"})
WORKLOADS = frozenset({"deployments.apps", "statefulsets.apps", "daemonsets.apps"})
JOBS = frozenset({"jobs.batch"})
CRONJOBS = frozenset({"cronjobs.batch"})
REPLICA_SETS = frozenset({"replicasets.apps"})
WITH_TEMPLATE = WORKLOADS | REPLICA_SETS | CRONJOBS | {"replicationcontrollers"}
ROLLOUT = frozenset({"rollout"})
REQUESTS = frozenset({"certificatesigningrequests.certificates.k8s.io"})


def flow(name: str) -> Callable[[Place], None]:
    """Start a flow of `ui.operations`, as `module.function`."""
    module, _, function = name.partition(".")

    def run(place: Place) -> None:
        found = getattr(importlib.import_module(f"k8stui.ui.operations.{module}"), function)
        place.app.operator.begin(place, found)

    return run


def _can(verb: str) -> Callable[[Place], bool]:
    """The server offers a verb for the kind."""
    return lambda place: place.kind is not None and place.kind.can(verb)


def _has(subresource: str) -> Callable[[Place], bool]:
    """The kind has a subresource, whatever kind it is."""
    return lambda place: place.kind is not None and subresource in place.kind.subresources


async def _rollout(place: Place) -> None:
    from k8stui.ui.operations.workloads import open_rollout

    await open_rollout(place)


def _undo_revision(place: Place) -> None:
    from k8stui.ui.operations.workloads import undo_to_revision

    undo_to_revision(place)


def _is_going(place: Place) -> bool:
    return any(getattr(obj.metadata, "deletion_timestamp", None) is not None for obj in place.objects)


def _undo(place: Place) -> None:
    place.app.operator.undo()


def _can_undo(place: Place) -> bool:
    return place.app.operator.can_undo


PATCH = Right("patch")
_patchable = _can("patch")


def operation(
    name: str,
    title: str,
    about: str,
    run: str,
    *keys: str,
    kinds: frozenset[str] = frozenset(),
    not_kinds: frozenset[str] = frozenset(),
    right: Right = PATCH,
    danger: Danger = Danger.CHANGES,
    many: bool = True,
    fits: Callable[[Place], bool] = _patchable,
    otherwise: str = "The server offers nobody to do this with such objects.",
    rank: int = 50,
    views: frozenset[str] = TABLE,
) -> Action:
    """An entry for an operation on rows."""
    return Action(
        f"operation.{name}",
        title,
        about,
        flow(run),
        keys=keys,
        command=name,
        group=Group.CHANGE,
        views=views,
        kinds=kinds,
        not_kinds=not_kinds,
        needs_object=True,
        many=many,
        danger=danger,
        right=right,
        fits=fits,
        otherwise=otherwise,
        rank=rank,
    )


ACTIONS = [
    operation(
        "delete",
        "delete",
        "Delete the object or the marked ones; asks how, and what goes with them",
        "basic.delete",
        "ctrl-d",
        right=Right("delete"),
        danger=Danger.DESTROYS,
        fits=_can("delete"),
        rank=16,
    ),
    operation(
        "kill",
        "kill",
        "Delete pods at once, without waiting for their containers to end",
        "basic.kill",
        "ctrl-k",
        kinds=PODS,
        right=Right("delete"),
        danger=Danger.DESTROYS,
        fits=_can("delete"),
        rank=36,
    ),
    operation(
        "evict",
        "evict",
        "Ask for pods to be evicted, which disruption budgets may refuse",
        "basic.evict",
        kinds=PODS,
        right=Right("create", subresource="eviction"),
        danger=Danger.DESTROYS,
        fits=_has("eviction"),
    ),
    operation(
        "scale",
        "scale",
        "Set the number of replicas; says what autoscalers and budgets will do about it",
        "basic.scale",
        "s",
        not_kinds=PODS | NODES | CRONJOBS | JOBS,
        right=Right("patch", subresource="scale"),
        fits=_has("scale"),
        otherwise="Such objects have no number of replicas that can be set.",
        rank=15,
    ),
    operation(
        "restart",
        "restart",
        "Replace all pods one after the other, as a rollout",
        "basic.restart",
        "r",
        kinds=WORKLOADS,
        rank=16,
    ),
    Action(
        "operation.rollout",
        "rollout",
        "Watch the rollout: progress, what holds it up, revisions with their differences, undo",
        _rollout,
        keys=("o",),
        command="rollout",
        group=Group.CHANGE,
        views=TABLE,
        kinds=WORKLOADS,
        needs_object=True,
        right=Right("get"),
        rank=17,
    ),
    Action(
        "operation.rollout-undo",
        "undo to",
        "Roll back to the revision under the cursor",
        _undo_revision,
        keys=("u",),
        group=Group.CHANGE,
        views=ROLLOUT,
        needs_object=True,
        danger=Danger.CHANGES,
        right=PATCH,
        rank=11,
    ),
    operation(
        "rollback",
        "rollback",
        "Roll the Deployment back to this ReplicaSet",
        "workloads.rollback",
        "ctrl-l",
        kinds=REPLICA_SETS,
        many=False,
        right=Right("patch", "deployments.apps"),
        rank=16,
    ),
    operation(
        "pause",
        "pause",
        "Hold rollouts of the Deployment",
        "workloads.pause",
        kinds=DEPLOYMENTS,
        views=TABLE | ROLLOUT,
        rank=37,
    ),
    operation(
        "resume",
        "resume",
        "Let rollouts of the Deployment go on, or what is suspended",
        "workloads.resume",
        kinds=DEPLOYMENTS | CRONJOBS | JOBS,
        views=TABLE | ROLLOUT,
        rank=38,
    ),
    operation(
        "image",
        "image",
        "Set the images of its containers",
        "workloads.image",
        "i",
        kinds=WITH_TEMPLATE | PODS,
        views=TABLE | ROLLOUT,
        many=False,
        rank=35,
    ),
    operation(
        "resources",
        "resources",
        "Set requests and limits of its containers",
        "workloads.resources",
        kinds=WITH_TEMPLATE,
        views=TABLE | ROLLOUT,
        many=False,
    ),
    operation(
        "resize",
        "resize",
        "Set requests and limits of the pod's containers in place",
        "workloads.resources",
        kinds=PODS,
        right=Right("patch", subresource="resize"),
        many=False,
        fits=_has("resize"),
    ),
    operation(
        "cordon", "cordon", "Let no new pods come to the node", "basic.cordon", "c", kinds=NODES, rank=15
    ),
    operation(
        "uncordon", "uncordon", "Let pods come to the node again", "basic.uncordon", "u", kinds=NODES, rank=16
    ),
    operation(
        "drain",
        "drain",
        "Cordon the node, evict its pods and wait until they are gone; says what stays, what is lost",
        "basic.drain",
        "r",
        kinds=NODES,
        right=Right("create", "pods", "eviction"),
        danger=Danger.DESTROYS,
        rank=34,
    ),
    operation(
        "taint", "taint", "Set taints of the node, or take them away", "more.taint", "t", kinds=NODES, rank=35
    ),
    operation(
        "trigger",
        "trigger",
        "Run the CronJob now",
        "more.trigger",
        "t",
        kinds=CRONJOBS,
        right=Right("create", "jobs.batch"),
        fits=_can("get"),
        rank=15,
    ),
    operation(
        "suspend",
        "suspend",
        "Suspend, or resume where it is suspended",
        "more.suspend",
        "s",
        kinds=CRONJOBS | JOBS,
        rank=16,
    ),
    operation(
        "rerun",
        "run again",
        "Make a new job like this one",
        "more.rerun",
        "r",
        kinds=JOBS,
        right=Right("create"),
        fits=_can("create"),
        rank=15,
    ),
    operation("labels", "labels", "Set labels, or take them away", "more.set_labels", "shift-b", rank=45),
    operation("annotations", "annotations", "Set annotations, or take them away", "more.set_annotations"),
    operation(
        "expand",
        "expand",
        "Make the claim larger",
        "more.expand",
        "x",
        kinds=frozenset({"persistentvolumeclaims"}),
        many=False,
        rank=15,
    ),
    operation(
        "default-class",
        "default",
        "Make the StorageClass the default and the others not; or no longer",
        "more.default_class",
        "x",
        kinds=frozenset({"storageclasses.storage.k8s.io"}),
        many=False,
        rank=15,
    ),
    operation(
        "reclaim",
        "reclaim",
        "Change what becomes of the volume when its claim goes",
        "more.reclaim",
        "x",
        kinds=frozenset({"persistentvolumes"}),
        rank=15,
    ),
    operation(
        "approve",
        "approve",
        "Approve the certificate signing request, after a look at what it asks for",
        "more.approve",
        "a",
        kinds=REQUESTS,
        right=Right("update", subresource="approval"),
        fits=_has("approval"),
        rank=15,
    ),
    operation(
        "deny",
        "deny",
        "Deny the certificate signing request",
        "more.deny",
        "x",
        kinds=REQUESTS,
        right=Right("update", subresource="approval"),
        fits=_has("approval"),
        rank=16,
    ),
    operation(
        "terminating",
        "why not gone",
        "Say what a deletion waits for and who should do it; release it by hand",
        "more.terminating",
        "shift-w",
        many=False,
        danger=Danger.NONE,
        right=Right("get"),
        fits=_is_going,
        otherwise="This object is not being deleted.",
        rank=9,
    ),
    Action(
        "operation.undo",
        "undo",
        "Put back what was changed last: replicas, labels, images, cordons, edits",
        _undo,
        keys=("shift-u",),
        command="undo",
        group=Group.CHANGE,
        views=TABLE | {"rollout", "describe", "yaml"},
        danger=Danger.CHANGES,
        fits=_can_undo,
        otherwise="Nothing was changed that could be put back.",
        rank=19,
    ),
]
