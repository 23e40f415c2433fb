"""What of an object is not shown until it is asked for: bookkeeping of the server, and what secrets hold.

Pure functions that give a changed copy; the object itself stays as the server sent it.
"""

from __future__ import annotations

import base64
import binascii
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NOISY_ANNOTATIONS = frozenset({LAST_APPLIED})


class Reveal(Enum):
    """How a value of a secret is shown."""

    MASKED = "masked"
    DECODED = "decoded"
    ENCODED = "as stored"


def is_secret(obj: Mapping[str, Any]) -> bool:
    """Whether the values of an object's data must not be shown unasked."""
    return obj.get("kind") == "Secret" and str(obj.get("apiVersion", "v1")) == "v1"


def readable(
    obj: dict[str, Any], *, noise: bool = False, reveal: Mapping[str, Reveal] | None = None
) -> dict[str, Any]:
    """The object as it is shown.

    `noise`: with managedFields and what kubectl keeps in annotations. `reveal`: how the values of a secret's
    keys are shown; those that are not named stay masked.
    """
    shown = dict(obj)
    secret = is_secret(obj)
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        shown["metadata"] = _metadata(metadata, noise=noise, secret=secret)
    if secret:
        wanted = reveal or {}
        for part in ("data", "stringData"):
            if isinstance(values := obj.get(part), dict):
                shown[part] = {
                    key: shown_value(value, wanted.get(key, Reveal.MASKED)) for key, value in values.items()
                }
    return shown


def _metadata(metadata: dict[str, Any], *, noise: bool, secret: bool) -> dict[str, Any]:
    shown = dict(metadata)
    if not noise:
        shown.pop("managedFields", None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        kept = {key: value for key, value in annotations.items() if noise or key not in NOISY_ANNOTATIONS}
        if secret and LAST_APPLIED in kept:
            # It repeats the values.
            kept[LAST_APPLIED] = "(masked: it holds the values of the secret)"
        shown["annotations"] = kept
        if not kept:
            del shown["annotations"]
    return shown


def shown_value(value: Any, how: Reveal) -> Any:
    """A value of a secret's data (in base64), masked, decoded, or as it is."""
    if how is Reveal.ENCODED or not isinstance(value, str):
        return value
    raw = decoded(value)
    if raw is None:
        return "(masked: not base64)" if how is Reveal.MASKED else value
    if how is Reveal.MASKED:
        return f"(masked: {len(raw)} bytes)"
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"(binary: {len(raw)} bytes)"


def decoded(value: str) -> bytes | None:
    """The bytes of a base64 text, or None for what is none."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
