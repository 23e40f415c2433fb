"""Which life of a container a stream brings: kubelets know of a restart before the pod's status tells.

A log is asked for by names, so a stream that is opened again may be that of the next life, or of another pod
that took the name. What was read before tells them apart where it comes again; else the status does, which is
right after a while. Until then whatever is read is remembered, so that it is not read twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.errors import KubeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.backoff import Clock
    from k8stui.kube.logs.pod_watch import PodView
    from k8stui.kube.logs.seen import Seen

CERTAIN_SECONDS = 3.0
"""So long after a stream was opened the pod's status tells reliably which life it brings."""
SURE_SECONDS = 1.0
"""For so long after a look at the pod, it is taken for granted that nothing else has its name."""
UNCERTAIN_SECONDS = 60.0
"""Where the pod cannot be asked, the life is taken for granted after this."""
ASK_SECONDS = 3.0
"""How often the pod is asked for it at most."""


class WhichLife:
    """Whose lines one follower reads."""

    def __init__(self, pod: PodView, clock: Clock, has_moved_on: Callable[[], bool]) -> None:
        """`has_moved_on`: whether the pod's status says that another life has begun."""
        self._pod = pod
        self._clock = clock
        self._has_moved_on = has_moved_on
        self._since = self._asked_at = 0.0

    @property
    def is_sure(self) -> bool:
        """Whether the pod was looked at just now."""
        return self._clock.monotonic() - self._pod.read_at < SURE_SECONDS

    def doubt(self, seen: Seen) -> None:
        """A stream is opened, and the container may have been started anew meanwhile."""
        seen.hold, self._since = True, self._clock.monotonic()

    def opened(self, seen: Seen) -> None:
        """The server has accepted, perhaps after it had made us wait."""
        if seen.hold:
            self._since = self._clock.monotonic()

    def took(self, seen: Seen) -> None:
        """Lines came: remember them no longer than it is uncertain whose they are."""
        waited = self._clock.monotonic() - self._since
        if seen.hold and (self._is_told or waited > UNCERTAIN_SECONDS):
            seen.hold = self._has_moved_on()

    @property
    def _is_told(self) -> bool:
        return self._pod.read_at - self._since > CERTAIN_SECONDS

    async def make_certain(self, seen: Seen) -> None:
        """Ask the pod when the time has come."""
        if not seen.hold or self._is_told:
            return
        now = self._clock.monotonic()
        if now > max(self._since + CERTAIN_SECONDS, self._asked_at + ASK_SECONDS):
            self._asked_at = now
            try:
                await self._pod.refresh()
            except KubeError:
                return  # asked again with the next lines

    async def is_still(self, seen: Seen) -> bool:
        """Whether it is the life that was read, when the status is certain to tell. Raises KubeError."""
        wait = self._since + CERTAIN_SECONDS - self._clock.monotonic()
        if wait > 0 and seen.hold:
            await self._clock.sleep(wait)
        await self._pod.refresh()
        return self._pod.lives is not None and not self._has_moved_on()
