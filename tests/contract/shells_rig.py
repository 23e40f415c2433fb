"""Pods, sinks and sessions for the tests of shells, on either cluster; and a proxy that can go silent."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from k8stui.kube.connection.websocket import HEARTBEAT
from k8stui.kube.sessions import flow as sessions_flow
from k8stui.kube.sessions.session import SessionPhase, SessionSpec, ShellSession
from k8stui.kube.sessions.store import Connections, SessionStore
from k8stui.kube.sessions.streams import STDERR, STDOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.target import SessionTarget

    from .conftest import Admin

BUSYBOX, PAUSE = "busybox:1.36", "registry.k8s.io/pause:3.10"
SECONDS = 30.0


def container(name: str, image: str = BUSYBOX, command: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", **more}
    if command:
        body["command"] = list(command)
    return body


async def start_pod(admin: Admin, namespace: str, name: str, *containers: dict[str, Any], **spec: Any) -> Any:
    """Create a pod and wait until all its containers run."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    body = {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": list(containers), **spec},
    }
    await admin.create(path, body)
    async with asyncio.timeout(60):
        while True:
            pod = await admin.get(f"{path}/{name}")
            statuses = pod.get("status", {}).get("containerStatuses") or ()
            if statuses and all("running" in status["state"] for status in statuses):
                return pod
            await asyncio.sleep(0.05)


class Collected:
    """A sink that keeps what comes, or its size and checksum. `hold` makes it stand still."""

    def __init__(self, *, keep: bool = True) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.size = 0
        self.checksum = hashlib.sha256()
        self.pieces: list[bytes] = []
        self._keep = keep
        self._go = asyncio.Event()
        self._go.set()
        self._news = asyncio.Event()

    async def __call__(self, channel: int, data: bytes) -> None:
        await self._go.wait()
        assert channel in (STDOUT, STDERR)
        self.size += len(data)
        self.checksum.update(data)
        if self._keep:
            (self.stdout if channel == STDOUT else self.stderr).extend(data)
            self.pieces.append(data)
        self._news.set()

    def hold(self) -> None:
        self._go.clear()

    def go_on(self) -> None:
        self._go.set()

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    async def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for something in the output."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"did not come within {seconds:g} s: {self.text[-500:]!r}") from None

    async def says(self, words: str, seconds: float = SECONDS) -> None:
        await self.until(lambda: words in self.text, seconds)


class Shells:
    """Sessions in one context."""

    def __init__(
        self, context: Context, *, heartbeat: float = HEARTBEAT, pause: float = sessions_flow.PAUSE
    ) -> None:
        self.context = context
        self.store = SessionStore(Connections(grace=0.0, heartbeat=heartbeat), pause=pause)

    def open(
        self, spec: SessionSpec, *, size: tuple[int, int] = (80, 24), keep: bool = True
    ) -> tuple[ShellSession, Collected]:
        sink = Collected(keep=keep)
        return self.store.open(self.context, spec, sink=sink, size=size), sink

    def run(
        self, target: SessionTarget, *command: str, tty: bool = False, stdin: bool = False, keep: bool = True
    ) -> tuple[ShellSession, Collected]:
        return self.open(SessionSpec.command(target, command, stdin=stdin, tty=tty), keep=keep)


async def until_phase(session: ShellSession, phase: SessionPhase, seconds: float = SECONDS) -> None:
    changed = asyncio.Event()
    stop = session.observe(changed.set)
    try:
        async with asyncio.timeout(seconds):
            while session.phase is not phase:
                changed.clear()
                await changed.wait()
    except TimeoutError:
        raise AssertionError(f"{session.state} instead of {phase} after {seconds:g} s") from None
    finally:
        stop()


class SilentProxy:
    """Carries bytes to a cluster until it shall `freeze` (nothing passes, all stays open) or `cut`."""

    def __init__(self, context: Context) -> None:
        self._parts = urlsplit(context.cluster_entry.server)
        self._original = context
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> SilentProxy:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    @property
    def context(self) -> Context:
        """The cluster through this proxy."""
        port = self._server.sockets[0].getsockname()[1]
        server = urlunsplit(self._parts._replace(netloc=f"127.0.0.1:{port}"))
        entry = self._original.cluster_entry
        # the certificate is still that of the real name
        name = entry.tls_server_name or (self._parts.hostname or "" if self._parts.scheme == "https" else "")
        entry = dataclasses.replace(entry, server=server, tls_server_name=name)
        return dataclasses.replace(self._original, cluster_entry=entry)

    def freeze(self) -> None:
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    def cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._parts.port or 443
        onward, back = await asyncio.open_connection(self._parts.hostname, port)
        pipes = [
            asyncio.ensure_future(self._pipe(reader, back)),
            asyncio.ensure_future(self._pipe(onward, writer)),
        ]
        self._pipes.update(pipes)
        self._writers.update((writer, back))
        try:
            await asyncio.wait(pipes)
        finally:
            self._writers.difference_update((writer, back))
            for end in (writer, back):
                end.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()
