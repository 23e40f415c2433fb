"""What a kubelet has rotated away of a container's log: read from its files, where it serves them.

A kubelet answers `pods/log` from the current file of a container alone. The files before it lie below
`pods/` of the node's logs until it removes them (by default it keeps five, of 10 MiB each): the newest as it
is, older ones compressed. This reads them piece by piece, in memory that is bounded whatever their size.
It must never be asked to read what the current file has.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from k8stui.kube.connection.lines import LineSplitter
from k8stui.kube.errors import ApiError
from k8stui.kube.logs.cri_lines import CriLines, is_last_part
from k8stui.kube.logs.node_files import PIECE, Piece, list_files, read_blocks, read_part
from k8stui.kube.logs.times import nanoseconds, raw_stamp, second_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.logs.types import LogSource

LOOK = 48 * 1024
"""Bytes that have a whole line in them: runtimes part lines at 16 KiB."""
NEAR = 4 * LOOK
"""A place in a file is looked for by halves until it is known so well."""
MOST_BYTES = 512 << 20
"""Bytes of lines that are gone through for one question: the limit for what shrinks a thousandfold."""
_NAME = re.compile(r"(\d+)\.log\.([0-9-]+)(\.gz)?\Z")


class RotatedFile(NamedTuple):
    """A file by when it was rotated (a time of the node, which sorts)."""

    rotated_at: str
    name: str
    compressed: bool


class RotatedLog:
    """The rotated files of one life of a container. What it asks raises KubeError."""

    def __init__(self, connection: Requests, source: LogSource) -> None:
        self._connection = connection
        self._node = source.node
        self._folder = f"pods/{source.namespace}_{source.pod}_{source.log_uid}/{source.container}/"
        self._life = str(source.restarts)
        self._begins: dict[str, str] = {}

    async def files(self) -> list[RotatedFile]:
        """Oldest first."""
        names = await list_files(self._connection, self._node, self._folder)
        found: dict[str, RotatedFile] = {}
        for name in sorted(names):  # while a file is being compressed there are both: the second is complete
            parts = _NAME.match(name)
            if parts and parts[1] == self._life:
                found[parts[2]] = RotatedFile(parts[2], name, parts[3] is not None)
        return [found[key] for key in sorted(found)]

    async def since(self, second: int) -> AsyncGenerator[list[bytes], None]:
        """The lines written in a second (since the epoch) or later, oldest first, in batches."""
        files = await self.files()
        first = len(files)
        while first > 0:
            first -= 1
            if second_of(await self._begin(files[first])) <= second:
                break
        lines = CriLines()
        for file in files[first:]:
            start = 0 if file.compressed else await self._place(file, second * 1_000_000_000)
            async for batch in self._batches(file, start, lines):
                if batch and second_of(raw_stamp(batch[0])) < second:
                    batch = [line for line in batch if second_of(raw_stamp(line)) >= second]
                yield batch
        if lines.has_rest:
            yield [lines.rest()]

    async def before(self, stamp: str, text: str, most: int) -> list[bytes]:
        """Up to so many lines right before a known one, oldest first; none: the files have no older ones."""
        try:
            return await self._before(stamp, text, most)
        except ApiError as error:
            if error.code != 404:
                raise
            return await self._before(stamp, text, most)  # a file was renamed meanwhile

    async def _before(self, stamp: str, text: str, most: int) -> list[bytes]:
        limit = nanoseconds(stamp)
        for file in reversed(await self.files()):
            if nanoseconds(await self._begin(file)) > limit:
                continue
            end = 0 if file.compressed else await self._place(file, limit)
            back = PIECE
            while True:
                start = max(0, end - back)
                found = await self._last_before(file, start, limit, f"{stamp} {text}", most)
                if found:
                    return found
                if not start:
                    break
                back *= 8  # a line may be longer
        return []

    async def _last_before(
        self, file: RotatedFile, start: int, limit: int, known: str, most: int
    ) -> list[bytes]:
        """The last lines from a place on before a moment, and of that moment those before the known one."""
        kept: list[bytes] = []
        async for batch in self._batches(file, start, CriLines()):
            for line in batch:
                at = nanoseconds(raw_stamp(line))
                if at > limit or (at == limit and known == _text(line)):
                    return kept[-most:]
                kept.append(line)
            del kept[: -2 * most]
        return kept[-most:]

    async def end_of(self, file: RotatedFile) -> list[bytes]:
        """The last lines of a file: half a piece of them, or a few pieces."""
        start = 0
        if not file.compressed:
            start = max(0, (await self._piece(file, 0, 1)).size - PIECE // 2)
        kept: deque[list[bytes]] = deque(maxlen=2)
        async for batch in self._batches(file, start, CriLines()):
            kept.append(batch)
        return [line for batch in kept for line in batch]

    async def _begin(self, file: RotatedFile) -> str:
        """The stamp of the first line of a file."""
        if file.rotated_at not in self._begins:
            async for batch in self._batches(file, 0, CriLines(), piece=LOOK):
                if batch:
                    self._begins[file.rotated_at] = raw_stamp(batch[0])
                    break
            self._begins.setdefault(file.rotated_at, "")
        return self._begins[file.rotated_at]

    async def _place(self, file: RotatedFile, moment: int) -> int:
        """A place of a plain file before which all lines are older than a moment, and not far before it."""
        low, high = 0, (await self._piece(file, 0, 1)).size
        while high - low > NEAR:
            middle = (low + high) // 2
            body = (await self._piece(file, middle, LOOK)).body.partition(b"\n")[2]
            at = nanoseconds(raw_stamp(body))
            if at and at < moment:
                low = middle
            else:
                high = middle
        return low

    async def _piece(self, file: RotatedFile, start: int, length: int) -> Piece:
        return await read_part(self._connection, self._node, self._folder + file.name, start, length)

    async def _batches(
        self, file: RotatedFile, start: int, lines: CriLines, *, piece: int = PIECE
    ) -> AsyncGenerator[list[bytes], None]:
        """The lines from a place on; where that is within a file, from the first that surely begins there."""
        splitter, aligned, gone = LineSplitter(), start == 0, 0
        async for block in read_blocks(self._connection, self._node, self._folder + file.name, start, piece):
            gone += len(block)
            if gone > MOST_BYTES:
                raise ApiError(413, "TooLarge", f"the rotated file {file.name} is too large to be read")
            raw = splitter.feed(block)
            if not aligned:
                ends = next((at for at, line in enumerate(raw) if at and is_last_part(line)), None)
                if ends is None:
                    continue
                raw, aligned = raw[ends + 1 :], True
            yield lines.feed(raw)
            await asyncio.sleep(0)
        if tail := splitter.tail():
            yield lines.feed([tail])


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
