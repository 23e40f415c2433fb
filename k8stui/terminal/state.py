"""What a screen consists of, before anything is done with it: pages, cursor, modes, margins.

Rows and columns count from 0 here, and both ends of regions and margins belong to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from k8stui.terminal.charsets import translation
from k8stui.terminal.grid import Grid
from k8stui.terminal.modes import Modes
from k8stui.terminal.style import DEFAULT, Style

TAB = 8


@dataclass
class Cursor:
    """Where the next character goes, and all that DECSC saves (xterm ctlseqs, ESC 7)."""

    x: int = 0
    y: int = 0
    pen: Style = DEFAULT
    wrap_pending: bool = False
    origin: bool = False
    charsets: tuple[str, ...] = ("B", "B", "B", "B")
    shift: int = 0


class ScreenState:
    """A main page with ``history`` lines of scrollback, and an alternate page."""

    def __init__(self, columns: int, lines: int, history: int = 10_000) -> None:
        self.columns, self.lines = max(1, columns), max(1, lines)
        self.main = Grid(self.columns, self.lines, history)
        self.alternate = Grid(self.columns, self.lines, None)
        self.grid = self.main
        self.reset_state()

    def reset_state(self) -> None:
        """Everything but the pages, as after RIS."""
        self.modes = Modes()
        self.saved_modes: dict[int, bool] = {}
        self.cursor = Cursor()
        self.saved = {"main": Cursor(), "alternate": Cursor()}
        self.tabs = set(range(0, self.columns, TAB))
        self.cursor_shape = 0
        self.single_shift: int | None = None
        self.map: dict[int, str] | None = None
        self.last_drawn = ""
        self.margins: tuple[int, int] | None = None
        """Left and right margin (DECSLRM); None for the whole width."""
        self.guarded = False
        """Protected characters survive every erasure (SPA), not only the selective ones (DECSCA)."""
        self.rectangular = False
        """Attributes are changed in rectangles (DECSACE 2), not in streams of text."""

    def reset(self) -> None:
        """RIS: as new."""
        self.grid = self.main
        for grid in (self.main, self.alternate):
            grid.clear()
            grid.top, grid.bottom = 0, self.lines - 1
        self.reset_state()

    @property
    def blank(self) -> Style:
        """What erased cells look like: the pen's background and nothing else (bce)."""
        pen = self.cursor.pen
        return DEFAULT if pen.bg is None else Style(bg=pen.bg)

    @property
    def left(self) -> int:
        """The left margin."""
        return 0 if self.margins is None else self.margins[0]

    @property
    def right(self) -> int:
        """The right margin."""
        return self.columns - 1 if self.margins is None else self.margins[1]

    @property
    def between_margins(self) -> bool:
        """Whether the cursor is neither left nor right of the margins."""
        return self.margins is None or self.margins[0] <= self.cursor.x <= self.margins[1]

    @property
    def in_region(self) -> bool:
        """Whether the cursor is in the scroll region and between the margins."""
        return self.grid.top <= self.cursor.y <= self.grid.bottom and self.between_margins

    @property
    def limit(self) -> int:
        """The column at which a line ends for the cursor: behind the right margin, or the screen's."""
        if self.margins is None or self.cursor.x > self.margins[1]:
            return self.columns
        return self.margins[1] + 1

    def select_charsets(self) -> None:
        """Take the translation of the set that is shifted in (SO, SI, ESC ( and the like)."""
        self.map = translation(self.cursor.charsets[self.cursor.shift])
