"""metrics.k8s.io/v1beta1 of the simulated cluster: what nodes and pods use, for `kubectl top`.

Pods that do not run, that have just started, or whose node is not ready have no figures, as with a real
metrics-server. The kubelet's own figures are in `kubelet.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from k8stui.demo.containers import STATUS_LISTS, Container
from k8stui.demo.errors import not_found
from k8stui.demo.kubelet import Kubelet
from k8stui.demo.representation import TABLE, negotiate
from k8stui.demo.responses import json_response
from k8stui.demo.selectors import combined
from k8stui.demo.store import rfc3339
from k8stui.demo.usage import (
    STEP,
    Usage,
    container_usage,
    format_cpu,
    format_memory,
    is_ready,
    node_capacity,
    node_overhead,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call, Routes
    from k8stui.demo.runtime import Runtime
    from k8stui.demo.store import Store

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
BASE = f"/apis/{GROUP}/{VERSION}"
YOUNG = 15.0
"""Seconds until a new container has figures."""
_SLICE = 150
"""Pods reckoned between two looks at the event loop."""
_PART = 500
"""Items of a list that are written at once."""
_ENCODER = msgspec.json.Encoder()
Object = dict[str, Any]


class Metrics:
    """Answers for pods and nodes. Knows nothing that is not in the store."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def pod(self, pod: Object, now: float) -> list[tuple[str, Usage]] | None:
        """What each running container of a pod uses, None where there are no figures."""
        if pod.get("status", {}).get("phase") != "Running":
            return None
        specs = {
            entry["name"]: entry
            for key in ("initContainers", "containers", "ephemeralContainers")
            for entry in pod["spec"].get(key) or ()
        }
        found = []
        for key in STATUS_LISTS:
            for status in pod["status"].get(key) or ():
                if "running" not in (status.get("state") or {}):
                    continue
                container = Container.from_pod(pod, status["name"])
                if container is None or now - container.started_at < YOUNG:
                    continue
                spec = specs.get(status["name"], {})
                found.append((status["name"], container_usage(self._runtime.seed, container, spec, now)))
        return found or None

    def node(self, node: Object, pods: Iterable[Object], now: float) -> Usage | None:
        """What a node uses, None while it is not ready."""
        if not is_ready(node):
            return None
        capacity = node_capacity(node)
        total = node_overhead(self._runtime.seed, node["metadata"]["name"], capacity, now)
        for pod in pods:
            for _, usage in self.pod(pod, now) or ():
                total += usage
        return Usage(min(total.cpu, capacity.cpu * 0.99), min(total.memory, int(capacity.memory * 0.97)))

    async def list_pods(self, call: Call) -> web.StreamResponse:
        """PodMetricsList of a namespace or of all."""
        pods = _resource(call, "pods")
        predicate = _predicate(call, pods)
        now = self._runtime.clock()
        ready = {
            node["metadata"]["name"] for node in call.store.list(_resource(call, "nodes")) if is_ready(node)
        }
        items = []
        for number, pod in enumerate(call.store.list(pods, call.args.get("ns", ""))):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            if pod["spec"].get("nodeName") not in ready or (predicate and not predicate(pod)):
                continue
            figures = self.pod(pod, now)
            if figures:
                items.append(_pod_metrics(pod, figures, now))
        return await _answer_list(call, "PodMetrics", items)

    async def get_pod(self, call: Call) -> web.StreamResponse:
        """PodMetrics of one pod."""
        pods = _resource(call, "pods")
        pod = call.store.get(pods, call.args["ns"], call.args["name"])
        now = self._runtime.clock()
        node = None if pod is None else _node_of(call.store, call, pod)
        figures = self.pod(pod, now) if pod is not None and node is not None and is_ready(node) else None
        if pod is None or figures is None:
            raise _no_figures(call, f"{call.args['ns']}/{call.args['name']}")
        return _answer(call, _pod_metrics(pod, figures, now))

    async def list_nodes(self, call: Call) -> web.StreamResponse:
        """NodeMetricsList."""
        nodes = _resource(call, "nodes")
        predicate = _predicate(call, nodes)
        now = self._runtime.clock()
        by_node = await self._pods_by_node(call)
        items = []
        for node in call.store.list(nodes):
            if predicate is None or predicate(node):
                usage = self.node(node, by_node.get(node["metadata"]["name"], ()), now)
                if usage is not None:
                    items.append(_node_metrics(node, usage, now))
            await asyncio.sleep(0)
        return await _answer_list(call, "NodeMetrics", items)

    async def get_node(self, call: Call) -> web.StreamResponse:
        """NodeMetrics of one node."""
        name = call.args["name"]
        node = call.store.get(_resource(call, "nodes"), "", name)
        now = self._runtime.clock()
        by_node = await self._pods_by_node(call)
        usage = None if node is None else self.node(node, by_node.get(name, ()), now)
        if node is None or usage is None:
            raise _no_figures(call, name)
        return _answer(call, _node_metrics(node, usage, now))

    async def _pods_by_node(self, call: Call) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        for pod in call.store.list(_resource(call, "pods")):
            found.setdefault(pod["spec"].get("nodeName", ""), []).append(pod)
        return found


