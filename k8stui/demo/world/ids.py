"""Names, uids and hashes of the world.

Each is made from the seed and a key alone, so that adding an object never changes another
and the same seed always gives the same cluster. Nothing here keeps a counter or a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

__all__ = ["ALPHABET", "Ids", "encode_name", "micro", "parse", "stamp"]

#: The letters that Kubernetes uses for generated name suffixes (no vowels, no look-alikes).
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

T = TypeVar("T")


class Ids:
    """Pseudo-random identifiers, each a pure function of the seed and a key."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._salt = blake2b(str(seed).encode(), digest_size=16).digest()

    def digest(self, *key: object, size: int = 16) -> bytes:
        """`size` (at most 64) bytes that depend on the seed and the key."""
        return blake2b("\0".join(map(str, key)).encode(), digest_size=size, key=self._salt).digest()

    def uid(self, *key: object) -> str:
        """A version 4 UUID."""
        text = self.digest("uid", *key).hex()
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def suffix(self, *key: object, length: int = 5) -> str:
        """A generated name suffix such as `7gs5l`."""
        return "".join(ALPHABET[b % 27] for b in self.digest("suffix", *key, size=length))

    def template_hash(self, *key: object) -> str:
        """A `pod-template-hash` such as `85b8456458`."""
        return encode_name(int.from_bytes(self.digest("hash", *key, size=4), "big"))

    def hex(self, *key: object, length: int = 64) -> str:
        """`length` (at most 128) hexadecimal digits, as in container ids."""
        return self.digest("hex", *key, size=(length + 1) // 2).hex()[:length]

    def number(self, *key: object, low: int = 0, high: int) -> int:
        """A whole number with low <= n < high."""
        return low + int.from_bytes(self.digest("number", *key, size=8), "big") % (high - low)

    def pick(self, choices: tuple[T, ...] | list[T], *key: object) -> T:
        """One of the choices."""
        return choices[self.number("pick", *key, high=len(choices))]


def encode_name(number: int) -> str:
    """The number's decimal digits in the safe alphabet of generated names."""
    return "".join(ALPHABET[ord(digit) % 27] for digit in str(number))


def stamp(moment: datetime) -> str:
    """RFC 3339 with whole seconds, as `metav1.Time` is written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(moment: datetime) -> str:
    """RFC 3339 with microseconds, as `metav1.MicroTime` is written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    """The moment of an RFC 3339 text. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ago(now: datetime, seconds: float) -> datetime:
    """The moment that many seconds before `now`."""
    return now - timedelta(seconds=seconds)
