"""A line of a program's output as plain text with colours.

Colours and the like (SGR) are kept, all other escape sequences are taken out, control characters become
visible signs, a progress bar that rewrites its line with carriage returns shows its last state. Whatever a
container writes, the result moves no cursor and sets no title. Lines may be megabytes: only what is asked
for is parsed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from rich.color import Color
from rich.style import Style

from k8stui.kinds.text import is_usual, printable

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]{0,4096}(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]"  # charsets, single functions
)
_HAS_ESCAPE = re.compile("[\x1b\x90\x98\x9b-\x9f]")

TAB = 8
NULL_STYLE = Style()


class Span(NamedTuple):
    """A stretch of characters with a style."""

    start: int
    end: int
    style: Style


class ParsedLine(NamedTuple):
    """Plain text, safe to paint, and the styles in it."""

    text: str
    spans: tuple[Span, ...] = ()


def parse_line(raw: str, limit: int = 0) -> ParsedLine:
    """Parse a line; with `limit`, no more than about that many of its characters.

    A line that is longer than the limit is cut, never in the middle of an escape sequence.
    """
    if "\r" in raw:
        raw = _last_state(raw)
    if limit and len(raw) > limit:
        raw = _cut(raw, limit)
    if is_usual(raw):
        return ParsedLine(raw)
    if raw.isprintable():
        return ParsedLine(printable(raw))
    if _HAS_ESCAPE.search(raw) is None:
        return ParsedLine(_plain(raw, 0))
    return _parse_escapes(raw)


def _parse_escapes(raw: str) -> ParsedLine:
    parts: list[str] = []
    spans: list[Span] = []
    length = at = 0
    codes: tuple[str, ...] = ()
    for match in _ESCAPE.finditer(raw):
        length = _add(raw[at : match.start()], parts, spans, length, codes)
        at = match.end()
        parameters = match["parameters"]
        if match["final"] == "m" and parameters is not None:
            codes = _with_codes(codes, parameters)
    _add(raw[at:], parts, spans, length, codes)
    return ParsedLine("".join(parts), tuple(spans))


def _add(piece: str, parts: list[str], spans: list[Span], length: int, codes: tuple[str, ...]) -> int:
    """Append a piece without escape sequences; returns the length of the text so far."""
    if not piece:
        return length
    text = _plain(piece, length)
    parts.append(text)
    end = length + len(text)
    if codes and (style := sgr_style(codes)) is not NULL_STYLE:
        spans.append(Span(length, end, style))
    return end


def _plain(piece: str, column: int) -> str:
    if "\t" in piece:
        lead = column % TAB
        piece = (" " * lead + piece).expandtabs(TAB)[lead:]
    return printable(piece)


def _last_state(raw: str) -> str:
    """What a terminal would show of a line that is written over and over."""
    states = [state for state in raw.split("\r") if state]
    if len(states) < 2:
        return states[0] if states else ""
    if "\x1b" not in raw:
        return states[-1]
    before = "\r".join(states[:-1])
    colours = (match[0] for match in _ESCAPE.finditer(before) if match["final"] == "m")
    return "".join(colours) + states[-1]


def _cut(raw: str, limit: int) -> str:
    cut = raw[:limit]
    escape = cut.rfind("\x1b", max(0, limit - 256))
    if escape > 0 and _ESCAPE.match(cut, escape) is None:
        return cut[:escape]
    return cut


def _with_codes(codes: tuple[str, ...], parameters: str) -> tuple[str, ...]:
    if parameters in ("", "0"):
        return ()
    if parameters.startswith(("0;", ";")):
        return (parameters.partition(";")[2],)
    # Settings replace each other, so a long history is only noise.
    return (*codes[-15:], parameters)


@lru_cache(maxsize=2048)
def sgr_style(settings: tuple[str, ...]) -> Style:
    """The style after these SGR parameter strings (ECMA-48, with 256 colours and RGB)."""
    color: Color | None = None
    background: Color | None = None
    flags: dict[str, bool] = {}
    for setting in settings:
        codes = [int(code) if code.isdecimal() and len(code) < 6 else 0 for code in re.split("[;:]", setting)]
        at = 0
        while at < len(codes):
            code = codes[at]
            if code in (38, 48):
                found, at = _extended(codes, at + 1)
                if code == 38:
                    color = found or color
                else:
                    background = found or background
                continue
            at += 1
            if code == 0:
                color, background, flags = None, None, {}
            elif code == 39:
                color = None
            elif code == 49:
                background = None
            elif (named := _named(code)) is not None:
                color, background = (named, background) if code in _FOREGROUND else (color, named)
            else:
                flags.update(_FLAGS.get(code, {}))
    on: dict[str, Any] = {name: True for name, is_on in flags.items() if is_on}
    style = Style(color=color, bgcolor=background, **on)
    return style or NULL_STYLE


_FOREGROUND = frozenset((*range(30, 38), *range(90, 98)))
_FLAGS: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}
# Blinking and concealed text (5, 6, 8) are left out: a log must not flash at or hide from its reader.


def _named(code: int) -> Color | None:
    for base, bright in ((30, 0), (40, 0), (90, 8), (100, 8)):
        if base <= code < base + 8:
            return Color.from_ansi(code - base + bright)
    return None


def _extended(codes: list[int], at: int) -> tuple[Color | None, int]:
    """A colour of the 256 or an RGB one after 38 or 48, and where the codes go on."""
    if at < len(codes) and codes[at] == 5 and at + 1 < len(codes):
        return Color.from_ansi(min(codes[at + 1], 255)), at + 2
    if at < len(codes) and codes[at] == 2 and at + 3 < len(codes):
        red, green, blue = (min(value, 255) for value in codes[at + 1 : at + 4])
        return Color.from_rgb(red, green, blue), at + 4
    return None, len(codes)
