"""A simulated cluster that changes without a pause and misbehaves: the engine says so, and loses nothing.

Pods (Structs), config maps (Tables) and events are watched through one `Cluster`. While a fault is on,
rows stay and the state has a reason; when it is over, what is held is what a plain list says, without
anybody's help. The independent view of the server is in `simulated`.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from msgspec import structs

from k8stui.kube.backoff import SystemClock
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.cluster import Cluster
from k8stui.kube.connection.client import Connection
from k8stui.kube.credentials import renewing
from k8stui.kube.health import Status
from k8stui.kube.kubeconfig.types import ExecPlugin, User
from k8stui.kube.live import listing
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.reflector import Policy
from k8stui.kube.logs import follow as log_follow
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.opening import logs_of_pod
from tests.contract.conftest import eventually
from tests.contract.simulated import Restless, SimulatedServer, pod, until
from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Set
    from pathlib import Path

    from k8stui.kube.connection.client import Response
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.live.collection import CollectionState, Subscription
    from k8stui.kube.logs.types import LogLine

pytestmark = pytest.mark.timeout(60)

POLICY = Policy(
    page_size=40,
    watch_seconds=(1.0, 1.0),
    idle_seconds=1.2,
    healthy_seconds=0.3,
    backoff_seconds=(0.1, 0.6),
)
"""Watches are short, since a fault strikes only requests that begin after it was set."""
ENGINE = r"@[?]|/version$"
"""What the engine asks for; the other writers and readers of these tests send no query."""
WATCHES = r"@[?].*watch="
PLURALS = ("pods", "configmaps", "events")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedServer]:
    """The cluster of this file's tests: a test that breaks it repairs it."""
    with SimulatedServer(tmp_path_factory.mktemp("faults"), "--churn", "50") as server:
        yield server


class Reader:
    """Reads one kind as a view does: its copy is made of the reported changes alone."""

    def __init__(self, cluster: Cluster, server: SimulatedServer, plural: str) -> None:
        kind = BUILTIN.find(plural)
        assert kind is not None
        self.plural = plural
        self.path = kind.path()
        self._server = server
        self.subscription: Subscription[Any] = cluster.subscribe(kind, wake=self._wake)
        self.copy: dict[str, Any] = {}
        self.removed: set[str] = set()
        self.states: list[CollectionState] = []
        self.resets = 0
        self._pending = False

    def _wake(self) -> None:
        if not self._pending:
            self._pending = True
            asyncio.get_running_loop().call_soon(self.take)

    def take(self) -> None:
        """What a view does when it is woken."""
        self._pending = False
        changes = self.subscription.take()
        objects = self.subscription.collection.objects
        if changes.reset:
            self.resets += 1
            self.copy = dict(objects)
        assert not changes.changed & changes.removed
        for uid in changes.removed:
            self.copy.pop(uid, None)
        for uid in changes.changed:
            self.copy[uid] = objects[uid]
        self.removed |= changes.removed
        self.states.append(changes.state)

    def forget(self) -> None:
        """Begin to record anew."""
        self.removed.clear()
        self.states.clear()
        self.resets = 0

    @property
    def state(self) -> CollectionState:
        return self.subscription.collection.state

    def told(self, uids: Set[str]) -> str:
        """What is held of these objects now, and which states there were."""
        metas = [self.copy[uid].metadata for uid in uids if uid in self.copy]
        return f"{[(meta.namespace, meta.name, meta.resource_version) for meta in metas]} {self.states}"

    async def difference(self) -> str:
        """What is held and what the server has, as far as both can be compared while things change."""
        before = await self._server.versions(self.path)
        await asyncio.sleep(0.03)
        held = {uid: int(obj.metadata.resource_version) for uid, obj in self.copy.items()}
        names = {(obj.metadata.namespace, obj.metadata.name) for obj in self.copy.values()}
        after = await self._server.versions(self.path)
        if set(self.subscription.collection.objects) ^ held.keys():
            return f"{self.plural}: the reported changes do not add up to the collection"
        if len(names) != len(held):
            return f"{self.plural}: {len(held) - len(names)} doubled"
        if lost := (before.keys() & after.keys()) - held.keys():
            return f"{self.plural}: {len(lost)} lost"
        if ghosts := held.keys() - before.keys() - after.keys():
            return f"{self.plural}: {len(ghosts)} ghosts"
        old = {uid for uid in before.keys() & held.keys() if held[uid] < before[uid]}
        new = {uid for uid in after.keys() & held.keys() if held[uid] > after[uid]}
        if old or new:
            return f"{self.plural}: {len(old)} out of date, {len(new)} from the future"
        return "" if self.state.phase is Phase.LIVE else f"{self.plural}: {self.state}"


