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
from k8stui.kube.logs.gap_fill import GapFill, Outlet, gap_mark
from k8stui.kube.logs.once import NOTHING, LifeReader, fresh_lines, log_params
from k8stui.kube.logs.rotation_check import RotationCheck
from k8stui.kube.logs.seen import Seen
from k8stui.kube.logs.types import (
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
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.pod import ContainerLife, PodLives, Terminated

IDLE_SECONDS = 240.0
"""A stream that brings nothing for so long is opened anew: its connection may be half-open."""
HEALTHY_SECONDS = 5.0
CERTAIN_SECONDS = 3.0
"""So long after a resume the pod's status tells reliably which life is being read."""
POLL_SECONDS = 3.0
"""How often a pod is asked for a container's (next) start when nobody reports it."""
SLICE = 0.005


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
        streams: Any,
        path: str,
        source: LogSource,
        pod: PodView,
        *,
        start: Mapping[str, str],
        emit: Callable[[Sequence[LogLine]], None],
        clock: Clock,
        rng: random.Random,
        on_status: Callable[[SourceStatus], None] = lambda status: None,
        errors: str = "replace",
    ) -> None:
        """`streams` is as `PooledStreams`; `start` says of which part of the past (`start_of`)."""
        self._errors = errors
        self._start = start
        self.status = SourceStatus(source, since=clock.monotonic())
        self._streams = streams
        self._path = path
        self._source = source
        self._pod = pod
        self._put = emit
        self._outlet = Outlet(self._put_lines)
        self._filled: GapFill | None = None
        self._check: RotationCheck | None = None
        self._emit = self._outlet.emit
        self._clock = clock
        self._rng = rng
        self._backoff = Backoff(rng)
        self._on_status = on_status
        self._seen = Seen()
        self._drained = False
        self._resumed_at = self._asked_at = 0.0
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

    async def run(self) -> None:
        """Follow until the container has ended for good or its pod is gone."""
        try:
            async with self._outlet:
                await self._lives()
        finally:
            self._check_another(None)

    async def _lives(self) -> None:
        """Life after life."""
        while True:
            life = self._life()
            if life is None:
                self._end("the pod is gone", " (the pod is gone)")
                return
            if not life.container_id:
                self._say(Following.WAITING, life.waiting or "not started yet")
                await self._pod.changed(POLL_SECONDS)
            elif life.container_id != self._source.container_id:
                await self._next_life(life)
            elif not self._drained:
                await self._read()
            elif life.final:
                self._end(*((life.ended.text, life.ended.remark) if life.ended else ("", "")))
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
            self._source, container_id=life.container_id, restarts=life.restarts, **self._place()
        )
        self._drained = False
        check = None
        if (rotated := self._streams.rotated(self._source)) is not None:
            turn = self._streams.looks
            check = RotationCheck(rotated, self._source, self._emit, turn, errors=self._errors)
        self._check_another(check)

    def _place(self) -> dict[str, str]:
        """Where the files of the pod's logs are."""
        lives = self._pod.lives
        return {"node": lives.node, "log_uid": lives.log_uid} if lives is not None else {}

    async def _next_life(self, life: ContainerLife) -> None:
        """The container runs anew: read the rest of its life before, then say how that ended."""
        before = self._source
        if before.container_id:
            last = life.last
            if last is not None and last.container_id == before.container_id and not self._drained:
                await self._drain(previous=True)
            self._start = NOTHING  # what comes after the first life is read from its beginning
            self._emit([self._restart_mark(life, last, before)])
        self._begin(life)

    def _restart_mark(self, life: ContainerLife, last: Terminated | None, before: LogSource) -> LogLine:
        missed = life.restarts - before.restarts - 1
        text = f"{self._source.container} restarted"
        if last is not None:
            text += last.remark
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
            self._note_health(opened)
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

    def _note_health(self, opened: float) -> None:
        """A stream that stood for a while, or brought something new, was no failure: try again soon."""
        last = self.status.last_line
        if self._clock.monotonic() - opened >= HEALTHY_SECONDS or (last is not None and last >= opened):
            self._backoff.reset()

    async def _resume_later(self, opened: float) -> None:
        """The stream ended while the container seems to run: rotation, or a status that lags."""
        self._note_health(opened)
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
        params = {**log_params(self._source), "follow": "true"}
        before = self._seen.fork() if self._resumes else None
        params.update({"sinceTime": self._seen.since} if before else self._start)
        self._seen.resume()
        self._seen_of = self._source.container_id
        stream: AsyncIterator[list[bytes]] = self._streams.lines(
            self._path, params=params, accept="*/*", idle_timeout=IDLE_SECONDS, on_open=self._opened
        )
        async with aclosing(stream) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if self._has_moved_on():
                    return  # the rest is read as what it is: of the life before, or of the new one
                lines = fresh_lines(self._seen, batch, self._source, self._errors)
                if lines:
                    if before is not None and self._seen.missed:
                        self._fill(before, lines[0])
                    before = None
                    await self._make_certain()
                    self._took(lines)
                    self._streams.heard()
                    await self._outlet.room()
                await self._yield_turn()

    async def _make_certain(self) -> None:
        """Some seconds after a resume, ask whose life is being read: until then every line is remembered."""
        if not self._seen.hold or self._pod.read_at - self._resumed_at > CERTAIN_SECONDS:
            return
        if self._clock.monotonic() > max(self._resumed_at + CERTAIN_SECONDS, self._asked_at + POLL_SECONDS):
            self._asked_at = self._clock.monotonic()
            await self._try_refresh()

    def _fill(self, before: Seen, after: LogLine) -> None:
        """Fetch the lines between what was read and a line after it; what comes meanwhile waits."""
        rotated = self._streams.rotated(after.source)
        if rotated is None:
            self._emit([gap_mark(after.source, before.newest, after.time)])
            return

        filling = self._filled = GapFill(rotated, before, after, self._errors, self._filled)

        async def fetch() -> None:
            self._streams.catching_up()
            self._say(self.status.following, "fetching what the kubelet has rotated away")
            await filling.run(self._put_lines, self._streams.room)
            if self.status.following is Following.OPEN:
                self._say(Following.OPEN, "")

        self._outlet.fetch(fetch)

    def _put_lines(self, lines: Sequence[LogLine]) -> None:
        """Hand lines on; now and then it is looked whether the kubelet left some out of them."""
        self._put(lines)
        if self._check is not None:
            self._check.saw(lines)

    def _check_another(self, check: RotationCheck | None) -> None:
        if self._check is not None:
            self._check.close()
        self._check = check

    @property
    def _resumes(self) -> bool:
        """Whether lines of the present life were read."""
        return bool(self._seen.since) and self._seen_of == self._source.container_id

    def _has_moved_on(self) -> bool:
        """The pod says that another life has begun."""
        life = self._life()
        return life is not None and life.container_id not in ("", self._source.container_id)

    def _opened(self) -> None:
        if self._told_broken:
            self._told_broken = False
            self._emit([self._mark(INFO, "reading goes on")])
        self._say(Following.OPEN, "")

    def _took(self, lines: Sequence[LogLine]) -> None:
        now = self._clock.monotonic()
        if self._seen.hold and self._pod.read_at - self._resumed_at > CERTAIN_SECONDS:
            self._seen.hold = self._has_moved_on()
        self._emit(lines)
        self.status = msgspec.structs.replace(self.status, last_line=now)

    async def _yield_turn(self) -> None:
        """A flood must not keep the loop to itself."""
        if time.perf_counter() - self._turn > SLICE:
            await asyncio.sleep(0)
            self._turn = time.perf_counter()

    async def _drain(self, *, previous: bool) -> None:
        """What a life wrote after the last line that was read of it."""
        reader = LifeReader(
            self._streams,
            self._path,
            self._source,
            self._took,
            start=self._start,
            previous=previous,
            seen=self._seen,
            begun=self._resumes,
            errors=self._errors,
            fill=self._fill,
            clock=self._clock,
            rng=self._rng,
        )
        self._seen_of = self._source.container_id
        try:
            await reader.run()
        except ApiError as error:
            if error.code < 500 and error.code != 429:
                return  # the kubelet has it no more
            self._emit([self._mark(GAP, "the last lines before its end could not be read")])
        except KubeError:
            self._emit([self._mark(GAP, "the last lines before its end could not be read")])

    def _mark(self, mark: str, text: str) -> LogLine:
        return LogLine("", self._source, f"{self._source.container}: {text}", mark)

    def _end(self, reason: str, remark: str) -> None:
        if self._source.container_id:
            self._emit([self._mark(ENDED, f"ended{remark}")])
        self._say(Following.ENDED, reason)

    def _say(self, following: Following, reason: str, next_try: float | None = None) -> None:
        old = self.status
        since = old.since if old.following is following else self._clock.monotonic()
        new = SourceStatus(self._source, following, since, reason, next_try, old.last_line)
        if new != old:
            self.status = new
            self._on_status(new)


def _is_not_started(error: ApiError) -> bool:
    """The container waits to start, or its sandbox is not there yet."""
    return error.code == 400 and ("waiting to start" in error.message or "not found" in error.message)
