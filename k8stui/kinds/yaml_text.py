"""An object as YAML to be read: lines that know which field they belong to and which of them can be folded.

Keys are in kubectl's order, lists are not indented below their key, a text of several lines is a block that
can be read as it is. Whatever a string holds, the result is YAML that gives the same object again, and no
control character is in it except tabs. Pure; it changes no object and hides nothing.
"""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple["str | int", ...]
"""Keys and indexes that lead to a field."""

_RESOLVED = re.compile(
    r"(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[yYnN]"
    r"|[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)"
    r"|[-+]?(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|=|<<)\Z"
)
"""Texts that YAML 1.1 readers take for something else than a string."""
_MAYBE_RESOLVED = frozenset("0123456789+-.~nNtTfFyYoO=<")
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\0": "\\0"}


class YamlLine(NamedTuple):
    """A line, and what its parts are; the key and the value may both be empty."""

    text: str
    path: Path
    """The field that the line belongs to; all lines of a block of text have the same."""
    key_at: int = 0
    key_end: int = 0
    """Where the key is, without its colon."""
    role: str = ""
    """What stands after the key: `string`, `number`, `word` (true, false, null), `open` (nothing), `text`
    (the line is one of a block of text)."""


class Document(NamedTuple):
    """Lines of YAML and their blocks."""

    lines: tuple[YamlLine, ...]
    blocks: Mapping[int, int]
    """A line that something hangs below -> the line after the last of it."""

    def text(self) -> str:
        """The YAML as a file has it."""
        return "".join(f"{line.text}\n" for line in self.lines)


def emit(value: Any) -> Document:
    """The lines of an object (of dicts, lists, strings, numbers, booleans and None)."""
    writer = _Writer()
    if isinstance(value, dict) and value:
        writer.mapping(value, 0, "", ())
    elif isinstance(value, list) and value:
        writer.sequence(value, 0, "", ())
    else:
        writer.scalar(value, "", (0, 0), 0, ())
    return Document(tuple(writer.lines), writer.blocks)


class _Writer:
    def __init__(self) -> None:
        self.lines: list[YamlLine] = []
        self.blocks: dict[int, int] = {}

    def mapping(self, value: dict[str, Any], indent: int, head: str, path: Path) -> None:
        """Write a mapping; its first key comes after `head`, which is as wide as the indent."""
        for key in in_order(value):
            name = _one_line(str(key))
            span = (len(head), len(head) + len(name))
            self.member(value[key], f"{head}{name}:", span, indent, (*path, key))
            head = " " * indent

    def member(self, value: Any, head: str, span: tuple[int, int], indent: int, path: Path) -> None:
        opener = len(self.lines)
        if isinstance(value, dict) and value:
            self.lines.append(YamlLine(head, path, *span, "open"))
            self.mapping(value, indent + 2, " " * (indent + 2), path)
        elif isinstance(value, list) and value:
            self.lines.append(YamlLine(head, path, *span, "open"))
            self.sequence(value, indent, " " * indent, path)
        else:
            self.scalar(value, head + " ", span, indent, path)
        self._close(opener)

    def sequence(self, value: list[Any], indent: int, head: str, path: Path) -> None:
        """Write a list; its first dash comes after `head`, which is as wide as the indent."""
        for index, item in enumerate(value):
            opener, here = len(self.lines), (*path, index)
            dash = f"{head}- "
            if isinstance(item, dict) and item:
                self.mapping(item, indent + 2, dash, here)
            elif isinstance(item, list) and item:
                self.sequence(item, indent + 2, dash, here)
            else:
                self.scalar(item, dash, (0, 0), indent, here)
            self._close(opener)
            head = " " * indent

    def _close(self, opener: int) -> None:
        if len(self.lines) > opener + 1:
            self.blocks[opener] = len(self.lines)

    def scalar(self, value: Any, head: str, span: tuple[int, int], indent: int, path: Path) -> None:
        if isinstance(value, str):
            if "\n" in value and _fits_block(value):
                self._block(value, head, span, indent, path)
            else:
                self.lines.append(YamlLine(head + _one_line(value), path, *span, "string"))
            return
        text, role = _plain_value(value)
        self.lines.append(YamlLine(head + text, path, *span, role))

    def _block(self, value: str, head: str, span: tuple[int, int], indent: int, path: Path) -> None:
        """A text of several lines, as it is."""
        body = value.split("\n")
        sign = "|2" if value[0] in " \t\n" else "|"
        if body[-1]:
            sign += "-"
        else:
            body.pop()
            if not body[-1]:
                sign += "+"
        self.lines.append(YamlLine(head + sign, path, *span, "open"))
        margin = " " * (indent + 2)
        self.lines.extend([YamlLine(margin + row if row else "", path, role="text") for row in body])


def _plain_value(value: Any) -> tuple[str, str]:
    if value is None:
        return "null", "word"
    if isinstance(value, bool):
        return ("true" if value else "false"), "word"
    if isinstance(value, dict):
        return "{}", "word"
    if isinstance(value, list):
        return "[]", "word"
    return repr(value), "number"


def _fits_block(text: str) -> bool:
    """Whether a text can stand as it is: nothing in it that a terminal would act on."""
    if not text.strip():
        return False
    return text.replace("\n", "").replace("\t", "").isprintable()


def _one_line(text: str) -> str:
    """A string on one line: as it is, or in quotes where YAML would take it for something else."""
    if not text:
        return '""'
    if not text.isprintable():
        return _double_quoted(text)
    first = text[0]
    if first in _MAYBE_RESOLVED and _RESOLVED.match(text):
        return f'"{text}"'
    if (
        first in _INDICATORS
        and not (first in "-?:" and len(text) > 1 and text[1] not in " ,[]{}" and text[:3] != "---")
    ) or (first == " " or text[-1] in " :" or ": " in text or " #" in text or text[:3] in ("---", "...")):
        return "'" + text.replace("'", "''") + "'"
    return text


def _double_quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    known = _ESCAPES.get(char)
    if known is not None:
        return known
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# Order of keys


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys in the order of `kubectl -o yaml`: numbers in them by value, signs before letters."""
    names = sorted(keys)
    if all(name.isalpha() for name in names):
        return names
    return sorted(names, key=cmp_to_key(_compared))


def _compared(left: str, right: str) -> int:
    in_digits = False
    for at, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            in_digits = a.isdigit()
            continue
        if a.isalpha() != b.isalpha():
            return -1 if a.isalpha() == in_digits else 1
        if not a.isalpha() and (a.isdigit() or b.isdigit()):
            numbers = _number_at(left, at) - _number_at(right, at)
            if numbers:
                return numbers
        return -1 if a < b else 1
    return len(left) - len(right)


def _number_at(text: str, at: int) -> int:
    """The number whose digits go through a position; 0 where there is none."""
    start = at
    while start > 0 and "0" <= text[start - 1] <= "9":
        start -= 1
    end = at
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    return int(text[start:end]) if end > start else 0
