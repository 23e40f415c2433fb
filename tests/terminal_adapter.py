"""The adapter between the emulator and the conformance runners (``run_refs.py``, ``run_xtermjs.py``)."""

from __future__ import annotations

from k8stui.terminal.emulator import Emulator
from k8stui.terminal.line import HistoryLine, Line
from k8stui.terminal.style import BOLD, DIM, HIDDEN, INVERSE, ITALIC, STRIKE, Colour, Style

Cell = tuple[str, object, object, set[str]]
_FLAGS = {BOLD: "bold", DIM: "dim", ITALIC: "italic", INVERSE: "inverse", HIDDEN: "hidden", STRIKE: "strike"}


def _colour(colour: Colour) -> object:
    if colour is None:
        return "default"
    return colour if isinstance(colour, int) else "#{:02x}{:02x}{:02x}".format(*colour)


def _flags(style: Style) -> set[str]:
    names = {name for flag, name in _FLAGS.items() if style.flags & flag}
    return names | ({"underline"} if style.underline else set())


def _cells(line: Line) -> list[Cell]:
    return [
        (char, _colour(style.fg), _colour(style.bg), _flags(style))
        for char, style in zip(line.chars, line.styles, strict=True)
    ]


class Vt:
    """An emulator of ``columns`` x ``lines`` as the runners see it."""

    def __init__(self, columns: int, lines: int) -> None:
        self.emulator = Emulator(columns, lines)

    def feed(self, data: bytes) -> None:
        self.emulator.feed(data)

    def rows(self) -> list[list[Cell]]:
        return [_cells(line) for line in self.emulator.screen.grid.rows]

    def scrollback(self) -> list[list[Cell]]:
        history = self.emulator.screen.main.history or ()
        return [_cells(line.expand() if isinstance(line, HistoryLine) else line) for line in history]

    def cursor(self) -> tuple[int, int]:
        """(row, column), from 0."""
        cursor = self.emulator.screen.cursor
        return cursor.y, cursor.x

    def replies(self) -> bytes:
        """What was sent to the program since the last call."""
        return self.emulator.take_replies()

    def pen(self) -> tuple[object, object, set[str]]:
        """What the next character will look like."""
        pen = self.emulator.screen.cursor.pen
        return _colour(pen.fg), _colour(pen.bg), _flags(pen)

    def resize(self, lines: int, columns: int) -> None:
        self.emulator.resize(columns, lines)
