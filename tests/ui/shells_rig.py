"""Shells for tests of the screen: real sessions of the engine on sockets whose other end is written here."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from k8stui.kube.access import Permission, Rules
from k8stui.kube.errors import ApiError
from tests.ui.fakes import FakeBackend, FakeCluster, make_app, pod, shop, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.pilot import Pilot

    from k8stui.settings import Settings
    from k8stui.ui.app import K8stuiApp

PROMPT = b"$ "


class FakeProgram:
    """The other end of a socket: a shell that repeats what is typed and knows `exit N`."""

    protocol = "v5.channel.k8s.io"

    def __init__(self, path: str, params: Mapping[str, Any]) -> None:
        self.path, self.params = path, dict(params)
        self.typed = b""
        self.sizes: list[tuple[int, int]] = []
        self.closed = False
        self._line = b""
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        if not path.endswith("/attach"):  # who joins finds what was printed before gone
            self.say(PROMPT)

    def say(self, data: bytes) -> None:
        """Write to the terminal."""
        self._out.put_nowait(b"\x01" + data)

    def end(self, code: int) -> None:
        """End with an exit code."""
        status: dict[str, Any] = {"status": "Success"}
        if code:
            cause = {"reason": "ExitCode", "message": str(code)}
            status = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [cause]}}
        self._out.put_nowait(b"\x03" + json.dumps(status).encode())

    def drop(self) -> None:
        """The connection breaks."""
        self._out.put_nowait(None)

    async def send(self, data: bytes) -> None:
        channel, body = data[0], data[1:]
        if channel == 4:
            size = json.loads(body)
            self.sizes.append((size["Width"], size["Height"]))
        elif channel == 0:
            self.typed += body
            for byte in body:
                self._key(bytes((byte,)))

    def _key(self, key: bytes) -> None:
        if key != b"\r":
            self._line += key
            self.say(key)
            return
        line, self._line = self._line, b""
        self.say(b"\r\n")
        if line.startswith(b"exit"):
            self.end(int(line[4:] or 0))
        else:
            self.say(line + b"\r\n" + PROMPT if line else PROMPT)

    def keep_backlog_short(self) -> None:
        """There is none."""

    async def receive(self) -> bytes | None:
        return await self._out.get()

    async def close(self) -> None:
        self.closed = True


class FakeShellConnection:
    """What sessions ask for: sockets, and the pods of the world."""

    def __init__(self, world: dict[str, list[dict[str, Any]]]) -> None:
        self.world = world
        self.programs: list[FakeProgram] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.refusal: ApiError | None = None

    async def websocket(
        self, path: str, *, params: Mapping[str, Any], protocols: Sequence[str]
    ) -> FakeProgram:
        if self.refusal is not None:
            raise self.refusal
        program = FakeProgram(path, params)
        self.programs.append(program)
        return program

    async def request(self, method: str, path: str, **options: Any) -> Any:
        body: Any = json.loads(options["body"]) if options.get("body") else None
        self.requests.append((method, path, body))
        parts = path.strip("/").split("/")
        pods = self.world["pods"]
        if method == "PATCH":
            item = next(item for item in pods if item["metadata"]["name"] == parts[5])
            for container in body["spec"]["ephemeralContainers"]:
                item["spec"].setdefault("ephemeralContainers", []).append(container)
                state = {"name": container["name"], "state": self.state_of(container["image"])}
                item["status"].setdefault("ephemeralContainerStatuses", []).append(state)
            return SimpleNamespace(body=json.dumps(item).encode())
        if method == "POST":
            body["metadata"]["uid"] = f"uid-{body['metadata']['name']}"
            states = [
                {"name": each["name"], "state": self.state_of(each["image"])}
                for each in body["spec"]["containers"]
            ]
            body["status"] = {"phase": "Running", "containerStatuses": states}
            pods.append(body)
            return SimpleNamespace(body=json.dumps(body).encode())
        if method == "DELETE":
            self.world["pods"] = [item for item in pods if item["metadata"]["name"] != parts[5]]
            return SimpleNamespace(body=b"{}")
        if parts[-1] == "log":
            return SimpleNamespace(body=b"first line\nlast words\n")
        for item in pods:
            if item["metadata"]["name"] == parts[-1] and item["metadata"]["namespace"] == parts[3]:
                return SimpleNamespace(body=json.dumps(item).encode())
        raise ApiError(404, "NotFound", f'pods "{parts[-1]}" not found')

    @staticmethod
    def state_of(image: str) -> dict[str, Any]:
        """How a container of an image fares."""
        if image == "no/such":
            waiting = {"reason": "InvalidImageName", "message": "no such image"}
            return {"waiting": waiting}
        if image == "short":
            return {"terminated": {"exitCode": 0, "reason": "Completed"}}
        return {"running": {}}

    async def close(self) -> None:
        pass


class FakeAccess:
    """Says yes to all but what is named: `create pods/exec`."""

    def __init__(self) -> None:
        self.denied: set[str] = set()

    def known(self, *asked: Any, **more: Any) -> None:
        """Nothing is remembered."""

    async def can(
        self, verb: str, kind: Any, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Permission:
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        return Permission(f"{verb} {resource}" not in self.denied)

    async def rules(self, namespace: str) -> Rules:
        return Rules()


class ShellCluster(FakeCluster):
    """A cluster that shells can be opened in."""

    def __init__(self, name: str = "prod") -> None:
        world = shop()
        two = pod("two-0")
        two["spec"]["containers"].append({"name": "side", "image": "shop/side:1", "stdin": True, "tty": True})
        two["status"]["containerStatuses"].append(
            {"name": "side", "ready": True, "restartCount": 0, "state": {"running": {}}, "containerID": "y"}
        )
        world["pods"].append(two)
        super().__init__(world)
        self.context = SimpleNamespace(name=name, namespace="shop")
        self.access = FakeAccess()
        self.shells = FakeShellConnection(world)
        self.connection = self.shells  # type: ignore[assignment]


def shell_app(settings: Settings | None = None, **options: Any) -> tuple[Any, ShellCluster]:
    """The program (a `K8stuiApp`) on a cluster with shells, looking at its pods alone."""
    cluster = ShellCluster()
    backend = FakeBackend(cluster)
    backend.clusters["staging"] = ShellCluster("staging")
    app = make_app(backend, settings=settings, **{"kind": "pods", **options})
    app.shells.connect = lambda context: backend.clusters[context.name].shells  # type: ignore[attr-defined]
    return app, cluster


async def ready(pilot: Pilot[None]) -> K8stuiApp:
    """Wait for the rows."""
    app: Any = pilot.app
    await until(pilot, lambda: app.main.place().objects, "a row under the cursor")
    return app  # type: ignore[no-any-return]


async def go_to(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a pod."""
    app: Any = pilot.app
    for _ in range(20):
        if app.main.place().object.metadata.name == name:
            return
        await pilot.press("down")
        await pilot.pause()
    raise AssertionError(f"no row {name}")


async def opened(pilot: Pilot[None], cluster: ShellCluster, *, name: str = "web-a") -> FakeProgram:
    """Open a shell in a pod with one container, and wait for its prompt."""
    app: Any = await ready(pilot)
    count = len(cluster.shells.programs)
    await go_to(pilot, name)
    await pilot.press("s")
    await until(pilot, lambda: len(cluster.shells.programs) > count, "a socket")
    await until(pilot, lambda: app.main.dock.screen_of is not None and app.main.dock.has_keys, "the dock")
    await until(pilot, lambda: app.main.dock.current.phase == "running", "a running shell")
    await until(pilot, lambda: terminal_text(app).startswith("$"), "a prompt")
    return cluster.shells.programs[-1]


def said(app: Any) -> str:
    """All that was told in a corner of the screen."""
    return "\n".join(notification.message for notification in app._notifications)


def terminal_text(app: Any) -> str:
    """What is on the screen of the shell that is shown."""
    text: str = app.desk.screen.terminal.screen_text
    return text
