"""What a terminal on the screen tells those around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from k8stui.ui.widgets.terminal.scroll import TerminalReader


class TerminalMessage(Message):
    """Base: `view` is the terminal."""

    def __init__(self, view: TerminalReader) -> None:
        super().__init__()
        self.view = view


class TitleChanged(TerminalMessage):
    """The program named itself, or no longer."""


class Rang(TerminalMessage):
    """The program rang the bell."""


class Scrolled(TerminalMessage):
    """Another part of the scrollback is shown, or the screen again."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Scrolled) and message.view is self.view


class Prefixed(TerminalMessage):
    """The escape prefix was typed, or the key after it was taken."""


class Selected(TerminalMessage):
    """The user selected text."""

    def __init__(self, view: TerminalReader, text: str) -> None:
        super().__init__(view)
        self.text = text


class Followed(TerminalMessage):
    """The user clicked a link (OSC 8)."""

    def __init__(self, view: TerminalReader, address: str) -> None:
        super().__init__(view)
        self.address = address


class Pasted(TerminalMessage):
    """Text was pasted that must be looked at first: several lines, into a program that would run each."""

    def __init__(self, view: TerminalReader, text: str) -> None:
        super().__init__(view)
        self.text = text
