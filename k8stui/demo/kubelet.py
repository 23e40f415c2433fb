"""The kubelet's own endpoints, as seen through `nodes/NAME/proxy`: figures, settings, logs of the node.

Read-only. A node that is not ready answers as an API server does for a kubelet that it cannot reach.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

from aiohttp import web

from k8stui.demo.containers import epoch
from k8stui.demo.errors import StoreError, not_found
from k8stui.demo.responses import json_response, ranged
from k8stui.demo.store import rfc3339
from k8stui.demo.streams.log_files import LogFiles
from k8stui.demo.usage import Usage, is_ready, node_capacity

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.metrics import Metrics
    from k8stui.demo.routing import Call
    from k8stui.demo.runtime import Runtime

Object = dict[str, Any]
SERVICES = ("kubelet", "containerd", "systemd", "sshd")
FILES = ("alternatives.log", "audit/audit.log", "dpkg.log", "kern.log", "syslog")
MESSAGES = {
    "kubelet": (
        'I{stamp} {pid} kubelet.go:2510] "SyncLoop (PLEG): event for pod" pod="kube-system/coredns"',
        'I{stamp} {pid} prober.go:120] "Probe succeeded" probeType="Readiness"',
        'W{stamp} {pid} eviction_manager.go:381] "Eviction manager: attempting to reclaim" resource="memory"',
        'I{stamp} {pid} reconciler_common.go:224] "Volume is mounted" volumeName="kube-api-access"',
    ),
    "containerd": (
        'time="{iso}" level=info msg="StartContainer returns successfully"',
        'time="{iso}" level=info msg="TaskExit event" exit_status=1',
        'time="{iso}" level=warning msg="cleaning up after shim disconnected" namespace=k8s.io',
    ),
    "systemd": (
        "Started containerd container.",
        "Reloading.",
        "Starting Daily apt upgrade and clean activities.",
    ),
    "sshd": ("Server listening on 0.0.0.0 port 22.", "Connection closed by 10.0.0.9 port 51044 [preauth]"),
}
LINE_EVERY = 7
"""Seconds between two lines of a journal."""
MAX_LINES = 5000


class Kubelet:
    """Answers for every node of the store."""

    def __init__(self, runtime: Runtime, metrics: Metrics) -> None:
        self._runtime = runtime
        self._metrics = metrics
        self._files = LogFiles(runtime)
        self._paths: dict[str, Callable[[Call, Object], web.StreamResponse]] = {
            "": lambda call, node: web.Response(status=404, text="404 page not found\n"),
            "healthz": lambda call, node: web.Response(text="ok"),
            "configz": self._configz,
            "stats/summary": self._summary,
            "metrics": self._resource_metrics,
            "metrics/resource": self._resource_metrics,
            "pods": self._pods,
            "runningpods": self._pods,
        }

    async def handle(self, call: Call) -> web.StreamResponse:
        """One request to a kubelet."""
        name = call.args["name"].partition(":")[0]
        nodes = call.registry.find("", "v1", "nodes")
        if nodes is None:
            raise LookupError("nodes")
        node = call.store.get(nodes, "", name)
        if node is None:
            raise not_found(nodes, name)
        if not is_ready(node):
            address = _address(node)
            raise StoreError(
                503,
                "ServiceUnavailable",
                f"error trying to reach service: dial tcp {address}:10250: connect: connection refused",
            )
        if call.request.method not in ("GET", "HEAD"):
            return web.Response(status=405, text="405: Method Not Allowed\n")
        path = call.args["rest"].strip("/")
        if path == "logs" or path.startswith("logs/"):
            return await self._logs(call, node, path.removeprefix("logs").strip("/"))
        found = self._paths.get(path)
        return web.Response(status=404, text="404 page not found\n") if found is None else found(call, node)

    def _pods_of(self, call: Call, node: Object) -> list[Object]:
        pods = call.registry.find("", "v1", "pods")
        if pods is None:
            return []
        name = node["metadata"]["name"]
        return [pod for pod in call.store.list(pods) if pod["spec"].get("nodeName") == name]

    def _pods(self, call: Call, node: Object) -> web.StreamResponse:
        items = self._pods_of(call, node)
        return json_response({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})

    def _configz(self, call: Call, node: Object) -> web.StreamResponse:
        settings = {
            "enableServer": True,
            "syncFrequency": "1m0s",
            "fileCheckFrequency": "20s",
            "address": "0.0.0.0",  # noqa: S104
            "port": 10250,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True, "cacheTTL": "2m0s"},
            },
            "authorization": {"mode": "Webhook"},
            "clusterDomain": "cluster.local",
            "clusterDNS": ["10.96.0.10"],
            "nodeStatusUpdateFrequency": "10s",
            "imageGCHighThresholdPercent": 85,
            "imageGCLowThresholdPercent": 80,
            "cgroupDriver": "systemd",
            "maxPods": int(node.get("status", {}).get("capacity", {}).get("pods", 110)),
            "evictionHard": {
                "imagefs.available": "15%",
                "memory.available": "100Mi",
                "nodefs.available": "10%",
                "nodefs.inodesFree": "5%",
            },
            "containerLogMaxSize": "10Mi",
            "containerLogMaxFiles": 5,
            "featureGates": {"NodeLogQuery": True},
            "enableSystemLogHandler": True,
            "enableSystemLogQuery": True,
        }
        return json_response({"kubeletconfig": settings})

    def _summary(self, call: Call, node: Object) -> web.StreamResponse:
        now = self._runtime.clock()
        moment = rfc3339(now)
        pods = self._pods_of(call, node)
        total = self._metrics.node(node, pods, now) or Usage(0.0, 0)
        capacity = node_capacity(node)
        disk = {"time": moment, "capacityBytes": 105 << 30, "usedBytes": 38 << 30, "availableBytes": 62 << 30}
        head = {
            "nodeName": node["metadata"]["name"],
            "startTime": node["metadata"].get("creationTimestamp"),
            "cpu": _cpu(total, moment, now),
            "memory": {
                **_memory(total, moment),
                "availableBytes": capacity.memory - total.memory,
            },
            "fs": {**disk, "inodes": 6553600, "inodesFree": 6102044, "inodesUsed": 451556},
            "runtime": {"imageFs": disk, "containerFs": disk},
            "rlimit": {"time": moment, "maxpid": 32768, "curproc": 300 + 9 * len(pods)},
        }
        return json_response({"node": head, "pods": [self._pod_stats(pod, now) for pod in pods]})

    def _pod_stats(self, pod: Object, now: float) -> Object:
        moment = rfc3339(now)
        figures = self._metrics.pod(pod, now) or []
        total = Usage(0.0, 0)
        containers = []
        for name, usage in figures:
            total += usage
            containers.append(
                {
                    "name": name,
                    "startTime": pod["metadata"].get("creationTimestamp"),
                    "cpu": _cpu(usage, moment, now),
                    "memory": _memory(usage, moment),
                    "logs": {"time": moment, "usedBytes": 40960},
                }
            )
        meta = pod["metadata"]
        return {
            "podRef": {
                "name": meta["name"],
                "namespace": meta.get("namespace", ""),
                "uid": meta.get("uid", ""),
            },
            "startTime": pod["status"].get("startTime") or meta.get("creationTimestamp"),
            "containers": containers,
            "cpu": _cpu(total, moment, now),
            "memory": _memory(total, moment),
        }

    def _resource_metrics(self, call: Call, node: Object) -> web.StreamResponse:
        now = self._runtime.clock()
        pods = self._pods_of(call, node)
        total = self._metrics.node(node, pods, now) or Usage(0.0, 0)
        stamp = int(now * 1000)
        lines = ["# TYPE container_cpu_usage_seconds_total counter"]
        memory = ["# TYPE container_memory_working_set_bytes gauge"]
        for pod in pods:
            meta = pod["metadata"]
            for name, usage in self._metrics.pod(pod, now) or ():
                labels = f'container="{name}",namespace="{meta.get("namespace", "")}",pod="{meta["name"]}"'
                lines.append(
                    f"container_cpu_usage_seconds_total{{{labels}}} {usage.cpu * now % 1e7:.6f} {stamp}"
                )
                memory.append(f"container_memory_working_set_bytes{{{labels}}} {usage.memory} {stamp}")
        tail = [
            "# TYPE node_cpu_usage_seconds_total counter",
            f"node_cpu_usage_seconds_total {total.cpu * now % 1e7:.6f} {stamp}",
            "# TYPE node_memory_working_set_bytes gauge",
            f"node_memory_working_set_bytes {total.memory} {stamp}",
        ]
        return web.Response(text="\n".join([*lines, *memory, *tail, ""]))

    async def _logs(self, call: Call, node: Object, path: str) -> web.StreamResponse:
        """Files under /var/log, or the journal of services (`?query=kubelet`)."""
        asked = call.request.query.getall("query", [])
        if asked and not path:
            return self._query(call, node, asked)
        found: bytes | list[str] | None
        if path in FILES:
            found = "".join(self._journal(node, path, None, 200)).encode()
        elif path == "pods" or path.startswith("pods/"):
            found = await self._files.get(self._pods_of(call, node), path.removeprefix("pods").strip("/"))
        else:
            found = _inside(path)
        if found is None:
            return web.Response(status=404, text="404 page not found\n")
        if isinstance(found, bytes):
            return ranged(call.request, found)
        links = "".join(f'<a href="{html.escape(name)}">{html.escape(name)}</a>\n' for name in found)
        return web.Response(text=f"<!doctype html>\n<pre>\n{links}</pre>\n", content_type="text/html")

    def _query(self, call: Call, node: Object, asked: list[str]) -> web.StreamResponse:
        unknown = [name for name in asked if name not in SERVICES and name not in FILES]
        if unknown:
            text = f"failed to get logs for services {unknown}: no such service or file\n"
            return web.Response(status=400, text=text)
        query = call.request.query
        tail = query.get("tailLines", "")
        since = epoch(query.get("sinceTime")) if query.get("sinceTime") else None
        try:
            pattern = re.compile(query.get("pattern", "")[:200])
        except re.error as error:
            return web.Response(status=400, text=f"invalid pattern: {error}\n")
        count = min(MAX_LINES, int(tail)) if tail.isdigit() else 500
        lines = [line for name in asked for line in self._journal(node, name, since, count)]
        found = [line for line in sorted(lines) if pattern.search(line)]
        return web.Response(text="".join(found[-count:]))

    def _journal(self, node: Object, service: str, since: float | None, count: int) -> list[str]:
        """The last lines of a service's journal: a pure function of node, service and time."""
        name = node["metadata"]["name"]
        now = self._runtime.clock()
        messages = MESSAGES.get(service, MESSAGES["systemd"])
        last = int(now // LINE_EVERY)
        first = last - min(count, MAX_LINES) + 1
        if since is not None:
            first = max(first, int(since // LINE_EVERY) + 1)
        pid = 700 + crc32(f"{name}/{service}".encode()) % 300
        lines = []
        for number in range(first, last + 1):
            moment = datetime.fromtimestamp(number * LINE_EVERY, UTC)
            message = messages[crc32(f"{self._runtime.seed}{name}{service}{number}".encode()) % len(messages)]
            text = message.format(stamp=f"{moment:%m%d %H:%M:%S}.000000", pid=pid, iso=moment.isoformat())
            lines.append(f"{moment:%b %d %H:%M:%S} {name} {service.rpartition('/')[2]}[{pid}]: {text}\n")
        return lines


def _inside(path: str) -> list[str] | None:
    """What a folder under /var/log has, but for that of pods."""
    front = f"{path}/" if path else ""
    inside = {name.removeprefix(front) for name in (*FILES, "pods/") if name.startswith(front)}
    names = {name.partition("/")[0] + ("/" if "/" in name else "") for name in inside}
    return sorted(names) or None


def _address(node: Object) -> str:
    for entry in node.get("status", {}).get("addresses") or ():
        if entry["type"] == "InternalIP":
            return str(entry["address"])
    return str(node["metadata"]["name"])


def _cpu(usage: Usage, moment: str, now: float) -> Object:
    nanos = int(usage.cpu * 1e9)
    return {
        "time": moment,
        "usageNanoCores": nanos,
        "usageCoreNanoSeconds": int(usage.cpu * (now % 1e7) * 1e9),
    }


def _memory(usage: Usage, moment: str) -> Object:
    return {
        "time": moment,
        "usageBytes": int(usage.memory * 1.15),
        "workingSetBytes": usage.memory,
        "rssBytes": int(usage.memory * 0.8),
        "pageFaults": usage.memory >> 12,
        "majorPageFaults": 0,
    }
