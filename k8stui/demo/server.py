"""The HTTP server of the simulated cluster: guards, users, access, routing, and its life as a whole.

`build_app` makes an aiohttp application on a store; `DemoServer` adds the world, its controllers and a
listening socket. The path prefix is the only secret: exec runs real programs, so requests without it, with
a foreign Host or with any Origin are refused before anything else is looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from k8stui.demo.errors import StoreError
from k8stui.demo.responses import error_response
from k8stui.demo.routing import Call, Routes, User, request_info

if TYPE_CHECKING:
    from k8stui.demo.resources import Registry
    from k8stui.demo.store import Store

Extra = Callable[[Routes], None]
"""Registers further handlers (and middlewares)."""
Fallback = Callable[[Call], Awaitable[web.StreamResponse]]

ADMIN = User("demo-admin", ("system:masters", "system:authenticated"))
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def build_app(
    store: Store,
    *,
    tokens: Mapping[str, User],
    extras: Sequence[Extra] = (),
    registry: Registry | None = None,
) -> web.Application:
    """The application. `tokens` maps each secret path prefix to the user that it stands for."""
    raise NotImplementedError


__all__ = ["ADMIN", "Extra", "StoreError", "build_app", "error_response", "request_info"]
