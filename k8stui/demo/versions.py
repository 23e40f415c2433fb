"""States of objects and entries of the watch log, with what is encoded of them once and shared.

A `Version` never changes; its encoded forms can be given back and made again. Nothing is stored here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.demo.resources import Resource

Object = dict[str, Any]
_ENCODER = msgspec.json.Encoder()


def rfc3339(seconds: float) -> str:
    """`metav1.Time`: whole seconds, UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(seconds: float) -> str:
    """`metav1.MicroTime`: six digits of a second, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Version:
    """One state of one object. Never changes; `extra` caches what others derive from it (rows, frames)."""

    __slots__ = ("_body", "extra", "key", "obj", "rv")

    def __init__(self, obj: Object, rv: int, key: tuple[str, str]) -> None:
        self.obj = obj
        self.rv = rv
        self.key = key
        self.extra: dict[str, Any] | None = None
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        """The object in JSON without `kind` and `apiVersion` (put `Resource.prefix` in place of its `{`)."""
        body = self._body
        if body is None:
            rest = {key: value for key, value in self.obj.items() if key not in ("kind", "apiVersion")}
            body = self._body = _ENCODER.encode(rest)
        return body

    def release(self, current: Mapping[tuple[str, str], Version]) -> None:
        """Give back the memory of the encoded form, unless this is still the current state."""
        if current.get(self.key) is not self:
            self._body = self.extra = None

    def encoded(self, res: Resource) -> bytes:
        """The whole object in JSON, with the kind's name and version."""
        return res.prefix + self.body[1:]


class Change:
    """One entry of the watch log. `before` is the state it replaced, for watches with selectors."""

    __slots__ = ("before", "frames", "rv", "type", "version")

    def __init__(self, type_: str, version: Version, before: Version | None) -> None:
        self.type = type_
        self.version = version
        self.before = before
        self.rv = version.rv
        self.frames: dict[str, bytes] | None = None
