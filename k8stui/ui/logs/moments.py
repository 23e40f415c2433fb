"""A moment as people type it: `14:05`, `01-31 14:05:30`, `2026-01-31T14:05:00Z`, `10m` ago. Pure."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta

IN_ACCESS_LOGS = "%d/%b/%Y:%H:%M:%S %z"
FORMS = "14:05 · 14:05:30 · 01-31 14:05 · 2026-01-31T14:05:00Z · 10m ago"
_AGO = re.compile(r"-?(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?(?:\s*ago)?")
_CLOCK = re.compile(r"(?:(?:(\d{4})-)?(\d\d)-(\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?")


class MomentError(ValueError):
    """A text that is no moment."""


def moment_of(text: str, now: datetime) -> datetime:
    """The moment that is meant, seen from `now` (with its zone); a clock time is the last such one.

    Raises MomentError.
    """
    text = text.strip()
    with contextlib.suppress(ValueError):
        return datetime.strptime(text, IN_ACCESS_LOGS)
    parts = _AGO.fullmatch(text)
    if parts and any(parts.groups()):
        days, hours, minutes, seconds = (int((part or "0")[:6]) for part in parts.groups())
        return now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    clock = _CLOCK.fullmatch(text)
    try:
        if clock is None:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo)
        year, month, day, hour, minute, second = (
            None if part is None else int(part) for part in clock.groups()
        )
        found = now.replace(
            year=year or now.year,
            month=month or now.month,
            day=day or now.day,
            hour=hour or 0,
            minute=minute or 0,
            second=second or 0,
            microsecond=0,
        )
    except ValueError:
        raise MomentError(f"{text or 'nothing'} is no time; such are {FORMS}") from None
    if found > now and month is None:
        found -= timedelta(days=1)
    elif found > now and year is None:
        found = found.replace(year=found.year - 1)
    return found
