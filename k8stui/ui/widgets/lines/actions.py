"""Keys, wheel, selection and copying of a line viewer. Mixed into `LineViewer`."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual.binding import Binding, BindingType

from k8stui.ui.widgets.lines.layout import Place, advance
from k8stui.ui.widgets.lines.model import SEARCHED
from k8stui.ui.widgets.lines.search import Origin
from k8stui.ui.widgets.painting import width_of
from k8stui.ui.widgets.virtual_scroll import VirtualScroll

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from textual import events
    from textual.selection import Selection

    from k8stui.ui.widgets.lines.model import LineLike, LineModel
    from k8stui.ui.widgets.lines.painter import LinePainter, ShownLine
    from k8stui.ui.widgets.lines.search import LineSearch
    from k8stui.ui.widgets.painting import Palette

MOST_COPIED_LINES = 50_000
WHEEL_ROWS = 3
SIDEWAYS = 16
"""Cells of a step to the left or right."""


class Bearings(NamedTuple):
    """Where a reader is: at the end that is followed, or with a row of a line on top."""

    following: bool
    seq: int
    sub: int


def _binding(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, name, show=False, id=f"lines.{action.replace('_', '-')}", tooltip=tooltip)


class LineActions(VirtualScroll):
    """What a reader does with lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _binding("up,k", "line_up", "Up", "Scroll one line up, and stand still"),
        _binding("down,j", "line_down", "Down", "Scroll one line down"),
        _binding("pageup,ctrl+b", "page_up", "Page up", "Scroll one page up, and stand still"),
        _binding("pagedown,ctrl+f", "page_down", "Page down", "Scroll one page down"),
        _binding("home,g", "first", "First", "To the first line"),
        _binding("end,G", "last", "Follow", "To the last line, and follow the end"),
        _binding("left", "left", "Left", "Scroll to the left"),
        _binding("right", "right", "Right", "Scroll to the right"),
        _binding("n", "search_next", "Next match", "On to the next match, the way the search goes"),
        _binding("N", "search_previous", "Previous match", "Back to the match before"),
        _binding("shift+up", "select_up", "Select up", "Select lines upwards"),
        _binding("shift+down", "select_down", "Select down", "Select lines downwards"),
    ]

    model: LineModel
    painter: LinePainter
    palette: Palette
    finder: LineSearch
    following: bool
    wrap: bool
    opened: set[int]
    _rows: list[tuple[int | None, int]]
    _seen_end: int = 0
    _anchor: int | None = None
    _head: int | None = None
    _x_before: int | None = None
    """Where the reader was sideways before a search went further."""

    # Given by the viewer

    @property
    def page(self) -> int:
        """Rows on the screen."""
        raise NotImplementedError

    @property
    def across(self) -> int:
        """Cells of a row."""
        raise NotImplementedError

    @property
    def top_seq(self) -> int:
        """Number of the line on top."""
        raise NotImplementedError

    def _note_width(self, shown: ShownLine) -> None:
        """Lines as wide as this one can be scrolled to."""
        raise NotImplementedError

    def rows_of(self, index: int) -> int:
        """Rows that a line takes."""
        raise NotImplementedError

    def extra_rows(self, seq: int) -> Sequence[ShownLine]:
        """Rows below an opened line."""
        raise NotImplementedError

    def top_place(self) -> Place:
        """What is on top."""
        raise NotImplementedError

    def last_top(self) -> Place:
        """The top of the last page."""
        raise NotImplementedError

    def put_top(self, place: Place) -> None:
        """Show a place on top."""
        raise NotImplementedError

    def place_lines(self) -> None:
        """Find out what is where and refresh what differs."""
        raise NotImplementedError

    def set_following(self, on: bool) -> None:
        """Keep the end in view, or stand still."""
        raise NotImplementedError

    def urge(self) -> None:
        """There is work that the reader waits for."""
        raise NotImplementedError

    # Scrolling

    def scroll_rows(self, rows: int) -> None:
        """Scroll by rows; up stands still, and the end follows again."""
        top = advance(self.top_place(), rows, len(self.model), self.rows_of)
        self._go(top)

    def scrolled_to(self, index: int) -> None:
        """The scrollbar was moved to a line."""
        self._go(Place(index))

    def show_line(self, seq: int) -> None:
        """Bring a line into view, a third from the top, and stand still; no move when it is in view."""
        self._show_place(Place(self.model.index_of(seq)))

    def _show_place(self, place: Place) -> None:
        self.set_following(False)
        top, count = self.top_place(), len(self.model)
        if not top <= place <= advance(top, max(0, self.page - 2), count, self.rows_of):
            self.put_top(advance(place, -(self.page // 3), count, self.rows_of))
        self.place_lines()

    def bearings(self) -> Bearings:
        """Where the reader is."""
        return Bearings(self.following, self.top_seq, self.top_place().sub)

    def go_back(self, bearings: Bearings) -> None:
        """To where the reader was."""
        self.set_following(bearings.following)
        self.put_top(Place(self.model.index_of(bearings.seq), bearings.sub))

    def show_found(self, seq: int) -> None:
        """Bring the line that a search has found into view, and of a long one its first match."""
        self.show_line(seq)
        line, pattern = self.model.line(seq), self.painter.pattern
        if line is None or pattern is None:
            return
        shown = self.painter.shown(seq, line, SEARCHED)
        matches = self.painter.matches(pattern, shown, 0, len(shown.text))
        if not matches:
            return
        first, last = matches[0]
        if self.wrap:
            breaks = self.painter.breaks(seq, line, self.across)
            self._show_place(Place(self.model.index_of(seq), bisect_right(breaks, first) - 1))
            return
        start, end, x = width_of(shown.text[:first]), width_of(shown.text[:last]), self.scroll_offset.x
        if not x <= start <= end <= x + self.across:
            if self._x_before is None:
                self._x_before = x
            self._note_width(shown)
            self.place_lines()
            self.jump(x=0 if end <= self.across else max(0, start - self.across // 3))

    def back_sideways(self) -> None:
        """To where the reader was before a search went to a match far to the right."""
        x, self._x_before = self._x_before, None
        if x is not None:
            self.jump(x=x)

    def _go(self, top: Place) -> None:
        self.set_following(top >= self.last_top())
        self.put_top(top)

    def action_line_up(self) -> None:
        """One row up."""
        self.scroll_rows(-1)

    def action_line_down(self) -> None:
        """One row down."""
        self.scroll_rows(1)

    def action_page_up(self) -> None:
        """One page up."""
        self.scroll_rows(-max(1, self.page - 1))

    def action_page_down(self) -> None:
        """One page down."""
        self.scroll_rows(max(1, self.page - 1))

    def action_first(self) -> None:
        """To the first line."""
        self._go(Place(0))

    def action_last(self) -> None:
        """To the end, and follow it."""
        self.back_sideways()
        self._go(self.last_top())

    def action_left(self) -> None:
        """To the left."""
        self._x_before = None
        self.jump(x=max(0, self.scroll_offset.x - SIDEWAYS))

    def action_right(self) -> None:
        """To the right."""
        self._x_before = None
        self.jump(x=self.scroll_offset.x + SIDEWAYS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel, in rows also of wrapped lines."""
        if not (event.ctrl or event.shift):
            event.stop()
            event.prevent_default()
            self.scroll_rows(-WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel, in rows also of wrapped lines."""
        if not (event.ctrl or event.shift):
            event.stop()
            event.prevent_default()
            self.scroll_rows(WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        """A double click selects no text here: it would select every line there is."""
        event.prevent_default()
        if self._anchor is not None:
            self._anchor = self._head = None
            self.place_lines()

    # Searching

    def search_origin(self) -> Origin:
        """Where a search begins that is asked for now: on top, or upwards from the end that is followed."""
        return Origin(self.model.source.end - 1, False) if self.following else Origin(self.top_seq)

    def action_search_next(self) -> None:
        """On to the next match, the way the search goes."""
        self._search_on(self.finder.forward)

    def action_search_previous(self) -> None:
        """To the match before."""
        self._search_on(not self.finder.forward)

    def _search_on(self, forward: bool) -> None:
        """From the match found last, or from what is on the screen where that was scrolled away."""
        finder = self.finder
        seen = [seq for seq, _ in self._rows if seq is not None]
        if finder.found is not None and not finder.arrived and self.model.holder(finder.found) not in seen:
            finder.found = None
        finder.go_on(forward=forward, seq=self.top_seq if forward or not seen else seen[-1])
        self.urge()

    # Selecting and copying

    def is_selected(self, seq: int) -> bool:
        """Whether keys have selected a line."""
        if self._anchor is None or self._head is None:
            return False
        return min(self._anchor, self._head) <= seq <= max(self._anchor, self._head)

    def clear_selected(self) -> None:
        """Select no lines."""
        self._anchor = self._head = None
        self.place_lines()

    def action_select_up(self) -> None:
        """Select the line above too."""
        self._select(-1)

    def action_select_down(self) -> None:
        """Select the line below too."""
        self._select(1)

    def _select(self, step: int) -> None:
        model = self.model
        if not len(model):
            return
        if self._anchor is None or self._head is None:
            top = self.top_place().line
            index = top if step > 0 else min(len(model), top + self.page) - 1
            self._anchor = self._head = model.seq_at(index)
        else:
            index = min(max(0, model.index_of(self._head) + step), len(model) - 1)
            self._head = model.seq_at(index)
        if self._head is not None:
            self.show_line(self._head)

    def copy_text(self, what: Literal["selected", "screen", "all"] = "selected", *, raw: bool = False) -> str:
        """Text to copy: lines selected by keys (or those on screen), or all that are shown.

        As shown, with prefixes but without colours; `raw`: the lines' own text with nothing in front,
        control characters still neutralised.
        """
        model = self.model
        seqs: Iterable[int] = dict.fromkeys(seq for seq, _ in self._rows if seq is not None)
        if what == "all":
            seqs = model.shown_between(model.source.first, model.source.end)
        elif what == "selected" and self._anchor is not None and self._head is not None:
            low, high = sorted((self._anchor, self._head))
            seqs = model.shown_between(low, high + 1)
        return "\n".join(self._text(seq, raw=raw) for seq in islice(seqs, MOST_COPIED_LINES))

    def all_lines(self) -> Iterator[str]:
        """The lines that are shown at this moment, for a file, whatever falls off while they are written."""
        return (self._text_for_file(seq, line) for seq, line in self.model.held())

    def _text_for_file(self, seq: int, line: LineLike) -> str:
        """A line as it is shown."""
        return self._text_of(seq, line)

    def _text(self, seq: int, *, raw: bool = False) -> str:
        line = self.model.line(seq)
        return "" if line is None else self._text_of(seq, line, raw=raw)

    def _text_of(self, seq: int, line: LineLike, *, raw: bool = False) -> str:
        shown = self.painter.shown(seq, line, len(line.text))
        text = shown.text[shown.prefix :] if raw else shown.text
        more = self.extra_rows(seq) if seq in self.opened else ()
        return "\n".join([text, *(row.text for row in more)]) if more else text

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under a selection by mouse."""
        model = self.model
        start = 0 if selection.start is None else model.index_of(selection.start.y)
        stop = len(model) if selection.end is None else model.index_of(selection.end.y) + 1
        texts: list[str] = []
        for index in range(start, min(stop, len(model), start + MOST_COPIED_LINES)):
            seq = model.seq_at(index)
            if seq is not None and (span := selection.get_span(seq)) is not None:
                texts.append(self._text(seq)[span[0] : None if span[1] < 0 else span[1]])
        return ("\n".join(texts), "\n") if texts else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Another stretch of text is selected: it must not scroll away under the mouse."""
        if selection is not None:
            self.set_following(False)
        self.refresh()
