"""The logs of a group of pods, live: pods join and leave, lines come merged by time. One pod is a group too.

A `LogGroup` owns the reading from its `run` to its end. Who belongs is told by `group_lists`, each container
is read as `follow` does it. Who takes the lines is awaited, so that a slow reader slows the streams down and
nothing is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.logs.container_choice import ContainerChoice
from k8stui.kube.logs.group_admission import MOST_PODS, Admission
from k8stui.kube.logs.group_merge import HOLD, GroupMerge
from k8stui.kube.logs.group_pod import PodMember, Reading
from k8stui.kube.logs.pool import Share, StreamPool
from k8stui.kube.logs.times import stamp_at
from k8stui.kube.logs.types import ERROR, GAP, INFO, LogLine, LogSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.logs.group_lists import PodRef, Pods
    from k8stui.kube.logs.query import LogQuery
    from k8stui.kube.logs.types import SourceStatus

    Deliver = Callable[[Sequence[LogLine]], Awaitable[None] | None]

RELEASE_SECONDS = 0.05
"""How often lines that were held back are let go."""
MOST_UNSELECTED = 1_000
"""Pods of which it is remembered what was read, in case they are selected again."""
SLICE = 2_000
"""Lines that are handed on at once."""
OF_ALL = LogSource("", "", "", "")
"""Where remarks are from that are about no single pod."""


class Options(TypedDict, total=False):
    """How a group is read; see `LogGroup`."""

    follow: bool
    previous: bool
    tail: int | None
    pool: Share | None
    accepts: Callable[[Sequence[LogLine]], list[LogLine]]
    errors: str
    hold: float
    clock: Clock | None
    rng: random.Random | None
    on_change: Callable[[], None]


class LogGroup:
    """Reads the logs of many pods, or of one. `run` it once; cancel it to stop.

    Without `follow` it reads what there is and ends; `previous` reads only the runs before the present ones.
    `tail` is for each container, where the query names none. `accepts` picks the lines to hand on; `errors`
    is what becomes of bytes that are not UTF-8, as in `bytes.decode`.
    """

    def __init__(
        self,
        connection: Streams,
        pods: Pods,
        query: LogQuery,
        *,
        follow: bool = True,
        previous: bool = False,
        tail: int | None = None,
        pool: Share | None = None,
        accepts: Callable[[Sequence[LogLine]], list[LogLine]] = list,
        errors: str = "replace",
        hold: float = HOLD,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._pods = pods
        self._follow = follow and not previous
        self._accepts = accepts
        self._clock: Clock = clock or SystemClock()
        self._on_change = on_change
        self.pool = pool or StreamPool().share(on_change)
        """Which streams are open, and which wait."""
        self._merge = GroupMerge(self._clock.monotonic, hold)
        self._remarks = self._merge.lane(beside=True)
        self._members: dict[str, PodMember] = {}
        self._unselected: dict[str, PodMember] = {}
        """Pods that were read and are not selected at present, though they may be again."""
        self._admission: Admission | None = None
        self._said_full = False
        self._settled = False
        self._is_read = False
        self._reading = Reading(
            connection,
            self.pool,
            self._merge,
            ContainerChoice(query),
            _since(query, self._clock),
            query.tail if query.tail_named else tail,
            previous,
            errors,
            self._clock,
            rng or random.Random(),  # noqa: S311 - jitter, no secret
            on_status=lambda status: on_change(),
            is_told=pods.is_live,
        )
        self._newcomers = dataclasses.replace(self._reading, tail=None)
        self.failed = 0
        """Pods of which something could not be read, and lists of pods that could not be had."""

    @property
    def pods(self) -> tuple[PodMember, ...]:
        """The pods that are read now."""
        return tuple(self._members.values())

    @property
    def hindered(self) -> str:
        """Why the pods are not known yet; "" where nothing is wrong."""
        return self._pods.hindered

    @property
    def to_come(self) -> int:
        """Pods that fit and are not begun with yet."""
        return 0 if self._admission is None else len(self._admission)

    @property
    def is_full(self) -> bool:
        """Whether those wait until pods that are read have ended."""
        return self._admission is not None and self._admission.is_full

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return tuple(status for member in self._members.values() for status in member.statuses)

    @property
    def unnoticed(self) -> str:
        """Why lines that a kubelet leaves out when it rotates a log are not noticed; "" if they are."""
        return next((member.unnoticed for member in self._members.values() if member.unnoticed), "")

    def pod_changed(self) -> None:
        """Tell a group of one that its pod is another now: containers may have come or ended."""
        for member in self._members.values():
            member.changed()

    def retry_now(self) -> None:
        """The server answers again: end all waits."""
        for member in self._members.values():
            member.retry_now()

    def check(self) -> None:
        """The server may be gone: open streams are opened anew, so that half-open ones are found out."""
        for member in self._members.values():
            member.check()

    async def run(self, deliver: Deliver) -> None:
        """Hand on lines until all is read; when following, until no pod is left that may write, or cancelled.

        Raises KubeError when a named object is not there, or pods may not be listed.
        """
        try:
            await self._pods.open()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._release(deliver), name="log lines held back")
                if self._follow:
                    await self._follow_members(tasks)
                else:
                    await self._read_members()
                self._is_read = True
                self._merge.urgent.set()
        finally:
            self.pool.close()
            self._pods.close()

    # Members

    async def _read_members(self) -> None:
        """All pods that are there, once."""
        update = await self._pods.update()
        for mark, text in update.remarks:
            self._remark(mark, text)
        members = [self._member(self._reading, pod) for pod in update.joined]
        await asyncio.gather(*(member.read_once() for member in members))
        self.failed = sum(member.failed for member in members) + len(update.remarks)

    async def _follow_members(self, tasks: asyncio.TaskGroup) -> None:
        """Pods join and leave as is told; without end where more may join."""
        admission = self._admission = Admission(self._clock, partial(self._begin, tasks))
        admitting = tasks.create_task(admission.run(), name="pods that join a log")
        news = self._pods.news
        while self._pods.is_live or not self._settled or self.to_come or not all(p.done for p in self.pods):
            update = await self._pods.update()
            for mark, text in update.remarks:
                self._remark(mark, text)
            for pod in update.joined:
                admission.add(pod, joined=self._settled)
            for uid in update.changed:
                if (member_of := self._members.get(uid)) is not None:
                    member_of.changed()
            for uid in update.left:
                admission.discard(uid)
                if (leaving := self._members.get(uid)) is not None:
                    leaving.changed(removed=True)
                    if leaving.done:
                        self._gone(leaving)
            if not (self._settled or self._members or self.to_come):
                self._remark(INFO, "no pods fit the query yet; those that come are read")
            self._settled = True
            self._on_change()
            await news.wait()
            news.clear()
        admitting.cancel()

    def _begin(self, tasks: asyncio.TaskGroup, pod: PodRef, joined: bool) -> None:
        member = self._member(self._newcomers if joined else self._reading, pod)
        if joined:
            member.remark(INFO, f"pod {member.namespace}/{member.name} joined")
        task = tasks.create_task(self._run_member(member), name=f"logs of {member.name}")
        if (admission := self._admission) is not None:
            task.add_done_callback(lambda _: admission.ended())
            self._say_full(admission)

    def _say_full(self, admission: Admission) -> None:
        """Once: not all pods that fit are read."""
        if admission.is_full and not self._said_full:
            self._said_full = True
            said = f"only {MOST_PODS:,} pods are read, and {len(admission):,} more fit: narrow the query"
            self._remark(GAP, said)

    def _member(self, reading: Reading, pod: PodRef) -> PodMember:
        before = self._unselected.pop(pod.uid, None) or self._members.get(pod.uid)
        member = self._members[pod.uid] = PodMember(reading, pod.namespace, pod.name, pod.uid, before)
        return member

    async def _run_member(self, member: PodMember) -> None:
        """A defect of ours in one pod is told and costs no other one."""
        try:
            await member.follow()
        except Exception as error:
            self._remark(ERROR, f"{member.name}: internal error: {type(error).__name__}: {error}")
        member.done = True
        if member.removed:
            self._gone(member)
        self._pods.news.set()

    def _gone(self, member: PodMember) -> None:
        if self._members.get(member.uid) is member:
            del self._members[member.uid]
            if not member.is_gone:
                self._unselected[member.uid] = member
                while len(self._unselected) > MOST_UNSELECTED:
                    del self._unselected[next(iter(self._unselected))]
        source = LogSource(member.namespace, member.name, member.uid, "")
        self._remark(INFO, f"pod {member.namespace}/{member.name} left", source)
        self._on_change()

    # Lines

    def _remark(self, mark: str, text: str, source: LogSource = OF_ALL) -> None:
        self._remarks.push([LogLine(stamp_at(self._clock.wall()), source, text, mark)])

    async def _release(self, deliver: Deliver) -> None:
        """Hand on what its turn has come for, and in the end everything: whoever takes lines may be slow."""
        while not self._is_read:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._merge.urgent.wait()
            await self._hand_on(self._merge.release(), deliver)
        await self._hand_on(self._merge.release(everything=True), deliver)

    async def _hand_on(self, lines: list[LogLine], deliver: Deliver) -> None:
        for start in range(0, len(lines), SLICE):
            wanted = self._accepts(lines[start : start + SLICE])
            if wanted and (waiting := deliver(wanted)) is not None:
                await waiting
            await asyncio.sleep(0)


def _since(query: LogQuery, clock: Clock) -> str:
    """Where the past begins, for `sinceTime`; "" is the beginning."""
    since = query.since
    if since is None:
        return ""
    if isinstance(since, timedelta):
        since = datetime.fromtimestamp(clock.wall(), UTC) - since
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
