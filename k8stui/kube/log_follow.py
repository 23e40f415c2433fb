"""Following one container of a pod through its lives: tail, stream, resume, restart, end.

The end of a stream is not the end of a container: the pod is asked. Lines are neither lost nor
doubled over resumes and restarts as far as the kubelet still has them; where it has not, a
remark says so. This module must never decide when lines of several containers are shown.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from k8stui.kube.backoff import Backoff
from k8stui.kube.errors import ApiError, ConnectionLost, KubeError
from k8stui.kube.log_seen import Seen
from k8stui.kube.log_types import (
    ENDED,
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
    import random
    from collections.abc import AsyncIterator, Callable, Sequence

    from k8stui.kube.backoff import Clock
    from k8stui.kube.log_pod import ContainerLife, PodLives, Terminated

IDLE_SECONDS = 240.0
"""A stream that brings nothing for so long is opened anew: its connection may be half-open."""
HEALTHY_SECONDS = 5.0
CERTAIN_SECONDS = 3.0
"""So long after a resume the pod's status tells reliably which life is being read."""
POLL_SECONDS = 3.0
"""How often a pod is asked for a container's (next) start when nobody reports it."""
SLICE = 0.005
DRAIN_TRIES = 3
TIMEOUT = 60.0


class Stream(Protocol):
    """What is needed of a connection. Everything raises KubeError."""

    async def request(self, method: str, path: str, *, params: Any = None, timeout: float = 30.0) -> Any:
        """The answer has `.body`."""
        ...

    def lines(self, path: str, *, params: Any, accept: str, idle_timeout: float | None, on_open: Any) -> Any:
        """Batches of complete lines."""
        ...


class PodView(Protocol):
    """The pod as it is known now."""

    lives: PodLives | None
    """None when the pod is gone."""
    read_at: float
    """When it was read, on the monotonic clock."""

    async def refresh(self) -> None:
        """Read the pod now. Raises KubeError."""
        ...

    async def changed(self, seconds: float) -> None:
        """Wait for news of the pod, at most so long."""
        ...


