"""What went wrong on the wire, told in one sentence with what to do next.

Imports the HTTP library: import it only from modules that are themselves imported late.
"""

from __future__ import annotations

import asyncio
import errno
import re
import ssl
from typing import TYPE_CHECKING

import aiohttp

from k8stui.kube.errors import ConnectionLost, plain_text

if TYPE_CHECKING:
    from k8stui.kube.errors import LossKind

__all__ = ["NETWORK_ERRORS", "loss"]

NETWORK_ERRORS = (aiohttp.ClientError, OSError, ssl.SSLError, asyncio.IncompleteReadError, UnicodeError)
"""What the library raises when the wire fails; TimeoutError is an OSError, and a UnicodeError is a name that
cannot even be asked for (RFC 1035 section 2.3.4: a part of it is empty, or longer than 63 characters)."""

_CHECK_ADDRESS = "check the server's address in the kubeconfig, and your network or VPN"
_OWN = "set certificate-authority to that of this cluster"
_VERIFY: dict[int, tuple[str, str]] = {
    9: ("is not valid yet", "check the clock of this machine"),
    10: ("has expired", "renew the certificate of the API server, or check the clock of this machine"),
    18: ("is self-signed and not the one that the kubeconfig trusts", _OWN),
    19: ("is signed by an authority that is not trusted", _OWN),
    20: ("is signed by an authority that is not trusted", _OWN),
    21: ("is signed by an authority that is not trusted", _OWN),
    62: ("is for another name than this server's", "set tls-server-name to a name in the certificate"),
    64: ("does not name this address", "set tls-server-name to a name in the certificate"),
}


_QUOTED = re.compile(r"b(['\"])(.*)\1")


def _underlying(error: BaseException) -> BaseException:
    """The error of the ssl module or the system inside the library's wrapping."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    if isinstance(error.__cause__, (ssl.SSLError, OSError)) and not isinstance(error, ssl.SSLError):
        return error.__cause__
    return error


def loss(error: BaseException, server: str, *, proxy: str = "", during: str = "") -> ConnectionLost:
    """The error to raise for `error`, met while talking to `server`, through `proxy` if there is one."""
    inner = _underlying(error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        said = f"The proxy {proxy} answered {error.status} {plain_text(error.message, 100)}"
        hint = "check the user and password in proxy-url" if error.status == 407 else "check proxy-url"
        return ConnectionLost(said, kind="proxy", hint=hint)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        why = _system_words(inner)
        return ConnectionLost(
            f"The proxy {proxy} cannot be reached: {why}", kind="proxy", hint="check proxy-url or HTTPS_PROXY"
        )
    if isinstance(inner, ssl.SSLError):
        return _tls_loss(inner, server)
    if isinstance(error, (aiohttp.ClientConnectorDNSError, UnicodeError)):
        host = proxy or server
        return ConnectionLost(f"The name of {host} cannot be resolved", kind="dns", hint=_CHECK_ADDRESS)
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return ConnectionLost(f"{server} did not answer in time", kind="timeout", hint=_CHECK_ADDRESS)
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(inner, ConnectionRefusedError) or "Connect call failed" in str(inner)
        kind: LossKind = "refused" if refused else "unreachable"
        hint = "check that the cluster runs, and the server's address" if refused else _CHECK_ADDRESS
        return ConnectionLost(f"{server} cannot be reached: {_system_words(inner)}", kind=kind, hint=hint)
    if isinstance(error, aiohttp.ClientResponseError):
        # The library quotes the line that it could not read, and points below it to where.
        quoted = _QUOTED.search(error.message)
        words = plain_text(quoted[2] if quoted else error.message, 100)
        said = f"{server} answered with something that is not HTTP: {words}"
        return ConnectionLost(said, hint="check the server's address and port in the kubeconfig")
    what = f" {during}" if during else ""
    return ConnectionLost(f"{server} broke the connection{what}: {_system_words(inner)}", kind="lost")


def _tls_loss(error: ssl.SSLError, server: str) -> ConnectionLost:
    if isinstance(error, ssl.SSLCertVerificationError):
        said, hint = _VERIFY.get(error.verify_code, (f"is not valid: {error.verify_message}", ""))
        hint = f"{hint} in the kubeconfig" if hint.startswith("set ") else hint
        return ConnectionLost(f"The certificate of {server} {said}", kind="tls", hint=hint)
    reason = (error.reason or "").replace("_", " ").lower()
    if "wrong version number" in reason or "http request" in reason or "record layer failure" in reason:
        said = f"{server} does not speak TLS"
        return ConnectionLost(
            said, kind="tls", hint="is it an http:// server? check server in the kubeconfig"
        )
    if "alert" in reason and ("certificate" in reason or "unknown ca" in reason):
        said = f"{server} refused our client certificate ({plain_text(reason, 100)})"
        hint = "renew the client certificate of this context"
        return ConnectionLost(said, kind="refused-certificate", hint=hint)
    why = plain_text(reason or str(error), 200)
    return ConnectionLost(
        f"TLS with {server} failed: {why}", kind="tls", hint="check server in the kubeconfig"
    )


_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "the network is unreachable",
    errno.ETIMEDOUT: "no answer for too long",
    errno.EPIPE: "connection closed",
}


def _system_words(error: BaseException) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer ended before it was complete"
    if isinstance(error, OSError):
        # Several addresses tried at once come as one error whose text holds all of theirs.
        if error.errno in _WORDS:
            return _WORDS[error.errno]
        if "Connect call failed" in str(error):
            return "connection refused" if f"Errno {errno.ECONNREFUSED}" in str(error) else "no connection"
        return plain_text(error.strerror or str(error) or type(error).__name__, 200)
    return plain_text(str(error) or type(error).__name__, 200)
