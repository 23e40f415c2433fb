"""What the reader of a container says of itself: how it stands, and remarks between the lines.

It decides nothing about what is read. A failure is told once as a line, and as a state as long as it lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.logs.types import (
    ENDED,
    ERROR,
    GAP,
    INFO,
    RESTART,
    Following,
    LogLine,
    LogSource,
    SourceStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.pod import ContainerLife, Terminated


class Telling:
    """The state of one container's reading, told whenever it changes."""

    def __init__(
        self,
        source: LogSource,
        emit: Callable[[Sequence[LogLine]], None],
        on_status: Callable[[SourceStatus], None],
        clock: Clock,
    ) -> None:
        self.source = source
        """The life that is read now: it is what all this is about."""
        self.status = SourceStatus(source, since=clock.monotonic())
        self._emit = emit
        self._on_status = on_status
        self._clock = clock
        self._told_broken = False

    def say(self, following: Following, reason: str, next_try: float | None = None) -> None:
        """It stands so now."""
        old = self.status
        since = old.since if old.following is following else self._clock.monotonic()
        new = SourceStatus(self.source, following, since, reason, next_try, old.last_line)
        if new != old:
            self.status = new
            self._on_status(new)

    def fetching(self, fetches: bool) -> None:
        """Rotated lines are being fetched, or no longer."""
        if fetches:
            self.say(self.status.following, "fetching what the kubelet has rotated away")
        elif self.status.following is Following.OPEN:
            self.say(Following.OPEN, "")

    def heard(self) -> None:
        """Lines came."""
        old = self.status
        now = self._clock.monotonic()
        self.status = SourceStatus(old.source, old.following, old.since, old.reason, old.next_try, now)

    def opened(self) -> None:
        """A stream is open."""
        if self._told_broken:
            self._told_broken = False
            self._remark(INFO, "reading goes on")
        self.say(Following.OPEN, "")

    def broken(self, why: str, delay: float) -> None:
        """Reading broke off; it is tried again after so many seconds."""
        if not self._told_broken:
            self._told_broken = True
            self._remark(ERROR, f"reading broke off: {why}")
        self.say(Following.BROKEN, why, self._clock.monotonic() + delay)

    def unread(self, why: str) -> None:
        """The end of a life could not be read."""
        self._remark(GAP, f"its last lines may be missing: {why}")

    def restarted(self, life: ContainerLife, missed: int) -> None:
        """Another life begins; `missed` lives between it and the one before were not seen at all."""
        at = (life.last.finished_at or "") if life.last is not None else ""
        mark = GAP if missed > 0 else RESTART
        self._emit([LogLine(at, self.source, life.restarted(missed), mark)])

    def ended(self, how: Terminated | None) -> None:
        """It has ended for good: a line says so, among those of others that were written then."""
        self._remark(ENDED, f"ended{how.remark if how else ''}", (how.finished_at or "") if how else "")
        self.say(Following.ENDED, how.text if how else "")

    def gone(self, *, is_told: bool) -> None:
        """Its pod is gone; with `is_told` a line says so, if there was a life at all."""
        if self.source.container_id and is_told:
            self._remark(ENDED, "ended (the pod is gone)")
        self.say(Following.ENDED, "the pod is gone")

    def _remark(self, mark: str, text: str, at: str = "") -> None:
        self._emit([LogLine(at, self.source, f"{self.source.container}: {text}", mark)])
