"""Following one container of a pod through its lives: tail, stream, resume, restart, end.

The end of a stream is not the end of a container: the pod is asked. Lines are neither lost nor
doubled over resumes and restarts as far as the kubelet still has them; where it has not, a
remark says so. This module must never decide when lines of several containers are shown.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.backoff import Backoff, nap
from k8stui.kube.errors import ApiError, ConnectionLost, KubeError
from k8stui.kube.logs.asking import Asking
from k8stui.kube.logs.intake import Intake
from k8stui.kube.logs.once import LifeReader, first_stamped, is_life_before
from k8stui.kube.logs.telling import Telling
from k8stui.kube.logs.types import Following
from k8stui.kube.logs.which_life import WhichLife

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.group_streams import PooledStreams
    from k8stui.kube.logs.pod import ContainerLife
    from k8stui.kube.logs.pod_watch import PodView
    from k8stui.kube.logs.seen import Seen
    from k8stui.kube.logs.types import LogLine, LogSource, SourceStatus

IDLE_SECONDS = 240.0
"""A stream that brings nothing for so long is opened anew: its connection may be half-open."""
HEALTHY_SECONDS = 5.0
POLL_SECONDS = 3.0
"""How often a pod is asked for a container's (next) start when nobody reports it."""
GONE = (400, 404)
"""What a kubelet answers that no longer has the log."""
SLICE = 0.005
"""Seconds that lines are taken in for before other tasks have their turn."""


