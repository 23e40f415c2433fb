"""Text of several lines for dialogs, each line made printable: nothing from a cluster controls the screen."""

from __future__ import annotations

from rich.text import Text

from k8stui.kinds.text import printable


def lines_of(text: str) -> Text:
    """The text, its lines kept."""
    return Text("\n".join(printable(line) for line in text.splitlines()))
