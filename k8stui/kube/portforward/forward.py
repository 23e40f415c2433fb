"""Port-forwards: a local port whose connections end in a pod, whichever pod that is at the moment.

A `Forward` lives until it is closed, whatever becomes of pods, views and the server: what is wrong is its
state, and every new connection tries again. It listens on this machine alone unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, ConnectionLost, KubeError
from k8stui.kube.portforward.streams import PodLink, PodStream, PortRefused
from k8stui.kube.portforward.target import Known, Place, find_place
from k8stui.kube.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 64 * 1024
LOOK = 3.0
"""Seconds between two looks whether the pod is still the one to forward to."""
SLOWEST_LOOK = 15.0
REASON = 1.0
"""Seconds that the reason may take after a connection broke."""
SILENCE = 2.0
"""Seconds after which a pod that cannot be told of the client's end is taken to have said all."""
CONNECT = 20.0
"""Seconds that finding the pod and connecting may take."""


class ForwardSpec(msgspec.Struct, frozen=True):
    """What is forwarded; names only, so that it can be kept between runs."""

    context: str
    path: str
    """The object's path at the server."""
    kind: str
    """`Kind.name`."""
    namespace: str
    name: str
    port: str
    """Remote port: its number or its name."""
    local: int = 0
    """0: any that is free, the same number first."""
    address: str = "127.0.0.1"
    keep: bool = False
    """Start it again with the program."""

    @property
    def title(self) -> str:
        """`svc/web:80` in a few words."""
        return f"{self.kind.partition('.')[0]}/{self.name}:{self.port}"


class ForwardState(Enum):
    """How a forward stands."""

    STARTING = "starting"
    LISTENING = "listening"
    """It has a pod."""
    WAITING = "waiting"
    """It has none for now; connections are refused meanwhile."""
    FAILED = "failed"
    """It could not begin: the local port cannot be had, or nothing may be forwarded."""
    CLOSED = "closed"


