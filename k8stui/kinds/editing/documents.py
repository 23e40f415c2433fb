"""Text of YAML that is being edited: its documents with the line of each field, and where the cursor stands.

Two readers. `parse` is exact and takes the whole text (0.1 s for 5,000 lines: in a thread, not at each key);
values are what kubectl makes of them, so a time stays text and `0644` is an octal number. `context_at` looks
at the lines above the cursor alone, so that it works in the middle of a word, on text that is not YAML yet.
Pure; no schema in here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from k8stui.kinds.yaml_text import Path  # noqa: TC001  # msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_VALUES = 2_000_000
"""So many values a text may have; aliases that stand for more are an attack or a mistake."""
DEPTH = 100
LOOK_BESIDE = 200
"""Lines above and below the cursor in which keys are looked for that need not be offered again."""


class Problem(Struct, frozen=True):
    """Something wrong on a line (from 0)."""

    line: int
    message: str
    severity: str = "error"
    """`error`, or `warning` for what the server will decide."""
    path: Path = ()


class EditDocument(NamedTuple):
    """One document of a text."""

    value: Any
    lines: dict[Path, int]
    """The line (from 0) on which each field begins."""
    start: int
    """The line of its first field."""

    def line_of(self, path: Path) -> int:
        """The line of a field, or of the nearest thing above it that there is."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.start)


class Parsed(NamedTuple):
    """What a text holds."""

    documents: tuple[EditDocument, ...]
    problems: tuple[Problem, ...]


