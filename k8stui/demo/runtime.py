"""The containers of the simulated cluster: what they write, and the real programs in some of them.

A container is read out of its pod's status (`Container.from_pod`), so nothing is kept for the twenty thousand
that nobody looks at. Most containers are only text (`LogText`). A container with `stdin` or `tty`, as made by
`kubectl run -it` and `kubectl debug -it`, has a real program as its main process (see `streams.process`).
The runtime never writes an object: the simulated kubelet tells it what started and ended, and is told through
`on_exit` when a real program has ended.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from k8stui.demo.containers import Container, Pod, bare_id, container_spec, started_container
from k8stui.demo.streams.loglines import (
    FILE_LINES,
    SECOND,
    Entry,
    LogFile,
    LogText,
    MinuteReader,
    RateReader,
    Recording,
    RecordingReader,
    generated_files,
    open_generated,
)
from k8stui.demo.streams.mains import Hosts, Main

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

RATE_ANNOTATION = "demo.k8stui.dev/log-rate"
"""Pod annotation: lines a second of a numbered test log, instead of the usual text."""
PROGRAM_ANNOTATION = "demo.k8stui.dev/program"
"""Pod annotation: "true" runs the container's command for real, as in `exec`."""
MAX_RECORDINGS = 20
"""How many runs of real programs keep their output, for each pod."""
LogReader = MinuteReader | RateReader | RecordingReader


@dataclass(frozen=True, slots=True)
class ContainerExit:
    """A real program that was the main process of a container has ended by itself."""

    namespace: str
    pod: str
    pod_uid: str
    name: str
    container_id: str
    exit_code: int
    finished_at: float
    message: str = ""
    """Why it could not start at all, empty otherwise."""


def plain_text(container: Container, minute: int) -> Sequence[tuple[float, str]]:
    """The text of a cluster without a world: one line when it starts, then one every five seconds."""
    lines = [
        (minute * 60.0 + second, f"level=info msg=tick n={minute * 12 + second // 5}")
        for second in range(0, 60, 5)
    ]
    if minute == 0:
        lines[0] = (0.0, f"level=info msg=started container={container.name}")
    return lines


