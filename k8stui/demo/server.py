"""The HTTP server of the simulated cluster: guards, users, access and routing.

`build_app` makes an aiohttp application on a store. The path prefix is the only secret: exec runs real
programs, so requests without it, with a foreign Host or with any Origin are refused before anything else is
looked at. What a request does is decided in `rest` and in the extra routes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from k8stui.demo.access import Attributes, Authorizer, attributes
from k8stui.demo.discovery import Discovery
from k8stui.demo.errors import StoreError, method_not_allowed, page_not_found, unknown_path
from k8stui.demo.openapi import OpenApi
from k8stui.demo.registry import Registry
from k8stui.demo.responses import error_response
from k8stui.demo.rest import Rest
from k8stui.demo.routing import Call, RequestInfo, Routes, User, request_info

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Extra = Callable[[Routes], None]
"""Registers further handlers (and middlewares)."""

ADMIN = User("demo-admin", ("system:masters", "system:authenticated"))
VIEWER = User("viewer", ("viewers", "system:authenticated"))
_LOCAL_HOSTS = frozenset(("127.0.0.1", "localhost", "::1"))
_LOG = logging.getLogger("k8stui.demo")


def split_prefix(path: str) -> tuple[str, str]:
    """The token and the API path of a request's path."""
    token, slash, rest = path.lstrip("/").partition("/")
    return token, slash + rest


def refused_origin(request: web.Request) -> bool:
    """Whether a request may come from a web page: it names an Origin, or a Host that is not this machine."""
    if "Origin" in request.headers:
        return True
    host = request.headers.get("Host", "")
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]") not in _LOCAL_HOSTS


class Api:
    """Takes every request and finds who answers it."""

    def __init__(self, store: Store, registry: Registry, tokens: Mapping[str, User], routes: Routes) -> None:
        self._store = store
        self._registry = registry
        self._tokens = dict(tokens)
        self._routes = routes
        self._access = Authorizer(store)
        self._discovery = Discovery(registry)
        self.openapi = OpenApi(registry, store)
        self._rest = Rest(store, registry, self._access, self.openapi)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; every failure becomes a `Status`."""
        try:
            if refused_origin(request):
                raise StoreError(403, "Forbidden", "requests from web pages are refused", {})
            token, path = split_prefix(request.path)
            user = self._tokens.get(token)
            if user is None:
                raise StoreError(401, "Unauthorized", "Unauthorized")
            return await self._serve(request, path or "/", user)
        except StoreError as error:
            return error_response(error)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _LOG.exception("%s %s", request.method, request.path_qs)
            message = "Internal error occurred: the simulated API server has a fault of its own"
            return error_response(StoreError(500, "InternalError", message, {}))

    def _impersonated(self, request: web.Request, user: User) -> User:
        name = request.headers.get("Impersonate-User")
        if not name:
            return user
        self._access.check(user, Attributes("impersonate", resource="users", name=name))
        groups = tuple(request.headers.getall("Impersonate-Group", ()))
        for group in groups:
            self._access.check(user, Attributes("impersonate", resource="groups", name=group))
        prefix = "impersonate-extra-"
        extra: dict[str, list[str]] = {}
        for key, value in request.headers.items():
            if key.lower().startswith(prefix):
                extra.setdefault(key[len(prefix) :].lower(), []).append(value)
        if name.startswith("system:serviceaccount:") and not groups:
            namespace = name.split(":")[2]
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        if "system:authenticated" not in groups:
            groups = (*groups, "system:authenticated")
        return User(name, groups, request.headers.get("Impersonate-Uid", ""), extra)

    async def _serve(self, request: web.Request, path: str, user: User) -> web.StreamResponse:
        user = self._impersonated(request, user)
        info = request_info(request.method, path, request.query)
        self._access.check(user, attributes(info))
        call = Call(request, info, user, self._store, self._registry)
        call.res = self._registry.find(info.group, info.version, info.plural)
        extra = self._routes.find(request.method, path)
        if extra is not None:
            handler, call.args = extra
            return await handler(call)
        if not info.is_resource:
            return await self._plain(call, info)
        if call.res is None:
            known = self._registry.of(info.group, info.version)
            raise page_not_found() if info.group and not known else unknown_path()
        return await self._rest.handle(call, call.res)

    async def _plain(self, call: Call, info: RequestInfo) -> web.StreamResponse:
        if info.path.startswith("/openapi/"):
            return await self.openapi.answer(call)
        found = self._discovery.handler(info.path)
        if found is None:
            raise unknown_path() if info.path.startswith("/api/") else page_not_found()
        if call.request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        return found(call)


def build_app(
    store: Store,
    *,
    tokens: Mapping[str, User],
    extras: Sequence[Extra] = (),
    registry: Registry | None = None,
) -> web.Application:
    """The application. `tokens` maps each secret path prefix to the user that it stands for."""
    routes = Routes()
    for extra in extras:
        extra(routes)
    api = Api(store, registry or Registry(), tokens, routes)
    app = web.Application(middlewares=routes.middlewares, client_max_size=16 * 1024 * 1024)
    app[API] = api
    app.router.add_route("*", "/{path:.*}", api.handle)
    return app


API = web.AppKey("api", Api)
