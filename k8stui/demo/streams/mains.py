"""Root folders and real programs of containers: made when first asked for, gone with the container."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8stui.demo.streams.loglines import SECOND
from k8stui.demo.streams.mounts import mounted_files
from k8stui.demo.streams.process import LAST_OUTPUT, STDOUT, Process, StartError
from k8stui.demo.streams.rootfs import (
    SHELLS,
    banner,
    container_files,
    environment,
    has_program,
    populate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from k8stui.demo.containers import Container
    from k8stui.demo.streams.loglines import Recording

MAX_PROGRAMS = 100
"""Most programs at a time: a runaway client must not fill the machine."""
PREFIX = "k8stui-demo-"
QUEUE = 64
"""Chunks of output that an attached client may be behind before the program is held back."""
SLOW = 10.0
"""Seconds that an attached client may hold the program back before it is let go."""


class Hosts:
    """The machine that programs of containers run on. Owns their folders and processes until `close()`."""

    def __init__(
        self, scratch: Path | None, clock: Callable[[], float], isolation: str | None = None
    ) -> None:
        self.scratch = scratch
        """The folder of all root folders, None until it is made."""
        self._own_scratch = scratch is None
        self.clock = clock
        self.files: Callable[[Container], Mapping[str, str | bytes]] = mounted_files
        """Files of a container's mounts, by path."""
        self._roots: dict[str, tuple[str, Path]] = {}
        self._made = 0
        self._running: dict[str, set[Process]] = {}
        self.isolation = isolation
        """`namespaces` or `folder`; None until it is known what this machine allows."""
        self._lock = asyncio.Lock()
        self._chores: set[asyncio.Task[None]] = set()

    async def run(self, container: Container, argv: Sequence[str], *, tty: bool) -> tuple[Process, bytes]:
        """Start a program in a container: the process, and words to show first. Raises StartError.

        Whoever calls this must `release` the process.
        """
        if sum(map(len, self._running.values())) >= MAX_PROGRAMS:
            raise StartError("failed", f"the simulated node runs {MAX_PROGRAMS} programs already")
        program = argv[0]
        if not has_program(container.image, program):
            raise StartError("missing", program)
        async with self._lock:
            isolation = self.isolation = self.isolation or await self._probe()
            root = await self._root(container)
        name = program.rpartition("/")[2]
        words = argv
        if name == "ash" and shutil.which("ash") is None:
            words = ["sh", *argv[1:]]
        walled = isolation == "namespaces"
        process = await Process.start(
            words,
            root=root,
            hostname=container.pod,
            env=environment(container, tty=tty, root=None if walled else root),
            tty=tty,
            isolation=isolation,
        )
        self._running.setdefault(container.id, set()).add(process)
        return process, banner(container, isolation) if tty and name in SHELLS else b""

    async def release(self, container: Container, process: Process) -> None:
        """End a program and forget it."""
        running = self._running.get(container.id, set())
        running.discard(process)
        if not running:
            self._running.pop(container.id, None)
        await asyncio.shield(self._chore(process.kill()))

    def _chore(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do what has to be done even when whoever asked is cancelled; `close` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
        return task

    async def _probe(self) -> str:
        """What this machine allows: `namespaces`, or only a `folder`."""
        with tempfile.TemporaryDirectory(prefix="k8stui-probe-") as folder:
            try:
                process = await Process.start(
                    ["true"], root=Path(folder), hostname="probe", env={"PATH": "/bin"}
                )
            except StartError:
                return "folder"
            try:
                async with asyncio.timeout(5.0):
                    return "namespaces" if await process.wait() == 0 else "folder"
            except TimeoutError:
                return "folder"
            finally:
                await process.kill()

    async def _root(self, container: Container) -> Path:
        known = self._roots.get(container.id)
        # Who tidies the folder for temporary files up may have taken it: then the container gets a new one.
        if known is not None and known[1].is_dir():
            return known[1]
        if self.scratch is None or (self._own_scratch and not self.scratch.is_dir()):
            self.scratch = await asyncio.to_thread(make_scratch)
        # A name of its own each time: the folder of an earlier run may be on its way out.
        self._made += 1
        root = self.scratch / f"{container.id[:16] or container.pod_uid}-{self._made}"
        files: dict[str, str | bytes] = {**container_files(container, container.ip), **self.files(container)}
        await asyncio.to_thread(populate, root, files)
        self._roots[container.id] = (container.pod_uid, root)
        return root

    def is_used(self, container_id: str) -> bool:
        """Whether a program runs in the container."""
        return bool(self._running.get(container_id.rpartition("//")[2]))

    def stop(self, container_id: str) -> None:
        """End all programs of a container, and remove its folder."""
        for process in self._running.pop(container_id, set()):
            process.kill_now()
        known = self._roots.pop(container_id, None)
        if known is None:
            return
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            self._chore(_remove(known[1]))

    def forget_pod(self, pod_uid: str) -> None:
        """End the programs and remove the folders of all containers of a pod."""
        for identity in [key for key, (uid, _) in self._roots.items() if uid == pod_uid]:
            self.stop(identity)

    async def close(self) -> None:
        """End all programs and remove all folders, also when there is no time left for it."""
        running = [process for processes in self._running.values() for process in processes]
        self._running.clear()
        try:
            await asyncio.gather(*(process.kill() for process in running), return_exceptions=True)
            await asyncio.gather(*self._chores, return_exceptions=True)
            for folder in self._leftovers():
                await _remove(folder)
        finally:
            for folder in self._leftovers():
                shutil.rmtree(folder, ignore_errors=True)
            self._roots.clear()
            if self._own_scratch:
                self.scratch = None

    def _leftovers(self) -> list[Path]:
        roots = [root for _, root in self._roots.values()]
        return [self.scratch] if self._own_scratch and self.scratch is not None else roots


def make_scratch() -> Path:
    """A folder of this process for root folders; those of processes that were killed are removed."""
    base = Path(tempfile.gettempdir())
    for old in base.glob(f"{PREFIX}[0-9]*-*"):
        pid = old.name[len(PREFIX) :].partition("-")[0]
        with contextlib.suppress(OSError):
            if pid.isdigit() and not _alive(int(pid)) and old.stat().st_uid == os.getuid():
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _remove(root: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)


class Main:
    """A real program that is the main process of a container; clients attach to it and come and go."""

    def __init__(self, container: Container, recording: Recording, hosts: Hosts) -> None:
        self.container = container
        self.recording = recording
        self._hosts = hosts
        self._clients: set[asyncio.Queue[tuple[int, bytes]]] = set()
        self.process: Process | None = None
        self.stopped = False
        """Whether it was ended from outside: then the kubelet knows already."""
        self.started = asyncio.Event()
        """Set when it runs, or cannot."""
        self.ended = asyncio.Event()
        """Set when it runs no more."""

    async def run(self) -> tuple[int, str]:
        """Run it to its end: exit code, and why it could not start."""
        try:
            argv = self.container.command or ("sh",)
            process, words = await self._hosts.run(self.container, argv, tty=self.container.tty)
        except StartError as error:
            self.started.set()
            self._end()
            return (127 if error.kind == "missing" else 126), str(error)
        self.process = process
        self.started.set()
        try:
            if words:
                await self._spread(STDOUT, words)
            pumps = [asyncio.create_task(self._pump(process, channel)) for channel in process.channels]
            code = await process.wait()
            _, late = await asyncio.wait(pumps, timeout=LAST_OUTPUT)
            for task in late:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            return code, ""
        finally:
            self.process = None
            self._end()
            await self._hosts.release(self.container, process)

    async def _pump(self, process: Process, channel: int) -> None:
        while data := await process.read(channel):
            await self._spread(channel, data)

    async def _spread(self, channel: int, data: bytes) -> None:
        self.recording.write(data, int(self._hosts.clock() * SECOND))
        for queue in list(self._clients):
            try:
                async with asyncio.timeout(SLOW):
                    await queue.put((channel, data))
            except TimeoutError:
                self._clients.discard(queue)

    def _end(self) -> None:
        self.recording.close(int(self._hosts.clock() * SECOND))
        self.ended.set()
        self._clients.clear()

    def attach(self) -> asyncio.Queue[tuple[int, bytes]]:
        """Output from now on, as (channel, bytes), complete once `ended` is set. `detach` it."""
        queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(QUEUE)
        self._clients.add(queue)
        return queue

    def detach(self, queue: asyncio.Queue[tuple[int, bytes]]) -> None:
        """The client is gone; the program stays."""
        self._clients.discard(queue)
        while not queue.empty():
            # A program that waits for this client's queue must not wait any longer.
            queue.get_nowait()
