"""A scroll view whose content may grow and shrink many times a second.

Textual lays the whole screen out when `virtual_size` changes. Here a change of extent only moves the
scrollbars, and a layout comes when a scrollbar appears or goes.
"""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


class VirtualScroll(ScrollView):
    """Base of the widgets that paint lines of live data."""

    painting = False
    """The compositor is painting (and not the mouse asking what is where)."""

    def set_extent(self, width: int, height: int) -> None:
        """The content is so wide and so high now."""
        size = Size(width, height)
        if size == self.virtual_size:
            return
        self.set_reactive(Widget.virtual_size, size)
        if self.is_attached and self.container_size:
            self._scroll_update(size)

    def jump(self, x: int | None = None, y: int | None = None) -> None:
        """Scroll without animation, at once."""
        self.scroll_to(x, y, animate=False, force=True, immediate=True)
