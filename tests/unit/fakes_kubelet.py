"""A pod whose containers write, restart and end, behind the interface of a connection."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, ConnectionLost
from tests.unit.fakes_connection import Answer, Request
from tests.unit.fakes_node import NodeFiles, cri, packed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping


@dataclass
class Life:
    """One life of a container: its log file and how it ended."""

    container_id: str
    lines: list[str] = field(default_factory=list)
    """All that were ever written, each with its stamp."""
    files: list[int] = field(default_factory=lambda: [0])
    """With which line each file begins; the last one is the present file."""
    exit_code: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def present(self) -> list[str]:
        """What the kubelet answers from."""
        return self.lines[self.files[-1] :]

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class FakeContainer:
    name: str
    kind: str = "containers"
    lives: list[Life] = field(default_factory=list)
    waiting: str = ""

    @property
    def now(self) -> Life:
        return self.lives[-1]


class FakePod:
    """One pod and the kubelet under it."""

    def __init__(self, *names: str, restart_policy: str = "Always", node: str = "") -> None:
        self.node_name = node
        """Where its files are; "": nobody knows."""
        self.node = NodeFiles()
        self.containers = {name: FakeContainer(name) for name in names}
        self.restart_policy = restart_policy
        self.deleted = False
        self.phase = "Running"
        self.requests: list[Request] = []
        self.faults: deque[Exception | None] = deque()
        self.breaks: list[asyncio.Event] = []
        self.cut: Callable[[], None] = lambda: None
        self._seconds = 1_700_000_000
        self._broken = asyncio.Event()
        self._ended = asyncio.Event()
        self.status_lags = False
        self.deaf = asyncio.Event()
        """Set: open streams bring nothing any more, as after a rotation in the wrong moment."""
        self._frozen: bytes | None = None
        self.left_out: set[int] = set()
        """Lines (by number, of any container) that streams which follow jump over."""
        for name in names:
            self.start(name)

    def start(self, name: str, kind: str = "containers") -> None:
        container = self.containers.setdefault(name, FakeContainer(name, kind))
        container.lives.append(Life(f"fake://{name}-{len(container.lives)}"))

    def write(self, name: str, text: str, stamp: str = "") -> None:
        life = self.containers[name].now
        life.lines.append(f"{stamp or self.stamp()} {text}")
        life.wake()

    def stamp(self, step: float = 0.25) -> str:
        self._ticks = getattr(self, "_ticks", 0.0) + step
        seconds, rest = divmod(self._ticks, 60)
        return f"2026-11-21T02:{int(seconds):02}:{int(rest):02}.{int(rest % 1 * 1e9):09}Z"

    def exit(self, name: str, code: int = 0) -> None:
        life = self.containers[name].now
        life.exit_code = code
        life.wake()

    def restart(self, name: str, code: int = 1) -> None:
        self.exit(name, code)
        self.start(name)

    def break_streams(self) -> None:
        broken, self._broken = self._broken, asyncio.Event()
        broken.set()

    def end_streams(self) -> None:
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    def rotate(self, name: str, *, keep: int = 4) -> None:
        """The kubelet begins a new file; of those before it keeps some, all but the newest compressed."""
        container = self.containers[name]
        front = f"pods/shop_web_pod-1/{name}/{len(container.lives) - 1}.log."
        life = container.now
        life.files.append(len(life.lines))
        files = self.node.files = {key: body for key, body in self.node.files.items() if front not in key}
        for number, (start, end) in enumerate(pairwise(life.files)):
            left = len(life.files) - 1 - number
            written = life.lines[start:end]
            if left == 1:
                files[f"{front}20261121-02{number:04}"] = cri(written)
            elif left <= keep:
                files[f"{front}20261121-02{number:04}.gz"] = packed(written)
        life.wake()

    def freeze_status(self) -> None:
        self._frozen = self._pod()

    def thaw_status(self) -> None:
        self._frozen = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        headers: Any = (),
        **_: Any,
    ) -> Any:
        if "/proxy/logs/" in path:
            await asyncio.sleep(0)
            return self.node.answer(path, headers)
        request = Request(method, path, dict(params or {}), "")
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.deleted:
            raise ApiError(404, "NotFound", "pods not found")
        if not path.endswith("/log"):
            return Answer(self._frozen or self._pod())
        life = self._life(request)
        return Answer("".join(f"{line}\n" for line in self._select(life, request.params)).encode())

    def _pod(self) -> bytes:
        spec: dict[str, Any] = {"restartPolicy": self.restart_policy, "nodeName": self.node_name}
        status: dict[str, Any] = {"phase": self.phase}
        for container in self.containers.values():
            spec.setdefault(container.kind, []).append({"name": container.name})
            key = {"containers": "containerStatuses", "ephemeralContainers": "ephemeralContainerStatuses"}
            status.setdefault(key[container.kind], []).append(self._status(container))
        meta = {"name": "web", "uid": "pod-1"}
        return msgspec.json.encode({"metadata": meta, "spec": spec, "status": status})

    @staticmethod
    def _status(container: FakeContainer) -> dict[str, Any]:
        def terminated(life: Life) -> dict[str, Any]:
            reason = "Error" if life.exit_code else "Completed"
            return {
                "terminated": {"exitCode": life.exit_code, "reason": reason, "containerID": life.container_id}
            }

        now = container.now
        found: dict[str, Any] = {
            "name": container.name,
            "containerID": now.container_id,
            "restartCount": len(container.lives) - 1,
            "state": {"running": {}} if now.exit_code is None else terminated(now),
        }
        if len(container.lives) > 1:
            found["lastState"] = terminated(container.lives[-2])
        return found

    def _life(self, request: Request) -> Life:
        container = self.containers[request.params["container"]]
        if request.params.get("previous") == "true":
            if len(container.lives) < 2:
                raise ApiError(400, "BadRequest", "previous terminated container not found")
            return container.lives[-2]
        return container.now

    @staticmethod
    def _select(life: Life, params: Mapping[str, str]) -> list[str]:
        lines = life.present
        if since := params.get("sinceTime"):
            lines = [line for line in lines if line[:19] >= since[:19]]
        if tail := params.get("tailLines"):
            lines = lines[-int(tail) :] if int(tail) else []
        return lines

    async def lines(
        self,
        path: str,
        *,
        params: Any = None,
        on_open: Callable[[], None] | None = None,
        **_: Any,
    ) -> AsyncGenerator[list[bytes], None]:
        request = Request("GET", path, dict(params), "")
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.deleted:
            raise ApiError(404, "NotFound", "pods not found")
        if self.faults and (fault := self.faults.popleft()) is not None:
            raise fault
        if on_open is not None:
            on_open()
        life = self._life(request)
        # what is there now, selected; then everything that is appended
        at = len(life.lines)
        first = self._select(life, request.params)
        if first:
            yield [line.encode() for line in first]
        broken, ended = self._broken, self._ended
        deaf = self.deaf
        while True:
            if deaf.is_set():
                await asyncio.sleep(3600)
            if broken.is_set():
                raise ConnectionLost("the stream broke")
            if ended.is_set():
                return
            if at < len(life.lines):
                numbers, at = range(at, len(life.lines)), len(life.lines)
                news = [life.lines[number] for number in numbers if number not in self.left_out]
                news = [line for line in news if line[:19] >= request.params.get("sinceTime", "")[:19]]
                yield [line.encode() for line in news]
                continue
            if life.exit_code is not None:
                return
            waits = [asyncio.ensure_future(event.wait()) for event in (life.changed, broken, ended)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def follows(self) -> list[Request]:
        return [request for request in self.requests if request.params.get("follow") == "true"]
