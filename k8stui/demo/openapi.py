"""OpenAPI: the v3 index and one document for each group version, and a small v2 answer.

Documents are built on request from `schemas`, in a thread, and kept until the served kinds change. They hold
what clients read: the schemas with group-version-kind and merge markers, and the parameters of each path
(kubectl looks there whether dry run and field validation are supported).
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from k8stui.demo.discovery import GIT_VERSION
from k8stui.demo.errors import unknown_path
from k8stui.demo.responses import json_response
from k8stui.demo.schemas import Schema, Schemas

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call
    from k8stui.demo.store import Store

_V3 = "/openapi/v3"
_PROTO_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PLAIN: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "quantity": {
        "description": "A quantity such as 500m or 1Gi.",
        "oneOf": [{"type": "string"}, {"type": "number"}],
    },
    "integer": {"type": "integer", "format": "int32"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "int-or-string": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "any": {"type": "object"},
}
_WRITE_PARAMETERS = (
    ("dryRun", "All: the request is checked, nothing is stored."),
    ("fieldManager", "The name under which the written fields are tracked."),
    ("fieldValidation", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."),
)


def _gvk(res: Resource) -> dict[str, str]:
    return {"group": res.group, "kind": res.kind, "version": res.version}


class _Document:
    """Collects the schemas of one group version."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self.schemas: dict[str, Any] = {}

    def add(self, schema: Schema, gvks: list[dict[str, str]]) -> str:
        """Add a named schema with all that it refers to; returns the reference."""
        name = schema.full_name
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = self._object(schema)
        if gvks:
            self.schemas[name]["x-kubernetes-group-version-kind"] = gvks
        return self._reference + name

    def _object(self, schema: Schema) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "object"}
        if schema.description:
            body["description"] = schema.description
        if schema.fields:
            body["properties"] = {key: self.value(value) for key, value in schema.fields.items()}
        if schema.required:
            body["required"] = sorted(schema.required)
        if schema.preserve_unknown and schema.raw is not None:
            body["x-kubernetes-preserve-unknown-fields"] = True
        if schema.atomic:
            body["x-kubernetes-map-type"] = "atomic"
        return body

    def value(self, schema: Schema) -> dict[str, Any]:
        """The schema of a field."""
        body: dict[str, Any]
        if schema.of_field is not None:
            body = {"allOf": [{"$ref": self.add(schema.of_field, [])}], "default": {}}
        elif schema.full_name:
            body = {"$ref": self.add(schema, [])}
        elif schema.type == "object":
            body = self._object(schema)
        elif schema.type in ("array", "map"):
            inner = self.value(schema.item) if schema.item is not None else {"type": "object"}
            if schema.type == "array":
                body = {"type": "array", "items": inner}
                body["x-kubernetes-list-type"] = schema.list_type
                if schema.list_keys:
                    body["x-kubernetes-list-map-keys"] = list(schema.list_keys)
            else:
                body = {"type": "object", "additionalProperties": inner}
        else:
            body = dict(_PLAIN[schema.type])
            if schema.raw is not None:
                keys = ("enum", "minimum", "maximum", "pattern", "default", "format")
                body.update({key: schema.raw[key] for key in keys if key in schema.raw})
        if schema.description:
            body["description"] = schema.description
        if schema.atomic and schema.type == "map":
            body["x-kubernetes-map-type"] = "atomic"
        strategies = ["merge"] * schema.merge + ["retainKeys"] * schema.retain_keys
        if strategies:
            body["x-kubernetes-patch-strategy"] = ",".join(strategies)
        if schema.merge_key:
            body["x-kubernetes-patch-merge-key"] = schema.merge_key
        return body


