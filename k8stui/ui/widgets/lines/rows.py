"""How the rows of a line viewer look: their line's colours, what is selected or found, what hangs.

Mixed into `LineViewer`, which knows what is where. It must never look at a line that is not on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual.strip import Strip

from k8stui.ui.widgets.lines.actions import LineActions
from k8stui.ui.widgets.lines.words import absence
from k8stui.ui.widgets.painting import char_at, least_width, restyle, selected_style, underlay
from k8stui.ui.widgets.table.chrome import message_strip
from k8stui.ui.widgets.table.states import MessageLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.ui.widgets.lines.model import LineLike
    from k8stui.ui.widgets.lines.painter import ShownLine


class LineRows(LineActions):
    """Paints rows."""

    placeholder: str
    filter_text: str
    _painted: dict[int, Any]
    """What decided how each line of the screen was painted."""
    _across: int
    _widest: int

    # Given by the viewer

    def wake(self) -> None:
        """Something is to be done."""
        raise NotImplementedError

    # Rows

    def _key(self, y: int) -> Any:
        """What decides how a line of the screen looks."""
        if y >= len(self._rows):
            return (absence(self.model, self.filter_text, self.placeholder), self.palette.generation)
        seq, sub = self._rows[y]
        selected = seq is not None and self.is_selected(seq)
        current = seq is not None and seq == self.finder.found
        return seq, sub, selected, current, self.palette.generation, self.painter.generation

    def render_line(self, y: int) -> Strip:
        """A row of a line, a line of the placeholder, or nothing."""
        width, base = self._across or self.across, self.palette.style()
        if self.painting:
            self._painted[y] = self._key(y)
        if y >= len(self._rows):
            if not (words := absence(self.model, self.filter_text, self.placeholder)):
                return Strip.blank(width, base)
            lines = [MessageLine(words, "message")]
            return message_strip(lines, self.palette, y, width, self.page)
        seq, sub = self._rows[y]
        line = None if seq is None else self.model.line(seq)
        if seq is None or line is None:
            return Strip.blank(width, base)
        generation = self.painter.generation
        strip, start = self._row(seq, line, sub, width)
        if generation != self.painter.generation:
            # The prefix grew with this line: those above are painted again.
            self.wake()
        strip = self._with_states(strip, seq, start)
        if seq == self.finder.found:
            strip = self._with_match(strip, seq, line, start)
        if not self.painting:
            strip = strip.apply_offsets(start, seq)
        hang = width - strip.cell_length
        return strip if hang <= 0 else Strip([*self._hung(hang, seq, start), *strip], width)

    def _row(self, seq: int, line: LineLike, sub: int, width: int) -> tuple[Strip, int]:
        """A row of a line, and the number of its first character in the line's shown text."""
        base = self.palette.style()
        breaks = self.painter.breaks(seq, line, width) if self.wrap else [0]
        if sub >= len(breaks) and seq in self.opened:
            return self._extra_row(seq, line, sub - len(breaks), width)
        if self.wrap:
            shown = self.painter.shown(seq, line)
            sub = min(sub, len(breaks) - 1)
            return self.painter.wrapped(shown, breaks, sub, width, base), breaks[sub]
        x = self.scroll_offset.x
        shown = self.painter.shown(seq, line, x + width)
        self._note_width(shown)
        return self.painter.unwrapped(shown, x, width, base), char_at(shown.text, x)[0]

    def _extra_row(self, seq: int, line: LineLike, number: int, width: int) -> tuple[Strip, int]:
        """A row below an opened line; its characters count on from those of the line."""
        base, rows = self.palette.style(), self.extra_rows(seq)
        start = len(self.painter.shown(seq, line).text) + 1 + sum(len(row.text) + 1 for row in rows[:number])
        if number >= len(rows):
            return Strip.blank(width, base), start
        x = 0 if self.wrap else self.scroll_offset.x
        self._note_width(rows[number])
        start += char_at(rows[number].text, x)[0]
        return self.painter.unwrapped(rows[number], x, width, base), start

    def _note_width(self, shown: ShownLine) -> None:
        """Lines as wide as this one can be scrolled to; applied with the next run."""
        size = least_width(shown.text) + shown.cut
        if size > self._widest:
            self._widest = size
            self.wake()

    def _with_states(self, strip: Strip, seq: int, start: int) -> Strip:
        """Lines selected by keys, the line found last, text selected by mouse."""
        if self.is_selected(seq) or seq == self.finder.found:
            strip = self._lit(strip)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(seq)) is not None:
            first, last = max(0, span[0] - start), span[1] if span[1] < 0 else max(0, span[1] - start)
            strip = Strip(restyle(strip, first, last, selected_style(self)), strip.cell_length)
        return strip

    def _lit(self, strip: Strip) -> Strip:
        """On the background of the cursor."""
        return underlay(strip, self.palette.background("cursor"), self.palette.style())

    def _with_match(self, strip: Strip, seq: int, line: LineLike, start: int) -> Strip:
        """The line found last: its matches differ from those of other lines."""
        pattern, shown = self.painter.pattern, self.painter.shown(seq, line)
        if pattern is None or start > len(shown.text):
            return strip
        style = self.palette.style("match-current")
        end = start + strip.cell_length
        for first, last in self.painter.matches(pattern, shown, start, end):
            if last > start and first < end:
                segments = restyle(strip, max(0, first - start), last - start, style)
                strip = Strip(segments, strip.cell_length)
        return strip

    def _hung(self, hang: int, seq: int, start: int) -> Iterable[Segment]:
        """What stands before a row that hangs: in the colours of the character before it, and no text of the
        line; the mouse means the row's first character there."""
        cell = self._with_states(Strip.blank(1, self.palette.style()), seq, start - 1)
        if self.painting:
            return [Segment(" " * hang, next(iter(cell)).style)]
        return [*cell.apply_offsets(start, seq)] * hang
