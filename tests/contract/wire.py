"""A wire to an API server that tests may cut, block and let hang, without the server knowing: a TCP relay.

It works below TLS, so it does to a real cluster what faults do to the simulated one.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from k8stui.kube.kubeconfig.types import Context


class Wire:
    """Use as an async context manager; `context` leads through it."""

    def __init__(self, context: Context) -> None:
        self._there = urlsplit(context.server)
        self._given = context
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.blocked = False
        """Whether new connections are refused."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for relay in tuple(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    @property
    def context(self) -> Context:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        server = f"{self._there.scheme}://127.0.0.1:{port}{self._there.path}"
        entry = dataclasses.replace(self._given.cluster_entry, server=server)
        return dataclasses.replace(self._given, cluster_entry=entry)

    def cut(self) -> None:
        """Break all connections, in the middle of whatever they carry."""
        for writer in tuple(self._open):
            writer.transport.abort()

    def hang(self) -> None:
        """Carry nothing any more, with all connections open."""
        self._flowing.clear()

    def flow(self) -> None:
        """Carry again what was held up, and what comes."""
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            if not self.blocked:
                await self._relay(reader, writer)
        except asyncio.CancelledError:
            return  # only `__aexit__` cancels, and waits for the end
        finally:
            writer.transport.abort()
            self._relays.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._there.hostname, self._there.port
        there_reader, there_writer = await asyncio.open_connection(host, port)
        self._open |= {writer, there_writer}
        copies = [
            asyncio.create_task(self._copy(reader, there_writer)),
            asyncio.create_task(self._copy(there_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for copy in copies:
                copy.cancel()
            await asyncio.gather(*copies, return_exceptions=True)
            self._open -= {writer, there_writer}
            there_writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
