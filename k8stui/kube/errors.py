"""What can go wrong between here and an API server, each told in one sentence.

Every error of this room is a `KubeError`: it has the words for the user in it (`sentence()`), what to do
next (`hint`), and never a secret. This module must stay cheap to import and must know no HTTP library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "LOGIN_PAGE",
    "OTHER_SERVER",
    "ApiError",
    "Cause",
    "ConnectionLost",
    "CredentialsError",
    "KubeError",
    "KubeconfigError",
    "LossKind",
    "ReadOnlyError",
    "StatusDetails",
    "api_error",
    "plain_text",
    "web_page_error",
]

LOGIN_PAGE = "a login page may stand before the API server: log in, or check the server's address"
"""What to do when a page for people came, or a redirect to one."""
OTHER_SERVER = "something may answer in place of the API server: check the server's address in the kubeconfig"
"""What to do about an answer that no API server gives."""

LossKind = Literal[
    "lost",
    "refused",
    "dns",
    "tls",
    "refused-certificate",
    "timeout",
    "idle",
    "proxy",
    "closed",
    "unreachable",
]
"""Why a connection was not made or did not last; "idle" is a stream on which nothing came for too long,
"tls" a server that we do not trust, "refused-certificate" a server that does not trust us."""

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    # Control characters, marks that turn the direction of text around, and halves of characters.
    r"|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_SHOWN = 300


def plain_text(text: str, limit: int = _SHOWN) -> str:
    """`text` of a stranger on one line: no escape sequences, no control characters, at most `limit` long."""
    # Four times the limit is enough to fill it, and bounds the work on a page of many megabytes.
    words = " ".join(_CONTROL.sub(" ", text[: limit * 4]).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One entry of `status.details.causes`: which field, and what is wrong with it."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    """`status.details` of a metav1.Status; every field may be missing."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: int | float | None = None


