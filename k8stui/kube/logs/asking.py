"""What the next request for a container's log says, so that only lines come that were not read yet.

By time, as a rule. Where time does not tell (nothing was read, a tail of no lines, the clock of a node that
was set back) the log itself is looked at first. It never follows a log.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from k8stui.kube.errors import KubeError
from k8stui.kube.logs.once import NOTHING, log_params, since_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.group_streams import PooledStreams
    from k8stui.kube.logs.intake import Intake
    from k8stui.kube.logs.types import LogSource

EMPTY_SECONDS = 1.0
"""A stream that is open for so long and brings nothing has no past."""
CLOCK_SECONDS = 60.0
"""How often it is looked whether the clock of a node was set back, where nothing comes."""


class Asking:
    """What to ask for next of one container."""

    def __init__(
        self,
        streams: PooledStreams,
        path: str,
        intake: Intake,
        start: Mapping[str, str],
        clock: Clock,
        errors: str,
    ) -> None:
        """`start` says of which part of the past (`start_of`)."""
        self._streams = streams
        self._path = path
        self._intake = intake
        self.start = start
        self._clock = clock
        self._errors = errors
        self._is_quiet = False
        """The last stream brought nothing new."""
        self._looked_at = float("-inf")
        """When it was looked whether the clock of the node was set back."""

    def begin_later_life(self) -> None:
        """What comes after the first life is read from its beginning."""
        self.start = NOTHING

    def heard(self) -> None:
        """Something new came."""
        self._is_quiet = False

    def was_open(self, seconds: float) -> None:
        """A log that was empty when it was opened is read from its beginning the next time."""
        if seconds >= EMPTY_SECONDS and self.start is not NOTHING:
            self.start = _without_tail(self.start)

    async def params(self, source: LogSource) -> dict[str, str]:
        """For a stream that follows. Raises KubeError."""
        params = log_params(source)
        if not self._intake.has_read(source):
            await self._skip_past(source)
        else:
            await self._mind_clock(source)
            await self.find_place(source)
        resumes = self._intake.has_read(source)
        self._is_quiet = True
        return params | {"follow": "true"} | (since_of(self._intake.seen) if resumes else dict(self.start))

    async def _skip_past(self, source: LogSource) -> None:
        """For a tail of no lines: what comes is what is written after the last one."""
        if self.start.get("tailLines") == "0":
            last = await self._streams.ask(self._path, log_params(source) | {"tailLines": "1"})
            self.start = _without_tail(self.start)
            self._intake.skip(last, source)

    async def _mind_clock(self, source: LogSource) -> None:
        """A stream that is asked for by time brings nothing when the clock of the node was set back."""
        now = self._clock.monotonic()
        if self._is_quiet and now > self._looked_at + CLOCK_SECONDS:
            self._looked_at = now
            with contextlib.suppress(KubeError):
                for line in await self._streams.ask(self._path, log_params(source) | {"tailLines": "1"}):
                    self._intake.seen.ends_with(line, self._errors)

    async def find_place(self, source: LogSource, *, previous: bool = False) -> None:
        """Where the clock was set back: are the last lines still in the log? Raises KubeError."""
        seen = self._intake.seen
        if seen.is_set_back:
            more = {"previous": "true"} if previous else {}
            params = log_params(source) | since_of(seen) | more
            seen.look_for_end(await self._streams.ask(self._path, params), self._errors)


def _without_tail(start: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in start.items() if key != "tailLines"}
