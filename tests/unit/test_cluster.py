"""A cluster opens whatever the server does, shares what is read, says how things stand, and ends clean."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.cluster import Cluster
from k8stui.kube.errors import ApiError, ConnectionLost, CredentialsError, KubeconfigError
from k8stui.kube.health import Status
from k8stui.kube.kubeconfig.types import Cluster as ClusterEntry
from k8stui.kube.kubeconfig.types import Context, User
from k8stui.kube.live.collection import Phase
from tests.unit.fakes_connection import FakeApi, FakeClock, Request, settle, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

GOLDEN = Path(__file__).parent.parent / "golden" / "discovery"
PODS: Any = BUILTIN.find("pods")
CONTEXT = Context("test", ClusterEntry("c", "https://example.invalid"), User("jane"), "team")


class Server(FakeApi):
    """Pods, discovery, version; `down` makes every request fail."""

    def __init__(self) -> None:
        super().__init__()
        self.down: Exception | None = None
        self.answers = {
            "/version": lambda _: b'{"gitVersion":"v1.34.9"}',
            "/api": lambda _: (GOLDEN / "aggregated-api.json").read_bytes(),
            "/apis": lambda _: (GOLDEN / "aggregated-apis.json").read_bytes(),
            "/apis/authentication.k8s.io/v1/selfsubjectreviews": lambda _: (
                b'{"status":{"userInfo":{"username":"jane@corp"}}}'
            ),
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": self._definitions,
        }
        self.definitions = 1

    def _definitions(self, request: Request) -> bytes:
        return b'{"kind":"Table","metadata":{"resourceVersion":"100"},"columnDefinitions":[],"rows":[]}'

    async def request(self, method: str, path: str, **options: Any) -> Any:
        if self.down is not None:
            self.requests.append(Request(method, path, dict(options.get("params") or {}), ""))
            await asyncio.sleep(0)
            raise self.down
        return await super().request(method, path, **options)

    async def lines(self, path: str, **options: Any) -> AsyncGenerator[list[bytes], None]:
        if self.down is not None:
            await asyncio.sleep(0)
            raise self.down
        async for batch in super().lines(path, **options):
            yield batch


class Bench:
    def __init__(self, **options: Any) -> None:
        self.server = Server()
        self.clock = FakeClock(auto=False)
        self.changes = 0
        self.cluster = Cluster(
            options.pop("context", CONTEXT),
            connect=options.pop("connect", lambda: self.server),
            clock=self.clock,
            rng=random.Random(5),
            **options,
        )
        self.cluster.observe(self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def status(self, status: Status) -> None:
        await until(lambda: self.cluster.health.status is status)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench(grace=0.02)
    await bench.cluster.open()
    yield bench
    await bench.cluster.close()


async def test_version_user_and_kinds_are_learnt(bench: Bench) -> None:
    assert bench.cluster.user == "jane"
    assert bench.cluster.catalog is BUILTIN
    await bench.status(Status.LIVE)
    await until(lambda: bench.cluster.user == "jane@corp")
    assert bench.cluster.version == "v1.34.9"
    assert bench.cluster.catalog.is_complete
    assert bench.cluster.catalog.find("hpa") is not None
    assert bench.changes >= 3


async def test_rows_come_before_discovery(bench: Bench) -> None:
    bench.server.put("a")
    bench.server.answers["/apis"] = bench.server.answers["/apis"]
    reader = bench.cluster.subscribe(PODS, wake=lambda: None)
    await until(lambda: reader.collection.objects)
    assert set(reader.collection.objects) == {"uid-a"}


async def test_readers_of_the_same_share_a_collection(bench: Bench) -> None:
    one = bench.cluster.subscribe(PODS, wake=lambda: None)
    two = bench.cluster.subscribe(PODS, wake=lambda: None)
    other = bench.cluster.subscribe(PODS, namespaces=("shop",), wake=lambda: None)
    assert one.collection is two.collection
    assert one.collection is not other.collection
    await until(lambda: len(bench.server.watches) >= 2)
    assert len(bench.server.asked("/api/v1/pods", watch=False)) == 1


async def test_a_collection_goes_some_time_after_its_last_reader(bench: Bench) -> None:
    one = bench.cluster.subscribe(PODS, wake=lambda: None)
    two = bench.cluster.subscribe(PODS, wake=lambda: None)
    await until(lambda: bench.server.watches)
    one.close()
    await asyncio.sleep(0.04)
    assert len(bench.server.watches) == 1
    two.close()
    three = bench.cluster.subscribe(PODS, wake=lambda: None)
    await asyncio.sleep(0.04)
    assert three.collection is one.collection
    three.close()
    await until(lambda: not bench.server.watches)
    assert PODS.plural not in [collection.kind.plural for collection in bench.cluster.collections]
    assert one.collection.objects == {}


async def test_several_namespaces_are_one_collection(bench: Bench) -> None:
    bench.server.put("a", namespace="one")
    bench.server.put("b", namespace="two")
    bench.server.put("c", namespace="three")
    reader = bench.cluster.subscribe(PODS, namespaces=("two", "one"), wake=lambda: None)
    await until(lambda: len(reader.collection.objects) == 2)
    assert reader.collection.namespaces == ("one", "two")
    assert set(reader.collection.objects) == {"uid-a", "uid-b"}


async def test_a_dead_server_is_a_state_and_is_found_when_it_comes() -> None:
    bench = Bench()
    bench.server.down = ConnectionLost("connection refused", kind="refused")
    bench.server.put("a")
    await bench.cluster.open()
    reader = bench.cluster.subscribe(PODS, wake=lambda: None)
    await bench.status(Status.OFFLINE)
    health = bench.cluster.health
    assert "connection refused" in health.reason
    assert health.next_try is not None
    await until(lambda: reader.collection.state.phase is Phase.STALE)
    assert "connection refused" in reader.collection.state.reason
    for _ in range(5):
        await bench.clock.advance(31)
    assert bench.cluster.health.status is Status.OFFLINE
    bench.server.down = None
    await bench.clock.advance(31)
    await bench.status(Status.LIVE)
    await until(lambda: reader.collection.state.phase is Phase.LIVE)
    assert set(reader.collection.objects) == {"uid-a"}
    await until(lambda: bench.cluster.catalog.is_complete)
    await bench.cluster.close()


async def test_a_server_that_goes_away_leaves_rows_and_a_reason(bench: Bench) -> None:
    bench.server.put("a")
    reader = bench.cluster.subscribe(PODS, wake=lambda: None)
    await until(lambda: reader.collection.state.phase is Phase.LIVE and bench.server.watches)
    await bench.status(Status.LIVE)
    bench.server.down = ConnectionLost("no route to host")
    for watch in tuple(bench.server.watches):
        watch.fail()
    await bench.status(Status.STALE)
    await until(lambda: reader.collection.state.phase is Phase.STALE)
    assert set(reader.collection.objects) == {"uid-a"}
    bench.server.down = None
    bench.cluster.retry_now()
    await bench.status(Status.LIVE)
    await until(lambda: reader.collection.state.phase is Phase.LIVE)


async def test_a_dead_server_found_by_one_request_is_found_for_all(bench: Bench) -> None:
    readers = [
        bench.cluster.subscribe(PODS, namespaces=(name,), wake=lambda: None) for name in ("one", "two")
    ]
    await until(lambda: len([w for w in bench.server.watches if "pods" in w.request.path]) == 2)
    await bench.status(Status.LIVE)
    bench.server.down = ConnectionLost("no route to host")
    bench.server.watches[0].fail()  # the others are half-open: nothing tells them
    await until(lambda: all(r.collection.state.phase is Phase.STALE for r in readers))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ApiError(401, "Unauthorized", "Unauthorized"), Status.DENIED),
        (CredentialsError("the plugin aws failed"), Status.DENIED),
        (ApiError(503, "ServiceUnavailable", "starting"), Status.OFFLINE),
        (ApiError(200, "NotKubernetes", "a page of a hotel"), Status.OFFLINE),
        (ApiError(302, "Redirect", "sent to a login"), Status.OFFLINE),
        (ApiError(403, "Forbidden", "you may not see the version"), Status.LIVE),
    ],
)
async def test_what_the_first_answer_says(error: Exception, status: Status) -> None:
    bench = Bench()
    bench.server.down = error
    await bench.cluster.open()
    await bench.status(status)
    await bench.cluster.close()


async def test_a_broken_kubeconfig_is_a_state_as_well() -> None:
    def connect() -> Any:
        raise KubeconfigError("the certificate authority is missing")

    bench = Bench(connect=connect)
    await bench.cluster.open()
    await bench.status(Status.OFFLINE)
    assert "certificate authority" in bench.cluster.health.reason
    reader = bench.cluster.subscribe(PODS, wake=lambda: None)
    await until(lambda: "certificate authority" in reader.collection.state.reason)
    with pytest.raises(KubeconfigError):
        _ = bench.cluster.connection
    await bench.cluster.close()


async def test_a_defect_of_ours_is_a_visible_state_and_starts_again(bench: Bench) -> None:
    bench.server.put("a")
    bench.server.list_faults.append(RuntimeError("a bug"))
    reader = bench.cluster.subscribe(PODS, wake=lambda: None)
    await until(lambda: reader.collection.state.phase is Phase.STALE)
    assert "internal error" in reader.collection.state.reason
    assert "a bug" in reader.collection.state.reason
    await bench.clock.advance(5)
    await until(lambda: reader.collection.state.phase is Phase.LIVE)
    assert set(reader.collection.objects) == {"uid-a"}


async def test_what_is_no_api_server_is_not_live() -> None:
    bench = Bench()
    bench.server.answers["/version"] = lambda _: b"It works!"
    await bench.cluster.open()
    await until(lambda: "/version was answered with something else" in bench.cluster.health.reason)
    assert bench.cluster.health.status is not Status.LIVE
    await bench.cluster.close()


async def test_a_defect_of_ours_ends_neither_the_health_nor_the_discovery() -> None:
    bench = Bench()
    bench.server.down = RuntimeError("a bug")
    await bench.cluster.open()
    await bench.status(Status.OFFLINE)
    assert "a bug" in bench.cluster.health.reason
    assert "a bug" in bench.cluster.discovery_error
    bench.server.down = None
    await bench.clock.advance(5)
    await bench.status(Status.LIVE)
    await until(lambda: bench.cluster.catalog.is_complete)
    assert not bench.cluster.discovery_error
    await bench.cluster.close()


async def test_kinds_are_read_again_when_asked_and_gone_kinds_are_tried(bench: Bench) -> None:
    await until(lambda: bench.cluster.catalog.is_complete)
    gadgets = bench.cluster.catalog.find("gadgets")
    assert gadgets is not None
    reader = bench.cluster.subscribe(gadgets, wake=lambda: None)
    await until(lambda: reader.collection.state.phase is Phase.GONE)
    body = (GOLDEN / "aggregated-apis.json").read_bytes().replace(b'"gizmo"', b'"gadget"')
    bench.server.answers["/apis"] = lambda _: body.replace(b'"shortNames"', b'"shortNames"', 1).replace(
        b"storage.k8s.io", b"storage2.k8s.io"
    )
    bench.server.answers[gadgets.path()] = lambda _: (
        b'{"kind":"Table","metadata":{"resourceVersion":"100"},"columnDefinitions":[],"rows":[]}'
    )
    catalog = await bench.cluster.rediscover()
    assert catalog.find("storageclasses.storage2.k8s.io") is not None
    await until(lambda: reader.collection.state.phase is Phase.LIVE)


async def test_a_changed_definition_lets_the_kinds_be_read_again(bench: Bench) -> None:
    await until(lambda: bench.cluster.catalog.is_complete)
    await settle()
    await bench.clock.advance(6)
    await until(lambda: any("customresourcedefinitions" in w.request.path for w in bench.server.watches))
    await settle()
    asked = len(bench.server.asked("/apis"))
    watch = next(w for w in bench.server.watches if "customresourcedefinitions" in w.request.path)
    watch.write(
        b'{"type":"ADDED","object":{"kind":"Table","metadata":{"resourceVersion":"101"},"rows":[{"cells":["x"],'
        b'"object":{"metadata":{"name":"x","uid":"x","resourceVersion":"101"}}}]}}'
    )
    await settle()
    await bench.clock.advance(2)
    await until(lambda: len(bench.server.asked("/apis")) == asked + 1)


async def test_closing_ends_everything() -> None:
    before = asyncio.all_tasks()
    bench = Bench()
    bench.server.put("a")
    await bench.cluster.open()
    readers = [bench.cluster.subscribe(PODS, namespaces=ns, wake=lambda: None) for ns in ((), ("a", "b"))]
    await until(lambda: len(bench.server.watches) >= 3)
    await bench.cluster.close()
    await settle()
    assert asyncio.all_tasks() == before
    assert bench.server.closed
    assert bench.server.watches == []
    for reader in readers:
        reader.close()
    with pytest.raises(ConnectionLost):
        _ = bench.cluster.connection


async def test_closing_while_nothing_answers_does_not_hang() -> None:
    before = asyncio.all_tasks()
    bench = Bench()

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    bench.server.request = never  # type: ignore[method-assign]
    await bench.cluster.open()
    bench.cluster.subscribe(PODS, wake=lambda: None)
    await settle()
    async with asyncio.timeout(2):
        await bench.cluster.close()
    assert asyncio.all_tasks() == before


async def test_namespaces_of_a_limited_user(bench: Bench) -> None:
    def reviews(request: Request) -> bytes:
        return b'{"status":{"allowed":true}}' if b'"team"' in (request.body or b"") else b'{"status":{}}'

    def forbidden(request: Request) -> bytes:
        raise ApiError(403, "Forbidden", "namespaces is forbidden")

    bench.server.answers["/api/v1/namespaces"] = forbidden
    bench.server.answers["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"] = reviews
    found = await bench.cluster.visible_namespaces(["other"])
    assert (found.names, found.complete) == (("team",), False)