class _ListMeta(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(name="continue", default="")


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    details: StatusDetails | None = None
    metadata: _ListMeta | None = None


_STATUS = msgspec.json.Decoder(_Status, strict=False)


class KubeError(Exception):
    """Base of all errors of this room. `message` says what happened, `hint` what to do next (or "")."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def sentence(self) -> str:
        """What to show: what happened and, where there is something, what to do next; always one line."""
        said = plain_text(self.message, 2000).rstrip(". ")
        return f"{said}; {self.hint}" if self.hint else said


_HINTS = {
    401: "log in again or renew the credentials of this context",
    403: "ask for the right, or open a namespace that you may see",
    409: "read the object again and repeat the change",
    429: "the server asks to wait; it is tried again",
    503: "the server is not ready; it is tried again",
    504: "the server took too long; it is tried again",
}


def _hint(code: int, reason: str) -> str:
    return "choose another name" if reason == "AlreadyExists" else _HINTS.get(code, "")


class ApiError(KubeError):
    """The server's answer was an error (HTTP status 400 and above, or an ERROR event in a watch).

    `code` is the HTTP status, `reason` the machine-readable word of the Status ("Forbidden", "Expired"; ""
    when the answer was no Status), `message` the server's own words, `retry_after` seconds to wait or None.
    `continue_token` is the fresh token that a 410 on a paged list may carry.
    """

    def __init__(
        self,
        code: int,
        reason: str = "",
        message: str = "",
        *,
        details: StatusDetails | None = None,
        retry_after: float | None = None,
        continue_token: str = "",
        hint: str | None = None,
    ) -> None:
        super().__init__(
            message or f"the server answered {code}", hint=_hint(code, reason) if hint is None else hint
        )
        self.code = code
        self.reason = reason
        self.details = details or StatusDetails()
        self.retry_after = retry_after
        self.continue_token = continue_token

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What exactly was refused, field by field; empty when the server did not say."""
        return self.details.causes

    def sentence(self) -> str:
        said = plain_text(self.message, 2000).rstrip(". ")
        # The message of a refusal often leaves out its cause (an eviction names the budget only there).
        extra = [
            cause.message for cause in self.causes if cause.message and cause.message not in self.message
        ]
        if extra:
            said = f"{said}: {plain_text('; '.join(extra), 500).rstrip('. ')}"
        return f"{said}; {self.hint}" if self.hint else said

    @classmethod
    def from_status(cls, body: bytes | msgspec.Raw, *, code: int = 0) -> ApiError:
        """The error that a Status in JSON tells, as in an ERROR event of a watch (`code` if it has none)."""
        status = _decode_status(bytes(body))
        if status is None:
            return cls(code or 500, message=_foreign_message(code or 500, bytes(body), ""))
        return _from_decoded(status, code, None)


class ConnectionLost(KubeError):
    """The server could not be reached, or a request or stream broke before its end; trying again may help.

    Carries the same fields as `ApiError` (code 0), so that one handler can show both. `kind` says what broke.
    """

    code = 0
    reason = "ConnectionLost"
    retry_after: float | None = None

    def __init__(self, message: str, *, kind: LossKind = "lost", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind: LossKind = kind
        self.details = StatusDetails()


class CredentialsError(KubeError):
    """The credentials of a context cannot be had: a plugin failed, a file is missing, a refresh was refused.

    `output` is what a credential plugin wrote on its standard error, as plain text, newest last.
    """

    def __init__(self, message: str, *, hint: str = "", output: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output

    def again(self) -> CredentialsError:
        """The same error to be raised once more, without the traceback of the first time."""
        return CredentialsError(self.message, hint=self.hint, output=self.output)


class KubeconfigError(KubeError):
    """A kubeconfig is missing, unreadable, broken or incomplete. `file` and `line` (from 1) where known."""

    def __init__(
        self, message: str, *, file: Path | None = None, line: int | None = None, hint: str = ""
    ) -> None:
        where = f" ({file}, line {line})" if file and line else f" ({file})" if file else ""
        super().__init__(message + where, hint=hint)
        self.file = file
        self.line = line


class ReadOnlyError(KubeError):
    """The session is read-only and the request would have changed something; nothing was sent."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            f"Read-only: {method} {path} was not sent",
            hint="start without --readonly to make changes",
        )
        self.method = method
        self.path = path


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error for an HTTP answer with `status` >= 400: from its Status body, else from what it says."""
    retry_after = _seconds(headers.get("Retry-After", ""))
    decoded = _decode_status(body)
    if decoded is not None:
        return _from_decoded(decoded, status, retry_after)
    message = _foreign_message(status, body, headers.get("Content-Type", ""))
    hint: str | None = None
    if status == 400 and b"HTTP request to an HTTPS server" in body:
        hint = "write https:// instead of http:// in the server of this cluster's kubeconfig"
    return ApiError(status, _REASONS.get(status, ""), message, retry_after=retry_after, hint=hint)


def web_page_error(server: str, body: bytes) -> ApiError:
    """The error for a page for people with status 200, where the API server should have answered."""
    said = _foreign_message(200, body, "text/html").partition(": ")[2]
    return ApiError(
        200,
        "NotKubernetes",
        f"{server} answered with a web page instead of the Kubernetes API: {said}",
        hint=LOGIN_PAGE,
    )


_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def _decode_status(body: bytes) -> _Status | None:
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        status = _STATUS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return status if status.kind == "Status" else None


def _from_decoded(status: _Status, http_code: int, retry_after: float | None) -> ApiError:
    details = status.details or StatusDetails()
    if retry_after is None and details.retry_after_seconds:
        retry_after = float(details.retry_after_seconds)
    code = http_code if http_code >= 400 else status.code or http_code or 500
    reason = status.reason or ""
    return ApiError(
        code,
        reason,
        status.message or reason or f"the server answered {code}",
        details=details,
        retry_after=retry_after,
        continue_token=status.metadata.continue_ if status.metadata else "",
    )


def _foreign_message(code: int, body: bytes, content_type: str) -> str:
    """One sentence from an answer that is no Status: a proxy's HTML page, plain text, other JSON."""
    text = body[:8192].decode("utf-8", "replace").strip()
    if text.startswith("<") or "html" in content_type:
        title = _TITLE.search(text)
        words = plain_text(title.group(1) if title else _TAG.sub(" ", text))
        return f"{code} from something in front of the API server: {words or 'a page without words'}"
    if text.startswith(("{", "[")):
        return f"the server answered {code}: {_json_message(text) or plain_text(text)}"
    words = plain_text(text).removeprefix(f"{code}").lstrip(": ")
    return f"the server answered {code}: {words}" if words else f"the server answered {code} without a reason"


def _json_message(text: str) -> str:
    try:
        data: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(data, dict):
        return ""
    for key in ("message", "error_description", "error", "detail", "msg"):
        value = data.get(key)
        if isinstance(value, str) and value:
            return plain_text(value)
    return ""


def _seconds(value: str) -> float | None:
    """`Retry-After` in seconds; a date is read as None, since no API server sends one."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86400 * 365 else None
