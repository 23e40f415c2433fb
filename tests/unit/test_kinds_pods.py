"""READY, STATUS and RESTARTS of pods: each rule of the server's printer, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kinds import Tone, printer_for
from k8stui.kinds.tables.pods import summarize
from k8stui.kube.objects import Pod
from tests.unit.kinds_golden import NOW, ago, make

PRINTER = printer_for("", "pods")

RUNNING = {"running": {"startedAt": ago(hours=1)}}


def waiting(reason: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason} if reason else {}}


def ended(code: int, reason: str = "", signal: int = 0, **when: float) -> dict[str, Any]:
    return {
        "terminated": {
            "exitCode": code,
            **({"reason": reason} if reason else {}),
            **({"signal": signal} if signal else {}),
            "finishedAt": ago(**(when or {"minutes": 5})),
        }
    }


def status(
    state: dict[str, Any], *, ready: bool = False, restarts: int = 0, name: str = "c", **more: Any
) -> dict[str, Any]:
    return {"name": name, "state": state, "ready": ready, "restartCount": restarts, **more}


def pod(
    *containers: dict[str, Any],
    phase: str = "Running",
    init: list[dict[str, Any]] | None = None,
    sidecars: tuple[str, ...] = (),
    conditions: dict[str, str] | None = None,
    deleted: bool = False,
    init_specs: int | None = None,
    containers_in_spec: int | None = None,
    **more: Any,
) -> Pod:
    init = init or []
    specs = [{"name": each["name"]} for each in init] + [{"name": f"x{n}"} for n in range(init_specs or 0)]
    for each in specs:
        if each["name"] in sidecars:
            each["restartPolicy"] = "Always"
    wanted = len(containers) if containers_in_spec is None else containers_in_spec
    return make(
        Pod,
        metadata={
            "name": "p",
            "creationTimestamp": ago(hours=2),
            **({"deletionTimestamp": ago(seconds=5)} if deleted else {}),
        },
        spec={"containers": [{"name": f"c{n}"} for n in range(wanted)], "initContainers": specs},
        status={
            "phase": phase,
            "conditions": [{"type": kind, "status": value} for kind, value in (conditions or {}).items()],
            "initContainerStatuses": init,
            "containerStatuses": list(containers),
            **more,
        },
    )


UP = status(RUNNING, ready=True)
DOWN = status(RUNNING)

RULES: list[tuple[str, Pod, str, str]] = [
    ("phase alone", pod(phase="Pending", containers_in_spec=1), "0/1", "Pending"),
    ("reason before phase", pod(phase="Failed", reason="Evicted", containers_in_spec=2), "0/2", "Evicted"),
    ("no status at all", pod(phase="", containers_in_spec=1), "0/1", ""),
    ("unknown phase", pod(UP, phase="Hibernating"), "1/1", "Hibernating"),
    ("running", pod(UP), "1/1", "Running"),
    ("running and not ready", pod(DOWN), "0/1", "Running"),
    ("ready without running", pod(status({}, ready=True)), "0/1", "Running"),
    ("creating", pod(status(waiting("ContainerCreating")), phase="Pending"), "0/1", "ContainerCreating"),
    ("waiting without a reason", pod(status(waiting()), phase="Pending"), "0/1", "Pending"),
    ("crash loop", pod(status(waiting("CrashLoopBackOff"))), "0/1", "CrashLoopBackOff"),
    ("image pull", pod(status(waiting("ImagePullBackOff")), phase="Pending"), "0/1", "ImagePullBackOff"),
    ("first container wins", pod(status(waiting("A")), status(waiting("B"))), "0/2", "A"),
    ("later container counts", pod(UP, status(waiting("B"))), "1/2", "B"),
    ("ended with a reason", pod(status(ended(137, "OOMKilled"))), "0/1", "OOMKilled"),
    ("ended by a signal", pod(status(ended(0, signal=9))), "0/1", "Signal:9"),
    ("signal before exit code", pod(status(ended(143, signal=15))), "0/1", "Signal:15"),
    ("ended with a code", pod(status(ended(3)), phase="Failed"), "0/1", "ExitCode:3"),
    ("ended with code 0 and no reason", pod(status(ended(0))), "0/1", "ExitCode:0"),
    ("completed", pod(status(ended(0, "Completed")), phase="Succeeded"), "0/1", "Completed"),
    (
        "completed while something runs and is ready",
        pod(status(ended(0, "Completed")), UP, conditions={"Ready": "True"}),
        "1/2",
        "Running",
    ),
    (
        "completed while something runs and is not ready",
        pod(status(ended(0, "Completed")), UP, conditions={"Ready": "False"}),
        "1/2",
        "NotReady",
    ),
    (
        "completed while something runs, no condition",
        pod(status(ended(0, "Completed")), UP),
        "1/2",
        "NotReady",
    ),
    (
        "completed beside a container that is up and not ready",
        pod(status(ended(0, "Completed")), DOWN, conditions={"Ready": "False"}),
        "0/2",
        "Completed",
    ),
    (
        "an error behind a completed container is remembered",
        pod(status(ended(0, "Completed")), status(ended(1, "Error")), phase="Failed"),
        "0/2",
        "Error",
    ),
    (
        "a code behind a completed container is remembered",
        pod(status(ended(0, "Completed")), status(ended(2))),
        "0/2",
        "ExitCode:2",
    ),
    (
        "the first of two errors is remembered",
        pod(status(ended(0, "Completed")), status(ended(1, "First")), status(ended(1, "Second"))),
        "0/3",
        "First",
    ),
    (
        "ready wins over the remembered error",
        pod(status(ended(0, "Completed")), status(ended(1, "Error")), UP, conditions={"Ready": "True"}),
        "1/3",
        "Running",
    ),
    (
        "the remembered error wins over not ready",
        pod(status(ended(0, "Completed")), status(ended(1, "Error")), UP),
        "1/3",
        "Error",
    ),
    ("deleted", pod(UP, deleted=True), "1/1", "Terminating"),
    ("deleted and pending", pod(phase="Pending", containers_in_spec=1, deleted=True), "0/1", "Terminating"),
    (
        "deleted after it succeeded",
        pod(status(ended(0, "Completed")), phase="Succeeded", deleted=True),
        "0/1",
        "Completed",
    ),
    ("deleted after it failed", pod(status(ended(1, "Error")), phase="Failed", deleted=True), "0/1", "Error"),
    ("deleted on a lost node", pod(UP, reason="NodeLost", deleted=True), "1/1", "Unknown"),
    ("on a lost node", pod(UP, reason="NodeLost"), "1/1", "NodeLost"),
    # Init containers
    (
        "first init container runs",
        pod(
            status(waiting("PodInitializing")),
            phase="Pending",
            init=[status(RUNNING, name="i")],
            init_specs=1,
        ),
        "0/1",
        "Init:0/2",
    ),
    (
        "second init container runs",
        pod(
            phase="Pending",
            containers_in_spec=1,
            init=[status(ended(0, "Completed"), name="i"), status(RUNNING, name="j")],
        ),
        "0/1",
        "Init:1/2",
    ),
    (
        "init container waits for its turn",
        pod(phase="Pending", containers_in_spec=1, init=[status(waiting("PodInitializing"), name="i")]),
        "0/1",
        "Init:0/1",
    ),
    (
        "init container without a state",
        pod(phase="Pending", containers_in_spec=1, init=[status({}, name="i")]),
        "0/1",
        "Init:0/1",
    ),
    (
        "init container cannot start",
        pod(phase="Pending", containers_in_spec=1, init=[status(waiting("CrashLoopBackOff"), name="i")]),
        "0/1",
        "Init:CrashLoopBackOff",
    ),
    (
        "init container failed",
        pod(phase="Pending", containers_in_spec=1, init=[status(ended(1, "Error"), name="i")]),
        "0/1",
        "Init:Error",
    ),
    (
        "init container killed",
        pod(phase="Pending", containers_in_spec=1, init=[status(ended(137, signal=9), name="i")]),
        "0/1",
        "Init:Signal:9",
    ),
    (
        "init container ended without a reason",
        pod(phase="Pending", containers_in_spec=1, init=[status(ended(7), name="i")]),
        "0/1",
        "Init:ExitCode:7",
    ),
    (
        "what comes after the init container that holds up does not count",
        pod(
            phase="Pending",
            containers_in_spec=1,
            init=[status(waiting("A"), name="i"), status(waiting("B"), name="j")],
        ),
        "0/1",
        "Init:A",
    ),
    (
        "an initialized pod is judged by its containers, whatever its init containers say",
        pod(
            status(waiting("ImagePullBackOff")),
            init=[status(waiting("CrashLoopBackOff"), name="i")],
            conditions={"Initialized": "True"},
        ),
        "0/1",
        "ImagePullBackOff",
    ),
    (
        "an initialized pod keeps what its init containers say where its containers say nothing",
        pod(UP, init=[status(waiting("CrashLoopBackOff"), name="i")], conditions={"Initialized": "True"}),
        "1/1",
        "Init:CrashLoopBackOff",
    ),
    (
        "all init containers done",
        pod(UP, init=[status(ended(0, "Completed"), name="i")]),
        "1/1",
        "Running",
    ),
    # Sidecars
    (
        "a sidecar counts as a container",
        pod(UP, init=[status(RUNNING, ready=True, name="s", started=True)], sidecars=("s",)),
        "2/2",
        "Running",
    ),
    (
        "a sidecar that has started and is not ready",
        pod(UP, init=[status(RUNNING, name="s", started=True)], sidecars=("s",)),
        "1/2",
        "Running",
    ),
    (
        "a sidecar that has not started holds the pod up",
        pod(
            status(waiting("PodInitializing")),
            phase="Pending",
            init=[status(RUNNING, name="s", started=False)],
            sidecars=("s",),
        ),
        "0/2",
        "Init:0/1",
    ),
    (
        "a sidecar that crashes",
        pod(
            status(waiting("PodInitializing")),
            phase="Pending",
            init=[status(waiting("CrashLoopBackOff"), name="s", started=False)],
            sidecars=("s",),
        ),
        "0/2",
        "Init:CrashLoopBackOff",
    ),
    (
        "a sidecar among init containers",
        pod(
            status(waiting("PodInitializing")),
            phase="Pending",
            init=[status(RUNNING, ready=True, name="s", started=True), status(RUNNING, name="i")],
            sidecars=("s",),
        ),
        "1/2",
        "Init:1/2",
    ),
    (
        "a sidecar that ended well after the pod was done",
        pod(
            status(ended(0, "Completed")),
            phase="Succeeded",
            init=[status(ended(0, "Completed"), name="s")],
            sidecars=("s",),
        ),
        "0/2",
        "Completed",
    ),
    (
        "a sidecar that was killed when the initialized pod was done",
        pod(
            status(ended(0, "Completed")),
            phase="Succeeded",
            init=[status(ended(137, "Error"), name="s")],
            sidecars=("s",),
            conditions={"Initialized": "True"},
        ),
        "0/2",
        "Completed",
    ),
]


@pytest.mark.parametrize(("rule", "made", "ready", "shown"), RULES, ids=[rule[0] for rule in RULES])
def test_ready_and_status_follow_the_rule(rule: str, made: Pod, ready: str, shown: str) -> None:
    assert PRINTER.cells(made, NOW)[1:3] == (ready, shown)


def test_a_gated_pod_says_so_even_with_a_reason() -> None:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    made = make(Pod, status={"phase": "Pending", "conditions": conditions, "reason": "Other"})
    assert summarize(made).status == "SchedulingGated"


def crashed(restarts: int, minutes: float, **more: Any) -> dict[str, Any]:
    return status(
        RUNNING, ready=True, restarts=restarts, lastState=ended(1, "Error", minutes=minutes), **more
    )


RESTARTS: list[tuple[str, Pod, str]] = [
    ("none", pod(UP), "0"),
    ("no date", pod(status(RUNNING, restarts=3)), "3"),
    ("a date and no restarts", pod(crashed(0, 5)), "0"),
    ("when", pod(crashed(3, 5)), "3 (5m ago)"),
    ("just now", pod(crashed(1, 0)), "1 (0s ago)"),
    ("long ago", pod(crashed(12, 60 * 24 * 9)), "12 (9d ago)"),
    ("summed, the latest date", pod(crashed(2, 60), crashed(3, 7)), "5 (7m ago)"),
    (
        "init containers count while they hold up",
        pod(
            status(waiting("PodInitializing"), restarts=9),
            init=[
                status(
                    waiting("CrashLoopBackOff"), restarts=4, name="i", lastState=ended(1, "Error", minutes=3)
                )
            ],
        ),
        "4 (3m ago)",
    ),
    (
        "init containers are forgotten when they are done",
        pod(crashed(2, 30), init=[status(ended(0), restarts=4, name="i", lastState=ended(1, minutes=3))]),
        "2 (30m ago)",
    ),
    (
        "sidecars count for good",
        pod(crashed(2, 30), init=[crashed(5, 3, name="s", started=True)], sidecars=("s",)),
        "7 (3m ago)",
    ),
    (
        "sidecars count beside an init container that holds up",
        pod(
            init=[crashed(5, 3, name="s", started=True), status(RUNNING, name="i", restarts=1)],
            sidecars=("s",),
        ),
        "6 (3m ago)",
    ),
]


@pytest.mark.parametrize(("case", "made", "shown"), RESTARTS, ids=[case[0] for case in RESTARTS])
def test_restarts_are_counted_and_dated(case: str, made: Pod, shown: str) -> None:
    assert PRINTER.cells(made, NOW)[3] == shown


def test_wide_columns_say_where_the_pod_is() -> None:
    made = make(
        Pod,
        spec={
            "nodeName": "n1",
            "readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}, {"conditionType": "c"}],
        },
        status={
            "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
            "nominatedNodeName": "n2",
            "conditions": [
                {"type": "a", "status": "True"},
                {"type": "b", "status": "False"},
                {"type": "b", "status": "True"},
            ],
        },
    )
    assert PRINTER.cells(made, NOW)[5:] == ("10.0.0.1", "n1", "n2", "1/3")
    assert PRINTER.cells(make(Pod, status={"podIPs": [{}]}), NOW)[4:] == ("<unknown>", *["<none>"] * 4)


@pytest.mark.parametrize(
    ("made", "tone", "fault", "attention"),
    [
        (pod(UP), Tone.OK, False, False),
        (pod(DOWN), Tone.WARN, True, True),
        (pod(UP, DOWN), Tone.WARN, True, True),
        (pod(status(waiting("CrashLoopBackOff"))), Tone.ERROR, True, True),
        (pod(status(ended(0, "Completed")), phase="Succeeded"), Tone.DONE, False, False),
        (pod(status(waiting("ContainerCreating")), phase="Pending"), Tone.BUSY, True, False),
        (
            pod(phase="Pending", containers_in_spec=1, init=[status(RUNNING, name="i")]),
            Tone.BUSY,
            True,
            False,
        ),
        (
            pod(phase="Pending", containers_in_spec=1, init=[status(ended(1), name="i")]),
            Tone.ERROR,
            True,
            True,
        ),
        (pod(phase="Pending", containers_in_spec=1), Tone.BUSY, True, False),
        (
            pod(phase="Pending", containers_in_spec=1, conditions={"PodScheduled": "False"}),
            Tone.WARN,
            True,
            True,
        ),
        (pod(UP, deleted=True), Tone.BUSY, True, False),
        (pod(phase="Failed", reason="Evicted", containers_in_spec=1), Tone.ERROR, True, True),
        (pod(UP, reason="NodeLost", deleted=True), Tone.ERROR, True, True),
    ],
)
def test_what_is_wrong_shows(made: Pod, tone: Tone, fault: bool, attention: bool) -> None:
    assert PRINTER.tone(made) is tone
    assert PRINTER.attention(made) is attention
    assert PRINTER.is_fault(made) is fault


def test_restarts_stand_out_on_a_pod_that_is_well_now() -> None:
    assert PRINTER.cell_tone(pod(crashed(1, 5)), 3) is Tone.WARN
    assert PRINTER.cell_tone(pod(UP), 3) is None
    assert PRINTER.cell_tone(pod(crashed(1, 5)), 2) is None
