"""A box over the screen that wants an answer. esc and a click beside it give none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Checkbox

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from rich.table import Table
    from textual import events
    from textual.app import ComposeResult, RenderResult

Answer = TypeVar("Answer")


class Switch(Checkbox):
    """A checkbox whose sign is there only when it is on: colour alone says nothing."""

    @property
    def _button(self) -> Content:
        self.BUTTON_INNER = "✔" if self.value else " "
        return super()._button


class PlainText(Widget):
    """Text that is shown as it is: never markup."""

    DEFAULT_CSS = "PlainText { height: auto; width: 1fr; }"

    def __init__(self, text: str | Text | Table = "", *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._text = text

    def say(self, text: str | Text | Table) -> None:
        """Show something else."""
        self._text = text
        self.refresh(layout=True)

    def render(self) -> RenderResult:
        return Text(printable(self._text)) if isinstance(self._text, str) else self._text


class Dialog(ModalScreen[Answer | None], Generic[Answer]):
    """Base of the dialogs: a title and a body in a box."""

    BINDINGS = [Binding("escape,ctrl+c", "give_up", "Close", show=False)]  # noqa: RUF012
    TITLE_TEXT = ""

    def __init__(self, title: str = "") -> None:
        super().__init__(classes="dialog")
        self._title_text = title or self.TITLE_TEXT

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Content(printable(self._title_text)).markup
            yield from self.compose_body()

    def compose_body(self) -> ComposeResult:
        """What is in the box."""
        yield PlainText("")

    def action_give_up(self) -> None:
        """No answer."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box gives no answer."""
        box = self.query_one("#box")
        if not box.region.contains(event.screen_x, event.screen_y):
            self.dismiss(None)


class FieldRow(Horizontal):
    """A label and its field."""

    def __init__(self, label: str, field: Widget) -> None:
        super().__init__(classes="row")
        self._label, self._field = label, field

    def compose(self) -> ComposeResult:
        yield PlainText(self._label, classes="label")
        yield self._field
