"""A line above a log: names of columns, or what is before its first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widget import Widget

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from textual.app import RenderResult


class OneLine(Widget):
    """A line above the log: names of columns, or what is before the first line."""

    DEFAULT_CSS = (
        "OneLine { height: 1; width: 1fr; display: none; color: $foreground 60%; text-style: bold; }"
    )

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._x = 0

    def say(self, text: str, x: int = 0) -> None:
        """Show this, scrolled to the right by `x` cells; nothing takes the line away."""
        if (text, x) != (self._text, self._x):
            self._text, self._x = text, x
            self.display = bool(text)
            self.refresh()

    def render(self) -> RenderResult:
        return Text(printable(self._text)[self._x :], no_wrap=True, overflow="ellipsis")
