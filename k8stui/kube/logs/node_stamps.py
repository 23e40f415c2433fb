"""When a line of a node's log was written, where the line says so beyond doubt.

Journals come as `journalctl --utc --output=short-precise` writes them (so the kubelet asks for them): without
a year, which is that of the last such day. In files, times count that name their zone: ISO 8601 in front (as
container runtimes and syslog daemons write), or a field of a JSON line (as in audit logs). A klog header
names no zone, so it is no stamp.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from k8stui.kube.logs.times import nanoseconds, sortable

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)([.,]\d{1,9})?(Z|[+-]\d\d:\d\d)(?=\s|$)")
_FIELD = re.compile(r'"(stageTimestamp|timestamp|time|ts)"\s*:\s*"([^"]{20,40})"')
_JOURNAL = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEEWAY = timedelta(days=1)
"""Clocks differ, but not by so much."""


def stamp_of(line: str, *, journal: bool, now: float) -> str:
    """An RFC 3339 stamp in UTC with nine digits, or "". `now` in seconds since the epoch."""
    if journal:
        return _of_journal(line, now)
    if found := _ISO.match(line):
        return _sortable(f"{found[1]}T{found[2]}{(found[3] or '').replace(',', '.')}{found[4]}")
    if line.startswith("{"):
        fields = dict(reversed(_FIELD.findall(line)))
        return _sortable(next((fields[key] for key in ("stageTimestamp", *fields) if key in fields), ""))
    return ""


def _sortable(stamp: str) -> str:
    return sortable(stamp) if nanoseconds(stamp) else ""


def _of_journal(line: str, now: float) -> str:
    found = _JOURNAL.match(line)
    if found is None or found[1] not in _MONTHS:
        return ""
    today = datetime.fromtimestamp(now, UTC)
    for year in range(today.year + 1, today.year - 5, -1):  # the 29th of February has not each year
        try:
            day = datetime(year, _MONTHS.index(found[1]) + 1, int(found[2]), tzinfo=UTC)
            moment = day.replace(hour=int(found[3]), minute=int(found[4]), second=int(found[5]))
        except ValueError:
            continue
        if moment <= today + _LEEWAY:
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{(found[6] or '').ljust(9, '0')}Z"
    return ""
