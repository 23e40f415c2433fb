"""A log that its kubelet rotates while it is followed: every line once, or a mark for what is missing."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.errors import ApiError
from k8stui.kube.logs import gap_fill, rotation_check
from k8stui.kube.logs.pool import Ration
from k8stui.kube.logs.types import Following, LogLine, LogSource
from tests.unit.fakes_connection import settle, until
from tests.unit.fakes_kubelet import FakePod
from tests.unit.test_logs import Reading, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.logs.rotated import RotatedFile

__all__ = ["read"]


async def away(read: Callable[..., Reading]) -> tuple[FakePod, Reading]:
    """Three lines were read of a pod on a node that is known; then the stream broke."""
    pod = FakePod("app", node="node-1")
    for number in range(3):
        pod.write("app", f"line {number}")
    reading = read(pod)
    await reading.open()
    await until(lambda: len(reading.texts()) == 3)
    reading.clock.auto = False
    pod.break_streams()
    await until(lambda: reading.logs.statuses[0].following is Following.BROKEN)
    return pod, reading


def lines(*numbers: int) -> list[str]:
    return [f"line {number}" for number in numbers]


async def test_lines_that_were_rotated_away_are_fetched_and_put_in_their_place(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await away(read)
    for number in range(3, 90):
        pod.write("app", f"line {number}")
        if number % 30 == 0:
            pod.rotate("app")
    await reading.goes_on()
    await reading.has(*lines(*range(90)))
    assert "gap" not in [mark for mark, _ in reading.marks()]


async def test_what_comes_while_they_are_fetched_is_taken_in_and_comes_after_them(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await away(read)
    for number in range(3, 60):
        pod.write("app", f"line {number}")
    pod.rotate("app")
    pod.write("app", "line 60")
    more = iter(range(61, 64))

    def on_ask(name: str) -> None:
        for number in more:
            pod.write("app", f"line {number}")

    pod.node.on_ask = on_ask
    await reading.goes_on()
    await reading.has(*lines(*range(64)))
    assert len(pod.follows()) == 2, "the stream was not opened anew for it"


async def test_where_the_nodes_files_may_not_be_read_the_gap_says_so(read: Callable[..., Reading]) -> None:
    pod, reading = await away(read)
    pod.node.refusal = ApiError(403, "Forbidden", 'nodes "node-1" is forbidden')
    pod.write("app", "line 3")
    pod.rotate("app")
    pod.write("app", "line 4")
    await reading.goes_on()
    await reading.has(*lines(0, 1, 2, 4))
    said = next(text for mark, text in reading.marks() if mark == "gap")
    assert "between 2026-11-21T02:00:00Z and 2026-11-21T02:00:01.25" in said
    assert 'nodes "node-1" is forbidden' in said
    assert "nodes/proxy" in said


async def test_what_is_fetched_for_a_gap_has_a_limit_in_bytes(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_fill, "MOST_BYTES", 500)
    pod, reading = await away(read)
    for number in range(3, 60):
        pod.write("app", f"line {number}")
        if number % 20 == 0:
            pod.rotate("app")
    await reading.goes_on()
    await reading.has(*lines(*range(21), *range(41, 60)))
    assert "were rotated away" in next(text for mark, text in reading.marks() if mark == "gap")


async def test_a_node_that_does_not_answer_holds_a_gap_up_for_a_while_only(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_fill, "SECONDS", 0.05)
    pod, reading = await away(read)
    asked = pod.request

    async def request(method: str, path: str, **options: Any) -> Any:
        if "/proxy/logs/" in path:
            await asyncio.sleep(3600)
        return await asked(method, path, **options)

    monkeypatch.setattr(pod, "request", request)
    pod.write("app", "line 3")
    pod.rotate("app")
    pod.write("app", "line 4")
    await reading.goes_on()
    await reading.has(*lines(0, 1, 2, 4))
    assert "took more than" in next(text for mark, text in reading.marks() if mark == "gap")


async def test_files_that_the_kubelet_has_removed_leave_a_gap_before_what_is_left(
    read: Callable[..., Reading],
) -> None:
    pod, reading = await away(read)
    for number in range(3, 60):
        pod.write("app", f"line {number}")
        if number % 10 == 0:
            pod.rotate("app", keep=2)
    await reading.goes_on()
    await reading.has(*lines(0, 1, 2, *range(31, 60)))
    assert [text for mark, text in reading.marks() if mark == "gap"] == [
        "app: lines may be missing between 2026-11-21T02:00:00Z and 2026-11-21T02:00:08.000000000Z: "
        "the log was cut meanwhile; the kubelet has removed what it rotated"
    ]


async def test_a_file_that_is_compressed_while_it_is_read_is_read_on(read: Callable[..., Reading]) -> None:
    pod, reading = await away(read)
    for number in range(3, 40):
        pod.write("app", f"line {number}")
    pod.rotate("app")
    pod.write("app", "line 40")
    renamed = iter([True])

    def on_ask(name: str) -> None:
        if name.endswith("-020000") and next(renamed, False):
            pod.rotate("app")
            pod.write("app", "line 41")

    pod.node.on_ask = on_ask
    await reading.goes_on()
    await reading.has(*lines(*range(42)))
    assert "gap" not in [mark for mark, _ in reading.marks()]


async def test_lines_that_the_kubelet_left_out_at_a_rotation_are_found_and_told(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes over to the new file without a last look at the old one, and the stream has no sign of it."""
    monkeypatch.setattr(rotation_check, "LOOK_BYTES", 400)
    monkeypatch.setattr(rotation_check, "LOOK_SECONDS", 0.0)
    pod = FakePod("app", node="node-1")
    pod.write("app", "line 0")
    reading = read(pod)
    await reading.open()
    pod.left_out = {20, 21, 22}
    for number in range(1, 23):
        pod.write("app", f"line {number}")
    pod.rotate("app")
    for number in range(23, 80):
        pod.write("app", f"line {number}")
        await settle(3)

    def is_told() -> bool:
        reading.clock.now += 0.01
        return len(reading.texts()) == 80

    await until(is_told)
    marks = [text for mark, text in reading.marks() if mark == "gap"]
    assert len(marks) == 1
    assert "the kubelet left out 3 lines when it rotated the log, written between 2026" in marks[0]
    held = reading.buffer.lines(0, reading.buffer.end)
    at = next(place for place, line in enumerate(held) if line.mark == "gap")
    assert [line.text for line in held[at + 1 : at + 4]] == lines(20, 21, 22)
    assert sorted(line.text for line in held if not line.mark) == sorted(lines(*range(80)))


