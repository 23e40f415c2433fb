"""Places for streams: a limit, a queue that can be seen, turns, and what is in view first."""

from __future__ import annotations

import asyncio

import pytest

from k8stui.kube.logs.pool import Place, StreamPool


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_streams_are_open_and_the_others_wait_in_order() -> None:
    pool = StreamPool(2)
    first, _second = await pool.acquire("a"), await pool.acquire("b")
    third, fourth = asyncio.ensure_future(pool.acquire("c")), asyncio.ensure_future(pool.acquire("d"))
    await settle()
    assert (pool.open, pool.waiting) == (2, ("c", "d"))
    first.release()
    first.release()
    await settle()
    assert third.done()
    assert not fourth.done()
    assert pool.waiting == ("d",)
    fourth.cancel()
    await settle()
    assert pool.waiting == ()
    pool.close()


async def test_what_is_in_view_comes_first() -> None:
    pool = StreamPool(1)
    place = await pool.acquire("a")
    waiting = {key: asyncio.ensure_future(pool.acquire(key)) for key in ("b", "c")}
    await settle()
    pool.prefer(["c"])
    assert pool.waiting == ("c", "b")
    place.release()
    await settle()
    assert waiting["c"].done()
    assert not waiting["b"].done()
    waiting["b"].cancel()
    pool.close()


async def test_a_stream_that_had_its_turn_is_recalled_only_while_others_wait() -> None:
    now = 0.0
    pool = StreamPool(1, turn=10, monotonic=lambda: now)
    place = await pool.acquire("a")
    recalled = asyncio.Event()
    place.on_recall = recalled.set
    now = 60.0
    await settle()
    assert not place.recalled
    waiting = asyncio.ensure_future(pool.acquire("b"))
    await asyncio.wait_for(recalled.wait(), 5)
    assert place.recalled
    place.release()
    assert (await waiting).key == "b"
    pool.close()


async def test_nobody_is_recalled_before_the_turn_is_over() -> None:
    pool = StreamPool(1, turn=3600, monotonic=lambda: 0.0)
    place = await pool.acquire("a")
    waiting = asyncio.ensure_future(pool.acquire("b"))
    await settle()
    assert not place.recalled
    waiting.cancel()
    await settle()
    pool.close()


async def test_a_place_given_to_who_gave_up_is_not_lost() -> None:
    pool = StreamPool(1)
    place: Place = await pool.acquire("a")
    waiting = asyncio.ensure_future(pool.acquire("b"))
    await settle()
    place.release()
    waiting.cancel()
    await settle()
    assert pool.open == 0
    pool.close()


def test_at_least_one_stream_is_open() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StreamPool(0)
