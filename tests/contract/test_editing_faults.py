"""An edit while the API server goes away: nothing is lost, and it is applied when the server is back.

As a user sees it, in a pseudo terminal; the program is killed meanwhile as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.errors import ApiError, KubeError
from tests.pty_program import PtyProgram

from .conftest import Admin, Target, simulated_cluster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.pty, pytest.mark.timeout(180)]

ENTER, CTRL_S, CTRL_F, END, RUBOUT = "\r", "\x13", "\x06", "\x1b[F", "\x7f"


class Outage:
    """A cluster whose API server can be stopped and started."""

    def __init__(self, target: Target, simulated: contextlib.ExitStack) -> None:
        self.target = target
        self._simulated = simulated
        self._runs = True

    def stop(self) -> None:
        self._runs = False
        if self.target.is_real:
            self.target.ctl("stop-apiserver")
        else:
            self._simulated.close()

    def start(self) -> None:
        """Nothing when it runs: a second one would only take over the name of the first."""
        if self._runs:
            return
        if self.target.is_real:
            self.target.ctl("start-apiserver")
        else:
            self._simulated.enter_context(simulated_cluster(self.target.kubeconfig))
        self._runs = True


@pytest.fixture
def outage(cluster_under_test: Target, tmp_path: Path) -> Iterator[Outage]:
    with contextlib.ExitStack() as stack:
        if cluster_under_test.is_real:
            cluster_under_test.needs_ctl()
            yield Outage(cluster_under_test, stack)
        else:  # one that no other test needs
            yield Outage(stack.enter_context(simulated_cluster(tmp_path / "kubeconfig")), stack)


@pytest.fixture
async def namespace(outage: Outage) -> AsyncIterator[str]:
    name = f"k8stui-test-{secrets.token_hex(4)}"
    yield name
    outage.start()
    async with Connection(outage.target.admin) as connection:
        await Admin(connection).delete(f"/api/v1/namespaces/{name}")


async def test_a_draft_outlives_server_and_program(outage: Outage, namespace: str, tmp_path: Path) -> None:
    await with_object(outage.target, namespace, {"a": "1"})
    environment = {"HOME": str(tmp_path), "K8STUI_STATE": str(tmp_path / "state")}
    kubeconfig = str(outage.target.kubeconfig)
    argv = [sys.executable, "-m", "k8stui", "--kubeconfig", kubeconfig, "-n", namespace, "configmaps"]
    with PtyProgram(argv, columns=120, lines=40, env=environment) as program:
        program.wait_for_text(r"kept +1 ")
        program.send("e")
        program.wait_for_text(r'  a: "1"')
        program.send(CTRL_F)
        program.send('a: "1"' + ENTER)
        program.send(END + RUBOUT * 2 + '2"')
        program.wait_for_text(r'  a: "2"')
        program.send(CTRL_S)
        program.wait_for_text(r"(?s)Save ConfigMap.*data\.a.*- .1.*\+ .2")
        outage.stop()
        program.send(CTRL_S)
        program.wait_for_text("The draft is kept")
        program.process.send_signal(signal.SIGKILL)
    (draft,) = (tmp_path / "state").glob("drafts/*.json")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    outage.start()
    await with_object(outage.target, namespace, {"a": "1", "theirs": "x"})
    with PtyProgram(argv, columns=120, lines=40, env=environment) as program:
        program.wait_for_text(r"(?s)draft of an edit is kept.*kept +2 |kept +2 .*draft of an edit is kept")
        program.send("e")
        program.wait_for_text("Go on with the draft")
        program.send(ENTER)
        program.wait_for_text(r'  a: "2"')
        program.send(CTRL_S)
        program.wait_for_text(r"(?s)Save ConfigMap.*data\.a")
        program.send(CTRL_S)
        program.wait_for_text(rf"{namespace}/kept: changed")
    async with Connection(outage.target.admin) as connection:
        found = json.loads(await connection.get(f"/api/v1/namespaces/{namespace}/configmaps/kept"))
    assert found["data"] == {"a": "2", "theirs": "x"}
    assert not list((tmp_path / "state").glob("drafts/*.json"))


async def with_object(target: Target, namespace: str, data: dict[str, Any]) -> None:
    """Wait until the server answers, and let a ConfigMap hold these values."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with Connection(target.admin) as connection, asyncio.timeout(60):
        admin = Admin(connection)
        while True:
            try:
                await admin.connection.get("/version")
                with contextlib.suppress(ApiError):
                    await admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
                    await admin.create(path, {"metadata": {"name": "kept"}})
                await admin.patch(f"{path}/kept", {"data": data})
            except KubeError:
                await asyncio.sleep(0.2)
            else:
                return
