"""What a credential is, and what every source of credentials can do. No I/O in here."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Certificate", "Credential", "CredentialSource", "StaticSource"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate and its private key, both PEM. `names` are the files, for error messages."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)
    names: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """What one request needs to say who asks. `authorization` is the whole header value, "" for none.

    `expires` is in seconds since the epoch, None when it is not known to end. Never shown, never logged.
    """

    authorization: str = field(default="", repr=False)
    certificate: Certificate | None = None
    expires: float | None = None

    def fresh(self, margin: float = 0.0, now: float | None = None) -> bool:
        """Whether it is still good for `margin` seconds."""
        return self.expires is None or (time.time() if now is None else now) + margin < self.expires


class CredentialSource(Protocol):
    """Where credentials come from. Both methods may be called by many requests at once."""

    async def get(self) -> Credential:
        """The credential to use now; fetches or renews it when needed. Raises CredentialsError."""
        ...

    async def renew(self, refused: Credential) -> bool:
        """After the server refused `refused` (401): whether `get()` now gives another one worth a try.

        Raises CredentialsError when there should be a new one but it cannot be had.
        """
        ...


class StaticSource:
    """A credential that stands in the kubeconfig itself: nothing to fetch, nothing to renew."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def get(self) -> Credential:
        return self._credential

    async def renew(self, refused: Credential) -> bool:
        return refused != self._credential
