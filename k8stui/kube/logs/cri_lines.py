"""Lines of a container's log file as container runtimes write them, made into what a kubelet answers.

A line of the file is `TIME STREAM TAGS TEXT` (the CRI log format): the tag `P` is for a part of a long line
that goes on in the next one, `F` for its last part. A kubelet answers `TIME TEXT`, the time with nine digits;
older ones put the time before each part of a long line, newer ones before the first alone, as is done here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PART_UNIT = 4096
"""Parts of long lines are multiples of so many bytes: 16 KiB, 8 KiB."""
_PART_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")


class CriLines:
    """Joins the parts of long lines. Feed it the lines of a file in their order."""

    def __init__(self) -> None:
        self._parts: list[tuple[bytes, bytes]] = []

    def feed(self, raw: Iterable[bytes]) -> list[bytes]:
        """The lines that are complete; what is no line of a log is left out."""
        found: list[bytes] = []
        for line in raw:
            stamp, _, rest = line.partition(b" ")
            _stream, _, rest = rest.partition(b" ")
            tags, blank, text = rest.partition(b" ")
            if not blank and tags not in (b"F", b"P"):
                continue
            stamp = _with_nine_digits(stamp)
            if tags.partition(b":")[0] == b"P":
                self._parts.append((stamp, text))
            elif self._parts:
                self._parts.append((stamp, text))
                found.append(self.rest())
            else:
                found.append(stamp + b" " + text)
        return found

    @property
    def has_rest(self) -> bool:
        """Whether a line has begun and not ended."""
        return bool(self._parts)

    def rest(self) -> bytes:
        """The parts so far, as one line."""
        parts, self._parts = self._parts, []
        return parts[0][0] + b" " + b"".join([text for _, text in parts])


def _with_nine_digits(stamp: bytes) -> bytes:
    """Runtimes leave zeros at the end of a fraction out, kubelets put them in."""
    if len(stamp) == 30 and stamp[-1:] == b"Z":
        return stamp
    second, rest = stamp[:19], stamp[19:]
    zone = next((at for at, byte in enumerate(rest) if byte in b"Z+-"), len(rest))
    return second + b"." + rest[1:zone].ljust(9, b"0")[:9] + rest[zone:]


def whole_line(line: bytes) -> bytes:
    """A long line without the times that older kubelets put before each of its parts, within its text."""
    first = _PART_STAMP.match(line)
    second = _PART_STAMP.search(line, first.end() + PART_UNIT) if first else None
    if first is None or second is None or (second.start() - first.end()) % PART_UNIT:
        return line
    size = second.start() - first.end()
    pieces, at = [line[: second.start()]], second.start()
    while at < len(line):
        stamp = _PART_STAMP.match(line, at)
        if stamp is None:
            return line  # no part begins here: what looked like a time was text
        pieces.append(line[stamp.end() : stamp.end() + size])
        at = stamp.end() + size
    return b"".join(pieces)


def is_last_part(line: bytes) -> bool:
    """Whether a line of text ends with this line of the file."""
    tags = line[:80].split(b" ", 3)[2:3]
    return tags != [] and tags[0].partition(b":")[0] == b"F"
