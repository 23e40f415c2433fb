"""Whatever goes wrong between here and the server: no row is lost, none is doubled, and it heals by itself.

A simulated cluster misbehaves for the lists and watches of config maps (not for single objects,
which the test changes meanwhile); in the end what is held is what the server has.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.cluster import Cluster
from k8stui.kube.connection.client import Connection
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.reflector import Policy
from tests.contract.conftest import Admin, Target, eventually, simulated_cluster

if TYPE_CHECKING:
    from pathlib import Path

    from k8stui.kube.live.collection import Subscription

pytestmark = pytest.mark.timeout(120)

CONFIGMAPS: Any = BUILTIN.find("configmaps")
STREAMS = r"@/configmaps\?.*watch="
ANSWERS = r"@/configmaps\?"
POLICY = Policy(page_size=7, idle_seconds=1.0, backoff_seconds=(0.1, 0.8), healthy_seconds=0.3)
STEPS = 60

IN_STREAMS = [
    "drop:every=400ms",
    "halfopen:every=1s",
    "stall:1500ms:every=2s",
    "end:every=300ms",
    "truncate:every=400ms",
    "garbage:every=300ms",
    "split",
    "410:every=500ms",
]
IN_ANSWERS = [
    "410-http:0.5",
    "429:0.5:retry=1",
    "500:0.5",
    "401:0.3",
    "refuse:0.5",
    "slow:300ms",
    "truncate:0.3",
    "drop:0.3",
]
OUTAGE = f"503:from=2s:for=2s{ANSWERS},drop:every=300ms{STREAMS}"
FAULTS = [
    *(spec + STREAMS for spec in IN_STREAMS),
    *(spec + ANSWERS for spec in IN_ANSWERS),
    OUTAGE,
    f"drop:0.3{ANSWERS},410:every=700ms{STREAMS},500:0.2{ANSWERS},garbage:every=900ms{STREAMS}",
]


class Watcher:
    """Reads a subscription as a view does, and keeps a copy made of the reported changes alone."""

    def __init__(self, reader: Subscription[Any]) -> None:
        self.reader = reader
        self.copy: dict[str, Any] = {}
        self.removed: set[str] = set()
        self.phases: list[Phase] = []

    def take(self) -> None:
        changes = self.reader.take()
        objects = self.reader.collection.objects
        if changes.reset:
            self.copy = dict(objects)
        self.removed |= changes.removed
        for uid in changes.removed:
            self.copy.pop(uid, None)
        for uid in changes.changed:
            self.copy[uid] = objects[uid]
        if not self.phases or self.phases[-1] is not changes.state.phase:
            self.phases.append(changes.state.phase)


async def act(admin: Admin, path: str, rng: random.Random) -> None:
    """Change things for some seconds."""
    living: list[str] = []
    for step in range(STEPS):
        choice = rng.random()
        if choice < 0.5 or not living:
            name = f"moving-{step}"
            await admin.create(path, {"metadata": {"name": name}})
            living.append(name)
        elif choice < 0.8:
            await admin.patch(f"{path}/{rng.choice(living)}", {"data": {"step": str(step)}})
        else:
            await admin.delete(f"{path}/{living.pop(rng.randrange(len(living)))}")
        await asyncio.sleep(0.04)


async def versions(admin: Admin, path: str) -> dict[str, str]:
    found = await admin.get(path)
    return {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in found["items"]}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.partition("@")[0].replace(":", "-"))
async def test_in_the_end_all_rows_are_there_once(fault: str, tmp_path: Path) -> None:
    with simulated_cluster(tmp_path / "kubeconfig", "--faults", fault) as target:
        await _watch_through(target, fault)


async def _watch_through(target: Target, fault: str) -> None:
    namespace = f"faults-{secrets.token_hex(3)}"
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with Connection(target.admin) as connection, Cluster(target.admin, policy=POLICY) as cluster:
        admin = Admin(connection)
        await admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        still = [await admin.create(path, {"metadata": {"name": f"still-{n}"}}) for n in range(20)]
        reader = cluster.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=lambda: None)
        await eventually(lambda: len(reader.collection.objects) >= 20, 20, "the first list")
        watcher = Watcher(reader)
        acting = asyncio.create_task(act(admin, path, random.Random(1)))
        while not acting.done():
            watcher.take()
            await asyncio.sleep(0.01)
        await acting

        async def same() -> bool:
            watcher.take()
            there = await versions(admin, path)
            held = {uid: obj.metadata.resource_version for uid, obj in watcher.copy.items()}
            return held == there

        async with asyncio.timeout(20):
            while not await same():
                await asyncio.sleep(0.1)
        uids = {obj["metadata"]["uid"] for obj in still}
        assert not watcher.removed & uids, "rows that were there all the time were taken away"
        assert uids <= set(watcher.copy)
        if fault == OUTAGE:
            assert Phase.STALE in watcher.phases
