"""One shell as the user sees it: its terminal, a line to search in, a banner once nothing runs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from k8stui.ui.keymap import shown
from k8stui.ui.widgets.terminal.view import TerminalView

if TYPE_CHECKING:
    from textual.app import ComposeResult, RenderResult

    from k8stui.settings import ShellSettings
    from k8stui.ui.shells.shell import Shell
    from k8stui.ui.widgets.terminal import messages as terminal_messages

STEPS = {
    "again": "⏎ or r: again",
    "debug": "shift-d: debug container",
    "logs": "l: logs",
    "choose container": "s: choose a container",
    "choose command": "s: another command",
}
"""Next steps by the engine's words, with the key that does each here."""


class ShellBanner(Widget):
    """How it ended, in words, and what can be done now."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ShellBanner { height: auto; max-height: 4; width: 1fr; dock: bottom; display: none; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "shell-banner--trouble",
        "shell-banner--done",
        "shell-banner--hint",
    }

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[str, str, bool] = ("", "", False)

    def tell(self, sentence: str, hint: str, trouble: bool) -> None:
        """Say this."""
        self.display = bool(sentence)
        if (sentence, hint, trouble) != self._said:
            self._said = (sentence, hint, trouble)
            self.refresh(layout=True)

    def render(self) -> RenderResult:
        sentence, hint, trouble = self._said
        name = "shell-banner--trouble" if trouble else "shell-banner--done"
        text = Text(f" {sentence}", self.get_component_rich_style(name), end="")
        text.append(f"\n {hint}", self.get_component_rich_style("shell-banner--hint"))
        return text


class SearchLine(Input):
    """What is looked for in the scrollback. ↑ and ⏎ go up, ↓ goes down, esc ends it."""

    OWN_KEYS = True
    """The app looks for no actions while this has the focus."""
    DEFAULT_CSS = "SearchLine { dock: bottom; height: 1; border: none; padding: 0 1; display: none; }"
    BINDINGS: ClassVar = [
        Binding("escape,ctrl+c", "end_search", show=False, priority=True),
        Binding("up,enter", "step(-1)", show=False, priority=True),
        Binding("down,shift+enter", "step(1)", show=False, priority=True),
    ]

    class Stepped(Message):
        """To the next match, or the end of the search (`by` 0)."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def action_end_search(self) -> None:
        """Look no more; what was found stays in view."""
        self.post_message(self.Stepped(0))

    def action_step(self, by: int) -> None:
        """To another match."""
        self.post_message(self.Stepped(by))