class Rig:
    """A cluster watched through the engine, with what happens to it."""

    def __init__(self, server: SimulatedServer, cluster: Cluster) -> None:
        self.server = server
        self.cluster = cluster
        self.readers = [Reader(cluster, server, plural) for plural in PLURALS]
        self.statuses: dict[Status, str] = {}
        self.next_tries: list[float] = []
        self._there: list[dict[str, int]] = []
        cluster.observe(self._health)

    def _health(self) -> None:
        health = self.cluster.health
        self.statuses[health.status] = health.reason
        if health.next_try is not None:
            self.next_tries.append(health.next_try)

    async def same(self, seconds: float = 15.0) -> None:
        """Wait until all that is held is what the server has."""
        for reader in self.readers:
            await until(reader.difference, seconds)

    async def begin(self) -> None:
        """All is loaded and live; what happens from now on counts."""
        await self.same()
        self._there = [await self.server.versions(reader.path) for reader in self.readers]
        self.statuses.clear()
        self.next_tries.clear()
        for reader in self.readers:
            reader.forget()

    async def nothing_was_lost(self, seconds: float = 15.0) -> None:
        """The same, and what was there all the time was never taken away."""
        await self.same(seconds)
        await eventually(lambda: self.cluster.health.status is Status.LIVE, seconds, "a live session")
        for reader, there in zip(self.readers, self._there, strict=True):
            # What was removed is noted before the server is asked: a row that is deleted there while its
            # answer is on the way here was rightly taken away.
            removed = frozenset(reader.removed)
            stayed = there.keys() & (await self.server.versions(reader.path)).keys()
            assert stayed, "the test has nothing to look at"
            assert not removed & stayed, f"{reader.plural} taken away: {reader.told(removed & stayed)}"
            assert not reader.resets, f"{reader.plural} began anew"

    def seen(self, phase: Phase) -> list[str]:
        """The reasons with which all three kinds were in a phase; [] unless all of them were."""
        found = [[state.reason for state in reader.states if state.phase is phase] for reader in self.readers]
        return [reason for reasons in found for reason in reasons] if all(found) else []


class Fault(NamedTuple):
    """A fault and what it is to be called."""

    spec: str
    phase: Phase | None = None
    """What each collection says meanwhile; None where nothing needs to be said."""
    reason: str = ""
    status: Status | None = None
    """What the session says meanwhile."""


STALE, DENIED = Phase.STALE, Phase.DENIED
FAULTS = [
    Fault(f"drop:every=300ms{WATCHES}", STALE, "closed|reset|cut|broke|lost"),
    Fault(f"halfopen:after=0s{WATCHES}"),
    Fault(f"stall:2s:every=1s{WATCHES}"),
    Fault(f"end:every=120ms{WATCHES}", STALE, "ends each watch at once"),
    Fault(f"truncate:every=250ms{WATCHES}"),
    Fault(f"garbage:every=200ms{WATCHES}", STALE, "."),
    Fault(f"split{ENGINE}"),
    Fault(f"410:every=300ms{WATCHES}", STALE, "too old resource version"),
    Fault(f"410-http{ENGINE}", STALE, "too old resource version"),
    Fault(f"401{ENGINE}", STALE, "Unauthorized", Status.DENIED),
    Fault(f"429:retry=1{ENGINE}", STALE, "too many requests", Status.STALE),
    Fault(f"500{ENGINE}", STALE, "etcdserver: request timed out", Status.STALE),
    Fault(f"503{ENGINE}", STALE, "currently unable to handle the request", Status.STALE),
    Fault(f"refuse{ENGINE}", STALE, ".", Status.STALE),
    Fault(f"slow:300ms{ENGINE}"),
    Fault(f"truncate{ENGINE}"),
    Fault(f"drop:0.5{ENGINE},garbage:every=300ms{WATCHES},slow:50ms{ENGINE}", STALE, "."),
    Fault(f"410:every=400ms{WATCHES},429:0.5:retry=1{ENGINE},split{ENGINE}", STALE, "."),
    Fault(f"500:0.4{ENGINE},refuse:0.3{ENGINE},end:every=200ms{WATCHES}", STALE, "."),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: re.sub("@[^,]*", "", fault.spec))
