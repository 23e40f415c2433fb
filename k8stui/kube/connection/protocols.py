"""What other modules need of a `Connection`, by shape: what stands in for one in a test fits as well.

No behaviour belongs here. What raises and what is limited is told at `Connection`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from k8stui.kube.connection.client import Headers, Response
    from k8stui.kube.connection.urls import Params


class Requests(Protocol):
    """Asks, and has the whole answer."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = 30.0,
        headers: Headers = (),
    ) -> Response:
        """As `Connection.request`. Raises KubeError."""
        ...


class Streams(Requests, Protocol):
    """Asks, and has answers that go on."""

    def lines(
        self,
        path: str,
        *,
        params: Params | None = None,
        accept: str = "application/json",
        idle_timeout: float | None = 120.0,
        on_open: Callable[[], None] | None = None,
        keep_tail: bool = False,
    ) -> AsyncGenerator[list[bytes], None]:
        """As `Connection.lines`. Raises KubeError."""
        ...
