"""A viewer for any number of lines: logs as they come, or text that stands still.

Paints the visible lines of a `LineSource` and looks at no others, except to filter and search, which happens
in slices. Lines keep their place on the screen while new ones come and old ones fall off, unless the viewer
follows the end. It never changes the lines.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.ui.widgets.filters import compile_pattern
from k8stui.ui.widgets.lines import messages as line_messages
from k8stui.ui.widgets.lines.layout import Place, last_top, page_from
from k8stui.ui.widgets.lines.model import LineModel, StaticLines
from k8stui.ui.widgets.lines.painter import MARKS, SOURCE_COLOURS, TURNED, LinePainter, ShownLine
from k8stui.ui.widgets.lines.rows import LineRows
from k8stui.ui.widgets.lines.search import LineSearch, Origin
from k8stui.ui.widgets.pacing import Pacer
from k8stui.ui.widgets.painting import Palette

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.geometry import Size

    from k8stui.ui.widgets.lines.model import LineSource


SLICE = 0.005
"""Seconds of looking for lines before keys and the network have their turn."""
SELDOM = 0.1
"""Seconds between two looks at the scroll bar while lines are looked for."""


class LineViewer(LineRows, can_focus=True):
    """Lines of a source, live.

    Give it a buffer (`set_source`; its subscriber's wake is `viewer.wake`) or text (`show_text`). `follow`
    keeps the end in view until the reader scrolls up. `model.set_view` hides lines, `search` moves between
    matches.

    Its messages are those of `lines.messages`.
    """

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    LineViewer { scrollbar-size: 0 1; overflow: auto; height: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"line-viewer--{name}"
        for name in (
            *("timestamp", "match", "match-current", "cursor", "message"),
            *MARKS,
            *(f"source-{number}" for number in range(1, SOURCE_COLOURS + 1)),
        )
    }
    FollowChanged = line_messages.FollowChanged
    LinesCounted = line_messages.LinesCounted

    def __init__(
        self,
        source: LineSource | None = None,
        *,
        follow: bool = False,
        wrap: bool = False,
        sources: bool = True,
        source_label: Callable[[Any], str] | None = None,
        placeholder: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`source_label` names a line's source in its prefix (default `pod container`).

        `placeholder` is the sentence that is shown while there are no lines.
        """
        super().__init__(id=id, classes=classes)
        self.model = LineModel(StaticLines(()) if source is None else source)
        self.palette = Palette(self, "line-viewer--", TURNED)
        self.painter = LinePainter(self.palette, source_label)
        self.painter.sources = sources
        self.finder = LineSearch(self.model)
        self.following = follow
        self.wrap = wrap
        self.placeholder = placeholder
        self.filter_text = ""
        """What hides lines, as it was typed."""
        self.opened: set[int] = set()
        """Lines with `extra_rows` below them."""
        self._pacer: Pacer | None = None
        # By number, not by place: lines may fall off before the next paint.
        self._rows: list[tuple[int | None, int]] = []
        self._painted: dict[int, Any] = {}
        self._top_seq: int | None = None
        self._top_sub = 0
        self._widest = 0
        self._across = 0  # cells of a row, as of the last placing: asking the widget for each line is slow
        self._placing = False
        self._placed_at = 0.0
        self._told: dict[type, tuple[Any, ...]] = {}

    # Lines in

    def set_source(self, source: LineSource) -> None:
        """Show other lines; they are read from `source` whenever `wake` is called."""
        self.model.set_source(source)
        self.finder.stop()
        self._top_seq, self._top_sub, self._widest, self._seen_end = None, 0, 0, source.end
        self.opened.clear()
        self._start_anew()

    def show_text(self, lines: Sequence[str]) -> None:
        """Show lines that stand still."""
        self.following = False
        self.set_source(StaticLines(lines))

    def wake(self) -> None:
        """There are new lines, or something is to be done. Cheap; no line is looked at here."""
        if self._pacer is not None:
            self._pacer.wake()

    def urge(self) -> None:
        """The reader asked for something: do it in the next turn of the loop."""
        if self._pacer is not None:
            self._pacer.urge()

    # What is asked of the viewer

    def search(self, text: str, origin: Origin | None = None) -> str:
        """Go to the next line with a match of `text` (nothing: end the search); returns what is wrong.

        `origin`: from where, and which way (`search_origin`, as of now or as it was).
        """
        pattern, note = compile_pattern(text) if text else (None, "")
        self.painter.pattern = pattern
        if pattern is None:
            self.back_sideways()
        seq, forward = self.search_origin() if origin is None else origin
        self.finder.start(pattern, seq, forward=forward)
        self._start_anew()
        return note

    def set_wrap(self, on: bool) -> None:
        """Show long lines in several rows, or let them run out to the right."""
        self.wrap = on
        self._top_sub = 0
        if on:
            self.jump(x=0)
        self._start_anew()

    def set_sources(self, on: bool) -> None:
        """Show which container each line is from."""
        self.painter.sources = on
        self._start_anew()

    def set_following(self, on: bool) -> None:
        """Keep the end in view, or stand still."""
        if on != self.following:
            self.following = on
            self._seen_end = self.model.source.end
        self.urge()

    @property
    def behind(self) -> int:
        """Lines that came since the viewer stands still."""
        return 0 if self.following else max(0, self.model.source.end - self._seen_end)

    @property
    def top_seq(self) -> int:
        """Number of the line on top of the screen."""
        return self.model.source.first if self._top_seq is None else self._top_seq

    def _start_anew(self) -> None:
        """An option or the lines changed: nothing that was painted counts."""
        self.painter.forget()
        self._painted.clear()
        self._placed_at = 0.0
        if self.is_attached:
            self.refresh()
        self.urge()

    # Life

    def on_mount(self) -> None:
        """Start the pacer."""
        self._pacer = Pacer(self._work)
        self._seen_end = self.model.source.end
        self.wake()

    def on_unmount(self) -> None:
        """Stop all work."""
        if self._pacer is not None:
            self._pacer.close()

    def on_resize(self) -> None:
        """Wrapped lines have other heights."""
        self._painted.clear()
        self.place_lines()

    def notify_style_update(self) -> None:
        """The theme or the focus changed: styles are found anew."""
        super().notify_style_update()
        self.palette.clear()
        self.painter.forget()

    def _work(self) -> bool:
        """One run of the pacer: filter new lines, search on, repaint what differs."""
        finder = self.finder
        more = self.model.step(SLICE if finder.running else 2 * SLICE)
        if finder.running:
            finder.step(SLICE)
            more = more or finder.running
        if finder.arrived:
            finder.arrived = False
            if finder.found is not None:
                self.show_found(finder.found)
        if not (more and self._page_stands()):
            self.place_lines()
            self._tell()
        return more

    def _page_stands(self) -> bool:
        """The page is full and was placed a moment ago: while lines are looked for, the rest can wait."""
        return len(self._rows) >= self.page and perf_counter() - self._placed_at < SELDOM

    def _tell(self) -> None:
        looked, total = self.model.progress
        filtered = self.model.filtered
        self._post(line_messages.FollowChanged, self.following, self.behind)
        if self.finder.pattern is not None:
            finder = self.finder
            self._post(line_messages.MatchesCounted, finder.count, finder.found, finder.running)
        if filtered or self._told.get(line_messages.LinesCounted):
            self._post(line_messages.LinesCounted, len(self.model), total, filtered and looked < total)

    def _post(self, message: type, *values: Any) -> None:
        if self._told.get(message) != values:
            self._told[message] = values
            self.post_message(message(self, *values))

    # Where lines are

    @property
    def page(self) -> int:
        """Rows on the screen."""
        return max(1, self.scrollable_content_region.height)

    @property
    def across(self) -> int:
        """Cells of a row: what the scroll bar leaves of the screen."""
        return max(1, self.scrollable_content_region.width)

    def rows_of(self, index: int) -> int:
        """Rows that a line of the model takes."""
        if not self.wrap and not self.opened:
            return 1
        seq = self.model.seq_at(index)
        line = None if seq is None else self.model.line(seq)
        if seq is None or line is None:
            return 1
        more = len(self.extra_rows(seq)) if seq in self.opened else 0
        return more + (len(self.painter.breaks(seq, line, self._across)) if self.wrap else 1)

    def extra_rows(self, seq: int) -> Sequence[ShownLine]:
        """Rows below an opened line, as wide as the screen where lines are wrapped."""
        return ()

    def top_place(self) -> Place:
        """The place on top of the screen, by the line's number."""
        if self._top_seq is None:
            return Place(0)
        index = self.model.index_of(self._top_seq)
        return Place(index, self._top_sub if self.model.seq_at(index) == self._top_seq else 0)

    def last_top(self) -> Place:
        """The top of the last page."""
        return last_top(len(self.model), self.page, self.rows_of)

    def put_top(self, place: Place) -> None:
        """Show this place on top, or the end if it is nearer; reaching it there follows the end again."""
        end = self.last_top()
        place = min(place, end)
        self._top_seq, self._top_sub = self.model.seq_at(place.line), place.sub
        self.place_lines()

    def place_lines(self) -> None:
        """Find out what is where, move the scrollbar, and refresh the lines that differ."""
        if not self.is_attached or not self.size:
            return
        self.model.trim()
        self._placed_at = perf_counter()
        if self._across != self.across:
            self._across = self.across
            self._painted.clear()
        count, end = len(self.model), self.last_top()
        top = end if self.following else min(self.top_place(), end)
        if self.following or not self.model.busy:  # else what the reader looks at may still be found
            self._top_seq, self._top_sub = self.model.seq_at(top.line), top.sub
        self._placing = True
        try:
            self.set_extent(0 if self.wrap else self._widest, end.line + self.page if count else 0)
            if self.scroll_offset.y != top.line:
                self.jump(y=top.line)
        finally:
            self._placing = False
        if self._across != self.across:  # the scroll bar came or went
            self.place_lines()
            return
        places = page_from(top, self.page, count, self.rows_of)
        self._rows = [(self.model.seq_at(place.line), place.sub) for place in places]
        self.refresh_rows([y for y in range(self.page) if self._painted.get(y, self) != self._key(y)])

    def _scroll_update(self, virtual_size: Size) -> None:
        """Called by Textual, also when the screen has another size: the reader has not scrolled then."""
        before, self._placing = self._placing, True
        try:
            super()._scroll_update(virtual_size)
        finally:
            self._placing = before

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The scrollbar or the wheel moved, or lines came above: only rows that differ are painted again."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if not self._placing and round(old_value) != round(new_value):
            self.scrolled_to(round(new_value))
