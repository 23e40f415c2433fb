"""SPDY/3.1 frames as kubectl speaks them: bytes in, frames out, and back. No sockets and no waiting here.

Used for exec, attach and port-forward of older clients, over an upgraded connection or inside a WebSocket.
Windows are read and ignored: Kubernetes' clients neither keep nor send any, TCP alone holds them back.
Source: the SPDY protocol drafts 3 and 3.1. Raises SpdyError on bytes that are not SPDY.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = 3
FIN = 0x01
MAX_HEADERS = 1 << 20
"""Most bytes of a decompressed header block, so that a small frame cannot fill the memory."""

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges "
    "age allow authorization cache-control connection content-base content-encoding content-language "
    "content-length content-location content-md5 content-range content-type date etag expect expires from "
    "host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location "
    "max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer "
    "transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version "
    "HTTP/1.1 url public set-cookie keep-alive origin"
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _dictionary() -> bytes:
    words = [word.replace("_", " ").encode() for word in _WORDS.split(" ")]
    return b"".join(struct.pack(">I", len(word)) + word for word in words) + _TAIL.encode()


DICTIONARY = _dictionary()
"""What header compression starts from: a constant of the protocol."""


class Type(IntEnum):
    """Kinds of control frames."""

    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class SpdyError(Exception):
    """The peer sent what is not SPDY/3."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `type` None is data; `value` is a status (RST_STREAM, GOAWAY), an id (PING) or a size."""

    type: Type | None
    stream: int = 0
    flags: int = 0
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    value: int = 0

    @property
    def fin(self) -> bool:
        """Whether the sender has nothing more to say on this stream."""
        return bool(self.flags & FIN) and self.type in (None, Type.SYN_STREAM, Type.SYN_REPLY, Type.HEADERS)


def _number(payload: bytes, at: int = 0) -> int:
    try:
        return int(struct.unpack_from(">I", payload, at)[0]) & 0x7FFFFFFF
    except struct.error as error:
        raise SpdyError("short control frame") from error


class Decoder:
    """One direction of a connection, receiving."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames that are complete with these bytes. Frames of unknown kinds are left out."""
        self._buffer += data
        while len(self._buffer) >= 8:
            length = int.from_bytes(self._buffer[5:8])
            if len(self._buffer) < 8 + length:
                return
            head, payload = bytes(self._buffer[:8]), bytes(self._buffer[8 : 8 + length])
            del self._buffer[: 8 + length]
            frame = self._frame(head, payload)
            if frame is not None:
                yield frame

    def _frame(self, head: bytes, payload: bytes) -> Frame | None:
        first, flags = _number(head), head[4]
        if not head[0] & 0x80:
            return Frame(None, first, flags, payload)
        version, number = first >> 16, first & 0xFFFF
        if version != VERSION:
            raise SpdyError(f"SPDY version {version}")
        try:
            kind = Type(number)
        except ValueError:
            return None
        if kind is Type.SYN_STREAM:
            return Frame(kind, _number(payload), flags, headers=self._headers(payload[10:]))
        if kind in (Type.SYN_REPLY, Type.HEADERS):
            return Frame(kind, _number(payload), flags, headers=self._headers(payload[4:]))
        if kind in (Type.RST_STREAM, Type.WINDOW_UPDATE):
            return Frame(kind, _number(payload), flags, value=_number(payload, 4))
        if kind is Type.PING:
            return Frame(kind, flags=flags, value=int.from_bytes(payload[:4]))
        if kind is Type.GOAWAY:
            return Frame(kind, _number(payload), flags, value=_number(payload, 4))
        return Frame(kind, flags=flags, data=payload)

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            plain = self._inflate.decompress(block, MAX_HEADERS)
        except zlib.error as error:
            raise SpdyError("headers cannot be decompressed") from error
        if self._inflate.unconsumed_tail:
            raise SpdyError("headers too long")
        texts = []
        at = 4
        for _ in range(2 * _number(plain)):
            size = _number(plain, at)
            texts.append(plain[at + 4 : at + 4 + size].decode("utf-8", "replace"))
            at += 4 + size
        return {name.lower(): value for name, value in zip(texts[::2], texts[1::2], strict=True)}


class Encoder:
    """One direction of a connection, sending. Frames must go out in the order in which they were made."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)

    def data(self, stream: int, data: bytes, *, fin: bool = False) -> bytes:
        """A data frame; at most 16 MiB."""
        return struct.pack(">II", stream, (FIN if fin else 0) << 24 | len(data)) + data

    def syn_stream(self, stream: int, headers: Mapping[str, str], *, fin: bool = False) -> bytes:
        """Open a stream (odd numbers are the client's)."""
        payload = struct.pack(">IIH", stream, 0, 0) + self._headers(headers)
        return self._control(Type.SYN_STREAM, payload, FIN if fin else 0)

    def syn_reply(self, stream: int, headers: Mapping[str, str] | None = None) -> bytes:
        """Accept a stream."""
        return self._control(Type.SYN_REPLY, struct.pack(">I", stream) + self._headers(headers or {}))

    def rst_stream(self, stream: int, status: int) -> bytes:
        """End a stream at once; status 1 protocol error, 3 refused, 5 cancel."""
        return self._control(Type.RST_STREAM, struct.pack(">II", stream, status))

    def ping(self, number: int) -> bytes:
        """A ping, or the answer to one (the same number)."""
        return self._control(Type.PING, struct.pack(">I", number))

    def goaway(self, last: int, status: int = 0) -> bytes:
        """No streams after `last` will be taken."""
        return self._control(Type.GOAWAY, struct.pack(">II", last, status))

    def _control(self, kind: Type, payload: bytes, flags: int = 0) -> bytes:
        return struct.pack(">HHI", 0x8000 | VERSION, kind, flags << 24 | len(payload)) + payload

    def _headers(self, headers: Mapping[str, str]) -> bytes:
        block = struct.pack(">I", len(headers))
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                block += struct.pack(">I", len(text)) + text
        return self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
