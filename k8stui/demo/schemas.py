"""What objects may look like: one `Schema` for each served kind, for validation, patches and OpenAPI.

Built-in kinds are read from the model classes of the installed Kubernetes client (field names, types and
descriptions), with the merge rules of `schema_rules`; custom kinds from their CRD. The import of the models
is heavy: `Schemas.ready` does it once, in a thread, when the first request needs it.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from k8stui.demo import schema_rules as rules

if TYPE_CHECKING:
    from types import ModuleType

    from k8stui.demo.registry import Registry
    from k8stui.demo.resources import Resource

_SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "datetime": "time"}
_PREFIX = re.compile(
    r"^(Core|Events|Discovery|Rbac|Storage|Authentication|Flowcontrol|Apiextensions|"
    r"Apiregistration|Admissionregistration|Resource)?(V\d+(?:(?:alpha|beta)\d+)?)(?=[A-Z])"
)
_META_TYPES = frozenset(
    [
        "ObjectMeta",
        "ListMeta",
        "OwnerReference",
        "ManagedFieldsEntry",
        "LabelSelector",
        "LabelSelectorRequirement",
        "Condition",
        "DeleteOptions",
        "Preconditions",
    ]
)


@dataclass(slots=True, eq=False)
class Schema:
    """The shape of one value. Objects of the API are shared and may be recursive: never walk blindly."""

    type: str
    """object, map, array, string, integer, number, boolean, time, int-or-string, quantity or any."""
    name: str = ""
    """The type's name (`Container`), for objects of the API."""
    full_name: str = ""
    description: str = ""
    fields: dict[str, Schema] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    item: Schema | None = None
    """Element of an array, value of a map."""
    list_type: str = "atomic"
    list_keys: tuple[str, ...] = ()
    merge_key: str = ""
    """Key by which a strategic merge patch merges a list."""
    merge: bool = False
    """Whether a strategic merge patch merges this list (of scalars, when there is no key)."""
    retain_keys: bool = False
    atomic: bool = False
    preserve_unknown: bool = False
    of_field: Schema | None = None
    """For a field with its own description or rules: the shared schema of its type."""
    raw: Mapping[str, Any] | None = None
    """Constraints of a custom kind, as written in its CRD."""

    def get(self, key: str) -> Schema | None:
        """The schema of a field or map value."""
        if self.type == "map":
            return self.item
        return self.fields.get(key)


ANY = Schema("any")


def _description(text: str | None) -> str:
    """The middle paragraph of a generated property's docstring."""
    lines = (text or "").split("\n")[2:]
    found = []
    for line in lines:
        if line.strip().startswith(":return"):
            break
        found.append(line.replace("# noqa: E501", "").rstrip())
    return re.sub(r"\s*\n\s*", "\n", "\n".join(found)).strip()


