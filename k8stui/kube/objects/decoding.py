"""Bytes of one object to its Struct, whatever is odd in it; and what server-side Tables are made of.

The fast path is one pass of msgspec over the bytes. An object that does not fit its Struct goes the slow,
tolerant way (`salvage`). How lists and watches are cut into objects is told in `codecs`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from k8stui.kube.objects.meta import KubeStruct, ObjectMeta
from k8stui.kube.objects.salvage import salvage

T = TypeVar("T")


class ColumnDefinition(KubeStruct, frozen=True, gc=False):
    """One column of a server-side Table; `priority` 0 is always shown, above it only when wide."""

    name: str = ""
    type: str = ""
    format: str = ""
    priority: int = 0
    description: str = ""


class TableRow(KubeStruct, frozen=True, gc=False):
    """The object of a kind without a Struct: its metadata and the cells that the server printed."""

    metadata: ObjectMeta = ObjectMeta()
    cells: tuple[Any, ...] = ()


_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class ObjectDecoder(Generic[T]):
    """Decodes a single object; `decode` raises `msgspec.DecodeError` only for what is not JSON."""

    def __init__(self, struct: type[T]) -> None:
        self._struct = struct
        self._fast = msgspec.json.Decoder(struct)

    def decode(self, data: bytes | msgspec.Raw) -> T:
        """One object from its JSON."""
        try:
            return _decode(self._fast, data)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return salvage(self._struct, _loose(data))


def _loose(data: bytes | msgspec.Raw) -> Any:
    """JSON as plain dicts, with bytes that are no UTF-8 replaced."""
    try:
        return _decode(_anything, data)
    except UnicodeDecodeError:
        return _decode(_anything, bytes(data).decode("utf-8", "replace").encode())


def _decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except RecursionError:
        raise msgspec.DecodeError("the JSON is nested too deeply") from None
