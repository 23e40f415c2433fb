"""The logs of a pod: all its containers, past and live, merged by time into one buffer.

Containers that come (restarts, ephemeral ones) join; what was read outlives the pod. Sources
(`log_follow`), merging (`log_merge`) and the buffer (`log_buffer`) know nothing of each other.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.backoff import Backoff, Clock, SystemClock
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.log_buffer import LogBuffer
from k8stui.kube.log_follow import ContainerFollower
from k8stui.kube.log_merge import HOLD, LiveMerge, merge_past
from k8stui.kube.log_pod import PodLives, read_pod
from k8stui.kube.log_times import nanoseconds, split_stamp
from k8stui.kube.log_types import (
    ERROR,
    GAP,
    INFO,
    RESTART,
    Following,
    LogLine,
    LogSource,
    SourceStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.log_pod import ContainerLife

TAIL = 500
LOOP_MINUTES = 10
"""A container whose last run ended within these minutes is in a crash loop: so long a kubelet backs off."""
RELEASE_SECONDS = 0.05
"""How often lines that were held back are let go."""
REFRESH_SECONDS = 10.0
"""How often the pod is asked for new containers when nobody reports its changes."""
AT_ONCE = 8
OUTRUN_SECONDS = 10.0
OUTRUN_SHARE = 0.25
"""When so much of the buffer falls off within `OUTRUN_SECONDS`, a source outruns it, and a line says so."""


class Outrun:
    """Notices that lines come faster than a buffer can keep them, and says so now and then."""

    def __init__(self, buffer: LogBuffer, clock: Clock) -> None:
        self._buffer = buffer
        self._clock = clock
        self._since = clock.monotonic()
        self._fallen = buffer.fallen

    def look(self) -> str:
        """A sentence, once for each `OUTRUN_SECONDS` in which much fell off; else nothing."""
        now = self._clock.monotonic()
        span = now - self._since
        if span < OUTRUN_SECONDS:
            return ""
        fell = self._buffer.fallen - self._fallen
        self._since, self._fallen = now, self._buffer.fallen
        if fell < self._buffer.max_lines * OUTRUN_SHARE:
            return ""
        kept = self._buffer.max_lines
        return f"lines come faster than they are kept: {fell:,} fell off in {span:.0f} s ({kept:,} are kept)"


class PodWatcher:
    """The pod as last read; read again when something changed, at most twice a second."""

    def __init__(self, connection: Any, path: str, uid: str, clock: Clock) -> None:
        self._connection = connection
        self._path = path
        self._uid = uid
        self._clock = clock
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        self.read_at = float("-inf")
        self.lives: PodLives | None = None
        self.gone = False

    async def refresh(self) -> None:
        """Read the pod now; those who ask at once share a request. Raises KubeError."""
        asked = self._clock.monotonic()
        async with self._lock:
            if self.read_at > asked:
                return
            began = self._clock.monotonic()
            try:
                lives: PodLives | None = await read_pod(self._connection, self._path)
            except ApiError as error:
                if error.code != 404:
                    raise
                lives = None
            if lives is not None and self._uid and lives.uid != self._uid:
                lives = None  # another pod of the same name
            self._uid = self._uid or (lives.uid if lives else "")
            self.gone = lives is None
            self.read_at = began
            if lives != self.lives:
                self.lives = lives
                self._tell()

    async def changed(self, seconds: float) -> None:
        """Wait until the pod is another than it was, at most so long; then it is read again."""
        news = self._news
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            try:
                await self.refresh()
            except KubeError:
                return

    def report(self) -> None:
        """Somebody saw the pod change."""
        self._tell()

    @property
    def news(self) -> asyncio.Event:
        """Set at the next change."""
        return self._news

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class PodLogs:
    """Follows all containers of one pod (or those named). `run` once, until it returns or is cancelled."""

    def __init__(
        self,
        connection: Any,
        namespace: str,
        pod: str,
        uid: str = "",
        *,
        containers: tuple[str, ...] = (),
        tail: int | None = TAIL,
        previous: bool = False,
        since: str = "",
        hold: float = HOLD,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        on_status: Callable[[SourceStatus], None] = lambda status: None,
    ) -> None:
        self._connection = connection
        self._namespace = namespace
        self._pod = pod
        self._uid = uid
        self._only = containers
        self._tail = tail
        self._previous = previous
        self._since = since
        self._clock: Clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._hold = hold
        self._on_status = on_status
        self._path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
        self._watcher = PodWatcher(connection, self._path, uid, self._clock)
        self._merge = LiveMerge(self._clock.monotonic, hold)
        self._followers: dict[str, ContainerFollower] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._seen_change = False

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return tuple(follower.status for follower in self._followers.values())

    def pod_changed(self) -> None:
        """Tell that the pod's object changed (from a live collection): containers may have come or ended."""
        self._seen_change = True
        self._watcher.report()

    def retry_now(self) -> None:
        """The server answers again: end all waits."""
        for follower in self._followers.values():
            follower.retry_now()

    def check(self) -> None:
        """The server may be gone: open streams are opened anew, so that a half-open one is found out."""
        for follower in self._followers.values():
            follower.check()

    async def run(self, buffer: LogBuffer) -> None:
        """Read into the buffer until all containers have ended for good; cancel it to stop."""
        if not await self._first_look(buffer):
            return
        if self._previous:
            await self._read_previous(buffer)
            return
        await self._read_past(buffer)
        try:
            async with asyncio.TaskGroup() as group:
                releasing = group.create_task(self._release(buffer), name="log lines held back")
                await self._follow_all(group, buffer)
                releasing.cancel()
        finally:
            buffer.extend(self._merge.release(everything=True))

    async def _first_look(self, buffer: LogBuffer) -> bool:
        """Read the pod until it answers; whether there is one."""
        backoff = Backoff(self._rng)
        told = False
        while True:
            try:
                await self._watcher.refresh()
            except KubeError as error:
                delay = backoff.next(getattr(error, "retry_after", None))
                if not told:
                    told = True
                    buffer.append(self._mark(ERROR, error.sentence()))
                await self._clock.sleep(delay)
                continue
            if self._watcher.lives is None:
                buffer.append(self._mark(INFO, f"the pod {self._namespace}/{self._pod} is gone"))
                return False
            return True

    def _wanted(self) -> list[ContainerLife]:
        lives = self._watcher.lives
        if lives is None:
            return []
        return [life for life in lives.containers if not self._only or life.name in self._only]

    def _source(self, life: ContainerLife) -> LogSource:
        return LogSource(self._namespace, self._pod, self._uid, life.name, kind_of_container=life.kind)

    def _mark(self, mark: str, text: str) -> LogLine:
        return LogLine("", LogSource(self._namespace, self._pod, self._uid, ""), text, mark)

    def _add(self, life: ContainerLife, buffer: LogBuffer) -> ContainerFollower:
        def emit(lines: Sequence[LogLine]) -> None:
            self._merge.push(life.name, lines)
            # a single stream needs no order, a flood no patience
            if len(self._followers) == 1 or len(self._merge) >= 20_000:
                buffer.extend(self._merge.release(everything=True))

        follower = ContainerFollower(
            self._connection,
            f"{self._path}/log",
            self._source(life),
            self._watcher,
            tail=self._tail,
            emit=emit,
            clock=self._clock,
            rng=self._rng,
            on_status=self._on_status,
            since=self._since,
        )
        self._followers[life.name] = follower
        return follower

    async def _read_past(self, buffer: LogBuffer) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def past(life: ContainerLife) -> list[LogLine]:
            async with gate:
                before = await self._run_before(life) if self._is_looping(life) else []
                return before + await self._add(life, buffer).past()

        buffer.extend(merge_past(await asyncio.gather(*map(past, self._wanted()))))

    async def _follow_all(self, group: asyncio.TaskGroup, buffer: LogBuffer) -> None:
        """Start a follower for each container, also for those that come; return when all have ended."""
        started: set[str] = set()
        while True:
            news = self._watcher.news
            for life in self._wanted():
                if life.name not in started:
                    started.add(life.name)
                    follower = self._followers.get(life.name) or self._add(life, buffer)
                    task = group.create_task(self._guard(follower), name=f"log of {life.name}")
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
            if not self._running and self._is_over():
                return
            await self._next_look(news)

    def _is_over(self) -> bool:
        lives = self._watcher.lives
        return lives is None or lives.phase in ("Succeeded", "Failed")

    async def _next_look(self, news: asyncio.Event) -> None:
        """Wait for news of the pod, the end of a follower, or a while; then read the pod again."""
        waiting = asyncio.ensure_future(news.wait())
        try:
            await asyncio.wait(
                (waiting, *self._running),
                timeout=REFRESH_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waiting.cancel()
        if self._seen_change or not news.is_set():
            self._seen_change = False
            try:
                await self._watcher.refresh()
            except KubeError:
                return  # the followers say what is wrong; asked again later

    async def _guard(self, follower: ContainerFollower) -> None:
        """A defect of ours in one follower is told and costs no other one."""
        backoff = Backoff(self._rng, first=1.0)
        while True:
            try:
                await follower.run()
            except Exception as error:
                said = f"internal error, started again: {type(error).__name__}: {error}"
                self._merge.push("", [self._mark(ERROR, said)])
                await self._clock.sleep(backoff.next())
            else:
                return

    async def _release(self, buffer: LogBuffer) -> None:
        outrun = Outrun(buffer, self._clock)
        while True:
            await asyncio.sleep(RELEASE_SECONDS)
            buffer.extend(self._merge.release())
            if said := outrun.look():
                buffer.append(self._mark(GAP, said))

    def _is_looping(self, life: ContainerLife) -> bool:
        """Its last run ended a short while ago: what it said then is what one wants to know."""
        last = life.last
        if last is None or self._tail == 0 or self._since or last.container_id == life.container_id:
            return False
        ended = nanoseconds(last.finished_at or "") / 1e9
        return ended > 0 and self._clock.wall() - ended < LOOP_MINUTES * 60

    async def _run_before(self, life: ContainerLife) -> list[LogLine]:
        """The run before the present one, and how it ended; nothing where the kubelet has it no more."""
        source = self._source(life)
        params = {"container": life.name, "timestamps": "true", "previous": "true"}
        if self._tail is not None:
            params["tailLines"] = str(self._tail)
        try:
            response = await self._connection.request("GET", f"{self._path}/log", params=params)
        except KubeError:
            return []
        assert life.last is not None
        source = msgspec.structs.replace(
            source, container_id=life.last.container_id, restarts=max(0, life.restarts - 1)
        )
        said = f"{life.name} restarted ({life.last.text})"
        if life.last.message:
            said += f": {life.last.message.strip()}"
        mark = LogLine(life.last.finished_at or "", source, said, RESTART)
        return [*_lines_of(response.body, source), mark]

    async def _read_previous(self, buffer: LogBuffer) -> None:
        """The life before the present one of each container."""

        async def read(life: ContainerLife) -> list[LogLine]:
            source = self._source(life)
            params = {"container": life.name, "timestamps": "true", "previous": "true"}
            if self._tail is not None:
                params["tailLines"] = str(self._tail)
            try:
                response = await self._connection.request("GET", f"{self._path}/log", params=params)
            except KubeError as error:
                mark = INFO if getattr(error, "code", 0) == 400 else ERROR
                return [LogLine("", source, f"{life.name}: {error.sentence()}", mark)]
            lines = _lines_of(response.body, source)
            if life.last is not None:
                lines.append(LogLine("", source, f"{life.name}: ended ({life.last.text})", "ended"))
            return lines

        buffer.extend(merge_past(await asyncio.gather(*map(read, self._wanted()))))


def _lines_of(body: bytes, source: LogSource) -> list[LogLine]:
    """The lines of a whole log."""
    text = body.decode("utf-8", "replace")
    # every line of a container has a stamp: others are the kubelet's own words
    stamped = map(split_stamp, text.removesuffix("\n").split("\n") if text else ())
    return [LogLine(stamp, source, rest, "" if stamp else INFO) for stamp, rest in stamped]


__all__ = [
    "Following",
    "LogBuffer",
    "LogLine",
    "LogSource",
    "PodLogs",
    "SourceStatus",
]