class _Models:
    """Reads the client's model classes."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._known: dict[str, Schema] = {}

    def root(self, res: Resource) -> Schema | None:
        """The schema of a kind, None where the client has no model of it."""
        version = res.version.title().replace("beta", "beta")
        version = "V" + res.version[1:]
        group = res.group.split(".", maxsplit=1)[0] or "core"
        for prefix in (group.title(), "", "Core"):
            class_name = f"{prefix}{version}{res.kind}"
            if hasattr(self._module, class_name):
                return self.schema(class_name, f"io.k8s.api.{group}.{res.version}")
        return None

    def schema(self, class_name: str, package: str) -> Schema:
        known = self._known.get(class_name)
        if known is not None:
            return known
        cls = getattr(self._module, class_name)
        name = _PREFIX.sub("", class_name)
        if name in _META_TYPES:
            package = "io.k8s.apimachinery.pkg.apis.meta.v1"
        found = self._known[class_name] = Schema("object", name, f"{package}.{name}")
        found.atomic = name in rules.ATOMIC_TYPES
        found.preserve_unknown = name == "JSONSchemaProps"
        required = set()
        for attribute, type_text in cls.openapi_types.items():
            key = cls.attribute_map[attribute]
            prop = getattr(cls, attribute)
            found.fields[key] = self._field(name, key, type_text, package, _description(prop.__doc__))
            constants = prop.fset.__code__.co_consts if prop.fset else ()
            if any(isinstance(c, str) and c.endswith("must not be `None`") for c in constants):
                required.add(key)
        found.required = frozenset(required)
        return found

    def _field(self, owner: str, key: str, type_text: str, package: str, description: str) -> Schema:
        path = f"{owner}.{key}"
        made = self._type(type_text, package)
        if made.name:
            made = Schema(
                "object",
                made.name,
                made.full_name,
                of_field=made,
                fields=made.fields,
                atomic=made.atomic and path not in rules.GRANULAR_FIELDS,
                preserve_unknown=made.preserve_unknown,
            )
        made.description = description
        made.retain_keys = path in rules.RETAIN_KEYS
        if path in rules.INT_OR_STRING:
            made.type = "int-or-string"
        if path in rules.QUANTITY_FIELDS:
            if made.type == "map":
                made.item = Schema("quantity")
            else:
                made.type = "quantity"
        if made.type == "map" and path in rules.ATOMIC_FIELDS:
            made.atomic = True
        if made.type == "array":
            _list_rules(made, path)
        return made

    def _type(self, text: str, package: str) -> Schema:
        listed = re.fullmatch(r"list\[(.+)\]", text)
        if listed:
            return Schema("array", item=self._type(listed[1], package))
        mapped = re.fullmatch(r"dict[(\[]str, ?(.+)[)\]]", text)
        if mapped:
            return Schema("map", item=self._type(mapped[1], package))
        if text in _SCALARS:
            return Schema(_SCALARS[text])
        if hasattr(self._module, text):
            return self.schema(text, package)
        return Schema("any")


def _list_rules(made: Schema, path: str) -> None:
    if path in rules.MAP_LISTS:
        made.list_type, made.list_keys = "map", rules.MAP_LISTS[path]
        if path not in rules.NO_MERGE:
            made.merge_key, made.merge = made.list_keys[0], True
    elif path in rules.SET_LISTS:
        made.list_type = "set"
        made.merge = path in ("ObjectMeta.finalizers", "NodeSpec.podCIDRs")
    elif path in rules.MERGE_ONLY:
        made.merge_key, made.merge = rules.MERGE_ONLY[path], True


def custom_schema(raw: Mapping[str, Any] | None) -> Schema:
    """The schema of a value of a custom kind from the `openAPIV3Schema` of its CRD."""
    if not raw:
        return ANY
    found = Schema("any", description=str(raw.get("description", "")), raw=raw)
    kind = raw.get("type", "")
    found.preserve_unknown = bool(raw.get("x-kubernetes-preserve-unknown-fields"))
    if raw.get("x-kubernetes-int-or-string"):
        found.type = "int-or-string"
    elif kind == "object":
        _custom_object(found, raw)
    elif kind == "array":
        found.type = "array"
        found.item = custom_schema(raw.get("items"))
        found.list_type = raw.get("x-kubernetes-list-type", "atomic")
        found.list_keys = tuple(raw.get("x-kubernetes-list-map-keys") or ())
    elif kind in ("string", "integer", "number", "boolean"):
        found.type = kind
    return found


def _custom_object(found: Schema, raw: Mapping[str, Any]) -> None:
    extra = raw.get("additionalProperties")
    if isinstance(extra, Mapping) and not raw.get("properties"):
        found.type, found.item = "map", custom_schema(extra)
    else:
        found.type = "object"
        found.fields = {key: custom_schema(value) for key, value in (raw.get("properties") or {}).items()}
        found.required = frozenset(raw.get("required") or ())
        if extra:
            found.preserve_unknown = True
    found.atomic = raw.get("x-kubernetes-map-type") == "atomic"


class Schemas:
    """The schemas of all served kinds."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._models: _Models | None = None
        self._custom: dict[tuple[str, str], Schema] = {}
        self._roots: dict[tuple[str, str], Schema | None] = {}
        self._loading: asyncio.Future[_Models] | None = None

    async def ready(self) -> None:
        """Wait until built-in kinds are known. The first call loads them without holding up the loop."""
        if self._models is not None:
            return
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(_load))
        self._models = await asyncio.shield(self._loading)

    def load(self) -> None:
        """The same at once, for code without a loop."""
        if self._models is None:
            self._models = _load()

    def add_custom(self, res: Resource, raw: Mapping[str, Any] | None) -> None:
        """Take the schema of a custom kind's version."""
        schema = custom_schema(raw)
        if schema.type == "any":
            schema = Schema("object", preserve_unknown=True)
        schema.name = res.kind
        package = ".".join(reversed(res.group.split(".")))
        schema.full_name = f"{package}.{res.version}.{res.kind}"
        self._custom[res.api_version, res.kind] = schema

    def of(self, res: Resource) -> Schema | None:
        """The schema of a kind, None where nothing is known of it. Needs `ready` (or `load`) before."""
        if self._models is None:
            raise RuntimeError("schemas are not loaded yet")
        key = (res.api_version, res.kind)
        if res.custom:
            custom = self._custom.get(key)
            if (custom is not None and "metadata" in custom.fields) or custom is None:
                return self._with_metadata(custom)
            return self._with_metadata(custom)
        if key not in self._roots:
            self._roots[key] = self._models.root(res)
        return self._roots[key]

    def named(self, class_name: str, package: str) -> Schema:
        """The schema of one of the client's model classes."""
        self.load()
        assert self._models is not None
        return self._models.schema(class_name, package)

    def _with_metadata(self, custom: Schema | None) -> Schema | None:
        if custom is None or custom.fields.get("metadata", ANY).name == "ObjectMeta":
            return custom
        metadata = self.named("V1ObjectMeta", "")
        texts = {"apiVersion": "Version of this object's schema.", "kind": "The object's kind."}
        first = {key: Schema("string", description=text) for key, text in texts.items()}
        about = Schema("object", metadata.name, metadata.full_name, of_field=metadata, fields=metadata.fields)
        about.description = "Standard object's metadata."
        custom.fields = {
            **first,
            "metadata": about,
            **{k: v for k, v in custom.fields.items() if k not in ("apiVersion", "kind", "metadata")},
        }
        return custom

    def all(self) -> Iterator[tuple[Resource, Schema]]:
        """Every kind with its schema."""
        for res in self._registry:
            schema = self.of(res)
            if schema is not None:
                yield res, schema


def _load() -> _Models:
    return _Models(importlib.import_module("kubernetes_asyncio.client.models"))
