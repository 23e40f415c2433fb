"""Debug containers, copies and nodes: the same on the simulated and on a real cluster."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.access import Access
from k8stui.kube.connection.client import Connection
from k8stui.kube.debug.ephemeral import OutcomeKind, Progress, ephemeral_containers, wait_for_container
from k8stui.kube.debug.objects import CopyChoices, DebugContainer, Profile, free_name, node_debugger_name
from k8stui.kube.debug.operations import (
    DebugResult,
    carry_out,
    clean_up,
    missing_rights,
    read_logs,
    reattach,
    still_there,
)
from k8stui.kube.debug.plans import plan_copy, plan_ephemeral, plan_node
from k8stui.kube.debug.record import DebugRecord
from k8stui.kube.errors import ApiError

from .shells_rig import BUSYBOX, PAUSE, Shells, container, start_pod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from k8stui.kube.debug.plans import Plan

    from .conftest import Admin, Target

CHANCE = random.Random()


@pytest.fixture
async def shells(cluster_under_test: Target) -> AsyncIterator[Shells]:
    opened = Shells(cluster_under_test.admin)
    yield opened
    await opened.store.close_all()


@pytest.fixture
def record(tmp_path: Path) -> DebugRecord:
    return DebugRecord(tmp_path / "state" / "debug.json")


def debugger(pod: dict[str, Any], **more: Any) -> DebugContainer:
    return DebugContainer(
        **{
            "image": BUSYBOX,
            "name": free_name(pod, "debugger", CHANCE),
            "pull_policy": "IfNotPresent",
            **more,
        }
    )


async def ephemeral_plan(admin: Admin, pod: dict[str, Any], choice: DebugContainer, target: str = "") -> Plan:
    version = (await admin.get("/version"))["gitVersion"]
    return plan_ephemeral(pod, choice, target, version=version)


async def bare_pod(admin: Admin, namespace: str) -> dict[str, Any]:
    made: dict[str, Any] = await start_pod(admin, namespace, "bare", container("app", PAUSE))
    return made


async def test_a_shell_beside_an_image_without_one(
    admin: Admin, namespace: str, shells: Shells, record: DebugRecord
) -> None:
    pod = await bare_pod(admin, namespace)
    plan = await ephemeral_plan(admin, pod, debugger(pod), "app")
    seen: list[Progress] = []
    result = await carry_out(admin.connection, plan, context="here", record=record, on_progress=seen.append)
    assert result.outcome.kind is OutcomeKind.RUNNING, result.outcome
    assert seen[0].text == plan.steps[0].words
    assert result.session is not None
    session, output = shells.open(result.session, size=(100, 30))
    session.send(b"x=kept; stty size; echo sh''ell\r")
    await output.says("shell\r\n")
    assert "30 100" in output.text
    await shells.store.close(session)

    pod = await admin.get(f"/api/v1/namespaces/{namespace}/pods/bare")
    (there,) = ephemeral_containers(pod)
    assert there.name == plan.container
    assert there.can_reattach
    assert there.target == "app"
    again = reattach(pod, plan.container)
    assert again is not None
    session, output = shells.open(again)
    session.send(b"echo $x; exit\r")
    await output.says("kept\r\n")
    await session.wait_over()

    (entry,) = await record.entries("here")
    assert (entry.kind, entry.pod, entry.container) == ("ephemeral", "bare", plan.container)
    (cleaned,) = await clean_up(admin.connection, record, (entry,))
    assert not cleaned.gone
    assert "cannot be removed" in cleaned.sentence
    await admin.delete(f"/api/v1/namespaces/{namespace}/pods/bare")
    async with asyncio.timeout(30):
        while (await still_there(admin.connection, (entry,)))[entry]:
            await asyncio.sleep(0.1)
    (cleaned,) = await clean_up(admin.connection, record, (entry,))
    assert cleaned.gone
    assert not await record.entries()


async def test_a_debug_container_that_has_ended_shows_its_logs(admin: Admin, namespace: str) -> None:
    pod = await bare_pod(admin, namespace)
    plan = await ephemeral_plan(
        admin, pod, debugger(pod, command=("sh", "-c", "echo last words; exit 3"), tty=False, stdin=False)
    )
    result = await carry_out(admin.connection, plan, context="here")
    if result.outcome.kind is OutcomeKind.RUNNING:  # seen in the moment before its end
        result = await _over(admin, result)
    assert result.outcome.kind is OutcomeKind.ENDED
    assert result.outcome.exit_code == 3
    assert b"last words" in result.logs
    second = await ephemeral_plan(admin, pod, debugger(pod))
    assert (await carry_out(admin.connection, second, context="here")).outcome.kind is OutcomeKind.RUNNING
    pod = await admin.get(f"/api/v1/namespaces/{namespace}/pods/bare")
    assert [choice.can_reattach for choice in ephemeral_containers(pod)] == [False, True]
    assert reattach(pod, plan.container) is None


async def _over(admin: Admin, result: DebugResult) -> DebugResult:
    """Wait for the end of a container, then look as one who comes later."""
    target = result.target
    while True:
        outcome = await wait_for_container(admin.connection, target)
        if outcome.kind is OutcomeKind.ENDED:
            return replace(result, outcome=outcome, logs=await read_logs(admin.connection, target))
        await asyncio.sleep(0.1)


async def test_a_bad_image_is_an_error_in_words(admin: Admin, namespace: str) -> None:
    pod = await bare_pod(admin, namespace)
    plan = await ephemeral_plan(
        admin, pod, debugger(pod, image="registry.invalid/no-such-image:1", pull_policy="Always")
    )
    seen: list[Progress] = []
    result = await carry_out(admin.connection, plan, context="here", on_progress=seen.append)
    assert result.outcome.kind is OutcomeKind.FAILED
    assert "image" in result.outcome.sentence.lower()
    assert "no-such-image" in result.outcome.sentence
    assert result.outcome.hint
    assert result.session is None
    assert any(progress.failing for progress in seen)


async def test_waiting_can_be_given_up(admin: Admin, namespace: str, record: DebugRecord) -> None:
    pod = await bare_pod(admin, namespace)
    plan = plan_copy(pod, CopyChoices("never", images={"*": BUSYBOX}), None)
    plan.steps[0].body["spec"]["nodeSelector"] = {"no-such-label": "x"}
    stuck = asyncio.Event()

    def progress(what: Progress) -> None:
        if "No node takes the pod" in what.text:
            stuck.set()

    task = asyncio.ensure_future(
        carry_out(admin.connection, plan, context="here", record=record, on_progress=progress)
    )
    await asyncio.wait_for(stuck.wait(), 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (entry,) = await record.entries()
    (cleaned,) = await clean_up(admin.connection, record, (entry,))
    assert cleaned.gone


async def test_a_copy_of_a_pod(admin: Admin, namespace: str, shells: Shells, record: DebugRecord) -> None:
    pod = await bare_pod(admin, namespace)
    choices = CopyChoices("bare-copy", same_node=True)
    plan = plan_copy(pod, choices, debugger(pod))
    (manifest,) = plan.manifests
    assert manifest["spec"]["nodeName"] == pod["spec"]["nodeName"]
    result = await carry_out(admin.connection, plan, context="here", record=record)
    assert result.outcome.kind is OutcomeKind.RUNNING, result.outcome
    assert result.session is not None
    session, output = shells.open(result.session)
    session.send(b"echo he''re\r")
    await output.says("here\r\n")
    (entry,) = await record.entries()
    assert (await still_there(admin.connection, (entry,)))[entry]
    (cleaned,) = await clean_up(admin.connection, record, (entry,))
    assert cleaned.gone
    assert not await record.entries()
    assert (await admin.get(f"/api/v1/namespaces/{namespace}/pods/bare"))["status"]["phase"] == "Running"


async def test_a_copy_that_replaces_with_other_commands(admin: Admin, namespace: str) -> None:
    pod = await bare_pod(admin, namespace)
    command = ("sh", "-c", "sleep 3600")
    choices = CopyChoices("bare-2", images={"*": BUSYBOX}, commands={"app": command}, replace=True)
    plan = plan_copy(pod, choices)
    assert [step.method for step in plan.steps] == ["DELETE", "POST"]
    assert any("deleted before" in note for note in plan.notes)
    result = await carry_out(admin.connection, plan, context="here")
    assert result.outcome.kind is OutcomeKind.RUNNING, result.outcome
    assert result.session is not None
    assert result.session.is_shell
    with pytest.raises(ApiError):
        async with asyncio.timeout(40):
            while True:
                await admin.get(f"/api/v1/namespaces/{namespace}/pods/bare")
                await asyncio.sleep(0.2)


@pytest.mark.parametrize("profile", [Profile.GENERAL, Profile.SYSADMIN, Profile.BASELINE])
async def test_a_node(
    admin: Admin, namespace: str, shells: Shells, record: DebugRecord, profile: Profile
) -> None:
    nodes = (await admin.get("/api/v1/nodes"))["items"]
    node = next(
        node["metadata"]["name"]
        for node in nodes
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
    )
    choice = DebugContainer(BUSYBOX, "debugger", profile=profile, pull_policy="IfNotPresent")
    plan = plan_node(node, choice, namespace=namespace, name=node_debugger_name(node, CHANCE))
    result = await carry_out(admin.connection, plan, context="here", record=record)
    assert result.outcome.kind is OutcomeKind.RUNNING, result.outcome
    assert result.session is not None
    session, output = shells.open(result.session)
    session.send(b"test -d /host/etc && echo ho''st || echo no''ne\r")
    await output.says("none\r\n" if profile is Profile.BASELINE else "host\r\n")
    (cleaned,) = await clean_up(admin.connection, record, await record.entries("here"))
    assert cleaned.gone


async def test_a_debug_container_never_goes_to_another_pod_of_that_name(
    admin: Admin, namespace: str, record: DebugRecord
) -> None:
    pod = await bare_pod(admin, namespace)
    choice = debugger(pod)
    stale = {**pod, "metadata": {**pod["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}
    plan = await ephemeral_plan(admin, stale, choice)
    with pytest.raises(ApiError) as raised:
        await carry_out(admin.connection, plan, context="here", record=record)
    assert raised.value.code in (409, 422)
    assert not await record.entries()


async def test_a_pod_made_again_under_its_name_is_left_alone(
    admin: Admin, namespace: str, record: DebugRecord
) -> None:
    pod = await bare_pod(admin, namespace)
    plan = plan_copy(pod, CopyChoices("copy", images={"*": BUSYBOX}, commands={"app": ("sleep", "3600")}))
    await carry_out(admin.connection, plan, context="here", record=record)
    (entry,) = await record.entries()
    path = f"/api/v1/namespaces/{namespace}/pods"
    await admin.delete(f"{path}/copy")
    async with asyncio.timeout(30):
        while (await still_there(admin.connection, (entry,)))[entry]:
            await asyncio.sleep(0.1)
    await start_pod(admin, namespace, "copy", container("app", PAUSE))
    (cleaned,) = await clean_up(admin.connection, record, (entry,))
    assert cleaned.gone
    assert "another has its name" in cleaned.sentence
    assert (await admin.get(f"{path}/copy"))["status"]["phase"] == "Running"


async def test_what_is_missing_is_named_beforehand(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    pod = await bare_pod(admin, namespace)
    plan = await ephemeral_plan(admin, pod, debugger(pod))
    assert await missing_rights(Access(admin.connection), plan.needs) == ()
    async with Connection(cluster_under_test.user("nobody")) as connection:
        access = Access(connection)
        missing = await missing_rights(access, plan.needs)
        await access.close()
        assert f"patch pods/ephemeralcontainers in namespace {namespace}" in map(str, missing)
        assert f"create pods/attach in namespace {namespace}" in map(str, missing)
        with pytest.raises(ApiError) as raised:
            await carry_out(connection, plan, context="here")
    assert raised.value.code == 403
