"""Character sets that a program can designate to G0..G3 (ECMA-35, xterm ctlseqs "ESC (")."""

from __future__ import annotations

_DEC_GRAPHICS = dict(zip(range(0x5F, 0x7F), " ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
_BRITISH = {0x23: "£"}
_TABLES = {"0": _DEC_GRAPHICS, "2": _DEC_GRAPHICS, "A": _BRITISH}


def translation(designator: str) -> dict[int, str] | None:
    """The ``str.translate`` table of a set, None where characters stand for themselves."""
    return _TABLES.get(designator)
