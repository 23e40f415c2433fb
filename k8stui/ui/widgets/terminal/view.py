"""A terminal on the screen: paints the dirty rows of an emulator, turns keys and mouse into bytes.

Knows no cluster and no sessions: a `TerminalModel` has the emulator and the program's end of it, and lives on
when the view goes. All keys are the program's, but for the escape prefix: the key after it is the app's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.geometry import Offset, Region
from textual.strip import Strip

from k8stui.terminal.keys import encode_focus, encode_key, encode_paste
from k8stui.ui.widgets.painting import Palette
from k8stui.ui.widgets.terminal.input import terminal_key
from k8stui.ui.widgets.terminal.messages import Pasted, Prefixed, Rang, TitleChanged
from k8stui.ui.widgets.terminal.mouse import TerminalMouse
from k8stui.ui.widgets.terminal.painter import BAR, UNDERLINE, Overlay, cursor_shape, paint_line
from k8stui.ui.widgets.terminal.scroll import TerminalReader

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events
    from textual.timer import Timer

    from k8stui.ui.widgets.terminal.output import TerminalModel

SYNCHRONIZED_LIMIT = 0.15
"""Seconds a program may hold painting back (mode 2026)."""
FLOOD_FRAME = 0.05
"""Seconds between two paintings while more output waits than can be interpreted."""
LONG_HISTORY = 1000
"""Lines of scrollback from which wrapping anew waits until a size has stood still."""
SETTLE = 0.12
"""Seconds that a size stands still then."""


class TerminalView(TerminalReader, can_focus=True):
    """The screen and scrollback of a model."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TerminalView { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size: 0 0; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "terminal-view--cursor",
        "terminal-view--cursor-bar",
        "terminal-view--selection",
        "terminal-view--match",
        "terminal-view--match-current",
    }
    BINDINGS: ClassVar = [
        Binding("up", "scroll_lines(-1)", show=False),
        Binding("down", "scroll_lines(1)", show=False),
        Binding("pageup,ctrl+b", "scroll_page(-1)", show=False),
        Binding("pagedown,ctrl+f", "scroll_page(1)", show=False),
        Binding("home,g", "to_start", show=False),
        Binding("end,G", "to_end", show=False),
    ]
    """While keys are not the program's."""
    RAW_KEYS = True
    """The app hands keys to `take_raw_key` instead of looking for actions."""

    def __init__(
        self,
        model: TerminalModel,
        *,
        prefix: str = "ctrl+right_square_bracket",
        confirm_paste: bool = True,
        id: str | None = None,
    ) -> None:
        """`prefix` is the escape key as Textual names it; "" for none."""
        super().__init__(model, id=id)
        self.prefix = prefix
        self.confirm_paste = confirm_paste
        self.prefixed = False
        """The prefix was typed: the next key is the app's."""
        self.reading = False
        """Keys move through the scrollback and are the app's, until the user goes back to the program."""
        self._mouse = TerminalMouse(self)
        self._palette = Palette(self, "terminal-view--")
        self._first = self.lines.first
        self._dirty: set[int] = set()
        self._painted = 0.0
        self._cursor: tuple[int, int, bool] = (0, 0, False)
        self._page: object = None
        self._held_since: float | None = None
        self._size_timer: Timer | None = None
        self._told = ("", 0)
        self._mode_state: tuple[bool, int] = (False, 0)

    def on_mount(self) -> None:
        self.model.watchers.append(self._changed)
        self._told = (self.model.emulator.title, self.model.emulator.bells)
        self._show_all()

    def on_unmount(self) -> None:
        if self._changed in self.model.watchers:
            self.model.watchers.remove(self._changed)

    # What came

    def _changed(self, dirty: set[int]) -> None:
        """Something was interpreted: paint what became dirty, unless the program asked to wait."""
        self._dirty |= dirty
        self._announce()
        if self._held_back():
            return
        now = time.monotonic()
        if self.model.pending and now - self._painted < FLOOD_FRAME:
            return  # nobody reads a flood: its next piece is on the way, and paints this too
        self._painted = now
        self._paint_dirty()

    def _held_back(self) -> bool:
        """Whether the program holds painting back (synchronized output), for a bounded time."""
        if not self.model.emulator.screen.modes.synchronized:
            self._held_since = None
            return False
        now = time.monotonic()
        if self._held_since is None:
            self._held_since = now
            self.set_timer(SYNCHRONIZED_LIMIT, self._let_go)
        return now - self._held_since < SYNCHRONIZED_LIMIT

    def _let_go(self) -> None:
        if self._held_since is not None:
            self.model.emulator.screen.modes.synchronized = False
            self._held_since = None
            self._paint_dirty()

    def _announce(self) -> None:
        emulator = self.model.emulator
        title, bells = self._told
        self._told = (emulator.title, emulator.bells)
        if emulator.title != title:
            self.post_message(TitleChanged(self))
        if emulator.bells > bells:
            self.post_message(Rang(self))

    def _paint_dirty(self) -> None:
        if not self.is_attached:
            return
        screen = self.model.emulator.screen
        page, modes = screen.grid, screen.modes
        look = (modes.reverse_video, screen.columns)
        if page is not self._page or look != self._mode_state or (self._dirty and self.search is not None):
            if page is not self._page:
                self.selection = None
            self._page, self._mode_state = page, look
            self._show_all()
            return
        dirty, self._dirty = self._dirty, set()
        self._extend()
        cursor = (screen.cursor.y, screen.cursor.x, modes.show_cursor)
        if cursor != self._cursor:
            dirty |= {self._cursor[0], cursor[0]}
            self._cursor = cursor
        shift = self.lines.top - self.first_shown
        height = self.size.height
        rows = [row + shift for row in dirty if 0 <= row + shift < height]
        if len(rows) > height // 2:
            self.refresh()
        elif rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))
        self._place_ime()

    def _show_all(self) -> None:
        self._dirty = set()
        screen = self.model.emulator.screen
        self._cursor = (screen.cursor.y, screen.cursor.x, screen.modes.show_cursor)
        self._extend()
        self.refresh()
        self._place_ime()

    def _extend(self) -> None:
        """Make room for new lines; stay at the end, or with the lines that are being read."""
        first, fallen = self.lines.first, self.lines.first - self._first
        self._first = first
        self.set_extent(self.size.width, len(self.lines))
        y = self.scroll_offset.y
        target = len(self.lines) - self.size.height if self.following else y - fallen
        if max(0, target) != y:
            self.jump(y=max(0, target))
            self.refresh()

    def _place_ime(self) -> None:
        """Where the outer terminal shows what an input method composes."""
        if self.has_focus and self.following:
            x, y = self.content_region.offset
            row = self._cursor[0] + self.lines.top - self.first_shown
            self.app.cursor_position = Offset(x + self._cursor[1], y + row)

    # Painting

    def render_line(self, y: int) -> Strip:
        number = self.first_shown + y
        width = self.size.width
        base = self.rich_style
        line = self.lines.line(number) if y < self.size.height else None
        if line is None:
            return Strip.blank(width, base)
        screen = self.model.emulator.screen
        overlays: list[Overlay] = []
        if self.search is not None:
            overlays += [
                Overlay(start, end, self._palette.style("match-current" if current else "match"))
                for start, end, current in self.search.in_line(number)
            ]
        if self.selection is not None:
            cells = self.selection.cells(self.lines, number)
            if cells is not None:
                overlays.append(Overlay(*cells, self._palette.background("selection")))
        row, column, shown = self._cursor
        if shown and number - self.lines.top == row:
            overlays.append(Overlay(column, column + 1, self._cursor_style()))
        return paint_line(line, width, base, reverse=screen.modes.reverse_video, overlays=overlays)

    def _cursor_style(self) -> Style | None:
        from rich.style import Style

        if not self.has_focus:
            return Style(underline=True)
        shape = cursor_shape(self.model.emulator.screen.cursor_shape)
        if shape == UNDERLINE:
            return Style(underline=True, bold=True)
        return self._palette.background("cursor-bar") if shape == BAR else self._palette.style("cursor")

    def notify_style_update(self) -> None:
        self._palette.clear()
        super().notify_style_update()

    # Keys and text

    def take_raw_key(self, event: events.Key) -> bool:
        """Send a key to the program; False for the app's: after the prefix, or when nothing runs."""
        if self.prefixed:
            self._set_prefixed(False)
            if event.key != self.prefix:
                return False
        elif event.key == self.prefix and self.prefix:
            self._set_prefixed(True)
            return True
        if self.reading or not self.model.takes_input:
            return False
        self.send_key(*terminal_key(event))
        return True

    def _set_prefixed(self, prefixed: bool) -> None:
        self.prefixed = prefixed
        self.post_message(Prefixed(self))

    def set_reading(self, reading: bool) -> None:
        """Let keys move through the scrollback, or go to the program again."""
        if reading != self.reading:
            self.reading = reading
            if not reading:
                self.end_search()
                self.to_end()
            self.post_message(Prefixed(self))

    def action_scroll_lines(self, by: int) -> None:
        """By so many lines."""
        self.set_reading(self.model.takes_input)
        self.scroll_lines(by)

    def action_scroll_page(self, pages: int) -> None:
        """By so many pages."""
        self.set_reading(self.model.takes_input)
        self.scroll_page(pages)

    def action_to_start(self) -> None:
        """To the oldest line."""
        self.set_reading(self.model.takes_input)
        self.to_start()

    def action_to_end(self) -> None:
        """To the newest line."""
        self.to_end()

    def send_key(self, key: str, character: str | None) -> None:
        """Send one key to the program. A key that no terminal can send is nothing."""
        data = encode_key(key, character, self.model.emulator.screen.modes)
        if data:
            self._typed()
            self.model.send(data)

    def _typed(self) -> None:
        if self.selection is not None:
            self.select(None)
        if not self.following:
            self.to_end()

    def on_key(self, event: events.Key) -> None:
        """Keys come by `take_raw_key`; one that comes otherwise (forwarded) is the program's too."""
        event.stop()
        event.prevent_default()
        self.take_raw_key(event)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        lines = event.text.strip("\r\n")
        several = "\n" in lines or "\r" in lines
        if several and self.confirm_paste and not self.model.emulator.screen.modes.bracketed_paste:
            self.post_message(Pasted(self, event.text))
        else:
            self.paste(event.text)

    def paste(self, text: str) -> None:
        """Send text to the program as a paste, without asking."""
        self._typed()
        self.model.send(encode_paste(text, self.model.emulator.screen.modes))

    def _on_focus(self, event: events.Focus) -> None:
        super()._on_focus(event)
        self._tell_focus(True)

    def _on_blur(self, event: events.Blur) -> None:
        super()._on_blur(event)
        if self.prefixed:
            self._set_prefixed(False)
        self._tell_focus(False)

    def _tell_focus(self, gained: bool) -> None:
        data = encode_focus(gained, self.model.emulator.screen.modes)
        if data:
            self.model.send(data)
        self.refresh()

    # Size

    def _on_resize(self, event: events.Resize) -> None:
        if self._size_timer is not None:
            self._size_timer.stop()
            self._size_timer = None
        if self.lines.above > LONG_HISTORY and event.size.width != self.model.emulator.screen.columns:
            self._size_timer = self.set_timer(SETTLE, self._fit)
            self._show_all()
        else:
            self._fit()

    def _fit(self) -> None:
        """Give the program the cells that there are."""
        self._size_timer = None
        columns, lines = self.size.width, self.size.height
        if columns < 2 or lines < 1:
            return
        if columns != self.model.emulator.screen.columns:
            self.selection = None
        self.model.resize(columns, lines)
        self._first = self.lines.first
        self._show_all()

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self.focus(scroll_visible=False)
        self._mouse.down(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        event.stop()
        self._mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self._mouse.up(event)

    def on_click(self, event: events.Click) -> None:
        """A click here is no click on what is around."""
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self._mouse.wheel(event, up=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self._mouse.wheel(event, up=False)
