"""The same tests against the simulated cluster and, where there is one, a real one.

`K8STUI_TEST_KUBECONFIG` names the kubeconfig of a cluster's administrator; `..._VIEWER` and
`..._NOBODY` those of a user in group `viewers` and one without any rights; the program in
`K8STUI_TEST_CLUSTER_CTL` takes the words `restart-apiserver` and `compact`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.cluster import Cluster
from k8stui.kube.connection.client import Connection
from k8stui.kube.errors import ApiError
from k8stui.kube.kubeconfig.reading import load_kubeconfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.live.reflector import Policy

READY_SECONDS = 30.0


@dataclasses.dataclass(frozen=True)
class Target:
    """A cluster to test against."""

    name: str
    kubeconfig: Path

    @property
    def is_real(self) -> bool:
        return self.name == "real"

    @property
    def admin(self) -> Context:
        config = load_kubeconfig([self.kubeconfig])
        return config.context(config.current_context)

    def user(self, name: str) -> Context:
        """A user called "viewer" (in group viewers) or "nobody"."""
        if self.is_real:
            path = os.environ.get(f"K8STUI_TEST_KUBECONFIG_{name.upper()}")
            if not path:
                pytest.skip(f"K8STUI_TEST_KUBECONFIG_{name.upper()} names no kubeconfig of {name}")
            config = load_kubeconfig([Path(path)])
            return config.context(config.current_context)
        groups = {"viewer": ("viewers",), "nobody": ("nobodies",)}[name]
        entry = dataclasses.replace(
            self.admin.user_entry,
            impersonate=f"test-{name}",
            impersonate_groups=(*groups, "system:authenticated"),
        )
        return dataclasses.replace(self.admin, user_entry=entry)

    def needs_ctl(self) -> str:
        """The program that makes faults; skips the test where there is none."""
        program = os.environ.get("K8STUI_TEST_CLUSTER_CTL")
        if not self.is_real or not program:
            pytest.skip("K8STUI_TEST_CLUSTER_CTL names no program that can make faults on this cluster")
        return program

    def ctl(self, word: str) -> None:
        """Let something happen to the cluster."""
        subprocess.run([self.needs_ctl(), word], check=True, timeout=120, capture_output=True)


@contextlib.contextmanager
def simulated_cluster(kubeconfig: Path, *options: str) -> Iterator[Target]:
    """A simulated cluster in a process of its own."""
    command = [sys.executable, "-m", "k8stui", "demo-server", "--port", "0", "--kubeconfig", str(kubeconfig)]
    command += ["--nodes", "5", "--pods", "60", "--churn", "0", "--seed", "1", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not kubeconfig.exists():
            pytest.fail(f"the simulated cluster did not start: {line}{server.stdout.read()}")
        yield Target("simulated", kubeconfig)
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The simulated cluster that most tests share."""
    with simulated_cluster(tmp_path_factory.mktemp("simulated") / "kubeconfig") as target:
        yield target


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.real)])
def cluster_under_test(request: pytest.FixtureRequest) -> Target:
    """The simulated cluster, or the one that K8STUI_TEST_KUBECONFIG names."""
    if request.param == "simulated":
        target: Target = request.getfixturevalue("simulated")
        return target
    path = os.environ.get("K8STUI_TEST_KUBECONFIG")
    if not path:
        pytest.skip("K8STUI_TEST_KUBECONFIG names no real cluster")
    target = Target("real", Path(path))
    revive(target)
    return target


def revive(target: Target) -> None:
    """Start the API server that an earlier test stopped and could not start again, where that can be done:
    one failure is not to become that of every test after it.
    """
    address = urllib.parse.urlsplit(target.admin.cluster_entry.server)
    with contextlib.suppress(OSError), socket.create_connection((address.hostname, address.port or 443), 10):
        return
    if os.environ.get("K8STUI_TEST_CLUSTER_CTL"):
        target.ctl("start-apiserver")


class Admin:
    """Makes and removes objects as the administrator."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.made: list[str] = []

    async def create(self, path: str, obj: dict[str, Any]) -> dict[str, Any]:
        response = await self.connection.request("POST", path, body=json.dumps(obj).encode())
        found: dict[str, Any] = json.loads(response.body)
        self.made.append(f"{path}/{found['metadata']['name']}")
        return found

    async def patch(self, path: str, change: dict[str, Any]) -> dict[str, Any]:
        response = await self.connection.request(
            "PATCH", path, body=json.dumps(change).encode(), content_type="application/merge-patch+json"
        )
        found: dict[str, Any] = json.loads(response.body)
        return found

    async def delete(self, path: str, grace: int | None = 0) -> None:
        params = {} if grace is None else {"gracePeriodSeconds": str(grace)}
        await self.connection.request("DELETE", path, params=params)

    async def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.connection.get(path))
        return found

    async def clean(self) -> None:
        for path in reversed(self.made):
            with contextlib.suppress(ApiError):
                await self.delete(path)


@pytest.fixture
async def admin(cluster_under_test: Target) -> AsyncIterator[Admin]:
    async with Connection(cluster_under_test.admin) as connection:
        admin = Admin(connection)
        yield admin
        await admin.clean()


@pytest.fixture
async def namespace(admin: Admin) -> str:
    """A namespace of this test alone, in which pods can be made at once."""
    name = f"k8stui-test-{secrets.token_hex(4)}"
    await admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    trial = {"metadata": {"name": "trial"}, "spec": {"containers": [{"name": "c", "image": "busybox:1.36"}]}}
    path = f"/api/v1/namespaces/{name}/pods"
    async with asyncio.timeout(30):
        while True:  # pods need the service account and its token, which controllers make
            with contextlib.suppress(ApiError):
                params = {"dryRun": "All"}
                await admin.connection.request("POST", path, params=params, body=json.dumps(trial).encode())
                return name
            await asyncio.sleep(0.05)


@pytest.fixture
async def open_cluster(cluster_under_test: Target) -> AsyncIterator[Callable[..., Any]]:
    """Opens clusters (as the administrator, unless another context is given) and closes them."""
    opened: list[Cluster] = []

    async def start(context: Context | None = None, policy: Policy | None = None) -> Cluster:
        cluster = Cluster(context or cluster_under_test.admin, policy=policy, grace=0.1)
        opened.append(cluster)
        await cluster.open()
        return cluster

    yield start
    for cluster in opened:
        await cluster.close()


async def eventually(condition: Callable[[], Any], seconds: float = 30.0, what: str = "") -> None:
    """Wait for a condition of the cluster."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"did not happen within {seconds:g} s: {what or condition}")
