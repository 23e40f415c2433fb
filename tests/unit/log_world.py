"""A model of pods, their kubelet and the way to it, in time that does not pass: for logs in every misfortune.

What is modelled is as kubelets do it: `sinceTime` leaves out by whole seconds what is older, also of what
comes later; a stream that follows ends with its container; answers come from the present file; a rotation
may skip lines of an open stream; a container that runs anew is another log before the pod's status tells.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from k8stui.kube.connection.lines import LineSplitter
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.logs.group_lists import PodRef, Update
from k8stui.kube.logs.times import since_time
from tests.unit.fakes_connection import Answer
from tests.unit.fakes_node import NodeFiles, cri, packed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

BEGIN = 1_795_000_000


class _Asleep(selectors.DefaultSelector):
    """Never waits: the loop's time goes on instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class WorldLoop(asyncio.SelectorEventLoop):
    """Hours pass in a moment."""

    def __init__(self) -> None:
        self._asleep = _Asleep()
        super().__init__(self._asleep)

    def time(self) -> float:
        return self._asleep.now


class WorldClock:
    """The loop's time."""

    def monotonic(self) -> float:
        return 1_000.0 + asyncio.get_running_loop().time()

    def wall(self) -> float:
        return BEGIN + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Life:
    """One life of a container and its log."""

    number: int
    container_id: str
    lines: list[str] = field(default_factory=list)
    files: list[int] = field(default_factory=lambda: [0])
    """With which line each file begins."""
    skips: list[int] = field(default_factory=lambda: [0])
    """Before each, how many lines open streams jump over."""
    began: float = 0.0
    read_at: float = 0.0
    """When a stream that follows brought something of it."""
    exit_code: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class Pod:
    """One pod with one container."""

    name: str
    uid: str
    lives: list[Life] = field(default_factory=list)
    written: int = 0
    deleted: bool = False
    is_away: bool = False
    status: bytes = b""
    """What the API server knows of it: later than the kubelet does."""


