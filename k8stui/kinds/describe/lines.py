"""A description as lines: labels with aligned values, headings, tables, and links to other objects.

`Page` collects what is said, in the words and the order of `kubectl describe`; `lines()` lays it out. Text
from the cluster is made printable here, once, for all that is written. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.text import cell_width, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

INDENT = 2
GAP = 2
WIDEST_LABEL = 30
NONE = "<none>"
UNSET = "<unset>"


class Ref(NamedTuple):
    """An object that a text names."""

    kind: str
    """Whatever a catalog finds: `pods`, `deployments.apps`, `widget.v1.example.com`."""
    name: str
    namespace: str = ""


class Text(NamedTuple):
    """A stretch of text with a meaning; a `quiet` one looks like any other, though it leads somewhere."""

    text: str
    role: str = ""
    ref: Ref | None = None


class Link(NamedTuple):
    """Where in a line an object is named."""

    start: int
    end: int
    ref: Ref


class Mark(NamedTuple):
    """Where in a line something has a colour: `label`, `heading`, `warning`, `muted`, `link`."""

    start: int
    end: int
    role: str


class Line(NamedTuple):
    """A line of a description."""

    text: str
    level: int = 0
    marks: tuple[Mark, ...] = ()
    links: tuple[Link, ...] = ()


Value = str | Text
"""A text, plain or with a meaning."""


class _Field(NamedTuple):
    level: int
    label: str
    values: tuple[tuple[Text, ...], ...]
    """One or more lines, each of parts."""
    role: str


class _Table(NamedTuple):
    level: int
    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


class _Block(NamedTuple):
    level: int
    rows: tuple[str, ...]
    """Plain lines, as they are but for their margin: there may be very many."""


class Page:
    """A description being written."""

    def __init__(self, level: int = 0) -> None:
        self._entries: list[_Field | _Table | _Block] = []
        self.level = level

    def field(self, label: str, *parts: Value, level: int = 0) -> None:
        """`Label:  value`, the value in one or more parts."""
        self._add(level, f"{label}:", [parts])

    def fields(self, label: str, values: Sequence[Value], *, level: int = 0, none: str = NONE) -> None:
        """`Label:` with one value on each line below each other."""
        self._add(level, f"{label}:", [(value,) for value in values] or [(none,)])

    def heading(self, label: str, *, level: int = 0) -> None:
        """`Label:` above what belongs to it."""
        self._entries.append(_Field(self.level + level, f"{label}:", (), "heading"))

    def title(self, text: str, *, level: int = 0) -> None:
        """A line of its own, as it is, above what belongs to it."""
        self._entries.append(_Field(self.level + level, text, (), "heading"))

    def text(self, text: Value, *, level: int = 0) -> None:
        """A line without a label, or as many as it has line breaks."""
        if isinstance(text, str):
            self._entries.append(_Block(self.level + level, tuple(text.split("\n"))))
            return
        part = text
        for row in part.text.split("\n"):
            self._entries.append(_Field(self.level + level, "", ((part._replace(text=row),),), ""))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Value]], *, level: int = 1) -> None:
        """Columns under their names; without names, only columns."""
        texts = tuple(tuple(_part(cell) for cell in row) for row in rows)
        self._entries.append(_Table(self.level + level, tuple(head), texts))

    def _add(self, level: int, label: str, values: Sequence[Sequence[Value]]) -> None:
        lines: list[tuple[Text, ...]] = []
        for parts in values:
            texts = [_part(part) for part in parts]
            if len(texts) == 1 and "\n" in texts[0].text:
                lines.extend((texts[0]._replace(text=row),) for row in texts[0].text.split("\n"))
            else:
                lines.append(tuple(texts))
        self._entries.append(_Field(self.level + level, label, tuple(lines), "label"))

    # Laying out

    def lines(self) -> list[Line]:
        """The lines, values of neighbours below each other."""
        out: list[Line] = []
        widths = self._widths()
        for entry, width in zip(self._entries, widths, strict=True):
            if isinstance(entry, _Block):
                out.extend(_block_lines(entry))
            elif isinstance(entry, _Table):
                out.extend(_table_lines(entry))
            else:
                out.extend(_field_lines(entry, width))
        return out

    def _widths(self) -> list[int]:
        """For each entry how wide its label's column is: all of one level, up to an outer entry."""
        widths = [0] * len(self._entries)
        runs: dict[int, list[int]] = {}

        def end(level: int) -> None:
            for deeper in [key for key in runs if key > level]:
                _settle(self._entries, runs.pop(deeper), widths)

        for index, entry in enumerate(self._entries):
            blank = isinstance(entry, _Field) and not entry.label and not entry.values
            end(-1 if blank else entry.level)
            if isinstance(entry, _Field) and entry.values and entry.label:
                runs.setdefault(entry.level, []).append(index)
        end(-1)
        return widths


def _settle(entries: Sequence[_Field | _Table | _Block], run: list[int], widths: list[int]) -> None:
    labels = [entry.label for index in run if isinstance(entry := entries[index], _Field)]
    width = max((cell_width(label) for label in labels if len(label) <= WIDEST_LABEL), default=0)
    for index in run:
        widths[index] = width


def _part(value: Value) -> Text:
    return value if isinstance(value, Text) else Text(value)


def _field_lines(entry: _Field, width: int) -> list[Line]:
    margin = " " * (entry.level * INDENT)
    label = printable(entry.label)
    marks = (Mark(len(margin), len(margin) + len(label), entry.role),) if entry.role and label else ()
    if not entry.values:
        return [Line(margin + label, entry.level, marks)]
    head = margin + label
    if label:
        head += " " * (max(0, width - cell_width(label)) + GAP)
    lines = [_joined(head, entry.values[0], entry.level, marks)]
    if label:
        blank = margin + " " * (max(width, cell_width(label)) + GAP)
        lines.extend(_joined(blank, parts, entry.level + 1, ()) for parts in entry.values[1:])
    return lines


def _block_lines(block: _Block) -> list[Line]:
    margin, level = " " * (block.level * INDENT), block.level
    return [Line((margin + printable(row)).rstrip(" "), level) for row in block.rows]


def _joined(head: str, parts: Sequence[Text], level: int, marks: tuple[Mark, ...]) -> Line:
    text, found, links = head, list(marks), []
    for part in parts:
        start = len(text)
        text += printable(part.text)
        if part.ref is not None:
            links.append(Link(start, len(text), part.ref))
        role = "link" if part.ref is not None and part.role != "quiet" else part.role
        if role not in ("", "quiet") and len(text) > start:
            found.append(Mark(start, len(text), role))
    return Line(text.rstrip(" "), level, tuple(found), tuple(links))


def _table_lines(table: _Table) -> list[Line]:
    rows = list(table.rows)
    if table.head:
        head = tuple(Text(name, "heading") for name in table.head)
        rules = tuple(Text("-" * len(name), "muted") for name in table.head)
        rows = [head, rules, *rows]
    count = max((len(row) for row in rows), default=0)
    cleaned = [[part._replace(text=printable(part.text)) for part in row] for row in rows]
    widths = [
        max((cell_width(row[at].text) for row in cleaned if at < len(row)), default=0) for at in range(count)
    ]
    lines = []
    for row in cleaned:
        parts: list[Text] = []
        for at, part in enumerate(row):
            parts.append(part)
            if at < len(row) - 1:
                parts.append(Text(" " * (widths[at] - cell_width(part.text) + GAP)))
        lines.append(_joined(" " * (table.level * INDENT), parts, table.level, ()))
    return lines
