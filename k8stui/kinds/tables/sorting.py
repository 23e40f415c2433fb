"""Sort keys: every column in the order of what it means, not of its letters.

A key is a tuple that starts with a rank, so that any two keys compare: values first, then text, then
what is missing (`<none>`, `<unknown>`, empty). Within a rank all keys have the same types.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from k8stui.kinds.quantities import parse_quantity

if TYPE_CHECKING:
    from datetime import datetime

Key: TypeAlias = tuple[Any, ...]

VALUE, TEXT, MISSING = 0, 1, 2
NOTHING: Key = (MISSING,)

# At most 18 digits at once: longer runs are cut in pieces, so that int() never refuses one.
_cut = re.compile("([0-9]{1,18})").split
_MISSING_TEXTS = frozenset(
    ("", "<none>", "<unknown>", "<unset>", "<nil>", "<invalid>", "<error>", "<pending>")
)
_DURATION = re.compile(
    r"(?:([0-9]{1,9})y)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,12})(?:\.[0-9]+)?s)?"
)
_UNITS = (365 * 86400, 86400, 3600, 60, 1)
_FRACTION = re.compile(r"([0-9]{1,18})/([0-9]{1,18})(?: of ([0-9]{1,18}))?")
_RESTARTS = re.compile(r"([0-9]{1,18}) \((\S+) ago\)")
_PERCENT = re.compile(r"([+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?)%")


def natural(text: str) -> list[Any]:
    """The text cut into words and numbers: `web-2` comes before `web-10`, `v1.9` before `v1.10`."""
    parts: list[Any] = _cut(text)
    if len(parts) > 1:
        parts[1::2] = map(int, parts[1::2])
    return parts


def name_key(text: str) -> Key:
    """A key for names and other words."""
    return (TEXT, natural(text)) if text else NOTHING


def ip_key(text: str) -> Key:
    """A key for an IP address; those of version 4 come first."""
    parts = text.split(".")
    if len(parts) == 4:
        try:
            return (VALUE, *map(int, parts))
        except ValueError:
            pass
    return text_key(text)


@lru_cache(maxsize=1024)
def word_key(text: str) -> Key:
    """`text_key` for columns that hold the same few words again and again."""
    return text_key(text)


def number_key(value: float | None) -> Key:
    """A key for a number."""
    return NOTHING if value is None else (VALUE, value)


def age_key(since: datetime | None) -> Key:
    """A key for the time since `since`: the youngest first, and it need not change as time passes."""
    return NOTHING if since is None or since.year <= 1 else (VALUE, -since.timestamp())


def parse_duration(text: str) -> int | None:
    """Seconds of a duration as kubectl prints it (`5m30s`, `2d3h`), or None for another text."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return None
    return sum(int(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)


def duration_key(text: str) -> Key:
    """A key for a cell that holds a duration."""
    seconds = parse_duration(text)
    return text_key(text) if seconds is None else (VALUE, seconds)


def text_key(text: str) -> Key:
    """A key for any cell by its shape: number, quantity, duration, `1/2`, `3 (2m ago)`, `80%`, or text.

    A text that is both (`5m`) is taken as a quantity: use `duration_key` where the column is a duration.
    """
    if text in _MISSING_TEXTS:
        return NOTHING
    if not ("0" <= text[0] <= "9" or text[0] in "+-."):
        return (TEXT, natural(text))
    value = parse_quantity(text)
    if value is not None:
        return (VALUE, value)
    return _shape_key(text) or (TEXT, natural(text))


def _shape_key(text: str) -> Key | None:
    if found := _FRACTION.fullmatch(text):
        return (VALUE, *(int(part) for part in found.groups() if part))
    if found := _RESTARTS.fullmatch(text):
        seconds = parse_duration(found[2])
        return (VALUE, int(found[1])) if seconds is None else (VALUE, int(found[1]), -seconds)
    if found := _PERCENT.fullmatch(text):
        return (VALUE, float(found[1]))
    seconds = parse_duration(text)
    return None if seconds is None else (VALUE, seconds)
