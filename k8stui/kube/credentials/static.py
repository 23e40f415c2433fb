"""Credentials that stand in the kubeconfig or in files that it names: token, password, client certificate."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from k8stui.kube.credentials.base import Certificate, Credential
from k8stui.kube.credentials.watched import WatchedFiles
from k8stui.kube.errors import CredentialsError

if TYPE_CHECKING:
    from pathlib import Path

    from k8stui.kube.kubeconfig.types import User

__all__ = ["CertificateFiles", "FileSource", "basic", "bearer"]


def bearer(token: str) -> str:
    """The Authorization header for `token`. Raises CredentialsError when it cannot be sent in a header."""
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise CredentialsError("The token has characters that no header can carry", hint="log in again")
    return f"Bearer {token}" if token else ""


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class CertificateFiles:
    """The client certificate of a user, from inline data or from files that may be rotated."""

    def __init__(self, user: User) -> None:
        self._user = user
        paths: list[Path] = []
        names: list[str] = []
        if not user.client_certificate_data and user.client_certificate:
            paths.append(user.client_certificate)
            names.append("The client certificate")
        if not user.client_key_data and user.client_key:
            paths.append(user.client_key)
            names.append("The client key")
        self._files = WatchedFiles(paths, names) if paths else None

    async def get(self, *, look_now: bool = False) -> Certificate | None:
        """None when the user has no client certificate. Raises CredentialsError."""
        user = self._user
        found = list(await self._files.contents(look_now=look_now)) if self._files else []
        from_file = not user.client_certificate_data and user.client_certificate is not None
        certificate = found.pop(0) if from_file else user.client_certificate_data
        key = found.pop(0) if found else user.client_key_data
        if not certificate and not key:
            return None
        if not key:
            # Both may stand in one PEM file, which is then named as the certificate alone.
            key = certificate if b"PRIVATE KEY-----" in certificate else b""
        if not certificate or not key:
            missing = "certificate" if not certificate else "key"
            raise CredentialsError(f"User {user.name} has no client {missing} to go with its other half")
        names = ", ".join(str(path) for path in self._files.paths) if self._files else ""
        return Certificate(certificate, key, names)


class FileSource:
    """Token, token file, password and client certificate. The token file wins over the token."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._certificate = CertificateFiles(user)
        self._token = WatchedFiles([user.token_file], ["The token file"]) if user.token_file else None

    async def get(self) -> Credential:
        return await self._get(look_now=False)

    async def renew(self, refused: Credential) -> bool:
        return await self._get(look_now=True) != refused

    async def _get(self, *, look_now: bool) -> Credential:
        return Credential(await self._authorization(look_now), await self._certificate.get(look_now=look_now))

    async def _authorization(self, look_now: bool) -> str:
        user = self._user
        if self._token is not None:
            try:
                (content,) = await self._token.contents(look_now=look_now)
            except CredentialsError:
                if not user.token:
                    raise
            else:
                if token := content.decode("utf-8", "replace").strip():
                    return bearer(token)
        if user.token:
            return bearer(user.token)
        if user.username or user.password:
            return basic(user.username, user.password)
        return ""
