"""How many cells a character takes, and which characters join the one before them.

By wcwidth's tables (Unicode East Asian Width, zero-width joiner and variation selectors).
"""

from __future__ import annotations

from functools import lru_cache

from wcwidth import wcwidth

ZWJ = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)  # emoji skin tones, UTS #51
_REGIONAL = range(0x1F1E6, 0x1F200)


@lru_cache(maxsize=8192)
def cell_width(character: str) -> int:
    """0, 1 or 2 cells; control characters count as 0."""
    return max(0, wcwidth(character))


def joins(previous: str, character: str) -> bool:
    """Whether ``character`` belongs into the cell of ``previous`` (a whole cell's text).

    Covers what follows a zero-width joiner, skin tones and the second letter of a flag.
    """
    if previous.endswith(ZWJ):
        return True
    code = ord(character)
    if code in _MODIFIERS:
        return cell_width(previous[0]) == 2 and len(previous) <= 2
    return code in _REGIONAL and len(previous) == 1 and ord(previous) in _REGIONAL
