"""Who else writes what is about to be changed, and will write it again: Helm, Argo CD, Flux, a controller, an
autoscaler, `kubectl apply`. Pure; from labels, annotations, owners and managedFields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.field_owners import owners_of
from k8stui.kinds.yaml_noise import LAST_APPLIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from k8stui.kinds.yaml_text import Path

OURS = frozenset({"k8stui", "k8stui-edit"})
_EDITORS = frozenset(
    {
        *OURS,
        "kubectl",
        "kubectl-edit",
        "kubectl-patch",
        "kubectl-scale",
        "kubectl-set",
        "kubectl-label",
        "kubectl-annotate",
        "kubectl-create",
        "kubectl-client-side-apply",
        "kubectl-rollout",
        "k9s",
        "node-fetch",
    }
)
"""Managers that are people at work: they do not write again by themselves."""
_NAMES = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux (kustomize-controller)",
    "helm-controller": "Flux (helm-controller)",
    "helm": "Helm",
    "Helm": "Helm",
    "kube-controller-manager": "a controller of Kubernetes",
    "vpa-updater": "a VerticalPodAutoscaler",
    "cluster-autoscaler": "the cluster autoscaler",
}


def owner_warnings(
    obj: Mapping[str, Any], paths: Iterable[Path], autoscalers: Sequence[str] = ()
) -> list[str]:
    """Sentences about who owns the object or the fields at these paths.

    `autoscalers`: names of HorizontalPodAutoscalers that scale this object.
    """
    paths = list(paths)
    if not paths:
        return []
    said = dict.fromkeys(_tools(obj))
    said.update(dict.fromkeys(_controllers(obj)))
    if autoscalers and any(path[:2] == ("spec", "replicas") for path in paths):
        name = ", ".join(autoscalers)
        said[f"HorizontalPodAutoscaler {name} sets spec.replicas: it will set it again."] = None
    known = " ".join(said)
    for sentence, manager in _managers(obj, paths):
        if manager not in known:
            said[sentence] = None
    return list(said)


def _tools(obj: Mapping[str, Any]) -> Iterable[str]:
    metadata = obj.get("metadata") or {}
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    release = notes.get("meta.helm.sh/release-name")
    flux = labels.get("kustomize.toolkit.fluxcd.io/name")
    flux_helm = labels.get("helm.toolkit.fluxcd.io/name")
    argo = notes.get("argocd.argoproj.io/tracking-id") or labels.get("argocd.argoproj.io/instance")
    if argo:
        app = str(argo).partition(":")[0]
        yield f"Argo CD application {app} owns this object: it may undo the change at its next sync."
    if flux:
        yield f"Flux Kustomization {flux} owns this object: it will undo the change at its next run."
    if flux_helm:
        yield f"Flux HelmRelease {flux_helm} owns this object: it may undo the change."
    elif release:
        yield f"Helm release {release} owns this object: its next upgrade may undo the change."
    elif labels.get("app.kubernetes.io/managed-by") == "Helm":
        yield "Helm owns this object: its next upgrade may undo the change."
    if LAST_APPLIED in notes and not (argo or flux):
        yield "kubectl apply made this object: applying its file again undoes what the file says otherwise."


def _controllers(obj: Mapping[str, Any]) -> Iterable[str]:
    for owner in (obj.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            yield (
                f"{owner.get('kind')} {owner.get('name')} controls this object: change that one instead,"
                " or it may be changed back or replaced."
            )


def _managers(obj: Mapping[str, Any], paths: Iterable[Path]) -> Iterable[tuple[str, str]]:
    fields: dict[str, list[str]] = {}
    for path in paths:
        # a new field has no owner; what it stands in has
        for owner in owners_of(obj, path):
            if owner.manager in _EDITORS and owner.operation != "Apply":
                continue
            if owner.manager in OURS or not owner.exact:
                continue
            fields.setdefault(owner.manager, []).append(_label(path))
    for manager, labels in fields.items():
        name = _NAMES.get(manager, manager)
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        shown = ", ".join(dict.fromkeys(labels[:3])) + more
        yield f"{name} wrote {shown} last: it may write it again.", name.partition(" ")[0]


def _label(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
