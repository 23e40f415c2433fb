"""Older lines come from the server page by page, in order, none twice; logs of nodes are followed."""

from __future__ import annotations

import asyncio
import gzip
import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from k8stui.kube.errors import ApiError
from k8stui.kube.logs.buffer import LogBuffer
from k8stui.kube.logs.node import NodeLog
from k8stui.kube.logs.node_files import list_files, refusal
from k8stui.kube.logs.older import OlderLines
from k8stui.kube.logs.times import nanoseconds
from k8stui.kube.logs.types import LogLine, LogSource
from tests.unit.fakes_node import FileAnswer, NodeFiles, cri, packed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


def stamp(number: int) -> str:
    return f"2026-01-31T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000001Z"


class Kubelet:
    """Holds logs and answers for their ends, as a kubelet does."""

    def __init__(self, logs: dict[str, list[tuple[str, str]]]) -> None:
        self.logs = logs
        self.asked: list[int] = []
        self.sent = 0
        self.refuses: set[str] = set()
        self.node = NodeFiles()

    async def request(self, method: str, path: str, *, headers: Any = (), **_: Any) -> Any:
        return self.node.answer(path, headers)

    async def lines(self, path: str, *, params: Any = None, **_: Any) -> AsyncGenerator[list[bytes], None]:
        name = path.split("/")[6]
        if name in self.refuses:
            raise ApiError(403, "Forbidden", "pods/log is forbidden")
        tail = int(params["tailLines"])
        self.asked.append(tail)
        held = [f"{at} {text}".encode() for at, text in self.logs[name][-tail:]]
        for start in range(0, len(held), 100):
            self.sent += 100
            yield held[start : start + 100]


def source(name: str) -> LogSource:
    return LogSource("shop", name, f"uid-{name}", "app", f"id-{name}")


def buffer_of(logs: dict[str, list[tuple[str, str]]], tail: int, **options: Any) -> LogBuffer:
    lines = [LogLine(at, source(name), text) for name, held in logs.items() for at, text in held[-tail:]]
    buffer = LogBuffer(**options)
    buffer.extend(sorted(lines, key=lambda line: nanoseconds(line.time)))
    return buffer


async def load_all(older: OlderLines, buffer: LogBuffer) -> int:
    pages = 0
    while not older.over and not older.full and pages < 200:
        await older.load(buffer)
        pages += 1
    return pages


@pytest.mark.parametrize("seed", range(5))
async def test_every_line_comes_once_and_in_order_up_to_the_first_one(seed: int) -> None:
    chance = random.Random(seed)
    logs = {
        f"web-{number}": [
            (stamp(at), f"{number}/{count}")
            for count, at in enumerate(
                sorted(chance.randrange(80_000) for _ in range(chance.randrange(50, 3_000)))
            )
        ]
        for number in range(3)
    }
    buffer = buffer_of(logs, 40)
    older = OlderLines(Kubelet(logs), page=600)
    await load_all(older, buffer)
    lines = buffer.lines(buffer.first, buffer.end)
    times = [line.time for line in lines]
    assert times == sorted(times)
    for name, held in logs.items():
        assert [line.text for line in lines if line.source.pod == name] == [text for _, text in held]


async def test_of_a_container_that_writes_seldom_no_line_stands_before_older_ones_of_another() -> None:
    logs = {
        "seldom": [(stamp(number * 600), f"seldom {number}") for number in range(60)],
        "often": [(stamp(number), f"often {number}") for number in range(36_000)],
    }
    buffer = buffer_of(logs, 50)
    assert buffer.line(buffer.first).text == "seldom 10"
    older, lifted = OlderLines(Kubelet(logs)), []
    assert await older.reach(buffer) == nanoseconds(stamp(35_950)), "so far back nothing is missing"
    await older.load(buffer, on_lifted=lambda: lifted.append(buffer.first))
    assert lifted, "that numbers of lines are others is told"
    reached = await older.reach(buffer)
    assert reached < nanoseconds(stamp(35_500))
    held = buffer.lines(buffer.first, buffer.end)
    times = [line.time for line in held]
    assert times == sorted(times)
    assert nanoseconds(times[0]) == reached
    await load_all(older, buffer)
    held = buffer.lines(buffer.first, buffer.end)
    assert [line.time for line in held] == sorted(line.time for line in held)
    assert len(held) == 60 + 36_000
    assert buffer.fallen == 0