class Runtime:
    """Runs what runs: asked by the streams, told by the simulated kubelet. Owns its programs until `close()`.

    seed: of the cluster (for text generators). text: what containers say. clock: seconds since the epoch.
    scratch: folder for the root folders of containers, made when first needed, removed by `close()`.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        text: LogText = plain_text,
        clock: Callable[[], float] = time.time,
        scratch: Path | None = None,
    ) -> None:
        self.seed = seed
        self.text = text
        self.clock = clock
        self.on_exit: Callable[[ContainerExit], None] | None = None
        """Called on the event loop when a main process that is a real program has ended by itself."""
        self.hosts = Hosts(scratch, clock)
        """Root folders and programs, by container."""
        self._mains: dict[str, Main] = {}
        self._recordings: dict[str, Recording] = {}
        self._pods: dict[str, list[str]] = {}
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def container_started(
        self,
        pod: Pod,
        container_name: str,
        container_id: str,
        started_at: str | float | datetime,
        *,
        program: bool | None = None,
    ) -> bool:
        """A container has started. True when a real program is its main process: its end comes by `on_exit`.

        program: None asks `runs_program`. The pod's status may be written before or after this call.
        """
        if not (self.runs_program(pod, container_name) if program is None else program):
            return False
        container = started_container(pod, container_name, container_id, started_at)
        ids = self._pods.setdefault(container.pod_uid, [])
        ids.append(container.id)
        for old in ids[:-MAX_RECORDINGS]:
            self._forget(old)
        del ids[:-MAX_RECORDINGS]
        recording = self._recordings[container.id] = Recording()
        main = self._mains[container.id] = Main(container, recording, self.hosts)
        task = asyncio.get_running_loop().create_task(self._run(main))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def container_exited(
        self,
        pod_uid: str,
        container_name: str,
        container_id: str,
        exit_code: int = 0,
        finished_at: str | float | datetime | None = None,
    ) -> None:
        """A container has ended (or is ended now): its streams end, its programs are stopped."""
        identity = bare_id(container_id)
        main = self._mains.get(identity)
        if main is not None and not main.ended.is_set():
            main.stopped = True
        self.hosts.stop(identity)
        for event in self._waiters.get(identity, ()):
            event.set()

    def pod_deleted(self, pod_uid: str) -> None:
        """A pod is gone: programs are stopped, root folders and recorded output removed."""
        for identity in self._pods.pop(pod_uid, []):
            self.container_exited(pod_uid, "", identity)
            self._forget(identity)
        self.hosts.forget_pod(pod_uid)

    def _forget(self, identity: str) -> None:
        self._mains.pop(identity, None)
        self._recordings.pop(identity, None)

    def runs_program(self, pod: Pod, container_name: str) -> bool:
        """Whether the main process is to be a real program.

        It is for containers with stdin or a tty, for commands given to `kubectl run`, and where the pod's
        annotation asks for it.
        """
        spec = container_spec(pod, container_name) or {}
        meta = pod["metadata"]
        if spec.get("stdin") or spec.get("tty"):
            return True
        command = spec.get("command") or spec.get("args")
        by_run = (meta.get("labels") or {}).get("run") == meta["name"] and not meta.get("ownerReferences")
        return bool(command) and (by_run or (meta.get("annotations") or {}).get(PROGRAM_ANNOTATION) == "true")

    def main(self, container: Container) -> Main | None:
        """The real program that is the container's main process, if it is one."""
        return self._mains.get(container.id)

    def open_log(
        self,
        container: Container,
        *,
        since: float | None = None,
        tail: int | None = None,
        now: int | None = None,
    ) -> LogReader:
        """A reader over the container's log: from `since` (seconds since the epoch), at most `tail` lines.

        now: nanoseconds since the epoch; the last line before it is the last of the tail.
        """
        now = int(self.clock() * SECOND) if now is None else now
        start = None if since is None else int(since * SECOND)
        recording = self._recordings.get(container.id)
        if recording is not None:
            return RecordingReader(recording, start, tail)
        rate = log_rate(container)
        if rate:
            return RateReader(container, rate, start or 0, tail, now)
        return open_generated(container, self.text, now, start, tail)

    def log_files(self, container: Container) -> list[LogFile]:
        """The files of the container's log that its node keeps, oldest first: the last is the current one."""
        now = int(self.clock() * SECOND)
        recording = self._recordings.get(container.id)
        if recording is not None:
            return recording.files()
        rate = log_rate(container)
        if rate:
            return RateReader(container, rate, 0, None, now).files(now)
        return generated_files(container, self.text, now)

    def history(
        self, container: Container, *, since: float | None = None, tail: int | None = None
    ) -> list[Entry]:
        """All lines until now that are not rotated away."""
        now = int(self.clock() * SECOND)
        return self.open_log(container, since=since, tail=tail, now=now).take(now, FILE_LINES)

    async def follow(
        self,
        container: Container,
        *,
        since: float | None = None,
        tail: int | None = None,
        current: Callable[[], Container | None] | None = None,
        batch: int = 5000,
    ) -> AsyncIterator[list[Entry]]:
        """Old and live lines in batches, until the container ends; never slower or faster than the reader.

        current: looks the container up anew (None or another id: it is gone), asked at its end and once a
        second; without it only `container_exited` ends the stream.
        """
        reader = self.open_log(container, since=since, tail=tail)
        ended = asyncio.Event()
        self._waiters.setdefault(container.id, set()).add(ended)
        try:
            finishing = not container.running
            while True:
                entries = reader.take(int(self.clock() * SECOND), batch)
                if entries:
                    yield entries
                    # Data may wait in the reader while the client is the slower one: let others run.
                    await asyncio.sleep(0)
                    continue
                if finishing:
                    return
                await self._next_line(reader, ended)
                now = current() if current else container
                if ended.is_set() or now is None or now.id != container.id or not now.running:
                    finishing = True
                    reader.finish(await self._ended(container, current))
        finally:
            self._waiters[container.id].discard(ended)
            if not self._waiters[container.id]:
                del self._waiters[container.id]

    async def close(self) -> None:
        """Stop all programs and remove the scratch folder."""
        await self.hosts.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ended(self, container: Container, current: Callable[[], Container | None] | None) -> Container:
        """The container with its end: the status may tell it a moment later than the kubelet told us."""
        now = current() if current else None
        for _ in range(20):
            if now is None or now.id != container.id:
                break
            if not now.running:
                return now
            await asyncio.sleep(0.05)
            now = current() if current else None
        return replace(container, finished_at=self.clock())

    async def _next_line(self, reader: LogReader, ended: asyncio.Event) -> None:
        """Wait until a line is due, the container has ended, or a second has passed."""
        due = reader.due(int(self.clock() * SECOND))
        default = 0.05 if isinstance(reader, RecordingReader) else 1.0
        delay = default if due is None else min(1.0, max(0.02, due / SECOND - self.clock()))
        try:
            async with asyncio.timeout(delay):
                await ended.wait()
        except TimeoutError:
            return

    async def _run(self, main: Main) -> None:
        """One main process from start to end; then the kubelet is told."""
        exit_code, message = await main.run()
        container = main.container
        if self.on_exit is not None and not main.stopped:
            self.on_exit(
                ContainerExit(
                    namespace=container.namespace,
                    pod=container.pod,
                    pod_uid=container.pod_uid,
                    name=container.name,
                    container_id=container.id,
                    exit_code=exit_code,
                    finished_at=self.clock(),
                    message=message,
                )
            )
        self.container_exited(container.pod_uid, container.name, container.id, exit_code)


def log_rate(container: Container) -> int:
    """Lines a second asked for by annotation; 0 for the usual text."""
    try:
        return max(0, min(1_000_000, int(container.annotations.get(RATE_ANNOTATION, "0"))))
    except ValueError:
        return 0
