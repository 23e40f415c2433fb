"""What a cell looks like, and the SGR sequences that say so (ECMA-48 8.3.117, xterm ctlseqs).

Styles are interned by the pen that makes them, so that runs of equal cells share one
object and comparing two cells compares two identities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Colour = int | tuple[int, int, int] | None
"""An index of the 256 colour palette, an RGB triple, or None for the terminal's default."""

BOLD, DIM, ITALIC, BLINK, INVERSE, HIDDEN, STRIKE, OVERLINE = (1 << bit for bit in range(8))
PROTECTED = 1 << 8

UNDERLINES = ("", "single", "double", "curly", "dotted", "dashed")

_SET = {1: BOLD, 2: DIM, 3: ITALIC, 5: BLINK, 6: BLINK, 7: INVERSE, 8: HIDDEN, 9: STRIKE, 53: OVERLINE}
_CLEAR = {22: BOLD | DIM, 23: ITALIC, 25: BLINK, 27: INVERSE, 28: HIDDEN, 29: STRIKE, 55: OVERLINE}


class Style(NamedTuple):
    """``flags`` is a sum of BOLD ... OVERLINE; ``underline`` an index of UNDERLINES; ``link`` a URI."""

    fg: Colour = None
    bg: Colour = None
    flags: int = 0
    underline: int = 0
    underline_colour: Colour = None
    link: str = ""


DEFAULT = Style()


def select_graphic_rendition(style: Style, parameters: Sequence[Sequence[int]]) -> Style:
    """The style after ``CSI parameters m``; each parameter is its list of colon sub-parameters.

    Unknown parameters change nothing; a broken colour ends the sequence, as xterm does.
    """
    fg, bg, flags, underline, ul_colour, link = style
    position = 0
    while position < len(parameters):
        sub = parameters[position]
        code = sub[0]
        position += 1
        if code == 0:
            fg = bg = ul_colour = None
            flags &= PROTECTED
            underline = 0
        elif code in _SET:
            flags |= _SET[code]
        elif code in _CLEAR:
            flags &= ~_CLEAR[code]
        elif code == 4:
            kind = sub[1] if len(sub) > 1 else 1
            underline = kind if 0 <= kind < len(UNDERLINES) else 1
        elif code == 21:
            underline = 2
        elif code == 24:
            underline = 0
        elif 30 <= code <= 37:
            fg = code - 30
        elif 90 <= code <= 97:
            fg = code - 82
        elif 40 <= code <= 47:
            bg = code - 40
        elif 100 <= code <= 107:
            bg = code - 92
        elif code in (38, 48, 58):
            colour, position, good = _extended(parameters, position, sub)
            if good and code == 38:
                fg = colour
            elif good and code == 48:
                bg = colour
            elif good:
                ul_colour = colour
        elif code == 39:
            fg = None
        elif code == 49:
            bg = None
        elif code == 59:
            ul_colour = None
    return Style(fg, bg, flags, underline, ul_colour, link)


def _extended(
    parameters: Sequence[Sequence[int]], position: int, sub: Sequence[int]
) -> tuple[Colour, int, bool]:
    """A colour of 38, 48 or 58: by colons within ``sub``, else from the parameters that follow."""
    if len(sub) > 1:
        rest = [max(0, value) for value in sub[2:]]
        if sub[1] == 5 and rest:
            return rest[0], position, rest[0] < 256
        if sub[1] == 2 and len(rest) >= 3:
            # 38:2:<colour space>:r:g:b, and the older 38:2:r:g:b
            r, g, b = rest[1:4] if len(rest) >= 4 else rest[:3]
            return (r, g, b), position, max(r, g, b) < 256
        return None, position, False
    kind = parameters[position][0] if position < len(parameters) else -1
    values = [max(0, parameter[0]) for parameter in parameters[position + 1 : position + 4]]
    if kind == 5 and values:
        return values[0], position + 2, values[0] < 256
    if kind == 2 and len(values) == 3:
        return (values[0], values[1], values[2]), position + 4, max(values) < 256
    return None, len(parameters), False


def sgr_parameters(style: Style) -> str:
    """The parameters that make ``style`` from nothing, as DECRQSS reports them."""
    parts = ["0"]
    parts += [str(code) for code, flag in _SET.items() if code != 6 and style.flags & flag]
    if style.underline:
        parts.append("4" if style.underline == 1 else f"4:{style.underline}")
    for base, bright, extended, colour in (
        (30, 90, 38, style.fg),
        (40, 100, 48, style.bg),
        (0, 0, 58, style.underline_colour),
    ):
        if colour is None:
            continue
        if isinstance(colour, tuple):
            parts.append(f"{extended}:2::{colour[0]}:{colour[1]}:{colour[2]}")
        elif colour < 16 and base:
            parts.append(str(base + colour if colour < 8 else bright + colour - 8))
        else:
            parts.append(f"{extended}:5:{colour}")
    return ";".join(parts)
