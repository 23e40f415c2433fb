"""The reflector keeps what is held equal to what the server has, whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.codecs import StructCodec
from k8stui.kube.errors import ApiError, ConnectionLost, CredentialsError
from k8stui.kube.live.collection import Changes, Collection, Phase
from k8stui.kube.live.reflector import Policy, Reflector
from k8stui.kube.objects import Pod
from tests.unit.fakes_connection import FakeApi, FakeClock, settle, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PODS = BUILTIN.get("", "pods")
assert PODS is not None


class Bench:
    """A fake server, a collection fed from it, and one reader."""

    def __init__(self, policy: Policy | None = None, *, auto: bool = True) -> None:
        self.api = FakeApi()
        self.clock = FakeClock(auto=auto)
        assert PODS is not None
        self.collection: Collection[Pod] = Collection(PODS, now=self.clock.monotonic)
        self.part = self.collection.parts[""]
        self.wakes = 0
        self.phases: list[Phase] = []
        self.reader = self.collection.subscribe(self._woken)
        self.troubles: list[Exception] = []
        self.reflector: Reflector[Pod] = Reflector(
            self.api,
            "/api/v1/pods",
            StructCodec(Pod),
            self.part,
            policy=policy or Policy(),
            clock=self.clock,
            rng=random.Random(7),
            on_trouble=self.troubles.append,
        )
        self.task: asyncio.Task[Any] | None = None
        self.seen_states: list[str] = []

    def _woken(self) -> None:
        self.wakes += 1

    def start(self) -> None:
        original = self.part.status

        def status(phase: Phase, reason: str = "", **more: Any) -> None:
            original(phase, reason, **more)
            self.phases.append(phase)
            self.seen_states.append(f"{phase.value}: {reason}")

        self.part.status = status  # type: ignore[method-assign]
        self.task = asyncio.create_task(self.reflector.run())

    async def live(self) -> None:
        await until(lambda: self.api.watches and self.collection.state.phase is Phase.LIVE)
        await settle()

    def names(self) -> set[str]:
        return {pod.metadata.name for pod in self.collection.objects.values()}

    def take(self) -> Changes:
        return self.reader.take()

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.stop()


@pytest.fixture
async def paged() -> AsyncIterator[Bench]:
    bench = Bench(Policy(page_size=2))
    yield bench
    await bench.stop()


async def test_a_list_is_followed_by_a_watch_from_its_version(bench: Bench) -> None:
    bench.api.put("a")
    version = bench.api.version
    bench.start()
    await bench.live()
    assert bench.names() == {"a"}
    watch = bench.api.asked(watch=True)[0]
    assert watch.params["resourceVersion"] == str(version)
    assert watch.params["allowWatchBookmarks"] == "true"
    assert 300 <= int(watch.params["timeoutSeconds"]) <= 600


async def test_changes_arrive_and_are_told_once(bench: Bench) -> None:
    bench.api.put("a")
    bench.start()
    await bench.live()
    bench.take()
    bench.wakes = 0
    for phase in ("Pending", "Running", "Succeeded"):
        bench.api.put("a", status={"phase": phase})
    bench.api.put("b")
    await until(lambda: bench.names() == {"a", "b"})
    await settle()
    changes = bench.take()
    assert (changes.reset, changes.changed, changes.removed) == (False, {"uid-a", "uid-b"}, set())
    assert bench.wakes == 1
    assert bench.collection.objects["uid-a"].status.phase == "Succeeded"


async def test_the_first_page_is_there_before_the_last(paged: Bench) -> None:
    for n in range(7):
        paged.api.put(f"p{n}")
    held = asyncio.Event()
    seen: list[int] = []
    original = paged.api.request

    async def slow_third_page(method: str, path: str, **options: Any) -> Any:
        if len(paged.api.asked(watch=False)) == 2:
            await held.wait()
        return await original(method, path, **options)

    paged.api.request = slow_third_page  # type: ignore[method-assign]
    paged.start()
    await until(lambda: len(paged.names()) == 4)
    state = paged.collection.state
    assert (state.phase, state.loaded, state.total) == (Phase.LOADING, 4, 7)
    seen.append(state.loaded)
    held.set()
    await paged.live()
    assert len(paged.names()) == 7
    assert [request.params["limit"] for request in paged.api.asked(watch=False)] == ["2"] * 4


async def test_the_next_page_is_asked_for_while_this_one_is_decoded(paged: Bench) -> None:
    for n in range(4):
        paged.api.put(f"p{n}")
    order: list[str] = []
    page = paged.part.page
    request = paged.api.request

    def note_page(objects: Any) -> None:
        order.append(f"{len(objects)} held")
        page(objects)

    async def note_request(method: str, path: str, **options: Any) -> Any:
        order.append("asked")
        return await request(method, path, **options)

    paged.part.page = note_page  # type: ignore[method-assign]
    paged.api.request = note_request  # type: ignore[method-assign]
    paged.start()
    await paged.live()
    assert order[0] == "asked"
    assert order.count("asked") == 2
    assert order.index("2 held") <= 2


async def test_the_end_of_a_watch_resumes_without_a_new_list(bench: Bench) -> None:
    bench.api.put("a")
    bench.start()
    await bench.live()
    bench.api.put("b")
    await until(lambda: len(bench.names()) == 2)
    bench.clock.now += 400
    bench.api.watches[0].end()
    await until(lambda: len(bench.api.asked(watch=True)) == 2)
    await bench.live()
    assert len(bench.api.asked(watch=False)) == 1
    assert bench.api.asked(watch=True)[1].params["resourceVersion"] == str(bench.api.version)
    assert Phase.STALE not in bench.phases
    assert bench.clock.slept == []


async def test_a_bookmark_moves_the_version_to_resume_from(bench: Bench) -> None:
    bench.api.put("a")
    bench.start()
    await bench.live()
    bench.api.version += 50
    bench.api.bookmark()
    await settle()
    bench.clock.now += 400
    bench.api.watches[0].end()
    await until(lambda: len(bench.api.asked(watch=True)) == 2)
    assert bench.api.asked(watch=True)[1].params["resourceVersion"] == str(bench.api.version)


@pytest.mark.parametrize("form", ["in the stream", "as an answer"])
async def test_410_lists_again_and_reports_only_what_is_different(bench: Bench, form: str) -> None:
    for name in ("stays", "changes", "goes"):
        bench.api.put(name)
    bench.start()
    await bench.live()
    bench.take()
    kept = bench.collection.objects["uid-stays"]
    bench.clock.now += 400
    watch = bench.api.watches[0]
    bench.api.watches.clear()  # the server's changes no longer reach it
    bench.api.put("changes")
    bench.api.delete("goes")
    bench.api.put("comes")
    bench.api.compact()
    if form == "as an answer":
        bench.api.watch_faults.append(ApiError(410, "Expired", "too old resource version"))
    bench.api.watches.append(watch)
    watch.end()
    await until(lambda: bench.names() == {"stays", "changes", "comes"})
    await bench.live()
    changes = bench.take()
    assert not changes.reset
    assert changes.changed == {"uid-changes", "uid-comes"}
    assert changes.removed == {"uid-goes"}
    assert bench.collection.objects["uid-stays"] is kept
    assert len(bench.api.asked(watch=False)) == 2


async def test_a_replaced_object_is_another_row(bench: Bench) -> None:
    bench.api.put("a", uid="first")
    bench.start()
    await bench.live()
    bench.take()
    bench.api.delete("a")
    bench.api.put("a", uid="second")
    await until(lambda: "second" in bench.collection.objects)
    changes = bench.take()
    assert (changes.changed, changes.removed) == ({"second"}, {"first"})


async def test_rows_stay_while_the_server_is_away(bench: Bench) -> None:
    bench.api.put("a")
    bench.start()
    await bench.live()
    bench.api.watch_faults.extend([ConnectionLost("refused", kind="refused")] * 6)
    bench.phases.clear()
    bench.api.watches[0].fail(ConnectionLost("the server hung up"))
    await until(lambda: not bench.api.watch_faults)
    await bench.live()
    assert bench.names() == {"a"}
    assert set(bench.phases) == {Phase.STALE, Phase.LIVE}
    assert len(bench.api.asked(watch=False)) == 1
    assert any("the server hung up" in state for state in bench.seen_states)
    assert len(bench.troubles) == 7


async def test_waits_grow_with_jitter_and_have_a_ceiling(bench: Bench) -> None:
    bench.api.list_faults.extend([ConnectionLost("no route")] * 40)
    bench.start()
    await bench.live()
    waits = bench.clock.slept
    assert len(waits) == 40
    assert all(wait <= 0.5 * 2**n for n, wait in enumerate(waits[:6]))
    assert max(waits) <= 30
    assert max(waits[10:]) > 20
    assert len({round(wait, 6) for wait in waits[10:]}) == 30


async def test_a_healthy_stretch_forgives_earlier_failures(bench: Bench) -> None:
    bench.api.list_faults.extend([ConnectionLost("no route")] * 20)
    bench.start()
    await bench.live()
    bench.clock.slept.clear()
    bench.clock.now += 60
    bench.api.watches[0].fail()
    await until(lambda: len(bench.clock.slept) == 1)
    assert bench.clock.slept[0] <= 0.5


async def test_a_page_that_takes_too_long_is_asked_for_in_half(bench: Bench) -> None:
    slow = "did not answer within 60 s"
    bench.api.list_faults += [ConnectionLost(slow, kind="timeout"), ConnectionLost(slow, kind="timeout")]
    bench.api.list_faults.append(ConnectionLost("broke"))
    bench.start()
    await bench.live()
    limits = [request.params["limit"] for request in bench.api.asked(watch=False)]
    assert limits == ["500", "250", "125", "125"]


async def test_retry_after_is_honoured(bench: Bench) -> None:
    bench.api.list_faults.append(ApiError(429, "TooManyRequests", "slow down", retry_after=7))
    bench.api.list_faults.append(ApiError(503, "ServiceUnavailable", "not yet", retry_after=3))
    bench.start()
    await bench.live()
    first, second = bench.clock.slept
    assert 7 <= first <= 8
    assert 3 <= second <= 4
    assert "stale: slow down; the server asks to wait; it is tried again" in bench.seen_states


async def test_a_watch_that_ends_at_once_does_not_spin_and_says_so(bench: Bench) -> None:
    bench.api.put("a")
    bench.api.end_at_once = 12
    bench.start()
    await until(lambda: bench.api.watches)
    assert len(bench.clock.slept) == 12
    assert sum(bench.clock.slept) > 20
    assert any("ends each watch at once (3 times" in state for state in bench.seen_states)
    assert bench.names() == {"a"}


async def test_forbidden_says_the_servers_reason_and_finds_out_when_rights_come(bench: Bench) -> None:
    said = 'pods is forbidden: User "viewer" cannot list resource "pods"'
    bench.api.list_faults.extend([ApiError(403, "Forbidden", said)] * 2)
    bench.api.put("a")
    bench.start()
    await bench.live()
    assert bench.phases[1] is Phase.DENIED
    assert f"denied: {said}" in bench.seen_states
    assert all(20 <= wait <= 60 for wait in bench.clock.slept)
    assert bench.names() == {"a"}


async def test_a_kind_that_is_not_there_is_gone_and_may_come(bench: Bench) -> None:
    bench.api.list_faults.append(ApiError(404, "NotFound", "the server could not find the resource"))
    bench.start()
    await bench.live()
    assert Phase.GONE in bench.phases


async def test_refused_credentials_are_told_and_tried_again(bench: Bench) -> None:
    bench.api.put("a")
    bench.start()
    await bench.live()
    bench.api.watch_faults.append(ApiError(401, "Unauthorized", "Unauthorized"))
    bench.api.watch_faults.append(CredentialsError("the plugin failed"))
    bench.api.watches[0].fail()
    await until(lambda: not bench.api.watch_faults)
    await bench.live()
    assert "stale: Unauthorized; log in again or renew the credentials of this context" in bench.seen_states
    assert "stale: the plugin failed" in bench.seen_states
    assert bench.names() == {"a"}


@pytest.mark.parametrize("garbage", [b"\x00\xff", b'{"type":"MODIFIED","obj', b"<html>", b'{"type":"ODD"}'])
async def test_after_garbage_the_watch_resumes_from_the_last_good_line(bench: Bench, garbage: bytes) -> None:
    bench.start()
    await bench.live()
    bench.api.put("good")
    version = bench.api.version
    watch = bench.api.watches[0]
    bench.api.watches.clear()
    bench.api.put("lost")
    bench.api.watches.append(watch)
    watch.write(garbage, b'{"type":"ADDED","object":{"metadata":{"name":"never","uid":"never"}}}')
    await until(lambda: bench.names() == {"good", "lost"})
    assert bench.api.asked(watch=True)[-1].params["resourceVersion"] == str(version)
    assert len(bench.api.asked(watch=False)) == 1


async def test_garbage_that_does_not_end_lets_the_list_be_read_again(bench: Bench) -> None:
    bench.start()
    await bench.live()
    for n in range(3):
        await until(lambda n=n: bench.api.watches and len(bench.api.asked(watch=True)) == n + 1)  # type: ignore[misc]
        bench.api.watches[0].write(b"garbage")
    await until(lambda: len(bench.api.asked(watch=False)) == 2)


async def test_an_object_that_does_not_fit_its_struct_is_a_row_all_the_same(bench: Bench) -> None:
    bench.start()
    await bench.live()
    bench.api.put("odd", spec={"containers": None, "nodeName": 7}, status={"phase": ["x"]})
    await until(lambda: bench.names() == {"odd"})
    assert len(bench.api.asked(watch=True)) == 1


async def test_an_expired_page_goes_on_with_the_fresh_token(paged: Bench) -> None:
    for n in range(5):
        paged.api.put(f"p{n}")
    first_version = str(paged.api.version)
    original = paged.api.request
    count = 0

    async def expire(method: str, path: str, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            paged.api._snapshots.clear()
            paged.api.put("p4")
        return await original(method, path, **options)

    paged.api.request = expire  # type: ignore[method-assign]
    paged.start()
    await paged.live()
    assert len(paged.names()) == 5
    assert paged.api.asked(watch=True)[0].params["resourceVersion"] == first_version


async def test_a_failed_page_is_asked_for_again_by_itself(paged: Bench) -> None:
    for n in range(6):
        paged.api.put(f"p{n}")
    paged.api.list_faults.extend([None, None, ApiError(503, "ServiceUnavailable", "hiccup")])
    paged.start()
    await paged.live()
    assert len(paged.names()) == 6
    tokens = [request.params.get("continue", "") for request in paged.api.asked(watch=False)]
    assert tokens.count("") == 1
    assert tokens[2] == tokens[3]


async def test_an_incomplete_list_removes_nothing(paged: Bench) -> None:
    for n in range(6):
        paged.api.put(f"p{n}")
    paged.start()
    await paged.live()
    paged.api.compact()
    paged.api.version += 1
    paged.api.oldest = paged.api.version
    paged.api.list_faults.extend([None, *[ConnectionLost("broke")] * 3])
    paged.clock.now += 100
    paged.api.watches[0].end()
    await until(lambda: not paged.api.list_faults)
    assert len(paged.names()) == 6
    await paged.live()
    assert len(paged.names()) == 6
    assert paged.take().removed == set()


async def test_silence_opens_the_watch_anew_without_a_word(bench: Bench) -> None:
    bench.start()
    await bench.live()
    bench.phases.clear()
    bench.clock.now += 105
    bench.api.watches[0].fail(ConnectionLost("nothing came", kind="idle"))
    await until(lambda: len(bench.api.asked(watch=True)) == 2)
    await bench.live()
    assert set(bench.phases) <= {Phase.LIVE}


async def test_check_opens_quiet_watches_anew(bench: Bench) -> None:
    bench.start()
    await bench.live()
    bench.clock.now += 10
    bench.reflector.check(20)
    await settle()
    assert len(bench.api.asked(watch=True)) == 1
    bench.clock.now += 15
    bench.reflector.check(20)
    await until(lambda: len(bench.api.asked(watch=True)) == 2)
    assert len(bench.api.asked(watch=False)) == 1


async def test_retry_now_ends_a_wait() -> None:
    bench = Bench(auto=False)
    bench.api.list_faults.append(ConnectionLost("down"))
    bench.start()
    await until(lambda: bench.clock.slept)
    state = bench.collection.state
    assert state.phase is Phase.STALE
    assert state.next_try == bench.clock.now + bench.clock.slept[0]
    bench.reflector.retry_now()
    await bench.live()
    await bench.stop()


async def test_watching_is_tried_again_after_some_lists() -> None:
    bench = Bench(Policy(polls_until_watch=3))
    bench.api.put("a")
    bench.api.watch_faults.append(ApiError(403, "Forbidden", "cannot watch"))
    bench.start()
    await bench.live()
    assert len(bench.api.asked(watch=False)) == 4
    assert len(bench.api.asked(watch=True)) == 2
    await bench.stop()


async def test_watching_forbidden_but_listing_allowed_lists_from_time_to_time() -> None:
    bench = Bench(Policy(polls_until_watch=10**9))
    bench.api.put("a")
    bench.api.watch_faults.append(ApiError(403, "Forbidden", "cannot watch"))
    bench.start()
    await until(lambda: len(bench.api.asked(watch=False)) >= 3)
    assert len(bench.api.asked(watch=True)) == 1
    assert bench.collection.state.phase is Phase.LIVE
    assert "every 30 s" in bench.collection.state.reason
    await bench.stop()


async def test_a_streamed_list_becomes_the_watch() -> None:
    bench = Bench(Policy(watch_list=True))
    bench.api.put("a")
    bench.api.put("b")
    bench.start()
    await bench.live()
    await until(lambda: len(bench.names()) == 2)
    bench.api.put("c")
    await until(lambda: len(bench.names()) == 3)
    assert bench.api.asked(watch=False) == []
    assert len(bench.api.asked(watch=True)) == 1
    bench.clock.now += 100
    bench.api.watches[0].end()
    await until(lambda: len(bench.api.asked(watch=True)) == 2)
    assert bench.api.asked(watch=True)[1].params["resourceVersion"] == str(bench.api.version)
    await bench.stop()


@pytest.mark.parametrize("code", [400, 422])
async def test_a_server_without_streamed_lists_is_asked_the_older_way(code: int) -> None:
    bench = Bench(Policy(watch_list=True))
    bench.api.put("a")
    bench.api.watch_faults.append(ApiError(code, "Invalid", "sendInitialEvents is forbidden"))
    bench.start()
    await bench.live()
    assert bench.names() == {"a"}
    assert len(bench.api.asked(watch=False)) == 1
    await bench.stop()


async def test_cancelling_leaves_no_task_behind(paged: Bench) -> None:
    for n in range(9):
        paged.api.put(f"p{n}")
    before = asyncio.all_tasks()
    paged.start()
    await until(lambda: len(paged.names()) >= 2)
    await paged.stop()
    assert asyncio.all_tasks() == before
