"""A scroll view whose content may grow and shrink many times a second.

Textual lays the whole screen out when `virtual_size` changes. Here a change of extent only moves the
scrollbars, and a layout comes when a scrollbar appears or goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.strip import Strip


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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Called by the compositor, which paints what this returns."""
        self.painting = True
        try:
            return super().render_lines(crop)
        finally:
            self.painting = False

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Paint rows of the screen again (given from top to bottom).

        Neighbours go together: Textual takes more time for a region than we for a row.
        """
        stretches: list[tuple[int, int]] = []
        for y in rows:
            if stretches and stretches[-1][1] == y:
                stretches[-1] = (stretches[-1][0], y + 1)
            else:
                stretches.append((y, y + 1))
        if stretches:
            width = self.size.width
            self.refresh(*(Region(0, top, width, bottom - top) for top, bottom in stretches))

    def jump(self, x: int | None = None, y: int | None = None) -> None:
        """Scroll without animation, at once."""
        self.scroll_to(x, y, animate=False, force=True, immediate=True)
