"""Which pods belong to a log group: those that live lists hold, chosen by a query; or one pod that is known.

What belongs changes while the logs are read: `update` says who joined and who left since the last time. It
must never read a log.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.live.collection import Phase
from k8stui.kube.logs.group_targets import PodChoice, choices
from k8stui.kube.logs.types import ERROR, INFO

if TYPE_CHECKING:
    from k8stui.kube.cluster import Cluster
    from k8stui.kube.live.collection import Subscription
    from k8stui.kube.logs.query import LogQuery


TOGETHER = 500
"""Pods that are gone through in one turn of the loop."""


class PodRef(NamedTuple):
    """A pod by name; the uid is "" where it is not known."""

    namespace: str
    name: str
    uid: str


@dataclass
class Update:
    """What is different since the last time."""

    joined: list[PodRef] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Uids."""
    changed: list[str] = field(default_factory=list)
    """Uids of pods whose containers are others now."""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    """Marks (as of `LogLine`) and texts."""


class Pods(Protocol):
    """The pods of a group."""

    news: asyncio.Event
    """Set when there is something new."""
    is_live: ClassVar[bool]
    """Whether pods may join and leave, and each change is told."""

    @property
    def hindered(self) -> str:
        """Why it is not known yet who belongs, where that is not only a matter of time."""
        ...

    async def open(self) -> None:
        """Wait until it is known who belongs. Raises KubeError."""
        ...

    async def update(self) -> Update:
        """What is different since the last call."""
        ...

    def close(self) -> None:
        """Ask for nothing any more."""
        ...


class OnePod:
    """A group of one. Nobody needs the right to list pods for it."""

    is_live: ClassVar[bool] = False

    def __init__(self, namespace: str, name: str, uid: str = "") -> None:
        self.news = asyncio.Event()
        self._joined = [PodRef(namespace, name, uid)]

    @property
    def hindered(self) -> str:
        """Nothing hinders."""
        return ""

    async def open(self) -> None:
        """It is known."""

    async def update(self) -> Update:
        """It joins once, and never leaves: its reader notices its end."""
        joined, self._joined = self._joined, []
        return Update(joined)

    def close(self) -> None:
        """Nothing was asked for."""


class ListedPods:
    """The pods that a query selects. `namespaces` hold where it names none (() is all).

    `patient` goes on where the server cannot be heard at the start, as a screen does; a command does not.
    """

    is_live: ClassVar[bool] = True

    def __init__(
        self, cluster: Cluster, query: LogQuery, *, namespaces: tuple[str, ...] = (), patient: bool = True
    ) -> None:
        self.news = asyncio.Event()
        self._cluster = cluster
        self._query = query
        self._namespaces = namespaces
        self._patient = patient
        self._pods = [pattern.compiled() for pattern in query.pods]
        self._not_pods = [pattern.compiled() for pattern in query.not_pods]
        self._lists: list[tuple[PodChoice, Subscription[Any]]] = []
        self._selected_by: dict[str, set[int]] = {}
        self._signatures: dict[str, Any] = {}
        self._said: dict[int, str] = {}
        self._settled = False

    async def open(self) -> None:
        """Subscribe to the pods of all choices and wait for the first lists. Raises KubeError."""
        kind = self._cluster.catalog.get("", "pods") or BUILTIN.get("", "pods")
        assert kind is not None
        for choice in await choices(self._cluster, self._query, self._namespaces):
            subscription = self._cluster.subscribe(
                kind,
                namespaces=choice.namespaces,
                label_selector=choice.label_selector,
                field_selector=choice.field_selector,
                wake=self.news.set,
            )
            self._lists.append((choice, subscription))
        while not all(self._is_ready(subscription) for _, subscription in self._lists):
            await self.news.wait()
            self.news.clear()
            for _, subscription in self._lists:
                subscription.take()

    @property
    def hindered(self) -> str:
        """What the server says of a list that was never complete."""
        if self._settled:
            return ""
        states = [subscription.collection.state for _, subscription in self._lists]
        return next((each.reason for each in states if each.phase not in (Phase.LIVE, Phase.LOADING)), "")

    def close(self) -> None:
        """Let the lists go."""
        for _, subscription in self._lists:
            subscription.close()

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

    async def update(self) -> Update:
        """What the lists say now. Other tasks have their turns while thousands are gone through."""
        found = Update()
        touched: dict[str, Any] = {}
        for index, (choice, subscription) in enumerate(self._lists):
            changes = subscription.take()
            objects = subscription.collection.objects
            uids = changes.changed | changes.removed
            if changes.reset or not self._settled:
                uids = {*objects, *self._selected_by}
            for at, uid in enumerate(uids, 1):
                if not at % TOGETHER:
                    await asyncio.sleep(0)
                pod = objects.get(uid)
                by = self._selected_by.setdefault(uid, set())
                if pod is not None and self._wants(choice, pod):
                    by.add(index)
                    touched[uid] = pod
                else:
                    by.discard(index)
                    touched.setdefault(uid, None)
            self._remark_state(index, subscription, found)
        for at, (uid, pod) in enumerate(touched.items(), 1):
            if not at % TOGETHER:
                await asyncio.sleep(0)
            self._tell_apart(uid, pod, found)
        self._settled = True
        return found

    def _tell_apart(self, uid: str, pod: Any, found: Update) -> None:
        """Whether a pod joined, changed or left."""
        if not self._selected_by[uid]:
            del self._selected_by[uid]
            if self._signatures.pop(uid, None) is not None:
                found.left.append(uid)
        elif pod is not None:
            signature = _signature(pod)
            before = self._signatures.get(uid)
            self._signatures[uid] = signature
            if before is None:
                found.joined.append(PodRef(pod.metadata.namespace, pod.metadata.name, uid))
            elif before != signature:
                found.changed.append(uid)

    def _wants(self, choice: PodChoice, pod: Any) -> bool:
        name, namespace = pod.metadata.name, pod.metadata.namespace
        if namespace in self._query.not_namespaces or not choice.matches(pod):
            return False
        if self._pods and not any(pattern.search(name) for pattern in self._pods):
            return False
        return not any(pattern.search(name) for pattern in self._not_pods)

    def _remark_state(self, index: int, subscription: Subscription[Any], found: Update) -> None:
        """Say once when the list of pods is not live any more, and when it is again."""
        state = subscription.collection.state
        said = "" if state.phase in (Phase.LIVE, Phase.LOADING) else state.reason or state.phase.value
        before = self._said.get(index, "")
        if bool(said) != bool(before):
            self._said[index] = said
            if said:
                found.remarks.append((ERROR, f"new pods are not seen at present: {said}"))
            else:
                found.remarks.append((INFO, "new pods are seen again"))


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
