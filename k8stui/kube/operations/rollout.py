"""Rollouts of Deployments, StatefulSets and DaemonSets: restart, pause, resume, image, resources, undo. Pure.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ and what kubectl's rollout
commands ask of a server.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET

from k8stui.kube.operations.plans import (
    JSON_PATCH,
    STRATEGIC,
    Back,
    Change,
    Plan,
    PlanError,
    Ref,
    Request,
    dig,
    patch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS = "deployments.apps", "statefulsets.apps", "daemonsets.apps"
WORKLOADS = frozenset({DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS})
"""Kinds that roll out."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REVISION = "deployment.kubernetes.io/revision"
HASH_LABEL = "pod-template-hash"
_KEPT_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)
"""Annotations of a Deployment that belong to it and not to a revision."""


def plan_restart(refs: Sequence[Ref], moment: str, paused: frozenset[Ref] = frozenset()) -> Plan:
    """Replace all pods, one after the other. `moment` as RFC 3339; `paused` are Deployments that wait."""
    body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: moment}}}}}
    changes = tuple(Change(ref, (patch(ref, body, STRATEGIC),)) for ref in refs if ref not in paused)
    if not changes:
        raise PlanError("A paused Deployment does not restart: resume it first.")
    notes = ["New pods replace the old ones as the update strategy says; the template gets a time stamp."]
    if paused:
        notes.append(f"Left out, since paused: {', '.join(ref.label for ref in sorted_refs(paused))}.")
    return Plan("Restart", "restarted", changes, notes=tuple(notes))


def sorted_refs(refs: frozenset[Ref]) -> list[Ref]:
    """By name."""
    return sorted(refs, key=lambda ref: ref.label)


def plan_pause(refs: Sequence[Ref], *, on: bool) -> Plan:
    """Hold rollouts of Deployments, or let them go on."""
    words = ("runs → paused", "paused → runs")
    changes = tuple(
        Change(
            ref,
            (patch(ref, {"spec": {"paused": True if on else None}}),),
            words[not on],
            (Back(("spec", "paused"), UNSET if on else True),),
        )
        for ref in refs
    )
    if on:
        note = "Changes of the template wait until it is resumed; scaling goes on."
        return Plan("Pause", "paused", changes, notes=(note,))
    return Plan("Resume", "resumed", changes, notes=("Changes of the template that waited roll out now.",))


# Images and resources


def template_path(kind_name: str) -> tuple[str, ...] | None:
    """Where the pod spec of a kind is; None where it has none that can be changed."""
    if kind_name in WORKLOADS or kind_name in ("replicasets.apps", "replicationcontrollers"):
        return ("spec", "template", "spec")
    if kind_name == "cronjobs.batch":
        return ("spec", "jobTemplate", "spec", "template", "spec")
    return ("spec",) if kind_name == "pods" else None


def _spec_path(kind_name: str) -> tuple[str, ...]:
    return template_path(kind_name) or ("spec",)


class Placed(NamedTuple):
    """A container of a pod spec, with the list that it is in and its place there."""

    field: str
    at: int
    container: dict[str, Any]


def containers_of(kind_name: str, obj: Mapping[str, Any]) -> list[Placed]:
    """The containers of an object's pods."""
    spec = dig(dict(obj), *_spec_path(kind_name)) or {}
    return [
        Placed(field, at, container)
        for field in ("containers", "initContainers")
        for at, container in enumerate(spec.get(field) or ())
    ]


def _back(kind_name: str, placed: Placed, what: str) -> Back:
    """What a container's `what` was."""
    path: tuple[str | int, ...] = (*_spec_path(kind_name), placed.field, placed.at, what)
    return Back(path, placed.container.get(what, UNSET))


