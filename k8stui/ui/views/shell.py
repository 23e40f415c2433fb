"""A shell in a pane: the same one that a tab of the dock shows, for as long as it lives.

Names of shells end with the program: a pane that was kept from an earlier run says that its shell is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.ui.shells.screen import ShellScreen
from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.placeholder import Placeholder

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.ui.session import Session
    from k8stui.ui.shells.manager import Shells
    from k8stui.ui.shells.shell import Shell


class ShellView(View):
    """One shell."""

    view_type: ClassVar[ViewType] = ViewType.SHELL

    def __init__(self, spec: ViewSpec, session: Session, shells: Shells) -> None:
        super().__init__(spec, session)
        shell = shells.get(spec.shell)
        self.screen_of = ShellScreen(shell, shells.settings) if shell is not None else None
        self._shells = shells
        self._gone = Placeholder(
            "This shell is over.", "[ goes back to what was here before; s on a pod opens one."
        )

    def compose(self) -> ComposeResult:
        yield self.screen_of or self._gone

    @property
    def lasts(self) -> bool:
        return False

    def title(self) -> Title:
        if self.screen_of is None:
            return Title("shell", state="over")
        shell = self.screen_of.shell
        note, trouble = self.screen_of.note
        if shell.recording is not None:
            note = f"recording {shell.recording.path.name}" + (f" · {note}" if note else "")
        return Title("shell", "", "", (shell.title,), note, trouble)

    def focus_target(self) -> Widget:
        return self.screen_of.terminal if self.screen_of is not None else self._gone

    def copy_text(self) -> str:
        return self.screen_of.terminal.selected_text if self.screen_of is not None else ""

    def shell_changed(self, shell: Shell | None) -> None:
        """A shell is at another step."""
        if self.screen_of is None:
            return
        if shell is None and self._shells.get(self.spec.shell) is None:
            screen, self.screen_of = self.screen_of, None
            self.run_worker(self._replace(screen), exit_on_error=False)
        elif shell is None or shell is self.screen_of.shell:
            self.screen_of.tell_state()
        self.post_message(self.Changed(self))

    async def _replace(self, screen: Any) -> None:
        focused = self.app.focused in screen.walk_children(with_self=True)
        await screen.remove()
        await self.mount(self._gone)
        if focused:
            self._gone.focus()

    def on_shell_screen_noted(self, event: ShellScreen.Noted) -> None:
        event.stop()
        self.post_message(self.Changed(self))
