"""What a debug operation will do, before it does it: requests with their bodies, and words about each.

Pure functions; nothing is sent from here. `operations` carries plans out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from k8stui.kube.debug.objects import (
    CopyChoices,
    DebugContainer,
    ephemeral_container,
    node_debugger,
    pod_copy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CRICTL",
    "DebugKind",
    "Need",
    "Plan",
    "Step",
    "node_commands",
    "plan_copy",
    "plan_ephemeral",
    "plan_node",
]

Json = dict[str, Any]

CRICTL = ("chroot", "/host", "crictl")
"""How crictl of a node is reached from its debug pod."""


class DebugKind(Enum):
    """What is made; the value is the word to show and what is written into the record."""

    EPHEMERAL = "ephemeral"
    COPY = "copy"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Need:
    """A right that a plan needs, as RBAC says it."""

    verb: str
    resource: str
    """With its subresource: "pods/attach"."""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{where}"


@dataclass(frozen=True)
class Step:
    """One request of a plan. `words` says what it does; `manifest` is what to show of it as YAML."""

    method: str
    path: str
    words: str
    body: Mapping[str, Any] = field(default_factory=dict)
    content_type: str = "application/json"
    manifest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A debug operation: its steps in order, and which container to join in the end."""

    kind: DebugKind
    title: str
    namespace: str
    pod: str
    """The pod with the new container in it."""
    container: str
    image: str
    steps: tuple[Step, ...]
    needs: tuple[Need, ...]
    stdin: bool = True
    tty: bool = True
    target_uid: str = ""
    """The uid that the pod must have; "" for one that will be created."""
    node: str = ""
    notes: tuple[str, ...] = ()
    """Sentences that the user should read before it is done."""
    alpha: Mapping[str, Any] = field(default_factory=dict)
    """The container by itself, as servers before 1.22 want it."""

    @property
    def manifests(self) -> tuple[Mapping[str, Any], ...]:
        """What will be created, to be shown as YAML."""
        return tuple(step.manifest for step in self.steps if step.manifest)


def plan_ephemeral(pod: Json, choice: DebugContainer, target: str = "", *, version: str = "") -> Plan:
    """Add an ephemeral container to `pod`; `target` names the container whose processes it shall see.

    `version` is the server's ("v1.34.2"; "" is taken for a new one): those before 1.23 let an ephemeral
    container have no securityContext, so the plan leaves it out and says so.
    """
    metadata = pod["metadata"]
    namespace, name = metadata.get("namespace", "default"), metadata["name"]
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/ephemeralcontainers"
    container = ephemeral_container(choice, target)
    notes = ["An ephemeral container cannot be removed: it stays in the pod as long as the pod lives"]
    if "securityContext" in container and _older(version, 23):
        del container["securityContext"]
        notes.append(
            f"The profile {choice.profile.value} has no effect: before 1.23, servers allow an ephemeral"
            " container no security context"
        )
    patch: Json = {"spec": {"ephemeralContainers": [container]}}
    # a pod deleted and made again under its name is another: the patch must not reach it
    if uid := metadata.get("uid"):
        patch["metadata"] = {"uid": uid}
    where = f" beside {target}" if target else ""
    step = Step(
        "PATCH",
        path,
        f"Add the ephemeral container {choice.name} ({choice.image}) to pod {name}{where}",
        patch,
        "application/strategic-merge-patch+json",
        {"spec": {"ephemeralContainers": [container]}},
    )
    needs = (
        Need("get", "pods", namespace, name),
        Need("patch", "pods/ephemeralcontainers", namespace, name),
        *_attach_needs(namespace, name),
    )
    return Plan(
        DebugKind.EPHEMERAL,
        f"Debug pod {name}",
        namespace,
        name,
        choice.name,
        choice.image,
        (step,),
        needs,
        choice.stdin,
        choice.tty,
        target_uid=metadata.get("uid", ""),
        notes=tuple(notes),
        alpha=container,
    )


