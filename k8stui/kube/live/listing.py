"""A full list, page by page: the first page is delivered while the next ones are on their way.

A `Listing` keeps its place, so that a failed page is asked for again by itself. It must never
take an incomplete list for a complete one: `sink.finish` is called after the last page only.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from k8stui.kube.errors import ApiError, ConnectionLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from k8stui.kube.codecs import Codec, Page
    from k8stui.kube.connection.protocols import Streams
    from k8stui.kube.live.collection import Phase
    from k8stui.kube.objects import ColumnDefinition

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

PAGE = 500
SMALLEST_PAGE = 50
SLICE = 0.006
"""Seconds of decoding after which the event loop gets a turn."""
SCAN_LIMIT = 0.010
"""Seconds that cutting one page may take; a page that took longer makes the next ones smaller."""
TIMEOUT = 60.0
"""Seconds for one page; the next try asks for half of one that took longer."""


class Sink(Protocol[T_contra]):
    """Who takes what a reflector reads."""

    def begin(self) -> None:
        """A full list begins."""
        ...

    def page(self, objects: Sequence[T_contra]) -> None:
        """A part of the list."""
        ...

    def finish(self) -> None:
        """The list was complete."""
        ...

    def events(self, objects: Sequence[T_contra], removed: Iterable[str]) -> None:
        """Changes of a watch: last states, and the identities of removed objects."""
        ...

    def columns(self, columns: tuple[ColumnDefinition, ...]) -> None:
        """The server's columns."""
        ...

    def status(
        self,
        phase: Phase,
        reason: str = "",
        *,
        next_try: float | None = None,
        loaded: int | None = None,
        total: int | None = None,
    ) -> None:
        """How things stand."""
        ...


class Listing(Generic[T]):
    """One full list that can be taken up again after a failure."""

    def __init__(
        self,
        connection: Streams,
        path: str,
        params: Mapping[str, str],
        codec: Codec[T],
        sink: Sink[T],
        *,
        page_size: int = PAGE,
        progress: Callable[[int, int | None], None] = lambda loaded, total: None,
    ) -> None:
        self._connection = connection
        self._path = path
        self._params = {**params, **codec.params}
        self._codec = codec
        self._sink = sink
        self._progress = progress
        self.page_size = page_size
        self.version = ""
        """The version to watch from: that of the first page, which no later page is older than."""
        self.loaded = 0
        self._token = ""
        self._begun = False

    async def run(self) -> None:
        """Read to the end. Raises KubeError or BadData; call again to go on where it failed.

        A 410 with a fresh token goes on with it (the remaining pages are newer than the first;
        the watch from the first page's version evens that out); one without begins anew.
        """
        expired_at = -1
        while True:
            try:
                await self._pages()
                return
            except ApiError as error:
                # without progress since the last 410 there is no point in going on
                if error.code != 410 or not self._token or expired_at == self.loaded:
                    raise
                expired_at = self.loaded
                self._token = error.continue_token
                self._begun = bool(self._token)
            except ConnectionLost as error:
                if error.kind == "timeout":
                    self._shrink()  # over a slow link half of it may come in time
                raise

    async def _pages(self) -> None:
        if not self._begun:
            self._sink.begin()
            self._begun = True
            self.loaded, self.version, self._token = 0, "", ""
        body = await self._fetch(self._token)
        while True:
            page = self._cut(body)
            async with self._prefetched(page.token) as following:
                await self._deliver(page)
                # the place is kept only now: what was not delivered is asked for again
                self._token = page.token
                if following is None:
                    break
                body = await following
        self._sink.finish()
        self._begun = False

    @contextlib.asynccontextmanager
    async def _prefetched(self, token: str) -> AsyncIterator[asyncio.Task[bytes] | None]:
        """The next page is on its way while this one is decoded; nothing is left behind on failure."""
        if not token:
            yield None
            return
        task = asyncio.create_task(self._fetch(token), name=f"next page of {self._path}")
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()

    async def _fetch(self, token: str) -> bytes:
        params = {**self._params, "limit": str(self.page_size)}
        if token:
            params["continue"] = token
        response = await self._connection.request(
            "GET", self._path, params=params, accept=self._codec.accept, timeout=TIMEOUT
        )
        body: bytes = response.body
        return body

    def _cut(self, body: bytes) -> Page:
        began = time.perf_counter()
        page = self._codec.page(body)
        if time.perf_counter() - began > SCAN_LIMIT:
            self._shrink()
        if not self.version:
            self.version = page.version
        if page.columns:
            self._sink.columns(page.columns)
        return page

    def _shrink(self) -> None:
        if self.page_size > SMALLEST_PAGE:
            self.page_size = max(SMALLEST_PAGE, self.page_size // 2)

    async def _deliver(self, page: Page) -> None:
        """Decode in slices; the loop gets its turn after each."""
        item = self._codec.item
        batch: list[T] = []
        total: int | None = self.loaded + len(page.items) + (page.remaining or 0)
        if page.token and page.remaining is None:
            total = None
        deadline = time.perf_counter() + SLICE
        for count, raw in enumerate(page.items, 1):
            batch.append(item(raw))
            if count % 8 == 0 and time.perf_counter() > deadline:
                self._push(batch, total)
                batch = []
                await asyncio.sleep(0)
                deadline = time.perf_counter() + SLICE
        self._push(batch, total)
        await asyncio.sleep(0)

    def _push(self, batch: list[T], total: int | None) -> None:
        self.loaded += len(batch)
        self._sink.page(batch)
        self._progress(self.loaded, total)
