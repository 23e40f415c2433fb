"""One pod of a log group: its containers, each read by a follower (or once), into lanes of the group.

The pod is asked for anew when the group's live list says that its containers changed, not by the clock. It
must never decide which pods belong, nor when lines are shown.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.backoff import Backoff, Clock, SystemClock
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.log_follow import ContainerFollower
from k8stui.kube.log_group_once import LifeReader
from k8stui.kube.log_group_streams import PooledStreams
from k8stui.kube.log_types import ERROR, INFO, RESTART, Following, LogLine, LogSource, SourceStatus
from k8stui.kube.logs import PodWatcher

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from k8stui.kube.log_group_merge import GroupMerge, Lane
    from k8stui.kube.log_pod import ContainerLife
    from k8stui.kube.log_pool import StreamPool
    from k8stui.kube.log_query import LogQuery

LOOP_MINUTES = 10
"""A container that ran anew within these minutes is in a crash loop: so long a kubelet backs off."""
LAST_WORDS = 10.0
"""Seconds that the streams of a pod that is gone may take to end by themselves."""
AT_ONCE = 16
"""Pods that are asked for at the same time."""
SETTLE = 0.2
"""Seconds that changes of a pod are gathered before it is read again."""
CALM = 10
"""How much rarer a pod is asked by the clock, since the group's live list tells of its changes."""


class ContainerChoice:
    """Which containers a query means."""

    def __init__(self, query: LogQuery) -> None:
        self._include = [pattern.compiled() for pattern in query.containers]
        self._exclude = [pattern.compiled() for pattern in query.not_containers]
        self._kinds = query.kinds
        self._not_kinds = query.not_kinds

    def __call__(self, life: ContainerLife) -> bool:
        """Whether a container is read."""
        if (self._kinds and life.kind not in self._kinds) or life.kind in self._not_kinds:
            return False
        if self._include and not _any(self._include, life.name):
            return False
        return not _any(self._exclude, life.name)


