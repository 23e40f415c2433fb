"""What a pane shows while it has nothing to show yet: how far connecting is, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widget import Widget

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from textual.app import RenderResult

    from k8stui.ui.session import Session


class Placeholder(Widget, can_focus=True):
    """A sentence or two in the middle of a pane."""

    DEFAULT_CSS = """
    Placeholder { height: 1fr; content-align: center middle; text-align: center; padding: 0 2; }
    """

    def __init__(self, title: str = "", about: str = "") -> None:
        super().__init__()
        self._title, self._about = title, about

    def say(self, title: str, about: str = "") -> None:
        """Show these sentences."""
        self._title, self._about = title, about
        self.refresh()

    def tell(self, session: Session) -> None:
        """Say how far the session is."""
        from k8stui.ui.session import Stage

        if session.stage is Stage.FAILED:
            self.say(session.problem, ":ctx lists the contexts, :retry tries again.")
        elif session.stage is Stage.CANCELLED:
            self.say(session.problem, ":retry tries again, :ctx lists the contexts.")
        elif session.stage is not Stage.OPEN:
            self.say(f"{session.step}…", "ctrl-c gives up connecting" if session.waited > 3 else "")
        else:
            self.say("")

    def render(self) -> RenderResult:
        """The title, and what there is to know about it below."""
        text = Text(printable(self._title), style="bold")
        if self._about:
            text.append(f"\n{printable(self._about)}", "not bold dim")
        return text
