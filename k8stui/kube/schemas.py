"""Schemas of kinds from one server: OpenAPI v3 group by group, or the one document of v2 on old servers.

Asked lazily, kind by kind; each document is fetched once for its hash (v3 tells it in the index), and read
in a thread: the document of v2 is 1 to 4 MB. What a server cannot tell is None: nobody may fail because
there is no schema.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from k8stui.kube.errors import ApiError
from k8stui.kube.openapi import Schema, SchemaDocument

if TYPE_CHECKING:
    from collections.abc import Callable

INDEX_HOLDS = 60.0
"""Seconds after which the index of v3 is asked again (it is small)."""
V2_HOLDS = 300.0
"""Seconds after which the document of v2 is old; a kind that it lacks lets it be read after `V2_MISSING`."""
V2_MISSING = 10.0
TIMEOUT = 60.0


class _Entry(msgspec.Struct):
    url: str = msgspec.field(default="", name="serverRelativeURL")


class _Index(msgspec.Struct):
    paths: dict[str, _Entry] = msgspec.field(default_factory=dict)


class Schemas:
    """The schemas of one server. `connection` gives the connection, or raises KubeError."""

    def __init__(self, connection: Callable[[], Any]) -> None:
        self._connection = connection
        self._index: dict[str, str] | None = None
        self._index_at = float("-inf")
        self._documents: dict[str, tuple[str, SchemaDocument]] = {}
        self._v2: SchemaDocument | None = None
        self._v2_at = float("-inf")
        self._kinds: dict[tuple[int, str, str, str], Schema | None] = {}
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """Kinds have changed: ask the server anew."""
        self._index_at = self._v2_at = float("-inf")

    async def of(self, group: str, version: str, kind: str) -> Schema | None:
        """The schema of a kind; None where the server tells none. Raises KubeError."""
        async with self._lock:
            document = await self._document(group, version, kind)
            if document is None:
                return None
            key = (id(document), group, version, kind)
            if key not in self._kinds:
                self._kinds[key] = await asyncio.to_thread(document.kind, group, version, kind)
            return self._kinds[key]

    async def _document(self, group: str, version: str, kind: str) -> SchemaDocument | None:
        index = await self._paths()
        if index is None:
            return await self._version2((group, version, kind))
        name = f"apis/{group}/{version}" if group else f"api/{version}"
        url = index.get(name)
        if url is None:
            return None
        held = self._documents.get(name)
        if held is not None and held[0] == url:
            return held[1]
        parts = urlsplit(url)
        answer = await self._get(parts.path, dict(parse_qsl(parts.query)))
        document = await asyncio.to_thread(_read, answer)
        self._documents[name] = (url, document)
        return document

    async def _paths(self) -> dict[str, str] | None:
        """URLs of the documents of v3 by group version; None on a server without v3."""
        if time.monotonic() - self._index_at > INDEX_HOLDS:
            try:
                body = await self._get("/openapi/v3", {})
                paths = msgspec.json.decode(body, type=_Index).paths
                self._index = {name: entry.url for name, entry in paths.items() if entry.url}
            except ApiError as error:
                if error.code not in (403, 404, 406):
                    raise
                self._index = None
            except msgspec.DecodeError:
                self._index = None
            self._index_at = time.monotonic()
        return self._index or None

    async def _version2(self, gvk: tuple[str, str, str]) -> SchemaDocument | None:
        age = time.monotonic() - self._v2_at
        missing = self._v2 is None or gvk not in self._v2
        if age > V2_HOLDS or (missing and age > V2_MISSING):
            try:
                self._v2 = await asyncio.to_thread(_read, await self._get("/openapi/v2", {}))
            except ApiError as error:
                if error.code not in (403, 404, 406):
                    raise
                self._v2 = None
            self._v2_at = time.monotonic()
        return self._v2

    async def _get(self, path: str, params: dict[str, str]) -> bytes:
        answer = await self._connection().request("GET", path, params=params, timeout=TIMEOUT)
        body: bytes = answer.body
        return body


def _read(body: bytes) -> SchemaDocument:
    try:
        return SchemaDocument(body)
    except ValueError as error:
        raise ApiError(0, "BadAnswer", str(error)) from error
