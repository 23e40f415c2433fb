"""Bodies and headers of answers: JSON, `Status`, warnings. No decisions are made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.demo.errors import StoreError

_ENCODER = msgspec.json.Encoder()


def warning_headers(warnings: Sequence[str]) -> list[tuple[str, str]]:
    """`Warning` headers as the API server writes them (RFC 7234, code 299)."""
    found = []
    for text in warnings:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        found.append(("Warning", f'299 - "{quoted}"'))
    return found


def json_response(
    body: Any, status: int = 200, *, warnings: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer in JSON; bytes are taken as JSON already."""
    data = body if isinstance(body, bytes) else _ENCODER.encode(body)
    response = web.Response(body=data, status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-cache, private"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    for name, value in warning_headers(warnings):
        response.headers.add(name, value)
    return response


def error_response(error: StoreError) -> web.Response:
    """The `Status` of an error."""
    if error.code == 404 and not error.reason:
        return web.Response(text=error.message + "\n", status=404)
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return json_response(error.status(), error.code, headers=headers)


def ranged(request: web.Request, body: bytes) -> web.Response:
    """A file, or the part of it that a `Range` header asks for (RFC 9110, one range)."""
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(None)  # what is not understood is ignored
    size = len(body)
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=body, headers={"Accept-Ranges": "bytes"})
    start, stop, _ = wanted.indices(size)
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return web.Response(status=206, body=body[start:stop], headers=headers)
