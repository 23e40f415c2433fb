"""The warnings that a real API server sends along with answers: deprecated versions, suspicious fields.

Nothing is refused here. Sentences are the server's, without the `Warning: ` that kubectl puts before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from k8stui.demo.resources import Resource

Obj = dict[str, Any]

__all__ = ["of_kind", "of_object"]

_KINDS = {
    "componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
    "endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}
_LABELS = {
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
}
_TEMPLATES = {
    "deployments": ("spec", "template"),
    "replicasets": ("spec", "template"),
    "statefulsets": ("spec", "template"),
    "daemonsets": ("spec", "template"),
    "jobs": ("spec", "template"),
    "cronjobs": ("spec", "jobTemplate", "spec", "template"),
}


def of_kind(res: Resource) -> list[str]:
    """What is said at each request for a kind."""
    text = "" if res.group else _KINDS.get(res.plural, "")
    return [text] if text else []


def of_object(res: Resource, obj: Mapping[str, Any]) -> list[str]:
    """What is said of an object that is created or changed."""
    if res.custom:
        return []
    if res.storage == "pods":
        return list(_pod(obj.get("spec") or {}, "spec"))
    path = _TEMPLATES.get(res.plural, ())
    found: Any = obj
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    if not path or not isinstance(found, dict):
        return []
    return list(_pod(found.get("spec") or {}, ".".join((*path, "spec"))))


def _pod(spec: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or ():
        if key in _LABELS:
            since, instead = _LABELS[key]
            yield f'{path}.nodeSelector[{key}]: deprecated since {since}; use "{instead}" instead'
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        words = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {words}"
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        if alias.get("ip") in [other.get("ip") for other in spec["hostAliases"][:index]]:
            yield f'{path}.hostAliases[{index}].ip: duplicate ip "{alias.get("ip")}"'
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(kind) or ()):
            yield from _container(container, f"{path}.{kind}[{index}]")


def _container(container: Mapping[str, Any], path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, variable in enumerate(container.get("env") or ()):
        name = variable.get("name", "")
        if name in seen:
            words = "which may be dropped when using apply"
            yield f'{path}.env[{index}]: hides previous definition of "{name}", {words}'
        seen.add(name)
    ports: dict[tuple[Any, Any], int] = {}
    for index, port in enumerate(container.get("ports") or ()):
        slot = (port.get("containerPort"), port.get("protocol", "TCP"))
        if slot in ports:
            yield f"{path}.ports[{index}]: duplicate port definition with {path}.ports[{ports[slot]}]"
        ports.setdefault(slot, index)
    for side in ("limits", "requests"):
        for name, amount in ((container.get("resources") or {}).get(side) or {}).items():
            if name in ("memory", "ephemeral-storage") and str(amount).endswith("m"):
                words = f'fractional byte value "{amount}" is invalid, must be an integer'
                yield f"{path}.resources.{side}[{name}]: {words}"
