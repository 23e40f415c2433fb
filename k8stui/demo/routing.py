"""How a request finds its handler: the request as an API server understands it, and extra routes.

`RequestInfo` is read from method, path and query alone, by the API server's own rules, so that access is
checked the same way for every handler. Handlers for subresources (logs, exec, metrics, ...) are registered
in `Routes`; everything else goes to the generic REST handlers. Nothing in here reads or changes objects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry
    from k8stui.demo.resources import Resource
    from k8stui.demo.store import Store

Handler = Callable[["Call"], Awaitable[web.StreamResponse]]

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class User:
    """Who asks: as an authenticator of a real server would say."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a request is about. For paths outside /api and /apis, `is_resource` is False."""

    verb: str
    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What follows the subresource in the path (of a proxy request)."""


def _resource_info(verb: str, path: str, parts: list[str], watch: bool) -> RequestInfo:
    """Parts after `/api/v1` or `/apis/group/version`, with group and version first."""
    group, version, *parts = parts
    namespace = ""
    if parts and parts[0] == "watch":
        verb, parts = "watch", parts[1:]
    if len(parts) >= 2 and parts[0] == "namespaces":
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in ("status", "finalize"):
            parts = parts[2:]
    plural = parts[0] if parts else ""
    name = parts[1] if len(parts) > 1 else ""
    subresource = parts[2] if len(parts) > 2 else ""
    rest = "/".join(parts[3:])
    if not name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    if verb in ("list", "get") and watch and not subresource:
        verb = "watch"
    return RequestInfo(verb, path, bool(plural), group, version, plural, namespace, name, subresource, rest)


def request_info(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request as an API server does. `path` has no token prefix."""
    verb = _VERBS.get(method, method.lower())
    parts = [part for part in path.split("/") if part]
    watch = query.get("watch", "") in ("1", "true", "True")
    if len(parts) >= 3 and parts[0] == "api":
        return _resource_info(verb, path, ["", *parts[1:]], watch)
    if len(parts) >= 4 and parts[0] == "apis":
        return _resource_info(verb, path, parts[1:], watch)
    return RequestInfo(verb, path)


@dataclass(slots=True)
class Call:
    """One request with all that a handler needs. `args` are the named parts of an extra route's pattern."""

    request: web.Request
    info: RequestInfo
    user: User
    store: Store
    registry: Registry
    args: dict[str, str] = field(default_factory=dict)
    res: Resource | None = None
    """The kind of the path, when it is a served one."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for `Warning` headers."""

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters (the first of each name; use `request.query.getall` for repeated ones)."""
        return self.request.query

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.request.query.get(name, "") in ("1", "true", "True")

    async def json(self) -> Any:
        """The request's body as JSON (YAML and protobuf bodies: see `bodies.read_object`)."""
        return await self.request.json()


class Routes:
    """Handlers by method and path pattern, tried in order of registration, before the generic ones.

    A pattern is a path such as `/api/v1/namespaces/{ns}/pods/{name}/log`; `{x}` stands for one segment, a
    last `{x...}` for all the rest (also none). The handler finds the values in `call.args`. Access has
    been checked by then. Middlewares (aiohttp's) see every request first, before access and routes.
    """

    def __init__(self) -> None:
        self._routes: list[tuple[frozenset[str], tuple[str, ...], bool, Handler]] = []
        self.middlewares: list[Any] = []

    def add(self, methods: str, pattern: str, handler: Handler) -> None:
        """Register `handler` for methods (`"GET POST"`, or `*` for all) and a pattern."""
        parts = tuple(part for part in pattern.split("/") if part)
        tail = bool(parts) and parts[-1].endswith("...}")
        self._routes.append((frozenset(methods.split()), parts, tail, handler))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        """The first handler that fits, with the values of its pattern."""
        segments = [part for part in path.split("/") if part]
        for methods, parts, tail, handler in self._routes:
            if method not in methods and "*" not in methods:
                continue
            args = _match(parts, segments, tail)
            if args is not None:
                return handler, args
        return None


def _match(parts: tuple[str, ...], segments: list[str], tail: bool) -> dict[str, str] | None:
    fixed = len(parts) - 1 if tail else len(parts)
    if len(segments) < fixed or (not tail and len(segments) != fixed):
        return None
    args = {}
    for part, segment in zip(parts[:fixed], segments, strict=False):
        if part.startswith("{"):
            args[part[1:-1]] = segment
        elif part != segment:
            return None
    if tail:
        args[parts[-1][1:-4]] = "/".join(segments[fixed:])
    return args
