"""TLS as kubectl speaks it: whom to trust, and which client certificate to show.

Private keys given inline never stay on a disk: the ssl module wants files, so they pass through memory
files, or through files of mode 0600 that are gone before this module returns. Everything here may block
(reading a system's list of authorities takes tens of milliseconds): call it from a thread.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from k8stui.kube.errors import CredentialsError, KubeconfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8stui.kube.credentials.base import Certificate

__all__ = ["Trust", "build_context"]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to trust: the authorities in `ca` (PEM), those of this system when it is empty, or anyone."""

    ca: bytes = field(default=b"", repr=False)
    insecure: bool = False
    name: str = field(default="", compare=False)


class _EncryptedKeyError(Exception):
    pass


def _refuse_password() -> str:
    # Without this, OpenSSL would ask for the passphrase on the terminal that the screen is drawn on.
    raise _EncryptedKeyError


def build_context(trust: Trust, certificate: Certificate | None) -> ssl.SSLContext:
    """A client context. Raises KubeconfigError for bad authorities, CredentialsError for a bad pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    # As Go verifies: any certificate in the bundle is an anchor, and old authorities without key identifiers
    # (many clusters have them) are good enough.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.ca:
        _load_authorities(context, trust)
    else:
        context.load_default_certs()
    if certificate is not None:
        _load_certificate(context, certificate)
    return context


def _load_authorities(context: ssl.SSLContext, trust: Trust) -> None:
    try:
        context.load_verify_locations(cadata=trust.ca.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise KubeconfigError(
            f"The certificate authority {trust.name or 'of this cluster'} is no certificate in PEM",
            hint="check certificate-authority in the kubeconfig",
        ) from None


def _load_certificate(context: ssl.SSLContext, certificate: Certificate) -> None:
    where = f"The client certificate ({certificate.names or 'inline'})"
    try:
        with _as_file(certificate.certificate) as cert_file, _as_file(certificate.key) as key_file:
            context.load_cert_chain(cert_file, key_file, password=_refuse_password)
    except _EncryptedKeyError:
        raise CredentialsError(
            f"{where} has a key that is locked with a passphrase", hint="kubectl cannot use such keys either"
        ) from None
    except ssl.SSLError as error:
        reason = error.reason or ""
        if "MISMATCH" in reason:
            raise CredentialsError(
                f"{where} does not belong to its key", hint="it may be half rotated"
            ) from None
        raise CredentialsError(f"{where} or its key is not valid PEM", hint="log in again") from None
    except OSError as error:
        raise CredentialsError(f"{where} cannot be loaded: {error.strerror or error}") from None


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path that reads as `content` as long as the block lasts, in memory where the system can do that."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("k8stui", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    descriptor, path = tempfile.mkstemp(prefix="k8stui-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield path
    finally:
        Path(path).unlink(missing_ok=True)
