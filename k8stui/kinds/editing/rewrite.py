"""Another value in a text of YAML, with its comments and its layout kept wherever the text stays. Pure.

Works on lines: a plain value is replaced where it stands, a field that goes takes its lines with it, one that
comes is written behind the field before it. What cannot be changed so (a flow collection) is written anew, as
narrowly as possible. Aliases stay where what they stand for stays; else they are written out. Whatever comes
out is read again: it means the new value, or the whole document is written anew. `lost_comments` tells what
that cost.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.editing.aliases import NotWritten, comments, nodes, written_out
from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.field_diff import identity, key_of, same
from k8stui.kinds.yaml_text import emit, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from k8stui.kinds.editing.documents import EditDocument


class _Edit(NamedTuple):
    """Lines `first` to `end` (not with it) become other lines."""

    first: int
    end: int
    lines: list[str]


class _Anew(Exception):
    """This part cannot be changed in place: what it is in has to be written anew."""


def rewritten(text: str, changes: Sequence[tuple[EditDocument, Any]]) -> str:
    """The text with other values in some of its documents, each a document of `parse(text)`."""
    numbers = {each.start: number for number, each in enumerate(parse(text).documents)}
    for document, value in sorted(changes, key=lambda change: change[0].start, reverse=True):
        if document.start in numbers and not same(document.value, value):
            text = _in_document(text, document, numbers[document.start], value)
    return text


def _in_document(text: str, document: EditDocument, number: int, value: Any) -> str:
    node = _node(text, document.start)
    lines = text.split("\n")
    plain = _is_plain_tree(node, set())
    tree = node if plain else _node(text, document.start, aliases=True)
    found = _in_place(lines, tree, document.value, value)
    if found is not None and _means(found, number, value):
        return "\n".join(found)
    if not plain:
        with contextlib.suppress(NotWritten):
            bare = written_out(text, document.start, document.value)
            same_still = _means(bare.split("\n"), number, document.value)
            if same_still and _is_plain_tree(_node(bare, document.start), set()):
                return _in_document(bare, document, number, value)
    end = node.end_mark.line + (node.end_mark.column > 0)  # with aliases, its last value stands elsewhere
    return "\n".join([*lines[: document.start], *emit(value).text().splitlines(), *lines[end:]])


def _in_place(lines: list[str], node: Any, old: Any, new: Any) -> list[str] | None:
    try:
        return _applied(lines, list(_Rewriter(lines).value(node, old, new)))
    except _Anew:
        return None


def lost_comments(before: str, after: str) -> list[str]:
    """The comments that a text of YAML had before it was written anew, and has no more."""
    there = Counter(comments(after))
    return [each for each, count in (Counter(comments(before)) - there).items() for _ in range(count)]


def _node(text: str, start: int, *, aliases: bool = False) -> Any:
    """The document that begins on that line; `aliases`: those in it have a place of their own."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = nodes(text) if aliases else (each for each in yaml.compose_all(text, Loader=loader) if each)
    return next(each for each in found if each.start_mark.line == start)


def _is_plain_tree(node: Any, seen: set[int]) -> bool:
    """Nothing in it stands for something elsewhere: no alias, no merge key."""
    if node.id == "scalar":
        return True
    if id(node) in seen:
        return False
    seen.add(id(node))
    if node.id == "sequence":
        return all(_is_plain_tree(item, seen) for item in node.value)
    return all(key.value != "<<" and _is_plain_tree(item, seen) for key, item in node.value)


def _applied(lines: list[str], edits: list[_Edit]) -> list[str]:
    found = list(lines)
    # from the last to the first; of what is inserted at the same place, what was found first comes first
    edits.reverse()
    for edit in sorted(edits, key=lambda edit: (edit.first, edit.end), reverse=True):
        found[edit.first : edit.end] = edit.lines
    return found


def _means(lines: Sequence[str], number: int, value: Any) -> bool:
    """Whether the document of that number has that value."""
    parsed = parse("\n".join(lines))
    return (
        not parsed.problems and len(parsed.documents) > number and same(parsed.documents[number].value, value)
    )


def _end(node: Any, lines: Sequence[str]) -> int:
    """The line after the last of a node, without the comments and empty lines that follow it."""
    if node.id == "scalar":
        end: int = node.end_mark.line
        return end if node.style in ("|", ">") and not node.end_mark.column else end + 1
    if node.flow_style or not node.value:
        return int(node.end_mark.line) + 1
    last = node.value[-1]
    return _end(last if node.id == "sequence" else last[1], lines)


def _indented(lines: Sequence[str], head: str) -> list[str]:
    """Emitted lines behind what stands left of them."""
    margin = " " * len(head)
    return [(head if not at else margin if line else "") + line for at, line in enumerate(lines)]


def _emitted(value: Any) -> list[str]:
    return emit(value).text().splitlines()


