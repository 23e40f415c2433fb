"""Lines of a container's log file as container runtimes write them, made into what a kubelet answers.

A line of the file is `TIME STREAM TAGS TEXT` (the CRI log format): the tag `P` is for a part of a long line
that goes on in the next one, `F` for its last part. A kubelet answers `TIME TEXT`, the time with nine digits;
older ones put the time before each part of a long line, newer ones before the first alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class CriLine(NamedTuple):
    """A line as newer kubelets answer it, and as older ones do."""

    line: bytes
    older: bytes


class CriLines:
    """Joins the parts of long lines. Feed it the lines of a file in their order."""

    def __init__(self) -> None:
        self._parts: list[tuple[bytes, bytes]] = []

    def feed(self, raw: Iterable[bytes]) -> list[CriLine]:
        """The lines that are complete; what is no line of a log is left out."""
        found: list[CriLine] = []
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
                whole = stamp + b" " + text
                found.append(CriLine(whole, whole))
        return found

    @property
    def has_rest(self) -> bool:
        """Whether a line has begun and not ended."""
        return bool(self._parts)

    def rest(self) -> CriLine:
        """The parts so far, as one line."""
        parts, self._parts = self._parts, []
        joined = b"".join([text for _, text in parts])
        return CriLine(parts[0][0] + b" " + joined, b"".join([b"%s %s" % part for part in parts]))


def _with_nine_digits(stamp: bytes) -> bytes:
    """Runtimes leave zeros at the end of a fraction out, kubelets put them in."""
    if len(stamp) == 30 and stamp[-1:] == b"Z":
        return stamp
    second, rest = stamp[:19], stamp[19:]
    zone = next((at for at, byte in enumerate(rest) if byte in b"Z+-"), len(rest))
    return second + b"." + rest[1:zone].ljust(9, b"0")[:9] + rest[zone:]


def is_last_part(line: bytes) -> bool:
    """Whether a line of text ends with this line of the file."""
    tags = line[:80].split(b" ", 3)[2:3]
    return tags != [] and tags[0].partition(b":")[0] == b"F"
