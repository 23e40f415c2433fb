"""Small apps around one widget, and how to wait for what they show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ComposeResult

from k8stui.ui.logs.viewer import LogViewer
from k8stui.ui.widgets.lines.viewer import LineViewer
from k8stui.ui.widgets.table.virtual_table import VirtualTable
from tests.unit.rows import NOW, RowPrinter, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from textual.message import Message

STYLES = Path(__file__).parents[2] / "k8stui/ui/styles/widgets.tcss"


class WidgetApp(App[None]):
    """An app that keeps the messages of its widget."""

    CSS_PATH: ClassVar[list[Path]] = [STYLES]  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def on_cursor_moved(self, message: Message) -> None:
        self.told.append(message)

    def on_activated(self, message: Message) -> None:
        self.told.append(message)

    def on_sort_changed(self, message: Message) -> None:
        self.told.append(message)

    def on_marks_changed(self, message: Message) -> None:
        self.told.append(message)

    def on_filter_count(self, message: Message) -> None:
        self.told.append(message)

    def on_follow_changed(self, message: Message) -> None:
        self.told.append(message)

    def last(self, kind: type) -> Any:
        """The last message of a kind, or None."""
        return next((message for message in reversed(self.told) if isinstance(message, kind)), None)

    def lines(self) -> list[str]:
        """The screen as a person reads it."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def unreadable(self, y: int) -> list[str]:
        """Texts of a line of the screen that have the colour of their background."""
        strip = self.screen._compositor.render_strips()[y]
        return [
            text
            for text, style, _ in strip
            if text.strip() and style is not None and style.color and style.color == style.bgcolor
        ]


class TableApp(WidgetApp):
    """One table on a world."""

    def __init__(self, world: World, **options: Any) -> None:
        super().__init__()
        self.world = world
        self.moment: datetime = NOW
        self.seconds = 100.0
        self.options = options

    def compose(self) -> ComposeResult:
        table = VirtualTable(
            RowPrinter(), now=lambda: self.moment, clock=lambda: self.seconds, ticks=False, **self.options
        )
        table.set_source(self.world)
        yield table

    @property
    def table(self) -> VirtualTable:
        return self.query_one(VirtualTable)


class LinesApp(WidgetApp):
    """One line viewer on a source."""

    def __init__(self, source: Any, **options: Any) -> None:
        super().__init__()
        self.source = source
        self.options = options

    def compose(self) -> ComposeResult:
        yield LineViewer(self.source, **self.options)

    @property
    def viewer(self) -> LineViewer:
        return self.query_one(LineViewer)


class FilteredApp(LinesApp):
    """One log viewer on a source: a line viewer with filters."""

    def compose(self) -> ComposeResult:
        yield LogViewer(self.source, **self.options)

    @property
    def viewer(self) -> LogViewer:
        return self.query_one(LogViewer)


async def until(pilot: Any, condition: Callable[[], Any], timeout: float = 10.0) -> None:
    """Wait until a condition holds; fails with the screen when it never does."""
    deadline = monotonic() + timeout
    while not condition():
        if monotonic() > deadline:
            raise AssertionError("not within time; the screen is\n" + pilot.app.text())
        await pilot.pause()
        await asyncio.sleep(0.005)
