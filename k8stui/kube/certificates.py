"""Who the user is: as the server says, or, where it cannot, the name in the client certificate.

Reads just enough of the DER structure (RFC 5280) to find the subject's common name and the time of
validity; it must never be used to decide about trust.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from k8stui.kube.apart import Apart
from k8stui.kube.errors import KubeError

if TYPE_CHECKING:
    from k8stui.kube.access import Access
    from k8stui.kube.kubeconfig.types import User

_VALIDITY, _SUBJECT = 3, 4
"""Places of these fields, after the version."""
_UTC_TIME = 0x17
_COMMON_NAME = b"\x06\x03\x55\x04\x03"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


async def user_name(access: Access, entry: User) -> str:
    """Who the server takes us for; else the name in the certificate; "" when neither is known."""
    with contextlib.suppress(KubeError):
        info = await access.who_am_i()
        if info is not None and info.username:
            return info.username
    if entry.impersonate:
        return entry.impersonate
    data = entry.client_certificate_data
    if not data and entry.client_certificate is not None:
        with contextlib.suppress(OSError):  # one that takes too long is an OSError as well
            data = await Apart().run(entry.client_certificate.read_bytes)
    return common_name(data)


def common_name(certificate: bytes) -> str:
    """The CN of the subject of the first certificate in a PEM (or DER) text; "" when there is none."""
    try:
        subject = _field(_der(certificate), _SUBJECT)
        at = subject.rfind(_COMMON_NAME)
        if at < 0:
            return ""
        _, start, end = _element(subject, at + len(_COMMON_NAME))
        return subject[start:end].decode("utf-8", "replace")
    except (IndexError, ValueError, binascii.Error):
        return ""


def validity(certificate: bytes) -> tuple[float, float] | None:
    """From when to when the first certificate in a PEM (or DER) text is valid, in seconds since the epoch.

    None when that cannot be read.
    """
    try:
        times = _field(_der(certificate), _VALIDITY)
        _, _, end = first = _element(times, 0)
        return _seconds(times, first), _seconds(times, _element(times, end))
    except (IndexError, ValueError, binascii.Error):
        return None


def _seconds(der: bytes, element: tuple[int, int, int]) -> float:
    """A UTCTime (two digits of the year: RFC 5280 section 4.1.2.5.1) or a GeneralizedTime."""
    tag, start, end = element
    text = der[start:end].decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _der(certificate: bytes) -> bytes:
    found = _PEM.search(certificate)
    return base64.b64decode(found.group(1)) if found else certificate


def _field(der: bytes, number: int) -> bytes:
    """The content of one field of a certificate: serial number, signature algorithm, issuer, and so on."""
    _, start, _ = _element(der, 0)  # Certificate
    _, start, _ = _element(der, start)  # TBSCertificate
    tag, _, end = _element(der, start)
    position = end if tag == 0xA0 else start  # the version is optional
    for _ in range(number):
        position = _element(der, position)[2]
    _, start, end = _element(der, position)
    return der[start:end]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the contents of the element at a position. Raises IndexError."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(der[start : start + count], "big")
        start += count
    return tag, start, start + length
