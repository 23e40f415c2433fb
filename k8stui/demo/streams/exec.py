"""exec and attach: real programs of containers, on WebSocket channels or SPDY streams.

Refusals come before the upgrade where an API server refuses, and on the error channel where its kubelet does.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web

from k8stui.demo.containers import Container
from k8stui.demo.errors import bad_request
from k8stui.demo.resources import PODS
from k8stui.demo.streams.channels import PROTOCOLS, ChannelSession, is_websocket, open_websocket
from k8stui.demo.streams.mounts import mounted_files
from k8stui.demo.streams.pods import (
    choose_container,
    container_now,
    find_pod,
    read_object,
    require_node,
    running_container,
    upgrade_required,
)
from k8stui.demo.streams.process import LAST_OUTPUT, Process, StartError
from k8stui.demo.streams.session import (
    STDOUT,
    Session,
    Wanted,
    exit_status,
    first_of,
    follow_size,
    internal_error,
    start_failure,
    success,
)
from k8stui.demo.streams.spdyconn import RawWire, SpdyConnection, SpdySession

if TYPE_CHECKING:
    from k8stui.demo.routing import Call
    from k8stui.demo.runtime import Runtime
    from k8stui.demo.streams.mains import Main

Serve = Callable[[Session, Container], Awaitable[None]]
_LOOK_AGAIN = 0.2
"""Seconds between two looks at the pod of a running program."""
SPDY_PROTOCOLS = ("v4.channel.k8s.io",)


class Programs:
    """The handlers of `pods/exec` and `pods/attach`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def exec(self, call: Call) -> web.StreamResponse:
        """Run a command in a container."""
        argv = command_of(call.request.raw_path)
        wanted = Wanted.of(call.query)

        async def serve(session: Session, container: Container) -> None:
            await self._exec(call, session, container, argv, wanted)

        if not argv:
            find_pod(call)
            raise bad_request("you must specify at least one command for the container")
        return await self._serve(call, wanted, serve)

    async def attach(self, call: Call) -> web.StreamResponse:
        """Join the main process of a container."""
        wanted = Wanted.of(call.query)

        async def serve(session: Session, container: Container) -> None:
            await self._attach(call, session, container, wanted)

        return await self._serve(call, wanted, serve)

    async def _serve(self, call: Call, wanted: Wanted, serve: Serve) -> web.StreamResponse:
        pod = find_pod(call)
        name = choose_container(pod, call.query.get("container", ""))
        require_node(pod)
        request = call.request
        spdy = request.headers.get("Upgrade", "").lower().startswith("spdy/3.1")
        if not spdy and not is_websocket(request):
            raise upgrade_required()
        if not (wanted.stdin or wanted.stdout or wanted.stderr):
            raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
        container = running_container(pod, name)
        self._runtime.hosts.files = partial(mounted_files, read=partial(read_object, call))
        missing = f'container not found ("{name}")'
        if spdy:
            return await _serve_spdy(request, wanted, serve, container, missing)
        if container is None and PROTOCOLS[0] not in request.headers.get("Sec-WebSocket-Protocol", ""):
            return web.Response(status=500, text=missing)
        socket = await open_websocket(request, PROTOCOLS)
        session = ChannelSession(request, socket, wanted)
        await session.greet()
        if container is None:
            await session.finish(internal_error(f"unable to upgrade connection: {missing}", translated=False))
            return socket
        await _race(session.run(), serve(session, container))
        return socket

    async def _exec(
        self, call: Call, session: Session, container: Container, argv: list[str], wanted: Wanted
    ) -> None:
        try:
            process, words = await self._runtime.hosts.run(container, argv, tty=wanted.tty)
        except StartError as error:
            # The id that containerd would have given to this exec: any will do, the same will not.
            exec_id = hashlib.sha256(f"{container.id}{id(session)}{argv}".encode()).hexdigest()
            cause = start_failure(error.kind, argv[0], str(error), exec_id)
            await session.finish(internal_error(cause, translated=session.translated))
            return
        follow_size(session, process.resize)
        watching = asyncio.create_task(self._end_with(call, container))
        try:
            if words:
                await session.write(STDOUT, words)
            code = await _drive(session, process, wanted)
            if code is not None:
                status = exit_status(code, translated=session.translated, command=tuple(argv))
                await session.finish(status)
        finally:
            watching.cancel()
            await self._runtime.hosts.release(container, process)

    async def _end_with(self, call: Call, container: Container) -> None:
        """End the container's programs when its pod says that it has ended, whoever wrote that."""
        changed = asyncio.Event()
        call.store.listen(PODS, changed)
        try:
            while _is_current(container_now(call, container), container):
                await changed.wait()
                # Many pods may change: one look at this one is enough for all changes of a moment.
                await asyncio.sleep(_LOOK_AGAIN)
                changed.clear()
        finally:
            call.store.unlisten(PODS, changed)
        self._runtime.hosts.stop(container.id)

    async def _attach(self, call: Call, session: Session, container: Container, wanted: Wanted) -> None:
        main = self._runtime.main(container)
        if main is not None:
            await self._attach_main(session, main, wanted)
        else:
            await self._attach_log(call, session, container)
        if not session.gone.is_set():
            await session.finish(success())

    async def _attach_main(self, session: Session, main: Main, wanted: Wanted) -> None:
        queue = main.attach()
        try:
            async with asyncio.timeout(15.0):
                await main.started.wait()
            if main.process is not None:
                follow_size(session, main.process.resize)
            output = asyncio.create_task(_main_output(session, main, queue))
            feeding = asyncio.create_task(_main_input(session, main, wanted))
            try:
                await first_of(output, asyncio.create_task(session.gone.wait()))
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
        finally:
            main.detach(queue)

    async def _attach_log(self, call: Call, session: Session, container: Container) -> None:
        """A container that is only text: what it writes from now on."""

        def current() -> Container | None:
            return container_now(call, container)

        newline = b"\r\n" if container.tty else b"\n"

        async def copy() -> None:
            async for entries in self._runtime.follow(container, tail=0, current=current):
                await session.write(STDOUT, b"".join(entry.text.encode() + newline for entry in entries))

        await first_of(asyncio.create_task(copy()), asyncio.create_task(session.gone.wait()))