def plan_copy(
    pod: Json, choices: CopyChoices, debugger: DebugContainer | None = None, *, container: str = ""
) -> Plan:
    """Create a copy of `pod`; `container` of it is joined in the end (default: the debugger, else the first).

    With `choices.replace` the pod itself is deleted first.
    """
    body = pod_copy(pod, choices, debugger)
    metadata = pod["metadata"]
    namespace = body["metadata"]["namespace"]
    collection = f"/api/v1/namespaces/{namespace}/pods"
    joined = container or (debugger.name if debugger else body["spec"]["containers"][0]["name"])
    spec = next(entry for entry in body["spec"]["containers"] if entry["name"] == joined)
    steps = [
        Step(
            "POST",
            collection,
            f"Create pod {choices.name}, a copy of {metadata['name']}",
            body,
            manifest=body,
        )
    ]
    needs = [Need("get", "pods", namespace), Need("create", "pods", namespace)]
    notes = ["The copy stays until it is deleted"]
    if choices.replace:
        options = {"preconditions": {"uid": metadata["uid"]}} if metadata.get("uid") else {}
        words = f"Delete pod {metadata['name']}, the original"
        steps.insert(0, Step("DELETE", f"{collection}/{metadata['name']}", words, options))
        needs.append(Need("delete", "pods", namespace, metadata["name"]))
        notes.append(f"The original pod {metadata['name']} is deleted before its copy is created")
    if choices.keep_labels:
        notes.append("With its labels kept, services send requests to the copy, and controllers may adopt it")
    needs += _attach_needs(namespace)
    return Plan(
        DebugKind.COPY,
        f"Debug a copy of pod {metadata['name']}",
        namespace,
        choices.name,
        joined,
        spec.get("image", ""),
        tuple(steps),
        tuple(needs),
        bool(spec.get("stdin")),
        bool(spec.get("tty")),
        node=body["spec"].get("nodeName", ""),
        notes=tuple(notes),
    )


def plan_node(node: str, choice: DebugContainer, *, namespace: str, name: str) -> Plan:
    """Create a pod on `node` (see `node_debugger_name` for its name)."""
    body = node_debugger(node, choice, namespace=namespace, name=name)
    collection = f"/api/v1/namespaces/{namespace}/pods"
    host = bool(body["spec"].get("volumes"))
    notes = ["The pod stays until it is deleted"]
    if host:
        notes.append("It sees the whole disk of the node under /host")
    step = Step("POST", collection, f"Create pod {name} on node {node}", body, manifest=body)
    return Plan(
        DebugKind.NODE,
        f"Debug node {node}",
        namespace,
        name,
        choice.name,
        choice.image,
        (step,),
        (Need("get", "pods", namespace), Need("create", "pods", namespace), *_attach_needs(namespace)),
        choice.stdin,
        choice.tty,
        node=node,
        notes=tuple(notes),
    )


def node_commands() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Commands to offer for a node's debug pod: (title, command), () being the image's own shell."""
    return (
        ("Shell of the image", ()),
        ("Shell of the node (chroot /host)", ("chroot", "/host", "/bin/sh")),
        ("Containers of the node (crictl ps)", (*CRICTL, "ps", "-a")),
        ("Images of the node (crictl images)", (*CRICTL, "images")),
        ("Journal of the kubelet", ("chroot", "/host", "journalctl", "-u", "kubelet", "-n", "500", "-f")),
    )


def _older(version: str, minor: int) -> bool:
    """Whether a server's version is known to be before 1.`minor`."""
    parts = version.lstrip("v").split(".")
    digits = "".join(character for character in parts[1] if character.isdigit()) if len(parts) > 1 else ""
    return parts[0] == "1" and bool(digits) and int(digits) < minor


def _attach_needs(namespace: str, name: str = "") -> tuple[Need, ...]:
    # Servers check create since 1.35, and the verb of the WebSocket's request, get, before it.
    return (
        Need("create", "pods/attach", namespace, name),
        Need("get", "pods/attach", namespace, name),
    )
