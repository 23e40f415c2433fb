"""Lines as strips: prefix, colours of the line itself, matches.

Parses a line when it comes on screen and remembers the last few hundred. A line of a megabyte is parsed as
far as it is looked at.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.strip import Strip

from k8stui.kinds.text import printable
from k8stui.ui.widgets.lines.ansi import ParsedLine, Span, parse_line
from k8stui.ui.widgets.painting import char_at, chars_in_cells, restyle, width_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from rich.style import Style

    from k8stui.ui.widgets.lines.model import LineLike
    from k8stui.ui.widgets.painting import Palette

MARKS = ("gap", "restart", "ended", "error", "info")
SOURCE_COLOURS = 6
TURNED = {"source-2": ("source-1", 55), "source-5": ("source-1", 95), "source-6": ("source-1", -40)}
"""Themes have too few colours to tell sources apart: these are made, far from those of levels."""

WRAPPED_CHARS = 65_536
"""A wrapped line shows so many characters; unwrapped, all can be scrolled to."""

_FIRST_PARSE = 4_096
_KEPT = 512
_MOST_MATCHES = 200
_MANY_SPANS = 64


class ShownLine(NamedTuple):
    """A line ready to paint: its text with the prefix, and where which style is."""

    text: str
    spans: tuple[Span, ...]
    """In the order of the text, none over another."""
    prefix: int
    """Characters before the line's own text."""
    mark: str
    cut: int
    """Characters of the line that are not parsed yet."""