def _any(patterns: list[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


@dataclass(frozen=True)
class Reading:
    """What all pods of a group share."""

    connection: Any
    pool: StreamPool
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


class _GroupPod(PodWatcher):
    """A pod whose changes the group's live list reports."""

    async def changed(self, seconds: float) -> None:
        await super().changed(seconds * CALM)


class PodMember:
    """Reads the containers of one pod. `follow` or `read_once`, once; cancel it to stop."""

    def __init__(self, reading: Reading, namespace: str, name: str, uid: str) -> None:
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
        self._watcher = _GroupPod(reading.connection, self._path, uid, reading.clock)
        self._followers: dict[str, ContainerFollower] = {}
        self._dirty = asyncio.Event()
        self._remarks = reading.merge.lane()
        self._remarks.reading(is_open=False)  # the others wait until its containers are known

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return tuple(follower.status for follower in self._followers.values())

    def changed(self, *, removed: bool = False) -> None:
        """The live list says that its containers are others now, or that it is gone."""
        self.removed = self.removed or removed
        self._dirty.set()

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
        now = datetime.fromtimestamp(self._reading.clock.wall(), UTC)
        stamp = now.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        self._remarks.push([LogLine(stamp, source, text, mark)])

    async def follow(self) -> None:
        """Read until all containers have ended for good, the pod is gone, or it is selected no more."""
        running: set[asyncio.Task[None]] = set()
        try:
            if not await self._first_look():
                return
            async with asyncio.TaskGroup() as group:
                while True:
                    self._start_new(group, running)
                    lives = self._watcher.lives
                    if not running and (lives is None or lives.phase in ("Succeeded", "Failed")):
                        return
                    if self.removed:
                        await self._leave(running)
                        return
                    await self._next_look(running)
        finally:
            self._remarks.close()

    async def _leave(self, running: set[asyncio.Task[None]]) -> None:
        """Let the streams of a pod that is gone come to their end; those of one that lives on are closed."""
        if self._watcher.lives is None and running:
            await asyncio.wait(tuple(running), timeout=LAST_WORDS)
        for task in tuple(running):
            task.cancel()

    async def read_once(self) -> None:
        """Read what is there now, to its end."""
        try:
            async with self._reading.gate:
                await self._watcher.refresh()
            lives = self._watcher.lives
            if lives is None:
                self.remark(INFO, "the pod is gone")
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
        try:
            await asyncio.wait((dirty, *running), return_when=asyncio.FIRST_COMPLETED)
        finally:
            dirty.cancel()
        if self._dirty.is_set():
            await self._reading.clock.sleep(SETTLE)
            self._dirty.clear()
            try:
                await self._watcher.refresh()
            except KubeError:
                return  # the followers say what is wrong; the next change asks again

    def _lane(self) -> Lane:
        """A lane that the others wait for from now on."""
        lane = self._reading.merge.lane()
        lane.reading(is_open=False)
        return lane

    def _source(self, life: ContainerLife) -> LogSource:
        return LogSource(self.namespace, self.name, self.uid, life.name, kind_of_container=life.kind)

    def _streams(self, lane: Lane, *, recall: bool) -> PooledStreams:
        reading = self._reading
        return PooledStreams(
            reading.connection, reading.pool, self.uid, lane, since=reading.since, recall=recall
        )

    def _follower(self, life: ContainerLife, lane: Lane) -> ContainerFollower:
        reading = self._reading

        def on_status(status: SourceStatus) -> None:
            if status.following is not Following.OPEN:
                lane.pause()
            reading.on_status(status)

        return ContainerFollower(
            self._streams(lane, recall=True),
            f"{self._path}/log",
            self._source(life),
            self._watcher,
            tail=reading.tail,
            emit=lane.push,
            clock=reading.clock,
            rng=reading.rng,
            on_status=on_status,
            errors=reading.errors,
        )

    async def _guard(self, follower: ContainerFollower, life: ContainerLife, lane: Lane) -> None:
        """Previous life, then the present ones; a defect of ours is told and costs no other container."""
        backoff = Backoff(self._reading.rng, first=1.0)
        try:
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
            if not life.container_id:
                why = f" ({life.waiting})" if life.waiting else ""
                lane.push([LogLine("", source, f"{life.name}: not started{why}", INFO)])
                return
            await self._read_before(life, lane)
            if not self._reading.previous:
                await self._reader(life, source, lane, previous=False).run()
        except KubeError as error:
            if isinstance(error, ApiError) and error.code == 400 and "waiting to start" in error.message:
                lane.push([LogLine("", source, f"{life.name}: {error.message}", INFO)])
                return
            self.failed = True
            lane.push([LogLine("", source, f"{life.name}: {error.sentence()}", ERROR)])
        finally:
            lane.close()

    def _reader(self, life: ContainerLife, source: LogSource, lane: Lane, *, previous: bool) -> LifeReader:
        reading = self._reading
        return LifeReader(
            self._streams(lane, recall=False),
            f"{self._path}/log",
            source,
            lane.push,
            tail=reading.tail,
            previous=previous,
            errors=reading.errors,
            clock=reading.clock,
            rng=reading.rng,
        )

    async def _read_before(self, life: ContainerLife, lane: Lane) -> None:
        """In a crash loop: the life before, and how it ended. What the kubelet has no more is left out."""
        last = life.last
        if last is None or not last.container_id or last.container_id == life.container_id:
            if self._reading.previous:
                lane.push([LogLine("", self._source(life), f"{life.name}: there was no run before", INFO)])
            return
        wanted = self._reading.previous or (self._is_recent(last.finished_at) and self._reading.tail != 0)
        if not wanted:
            return
        source = LogSource(
            self.namespace,
            self.name,
            self.uid,
            life.name,
            last.container_id,
            life.kind,
            max(0, life.restarts - 1),
        )
        try:
            await self._reader(life, source, lane, previous=True).run()
        except KubeError as error:
            if self._reading.previous:
                lane.push([LogLine("", source, f"{life.name}: {error.sentence()}", INFO)])
            return
        said = f"{life.name} restarted ({last.text})"
        if last.message:
            said += f": {last.message.strip()}"
        lane.push([LogLine(last.finished_at or "", source, said, RESTART)])

    def _is_recent(self, finished_at: str | None) -> bool:
        try:
            ended = datetime.fromisoformat(finished_at or "")
        except ValueError:
            return False
        now = datetime.fromtimestamp(self._reading.clock.wall(), UTC)
        return ended.tzinfo is not None and now - ended < timedelta(minutes=LOOP_MINUTES)
