"""Cutting a stream of bytes into lines, with few copies and in linear time whatever the length of a line."""

from __future__ import annotations

__all__ = ["LineSplitter", "LineTooLong"]

_MAX_LINE = 512 * 1024 * 1024


class LineTooLong(Exception):
    """A line did not end within the limit: what comes is not lines, or an attack on our memory."""


class LineSplitter:
    """Feed it chunks, get complete lines without their newline. The unfinished end is carried over.

    The pieces of an unfinished line are kept apart and joined once, when its end arrives: a line of many
    megabytes in small chunks costs one copy, not one a chunk.
    """

    __slots__ = ("_length", "_limit", "_parts")

    def __init__(self, limit: int = _MAX_LINE) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self._limit = limit

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, in order. Raises LineTooLong."""
        lines = chunk.split(b"\n")
        tail = lines.pop()
        if lines and self._parts:
            self._parts.append(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts.clear()
            self._length = 0
        if tail:
            self._parts.append(tail)
            self._length += len(tail)
            if self._length > self._limit:
                raise LineTooLong(self._length)
        return lines

    def tail(self) -> bytes:
        """What came after the last newline, so far; it is forgotten by this call."""
        tail = b"".join(self._parts)
        self._parts.clear()
        self._length = 0
        return tail
