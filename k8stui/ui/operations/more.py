"""Flows of jobs, labels, taints, storage, certificates, and of what is stuck in its deletion."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.ui.operations.operator import Meant, Operator

LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def _suffix() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(5))


def _moment() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Jobs


async def trigger(op: Operator, meant: Meant) -> None:
    """Run CronJobs now."""
    from k8stui.kube.operations.jobs import plan_trigger
    from k8stui.kube.operations.plans import subject
    from k8stui.ui.operations.operator import Refused

    jobs = op.app.session.catalog.get("batch", "jobs")
    if jobs is None:
        raise Refused("This server has no jobs.")
    found = (await op.read(meant.refs)).objects
    await op.confirm(f"Trigger {subject(found)}", plan_trigger(found, jobs, _suffix()))


async def rerun(op: Operator, meant: Meant) -> None:
    """Run Jobs again."""
    from k8stui.kube.operations.jobs import plan_rerun
    from k8stui.kube.operations.plans import subject

    found = (await op.read(meant.refs)).objects
    await op.confirm(f"Run {subject(found)} again", plan_rerun(found, _suffix()))


async def suspend(op: Operator, meant: Meant) -> None:
    """Suspend what is active; where all are suspended, resume them."""
    await _suspend(op, meant, either=True)


async def resume(op: Operator, meant: Meant) -> None:
    """Resume what is suspended."""
    await _suspend(op, meant, either=False)


async def _suspend(op: Operator, meant: Meant, *, either: bool) -> None:
    from k8stui.kube.operations.jobs import plan_suspend
    from k8stui.kube.operations.plans import dig, subject
    from k8stui.ui.operations.operator import Refused

    found = (await op.read(meant.refs)).objects
    suspended = [ref for ref, obj in found.items() if dig(obj, "spec", "suspend")]
    active = [ref for ref in found if ref not in suspended]
    if not either and not suspended:
        raise Refused(f"{'It is' if len(found) == 1 else 'All are'} not suspended.")
    on = either and bool(active)
    refs = active if on else suspended
    await op.confirm(f"{'Suspend' if on else 'Resume'} {subject(refs)}", plan_suspend(refs, on=on))


# Labels, annotations, taints


async def set_labels(op: Operator, meant: Meant) -> None:
    """Ask for labels."""
    await _metadata(op, meant, "labels")


async def set_annotations(op: Operator, meant: Meant) -> None:
    """Ask for annotations."""
    await _metadata(op, meant, "annotations")


async def _metadata(op: Operator, meant: Meant, field: str) -> None:
    from k8stui.kinds.yaml_noise import LAST_APPLIED
    from k8stui.kube.operations.metadata import plan_metadata
    from k8stui.kube.operations.plans import dig, subject
    from k8stui.ui.dialogs.operation_line import LineDialog

    found = (await op.read(meant.refs)).objects
    first = next(iter(found.values()))
    now = {key: value for key, value in (dig(first, "metadata", field) or {}).items() if key != LAST_APPLIED}
    shown = [f"{key}={_short(value)}" for key, value in now.items()] if len(found) == 1 else []
    title = f"{field.capitalize()} of {subject(found)}"
    hint = "key=value sets one, key- takes one away"
    dialog = LineDialog(title, op.starter(), field, hint, lambda text: plan_metadata(found, field, text))
    dialog.advice += shown or [f"{subject(found)}: the same change for each."]
    await op.show(dialog)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


async def taint(op: Operator, meant: Meant) -> None:
    """Ask for taints."""
    from k8stui.kube.operations.nodes import EFFECTS, plan_taint, taint_text
    from k8stui.kube.operations.plans import dig, subject
    from k8stui.ui.dialogs.operation_line import LineDialog

    found = (await op.read(meant.refs)).objects
    hint = "key=value:NoSchedule sets one, key:NoSchedule- or key- takes it"
    dialog = LineDialog(
        f"Taint {subject(found)}", op.starter(), "taints", hint, lambda text: plan_taint(found, text)
    )
    for ref, node in found.items():
        there = ", ".join(taint_text(each) for each in dig(node, "spec", "taints") or ()) or "none"
        dialog.advice.append(f"{ref.name} has: {there}")
    dialog.advice += [f"{effect}: {words}." for effect, words in EFFECTS.items()]
    await op.show(dialog)


# Storage


async def expand(op: Operator, meant: Meant) -> None:
    """Ask for a claim's new size."""
    from k8stui.kube.errors import KubeError
    from k8stui.kube.operations.plans import dig
    from k8stui.kube.operations.reading import read_json
    from k8stui.kube.operations.storage import plan_expand
    from k8stui.ui.dialogs.operation_line import LineDialog

    ref = meant.ref
    claim = (await op.read([ref])).objects[ref]
    kind, name = op.app.session.catalog.get("storage.k8s.io", "storageclasses"), ""
    name = str(dig(claim, "spec", "storageClassName") or "")
    storage_class: dict[str, Any] | None = None
    if kind is not None and name:
        try:
            storage_class = await read_json(op.connection, kind.path("", name))
        except KubeError:
            storage_class = None
    now = str(dig(claim, "spec", "resources", "requests", "storage") or "")
    title = f"Expand {ref.noun} {ref.label}"
    dialog = LineDialog(
        title,
        op.starter(),
        f"size (now {now})",
        "20Gi",
        lambda text: plan_expand(ref, claim, text, storage_class),
    )
    dialog.text.value = now
    await op.show(dialog)


