"""Anchors, aliases and merge keys of a text of YAML: found where they stand, and written out there. Pure.

A composed tree shows an alias as what it stands for, at the anchor's place; here it keeps its own. Source for
merge keys: https://yaml.org/type/merge.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from collections.abc import Iterator

MERGE = "<<"


class NotWritten(Exception):
    """An alias stands where it cannot be written out."""


def is_alias(node: Any) -> bool:
    """Whether a node of `nodes` stands for something elsewhere."""
    return bool(node.id == "scalar" and node.style == "*")


def nodes(text: str) -> Iterator[Any]:
    """The documents of a text as nodes, in which an alias is a scalar of style `*` at its own place."""
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if not self.check_event(yaml.AliasEvent):
                return super().compose_node(parent, index)
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode("alias", event.anchor, event.start_mark, event.end_mark, style="*")

    return (node for node in yaml.compose_all(text, Loader=Loader) if node is not None)


def written_out(text: str, start: int, value: Any) -> str:
    """The text with the aliases of one document replaced by what they stand for; all else stays.

    `start`: the document's first line; `value`: what it means. Raises NotWritten.
    """
    node = next(each for each in nodes(text) if each.start_mark.line == start)
    writer = _Writer(text)
    writer.node(node, value, flow=False)
    for first, last, new in sorted(writer.edits, reverse=True):
        text = text[:first] + new + text[last:]
    return text


def comments(text: str) -> list[str]:
    """The comments of a text, in order. Raises yaml.YAMLError."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lines = text.split("\n")
    taken: dict[int, int] = {}
    """Line -> column up to which it is a scalar's."""
    for token in yaml.scan(text, Loader=loader):
        if isinstance(token, yaml.ScalarToken):
            first, last = token.start_mark, token.end_mark
            for line in range(first.line + (token.style in ("|", ">")), last.line):
                taken[line] = len(lines[line])
            taken[last.line] = max(taken.get(last.line, 0), last.column)
    found = []
    for number, row in enumerate(lines):
        at = row.find("#", taken.get(number, 0))
        if at == 0 or (at > 0 and row[at - 1] in " \t"):
            found.append(row[at:].rstrip())
    return found


class _Writer:
    """Collects what to replace, as places in the text and what comes there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.edits: list[tuple[int, int, str]] = []

    def node(self, node: Any, value: Any, *, flow: bool) -> None:
        """Write out what is in a node that means `value`."""
        self._anchor(node.start_mark.index)
        if node.id == "scalar":
            if is_alias(node):
                self._alias(node, value, key=None, flow=flow)
            return
        flow = flow or bool(node.flow_style)
        if node.id == "sequence":
            for item, each in zip(node.value, value, strict=True):
                self.node(item, each, flow=flow)
            return
        names = {key.value for key, _ in node.value}
        for key, item in node.value:
            if key.value == MERGE and not key.style:
                if flow:
                    raise NotWritten
                self._merge(key, item, {name: value[name] for name in value if name not in names})
            elif is_alias(item):
                self._alias(item, value[key.value], key=key, flow=flow)
            else:
                self.node(item, value[key.value], flow=flow)

    def _anchor(self, at: int) -> None:
        if self._text[at] != "&":
            return
        end = at
        while self._text[end] not in " \t\n":
            end += 1
        if self._text[end] == "\n":  # the blank before it has nothing to part any more
            at -= self._text[at - 1] == " "
        else:
            end += 1
        self.edits.append((at, end, ""))

    def _alias(self, node: Any, value: Any, *, key: Any, flow: bool) -> None:
        first, end = node.start_mark.index, node.end_mark.index
        whole = emit(value).text().splitlines()
        nested = isinstance(value, dict | list) and bool(value)
        if flow or (not nested and len(whole) > 1):
            self.edits.append((first, end, json.dumps(value, ensure_ascii=False)))
        elif not nested:
            self.edits.append((first, end, whole[0]))
        elif key is None:
            self._lines(first, end, node.start_mark.column, whole)
        else:
            self._lines(first - 1, end, key.start_mark.column + 2, ["", *whole])

    def _merge(self, key: Any, item: Any, value: dict[str, Any]) -> None:
        first, end = key.start_mark.index, item.end_mark.index
        if not value:
            raise NotWritten  # nothing would be left of the line
        self._lines(first, end, key.start_mark.column, emit(value).text().splitlines())

    def _lines(self, first: int, end: int, column: int, lines: list[str]) -> None:
        """The first line in place of the alias, the others below what else stands on its line."""
        self.edits.append((first, end, lines[0]))
        below = self._text.find("\n", end)
        below = len(self._text) if below < 0 else below
        rest = [" " * column + line if line else "" for line in lines[1:]]
        self.edits.append((below, below, "".join(f"\n{line}" for line in rest)))
