"""The dock: shells as tabs at the bottom of the screen. Toggled, resized, or as high as the screen.

It shows one shell at a time and owns none: what it hides runs on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from k8stui.ui.shells.tabs import ShellTabs, Tab

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from k8stui.ui.shells.manager import Shells
    from k8stui.ui.shells.screen import ShellScreen
    from k8stui.ui.shells.shell import Shell

LEAST = 4
"""Rows of the dock, with its tabs."""
SHARE = 0.45
"""Part of the screen that it takes at first."""


class ShellDock(Widget):
    """Tabs and the terminal of the chosen one."""

    DEFAULT_CSS = "ShellDock { layout: vertical; height: 12; display: none; }"

    class Changed(Message):
        """It opened, closed, or shows another shell."""

    class CloseAsked(Message):
        """The user wants to close a shell."""

        def __init__(self, shell: Shell) -> None:
            super().__init__()
            self.shell = shell

    def __init__(self, shells: Shells) -> None:
        super().__init__(id="dock")
        self._shells = shells
        self.tabs = ShellTabs()
        self.current: Shell | None = None
        self.screen_of: ShellScreen | None = None
        """What shows the current shell."""
        self.zoomed = False
        self._rows = shells.memory.dock_height

    def compose(self) -> ComposeResult:
        yield self.tabs

    # What it shows

    async def show(self, shell: Shell) -> None:
        """Show a shell, and give it the keys."""
        from k8stui.ui.shells.screen import ShellScreen

        if shell is not self.current or self.screen_of is None:
            old = self.screen_of
            self.current = shell
            self.screen_of = ShellScreen(shell, self._shells.settings)
            with self.app.batch_update():
                await self.mount(self.screen_of)
                if old is not None:
                    self.focus_shell()  # before it goes: else a pane would get the focus meanwhile
                    await old.remove()
        if not self.display:
            self.display = True
            self._fit()
        self.focus_shell()
        self.tell()
        self.post_message(self.Changed())

    async def clear(self) -> None:
        """Show no shell."""
        old, self.screen_of, self.current = self.screen_of, None, None
        if old is not None:
            await old.remove()
        self.hide()

    def hide(self) -> None:
        """Go from the screen; the shells run on."""
        self.zoomed = False
        if self.display:
            self.display = False
            self.post_message(self.Changed())

    def focus_shell(self) -> None:
        """Give the keys to the terminal."""
        if self.screen_of is not None:
            self.screen.set_focus(self.screen_of.terminal, scroll_visible=False)

    @property
    def has_keys(self) -> bool:
        """The keys go here."""
        focused = self.screen.focused if self.is_attached else None
        return focused is not None and self in focused.ancestors_with_self

    def tell(self) -> None:
        """Write the tabs anew."""
        tabs = [
            Tab(
                shell.number,
                shell.title,
                shell.phase,
                shell is self.current,
                shell.news,
                shell.rang,
                shell.recording is not None,
            )
            for shell in self._shells.all
        ]
        note, trouble = self.screen_of.note if self.screen_of is not None else ("", False)
        if self.current is not None and self.current.recording is not None:
            note = f"recording {self.current.recording.path.name}" + (f" · {note}" if note else "")
        self.tabs.show(tabs, note, trouble)
        self.set_class(self.has_keys, "-active")
        if self.screen_of is not None:
            self.screen_of.tell_state()

    # How high it is

    def _fit(self) -> None:
        if self.zoomed:
            self.styles.height = "1fr"
            return
        most = max(LEAST, self.screen.size.height - 6)
        rows = self._rows or max(int(self.screen.size.height * SHARE), 8)
        self.styles.height = min(max(rows, LEAST), most)

    def toggle_zoom(self) -> None:
        """As high as the screen, or beside the panes again."""
        self.zoomed = not self.zoomed
        self._fit()
        self.post_message(self.Changed())

    def grow(self, rows: int) -> None:
        """Be so much higher."""
        if not self.zoomed:
            self._rows = max(LEAST, self.size.height + rows)
            self._fit()
            self._shells.memory.keep_dock_height(self._rows)

    def on_shell_tabs_dragged(self, event: ShellTabs.Dragged) -> None:
        event.stop()
        if not self.zoomed:
            self._rows = max(LEAST, int(self.styles.height.value if self.styles.height else 0) - event.rows)
            self._fit()

    def on_shell_tabs_dropped(self, event: ShellTabs.Dropped) -> None:
        event.stop()
        if self._rows:
            self._shells.memory.keep_dock_height(self._rows)

    def screen_resized(self) -> None:
        """The whole screen has another size."""
        if self.display:
            self._fit()

    # What the user does

    async def on_shell_tabs_chosen(self, event: ShellTabs.Chosen) -> None:
        event.stop()
        shell = self._shells.get(event.number)
        if shell is None:
            return
        if event.close:
            self.post_message(self.CloseAsked(shell))
        else:
            await self.show(shell)

    def on_shell_screen_noted(self, event: ShellScreen.Noted) -> None:
        event.stop()
        self.tell()
        self.post_message(self.Changed())

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.call_after_refresh(self.tell)
