"""The mouse over a terminal: to the program where it asks for it, else it selects, scrolls and follows links.

Shift keeps the mouse from the program, as in other terminals; alt selects a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.terminal.mouse import (
    LEFT,
    MIDDLE,
    NONE,
    RIGHT,
    WHEEL_DOWN,
    WHEEL_UP,
    MouseEvent,
    encode_mouse,
    encode_wheel_as_arrows,
)
from k8stui.ui.widgets.terminal.lines import Place
from k8stui.ui.widgets.terminal.messages import Followed
from k8stui.ui.widgets.terminal.selection import CHARACTERS, LINES, Selection

if TYPE_CHECKING:
    from textual import events

    from k8stui.ui.widgets.terminal.view import TerminalView

_BUTTONS = {1: LEFT, 2: MIDDLE, 3: RIGHT}
CLICK_SECONDS = 0.4
"""Time between the clicks of a double click."""
WHEEL_LINES = 3
CELL = (8, 16)
"""Pixels of a cell, for programs that ask for pixels and a terminal that does not tell."""


class TerminalMouse:
    """The state of the mouse over one terminal."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._button = NONE
        self._selecting = False
        self._clicks = 0
        self._last: tuple[float, Place] | None = None

    def place(self, event: events.MouseEvent) -> Place:
        """The cell under the mouse, by its number in the scrollback."""
        return Place(self._view.line_at(int(event.y)), max(0, int(event.x)))

    def report(self, kind: str, button: int, event: events.MouseEvent) -> bool:
        """Send an event to a program that asked for the mouse; False when it is ours."""
        screen = self._view.model.emulator.screen
        if not screen.modes.mouse or event.shift:
            return False
        x = min(max(int(event.x), 0), screen.columns - 1)
        y = min(max(int(event.y), 0), screen.lines - 1)
        data = encode_mouse(
            MouseEvent(kind, button, x, y, alt=event.meta, ctrl=event.ctrl, px=x * CELL[0], py=y * CELL[1]),
            screen.modes,
        )
        if data:
            self._view.model.send(data)
        return True

    def down(self, event: events.MouseDown) -> None:
        """A button went down."""
        self._button = _BUTTONS.get(event.button, NONE)
        if self.report("press", self._button, event):
            self._view.capture_mouse()
            return
        if self._button != LEFT:
            return
        place = self.place(event)
        again = (
            self._last is not None and event.time - self._last[0] <= CLICK_SECONDS and place == self._last[1]
        )
        self._clicks = self._clicks % LINES + 1 if again else CHARACTERS
        self._last = (event.time, place)
        self._selecting = True
        self._view.select(Selection(place, place, self._clicks, block=event.meta))
        self._view.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        """The mouse moved."""
        if not self._selecting:
            self.report("move", self._button, event)
            return
        view = self._view
        if event.y < 0:
            view.scroll_lines(-1)
        elif event.y >= view.size.height:
            view.scroll_lines(1)
        if view.selection is not None:
            view.select(view.selection.to(self.place(event)))

    def up(self, event: events.MouseUp) -> None:
        """A button was let go."""
        button, self._button = self._button, NONE
        self._view.release_mouse()
        if self._selecting:
            self._selecting = False
            place = self.place(event)
            address = self._view.lines.link(place)
            if address and self._clicks == CHARACTERS and self._last is not None and self._last[1] == place:
                self._view.select(None)
                self._view.post_message(Followed(self._view, address))
            else:
                self._view.selected()
        else:
            self.report("release", button, event)

    def wheel(self, event: events.MouseEvent, *, up: bool) -> None:
        """To the program if it wants it, as arrows on the alternate screen, else through the scrollback."""
        screen = self._view.model.emulator.screen
        if self.report("press", WHEEL_UP if up else WHEEL_DOWN, event):
            return
        if screen.grid is screen.alternate:
            if screen.modes.alternate_scroll:
                self._view.model.send(encode_wheel_as_arrows(up, WHEEL_LINES, screen.modes))
        else:
            self._view.scroll_lines(-WHEEL_LINES if up else WHEEL_LINES)