class ContainerFollower:
    """Reads one container, life after life, until its pod is gone or it has ended for good."""

    def __init__(
        self,
        streams: PooledStreams,
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
        life: ContainerLife | None = None,
        tells_gone: bool = True,
    ) -> None:
        """`streams` is as `PooledStreams`; `start` says of which part of the past (`start_of`).

        `life` is the one to begin with, though the container may be in another one by then. `tells_gone`:
        nobody else says that the pod is gone.
        """
        self._tells_gone = tells_gone
        self._errors = errors
        self._first = life
        self._streams = streams
        self._path = path
        self._pod = pod
        self._intake = Intake(streams, emit, self._fetching, errors)
        self._telling = Telling(source, self._intake.emit, on_status, clock)
        self._asking = Asking(streams, path, self._intake, start, clock, errors)
        self._which = WhichLife(pod, clock, self._has_moved_on)
        self._clock = clock
        self._rng = rng
        self._backoff = Backoff(rng)
        self._drained = False
        """The present life was read to its end."""
        self._is_again = True
        """It is not the first stream of the present life."""
        self._is_later = False
        """It is not the first life that is read."""
        self._turn = 0.0
        self._opened_at = 0.0
        self._hurry = asyncio.Event()
        self._cut: asyncio.Timeout | None = None

    @property
    def status(self) -> SourceStatus:
        """How it stands."""
        return self._telling.status

    @property
    def _source(self) -> LogSource:
        """The life that is read now."""
        return self._telling.source

    def _fetching(self, fetches: bool) -> None:
        self._telling.fetching(fetches)

    def retry_now(self) -> None:
        """The server answers again: nobody needs to wait out a back-off."""
        self._hurry.set()

    def check(self) -> None:
        """The server may be gone: an open stream may be half-open. Open it anew; no line is lost by that."""
        if self._cut is not None and not self._cut.expired():
            self._cut.reschedule(asyncio.get_running_loop().time())

    async def _nap(self, seconds: float) -> None:
        """Wait, or until it shall be tried now."""
        self._hurry.clear()
        await nap(self._clock, seconds, self._hurry)

    @property
    def has_begun(self) -> bool:
        """Whether it reads a life of the container already."""
        return bool(self._source.container_id)

    @property
    def unnoticed(self) -> str:
        """As `Intake.unnoticed`."""
        return self._intake.unnoticed

    def take_over(self, before: ContainerFollower) -> None:
        """Go on where another one has ended that read the same container."""
        self._first, self._telling.source = None, before._source
        self._asking.start, self._drained = before._asking.start, before._drained
        self._intake.take_over(before._intake)

    async def run(self) -> None:
        """Follow until the container has ended for good or its pod is gone."""
        async with self._intake:
            if self._first is not None and self._first.container_id:
                self._begin(self._first)
            self._first = None
            await self._lives()

    async def _lives(self) -> None:
        """Life after life."""
        while True:
            life = self._life()
            if life is None:
                self._say_unread("the pod is gone")
                self._telling.gone(is_told=self._tells_gone)
                return
            if not life.container_id:
                self._telling.say(Following.WAITING, life.waiting or "not started yet")
                await self._pod.changed(POLL_SECONDS)
            elif life.container_id != self._source.container_id:
                await self._next_life(life)
            elif not self._drained:
                await self._read()
            elif life.final:
                await self._intake.look_at_end()
                self._telling.ended(life.ended)
                return
            else:
                ended = life.ended.text if life.ended else ""
                reason = " after ".join(filter(None, (life.waiting, ended))) or "it starts anew"
                self._telling.say(Following.WAITING, reason)
                await self._pod.changed(POLL_SECONDS)

    def _life(self) -> ContainerLife | None:
        lives = self._pod.lives
        return None if lives is None else lives.find(self._source.container)

    def _begin(self, life: ContainerLife) -> None:
        self._telling.source = msgspec.structs.replace(
            self._source, container_id=life.container_id, restarts=life.restarts, **self._place()
        )
        self._drained = self._is_again = self._streams.ended = False
        self._intake.begin(self._source)

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
            await self._intake.look_at_end()
            self._asking.begin_later_life()
            missed = life.restarts - before.restarts - 1
            if missed <= 0:
                self._say_unread("the kubelet has its log no more")
            self._telling.restarted(life, missed)
        self._begin(life)
        self._is_later = True

    def _say_unread(self, why: str) -> None:
        """A life is over that was not read to its end: that is said once."""
        if self._source.container_id and not self._drained and not self._streams.ended:
            self._telling.unread(why)
        self._drained = True

    def leave(self) -> None:
        """Reading is ended from outside though there may be more of a pod that is gone."""
        self._say_unread("they did not come in time")

    async def _read(self) -> None:
        """One stream of the present life; afterwards it is known whether it was the last."""
        opened, self._opened_at = self._clock.monotonic(), 0.0
        try:
            if not await self._until_cut():
                await self._drain(previous=True)
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
            if self._opened_at:
                self._asking.was_open(self._clock.monotonic() - self._opened_at)
        life = self._life()
        if life is None or self._drained:
            return
        if life.container_id == self._source.container_id and life.ended is not None:
            await self._drain(previous=False)
        elif life.container_id == self._source.container_id:
            await self._resume_later(opened)

    async def _until_cut(self) -> bool:
        """As `_stream`. Raises TimeoutError when it is cut."""
        try:
            async with asyncio.timeout(None) as self._cut:
                return await self._stream()
        finally:
            self._cut = None

    def _note_health(self, opened: float) -> None:
        """A stream that stood for a while, or brought something new, was no failure: try again soon."""
        last = self.status.last_line
        if self._clock.monotonic() - opened >= HEALTHY_SECONDS or (last is not None and last >= opened):
            self._backoff.reset()

    async def _resume_later(self, opened: float) -> None:
        """The stream ended while the container seems to run: rotation, or a status that lags."""
        self._note_health(opened)
        if self._streams.was_recalled:
            return  # others have their turn: that is no failure
        await self._nap(self._backoff.next())
        await self._try_refresh()

    async def _try_refresh(self) -> None:
        try:
            await self._pod.refresh()
        except KubeError:
            return  # what is known stays; the stream will tell

    async def _refused(self, error: ApiError) -> None:
        if _is_not_started(error):
            self._telling.say(Following.WAITING, error.message)
            await self._pod.changed(POLL_SECONDS)
        elif error.code == 404:
            await self._try_refresh()
            if self._life() is not None:
                await self._broken(error)
        else:
            await self._broken(error)

    async def _broken(self, error: KubeError) -> None:
        """Say it once as a line, keep saying it as a state, and try again."""
        if not (isinstance(error, ApiError) and error.code in GONE):
            self._streams.ended = False  # who ended the last stream may have been a server that went away
        delay = self._backoff.next(getattr(error, "retry_after", None))
        self._telling.broken(error.sentence(), delay)
        await self._nap(delay)
        await self._try_refresh()

    async def _stream(self) -> bool:
        """Follow until the server ends the stream; whether it was of the present life. Raises KubeError."""
        params = await self._asking.params(self._source)
        if self._is_again or self._is_later:
            self._which.doubt(self._intake.seen)
        before = None if self._which.is_sure and not self._is_again else self._intake.seen.fork()
        self._is_again = True
        self._intake.seen.resume()
        stream = self._streams.lines(
            self._path, params=params, accept="*/*", idle_timeout=IDLE_SECONDS, on_open=self._opened
        )
        async with aclosing(stream) as batches:
            async for batch in batches:
                if self._has_moved_on():
                    return True  # the rest is read as what it is: of the life before, or of the new one
                lines = await self._intake.fresh(batch, self._source, before, self._missed)
                if lines is None:
                    return self._life() is None or self._has_moved_on()
                if lines:
                    before = before if first_stamped(lines) is None else None
                    self._took(lines)
                    self._streams.heard()
                    await self._which.make_certain(self._intake.seen)
                    await self._intake.room()
                await self._yield_turn()
        if before is not None and self._intake.seen.missed:
            self._streams.ended = False  # it may have been rotated, and not even what is known came again
        return True

    async def _missed(self, before: Seen, after: LogLine) -> bool:
        """Nothing came again of what was read: fetch what is missing, if it is the same life."""
        path, source, has_read = self._path, self._source, self._intake.has_read(self._source)
        if has_read and await is_life_before(self._streams, path, source, before, self._errors):
            return False
        is_same = await self._which.is_still(self._intake.seen)
        if is_same and has_read:
            self._intake.fill(before, after)
        return is_same

    async def _fill(self, before: Seen, after: LogLine) -> bool:
        self._intake.fill(before, after)
        return True

    def _has_moved_on(self) -> bool:
        """The pod says that another life has begun."""
        life = self._life()
        return life is not None and life.container_id not in ("", self._source.container_id)

    def _opened(self) -> None:
        self._opened_at = self._clock.monotonic()
        self._which.opened(self._intake.seen)
        self._telling.opened()

    def _took(self, lines: Sequence[LogLine]) -> None:
        self._which.took(self._intake.seen)
        self._asking.heard()
        self._intake.reads(self._source)
        self._intake.emit(lines)
        self._telling.heard()

    async def _yield_turn(self) -> None:
        """A flood must not keep the loop to itself."""
        if time.perf_counter() - self._turn > SLICE:
            await asyncio.sleep(0)
            self._turn = time.perf_counter()

    async def _drain(self, *, previous: bool) -> None:
        """What a life wrote after the last line that was read of it."""
        seen = self._intake.seen
        reader = LifeReader(
            self._streams,
            self._path,
            self._source,
            self._took,
            start=self._asking.start,
            previous=previous,
            seen=seen,
            begun=self._intake.has_read(self._source),
            errors=self._errors,
            missed=self._fill if previous else self._missed,
            clock=self._clock,
            rng=self._rng,
        )
        if not previous:  # the container may run anew already
            self._which.doubt(seen)
        try:
            await self._asking.find_place(self._source, previous=previous)
            await reader.run()
        except KubeError as error:
            if not (self._streams.ended and isinstance(error, ApiError) and error.code in GONE):
                self._telling.unread(error.sentence())
        if reader.is_other:
            await self._drain(previous=True)
        self._drained = True


def _is_not_started(error: ApiError) -> bool:
    """The container waits to start, its sandbox is not there yet, or both are going away."""
    said = ("waiting to start", "not found", "is terminated")
    return error.code == 400 and any(each in error.message for each in said)
