"""Reading a terminal: its scrollback, selecting, searching and saving. Paints nothing and sends nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from k8stui.ui.widgets.terminal.lines import TerminalLines
from k8stui.ui.widgets.terminal.messages import Scrolled, Selected
from k8stui.ui.widgets.terminal.search import Search
from k8stui.ui.widgets.virtual_scroll import VirtualScroll

if TYPE_CHECKING:
    from pathlib import Path

    from k8stui.ui.widgets.terminal.output import TerminalModel
    from k8stui.ui.widgets.terminal.selection import Selection


class TerminalReader(VirtualScroll):
    """Base of the terminal view: what is shown of the lines, and what is marked in them."""

    def __init__(self, model: TerminalModel, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model = model
        self.lines = TerminalLines(model.emulator)
        self.selection: Selection | None = None
        self.search: Search | None = None
        self.following = True
        """The screen is shown, and not a part of the scrollback."""

    # Where we are in the scrollback

    @property
    def first_shown(self) -> int:
        """Number of the line in the first row."""
        return self.lines.first + self.scroll_offset.y

    @property
    def behind(self) -> int:
        """Lines of output below what is shown."""
        return 0 if self.following else max(0, self.lines.end - self.first_shown - self.size.height)

    def line_at(self, y: int) -> int:
        """Number of the line in a row, kept to those that there are."""
        return min(max(self.first_shown + y, self.lines.first), self.lines.end - 1)

    def scroll_lines(self, by: int) -> None:
        """Move through the scrollback."""
        most = max(0, len(self.lines) - self.size.height)
        y = min(max(self.scroll_offset.y + by, 0), most)
        self._follow(y >= most)
        if y != self.scroll_offset.y:
            self.jump(y=y)
            self.refresh()
            self.post_message(Scrolled(self))

    def scroll_page(self, pages: int) -> None:
        """Move by pages less a line."""
        self.scroll_lines(pages * max(1, self.size.height - 1))

    def to_start(self) -> None:
        """To the oldest line."""
        self.scroll_lines(-len(self.lines))

    def to_end(self) -> None:
        """Back to the screen."""
        self.scroll_lines(len(self.lines))

    def show_line(self, number: int) -> None:
        """Bring a line into view, in the middle where it was not."""
        row = number - self.first_shown
        if not 0 <= row < self.size.height:
            self.scroll_lines(row - self.size.height // 2)

    def _follow(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.refresh()
            self.post_message(Scrolled(self))

    # Selection, search, saving

    def select(self, selection: Selection | None) -> None:
        """Mark other text, or none."""
        self.selection = selection
        self.refresh()

    def selected(self) -> None:
        """The selection stands."""
        text = self.selected_text
        if text:
            self.post_message(Selected(self, text))

    @property
    def selected_text(self) -> str:
        """What is selected."""
        return "" if self.selection is None else self.selection.text(self.lines)

    @property
    def screen_text(self) -> str:
        """What is on the screen now."""
        shown = range(self.first_shown, min(self.first_shown + self.size.height, self.lines.end))
        return "\n".join(self.lines.text(number) for number in shown).rstrip("\n")

    def find(self, text: str) -> tuple[int, int]:
        """Look for text, newest first; which match is shown and how many there are."""
        self.search = Search(text) if text else None
        return self.find_again(-1) if text else (0, 0)

    def find_again(self, by: int) -> tuple[int, int]:
        """To the match before (-1, upwards) or after (1)."""
        if self.search is None:
            return 0, 0
        match = self.search.step(self.lines, by)
        if match is not None:
            self.show_line(match.line)
        self.refresh()
        return self.search.position

    def end_search(self) -> None:
        """Mark no matches any more."""
        if self.search is not None:
            self.search = None
            self.refresh()

    def save_text(self, path: Path) -> int:
        """Write screen and scrollback to a new file, 0600; gives the number of lines. Raises OSError."""
        lines = list(self.lines.texts())
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as out:
            out.writelines(f"{line}\n" for line in lines)
        return len(lines)