async def test_where_the_nodes_files_may_not_be_read_it_is_known_that_such_lines_go_unnoticed(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation_check, "LOOK_BYTES", 100)
    pod = FakePod("app", node="node-1")
    pod.node.refusal = ApiError(403, "Forbidden", 'nodes "node-1" is forbidden')
    reading = read(pod)
    await reading.open()
    assert reading.logs.unnoticed == ""
    for number in range(20):
        pod.write("app", f"line {number}")
    await reading.has(*lines(*range(20)))
    await until(lambda: "nodes/proxy" in reading.logs.unnoticed)


async def test_what_is_remembered_for_that_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation_check, "LOOK_BYTES", 1_000)
    monkeypatch.setattr(rotation_check, "TOGETHER", 5)
    monkeypatch.setattr(rotation_check, "LOOK_SECONDS", 0.0)
    source = LogSource("shop", "web-0", "u1", "app", "c1", node="node-1")
    rotated: Any = NeverRotated()
    check = rotation_check.RotationCheck(
        rotated, source, lambda lines: None, asyncio.Semaphore(1), Ration(9_999)
    )
    most = 0
    for number in range(3_000):
        check.saw([LogLine(f"2026-01-31T08:{number // 60:02}:{number % 60:02}Z", source, "x" * 100)])
        await asyncio.sleep(0)
        most = max(most, check.remembered)
    check.close()
    assert 0 < most < 100, "lines of three looks at most"


class NeverRotated:
    """A node whose kubelet has rotated nothing."""

    async def files(self) -> list[RotatedFile]:
        return []


@pytest.mark.parametrize("seed", range(12))
async def test_no_line_is_doubled_and_none_is_missing_without_a_mark_whatever_happens(
    read: Callable[..., Reading], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    keep = chance.choice((1, 2, 4))
    monkeypatch.setattr(rotation_check, "LOOK_BYTES", 200)
    monkeypatch.setattr(rotation_check, "LOOK_SECONDS", 0.0)
    pod, reading = await away(read)
    await reading.goes_on()
    if seed % 3 == 0:
        pod.node.refusal = ApiError(405, "MethodNotAllowed", "logs endpoint is disabled.")
    number = 3
    for _ in range(60):
        match chance.choice(("write", "write", "write", "break", "end", "rotate", "wait")):
            case "write":
                for _ in range(chance.choice((1, 2, 5, 30))):
                    pod.write("app", f"line {number}", pod.stamp(chance.choice((0.001, 0.25, 3.0))))
                    number += 1
            case "break":
                pod.break_streams()
            case "end":
                pod.end_streams()
            case "rotate":
                if pod.containers["app"].now.lines:
                    pod.rotate("app", keep=keep)
            case _:
                await settle(chance.choice((1, 5, 40)))
    pod.write("app", f"line {number}")

    def is_there() -> bool:
        reading.clock.now += 0.01
        return f"line {number}" in reading.texts()

    await until(is_there)
    held = reading.buffer.lines(0, reading.buffer.end)
    last, marked = -1, False
    for line in held:
        if line.mark == "gap":
            marked = True
        elif not line.mark:
            found = int(line.text.split()[1])
            assert found > last, "no line is doubled, and the order holds"
            assert found == last + 1 or marked, f"lines {last + 1} to {found - 1} are missing without a word"
            last, marked = found, False
    assert last == number
