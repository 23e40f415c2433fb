"""The line viewer for logs: modes, times, filters, folding, opened lines, highlights.

It shows a ring and never reads a cluster.
"""

from __future__ import annotations

import time as clock
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.ui.logs.cursor import CursorViewer
from k8stui.ui.logs.filtering import LogFilter, LogFilterError
from k8stui.ui.logs.folding import Folds, same
from k8stui.ui.logs.opened import OpenedLines
from k8stui.ui.logs.painter import LogPainter, Mode, Times
from k8stui.ui.logs.scroll_marks import marked_bar, marked_rows
from k8stui.ui.widgets.filters import compile_pattern
from k8stui.ui.widgets.lines.layout import Place, advance
from k8stui.ui.widgets.lines.model import LineView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.style import Style
    from textual.strip import Strip

    from k8stui.ui.widgets.lines.model import LineLike, LineSource
    from k8stui.ui.widgets.lines.painter import ShownLine

HIGHLIGHTS = 6
LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")


class LogViewer(CursorViewer):
    """Lines of a log. Options are set by methods; what is shown changes at once."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"line-viewer--{name}"
        for name in (
            *(f"level-{level}" for level in LEVELS),
            *(f"highlight-{number}" for number in range(1, HIGHLIGHTS + 1)),
            *("field-key", "field-value", "context", "note", "bookmark", "below"),
        )
    }
    DEFAULT_CSS = """
    LogViewer {
        & > .line-viewer--level-trace { color: $foreground 50%; }
        & > .line-viewer--level-debug { color: $foreground 60%; }
        & > .line-viewer--level-info { color: $text-success; }
        & > .line-viewer--level-warn { color: $text-warning; text-style: bold; }
        & > .line-viewer--level-error { color: $text-error; text-style: bold; }
        & > .line-viewer--level-fatal { color: $text-error; text-style: bold reverse; }
        & > .line-viewer--highlight-1 { background: $primary 55%; }
        & > .line-viewer--highlight-2 { background: $success 45%; }
        & > .line-viewer--highlight-3 { background: $accent 45%; }
        & > .line-viewer--highlight-4 { background: $error 45%; }
        & > .line-viewer--highlight-5 { background: $secondary 55%; }
        & > .line-viewer--highlight-6 { background: $foreground 30%; }
        & > .line-viewer--field-key { color: $foreground 60%; }
        & > .line-viewer--field-value { color: $text-accent; }
        & > .line-viewer--context { color: $foreground 50%; }
        & > .line-viewer--note { color: $text-primary; text-style: italic; }
        & > .line-viewer--bookmark { color: $text-accent; text-style: bold; }
        & > .line-viewer--below { color: $text-primary; }
    }
    """
    painter: LogPainter

    def __init__(
        self,
        source: LineSource | None = None,
        *,
        follow: bool = True,
        wrap: bool = False,
        times: Times = Times.OFF,
        sources: bool = False,
        source_label: Callable[[Any], str] | None = None,
        placeholder: str = "",
        now: Callable[[], float] = clock.time,
    ) -> None:
        super().__init__(source, follow=follow, wrap=wrap, sources=sources, placeholder=placeholder)
        self.painter = LogPainter(self.palette, now)
        self.painter.sources, self.painter.times = sources, times
        if source_label is not None:
            self.painter.source_label = source_label
        self.painter.note_of, self.painter.is_match = self._note, self.model.is_match
        self.log_filter = LogFilter()
        self.folds_traces = self.folds_repeats = False
        self._opened = OpenedLines(self.model, self.palette)
        self._opened_by_search: int | None = None
        self._bar_key: Any = None

    def on_mount(self) -> None:
        super().on_mount()
        self.vertical_scrollbar.renderer = marked_bar(self._bar_marks)  # type: ignore[misc]
        self.set_interval(1.0, self._time_goes_by)

    def _time_goes_by(self) -> None:
        if self.painter.times is Times.RELATIVE and len(self.model):
            self._start_anew()

    # Which lines

    def set_source(self, source: LineSource) -> None:
        """Show other lines; options stay, what was about the old lines goes."""
        self._opened.set_source(Folds(source))
        self.painter.forget_sources()
        self._opened_by_search = None
        self.cursor = None
        self.painter.bookmarks.clear()
        if not self.painter.columns_are_chosen:
            self.painter.columns = ()
        self.model.view = self._view()
        super().set_source(source)

    def set_filter(self, text: str) -> str:
        """Show what `logs.filtering` picks by this text; what is wrong with it, in a few words."""
        try:
            found = LogFilter(text)
        except LogFilterError as error:
            return str(error)
        self.log_filter, self.filter_text = found, found.text if found else ""
        if not self.finder.pattern:
            self.painter.pattern = found.pattern
        self._show_view()
        return ""

    def set_folds(self, *, traces: bool, repeats: bool) -> None:
        """Fold stack traces into their first line, and repeated lines into one."""
        self.folds_traces, self.folds_repeats = traces, repeats
        self._show_view()

    def _view(self) -> LineView:
        rule, folds = self.log_filter, self._opened.folds
        return LineView(
            matcher=rule if rule else None,
            before=rule.before if rule else 0,
            after=rule.after if rule else 0,
            folds=folds if self.folds_traces else None,
            head=folds.head if self.folds_traces else None,
            keeps_matches=rule.finds,
            repeats=same if self.folds_repeats else None,
            alike=folds.alike if self.folds_repeats and self.folds_traces else None,
        )

    def _show_view(self) -> None:
        """Show other lines where the reader is: the line under the cursor stays in its row."""
        top, cursor = self.top_seq, self.cursor
        rows = [row for row, (seq, _) in enumerate(self._rows) if seq == cursor] if cursor is not None else []
        if cursor is not None and rows:
            top = max(self.model.source.first, cursor - rows[0])
        self.model.set_view(self._view(), near=None if self.following else top)
        self._top_seq, self._top_sub = top, 0
        if cursor is not None and rows and not self.model.filtered:
            place = Place(self.model.index_of(cursor))
            self.put_top(advance(place, -rows[0], len(self.model), self.rows_of))
        self._start_anew()

    def _note(self, seq: int) -> str:
        """What is folded into a line."""
        return self._opened.note(seq, self.finder.matches, is_open=seq in self.opened)

    # How lines look

    def set_mode(self, mode: Mode, columns: tuple[str, ...] | None = None) -> None:
        """Show lines as written, as message with fields, or as a table."""
        self.painter.mode = mode
        if columns is not None:
            self.painter.columns = columns
        self._start_anew()

    def set_times(self, times: Times) -> None:
        """Show when each line was written, in this way."""
        self.painter.times = times
        self._start_anew()

    def toggle_highlight(self, text: str) -> str:
        """Colour matches of a text, or no longer; what is wrong with it."""
        pattern, note = compile_pattern(text)
        marked = self.painter.highlights
        same_one = [entry for entry in marked if entry[0].pattern == pattern.pattern]
        if same_one:
            marked.remove(same_one[0])
        else:
            taken = {name for _, name in marked}
            names = [f"highlight-{number}" for number in range(1, HIGHLIGHTS + 1)]
            free = next((name for name in names if name not in taken), names[0])
            marked.append((pattern, free))
        self._start_anew()
        return note

    def end_highlights(self) -> str:
        """Colour no texts any more; nothing is wrong with that."""
        self.painter.highlights.clear()
        self._start_anew()
        return ""

    @property
    def standing_at(self) -> int | None:
        """The line under the cursor; without one the line found last, while it is on the screen."""
        if self.cursor is not None or self.finder.found is None:
            return self.cursor
        found = self.model.holder(self.finder.found)
        return found if any(seq == found for seq, _ in self._rows) else None

    # Opening lines

    def action_open(self) -> None:
        """Without a cursor: put it on the line found last, or the last in view; with it: open the line."""
        cursor = self.cursor
        if cursor is None or self.model.line(cursor) is None:
            self.cursor, seen = None, [seq for seq, _ in self._rows if seq is not None]
            if seen:
                here = self.standing_at
                self.put_cursor(seen[-1] if here is None else here)
            return
        self.toggle_open(cursor)
        self._reveal()

    def extra_rows(self, seq: int) -> Sequence[ShownLine]:
        """Rows below an opened line."""
        line = self.model.line(seq)
        return () if line is None else self._opened.rows(seq, line, self._across if self.wrap else 0)

    def toggle_open(self, seq: int) -> None:
        """Show what belongs to a line below it, or no longer."""
        self.opened ^= {seq}
        if seq == self._opened_by_search:
            self._opened_by_search = None
        if seq == self._top_seq:
            self._top_sub = 0  # its row on top may be one that is gone
        self._opened.drop(seq)
        self.painter.drop(seq)

    def show_found(self, seq: int) -> None:
        """Bring a match into view; one in a folded line is unfolded as long as the search stands there."""
        holder, before = self.model.holder(seq), self._opened_by_search
        if before is not None and before != holder:
            self.toggle_open(before)
        if holder is None or holder == seq:
            super().show_found(seq)
            return
        if holder not in self.opened:
            self.toggle_open(holder)
            self._opened_by_search = holder
        index = self.model.index_of(holder)
        rows = self.rows_of(index)
        seqs = self._opened.seqs(holder)
        sub = rows - len(seqs) + seqs.index(seq) if seq in seqs else 0
        self.set_following(False)
        top, place = self.top_place(), Place(index, sub)
        if not top <= place < advance(top, self.page - 1, len(self.model), self.rows_of):
            self.put_top(advance(place, -(self.page // 3), len(self.model), self.rows_of))
        self.place_lines()

    # Lines out

    def shown_lines(self) -> Iterator[Any]:
        """The lines that are shown at this moment, also those that fall off while they are gone through."""
        return (line for _, line in self.model.held())

    def _text_for_file(self, seq: int, line: LineLike) -> str:
        """As shown, but nothing in front is cut, and no time counts from now."""
        return self.painter.front_in_full(line) + self._text_of(seq, line, raw=True)

    def seen_lines(self) -> list[Any]:
        """The lines on the screen."""
        seen = dict.fromkeys(seq for seq, _ in self._rows if seq is not None)
        return [line for seq in seen if (line := self.model.line(seq)) is not None]

    # Painting

    def _key(self, y: int) -> Any:
        key = super()._key(y)
        if y < len(self._rows) and (seq := self._rows[y][0]) is not None:
            painter = self.painter
            marks = (seq == self.cursor, seq in painter.bookmarks)
            return (key, marks, self.finder.found if seq in self.opened else None, painter.note_of(seq))
        return key

    def on_resize(self) -> None:
        self.painter.set_across(self.across)
        super().on_resize()

    def _row(self, seq: int, line: LineLike, sub: int, width: int) -> tuple[Strip, int]:
        strip, start = super()._row(seq, line, sub, width)
        if sub == 0 and not self.wrap:
            x = self.scroll_offset.x
            strip = self.painter.noted(strip, seq, self.painter.shown(seq, line, x + width), x)
        return strip, start

    def _extra_row(self, seq: int, line: LineLike, number: int, width: int) -> tuple[Strip, int]:
        strip, start = super()._extra_row(seq, line, number, width)
        seqs = self._opened.seqs(seq)
        if number < len(seqs) and seqs[number] >= 0 and seqs[number] == self.finder.found:
            strip = self._lit(strip)
        return strip, start

    def _tell(self) -> None:
        super()._tell()
        key = (self.finder.count, len(self.painter.bookmarks), len(self.model), self.palette.generation)
        if key != self._bar_key and (key[:2] != (0, 0) or self._bar_key):
            self._bar_key = key if key[:2] != (0, 0) else None
            self.vertical_scrollbar.refresh()

    def _bar_marks(self, size: int) -> dict[int, Style]:
        """Rows of the scroll bar with matches of the search, and with bookmarks."""
        rows = marked_rows(size, self.model, self.finder.matches, self.painter.bookmarks)
        return {row: self.palette.style(name) for row, name in rows.items()}


__all__ = ["LogViewer", "Mode", "Times"]
