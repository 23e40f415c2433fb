"""Rows of a table as strips, painted once and kept.

Remembers the cells of the rows that were on screen: compares them when an object changes (changed cells
flash for a moment) or when time passes (ages), and gives back the same strip as long as nothing differs.
Only rows that are looked at cost anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from k8stui.kinds.text import printable
from k8stui.ui.widgets.painting import ELLIPSIS, chars_in_cells, fit, merged, restyle
from k8stui.ui.widgets.table.columns import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rich.style import Style

    from k8stui.ui.widgets.painting import Palette
    from k8stui.ui.widgets.protocols import PrinterLike
    from k8stui.ui.widgets.table.columns import TableColumns

GUTTER = 2
"""Cells before the first column: the cursor's sign, and the mark's or the state's."""

FLASH_SECONDS = 1.2
_KEPT_ROWS = 400
"""More than any terminal has lines; a painted row takes some 10 KiB."""

CURSOR_SIGN, MARK_SIGN = "▌", "✓"
TONE_SIGNS = {"error": "✗", "warn": "!", "busy": "~"}


class Look(NamedTuple):
    """Everything that decides how a row looks, beside its cells. Two equal looks are the same strip."""

    uid: str
    version: int
    flashing: int
    """A bit for each of the printer's columns."""
    cursor: bool
    marked: bool
    stripe: bool
    stale: bool
    columns: int
    palette: int


class SeenRow:
    """A row as it was seen last."""

    __slots__ = ("cells", "flashes", "obj", "strips", "tones", "version")

    def __init__(self, obj: Any, cells: tuple[str, ...], version: int) -> None:
        self.obj = obj
        self.cells = cells
        self.version = version
        self.flashes: dict[int, float] = {}
        self.tones: tuple[str, dict[int, str]] | None = None
        self.strips: dict[Look, Strip] = {}