async def test_a_container_that_began_just_now_takes_nothing_back() -> None:
    logs = {
        "web": [(stamp(number), f"web {number}") for number in range(500)],
        "new": [(stamp(490 + number), f"new {number}") for number in range(5)],
    }
    buffer, lifted = buffer_of(logs, 100), []
    await OlderLines(Kubelet(logs)).load(buffer, on_lifted=lambda: lifted.append(1))
    assert not lifted


async def test_lines_that_were_written_at_the_same_moment_are_told_apart() -> None:
    logs = {"web": [(stamp(number // 7), f"line {number}") for number in range(500)]}
    buffer = buffer_of(logs, 10)
    await load_all(OlderLines(Kubelet(logs), page=60), buffer)
    assert [line.text for line in buffer.lines(buffer.first, buffer.end)] == [text for _, text in logs["web"]]


async def test_no_more_is_read_than_what_is_older() -> None:
    logs = {"web": [(stamp(number), f"line {number}") for number in range(20_000)]}
    kubelet = Kubelet(logs)
    buffer = buffer_of(logs, 10_000)
    assert await OlderLines(kubelet, page=1_000).load(buffer) >= 1_000
    assert kubelet.sent < 2_500


async def test_a_full_buffer_keeps_the_newest_and_says_so() -> None:
    logs = {"web": [(stamp(number), f"line {number}") for number in range(2_000)]}
    buffer = buffer_of(logs, 100, max_lines=1_000)
    older = OlderLines(Kubelet(logs), page=600)
    await load_all(older, buffer)
    assert older.full
    assert (len(buffer), buffer.line(buffer.first).text, buffer.fallen) == (1_000, "line 1000", 0)
    buffer.append(LogLine(stamp(2_000), source("web"), "line 2000"))
    assert buffer.line(buffer.first).text == "line 1001"


async def test_a_container_that_may_not_be_read_is_told_and_does_not_stop_the_others() -> None:
    logs = {name: [(stamp(number), f"{name} {number}") for number in range(300)] for name in ("a", "b")}
    kubelet = Kubelet(logs)
    kubelet.refuses = {"a"}
    buffer = buffer_of(logs, 10)
    older = OlderLines(kubelet, page=1_000)
    await load_all(older, buffer)
    assert "forbidden" in older.problem
    assert len([line for line in buffer.lines(buffer.first, buffer.end) if line.source.pod == "b"]) == 300


def rotated_kubelet(count: int, *, ranges: bool = True) -> tuple[Kubelet, LogBuffer, LogSource]:
    """A log that was rotated twice, of which ten lines were read."""
    written = [(stamp(number), f"line {number} {'x' * (number % 300)}") for number in range(count)]
    here = written[-count // 5 :]
    kubelet = Kubelet({"web": here})
    at = msgspec.structs.replace(source("web"), node="node-1", log_uid="uid-web", restarts=2)
    folder = "pods/shop_web_uid-web/app/"
    first, second = (
        [" ".join(line) for line in part]
        for part in (written[: count // 2], written[count // 2 : -count // 5])
    )
    kubelet.node = NodeFiles(ranges=ranges)
    kubelet.node.files |= {
        f"{folder}2.log": cri(" ".join(line) for line in here),
        f"{folder}2.log.20260131-090000": cri(second),
        f"{folder}2.log.20260131-080000.gz": packed(first),
        f"{folder}1.log.20260131-070000.gz": packed([f"{stamp(0)} of the life before"]),
        f"{folder}2.log.20260131-080000.tmp": b"half of it",
    }
    buffer = LogBuffer()
    buffer.extend([LogLine(moment, at, text) for moment, text in here[-10:]])
    return kubelet, buffer, at


@pytest.mark.parametrize("ranges", [True, False], ids=["by-ranges", "whole"])
async def test_older_lines_go_on_into_the_files_that_the_kubelet_rotated(ranges: bool) -> None:
    count = 20_000
    kubelet, buffer, _ = rotated_kubelet(count, ranges=ranges)
    older = OlderLines(kubelet)
    await load_all(older, buffer)
    held = [line.text.split()[1] for line in buffer.lines(buffer.first, buffer.end)]
    assert held == [str(number) for number in range(count)]
    assert older.over
    assert not older.refused


async def test_a_log_without_a_line_since_its_rotation_has_older_ones() -> None:
    kubelet, _, at = rotated_kubelet(2_000)
    kubelet.logs["web"] = []
    buffer, older = LogBuffer(), OlderLines(kubelet)
    for _ in range(20):
        await older.load(buffer, [at])
    held = [line.text.split()[1] for line in buffer.lines(buffer.first, buffer.end)]
    assert held == [str(number) for number in range(1_600)]
    assert not kubelet.asked, "what the stream may bring is not read beside it"


async def test_who_may_not_read_the_nodes_files_is_told_where_the_older_lines_are() -> None:
    kubelet, buffer, _ = rotated_kubelet(500)
    kubelet.node.refusal = ApiError(403, "Forbidden", 'nodes "node-1" is forbidden')
    older = OlderLines(kubelet)
    await load_all(older, buffer)
    assert len(buffer) == 100, "what pods/log has"
    assert older.over
    assert "nodes/proxy" in older.refused


class NodeServer:
    """A kubelet's log files with ranges, and a journal."""

    def __init__(self, *, ranges: bool = True) -> None:
        self.node = NodeFiles(ranges=ranges)
        self.files = self.node.files
        self.files["syslog"] = b""
        self.journal: list[bytes] = []

    async def request(
        self, method: str, path: str, *, headers: Any = (), params: Any = None, **_: Any
    ) -> Any:
        if params:
            return FileAnswer(b"".join(line + b"\n" for line in self.journal))
        return self.node.answer(path, headers)


class FastClock:
    def monotonic(self) -> float:
        return 0.0

    def wall(self) -> float:
        return 1_769_846_400.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.001)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_file_of_a_node_is_followed_over_its_rotation(ranges: bool) -> None:
    server, buffer = NodeServer(ranges=ranges), LogBuffer()
    server.files["syslog"] = b"one\ntwo\nthr"
    task = asyncio.ensure_future(NodeLog(server, "n1", "syslog", clock=FastClock()).run(buffer))

    def texts() -> list[str]:
        return [line.text for line in buffer.lines(buffer.first, buffer.end)]

    await until(lambda: texts() == ["one", "two"])
    server.files["syslog"] += b"ee\r\nfour\n"
    await until(lambda: texts() == ["one", "two", "three", "four"])
    server.files["syslog"] = b"new\n"
    await until(lambda: len(buffer) == 6)
    assert buffer.line(buffer.end - 2).mark == "gap"
    assert buffer.line(buffer.end - 1).text == "new"
    task.cancel()


async def test_of_a_compressed_file_of_a_node_the_end_is_shown_as_text() -> None:
    server, buffer = NodeServer(), LogBuffer()
    lines = [f"line {number} {'x' * 90}" for number in range(30_000)]
    server.files["kern.log.2.gz"] = gzip.compress("\n".join(lines).encode())
    task = asyncio.ensure_future(NodeLog(server, "n1", "kern.log.2.gz", clock=FastClock()).run(buffer))
    await until(lambda: len(buffer) > 0)
    await asyncio.sleep(0.01)
    found = [line.text for line in buffer.lines(buffer.first, buffer.end)]
    assert 4_000 < len(found) < 30_000
    assert found == lines[-len(found) :]
    task.cancel()


async def test_a_journal_is_followed_without_doubles_and_without_losing_equal_lines() -> None:
    server, buffer = NodeServer(), LogBuffer()
    server.journal = [b"a", b"b", b"b"]
    task = asyncio.ensure_future(NodeLog(server, "n1", "service:kubelet", clock=FastClock()).run(buffer))
    await until(lambda: len(buffer) == 3)
    server.journal = [b"b", b"b", b"b", b"c"]
    await until(lambda: len(buffer) == 5)
    assert [line.text for line in buffer.lines(0, 9)] == ["a", "b", "b", "b", "c"]
    task.cancel()


async def test_files_are_listed_and_refusals_say_what_is_needed() -> None:
    server = NodeServer()
    server.files["audit/audit.log"] = b""
    assert await list_files(server, "n1") == ["audit/", "syslog"]
    assert "nodes/proxy" in refusal(ApiError(403, "Forbidden", "no"), "files")
    assert "NodeLogQuery" in refusal(ApiError(404, "NotFound", "no"), "the journal of kubelet")
    server.node.refusal = ApiError(403, "Forbidden", "no")
    with pytest.raises(ApiError):
        await NodeLog(server, "n1", "syslog", clock=FastClock()).run(LogBuffer())
