"""Which pod and which port a port-forward leads to now: of a pod, a service or a workload.

Pods come and go: it is asked again whenever the pod of before is not there or not ready. A pod that is
gone is replaced by one of the same controller with the same labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.operations.plans import dig
from k8stui.kube.operations.reading import read_items, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.connection.protocols import Requests

_HASHES = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
    }
)
"""Labels that differ between a pod and its replacement."""


class NoPod(KubeError):
    """There is no pod to forward to, for now."""


class Place(NamedTuple):
    """A pod and its port."""

    pod: str
    uid: str
    port: int


class Known(NamedTuple):
    """What is remembered of a pod, so that its replacement is found."""

    labels: dict[str, str]
    controlled: bool


class PortChoice(NamedTuple):
    """A port that can be forwarded to."""

    port: int
    name: str = ""
    container: str = ""


async def find_place(
    connection: Requests, path: str, plural: str, port: str, known: Known | None = None
) -> tuple[Place, Known]:
    """Where `port` (number or name) of the object at `path` leads. Raises KubeError; NoPod: wait."""
    space = path.rpartition("/namespaces/")[2].partition("/")[0]
    pods = f"/api/v1/namespaces/{space}/pods"
    if plural == "pods":
        pod = await _pod_or_next(connection, path, pods, known)
    else:
        obj = await read_json(connection, path)
        if plural == "services":
            port, pod = await _of_service(connection, obj, pods, port)
        else:
            selector = _selector(dig(obj, "spec", "selector"))
            pod = _best(await read_items(connection, pods, {"labelSelector": selector}))
    meta = pod["metadata"]
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key not in _HASHES}
    place = Place(meta["name"], meta.get("uid", ""), _number(pod, port))
    return place, Known(labels, bool(_controller(pod)))


async def _pod_or_next(connection: Requests, path: str, pods: str, known: Known | None) -> Mapping[str, Any]:
    try:
        pod = await read_json(connection, path)
        if known is None or usable(pod):
            return pod if usable(pod) else _best([pod])
    except ApiError as error:
        if error.code != 404 or known is None:
            raise
    if not known.controlled or not known.labels:
        raise NoPod("The pod is gone, and no controller replaces it")
    selector = ",".join(f"{key}={value}" for key, value in known.labels.items())
    return _best(await read_items(connection, pods, {"labelSelector": selector}))


async def _of_service(
    connection: Requests, service: Mapping[str, Any], pods: str, port: str
) -> tuple[str, Mapping[str, Any]]:
    selector = dig(dict(service), "spec", "selector")
    if not selector:
        raise KubeError("The service selects no pods", hint="forward to the pod behind it")
    for each in dig(dict(service), "spec", "ports") or ():
        if port in (str(each.get("port")), each.get("name")):
            port = str(each.get("targetPort") or each.get("port"))
            break
    else:
        raise KubeError(f"The service has no port {port}")
    text = ",".join(f"{key}={value}" for key, value in selector.items())
    return port, _best(await read_items(connection, pods, {"labelSelector": text}))


def _selector(selector: Any) -> str:
    """A workload's selector as the server takes it. Raises KubeError."""
    if not isinstance(selector, dict) or not selector:
        raise KubeError("It selects no pods")
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{key}={value}" for key, value in selector.items())  # a ReplicationController
    words = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each.get("key"), ",".join(each.get("values") or ())
        form = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        words.append(str(form.get(each.get("operator"), f"!{key}")))
    return ",".join(words)


def usable(pod: Mapping[str, Any]) -> bool:
    """It runs and stays."""
    return dig(dict(pod), "status", "phase") == "Running" and not dig(
        dict(pod), "metadata", "deletionTimestamp"
    )


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = dig(dict(pod), "status", "conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _best(pods: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """A ready pod, else one that runs; the youngest of them. Raises NoPod."""
    found = [pod for pod in pods if usable(pod)]
    if not found:
        count = len(pods)
        raise NoPod("No pod of it runs" if count else "It has no pods", hint="it is tried again")
    return max(found, key=lambda pod: (_ready(pod), dig(dict(pod), "metadata", "creationTimestamp") or ""))


def _controller(pod: Mapping[str, Any]) -> Any:
    owners = dig(dict(pod), "metadata", "ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _number(pod: Mapping[str, Any], port: str) -> int:
    """The number of a port, which may be named. Raises KubeError."""
    if port.isdecimal() and 0 < int(port) < 65536:
        return int(port)
    for choice in pod_ports(pod.get("spec") or {}):
        if choice.name == port:
            return choice.port
    raise KubeError(f"The pod has no port {port!r}")


def pod_ports(spec: Mapping[str, Any]) -> list[PortChoice]:
    """The TCP ports that the containers of a pod spec name."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return [
        PortChoice(int(port["containerPort"]), port.get("name", ""), container.get("name", ""))
        for container in containers
        for port in container.get("ports") or ()
        if port.get("protocol", "TCP") == "TCP"
    ]


def port_choices(plural: str, obj: Mapping[str, Any]) -> list[PortChoice]:
    """The ports that can be forwarded to, of a pod, a service or a workload."""
    if plural == "services":
        ports = dig(dict(obj), "spec", "ports") or ()
        return [
            PortChoice(int(port["port"]), port.get("name", ""))
            for port in ports
            if port.get("protocol", "TCP") == "TCP"
        ]
    if plural == "pods":
        return pod_ports(obj.get("spec") or {})
    return pod_ports(dig(dict(obj), "spec", "template", "spec") or {})