async def default_class(op: Operator, meant: Meant) -> None:
    """Make a StorageClass the default, or no longer."""
    from k8stui.kube.operations.plans import Ref
    from k8stui.kube.operations.reading import read_items
    from k8stui.kube.operations.storage import plan_default_class

    ref = meant.ref
    mine = (await op.read([ref])).objects[ref]
    classes = {ref: mine}
    for item in await read_items(op.connection, ref.kind.path()):
        meta = item["metadata"]
        if meta["name"] != ref.name:
            classes[Ref(ref.kind, meta["name"], "", meta.get("uid", ""))] = item
    await op.confirm(f"Default {ref.noun}: {ref.name}", plan_default_class(ref, classes))


async def reclaim(op: Operator, meant: Meant) -> None:
    """Ask for a reclaim policy."""
    from k8stui.kube.operations.plans import subject
    from k8stui.kube.operations.storage import POLICIES, plan_reclaim
    from k8stui.ui.dialogs.operation_line import ChoiceDialog

    found = (await op.read(meant.refs)).objects
    options = [(f"{key}: {words}", key) for key, words in POLICIES.items()]
    title = f"Reclaim policy of {subject(found)}"
    await op.show(
        ChoiceDialog(title, op.starter(), "policy", options, lambda value: plan_reclaim(found, value))
    )


# Certificates


async def approve(op: Operator, meant: Meant) -> None:
    """Approve certificate signing requests."""
    await _decide(op, meant, approve=True)


async def deny(op: Operator, meant: Meant) -> None:
    """Deny them."""
    await _decide(op, meant, approve=False)


async def _decide(op: Operator, meant: Meant, *, approve: bool) -> None:
    from k8stui.kube.operations.certificates import plan_decision
    from k8stui.kube.operations.plans import dig, subject

    found = (await op.read(meant.refs)).objects
    for signer in dict.fromkeys(str(dig(csr, "spec", "signerName") or "") for csr in found.values()):
        await _check_signer(op, signer)
    plan = plan_decision(found, approve=approve, moment=_moment())
    await op.confirm(f"{plan.verb} {subject(plan.refs)}", plan)


async def _check_signer(op: Operator, signer: str) -> None:
    """Deciding needs a right on the signer as well, by its name or its domain. Raises Refused.

    https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization
    """
    from k8stui.kube.catalog import Kind
    from k8stui.kube.operations.plans import Ref
    from k8stui.ui.operations.operator import Refused

    kind = Kind("certificates.k8s.io", "v1", "Signer", "signers", "signer", (), False)
    for name in (signer, f"{signer.partition('/')[0]}/*"):
        if not await op.refusal("approve", Ref(kind, name)):
            return
    raise Refused(
        f"You may not decide for signer {signer}: approve on signers of certificates.k8s.io is missing."
    )


# What is stuck


async def terminating(op: Operator, meant: Meant) -> None:
    """Say why an object that is being deleted is still there; offer to release it."""
    from k8stui.kinds.terminating import explain
    from k8stui.kube.errors import KubeError
    from k8stui.kube.operations.deletion import plan_finalize
    from k8stui.kube.operations.plans import dig
    from k8stui.kube.operations.reading import read_json
    from k8stui.ui.dialogs.operation_line import StuckDialog

    ref = meant.ref
    obj = (await op.read([ref])).objects[ref]
    node, name = None, str(dig(obj, "spec", "nodeName") or "")
    nodes = op.app.session.catalog.get("", "nodes")
    if ref.kind.kind == "Pod" and name and nodes is not None:
        try:
            node = await read_json(op.connection, nodes.path("", name))
        except KubeError:
            node = None
    why = explain(ref.kind.kind, obj, op.app.session.backend.now(), node)
    told = [why.sentence]
    for each in why.waits:
        named = f" ({each.finalizer})" if each.finalizer else ""
        told += [f"It waits: {each.what}{named}".rstrip(".") + ".", f"Who: {each.who}".rstrip(".?") + "."]
    title = f"Why {ref.noun} {ref.label} is still there"
    plan = plan_finalize(ref, why.finalizers) if why.finalizers and why.waits else None
    refusal = await op.refusal("patch", ref) if plan is not None else ""
    if refusal:
        told.append(f"You cannot release it by hand. {refusal}")
        plan = None
    await op.show(StuckDialog(title, op.starter(), plan, told))