class _Wrong(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Parsed:
    """The documents of a text; those before the first mistake, and what the mistake is."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents: list[EditDocument] = []
    try:
        for node in yaml.compose_all(text, Loader=loader):
            if node is None:
                continue
            walk = _Walk()
            value = walk.value(node, (), 0)
            if value is not None:
                documents.append(EditDocument(value, walk.lines, node.start_mark.line))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.problem == "could not find expected ':'":
            mark = error.context_mark or mark  # where the key is, not where its colon was missed
        line = mark.line if mark is not None else 0
        return Parsed(tuple(documents), (Problem(line, _yaml_words(error)),))
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0) or 0)
        said = getattr(error, "reason", "") or "a character that cannot stand in YAML"
        return Parsed(tuple(documents), (Problem(line, f"Not YAML: {said}."),))
    except _Wrong as error:
        return Parsed(tuple(documents), (Problem(error.line, str(error)),))
    return Parsed(tuple(documents), ())


_WORDS = {
    "found character that cannot start any token": "a tab or a sign that no value can start with",
    "mapping values are not allowed in this context": "a key where none can stand: check the indent above",
    "could not find expected ':'": "a key without its colon",
    "did not find expected key": "a key is expected here: check the indent and quotes above",
    "did not find expected '-' indicator": "an item of the list is expected here: check the indent",
}


def _yaml_words(error: Any) -> str:
    said = str(error.problem or error.context or "it cannot be read")
    return f"Not YAML: {_WORDS.get(said, said)}."


class _Walk:
    """From nodes to values."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._count = 0
        self._known: dict[int, tuple[Any, int]] = {}

    def value(self, node: Any, path: Path, depth: int) -> Any:
        self._count += 1
        line = node.start_mark.line
        if self._count > MOST_VALUES or depth > DEPTH:
            raise _Wrong(line, "Too much is nested or repeated here.")
        self.lines.setdefault(path, line)
        if node.id == "scalar":
            return scalar(node.value, plain=not node.style, tag=node.tag, line=line)
        known = self._known.get(id(node))
        if known is not None:  # an alias: it counts as what it stands for, without being walked again
            self._count += known[1]
            return known[0]
        before = self._count
        found: Any
        if node.id == "sequence":
            found = [self.value(item, (*path, at), depth + 1) for at, item in enumerate(node.value)]
        else:
            found = self._mapping(node, path, depth)
        self._known[id(node)] = (found, self._count - before)
        return found

    def _mapping(self, node: Any, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line
            if key_node.id != "scalar":
                raise _Wrong(line, "A key must be a text.")
            key = key_node.value
            if key == "<<" and not key_node.style:
                each = self.value(value_node, path, depth + 1)
                for source in each if isinstance(each, list) else [each]:
                    merged = {**(source if isinstance(source, dict) else {}), **merged}
                continue
            if key in found:
                raise _Wrong(line, f"The key {key!r} is here twice.")
            here = (*path, key)
            self.lines[here] = line
            found[key] = self.value(value_node, here, depth + 1)
        return {**merged, **found} if merged else found


_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0[0-7_]*|[1-9][0-9_]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORD_VALUES: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"), False),
}


def scalar(text: str, *, plain: bool, tag: str = "", line: int = 0) -> Any:
    """The value of a scalar: text, number, true, false or nothing, as kubectl reads YAML 1.1."""
    if tag.endswith(":binary"):
        raise _Wrong(line, "!!binary cannot stand here: write base64 text.")
    if not plain or (tag.endswith(":str") and text.isdecimal()):
        return text  # quoted, or said to be text by !!str
    if text in _WORD_VALUES:
        return _WORD_VALUES[text]
    if text[:1] not in "0123456789+-.":
        return text
    if _INT.match(text):
        return _int(text)
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise _Wrong(line, f"{text} is too large a number.")
        return int(number) if number.is_integer() and abs(number) < 2**53 and "." not in text else number
    return text


def _int(text: str) -> int:
    digits = text.replace("_", "").lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if digits.startswith("0b"):
        return sign * int(digits[2:], 2)
    if digits.startswith("0x"):
        return sign * int(digits[2:], 16)
    if digits.startswith("0") and len(digits) > 1:
        return sign * int(digits.removeprefix("0o"), 8)
    return sign * int(digits)


# Where the cursor is


class Context(NamedTuple):
    """What is being typed at a place of a text."""

    path: Path
    """The field that the value under the cursor belongs to, or the thing whose key is being typed; indexes of
    lists are 0."""
    where: str
    """`key`, `value` or `text` (inside a block of text)."""
    prefix: str
    """What of the word stands left of the cursor."""
    start: int
    """The column at which the word begins."""
    taken: frozenset[str] = frozenset()
    """Keys that stand beside the one that is typed."""
    indent: int = 0
    """The column of the keys here."""
    key: str = ""
    """The key of the line, complete."""


_DASH = re.compile(r"-(?:\s+|$)")
_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"\-{\[&*!|>%@`][^#]*?|-[^\s#:][^#]*?)\s*:(?=\s|$)"""
)
_BLOCK = re.compile(r"(?:[|>][-+0-9]*)\s*(?:#.*)?$")


class Parts(NamedTuple):
    """A line cut into its dashes, its key and its value."""

    dashes: tuple[int, ...]
    """The columns of its dashes."""
    at: int
    """The column of what follows the dashes."""
    key: str
    key_end: int
    """The column of the colon; -1 without a key."""
    value_at: int
    """The column of the value."""


def parts_of(line: str) -> Parts:
    """Cut a line; a comment or an empty line has neither key nor dashes."""
    at = len(line) - len(line.lstrip(" "))
    dashes = []
    while (
        at < len(line) and line[at] == "-" and (found := _DASH.match(line, at)) and line[at : at + 3] != "---"
    ):
        dashes.append(at)
        at = found.end()
    found_key = _KEY.match(line, at) if at < len(line) and line[at] != "#" else None
    if found_key is None:
        return Parts(tuple(dashes), at, "", -1, at)
    key = found_key[1]
    if key[:1] in "\"'":
        key = key[1:-1]
    end = found_key.end() - 1
    value = end + 1
    while value < len(line) and line[value] == " ":
        value += 1
    return Parts(tuple(dashes), at, key, end, value)


def _is_break(line: str) -> bool:
    return line.startswith("---") and (len(line) == 3 or line[3] in " \t")


