"""Which kinds a server has: aggregated discovery, or one request for each group version.

A group that cannot be read (its API service is down) is named in `Catalog.failed` and breaks
nothing else. This module reads only; it must never decide which kinds are shown.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.kube.errors import ApiError, KubeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from k8stui.kube.connection.protocols import Requests

__all__ = ["BUILTIN", "Catalog", "Kind", "discover", "kinds_of_aggregated", "kinds_of_resource_list"]

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
CONCURRENCY = 8
TIMEOUT = 30.0
"""Seconds for one discovery request; an API service that hangs costs no more than this."""


class _ResponseKind(msgspec.Struct, gc=False):
    kind: str = ""


class _Subresource(msgspec.Struct, gc=False):
    subresource: str = ""


class _Resource(msgspec.Struct, gc=False, rename="camel"):
    resource: str
    response_kind: _ResponseKind | None = None
    scope: str = "Namespaced"
    singular_resource: str = ""
    verbs: tuple[str, ...] | None = None
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    subresources: tuple[_Subresource, ...] | None = None


class _Version(msgspec.Struct, gc=False):
    version: str
    resources: tuple[_Resource, ...] | None = None
    freshness: str = "Current"


class _Meta(msgspec.Struct, gc=False):
    name: str = ""


class _Group(msgspec.Struct, gc=False):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    versions: tuple[_Version, ...] | None = None


class _Aggregated(msgspec.Struct):
    kind: str = ""
    items: tuple[_Group, ...] | None = None


class _LegacyVersion(msgspec.Struct, gc=False, rename="camel"):
    version: str = ""


class _LegacyGroup(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    versions: tuple[_LegacyVersion, ...] = ()
    preferred_version: _LegacyVersion | None = None


class _Legacy(msgspec.Struct):
    """`APIVersions` of /api or `APIGroupList` of /apis."""

    versions: tuple[str, ...] = ()
    groups: tuple[_LegacyGroup, ...] | None = None


class _LegacyResource(msgspec.Struct, gc=False, rename="camel"):
    name: str
    singular_name: str = ""
    namespaced: bool = False
    kind: str = ""
    group: str = ""
    version: str = ""
    verbs: tuple[str, ...] | None = None
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None


class _ResourceList(msgspec.Struct):
    resources: tuple[_LegacyResource, ...] | None = None


_AGGREGATED = msgspec.json.Decoder(_Aggregated)
_LEGACY = msgspec.json.Decoder(_Legacy)
_RESOURCES = msgspec.json.Decoder(_ResourceList)

Found = tuple[list[Kind], list[Kind], dict[str, str]]
"""Current kinds, kinds known from an older answer only, and failures by group version."""


async def discover(connection: Requests) -> Catalog:
    """All kinds of the server. Raises KubeError when neither /api nor /apis can be read."""
    parts = await asyncio.gather(
        _discover_root(connection, "/api"), _discover_root(connection, "/apis"), return_exceptions=True
    )
    current: list[Kind] = []
    stale: list[Kind] = []
    failed: dict[str, str] = {}
    errors: list[BaseException] = []
    for root, part in zip(("v1", "apis"), parts, strict=True):
        if isinstance(part, BaseException):
            if not isinstance(part, KubeError):
                raise part
            errors.append(part)
            failed[root] = part.sentence()
        else:
            current += part[0]
            stale += part[1]
            failed |= part[2]
    if len(errors) == 2:
        raise errors[0]
    return Catalog(current + stale, failed)


async def _discover_root(connection: Requests, root: str) -> Found:
    try:
        response = await connection.request("GET", root, accept=AGGREGATED, timeout=TIMEOUT)
    except ApiError as error:
        if error.code not in (406, 415):
            raise
        response = await connection.request("GET", root, timeout=TIMEOUT)
    body: bytes = response.body
    found = kinds_of_aggregated(body)
    if found is not None:
        return found
    return await _discover_legacy(connection, root, _decode(_LEGACY, body, root))


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes, path: str) -> Any:
    """Raises ApiError when the answer is not what the API says it is (a proxy's page, for instance)."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "BadAnswer", f"{path} did not answer as a Kubernetes API server does") from error


def kinds_of_aggregated(body: bytes) -> Found | None:
    """The kinds in an `APIGroupDiscoveryList` (v2 or v2beta1), or None when the answer is not one."""
    try:
        answer = _AGGREGATED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if answer.kind != "APIGroupDiscoveryList":
        return None
    current: list[Kind] = []
    stale: list[Kind] = []
    failed: dict[str, str] = {}
    for group in answer.items or ():
        name = group.metadata.name
        for version in group.versions or ():
            kinds = list(_kinds_of_version(name, version))
            if version.freshness == "Stale":
                stale += kinds
                failed[_group_version(name, version.version)] = (
                    "its API service does not answer now; its kinds are known from before"
                )
            else:
                current += kinds
    return current, stale, failed


def _group_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def _kinds_of_version(group: str, version: _Version) -> Iterator[Kind]:
    for resource in version.resources or ():
        kind = resource.response_kind.kind if resource.response_kind else ""
        if not kind:
            continue  # only subresources are served: nothing to list or get
        yield Kind(
            group,
            version.version,
            kind,
            resource.resource,
            resource.singular_resource or kind.lower(),
            resource.short_names or (),
            resource.scope == "Namespaced",
            resource.verbs or (),
            resource.categories or (),
            tuple(sub.subresource for sub in resource.subresources or ()),
        )


async def _discover_legacy(connection: Requests, root: str, answer: _Legacy) -> Found:
    """One request for each group version, a few at a time, in the server's order of groups."""
    wanted = list(_core_versions(answer.versions)) if root == "/api" else list(_group_versions(answer))
    gate = asyncio.Semaphore(CONCURRENCY)
    failed: dict[str, str] = {}

    async def read(group: str, version: str) -> list[Kind]:
        path = f"{root}/{_group_version(group, version)}"
        async with gate:
            try:
                response = await connection.request("GET", path, timeout=TIMEOUT)
                return kinds_of_resource_list(group, version, _decode(_RESOURCES, response.body, path))
            except KubeError as error:
                failed[_group_version(group, version)] = error.sentence()
                return []

    found: list[list[Kind]] = await asyncio.gather(*(read(group, version) for group, version in wanted))
    return [kind for kinds in found for kind in kinds], [], failed


def _core_versions(versions: Iterable[str]) -> Iterator[tuple[str, str]]:
    for version in versions:
        yield "", version


def _group_versions(answer: _Legacy) -> Iterator[tuple[str, str]]:
    """Each group's preferred version, then its others in the server's order."""
    for group in answer.groups or ():
        preferred = group.preferred_version.version if group.preferred_version else ""
        versions = [version.version for version in group.versions]
        for version in sorted(versions, key=lambda v: v != preferred):
            yield group.name, version


def kinds_of_resource_list(group: str, version: str, answer: _ResourceList) -> list[Kind]:
    """The kinds of one `APIResourceList`; subresources (`pods/log`) become part of their resource."""
    resources = answer.resources or ()
    subresources: dict[str, list[str]] = {}
    for resource in resources:
        parent, slash, sub = resource.name.partition("/")
        if slash:
            subresources.setdefault(parent, []).append(sub)
    return [
        Kind(
            group,
            version,
            resource.kind,
            resource.name,
            resource.singular_name or resource.kind.lower(),
            resource.short_names or (),
            resource.namespaced,
            resource.verbs or (),
            resource.categories or (),
            tuple(subresources.get(resource.name, ())),
        )
        for resource in resources
        if "/" not in resource.name
    ]
