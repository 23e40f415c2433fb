"""What an error of a list or a watch means for a reflector: a pure function of the error.

It must never wait or request; it says in which phase rows are held meanwhile, whether a new
list is needed, and how long to wait.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.errors import OTHER_SERVER, ApiError, ConnectionLost, KubeError
from k8stui.kube.live.collection import Phase

if TYPE_CHECKING:
    from k8stui.kube.codecs import BadData


class Wait(Enum):
    """How long until the next try."""

    BACKOFF = "backoff"
    """Shortly, then longer each time."""
    SLOW = "slow"
    """Tens of seconds: only a human can change the answer."""
    NONE = "none"
    """At once."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What to do about an error."""

    phase: Phase
    reason: str
    wait: Wait = Wait.BACKOFF
    relist: bool = False
    """What is held can no longer be brought up to date by a watch."""
    poll: bool = False
    """Listing works, watching does not: list again from time to time."""
    at_least: float | None = None
    """Seconds that the server asks to wait."""


def judge(error: KubeError | BadData, *, watching: bool) -> Verdict:
    """What an error means; `watching` tells a watch's error from a list's."""
    if isinstance(error, ApiError):
        return _judge_answer(error, watching)
    if isinstance(error, ConnectionLost) and error.kind == "idle" and watching:
        # nothing heard for long is no failure yet: the new connection will tell
        return Verdict(Phase.LIVE, "", Wait.NONE)
    if isinstance(error, KubeError):
        return Verdict(Phase.STALE, error.sentence())
    return Verdict(Phase.STALE, str(error) if watching else f"{error}; {OTHER_SERVER}")


def _judge_answer(error: ApiError, watching: bool) -> Verdict:
    said = error.message
    if error.code == 410 or _is_version_unknown(error):
        return Verdict(Phase.STALE, "reading the list again: " + said, Wait.NONE, relist=True)
    if error.code == 403:
        if watching:
            return Verdict(Phase.LIVE, said, poll=True)
        return Verdict(Phase.DENIED, said, Wait.SLOW)
    if error.code == 405:
        if watching:
            return Verdict(Phase.LIVE, "", poll=True)
        return Verdict(Phase.GONE, "The server takes such objects, but keeps no list of them.", Wait.SLOW)
    if error.code == 404:
        if watching:
            return Verdict(Phase.STALE, said, Wait.BACKOFF, relist=True)
        return Verdict(Phase.GONE, said, Wait.SLOW)
    if error.code in (400, 406, 422) and not watching:
        return Verdict(Phase.STALE, said, Wait.SLOW, relist=True)
    relist = watching and error.code in (400, 422)
    return Verdict(Phase.STALE, error.sentence(), Wait.BACKOFF, relist, at_least=error.retry_after)


def _is_version_unknown(error: ApiError) -> bool:
    """The server is behind the version asked for (its store was put back to an older state)."""
    return any(cause.reason == "ResourceVersionTooLarge" for cause in error.causes) or (
        error.code == 504 and "resource version" in error.message.lower()
    )
