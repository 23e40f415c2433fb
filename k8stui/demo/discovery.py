"""What the cluster serves, in the three ways in which clients ask: one group at a time, or all at once.

Also `/version` and the health endpoints. Everything is made from the `Registry`; nothing is kept but the
encoded answers of its current generation.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from k8stui.demo.errors import page_not_found, unknown_path
from k8stui.demo.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.registry import Registry
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call

GIT_VERSION = "v1.34.2"
VERSION = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": GIT_VERSION,
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "go1.24.9",
    "compiler": "gc",
    "platform": "linux/amd64",
}
_CHECKS = (
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/apiservice-discovery-controller",
)
_SERVER_PATHS = ("/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


def _stable_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _legacy_resource(res: Resource) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": res.plural,
        "singularName": res.singular,
        "namespaced": res.namespaced,
        "kind": res.kind,
        "verbs": list(res.verbs),
    }
    if res.short_names:
        entry["shortNames"] = list(res.short_names)
    if res.categories:
        entry["categories"] = list(res.categories)
    entries = [entry]
    for sub in res.subresources:
        extra: dict[str, Any] = {
            "name": f"{res.plural}/{sub.name}",
            "singularName": "",
            "namespaced": res.namespaced,
            "kind": sub.kind,
            "verbs": list(sub.verbs),
        }
        if sub.version:
            extra["group"], extra["version"] = sub.group, sub.version
        entries.append(extra)
    return entries


def _aggregated_resource(res: Resource) -> dict[str, Any]:
    def kind(group: str, version: str, name: str) -> dict[str, str]:
        return {"group": group, "version": version, "kind": name}

    own = (res.group, res.version)
    entry: dict[str, Any] = {
        "resource": res.plural,
        "responseKind": kind(*own, res.kind),
        "scope": "Namespaced" if res.namespaced else "Cluster",
        "singularResource": res.singular,
        "verbs": list(res.verbs),
    }
    if res.short_names:
        entry["shortNames"] = list(res.short_names)
    if res.categories:
        entry["categories"] = list(res.categories)
    if res.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": kind(*((sub.group, sub.version) if sub.version else own), sub.kind),
                "verbs": list(sub.verbs),
            }
            for sub in res.subresources
        ]
    return entry


class Discovery:
    """Answers to discovery requests."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._generation = -1
        self._cache: dict[str, bytes] = {}

    def handler(self, path: str) -> Callable[[Call], web.StreamResponse] | None:
        """The handler of a path that is not about objects, None when it is none of ours."""
        parts = [part for part in path.split("/") if part]
        if not parts:
            return lambda _call: json_response({"paths": ["/api", "/apis", *_SERVER_PATHS]})
        if parts[0] == "version" and len(parts) == 1:
            return lambda _call: json_response(VERSION)
        if parts[0] in ("healthz", "livez", "readyz"):
            return lambda call: self._health(call, parts)
        if parts == ["api"] or parts == ["apis"]:
            return lambda call: self._root(call, parts[0])
        if parts[0] == "api" and len(parts) == 2:
            return lambda _call: self._resources("", parts[1])
        if parts[0] == "apis" and len(parts) == 2:
            return lambda _call: self._group(parts[1])
        if parts[0] == "apis" and len(parts) == 3:
            return lambda _call: self._resources(parts[1], parts[2])
        return None

    def _encoded(self, key: str, build: Callable[[], Any]) -> bytes:
        if self._generation != self._registry.generation:
            self._cache.clear()
            self._generation = self._registry.generation
        body = self._cache.get(key)
        if body is None:
            body = self._cache[key] = msgspec.json.encode(build())
        return body

    def _health(self, call: Call, parts: list[str]) -> web.Response:
        name = parts[0]
        if len(parts) > 1:
            if "/".join(parts[1:]) not in _CHECKS:
                raise unknown_path()
            return web.Response(text="ok")
        if "verbose" not in call.query:
            return web.Response(text="ok")
        lines = [f"[+]{check} ok" for check in _CHECKS] + [f"{name} check passed\n"]
        return web.Response(text="\n".join(lines))

    def _root(self, call: Call, root: str) -> web.Response:
        for entry in call.request.headers.get("Accept", "").split(","):
            options = dict(part.strip().partition("=")[::2] for part in entry.split(";"))
            if options.get("as") == "APIGroupDiscoveryList" and options.get("v") in ("v2", "v2beta1"):
                return self._aggregated(call, root, options["v"])
            if options.get("as") is None:
                break
        if root == "api":
            return json_response(
                {
                    "kind": "APIVersions",
                    "versions": ["v1"],
                    "serverAddressByClientCIDRs": [
                        {"clientCIDR": "0.0.0.0/0", "serverAddress": call.request.host}
                    ],
                }
            )
        return json_response(self._encoded("apis", self._groups))

    def _aggregated(self, call: Call, root: str, version: str) -> web.Response:
        body = self._encoded(f"{root} {version}", lambda: self._aggregated_list(root, version))
        etag = f'"{_stable_hash(body.decode()).upper()}"'
        if call.request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        response = web.Response(body=body)
        response.headers["Content-Type"] = (
            f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        )
        response.headers["ETag"] = etag
        response.headers["Vary"] = "Accept"
        return response

    def _aggregated_list(self, root: str, version: str) -> dict[str, Any]:
        groups = self._registry.group_versions()
        items = []
        for group, versions in groups.items():
            if (root == "api") != (group == ""):
                continue
            entries = [
                {
                    "version": name,
                    "resources": [_aggregated_resource(res) for res in self._registry.of(group, name)],
                    "freshness": "Current",
                }
                for name in versions
            ]
            items.append({"metadata": {"name": group} if group else {}, "versions": entries})
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": f"apidiscovery.k8s.io/{version}",
            "metadata": {},
            "items": items,
        }

    def _group_entry(self, group: str, versions: list[str]) -> dict[str, Any]:
        entries = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
        return {"name": group, "versions": entries, "preferredVersion": entries[0]}

    def _groups(self) -> dict[str, Any]:
        groups = self._registry.group_versions()
        found = [self._group_entry(group, versions) for group, versions in groups.items() if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}

    def _group(self, group: str) -> web.Response:
        versions = self._registry.group_versions().get(group)
        if not group or versions is None:
            raise page_not_found()
        entry = self._group_entry(group, versions)
        return json_response({"kind": "APIGroup", "apiVersion": "v1", **entry})

    def _resources(self, group: str, version: str) -> web.Response:
        found = self._registry.of(group, version)
        if not found:
            raise page_not_found() if group else unknown_path()
        entries = [entry for res in found for entry in _legacy_resource(res)]
        name = f"{group}/{version}" if group else version
        body = {"kind": "APIResourceList", "groupVersion": name, "resources": entries}
        if group:
            body["apiVersion"] = "v1"
        return json_response(body)