def _resource(call: Call, plural: str) -> Resource:
    found = call.registry.find("", "v1", plural)
    if found is None:
        raise LookupError(plural)
    return found


def _node_of(store: Store, call: Call, pod: Object) -> Object | None:
    return store.get(_resource(call, "nodes"), "", pod["spec"].get("nodeName", ""))


def _predicate(call: Call, res: Resource) -> Any:
    return combined(res, call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))


def _no_figures(call: Call, name: str) -> Exception:
    res = call.registry.find(GROUP, VERSION, "pods" if "/" in name else "nodes")
    if res is None:
        raise LookupError(GROUP)
    error = not_found(res, name)
    error.message = f'{res.kind.lower()}.{GROUP} "{name}" not found'
    return error


def _stamp(now: float) -> Object:
    return {"timestamp": rfc3339(now - now % STEP), "window": f"{STEP}s"}


def _metadata(obj: Object, now: float) -> Object:
    source = obj["metadata"]
    found = {"name": source["name"]}
    if source.get("namespace"):
        found["namespace"] = source["namespace"]
    found["creationTimestamp"] = rfc3339(now)
    if source.get("labels"):
        found["labels"] = source["labels"]
    return found


def _usage(usage: Usage) -> Object:
    return {"cpu": format_cpu(usage.cpu), "memory": format_memory(usage.memory)}


def _pod_metrics(pod: Object, figures: Sequence[tuple[str, Usage]], now: float) -> Object:
    containers = [{"name": name, "usage": _usage(usage)} for name, usage in figures]
    return {"metadata": _metadata(pod, now), **_stamp(now), "containers": containers}


def _node_metrics(node: Object, usage: Usage, now: float) -> Object:
    return {"metadata": _metadata(node, now), **_stamp(now), "usage": _usage(usage)}


def _answer(call: Call, item: Object) -> web.StreamResponse:
    kind = "PodMetrics" if "containers" in item else "NodeMetrics"
    if negotiate(call.request.headers.get("Accept", ""))[0] == TABLE:
        return json_response(_table([item]))
    return json_response({"kind": kind, "apiVersion": f"{GROUP}/{VERSION}", **item})


async def _answer_list(call: Call, kind: str, items: list[Object]) -> web.StreamResponse:
    """A list; a long one is written in parts, so that nobody else waits."""
    if negotiate(call.request.headers.get("Accept", ""))[0] == TABLE:
        return json_response(_table(items))
    head = {"kind": f"{kind}List", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}}
    if len(items) <= _PART:
        return json_response({**head, "items": items})
    response = web.StreamResponse(headers={"Cache-Control": "no-cache, private"})
    response.content_type = "application/json"
    await response.prepare(call.request)
    await response.write(_ENCODER.encode(head)[:-1] + b',"items":[')
    for start in range(0, len(items), _PART):
        part = _ENCODER.encode(items[start : start + _PART])[1:-1]
        await response.write(b"," + part if start else part)
        await asyncio.sleep(0)
    await response.write_eof(b"]}")
    return response


def _table(items: Sequence[Object]) -> Object:
    columns = [
        {"name": name, "type": "string", "format": form, "description": "", "priority": 0}
        for name, form in (
            ("Name", "name"),
            ("cpu", "quantity"),
            ("memory", "quantity"),
            ("Window", "duration"),
        )
    ]
    rows = []
    for item in items:
        usages = [part["usage"] for part in item.get("containers") or [item]]
        cpu = sum(int(usage["cpu"][:-1]) for usage in usages)
        memory = sum(int(usage["memory"][:-2]) for usage in usages)
        cells = [item["metadata"]["name"], f"{cpu}n", f"{memory}Ki", item["window"]]
        meta = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
        rows.append({"cells": cells, "object": meta})
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}}
    return {**head, "columnDefinitions": columns, "rows": rows}


def register(routes: Routes, runtime: Runtime) -> None:
    """Add the handlers of metrics.k8s.io and of the kubelet's proxy."""
    metrics = Metrics(runtime)
    routes.add("GET", f"{BASE}/nodes", metrics.list_nodes)
    routes.add("GET", f"{BASE}/nodes/{{name}}", metrics.get_node)
    routes.add("GET", f"{BASE}/pods", metrics.list_pods)
    routes.add("GET", f"{BASE}/namespaces/{{ns}}/pods", metrics.list_pods)
    routes.add("GET", f"{BASE}/namespaces/{{ns}}/pods/{{name}}", metrics.get_pod)
    kubelet = Kubelet(runtime, metrics)
    routes.add("*", "/api/v1/nodes/{name}/proxy/{rest...}", kubelet.handle)
