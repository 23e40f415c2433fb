"""The server's OpenAPI as schemas of kinds: decoded lazily, from a document of version 2 or 3.

A document is 0.1 to 4 MB of JSON; it is kept compressed, and only the definitions that a kind reaches are
decoded. Everything here is pure and takes up to a few hundred milliseconds on large documents: to be called
in a thread. Sources: https://kubernetes.io/docs/concepts/overview/kubernetes-api/ and the OpenAPI
extensions `x-kubernetes-*` of kube-openapi.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Schema", "SchemaDocument"]

_GVK = "x-kubernetes-group-version-kind"


class _Gvk(msgspec.Struct, frozen=True):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Named(msgspec.Struct):
    gvks: list[_Gvk] = msgspec.field(default_factory=list, name=_GVK)


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class _Document(msgspec.Struct):
    components: _Components = msgspec.field(default_factory=_Components)
    definitions: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)

    @property
    def all(self) -> dict[str, msgspec.Raw]:
        """The schemas by name, wherever this version of OpenAPI keeps them."""
        return self.components.schemas or self.definitions


_DECODER = msgspec.json.Decoder(_Document)
_NAMED = msgspec.json.Decoder(_Named)


class SchemaDocument:
    """One OpenAPI document. Raises ValueError for bytes that are none."""

    def __init__(self, body: bytes) -> None:
        try:
            named = _DECODER.decode(body).all
            self._names = {
                (gvk.group, gvk.version, gvk.kind): name
                for name, raw in named.items()
                if _GVK.encode() in bytes(raw)
                for gvk in _NAMED.decode(raw).gvks
            }
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"the server's OpenAPI is not understood: {error}") from error
        self._packed = zlib.compress(msgspec.json.encode({"definitions": named}), 1)

    def __contains__(self, gvk: object) -> bool:
        return gvk in self._names

    def kind(self, group: str, version: str, kind: str) -> Schema | None:
        """The schema of a kind with all that it refers to; None where the document has none."""
        name = self._names.get((group, version, kind))
        if name is None:
            return None
        raw = _DECODER.decode(zlib.decompress(self._packed)).all
        found: dict[str, dict[str, Any]] = {}
        wanted = [name]
        while wanted:
            here = wanted.pop()
            if here in found or here not in raw:
                continue
            definition = msgspec.json.decode(raw[here])
            found[here] = definition if isinstance(definition, dict) else {}
            wanted.extend(_references(definition))
        return Schema(found, {"$ref": f"#/{name}"})


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


# Enums that servers before 1.24 do not tell: the last part of the definition's name and the field.
_ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Container", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("Container", "terminationMessagePolicy"): ("FallbackToLogsOnError", "File"),
    ("ContainerPort", "protocol"): ("SCTP", "TCP", "UDP"),
    ("ServicePort", "protocol"): ("SCTP", "TCP", "UDP"),
    ("NetworkPolicyPort", "protocol"): ("SCTP", "TCP", "UDP"),
    ("PodSpec", "restartPolicy"): ("Always", "Never", "OnFailure"),
    ("PodSpec", "dnsPolicy"): ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ("ServiceSpec", "type"): ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    ("ServiceSpec", "sessionAffinity"): ("ClientIP", "None"),
    ("ServiceSpec", "externalTrafficPolicy"): ("Cluster", "Local"),
    ("DeploymentStrategy", "type"): ("Recreate", "RollingUpdate"),
    ("StatefulSetUpdateStrategy", "type"): ("OnDelete", "RollingUpdate"),
    ("DaemonSetUpdateStrategy", "type"): ("OnDelete", "RollingUpdate"),
    ("StatefulSetSpec", "podManagementPolicy"): ("OrderedReady", "Parallel"),
    ("CronJobSpec", "concurrencyPolicy"): ("Allow", "Forbid", "Replace"),
    ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy"): ("Delete", "Recycle", "Retain"),
    ("PersistentVolumeClaimSpec", "volumeMode"): ("Block", "Filesystem"),
    ("Taint", "effect"): ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    ("Toleration", "effect"): ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    ("Toleration", "operator"): ("Equal", "Exists"),
    ("LabelSelectorRequirement", "operator"): ("DoesNotExist", "Exists", "In", "NotIn"),
    ("HTTPIngressPath", "pathType"): ("Exact", "ImplementationSpecific", "Prefix"),
    ("StorageClass", "reclaimPolicy"): ("Delete", "Retain"),
    ("StorageClass", "volumeBindingMode"): ("Immediate", "WaitForFirstConsumer"),
}


class Schema:
    """What may stand at one place of an object."""

    __slots__ = ("_all", "_known", "_raw", "name")

    def __init__(self, definitions: dict[str, dict[str, Any]], raw: dict[str, Any]) -> None:
        self._all = definitions
        self.name = ""
        """Last part of the definition's name ("Container"), if it has one."""
        self._known: tuple[str, ...] = ()
        self._raw = self._resolved(raw)

    def _resolved(self, raw: dict[str, Any]) -> dict[str, Any]:
        own = raw
        for _ in range(8):
            inner = own.get("allOf")
            target = inner[0] if isinstance(inner, list) and len(inner) == 1 else own
            reference = target.get("$ref") if isinstance(target, dict) else None
            if not isinstance(reference, str):
                return own
            name = reference.rpartition("/")[2]
            self.name = name.rpartition(".")[2]
            rest = {key: value for key, value in own.items() if key not in ("$ref", "allOf")}
            own = {**self._all.get(name, {}), **rest}
        return own

    def _of(self, raw: Any) -> Schema | None:
        return Schema(self._all, raw) if isinstance(raw, dict) else None

    # What may stand here

    @property
    def types(self) -> frozenset[str]:
        """JSON types that fit ("integer" is no "number" here); empty: any."""
        raw = self._raw
        if self.name == "Quantity":
            return frozenset({"string", "integer", "number"})
        if raw.get("x-kubernetes-int-or-string") or raw.get("format") == "int-or-string":
            return frozenset({"string", "integer"})
        kind = raw.get("type")
        if isinstance(kind, str):
            if kind == "object" and self.is_free:
                return (
                    frozenset()
                    if self.name in ("RawExtension", "JSON") or not self.name
                    else frozenset({kind})
                )
            return frozenset({kind})
        options = raw.get("oneOf") or raw.get("anyOf")
        if isinstance(options, list) and all(isinstance(each, dict) and "type" in each for each in options):
            return frozenset(str(each["type"]) for each in options)
        return frozenset({"object"}) if "properties" in raw else frozenset()

    @property
    def is_free(self) -> bool:
        """Any field may stand below (an object whose fields the schema does not name)."""
        raw = self._raw
        return bool(raw.get("x-kubernetes-preserve-unknown-fields")) or not (
            raw.get("properties") or raw.get("additionalProperties") or raw.get("items")
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of fields that may stand below."""
        return tuple(self._raw.get("properties") or ())

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that must stand below."""
        return tuple(self._raw.get("required") or ())

    def field(self, name: str) -> Schema | None:
        """What may stand in a field; None for one that is not known."""
        found = self._of((self._raw.get("properties") or {}).get(name))
        if found is None:
            return self.values
        found._known = _ENUMS.get((self.name, name), ())
        return found

    @property
    def values(self) -> Schema | None:
        """What may stand at each key of a map."""
        return self._of(self._raw.get("additionalProperties"))

    @property
    def item(self) -> Schema | None:
        """What may stand in a list."""
        return self._of(self._raw.get("items"))

    def at(self, path: tuple[str | int, ...]) -> Schema | None:
        """What may stand at a path below."""
        here: Schema | None = self
        for step in path:
            if here is None:
                return None
            here = here.item if isinstance(step, int) else here.field(step)
        return here

    # What is said about it

    @property
    def description(self) -> str:
        """The server's words about it."""
        return str(self._raw.get("description") or "").strip()

    @property
    def format(self) -> str:
        """`int32`, `date-time`, …"""
        return str(self._raw.get("format") or "")

    @property
    def default(self) -> Any:
        """What the server puts here where nothing stands; None: nothing known."""
        return self._raw.get("default")

    @property
    def enum(self) -> tuple[Any, ...]:
        """The values that there are; empty: not told."""
        return tuple(self._raw.get("enum") or self._known)

    @property
    def minimum(self) -> float | None:
        """The least number."""
        return self._raw.get("minimum")

    @property
    def maximum(self) -> float | None:
        """The greatest number."""
        return self._raw.get("maximum")

    @property
    def pattern(self) -> str:
        """A regular expression that a string must match."""
        return str(self._raw.get("pattern") or "")

    # How lists are merged

    @property
    def patch_key(self) -> str:
        """The key by which kubectl merges items of this list; "": the list is one value."""
        if "merge" not in str(self._raw.get("x-kubernetes-patch-strategy") or ""):
            return ""
        return str(self._raw.get("x-kubernetes-patch-merge-key") or "")

    @property
    def patches_set(self) -> bool:
        """kubectl merges this list of plain values as a set."""
        strategy = str(self._raw.get("x-kubernetes-patch-strategy") or "")
        return "merge" in strategy and not self._raw.get("x-kubernetes-patch-merge-key")

    @property
    def list_keys(self) -> tuple[str, ...]:
        """The keys that tell items of this list apart."""
        keys = self._raw.get("x-kubernetes-list-map-keys")
        if self._raw.get("x-kubernetes-list-type") == "map" and keys:
            return tuple(keys)
        return (self.patch_key,) if self.patch_key else ()

    @property
    def is_set(self) -> bool:
        """A list of plain values in which each stands once."""
        return self._raw.get("x-kubernetes-list-type") == "set" or self.patches_set

    @property
    def is_atomic(self) -> bool:
        """One value, whatever is in it."""
        return "atomic" in (
            self._raw.get("x-kubernetes-list-type"),
            self._raw.get("x-kubernetes-map-type"),
        )

    def type_text(self) -> str:
        """The type in a word or a few: `[]Container`, `map of string`, `int32`."""
        types = self.types
        if types == {"array"}:
            item = self.item
            return f"[]{item.type_text() if item is not None else 'any'}"
        if types == {"object"} or (not types and self.name):
            if self.name:
                return self.name
            values = self.values
            return f"map of {values.type_text()}" if values is not None else "object"
        if self.name and self.name not in ("JSON", "RawExtension"):
            return self.name
        text = " or ".join(sorted(types)) or "any"
        return self.format if types == {"integer"} and self.format else text
