"""What a debug container, a pod's copy and a node's debug pod look like, before they are created.

Pure functions from an object as the server sent it to the body of a request: nothing is sent from here, so
that a dialog can show what would be created. As ``kubectl debug`` does it.

Source: https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/ and KEP-1441.
"""

from __future__ import annotations

import copy
import string
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

Json = dict[str, Any]

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "k8stui"
_LETTERS = string.ascii_lowercase + string.digits


class Profile(Enum):
    """What a debug container may do; the names are kubectl's."""

    GENERAL = "general"
    BASELINE = "baseline"
    RESTRICTED = "restricted"
    NETADMIN = "netadmin"
    SYSADMIN = "sysadmin"

    @property
    def explanation(self) -> str:
        """What it gives, in words."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Profile.GENERAL: "may trace processes (SYS_PTRACE); on a node: its namespaces and /host",
    Profile.BASELINE: "no privilege beyond what the baseline pod security standard allows",
    Profile.RESTRICTED: "not root, no capabilities, no privilege escalation",
    Profile.NETADMIN: "may change and watch the network (NET_ADMIN, NET_RAW)",
    Profile.SYSADMIN: "privileged: everything that root on the node may do",
}


@dataclass(frozen=True)
class DebugContainer:
    """What the user chose for the new container; ``custom`` is a partial container merged over the rest."""

    image: str
    name: str
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = Profile.GENERAL
    stdin: bool = True
    tty: bool = True
    pull_policy: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CopyChoices:
    """How a pod's copy differs from the pod. Probes, labels and init containers are dropped unless kept."""

    name: str
    share_processes: bool = True
    same_node: bool = False
    keep_labels: bool = False
    keep_probes: bool = False
    keep_init_containers: bool = False
    replace: bool = False
    """Delete the pod itself before its copy is created."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Container name (or ``*``) to image."""
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_CUSTOM_REFUSED = ("name", "image", "command", "lifecycle", "volumeDevices", "targetContainerName")
_EPHEMERAL_REFUSED = ("ports", "livenessProbe", "readinessProbe", "startupProbe", "resources")


def custom_problem(custom: object, *, ephemeral: bool) -> str:
    """Why a custom profile (a partial container, read from YAML) cannot be used; "" when it can."""
    if not isinstance(custom, dict):
        return "A custom profile is a part of a container: a map such as {securityContext: {...}}"
    refused = _CUSTOM_REFUSED + (_EPHEMERAL_REFUSED if ephemeral else ())
    for key in custom:
        if key in refused:
            return f"A custom profile must not set {key}"
    return ""


def suffix(chance: random.Random) -> str:
    """Five characters that make a name unique."""
    return "".join(chance.choice(_LETTERS) for _ in range(5))


def free_name(pod: Json, prefix: str, chance: random.Random) -> str:
    """A container name that the pod does not have."""
    taken = {
        container.get("name")
        for key in ("containers", "initContainers", "ephemeralContainers")
        for container in pod.get("spec", {}).get(key) or ()
    }
    while (name := f"{prefix}-{suffix(chance)}") in taken:
        pass
    return name


def _container(choice: DebugContainer) -> Json:
    body: Json = {
        "name": choice.name,
        "image": choice.image,
        "stdin": choice.stdin,
        "tty": choice.tty,
        "terminationMessagePolicy": "File",
    }
    if choice.command:
        body["command"] = list(choice.command)
    if choice.arguments:
        body["args"] = list(choice.arguments)
    if choice.environment:
        body["env"] = [{"name": name, "value": value} for name, value in choice.environment.items()]
    if choice.pull_policy:
        body["imagePullPolicy"] = choice.pull_policy
    security = security_context(choice.profile)
    if security:
        body["securityContext"] = security
    return body


def security_context(profile: Profile) -> Json:
    """The securityContext of a debug container under a profile; empty for none."""
    if profile is Profile.GENERAL:
        return {"capabilities": {"add": ["SYS_PTRACE"]}}
    if profile is Profile.NETADMIN:
        return {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
    if profile is Profile.SYSADMIN:
        return {"privileged": True}
    if profile is Profile.RESTRICTED:
        return {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    return {}


def _merged(base: Json, over: Mapping[str, Any]) -> Json:
    """``over`` laid over ``base``: maps are merged, environment by name, everything else replaced."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = _merged(old, value)
        elif key == "env" and isinstance(old, list) and isinstance(value, list):
            result[key] = list({entry.get("name"): entry for entry in [*old, *value]}.values())
        else:
            result[key] = value
    return result


# -- ephemeral containers ----------------------------------------------------------------------


def ephemeral_container(choice: DebugContainer, target: str = "") -> Json:
    """The ephemeral container; ``target`` names the container whose processes it shall see."""
    body = _merged(_container(choice), choice.custom)
    if target:
        body["targetContainerName"] = target
    return body


# -- a pod's copy ------------------------------------------------------------------------------


def pod_copy(pod: Json, choices: CopyChoices, debugger: DebugContainer | None = None) -> Json:
    """A pod to create beside (or instead of) ``pod``, with ``debugger`` as a further container if given."""
    spec: Json = copy.deepcopy(pod["spec"])
    for key in ("ephemeralContainers", "priority", "preemptionPolicy"):
        spec.pop(key, None)
    if not choices.same_node:
        spec.pop("nodeName", None)
    if not choices.keep_init_containers:
        spec.pop("initContainers", None)
    for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        _adapt(container, choices)
    if choices.share_processes:
        spec["shareProcessNamespace"] = True
    if debugger is not None:
        spec["containers"].append(_merged(_container(debugger), debugger.custom))
    metadata: Json = {"name": choices.name, "namespace": pod["metadata"].get("namespace", "default")}
    labels = dict(pod["metadata"].get("labels") or {}) if choices.keep_labels else {}
    metadata["labels"] = {**labels, MANAGED_BY: MANAGER}
    annotations = pod["metadata"].get("annotations")
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _adapt(container: Json, choices: CopyChoices) -> None:
    if not choices.keep_probes:
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            container.pop(probe, None)
    name = container.get("name", "")
    image = choices.images.get(name, choices.images.get("*"))
    if image:
        container["image"] = image
    if name in choices.commands:
        container["command"] = list(choices.commands[name])
        container.pop("args", None)


# -- a node's debug pod ------------------------------------------------------------------------


def node_debugger(node: str, choice: DebugContainer, *, namespace: str, name: str) -> Json:
    """A pod on ``node``, whatever its taints; the profile decides about host namespaces and ``/host``."""
    host = choice.profile in (Profile.GENERAL, Profile.NETADMIN, Profile.SYSADMIN)
    files = choice.profile in (Profile.GENERAL, Profile.SYSADMIN)
    body = _container(choice)
    if choice.profile is Profile.GENERAL:
        body.pop("securityContext", None)
    spec: Json = {
        "nodeName": node,
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
        "containers": [],
    }
    if host:
        spec |= {"hostNetwork": True, "hostPID": True, "hostIPC": True}
    if files:
        body["volumeMounts"] = [{"name": "host-root", "mountPath": "/host"}]
        spec["volumes"] = [{"name": "host-root", "hostPath": {"path": "/"}}]
    spec["containers"].append(_merged(body, choice.custom))
    metadata = {"name": name, "namespace": namespace, "labels": {MANAGED_BY: MANAGER}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def node_debugger_name(node: str, chance: random.Random) -> str:
    """``node-debugger-<node>-<5 characters>``, cut to what a pod's name may have (253)."""
    return f"node-debugger-{node[:230]}-{suffix(chance)}"