class _Rewriter:
    """Finds what to edit for another value of a node. Raises _Anew where that cannot be done in place."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def value(self, node: Any, old: Any, new: Any) -> Iterator[_Edit]:
        """The edits that make `new` of a node that means `old`."""
        if same(old, new):
            return
        block = node.id != "scalar" and not node.flow_style and node.value
        if block and isinstance(old, dict) and isinstance(new, dict) and new:
            yield from self._mapping(node, old, new)
        elif block and isinstance(old, list) and isinstance(new, list) and new:
            yield from self._sequence(node, old, new)
        else:
            yield self._scalar(node, new)

    def _scalar(self, node: Any, new: Any) -> _Edit:
        written = _emitted(new)
        first, last = node.start_mark, node.end_mark
        plain = node.id == "scalar" and node.style not in ("|", ">") and first.column < last.column
        if self._lines[first.line][first.column :].startswith("&"):
            raise _Anew  # others mean this value
        if not plain or len(written) != 1 or first.line != last.line or isinstance(new, dict | list):
            raise _Anew
        line = self._lines[first.line]
        return _Edit(first.line, first.line + 1, [line[: first.column] + written[0] + line[last.column :]])

    def _mapping(self, node: Any, old: dict[str, Any], new: dict[str, Any]) -> Iterator[_Edit]:
        entries = {key.value: (key, item) for key, item in node.value if key.value in old}
        if any(name not in entries and name not in new for name in old):
            raise _Anew  # it comes from a merge key, and goes
        for name, (key, item) in entries.items():
            if name in new:
                yield from self._entry(key, item, name, old[name], new[name])
            elif old[name] is not None:
                if self._lines[key.start_mark.line][: key.start_mark.column].strip():
                    raise _Anew  # it stands behind a dash
                yield _Edit(key.start_mark.line, _end(item, self._lines), [])
        merged = {name for name in old if name not in entries and same(old[name], new[name])}
        yield from self._new_entries(entries, {name: new[name] for name in new if name not in merged})

    def _entry(self, key: Any, item: Any, name: str, old: Any, new: Any) -> Iterator[_Edit]:
        try:
            edits = list(self.value(item, old, new))
        except _Anew:
            mark = key.start_mark
            head = self._lines[mark.line][: mark.column]
            edits = [_Edit(mark.line, _end(item, self._lines), _indented(_emitted({name: new}), head))]
        yield from edits

    def _new_entries(self, entries: dict[str, Any], new: dict[str, Any]) -> Iterator[_Edit]:
        margin = " " * min((key.start_mark.column for key, _ in entries.values()), default=0)
        before = None
        for name in in_order(new):
            if name in entries:
                before = name
                continue
            written = _indented(_emitted({name: new[name]}), margin)
            kept = before if before is not None else next((each for each in entries if each in new), None)
            if kept is None:
                raise _Anew
            key, item = entries[kept]
            behind_dash = self._lines[key.start_mark.line][: key.start_mark.column].strip()
            at = key.start_mark.line if before is None and not behind_dash else _end(item, self._lines)
            yield _Edit(at, at, written)

    def _sequence(self, node: Any, old: list[Any], new: list[Any]) -> Iterator[_Edit]:
        places = self._paired(old, new)
        column = node.start_mark.column
        marks = [item.start_mark.line for item in node.value]
        for line in marks:
            row = self._lines[line]
            if row[column : column + 1] != "-" or row[:column].strip():
                raise _Anew  # a dash alone on its line, or behind another one
        last = -1
        for at, item in enumerate(node.value):
            if at not in places.values():
                yield _Edit(marks[at], _end(item, self._lines), [])
        for number, each in enumerate(new):
            place = places.get(number)
            if place is None:
                line = _end(node.value[last], self._lines) if last >= 0 else marks[0]
                yield _Edit(line, line, _indented(_emitted([each]), " " * column))
                continue
            if place < last:
                raise _Anew  # in another order
            last = place
            yield from self._item(node.value[place], old[place], each, column)

    def _item(self, node: Any, old: Any, new: Any, column: int) -> Iterator[_Edit]:
        try:
            edits = list(self.value(node, old, new))
        except _Anew:
            line = node.start_mark.line
            edits = [_Edit(line, _end(node, self._lines), _indented(_emitted([new]), " " * column))]
        yield from edits

    @staticmethod
    def _paired(old: list[Any], new: list[Any]) -> dict[int, int]:
        """Place of an item in the new list -> its place in the old one."""
        keys = key_of((old, new), None)
        if keys:
            there = {identity(item, keys): at for at, item in enumerate(old)}
            names = [identity(item, keys) for item in new]
            return {at: there[name] for at, name in enumerate(names) if name in there}
        if len(old) == len(new):
            return {at: at for at in range(len(new))}
        found, at = {}, 0
        for number, item in enumerate(new):
            while at < len(old) and not same(old[at], item):
                at += 1
            if at == len(old):
                break
            found[number], at = at, at + 1
        return found
