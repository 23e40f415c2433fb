"""Places for streams of all logs: a limit, a visible queue, turns, what is in view first, and fairness."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.logs.pool import Place, Share, StreamPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Streams:
    """Some that want to be open, each until it is recalled."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task[Place]] = {}

    async def want(self, share: Share, *keys: str) -> None:
        for key in keys:
            self.tasks[key] = asyncio.ensure_future(share.acquire(key))
        await settle()

    @property
    def open(self) -> set[str]:
        return {key for key, task in self.tasks.items() if task.done()}

    @property
    def recalled(self) -> set[str]:
        return {key for key in self.open if self.tasks[key].result().recalled}

    async def release(self, *keys: str) -> None:
        for key in keys:
            self.tasks.pop(key).result().release()
        await settle()


@asynccontextmanager
async def streams() -> AsyncIterator[Streams]:
    found = Streams()
    yield found
    for task in found.tasks.values():
        task.cancel()
    await asyncio.gather(*found.tasks.values(), return_exceptions=True)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_streams_are_open_and_the_others_wait_in_order() -> None:
    pool = StreamPool(2)
    share = pool.share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b", "c", "d")
        assert (pool.open, share.waiting) == (2, {"c": 1, "d": 2})
        wanted.tasks["a"].result().release()
        await wanted.release("a")
        assert wanted.open == {"b", "c"}, "giving a place back twice is no harm"
        assert share.waiting == {"d": 1}
        wanted.tasks["d"].cancel()
        await settle()
        assert share.waiting == {}


async def test_who_is_given_up_gets_no_place_though_its_task_has_not_gone_yet() -> None:
    pool = StreamPool(1)
    share = pool.share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b", "c")
        wanted.tasks["b"].cancel()
        wanted.tasks["a"].result().release()
        await settle()
        assert pool.open == 1
        assert wanted.tasks["b"].cancelled()
        assert wanted.tasks["c"].result().key == "c"


async def test_one_that_wants_no_more_in_the_very_moment_takes_no_place_with_it() -> None:
    """All streams are cut together when the server may be gone: one gives its place back, others go."""
    share = StreamPool(1).share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b", "c")
        wanted.tasks["b"].cancel()
        await wanted.release("a")
        assert "c" in wanted.open
        assert share.pool.open == 1


async def test_what_is_in_view_comes_first() -> None:
    share = StreamPool(1).share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b", "c")
        share.prefer(["c"])
        assert share.waiting == {"c": 1, "b": 2}
        await wanted.release("a")
        assert wanted.open == {"c"}


async def test_of_two_logs_the_one_that_the_reader_is_in_comes_first() -> None:
    pool = StreamPool(1)
    here, there = pool.share(), pool.share()
    async with streams() as wanted:
        await wanted.want(there, "t1", "t2")
        await wanted.want(here, "h1", "h2")
        there.prefer(["t2"])
        here.prefer(["h1"], focused=True)
        assert [waiter.key for waiter in pool.queue] == ["h1", "t2", "h2"]
        assert there.waiting == {"t2": 2}


async def test_logs_that_want_the_same_share_the_places_fairly() -> None:
    pool = StreamPool(6)
    many, few = pool.share(), pool.share()
    async with streams() as wanted:
        await wanted.want(many, "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8")
        await wanted.want(few, "b1", "b2", "b3", "b4")
        assert [waiter.key for waiter in pool.queue][:4] == ["b1", "b2", "b3", "b4"]
        await wanted.release("a1", "a2", "a3")
        assert (many.open, few.open) == (3, 3)
        assert [waiter.key for waiter in pool.queue] == ["a7", "b4", "a8"]