class ContainerFollower:
    """Reads one container, life after life, until its pod is gone or it has ended for good."""

    def __init__(
        self,
        connection: Stream,
        path: str,
        source: LogSource,
        pod: PodView,
        *,
        tail: int | None,
        emit: Callable[[Sequence[LogLine]], None],
        clock: Clock,
        rng: random.Random,
        on_status: Callable[[SourceStatus], None] = lambda status: None,
        errors: str = "replace",
        since: str = "",
    ) -> None:
        """`since` is where to begin, for `sinceTime`; "" is the beginning, or the tail."""
        self._errors = errors
        self._since = since
        self.status = SourceStatus(source, since=clock.monotonic())
        self._connection = connection
        self._path = path
        self._source = source
        self._pod = pod
        self._tail = tail
        self._emit = emit
        self._clock = clock
        self._backoff = Backoff(rng)
        self._on_status = on_status
        self._seen = Seen()
        self._drained = False
        self._resumed_at = 0.0
        self._told_broken = False
        self._turn = 0.0
        self._seen_of = ""
        self._hurry = asyncio.Event()
        self._cut: asyncio.Timeout | None = None

    def retry_now(self) -> None:
        """The server answers again: nobody needs to wait out a back-off."""
        self._hurry.set()

    def check(self) -> None:
        """The server may be gone: an open stream may be half-open. Open it anew; no line is lost by that."""
        if self._cut is not None:
            self._cut.reschedule(asyncio.get_running_loop().time())

    async def _nap(self, seconds: float) -> None:
        """Wait, or until it shall be tried now."""
        self._hurry.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        hurrying = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait((sleeping, hurrying), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            hurrying.cancel()

    async def past(self) -> list[LogLine]:
        """The tail of the present life, complete. Called once, before `run`; errors become remarks."""
        life = self._life()
        if life is None or not life.container_id or self._tail == 0:
            return []
        self._begin(life)
        params = self._begun(self._params(follow=False))
        try:
            return await self._whole(params)
        except ApiError as error:
            return [] if _is_not_started(error) else [self._mark(ERROR, error.sentence())]
        except KubeError as error:
            return [self._mark(ERROR, error.sentence())]

    async def run(self) -> None:
        """Follow until the container has ended for good or its pod is gone."""
        while True:
            life = self._life()
            if life is None:
                self._end("the pod is gone")
                return
            if not life.container_id:
                self._say(Following.WAITING, life.waiting or "not started yet")
                await self._pod.changed(POLL_SECONDS)
            elif life.container_id != self._source.container_id:
                await self._next_life(life)
            elif not self._drained:
                await self._read()
            elif life.final:
                self._end(life.ended.text if life.ended else "")
                return
            else:
                reason = life.waiting or (life.ended.text if life.ended else "")
                self._say(Following.WAITING, reason)
                await self._pod.changed(POLL_SECONDS)

    def _life(self) -> ContainerLife | None:
        lives = self._pod.lives
        return None if lives is None else lives.find(self._source.container)

    def _begin(self, life: ContainerLife) -> None:
        self._source = msgspec.structs.replace(
            self._source, container_id=life.container_id, restarts=life.restarts
        )
        self._drained = False

    async def _next_life(self, life: ContainerLife) -> None:
        """The container runs anew: read the rest of its life before, then say how that ended."""
        before = self._source
        if before.container_id:
            self._tail = None
            last = life.last
            if last is not None and last.container_id == before.container_id and not self._drained:
                await self._drain(previous=True)
            self._emit([self._restart_mark(life, last, before)])
        self._begin(life)

    def _restart_mark(self, life: ContainerLife, last: Terminated | None, before: LogSource) -> LogLine:
        missed = life.restarts - before.restarts - 1
        text = f"{self._source.container} restarted"
        if last is not None:
            text += f" ({last.text})"
            if last.message:
                text += f": {last.message.strip()}"
        if missed > 0:
            text += f"; it had restarted {missed} more times meanwhile, whose lines are gone"
        at = (last.finished_at or "") if last is not None else ""
        return LogLine(at, self._source, text, GAP if missed > 0 else RESTART)

    async def _read(self) -> None:
        """One stream of the present life; afterwards it is known whether it was the last."""
        opened = self._clock.monotonic()
        try:
            async with asyncio.timeout(None) as self._cut:
                await self._stream()
            await self._pod.refresh()
        except TimeoutError:
            return  # cut by `check`: opened anew from the last line that was read
        except ApiError as error:
            await self._refused(error)
            return
        except KubeError as error:
            idle = isinstance(error, ConnectionLost) and error.kind == "idle"
            if self._clock.monotonic() - opened >= HEALTHY_SECONDS:
                self._backoff.reset()
            if not idle:
                await self._broken(error)
            return
        finally:
            self._cut = None
        life = self._life()
        if life is None or (life.container_id == self._source.container_id and life.ended is not None):
            if life is not None:
                await self._drain(previous=False)
            self._drained = True
        elif life.container_id == self._source.container_id:
            await self._resume_later(opened)

    async def _resume_later(self, opened: float) -> None:
        """The stream ended while the container seems to run: rotation, or a status that lags."""
        if self._clock.monotonic() - opened >= HEALTHY_SECONDS:
            self._backoff.reset()
        self._seen.hold = True
        self._resumed_at = self._clock.monotonic()
        await self._nap(self._backoff.next())
        await self._try_refresh()

    async def _try_refresh(self) -> None:
        try:
            await self._pod.refresh()
        except KubeError:
            return  # what is known stays; the stream will tell

    async def _refused(self, error: ApiError) -> None:
        if _is_not_started(error):
            self._say(Following.WAITING, error.message)
            await self._pod.changed(POLL_SECONDS)
        elif error.code == 404:
            await self._try_refresh()
            if self._life() is not None:
                await self._broken(error)
        else:
            await self._broken(error)

    async def _broken(self, error: KubeError) -> None:
        """Say it once as a line, keep saying it as a state, and try again."""
        delay = self._backoff.next(getattr(error, "retry_after", None))
        said = error.sentence()
        if not self._told_broken:
            self._told_broken = True
            self._emit([self._mark(ERROR, f"reading broke off: {said}")])
        self._say(Following.BROKEN, said, self._clock.monotonic() + delay)
        await self._nap(delay)
        await self._try_refresh()

    async def _stream(self) -> None:
        """Follow until the server ends the stream. Raises KubeError."""
        params = self._params(follow=True)
        resumes = bool(self._seen.since)
        new_life = resumes and self._source.container_id != self._seen_of
        if resumes and not new_life:
            params["sinceTime"] = self._seen.since
        else:
            self._begun(params)
        self._seen.resume()
        self._seen_of = self._source.container_id
        watch_gap = resumes and not new_life
        watched = self._seen.newest
        stream: AsyncIterator[list[bytes]] = self._connection.lines(
            self._path,
            params=params,
            accept="*/*",
            idle_timeout=IDLE_SECONDS,
            on_open=self._opened,
        )
        async with aclosing(stream) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if self._has_moved_on():
                    return  # the rest is read as what it is: of the life before, or of the new one
                lines = self._fresh(batch)
                if lines:
                    if watch_gap and self._seen.missed:
                        lines.insert(0, self._mark(GAP, missing(watched, lines[0].time)))
                    watch_gap = False
                    self._took(lines)
                await self._yield_turn()

    def _has_moved_on(self) -> bool:
        """The pod says that another life has begun."""
        life = self._life()
        return life is not None and life.container_id not in ("", self._source.container_id)

    def _opened(self) -> None:
        if self._told_broken:
            self._told_broken = False
            self._emit([self._mark(INFO, "reading goes on")])
        self._say(Following.OPEN, "")

    def _took(self, lines: list[LogLine]) -> None:
        now = self._clock.monotonic()
        if self._seen.hold and self._pod.read_at - self._resumed_at > CERTAIN_SECONDS:
            self._seen.hold = self._has_moved_on()
        self._emit(lines)
        self.status = msgspec.structs.replace(self.status, last_line=now)

    def _fresh(self, batch: Sequence[bytes]) -> list[LogLine]:
        """The lines of a batch that were not read before."""
        source = self._source
        # every line of a container has a stamp: others are the kubelet's own words
        return [
            LogLine(stamp, source, text, "" if stamp else INFO)
            for stamp, text in self._seen.take(batch, self._errors)
        ]

    async def _yield_turn(self) -> None:
        """A flood must not keep the loop to itself."""
        if time.perf_counter() - self._turn > SLICE:
            await asyncio.sleep(0)
            self._turn = time.perf_counter()

    async def _drain(self, *, previous: bool) -> None:
        """What a life wrote after the last line that was read of it."""
        params = self._params(follow=False)
        if previous:
            params["previous"] = "true"
        if self._seen.since:
            params["sinceTime"] = self._seen.since
        else:
            self._begun(params)
        for _ in range(DRAIN_TRIES):
            self._seen.resume()
            try:
                lines = await self._whole(params)
            except ApiError as error:
                if error.code < 500 and error.code != 429:
                    return  # the kubelet has it no more
            except KubeError:
                pass
            else:
                if lines:
                    self._took(lines)
                return
            await self._clock.sleep(self._backoff.next())
        self._emit([self._mark(GAP, "the last lines before its end could not be read")])

    async def _whole(self, params: dict[str, str]) -> list[LogLine]:
        """A log without following, in slices. Raises KubeError."""
        response = await self._connection.request("GET", self._path, params=params, timeout=TIMEOUT)
        raw = response.body.split(b"\n")
        if raw and not raw[-1]:
            raw.pop()
        self._seen_of = self._source.container_id
        found: list[LogLine] = []
        for start in range(0, len(raw), 1000):
            found += self._fresh(raw[start : start + 1000])
            await asyncio.sleep(0)
        return found

    def _params(self, *, follow: bool) -> dict[str, str]:
        params = {"container": self._source.container, "timestamps": "true"}
        return params | {"follow": "true"} if follow else params

    def _begun(self, params: dict[str, str]) -> dict[str, str]:
        """With where to begin when nothing was read yet."""
        if self._since:
            params["sinceTime"] = self._since
        if self._tail is not None:
            params["tailLines"] = str(self._tail)
        return params

    def _mark(self, mark: str, text: str) -> LogLine:
        return LogLine("", self._source, f"{self._source.container}: {text}", mark)

    def _end(self, reason: str) -> None:
        if self._source.container_id:
            self._emit([self._mark(ENDED, f"ended ({reason})" if reason else "ended")])
        self._say(Following.ENDED, reason)

    def _say(self, following: Following, reason: str, next_try: float | None = None) -> None:
        old = self.status
        since = old.since if old.following is following else self._clock.monotonic()
        new = SourceStatus(self._source, following, since, reason, next_try, old.last_line)
        if new != old:
            self.status = new
            self._on_status(new)


def missing(before: str, after: str) -> str:
    """That lines may be missing, and of which time."""
    times = f" between {before} and {after}" if before and after else ""
    return f"lines may be missing{times}: the log was cut meanwhile"


def _is_not_started(error: ApiError) -> bool:
    """The container waits to start, or its sandbox is not there yet."""
    return error.code == 400 and ("waiting to start" in error.message or "not found" in error.message)
