"""The editor's document: Textual's, with what it computes anew at each key made cheap for thousands of lines.

Textual measures every line at each edit for the width and sums up all lines for the height: 65 ms a key at
5,000 lines. Here both are kept. Where lines have neither tabs nor wide signs, a column is a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import get_tab_widths
from textual.geometry import Offset, Size

from k8stui.kinds.text import cell_width

if TYPE_CHECKING:
    from textual.document._document import EditResult, Location


class EditorDocument(Document):
    """Lines of text whose greatest width is known without looking at all of them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._width = max(map(len, self._lines), default=0)
        self.version = 0
        """Counts edits."""

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace text; the width only grows, until the text is loaded anew."""
        result = super().replace_range(start, end, text)
        self.version += 1
        first, last = min(start[0], result.end_location[0]), result.end_location[0]
        for line in self._lines[first : last + 1]:
            self._width = max(self._width, cell_width(line.expandtabs(8)))
        return result

    def get_size(self, indent_width: int) -> Size:
        """Width and height in cells."""
        return Size(self._width, len(self._lines))


class EditorLines(WrappedDocument):
    """Lines that are never wrapped."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """One row for each line; Textual looks at each character for that."""
        self._width = 0
        self._tab_width = tab_width or self._tab_width
        lines = self.document.lines
        count = len(lines)
        nothing: list[int] = []  # never changed in place, only replaced
        self._wrap_offsets = [nothing] * count
        self._offset_to_line_info = [(row, 0) for row in range(count)]
        self._line_index_to_offsets = [[row] for row in range(count)]
        self._tab_width_cache = [
            [each for _, each in get_tab_widths(line, self._tab_width)] if "\t" in line else nothing
            for line in lines
        ]

    def location_to_offset(self, location: Location) -> Offset:
        """Where a place of the text is painted; Textual takes 40 ms for it in a line of a megabyte."""
        row, column = location
        line = self.document.get_line(row)
        if not line.isascii() or "\t" in line:
            return super().location_to_offset(location)
        return Offset(min(column, len(line)), row)

    @property
    def height(self) -> int:
        """Rows."""
        return len(self._offset_to_line_info)
