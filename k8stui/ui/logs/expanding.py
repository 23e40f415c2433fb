"""What is shown below a line that was opened: where it comes from, what is folded into it, its fields.

JSON is laid out over several lines; fields of other formats are listed by name. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.log_lines import Format, parse, pretty
from k8stui.kinds.text import printable
from k8stui.ui.widgets.ansi import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS = 2_000
LONGEST = 65_536


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
