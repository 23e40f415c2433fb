"""Kubernetes quantities: `100m`, `1536Mi`, `2`, `1e3`."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

__all__ = ["format_bytes", "format_milli", "milli", "parse"]

_SUFFIXES: dict[str, Fraction] = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{unit: Fraction(1000**i) for i, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: Fraction(1024**i) for i, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}


@lru_cache(maxsize=4096)
def parse(text: str) -> Fraction:
    """The number that a quantity means. Raises ValueError."""
    stripped = text.rstrip("numkKMGTPEi") if "e" not in text.lower().rstrip("e") else text
    suffix = text[len(stripped) :]
    if suffix not in _SUFFIXES:
        raise ValueError(f"not a quantity: {text}")
    return Fraction(stripped) * _SUFFIXES[suffix]


@lru_cache(maxsize=4096)
def milli(text: str) -> int:
    """A quantity in thousandths, rounded up: for sums over many pods. Raises ValueError."""
    value = parse(text) * 1000
    return -(-value.numerator // value.denominator)


def format_milli(value: Fraction) -> str:
    """CPU: whole numbers plain, else in thousandths."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{-(-value.numerator * 1000 // value.denominator)}m"


def format_bytes(value: Fraction) -> str:
    """Memory in the largest binary unit that is exact."""
    number = int(value)
    for power, unit in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")):
        if number and number % 1024**power == 0:
            return f"{number // 1024**power}{unit}"
    return str(number)
