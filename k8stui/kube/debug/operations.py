"""Debugging carried out: rights asked beforehand, a plan done step by step, waited for, and cleaned up later.

What is created is written into the record before anything is waited for, so that a program that dies leaves
nothing unknown behind. Nothing is created that no plan has shown.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.debug.ephemeral import (
    Outcome,
    OutcomeKind,
    Progress,
    add_ephemeral,
    wait_for_container,
)
from k8stui.kube.debug.plans import DebugKind, Need, Plan
from k8stui.kube.debug.record import DebugEntry, DebugRecord
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.sessions.look import read_object
from k8stui.kube.sessions.session import SessionSpec
from k8stui.kube.sessions.target import SessionTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from k8stui.kube.access import Access
    from k8stui.kube.connection.protocols import Requests

__all__ = [
    "CleanupResult",
    "DebugResult",
    "carry_out",
    "clean_up",
    "missing_rights",
    "reattach",
    "still_there",
]

LOG_LINES = 500
"""Lines of logs shown of a debug container that has ended already."""


@dataclass(frozen=True)
class DebugResult:
    """What came of a plan. `session` is what to open now; None when it cannot be joined.

    `logs` is what the container wrote, raw, where it has ended already.
    """

    plan: Plan
    outcome: Outcome
    target: SessionTarget
    session: SessionSpec | None = None
    logs: bytes = b""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """What became of one remembered thing. `gone` says that it does not exist (any more)."""

    entry: DebugEntry
    gone: bool
    sentence: str


async def missing_rights(access: Access, needs: Iterable[Need]) -> tuple[Need, ...]:
    """Which of the rights that a plan needs the user lacks; all are asked at once.

    What the server cannot be asked about counts as allowed: the operation itself will tell.
    """

    async def lacks(need: Need) -> bool:
        resource, _, subresource = need.resource.partition("/")
        kind = BUILTIN.get("", resource)
        if kind is None:
            return False
        try:
            return not await access.can(need.verb, kind, need.namespace, need.name, subresource)
        except KubeError:
            return False

    needs = tuple(dict.fromkeys(needs))
    answers = await asyncio.gather(*(lacks(need) for need in needs))
    return tuple(need for need, lacking in zip(needs, answers, strict=True) if lacking)


async def carry_out(
    connection: Requests,
    plan: Plan,
    *,
    context: str,
    record: DebugRecord | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
) -> DebugResult:
    """Do what the plan says and wait until its container runs, has ended, or will not run.

    Raises KubeError when a step or the waiting fails: what the steps before it made is in the record.
    Cancelling gives up waiting; what was created stays, and is in the record.
    """
    clock = clock or SystemClock()
    target = SessionTarget(plan.namespace, plan.pod, plan.container, plan.target_uid)
    for step in plan.steps:
        if on_progress is not None:
            on_progress(Progress(step.words))
        if plan.kind is DebugKind.EPHEMERAL:
            answer: Any = await add_ephemeral(connection, plan)
        else:
            body = msgspec.json.encode(step.body) if step.body else None
            response = await connection.request(step.method, step.path, body=body)
            answer = msgspec.json.decode(response.body)
        if step.method == "DELETE":
            continue
        if plan.kind is not DebugKind.EPHEMERAL:
            target = replace(target, uid=str(answer["metadata"].get("uid", "")))
        if record is not None:
            # Not to be given up half way: what was made must be known.
            await asyncio.shield(record.add(_entry(plan, target, context, clock.wall())))
    outcome = await wait_for_container(connection, target, on_progress=on_progress, clock=clock)
    return await _result(connection, plan, outcome, target)


def _entry(plan: Plan, target: SessionTarget, context: str, now: float) -> DebugEntry:
    return DebugEntry(
        kind=plan.kind.value,
        context=context,
        namespace=plan.namespace,
        pod=plan.pod,
        uid=target.uid,
        container=plan.container,
        image=plan.image,
        node=plan.node,
        created=now,
    )


async def _result(connection: Requests, plan: Plan, outcome: Outcome, target: SessionTarget) -> DebugResult:
    if outcome.kind is OutcomeKind.RUNNING:
        return DebugResult(plan, outcome, target, _session(plan, target))
    if outcome.kind is OutcomeKind.ENDED:
        return DebugResult(plan, outcome, target, logs=await read_logs(connection, target))
    return DebugResult(plan, outcome, target)


def _session(plan: Plan, target: SessionTarget) -> SessionSpec:
    title = f"{plan.title} ({plan.container})"
    if plan.stdin and plan.tty:
        return SessionSpec(target, "attach", stdin=True, tty=True, title=title)
    # A container without a terminal of its own is entered by a shell beside its main process.
    return SessionSpec.shell(target, title=title)


async def read_logs(connection: Requests, target: SessionTarget) -> bytes:
    """The last lines that a container wrote; empty where they cannot be had."""
    path = f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}/log"
    params = {"container": target.container, "tailLines": str(LOG_LINES)}
    try:
        response = await connection.request("GET", path, params=params)
    except KubeError:
        return b""
    body: bytes = response.body
    return body


def reattach(pod: dict[str, Any], container: str) -> SessionSpec | None:
    """The session that joins an ephemeral (or other) container that runs; None where that is not possible."""
    from k8stui.kube.sessions.target import container_choices

    metadata = pod["metadata"]
    target = SessionTarget(
        metadata.get("namespace", "default"), metadata["name"], uid=metadata.get("uid", "")
    )
    for choice in container_choices(pod):
        if choice.name == container and choice.can_reattach:
            return SessionSpec.attach(target, choice)
    return None


# -- what was left behind ----------------------------------------------------------------------


async def still_there(connection: Requests, entries: Sequence[DebugEntry]) -> dict[DebugEntry, bool | None]:
    """Whether what is remembered still exists, one look a pod; None where it cannot be told."""

    async def look(entry: DebugEntry) -> bool | None:
        path = f"/api/v1/namespaces/{entry.namespace}/pods/{entry.pod}"
        try:
            pod = await read_object(connection, path)
        except ApiError as error:
            return False if error.code == 404 else None
        except KubeError:
            return None
        return bool(pod.get("metadata", {}).get("uid") == entry.uid)

    answers = await asyncio.gather(*(look(entry) for entry in entries))
    return dict(zip(entries, answers, strict=True))


async def clean_up(
    connection: Requests, record: DebugRecord, entries: Sequence[DebugEntry]
) -> tuple[CleanupResult, ...]:
    """Delete the pods that are still the ones that were noted, and forget what is gone. Raises OSError only.

    Ephemeral containers are left where they are, and said to be so, until their pod is gone. `entries` must
    be of the connection's context.
    """
    results = await asyncio.gather(*(_clean(connection, entry) for entry in entries))
    await record.forget(*(result.entry for result in results if result.gone))
    return tuple(results)


async def _clean(connection: Requests, entry: DebugEntry) -> CleanupResult:
    name = f"{entry.namespace}/{entry.pod}"
    if not entry.removable:
        there = (await still_there(connection, (entry,)))[entry]
        if there is False:
            return CleanupResult(
                entry, True, f"Pod {name} is gone, and its debug container {entry.container} with it"
            )
        said = f"Container {entry.container} stays in pod {name}: ephemeral containers cannot be removed"
        return CleanupResult(entry, False, said)
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
    if entry.uid:
        options["preconditions"] = {"uid": entry.uid}
    path = f"/api/v1/namespaces/{entry.namespace}/pods/{entry.pod}"
    try:
        await connection.request("DELETE", path, body=msgspec.json.encode(options))
    except ApiError as error:
        if error.code == 404:
            return CleanupResult(entry, True, f"Pod {name} was gone already")
        if error.code == 409:
            return CleanupResult(entry, True, f"Pod {name} was gone already; another has its name now")
        return CleanupResult(entry, False, f"Pod {name} was not deleted: {error.sentence()}")
    except KubeError as error:
        return CleanupResult(entry, False, f"Pod {name} was not deleted: {error.sentence()}")
    return CleanupResult(entry, True, f"Pod {name} was deleted")
