"""Port-forwards carry bytes whole, follow replaced pods, and say what is wrong: on either cluster."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.portforward import forward as portforward
from k8stui.kube.portforward import streams as portforward_streams
from k8stui.kube.portforward.forward import Forward, ForwardSpec, ForwardState

from .conftest import eventually
from .shells_rig import container, start_pod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .conftest import Admin, Target

PORT = 8080
ECHO = ("nc", "-ll", "-p", str(PORT), "-e", "/bin/cat")
SIZE = 10_000_000


def echo(**more: Any) -> dict[str, Any]:
    return container("echo", command=ECHO, ports=[{"containerPort": PORT, "name": "echo"}], **more)


@pytest.fixture
async def forward(
    cluster_under_test: Target, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Any]]:
    """Opens forwards and closes them."""
    monkeypatch.setattr(portforward, "LOOK", 0.3)
    monkeypatch.setattr(portforward, "SILENCE", 0.5)
    opened: list[Forward] = []
    async with Connection(cluster_under_test.admin) as connection:

        async def connect() -> Connection:
            return connection

        async def start(path: str, kind: str, name: str, port: str, local: int = 0) -> Forward:
            namespace = path.split("/namespaces/")[1].split("/")[0]
            made = Forward(ForwardSpec("c", path, kind, namespace, name, port, local), connect)
            opened.append(made)
            await made.start()
            return made

        yield start
        for each in opened:
            await each.close()


async def exchange(port: int, data: bytes) -> bytes:
    """Send bytes to an echo and read as many back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        writer.write(data)
        await writer.drain()

    sending = asyncio.create_task(send())
    try:
        return await reader.readexactly(len(data))
    finally:
        await sending
        writer.close()


@pytest.fixture(params=["best", "channels"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the server chooses, or what servers of old know."""
    if request.param == "channels":
        monkeypatch.setattr(portforward_streams, "PROTOCOLS", (portforward_streams.CHANNELS,))
    return str(request.param)


async def test_ten_megabytes_come_back_whole(
    admin: Admin, namespace: str, forward: Callable[..., Any], protocol: str
) -> None:
    await start_pod(admin, namespace, "web", echo())
    made = await forward(f"/api/v1/namespaces/{namespace}/pods/web", "pods", "web", "echo")
    await eventually(lambda: made.state is ForwardState.LISTENING, what="a pod")
    assert made.place is not None
    assert made.place.port == PORT
    data = b"\xff" + secrets.token_bytes(SIZE)
    async with asyncio.timeout(60):
        found = await exchange(made.local, data)
    assert hashlib.sha256(found).digest() == hashlib.sha256(data).digest()
    assert made.sent == len(data)
    assert made.received == len(data)
    async with asyncio.timeout(30):
        several = [b"\xfe" + secrets.token_bytes(50_000) for _ in range(6)]
        assert await asyncio.gather(*(exchange(made.local, each) for each in several)) == several
    assert made.total == 7
    await eventually(lambda: made.connections == 0, what="all connections ended")


async def test_it_follows_to_the_pod_that_replaces_the_first(
    admin: Admin, namespace: str, forward: Callable[..., Any]
) -> None:
    labels = {"app": "web"}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [echo()]}
    body = {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    await admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", body)
    service = {
        "metadata": {"name": "web"},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": "echo"}]},
    }
    await admin.create(f"/api/v1/namespaces/{namespace}/services", service)
    of_service = await forward(f"/api/v1/namespaces/{namespace}/services/web", "services", "web", "80")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    of_deployment = await forward(path, "deployments.apps", "web", str(PORT))
    both = (of_service, of_deployment)
    await eventually(lambda: all(f.state is ForwardState.LISTENING for f in both), 60, "pods")
    first = of_service.place.pod
    of_pod = await forward(f"/api/v1/namespaces/{namespace}/pods/{first}", "pods", first, str(PORT))
    await eventually(lambda: of_pod.state is ForwardState.LISTENING, what="the pod")
    assert await exchange(of_service.local, b"\xffone") == b"\xffone"
    await admin.delete(f"/api/v1/namespaces/{namespace}/pods/{first}")
    every = (*both, of_pod)
    await eventually(
        lambda: all(f.state is ForwardState.LISTENING and f.place.pod != first for f in every), 60, "moved"
    )
    for each in every:
        async with asyncio.timeout(30):
            while True:  # the new program may not listen yet
                try:
                    assert await exchange(each.local, b"\xfftwo") == b"\xfftwo"
                    break
                except (asyncio.IncompleteReadError, ConnectionError):
                    await asyncio.sleep(0.2)
        assert each.moves == 1


async def test_clients_that_break_off_do_not_end_it(
    admin: Admin, namespace: str, forward: Callable[..., Any], protocol: str
) -> None:
    await start_pod(admin, namespace, "web", echo())
    made = await forward(f"/api/v1/namespaces/{namespace}/pods/web", "pods", "web", "echo")
    await eventually(lambda: made.state is ForwardState.LISTENING, what="a pod")
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.local)
        writer.write(b"\xff" + secrets.token_bytes(300_000))
        await reader.readexactly(1000)
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
    await eventually(lambda: made.connections == 0, what="all connections ended")
    assert made.state is ForwardState.LISTENING
    async with asyncio.timeout(30):
        assert await exchange(made.local, b"\xffstill there") == b"\xffstill there"


async def test_what_is_wrong_is_said(
    admin: Admin, namespace: str, forward: Callable[..., Any], protocol: str
) -> None:
    await start_pod(admin, namespace, "web", echo())
    path = f"/api/v1/namespaces/{namespace}/pods/web"
    silent = await forward(path, "pods", "web", "9999")
    await eventually(lambda: silent.state is ForwardState.LISTENING, what="a pod")
    reader, writer = await asyncio.open_connection("127.0.0.1", silent.local)
    writer.write(b"\xff")
    assert await reader.read() == b""
    await eventually(lambda: "Nothing listens on port 9999" in silent.problem, what="the reason")
    writer.close()
    taken = await forward(path, "pods", "web", "echo", silent.local)
    assert taken.state is ForwardState.FAILED
    assert "in use" in taken.problem
    nowhere = await forward(path.replace("/web", "/none"), "pods", "none", "80")
    await eventually(lambda: nowhere.state is ForwardState.WAITING, what="no pod")
    assert "not found" in nowhere.problem


@contextlib.asynccontextmanager
async def forwarding(connection: Connection, namespace: str) -> AsyncIterator[Forward]:
    """To the pod `web`, on a connection of another user."""

    async def connect() -> Connection:
        return connection

    path = f"/api/v1/namespaces/{namespace}/pods/web"
    made = Forward(ForwardSpec("c", path, "pods", namespace, "web", "echo"), connect)
    await made.start()
    yield made
    await made.close()


async def test_a_read_only_session_forwards_nothing(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    await start_pod(admin, namespace, "web", echo())
    async with (
        Connection(cluster_under_test.admin, readonly=True) as connection,
        forwarding(connection, namespace) as made,
    ):
        await eventually(lambda: made.state is ForwardState.LISTENING, what="a pod")
        reader, writer = await asyncio.open_connection("127.0.0.1", made.local)
        assert await reader.read() == b""
        writer.close()
        await eventually(lambda: "Read-only" in made.problem, what="the refusal")


async def test_who_may_not_forward_is_told_so(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    await start_pod(admin, namespace, "web", echo())
    async with (
        Connection(cluster_under_test.user("viewer")) as connection,
        forwarding(connection, namespace) as made,
    ):
        await eventually(lambda: made.state is ForwardState.WAITING, what="the refusal")
        assert "cannot get resource" in made.problem
