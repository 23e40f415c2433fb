"""The `oidc` auth-provider: an id-token that is refreshed at its issuer when it ends or is refused.

New tokens are written back to the kubeconfig, as kubectl does, since a refresh token may be good for one
use only. Imports the HTTP library when a token must be refreshed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from k8stui.kube.connection.proxy import proxy_for
from k8stui.kube.connection.tls import Trust, build_context
from k8stui.kube.credentials.base import Credential
from k8stui.kube.credentials.renewing import RenewingSource
from k8stui.kube.credentials.static import basic, bearer
from k8stui.kube.credentials.watched import read_file
from k8stui.kube.errors import ConnectionLost, CredentialsError, KubeError, plain_text
from k8stui.kube.kubeconfig.update import update_auth_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from k8stui.kube.connection.http import HttpSession
    from k8stui.kube.kubeconfig.types import AuthProvider, User

__all__ = ["OidcSource", "token_expiry"]

_LOG_IN = "log in again with the tool that made this kubeconfig"
_MAX_BODY = 1024 * 1024


def token_expiry(token: str) -> float | None:
    """The `exp` of a JSON Web Token in seconds since the epoch, None when it cannot be read. Not verified."""
    try:
        payload = token.split(".")[1]
        claims: Any = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        expiry = claims["exp"]
    except (IndexError, binascii.Error, ValueError, msgspec.DecodeError, KeyError, TypeError):
        return None
    return float(expiry) if isinstance(expiry, (int, float)) else None


class OidcSource(RenewingSource):
    """Bearer id-tokens of one user. `time_limit` in seconds is for the issuer to answer everything."""

    def __init__(
        self,
        user: User,
        provider: AuthProvider,
        *,
        on_progress: Callable[[str], None] | None = None,
        time_limit: float = 60.0,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        self._user = user
        self._file = provider.file
        self._config = dict(provider.config)
        self._on_progress = on_progress
        self._time_limit = time_limit
        self._env = env
        self._refused = ""

    async def renew(self, refused: Credential) -> bool:
        self._refused = refused.authorization
        return await super().renew(refused)

    async def fetch(self) -> Credential:
        standing = self._credential(self._config.get("id-token", ""))
        if standing.authorization not in ("", self._refused) and standing.fresh(10.0):
            return standing
        if not self._config.get("refresh-token"):
            raise self._failed("has no valid id-token, and no refresh-token to get one with", _LOG_IN)
        if self._on_progress is not None:
            self._on_progress(f"Refreshing the token of {self._user.name} at {self._issuer()}")
        try:
            async with asyncio.timeout(self._time_limit):
                fresh = await self._refresh()
        except TimeoutError:
            raise self._failed(
                f"got no answer from {self._issuer()} within {self._time_limit:g} s", ""
            ) from None
        except ConnectionLost as error:
            raise self._failed(f"cannot refresh its token: {error.message}", error.hint) from None
        self._config.update(fresh)
        if self._file is not None:
            await asyncio.to_thread(update_auth_provider, self._file, self._user.name, fresh)
        return self._credential(self._config["id-token"])

    def _credential(self, token: str) -> Credential:
        return Credential(bearer(token), None, token_expiry(token))

    def _failed(self, how: str, hint: str) -> CredentialsError:
        return CredentialsError(f"User {self._user.name} {how}", hint=hint)

    def _issuer(self) -> str:
        return self._config.get("idp-issuer-url", "").rstrip("/")

    async def _refresh(self) -> dict[str, str]:
        """Ask the issuer; the values to keep. Raises CredentialsError, ConnectionLost."""
        from k8stui.kube.connection.http import open_session

        issuer = self._checked(self._issuer(), "idp-issuer-url")
        tls = await asyncio.to_thread(self._trust)
        http = await open_session(connect_timeout=10.0, proxy=proxy_for(issuer, "", self._env))
        try:
            found = await self._json(http, "GET", f"{issuer}/.well-known/openid-configuration", tls)
            endpoint = self._checked(found.get("token_endpoint"), "the token_endpoint of the issuer")
            answer = await self._ask(http, endpoint, tls)
        finally:
            await http.close()
        token = answer.get("id_token")
        if not isinstance(token, str) or not token:
            raise self._failed("got no id_token in the answer of its issuer", _LOG_IN)
        fresh = {"id-token": token}
        rotated = answer.get("refresh_token")
        if isinstance(rotated, str) and rotated:
            fresh["refresh-token"] = rotated
        return fresh

    async def _ask(self, http: HttpSession, endpoint: str, tls: Any) -> dict[str, Any]:
        client, secret = self._config.get("client-id", ""), self._config.get("client-secret", "")
        form = {"grant_type": "refresh_token", "refresh_token": self._config["refresh-token"]}
        if secret:
            # The standard wants the secret in a header (RFC 6749 2.3.1); some issuers know only the form.
            header = ("Authorization", basic(quote(client, safe=""), quote(secret, safe="")))
            try:
                return await self._json(http, "POST", endpoint, tls, form, [header])
            except _RefusedError as error:
                if error.code not in (400, 401):
                    raise
            form["client_secret"] = secret
        form["client_id"] = client
        return await self._json(http, "POST", endpoint, tls, form)

    async def _json(
        self,
        http: HttpSession,
        method: str,
        url: str,
        tls: Any,
        form: Mapping[str, str] | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> dict[str, Any]:
        from k8stui.kube.connection.losses import NETWORK_ERRORS, loss

        sent = [("Accept", "application/json"), *(headers or [])]
        body = None
        if form is not None:
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
            body = urlencode(form).encode()
        try:
            response = await http.start(
                method, url, headers=sent, body=body, tls=tls if url.startswith("https:") else None
            )
            try:
                content = await response.content.read(_MAX_BODY)
                while len(content) < _MAX_BODY and (more := await response.content.read(_MAX_BODY)):
                    content += more
            finally:
                response.close()
        except NETWORK_ERRORS as error:
            raise loss(error, urlsplit(url).netloc) from error
        return self._answer(response.status, content, url)

    def _answer(self, status: int, content: bytes, url: str) -> dict[str, Any]:
        try:
            data: Any = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            data = None
        where = urlsplit(url).netloc
        if status != 200:
            said = ""
            if isinstance(data, dict):
                said = str(data.get("error_description") or data.get("error") or "")
            said = plain_text(said) or f"HTTP {status}"
            raise _RefusedError(
                f"User {self._user.name} was refused a new token by {where}: {said}", status, _LOG_IN
            )
        if not isinstance(data, dict):
            raise self._failed(f"got no JSON object from {where}", "check idp-issuer-url in the kubeconfig")
        return data

    def _checked(self, url: object, what: str) -> str:
        text = url if isinstance(url, str) else ""
        parts = urlsplit(text)
        loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            shown = plain_text(text, 200) or "empty"
            raise self._failed(f"cannot refresh its token: {what} is {shown}, not an https:// URL", "")
        return text

    def _trust(self) -> Any:
        data, path = (
            self._config.get("idp-certificate-authority-data", ""),
            self._config.get("idp-certificate-authority", ""),
        )
        try:
            ca = base64.b64decode("".join(data.split()), validate=True) if data else b""
        except (binascii.Error, ValueError):
            raise self._failed("has an idp-certificate-authority-data that is not base64", "") from None
        if not ca and path:
            ca = read_file(Path(path), "The certificate authority of the issuer")
        try:
            return build_context(Trust(ca, name="of the issuer"), None)
        except KubeError as error:
            raise self._failed(f"cannot refresh its token: {error.message}", error.hint) from None


class _RefusedError(CredentialsError):
    """The issuer said no; `code` is the HTTP status."""

    def __init__(self, message: str, code: int, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code
