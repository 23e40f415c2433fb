"""The frames of SPDY/3.1, as far as a port-forward inside a WebSocket needs them. Bytes only.

Source: the SPDY protocol draft 3.1 and KEP-4006 (WebSocket tunnels). Windows are neither kept nor sent: the
servers of Kubernetes ignore them, and the WebSocket holds back who is too quick.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY, HEADERS = 1, 2, 3, 6, 7, 8
FIN = 1
MOST_HEADERS = 1 << 18
"""Bytes of headers once they are decompressed: a small frame must not fill the memory."""

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges"
    " age allow authorization cache-control connection content-base content-encoding content-language"
    " content-length content-location content-md5 content-range content-type date etag expect expires from"
    " host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location"
    " max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer"
    " transfer-encoding upgrade user-agent vary via warning www-authenticate method get status"
)
_MORE = ("200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
_REST = (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    b"203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    b"403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    b"Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    b"chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    b"text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = (
    b"".join(struct.pack(">I", len(each)) + each.encode() for each in (*_WORDS.split(), *_MORE)) + _REST
)
"""What both sides start the compression of headers from: a constant of the protocol."""


class SpdyError(Exception):
    """The peer sent what is not SPDY/3."""


class Frame(NamedTuple):
    """A frame that came. `kind` 0 is data; `value` is a ping's number or a status."""

    kind: int
    stream: int = 0
    fin: bool = False
    data: bytes = b""
    value: int = 0


class Reader:
    """Frames out of bytes that come in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now. Raises SpdyError."""
        self._buffer += data
        while len(self._buffer) >= 8:
            size = int.from_bytes(self._buffer[5:8])
            if len(self._buffer) < 8 + size:
                return
            head, body = bytes(self._buffer[:8]), bytes(self._buffer[8 : 8 + size])
            del self._buffer[: 8 + size]
            frame = self._frame(head, body)
            if frame is not None:
                yield frame

    def _frame(self, head: bytes, body: bytes) -> Frame | None:
        fin = bool(head[4] & FIN)
        if not head[0] & 0x80:
            return Frame(0, int.from_bytes(head[:4]) & 0x7FFFFFFF, fin, body)
        version, kind = struct.unpack(">HH", head[:4])
        if version != 0x8003:
            raise SpdyError("another version of SPDY")
        number = int.from_bytes(body[:4]) & 0x7FFFFFFF
        value = int.from_bytes(body[4:8])
        if kind in (SYN_REPLY, HEADERS):
            self._skip(body[4:])  # nothing in them matters here, but the compression goes on from them
            return Frame(kind, number, fin)
        if kind == PING:
            return Frame(kind, value=int.from_bytes(body[:4]))
        return Frame(kind, number, fin, value=value) if kind in (RST_STREAM, GOAWAY) else None

    def _skip(self, block: bytes) -> None:
        try:
            self._inflate.decompress(block, MOST_HEADERS)
        except zlib.error as error:
            raise SpdyError("headers that cannot be decompressed") from error
        if self._inflate.unconsumed_tail:
            raise SpdyError("headers without end")


class Writer:
    """Bytes of frames; they must be sent in the order in which they were made."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zlib.Z_BEST_SPEED, zlib.DEFLATED, 15, 8, 0, DICTIONARY)

    def open(self, stream: int, headers: Mapping[str, str], *, fin: bool = False) -> bytes:
        """Open a stream; `fin`: nothing will be sent on it."""
        block = struct.pack(">I", len(headers))
        for pair in headers.items():
            for text in pair:
                block += struct.pack(">I", len(text)) + text.encode()
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return self._control(SYN_STREAM, struct.pack(">IIH", stream, 0, 0) + packed, fin)

    @staticmethod
    def data(stream: int, data: bytes, *, fin: bool = False) -> bytes:
        """Bytes on a stream."""
        return struct.pack(">II", stream, (FIN << 24 if fin else 0) | len(data)) + data

    def reset(self, stream: int) -> bytes:
        """End a stream at once, as cancelled."""
        return self._control(RST_STREAM, struct.pack(">II", stream, 5))

    def ping(self, number: int) -> bytes:
        """The answer to a ping."""
        return self._control(PING, struct.pack(">I", number))

    @staticmethod
    def _control(kind: int, body: bytes, fin: bool = False) -> bytes:
        return struct.pack(">HHI", 0x8003, kind, (FIN << 24 if fin else 0) | len(body)) + body