def _is_current(now: Container | None, container: Container) -> bool:
    """Whether the run of a container is still under way."""
    return now is not None and now.id == container.id and now.running


def command_of(path: str) -> list[str]:
    """The words of the command. As in a real server, a parameter with a bare semicolon does not count."""
    query = path.partition("?")[2]
    pairs = "&".join(pair for pair in query.split("&") if ";" not in pair)
    return [value for name, value in parse_qsl(pairs, keep_blank_values=True) if name == "command"]


async def _race(receiving: Awaitable[None], serving: Awaitable[None]) -> None:
    """Serve while receiving in the background; what the client's end means is up to the server's side."""
    receiver = asyncio.ensure_future(receiving)
    try:
        await serving
    finally:
        receiver.cancel()
        await asyncio.gather(receiver, return_exceptions=True)


async def _serve_spdy(
    request: web.Request, wanted: Wanted, serve: Serve, container: Container | None, missing: str
) -> web.StreamResponse:
    offered = [
        word.strip()
        for header in request.headers.getall("X-Stream-Protocol-Version", [])
        for word in header.split(",")
    ]
    chosen = next((protocol for protocol in SPDY_PROTOCOLS if protocol in offered), None)
    if container is None:
        return web.Response(status=500, text=missing)
    if chosen is None:
        return web.Response(
            status=403, text=f"unable to upgrade: none of {offered} is supported, only {list(SPDY_PROTOCOLS)}"
        )
    wire, response = await RawWire.upgrade(request, {"X-Stream-Protocol-Version": chosen})
    connection = SpdyConnection(wire)
    receiver = asyncio.create_task(connection.run())
    sizes: asyncio.Task[None] | None = None
    try:
        session = await SpdySession.open(connection, wanted)
        if session is not None:
            sizes = asyncio.create_task(session.watch_sizes())
            await serve(session, container)
    finally:
        tasks = [task for task in (receiver, sizes) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wire.close()
    return response


async def _drive(session: Session, process: Process, wanted: Wanted) -> int | None:
    """Pump until the program has ended (its exit code) or the client is gone (None)."""
    outputs = [asyncio.create_task(_output(session, process, channel)) for channel in process.channels]
    feeding = asyncio.create_task(_input(session, process, wanted))
    ended = asyncio.create_task(process.wait())
    gone = asyncio.create_task(session.gone.wait())
    try:
        await asyncio.wait((ended, gone), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            return None
        # As long as output flows it is all to be delivered; a pipe held open by others is not waited for.
        while (pending := [task for task in outputs if not task.done()]) and not gone.done():
            before = process.bytes_read
            await asyncio.wait((*pending, gone), timeout=LAST_OUTPUT, return_when=asyncio.ALL_COMPLETED)
            if process.bytes_read == before and not process.writing:
                break
        return None if gone.done() else ended.result()
    finally:
        for task in (*outputs, feeding, ended, gone):
            task.cancel()
        await asyncio.gather(*outputs, feeding, ended, gone, return_exceptions=True)


async def _output(session: Session, process: Process, channel: int) -> None:
    while data := await process.read(channel):
        process.writing += 1
        try:
            await session.write(channel, data)
        finally:
            process.writing -= 1


async def _input(session: Session, process: Process, wanted: Wanted) -> None:
    if not wanted.stdin:
        process.close_stdin()
        return
    while data := await session.read():
        await process.write(data)
    process.close_stdin()


async def _main_output(session: Session, main: Main, queue: asyncio.Queue[tuple[int, bytes]]) -> None:
    ended = asyncio.create_task(main.ended.wait())
    try:
        while not (main.ended.is_set() and queue.empty()):
            getting = asyncio.create_task(queue.get())
            await asyncio.wait((getting, ended), return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                continue
            channel, data = getting.result()
            await session.write(channel, data)
    finally:
        ended.cancel()


async def _main_input(session: Session, main: Main, wanted: Wanted) -> None:
    if not wanted.stdin or not main.container.stdin:
        return
    while data := await session.read():
        if main.process is not None:
            await main.process.write(data)
    if main.process is not None:
        main.process.close_stdin()
