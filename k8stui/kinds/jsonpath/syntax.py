"""The grammar of kubectl's JSONPath: a template's text into its parts. Pure; raises `JsonPathError`.

Source: the Kubernetes documentation, "JSONPath support", and what kubectl takes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

DEEPEST = 200
"""Nested ranges and filters, and levels of an object, that are followed."""


class JsonPathError(ValueError):
    """A path that cannot be understood or followed; the text is a sentence, `at` is where in the path."""

    def __init__(self, sentence: str, at: int = 0) -> None:
        super().__init__(sentence)
        self.at = at


class Literal(Struct, frozen=True):
    """Text that stands for itself."""

    text: str


class Field(Struct, frozen=True):
    """`.name`, `['name']`, or a union of names."""

    names: tuple[tuple[str, ...], ...]
    """For each name its parts; one with dots in quotes has the whole text first, and then its parts."""


class Slice(Struct, frozen=True):
    """`[start:stop:step]`, or `[index]`."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None
    index: bool = False


class Indexes(Struct, frozen=True):
    """`[0,2]`."""

    parts: tuple[Slice, ...]


class Wildcard(Struct, frozen=True):
    """`*`."""


class Descent(Struct, frozen=True):
    """`..`: the value and everything below it."""


class Operand(Struct, frozen=True):
    """One side of a comparison: a literal, or a path from `@` or `$`."""

    value: Any = None
    path: tuple[Step, ...] | None = None


class Filter(Struct, frozen=True):
    """`[?(@.x=="y")]`; without an operator: what the path finds must exist."""

    left: Operand
    operator: str = ""
    right: Operand | None = None


class Root(Struct, frozen=True):
    """`$` inside a range or a filter: the whole object."""


Step = Field | Indexes | Wildcard | Descent | Filter | Root


class Expression(Struct, frozen=True):
    """A path in braces."""

    steps: tuple[Step, ...]


class Range(Struct, frozen=True):
    """`{range path}` … `{end}`."""

    steps: tuple[Step, ...]
    body: tuple[Part, ...]


Part = Literal | Expression | Range


# Parsing

_NAME_END = frozenset(" \t\r\n.[]{}()|,<>=!&+-*/?:@'\"")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_INDEX = re.compile(
    r"\s*((?:-?[0-9]{1,18})?)\s*(?:(:)\s*((?:-?[0-9]{1,18})?)\s*(?:(:)\s*((?:-?[0-9]{1,18})?)\s*)?)?"
)
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>|=~")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/", "b": "\b", "f": "\f"}


