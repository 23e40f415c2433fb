"""Text from the cluster, made safe to paint: no control characters, and a width in terminal cells.

Names, messages and log lines can hold anything: escape sequences that would move the cursor, direction
marks that reorder a line, characters that take two cells or none. Everything painted goes through
`printable`; everything put into a column goes through `fit` or `cut`. Nothing here knows markup.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x09: " ", 0x7F: "\u2421"}
_C1 = dict.fromkeys(range(128, 160), "�")
# Joiners, direction marks and variation selectors have no width of their own but change how terminals
# draw and measure their neighbours, each in its own way: without them every terminal agrees.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_USUAL = re.compile("[ -~\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*")
_TABLE = _PICTURES | _C1 | {0x2028: " ", 0x2029: " "}
_BREAK = re.compile("[\f\n\r]")


def printable(text: str) -> str:
    """The text in one line that is safe to paint.

    Control characters become their pictures (`␛`), a tab one space, invisible and direction-changing
    characters vanish, decomposed letters (Hangul from some file systems) are put together.
    """
    if text.isascii():
        return text if text.isprintable() else text.translate(_TABLE)
    if is_usual(text):
        return text
    if not text.isprintable():
        text = "".join(map(_plain, text))
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def is_usual(text: str) -> bool:
    """Whether all characters are printable ASCII, kana, Han or Hangul, put together already.

    What most lines are, and what needs no closer look: found out in one go, 2 ms for a million characters.
    """
    return _USUAL.fullmatch(text) is not None


def _plain(char: str) -> str:
    if char.isprintable():
        return char
    replaced = _TABLE.get(ord(char))
    if replaced is not None:
        return replaced
    match unicodedata.category(char):
        case "Zs":
            return " "
        case "Cs":
            return "\ufffd"
        case "Cf":
            return ""
        case _:
            return char


def first_line(text: str) -> str:
    """The text as kubectl prints it in a cell: up to the first line break, and `...` for the rest."""
    found = _BREAK.search(text)
    return text if found is None else text[: found.start()] + "..."


def begun(text: str) -> str:
    """A sentence with a capital, unless it begins with a name or an address: those stay as they are."""
    first = text.partition(" ")[0].rstrip(",;:")
    return f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text


def cell_width(text: str) -> int:
    """How many terminal cells a printable text takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth, wcwidth  # only where it is needed: it takes 10 ms to import

    width = wcswidth(text)
    return width if width >= 0 else sum(max(wcwidth(char), 0) for char in text)


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, ending in `…` where something was cut off."""
    if width <= 0:
        return ""
    if text.isascii():
        return text if len(text) <= width else text[: width - 1] + ELLIPSIS
    if cell_width(text) <= width:
        return text
    from wcwidth import wcwidth

    taken = 0
    for at, char in enumerate(text):
        taken += max(wcwidth(char), 0)
        if taken > width - 1:
            return text[:at] + ELLIPSIS
    return text


def fit(text: str, width: int, align: str = "left") -> str:
    """The text in exactly `width` cells: cut, or filled with spaces (`align` "right": on the left)."""
    text = cut(text, width)
    blanks = " " * (width - cell_width(text))
    return blanks + text if align == "right" else text + blanks