async def test_rows_stay_the_state_is_said_and_it_recovers_by_itself(
    server: SimulatedServer, fault: Fault
) -> None:
    async with Restless(server), Cluster(server.context, policy=POLICY) as cluster:
        rig = Rig(server, cluster)
        await rig.begin()
        await server.faults(fault.spec)
        try:
            await until(lambda: _all_struck(server, fault), 10)
            if fault.phase is not None:
                await eventually(lambda: rig.seen(fault.phase or STALE), 15, f"{fault.phase} said")
                assert any(re.search(fault.reason, reason) for reason in rig.seen(fault.phase))
            if fault.status is not None:
                await eventually(lambda: fault.status in rig.statuses, 15, f"{fault.status} said")
                assert re.search(fault.reason, rig.statuses[fault.status])
                assert rig.next_tries[-1] > time.monotonic() - 1
            assert all(len(reader.copy) for reader in rig.readers)
            await asyncio.sleep(0.5)  # let it last for a while
        finally:
            await server.faults("")
        await rig.nothing_was_lost()


async def _all_struck(server: SimulatedServer, fault: Fault) -> str:
    struck, wanted = await server.struck(), fault.spec.count(",") + 1
    return "" if len(struck) == wanted else f"only {struck} of {fault.spec}"


async def test_a_row_that_is_deleted_while_the_server_is_asked_is_no_loss(
    server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/api/v1/namespaces/default/pods"
    uid = (await server.ask("POST", path, pod("goes-meanwhile")))["metadata"]["uid"]
    async with Cluster(server.context, policy=POLICY) as cluster:
        rig = Rig(server, cluster)
        await rig.begin()
        pods = rig.readers[0]
        late = copy.copy(server)

        async def versions(of: str) -> dict[str, int]:
            found = await server.versions(of)
            if uid in found:
                await server.ask("DELETE", f"{path}/goes-meanwhile", {"gracePeriodSeconds": 0})
                await eventually(lambda: uid in pods.removed, 10, "gone")
            return found

        monkeypatch.setattr(late, "versions", versions)
        rig.server = late
        await rig.nothing_was_lost()
        assert uid in pods.removed
        pods.removed.update(await server.versions(pods.path))
        with pytest.raises(AssertionError, match="pods taken away"):
            await rig.nothing_was_lost()


class Hurried(SystemClock):
    """Waits grow to tens of seconds; here they stay short."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.4))


async def test_denied_rows_stay_and_come_back_when_rights_do(server: SimulatedServer) -> None:
    # what is only listed is always a little behind: watching is tried again soon
    policy = structs.replace(POLICY, polls_until_watch=2)
    async with Restless(server), Cluster(server.context, policy=policy, clock=Hurried()) as cluster:
        rig = Rig(server, cluster)
        await rig.begin()
        await server.faults(f"403{ENGINE},410:after=100ms{WATCHES}")
        try:
            # a refused watch is no refused list: the list is read again from time to time until then
            await eventually(lambda: rig.seen(Phase.DENIED), 15, "denied")
            assert all("denies access" in reason for reason in rig.seen(Phase.DENIED))
            assert all(len(reader.copy) for reader in rig.readers)
            assert cluster.health.status is Status.LIVE
        finally:
            await server.faults("")
        await rig.nothing_was_lost()


PLUGIN = """\
#!/bin/sh
date +%s.%N >> {calls}
token=$(date +%s%N)
printf '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"'
printf ',"status":{{"token":"%s"}}}}' "$token"
"""


def with_plugin(server: SimulatedServer, folder: Path) -> Context:
    """A context whose credentials come from a program, another one each time."""
    program = folder / "login"
    program.write_text(PLUGIN.format(calls=folder / "calls"))
    program.chmod(0o700)
    plugin = ExecPlugin(str(program), "client.authentication.k8s.io/v1", interactive_mode="Never")
    return dataclasses.replace(server.context, user_entry=User("plugin", exec=plugin))


async def test_credentials_that_expire_are_renewed_in_silence(
    server: SimulatedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "RENEWED_APART", 0.2)
    async with Restless(server), Cluster(with_plugin(server, tmp_path), policy=POLICY) as cluster:
        rig = Rig(server, cluster)
        await rig.begin()
        await server.faults(f"401:every=1s{ENGINE}")
        try:
            await until(lambda: _renewed(tmp_path / "calls", 3), 15)
        finally:
            await server.faults("")
        assert not rig.seen(Phase.STALE), "credentials that can be renewed are no failure"
        assert Status.DENIED not in rig.statuses
        await rig.nothing_was_lost()


async def _renewed(calls: Path, times: int) -> str:
    found = len(calls.read_text().splitlines())
    return "" if found > times else f"the program was called {found} times"


async def test_pages_that_never_end_are_given_up(
    server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "TIMEOUT", 0.7)
    async with Restless(server), Cluster(server.context, policy=POLICY) as cluster:
        rig = Rig(server, cluster)
        await rig.begin()
        await server.faults(f"410:after=100ms{WATCHES},halfopen@[?].*limit=")
        try:
            await eventually(lambda: any("did not answer" in r for r in rig.seen(STALE)), 15, "stale")
            assert all(len(reader.copy) for reader in rig.readers)
        finally:
            await server.faults("")
        await rig.nothing_was_lost()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[SimulatedServer]:
    """A cluster that a test may kill."""
    with SimulatedServer(tmp_path, "--churn", "50") as server:
        yield server


async def test_a_server_that_is_killed_and_started_again(own_server: SimulatedServer) -> None:
    async with Cluster(own_server.context, policy=POLICY) as cluster:
        rig = Rig(own_server, cluster)
        async with Restless(own_server):
            await rig.begin()
        own_server.kill()
        await eventually(lambda: rig.seen(STALE), 10, "stale")
        held = [set(reader.copy) for reader in rig.readers]  # what was on its way when it died has come
        assert all(held)
        await eventually(lambda: Status.STALE in rig.statuses, 10, "a stale session")
        assert "refused" in rig.statuses[Status.STALE]
        assert cluster.health.next_try is not None
        assert [set(reader.copy) for reader in rig.readers] == held
        own_server.start()
        async with Restless(own_server, seed=2):
            await rig.same(8)
            await eventually(lambda: cluster.health.status is Status.LIVE, 15, "a live session")
        assert not any(reader.resets for reader in rig.readers)


class Impatient(Connection):
    """Its time limits are short, so that a test need not wait for them."""

    async def request(self, method: str, path: str, **options: Any) -> Response:
        return await super().request(method, path, **{**options, "timeout": 1.0})

    def lines(self, path: str, **options: Any) -> AsyncGenerator[list[bytes], None]:
        return super().lines(path, open_timeout=1.0, **options)


async def test_a_server_that_hangs_is_found_out_and_catches_up(own_server: SimulatedServer) -> None:
    def connect() -> Connection:
        return Impatient(own_server.context)

    async with (
        Restless(own_server) as restless,
        Cluster(own_server.context, policy=POLICY, connect=connect) as cluster,
    ):
        rig = Rig(own_server, cluster)
        await rig.begin()
        await restless.pause()
        own_server.freeze()
        try:
            await eventually(lambda: rig.seen(STALE), 15, "stale")
            held = [set(reader.copy) for reader in rig.readers]  # what was on its way has come
            assert all(held)
            await eventually(lambda: Status.STALE in rig.statuses, 15, "a stale session")
            assert "did not answer" in rig.statuses[Status.STALE]
            assert [set(reader.copy) for reader in rig.readers] == held
        finally:
            own_server.resume()
        restless.go_on()
        await rig.nothing_was_lost()


LOGS = "@/log[?]|/pods/[^/?]+$"
LOG_FAULTS = [
    "halfopen:after=500ms:times=3@follow=",
    f"stall:1s:every=500ms{LOGS}",
    f"truncate:every=300ms{LOGS}",
    f"garbage:every=200ms{LOGS}",
    f"split{LOGS}",
    f"401{LOGS},drop:every=200ms{LOGS}",
    f"429:retry=1{LOGS},end:every=200ms{LOGS}",
    f"500:0.7{LOGS},drop:every=300ms{LOGS}",
    f"refuse:0.5{LOGS},truncate:every=300ms{LOGS}",
    f"slow:200ms{LOGS},drop:0.5{LOGS}",
]
FAST = {"demo.k8stui.dev/log-rate": "100"}
"""Annotation: the pod writes a hundred numbered lines a second."""


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedServer]:
    """A cluster in which containers restart only when they ended."""
    with SimulatedServer(tmp_path_factory.mktemp("quiet"), "--churn", "0") as server:
        yield server


@pytest.fixture(scope="module")
def writer(quiet_server: SimulatedServer) -> str:
    """A pod that runs and writes."""
    server, name, path = quiet_server, "writer", "/api/v1/namespaces/default/pods"
    server.request("POST", path, pod(name, annotations=FAST))
    limit = time.monotonic() + 30
    while json.loads(server.request("GET", f"{path}/{name}"))["status"].get("phase") != "Running":
        assert time.monotonic() < limit, "the pod does not run"
        time.sleep(0.1)
    return name


def numbers(buffer: LogBuffer) -> list[int]:
    """The numbers in the lines of the container, in the order in which they are held."""
    lines = [line for line in buffer.lines(buffer.first, buffer.end) if not line.mark]
    found = [re.match(r"\D*(\d+)", line.text) for line in lines]
    return [int(match[1]) for match in found if match]


def breaks(buffer: LogBuffer) -> list[str]:
    """Where numbers do not follow each other, with the line before and after."""
    found: list[str] = []
    before: LogLine | None = None
    number = -1
    for line in buffer.lines(buffer.first, buffer.end):
        match = None if line.mark else re.match(r"\D*(\d+)", line.text)
        if match is None:
            continue
        if before is not None and int(match[1]) != number + 1:
            found.append(f"{before.time} {before.text}\n{line.time} {line.text}")
        before, number = line, int(match[1])
    return found


@pytest.mark.parametrize("spec", LOG_FAULTS, ids=lambda spec: re.sub("@[^,]*", "", spec).replace("@", ""))
async def test_log_lines_come_once_each_and_in_order(
    quiet_server: SimulatedServer, writer: str, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = quiet_server
    monkeypatch.setattr(log_follow, "IDLE_SECONDS", 1.0)
    buffer = LogBuffer()
    async with Connection(server.context) as connection:
        logs = logs_of_pod(connection, "default", writer, tail=20, clock=Hurried())
        # a fault strikes requests that begin after it was set: the first stream ends by a fault of its own
        await server.faults("end:after=300ms@follow=")
        task = asyncio.create_task(logs.run(buffer.extend))
        try:
            await eventually(lambda: len(numbers(buffer)) > 30, 10, "lines")
            await server.faults(spec)
            await asyncio.sleep(1.5)
            await server.faults("")
            now = await _last_number(server, writer)
            await eventually(lambda: numbers(buffer)[-1] >= now, 15, "caught up")
        finally:
            await server.faults("")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert not breaks(buffer)
    assert not [line for line in buffer.lines(0, buffer.end) if line.mark == "gap"]


async def _last_number(server: SimulatedServer, name: str) -> int:
    path = f"/api/v1/namespaces/default/pods/{name}/log?tailLines=1"
    answer = await asyncio.to_thread(server.request, "GET", path)
    match = re.match(rb"\D*(\d+)", answer)
    assert match is not None
    return int(match[1])


SCREEN_FAULTS = [
    ("503", r"stale since \d+ s, next try in \d+ s", "unable to handle the request"),
    ("refuse", r"stale since \d+ s, next try in \d+ s", "127.0.0.1"),
    ("401", r"denied, next try in \d+ s", "Unauthorized"),
]


@pytest.mark.pty
@pytest.mark.parametrize(
    ("fault", "header", "reason"), SCREEN_FAULTS, ids=[each[0] for each in SCREEN_FAULTS]
)
async def test_the_screen_says_it_keeps_the_rows_and_recovers(
    quiet_server: SimulatedServer, tmp_path: Path, fault: str, header: str, reason: str
) -> None:
    environment = {
        "HOME": str(tmp_path),
        "K8STUI_CONFIG": str(tmp_path / "config.toml"),
        "K8STUI_STATE": str(tmp_path / "state"),
    }
    argv = [sys.executable, "-m", "k8stui", "--kubeconfig", str(quiet_server.kubeconfig), "-A", "pods"]
    await quiet_server.faults("drop:after=3s@watch=")  # watches that are open know nothing of later faults
    try:
        with PtyProgram(argv, columns=200, lines=45, env=environment) as program:
            screen = await shown(program, lambda text: is_live(text) and len(pod_names(text)) > 30)
            rows = set(
                pod_names(screen)[:20]
            )  # a pod that comes meanwhile moves the last ones off the screen
            await quiet_server.faults(f"{fault}{ENGINE}")
            said = re.compile(f"{header}: .*{reason}")
            screen = await shown(program, lambda text: said.search(text.splitlines()[0]) is not None)
            assert rows <= set(pod_names(screen))
            await quiet_server.faults("")
            screen = await shown(program, lambda text: is_live(text) and not re.search("stale|denied", text))
            assert rows <= set(pod_names(screen))
    finally:
        await quiet_server.faults("")


def is_live(screen: str) -> bool:
    """Whether the header says so."""
    return "● live" in screen.splitlines()[0]


async def shown(program: PtyProgram, condition: Callable[[str], bool], seconds: float = 20.0) -> str:
    """Wait until the screen is as it shall be; gives it."""
    limit = time.monotonic() + seconds
    while not condition(text := program.text()):
        assert time.monotonic() < limit, f"{program.process.poll()} {bytes(program.output[-300:])!r}\n{text}"
        await asyncio.sleep(0.05)
    return text


def pod_names(screen: str) -> list[str]:
    """What stands in the NAME column, as far as it can be told from a pod's other words."""
    return re.findall(r"(\S+) +\d+/\d+ ", screen)
