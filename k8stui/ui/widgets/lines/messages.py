"""What a line viewer tells its parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class ViewerMessage(Message):
    """Something happened in a viewer."""

    def __init__(self, viewer: Widget) -> None:
        super().__init__()
        self.viewer = viewer

    @property
    def control(self) -> Widget:
        """The viewer, for `@on(..., selector)`."""
        return self.viewer

    def can_replace(self, message: Message) -> bool:
        """Only the last of a kind counts."""
        return type(message) is type(self) and message.viewer is self.viewer


class FollowChanged(ViewerMessage):
    """The viewer follows the end, or stands still while `behind` new lines came."""

    def __init__(self, viewer: Widget, following: bool, behind: int) -> None:
        super().__init__(viewer)
        self.following = following
        self.behind = behind


class LinesCounted(ViewerMessage):
    """So many lines of so many are shown; `searching` while a filter has not seen all of them."""

    def __init__(self, viewer: Widget, shown: int, total: int, searching: bool) -> None:
        super().__init__(viewer)
        self.shown = shown
        self.total = total
        self.searching = searching


class MatchesCounted(ViewerMessage):
    """A search knows more matches (`running`: not all yet), or stands on another one."""

    def __init__(self, viewer: Widget, count: int, found: int | None, running: bool) -> None:
        super().__init__(viewer)
        self.count = count
        self.found = found
        self.running = running
