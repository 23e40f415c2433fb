"""Whether to ask for compressed answers: only where it was measured to pay.

On a fast link gzip costs the server more than it saves us, on a slow one pages come several times faster.
Streams are never compressed: a watch must not wait in the buffer of a compressor.
"""

from __future__ import annotations

__all__ = ["Compression"]

SLOW = 2_000_000.0
"""Bytes a second below which a link is worth a try with compression."""
LARGE = 256 * 1024
"""Bytes of body from which on its rate says something about the link."""


class Compression:
    """Learns from the large answers of one connection. `allowed` is False for `disable-compression`."""

    def __init__(self, *, allowed: bool = True) -> None:
        self._allowed = allowed
        self._plain_rate: float | None = None
        self._useless = False

    @property
    def accept_encoding(self) -> str:
        """What to ask for with the next request that may be answered with much."""
        slow = self._plain_rate is not None and self._plain_rate < SLOW
        return "gzip" if self._allowed and slow and not self._useless else "identity"

    def learn(self, size: int, seconds: float, encoding: str) -> None:
        """An answer of `size` bytes (as we see it) took `seconds` from its head to its end."""
        if size < LARGE:
            return
        rate = size / max(seconds, 1e-6)
        if encoding != "gzip":
            self._plain_rate = rate
        elif self._plain_rate is not None and rate < self._plain_rate:
            self._useless = True
