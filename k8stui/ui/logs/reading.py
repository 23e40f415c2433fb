"""Reading logs into a ring: a pod's, those of a query, or a node's own; and what is older, on request.

A `LogReading` is one such reading, from `start` to `stop`; it knows no widget. It tells by `on_change` that
its state is another one.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kube.logs.news import LogNews

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from k8stui.kube.logs.group import LogGroup
    from k8stui.kube.logs.node import NodeLog
    from k8stui.kube.logs.pool import Share
    from k8stui.kube.logs.query import LogQuery
    from k8stui.kube.logs.types import LogLine, LogSource, SourceStatus
    from k8stui.ui.session import Session
    from k8stui.ui.spec import Target, ViewSpec


class Range(NamedTuple):
    """How much of the past is read."""

    title: str
    tail: int | None
    since: timedelta | None = None
    head: bool = False
    """From the first line on, and stand there."""


TAIL = 500
OWN_STREAMS = 4
"""What shows one pod reads so many of its containers beside the places of the pool."""
FAR_PAGE = 8_000
"""Older lines that are asked for at once once a time was gone to that is far back."""
RANGES = (
    Range("tail", TAIL),
    Range("head", None, head=True),
    Range("1m", None, timedelta(minutes=1)),
    Range("5m", None, timedelta(minutes=5)),
    Range("15m", None, timedelta(minutes=15)),
    Range("30m", None, timedelta(minutes=30)),
    Range("1h", None, timedelta(hours=1)),
)
"""As the keys 0 to 6 choose them."""


class LogReading:
    """Reads the logs that a spec names into `buffer`."""

    def __init__(
        self,
        session: Session,
        spec: ViewSpec,
        target: Target | None,
        span: Range,
        *,
        on_change: Callable[[], None],
        on_lines: Callable[[], None],
        on_lifted: Callable[[], None],
    ) -> None:
        from k8stui.kube.backoff import SystemClock
        from k8stui.kube.logs.buffer import LogBuffer
        from k8stui.kube.logs.older import OlderLines
        from k8stui.kube.logs.outrun import Outrun

        self._session = session
        self._spec = spec
        self._target = target
        self._span = span
        self._on_change = on_change
        self.cluster: Any = session.cluster
        self.buffer = LogBuffer(session.settings.logs.lines_kept, session.log_budget)
        self._reader = self.buffer.subscribe(self._woken)
        self._outrun = Outrun(self.buffer, SystemClock())
        self._on_lines = on_lines
        self._on_lifted = on_lifted
        self.group: LogGroup | None = None
        """What reads containers."""
        self.node_log: NodeLog | None = None
        """What reads a log of a node."""
        connection: Any = getattr(self.cluster, "connection", None)
        self.older = OlderLines(connection)
        self._loading = asyncio.Lock()
        self.ended = False
        """Nothing comes any more."""
        self.problem = ""
        """Why nothing can be read, in a sentence."""
        uid = "" if target is None or target.kind != "pods" else target.uid
        self._news = LogNews(self.cluster, uid, lambda: self.group)

    def _woken(self) -> None:
        self._reader.take()
        self._on_lines()

    def close(self) -> None:
        """Be told nothing more, and hold no line. The worker that runs `run` is cancelled by its owner."""
        self._reader.close()
        self._news.close()
        self.buffer.close()

    async def run(self) -> None:
        """Read until all has ended, or cancelled; what went wrong is in `problem`."""
        from k8stui.kube.errors import KubeError
        from k8stui.kube.logs.query import QueryError

        try:
            if self._spec.node_log and self._target is not None:
                await self._node_log(self._target.name, self._spec.node_log)
            elif self._spec.query or self._target is not None:
                await self._containers()
        except (KubeError, QueryError, ExceptionGroup) as error:
            raised: BaseException = error
            while isinstance(raised, BaseExceptionGroup):
                raised = raised.exceptions[0]
            sentence = getattr(raised, "sentence", None)
            self.problem = self.problem or (sentence() if sentence is not None else str(raised))
        self.ended = True
        self._on_change()

    async def _node_log(self, node: str, name: str) -> None:
        from k8stui.kube.errors import KubeError
        from k8stui.kube.logs.node import NodeLog
        from k8stui.kube.logs.node_files import refusal

        self.node_log = NodeLog(self.cluster.connection, node, name)
        try:
            await self.node_log.run(self.buffer)
        except KubeError as error:
            what = f"the journal of {name[8:]}" if name.startswith("service:") else f"the file {name}"
            self.problem = refusal(error, what)

    async def _containers(self) -> None:
        """The containers of what is asked for, or of the one pod."""
        from msgspec import structs

        from k8stui.kube.logs.opening import logs_of_pod, logs_of_query

        spec, target, span = self._spec, self._target, self._span
        options: Any = {
            "previous": spec.previous,
            "tail": span.tail,
            "pool": self._session.log_streams.share(self._on_change, own=0 if spec.query else OWN_STREAMS),
            "on_change": self._on_change,
        }
        if spec.query:
            query = self._asked
            if span.since is not None:
                query = structs.replace(query, since=span.since)
            options |= {"accepts": self._accepts(), "tail": None if query.since else span.tail}
            group = logs_of_query(self.cluster, query, namespaces=self._session.namespaces, **options)
        else:
            assert target is not None
            named = (spec.container,) if spec.container else ()
            group = logs_of_pod(
                self.cluster.connection,
                target.namespace,
                target.name,
                target.uid,
                containers=named,
                since=span.since,
                **options,
            )
        self.group = group
        await group.run(self._keep)

    def _keep(self, lines: Sequence[LogLine]) -> None:
        from k8stui.kube.logs.types import GAP

        self.buffer.extend(lines)
        if said := self._outrun.look():
            self.remark(said, GAP)

    def remark(self, text: str, mark: str = "info") -> None:
        """A line of ours, now; `mark` as in `LogLine`."""
        from k8stui.kube.logs.times import stamp_at
        from k8stui.kube.logs.types import LogLine, LogSource

        self.buffer.append(LogLine(stamp_at(time.time()), LogSource("", "", "", ""), text, mark))

    # What is asked of it

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How the stream of each container stands."""
        return () if self.group is None else self.group.statuses

    @property
    def pool(self) -> Share | None:
        """What it has of the places for streams."""
        return None if self.group is None else self.group.pool

    def prefer(self, streams: Iterable[str], *, focused: bool) -> None:
        """Streams with lines in view come first, most of all where the reader is."""
        if self.pool is not None:
            self.pool.prefer(streams, focused=focused)

    def all_lines(self) -> Sequence[LogLine]:
        """The lines that are held now; the list stays as it is when they fall off."""
        return self.buffer.lines(self.buffer.first, self.buffer.end)

    @property
    def bound(self) -> str:
        """What keeps more lines from being held."""
        if len(self.buffer) >= self.buffer.max_lines:
            return f"{self.buffer.max_lines:,} lines are kept (logs.lines-kept)"
        return f"{self._session.log_budget.max_bytes >> 20} MiB of lines are kept, of all panes together"

    @property
    def has_older(self) -> bool:
        """Whether it may be asked for older lines."""
        if self._spec.previous or self._spec.node_log:
            return False
        if not len(self.buffer):  # an open stream without a line: what there is was rotated away
            return any(each.following.value == "open" and each.last_line is None for each in self.statuses)
        return not (self.older.over or self.older.full)

    @property
    def _asked(self) -> LogQuery:
        """Raises QueryError."""
        from k8stui.kube.logs.query import parse_query

        return parse_query(self._spec.query)

    def _accepts(self) -> Callable[[Sequence[Any]], list[Any]]:
        """Which lines the query shows. Raises QueryError."""
        from k8stui.kinds.logs.filters import LineFilter

        query = self._asked
        return LineFilter(query) if query.filters_lines else list

    @property
    def is_loading(self) -> bool:
        """Older lines are being read."""
        return self._loading.locked()

    async def load_older(self) -> int:
        """Read older lines into the buffer, after those that are being read; how many came."""
        async with self._loading:
            if not self.has_older:
                return 0
            self._on_change()
            added = await self.older.load(self.buffer, self._sources, self._accepts(), self._on_lifted)
        self._on_change()
        return added

    @property
    def _sources(self) -> list[LogSource]:
        return [status.source for status in self.statuses]

    async def load_until(self, nanos: int) -> bool:
        """Read older lines until none of that time (since the epoch) is missing of any container.

        False where they do not fit, or come no more.
        """
        self.older.page = FAR_PAGE
        reached = await self.older.reach(self.buffer, self._sources)
        while reached > nanos and self.has_older:
            before = reached, self.buffer.first
            await self.load_older()
            reached = await self.older.reach(self.buffer, self._sources)
            if (reached, self.buffer.first) == before:
                break
        return reached <= nanos
