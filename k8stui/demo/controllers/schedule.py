"""Cron schedules as Kubernetes reads them: five fields, names, steps, lists, macros."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Schedule"]

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def _number(text: str, names: list[str], first: int) -> int:
    lowered = text.lower()
    return names.index(lowered) + first if lowered in names else int(text)


def _field(text: str, low: int, high: int, names: list[str], first: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            start, end = low, high
        elif "-" in span:
            left, _, right = span.partition("-")
            start, end = _number(left, names, first), _number(right, names, first)
        else:
            start = _number(span, names, first)
            end = high if step else start
        if not low <= start <= high or end > high or (step and int(step) < 1):
            raise ValueError(f"value out of range in {part!r}")
        values.update(range(start, end + 1, int(step) if step else 1))
    return frozenset(values)


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises ValueError with what is wrong."""
        fields = _MACROS.get(text.strip(), text).split()
        if len(fields) != 5:
            raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{text}]")
        names: tuple[tuple[list[str], int], ...] = (([], 0), ([], 0), ([], 0), (_MONTHS, 1), (_DAYS, 0))
        parsed = [
            _field(f, low, high, words, first)
            for f, (low, high), (words, first) in zip(fields, _RANGES, names, strict=True)
        ]
        minutes, hours, days, months, weekdays = parsed
        return cls(
            minutes,
            hours,
            days,
            months,
            frozenset(d % 7 for d in weekdays),
            any_day=fields[2] in "*?",
            any_weekday=fields[4] in "*?",
        )

    def fits(self, moment: datetime) -> bool:
        """Whether it fires in that minute."""
        if (
            moment.minute not in self.minutes
            or moment.hour not in self.hours
            or moment.month not in self.months
        ):
            return False
        return self._day(moment)

    def _day(self, moment: datetime) -> bool:
        day = moment.day in self.days
        weekday = (moment.weekday() + 1) % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return day and weekday
        return day or weekday

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`, within five years."""
        at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + timedelta(days=5 * 366)
        while at < end:
            if at.month not in self.months or not self._day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        return None
