"""Nodes: status, roles, addresses as the server's printer shows them, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.tables.printing import (
    NONE,
    Column,
    Field,
    StructPrinter,
    Tone,
    age_field,
    name_field,
    text_field,
)
from k8stui.kinds.tables.sorting import ip_key
from k8stui.kube.durations import UNKNOWN

if TYPE_CHECKING:
    from k8stui.kube.objects import Node

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
"""Conditions of a node that are wrong when they are True."""


def ready_status(node: Node) -> str:
    """`Ready`, `NotReady`, or `Unknown` where the node has no such condition."""
    found = ""
    for condition in node.status.conditions:
        if condition.type == "Ready":
            found = condition.status
    if not found and not any(each.type == "Ready" for each in node.status.conditions):
        return "Unknown"
    return "Ready" if found == "True" else "NotReady"


def status_text(node: Node) -> str:
    """STATUS, with a mark on nodes that take no new pods."""
    status = ready_status(node)
    return status + ",SchedulingDisabled" if node.spec.unschedulable else status


def roles(node: Node) -> list[str]:
    """The roles that the labels give a node, in order."""
    found = set()
    for key, value in node.metadata.labels.items():
        if key.startswith(_ROLE_PREFIX):
            found.add(key.removeprefix(_ROLE_PREFIX))
        elif key == _ROLE_LABEL:
            found.add(value)
    return sorted(found - {""})


def pressures(node: Node) -> list[str]:
    """The conditions that are True and should not be."""
    return [each.type for each in node.status.conditions if each.type in PRESSURES and each.status == "True"]


def _address(node: Node, kind: str) -> str:
    return next((each.address for each in node.status.addresses if each.type == kind), NONE)


def _address_field(name: str, kind: str) -> Field[Node]:
    return Field(Column(name, 1), lambda o, now: _address(o, kind), lambda o: ip_key(_address(o, kind)))


class NodePrinter(StructPrinter["Node"]):
    """Nodes as `kubectl get nodes -o wide` shows them."""

    fields = (
        name_field(),
        text_field("STATUS", status_text),
        text_field("ROLES", lambda o: ",".join(roles(o)) or NONE),
        age_field(),
        text_field("VERSION", lambda o: o.status.node_info.kubelet_version),
        _address_field("INTERNAL-IP", "InternalIP"),
        _address_field("EXTERNAL-IP", "ExternalIP"),
        text_field("OS-IMAGE", lambda o: o.status.node_info.os_image or UNKNOWN, 1),
        text_field("KERNEL-VERSION", lambda o: o.status.node_info.kernel_version or UNKNOWN, 1),
        text_field("CONTAINER-RUNTIME", lambda o: o.status.node_info.container_runtime_version or UNKNOWN, 1),
    )

    def tone(self, obj: Node) -> Tone:
        """A node that is not ready is wrong; pressure and cordons are worth a look."""
        if ready_status(obj) != "Ready":
            return Tone.ERROR
        return Tone.WARN if obj.spec.unschedulable or pressures(obj) else Tone.OK

    def attention(self, obj: Node) -> bool:
        """A cordon is somebody's intention: it is a fault to look at, and no warning."""
        return ready_status(obj) != "Ready" or bool(pressures(obj))
