"""A simulated cluster in a process of its own that tests may kill, stop, restart and let misbehave.

Its objects are read and written here with plain HTTP requests, beside the engine under test. It
keeps its address and secret over restarts, as a real API server does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Self

from k8stui.kube.kubeconfig.reading import load_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from k8stui.kube.kubeconfig.types import Context


class SimulatedServer:
    """`k8stui demo-server` on a port that stays. Use as a context manager."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.kubeconfig = folder / "kubeconfig"
        self._options = options
        self._folder = folder
        self._log = (folder / "server.log").open("ab")
        self._process: subprocess.Popen[str] | None = None
        self.port = _free_port()
        self._address = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.kill()
        self._log.close()

    def start(self) -> None:
        """Start it and wait until it answers."""
        argv = [sys.executable, "-m", "k8stui.demo", "--port", str(self.port)]
        argv += ["--kubeconfig", str(self.kubeconfig)]
        argv += ["--nodes", "5", "--pods", "60", "--seed", "1", *self._options]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said = (self._folder / "server.log").read_text()
        assert line.startswith("ready"), f"the simulated cluster did not start: {line}{said}"
        address = self.context.cluster_entry.server
        assert self._address in ("", address), "it has another secret than before"
        self._address = address

    def kill(self) -> None:
        """End it at once, without a word to its clients."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def freeze(self) -> None:
        """Let it hang with all connections open, as a machine that was unplugged."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    @property
    def context(self) -> Context:
        """The administrator's."""
        return self.user("demo")

    def user(self, name: str) -> Context:
        """A context of its kubeconfig."""
        return load_kubeconfig([self.kubeconfig]).context(name)

    def request(self, method: str, path: str, body: Any = None, content: str = "application/json") -> bytes:
        """One plain request. Raises urllib.error.HTTPError."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        url = self._address + path
        request = urllib.request.Request(url, data, {"Content-Type": content}, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: bytes = answer.read()
        return found

    async def ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Any:
        """As `request`, beside the event loop; gives the answer's JSON."""
        return json.loads(await asyncio.to_thread(self.request, method, path, body, content))

    async def faults(self, spec: str) -> None:
        """Let it misbehave from now on ("" for no more). What is under way stays as it is."""
        await self.ask("POST", "/_faults", spec.encode(), "text/plain")

    async def struck(self) -> dict[str, int]:
        """How often each fault in force has struck."""
        found: dict[str, int] = (await self.ask("GET", "/_faults"))["struck"]
        return found

    async def versions(self, path: str) -> dict[str, int]:
        """What a plain list says: uid -> resourceVersion."""
        items = (await self.ask("GET", path))["items"]
        return {item["metadata"]["uid"]: int(item["metadata"]["resourceVersion"]) for item in items}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def pod(name: str, **metadata: Any) -> dict[str, Any]:
    """The smallest pod."""
    container = {"name": "app", "image": "busybox:1.36", "command": ["sleep", "3600"]}
    return {"metadata": {"name": name, **metadata}, "spec": {"containers": [container]}}


def config_map(name: str) -> dict[str, Any]:
    """An object that comes as a row of a Table."""
    return {"metadata": {"name": name}, "data": {"a": "1"}}


def event(name: str) -> dict[str, Any]:
    """Something that happened to nothing."""
    about = {"kind": "Pod", "name": "nobody", "namespace": NAMESPACE}
    return {
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "Tested",
        "message": name,
        "type": "Normal",
    }


NAMESPACE = "restless"
MAKERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "pods": pod,
    "configmaps": config_map,
    "events": event,
}


class Restless:
    """Creates, changes and deletes objects of three kinds without a pause, by requests without a query."""

    def __init__(self, server: SimulatedServer, seed: int = 1) -> None:
        self._server = server
        self._random = random.Random(seed)
        self._living: dict[str, list[str]] = {plural: [] for plural in MAKERS}
        self._count = 0
        self._task: asyncio.Task[None] | None = None
        self._may_go = asyncio.Event()
        self._may_go.set()
        self._still = asyncio.Event()

    async def pause(self) -> None:
        """Change nothing for now; returns when nothing is under way."""
        self._may_go.clear()
        await self._still.wait()

    def go_on(self) -> None:
        """After a pause."""
        self._still.clear()
        self._may_go.set()

    async def __aenter__(self) -> Self:
        with contextlib.suppress(urllib.error.HTTPError):  # there from the test before
            await self._server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        self._task = asyncio.create_task(self._run(), name="restless")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for plural, names in self._living.items():
            for name in names:
                with contextlib.suppress(OSError):
                    await self._delete(plural, name)

    async def _run(self) -> None:
        while True:
            for plural in MAKERS:
                if not self._may_go.is_set():
                    self._still.set()
                    await self._may_go.wait()
                try:
                    await self._act(plural)
                except urllib.error.HTTPError as error:
                    if error.code not in (404, 409):  # a controller was faster
                        raise AssertionError(error.read()) from error
                except OSError:  # the server is down
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.02)

    async def _act(self, plural: str) -> None:
        names, choice = self._living[plural], self._random.random()
        path = f"/api/v1/namespaces/{NAMESPACE}/{plural}"
        if len(names) < 4 or (choice < 0.3 and len(names) < 15):
            self._count += 1
            name = f"{plural[:3]}-{time.time_ns():x}-{self._count}"
            await self._server.ask("POST", path, MAKERS[plural](name))
            names.append(name)
        elif choice < 0.8:
            change = {"metadata": {"labels": {"step": str(self._count)}}}
            self._count += 1
            name = self._random.choice(names)
            await self._server.ask("PATCH", f"{path}/{name}", change, "application/merge-patch+json")
        else:
            await self._delete(plural, names.pop(self._random.randrange(len(names))))

    async def _delete(self, plural: str, name: str) -> None:
        path = f"/api/v1/namespaces/{NAMESPACE}/{plural}/{name}"
        await self._server.ask("DELETE", path, {"gracePeriodSeconds": 0})


async def until(condition: Callable[[], Awaitable[str]], seconds: float) -> None:
    """Wait until a condition has nothing left to complain about; fails with its last complaint."""
    complaint = "it was never asked"
    try:
        async with asyncio.timeout(seconds):
            while complaint := await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s: {complaint}") from None
