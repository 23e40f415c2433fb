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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8stui.demo.streams.loglines import (
    MAX_HISTORY_LINES,
    SECOND,
    Entry,
    LogText,
    MinuteReader,
    RateReader,
    Recording,
    RecordingReader,
    open_generated,
)
from k8stui.demo.streams.mains import Hosts, Main

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

RATE_ANNOTATION = "demo.k8stui.dev/log-rate"
"""Pod annotation: lines a second of a numbered test log, instead of the usual text."""
PROGRAM_ANNOTATION = "demo.k8stui.dev/program"
"""Pod annotation: "true" runs the container's command for real, as in `exec`."""
MAX_RECORDINGS = 20
"""How many runs of real programs keep their output, for each pod."""
Pod = Mapping[str, Any]
LogReader = MinuteReader | RateReader | RecordingReader
STATUS_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
SPEC_LISTS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Container:
    """One run of a container: a restart is another one, with another id. Times: seconds since the epoch."""

    namespace: str
    pod: str
    pod_uid: str
    name: str
    id: str
    """Without the `containerd://` in front."""
    image: str
    command: tuple[str, ...]
    """`command` and `args` of the spec."""
    started_at: float
    finished_at: float | None = None
    exit_code: int | None = None
    reason: str = ""
    """Why it ended: Completed, Error, OOMKilled..."""
    restart: int = 0
    """How many runs came before this one."""
    stdin: bool = False
    tty: bool = False
    node: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """`Kind/name` of the controller, empty without one."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables with literal values."""
    ip: str = ""
    mounts: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Mount path and volume (as in the pod's spec)."""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.finished_at is None

    @classmethod
    def from_pod(cls, pod: Pod, name: str, *, previous: bool = False) -> Container | None:
        """The current (or the previous) run as the pod's status tells it; None where there is no such run."""
        status = container_status(pod, name)
        if status is None:
            return None
        state: Mapping[str, Any] = status.get("state") or {}
        last: Mapping[str, Any] = status.get("lastState") or {}
        restarts = int(status.get("restartCount", 0))
        if previous or ("waiting" in state and last.get("terminated")):
            # Between two runs of a crash loop the kubelet shows the log of the run that ended; the run that
            # comes next is counted in restartCount only once it has started.
            restarts -= 1 if "waiting" not in state else 0
            state = last
        ended = state.get("terminated")
        running = state.get("running")
        if not ended and not running:
            return None
        run: Mapping[str, Any] = ended or running or {}
        spec = container_spec(pod, name) or {}
        meta, pod_spec = pod["metadata"], pod.get("spec", {})
        owners = meta.get("ownerReferences") or []
        return cls(
            namespace=meta.get("namespace", ""),
            pod=meta["name"],
            pod_uid=meta.get("uid", ""),
            name=name,
            id=bare_id((ended or {}).get("containerID") or status.get("containerID") or ""),
            image=spec.get("image", ""),
            command=(*(spec.get("command") or ()), *(spec.get("args") or ())),
            started_at=epoch(run.get("startedAt")) or epoch(meta.get("creationTimestamp")) or 0.0,
            finished_at=None if ended is None else epoch(ended.get("finishedAt")) or 0.0,
            exit_code=None if ended is None else int(ended.get("exitCode", 0)),
            reason=(ended or {}).get("reason", ""),
            restart=max(0, restarts),
            stdin=bool(spec.get("stdin")),
            tty=bool(spec.get("tty")),
            node=pod_spec.get("nodeName", ""),
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            owner=f"{owners[0]['kind']}/{owners[0]['name']}" if owners else "",
            env={item["name"]: item["value"] for item in spec.get("env") or () if item.get("value")},
            ip=(pod.get("status") or {}).get("podIP", ""),
            mounts=_mounts(pod_spec, spec),
        )


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


def bare_id(container_id: str) -> str:
    """`containerd://abc` -> `abc`."""
    return container_id.rpartition("//")[2]


def epoch(moment: str | float | datetime | None) -> float | None:
    """Seconds since the epoch of an RFC 3339 time, a datetime or such a number; None of nothing."""
    if moment is None or moment == "":
        return None
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(moment, (int, float)):
        return float(moment)
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def container_status(pod: Pod, name: str) -> Mapping[str, Any] | None:
    """The status entry of a container, whatever its kind."""
    return _named(pod.get("status") or {}, STATUS_LISTS, name)


def container_spec(pod: Pod, name: str) -> Mapping[str, Any] | None:
    """The spec entry of a container, whatever its kind."""
    return _named(pod.get("spec") or {}, SPEC_LISTS, name)


def _mounts(
    pod_spec: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    volumes = {volume["name"]: volume for volume in pod_spec.get("volumes") or ()}
    mounts = ((mount["mountPath"], volumes.get(mount["name"])) for mount in spec.get("volumeMounts") or ())
    return tuple((path, volume) for path, volume in mounts if volume is not None)


def _named(holder: Mapping[str, Any], lists: Sequence[str], name: str) -> Mapping[str, Any] | None:
    for key in lists:
        for entry in holder.get(key) or ():
            if entry.get("name") == name:
                found: Mapping[str, Any] = entry
                return found
    return None


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

    def history(
        self, container: Container, *, since: float | None = None, tail: int | None = None
    ) -> list[Entry]:
        """All lines until now."""
        now = int(self.clock() * SECOND)
        return self.open_log(container, since=since, tail=tail, now=now).take(now, MAX_HISTORY_LINES)

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


def started_container(
    pod: Pod, name: str, container_id: str, started_at: str | float | datetime
) -> Container:
    """The container that has just started, whether or not the status says so yet."""
    status = {"name": name, "containerID": container_id, "state": {"running": {"startedAt": started_at}}}
    seen: dict[str, Any] = {**pod, "status": {"containerStatuses": [status]}}
    container = Container.from_pod(seen, name)
    if container is None:
        raise ValueError(f"no container {name}")
    return container


def log_rate(container: Container) -> int:
    """Lines a second asked for by annotation; 0 for the usual text."""
    try:
        return max(0, min(1_000_000, int(container.annotations.get(RATE_ANNOTATION, "0"))))
    except ValueError:
        return 0
