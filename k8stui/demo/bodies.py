"""Request bodies: JSON, YAML or protobuf into plain objects, with the duplicate fields that were in them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.demo.errors import bad_request, unsupported_media
from k8stui.demo.protobuf import decode_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.demo.routing import Call

PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_YAML = "application/apply-patch+yaml"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_YAML)


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded body and the paths of fields that were in it twice."""

    value: Any
    duplicates: tuple[str, ...] = ()


def _parse_json(call: Call, data: bytes) -> Body:
    """JSON; only when a key occurs twice, the slow way that finds out where."""
    try:
        value = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        kind = call.res.kind if call.res else "object"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}):"
            f" couldn't get version/kind; json parse error: {error}"
        ) from None
    duplicated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in items:
            if key in found:
                duplicated.append(key)
            found[key] = item
        return found

    json.loads(data, object_pairs_hook=pairs)
    if not duplicated:
        return Body(value)
    return Body(value, tuple(_paths_of(value, dict.fromkeys(duplicated))))


def _paths_of(value: Any, keys: Iterable[str], path: str = "") -> list[str]:
    """Where fields of these names are."""
    found = []
    if isinstance(value, dict):
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if key in keys:
                found.append(inner)
            found += _paths_of(item, keys, inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _paths_of(item, keys, f"{path}[{index}]")
    return found


def parse_yaml(data: bytes) -> Any:
    """YAML as the API server reads it: timestamps stay text."""
    import yaml

    class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in entries if tag != "tag:yaml.org,2002:timestamp"]
        for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(data, Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from None


def media_type(call: Call) -> str:
    """The Content-Type without parameters."""
    return call.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_body(call: Call) -> Body:
    """The body of a create or update. Raises 400 or 415."""
    data = await call.request.read()
    media = media_type(call)
    if not data:
        return Body(None)
    if media == PROTOBUF or data.startswith(b"k8s\0"):
        return Body(decode_envelope(data))
    if media in ("application/yaml", "text/yaml", "application/x-yaml"):
        return Body(await asyncio.to_thread(parse_yaml, data))
    if media not in ("application/json", "", "text/plain", "application/octet-stream"):
        raise unsupported_media("application/json, application/yaml, application/vnd.kubernetes.protobuf")
    return _parse_json(call, data)


async def read_patch(call: Call) -> tuple[str, Body]:
    """Kind and body of a patch. Raises 400 or 415."""
    media = media_type(call)
    data = await call.request.read()
    if media not in PATCHES:
        raise unsupported_media(", ".join(PATCHES))
    if media == APPLY_YAML:
        return media, Body(await asyncio.to_thread(parse_yaml, data))
    return media, _parse_json(call, data)
