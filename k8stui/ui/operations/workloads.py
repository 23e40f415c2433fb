"""Flows of workloads: the rollout view, undo, pause and resume, images, resources."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.kinds.rollout.history import Revision
    from k8stui.kube.operations.plans import Plan, Ref
    from k8stui.ui.actions import Place
    from k8stui.ui.operations.operator import Meant, Operator


async def open_rollout(place: Place) -> None:
    """Show the rollout of the workload."""
    from k8stui.ui.spec import Target, ViewSpec, ViewType

    kind, meta = place.kind, place.objects[0].metadata
    assert kind is not None
    target = Target(kind.name, meta.name, meta.namespace, meta.uid, (kind.singular or kind.kind).lower())
    await place.app.navigator.open(ViewSpec(view=ViewType.ROLLOUT, kind=kind.name, target=target))


def undo_to_revision(place: Place) -> None:
    """Go back to the revision under the cursor of the rollout."""
    from k8stui.ui.operations.operator import Meant

    revision = getattr(place.view, "revision", None)
    if revision is None:
        place.app.say("Put the cursor on the revision to go back to.")
        return
    operator, meant = place.app.operator, Meant(place)
    operator.guard(
        partial(_undo, operator, meant, revision), asks_about=f"{meant.ref.noun} {meant.ref.label}"
    )


async def _undo(op: Operator, meant: Meant, revision: Revision) -> None:
    ref = meant.ref
    obj = (await op.read([ref])).objects[ref]
    plan = _undo_plan(ref, obj, revision.source)
    images = f"Its images: {', '.join(revision.images)}."
    await op.confirm(f"Roll {ref.noun} {ref.label} back to revision {revision.number}", plan, [images])


def _undo_plan(ref: Ref, obj: dict[str, Any], source: dict[str, Any]) -> Plan:
    from k8stui.kube.operations.plans import PlanError
    from k8stui.kube.operations.rollout import DEPLOYMENTS, plan_undo_deployment, plan_undo_revision

    if ref.kind.name == DEPLOYMENTS:
        return plan_undo_deployment(ref, obj, source)
    if source["metadata"]["name"] == (obj.get("status") or {}).get("updateRevision"):
        raise PlanError("Nothing changes: that is the revision that it has.")
    return plan_undo_revision(ref, source)


async def rollback(op: Operator, meant: Meant) -> None:
    """Roll a Deployment back to one of its ReplicaSets."""
    from k8stui.kube.operations.plans import Ref
    from k8stui.ui.operations.operator import Refused

    ref = meant.ref
    source = (await op.read([ref])).objects[ref]
    owners = source["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("kind") == "Deployment"), None)
    kind = op.app.session.catalog.get("apps", "deployments")
    if owner is None or kind is None:
        raise Refused(f"No Deployment owns ReplicaSet {ref.label}.")
    above = Ref(kind, owner["name"], ref.namespace, owner.get("uid", ""))
    obj = (await op.read([above])).objects[above]
    plan = _undo_plan(above, obj, source)
    await op.confirm(f"Roll deployment {above.label} back to {ref.name}", plan)


async def pause(op: Operator, meant: Meant) -> None:
    """Hold rollouts."""
    await _pause(op, meant, on=True)


async def resume(op: Operator, meant: Meant) -> None:
    """Let rollouts go on, or what was suspended."""
    from k8stui.kube.operations.rollout import DEPLOYMENTS
    from k8stui.ui.operations import more

    if meant.kind.name == DEPLOYMENTS:
        await _pause(op, meant, on=False)
    else:
        await more.resume(op, meant)


async def _pause(op: Operator, meant: Meant, *, on: bool) -> None:
    from k8stui.kube.operations.plans import dig, subject
    from k8stui.kube.operations.rollout import plan_pause
    from k8stui.ui.operations.operator import Refused

    found = (await op.read(meant.refs)).objects
    refs = [ref for ref, obj in found.items() if bool(dig(obj, "spec", "paused")) is not on]
    if not refs:
        one = "It is" if len(found) == 1 else "All are"
        raise Refused(f"{one} paused already." if on else f"{one} not paused.")
    await op.confirm(f"{'Pause' if on else 'Resume'} {subject(refs)}", plan_pause(refs, on=on))


async def image(op: Operator, meant: Meant) -> None:
    """Ask for images."""
    from k8stui.ui.dialogs.operation_workload import ImageDialog

    ref = meant.ref
    obj = (await op.read([ref])).objects[ref]
    await op.show(ImageDialog(f"Set image of {ref.noun} {ref.label}", op.starter(), ref, obj))


async def resources(op: Operator, meant: Meant) -> None:
    """Ask for requests and limits."""
    from k8stui.ui.dialogs.operation_workload import ResourcesDialog

    ref = meant.ref
    obj = (await op.read([ref])).objects[ref]
    await op.show(ResourcesDialog(f"Set resources of {ref.noun} {ref.label}", op.starter(), ref, obj))