class Parser:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def parts(self, at: int, depth: int) -> tuple[tuple[Part, ...], int]:
        """Parts up to the end of the text, or to the `{end}` of this range (whose place is given back)."""
        if depth > DEEPEST:
            raise JsonPathError("Too many ranges inside each other.", at)
        found: list[Part] = []
        text = self.text
        while at < len(text):
            brace = text.find("{", at)
            if brace < 0:
                found.append(Literal(text[at:]))
                return tuple(found), len(text)
            if brace > at:
                found.append(Literal(text[at:brace]))
            at = self.blank(brace + 1)
            if self.word("end", at):
                return tuple(found), brace
            if self.word("range", at):
                steps, at = self.path(self.blank(at + 5), "}")
                body, at = self.parts(self.close(at), depth + 1)
                if at >= len(text):
                    raise JsonPathError("{range} is not closed by {end}.", brace)
                found.append(Range(steps, body))
                at = self.close(self.blank(self.blank(at + 1) + 3))
                continue
            at = self.inner(at, found)
        return tuple(found), at

    def inner(self, at: int, found: list[Part]) -> int:
        """What is in braces: literals and paths, parted by blanks or not at all."""
        while True:
            at = self.blank(at)
            char = self.text[at : at + 1]
            if not char:
                raise JsonPathError("A { is not closed by }.", at)
            if char == "}":
                return at + 1
            if char in "\"'":
                literal, at = self.quoted(at)
                found.append(Literal(literal))
                continue
            number = _NUMBER.match(self.text, at)
            if number is not None:
                found.append(Literal(number[0]))
                at = number.end()
                continue
            steps, at = self.path(at, "} \t\n\"'")
            found.append(Expression(steps))

    def path(self, at: int, ends: str) -> tuple[tuple[Step, ...], int]:
        """The steps of a path, up to one of the characters that end it."""
        steps: list[Step] = []
        start, text = at, self.text
        while at < len(text) and text[at] not in ends:
            char = text[at]
            if char == "$" or (char == "@" and at == start):
                if at != start:
                    raise JsonPathError("$ stands at the beginning of a path only.", at)
                steps += [Root()] if char == "$" else []
                at += 1
            elif text.startswith("..", at):
                steps.append(Descent())
                at += 2
                if at < len(text) and text[at] not in "[*" and text[at] not in _NAME_END:
                    name, at = self.name(at)
                    steps.append(Field(((name,),)))
            elif char == ".":
                at += 1
                if at < len(text) and (text[at] in "[*" or text[at] in ends):
                    continue
                name, at = self.name(at)
                steps.append(Field(((name,),)))
            elif char == "[":
                step, at = self.bracket(at)
                steps.append(step)
            elif char == "*":
                steps.append(Wildcard())
                at += 1
            elif at == start and char not in _NAME_END:
                name, at = self.name(at)
                steps.append(Field(((name,),)))
            elif char in " \t" and "}" in ends:
                at += 1
            else:
                raise JsonPathError(f"{char!r} is not understood here.", at)
        return tuple(steps), at

    def name(self, at: int) -> tuple[str, int]:
        """A field name; a backslash takes the character after it as it is, and a dash may be inside."""
        text, made = self.text, []
        start = at
        while at < len(text) and (text[at] not in _NAME_END or (text[at] in "-/" and at > start)):
            if text[at] == "\\" and at + 1 < len(text):
                at += 1
            made.append(text[at])
            at += 1
        if not made:
            raise JsonPathError("A field name is missing.", at)
        return "".join(made), at

    def bracket(self, at: int) -> tuple[Step, int]:
        """`[...]`: a filter, names, indexes and slices, or everything."""
        text = self.text
        inside = self.blank(at + 1)
        if text.startswith("?", inside):
            return self.filter(inside)
        if text.startswith("*", inside):
            return Wildcard(), self.expect("]", self.blank(inside + 1))
        if text[inside : inside + 1] in ("'", '"'):
            names, inside = self.names(inside)
            return Field(tuple(map(_route, names))), self.expect("]", inside)
        slices: list[Slice] = []
        while True:
            found = _INDEX.match(text, inside)
            if found is None or (not found[1] and not found[2]):
                raise JsonPathError("An index, a quoted name, a filter or * is expected in brackets.", inside)
            start, colon, stop, _, step = found.groups()
            if colon is None:
                slices.append(Slice(int(start), index=True))
            else:
                slices.append(Slice(_bound(start), _bound(stop), _bound(step)))
            inside = found.end()
            if text[inside : inside + 1] != ",":
                return Indexes(tuple(slices)), self.expect("]", inside)
            inside = self.blank(inside + 1)

    def names(self, at: int) -> tuple[list[str], int]:
        """Quoted names parted by commas."""
        names: list[str] = []
        while True:
            name, at = self.quoted(at, keep_dots=True)
            names.append(name)
            at = self.blank(at)
            if self.text[at : at + 1] != ",":
                return names, at
            at = self.blank(at + 1)

    def filter(self, at: int) -> tuple[Step, int]:
        """`?(left op right)` up to the closing bracket."""
        at = self.expect("(", self.blank(at + 1))
        left, at = self.operand(self.blank(at))
        at = self.blank(at)
        operator, right = "", None
        found = _OPERATOR.match(self.text, at)
        if found is not None:
            operator = found[0]
            if operator == "=~":
                raise JsonPathError("Regular expressions are not part of kubectl's JSONPath.", at)
            right, at = self.operand(self.blank(found.end()))
        at = self.expect(")", self.blank(at))
        return Filter(left, operator, right), self.expect("]", self.blank(at))

    def operand(self, at: int) -> tuple[Operand, int]:
        """A literal or a path."""
        text = self.text
        if text[at : at + 1] in ("'", '"') and text[at : at + 1]:
            literal, at = self.quoted(at)
            return Operand(literal), at
        number = _NUMBER.match(text, at)
        if number is not None:
            return Operand(
                json.loads(number[0].lstrip("0") or "0") if "." not in number[0] else float(number[0])
            ), number.end()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.word(word, at):
                return Operand(value), at + len(word)
        if text[at : at + 1] not in ("@", "$", "."):
            raise JsonPathError("A path from @, a quoted text, a number, true or false is expected.", at)
        steps, at = self.path(at, " \t=!<>)")
        return Operand(path=steps), at

    # Small things

    def quoted(self, at: int, *, keep_dots: bool = False) -> tuple[str, int]:
        """A quoted text with its escapes; `keep_dots` leaves the backslash before a dot."""
        quote, text, made = self.text[at], self.text, []
        at += 1
        while at < len(text) and text[at] != quote:
            if text[at] == "\\" and at + 1 < len(text):
                at += 1
                if text[at] == "u" and re.fullmatch("[0-9a-fA-F]{4}", text[at + 1 : at + 5]):
                    made.append(chr(int(text[at + 1 : at + 5], 16)))
                    at += 5
                    continue
                kept = "\\." if keep_dots and text[at] == "." else text[at]
                made.append(_ESCAPES.get(text[at], kept))
            else:
                made.append(text[at])
            at += 1
        if at >= len(text):
            raise JsonPathError(f"The quote {quote} is not closed.", at)
        return "".join(made), at + 1

    def blank(self, at: int) -> int:
        """The place after blanks."""
        while at < len(self.text) and self.text[at] in " \t\r\n":
            at += 1
        return at

    def word(self, word: str, at: int) -> bool:
        """Whether this word, and no longer one, stands here."""
        after = at + len(word)
        return self.text.startswith(word, at) and self.text[after : after + 1] in _NAME_END | {""}

    def expect(self, char: str, at: int) -> int:
        """The place after a character that must be here."""
        at = self.blank(at)
        if self.text[at : at + 1] != char:
            raise JsonPathError(f"{char!r} is expected here.", at)
        return at + 1

    def close(self, at: int) -> int:
        """The place after a closing brace."""
        return self.expect("}", at)


def _bound(text: str | None) -> int | None:
    return int(text) if text not in (None, "") else None


def _route(text: str) -> tuple[str, ...]:
    """A quoted name: `a.b` is a path, `a\\.b` a name with a dot in it; the whole comes first, as a name."""
    parts = [part.replace("\0", ".") for part in text.replace("\\.", "\0").split(".")]
    return (".".join(parts), *parts) if len(parts) > 1 else tuple(parts)
