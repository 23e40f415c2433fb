"""The time stamps in front of log lines: cutting them off, comparing them, resuming from them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import lru_cache

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)\Z")


def split_stamp(line: str) -> tuple[str, str]:
    """The stamp and the text of a line; the stamp is "" for a line without one (the kubelet's own words)."""
    if line[29:31] == "Z " and line[10:11] == "T" and line[19:20] == "." and line[20:29].isdecimal():
        return line[:30], line[31:]  # as kubelets write it
    stamp, space, text = line.partition(" ")
    # the shape is checked at three places only: every line of every log comes through here
    if len(stamp) >= 20 and stamp[4] == "-" and stamp[10] == "T" and _STAMP.match(stamp):
        return stamp, text if space else ""
    return "", line


def split_stamps(lines: list[str]) -> list[tuple[str, str]]:
    """`split_stamp` of many lines: what kubelets write is cut here, without a call for each."""
    return [
        (line[:30], line[31:])
        if line[29:31] == "Z " and line[19:20] == "." and line[10:11] == "T" and line[20:29].isdecimal()
        else split_stamp(line)
        for line in lines
    ]


def raw_stamp(line: bytes) -> str:
    """What stands where the stamp of a line is, whatever comes after it."""
    return line[:40].partition(b" ")[0].decode("ascii", "replace")


@lru_cache(maxsize=4096)
def _seconds(second: str, zone: str) -> int:
    return int(datetime.fromisoformat(second + ("+00:00" if zone == "Z" else zone)).timestamp())


def nanoseconds(stamp: str) -> int:
    """A stamp as nanoseconds since the epoch, so that stamps of different zones compare. 0 for ""."""
    if not stamp:
        return 0
    second, rest = stamp[:19], stamp[19:]
    cut = 0
    if rest.startswith("."):
        cut = 1
        while cut < len(rest) and rest[cut].isdigit():
            cut += 1
    try:
        return _seconds(second, rest[cut:]) * 1_000_000_000 + int(rest[1:cut].ljust(9, "0") or 0)
    except ValueError:
        return 0


def second_of(stamp: str) -> int:
    """The whole second of a stamp since the epoch: as fine as `sinceTime` is."""
    return nanoseconds(stamp) // 1_000_000_000


def since_time(second: int) -> str:
    """A second since the epoch as `sinceTime` wants it."""
    return datetime.fromtimestamp(max(0, second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_at(moment: float) -> str:
    """A moment in seconds since the epoch, as kubelets stamp lines."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def sortable(stamp: str) -> str:
    """A time stamp in the form in which texts sort as times do: UTC with nine digits."""
    nanos = nanoseconds(stamp)
    seconds, rest = divmod(nanos, 1_000_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{rest:09d}Z"
