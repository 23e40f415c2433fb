"""Certificate requests that can be read: PKCS #10 in PEM, with a name and a key that nobody holds.

The signature is none: nothing here ever checks it. Source: RFC 2986, RFC 5480, ITU-T X.690.
"""

from __future__ import annotations

import base64
import hashlib

SEQUENCE, SET, INTEGER, BITS, OID, TEXT = 0x30, 0x31, 0x02, 0x03, 0x06, 0x0C
_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_EC_KEY, _P256 = b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x03\x01\x07"
_ECDSA_SHA256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02"


_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""The curve P-256: y² = x³ - 3x + b modulo p (FIPS 186-4, D.1.2.3)."""


def _point(name: str) -> bytes:
    """A point of the curve, as X9.62 writes it: whoever reads the request checks that it is one."""
    x = int.from_bytes(hashlib.sha256(name.encode()).digest()) % _P
    while True:
        square = (x**3 - 3 * x + _B) % _P
        y = pow(square, (_P + 1) // 4, _P)
        if y * y % _P == square:
            return b"\x04" + x.to_bytes(32) + y.to_bytes(32)
        x = (x + 1) % _P


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = (
        bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2)
    )
    return bytes([tag]) + length + body


def _name(kind: bytes, value: str) -> bytes:
    return _der(SET, _der(SEQUENCE, _der(OID, kind), _der(TEXT, value.encode())))


def signing_request(name: str, *groups: str) -> str:
    """`spec.request` of a CertificateSigningRequest: base64 of PEM."""
    point = _point(name)
    subject = _der(SEQUENCE, *(_name(_ORGANISATION, group) for group in groups), _name(_COMMON_NAME, name))
    key = _der(SEQUENCE, _der(SEQUENCE, _der(OID, _EC_KEY), _der(OID, _P256)), _der(BITS, b"\0" + point))
    info = _der(SEQUENCE, _der(INTEGER, b"\0"), subject, key, b"\xa0\x00")
    signature = _der(SEQUENCE, _der(INTEGER, b"\1", point[1:33]), _der(INTEGER, b"\1", point[33:]))
    whole = _der(SEQUENCE, info, _der(SEQUENCE, _der(OID, _ECDSA_SHA256)), _der(BITS, b"\0" + signature))
    text = base64.encodebytes(whole).decode()
    pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"
    return base64.b64encode(pem.encode()).decode()
