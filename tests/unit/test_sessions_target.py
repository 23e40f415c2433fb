"""Containers to choose from, commands to run, and the words for what went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kube.sessions.commands import CommandError, has_lists, parse_command, shell_commands
from k8stui.kube.sessions.streams import ExitStatus
from k8stui.kube.sessions.target import (
    ContainerRole,
    container_choices,
    default_choice,
    operating_system,
)
from k8stui.kube.sessions.words import NextStep, Reason, ended

POD: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "containers": [{"name": "app", "image": "web:1"}, {"name": "log", "image": "log:1", "tty": True}],
        "initContainers": [
            {"name": "prepare", "image": "init:1"},
            {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
        ],
        "ephemeralContainers": [
            {
                "name": "debugger-a",
                "image": "busybox",
                "stdin": True,
                "tty": True,
                "targetContainerName": "app",
            }
        ],
    },
    "status": {
        "containerStatuses": [
            {"name": "log", "state": {"running": {}}},
            {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ],
        "initContainerStatuses": [
            {"name": "prepare", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}},
            {"name": "proxy", "state": {"running": {}}},
        ],
        "ephemeralContainerStatuses": [{"name": "debugger-a", "state": {"running": {}}}],
    },
}


def test_all_containers_with_what_they_are_and_how_they_stand() -> None:
    choices = container_choices(POD)
    assert [(c.name, c.role.value, c.state, c.detail) for c in choices] == [
        ("app", "container", "waiting", "CrashLoopBackOff"),
        ("log", "container", "running", ""),
        ("proxy", "sidecar", "running", ""),
        ("prepare", "init", "terminated", "Completed, exit code 0"),
        ("debugger-a", "ephemeral", "running", ""),
    ]
    debugger = choices[-1]
    assert debugger.role is ContainerRole.EPHEMERAL
    assert debugger.can_reattach
    assert debugger.target == "app"
    assert not choices[1].can_reattach


@pytest.mark.parametrize(
    ("annotations", "states", "expected"),
    [
        ({}, {}, "app"),
        ({}, {"app": "running", "log": "running"}, "app"),
        ({}, {"log": "running"}, "log"),
        ({"kubectl.kubernetes.io/default-container": "log"}, {"app": "running"}, "log"),
        ({"kubectl.kubernetes.io/default-container": "gone"}, {"log": "running"}, "log"),
    ],
)
def test_which_container_is_meant(annotations: dict[str, str], states: dict[str, str], expected: str) -> None:
    pod = {
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "app"}, {"name": "log"}]},
        "status": {"containerStatuses": [{"name": n, "state": {s: {}}} for n, s in states.items()]},
    }
    choice = default_choice(container_choices(pod))
    assert choice is not None
    assert choice.name == expected


@pytest.mark.parametrize(
    "pod", [{}, {"spec": None}, {"spec": {"containers": None}}, {"spec": {"containers": ["x"]}}]
)
def test_odd_pods_have_no_containers(pod: dict[str, Any]) -> None:
    assert container_choices(pod) == ()
    assert default_choice(()) is None


def test_the_operating_system_by_pod_selector_or_node() -> None:
    assert operating_system({"spec": {"os": {"name": "windows"}}}) == "windows"
    assert operating_system({"spec": {"nodeSelector": {"kubernetes.io/os": "windows"}}}) == "windows"
    node = {"metadata": {"labels": {"beta.kubernetes.io/os": "linux"}}}
    assert operating_system({"spec": {}}, node) == "linux"
    assert operating_system({}) == ""


def test_commands_are_words_and_never_read_by_a_shell() -> None:
    assert parse_command("ls -l 'a b' $HOME") == ("ls", "-l", "a b", "$HOME")
    assert has_lists("cat x | wc")
    assert has_lists("echo $HOME")
    assert not has_lists("ls -l 'a | b'")
    for text in ("", "  ", "'open", "end\\"):
        with pytest.raises(CommandError):
            parse_command(text)


def test_shells_by_system() -> None:
    assert shell_commands("windows") == (("powershell",), ("cmd",))
    assert shell_commands("")[0][0] == "sh"
    assert shell_commands("linux") == shell_commands("")


@pytest.mark.parametrize(
    ("status", "output", "reason", "step"),
    [
        (ExitStatus(0), b"", Reason.DONE, NextStep.AGAIN),
        (ExitStatus(127), b"sh: x: not found", Reason.DONE, NextStep.AGAIN),
        (
            ExitStatus(126, "command terminated with exit code 126"),
            b'OCI runtime exec failed: exec: "bash": executable file not found in $PATH',
            Reason.NO_COMMAND,
            NextStep.CHOOSE_COMMAND,
        ),
        (
            ExitStatus(None, 'exec: "sh": stat sh: no such file or directory'),
            b"",
            Reason.NO_COMMAND,
            NextStep.CHOOSE_COMMAND,
        ),
        (
            ExitStatus(None, 'exec: "/etc": permission denied'),
            b"",
            Reason.NOT_EXECUTABLE,
            NextStep.CHOOSE_COMMAND,
        ),
        (ExitStatus(None, "container not running (abc)"), b"", Reason.NOT_RUNNING, NextStep.LOGS),
        (ExitStatus(None, 'container not found ("c")'), b"", Reason.NO_CONTAINER, NextStep.CHOOSE_CONTAINER),
        (ExitStatus(None, ""), b"", Reason.FAILED, NextStep.AGAIN),
        (
            ExitStatus(None, "hcs::System::CreateProcess: The system cannot find the file specified."),
            b"",
            Reason.NO_COMMAND,
            NextStep.CHOOSE_COMMAND,
        ),
    ],
)
def test_ends_in_words(status: ExitStatus, output: bytes, reason: Reason, step: NextStep) -> None:
    ending = ended(status, ("prog",), output)
    assert (ending.reason, ending.step) == (reason, step)
    assert ending.sentence
    assert "\x1b" not in str(ending)


def test_signals_are_named() -> None:
    assert ended(ExitStatus(137)).sentence == "Ended with exit code 137 (SIGKILL)"
    assert ended(ExitStatus(3)).sentence == "Ended with exit code 3"
