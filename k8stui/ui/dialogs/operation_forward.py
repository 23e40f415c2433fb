"""A port-forward to be: which port of the pod, which of this machine, kept or not, shown in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Checkbox, Input, Select

from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.plan import choice, line, row, switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from k8stui.kube.portforward.target import PortChoice

OTHER = "+other"


class ForwardAnswer(NamedTuple):
    """What to forward: remote ports (numbers or names), each with the local one (0: any)."""

    ports: tuple[tuple[str, int], ...]
    keep: bool
    browse: bool
    everywhere: bool


class ForwardDialog(Dialog[ForwardAnswer]):
    """Asks for ports. Several: `80 8080:http`."""

    BINDINGS: ClassVar = [Binding("ctrl+s", "take", show=False, priority=True)]

    def __init__(self, title: str, ports: Sequence[PortChoice]) -> None:
        super().__init__(title)
        self.add_class("plan")
        options = [(_port_text(port), str(port.port)) for port in ports]
        if len(options) > 1:
            options.append(("all of them", " ".join(value for _, value in options)))
        options.append(("others, typed below", OTHER))
        self.port = choice(options, options[0][1])
        self.typed = line("", "8080, http, or local:remote; several parted by blanks")
        self.local = line("", "a free one, the same number where that can be had")
        self.keep = switch("start it again with k8stui")
        self.browse = switch("open it in the browser")
        self.everywhere = switch("listen on all addresses of this machine: others can reach it")
        self._problem = PlainText("", classes="trouble")
        self._take = Button("Forward  ctrl-s", compact=True)

    def compose_body(self) -> ComposeResult:
        with Vertical(id="fields"):
            yield row("port there", self.port)
            yield row("", self.typed)
            yield row("port here", self.local)
            yield self.keep
            yield self.browse
            yield self.everywhere
        yield self._problem
        with Horizontal(id="buttons"):
            yield self._take
            yield Button("Cancel  esc", id="close", compact=True)

    def on_mount(self) -> None:
        self._problem.display = False
        self._fit()
        (self.typed if self.port.value == OTHER else self.local).focus()

    def _fit(self) -> None:
        several = " " in str(self.port.value)
        self.typed.parent.display = self.port.value == OTHER  # type: ignore[union-attr]
        self.local.parent.display = not several and self.port.value != OTHER  # type: ignore[union-attr]

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self._fit()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_take()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button is self._take:
            self.action_take()
        else:
            self.dismiss(None)

    def action_take(self) -> None:
        """Answer, if it makes sense."""
        text = self.typed.value if self.port.value == OTHER else str(self.port.value)
        try:
            ports = parse_ports(text, self.local.value if self.local.parent.display else "")  # type: ignore[union-attr]
        except ValueError as error:
            self._problem.display = True
            self._problem.say(str(error))
            return
        self.dismiss(ForwardAnswer(ports, self.keep.value, self.browse.value, self.everywhere.value))

    def on_key(self, event: events.Key) -> None:
        """The arrows go from field to field."""
        if event.key in ("down", "up") and isinstance(self.focused, Input | Button | Checkbox):
            event.stop()
            event.prevent_default()
            (self.focus_next if event.key == "down" else self.focus_previous)()


def _port_text(port: PortChoice) -> str:
    return "  ".join(filter(None, (str(port.port), port.name, port.container)))


def parse_ports(text: str, local: str = "") -> tuple[tuple[str, int], ...]:
    """Remote and local ports: `80`, `http`, `8080:80`. Raises ValueError with a sentence."""
    found = []
    for word in text.split():
        here, colon, there = word.rpartition(":")
        wanted = here if colon else local.strip()
        if wanted and not (wanted.isdecimal() and int(wanted) < 65536):
            raise ValueError(f"{wanted!r} is no port of this machine: 1 to 65535, or empty for a free one.")
        if not there or (there.isdecimal() and not 0 < int(there) < 65536):
            raise ValueError(f"{there!r} is no port.")
        found.append((there, int(wanted or 0)))
    if not found:
        raise ValueError("Type a port, such as 8080.")
    return tuple(found)
