"""What a session asks the server beside its stream: which container, which system, and what became of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from k8stui.kube.connection.protocols import Requests
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.sessions.streams import StreamOpener
from k8stui.kube.sessions.target import container_choices, default_choice, operating_system
from k8stui.kube.sessions.words import Ending, not_running, pod_gone

if TYPE_CHECKING:
    from k8stui.kube.sessions.target import SessionTarget

__all__ = ["Lease", "Server", "autopsy", "chosen_container", "explained", "node_system", "read_pod"]

LOOK_TIMEOUT = 5.0
"""Seconds that a look at the pod may take when the stream broke."""


class Server(Requests, StreamOpener, Protocol):
    """A `Connection`, as far as sessions need it."""


class Lease(Protocol):
    """A place on a shared connection. Closing it gives the place back; the connection may live on."""

    async def connection(self) -> Server: ...
    async def close(self) -> None: ...


async def read_object(connection: Requests, path: str, timeout: float = 30.0) -> dict[str, Any]:
    """An object as JSON. Raises KubeError."""
    response = await connection.request("GET", path, timeout=timeout)
    try:
        found = json.loads(response.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(0, "BadAnswer", f"{path} was answered with something else")
    return found


async def read_pod(connection: Requests, target: SessionTarget, timeout: float = 30.0) -> dict[str, Any]:
    """The pod of a target. Raises KubeError."""
    path = f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}"
    return await read_object(connection, path, timeout)


async def chosen_container(connection: Requests, target: SessionTarget) -> SessionTarget:
    """The target with the container that is meant when none is named, and the pod's uid.

    Who may open a shell but not read the pod gets the server's own choice. Raises KubeError.
    """
    try:
        pod = await read_pod(connection, target)
    except ApiError as error:
        if error.code == 403:
            return target
        raise
    uid = str(pod.get("metadata", {}).get("uid", ""))
    if target.uid and uid and uid != target.uid:
        raise ApiError(404, "NotFound", f"pods {target.pod!r} is another pod now")
    choice = default_choice(container_choices(pod))
    container = target.container or (choice.name if choice else "")
    return replace(target, container=container, uid=uid)


async def node_system(connection: Requests, target: SessionTarget) -> str:
    """The operating system of the pod's node; "" where it cannot be told."""
    try:
        pod = await read_pod(connection, target, LOOK_TIMEOUT)
        found = operating_system(pod)
        node = pod.get("spec", {}).get("nodeName")
        if found or not node:
            return found
        return operating_system(pod, await read_object(connection, f"/api/v1/nodes/{node}", LOOK_TIMEOUT))
    except KubeError:
        return ""


async def explained(lease: Lease, target: SessionTarget, refusal: Ending) -> Ending:
    """Kubelets do not find a container that has ended, or was not begun: then the pod's status says it."""
    try:
        pod = await read_pod(await lease.connection(), target, LOOK_TIMEOUT)
    except KubeError:
        return refusal
    for choice in container_choices(pod):
        if choice.name == target.container and choice.state in ("terminated", "waiting"):
            return not_running(state=f"{choice.state}: {choice.detail}" if choice.detail else choice.state)
    return refusal


async def autopsy(connection: Requests, target: SessionTarget) -> Ending | None:
    """Why a stream broke, where the pod tells; None where it was the connection, or nobody knows."""
    try:
        pod = await read_pod(connection, target, LOOK_TIMEOUT)
    except ApiError as error:
        return pod_gone(target.pod) if error.code == 404 else None
    except KubeError:
        return None
    uid = str(pod.get("metadata", {}).get("uid", ""))
    if target.uid and uid != target.uid:
        return pod_gone(target.pod, replaced=True)
    for choice in container_choices(pod):
        if choice.name == target.container and choice.state == "terminated":
            return not_running(state=f"terminated: {choice.detail}")
    return None
