"""Files below /var/log of a node, as its kubelet serves them: what a folder holds, and pieces of a file.

`/api/v1/nodes/NAME/proxy/logs/` lists and serves them where the kubelet has `enableDebuggingHandlers` and
`enableSystemLogHandler`, and the user the right to get nodes/proxy. It only ever reads.
"""

from __future__ import annotations

import html
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from k8stui.kube.errors import ApiError, KubeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from k8stui.kube.connection.protocols import Requests

TIMEOUT = 30.0
PIECE = 1 << 20
"""Bytes that are asked for at once."""
MOST_FILES = 2_000
_LINK = re.compile(r'<a href="([^"]+)"')
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class Piece(NamedTuple):
    """Bytes of a file, where they begin, and how large it is now."""

    body: bytes
    start: int
    size: int


def path_of(node: str) -> str:
    """Where a node's logs are."""
    return f"/api/v1/nodes/{quote(node, safe='')}/proxy/logs/"


async def list_files(connection: Requests, node: str, folder: str = "") -> list[str]:
    """Names in a folder of logs, folders with `/` at their end. Raises KubeError."""
    response = await connection.request("GET", path_of(node) + quote(folder), accept="*/*", timeout=TIMEOUT)
    text = response.body.decode("utf-8", "replace")
    names = (unquote(html.unescape(name)) for name in _LINK.findall(text))
    return [name for name in names if not name.startswith(("/", "."))][:MOST_FILES]


async def read_piece(connection: Requests, node: str, name: str, wanted: str) -> Piece:
    """The bytes that a `Range` such as "bytes=0-99" names; all of them where ranges are not served.

    Raises KubeError: an ApiError 416 where the range lies behind the end.
    """
    response = await connection.request(
        "GET",
        path_of(node) + quote(name),
        accept="*/*",
        timeout=TIMEOUT,
        headers=(("Range", wanted),),
    )
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    if found and found[1]:
        return Piece(response.body, int(found[1]), int(found[3]))
    return Piece(response.body, 0, len(response.body))


async def read_part(connection: Requests, node: str, name: str, start: int, length: int) -> Piece:
    """So many bytes from a place on; where ranges are not served, all from there; nothing behind the end.

    Raises KubeError.
    """
    try:
        found = await read_piece(connection, node, name, f"bytes={start}-{start + length - 1}")
    except ApiError as error:
        if error.code != 416:
            raise
        return Piece(b"", start, start)
    return Piece(found.body[start - found.start :], start, found.size)


async def read_blocks(
    connection: Requests, node: str, name: str, start: int = 0, piece: int = PIECE
) -> AsyncIterator[bytes]:
    """A file from a place on; one whose name ends in `.gz` is unpacked (and read from its beginning).

    No block is larger than a piece, whatever a packed file says. Raises KubeError.
    """
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16) if name.endswith(".gz") else None
    size = start + 1
    while start < size:
        found = await read_part(connection, node, name, start, piece)
        if not found.body:
            return
        start, size = start + len(found.body), found.size
        if unpacking is None:
            yield found.body
            continue
        data = found.body
        while data:
            try:
                yield unpacking.decompress(data, PIECE)
            except zlib.error as error:
                raise ApiError(502, "BadAnswer", f"{name} is no gzip file: {error}") from error
            data = unpacking.unconsumed_tail


def refusal(error: KubeError, what: str) -> str:
    """Why a node's log cannot be read, and what to do, in a sentence."""
    code = error.code if isinstance(error, ApiError) else 0
    if code == 403:
        said = error.sentence().rstrip(".")
        return f"{said}. Reading logs of nodes needs the right to get nodes/proxy (or nodes/log)."
    if code in (404, 405, 501):
        return (
            f"This kubelet does not serve {what} ({error.sentence().rstrip('.')}). Files need "
            "enableDebuggingHandlers, journals the NodeLogQuery feature with enableSystemLogQuery."
        )
    return error.sentence()
