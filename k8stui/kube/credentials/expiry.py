"""Why a server may have refused credentials, as far as they tell themselves: their time is over.

An API server says no more than "Unauthorized". Nothing is decided by this: it is what the user is told.
"""

from __future__ import annotations

import base64
import binascii
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.certificates import validity

if TYPE_CHECKING:
    from k8stui.kube.credentials.base import Credential

__all__ = ["why_refused"]


class _Claims(msgspec.Struct):
    exp: float | None = None
    """Seconds since the epoch (RFC 7519 section 4.1.4)."""


def why_refused(credential: Credential, user: str, now: float | None = None) -> str:
    """What to do about it, in one sentence; "" where the credential does not tell. `now` is of the epoch."""
    now = time.time() if now is None else now
    if credential.certificate is not None:
        valid = validity(credential.certificate.certificate)
        if valid is not None and valid[1] < now:
            return f"the client certificate of user {user} expired on {_day(valid[1])}: renew it"
        if valid is not None and valid[0] > now:
            return f"the client certificate of user {user} is valid from {_day(valid[0])} on: check the clock"
    expires = _end_of_token(credential.authorization)
    if expires is not None and expires < now:
        return f"the token of user {user} expired on {_day(expires)}: log in again"
    return ""


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d at %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "a day far away"


def _end_of_token(authorization: str) -> float | None:
    """When a bearer token ends, if it is a JSON Web Token that says so."""
    parts = authorization.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp
    except (binascii.Error, ValueError):  # and what msgspec raises
        return None
