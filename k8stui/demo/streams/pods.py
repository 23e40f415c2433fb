"""Which container a request means: lookups and refusals that logs, exec, attach and port-forward share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.containers import SPEC_LISTS, Container, container_spec, container_status
from k8stui.demo.errors import StoreError, bad_request, not_found

if TYPE_CHECKING:
    from k8stui.demo.routing import Call

PodObject = dict[str, Any]
_PULL = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def find_pod(call: Call) -> PodObject:
    """The pod of the path. Raises 404."""
    namespace, name = call.args["ns"], call.args["name"]
    res = call.registry.find("", "v1", "pods")
    if res is None:
        raise bad_request("no pods are served here")
    pod = call.store.get(res, namespace, name)
    if pod is None:
        raise not_found(res, name)
    return pod


def container_names(pod: PodObject) -> list[str]:
    """All containers in the order init, usual, ephemeral."""
    spec = pod.get("spec", {})
    order = ("initContainers", "containers", "ephemeralContainers")
    return [entry["name"] for key in order for entry in spec.get(key) or ()]


def choose_container(pod: PodObject, asked: str) -> str:
    """The container that is asked for, or the only one. Raises 400."""
    name = pod["metadata"]["name"]
    if not asked:
        usual = pod.get("spec", {}).get("containers") or []
        if len(usual) == 1:
            return str(usual[0]["name"])
        choices = " ".join(container_names(pod))
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    if container_spec(pod, asked) is None:
        raise bad_request(f"container {asked} is not valid for pod {name}")
    return asked


def require_node(pod: PodObject) -> str:
    """The pod's node. Raises 400 for a pod that has none."""
    node = pod.get("spec", {}).get("nodeName")
    if not node:
        raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    return str(node)


def log_container(pod: PodObject, name: str, *, previous: bool) -> Container:
    """The run whose log is meant. Raises 400 with the kubelet's words when there is none."""
    pod_name = pod["metadata"]["name"]
    status = container_status(pod, name)
    if status is None:
        raise bad_request(f'container "{name}" in pod "{pod_name}" is not available')
    container = Container.from_pod(pod, name, previous=previous)
    if previous and container is None:
        raise bad_request(f'previous terminated container "{name}" in pod "{pod_name}" not found')
    if container is None:
        reason = ((status.get("state") or {}).get("waiting") or {}).get("reason", "ContainerCreating")
        raise bad_request(
            f'container "{name}" in pod "{pod_name}" is waiting to start: {_PULL.get(reason, reason)}'
        )
    if not container.id:
        raise bad_request(f'container "{name}" in pod "{pod_name}" is terminated')
    return container


def running_container(pod: PodObject, name: str) -> Container | None:
    """The run that a program can be started in, if the container runs."""
    container = Container.from_pod(pod, name)
    return container if container is not None and container.running else None


def container_now(call: Call, container: Container, *, previous: bool = False) -> Container | None:
    """The container as its pod tells it now: None when the pod is gone, another id after a restart."""
    res = call.registry.find("", "v1", "pods")
    pod = None if res is None else call.store.get(res, container.namespace, container.pod)
    if pod is None or pod["metadata"].get("uid") != container.pod_uid:
        return None
    return Container.from_pod(pod, container.name, previous=previous)


def read_object(call: Call, plural: str, namespace: str, name: str) -> PodObject | None:
    """An object of the core group, None when it is not there."""
    res = call.registry.find("", "v1", plural)
    return None if res is None else call.store.get(res, namespace, name)


def declared_ports(pod: PodObject) -> dict[int, str]:
    """Port -> container of all declared TCP ports."""
    found: dict[int, str] = {}
    for key in SPEC_LISTS:
        for entry in pod.get("spec", {}).get(key) or ():
            for port in entry.get("ports") or ():
                if port.get("protocol", "TCP") == "TCP":
                    found[int(port["containerPort"])] = entry["name"]
    return found


def upgrade_required() -> StoreError:
    """400 for a plain request to what needs an upgrade."""
    return bad_request("Upgrade request required")