class World:
    """Also a connection to it, and the list of its pods."""

    is_live: ClassVar[bool] = True
    hindered = ""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.node = NodeFiles()
        self.node_name = "node-1"
        self.pods: dict[str, Pod] = {}
        """Those that are there now, by name."""
        self.everyone: list[Pod] = []
        self.keep = 4
        self.faults: deque[Exception] = deque()
        self.news = asyncio.Event()
        self.set_back = 0.0
        """Seconds that the clock of the node is behind."""
        self.lags = 0.0
        """Seconds that a status is late at most."""
        self._update = Update()
        self._cut = asyncio.Event()
        self._end = asyncio.Event()
        self._stall = asyncio.Event()
        self._ended_at = 0.0
        self._uids = 0
        self._rotations = 0
        self._stamp, self._stamped = "", -1.0

    # What happens

    def start(self, name: str) -> Pod:
        self._uids += 1
        pod = self.pods[name] = Pod(name, f"uid-{self._uids}")
        self.everyone.append(pod)
        self._begin(pod)
        pod.status = self._status(pod)
        self._update.joined.append(PodRef("shop", name, pod.uid))
        self.news.set()
        return pod

    def _begin(self, pod: Pod) -> None:
        number = len(pod.lives)
        now = asyncio.get_running_loop().time()
        pod.lives.append(Life(number, f"id-{pod.uid}-{number}", began=now))

    def stamp(self) -> str:
        """Of now, by the node's clock; of two writers, so not quite in order, and some the same twice."""
        now = asyncio.get_running_loop().time() - self.set_back
        if now == self._stamped and self.chance.random() < 0.2:
            return self._stamp
        self._stamped = now
        now -= self.chance.choice((0, 0, 0.0001, 0.09))
        second, rest = divmod(max(0.0, now + 100_000), 1)
        self._stamp = f"{since_time(BEGIN - 100_000 + int(second))[:19]}.{int(rest * 1e9):09}Z"
        return self._stamp

    def write(self, pod: Pod, count: int = 1) -> None:
        life = pod.lives[-1]
        if pod.deleted or life.exit_code is not None:
            return
        for _ in range(count):
            pod.written += 1
            odd = self.chance.choice(("", "", " \x1b[1m한글\r", " " + "x" * 300, " \x00\u2028"))
            life.lines.append(f"{self.stamp()} {pod.written}{odd}")
        life.wake()

    def rotate(self, pod: Pod, skips: int = 0) -> None:
        """A new file is begun; streams may jump over the last lines of the one before."""
        life = pod.lives[-1]
        now = asyncio.get_running_loop().time()
        if life.files[-1] == len(life.lines) or not life.read_at or now < max(life.began, life.read_at) + 30:
            return  # a file is not full so soon
        life.files.append(len(life.lines))
        life.skips.append(skips)
        self._rotations += 1
        front = f"pods/shop_{pod.name}_{pod.uid}/app/{life.number}.log."
        kept = {name: body for name, body in self.node.files.items() if not name.startswith(front)}
        for at, (begin, end) in enumerate(pairwise(life.files)):
            left = len(life.files) - 1 - at
            when = f"{front}20261121-{at:06}"
            if left == 1:
                kept[when] = cri(life.lines[begin:end])
            elif left <= self.keep:
                kept[f"{when}.gz"] = packed(life.lines[begin:end])
        self.node.files = kept
        life.wake()

    def restart(self, pod: Pod) -> None:
        life = pod.lives[-1]
        if pod.deleted or asyncio.get_running_loop().time() < life.began + 10:
            return  # it backs off
        life.exit_code = 1
        life.wake()
        self._begin(pod)
        for name in [name for name in self.node.files if f"/app/{life.number - 1}.log." in name]:
            if pod.uid in name:
                del self.node.files[name]
        self._later(pod)

    def delete(self, pod: Pod) -> None:
        if pod.deleted or asyncio.get_running_loop().time() < self._ended_at + 60:
            return
        pod.lives[-1].exit_code = 0
        pod.lives[-1].wake()
        pod.deleted = True
        if pod.is_away:
            pod.written = -1  # nobody reads it
            return
        self.node.files = {name: body for name, body in self.node.files.items() if pod.uid not in name}
        self._update.left.append(pod.uid)
        self.news.set()

    def reselect(self, pod: Pod, away: float) -> None:
        """It is selected no more, and then again."""
        if pod.deleted or pod.is_away:
            return
        pod.is_away = True
        self._update.left.append(pod.uid)
        self.news.set()

        def back() -> None:
            pod.is_away = False
            if pod.deleted:
                return
            if pod.uid in self._update.left:
                self._update.left.remove(pod.uid)
            else:
                self._update.joined.append(PodRef("shop", pod.name, pod.uid))
            self.news.set()

        asyncio.get_running_loop().call_later(away, back)

    def _later(self, pod: Pod) -> None:
        """The status becomes known."""

        def known() -> None:
            pod.status = self._status(pod)
            self._update.changed.append(pod.uid)
            self.news.set()

        asyncio.get_running_loop().call_later(self.chance.uniform(0, self.lags), known)

    def cut(self) -> None:
        cut, self._cut = self._cut, asyncio.Event()
        cut.set()

    def end(self) -> None:
        """A server that goes away ends its streams as if all had been read."""
        self._ended_at = asyncio.get_running_loop().time()
        end, self._end = self._end, asyncio.Event()
        end.set()

    def stall(self) -> None:
        stall, self._stall = self._stall, asyncio.Event()
        stall.set()

    # The list of pods

    async def open(self) -> None:
        return

    async def update(self) -> Update:
        found, self._update = self._update, Update()
        return found

    def close(self) -> None:
        return

    # The connection

    def _status(self, pod: Pod) -> bytes:
        life = pod.lives[-1]
        status: dict[str, Any] = {
            "name": "app",
            "containerID": life.container_id,
            "restartCount": life.number,
            "state": {"running": {}} if life.exit_code is None else _ended(life),
        }
        if life.number:
            status["lastState"] = _ended(pod.lives[-2])
        return msgspec.json.encode(
            {
                "metadata": {"name": pod.name, "uid": pod.uid},
                "spec": {"containers": [{"name": "app"}], "nodeName": self.node_name},
                "status": {"phase": "Running", "containerStatuses": [status]},
            }
        )

    async def _way(self) -> None:
        await asyncio.sleep(self.chance.choice((0, 0.001, 0.05)))
        if self.faults:
            raise self.faults.popleft()

    async def request(
        self, method: str, path: str, *, params: Any = None, headers: Any = (), **_: Any
    ) -> Any:
        await self._way()
        if "/proxy/logs/" in path:
            return self.node.answer(path, headers)
        pod = self._pod(path)
        if not path.endswith("/log"):
            return Answer(pod.status)
        life = self._life(pod, params)
        lines = [line for line in life.lines[life.files[-1] :] if _fits(line, params)]
        if tail := params.get("tailLines"):
            lines = lines[-int(tail) :]
        return Answer("".join(f"{line}\n" for line in lines).encode())

    def _pod(self, path: str) -> Pod:
        pod = self.pods.get(path.split("/pods/")[1].split("/")[0])
        if pod is None or pod.deleted:
            raise ApiError(404, "NotFound", "pods not found")
        return pod

    def _life(self, pod: Pod, params: Mapping[str, str]) -> Life:
        if params.get("previous") != "true":
            return pod.lives[-1]
        if len(pod.lives) < 2:
            raise ApiError(400, "BadRequest", "previous terminated container not found")
        return pod.lives[-2]

    async def lines(
        self,
        path: str,
        *,
        params: Any = None,
        on_open: Callable[[], None] | None = None,
        idle_timeout: float | None = None,
        **_: Any,
    ) -> AsyncGenerator[list[bytes], None]:
        await self._way()
        life = self._life(self._pod(path), params)
        if on_open is not None:
            on_open()
        at, file = life.files[-1], len(life.files)
        if tail := params.get("tailLines"):
            fitting = [n for n in range(at, len(life.lines)) if _fits(life.lines[n], params)]
            at = [*fitting, len(life.lines)][-int(tail) - 1 :][0] if int(tail) else len(life.lines)
        splitter, follows = LineSplitter(), params.get("follow") == "true"
        cut, end, stall = self._cut, self._end, self._stall
        while not stall.is_set():
            if cut.is_set():
                raise ConnectionLost("the stream broke")
            if end.is_set():
                return
            for begin, skips in zip(life.files[file:], life.skips[file:], strict=True):
                at = begin if begin - skips <= at < begin else at
            file = len(life.files)
            if at < len(life.lines):
                count = self.chance.choice((1, 7, 500))
                if follows:
                    life.read_at = life.read_at or asyncio.get_running_loop().time()
                news = [line for line in life.lines[at : at + count] if _fits(line, params)]
                at = min(len(life.lines), at + count)
                raw = "".join(f"{line}\n" for line in news).encode()
                for piece in self._pieces(raw):
                    if found := splitter.feed(piece):
                        yield found
                    await asyncio.sleep(0)
            elif life.exit_code is not None or not follows:
                return
            elif not await _any_of(idle_timeout, life.changed, cut, end, stall):
                raise ConnectionLost("nothing came", kind="idle")
        if await _any_of(idle_timeout, cut):
            raise ConnectionLost("the stream broke")
        raise ConnectionLost("nothing came", kind="idle")

    def _pieces(self, raw: bytes) -> list[bytes]:
        found, at = [], 0
        while at < len(raw):
            size = self.chance.choice((3, 50, 4096))
            found.append(raw[at : at + size])
            at += size
        return found


def _ended(life: Life) -> dict[str, Any]:
    return {"terminated": {"exitCode": life.exit_code, "reason": "Error", "containerID": life.container_id}}


def _fits(line: str, params: Mapping[str, str]) -> bool:
    return line[:19] >= params.get("sinceTime", "")[:19]


async def _any_of(seconds: float | None, *events: asyncio.Event) -> bool:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)
