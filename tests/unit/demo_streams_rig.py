"""A simulated API server with pods but without a world, for tests of its streams.

async with rig(pod("web"), *golden_pods()) as cluster:
    async with cluster.get("/api/v1/namespaces/default/pods/web/log") as response: ...
"""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.test_utils import TestServer

from k8stui.demo import fault_injection, metrics
from k8stui.demo.faults import Faults
from k8stui.demo.registry import Registry
from k8stui.demo.runtime import Runtime, plain_text
from k8stui.demo.server import ADMIN, build_app
from k8stui.demo.store import Store, rfc3339
from k8stui.demo.streams import routes as stream_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from k8stui.demo.streams.loglines import LogText

GOLDEN = Path(__file__).parents[1] / "golden"
TOKEN = "token"
Pod = dict[str, Any]


def recorded(folder: str, name: str) -> dict[str, Any]:
    """One recording of a real cluster."""
    found: dict[str, Any] = json.loads((GOLDEN / folder / f"{name}.json").read_text())
    return found


def golden_pods() -> list[Pod]:
    """The pods of the recorded cluster."""
    return [{"apiVersion": "v1", "kind": "Pod", **item} for item in recorded("lists", "pods")["items"]]


def pod(
    name: str,
    *,
    namespace: str = "default",
    containers: Mapping[str, str] | None = None,
    ports: Sequence[int] = (8080,),
    age: float = 300.0,
    annotations: Mapping[str, str] | None = None,
    node: str = "node-1",
    **spec: Any,
) -> Pod:
    """A pod whose containers (name -> image) run."""
    containers = containers or {"app": "debian:12"}
    started = {"running": {"startedAt": rfc3339(time.time() - age)}}
    statuses = [
        {
            "name": key,
            "image": image,
            "imageID": "",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "containerID": f"containerd://{namespace}{name}{key}".ljust(77, "0"),
            "state": started,
            "lastState": {},
        }
        for key, image in containers.items()
    ]
    entries = [
        {"name": key, "image": image, "ports": [{"containerPort": port} for port in ports], **spec}
        for key, image in containers.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": name},
            "annotations": dict(annotations or {}),
        },
        "spec": {"nodeName": node, "containers": entries},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": statuses},
    }


def node(name: str = "node-1", *, ready: bool = True) -> dict[str, Any]:
    """A node with eight cores and 16 GiB."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {},
        "status": {
            "capacity": {"cpu": "8", "memory": "16777216Ki", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
        },
    }


class Rig:
    """A running server and a client of it."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        runtime: Runtime,
        faults: Faults,
        client: aiohttp.ClientSession,
    ) -> None:
        self.store = store
        self.registry = registry
        self.runtime = runtime
        self.faults = faults
        self.client = client
        self.base = ""

    def add(self, *objects: Mapping[str, Any]) -> None:
        """Put objects into the store."""
        for item in objects:
            plural = {"Pod": "pods", "Node": "nodes"}[item["kind"]]
            res = self.registry.find("", "v1", plural)
            assert res is not None
            self.store.create(res, dict(item))

    def pod(self, name: str, namespace: str = "default") -> Pod:
        """A pod as stored."""
        res = self.registry.find("", "v1", "pods")
        assert res is not None
        found = self.store.get(res, namespace, name)
        assert found is not None
        return found

    def update(self, changed: Pod) -> None:
        """Store a changed pod."""
        res = self.registry.find("", "v1", "pods")
        assert res is not None
        self.store.update(res, changed)

    def get(self, path: str, **kwargs: Any) -> Any:
        """A GET request."""
        return self.client.get(self.base + path, **kwargs)

    def websocket(self, path: str, *protocols: str) -> Any:
        """A WebSocket."""
        return self.client.ws_connect(self.base + path, protocols=protocols, autoclose=True)


@asynccontextmanager
async def rig(
    *objects: Mapping[str, Any],
    text: LogText = plain_text,
    clock: Callable[[], float] = time.time,
    faults: str = "",
) -> AsyncIterator[Rig]:
    """A server for the length of a test."""
    store, registry = Store(), Registry()
    runtime, injected = Runtime(text=text, clock=clock), Faults(faults)
    extras = [
        lambda routes: fault_injection.register(routes, injected),
        lambda routes: stream_routes.register(routes, runtime),
        lambda routes: metrics.register(routes, runtime),
    ]
    app = build_app(store, tokens={TOKEN: ADMIN}, extras=extras, registry=registry)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        found = Rig(store, registry, runtime, injected, client)
        found.base = f"http://127.0.0.1:{server.port}/{TOKEN}"
        found.add(*objects)
        try:
            yield found
        finally:
            await runtime.close()
            await client.close()
            await server.close()
