"""The logs of a pod: the one that is selected elsewhere, or one that the pane was opened for; or of a query.

It owns the reading of the logs, which ends when the view goes or is pointed at another pod. Lines that were
read stay on the screen when the pod is gone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs
from textual.message import Message

from k8stui.ui.latest import start_latest
from k8stui.ui.logs import heading, to_time
from k8stui.ui.logs.columns import choose_likely
from k8stui.ui.logs.filtering import FORMS, LogFilter, LogFilterError
from k8stui.ui.logs.histogram import Histogram
from k8stui.ui.logs.names import Names, long_name, next_names, short_name
from k8stui.ui.logs.nothing_yet import WAITING, why_nothing
from k8stui.ui.logs.one_line import OneLine
from k8stui.ui.logs.painter import Mode, Times, times_of
from k8stui.ui.logs.reading import RANGES, LogReading
from k8stui.ui.logs.viewer import LogViewer
from k8stui.ui.spec import Link, Target, ViewSpec, ViewType
from k8stui.ui.views.base import Title, View

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.widget import Widget

    from k8stui.ui.logs.cursor import CursorViewer
    from k8stui.ui.session import Session
    from k8stui.ui.widgets.lines import messages as line_messages
    from k8stui.ui.widgets.lines.search import Origin


PREFER_SECONDS = 1.0
"""How often the pool is told whose lines are on the screen."""
CHANGE_SECONDS = 0.05
"""How long changes of streams are gathered before they are said."""
STREAMS_A_SECOND = 4_000
"""And so many of them are looked at in a second at most."""


class LogsView(View):
    """Lines of containers, or of a node."""

    view_type: ClassVar[ViewType] = ViewType.LOGS
    filter_forms: ClassVar[str] = FORMS
    wanted_lines: ClassVar[int] = 14

    class OffersChanged(Message):
        """The first lines came or all are gone, a search or a bookmark is there: other actions fit."""

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session)
        settings = session.settings.logs
        self.viewer = LogViewer(
            wrap=settings.wrap,
            times=times_of(settings.timestamps),
            source_label=self._label,
            placeholder=WAITING,
        )
        self.viewer.painter.mode = Mode(settings.mode)
        self.viewer.folds_traces, self.viewer.folds_repeats = settings.fold_traces, settings.fold_repeats
        self.span = RANGES[0]
        """How much of the past is read."""
        self.names = Names(settings.names)
        self.viewer.painter.sources = self.names in (Names.SHORT, Names.LONG)
        self.reading: LogReading | None = None
        self.activity = ""
        """What is being done besides reading, with how far it is."""
        self.histogram = Histogram(self.viewer.model)
        self._columns, self._top = OneLine(), OneLine()
        self._read_from: Any = None
        self._containers: set[str] = set()
        self.counted = ""
        self.behind = 0
        self._went_up = False
        """The reader went up from the first line of a log that has less than a page."""
        self._changing: Timer | None = None
        self._had_lines = False

    def compose(self) -> ComposeResult:
        yield self._top
        yield self._columns
        yield self.viewer
        yield self.histogram

    def on_mount(self) -> None:
        if self.spec.filter:
            self.viewer.set_filter(self.spec.filter)
        self.set_interval(PREFER_SECONDS, self._look_around)
        self._read()

    # Reading

    def _read(self) -> None:
        """Read the logs of what the view is pointed at, from the start."""
        self._stop()
        target, cluster = self.target, self.session.cluster
        self._read_from = cluster
        if (target is None and not self.spec.query) or cluster is None:
            self.viewer.placeholder = WAITING
            self.viewer.show_text(())
            self.viewer.following = True
            return
        self.reading = LogReading(
            self.session,
            self.spec,
            target,
            self.span,
            on_change=self._streams_changed,
            on_lines=self.viewer.wake,
            on_lifted=self._lifted,
        )
        self.viewer.placeholder = why_nothing(self.reading, self.spec, target)
        self.viewer.set_source(self.reading.buffer)
        self.viewer.set_following(not self.span.head)
        self._name_sources()
        start_latest(self, "logs", self.reading.run)

    def _streams_changed(self) -> None:
        """Thousands of streams change together, and all of them are looked at to say how they stand."""
        if self._changing is None and self.is_attached and self.reading is not None:
            seldom = len(self.reading.statuses) / STREAMS_A_SECOND
            self._changing = self.set_timer(CHANGE_SECONDS + seldom, self._say_changed)

    def _say_changed(self) -> None:
        self._changing = None
        if self.reading is None:
            return
        if self.reading.problem:
            self._say_why()
        self._name_sources()
        self.post_message(self.Changed(self))

    def _say_why(self) -> None:
        """Why there are no lines, while there are none."""
        self.viewer.placeholder = why_nothing(self.reading, self.spec, self.target)
        self.viewer.wake()

    def _stop(self) -> None:
        if self.is_attached:
            self.workers.cancel_group(self, "logs")
            self.workers.cancel_group(self, "older")
        if self.reading is not None:
            self.reading.close()
        self.reading = None

    def close(self) -> None:
        self._stop()

    def read_span(self, number: int) -> None:
        """Read again, with so much of the past."""
        self.span = RANGES[number]
        self._read()
        self.post_message(self.Changed(self))

    def turn_previous(self) -> None:
        """The runs before the last restart, or the present ones."""
        self.spec = structs.replace(self.spec, previous=not self.spec.previous)
        self._read()
        self.post_message(self.Changed(self))

    def load_older(self) -> None:
        """Read older lines, unless they are being read."""
        reading = self.reading
        if reading is not None and reading.has_older and not reading.is_loading:
            start_latest(self, "older", reading.load_older)

    # Names, times, what is around the lines

    def _label(self, source: Any) -> str:
        if self.names is Names.LONG:
            return long_name(source)
        return short_name(source, one_pod=not self.spec.query, one_container=len(self._containers) < 2)

    def _name_sources(self) -> None:
        """Short names where lines of several containers meet; none in front of a single one's."""
        statuses = self.reading.statuses if self.reading is not None else ()
        containers = {status.source.container for status in statuses}
        if containers != self._containers:
            self._containers = containers
            self.viewer.painter.forget_labels()
            self.viewer.wake()
        if self.names is not Names.AUTO:
            return
        several = bool(self.spec.query) or len(containers) > 1
        if several != self.viewer.painter.sources:
            self.viewer.set_sources(several)

    def turn_names(self) -> None:
        """Short names, long ones, none."""
        self.names = next_names(self.names, shown=self.viewer.painter.sources)
        self.viewer.painter.forget_labels()
        self.viewer.set_sources(self.names is not Names.OFF)
        self.post_message(self.Changed(self))

    def turn_times(self) -> None:
        """Local times, UTC, relative ones, none."""
        order = (Times.OFF, Times.LOCAL, Times.UTC, Times.RELATIVE)
        self.viewer.set_times(order[(order.index(self.viewer.painter.times) + 1) % len(order)])

    def turn_mode(self) -> None:
        """As written, as message with fields, as a table."""
        order = tuple(Mode)
        self.viewer.set_mode(order[(order.index(self.viewer.painter.mode) + 1) % len(order)])
        self._say_around()
        self.post_message(self.Changed(self))

    def mark(self) -> None:
        """Bookmark the line that the reader stands at; else write a line at the end, and mark that."""
        viewer = self.viewer
        here = viewer.standing_at
        if here is not None:
            viewer.toggle_bookmark(here)
        elif self.reading is not None:
            moment = time.strftime("%H:%M:%S")
            self.reading.remark(f"marked at {moment}")
            viewer.toggle_bookmark(self.reading.buffer.end - 1)
            if not viewer.following:
                self.app.notify(f"Written at the end: marked at {moment}.", markup=False, timeout=4)
        viewer.wake()
        self.post_message(self.OffersChanged())

    def forget_lines(self) -> None:
        """Forget what was read; new lines come."""
        if self.reading is not None:
            self.reading.buffer.clear()
            self.viewer.set_source(self.reading.buffer)
            self.viewer.set_following(True)

    def toggle_histogram(self) -> None:
        """Show the rate of lines over time, or no longer."""
        self.histogram.turn()

    def on_histogram_chosen(self, event: Histogram.Chosen) -> None:
        """To the time that was clicked."""
        event.stop()
        self.go_to_time(event.nanos)

    def go_to_time(self, nanos: int) -> None:
        """To the first line of that moment or later; older lines are loaded where they are needed."""
        start_latest(self, "moment", to_time.go, self, nanos)

    def _lifted(self) -> None:
        """Older lines were taken back and come again in their order: others will have their numbers."""
        first = self.reading.buffer.first if self.reading is not None else 0
        self.viewer.painter.bookmarks = {seq for seq in self.viewer.painter.bookmarks if seq >= first}
        self.viewer.painter.forget()
        self.viewer.model.set_view(self.viewer.model.view, self.viewer.top_seq)

    def _look_around(self) -> None:
        """Now and then: whose lines are in view comes first, and how the streams stand."""
        if self.reading is not None and self.reading.pool is not None:
            sources = {line.source for line in self.viewer.seen_lines() if line.source is not None}
            in_view = (source.stream for source in sources if source.container)
            self.reading.prefer(in_view, focused=self.has_focus_within)
        if self._had_lines != bool(len(self.viewer.model)):
            self._had_lines = not self._had_lines
            self.post_message(self.OffersChanged())
        if not self._had_lines:
            self._say_why()
        self._say_around()

    def _say_around(self) -> None:
        """Names of the columns, and what is before the first line when that is on the screen."""
        viewer, reading = self.viewer, self.reading
        choose_likely(viewer)
        seen = viewer.seen_lines()
        header = ""
        if viewer.painter.mode is Mode.TABLE and seen:
            header = viewer.painter.header(next((line for line in seen if not line.mark), None))
        self._columns.say(header, viewer.scroll_offset.x)
        said = ""
        if reading is not None and (self._went_up or not viewer.following) and viewer.top_place().line == 0:
            said = heading.before_first(reading)
        self._top.say(said)

    # What others ask and tell

    @property
    def link(self) -> Link:
        return Link.NONE if self.spec.query or self.spec.node_log else Link.PODS

    def follow(self, target: Target | None) -> None:
        """Be pointed at another pod; at the same one, go on reading."""
        if self.link is Link.NONE or (target is not None and target.kind != "pods"):
            return
        same = target is not None and self.target is not None and target.uid == self.target.uid
        if same or target == self.target:
            return
        self.target = target
        self.spec = structs.replace(self.spec, container="", previous=False)
        self.span = RANGES[0]
        self._read()
        self.post_message(self.Changed(self))

    def rescope(self) -> None:
        if self.session.cluster is not self._read_from:
            self._read()

    def title(self) -> Title:
        return heading.title_of(self)

    def focus_target(self) -> Widget:
        return self.viewer

    def filter_note(self, text: str) -> str:
        try:
            LogFilter(text)
        except LogFilterError as error:
            return f"not understood yet: {error}"
        return ""

    def set_filter(self, text: str) -> str:
        self.spec = structs.replace(self.spec, filter=text)
        note = self.viewer.set_filter(text)
        self.post_message(self.Changed(self))
        return note

    def clear(self) -> bool:
        viewer = self.viewer
        if viewer.finder.pattern is not None:
            self.end_search()
        elif self.spec.filter:
            self.set_filter("")  # the cursor stays: what is around that line is what is looked for now
        elif viewer.cursor is not None:
            viewer.put_cursor(None)
        else:
            return False
        return True

    def find(self, text: str, origin: Origin | None = None) -> str:
        """Search in place, from a place that was noted or from here; what is wrong with the text."""
        if not text:
            self.end_search()
            return ""
        note = self.viewer.search(text, origin)
        self.post_message(self.Changed(self))
        self.post_message(self.OffersChanged())
        return note

    def end_search(self) -> None:
        """No search any more; the filter's matches are marked again."""
        self.viewer.search("")
        self.viewer.finder.stop()
        self.viewer.painter.pattern = self.viewer.log_filter.pattern
        self.viewer.set_filter(self.spec.filter)
        self.post_message(self.Changed(self))
        self.post_message(self.OffersChanged())

    def copy_text(self) -> str:
        return self.viewer.copy_text("selected")

    def on_follow_changed(self, event: line_messages.FollowChanged) -> None:
        """The reader scrolled away from the end, or back to it."""
        event.stop()
        self._went_up = False
        self.behind = self.viewer.behind
        self.post_message(self.Changed(self))

    def on_lines_counted(self, event: line_messages.LinesCounted) -> None:
        """So many lines match."""
        event.stop()
        self.counted = f" [{len(self.viewer.model):,}]" if self.viewer.filter_text else ""
        self.post_message(self.Changed(self))

    def on_cursor_viewer_top_reached(self, event: CursorViewer.TopReached) -> None:
        """The reader is at the first line: what is before it?"""
        event.stop()
        self._went_up = True
        self.load_older()
        self._say_around()

    def on_matches_counted(self, event: line_messages.MatchesCounted) -> None:
        """The search has found more."""
        event.stop()
        self.post_message(self.Changed(self))