def _in_template(kind_name: str, spec: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = spec
    for key in reversed(_spec_path(kind_name)):
        body = {key: body}
    return body


def plan_images(ref: Ref, obj: Mapping[str, Any], images: Mapping[str, str]) -> Plan:
    """Other images, by container's name. Raises PlanError."""
    wanted: dict[str, list[dict[str, Any]]] = {}
    words, back = [], []
    for placed in containers_of(ref.kind.name, obj):
        name, now = placed.container["name"], placed.container.get("image", "")
        image = images.get(name, now).strip()
        if not image or any(sign.isspace() for sign in image):
            raise PlanError(f"Container {name} needs an image, such as nginx:1.27.")
        if image != now:
            wanted.setdefault(placed.field, []).append({"name": name, "image": image})
            back.append(_back(ref.kind.name, placed, "image"))
            words.append(f"{name}: {now} → {image}")
    if not words:
        raise PlanError("Nothing changes: these are the images that it has.")
    change = Change(
        ref,
        (patch(ref, _in_template(ref.kind.name, wanted), STRATEGIC),),
        "; ".join(words),
        tuple(back),
    )
    return Plan("Set image", "given the image", (change,), notes=(_what_follows(ref, "image"),))


def _what_follows(ref: Ref, what: str) -> str:
    if ref.kind.name in WORKLOADS:
        return "This rolls out new pods; u in the rollout goes back."
    if ref.kind.name == "cronjobs.batch":
        return "The next job uses it; jobs that run do not change."
    if ref.kind.name == "pods":
        return "The kubelet restarts the container in place." if what == "image" else "Resized in place."
    return "Pods that run do not change; new ones use it."


RESOURCE_FIELDS = (
    ("requests", "cpu"),
    ("requests", "memory"),
    ("limits", "cpu"),
    ("limits", "memory"),
)


def plan_resources(
    ref: Ref, obj: Mapping[str, Any], container: str, values: Mapping[tuple[str, str], str]
) -> Plan:
    """Other requests and limits of a container; an empty value takes one away. Raises PlanError.

    A pod is changed through its `resize` subresource.
    """
    chosen = next((e for e in containers_of(ref.kind.name, obj) if e.container["name"] == container), None)
    if chosen is None:
        raise PlanError(f"There is no container {container!r}.")
    wanted: dict[str, dict[str, str | None]] = {}
    words = []
    for group, name in RESOURCE_FIELDS:
        now = str(dig(chosen.container, "resources", group, name) or "")
        value = values.get((group, name), now).strip()
        if value != now:
            wanted.setdefault(group, {})[name] = value or None
            words.append(f"{group[:-1]} of {name}: {now or 'none'} → {value or 'none'}")
    if not words:
        raise PlanError("Nothing changes: type other requests or limits.")
    part = "resize" if ref.kind.name == "pods" else ""
    spec = {chosen.field: [{"name": container, "resources": wanted}]}
    request = patch(ref, _in_template(ref.kind.name, spec), STRATEGIC, part)
    # put back as a whole: what the server fills in (requests from limits) has to go as well
    back = _back(ref.kind.name, chosen, "resources")
    change = Change(ref, (request,), f"{container}: {'; '.join(words)}", (back,), part)
    return Plan("Set resources", "given the resources", (change,), notes=(_what_follows(ref, "size"),))


# Undo


def plan_undo_deployment(ref: Ref, deployment: Mapping[str, Any], replica_set: Mapping[str, Any]) -> Plan:
    """Roll a Deployment back to the template of one of its ReplicaSets. Raises PlanError."""
    if dig(dict(deployment), "spec", "paused"):
        raise PlanError("A paused Deployment cannot be rolled back: resume it first.")
    revision = revision_number(replica_set)
    template = copy.deepcopy(dig(dict(replica_set), "spec", "template") or {})
    labels = dig(template, "metadata", "labels")
    if isinstance(labels, dict):
        labels.pop(HASH_LABEL, None)
    if _same_template(template, dig(dict(deployment), "spec", "template") or {}):
        raise PlanError(f"Nothing changes: the Deployment has the template of revision {revision} already.")
    own = dig(dict(deployment), "metadata", "annotations") or {}
    theirs = dig(dict(replica_set), "metadata", "annotations") or {}
    annotations = {key: value for key, value in own.items() if key in _KEPT_ANNOTATIONS}
    annotations |= {key: value for key, value in theirs.items() if key not in _KEPT_ANNOTATIONS}
    body = [
        {"op": "test", "path": "/metadata/uid", "value": ref.uid},
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace" if own else "add", "path": "/metadata/annotations", "value": annotations},
    ]
    request = Request("PATCH", ref.path(), body if ref.uid else body[1:], JSON_PATCH)
    return _undo_plan(ref, revision, request)


def plan_undo_revision(ref: Ref, revision: Mapping[str, Any]) -> Plan:
    """Roll a StatefulSet or DaemonSet back to one of its ControllerRevisions. Raises PlanError."""
    data = revision.get("data")
    if not isinstance(data, dict) or not data:
        raise PlanError("That revision holds no template.")
    request = patch(ref, data, STRATEGIC)
    return _undo_plan(ref, int(revision.get("revision") or 0), request)


def _undo_plan(ref: Ref, revision: int, request: Request) -> Plan:
    note = f"The template of revision {revision} becomes the newest one and rolls out; nothing else changes."
    return Plan(
        "Undo", "rolled back", (Change(ref, (request,), f"back to revision {revision}"),), notes=(note,)
    )


def _same_template(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def plain(template: Mapping[str, Any]) -> dict[str, Any]:
        found = copy.deepcopy(dict(template))
        labels = dig(found, "metadata", "labels")
        if isinstance(labels, dict):
            labels.pop(HASH_LABEL, None)
        return found

    return plain(one) == plain(other)


def revision_number(obj: Mapping[str, Any]) -> int:
    """The revision that a ReplicaSet or ControllerRevision is; 0 where it says none."""
    if "revision" in obj:
        return int(obj["revision"] or 0)
    text = str(dig(dict(obj), "metadata", "annotations", REVISION) or "0")
    return int(text) if text.isdecimal() else 0