def _blank(line: str) -> bool:
    inner = line.lstrip()
    return not inner or inner[0] == "#"


def context_at(lines: Sequence[str], row: int, column: int) -> Context:
    """What is typed at a place. Never fails; on a text that is not YAML it is the likeliest answer."""
    line = lines[row] if row < len(lines) else ""
    parts = parts_of(line[:column] if not line.strip() else line)
    in_value = parts.key_end >= 0 and column > parts.key_end
    indent = parts.at if line.strip() else column
    above, block = _above(lines, row, indent, parts.dashes)
    if block:
        return Context(above, "text", "", column, indent=indent)
    if in_value:
        start = min(parts.value_at, column)
        return Context((*above, parts.key), "value", line[start:column], start, indent=indent, key=parts.key)
    start = min(parts.at, column)
    prefix = line[start:column]
    if parts.dashes and parts.key_end < 0 and not prefix.strip():
        prefix = ""
    taken = frozenset(_beside(lines, row, indent))
    return Context(above, "key", prefix, start, taken, indent, parts.key)


def _above(lines: Sequence[str], row: int, indent: int, dashes: tuple[int, ...]) -> tuple[Path, bool]:
    """The path of what a key at a column of a row is in, and whether that is a block of text."""
    steps: list[str | int] = []
    need, in_list = indent, False
    for dash in reversed(dashes):
        steps.append(0)
        need, in_list = dash, True
    block = False
    at = row - 1
    while at >= 0 and (need > 0 or in_list):
        line = lines[at]
        at -= 1
        if _blank(line):
            continue
        if _is_break(line):
            break
        start = len(line) - len(line.lstrip(" "))
        if start > need or (start == need and not in_list):
            continue
        parts = parts_of(line)
        if parts.key_end >= 0 and (parts.at < need or (in_list and parts.at == need and not parts.dashes)):
            if not steps and _BLOCK.match(line, parts.value_at):
                block = True
            elif _BLOCK.match(line, parts.value_at):
                block, steps = True, []
            steps.append(parts.key)
            need, in_list = parts.at, False
        for dash in reversed(parts.dashes):
            if dash < need:
                steps.append(0)
                need, in_list = dash, True
    return tuple(reversed(steps)), block


def _beside(lines: Sequence[str], row: int, indent: int) -> Iterator[str]:
    """The keys of the same mapping, above and below a row."""
    for step in (-1, 1):
        at = row + step
        first = parts_of(lines[row]) if row < len(lines) else Parts((), 0, "", -1, 0)
        if step < 0 and first.dashes:
            continue
        for _ in range(LOOK_BESIDE):
            if not 0 <= at < len(lines):
                break
            line = lines[at]
            at += step
            if _blank(line):
                continue
            if _is_break(line):
                break
            parts = parts_of(line)
            if parts.at == indent and parts.key_end >= 0:
                if parts.dashes and step > 0:
                    break
                yield parts.key
                if parts.dashes:
                    break
            elif parts.at < indent or (parts.dashes and parts.dashes[0] < indent):
                if parts.dashes and parts.dashes[0] >= indent:
                    continue
                break


_INSIDE = frozenset({" ", "", "#"})
"""How lines begin that are no keys of the object itself."""


def head_of(lines: Sequence[str], row: int) -> tuple[str, str]:
    """apiVersion and kind of the document that a row is in; empty where they are not said."""
    start = min(row, len(lines) - 1)
    while start > 0 and not (lines[start][:3] == "---" and _is_break(lines[start])):
        start -= 1
    found = {"apiVersion": "", "kind": ""}
    for at in range(max(start, 0), len(lines)):
        line = lines[at]
        if line[:1] in _INSIDE:
            continue
        if at > start and _is_break(line):
            break
        for key in found:
            if line.startswith(f"{key}:"):
                value = scalar(line[len(key) + 1 :].partition(" #")[0].strip().strip("\"'"), plain=False)
                found[key] = str(value)
        if all(found.values()):
            break
    return found["apiVersion"], found["kind"]
