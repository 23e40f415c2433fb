"""Durations as kubectl prints them (AGE, LAST SEEN, DURATION).

The rules are those of `HumanDuration` in k8s.io/apimachinery's `util/duration`: the longer, the coarser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

UNKNOWN = "<unknown>"
INVALID = "<invalid>"

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def human_duration(seconds: float) -> str:
    """A duration in seconds as text; a little below zero is `0s`, further below `<invalid>`."""
    whole = int(seconds)  # towards zero, as Go does
    if whole < -1:
        return INVALID
    if whole < 0:
        return "0s"
    if whole < 2 * MINUTE:
        return f"{whole}s"
    if whole < 3 * HOUR:
        minutes, rest = divmod(whole, MINUTE)
        return f"{minutes}m{rest}s" if rest and minutes < 10 else f"{minutes}m"
    if whole < 2 * DAY:
        hours, rest = divmod(whole // MINUTE, 60)
        return f"{hours}h{rest}m" if rest and hours < 8 else f"{hours}h"
    return _days(whole // HOUR)


def _days(hours: int) -> str:
    days, rest = divmod(hours, 24)
    if days < 8:
        return f"{days}d{rest}h" if rest else f"{days}d"
    if days < 2 * 365:
        return f"{days}d"
    years, rest = divmod(days, 365)
    return f"{years}y{rest}d" if rest and years < 8 else f"{years}y"


def is_set(moment: datetime | None) -> bool:
    """False for a missing time and for the zero time that some servers write in its place."""
    return moment is not None and moment.year > 1


def age(since: datetime | None, now: datetime) -> str:
    """How long ago `since` was, as kubectl prints it; `<unknown>` where there is no time."""
    if since is None or since.year <= 1:
        return UNKNOWN
    return human_duration((now - since).total_seconds())
