"""The recorded cluster in a store of the simulation, and a client that speaks to it over HTTP."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web

from k8stui.demo import resources
from k8stui.demo.crds import resources_of
from k8stui.demo.registry import Registry
from k8stui.demo.resources import BUILTIN, CRDS, Resource
from k8stui.demo.routing import User
from k8stui.demo.server import ADMIN, VIEWER, build_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from k8stui.demo.store import Store

GOLDEN = Path(__file__).parent.parent / "golden"
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
TOKENS = {"admin": ADMIN, "viewer": VIEWER, "anonymous": ANONYMOUS}
Obj = dict[str, Any]


def golden(path: str) -> Any:
    """One golden file."""
    return json.loads((GOLDEN / path).read_text("utf-8"))


def recorded_names() -> list[str]:
    """The kinds of which there are a list and a Table, by file name."""
    return sorted(path.stem for path in (GOLDEN / "tables").glob("*.json"))


def resource_of(name: str) -> Resource | None:
    """The kind of a golden file; None for kinds that the simulation does not serve."""
    if name == "events.events.k8s.io":
        return resources.EVENTS_V1
    return next((res for res in BUILTIN if res.storage == name), None)


def fill(store: Store, names: list[str] | None = None) -> None:
    """Put the recorded lists into a store, custom objects included."""
    for name in names or recorded_names():
        res = resource_of(name)
        if res is None or res is resources.EVENTS_V1:
            continue
        for obj in golden(f"lists/{name}.json").get("items") or ():
            store.create(res, obj)
    for namespace in store.list(resources.NAMESPACES):
        name = namespace["metadata"]["name"]
        if store.get(resources.SERVICE_ACCOUNTS, name, "default") is None:
            store.create(resources.SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": name}})
    for crd in store.list(CRDS):
        for res, _ in resources_of(crd):
            metadata = {"name": "g1", "namespace": "shop"}
            store.create(res, {"metadata": metadata, "spec": {"size": 1, "color": "red"}})


class Client:
    """Requests to a served store, as one of its users."""

    def __init__(self, session: ClientSession, base: str, store: Store) -> None:
        self.session = session
        self.base = base
        self.store = store

    def url(self, path: str, user: str = "admin") -> str:
        return f"{self.base}/{user}{path}"

    async def request(
        self, method: str, path: str, body: Any = None, *, user: str = "admin", **headers: str
    ) -> tuple[int, Any]:
        """Status and decoded body. `headers` with `_` for `-`."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        data = body if isinstance(body, bytes | str | None) else json.dumps(body)
        if data is not None and "Content-Type" not in named:
            named["Content-Type"] = "application/json"
        async with self.session.request(method, self.url(path, user), data=data, headers=named) as response:
            text = await response.text()
            self.headers = response.headers
            kind = response.content_type
            return response.status, json.loads(text) if kind == "application/json" else text

    async def get(self, path: str, **headers: str) -> Any:
        """The body of a GET that must succeed."""
        status, body = await self.request("GET", path, **headers)
        assert status == 200, body
        return body

    async def events(self, path: str, count: int, **headers: str) -> list[Any]:
        """The first events of a watch."""
        found: list[Any] = []
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        async with self.session.get(self.url(path), headers=named) as response:
            assert response.status == 200
            while len(found) < count:
                line = await response.content.readline()
                if not line:
                    break
                found.append(json.loads(line))
        return found


@contextlib.asynccontextmanager
async def served(store: Store) -> AsyncIterator[Client]:
    """Serve a store on a free port."""
    app = build_app(store, tokens=TOKENS, registry=Registry())
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with ClientSession(read_bufsize=2**22) as session:
            yield Client(session, f"http://127.0.0.1:{runner.addresses[0][1]}", store)
    finally:
        await runner.cleanup()
