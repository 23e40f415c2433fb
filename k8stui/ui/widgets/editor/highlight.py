"""The colours of a line of YAML that is being edited: line by line, nothing is parsed as a whole. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.editing.documents import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK_BACK = 2000
"""Lines looked back for what opened a block of text; so long a run of lines is one."""
MOST = 4000
"""Characters of a line that are looked at: more of it is never seen at once."""

_BLOCK = re.compile(r"(?:[|>][-+0-9]*)\s*(?:#.*)?$")
_WORD = re.compile(r"(?:true|false|null|~|yes|no|on|off|True|False|Null)\Z")
_NUMBER = re.compile(r"[-+]?(?:0x[0-9a-fA-F]+|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\Z")


class Span(NamedTuple):
    """Columns of a line and what they are: key, sign, string, number, word, comment, text."""

    start: int
    end: int
    role: str


def spans(line: str, *, in_text: bool) -> list[Span]:
    """What the parts of a line are."""
    line = line[:MOST]
    if in_text:
        return [Span(0, len(line), "text")]
    inner = line.lstrip()
    if not inner:
        return []
    start = len(line) - len(inner)
    if inner[0] == "#":
        return [Span(start, len(line), "comment")]
    if line.startswith(("---", "...")):
        return [Span(0, len(line), "sign")]
    parts = parts_of(line)
    found = [Span(dash, dash + 1, "sign") for dash in parts.dashes]
    if parts.key_end >= 0:
        found += [Span(parts.at, parts.key_end, "key"), Span(parts.key_end, parts.key_end + 1, "sign")]
    value_at = parts.value_at
    value = line[value_at:]
    comment = _comment(value)
    if comment >= 0:
        found.append(Span(value_at + comment, len(line), "comment"))
        value = value[:comment].rstrip()
    if value:
        found.append(Span(value_at, value_at + len(value), _role(value)))
    return found


def _comment(value: str) -> int:
    if value[:1] == "#":
        return 0
    if value[:1] in "\"'":
        return -1
    return value.find(" #")


def _role(value: str) -> str:
    if _BLOCK.match(value) or value[0] in "{}[]&*":
        return "sign"
    if _WORD.match(value):
        return "word"
    return "number" if _NUMBER.match(value) else "string"


class TextRows:
    """Which lines are inside a block of text; remembered until the text changes."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}
        self._version = -1

    def is_text(self, lines: Sequence[str], row: int, version: int) -> bool:
        """Whether a line is text of a block, by the nearest line above it that is less indented."""
        if version != self._version:
            self._known.clear()
            self._version = version
        found = self._known.get(row)
        if found is None:
            found = self._known[row] = self._look(lines, row, version)
        return found

    def _look(self, lines: Sequence[str], row: int, version: int) -> bool:
        line = lines[row]
        inner = line.lstrip(" ")
        indent = len(line) - len(inner)
        if not inner:
            # an empty line in a block belongs to it when the next one with text does
            for below in range(row + 1, min(len(lines), row + 50)):
                if lines[below].strip():
                    return self.is_text(lines, below, version) if below < len(lines) else False
            return False
        if indent == 0:
            return False
        for above in range(row - 1, max(-1, row - LOOK_BACK), -1):
            other = lines[above]
            other_inner = other.lstrip(" ")
            if not other_inner:
                continue
            other_indent = len(other) - len(other_inner)
            if other_indent == indent and above in self._known:
                parts = parts_of(other)
                # its own block may begin there, but a line of the same indent is not in it
                if not parts.dashes:
                    return self._known[above]
            if other_indent < indent or (other_inner.startswith("- ") and other_indent < indent):
                parts = parts_of(other)
                opens = _BLOCK.match(other, parts.value_at) is not None
                if opens and not self.is_text(lines, above, version):
                    return parts.at < indent
                return self.is_text(lines, above, version)
        return row >= LOOK_BACK