class LinePainter:
    """Paints lines by number. Change an option, then `forget`."""

    def __init__(self, palette: Palette, source_label: Callable[[Any], str] | None = None) -> None:
        self.palette = palette
        self.source_label = source_label or default_source_label
        self.sources = True
        self.pattern: re.Pattern[str] | None = None
        """Matches of this are shown."""
        self.highlights: list[tuple[re.Pattern[str], str]] = []
        """Other patterns to show, each with the component class of its colour."""
        self._shown: dict[int, ShownLine] = {}
        self._breaks: dict[int, tuple[int, list[int]]] = {}  # by line: a width, and the breaks for it
        self._label_width = 0
        self._colours: dict[str, int] = {}
        self.generation = 0
        """Goes up when lines that were painted look different now."""

    def forget(self) -> None:
        """An option, the source or the theme changed."""
        self._shown.clear()
        self._breaks.clear()
        self.generation += 1

    def forget_labels(self) -> None:
        """Sources are called something else."""
        self._label_width = 0
        self.forget()

    def forget_sources(self) -> None:
        """Lines of other sources from now on: all colours are free."""
        self._colours.clear()
        self.forget_labels()

    def shown(self, seq: int, line: LineLike, chars: int = _FIRST_PARSE) -> ShownLine:
        """A line with at least its first `chars` characters (as far as it has them)."""
        known = self._shown.get(seq)
        if known is not None and (not known.cut or len(known.text) - known.prefix >= chars):
            return known
        if len(self._shown) >= _KEPT:
            for old in list(self._shown)[: _KEPT // 2]:
                del self._shown[old]
            self._breaks.clear()
        raw = line.text
        # By powers of two: who goes to the right step by step has the line parsed a few times only.
        limit = 1 << (max(_FIRST_PARSE, chars) - 1).bit_length()
        parsed = parse_line(raw, limit if len(raw) > limit else 0)
        while len(raw) > limit and len(parsed.text) < chars:
            limit *= 2
            parsed = parse_line(raw, limit if len(raw) > limit else 0)
        self._breaks.pop(seq, None)
        made = self._with_prefix(line, parsed, max(0, len(raw) - limit))
        shown = self._shown[seq] = self._finished(seq, made)
        return shown

    def drop(self, seq: int) -> None:
        """A line looks different now."""
        if self._shown.pop(seq, None) is not None:
            self._breaks.pop(seq, None)

    def _finished(self, seq: int, shown: ShownLine) -> ShownLine:
        """For painters that know more of a line than its text."""
        return shown

    def _with_prefix(self, line: LineLike, parsed: ParsedLine, cut: int) -> ShownLine:
        spans: list[Span] = []
        prefix = ""
        if line.mark:
            name = line.mark if line.mark in MARKS else "info"
            text = f"── {parsed.text} ──" if parsed.text else "──"
            return ShownLine(text, (Span(0, len(text), self.palette.style(name)),), 0, line.mark, cut)
        if self.sources and (label := self._label(line.source)):
            prefix = label + " " * (self._label_width - width_of(label) + 1)
            spans.append(Span(0, len(prefix), self.palette.style(self._source_class(line.source))))
        at = len(prefix)
        spans.extend(Span(start + at, end + at, style) for start, end, style in parsed.spans)
        return ShownLine(prefix + parsed.text, tuple(spans), at, "", cut)

    def _label(self, source: Any) -> str:
        if source is None:
            return ""
        label = printable(self.source_label(source))
        width = min(width_of(label), 40)
        if width > self._label_width:
            self._label_width = width
            self.forget()
        return label

    def _source_class(self, source: Any) -> str:
        """The component class of a source's colour: by its name, so the same every time; if that colour is
        taken by another source that is shown here, the next free one."""
        name = source if isinstance(source, str) else f"{source.namespace}/{source.pod}/{source.container}"
        number = self._colours.get(name)
        if number is None:
            wanted, taken = zlib.crc32(name.encode("utf-8", "replace")), frozenset(self._colours.values())
            order = [(wanted + step) % SOURCE_COLOURS for step in range(SOURCE_COLOURS)]
            number = self._colours[name] = next((each for each in order if each not in taken), order[0])
        return f"source-{number + 1}"

    # Wrapping

    def rows_of(self, seq: int, line: LineLike, width: int, wrap: bool) -> int:
        """How many rows of `width` cells a line takes."""
        return len(self.breaks(seq, line, width)) if wrap else 1

    def breaks(self, seq: int, line: LineLike, width: int) -> list[int]:
        """At which characters the rows of a wrapped line begin."""
        known = self._breaks.get(seq)
        if known is None or known[0] != width:
            shown = self.shown(seq, line, WRAPPED_CHARS)
            hang = self.hang(shown, width)
            known = self._breaks[seq] = (width, self.points(shown.text[:WRAPPED_CHARS], max(1, width), hang))
        return known[1]

    def hang(self, shown: ShownLine, width: int) -> int:
        """Cells by which the rows of a wrapped line, but the first, are set in."""
        return 0

    def points(self, text: str, width: int, hang: int) -> list[int]:
        """Where the rows of a wrapped text begin: full rows, as a terminal wraps."""
        return wrap_points(text, width, hang)

    # Painting

    def unwrapped(self, shown: ShownLine, x: int, width: int, base: Style) -> Strip:
        """The cells from `x` on, `width` of them."""
        text = shown.text
        if text.isascii():
            return _padded(self._segments(shown, x, x + width, base), max(0, len(text) - x), width, base)
        first, at = char_at(text, x)
        end = first + chars_in_cells(text[first : first + 2 * width + 2], x + width + 1 - at)
        strip = Strip(self._segments(shown, first, end, base))
        if x > at:
            strip = strip.crop(x - at, x - at + width)
        return strip.adjust_cell_length(width, base)

    def wrapped(self, shown: ShownLine, breaks: list[int], row: int, width: int, base: Style) -> Strip:
        """A row of a wrapped line; one that hangs is as much narrower."""
        start = breaks[row]
        if row:
            width -= self.hang(shown, width)
        last = row + 1 >= len(breaks)
        end = min(len(shown.text), WRAPPED_CHARS) if last else breaks[row + 1]
        segments = self._segments(shown, start, end, base)
        if last and (shown.cut or end < len(shown.text)):
            segments.append(Segment("… (longer: unwrap)", self.palette.style("info")))
        elif shown.text.isascii():
            return _padded(segments, end - start, width, base)
        return Strip(segments).adjust_cell_length(width, base)

    def matches(
        self, pattern: re.Pattern[str], shown: ShownLine, start: int, end: int
    ) -> list[tuple[int, int]]:
        """Where a pattern is in the line's own text, between two characters of the shown text."""
        found: list[tuple[int, int]] = []
        text, first, shift = shown.text, max(shown.prefix, start - 1_000), 0
        if first == shown.prefix:  # `^` is where the line's own text begins
            text, first, shift = text[first : end + 1_000], 0, first
        for match in pattern.finditer(text, first, end + 1_000 - shift):
            if match.end() > match.start():
                found.append((match.start() + shift, match.end() + shift))
            if len(found) >= _MOST_MATCHES:
                break
        return found

    def _segments(self, shown: ShownLine, start: int, end: int, base: Style) -> list[Segment]:
        """The characters from `start` to before `end` with their styles."""
        text = shown.text
        end = min(end, len(text))
        segments: list[Segment] = []
        at, spans = start, shown.spans
        if len(spans) > _MANY_SPANS:
            spans = spans[bisect_right(spans, start, key=attrgetter("end")) :]
        for span in spans:
            if span.start >= end:
                break
            first, last = max(span.start, at), min(span.end, end)
            if first >= last:
                continue
            if first > at:
                segments.append(Segment(text[at:first], base))
            segments.append(Segment(text[first:last], base + span.style))
            at = last
        if at < end:
            segments.append(Segment(text[at:end], base))
        for pattern, name in self._marked:
            style = self.palette.style(name)
            for first, last in self.matches(pattern, shown, start, end):
                if last > start and first < end:
                    segments = restyle(segments, max(0, first - start), min(last, end) - start, style)
        return segments

    @property
    def _marked(self) -> list[tuple[re.Pattern[str], str]]:
        return self.highlights if self.pattern is None else [*self.highlights, (self.pattern, "match")]


def default_source_label(source: Any) -> str:
    """`pod container` of a log source, or the text that the source is."""
    if isinstance(source, str):
        return source
    return f"{source.pod} {source.container}"


def short_time(time: str) -> str:
    """An RFC 3339 time with milliseconds: all of the nanoseconds would take half of a small pane."""
    day, _, rest = time.partition("T")
    clock, dot, fraction = rest.rstrip("Z").partition(".")
    return f"{day}T{clock}{dot}{fraction[:3]}Z" if rest.endswith("Z") else time


def _padded(segments: list[Segment], size: int, width: int, base: Style) -> Strip:
    """A strip of ASCII segments that are `size` cells wide: counting them again would cost more."""
    if size < width:
        segments.append(Segment(" " * (width - size), base))
    return Strip(segments, width)


def wrap_points(text: str, width: int, hang: int = 0) -> list[int]:
    """Where rows of at most `width` cells begin, all but the first narrower by `hang` (less than `width`).

    Wide characters are never cut in half.
    """
    if not text:
        return [0]
    rest = width - hang
    if text.isascii():
        return [0, *range(width, len(text), rest)]
    if len(text) > 16_384:
        # Measuring each character would take too long; two cells for each surely fit.
        return list(range(0, len(text), max(1, rest // 2)))
    points, at = [0], _row_end(text, 0, width)
    while at < len(text):
        points.append(at)
        at = _row_end(text, at, rest)
    return points


def word_points(text: str, width: int) -> list[int]:
    """The same between words, where rows are not left more than half empty by it."""
    if len(text) > 16_384:
        return wrap_points(text, width)
    points, at = [0], 0
    while (end := _row_end(text, at, width)) < len(text):
        space = text.rfind(" ", at + width // 2, end)
        at = end if space < 0 else space + 1
        points.append(at)
    return points


def _row_end(text: str, start: int, width: int) -> int:
    """Where the row ends that starts here; what has no width stays with the character before."""
    end = start + width
    if end < len(text) and text[start : end + 1].isascii():
        return end
    used = 0
    for at in range(start, len(text)):
        used += get_character_cell_size(text[at])
        if used > width and at > start:
            return at
    return len(text)
