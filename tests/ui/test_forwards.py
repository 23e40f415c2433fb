"""Port-forwards as the user meets them: asked for, listed, ended, kept between runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from k8stui.kube.portforward.streams import CHANNELS
from k8stui.ui.dialogs.operation_forward import ForwardDialog
from k8stui.ui.state import StateFile
from tests.ui.fakes import FakeBackend, make_app, pod, screen_text, shop, until
from tests.ui.operations_rig import at, cluster, notes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot

SIZE = (160, 40)


class Echo:
    """A WebSocket whose other end repeats what it hears."""

    protocol = CHANNELS

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        for start in (b"\0\0\0", b"\1\0\0"):
            self._inbox.put_nowait(start)

    async def send(self, data: bytes) -> None:
        self._inbox.put_nowait(data)

    async def receive(self) -> bytes | None:
        return await self._inbox.get()

    async def close(self) -> None:
        self._inbox.put_nowait(None)


class Lease:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def connection(self) -> Any:
        return self._connection

    async def close(self) -> None:
        pass


def forwarding() -> Any:
    world = shop()
    web = pod("web-a")
    web["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "name": "http"}]
    web["status"]["conditions"].append({"type": "Ready", "status": "True"})
    world["pods"] = [web]
    made = cluster(world)
    made.context = SimpleNamespace(name="prod")
    made.connection.websocket = websocket
    return made


async def websocket(path: str, **options: Any) -> Echo:
    return Echo()


def start(world: Any, monkeypatch: pytest.MonkeyPatch, state: StateFile | None = None, **options: Any) -> Any:
    app = make_app(FakeBackend(world), kind="pods", state=state, **options)
    monkeypatch.setattr(app.shells.store.connections, "lease", lambda context: Lease(world.connection))
    return app


async def opened(pilot: Pilot[None]) -> Any:
    app = await at(pilot, "web-a")
    await pilot.press("F")
    await until(pilot, lambda: isinstance(app.screen, ForwardDialog) and app.screen.query("#fields"), "ports")
    await pilot.pause()
    return app


async def repeat(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    found = await reader.readexactly(len(data))
    writer.close()
    return found


async def test_a_port_is_forwarded_listed_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    app = start(forwarding(), monkeypatch)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "8080  http  main" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.forwards.all and "Forwarding" in notes(app), "forwarding")
        (forward,) = app.forwards.all
        await until(pilot, lambda: forward.place, "a pod")
        assert await repeat(forward.local, b"x" * 5000) == b"x" * 5000
        await pilot.press("f")
        await until(pilot, lambda: "pods/web-a:8080" in screen_text(app), "the list")
        await until(pilot, lambda: screen_text(app).count("5.0 kB") >= 2, "what went through")
        await pilot.press("escape")
        await until(pilot, lambda: "pods(all)" in screen_text(app), "the view is left")
        assert await repeat(forward.local, b"still") == b"still"
        await pilot.press(*":pf", "enter")
        await until(pilot, lambda: "pods/web-a:8080" in screen_text(app), "the list")
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "No port-forwards" in screen_text(app), "ended")
        assert not app.forwards.all


async def test_what_cannot_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = start(forwarding(), monkeypatch)
    blocked = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = blocked.sockets[0].getsockname()[1]
    async with blocked, app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press(*"99999", "enter")
        await until(pilot, lambda: "'99999' is no port" in screen_text(app), "a problem")
        app.screen.local.value = str(port)
        await pilot.press("enter")
        await until(pilot, lambda: f"Port {port} of this machine cannot be had" in notes(app), "in use")
        assert not app.forwards.all


async def test_one_that_is_kept_starts_with_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = forwarding()
    app = start(world, monkeypatch, StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.keep.value = True
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.forwards.all, "forwarding")
    saved = (tmp_path / "state.json").read_text()
    assert "/api/v1/namespaces/shop/pods/web-a" in saved
    app = start(world, monkeypatch, StateFile(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.forwards.all, "forwarding again")
        (forward,) = app.forwards.all
        await until(pilot, lambda: forward.place, "a pod")
        assert await repeat(forward.local, b"again") == b"again"
    app = start(world, monkeypatch, StateFile(tmp_path), readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Read-only: the port-forward" in notes(app), "not in a read-only session")
        assert not app.forwards.all


async def test_the_browser_gets_its_address_or_the_clipboard_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = [True, False]

    def browser(url: str) -> bool:
        asked.append(url)
        return answers.pop(0)

    monkeypatch.setattr("webbrowser.open", browser)
    app = start(forwarding(), monkeypatch)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.browse.value = True
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Opened http://localhost:" in notes(app), "a browser")
        await pilot.press("f")
        await until(pilot, lambda: "pods/web-a:8080" in screen_text(app), "the list")
        await pilot.press("enter")
        await until(pilot, lambda: "No browser could be opened; copied" in notes(app), "the clipboard")
        assert asked == [f"http://localhost:{app.forwards.all[0].local}/"] * 2
