"""One pod of a log group: its containers, each read by a follower (or once), into lanes of the group.

The pod is asked for anew when somebody says that its containers changed, and by the clock where nobody does.
It must never decide which pods belong, nor when lines are shown.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.backoff import Backoff, Clock, SystemClock
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.follow import ContainerFollower
from k8stui.kube.logs.group_streams import PooledStreams
from k8stui.kube.logs.once import LifeReader, start_of
from k8stui.kube.logs.pod_watch import PodWatcher
from k8stui.kube.logs.times import stamp_at
from k8stui.kube.logs.types import (
    ENDED,
    ERROR,
    INFO,
    RESTART,
    Following,
    LogLine,
    LogSource,
    SourceStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.logs.container_choice import ContainerChoice
    from k8stui.kube.logs.group_merge import GroupMerge, Lane
    from k8stui.kube.logs.pod import ContainerLife
    from k8stui.kube.logs.pool import Share

LOOP_MINUTES = 10
"""A container that ran anew within these minutes is in a crash loop: so long a kubelet backs off."""
LAST_WORDS = 10.0
"""Seconds that the streams of a pod that is gone may take to end by themselves."""
AT_ONCE = 16
"""Pods that are asked for at the same time."""
SETTLE = 0.2
"""Seconds that changes of a pod are gathered before it is read again."""
REFRESH_SECONDS = 10.0
"""How often a pod is asked for new containers where nobody reports its changes."""
CALM = 10
"""How much rarer a pod is asked by the clock where a live list tells of its changes."""


@dataclass(frozen=True)
class Reading:
    """What all pods of a group share."""

    connection: Streams
    pool: Share
    merge: GroupMerge
    chosen: ContainerChoice
    since: str = ""
    """For `sinceTime`; "" is the beginning."""
    tail: int | None = None
    previous: bool = False
    """Only the life before the present one of each container."""
    errors: str = "replace"
    """What becomes of bytes that are not UTF-8, as in `bytes.decode`."""
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    on_status: Callable[[SourceStatus], None] = lambda status: None
    is_told: bool = True
    """Whether a live list tells of each change of a pod."""


class PodMember:
    """Reads the containers of one pod. `follow` or `read_once`, once; cancel it to stop."""

    def __init__(
        self, reading: Reading, namespace: str, name: str, uid: str, before: PodMember | None = None
    ) -> None:
        """`before` read this very pod until it was selected no more: what it read is not read again."""
        self._before = before
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.failed = False
        """Whether something of it could not be read."""
        self.removed = False
        """It is gone, or selected no more."""
        self.done = False
        """Nothing of it is read any more."""
        self._reading = reading
        self._path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        calm = CALM if reading.is_told else 1
        self._watcher = PodWatcher(reading.connection, self._path, uid, reading.clock, calm=calm)
        self._followers: dict[str, ContainerFollower] = {}
        self._lanes: list[Lane] = []
        self._backoff = Backoff(reading.rng)
        self._leaves = False
        """It is removed, and it is known whether it is gone."""
        self._over = asyncio.Event()
        self._dirty = asyncio.Event()
        self._remarks = reading.merge.lane(beside=True)
        self._remarks.reading(is_open=False)  # the others wait until its containers are known

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return tuple(follower.status for follower in self._followers.values())

    def changed(self, *, removed: bool = False) -> None:
        """Its containers are others now, or it is gone."""
        self.removed = self.removed or removed
        self._dirty.set()

    @property
    def unnoticed(self) -> str:
        """As `Intake.unnoticed`, of any of its containers."""
        return next((each.unnoticed for each in self._followers.values() if each.unnoticed), "")

    @property
    def is_gone(self) -> bool:
        """Whether there is no such pod any more, as far as is known."""
        return self._watcher.lives is None

    def retry_now(self) -> None:
        """The server answers again: end all waits."""
        for follower in self._followers.values():
            follower.retry_now()

    def check(self) -> None:
        """The server may be gone: half-open streams are found out."""
        for follower in self._followers.values():
            follower.check()

    def remark(self, mark: str, text: str) -> None:
        """A line of ours about the pod."""
        source = LogSource(self.namespace, self.name, self.uid, "")
        self._remarks.push([LogLine(stamp_at(self._reading.clock.wall()), source, text, mark)])

    async def follow(self) -> None:
        """Read until all containers have ended for good, the pod is gone, or it is selected no more."""
        running: set[asyncio.Task[None]] = set()
        try:
            if self._before is not None:
                await self._before._over.wait()
            if not await self._first_look():
                self._say_gone()
                return
            async with asyncio.TaskGroup() as group:
                while True:
                    self._start_new(group, running)
                    lives = self._watcher.lives
                    if not running and (lives is None or lives.phase in ("Succeeded", "Failed")):
                        return
                    if self._leaves:
                        await self._leave(running)
                        return
                    await self._next_look(running)
        finally:
            self._before = None
            self._over.set()
            self._remarks.close()

    async def _leave(self, running: set[asyncio.Task[None]]) -> None:
        """Let the streams of a pod that is gone come to their end; those of one that lives on are closed."""
        if self.is_gone:
            heard: list[float] = []
            # who takes the lines may be slow, and what is left is fetched at its pace
            while running and (
                heard != (heard := self._heard()) or any(lane.is_full for lane in self._lanes)
            ):
                await asyncio.wait(tuple(running), timeout=LAST_WORDS)
            for follower in self._followers.values():
                follower.leave()
        for task in tuple(running):
            task.cancel()

    def _heard(self) -> list[float]:
        """When something came of each container."""
        return [lane.touched for lane in self._lanes]

    async def read_once(self) -> None:
        """Read what is there now, to its end."""
        try:
            async with self._reading.gate:
                await self._watcher.refresh()
            lives = self._watcher.lives
            if lives is None:
                self._say_gone()
                return
            wanted = [life for life in lives.containers if self._reading.chosen(life)]
            lanes = [self._lane() for _ in wanted]
            self._remarks.pause()
            await asyncio.gather(*map(self._read_life, wanted, lanes))
        except KubeError as error:
            self.failed = True
            self.remark(ERROR, error.sentence())
        finally:
            self._remarks.close()

    def _say_gone(self) -> None:
        self.remark(INFO, f"the pod {self.namespace}/{self.name} is gone")

    async def _first_look(self) -> bool:
        """Read the pod until it answers; whether there is one."""
        backoff = Backoff(self._reading.rng)
        while True:
            try:
                async with self._reading.gate:
                    await self._watcher.refresh()
            except KubeError as error:
                if not backoff.failures:
                    self.failed = True
                    self.remark(ERROR, error.sentence())
                await self._reading.clock.sleep(backoff.next(getattr(error, "retry_after", None)))
            else:
                return self._watcher.lives is not None

    def _start_new(self, group: asyncio.TaskGroup, running: set[asyncio.Task[None]]) -> None:
        lives = self._watcher.lives
        for life in lives.containers if lives else ():
            if life.name not in self._followers and self._reading.chosen(life):
                lane = self._lane()
                self._followers[life.name] = follower = self._follower(life, lane)
                task = group.create_task(self._guard(follower, life, lane), name=f"log of {life.name}")
                running.add(task)
                task.add_done_callback(running.discard)
        self._remarks.pause()

    async def _next_look(self, running: set[asyncio.Task[None]]) -> None:
        """Wait for a change of the pod or the end of a follower, then read the pod again."""
        dirty = asyncio.ensure_future(self._dirty.wait())
        limit = None if self._reading.is_told else REFRESH_SECONDS
        try:
            done, _ = await asyncio.wait(
                (dirty, *running), timeout=limit, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            dirty.cancel()
        told = self._dirty.is_set()
        if not told and done:
            return
        if told:
            await self._reading.clock.sleep(SETTLE)
            self._dirty.clear()
        removed = self.removed
        try:
            await self._watcher.refresh()
        except KubeError as error:  # the followers say what is wrong
            await self._reading.clock.sleep(self._backoff.next(getattr(error, "retry_after", None)))
            self._dirty.set()
            return
        self._backoff.reset()
        self._leaves = removed
        if told:
            self._watcher.report()

    def _lane(self) -> Lane:
        """A lane that the others wait for from now on."""
        lane = self._reading.merge.lane()
        lane.reading(is_open=False)
        self._lanes.append(lane)
        return lane

    def _source(self, life: ContainerLife) -> LogSource:
        lives = self._watcher.lives
        place = (lives.node, lives.log_uid) if lives is not None else ("", "")
        return LogSource(self.namespace, self.name, self.uid, life.name, "", life.kind, 0, *place)

    def _streams(self, life: ContainerLife, lane: Lane) -> PooledStreams:
        reading = self._reading
        return PooledStreams(reading.connection, reading.pool, self._source(life).stream, lane)

    def _follower(self, life: ContainerLife, lane: Lane) -> ContainerFollower:
        reading = self._reading

        def on_status(status: SourceStatus) -> None:
            if status.following is not Following.OPEN:
                lane.pause()
            reading.on_status(status)

        follower = ContainerFollower(
            self._streams(life, lane),
            f"{self._path}/log",
            self._source(life),
            self._watcher,
            start=start_of(reading.tail, reading.since),
            emit=lane.push,
            clock=reading.clock,
            rng=reading.rng,
            on_status=on_status,
            errors=reading.errors,
            life=life,
            tells_gone=not reading.is_told,
        )
        if self._before is not None and (before := self._before._followers.get(life.name)):
            follower.take_over(before)
        return follower

    async def _guard(self, follower: ContainerFollower, life: ContainerLife, lane: Lane) -> None:
        """Previous life, then the present ones; a defect of ours is told and costs no other container."""
        backoff = Backoff(self._reading.rng, first=1.0)
        try:
            if not follower.has_begun:
                await self._read_before(life, lane)
            while True:
                try:
                    await follower.run()
                except Exception as error:
                    said = f"internal error, started again: {type(error).__name__}: {error}"
                    lane.push([LogLine("", self._source(life), f"{life.name}: {said}", ERROR)])
                    await self._reading.clock.sleep(backoff.next())
                else:
                    return
        finally:
            lane.close()

    async def _read_life(self, life: ContainerLife, lane: Lane) -> None:
        """All that is there of one container."""
        source = msgspec.structs.replace(
            self._source(life), container_id=life.container_id, restarts=life.restarts
        )
        try:
            await self._read_before(life, lane)
            if self._reading.previous:
                return
            reader = self._reader(life, source, lane, previous=False)
            await reader.run()  # also where the status, which may lag behind, knows of no start
            if life.ended is not None:
                said = f"{life.name}: ended{life.ended.remark}"
                lane.push([LogLine(life.ended.finished_at or "", source, said, ENDED)])
            elif not life.container_id and not reader.found:
                why = f" ({life.waiting})" if life.waiting else ""
                lane.push([LogLine("", source, f"{life.name}: not started{why}", INFO)])
        except KubeError as error:
            self._say_unreadable(error, source, lane)
        finally:
            lane.close()

    def _say_unreadable(self, error: KubeError, source: LogSource, lane: Lane) -> None:
        """A container without a log (not started, no run before) is no failure."""
        has_none = isinstance(error, ApiError) and error.code == 400
        self.failed = self.failed or not has_none
        said = f"{source.container}: {error.sentence()}"
        lane.push([LogLine("", source, said, INFO if has_none else ERROR)])

    def _reader(self, life: ContainerLife, source: LogSource, lane: Lane, *, previous: bool) -> LifeReader:
        reading = self._reading
        return LifeReader(
            self._streams(life, lane),
            f"{self._path}/log",
            source,
            lane.push,
            start=start_of(reading.tail, reading.since),
            previous=previous,
            errors=reading.errors,
            clock=reading.clock,
            rng=reading.rng,
        )

    async def _read_before(self, life: ContainerLife, lane: Lane) -> None:
        """The run before and how it ended: where that is asked for, and in a crash loop."""
        previous = self._reading.previous
        last, restarts = life.last, max(0, life.restarts - 1)
        if previous and life.waiting and life.ended is not None:
            last, restarts = life.ended, life.restarts  # between two runs the one that ended is the last
        if last is None or not last.container_id:
            if previous:
                lane.push([LogLine("", self._source(life), f"{life.name}: there was no run before", INFO)])
            return
        if not previous and (self._reading.tail == 0 or not self._is_recent(last.finished_at)):
            return
        source = msgspec.structs.replace(
            self._source(life), container_id=last.container_id, restarts=restarts
        )
        try:
            await self._reader(life, source, lane, previous=True).run()
        except KubeError as error:
            if previous:
                self._say_unreadable(error, source, lane)
            return
        said, mark = (f"{life.name}: ended", ENDED) if previous else (f"{life.name} restarted", RESTART)
        lane.push([LogLine(last.finished_at or "", source, f"{said}{last.remark}", mark)])

    def _is_recent(self, finished_at: str | None) -> bool:
        try:
            ended = datetime.fromisoformat(finished_at or "")
        except ValueError:
            return False
        now = datetime.fromtimestamp(self._reading.clock.wall(), UTC)
        return ended.tzinfo is not None and now - ended < timedelta(minutes=LOOP_MINUTES)
