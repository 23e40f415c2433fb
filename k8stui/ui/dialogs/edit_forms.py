"""Forms for what is created often. Each makes a text that opens in an editor: what will be created is seen,
can be changed, and is tried by the server before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input

from k8stui.kinds.editing import forms
from k8stui.ui.dialogs.base import Dialog, FieldRow, PlainText
from k8stui.ui.dialogs.choose import Choice, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from k8stui.ui.app import K8stuiApp

NAMESPACE = ("namespace", "the one in use")
FORMS: dict[str, tuple[str, str, Sequence[tuple[str, str]], Callable[..., dict[str, Any]]]] = {
    "namespace": (
        "Namespace",
        "a namespace",
        (("name", ""), ("labels", "key=value …")),
        forms.namespace,
    ),
    "configmap": (
        "ConfigMap",
        "from files and values",
        (("name", ""), NAMESPACE, ("files", "PATH, key=PATH or a folder …"), ("values", "key=value …")),
        forms.config_map,
    ),
    "secret": (
        "Secret",
        "from files and values",
        (
            ("name", ""),
            NAMESPACE,
            ("type", "Opaque"),
            ("files", "PATH, key=PATH or a folder …"),
            ("values", "key=value …"),
        ),
        forms.secret,
    ),
    "run": (
        "Run a pod",
        "a pod of an image",
        (
            ("name", ""),
            NAMESPACE,
            ("image", "nginx:1.27"),
            ("command", "the image's own"),
            ("environment", "NAME=value …"),
            ("port", "80"),
        ),
        forms.run_pod,
    ),
    "expose": (
        "Expose as a service",
        "a service for pods",
        (
            ("name", ""),
            NAMESPACE,
            ("selector", "app=web"),
            ("port", "80"),
            ("target port", "the same"),
            ("type", "ClusterIP, NodePort, LoadBalancer"),
        ),
        forms.expose,
    ),
}
"""Name -> title, what it is, fields with their hints, what makes the object of them."""


class CreateForm(Dialog[str]):
    """Fields of one form; the answer is YAML."""

    BINDINGS: ClassVar = [Binding("ctrl+s", "done", show=False, priority=True)]

    def __init__(self, name: str, given: Mapping[str, str]) -> None:
        title, _, fields, self._make = FORMS[name]
        super().__init__(title)
        self.add_class("form")
        self._fields = [
            (label, Input(given.get(label, ""), placeholder=hint, select_on_focus=False, password=False))
            for label, hint in fields
        ]
        self._problem = PlainText("", classes="trouble")

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            for label, field in self._fields:
                yield FieldRow(label, field)
        yield self._problem
        with Horizontal(id="buttons"):
            yield Button("To the editor  ctrl-s", id="done", variant="primary")
            yield Button("Cancel  esc", id="cancel")

    def on_mount(self) -> None:
        empty = next((field for _, field in self._fields if not field.value), self._fields[0][1])
        empty.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field; from the last one on."""
        event.stop()
        inputs = [field for _, field in self._fields]
        here = inputs.index(event.input)
        if here + 1 < len(inputs):
            inputs[here + 1].focus()
        else:
            self.action_done()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "done":
            self.action_done()
        else:
            self.dismiss(None)

    def action_done(self) -> None:
        """Make the object of the fields."""
        values = [field.value for _, field in self._fields]
        try:
            self.dismiss(forms.as_text(self._make(*values)))
        except ValueError as error:
            self._problem.say(str(error))


def ask_what(app: K8stuiApp) -> None:
    """Ask what shall be created: one of the forms, or a kind."""
    choices = [Choice(name, title, about) for name, (title, about, _, _) in FORMS.items()]
    kinds = [kind for kind in app.session.catalog.preferred if kind.can("create") and "/" not in kind.plural]
    choices += [
        Choice(f"kind {kind.name}", kind.kind, f"{kind.api_version}, from its schema") for kind in kinds
    ]

    def go(answer: str) -> None:
        if answer.startswith("kind "):
            app.editing.create(answer.removeprefix("kind "))
        else:
            open_form(app, answer)

    app.run_worker(choose(app, "Create what?", choices, go), group="dialog")


def open_form(app: K8stuiApp, name: str, given: Mapping[str, str] | None = None) -> None:
    """Ask for the fields of a form, and open what they make in an editor."""
    filled = {"namespace": app.editing.namespace, **(given or {})}
    app.run_worker(_form(app, name, filled), group="edit", exit_on_error=False)


MADE = {
    "namespace": "namespaces",
    "configmap": "configmaps",
    "secret": "secrets",
    "run": "pods",
    "expose": "services",
}
"""What each form creates."""


async def _form(app: K8stuiApp, name: str, given: Mapping[str, str]) -> None:
    kind = app.session.catalog.find(MADE[name])
    if kind is not None and not await app.editing.may("create", kind, given["namespace"]):
        return
    text = await app.push_screen_wait(CreateForm(name, given))
    if text is not None:
        await app.editing.new_text("create", name, text)
