"""Reading of DER, as far as certificate requests need it. It checks lengths, and no signature.

Source: ITU-T X.690 (DER), RFC 2986 (PKCS #10), RFC 5280 (names, extensions).
"""

from __future__ import annotations

from typing import NamedTuple

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
DEEPEST = 32


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


class Node(NamedTuple):
    """One value with its tag."""

    tag: int
    body: bytes

    @property
    def children(self) -> list[Node]:
        """The values inside. Raises DerError."""
        found, at = [], 0
        while at < len(self.body):
            node, at = read(self.body, at)
            found.append(node)
        return found

    def child(self, index: int) -> Node:
        """One of the values inside. Raises DerError."""
        children = self.children
        if index >= len(children):
            raise DerError("a part is missing")
        return children[index]


def read(data: bytes, at: int = 0) -> tuple[Node, int]:
    """The value at a place, and where the next one begins. Raises DerError."""
    if at + 2 > len(data):
        raise DerError("it ends too early")
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        if not 0 < count <= 4 or at + count > len(data):
            raise DerError("a length is wrong")
        size = int.from_bytes(data[at : at + count])
        at += count
    if at + size > len(data):
        raise DerError("it ends too early")
    return Node(tag, data[at : at + size]), at + size


def oid(node: Node) -> str:
    """An object identifier with dots. Raises DerError."""
    if node.tag != OID or not node.body:
        raise DerError("an object identifier was expected")
    first = node.body[0]
    parts = [min(first // 40, 2), first - 40 * min(first // 40, 2)]
    number = 0
    for byte in node.body[1:]:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(number)
            number = 0
    return ".".join(map(str, parts))


def text(node: Node) -> str:
    """A string of any of the usual types."""
    encoding = {0x1E: "utf-16-be", 0x14: "latin-1"}.get(node.tag, "utf-8")
    return node.body.decode(encoding, "replace")
