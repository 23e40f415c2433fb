"""What is selected in a terminal: by character, word or line, or a block. Pure: lines in, cells out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from k8stui.ui.widgets.terminal.lines import Place

if TYPE_CHECKING:
    from k8stui.ui.widgets.terminal.lines import TerminalLines

CHARACTERS, WORDS, LINES = 1, 2, 3
"""Units, named by the number of clicks."""
WORD_SIGNS = "_-./:@%+~=?&#,"
"""Signs that are part of a word: names of pods and images, paths and addresses are taken whole."""


@dataclass(frozen=True, slots=True)
class Selection:
    """From where the button went down to where the mouse is, both cells within."""

    anchor: Place
    head: Place
    unit: int = CHARACTERS
    block: bool = False
    moved: bool = False

    def to(self, head: Place) -> Selection:
        """The mouse is there now."""
        return replace(self, head=head, moved=self.moved or head != self.anchor)

    @property
    def empty(self) -> bool:
        """A mere click selects nothing."""
        return self.unit == CHARACTERS and not self.moved

    def bounds(self, lines: TerminalLines) -> tuple[Place, Place]:
        """The first cell and the last one, words and lines whole."""
        first, last = sorted((self.anchor, self.head))
        if self.unit == WORDS:
            return word_at(lines, first)[0], word_at(lines, last)[1]
        if self.unit == LINES:
            start, end = lines.paragraph(first.line)[0], lines.paragraph(last.line)[1]
            return Place(start, 0), Place(end - 1, 1 << 16)
        return first, last

    def cells(self, lines: TerminalLines, number: int) -> tuple[int, int] | None:
        """The selected cells [start, end) of a line; None where there are none."""
        if self.empty:
            return None
        first, last = self.bounds(lines)
        if not first.line <= number <= last.line:
            return None
        if self.block:
            left, right = sorted((self.anchor.column, self.head.column))
            return left, right + 1
        start = first.column if number == first.line else 0
        end = last.column + 1 if number == last.line else 1 << 16
        return start, end

    def text(self, lines: TerminalLines) -> str:
        """What is selected; wrapped lines are one line again, blanks at the ends of lines are left out."""
        if self.empty:
            return ""
        first, last = self.bounds(lines)
        parts: list[str] = []
        for number in range(max(first.line, lines.first), min(last.line + 1, lines.end)):
            span = self.cells(lines, number)
            assert span is not None
            text = _text(lines.cells(number), *span)
            if not self.block and lines.wrapped(number) and number < last.line:
                parts.append(text)
            else:
                parts += [text.rstrip(" "), "\n"]
        return "".join(parts).removesuffix("\n")


def _text(cells: list[str], start: int, end: int) -> str:
    """The text of cells; a wide character is taken whole, by whichever half."""
    while 0 < start < len(cells) and cells[start] == "":
        start -= 1
    return "".join(cells[start:end])


def _is_word(cell: str) -> bool:
    return bool(cell) and (cell[0].isalnum() or cell[0] in WORD_SIGNS)


def word_at(lines: TerminalLines, place: Place) -> tuple[Place, Place]:
    """The first and last cell of the word at a place; also where it is wrapped at the margin."""
    start, end = lines.paragraph(place.line)
    cells: list[str] = []
    places: list[Place] = []
    here = 0
    for number in range(start, end):
        for column, cell in enumerate(lines.cells(number)):
            if (number, column) <= place:
                here = len(cells)
            cells.append(cell)
            places.append(Place(number, column))
    if not cells or place > places[-1]:
        return place, place
    while here and cells[here] == "":
        here -= 1
    left = right = here
    if _is_word(cells[here]):
        while left and (_is_word(cells[left - 1]) or (cells[left - 1] == "" and left > 1)):
            left -= 1
        while right + 1 < len(cells) and (_is_word(cells[right + 1]) or cells[right + 1] == ""):
            right += 1
    return places[left], places[right]
