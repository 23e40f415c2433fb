"""The logs of all pods that a query selects, live: pods join and leave, lines come merged by time.

A `LogGroup` owns the reading from its `run` to its end. Which pods belong comes from live lists, so that
replicas join as they appear; each container is read as `log_follow` does it. Who takes the lines is awaited,
so that a slow reader slows the streams down and nothing is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.collection import Phase
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.log_group_merge import HOLD, GroupMerge
from k8stui.kube.log_group_pod import ContainerChoice, PodMember, Reading
from k8stui.kube.log_group_targets import PodChoice, choices
from k8stui.kube.log_pool import StreamPool
from k8stui.kube.log_types import ERROR, INFO

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from k8stui.kube.collection import Subscription
    from k8stui.kube.log_query import LogQuery
    from k8stui.kube.log_types import LogLine, SourceStatus

RELEASE_SECONDS = 0.05
"""How often lines that were held back are let go."""
SLICE = 2_000
"""Lines that are handed on at once."""


class LogGroup:
    """Reads the logs of many pods. `run` it once; cancel it to stop.

    `namespaces` hold where the query names none (() is all). Without `follow` it reads what there is and
    ends; `previous` reads only the runs before the present ones. `patient` goes on where the server cannot be
    heard at the start, as a screen does; a command does not. `accepts` picks the lines to hand on.
    """

    def __init__(
        self,
        cluster: Any,
        query: LogQuery,
        *,
        namespaces: tuple[str, ...] = (),
        follow: bool = True,
        previous: bool = False,
        patient: bool = True,
        tail: int | None = None,
        pool: StreamPool | None = None,
        accepts: Callable[[Sequence[LogLine]], list[LogLine]] = list,
        errors: str = "replace",
        hold: float = HOLD,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._cluster = cluster
        self._query = query
        self._namespaces = namespaces
        self._follow = follow and not previous
        self._previous = previous
        self._patient = patient
        self._tail = query.tail if query.tail_named else tail
        self._accepts = accepts
        self._errors = errors
        self._clock: Clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._on_change = on_change
        self.pool = pool or StreamPool(on_change=on_change)
        """Which streams are open, and which wait."""
        self._merge = GroupMerge(self._clock.monotonic, hold)
        self._remarks = self._merge.lane()
        self._pods = [pattern.compiled() for pattern in query.pods]
        self._not_pods = [pattern.compiled() for pattern in query.not_pods]
        self._lists: list[tuple[PodChoice, Subscription[Any]]] = []
        self._selected_by: dict[str, set[int]] = {}
        self._signatures: dict[str, Any] = {}
        self._members: dict[str, PodMember] = {}
        self._news = asyncio.Event()
        self._said: dict[int, str] = {}
        self._settled = False
        self.failed = 0
        """Pods of which something could not be read."""

    @property
    def pods(self) -> tuple[PodMember, ...]:
        """The pods that are read now."""
        return tuple(self._members.values())

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return tuple(status for member in self._members.values() for status in member.statuses)

    def retry_now(self) -> None:
        """The server answers again: end all waits."""
        for member in self._members.values():
            member.retry_now()

    def check(self) -> None:
        """The server may be gone: open streams are opened anew, so that half-open ones are found out."""
        for member in self._members.values():
            member.check()

    async def run(self, deliver: Callable[[Sequence[LogLine]], Awaitable[None] | None]) -> None:
        """Hand on lines until all is read (or, when following, until cancelled).

        Raises KubeError when a named object is not there, or pods may not be listed.
        """
        try:
            await self._open_lists()
            async with asyncio.TaskGroup() as tasks:
                releasing = tasks.create_task(self._release(deliver), name="log lines held back")
                reading = Reading(
                    self._cluster.connection,
                    self.pool,
                    self._merge,
                    ContainerChoice(self._query),
                    self._since(),
                    self._tail,
                    self._previous,
                    self._errors,
                    self._clock,
                    self._rng,
                    on_status=lambda status: self._on_change(),
                )
                if self._follow:
                    await self._follow_members(tasks, reading)
                else:
                    await self._read_members(reading)
                releasing.cancel()
            await self._hand_on(self._merge.release(everything=True), deliver)
        finally:
            self.pool.close()
            for _, subscription in self._lists:
                subscription.close()

    # Lists

    async def _open_lists(self) -> None:
        """Subscribe to the pods of all choices and wait for the first lists. Raises KubeError."""
        kind = self._cluster.catalog.get("", "pods") or BUILTIN.get("", "pods")
        for choice in await choices(self._cluster, self._query, self._namespaces):
            subscription = self._cluster.subscribe(
                kind,
                namespaces=choice.namespaces,
                label_selector=choice.label_selector,
                field_selector=choice.field_selector,
                wake=self._news.set,
            )
            self._lists.append((choice, subscription))
        while not all(self._is_ready(subscription) for _, subscription in self._lists):
            await self._news.wait()
            self._news.clear()
            for _, subscription in self._lists:
                subscription.take()
        self._news.set()

    def _is_ready(self, subscription: Subscription[Any]) -> bool:
        """Whether its list is complete. Raises KubeError where it cannot be had."""
        collection = subscription.collection
        state = collection.state
        if state.phase is Phase.LIVE:
            return True
        if state.phase in (Phase.DENIED, Phase.GONE) and len(collection.denied) == len(collection.parts):
            raise ApiError(403, "Forbidden", state.reason)
        if not self._patient and state.phase is not Phase.LOADING:
            if state.phase is not Phase.STALE:
                return True  # some namespaces may be read: those that may not are remarked
            raise ConnectionLost(state.reason)
        return False

    def _since(self) -> str:
        since = self._query.since
        if since is None:
            return ""
        if isinstance(since, timedelta):
            since = datetime.fromtimestamp(self._clock.wall(), UTC) - since
        return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _update(self) -> tuple[list[Any], list[str]]:
        """What the lists say now: pods that join, and uids of those that leave."""
        touched: dict[str, Any] = {}
        for index, (choice, subscription) in enumerate(self._lists):
            changes = subscription.take()
            objects = subscription.collection.objects
            uids = changes.changed | changes.removed
            if changes.reset or not self._settled:
                uids = {*objects, *self._selected_by}
            for uid in uids:
                pod = objects.get(uid)
                by = self._selected_by.setdefault(uid, set())
                if pod is not None and self._wants(choice, pod):
                    by.add(index)
                    touched[uid] = pod
                else:
                    by.discard(index)
                    touched.setdefault(uid, None)
            self._remark_state(index, subscription)
        joined: list[Any] = []
        left: list[str] = []
        for uid, pod in touched.items():
            if not self._selected_by[uid]:
                del self._selected_by[uid]
                if self._signatures.pop(uid, None) is not None:
                    left.append(uid)
            elif pod is not None:
                signature = _signature(pod)
                before = self._signatures.get(uid)
                self._signatures[uid] = signature
                if before is None:
                    joined.append(pod)
                elif before != signature and uid in self._members:
                    self._members[uid].changed()
        return joined, left

    def _wants(self, choice: PodChoice, pod: Any) -> bool:
        name, namespace = pod.metadata.name, pod.metadata.namespace
        if namespace in self._query.not_namespaces or not choice.matches(pod):
            return False
        if self._pods and not any(pattern.search(name) for pattern in self._pods):
            return False
        return not any(pattern.search(name) for pattern in self._not_pods)

    def _remark_state(self, index: int, subscription: Subscription[Any]) -> None:
        """Say once when the list of pods is not live any more, and when it is again."""
        state = subscription.collection.state
        said = "" if state.phase in (Phase.LIVE, Phase.LOADING) else state.reason or state.phase.value
        before = self._said.get(index, "")
        if bool(said) != bool(before):
            self._said[index] = said
            if said:
                self._remark(ERROR, f"new pods are not seen at present: {said}")
            else:
                self._remark(INFO, "new pods are seen again")

    # Members

    async def _read_members(self, reading: Reading) -> None:
        """All pods that are there, once."""
        joined, _ = self._update()
        self._settled = True
        members = [self._member(reading, pod) for pod in joined]
        await asyncio.gather(*(member.read_once() for member in members))
        self.failed = sum(member.failed for member in members)

    async def _follow_members(self, tasks: asyncio.TaskGroup, reading: Reading) -> None:
        """Without end: pods join and leave as the lists say."""
        newcomers = dataclasses.replace(reading, tail=None)
        while True:
            await self._news.wait()
            self._news.clear()
            joined, left = self._update()
            for pod in joined:
                member = self._member(newcomers if self._settled else reading, pod)
                if self._settled:
                    member.remark(INFO, f"pod {member.namespace}/{member.name} joined")
                tasks.create_task(self._run_member(member), name=f"logs of {member.name}")
            for uid in left:
                if (leaving := self._members.get(uid)) is not None:
                    leaving.changed(removed=True)
                    if leaving.done:
                        self._gone(leaving)
            self._settled = True
            self._on_change()

    def _member(self, reading: Reading, pod: Any) -> PodMember:
        meta = pod.metadata
        member = self._members[meta.uid] = PodMember(reading, meta.namespace, meta.name, meta.uid)
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

    def _gone(self, member: PodMember) -> None:
        self._members.pop(member.uid, None)
        self._remark(INFO, f"pod {member.namespace}/{member.name} left")
        self._on_change()

    # Lines

    def _remark(self, mark: str, text: str) -> None:
        from k8stui.kube.log_types import LogLine, LogSource

        now = datetime.fromtimestamp(self._clock.wall(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        self._remarks.push([LogLine(now, LogSource("", "", "", ""), text, mark)])

    async def _release(self, deliver: Callable[[Sequence[LogLine]], Awaitable[None] | None]) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._merge.urgent.wait()
            await self._hand_on(self._merge.release(), deliver)

    async def _hand_on(
        self, lines: list[LogLine], deliver: Callable[[Sequence[LogLine]], Awaitable[None] | None]
    ) -> None:
        for start in range(0, len(lines), SLICE):
            wanted = self._accepts(lines[start : start + SLICE])
            if wanted and (waiting := deliver(wanted)) is not None:
                await waiting
            await asyncio.sleep(0)


def _signature(pod: Any) -> Any:
    """What of a pod matters to who reads its logs: the lives of its containers."""
    status = pod.status
    lives = tuple(
        (each.name, each.container_id, each.restart_count, each.state)
        for each in (
            *status.init_container_statuses,
            *status.container_statuses,
            *status.ephemeral_container_statuses,
        )
    )
    ephemeral = tuple(container.name for container in pod.spec.ephemeral_containers)
    return status.phase, pod.metadata.deletion_timestamp, lives, ephemeral
