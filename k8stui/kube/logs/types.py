"""Log lines as data: where a line comes from, what it says, and how its source stands."""

from __future__ import annotations

from enum import Enum

import msgspec

INIT = "init"
SIDECAR = "sidecar"
REGULAR = "container"
EPHEMERAL = "ephemeral"

GAP = "gap"
RESTART = "restart"
ENDED = "ended"
ERROR = "error"
INFO = "info"


class LogSource(msgspec.Struct, frozen=True, gc=False):
    """One life of one container. A restart makes another source."""

    namespace: str
    pod: str
    uid: str
    container: str
    container_id: str = ""
    kind_of_container: str = REGULAR
    """"init", "sidecar", "container" or "ephemeral"."""
    restarts: int = 0
    """How many lives the container had before."""
    node: str = ""
    log_uid: str = ""
    """What the node's files call the pod: its uid, except for those that the kubelet read from a file."""

    @property
    def stream(self) -> str:
        """What names its stream in the pool: all lives of a container of one pod."""
        return f"{self.uid}/{self.container}"


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One line, as it was written, or a remark of ours between lines."""

    time: str
    """RFC 3339 with nanoseconds, as the kubelet stamped it; "" where there is no stamp."""
    source: LogSource
    text: str
    """Raw: escape sequences and a carriage return at the end are kept. Neutralise before painting."""
    mark: str = ""
    """"" for a line of the container; else "gap", "restart", "ended", "error" or "info"."""


class Following(Enum):
    """How the reading of one container stands."""

    WAITING = "waiting"
    """The container has not started (or not again)."""
    OPEN = "open"
    """The stream is open: nothing coming means that nothing is written."""
    BROKEN = "broken"
    """The stream broke and is not open again: lines may be waiting to be read."""
    ENDED = "ended"
    """The container has ended for good, or its pod is gone."""


class SourceStatus(msgspec.Struct, frozen=True, gc=False):
    """The state of one container's stream. Times are of the monotonic clock."""

    source: LogSource
    following: Following = Following.WAITING
    since: float = 0.0
    reason: str = ""
    next_try: float | None = None
    last_line: float | None = None
    """When the last line came: an open stream is quiet since then."""
