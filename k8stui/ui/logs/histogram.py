"""The rate of lines over time as bars, errors in their own colour. A click goes to that time.

It counts while it is shown: a slice at a time, then again every moment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from k8stui.ui.logs.rate import Rate
from k8stui.ui.widgets.painting import Palette, fit

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

    from k8stui.ui.logs.rate import Bars
    from k8stui.ui.widgets.lines.model import LineModel

ROWS = 4
LEVELS = " ▁▂▃▄▅▆▇█"
LEAST_ERRORS = 3
"""Eighths of a row that one error takes: it must be seen below a high bar."""
COUNT_SECONDS = 0.25
"""How often new lines are counted."""
SLICES_DRAWN = 8
"""While old lines are counted, the bars are drawn anew after so many slices."""


class Histogram(Widget):
    """Bars above a line of times."""

    DEFAULT_CSS = """
    Histogram { height: 5; width: 1fr; display: none; }
    Histogram > .histogram--lines { color: $text-primary; }
    Histogram > .histogram--errors { color: $text-error; }
    Histogram > .histogram--axis { color: $foreground 60%; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"histogram--{name}" for name in ("lines", "errors", "axis")}

    class Chosen(Message):
        """A time was clicked: nanoseconds since the epoch."""

        def __init__(self, nanos: int) -> None:
            super().__init__()
            self.nanos = nanos

    def __init__(self, model: LineModel) -> None:
        super().__init__()
        self.palette = Palette(self, "histogram--")
        self._rate = Rate(model)
        self._timer: Timer | None = None
        self._bars: Bars | None = None
        self._counts = True

    def turn(self) -> None:
        """Show the bars, or no longer."""
        self.display = not self.display
        if self._timer is not None:
            self._timer.stop()
        if self.display:
            self._count()

    def _count(self) -> None:
        """Count a slice, and draw what is known."""
        if not self.display or not self.is_attached:
            return
        more = self._rate.step()
        if not more or not self._rate.version % SLICES_DRAWN:
            self._show(self._rate.bars(self.size.width), counts=more)
        self._timer = self.set_timer(0.01 if more else COUNT_SECONDS, self._count)

    def _show(self, bars: Bars | None, *, counts: bool) -> None:
        """Draw these; `counts`: more will be counted."""
        if (bars, counts) != (self._bars, self._counts):
            self._bars, self._counts = bars, counts
            self.refresh()

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self.palette.clear()

    def on_click(self, event: events.Click) -> None:
        """To the time of the bar."""
        event.stop()
        bars = self._bars
        if bars is not None and event.button == 1:
            number = min(self._bar_at(event.x), len(bars.bars) - 1)
            self.post_message(self.Chosen(bars.start + number * bars.step))

    def _bar_at(self, x: int) -> int:
        """The bar in a column: few bars are drawn wide."""
        assert self._bars is not None
        return x * len(self._bars.bars) // max(1, self.size.width)

    def render_line(self, y: int) -> Strip:
        """A row of the bars, or the times."""
        width, bars = self.size.width, self._bars
        base = self.palette.style()
        if bars is None:
            said = "counting lines…" if self._counts else "no lines to count"
            text = f"  {said}" if y == ROWS else ""
            return Strip([Segment(text.ljust(width), self.palette.style("axis"))])
        if y >= ROWS:
            return Strip([Segment(self._axis(bars, width), self.palette.style("axis"))])
        bar_style, error_style = self.palette.style("lines"), self.palette.style("errors")
        both = error_style + Style(bgcolor=bar_style.color)
        segments = []
        for x in range(width):
            bar = bars.bars[min(self._bar_at(x), len(bars.bars) - 1)]
            floor = (ROWS - 1 - y) * 8
            high, errors = self._eighths(bar.lines, bars), self._eighths(bar.errors, bars, LEAST_ERRORS)
            lines, bad = min(8, max(0, high - floor)), min(8, max(0, errors - floor))
            if bad and bad < lines == 8:
                segments.append(Segment(LEVELS[bad], both))
            elif bad:
                segments.append(Segment(LEVELS[lines], error_style))
            else:
                segments.append(Segment(LEVELS[lines], bar_style if lines else base))
        return Strip(segments).simplify()

    @staticmethod
    def _eighths(count: int, bars: Bars, least: int = 1) -> int:
        """Height of a count; one line is never invisible."""
        return max(least, count * ROWS * 8 // max(1, bars.highest)) if count else 0

    @staticmethod
    def _axis(bars: Bars, width: int) -> str:
        def clock(nanos: int) -> str:
            return f"{datetime.fromtimestamp(nanos // 1_000_000_000, UTC).astimezone():%m-%d %H:%M:%S}"

        seconds = bars.step // 1_000_000_000
        errors = sum(bar.errors for bar in bars.bars)
        start, end = clock(bars.start), clock(bars.start + bars.step * len(bars.bars))
        middle = f"▲ {bars.highest:,} lines in {seconds:,} s · {errors:,} errors in all"
        room = width - len(start) - len(end)
        if room < len(middle) + 2:
            return fit(f"{start} {middle}", width)
        return f"{start}{middle.center(room)}{end}"
