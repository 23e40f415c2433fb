"""What is shown below a line that was opened: where it comes from, what is folded into it, its fields.

JSON is laid out over several lines; fields of other formats are listed by name. Pure.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from k8stui.kinds.log_lines import Format, parse, pretty
from k8stui.kinds.text import printable
from k8stui.ui.widgets.ansi import Span, parse_line
from k8stui.ui.widgets.line_painter import ShownLine, wrap_points
from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.ui.widgets.painting import Palette

MOST_ROWS = 2_000
LONGEST = 65_536
BAR = "  │ "


def below(line: Any, followers: Sequence[Any], repeats: Sequence[Any]) -> list[tuple[str, str]]:
    """Rows as pairs of a label and a text, either may be empty. Texts are safe to paint."""
    rows: list[tuple[str, str]] = []
    if line.time or line.source is not None:
        rows.append(("", _origin(line)))
    if followers:
        return [*rows, *(("", _text(each)) for each in followers[:MOST_ROWS])]
    if len(repeats) > 1:
        rows += [("", f"{each.time}  {_where(each.source)}") for each in repeats[:MOST_ROWS]]
    laid_out = pretty(line.text)
    if laid_out is not None:
        return [*rows, *(("", printable(each)) for each in laid_out.split("\n")[:MOST_ROWS])]
    parsed = parse(line.text[:LONGEST])
    if parsed.format is not Format.PLAIN:
        level = () if parsed.level is None else (("level", parsed.level.name.lower()),)
        named = [*level, ("message", parsed.message), *parsed.fields]
        size = max(len(name) for name, _ in named)
        rows += [(printable(name).rjust(size), printable(value)) for name, value in named]
    return rows


def laid_out(rows: Sequence[tuple[str, str]], width: int, palette: Palette) -> list[ShownLine]:
    """The rows ready to paint, broken where they are wider than `width`; 0 breaks none."""
    bar, key = palette.style("below"), palette.style("field-key")
    found = []
    for label, text in rows:
        lead = f"{BAR}{label}  " if label else BAR
        room = max(10, width - width_of(lead)) if width else 0
        for start, end in pairwise([*wrap_points(text, room), len(text)] if room else [0, len(text)]):
            front = lead if start == 0 else BAR.ljust(width_of(lead))
            spans = (Span(0, len(BAR), bar), Span(len(BAR), len(front), key))
            found.append(ShownLine(front + text[start:end], spans, len(front), "", 0))
    return found


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
