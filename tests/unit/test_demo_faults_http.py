"""Every fault, as a plain HTTP client meets it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.unit.demo_streams_rig import Rig, pod, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIST = "/api/v1/pods"
WATCH = "/api/v1/pods?watch=1&resourceVersion={}"
PODS = 40


@pytest.fixture
async def cluster() -> AsyncIterator[Rig]:
    async with rig(*(pod(f"pod-{number}") for number in range(PODS))) as found:
        yield found


def watch(cluster: Rig) -> Any:
    return cluster.get(WATCH.format(cluster.store.resource_version))


def touch(cluster: Rig, number: int, name: str = "pod-0") -> None:
    stored = cluster.pod(name)
    labels = {**stored["metadata"]["labels"], "n": str(number)}
    cluster.update({**stored, "metadata": {**stored["metadata"], "labels": labels}})


async def whole(response: aiohttp.ClientResponse) -> tuple[bytes, str]:
    """What came, and how it ended: `end`, `cut`, or `open` after two seconds without a byte."""
    data = b""
    try:
        while True:
            async with asyncio.timeout(2):
                chunk = await response.content.readany()
            if not chunk:
                return data, "end"
            data += chunk
    except TimeoutError:
        return data, "open"
    except (aiohttp.ClientError, ConnectionError):
        return data, "cut"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (504, "Timeout"),
    ],
)
async def test_a_status_instead_of_an_answer(cluster: Rig, code: int, reason: str) -> None:
    cluster.faults.set(f"{code}:retry=2")
    async with cluster.get(LIST) as response:
        assert response.status == code
        assert response.headers["Retry-After"] == "2"
        body = await response.json()
    assert (body["kind"], body["code"], body["reason"]) == ("Status", code, reason)


async def test_slow_answers_are_right_answers(cluster: Rig) -> None:
    cluster.faults.set("slow:300ms")
    began = time.monotonic()
    async with cluster.get(LIST) as response:
        assert len((await response.json())["items"]) == PODS
    assert time.monotonic() - began >= 0.3


async def test_refused_connections_give_no_answer(cluster: Rig) -> None:
    cluster.faults.set("refuse")
    with pytest.raises(aiohttp.ClientError):
        await cluster.get(LIST)


@pytest.mark.parametrize(("fault", "end"), [("drop", "cut"), ("truncate", "cut"), ("halfopen", "open")])
async def test_an_answer_breaks_off_half_way(cluster: Rig, fault: str, end: str) -> None:
    async with cluster.get(LIST) as response:
        complete = await response.read()
    cluster.faults.set(fault)
    async with cluster.get(LIST) as response:
        assert response.status == 200
        data, how = await whole(response)
    assert how == end
    assert 0 < len(data) < len(complete)
    assert complete.startswith(data)
    assert cluster.faults.struck == {fault: 1}


async def test_a_stalled_answer_comes_in_the_end(cluster: Rig) -> None:
    cluster.faults.set("stall:400ms")
    began = time.monotonic()
    async with cluster.get(LIST) as response:
        assert len((await response.json())["items"]) == PODS
    assert time.monotonic() - began >= 0.4


async def test_split_writes_lose_nothing(cluster: Rig) -> None:
    cluster.faults.set("split")
    async with cluster.get(LIST) as response:
        assert len((await response.json())["items"]) == PODS
    async with watch(cluster) as response:
        touch(cluster, 1)
        assert json.loads(await response.content.readline())["object"]["metadata"]["labels"]["n"] == "1"


async def test_a_watch_is_cut_when_it_is_quiet_as_well(cluster: Rig) -> None:
    cluster.faults.set("drop:after=200ms")
    async with watch(cluster) as response:
        assert await whole(response) == (b"", "cut")


async def test_a_half_open_watch_says_nothing_and_stays(cluster: Rig) -> None:
    cluster.faults.set("halfopen:after=100ms")
    async with watch(cluster) as response:
        touch(cluster, 1)
        first = await response.content.readline()
        assert json.loads(first)["type"] == "MODIFIED"
        await asyncio.sleep(0.3)
        touch(cluster, 2)
        assert await whole(response) == (b"", "open")


async def test_a_stalled_watch_goes_on_without_a_gap(cluster: Rig) -> None:
    cluster.faults.set("stall:500ms:after=100ms")
    async with watch(cluster) as response:
        await asyncio.sleep(0.2)
        for number in (1, 2, 3):
            touch(cluster, number)
        seen = [json.loads(await response.content.readline()) for _ in range(3)]
    assert [event["object"]["metadata"]["labels"]["n"] for event in seen] == ["1", "2", "3"]


async def test_a_watch_expires_in_the_stream(cluster: Rig) -> None:
    cluster.faults.set("410:after=100ms")
    async with watch(cluster) as response:
        assert response.status == 200
        data, how = await whole(response)
    assert how == "end"
    event = json.loads(data)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_lists_do_not_expire_in_the_stream(cluster: Rig) -> None:
    cluster.faults.set("410")
    async with cluster.get(LIST) as response:
        assert len((await response.json())["items"]) == PODS


async def test_versions_expire_as_http_but_a_new_list_works(cluster: Rig) -> None:
    cluster.faults.set("410-http")
    async with watch(cluster) as response:
        assert (response.status, (await response.json())["reason"]) == (410, "Expired")
    async with cluster.get(LIST + "?limit=5&continue=abc") as response:
        assert response.status == 410
    async with cluster.get(LIST) as response:
        assert response.status == 200


async def test_a_watch_ends_regularly(cluster: Rig) -> None:
    cluster.faults.set("end:after=100ms")
    async with watch(cluster) as response:
        assert await whole(response) == (b"", "end")


async def test_a_watch_ends_in_the_middle_of_a_line(cluster: Rig) -> None:
    cluster.faults.set("truncate:after=300ms")
    async with watch(cluster) as response:
        touch(cluster, 1)
        data, how = await whole(response)
    *lines, rest = data.split(b"\n")
    assert how == "end"
    assert [json.loads(line)["type"] for line in lines] == ["MODIFIED"]
    assert rest.startswith(b'{"type":')
    with pytest.raises(json.JSONDecodeError):
        json.loads(rest)


async def test_garbage_comes_between_the_lines(cluster: Rig) -> None:
    cluster.faults.set("garbage:after=100ms")
    async with watch(cluster) as response:
        line = await response.content.readline()
        with pytest.raises(ValueError, match=r".*"):
            json.loads(line)
        touch(cluster, 1)
        assert json.loads(await response.content.readline())["type"] == "MODIFIED"


async def test_streams_are_hit_again_and_again(cluster: Rig) -> None:
    cluster.faults.set("drop:every=200ms")
    for _ in range(3):
        async with watch(cluster) as response:
            assert (await whole(response))[1] == "cut"
    assert cluster.faults.struck["drop:every=200ms"] == 3


async def test_a_websocket_is_cut(cluster: Rig) -> None:
    cluster.faults.set("drop:after=100ms@/exec")
    path = "/api/v1/namespaces/default/pods/pod-0/exec?command=cat&stdin=1&stdout=1"
    async with cluster.websocket(path, "v5.channel.k8s.io") as socket:
        assert (await socket.receive()).data == b"\x01"
        assert (await socket.receive(timeout=3)).type is not aiohttp.WSMsgType.BINARY
        assert socket.close_code == 1006


async def test_faults_are_read_and_changed_over_http(cluster: Rig) -> None:
    url = cluster.base + "/_faults"
    async with cluster.client.post(url, data="503@/pods") as response:
        assert (await response.json())["rules"] == ["503@/pods"]
    async with cluster.get(LIST) as response:
        assert response.status == 503
    async with cluster.get("/_faults") as response:
        assert await response.json() == {
            "spec": "503@/pods",
            "rules": ["503@/pods"],
            "struck": {"503@/pods": 1},
        }
    async with cluster.client.post(url, data="nonsense") as response:
        assert response.status == 400
        assert "no fault" in (await response.json())["message"]
    async with cluster.client.post(url, data="") as response:
        assert response.status == 200
    async with cluster.get(LIST) as response:
        assert response.status == 200


async def test_without_the_secret_prefix_faults_are_out_of_reach(cluster: Rig) -> None:
    url = cluster.base.rpartition("/")[0] + "/wrong/_faults"
    async with cluster.client.post(url, data="503") as response:
        assert response.status == 401
    assert cluster.faults.spec == ""
