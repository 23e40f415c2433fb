"""Hangs logs, exec, attach and port-forward into the server's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from k8stui.demo.streams.exec import Programs
from k8stui.demo.streams.logs import Logs
from k8stui.demo.streams.portforward import PortForward

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from k8stui.demo.routing import Routes
    from k8stui.demo.runtime import Runtime

POD = "/api/v1/namespaces/{ns}/pods/{name}"


@web.middleware
async def own_origin(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let an Origin pass that names this very server: the official Python client sends one with exec.

    A web page of somebody else cannot have it, and this server has no pages.
    """
    if request.headers.get(hdrs.ORIGIN) == f"http://{request.host}":
        headers = request.headers.copy()
        del headers[hdrs.ORIGIN]
        request = request.clone(headers=headers)
    return await handler(request)


def register(routes: Routes, runtime: Runtime) -> None:
    """Add the handlers. Whoever serves must `close()` the runtime at the end."""
    routes.middlewares.append(own_origin)
    programs = Programs(runtime)
    routes.add("GET", f"{POD}/log", Logs(runtime).get)
    routes.add("GET POST", f"{POD}/exec", programs.exec)
    routes.add("GET POST", f"{POD}/attach", programs.attach)
    routes.add("GET POST", f"{POD}/portforward", PortForward(runtime).connect)
