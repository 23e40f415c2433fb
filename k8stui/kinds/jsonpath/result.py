"""What a JSONPath finds, as lines to be read: a value a line, objects as YAML, templates as kubectl. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.jsonpath.path import text_of
from k8stui.kinds.jsonpath.syntax import Expression
from k8stui.kinds.text import cell_width, printable
from k8stui.kinds.yaml_text import YamlLine, emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.jsonpath.path import JsonPath


GAP = 2


class Result(NamedTuple):
    """Lines and how many values they are."""

    lines: tuple[YamlLine, ...]
    blocks: dict[int, int]
    found: int
    """Values that were found; 0 for a template, whose result is one text."""


def result_of(path: JsonPath, value: Any) -> Result:
    """The result over a value. Raises JsonPathError."""
    text = path.render(value)  # an index that is not there is an error, as in kubectl
    if len(path.parts) != 1 or not isinstance(path.parts[0], Expression):
        return lines_of_text(text)
    return lines_of_values(path.find(value))


def lines_of_text(text: str) -> Result:
    """What a template printed."""
    lines = _aligned(text.removesuffix("\n").split("\n")) if text else []
    return Result(tuple(YamlLine(line, (at,)) for at, line in enumerate(lines)), {}, 0)


def lines_of_values(found: Sequence[Any]) -> Result:
    """A line for each value, objects and lists as YAML."""
    lines_of: list[YamlLine] = []
    blocks: dict[int, int] = {}
    for number, each in enumerate(found):
        if isinstance(each, dict | list) and each:
            if number:
                lines_of.append(YamlLine("---", (number, "---"), role="open"))
            document = emit(each)
            start = len(lines_of)
            blocks.update({first + start: last + start for first, last in document.blocks.items()})
            lines_of += [line._replace(path=(number, *line.path)) for line in document.lines]
        else:
            for row in text_of(each).split("\n"):
                lines_of.append(YamlLine(printable(row), (number,), role="string"))
    return Result(tuple(lines_of), blocks, len(found))


def _aligned(lines: list[str]) -> list[str]:
    """Lines with their columns, which tabs part, below each other."""
    rows = [[printable(cell) for cell in line.split("\t")] for line in lines]
    widths: dict[int, int] = {}
    for row in rows:
        for at, cell in enumerate(row[:-1]):
            widths[at] = max(widths.get(at, 0), cell_width(cell))
    return [
        "".join(cell + " " * (widths[at] - cell_width(cell) + GAP) for at, cell in enumerate(row[:-1]))
        + row[-1]
        for row in rows
    ]