def _operation(res: Resource, action: str, reference: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": reference}}}
    found: dict[str, Any] = {
        "description": f"{action} {res.kind}",
        "operationId": f"{action}{res.group.title().replace('.', '')}{res.version.title()}{res.kind}",
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(res),
    }
    if action in ("post", "put", "patch"):
        found["parameters"] = [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in _WRITE_PARAMETERS
        ]
        found["requestBody"] = {"content": {"*/*": {"schema": {"$ref": reference}}}, "required": True}
    if action == "patch":
        found["parameters"].append(
            {
                "name": "force",
                "in": "query",
                "description": "Take fields over.",
                "schema": {"type": "boolean"},
            }
        )
    if action == "delete":
        found["parameters"] = [
            {"name": "dryRun", "in": "query", "description": "", "schema": {"type": "string"}}
        ]
    return found


def _paths(res: Resource, reference: str) -> dict[str, Any]:
    root = f"/apis/{res.group}/{res.version}" if res.group else f"/api/{res.version}"
    many = f"{root}/namespaces/{{namespace}}/{res.plural}" if res.namespaced else f"{root}/{res.plural}"
    verbs = {"list": ("get", many), "create": ("post", many), "deletecollection": ("delete", many)}
    one = many + "/{name}"
    verbs |= {"get": ("get", one), "update": ("put", one), "patch": ("patch", one), "delete": ("delete", one)}
    paths: dict[str, Any] = {}
    for verb in res.verbs:
        if verb in verbs:
            method, path = verbs[verb]
            action = {"update": "put", "create": "post"}.get(verb, verb)
            paths.setdefault(path, {})[method] = _operation(res, action, reference)
    return paths


def build_document(schemas: Schemas, registry: Registry, group: str, version: str) -> dict[str, Any]:
    """The OpenAPI v3 document of one group version."""
    document = _Document("#/components/schemas/")
    paths: dict[str, Any] = {}
    for res in registry.of(group, version):
        schema = schemas.of(res)
        if schema is None:
            continue
        reference = document.add(schema, [_gvk(res)])
        paths |= _paths(res, reference)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": GIT_VERSION},
        "paths": paths,
        "components": {"schemas": document.schemas},
    }


def build_v2(schemas: Schemas, registry: Registry) -> dict[str, Any]:
    """One OpenAPI v2 document with the definitions of all kinds."""
    document = _Document("#/definitions/")
    for res, schema in schemas.all():
        gvks = document.schemas.get(schema.full_name, {}).get("x-kubernetes-group-version-kind", [])
        document.add(schema, [*gvks, _gvk(res)])
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": GIT_VERSION},
        "paths": {},
        "definitions": document.schemas,
    }


def _field_bytes(number: int, data: bytes) -> bytes:
    length = len(data)
    prefix = bytearray([number << 3 | 2])
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + data


def _empty_v2() -> bytes:
    """`openapi.v2.Document` in protobuf without definitions: clients then use what they know themselves."""
    info = _field_bytes(1, b"Kubernetes") + _field_bytes(2, GIT_VERSION.encode())
    return _field_bytes(1, b"2.0") + _field_bytes(2, info)


class OpenApi:
    """Answers below /openapi/."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry = registry
        self.schemas = Schemas(registry)
        self._generation = -1
        self._documents: dict[str, bytes] = {}

    async def answer(self, call: Call) -> web.StreamResponse:
        """The index, a document, or 404."""
        path = call.info.path.rstrip("/")
        if path == "/openapi/v2":
            return await self._v2(call)
        if path == _V3:
            return json_response({"paths": self._index()})
        parts = path.removeprefix(_V3 + "/").split("/")
        group, version = (
            ("", parts[-1]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[-1])
        )
        if len(parts) < 2 or not self._registry.of(group, version):
            raise unknown_path()
        schemas, registry = self.schemas, self._registry
        body = await self._built(path, lambda: build_document(schemas, registry, group, version))
        return self._with_etag(call, body)

    def _index(self) -> dict[str, Any]:
        found = {}
        for group, versions in self._registry.group_versions().items():
            for version in versions:
                name = f"apis/{group}/{version}" if group else f"api/{version}"
                mark = f"{GIT_VERSION} {self._registry.generation} {name}"
                digest = hashlib.sha256(mark.encode()).hexdigest().upper()
                found[name] = {"serverRelativeURL": f"{_V3}/{name}?hash={digest}"}
        return found

    async def _v2(self, call: Call) -> web.StreamResponse:
        if "protobuf" in call.request.headers.get("Accept", ""):
            return web.Response(body=_empty_v2(), headers={"Content-Type": _PROTO_V2})
        schemas, registry = self.schemas, self._registry
        return self._with_etag(call, await self._built("v2", lambda: build_v2(schemas, registry)))

    async def _built(self, key: str, build: Any) -> bytes:
        await self.schemas.ready()
        if self._generation != self._registry.generation:
            self._documents.clear()
            self._generation = self._registry.generation
        body = self._documents.get(key)
        if body is None:
            body = await asyncio.to_thread(lambda: msgspec.json.encode(build()))
            self._documents[key] = body
        return body

    @staticmethod
    def _with_etag(call: Call, body: bytes) -> web.Response:
        etag = f'"{hashlib.sha256(body).hexdigest().upper()}"'
        if call.request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return json_response(body, headers={"ETag": etag})
