"""What would be created to debug a pod or a node, as ``kubectl debug`` creates it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from k8stui.kube.debug.objects import (
    CopyChoices,
    DebugContainer,
    Profile,
    ephemeral_container,
    free_name,
    node_debugger,
    node_debugger_name,
    pod_copy,
)

POD: dict[str, Any] = {
    "metadata": {
        "name": "web-0",
        "namespace": "shop",
        "resourceVersion": "7",
        "uid": "u",
        "labels": {"app": "web"},
        "ownerReferences": [{"kind": "ReplicaSet"}],
    },
    "spec": {
        "nodeName": "node-1",
        "containers": [
            {"name": "app", "image": "web:1", "args": ["serve"], "livenessProbe": {}, "readinessProbe": {}},
            {"name": "proxy", "image": "proxy:1"},
        ],
        "initContainers": [{"name": "prepare", "image": "web:1"}],
        "ephemeralContainers": [{"name": "debugger-old", "image": "busybox"}],
    },
    "status": {"phase": "Running"},
}


def choice(profile: Profile = Profile.GENERAL, **more: Any) -> DebugContainer:
    return DebugContainer(image="busybox", name="debugger-x", profile=profile, **more)


@pytest.mark.parametrize(
    ("profile", "security"),
    [
        (Profile.GENERAL, {"capabilities": {"add": ["SYS_PTRACE"]}}),
        (Profile.BASELINE, None),
        (Profile.NETADMIN, {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}),
        (Profile.SYSADMIN, {"privileged": True}),
        (
            Profile.RESTRICTED,
            {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        ),
    ],
)
def test_profiles_of_an_ephemeral_container(profile: Profile, security: dict[str, Any] | None) -> None:
    container = ephemeral_container(choice(profile), "app")
    assert container.get("securityContext") == security
    assert container["targetContainerName"] == "app"
    assert profile.explanation


def test_command_and_environment_of_an_ephemeral_container() -> None:
    container = ephemeral_container(choice(command=("sh",), environment={"A": "1"}))
    assert container["command"] == ["sh"]
    assert container["env"] == [{"name": "A", "value": "1"}]


def test_a_custom_profile_is_laid_over() -> None:
    custom = {"env": [{"name": "A", "value": "2"}], "securityContext": {"runAsUser": 5}}
    container = ephemeral_container(choice(environment={"A": "1", "B": "1"}, custom=custom))
    assert container["env"] == [{"name": "A", "value": "2"}, {"name": "B", "value": "1"}]
    assert container["securityContext"] == {"capabilities": {"add": ["SYS_PTRACE"]}, "runAsUser": 5}


def test_a_copy_drops_what_would_disturb() -> None:
    body = pod_copy(POD, CopyChoices("web-0-copy", images={"*": "web:2"}, commands={"app": ("sleep", "1d")}))
    spec = body["spec"]
    assert "nodeName" not in spec
    assert "initContainers" not in spec
    assert "ephemeralContainers" not in spec
    assert spec["shareProcessNamespace"] is True
    assert spec["containers"][0] == {"name": "app", "image": "web:2", "command": ["sleep", "1d"]}
    assert body["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "k8stui"}
    assert "ownerReferences" not in body["metadata"]
    assert POD["spec"]["containers"][0]["image"] == "web:1"


def test_a_copy_keeps_what_is_asked_for() -> None:
    choices = CopyChoices(
        "c",
        same_node=True,
        share_processes=False,
        keep_labels=True,
        keep_probes=True,
        keep_init_containers=True,
    )
    body = pod_copy(POD, choices, choice())
    assert body["spec"]["nodeName"] == "node-1"
    assert body["spec"]["initContainers"]
    assert "livenessProbe" in body["spec"]["containers"][0]
    assert body["metadata"]["labels"]["app"] == "web"
    assert [container["name"] for container in body["spec"]["containers"]] == ["app", "proxy", "debugger-x"]


@pytest.mark.parametrize(
    ("profile", "host", "files", "security"),
    [
        (Profile.GENERAL, True, True, None),
        (Profile.BASELINE, False, False, None),
        (Profile.NETADMIN, True, False, {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}),
        (Profile.SYSADMIN, True, True, {"privileged": True}),
    ],
)
def test_node_profiles(profile: Profile, host: bool, files: bool, security: dict[str, Any] | None) -> None:
    body = node_debugger("node-1", choice(profile), namespace="default", name="n")
    spec = body["spec"]
    assert spec.get("hostPID", False) is host
    assert bool(spec.get("volumes")) is files
    assert spec["containers"][0].get("securityContext") == security
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["restartPolicy"] == "Never"


def test_names() -> None:
    chance = random.Random(1)
    assert free_name(POD, "debugger", chance).startswith("debugger-")
    assert node_debugger_name("node-1", chance).startswith("node-debugger-node-1-")
    assert len(node_debugger_name("n" * 300, chance)) <= 253
