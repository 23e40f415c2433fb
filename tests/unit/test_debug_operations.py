"""Plans, waiting for debug containers, and the record of what was made, without a cluster."""

from __future__ import annotations

import asyncio
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.debug.ephemeral import OutcomeKind, Progress, wait_for_container, waiting_for
from k8stui.kube.debug.objects import CopyChoices, DebugContainer, Profile, custom_problem
from k8stui.kube.debug.operations import carry_out, clean_up, missing_rights
from k8stui.kube.debug.plans import Need, node_commands, plan_copy, plan_ephemeral, plan_node
from k8stui.kube.debug.record import DebugEntry, DebugRecord
from k8stui.kube.errors import ApiError, ConnectionLost, KubeError, StatusDetails
from k8stui.kube.sessions.target import SessionTarget

if TYPE_CHECKING:
    from pathlib import Path

POD: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "labels": {"app": "web"}},
    "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "web:1"}]},
    "status": {"phase": "Running"},
}
CHOICE = DebugContainer("busybox", "debugger-x")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Server:
    """Answers requests by (method, last part of the path); a list is used up in order, the last repeats."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    async def request(self, method: str, path: str, *, body: bytes | None = None, **_: Any) -> Any:
        self.asked.append((method, path, json.loads(body) if body else None))
        key = f"{method}_{path.rpartition('/')[2]}"
        found = self.answers[key]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, KubeError):
            raise found

        class Answer:
            body = found if isinstance(found, bytes) else json.dumps(found).encode()

        return Answer()


def pod_with(state: dict[str, Any], name: str = "debugger-x", **status: Any) -> dict[str, Any]:
    return {**POD, "status": {"ephemeralContainerStatuses": [{"name": name, "state": state}], **status}}


WAITING = pod_with({"waiting": {"reason": "ContainerCreating"}})
RUNNING = pod_with({"running": {"startedAt": "2026-01-01T00:00:00Z"}})
TARGET = SessionTarget("shop", "web", "debugger-x", "u1")


# -- plans -------------------------------------------------------------------------------------


def test_a_plan_shows_all_that_will_be_created() -> None:
    plan = plan_ephemeral(POD, CHOICE, "app")
    (step,) = plan.steps
    assert step.body["metadata"] == {"uid": "u1"}
    (manifest,) = plan.manifests
    assert manifest["spec"]["ephemeralContainers"][0]["targetContainerName"] == "app"
    assert "cannot be removed" in plan.notes[0]
    assert [str(need) for need in plan.needs] == [
        "get pods in namespace shop",
        "patch pods/ephemeralcontainers in namespace shop",
        "create pods/attach in namespace shop",
        "get pods/attach in namespace shop",
    ]


@pytest.mark.parametrize(
    ("version", "kept"), [("v1.20.2", False), ("v1.22.1+x", False), ("v1.23.0", True), ("", True)]
)
def test_old_servers_get_no_security_context_and_the_plan_says_so(version: str, kept: bool) -> None:
    plan = plan_ephemeral(POD, CHOICE, version=version)
    assert ("securityContext" in plan.alpha) is kept
    assert ("securityContext" in plan.steps[0].body["spec"]["ephemeralContainers"][0]) is kept
    assert any("no effect" in note for note in plan.notes) is not kept


def test_a_copy_that_replaces_deletes_that_very_pod_first() -> None:
    plan = plan_copy(POD, CopyChoices("copy", replace=True, keep_labels=True), CHOICE)
    first, second = plan.steps
    assert (first.method, first.path, first.body) == (
        "DELETE",
        "/api/v1/namespaces/shop/pods/web",
        {"preconditions": {"uid": "u1"}},
    )
    assert second.method == "POST"
    assert (plan.container, plan.tty) == ("debugger-x", True)
    assert "delete pods in namespace shop" in map(str, plan.needs)
    assert len(plan.notes) == 3


def test_a_copy_without_a_debugger_joins_the_container_that_is_named() -> None:
    plan = plan_copy(POD, CopyChoices("copy", commands={"app": ("sh",)}), container="app")
    assert (plan.container, plan.stdin) == ("app", False)


def test_a_node_plan_warns_of_the_host() -> None:
    plan = plan_node("n1", CHOICE, namespace="default", name="node-debugger-n1-abcde")
    assert any("/host" in note for note in plan.notes)
    assert not any(
        "/host" in n
        for n in plan_node(
            "n1", DebugContainer("b", "d", profile=Profile.BASELINE), namespace="d", name="x"
        ).notes
    )
    assert ("chroot", "/host", "crictl", "ps", "-a") in [command for _, command in node_commands()]


def test_custom_profiles_are_checked() -> None:
    assert custom_problem({"env": []}, ephemeral=True) == ""
    assert "map" in custom_problem("text", ephemeral=True)
    assert "image" in custom_problem({"image": "x"}, ephemeral=False)
    assert "ports" in custom_problem({"ports": []}, ephemeral=True)
    assert custom_problem({"ports": []}, ephemeral=False) == ""


# -- carrying out ------------------------------------------------------------------------------


async def test_an_ephemeral_container_is_added_waited_for_and_joined(tmp_path: Path) -> None:
    server = Server(PATCH_ephemeralcontainers=POD, GET_web=[POD, WAITING, WAITING, RUNNING])
    record = DebugRecord(tmp_path / "debug.json")
    seen: list[Progress] = []
    plan = plan_ephemeral(POD, CHOICE)
    result = await carry_out(
        server,
        plan,
        context="c",
        record=record,
        on_progress=seen.append,
        clock=Clock(),
    )
    assert result.outcome.kind is OutcomeKind.RUNNING
    assert result.session is not None
    assert (result.session.verb, result.session.target) == ("attach", TARGET)
    assert [progress.text for progress in seen[1:]] == ["Waiting for the kubelet", "Creating the container"]
    (entry,) = await record.entries("c")
    assert entry.uid == "u1"


async def test_servers_of_1_20_get_the_whole_list_of_the_alpha_kind() -> None:
    alpha = {
        "kind": "EphemeralContainers",
        "metadata": {"name": "web", "resourceVersion": "7", "uid": "u1"},
        "ephemeralContainers": [{"name": "old"}],
    }
    server = Server(PATCH_ephemeralcontainers=alpha, PUT_ephemeralcontainers=alpha, GET_web=RUNNING)
    await carry_out(server, plan_ephemeral(POD, CHOICE), context="c", clock=Clock())
    put = next(body for method, _, body in server.asked if method == "PUT")
    assert [container["name"] for container in put["ephemeralContainers"]] == ["old", "debugger-x"]
    assert put["metadata"]["resourceVersion"] == "7"


async def test_a_feature_that_is_off_is_said_to_be_off() -> None:
    off = ApiError(404, "NotFound", "the server could not find the requested resource")
    server = Server(PATCH_ephemeralcontainers=off)
    with pytest.raises(ApiError) as raised:
        await carry_out(server, plan_ephemeral(POD, CHOICE), context="c")
    assert raised.value.reason == "FeatureOff"
    assert "copy" in raised.value.sentence()
    gone = ApiError(404, "NotFound", 'pods "web" not found', details=StatusDetails(name="web", kind="pods"))
    with pytest.raises(ApiError) as raised:
        await carry_out(Server(PATCH_ephemeralcontainers=gone), plan_ephemeral(POD, CHOICE), context="c")
    assert raised.value.reason == "NotFound"


async def test_what_has_ended_already_shows_its_logs() -> None:
    over = pod_with({"terminated": {"reason": "Error", "exitCode": 3}})
    server = Server(PATCH_ephemeralcontainers=POD, GET_web=over, GET_log=b"last words\n")
    result = await carry_out(server, plan_ephemeral(POD, CHOICE), context="c", clock=Clock())
    assert (result.outcome.kind, result.outcome.exit_code) == (OutcomeKind.ENDED, 3)
    assert (result.logs, result.session) == (b"last words\n", None)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (
            [
                pod_with({"waiting": {"reason": "ErrImagePull", "message": "no such host"}}),
                pod_with(
                    {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'}}
                ),
            ],
            "ErrImagePull: no such host",
        ),
        (
            [pod_with({"waiting": {"reason": "InvalidImageName", "message": "bad \x1b[31mname"}})],
            "InvalidImageName: bad name",
        ),
        (
            [pod_with({"terminated": {"reason": "StartError", "exitCode": 128, "message": "no such file"}})],
            "could not be started",
        ),
        ([{**POD, "metadata": {**POD["metadata"], "uid": "u2"}}], "another pod"),
        (
            [{**POD, "status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}}],
            "low on memory",
        ),
        ([ApiError(404, "NotFound", "pods web not found")], "gone"),
    ],
)
async def test_what_will_not_run_is_an_error_in_words(states: list[Any], words: str) -> None:
    seen: list[Progress] = []
    outcome = await wait_for_container(Server(GET_web=states), TARGET, on_progress=seen.append, clock=Clock())
    assert outcome.kind is OutcomeKind.FAILED
    assert words in outcome.sentence
    assert outcome.hint


async def test_an_image_pull_that_heals_is_waited_for() -> None:
    failing = pod_with({"waiting": {"reason": "ErrImagePull", "message": "try later"}})
    server = Server(GET_web=[failing, failing, WAITING, RUNNING])
    outcome = await wait_for_container(server, TARGET, clock=Clock())
    assert outcome.kind is OutcomeKind.RUNNING


def test_what_it_waits_for_in_words() -> None:
    unscheduled = {
        "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]
    }
    assert waiting_for({"status": unscheduled}, "x") == (
        "Unschedulable",
        "No node takes the pod: 0/3 nodes are available",
    )
    init = {"initContainerStatuses": [{"name": "i", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
    assert "Init container i" in waiting_for({"status": init}, "x")[1]
    assert waiting_for({}, "x") == ("", "Waiting for the kubelet")


async def test_a_copy_is_recorded_with_the_uid_that_the_server_gave(tmp_path: Path) -> None:
    created = {"metadata": {"name": "copy", "uid": "u9"}}
    running = {
        "metadata": {"name": "copy", "uid": "u9"},
        "status": {"containerStatuses": [{"name": "debugger-x", "state": {"running": {}}}]},
    }
    server = Server(POST_pods=created, GET_copy=running, DELETE_copy={})
    record = DebugRecord(tmp_path / "deep" / "debug.json")
    await carry_out(server, plan_copy(POD, CopyChoices("copy"), CHOICE), context="c", record=record)
    (entry,) = await record.entries()
    assert entry.uid == "u9"
    (result,) = await clean_up(server, record, (entry,))
    assert result.gone
    assert server.asked[-1][2]["preconditions"] == {"uid": "u9"}
    assert await record.entries() == ()


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (ApiError(404, "NotFound", "gone"), True),
        (ApiError(409, "Conflict", "Precondition failed: UID"), True),
        (ApiError(403, "Forbidden", "no"), False),
        (ConnectionLost("no route"), False),
    ],
)
async def test_only_what_is_gone_is_forgotten(tmp_path: Path, error: KubeError, gone: bool) -> None:
    record = DebugRecord(tmp_path / "debug.json")
    entry = DebugEntry("copy", "c", "shop", "copy", "u9")
    await record.add(entry)
    (result,) = await clean_up(Server(DELETE_copy=error), record, (entry,))
    assert result.gone is gone
    assert (await record.entries() == ()) is gone


# -- rights ------------------------------------------------------------------------------------


class FakeAccess:
    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    async def can(
        self, verb: str, kind: Any, namespace: str = "", name: str = "", subresource: str = ""
    ) -> bool:
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        if verb == "delete":
            raise ConnectionLost("cannot be asked")
        return f"{verb} {resource}" in self.allowed


async def test_missing_rights_are_named() -> None:
    needs = (Need("get", "pods", "a"), Need("create", "pods/attach", "a"), Need("delete", "pods", "a"))
    missing = await missing_rights(FakeAccess("get pods"), needs)  # type: ignore[arg-type]
    assert [str(need) for need in missing] == ["create pods/attach in namespace a"]


# -- the record --------------------------------------------------------------------------------


async def test_the_record_is_private_whole_and_shared(tmp_path: Path) -> None:
    path = tmp_path / "state" / "debug.json"
    one, two = DebugRecord(path), DebugRecord(path)
    entries = [DebugEntry("node", "c", "default", f"p{n}", f"u{n}") for n in range(20)]
    await asyncio.gather(*((one if n % 2 else two).add(entry) for n, entry in enumerate(entries)))
    assert set(await one.entries()) == set(entries)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == ["debug.json", "debug.json.lock"]
    await two.forget(*entries[:19])
    assert await one.entries("c") == (entries[19],)
    assert await one.entries("other") == ()


async def test_a_broken_record_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "debug.json"
    path.write_text("not json")
    record = DebugRecord(path)
    assert await record.entries() == ()
    await record.add(DebugEntry("node", "c", "d", "p", "u"))
    assert (tmp_path / "debug.json.broken").read_text() == "not json"
    assert len(await record.entries()) == 1
