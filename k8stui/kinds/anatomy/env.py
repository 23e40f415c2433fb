"""The environment of a container as its program gets it, from config maps, secrets and the pod. Pure.

Values of secrets are masked unless they were asked for. `$(NAME)` is replaced as the kubelet does: by what
was set before it, else left as it is; `$$(NAME)` stands for itself. Source: the Kubernetes API reference
(EnvVar).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from k8stui.kinds.describe.common import Raw, dig, items, plain
from k8stui.kinds.describe.lines import Ref
from k8stui.kinds.yaml_noise import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG_MAPS, SECRETS = "configmaps", "secrets"
MASK = "••••••"
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")


class Sources(Struct):
    """The config maps and secrets that were read, by kind and name."""

    objects: dict[tuple[str, str], Raw] = field(default_factory=dict)
    problems: dict[tuple[str, str], str] = field(default_factory=dict)
    """For what could not be read, why. What is in neither was not read (secrets that nobody asked for)."""


class Variable(NamedTuple):
    """One variable."""

    name: str
    value: str
    """Masked where it comes from a secret that was not asked for; empty where it cannot be told."""
    origin: str = ""
    """`secret db, key password`."""
    ref: Ref | None = None
    missing: str = ""
    """Why there is no value."""
    masked: bool = False


def sources_of(pod: Raw) -> list[tuple[str, str]]:
    """The config maps and secrets that the environments of a pod's containers come from."""
    found: dict[tuple[str, str], None] = {}
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in items(pod, "spec", key):
            for ref in _refs(container):
                found.setdefault(ref)
    return list(found)


def _refs(container: Raw) -> Iterator[tuple[str, str]]:
    places = [*items(container, "envFrom"), *(v.get("valueFrom") or {} for v in items(container, "env"))]
    for place in places:
        for kind, keys in (
            (CONFIG_MAPS, ("configMapRef", "configMapKeyRef")),
            (SECRETS, ("secretRef", "secretKeyRef")),
        ):
            for key in keys:
                name = dig(place, key, "name")
                if name:
                    yield kind, str(name)


def environment(pod: Raw, container: Raw, sources: Sources, *, reveal: bool) -> list[Variable]:
    """The variables of a container, those that are set twice once, with the later value."""
    found: dict[str, Variable] = {}
    for source in items(container, "envFrom"):
        for each in _whole(pod, source, sources, reveal):
            found[each.name] = each
    for raw in items(container, "env"):
        found[plain(raw.get("name"))] = _one(pod, container, raw, found, sources, reveal)
    return list(found.values())


def _ref(pod: Raw, kind: str, name: str) -> Ref:
    return Ref(kind, name, str(dig(pod, "metadata", "namespace", default="")))


def _whole(pod: Raw, source: Raw, sources: Sources, reveal: bool) -> Iterator[Variable]:
    """All keys of a config map or secret."""
    kind = CONFIG_MAPS if "configMapRef" in source else SECRETS
    named = source.get("configMapRef") or source.get("secretRef") or {}
    name, prefix = plain(named.get("name")), plain(source.get("prefix"))
    noun = "config map" if kind == CONFIG_MAPS else "secret"
    ref = _ref(pod, kind, name)
    obj = sources.objects.get((kind, name))
    if obj is None:
        why = sources.problems.get((kind, name), "")
        if why and named.get("optional"):
            why = f"{why} (optional)"
        yield Variable(f"{prefix}*", "" if why else MASK, f"all keys of {noun} {name}", ref, why, not why)
        return
    for key, value in sorted((obj.get("data") or {}).items()):
        origin = f"{noun} {name}"
        if kind == SECRETS:
            shown = _decoded(value) if reveal else MASK
            yield Variable(prefix + key, shown, origin, ref, masked=not reveal)
        else:
            yield Variable(prefix + key, str(value), origin, ref)


def _one(
    pod: Raw, container: Raw, raw: Raw, before: dict[str, Variable], sources: Sources, reveal: bool
) -> Variable:
    name, origin = plain(raw.get("name")), raw.get("valueFrom") or {}
    if not origin:
        return _expanded(name, plain(raw.get("value")), before)
    if "fieldRef" in origin:
        path = plain(dig(origin, "fieldRef", "fieldPath"))
        return Variable(name, _field(pod, path), f"the pod's {path}")
    if "resourceFieldRef" in origin:
        resource = plain(dig(origin, "resourceFieldRef", "resource"))
        part, _, key = resource.partition(".")
        of = plain(dig(origin, "resourceFieldRef", "containerName"))
        owner = next((c for c in items(pod, "spec", "containers") if of and c.get("name") == of), container)
        return Variable(name, plain(dig(owner, "resources", part, key)), resource)
    for key, kind, noun in (
        ("configMapKeyRef", CONFIG_MAPS, "config map"),
        ("secretKeyRef", SECRETS, "secret"),
    ):
        if key in origin:
            return _keyed(pod, name, origin[key], kind, noun, sources, reveal)
    return Variable(name, "", next(iter(origin), ""))


def _keyed(pod: Raw, name: str, ref: Raw, kind: str, noun: str, sources: Sources, reveal: bool) -> Variable:
    source, key = plain(ref.get("name")), plain(ref.get("key"))
    origin, link = f"{noun} {source}, key {key}", _ref(pod, kind, source)
    obj = sources.objects.get((kind, source))
    optional = " (optional)" if ref.get("optional") else ""
    if obj is None:
        why = sources.problems.get((kind, source), "")
        return Variable(name, "" if why else MASK, origin, link, f"{why}{optional}" if why else "", not why)
    data: Any = obj.get("data") or {}
    if key not in data and key not in (obj.get("binaryData") or {}):
        return Variable(name, "", origin, link, f"the {noun} has no key {key}{optional}")
    if kind == SECRETS:
        return Variable(name, _decoded(data.get(key)) if reveal else MASK, origin, link, masked=not reveal)
    return Variable(name, str(data.get(key, "(binary)")), origin, link)


def _decoded(value: Any) -> str:
    raw = decoded(value) if isinstance(value, str) else b""
    if raw is None:
        return "(not base64)"
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"(binary: {len(raw)} bytes)"


def _expanded(name: str, value: str, before: dict[str, Variable]) -> Variable:
    masked = False

    def put(match: re.Match[str]) -> str:
        nonlocal masked
        if match[1] is None:
            return "$"
        known = before.get(match[1])
        if known is None:
            return match[0]
        masked = masked or known.masked
        return known.value

    shown = _REFERENCE.sub(put, value)
    return Variable(name, shown, f"from {value}" if shown != value else "", masked=masked)


def _field(pod: Raw, path: str) -> str:
    if path.endswith("']") and "['" in path:
        base, _, key = path[:-2].partition("['")
        return plain(dig(pod, *base.split("."), key))
    return plain(dig(pod, *path.split(".")))
