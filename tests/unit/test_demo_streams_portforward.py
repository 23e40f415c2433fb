"""Port-forwarding of the simulated cluster: recorded conversations, and the tunnel of newer clients."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from k8stui.demo.streams.spdy import Decoder, Encoder, Frame, Type
from tests.unit.demo_streams_rig import golden_pods, pod, recorded, rig

PATH = "/api/v1/namespaces/default/pods/{}/portforward"


async def frames_of(socket: Any) -> list[bytes]:
    return [message.data async for message in socket]


async def test_channels_start_with_the_port_and_carry_http() -> None:
    recording = recorded("streams", "portforward-v4")
    frames = [frame for frame in recording["frames"] if "hex" in frame]
    request = next(bytes.fromhex(frame["sent"]) for frame in recording["frames"] if "sent" in frame)
    pods = golden_pods()
    name = recording["path"].split("/")[6]
    target = next(item for item in pods if item["metadata"]["name"] == name)
    target["spec"]["containers"][0]["ports"] = [{"containerPort": 8080}]
    async with (
        rig(*pods) as cluster,
        cluster.websocket(recording["path"], *recording["protocols"]) as socket,
    ):
        await socket.send_bytes(request)
        got = await frames_of(socket)
    assert got[:2] == [bytes.fromhex(frame["hex"]) for frame in frames[:2]]
    answer = b"".join(frame[1:] for frame in got[2:] if frame[0] == 0)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(f"\r\n\r\n{name}\n".encode())


async def test_a_port_that_nobody_listens_on_is_refused_as_recorded() -> None:
    recording = recorded("streams", "portforward-refused")
    wanted = [bytes.fromhex(frame["hex"]) for frame in recording["frames"] if "hex" in frame]
    async with (
        rig(*golden_pods()) as cluster,
        cluster.websocket(recording["path"], *recording["protocols"]) as socket,
    ):
        got = await frames_of(socket)

    def without_ids(data: bytes) -> bytes:
        return re.sub(rb"[0-9a-f]{64}|cni-[0-9a-f-]{36}", b"ID", data)

    assert [without_ids(data) for data in got] == [without_ids(data) for data in wanted]


async def test_what_is_not_http_comes_back() -> None:
    async with (
        rig(pod("web", ports=[5432])) as cluster,
        cluster.websocket(PATH.format("web") + "?ports=5432", "v4.channel.k8s.io") as socket,
    ):
        await socket.receive()
        await socket.receive()
        for word in (b"\x00hello", b"\x00GETTING"):
            await socket.send_bytes(word)
            assert (await socket.receive()).data == word


@pytest.mark.parametrize("query", ["", "?ports=0", "?ports=99999", "?ports=http"])
async def test_ports_must_be_ports(query: str) -> None:
    async with rig(pod("web")) as cluster:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await cluster.websocket(PATH.format("web") + query, "v4.channel.k8s.io")
    assert caught.value.status == 400


async def test_many_connections_share_one_tunnel() -> None:
    recording = recorded("streams", "portforward-tunnel-spdy")
    protocol = recording["frames"][0]["negotiated"]
    encoder, decoder = Encoder(), Decoder()
    frames: list[Frame] = []
    async with rig(pod("web")) as cluster, cluster.websocket(PATH.format("web"), protocol) as socket:
        assert socket.protocol == protocol
        for number in range(3):
            first = 4 * number + 1
            headers = {"port": "8080" if number < 2 else "9999", "requestID": str(number)}
            await socket.send_bytes(encoder.syn_stream(first, {**headers, "streamType": "error"}, fin=True))
            data = encoder.syn_stream(first + 2, {**headers, "streamType": "data"})
            # SPDY frames need not end where messages do.
            await socket.send_bytes(data[:5])
            await socket.send_bytes(data[5:])
            await socket.send_bytes(encoder.data(first + 2, f"hello {number}".encode()))
            await socket.send_bytes(encoder.data(first + 2, b"", fin=True))
        await socket.send_bytes(encoder.ping(9))
        while sum(frame.fin for frame in frames) < 6:
            frames += decoder.feed((await socket.receive(timeout=5)).data)
    replies = {frame.stream for frame in frames if frame.type is Type.SYN_REPLY}
    assert replies == {1, 3, 5, 7, 9, 11}
    echoed = {frame.stream: frame.data for frame in frames if frame.type is None and frame.data}
    assert echoed[3] == b"hello 0"
    assert echoed[7] == b"hello 1"
    assert b"connection refused" in echoed[9]
    assert 11 not in echoed
    assert any(frame.type is Type.PING and frame.value == 9 for frame in frames)