class Forward:
    """One port-forward. `on_change` is called on the loop when its state or pod changes."""

    def __init__(
        self, spec: ForwardSpec, connect: Callable[[], Any], on_change: Callable[[], None] = lambda: None
    ) -> None:
        """`connect` is awaited for the connection to the server; it may raise KubeError."""
        self.spec = spec
        self.state = ForwardState.STARTING
        self.problem = ""
        """What is wrong now, or was with the last connection; one sentence."""
        self.place: Place | None = None
        self.local = spec.local
        self.sent = self.received = 0
        """Bytes to and from the pod."""
        self.connections = self.total = 0
        """Open now, and ever."""
        self.moves = 0
        """How often it went over to another pod."""
        self.began = time.time()
        self._connect = connect
        self._on_change = on_change
        self._known: Known | None = None
        self._link: PodLink | None = None
        self._server: asyncio.Server | None = None
        self._finding = asyncio.Lock()
        self._tasks = Tasks(f"port-forward {spec.title}")

    @property
    def address(self) -> str:
        """`127.0.0.1:8080`."""
        return f"{self.spec.address}:{self.local}"

    # Life

    async def start(self) -> None:
        """Listen, and find the pod. Never raises: what is wrong is the state."""
        try:
            self._server = await self._listen()
        except OSError as error:
            port = self.spec.local
            why = "it is in use" if error.errno == 98 else error.strerror or str(error)
            self._become(ForwardState.FAILED, f"Port {port} of this machine cannot be had: {why}")
            return
        self._tasks.start(self._look(), "looking")

    async def _listen(self) -> asyncio.Server:
        wanted = [self.spec.local]
        if not self.spec.local:
            number = int(self.spec.port) if self.spec.port.isdecimal() else 0
            wanted = [number, 0] if number >= 1024 else [0]
        for at, port in enumerate(wanted):
            try:
                server = await asyncio.start_server(self._accept, self.spec.address, port)
            except OSError:
                if at == len(wanted) - 1:
                    raise
                continue
            self.local = server.sockets[0].getsockname()[1]
            return server
        raise AssertionError

    async def close(self) -> None:
        """End it and all of its connections."""
        if self._server is not None:
            self._server.close()
        await self._tasks.close()
        if self._link is not None:
            await self._link.close()
        self._become(ForwardState.CLOSED)

    def _become(self, state: ForwardState, problem: str = "") -> None:
        if (state, problem) != (self.state, self.problem):
            self.state, self.problem = state, problem
            self._on_change()

    # The pod

    async def _look(self) -> None:
        """Keep knowing the pod: it may be replaced at any time."""
        pause = LOOK
        while True:
            try:
                await self._find()
                pause = LOOK
            except KubeError as error:
                self._lost(error)
                pause = min(pause * 1.5, SLOWEST_LOOK)
            except TimeoutError:
                self._become(ForwardState.WAITING, "The server does not answer")
            await asyncio.sleep(pause)

    def _lost(self, error: KubeError) -> None:
        self._become(ForwardState.WAITING, error.sentence())

    async def _find(self) -> tuple[PodLink, Place]:
        """The pod to forward to now. Raises KubeError and TimeoutError."""
        async with self._finding, asyncio.timeout(CONNECT):
            connection = await self._connect()
            plural = self.spec.kind.partition(".")[0]
            place, self._known = await find_place(
                connection, self.spec.path, plural, self.spec.port, self._known
            )
            if place != self.place or self._link is None:
                old, self._link = self._link, PodLink(connection, self.spec.namespace, place.pod)
                self.moves += old is not None
                self.place = place
                if old is not None:
                    await old.close()
                self._on_change()
            problem = self.problem if self.state is ForwardState.LISTENING else ""
            self._become(ForwardState.LISTENING, problem)
            return self._link, place

    async def _open(self) -> tuple[PodLink, PodStream]:
        """A connection into the pod, or its replacement. Raises KubeError, TimeoutError."""
        link, place = self._link, self.place
        if link is not None and place is not None and self.state is ForwardState.LISTENING:
            try:
                async with asyncio.timeout(CONNECT):
                    return link, await link.open(place.port)
            except (ApiError, ConnectionLost):
                pass  # the pod may have gone since it was looked at
        link, place = await self._find()
        async with asyncio.timeout(CONNECT):
            return link, await link.open(place.port)

    # Connections

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._tasks.closed:
            writer.close()
        else:
            self._tasks.start(self._serve(reader, writer), "connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.total += 1
        try:
            link, stream = await self._open()
            try:
                await self._pump(reader, writer, stream)
            finally:
                await link.give_back(stream)
            if self.state is ForwardState.LISTENING:
                self._become(ForwardState.LISTENING)
        except PortRefused as error:
            self._become(self.state, error.sentence())
        except KubeError as error:
            self._become(self.state, error.sentence())
        except TimeoutError:
            self._become(self.state, "The server did not answer in time")
        except OSError:
            pass  # the local client went away
        finally:
            self.connections -= 1
            with contextlib.suppress(OSError):
                writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stream: PodStream
    ) -> None:
        """Bytes both ways, until the pod has said all, or the client is gone."""

        async def up() -> None:
            while data := await reader.read(PIECE):
                await stream.write(data)
                self.sent += len(data)
            await stream.finish()
            if not stream.can_finish:
                await self._silence()

        sending = asyncio.create_task(up())
        receiving = asyncio.create_task(self._down(writer, stream))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                if sending.exception() is not None:
                    await asyncio.wait((receiving,), timeout=REASON)  # the pod's side says why
                elif stream.can_finish:
                    await asyncio.wait((receiving,))
            elif receiving.exception() is None and writer.can_write_eof():
                writer.write_eof()
        finally:
            for task in (sending, receiving):
                task.cancel()
            results = await asyncio.gather(receiving, sending, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _silence(self) -> None:
        """The client has ended its side, which the pod cannot be told: wait until no more answers come."""
        while True:
            before = self.received
            await asyncio.sleep(SILENCE)
            if self.received == before:
                return

    async def _down(self, writer: asyncio.StreamWriter, stream: PodStream) -> None:
        while data := await stream.read():
            writer.write(data)
            self.received += len(data)
            await writer.drain()
