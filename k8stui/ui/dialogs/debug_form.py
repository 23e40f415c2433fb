"""A form whose answer is a plan: what it would create is shown, as YAML, before anything is.

Each kind of debugging fills in the fields and says how they become a plan; the form shows the plan, what is
wrong with it, and which rights are missing. Nothing is sent from here but questions about rights.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widgets import Button, Checkbox, Input, Select, TextArea

from k8stui.ui.dialogs.base import Dialog, FieldRow, PlainText, Switch
from k8stui.ui.dialogs.shell_text import lines_of
from k8stui.ui.latest import start_latest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.kube.debug.objects import DebugContainer
    from k8stui.kube.debug.plans import Need, Plan

PAUSE = 0.15
"""Seconds from the last change to the preview."""

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
"""When the kubelet fetches the image; by default always for `:latest`, else where the node lacks it."""


class FormProblem(Exception):
    """A field cannot be understood; the text is one sentence."""


class DebugForm(Dialog["Plan"]):
    """Base of the debug dialogs."""

    BINDINGS: ClassVar = [Binding("ctrl+s", "create", show=False, priority=True)]
    EPHEMERAL = False
    """What a custom profile may say differs for ephemeral containers."""

    def __init__(
        self,
        title: str,
        *,
        images: Sequence[str],
        ask_rights: Callable[[Sequence[Need]], Awaitable[tuple[Need, ...]]],
        refusal: str = "",
    ) -> None:
        """`images`: the first is filled in. `refusal`: why nothing may be created here, if so."""
        super().__init__(title)
        self.add_class("debug")
        self._ask_rights = ask_rights
        self._refusal = refusal
        self._asked: dict[Any, str] = {}
        self.plan: Plan | None = None
        self.image = Input(
            value=images[0] if images else "", suggester=SuggestFromList(list(images)), select_on_focus=False
        )
        self._images = list(images)
        self.command = Input(placeholder="the image's own", select_on_focus=False)
        self.environment = Input(placeholder="NAME=value …", select_on_focus=False)
        self.pull = Select[str](
            [("the server's default", ""), *((policy, policy) for policy in PULL_POLICIES)],
            value="",
            allow_blank=False,
        )
        self.profile = Select[str](
            [(f"{name}: {about}", name) for name, about in _profiles()], value="general", allow_blank=False
        )
        self.custom = TextArea("", show_line_numbers=False, soft_wrap=False)
        self._note = PlainText("", classes="note")
        self._problem = PlainText("", classes="trouble")
        self._yaml = PlainText("")
        self._create = Button("Create  ctrl-s", id="create", variant="primary")
        self._timer: Any = None

    # What each kind says

    def rows(self) -> Iterable[tuple[str, Widget]]:
        """Labels and fields."""
        raise NotImplementedError

    def make_plan(self) -> Plan:
        """The plan of the fields. Raises FormProblem."""
        raise NotImplementedError

    # The form

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            for label, field in self.rows():
                yield FieldRow(label, field)
        yield self._note
        yield self._problem
        with VerticalScroll(id="preview"):
            yield self._yaml
        with Horizontal(id="buttons"):
            yield self._create
            yield Button("Cancel  esc", id="cancel")

    def on_mount(self) -> None:
        self.image.focus()
        self.image.cursor_position = len(self.image.value)
        self.refresh_plan()

    def on_input_changed(self) -> None:
        self._soon()

    def on_checkbox_changed(self) -> None:
        self._soon()

    def on_select_changed(self) -> None:
        self._soon()

    def on_text_area_changed(self) -> None:
        self._soon()

    def on_input_submitted(self) -> None:
        """Enter in a field goes to the button: what will be created is looked at before."""
        self._create.focus()

    def on_key(self, event: Any) -> None:
        """The arrows in the image's field fetch those that were used before."""
        if self.image.has_focus and event.key in ("up", "down") and self._images:
            event.stop()
            event.prevent_default()
            here = self._images.index(self.image.value) if self.image.value in self._images else -1
            step = 1 if event.key == "down" else -1
            self.image.value = self._images[(here + step) % len(self._images)]
            self.image.cursor_position = len(self.image.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button is self._create:
            self.action_create()
        else:
            self.dismiss(None)

    def action_create(self) -> None:
        """Answer with the plan that is shown."""
        self.refresh_plan()
        if self.plan is not None and not self._refusal:
            self.dismiss(self.plan)

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self.refresh_plan)

    def refresh_plan(self) -> None:
        """Show what the fields would create now."""
        self._timer = None
        try:
            self.plan = self.make_plan()
        except FormProblem as problem:
            self.plan = None
            self._say_problem(str(problem))
            return
        import yaml

        texts = [
            yaml.safe_dump(_plain(each), sort_keys=False, allow_unicode=True) for each in self.plan.manifests
        ]
        words = "".join(f"# {step.words}\n" for step in self.plan.steps)
        self._yaml.say(lines_of(words + "---\n".join(texts)))
        self._note.say(" ".join(f"{note}." for note in self.plan.notes))
        self._say_problem(self._refusal)
        if not self._refusal:
            start_latest(self, "rights", self._check_rights, self.plan)

    async def _check_rights(self, plan: Plan) -> None:
        needs = plan.needs
        if needs not in self._asked:
            self._asked[needs] = "; ".join(
                f"no right to {need}" for need in lacking(await self._ask_rights(needs))
            )
        said = self._asked[needs]
        if said and plan is self.plan:
            self._say_problem(f"The server will refuse this: {said}.")

    def _say_problem(self, sentence: str) -> None:
        self._problem.say(sentence)
        self._problem.display = bool(sentence)
        self._create.disabled = self.plan is None or bool(self._refusal)

    # Fields that several kinds have

    def debugger(self, name: str) -> DebugContainer:
        """The container that the fields describe. Raises FormProblem."""
        from k8stui.kube.debug.objects import DebugContainer, Profile

        image = self.image.value.strip()
        if not image or any(sign.isspace() for sign in image):
            raise FormProblem("An image is needed, such as busybox:1.36.")
        return DebugContainer(
            image,
            name,
            command=split(self.command.value, "command"),
            environment=self._environment(),
            profile=Profile(self.profile.value),
            pull_policy=str(self.pull.value),
            custom=self._custom(),
        )

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for word in split(self.environment.value, "environment"):
            name, equals, value = word.partition("=")
            if not equals or not name:
                raise FormProblem(f"{word!r} in the environment is not NAME=value.")
            found[name] = value
        return found

    def _custom(self) -> dict[str, Any]:
        text = self.custom.text.strip()
        if not text:
            return {}
        import yaml

        from k8stui.kube.debug.objects import custom_problem

        try:
            custom = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" (line {mark.line + 1})" if mark is not None else ""
            raise FormProblem(f"The custom profile is not YAML{where}.") from None
        problem = custom_problem(custom, ephemeral=self.EPHEMERAL)
        if problem:
            raise FormProblem(f"{problem}.")
        return dict(custom)


def lacking(needs: Iterable[Need]) -> list[Need]:
    """The missing rights that matter: of create and get on attach, servers ask for one, by their age."""
    missing = list(needs)
    attach = [need for need in missing if need.resource == "pods/attach"]
    return [need for need in missing if need not in attach] + (attach[:1] if len(attach) > 1 else [])


def split(text: str, what: str) -> tuple[str, ...]:
    """The words of a field, as a POSIX shell splits them. Raises FormProblem."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise FormProblem(f"A quote in the {what} is not closed.") from None


def checkbox(label: str, value: bool = False) -> Checkbox:
    """A switch with its label."""
    from textual.content import Content

    return Switch(Content(label), value=value)


def _profiles() -> list[tuple[str, str]]:
    from k8stui.kube.debug.objects import Profile

    return [(profile.value, profile.explanation) for profile in Profile]


def _plain(value: Any) -> Any:
    """Maps and tuples as YAML's safe dumper knows them."""
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
