"""What a pod's spec (of a pod, or of a template) names, and where in it. Pure functions of raw objects.

Source: the Kubernetes API reference (core/v1 PodSpec).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.describe.common import Raw, dig, items
from k8stui.kube.objects.podrefs import ACCOUNTS, CLAIMS, CONFIG_MAPS, PRIORITIES, RUNTIMES, SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

CSI = "csidrivers.storage.k8s.io"
MOST_HOW = 3
"""Places that are named before the rest is counted."""


class Use(Struct):
    """One object that is named, with all the places that name it."""

    kind: str
    name: str
    how: list[str]
    optional: bool = True
    """Every place can do without it."""

    def places(self) -> str:
        """The places in words: `env DB_URL in web, volume conf`."""
        found = list(dict.fromkeys(self.how))
        more = len(found) - MOST_HOW
        words = ", ".join(found[:MOST_HOW])
        return f"{words} and {more} more" if more > 0 else words


def pod_spec_of(obj: Raw) -> Raw | None:
    """The spec of a pod, or the one in a workload's template; None where there is none."""
    if obj.get("kind") == "Pod":
        return dig(obj, "spec")  # type: ignore[no-any-return]
    for path in (
        ("spec", "template", "spec"),
        ("spec", "jobTemplate", "spec", "template", "spec"),
        ("template", "spec"),
    ):
        found = dig(obj, *path)
        if isinstance(found, dict) and "containers" in found:
            return found
    return None


def template_labels(obj: Raw) -> dict[str, str]:
    """The labels of the pods that a workload makes; those of a pod itself."""
    if obj.get("kind") == "Pod":
        return dict(dig(obj, "metadata", "labels", default={}))
    for path in (("spec", "template"), ("spec", "jobTemplate", "spec", "template")):
        found = dig(obj, *path, "metadata", "labels")
        if isinstance(found, dict):
            return dict(found)
    return {}


def uses_of(spec: Raw) -> list[Use]:
    """Everything that a pod's spec names, each object once, in the order of its kinds."""
    found: dict[tuple[str, str], Use] = {}
    for kind, name, how, optional in _all(spec):
        if name:
            use = found.setdefault((kind, name), Use(kind, name, []))
            if how:
                use.how.append(how)
            use.optional = use.optional and optional
    order = (CONFIG_MAPS, SECRETS, CLAIMS, ACCOUNTS, PRIORITIES, RUNTIMES, CSI)
    return sorted(found.values(), key=lambda use: (order.index(use.kind), use.name))


def _all(spec: Raw) -> Iterator[tuple[str, str, str, bool]]:
    for container in (
        *items(spec, "initContainers"),
        *items(spec, "containers"),
        *items(spec, "ephemeralContainers"),
    ):
        yield from _in_container(container)
    for volume in items(spec, "volumes"):
        yield from _in_volume(volume)
    for secret in items(spec, "imagePullSecrets"):
        yield SECRETS, str(secret.get("name", "")), "image pull", False
    yield ACCOUNTS, str(dig(spec, "serviceAccountName", default="")), "", False
    yield PRIORITIES, str(dig(spec, "priorityClassName", default="")), "", False
    yield RUNTIMES, str(dig(spec, "runtimeClassName", default="")), "", False


def _in_container(container: Raw) -> Iterator[tuple[str, str, str, bool]]:
    where = f"in {container.get('name', '')}"
    for source in items(container, "envFrom"):
        for key, kind in (("configMapRef", CONFIG_MAPS), ("secretRef", SECRETS)):
            ref = source.get(key)
            if ref:
                yield kind, str(ref.get("name", "")), f"all keys as env {where}", bool(ref.get("optional"))
    for variable in items(container, "env"):
        value = variable.get("valueFrom") or {}
        for key, kind in (("configMapKeyRef", CONFIG_MAPS), ("secretKeyRef", SECRETS)):
            ref = value.get(key)
            if ref:
                how = f"env {variable.get('name', '')} {where}"
                yield kind, str(ref.get("name", "")), how, bool(ref.get("optional"))


def _in_volume(volume: Raw) -> Iterator[tuple[str, str, str, bool]]:
    how = f"volume {volume.get('name', '')}"
    if "configMap" in volume:
        yield CONFIG_MAPS, *_ref(volume["configMap"], "name", how)
    if "secret" in volume:
        yield SECRETS, *_ref(volume["secret"], "secretName", how)
    if "persistentVolumeClaim" in volume:
        yield CLAIMS, str(dig(volume, "persistentVolumeClaim", "claimName", default="")), how, False
    if "csi" in volume:
        yield CSI, str(dig(volume, "csi", "driver", default="")), how, False
    for source in items(volume, "projected", "sources"):
        for key, kind in (("configMap", CONFIG_MAPS), ("secret", SECRETS)):
            if source.get(key):
                yield kind, *_ref(source[key], "name", how)


def _ref(ref: Any, key: str, how: str) -> tuple[str, str, bool]:
    return str((ref or {}).get(key, "")), how, bool((ref or {}).get("optional"))
