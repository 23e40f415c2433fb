"""What is shown below a line that was opened: where it comes from, what is folded into it, its fields.

JSON is laid out over several lines; fields of other formats are listed by name. Pure.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.logs.lines import Format, parse, pretty
from k8stui.kinds.text import printable
from k8stui.ui.widgets.lines.ansi import Span, parse_line
from k8stui.ui.widgets.lines.painter import ShownLine, wrap_points
from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.ui.widgets.painting import Palette

MOST_ROWS = 2_000
LONGEST = 65_536
BAR = "  │ "


class Row(NamedTuple):
    """A row below an opened line, safe to paint."""

    label: str
    text: str
    seq: int = -1
    """The line that it shows, by number; -1: it says something about the opened one."""


def below(line: Any, followers: Sequence[tuple[int, Any]], repeats: Sequence[tuple[int, Any]]) -> list[Row]:
    """Where the line comes from, the lines that are shown as it, and those that follow it, or its fields."""
    rows: list[Row] = []
    if line.time or line.source is not None:
        rows.append(Row("", _origin(line)))
    if len(repeats) > 1:
        rows += [Row("", f"{each.time}  {_where(each.source)}", at) for at, each in repeats[:MOST_ROWS]]
    if followers:
        return rows + [Row("", _text(each), at) for at, each in followers[:MOST_ROWS]]
    lines = pretty(line.text)
    if lines is not None:
        return rows + [Row("", printable(each)) for each in lines.split("\n")[:MOST_ROWS]]
    parsed = parse(line.text[:LONGEST])
    if parsed.format is not Format.PLAIN:
        level = () if parsed.level is None else (("level", parsed.level.name.lower()),)
        named = [*level, ("message", parsed.message), *parsed.fields]
        size = max(len(name) for name, _ in named)
        rows += [Row(printable(name).rjust(size), printable(value)) for name, value in named]
    return rows


def laid_out(rows: Sequence[Row], width: int, palette: Palette) -> tuple[list[ShownLine], list[int]]:
    """The rows ready to paint, broken at `width` cells (0: not), and which lines they show."""
    bar, key = palette.style("below"), palette.style("field-key")
    found, seqs = [], []
    for label, text, seq in rows:
        lead = f"{BAR}{label}  " if label else BAR
        room = max(10, width - width_of(lead)) if width else 0
        for start, end in pairwise([*wrap_points(text, room), len(text)] if room else [0, len(text)]):
            front = lead if start == 0 else BAR.ljust(width_of(lead))
            spans = (Span(0, len(BAR), bar), Span(len(BAR), len(front), key))
            found.append(ShownLine(front + text[start:end], spans, len(front), "", 0))
            seqs.append(seq)
    return found, seqs


def _text(line: Any) -> str:
    return parse_line(line.text[:LONGEST]).text


def _origin(line: Any) -> str:
    parts = [printable(line.time), _where(line.source)]
    restarts = getattr(line.source, "restarts", 0)
    if restarts:
        parts.append(f"after {restarts} restart{'s' * (restarts > 1)}")
    return "  ".join(filter(None, parts))


def _where(source: Any) -> str:
    if source is None:
        return ""
    if isinstance(source, str):
        return printable(source)
    names = (source.namespace, source.pod, source.container)
    return printable("/".join(name for name in names if name))
