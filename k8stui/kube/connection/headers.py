"""Headers of requests and answers: who asks, whom it asks as, and what the server warns of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from k8stui import __version__
from k8stui.kube.errors import KubeconfigError, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.kube.kubeconfig.types import User

__all__ = ["USER_AGENT", "impersonation", "parse_warnings"]

USER_AGENT = f"k8stui/{__version__}"

_TOKEN_BYTES = frozenset(b"!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# warn-code SP warn-agent SP quoted warn-text [SP quoted warn-date], RFC 7234 section 5.5
_WARNING = re.compile(r'\s*(\d{3})\s+(\S+)\s+"((?:[^"\\]|\\.)*)"(?:\s+"[^"]*")?\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")


def impersonation(user: User) -> list[tuple[str, str]]:
    """The headers that ask the server to act as another user. Raises KubeconfigError for a half setting.

    Keys of extra fields are percent-encoded where a header name could not hold them, as client-go does.
    """
    if not user.impersonate:
        if user.impersonate_groups or user.impersonate_uid or user.impersonate_extra:
            raise KubeconfigError(
                f"User {user.name} impersonates groups, a uid or extra fields, but no user",
                hint="add `as` to this user in the kubeconfig",
            )
        return []
    headers = [("Impersonate-User", user.impersonate)]
    if user.impersonate_uid:
        headers.append(("Impersonate-Uid", user.impersonate_uid))
    headers += [("Impersonate-Group", group) for group in user.impersonate_groups]
    for key, values in user.impersonate_extra.items():
        name = "Impersonate-Extra-" + _header_key(key)
        headers += [(name, value) for value in values]
    for name, value in headers:
        if any(ord(char) < 0x20 or ord(char) == 0x7F for char in value):
            raise KubeconfigError(f"User {user.name}: the value of {name} has control characters in it")
    return headers


def _header_key(key: str) -> str:
    return "".join(chr(byte) if byte in _TOKEN_BYTES else f"%{byte:02X}" for byte in key.encode())


def parse_warnings(values: Iterable[str]) -> tuple[str, ...]:
    """The texts of `Warning` headers, each once, in order; what cannot be parsed is left out.

    Only code 299 is shown: the others are about caches on the way, not about what was asked.
    """
    found: dict[str, None] = {}
    for value in values:
        position = 0
        while match := _WARNING.match(value, position):
            if match[1] == "299" and (text := plain_text(_ESCAPED.sub(r"\1", match[3]), 1000)):
                found[text] = None
            position = match.end()
    return tuple(found)