class RowPainter:
    """Paints rows with a printer, columns and a palette. `forget` when the printer changes."""

    def __init__(self, printer: PrinterLike, columns: TableColumns, palette: Palette) -> None:
        self.printer = printer
        self.columns = columns
        self.palette = palette
        self.stale = False
        """Rows are shown dimmed: what they say may no longer be true."""
        self.cut_short = False
        """A cell had to be cut since this was last set to False: its column may want to grow."""
        self._rows: dict[str, SeenRow] = {}
        self._versions = 0

    def forget(self) -> None:
        """Start anew."""
        self._rows.clear()

    def cells(self, obj: Any, now: datetime) -> tuple[str, ...]:
        """All cells of a row as they are now, shown or not, fit for print."""
        return tuple(printable(text) for text in self.printer.cells(obj, now))

    def seen(self, uid: str, obj: Any, now: datetime, clock: float, *, ticked: bool = False) -> SeenRow:
        """The row with its cells up to date: for a changed object, or (`ticked`) for the time."""
        row = self._rows.get(uid)
        if row is not None and row.obj is obj and not ticked:
            return row
        cells = self.cells(obj, now)
        if row is None:
            self._trim()
            self._versions += 1
            row = self._rows[uid] = SeenRow(obj, cells, self._versions)
            return row
        if row.obj is not obj:
            self._note_flashes(row, obj, cells, now, clock)
            if row.tones is not None and row.tones != self._tones(obj):
                row.cells = ()
            row.obj, row.tones = obj, None
        if cells != row.cells:
            self._versions += 1
            row.cells, row.version = cells, self._versions
            row.strips.clear()
        return row

    def look(self, row: SeenRow, uid: str, clock: float, *, cursor: bool, marked: bool, stripe: bool) -> Look:
        """How a row is to look at a moment (seconds of the monotonic clock)."""
        flashing = 0
        if row.flashes:
            for column, until in list(row.flashes.items()):
                if until <= clock:
                    del row.flashes[column]
                else:
                    flashing |= 1 << column
        generations = self.columns.generation, self.palette.generation
        return Look(uid, row.version, flashing, cursor, marked, stripe, self.stale, *generations)

    def flashing_until(self, uids: Iterable[str]) -> float | None:
        """When the next flash among these rows ends, or None."""
        rows = (self._rows.get(uid) for uid in uids)
        return min((until for row in rows if row is not None for until in row.flashes.values()), default=None)

    def strip(self, row: SeenRow, look: Look) -> Strip:
        """All of a row: the gutter and every column, however wide."""
        strip = row.strips.get(look)
        if strip is None:
            if len(row.strips) > 6:
                row.strips.clear()
            strip = row.strips[look] = self._paint(row, look)
        return strip

    def end_style(self, row: SeenRow, look: Look) -> Style:
        """What fills the line after the last column."""
        tone = (row.tones or self._tones(row.obj))[0]
        return self.palette.style(tone, *_layers(look))

    def _paint(self, row: SeenRow, look: Look) -> Strip:
        tone, cell_tones = row.tones = row.tones or self._tones(row.obj)
        layers = [
            name
            for name in ("stripe", "marked", "cursor")
            if getattr(look, name if name != "marked" else "marked")
        ]
        tail = (*layers, "stale") if look.stale else tuple(layers)
        style = self.palette.style(tone, *tail)
        sign = MARK_SIGN if look.marked else TONE_SIGNS.get(tone, " ")
        gutter = self.palette.style("gutter", *tail) if look.marked else style
        pieces: list[tuple[str, Style]] = [((CURSOR_SIGN if look.cursor else " ") + sign, gutter)]
        gap = " " * GAP
        for column in self.columns.placed:
            number = column.number
            text = row.cells[number] if number < len(row.cells) else ""
            cell_style = style
            if (cell_tone := cell_tones.get(number)) is not None and cell_tone != tone:
                cell_style = self.palette.style(cell_tone, *tail)
            if look.flashing >> number & 1:
                cell_style = self.palette.style(cell_tone or tone, *tail, "flash")
            # Generated names tell by both ends, all else by its beginning.
            whole = fit(text, column.width, right=column.right, middle="-" in text and " " not in text)
            self.cut_short = self.cut_short or ELLIPSIS in whole
            pieces.append((whole, cell_style))
            pieces.append((gap, style))
        # The last gap stays apart: where a scrollbar cuts the line, it cuts spaces. Rich keeps every other
        # text that was ever cut (16,384 of them), which under churn is memory that only grows.
        last = [Segment(*pieces.pop())] if self.columns.placed else []
        return Strip([*merged(pieces), *last], GUTTER + self.columns.width)

    def _tones(self, obj: Any) -> tuple[str, dict[int, str]]:
        printer = self.printer
        cells: dict[int, str] = {}
        for column in self.columns.placed:
            if (tone := printer.cell_tone(obj, column.number)) is not None:
                cells[column.number] = tone.name.lower()
        return printer.tone(obj).name.lower(), cells

    def _note_flashes(
        self, row: SeenRow, obj: Any, cells: tuple[str, ...], now: datetime, clock: float
    ) -> None:
        """Changed cells flash. A live cell changes by itself: there, only a changed value counts."""
        key = self.printer.sort_key
        for number, (old, new) in enumerate(zip(row.cells, cells, strict=False)):
            if old == new:
                continue
            if self.printer.columns[number].live and key(row.obj, number, now) == key(obj, number, now):
                continue
            row.flashes[number] = clock + FLASH_SECONDS

    def _trim(self) -> None:
        if len(self._rows) >= _KEPT_ROWS:
            for uid in list(self._rows)[: _KEPT_ROWS // 2]:
                del self._rows[uid]


def _layers(look: Look) -> tuple[str, ...]:
    states = ("stripe", look.stripe), ("marked", look.marked), ("cursor", look.cursor), ("stale", look.stale)
    return tuple(name for name, on in states if on)


def cropped(strip: Strip, scroll_x: int, width: int, style: Style, fixed: int = GUTTER) -> Strip:
    """What is seen of a strip: its first `fixed` cells stay, the rest scrolls."""
    if not scroll_x:
        return strip.crop(0, width).extend_cell_length(width, style)
    left = strip.crop(0, fixed)
    rest = strip.crop(fixed + scroll_x, fixed + scroll_x + max(0, width - fixed))
    return Strip.join([left, rest]).extend_cell_length(width, style)


def with_selection(
    strip: Strip, full_text: str, scroll_x: int, span: tuple[int, int], style: Style, fixed: int = GUTTER
) -> Strip:
    """The selected characters (offsets into the whole line's text) of a cropped strip in their style."""
    stays, skipped = hidden_chars(full_text, scroll_x, fixed)

    def seen(offset: int) -> int:
        return offset if offset <= stays else max(stays, offset - skipped)

    start, end = span
    return Strip(restyle(strip, seen(start), end if end < 0 else seen(end), style), strip.cell_length)


def with_offsets(strip: Strip, full_text: str, scroll_x: int, y: int, fixed: int = GUTTER) -> Strip:
    """A cropped strip whose segments tell their place in the whole line (for selecting by mouse)."""
    segments = list(strip)
    stays, skipped = hidden_chars(full_text, scroll_x, fixed)
    out: list[Segment] = []
    at = 0
    for text, style, _ in segments:
        cut = max(0, min(len(text), stays - at)) if skipped else 0
        if cut and cut < len(text):
            out.extend(Strip([Segment(text[:cut], style)]).apply_offsets(at, y))
            out.extend(Strip([Segment(text[cut:], style)]).apply_offsets(at + cut + skipped, y))
        else:
            out.extend(Strip([Segment(text, style)]).apply_offsets(at if cut else at + skipped, y))
        at += len(text)
    return Strip(out, strip.cell_length)


def hidden_chars(full_text: str, scroll_x: int, fixed: int = GUTTER) -> tuple[int, int]:
    """Characters of the columns that stay, and of those that are scrolled out behind them."""
    stays = chars_in_cells(full_text, fixed)
    return stays, chars_in_cells(full_text[stays:], scroll_x) if scroll_x else 0
