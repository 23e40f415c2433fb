"""Port-forwards in their parts: frames of the tunnel, both protocols, where a port leads, what is typed."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from typing import Any

import pytest

from k8stui.kube.portforward.spdy import DICTIONARY, GOAWAY, PING, Reader, SpdyError, Writer
from k8stui.kube.portforward.streams import (
    CHANNELS,
    TUNNEL,
    ChannelStream,
    PodLink,
    PortRefused,
    TunnelStream,
)
from k8stui.kube.portforward.target import NoPod, find_place, port_choices
from k8stui.ui.dialogs.operation_forward import parse_ports


def test_the_dictionary_is_that_of_the_protocol() -> None:
    assert len(DICTIONARY) == 1423
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


def test_frames_come_out_of_pieces_of_any_size() -> None:
    writer, reader = Writer(), Reader()
    data = b"".join([writer.data(3, b"hello"), writer.ping(7), writer.data(3, b"", fin=True)])
    frames = [frame for at in range(len(data)) for frame in reader.feed(data[at : at + 1])]
    assert [(f.kind, f.stream, f.data, f.fin, f.value) for f in frames] == [
        (0, 3, b"hello", False, 0),
        (PING, 0, b"", False, 7),
        (0, 3, b"", True, 0),
    ]
    with pytest.raises(SpdyError):
        list(Reader().feed(b"\x80\x02\x00\x01\x00\x00\x00\x00"))


def test_headers_are_compressed_from_the_dictionary_on() -> None:
    frame = Writer().open(1, {"streamtype": "data", "port": "80"})
    assert frame[:4] == b"\x80\x03\x00\x01"
    block = zlib.decompressobj(zdict=DICTIONARY).decompress(frame[18:])
    assert block.startswith(struct.pack(">II", 2, 10) + b"streamtype")


class Socket:
    """The other end of a WebSocket, in the hands of a test."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.sent: list[bytes] = []
        self.inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = False

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def receive(self) -> bytes | None:
        return await self.inbox.get()

    async def close(self) -> None:
        self.closed = True


class Opener:
    def __init__(self, protocol: str) -> None:
        self.sockets: list[Socket] = []
        self._protocol = protocol
        self.asked: list[Any] = []

    async def websocket(self, path: str, *, params: Any, protocols: Any) -> Any:
        self.asked.append((path, params, protocols))
        self.sockets.append(Socket(self._protocol))
        return self.sockets[-1]


async def test_both_protocols_are_offered_in_one_handshake() -> None:
    opener = Opener(CHANNELS)
    stream = await PodLink(opener, "shop", "web").open(80)
    assert isinstance(stream, ChannelStream)
    assert opener.asked == [
        ("/api/v1/namespaces/shop/pods/web/portforward", {"ports": "80"}, (TUNNEL, CHANNELS))
    ]
    socket = opener.sockets[0]
    for message in (b"\0P\0", b"\1P\0", b"\0data"):
        socket.inbox.put_nowait(message)
    assert await stream.read() == b"data"
    socket.inbox.put_nowait(b"\1connection refused")
    with pytest.raises(PortRefused, match="Nothing listens on port 80"):
        await stream.read()


async def test_a_tunnel_is_used_again_when_both_sides_have_said_all() -> None:
    opener = Opener(TUNNEL)
    link = PodLink(opener, "shop", "web")
    stream = await link.open(80)
    assert isinstance(stream, TunnelStream)
    socket, writer = opener.sockets[0], Writer()
    socket.inbox.put_nowait(writer.ping(4))
    socket.inbox.put_nowait(writer.data(3, b"hello"))
    assert await stream.read() == b"hello"
    assert writer.ping(4) in socket.sent
    socket.inbox.put_nowait(writer.data(3, b"", fin=True) + writer.data(1, b"", fin=True))
    assert await stream.read() == b""
    await link.give_back(stream)
    again = await link.open(80)
    assert len(opener.sockets) == 1
    await link.give_back(again)  # nothing was said yet: what may still come must reach nobody else
    assert socket.closed
    await link.open(80)
    assert len(opener.sockets) == 2
    await link.close()


async def test_the_nodes_words_come_through_a_tunnel() -> None:
    opener = Opener(TUNNEL)
    stream = await PodLink(opener, "shop", "web").open(81)
    writer = Writer()
    opener.sockets[0].inbox.put_nowait(
        writer.data(1, b"dial tcp4: connection refused") + writer.data(1, b"", fin=True)
    )
    with pytest.raises(PortRefused, match="port 81"):
        await stream.read()
    assert GOAWAY == 7


# Where a port leads


def pod(name: str, ready: bool = True, phase: str = "Running", uid: str = "", **meta: Any) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "uid": "r1", "controller": True}
    metadata = {"name": name, "uid": uid or name, "labels": {"app": "web", "pod-template-hash": "x"}}
    return {
        "metadata": {**metadata, "ownerReferences": [owner], **meta},
        "spec": {"containers": [{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


class World:
    """Answers GET with objects by path."""

    def __init__(self, **objects: Any) -> None:
        self.objects = objects
        self.selectors: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Any:
        from k8stui.kube.errors import ApiError

        self.selectors.append((options.get("params") or {}).get("labelSelector", ""))
        found = self.objects.get(path.rpartition("/")[2])
        if found is None:
            raise ApiError(404, "NotFound", f"{path} not found")
        body = {"items": found} if isinstance(found, list) else found
        return type("Answer", (), {"body": json.dumps(body).encode(), "headers": {}})()


BASE = "/api/v1/namespaces/shop"


async def test_a_service_leads_to_a_ready_pod_by_its_target_port() -> None:
    service = {"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}}
    world = World(web=service, pods=[pod("a", ready=False), pod("b"), pod("c", phase="Pending")])
    place, _ = await find_place(world, f"{BASE}/services/web", "services", "80")
    assert (place.pod, place.port) == ("b", 8080)
    assert world.selectors[-1] == "app=web"


async def test_a_pod_that_is_gone_leads_to_the_one_that_replaces_it() -> None:
    world = World(a=pod("a"), pods=[pod("a"), pod("b")])
    place, known = await find_place(world, f"{BASE}/pods/a", "pods", "8080")
    assert place.pod == "a"
    assert known.labels == {"app": "web"}, "a hash differs in the next pod"
    world.objects["a"] = pod("a", deletionTimestamp="2025-01-01T00:00:00Z")
    world.objects["pods"] = [world.objects["a"], pod("b")]
    place, known = await find_place(world, f"{BASE}/pods/a", "pods", "8080", known)
    assert place.pod == "b"
    world.objects.update(a=None, pods=[])
    with pytest.raises(NoPod):
        await find_place(world, f"{BASE}/pods/a", "pods", "8080", known)


def test_ports_to_choose_from() -> None:
    assert [each.port for each in port_choices("pods", pod("a"))] == [8080]
    service = {"spec": {"ports": [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP"}]}}
    assert [each.port for each in port_choices("services", service)] == [80]


def test_ports_as_they_are_typed() -> None:
    assert parse_ports("80 8080:http") == (("80", 0), ("http", 8080))
    assert parse_ports("80", "9000") == (("80", 9000),)
    for text, local in (("", ""), ("0", ""), ("x:80", ""), ("80", "99999"), ("80:", "")):
        with pytest.raises(ValueError):
            parse_ports(text, local)
