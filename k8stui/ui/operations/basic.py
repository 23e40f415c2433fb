"""Flows of the operations that most kinds have: delete, kill, evict, scale, restart; and of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.ui.operations.operator import Meant, Operator

MOST_ADVISED = 20
"""So many objects at most are looked at for what autoscalers will do."""


async def delete(op: Operator, meant: Meant) -> None:
    """Ask how, and delete."""
    from k8stui.kinds.deletion_advice import deletion_advice
    from k8stui.kube.operations.plans import subject
    from k8stui.ui.dialogs.operation_delete import DeleteDialog

    advice = deletion_advice(meant.kind.name, meant.objects)
    await op.show(DeleteDialog(f"Delete {subject(meant.refs)}", op.starter(), meant.refs, advice))


async def kill(op: Operator, meant: Meant) -> None:
    """Delete pods at once."""
    from k8stui.kinds.deletion_advice import deletion_advice
    from k8stui.kube.operations.deletion import FORCE_STATEFUL, DeleteOptions, plan_delete
    from k8stui.kube.operations.plans import subject

    plan = plan_delete(meant.refs, DeleteOptions(force=True), kill=True)
    advice = deletion_advice(meant.kind.name, meant.objects)
    if any(owner.kind == "StatefulSet" for obj in meant.objects for owner in obj.metadata.owner_references):
        advice.append(FORCE_STATEFUL)
    await op.confirm(f"Kill {subject(meant.refs)}", plan, advice)


async def evict(op: Operator, meant: Meant) -> None:
    """Evict pods, with their budgets asked."""
    from k8stui.kinds.deletion_advice import deletion_advice
    from k8stui.kube.operations.deletion import plan_evict
    from k8stui.kube.operations.plans import subject

    advice = deletion_advice(meant.kind.name, meant.objects)
    await op.confirm(f"Evict {subject(meant.refs)}", plan_evict(meant.refs), advice)


async def scale(op: Operator, meant: Meant) -> None:
    """Ask for a number of replicas."""
    from k8stui.kube.operations.plans import subject
    from k8stui.ui.dialogs.operation_scale import ScaleDialog
    from k8stui.ui.operations.scale_facts import read_facts

    scales = (await op.read(meant.refs, "scale")).objects
    refs = tuple(scales)

    async def facts() -> Any:
        if len(refs) > MOST_ADVISED:
            return {}
        return await read_facts(op.connection, refs, op.app.session.catalog)

    await op.show(ScaleDialog(f"Scale {subject(refs)}", op.starter(), scales, facts))


async def restart(op: Operator, meant: Meant) -> None:
    """Replace the pods of workloads."""
    from datetime import UTC, datetime

    from k8stui.kube.operations.plans import subject
    from k8stui.kube.operations.rollout import plan_restart

    paused = frozenset(
        ref
        for ref, obj in zip(meant.refs, meant.objects, strict=True)
        if getattr(getattr(obj, "spec", None), "paused", False)
    )
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    await op.confirm(f"Restart {subject(meant.refs)}", plan_restart(meant.refs, moment, paused))


async def cordon(op: Operator, meant: Meant) -> None:
    """Let no new pods come."""
    await _cordon(op, meant, on=True)


async def uncordon(op: Operator, meant: Meant) -> None:
    """Let them come again."""
    await _cordon(op, meant, on=False)


async def _cordon(op: Operator, meant: Meant, *, on: bool) -> None:
    from k8stui.kube.operations.nodes import plan_cordon
    from k8stui.kube.operations.plans import subject
    from k8stui.ui.operations.operator import Refused

    refs = [
        ref
        for ref, obj in zip(meant.refs, meant.objects, strict=True)
        if bool(getattr(getattr(obj, "spec", None), "unschedulable", not on)) is not on
    ]
    if not refs:
        raise Refused(f"{'It is' if len(meant.refs) == 1 else 'All are'} {'un' * (not on)}cordoned already.")
    verb = "Cordon" if on else "Uncordon"
    await op.confirm(f"{verb} {subject(refs)}", plan_cordon(refs, on=on))


async def drain(op: Operator, meant: Meant) -> None:
    """Cordon nodes, and evict what runs there."""
    from k8stui.kube.operations.drain import plan_drain, pods_of
    from k8stui.kube.operations.plans import subject
    from k8stui.kube.operations.reading import read_items
    from k8stui.ui.operations.operator import Refused

    kind = op.app.session.catalog.get("", "pods")
    if kind is None:
        raise Refused("This server has no pods.")
    nodes = (await op.read(meant.refs)).objects
    pods = []
    for ref in nodes:
        of_node = pods_of(ref, kind)
        pods += await read_items(op.connection, of_node.path, of_node.params)
    await op.confirm(f"Drain {subject(nodes)}", plan_drain(nodes, pods, kind))
