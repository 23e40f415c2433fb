"""What is asked in the prompt: a `:` line, a filter that acts while it is typed, a line for somebody else.

It says what is wrong with an answer beside the prompt, which stays open then; it never acts on half a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.commands import CommandError
from k8stui.ui.completion import complete

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.prompt import AskedLine
    from k8stui.ui.screen import MainScreen


class Questions:
    """Opens the prompt of a screen and takes its answers."""

    def __init__(self, screen: MainScreen, owner: K8stuiApp) -> None:
        self._screen = screen
        self._owner = owner
        self._filter_before = ""
        self._line: AskedLine | None = None

    def ask_command(
        self, hint: str = "a kind or a command; Tab completes, ↑ recalls", *, text: str = ""
    ) -> None:
        """Ask for a `:` line; `text` is its beginning."""
        navigator = self._owner.navigator
        self._screen.prompt.open(
            ":",
            text,
            hint=hint,
            complete=lambda line: complete(line, navigator.sources()),
            history=list(self._owner.state.data.commands),
        )

    def ask_filter(self) -> None:
        """Ask for a filter of the focused view; it acts while it is typed."""
        view = self._screen.workspace.focused_pane.view
        self._filter_before = view.spec.filter
        self._screen.prompt.open("/", view.spec.filter, hint=view.filter_forms)

    def ask_line(self, sign: str, line: AskedLine, text: str = "", hint: str = "") -> None:
        """Ask for a line of text; `sign` stands in front of it."""
        self._line = line
        self._screen.prompt.open(sign, text, hint=hint)

    def typed(self, mode: str, text: str) -> None:
        """The line grew or shrank."""
        if mode == "/":
            self._apply_filter(text)
        elif mode != ":" and self._line is not None and self._line.typed is not None:
            self._screen.prompt.complain(self._line.typed(text))

    async def taken(self, mode: str, text: str) -> None:
        """Enter: do what the line says, or say what is wrong with it."""
        if mode == "/":
            if self._apply_filter(text):
                self._close()
        elif mode != ":" and self._line is not None:
            if note := self._line.taken(text):
                self._screen.prompt.complain(note)
            else:
                self._close()
        elif text.strip():
            await self._command(text)
        else:
            self._close()

    def given_up(self, mode: str) -> None:
        """esc: a filter that was being typed is undone."""
        if mode == "/":
            self._screen.workspace.focused_pane.view.set_filter(self._filter_before)
        elif mode != ":" and self._line is not None and self._line.given_up is not None:
            self._line.given_up()
        self._close()

    async def _command(self, text: str) -> None:
        navigator = self._owner.navigator
        try:
            navigator.understand(text)
        except CommandError as error:
            self._screen.prompt.complain(error.sentence)
            return
        self._screen.typeahead.opening = True
        try:
            self._close()
            await navigator.run_line(text)
        finally:
            self._screen.typeahead.opening = False

    def _apply_filter(self, text: str) -> bool:
        """Filter by the text, or say what is wrong with it and leave the last good filter."""
        view = self._screen.workspace.focused_pane.view
        note = view.filter_note(text)
        self._screen.prompt.complain(note)
        if note:
            return False
        view.set_filter(text)
        return True

    def _close(self) -> None:
        self._screen.prompt.close()
        self._line = None
        self._screen.workspace.focused_pane.focus_view()
        self._screen.refresh_hints()