class ShellScreen(Widget):
    """The terminal of a shell with what belongs to it."""

    DEFAULT_CSS = "ShellScreen { height: 1fr; width: 1fr; layout: vertical; }"

    class Noted(Message):
        """Something about the terminal is worth a word: scrolled, searching, the prefix."""

        def __init__(self, screen: ShellScreen) -> None:
            super().__init__()
            self.screen = screen

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ShellScreen.Noted) and message.screen is self.screen

    class Copied(Message):
        """The user selected text, and it is to be copied."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class PasteAsked(Message):
        """Several lines were pasted into a program that would run each."""

        def __init__(self, screen: ShellScreen, text: str) -> None:
            super().__init__()
            self.screen = screen
            self.text = text

    class LinkClicked(Message):
        """The user wants to follow a link of the program's."""

        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    def __init__(self, shell: Shell, settings: ShellSettings) -> None:
        super().__init__()
        self.shell = shell
        self._settings = settings
        self.terminal = TerminalView(
            shell.model, prefix=textual_key(settings.escape), confirm_paste=settings.confirm_paste
        )
        self.banner = ShellBanner()
        self.search = SearchLine(placeholder="find in the scrollback", select_on_focus=False)
        self._found: tuple[int, int] | None = None

    def compose(self) -> ComposeResult:
        yield self.terminal
        yield self.search
        yield self.banner

    def on_mount(self) -> None:
        self.shell.seen()
        self.tell_state()

    def tell_state(self) -> None:
        """The shell is at another step."""
        ending = self.shell.ending
        if self.shell.living or ending is None:
            self.banner.tell("", "", False)
            return
        steps = [STEPS["again"]]
        if ending.step.value in STEPS and ending.step.value != "again":
            steps.insert(0, STEPS[ending.step.value])
        keys = " · ".join([*steps, "x: close", "esc: leave"])
        hint = f"{ending.hint}   {keys}" if ending.hint else keys
        done = ending.code == 0
        sentence = ending.sentence if not self.shell.once or not done else "Ended with exit code 0"
        self.banner.tell(f"{sentence} · {self.shell.since}", hint[:1].upper() + hint[1:], not done)

    @property
    def note(self) -> tuple[str, bool]:
        """What there is to say about it in a few words, and whether it is bad news."""
        terminal, shell = self.terminal, self.shell
        prefix = shown(self._settings.escape)
        if terminal.prefixed:
            return f"{prefix} …", False
        if self._found is not None and terminal.search is not None:
            at, of = self._found
            return (f"match {at}/{of}" if of else "no match"), not of
        if terminal.reading or not terminal.following:
            back = f"{terminal.behind:,} lines below" if terminal.behind else "end"
            return f"reading, {back}" + (", esc returns" if terminal.reading else ""), False
        if shell.phase in ("lost", "connecting"):
            return f"{shell.phase} {shell.since}", shell.phase == "lost"
        if shell.phase == "ended":
            code = shell.ending.code if shell.ending is not None else None
            return f"ended {shell.since}" if code is None else f"exit code {code}, {shell.since}", bool(code)
        return (f"{prefix} leaves" if terminal.has_focus else ""), False

    # Searching

    def start_search(self) -> None:
        """Ask what to look for."""
        self.search.display = True
        self.search.focus()
        self.post_message(self.Noted(self))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.search.display:
            self._found = self.terminal.find(event.value) if event.value else None
            self.post_message(self.Noted(self))

    def on_search_line_stepped(self, event: SearchLine.Stepped) -> None:
        event.stop()
        if event.by:
            self._found = self.terminal.find_again(event.by)
        else:
            self._found = None
            self.search.display = False
            self.terminal.end_search()
            self.terminal.focus()
            if not self.terminal.following:
                self.terminal.set_reading(True)
        self.post_message(self.Noted(self))

    # What the terminal tells

    def on_scrolled(self, event: terminal_messages.Scrolled) -> None:
        event.stop()
        self.post_message(self.Noted(self))

    def on_prefixed(self, event: terminal_messages.Prefixed) -> None:
        event.stop()
        self.post_message(self.Noted(self))

    def on_title_changed(self, event: terminal_messages.TitleChanged) -> None:
        event.stop()

    def on_rang(self, event: terminal_messages.Rang) -> None:
        event.stop()
        if not self.terminal.has_focus:
            self.shell.ring()
        self.app.bell()

    def on_selected(self, event: terminal_messages.Selected) -> None:
        event.stop()
        if self._settings.copy_on_select:
            self.post_message(self.Copied(event.text))

    def on_followed(self, event: terminal_messages.Followed) -> None:
        event.stop()
        self.post_message(self.LinkClicked(event.address))

    def on_pasted(self, event: terminal_messages.Pasted) -> None:
        event.stop()
        self.post_message(self.PasteAsked(self, event.text))

    def on_descendant_focus(self) -> None:
        """The user is here."""
        self.shell.seen()
        self.post_message(self.Noted(self))

    def on_descendant_blur(self) -> None:
        self.post_message(self.Noted(self))


def textual_key(key: str) -> str:
    """A key as people write it (`ctrl-]`) as Textual calls it."""
    from textual.keys import _character_to_key

    modifiers, _, base = key.strip().lower().replace("+", "-").rpartition("-")
    if not base:
        return ""
    name = _character_to_key(base) if len(base) == 1 else base
    return f"{modifiers.replace('-', '+')}+{name}" if modifiers else name
