"""A page of lines with a scroll region: the main or the alternate screen.

Knows cells and lines, not sequences. What scrolls off the top of the main screen goes to
the scrollback; ``dirty`` collects the rows that must be painted again.
"""

from __future__ import annotations

from collections import deque

from k8stui.terminal.line import HistoryLine, Line
from k8stui.terminal.style import DEFAULT, Style

MAX_RUNS = 250_000
"""Runs of equal style that the scrollback may hold: a picture in true colour costs far more than text."""
_MANY = 32


class Grid:
    """``lines`` x ``columns`` cells; ``top`` and ``bottom`` are the scroll region, both inclusive.

    ``history`` is None where nothing is kept (the alternate screen). ``scrolled`` counts the
    lines that ever went into the history, so that a view can tell what moved.
    """

    def __init__(self, columns: int, lines: int, history: int | None) -> None:
        self.columns, self.lines = columns, lines
        self.rows = [Line(columns) for _ in range(lines)]
        self.top, self.bottom = 0, lines - 1
        self.history: deque[HistoryLine] | None = None if history is None else deque(maxlen=history)
        self.scrolled = 0
        self._rich = 0
        self.dirty: set[int] = set(range(lines))

    def touch_all(self) -> None:
        self.dirty.update(range(self.lines))

    def scroll_up(self, count: int, style: Style, *, top: int | None = None, keep: bool = True) -> None:
        """Move the region's lines up; a region that starts at the screen's top feeds the history.

        ``top`` scrolls a smaller region (DL); lines deleted so never reach the history.
        """
        first = self.top if top is None else top
        rows, bottom = self.rows, self.bottom
        count = min(count, bottom - first + 1)
        if first == 0 and keep and top is None and self.history is not None:
            for line in rows[:count]:
                self.keep(line)
            self.scrolled += count
        columns = self.columns
        if count == 1:
            del rows[first]
            rows.insert(bottom, Line(columns, style))
        else:
            del rows[first : first + count]
            rows[bottom + 1 - count : bottom + 1 - count] = [Line(columns, style) for _ in range(count)]
        if len(self.dirty) < self.lines:
            self.dirty.update(range(first, bottom + 1))

    def keep(self, line: Line) -> None:
        """Put a line at the end of the history. The caller counts it in `scrolled`."""
        history = self.history
        if history is not None:
            kept = line.compact()
            history.append(kept)
            if len(kept.runs) > _MANY:
                self._rich += len(kept.runs)
                if self._rich > MAX_RUNS // 4:
                    self._thin_out()

    def _thin_out(self) -> None:
        """Let go of the oldest lines when the scrollback has become costly."""
        self._rich = 0
        history = self.history
        if history is not None:
            runs = sum(len(line.runs) for line in history)
            while runs > MAX_RUNS:
                runs -= len(history.popleft().runs)

    def scroll_down(self, count: int, style: Style, *, top: int | None = None) -> None:
        """Move the region's lines down; what passes its bottom is lost."""
        first = self.top if top is None else top
        count = min(count, self.bottom - first + 1)
        del self.rows[self.bottom + 1 - count : self.bottom + 1]
        self.rows[first:first] = [Line(self.columns, style) for _ in range(count)]
        self.dirty.update(range(first, self.bottom + 1))

    def shift_block(self, top: int, bottom: int, left: int, right: int, by: int, style: Style) -> None:
        """Move the cells of a block (all ends inclusive) up by ``by`` lines, down where it is negative."""
        rows, end = self.rows, right + 1
        height = bottom - top + 1
        order = range(top, bottom + 1) if by > 0 else range(bottom, top - 1, -1)
        for y in order:
            if rows[y].wide:
                rows[y].part(left, end)
        for y in order:
            source = y + by if abs(by) < height else -1
            line = rows[y]
            line.wrapped = False
            if top <= source <= bottom:
                line.chars[left:end] = rows[source].chars[left:end]
                line.styles[left:end] = rows[source].styles[left:end]
                line.wide |= rows[source].wide
            else:
                line.fill(left, end, style)
        self.dirty.update(order)

    def erase_rows(self, start: int, end: int, style: Style) -> None:
        """Blank rows [start, end)."""
        for y in range(start, end):
            self.rows[y] = Line(self.columns, style)
        self.dirty.update(range(start, end))

    def clear(self) -> None:
        self.erase_rows(0, self.lines, DEFAULT)

    def resize_plain(self, columns: int, lines: int, cursor_y: int) -> int:
        """Cut or pad without reflow (the alternate screen); gives the cursor's new row."""
        for line in self.rows:
            if columns > self.columns:
                line.chars += [" "] * (columns - self.columns)
                line.styles += [DEFAULT] * (columns - self.columns)
            else:
                if line.wide:
                    line.part(columns)
                del line.chars[columns:], line.styles[columns:]
        if lines < self.lines:
            surplus = min(self.lines - lines, max(0, cursor_y - lines + 1))
            del self.rows[:surplus]
            del self.rows[lines:]
            cursor_y -= surplus
        self.rows += [Line(columns) for _ in range(lines - len(self.rows))]
        self._sized(columns, lines)
        return min(cursor_y, lines - 1)

    def _sized(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.top, self.bottom = 0, lines - 1
        self.dirty = set(range(lines))
