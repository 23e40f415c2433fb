"""What comes of one container, over all its streams and lives: which lines are new, and what is missing.

Lines go through here in their order. Those that a kubelet rotated away between two streams are fetched and
put between; now and then it is looked whether it left some out of an open one. It never asks for a log, and
must never hand on a line twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.logs.gap_fill import GapFill, cut_mark
from k8stui.kube.logs.once import first_stamped, fresh_lines, goes_on
from k8stui.kube.logs.outlet import Outlet
from k8stui.kube.logs.rotation_check import RotationCheck
from k8stui.kube.logs.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from k8stui.kube.logs.group_streams import PooledStreams
    from k8stui.kube.logs.once import Missed
    from k8stui.kube.logs.types import LogLine, LogSource

    OnFetch = Callable[[bool], None]


class Intake:
    """Takes in the lines of one container. Use it as a context manager: what waits comes at its end."""

    def __init__(
        self,
        streams: PooledStreams,
        emit: Callable[[Sequence[LogLine]], None],
        on_fetch: OnFetch,
        errors: str,
    ) -> None:
        """`on_fetch` is called when fetching for a gap begins (True) and ends (False)."""
        self._streams = streams
        self._put = emit
        self._on_fetch = on_fetch
        self._errors = errors
        self.seen = Seen()
        self._seen_of = ""
        """The life whose lines these are."""
        self._outlet = Outlet(self._put_lines, streams.held)
        self.emit = self._outlet.emit
        self.room = self._outlet.room
        self._filled: GapFill | None = None
        self._check: RotationCheck | None = None

    def begin(self, source: LogSource) -> None:
        """Another life: what it wrote is another log."""
        self._close_check()
        self.seen.new_life()
        if (rotated := self._streams.rotated(source)) is not None:
            streams = self._streams
            self._check = RotationCheck(
                rotated, source, self.emit, streams.looks, streams.remembered, errors=self._errors
            )

    def reads(self, source: LogSource) -> None:
        """Lines of this life were read."""
        self._seen_of = source.container_id

    def has_read(self, source: LogSource) -> bool:
        """Whether lines of this life were read."""
        return self.seen.begun and self._seen_of == source.container_id

    async def fresh(
        self, batch: Sequence[bytes], source: LogSource, before: Seen | None, missed: Missed
    ) -> list[LogLine] | None:
        """Those of the lines that were not read before; None: they are of another life (see `goes_on`).

        `before` is what was seen when the stream began, until it is known that nothing is missing.
        """
        lines = fresh_lines(self.seen, batch, source, self._errors)
        after, knows_life = first_stamped(lines), self.has_read(source)
        if after is None or before is None:
            return lines
        return lines if await goes_on(self.seen, before, after, missed, knows_life=knows_life) else None

    def skip(self, lines: Sequence[bytes], source: LogSource) -> None:
        """Count lines as read that are not handed on: what comes is what was written after them."""
        self.seen.take(lines, self._errors)
        self.reads(source)

    def take_over(self, before: Intake) -> None:
        """What another one has read was read."""
        self.seen, self._seen_of = before.seen, before._seen_of

    def fill(self, before: Seen, after: LogLine) -> None:
        """Fetch the lines between what was read and a line after it; what comes meanwhile waits."""
        rotated = self._streams.rotated(after.source)
        if rotated is None or before.is_set_back:
            self.emit([cut_mark(before, after)])
            return
        filling = self._filled = GapFill(rotated, before, after, self._errors, self._filled)
        self._outlet.fetch(_Filling(filling, self))

    async def run_fill(self, filling: GapFill) -> None:
        """Called when its turn has come."""
        self._streams.catching_up()
        self._on_fetch(True)
        await filling.run(self._put_lines, self._streams.room)
        self._on_fetch(False)

    @property
    def unnoticed(self) -> str:
        """Why it goes unnoticed what a kubelet leaves out of a stream at a rotation; "" where it does not."""
        return self._check.refused if self._check is not None else ""

    async def look_at_end(self) -> None:
        """The life is over: look whether the kubelet left out some of its last lines."""
        await self._outlet.settled()  # what is being fetched was not left out
        if self._check is not None:
            await self._check.look_at_end()

    def _put_lines(self, lines: Sequence[LogLine]) -> None:
        self._put(lines)
        if self._check is not None:
            self._check.saw(lines)

    def _close_check(self) -> None:
        if self._check is not None:
            self._check.close()
            self._check = None

    async def __aenter__(self) -> Intake:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._outlet.close(at_once=kind is not None)
        finally:
            self._close_check()


class _Filling:
    """A gap, as an outlet waits for it."""

    def __init__(self, filling: GapFill, intake: Intake) -> None:
        self._filling = filling
        self._intake = intake

    async def run(self) -> None:
        await self._intake.run_fill(self._filling)

    def given_up(self, why: str) -> LogLine:
        return self._filling.given_up(why)