async def test_what_follows_the_selection_takes_no_place_from_a_query() -> None:
    now = 0.0
    pool = StreamPool(3, turn=10, monotonic=lambda: now)
    query, preview = pool.share(), pool.share(own=2)
    async with streams() as wanted:
        await wanted.want(query, "a1", "a2", "a3")
        assert query.is_full
        assert not preview.is_full
        await wanted.want(preview, "p1", "p2")
        now = 60.0
        pool.arrange()
        assert wanted.open == {"a1", "a2", "a3", "p1", "p2"}
        assert (wanted.recalled, pool.open, preview.open) == (set(), 3, 2)
        await wanted.want(preview, "p3")
        assert len(wanted.recalled) == 1, "more than its own are of the pool"
        assert wanted.recalled < {"a1", "a2", "a3"}, "its own are never recalled"
        await wanted.release("p1")
        assert "p3" in wanted.open
        assert (pool.open, preview.is_full) == (3, True)
        await wanted.release("p3", "p2")
        assert preview.own_free == 2


async def test_a_log_with_all_places_gives_some_to_another_one_and_no_more_than_its_share() -> None:
    now = 0.0
    pool = StreamPool(4, turn=10, monotonic=lambda: now)
    many, few = pool.share(), pool.share()
    async with streams() as wanted:
        await wanted.want(many, "a1", "a2", "a3", "a4")
        now = 60.0
        await wanted.want(few, "b1", "b2", "b3")
        assert len(wanted.recalled) == 2
        await wanted.release(*wanted.recalled)
        assert (many.open, few.open) == (2, 2)
        now = 120.0
        pool.arrange()
        assert wanted.recalled <= {"b1", "b2"}, "it takes turns with itself"


async def test_what_is_in_view_gives_way_last_and_late_to_what_is_not() -> None:
    now = 0.0
    pool = StreamPool(2, turn=10, monotonic=lambda: now)
    share = pool.share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b")
        share.prefer(["a"])
        now = 30.0
        await wanted.want(share, "c", "d")
        assert wanted.recalled == {"b"}
        now = 41.0
        pool.arrange()
        assert wanted.recalled == {"a", "b"}, "all that waits is read at last"


async def test_what_comes_into_view_need_not_wait_for_a_whole_turn() -> None:
    now = 0.0
    pool = StreamPool(1, turn=10, monotonic=lambda: now)
    share, other = pool.share(), pool.share()
    async with streams() as wanted:
        await wanted.want(share, "a")
        share.prefer(["elsewhere"])
        now = 2.0
        await wanted.want(other, "b")
        assert wanted.recalled == {"a"}


async def test_a_stream_that_had_its_turn_is_recalled_only_while_others_wait() -> None:
    now = 0.0
    pool = StreamPool(1, turn=10, monotonic=lambda: now)
    share = pool.share()
    place = await share.acquire("a")
    recalled = asyncio.Event()
    place.on_recall = recalled.set
    now = 60.0
    await settle()
    assert not place.recalled
    waiting = asyncio.ensure_future(share.acquire("b"))
    await asyncio.wait_for(recalled.wait(), 5)
    assert place.recalled
    place.release()
    assert (await waiting).key == "b"


async def test_nobody_is_recalled_before_the_turn_is_over() -> None:
    share = StreamPool(1, turn=3600, monotonic=lambda: 0.0).share()
    async with streams() as wanted:
        await wanted.want(share, "a", "b")
        assert not wanted.recalled


async def test_a_place_given_to_who_gave_up_is_not_lost() -> None:
    pool = StreamPool(1)
    share = pool.share()
    place: Place = await share.acquire("a")
    waiting = asyncio.ensure_future(share.acquire("b"))
    await settle()
    place.release()
    waiting.cancel()
    await settle()
    assert pool.open == 0


async def test_who_waits_is_told_when_the_queue_is_another() -> None:
    told: list[str] = []
    pool = StreamPool(1)
    here, there = pool.share(lambda: told.append("here")), pool.share(lambda: told.append("there"))
    async with streams() as wanted:
        await wanted.want(here, "a")
        await wanted.want(there, "b")
        told.clear()
        here.close()
        await wanted.release("a")
        assert "there" in told
        assert wanted.open == {"b"}


def test_at_least_one_stream_is_open() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StreamPool(0)
