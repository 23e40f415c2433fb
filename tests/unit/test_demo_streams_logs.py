"""Logs of the simulated cluster: refusals in a real server's words, options, following, WebSocket."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import aiohttp
import pytest

from tests.unit.demo_streams_rig import Rig, golden_pods, pod, recorded, rig

LOG = "/api/v1/namespaces/default/pods/{}/log"


@pytest.mark.parametrize(
    "name",
    ["log-container-required", "log-not-started", "log-previous-missing"],
)
async def test_refusals_are_those_of_a_real_server(name: str) -> None:
    recording = recorded("exchanges", name)
    async with rig(*golden_pods()) as cluster, cluster.get(recording["request"]["path"]) as response:
        assert response.status == recording["response"]["status"]
        assert await response.json() == recording["response"]["body"]


async def test_timestamps_have_nine_digits_and_a_tail_its_lines() -> None:
    recording = recorded("exchanges", "log-timestamps-tail")
    shape = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .+\n")
    assert all(shape.fullmatch(line) for line in recording["response"]["body"].splitlines(True))
    async with rig(*golden_pods()) as cluster, cluster.get(recording["request"]["path"]) as response:
        assert response.content_type == recording["response"]["headers"]["Content-Type"]
        lines = (await response.text()).splitlines(True)
    assert len(lines) == 5
    assert all(shape.fullmatch(line) for line in lines)


async def text_of(cluster: Rig, name: str, **params: str) -> str:
    async with cluster.get(LOG.format(name), params=params) as response:
        assert response.status == 200, await response.text()
        return str(await response.text())


async def test_limit_bytes_cuts() -> None:
    async with rig(pod("web")) as cluster:
        whole = await text_of(cluster, "web")
        assert await text_of(cluster, "web", limitBytes="25") == whole[:25]


async def test_since_seconds_and_since_time() -> None:
    async with rig(pod("web", age=300)) as cluster:
        assert len((await text_of(cluster, "web", sinceSeconds="60")).splitlines()) in (11, 12, 13)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        assert len((await text_of(cluster, "web", sinceTime=moment)).splitlines()) in (11, 12, 13)


async def test_a_pod_without_a_node_has_an_empty_log() -> None:
    async with rig(pod("new", node="")) as cluster:
        assert await text_of(cluster, "new") == ""


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"tailLines": "-1"}, 422, "must be greater than or equal to 0"),
        ({"sinceSeconds": "0"}, 422, "must be greater than 0"),
        ({"limitBytes": "0"}, 422, "must be greater than 0"),
        ({"sinceSeconds": "5", "sinceTime": "2026-01-01T00:00:00Z"}, 422, "at most one of"),
        ({"sinceTime": "yesterday"}, 400, "yesterday"),
        ({"container": "nope"}, 400, "container nope is not valid for pod web"),
    ],
)
async def test_options_are_checked(params: dict[str, str], status: int, words: str) -> None:
    async with rig(pod("web")) as cluster, cluster.get(LOG.format("web"), params=params) as response:
        assert response.status == status
        body = await response.json()
        assert (body["kind"], body["code"]) == ("Status", status)
        assert words in body["message"]


async def test_a_missing_pod_is_404() -> None:
    async with rig() as cluster, cluster.get(LOG.format("ghost")) as response:
        assert response.status == 404
        assert (await response.json())["message"] == 'pods "ghost" not found'


async def test_following_a_fast_source_loses_nothing() -> None:
    fast = pod("fast", annotations={"demo.k8stui.dev/log-rate": "20000"}, age=10)
    numbers: list[int] = []
    async with rig(fast) as cluster, cluster.get(LOG.format("fast"), params={"follow": "true"}) as response:
        rest = b""
        async for chunk in response.content.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            numbers += [int(line.split()[1][4:]) for line in lines]
            if numbers[-1] - numbers[0] > 110_000:
                break
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


async def test_a_follow_ends_when_the_container_does() -> None:
    async with rig(pod("web")) as cluster:
        params = {"follow": "1", "tailLines": "1"}
        async with cluster.get(LOG.format("web"), params=params) as response:
            await response.content.readline()
            changed: dict[str, Any] = dict(cluster.pod("web"))
            status = dict(changed["status"])
            entry = dict(status["containerStatuses"][0])
            started = entry["state"]["running"]["startedAt"]
            ended = {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": started}
            entry["state"] = {"terminated": {**ended, "containerID": entry["containerID"]}}
            changed["status"] = {**status, "containerStatuses": [entry]}
            cluster.update(changed)
            async with asyncio.timeout(5):
                assert await response.content.read() == b""
            assert response.content.at_eof()


async def test_a_log_over_a_websocket_is_as_recorded() -> None:
    recording = recorded("streams", "log-follow-websocket")
    first = recording["frames"][1]
    async with (
        rig(*golden_pods()) as cluster,
        cluster.websocket(recording["path"], *recording["protocols"]) as socket,
    ):
        assert socket.protocol == "binary.k8s.io"
        assert (await socket.receive()).data == bytes.fromhex(first["hex"]) == b""
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.BINARY
        assert message.data.count(b"\n") == 3


async def test_a_finished_log_over_a_websocket_ends_it() -> None:
    async with (
        rig(pod("web")) as cluster,
        cluster.websocket(LOG.format("web") + "?tailLines=2", "base64.binary.k8s.io") as socket,
    ):
        types = [message.type async for message in socket]
        assert types == [aiohttp.WSMsgType.TEXT] * 2
        assert socket.close_code == 1000
