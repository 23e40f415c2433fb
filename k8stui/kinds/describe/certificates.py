"""Who a certificate request is for, read from its PEM text. Reads only the subject; checks no signature.

The layout is PKCS #10 (RFC 2986): a sequence of a sequence whose first members are version and subject name.
"""

from __future__ import annotations

import base64
import binascii
import re

_PEM = re.compile(rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----(.*?)-----END", re.DOTALL)
_SEQUENCE, _SET, _OID = 0x30, 0x31, 0x06
_NAMES = {
    b"\x55\x04\x03": "Common Name",
    b"\x55\x04\x05": "Serial Number",
    b"\x55\x04\x06": "Country",
    b"\x55\x04\x07": "Locality",
    b"\x55\x04\x08": "Province",
    b"\x55\x04\x09": "StreetAddress",
    b"\x55\x04\x0a": "Organization",
    b"\x55\x04\x0b": "Organizational Unit",
    b"\x55\x04\x11": "PostalCode",
}


def subject_of(request: bytes) -> dict[str, list[str]] | None:
    """The names in the subject of a request in PEM, or None for what cannot be read."""
    found = _PEM.search(request)
    if found is None:
        return None
    try:
        der = base64.b64decode(found.group(1))
        info = _members(_one(_one(der)))
        return _subject(info[1][1])
    except (binascii.Error, ValueError, IndexError):
        return None


def _one(data: bytes) -> bytes:
    """The content of the first element."""
    return _members(data, 1)[0][1]


def _members(data: bytes, most: int = 1000) -> list[tuple[int, bytes]]:
    """Tags and contents of the elements that follow each other. Raises ValueError for what is none."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data) and len(found) < most:
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise ValueError("no definite length")
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise ValueError("cut off")
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _subject(name: bytes) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for tag, group in _members(name):
        if tag != _SET:
            continue
        for _, pair in _members(group):
            (oid_tag, oid), (_, value) = _members(pair)[:2]
            if oid_tag == _OID and oid in _NAMES:
                names.setdefault(_NAMES[oid], []).append(value.decode("utf-8", "replace"))
    return names
