"""Figures of the simulated cluster: metrics.k8s.io, and the kubelet's own through the node's proxy."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from k8stui.demo.containers import Container
from k8stui.demo.usage import container_usage, format_cpu, format_memory, quantity
from tests.unit.demo_streams_rig import Rig, node, pod, rig

METRICS = "/apis/metrics.k8s.io/v1beta1"
PROXY = "/api/v1/nodes/node-1/proxy"
RESOURCES = {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}


async def body(cluster: Rig, path: str, status: int = 200) -> Any:
    async with cluster.get(path) as response:
        assert response.status == status, await response.text()
        return await response.json()


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", 0.5), ("2", 2), ("1Gi", 1 << 30), ("128Mi", 128 << 20), ("1k", 1000), (None, 0), ("x", 0)],
)
def test_quantities(text: str | None, number: float) -> None:
    assert quantity(text) == number


def test_usage_moves_but_stays_plausible_and_repeatable() -> None:
    spec = {"resources": RESOURCES}
    container = Container("default", "web", "uid", "app", "id", "image", (), time.time() - 9000)
    samples = [container_usage(1, container, spec, time.time() + 15 * step) for step in range(200)]
    assert len({sample.cpu for sample in samples}) > 100
    assert all(0 < sample.cpu <= 1 for sample in samples)
    assert all(0 < sample.memory <= 512 << 20 for sample in samples)
    now = time.time()
    assert container_usage(1, container, spec, now) == container_usage(1, container, spec, now)
    assert container_usage(1, container, spec, now) != container_usage(2, container, spec, now)


def test_formats_are_those_of_metrics_server() -> None:
    assert format_cpu(0.25) == "250000000n"
    assert format_memory(3 << 20) == "3072Ki"


async def test_pods_have_figures_by_container() -> None:
    two = pod("two", containers={"app": "a", "side": "b"}, resources=RESOURCES)
    async with rig(node(), two, pod("web"), pod("else", namespace="shop")) as cluster:
        found = await body(cluster, f"{METRICS}/namespaces/default/pods")
        assert found["kind"] == "PodMetricsList"
        assert [item["metadata"]["name"] for item in found["items"]] == ["two", "web"]
        assert [part["name"] for part in found["items"][0]["containers"]] == ["app", "side"]
        assert re.fullmatch(r"\d+n", found["items"][0]["containers"][0]["usage"]["cpu"])
        assert len((await body(cluster, f"{METRICS}/pods"))["items"]) == 3
        assert len((await body(cluster, f"{METRICS}/pods?labelSelector=app%3Dweb"))["items"]) == 1
        one = await body(cluster, f"{METRICS}/namespaces/default/pods/web")
        assert one["kind"] == "PodMetrics"


async def test_there_are_no_figures_for_what_is_young_gone_or_out_of_reach() -> None:
    async with rig(
        node(), node("dark", ready=False), pod("young", age=2), pod("away", node="dark"), pod("web")
    ) as cluster:
        found = await body(cluster, f"{METRICS}/pods")
        assert [item["metadata"]["name"] for item in found["items"]] == ["web"]
        nodes = await body(cluster, f"{METRICS}/nodes")
        assert [item["metadata"]["name"] for item in nodes["items"]] == ["node-1"]
        missing = await body(cluster, f"{METRICS}/namespaces/default/pods/young", 404)
        assert missing["message"] == 'podmetrics.metrics.k8s.io "default/young" not found'
        assert (await body(cluster, f"{METRICS}/nodes/dark", 404))["reason"] == "NotFound"


async def test_a_node_uses_more_than_its_pods_and_less_than_it_has() -> None:
    pods = [pod(f"p{number}", resources=RESOURCES) for number in range(10)]
    async with rig(node(), *pods) as cluster:
        found = await body(cluster, f"{METRICS}/pods")
        total = sum(int(item["containers"][0]["usage"]["cpu"][:-1]) for item in found["items"])
        usage = (await body(cluster, f"{METRICS}/nodes/node-1"))["usage"]
        assert total < int(usage["cpu"][:-1]) < 8e9


async def test_metrics_come_as_a_table_as_well() -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    async with (
        rig(node(), pod("web")) as cluster,
        cluster.get(f"{METRICS}/pods", headers={"Accept": accept}) as response,
    ):
        table = await response.json()
    assert table["kind"] == "Table"
    assert [row["cells"][0] for row in table["rows"]] == ["web"]
    assert len(table["columnDefinitions"]) == len(table["rows"][0]["cells"])


async def test_the_kubelets_summary_agrees_with_metrics() -> None:
    async with rig(node(), pod("web")) as cluster:
        summary = await body(cluster, f"{PROXY}/stats/summary")
        assert summary["node"]["nodeName"] == "node-1"
        (stats,) = summary["pods"]
        assert stats["podRef"]["name"] == "web"
        assert stats["containers"][0]["cpu"]["usageNanoCores"] > 0
        assert stats["memory"]["workingSetBytes"] < summary["node"]["memory"]["workingSetBytes"]


async def test_the_kubelets_other_endpoints() -> None:
    async with rig(node(), pod("web")) as cluster:
        assert (await body(cluster, f"{PROXY}/configz"))["kubeletconfig"]["maxPods"] == 110
        async with cluster.get(f"{PROXY}/healthz") as response:
            assert await response.text() == "ok"
        async with cluster.get(f"{PROXY}/metrics/resource") as response:
            assert 'container_memory_working_set_bytes{container="app",namespace="default",pod="web"}' in (
                await response.text()
            )
        async with cluster.get(f"{PROXY}/no/such") as response:
            assert response.status == 404
        async with cluster.get("/api/v1/nodes/ghost/proxy/healthz") as response:
            assert response.status == 404


async def test_logs_of_a_node_are_files_or_a_journal() -> None:
    async with rig(node(), pod("web")) as cluster:
        async with cluster.get(f"{PROXY}/logs/") as response:
            assert response.content_type == "text/html"
            text = await response.text()
        assert '<a href="syslog">' in text
        assert '<a href="audit/">' in text
        async with cluster.get(f"{PROXY}/logs/audit/") as response:
            assert '<a href="audit.log">' in await response.text()
        async with cluster.get(f"{PROXY}/logs/?query=kubelet&tailLines=5") as response:
            lines = (await response.text()).splitlines()
        assert len(lines) == 5
        assert all(" node-1 kubelet[" in line for line in lines)
        async with cluster.get(f"{PROXY}/logs/?query=nope") as response:
            assert response.status == 400


async def test_an_unreachable_kubelet_is_said_to_be_so() -> None:
    async with rig(node("dark", ready=False)) as cluster:
        answer = await body(cluster, "/api/v1/nodes/dark/proxy/configz", 503)
        assert "connection refused" in answer["message"]
