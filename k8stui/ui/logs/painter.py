"""How log lines look: as written, as message with fields, or as a table; with time and source in front.

Only lines on the screen come here. A line is taken apart by `kinds.logs.lines`; what that does not recognise
is shown as it was written. Nothing here changes or hides a line.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from k8stui.kinds.logs.lines import Format, Level, Parsed, level_place, parse
from k8stui.kinds.text import printable
from k8stui.kube.logs.times import nanoseconds
from k8stui.ui.logs.names import fitted
from k8stui.ui.widgets.lines.ansi import ParsedLine, Span
from k8stui.ui.widgets.lines.painter import LinePainter, ShownLine, short_time
from k8stui.ui.widgets.painting import fit, least_width, width_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.ui.widgets.lines.model import LineLike
    from k8stui.ui.widgets.painting import Palette

WIDEST_COLUMN = 40
WIDEST_SOURCE, LEAST_SOURCE = 48, 12
LEAST_HANG = 2
"""Cells by which a row that goes on with a line is set in: so it is told from a line of its own."""
LEVEL_NAMES = {level: level.name.rjust(5) for level in Level}
BOOKMARK = "◆ "
LEVEL_COLUMN, MESSAGE_COLUMN = "LEVEL", "MESSAGE"


class Mode(StrEnum):
    """How lines are shown."""

    RAW = "raw"
    MESSAGE = "message"
    TABLE = "table"


class Times(StrEnum):
    """How the time of a line is shown."""

    OFF = "off"
    RELATIVE = "relative"
    LOCAL = "local"
    UTC = "utc"


def times_of(setting: bool | str) -> Times:
    """The way of showing times that a setting means."""
    return Times(setting) if isinstance(setting, str) else Times.LOCAL if setting else Times.OFF


class Piece(NamedTuple):
    """A stretch of text; without a class it has the colours of plain text."""

    text: str
    style: str = ""


def shown_time(time: str, times: Times, now: float) -> str:
    """A line's time as it is shown; "" where it has none. `now` is seconds since the epoch."""
    if not time or times is Times.OFF:
        return ""
    if times is Times.UTC:
        return printable(short_time(time))
    nanos = nanoseconds(time)
    if times is Times.RELATIVE:
        return f"{ago(now - nanos / 1e9):>8}"
    moment = datetime.fromtimestamp(nanos // 1_000_000_000, UTC).astimezone()
    return f"{moment:%m-%d %H:%M:%S}.{nanos // 1_000_000 % 1000:03}"


def ago(seconds: float) -> str:
    """How long ago, in one or two units."""
    if seconds < 0:
        return f"+{-seconds:.1f}s"
    if seconds < 60:
        return f"-{seconds:.1f}s"
    whole = int(seconds)
    for size, unit, smaller, name in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            return f"-{whole // size}{unit}{whole % size // smaller}{name}"
    return ""


class LogPainter(LinePainter):
    """Paints log lines. Change an option, then `forget`."""

    def __init__(self, palette: Palette, now: Callable[[], float]) -> None:
        super().__init__(palette)
        self._now = now
        self.mode = Mode.RAW
        self.times = Times.OFF
        self.columns: tuple[str, ...] = ()
        """Fields that are columns of the table, besides level and message."""
        self.columns_are_chosen = False
        """By the reader: others are likely ones, which may change with what is read."""
        self.note_of: Callable[[int], str] = lambda seq: ""
        """What stands behind a line: what is folded into it."""
        self.is_match: Callable[[int], bool] = lambda seq: True
        """False for a line that is shown only because it is near a match."""
        self.bookmarks: set[int] = set()
        self.widest_source = WIDEST_SOURCE
        """Cells that the name of a source may take."""
        self._widths: dict[str, int] = {}
        self._notes: dict[int, str] = {}

    # Lines

    def shown(self, seq: int, line: LineLike, chars: int = 4_096) -> ShownLine:
        """As the line painter's; a line whose note changed is made anew."""
        note = self.note_of(seq)
        if note != self._notes.get(seq, ""):
            if len(self._notes) > 4_096:
                self._notes.clear()
            self._notes[seq] = note
            self.drop(seq)
        return super().shown(seq, line, chars)

    def forget(self) -> None:
        super().forget()
        self._widths = {}

    def set_across(self, width: int) -> None:
        """Rows are so wide: names of sources take a third of them at most."""
        widest = max(LEAST_SOURCE, min(WIDEST_SOURCE, width * 3 // 10))
        if widest != self.widest_source:
            self.widest_source = widest
            self.forget()

    def hang(self, shown: ShownLine, width: int) -> int:
        """To where the text begins, behind time and source, unless that leaves less than half a row."""
        front = width_of(shown.text[: shown.prefix])
        return min(front if LEAST_HANG < front <= width // 2 else LEAST_HANG, width // 2)

    def noted(self, strip: Strip, seq: int, shown: ShownLine, x: int) -> Strip:
        """A row that is not wrapped, with its note at the end where that lies beyond the screen."""
        note, width = self._notes.get(seq, ""), strip.cell_length
        if not note or width < 2 * len(note) or least_width(shown.text) - x <= width:
            return strip
        segment = Segment(f"… {note}", self.palette.style("note"))
        return Strip([*strip.crop(0, width - segment.cell_length), segment], width)

    def _with_prefix(self, line: LineLike, parsed: ParsedLine, cut: int) -> ShownLine:
        if line.mark:
            return super()._with_prefix(line, self._of_pod(line, parsed), cut)
        front = self._front(line)
        understood = parse(line.text) if self.mode is not Mode.RAW else None
        if understood is None or (self.mode is Mode.MESSAGE and understood.format is Format.PLAIN):
            return self._joined(front, parsed, cut)
        if understood.format is Format.PLAIN:
            return self._joined([*front, *self._row(understood, "")], parsed, cut)
        pieces = self._message(understood) if self.mode is Mode.MESSAGE else self._row(understood)
        size = sum(len(each.text) for each in front)
        return self._joined([*front, *pieces], ParsedLine(""), 0, prefix=size)

    def _of_pod(self, line: LineLike, remark: ParsedLine) -> ParsedLine:
        """A remark about a container, with its pod in front where lines of several pods meet."""
        source = line.source
        pod = getattr(source, "pod", "")
        if not pod or not source.container or pod not in self._label(source):
            return remark
        return ParsedLine(f"{printable(pod)} {remark.text}")

    def _front(self, line: LineLike) -> list[Piece]:
        """Time and source."""
        pieces = []
        if time := shown_time(line.time, self.times, self._now()):
            pieces.append(Piece(f"{time} ", "timestamp"))
        if self.sources and (label := self._label(line.source)):
            size = min(self._label_width, self.widest_source)
            pieces.append(Piece(f"{fitted(label, size)} ", self._source_class(line.source)))
        return pieces

    def front_in_full(self, line: LineLike) -> str:
        """Time and source for a file: all there is to know of them, where they are shown."""
        shown = "" if line.mark or self.times is Times.OFF else printable(line.time)
        label = self._label(line.source) if self.sources and not line.mark else ""
        return "".join(f"{each} " for each in (shown, label) if each)

    def _joined(
        self, front: list[Piece], parsed: ParsedLine, cut: int, *, prefix: int | None = None
    ) -> ShownLine:
        text = "".join(piece.text for piece in front)
        spans: list[Span] = []
        at = 0
        for piece in front:
            if piece.style:
                spans.append(Span(at, at + len(piece.text), self.palette.style(piece.style)))
            at += len(piece.text)
        own = parsed.spans or self._level_span(parsed.text)
        spans += [Span(start + at, end + at, style) for start, end, style in own]
        return ShownLine(text + parsed.text, tuple(spans), at if prefix is None else prefix, "", cut)

    def _level_span(self, text: str) -> tuple[Span, ...]:
        found = level_place(text)
        if found is None:
            return ()
        start, end, level = found
        return (Span(start, end, self.palette.style(level_class(level))),)

    def _finished(self, seq: int, shown: ShownLine) -> ShownLine:
        """With its bookmark, with what is folded into it, and dim where it only is near a match."""
        text, spans, prefix = shown.text, list(shown.spans), shown.prefix
        if not shown.mark and not self.is_match(seq):
            spans = [Span(0, len(text), self.palette.style("context"))]
        if note := self._notes.get(seq, ""):
            spans.append(Span(len(text), len(text) + len(note) + 1, self.palette.style("note")))
            text = f"{text} {note}"
        if seq in self.bookmarks:
            size = len(BOOKMARK)
            moved = (Span(span.start + size, span.end + size, span.style) for span in spans)
            spans = [Span(0, size, self.palette.style("bookmark")), *moved]
            text, prefix = BOOKMARK + text, prefix + size
        return ShownLine(text, tuple(spans), prefix, shown.mark, shown.cut)

    # Modes

    def _message(self, line: Parsed) -> list[Piece]:
        pieces = [_level(line), Piece(" ")]
        style = level_class(line.level) if line.level is not None and line.level >= Level.ERROR else ""
        pieces.append(Piece(printable(line.message), style))
        for key, value in line.fields:
            pieces += [Piece(f"  {printable(key)}=", "field-key"), Piece(printable(value), "field-value")]
        return pieces

    def _row(self, line: Parsed, message: str | None = None) -> list[Piece]:
        """A row of the table: level, the chosen fields, message (unless another one is given)."""
        pieces = [_level(line), Piece(" ")]
        values = dict(line.fields)
        for name in self.columns:
            text = printable(values.get(name, ""))
            pieces.append(Piece(f"{fit(text, self._width(name, text))} ", "field-value"))
        if message is None:
            message = line.message
        if not line.message and line.fields:
            message = " ".join(f"{key}={value}" for key, value in line.fields if key not in self.columns)
        pieces.append(Piece(printable(message)))
        return pieces

    def _width(self, name: str, text: str = "") -> int:
        """Of a column: as wide as what was on the screen, never narrower again."""
        known = self._widths.get(name, 0)
        wanted = min(WIDEST_COLUMN, max(width_of(text), width_of(name), known))
        if wanted > known:
            widths = {**self._widths, name: wanted}
            if known:
                self.forget()
            self._widths = widths
        return wanted

    def header(self, line: LineLike | None) -> str:
        """Names of the columns above those of the table; `line` is one that is on the screen."""
        front = "" if line is None else "".join(piece.text for piece in self._front(line))
        names = [fit(name.upper(), self._width(name)) for name in self.columns]
        return " " * width_of(front) + " ".join([LEVEL_COLUMN, *names, MESSAGE_COLUMN])


def level_class(level: Level) -> str:
    """The component class of a level's colour."""
    return f"level-{level.name.lower()}"


def _level(line: Parsed) -> Piece:
    if line.level is None:
        return Piece("     ")
    return Piece(LEVEL_NAMES[line.level], level_class(line.level))
