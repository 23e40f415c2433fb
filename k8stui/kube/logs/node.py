"""Logs of a node itself, through its kubelet: files below /var/log, and the journal of services.

Files are served as `node_files` tells; `?query=SERVICE` asks for a journal where `enableSystemLogQuery` and
the NodeLogQuery feature are on (beta since 1.30). It only ever reads.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from k8stui.kube.backoff import Backoff, Clock, SystemClock
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.logs.node_files import PIECE, TIMEOUT, Piece, path_of, read_blocks, read_piece
from k8stui.kube.logs.node_stamps import stamp_of
from k8stui.kube.logs.times import since_time
from k8stui.kube.logs.types import ERROR, GAP, INFO, LogLine, LogSource

if TYPE_CHECKING:
    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.logs.buffer import LogBuffer

SERVICES = ("kubelet", "containerd", "crio", "docker", "kube-proxy", "systemd", "sshd")
"""Services that are offered; any other name can be asked for."""
POLL_SECONDS = 2.0
TAIL_BYTES = 512 * 1024
TAIL_LINES = 500


class NodeLog:
    """Follows one file, or the journal of one service, of a node. `run` it once; cancel it to stop."""

    def __init__(self, connection: Requests, node: str, name: str, *, clock: Clock | None = None) -> None:
        """`name` is `service:kubelet`, or a file such as `audit/audit.log`."""
        self._connection = connection
        self._node = node
        self._service = name.removeprefix("service:") if name.startswith("service:") else ""
        self._name = self._service or name
        self._clock: Clock = clock or SystemClock()
        self._source = LogSource("", node, "", self._name)
        self._at = -1
        self._rest = b""
        self._seen: Counter[str] = Counter()
        self.problem = ""
        """Why nothing comes at present."""

    async def run(self, buffer: LogBuffer) -> None:
        """Read into the buffer until cancelled. Raises KubeError when it cannot be read at all."""
        import random

        backoff = Backoff(random.Random())  # noqa: S311 - jitter, no secret
        first = True
        while True:
            try:
                lines = await self._more()
            except KubeError as error:
                if first:
                    raise
                if not self.problem:
                    buffer.append(self._mark(ERROR, f"reading broke off: {error.sentence()}"))
                self.problem = error.sentence()
                await self._clock.sleep(backoff.next(getattr(error, "retry_after", None)))
                continue
            if self.problem:
                self.problem = ""
                backoff.reset()
                buffer.append(self._mark(INFO, "reading goes on"))
            first = False
            buffer.extend(lines)
            await self._clock.sleep(POLL_SECONDS)

    def _mark(self, mark: str, text: str) -> LogLine:
        return LogLine("", self._source, f"{self._name}: {text}", mark)

    def _line(self, raw: bytes) -> LogLine:
        text = raw.decode("utf-8", "replace").removesuffix("\r")
        stamp = stamp_of(text, journal=bool(self._service), now=self._clock.wall())
        return LogLine(stamp, self._source, text)

    async def _more(self) -> list[LogLine]:
        """What is new since the last look."""
        if self._service:
            return await self._journal()
        return await (self._packed() if self._name.endswith(".gz") else self._file())

    # Files

    async def _packed(self) -> list[LogLine]:
        """The end of a compressed file: nothing is written to such a one."""
        if self._at >= 0:
            return []
        end = b""
        async for block in read_blocks(self._connection, self._node, self._name):
            end = (end + block)[-TAIL_BYTES - PIECE :]
        self._at = len(end)
        if len(end) > TAIL_BYTES:
            end = end[-TAIL_BYTES:].partition(b"\n")[2]
        return self._taken(end if end[-1:] in (b"", b"\n") else end + b"\n")

    async def _file(self) -> list[LogLine]:
        """What was written to the file since the last look."""
        wanted = f"bytes=-{TAIL_BYTES}" if self._at < 0 else f"bytes={self._at}-"
        try:
            body, start, size = await self._piece(wanted)
        except ApiError as error:
            if error.code != 416 or self._at < 0:
                raise
            _, _, size = await self._piece("bytes=-1")
            if size >= self._at:
                return []
            return [await self._rotated(), *await self._file()]
        if size < self._at:
            return [await self._rotated(), *self._taken(body)]
        if start > 0 and self._at < 0:
            body = body.partition(b"\n")[2]  # a tail of bytes begins within a line
        elif start < self._at:
            body = body[self._at - start :]
        self._at = size
        return self._taken(body)

    async def _rotated(self) -> LogLine:
        self._at, self._rest = 0, b""
        return self._mark(GAP, "the file was cut or begun anew: lines between may be missing")

    def _taken(self, body: bytes) -> list[LogLine]:
        *lines, self._rest = (self._rest + body).split(b"\n")
        return [self._line(raw) for raw in lines]

    async def _piece(self, wanted: str) -> Piece:
        return await read_piece(self._connection, self._node, self._name, wanted)

    # Journals

    async def _journal(self) -> list[LogLine]:
        """What the service wrote since the last look: asked by the second, known lines left out."""
        params = {"query": self._service}
        now = int(self._clock.wall())
        if self._at < 0:
            params["tailLines"] = str(TAIL_LINES)
        else:
            params["sinceTime"] = since_time(self._at)
        response = await self._connection.request(
            "GET", path_of(self._node), params=params, accept="*/*", timeout=TIMEOUT
        )
        if b"<a href=" in response.body[:4096] and b"<pre>" in response.body[:4096]:
            # kubelets without the feature answer with the list of files
            raise ApiError(501, "NotImplemented", "journals are not served")
        self._at = now - 30  # clocks differ
        lines = [self._line(raw) for raw in response.body.removesuffix(b"\n").split(b"\n") if raw]
        known, self._seen = self._seen, Counter(line.text for line in lines)
        fresh = []
        for line in lines:
            if known.get(line.text, 0) > 0:
                known[line.text] -= 1
            else:
                fresh.append(line)
        return fresh
