"""ControllerRevisions: the history of StatefulSets and DaemonSets, for `kubectl rollout history`, `undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.controllers.deployment import template_hash
from k8stui.demo.resources import CONTROLLER_REVISIONS
from k8stui.demo.world.context import owner_reference

if TYPE_CHECKING:
    from k8stui.demo.controllers.engine import Engine, Obj

__all__ = ["current_revision"]

HASH = "controller-revision-hash"


def current_revision(engine: Engine, owner: Obj, *, prefix: bool) -> str:
    """The label value of the revision that fits the owner's template, made when there is none.

    prefix: StatefulSets name revisions `<name>-<hash>`, DaemonSets label pods with the hash alone.
    """
    template, meta = owner["spec"]["template"], owner["metadata"]
    history = sorted(engine.owned(owner, CONTROLLER_REVISIONS), key=lambda r: int(r["revision"]))
    newest = history[-1]["revision"] if history else 0
    for revision in history:
        data = revision["data"]["spec"]["template"]
        if {k: v for k, v in data.items() if k != "$patch"} == template:
            if revision["revision"] < newest:
                engine.store.update(CONTROLLER_REVISIONS, {**revision, "revision": newest + 1})
            return _label(revision, prefix, meta["name"])
    digest = template_hash(template)
    name = f"{meta['name']}-{digest}"
    if engine.store.get(CONTROLLER_REVISIONS, meta["namespace"], name) is None:
        labels = {**(template.get("metadata", {}).get("labels") or {}), HASH: digest}
        engine.store.create(
            CONTROLLER_REVISIONS,
            {
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "labels": labels,
                    "ownerReferences": [owner_reference(owner)],
                },
                "data": {"spec": {"template": {"$patch": "replace", **template}}},
                "revision": newest + 1,
            },
        )
    return name if prefix else digest


def _label(revision: Obj, prefix: bool, name: str) -> str:
    digest = str(revision["metadata"]["labels"][HASH]).removeprefix(f"{name}-")
    return f"{name}-{digest}" if prefix else digest
