"""How the streams of a log stand, in words: for the title, and one by one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.text import cut
from k8stui.kube.durations import human_duration
from k8stui.ui.widgets.table.states import next_try

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

QUIET = 60.0
"""Seconds without a line after which an open stream is called quiet."""
SIGNS = {"open": "●", "quiet": "○", "waiting": "…", "broken": "✗", "ended": "■", "queued": "⧗"}
ORDER = tuple(SIGNS)
LONGEST = 56
"""Characters of a reason in the title."""


def standing(status: Any, now: float, queued: Container[str] = ()) -> str:
    """One of `SIGNS`: an open stream that brings nothing is quiet, one without a place is queued."""
    state = str(status.following.value)
    if state != "ended" and status.source.stream in queued:
        return "queued"
    if state == "open" and now - max(status.since, status.last_line or 0.0) >= QUIET:
        return "quiet"
    return state


def about(status: Any, now: float, queued: Mapping[str, int] | None = None) -> str:
    """A stream's state with its reason, since when, and the next try; `queued` as of `Share.waiting`."""
    places = queued or {}
    state = standing(status, now, places)
    said = [state]
    if state == "queued":
        said = [f"queued, number {places[status.source.stream]}"]
    elif state == "quiet":
        said = [f"quiet for {human_duration(now - max(status.since, status.last_line or 0.0))}"]
    elif status.since:
        said.append(f"for {human_duration(max(0.0, now - status.since))}")
    if status.next_try is not None and state == "broken":
        said.append(next_try(status.next_try - now))
    if status.reason:
        said.append(status.reason)
    return ", ".join(said)


def summary(statuses: Sequence[Any], now: float, pool: Any = None) -> tuple[str, bool]:
    """All streams in a few words, and whether that is bad news."""
    if not statuses:
        return "waiting", False
    queued = pool.waiting if pool is not None else {}
    states = [standing(status, now, queued) for status in statuses]
    counts = {state: states.count(state) for state in ORDER if state in states}
    if len(statuses) == 1:
        state, status = states[0], statuses[0]
        if state == "broken":
            return f"broken, {_next_try([status], now)}", True
        words = {"open": "following", "quiet": f"following, {about(status, now)}"}
        return words.get(state, f"waiting{_reason(statuses)}" if state == "waiting" else state), False
    broken = counts.get("broken", 0)
    if broken:
        ill = [status for status, state in zip(statuses, states, strict=True) if state == "broken"]
        return f"{broken} of {len(statuses)} streams broken, {_next_try(ill, now)}", True
    live = counts.get("open", 0) + counts.get("quiet", 0)
    if not live and "queued" in counts:
        return f"{counts['queued']} streams wait for a place", False
    if not live:
        ended = counts.get("ended", 0) == len(statuses)
        return "ended" if ended else f"waiting{_reason(statuses)}", False
    more = [
        f"{counts[state]} {state}" for state in ("quiet", "waiting", "queued", "ended") if state in counts
    ]
    return ", ".join([f"following {live} stream{'s' * (live > 1)}", *more]), False


def _reason(statuses: Sequence[Any]) -> str:
    """What all that wait wait for, as far as that is one thing."""
    reasons = {each.reason for each in statuses if str(each.following.value) == "waiting"}
    return f": {cut(reasons.pop(), LONGEST)}" if len(reasons) == 1 and reasons != {""} else ""


def _next_try(statuses: Sequence[Any], now: float) -> str:
    tries = [status.next_try for status in statuses if status.next_try is not None]
    if not tries:
        return "trying again"
    return next_try(min(tries) - now)
